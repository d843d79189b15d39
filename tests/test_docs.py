"""What the README and the manual say is what the program does."""

from __future__ import annotations

import re
import shlex
import tomllib
from datetime import timedelta
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from calsync import config
from calsync.cli import main
from calsync.cli.options import EXIT_CODES
from calsync.people import addresses
from calsync.rules import drafts, schema
from calsync.rules.channels import FORMS
from calsync.rules.check import check_templates
from calsync.rules.load import available, load_packs
from calsync.rules.match import Facts, depth_of, first_match
from calsync.timing.spans import format_hours

ROOT = Path(__file__).parents[1]
PAGES = (
    *("README.md", "CHANGELOG.md", "docs/addresses.md", "docs/rules.md", "docs/suggest.md", "docs/trying.md"),
    *("docs/caldav.md", "docs/google.md", "docs/keeping-in-touch.md", "docs/serve.md"),
)
LEAST = {
    "me": '[me]\nemails = ["sam@northwind.example"]\ntimezone = "Europe/London"\n',
    "source": '[[source]]\nname = "work"\npath = "work.ics"\n',
}


@cache
def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def section(name: str, heading: str) -> str:
    """What stands under a heading, up to the next one of its kind or above."""
    text = page(name)
    start = text.index(f"\n{heading}\n") + 1
    level = len(heading) - len(heading.lstrip("#"))
    # A comment in a snippet looks like a heading.
    plain = re.sub(r"^```.*?^```$", lambda block: "." * len(block[0]), text, flags=re.MULTILINE | re.DOTALL)
    end = re.compile(rf"^#{{1,{level}}} ", re.MULTILINE).search(plain, start + len(heading))
    return text[start : end.start()] if end else text[start:]


def table(text: str) -> list[list[str]]:
    """The rows of the first table in a text, without its head and the backquotes."""
    match = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert match
    rows = [line[1:-1].split("|") for line in match[0].splitlines()]
    return [[cell.strip().strip("`") for cell in row] for row in rows[2:]]


def blocks(name: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page(name), re.MULTILINE | re.DOTALL)


def words(name: str, heading: str) -> set[str]:
    match = re.search(r"^```text\n(.*?)^```$", section(name, heading), re.MULTILINE | re.DOTALL)
    assert match
    return set(match[1].split())


def command_lines() -> list[str]:
    found: list[str] = []
    for name in PAGES:
        shown = [line for block in blocks(name, "console") for line in block.splitlines()]
        found += [line[2:] for line in shown if line.startswith("$ ")]
        found += [line.split(maxsplit=5)[5] for block in blocks(name, "crontab") for line in block.splitlines()]
        found += [code for code in re.findall(r"`([^`\n]+)`", page(name)) if code.startswith("calsync ")]
    return sorted(set(found))


def calsync_lines() -> list[str]:
    lines = [shlex.split(line) for line in command_lines()]
    return sorted({shlex.join(line[1:]) for line in lines if Path(line[0]).name == "calsync"})


def read_by(command: Any, arguments: list[str], name: str = "calsync", parent: Any = None) -> None:
    """Let a command read its arguments and options, without running it."""
    context = command.make_context(name, arguments, parent=parent)
    rest = [*getattr(context, "_protected_args", ()), *context.args]
    if hasattr(command, "resolve_command") and rest:
        own, inner, left = command.resolve_command(context, rest)
        read_by(inner, left, own, context)


@pytest.mark.parametrize("line", calsync_lines())
def test_every_command_line_that_is_shown_can_be_typed(line: str) -> None:
    from typer.main import get_command

    names = [name for name, _ in main.commands()]
    typed = shlex.split(line)
    if " ".join(typed) in names or typed == ["people"]:
        return  # only named, as in a table
    read_by(get_command(main.app), typed)


def test_a_command_line_that_cannot_be_typed_is_found() -> None:
    from typer.main import get_command

    for line in ("agenda --weeks 2", "why", "people praise Ada", "sync Ada"):
        with pytest.raises(Exception, match=r"(?i)no such|missing|unexpected"):
            read_by(get_command(main.app), shlex.split(line))


def test_every_make_target_that_is_shown_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", page("Makefile"), re.MULTILINE))
    shown = {line.split()[1] for line in command_lines() if line.startswith("make ")}
    assert shown == {"demo", "test"}
    assert shown <= targets


def test_the_readme_lists_every_command() -> None:
    listed = [row[0].removeprefix("calsync ") for row in table(section("README.md", "## Commands"))]
    assert listed == [name for name, _ in main.commands()]


def test_the_readme_lists_every_exit_code() -> None:
    rows = table(section("README.md", "## Every night"))
    assert [int(row[0]) for row in rows] == list(EXIT_CODES)
    for code, meaning, _ in rows:
        assert meaning.startswith(EXIT_CODES[int(code)]), code


def test_the_readme_gives_the_defaults_of_the_limits() -> None:
    rows = table(section("README.md", "## How it decides"))
    sections = {"people": config.People(), "limits": config.Limits()}
    assert len(rows) == 9
    for key, default, _ in rows:
        table_name, _, name = key.partition(".")
        assert str(getattr(sections[table_name], name)) == default, key


def snippets() -> list[tuple[str, str]]:
    return [(name, block) for name in PAGES for block in blocks(name, "toml")]


@pytest.mark.parametrize(("name", "text"), snippets())
def test_every_snippet_of_toml_loads(name: str, text: str, tmp_path: Path) -> None:
    title = text.partition("\n")[0].removeprefix("# ")
    (tmp_path / "rules").mkdir()
    if title == "config.toml":
        held = tomllib.loads(text)
        rest = "".join(f"\n{least}" for key, least in LEAST.items() if key not in held)
        (tmp_path / title).write_text(f"{text}{rest}", "utf-8")
        config.load(tmp_path / title)
    else:
        assert re.fullmatch(r"rules/[a-z-]+\.toml", title), f"{name}: a snippet begins with the name of its file"
        (tmp_path / title).write_text(text, "utf-8")
        (pack,) = load_packs([Path(title).stem], tmp_path / "rules")
        assert check_templates(pack) == []


def test_a_snippet_changes_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    (text,) = [block for name, block in snippets() if name == "README.md" and "extends" in block]
    (tmp_path / "professional.toml").write_text(text, "utf-8")
    (shipped,) = load_packs(["professional"], None)
    (changed,) = load_packs(["professional"], tmp_path)
    assert str(changed.rules[0].steps[0].after) == "2 working days"
    assert changed.rules[0].steps[0].window == shipped.rules[0].steps[0].window
    assert changed.rules[0].steps[1:] == shipped.rules[0].steps[1:]
    assert changed.rules[1:] == shipped.rules[1:]


def test_the_example_of_a_pack_does_what_the_manual_says(tmp_path: Path) -> None:
    (text,) = [block for _, block in snippets() if block.startswith("# rules/conferences.toml")]
    (tmp_path / "conferences.toml").write_text(text, "utf-8")
    packs = load_packs(["conferences", "professional", "personal"], tmp_path)

    def deciding(minutes: int, *tags: str) -> tuple[str, str]:
        meeting = ("first", 1, "attendee", "organizer", "work", "A talk", "work")
        match = first_match(packs, Facts(*meeting, timedelta(minutes=minutes), "in-person", tags))
        assert match
        return match.pack.name, match.rule.id

    assert deciding(30, "conference") == ("conferences", "longer-talk")
    assert deciding(10, "conference") == ("conferences", "handshake")
    assert deciding(30) == ("professional", "first-meeting")


@pytest.mark.parametrize(
    ("heading", "table_of"),
    [
        ("## Keys of a pack", schema.PackFile),
        ("## Keys of a rule", schema.Rule),
        ("## Keys of a step", schema.Step),
        ("## Keys of `when`", schema.When),
    ],
)
def test_the_manual_lists_every_key_of_a_pack(heading: str, table_of: Any) -> None:
    assert {row[0] for row in table(section("docs/rules.md", heading))} == set(table_of.model_fields)


def rows_with_examples() -> list[tuple[str, str, str, str]]:
    """Table of a pack, key, default and example, of every key in the manual that has one."""
    found = []
    for heading, kind in (("a pack", "pack"), ("a rule", "rule"), ("a step", "step"), ("`when`", "when")):
        for key, default, *_, example in table(section("docs/rules.md", f"## Keys of {heading}")):
            if example:
                found.append((kind, key, default, example))
    return found


@pytest.mark.parametrize(("kind", "key", "default", "example"), rows_with_examples())
def test_every_example_of_a_key_loads(kind: str, key: str, default: str, example: str, tmp_path: Path) -> None:
    value = tomllib.loads(f"value = {example}")["value"]
    step = {"id": "s", "after": "1 day", "window": "1 week", "channel": "email"}
    plain = {"id": "r", "step": [step]}
    cadence = {"id": "c", "every": "tier", "channel": "email"}
    if kind == "pack":
        made = {"rule": [plain], key: value}
    elif kind == "rule":
        own = plain if key in ("id", "summary", "when") else cadence
        made = {"rule": [own | {key: value}]}
    else:
        made = {"rule": [plain | ({"step": [step | {key: value}]} if kind == "step" else {"when": {key: value}})]}
    file = schema.PackFile.model_validate(made)
    held: Any = {"pack": file, "rule": file.rule[0], "when": file.rule[0].when}.get(kind) or file.rule[0].steps[0]
    assert key in held.model_fields_set


def test_the_manual_gives_the_defaults_of_every_key() -> None:
    words: dict[str, tuple[Any, ...]] = {
        "none": (None, (), {}),
        "empty": ("",),
        "your working hours": (None,),
        "that of the channel": ("",),
    }
    for heading, model in (("pack", schema.PackFile), ("rule", schema.Rule), ("step", schema.Step)):
        for key, default, *_ in table(section("docs/rules.md", f"## Keys of a {heading}")):
            field = model.model_fields[key]
            if default == "required":
                assert field.is_required() or (heading, key) == ("rule", "channel"), key
            elif default in words:
                assert field.get_default(call_default_factory=True) in words[default], key
            elif re.match(r'["\[0-9]', default):
                value = tomllib.loads(f"value = {default}")["value"]
                assert field.default == (tuple(value) if isinstance(value, list) else value), key
            else:
                assert (heading, key) in {("rule", "when"), ("rule", "window")}, key


def test_every_name_in_the_manual_names_a_value() -> None:
    from calsync.rules.names import resolve

    rows = table(section("docs/rules.md", "## Change one thing"))
    assert len(rows) == 6
    for name, _ in rows:
        assert resolve(name, None).pack == "professional"


def test_the_manual_lists_every_value_of_a_condition() -> None:
    rows = {row[0]: row[1] for row in table(section("docs/rules.md", "## Keys of `when`"))}
    for key, values in {
        "meeting": ("first", "again", "any"),
        "role": ("organizer", "attendee"),
        "mine": ("organizer", "attendee"),
        "relationship": ("work", "personal"),
        "place": ("in-person", "online"),
        "depth": ("brief", "normal", "deep"),
    }.items():
        assert re.findall(r"[a-z-]+", re.sub(r"\(.*?\)", "", rows[key])) == list(values)
        for value in values:
            assert schema.When.model_validate({key: value})


def test_the_manual_lists_the_shipped_packs_as_they_are() -> None:
    shown = section("docs/rules.md", "## What comes with calsync")
    names = re.findall(r"^### `([a-z-]+)`$", shown, re.MULTILINE)
    assert sorted(names) == sorted(available(None))
    for name in names:
        (pack,) = load_packs([name], None)
        rows = []
        for rule in pack.rules:
            for step in rule.steps:
                at = format_hours(step.at) if step.at else ""
                times = [str(step.after), str(step.window), at]
                rows.append([rule.id, step.id, *times, step.channel.value, step.days, ", ".join(step.unless)])
            if rule.every is not None:
                channel = rule.channel.value if rule.channel else ""
                at = format_hours(rule.at) if rule.at else ""
                rows.append([rule.id, f"every {rule.every}", "", "", at, channel, rule.days, ""])
        assert table(section("docs/rules.md", f"### `{name}`")) == rows


def test_the_manual_lists_every_channel() -> None:
    rows = table(section("docs/rules.md", "## Channels"))
    assert rows == [
        [
            channel.value,
            form.symbol,
            str(int(form.length.total_seconds() // 60)),
            "yes" if form.in_their_day else "no",
            form.title,
        ]
        for channel, form in FORMS.items()
    ]


def test_the_manual_lists_every_variable_and_filter_of_templates() -> None:
    text = section("docs/rules.md", "## Templates")
    assert tuple(row[0] for row in table(text)) == drafts.NAMES
    listed = text[text.index("these filters:") : text.index("There are no loops")]
    assert tuple(re.findall(r"`([a-z]+)`", listed)) == drafts.FILTERS


def test_the_manual_tells_depth_as_it_is() -> None:
    rows = table(section("docs/rules.md", "## Keys of `when`").partition("**Depth**")[2])
    assert [row[0] for row in rows] == ["brief", "brief", "deep", "deep", "normal"]
    minute = timedelta(minutes=1)
    assert depth_of(7, 90 * minute, "in-person") == depth_of(1, 20 * minute, "in-person") == "brief"
    assert depth_of(3, 60 * minute, "online") == depth_of(3, 45 * minute, "in-person") == "deep"
    assert depth_of(6, 90 * minute, "online") == depth_of(3, 59 * minute, "online") == "normal"
    assert depth_of(3, 44 * minute, "in-person") == depth_of(1, 21 * minute, "online") == "normal"


@pytest.mark.parametrize(
    ("heading", "listed"),
    [
        ("## Calendars and rooms", addresses.CALENDAR_DOMAINS),
        ("## Booking and recording services", addresses.ROBOT_DOMAINS),
        ("## Robots", addresses.ROBOTS),
        ("## Roles", addresses.ROLES),
    ],
)
def test_the_manual_prints_the_lists_of_addresses(heading: str, listed: frozenset[str]) -> None:
    assert words("docs/addresses.md", heading) == listed


def test_the_examples_of_addresses_are_judged_as_shown() -> None:
    rows = table(section("docs/addresses.md", "## Examples"))
    assert rows
    for address, taken_for in rows:
        assert (addresses.not_human(address, "individual") or "a person") == taken_for, address
    for local in re.findall(r"`([\w.-]+)@`", section("docs/addresses.md", "## Robots")):
        assert addresses.not_human(f"{local}@acme.example", "individual") == "a robot's or notification address"


def rooms_in_the_readme() -> list[list[str]]:
    (block,) = blocks("README.md", "text")
    floors: list[list[str]] = []
    for line in block.splitlines():
        if line.startswith("▾"):
            floors.append([])
        floors[-1].append(line[1:].split()[0])
    return floors


def test_the_house_in_the_readme_is_the_one_that_stands() -> None:
    standing = {path.stem for path in (ROOT / "calsync").glob("*.py")}
    standing |= {path.parent.name for path in (ROOT / "calsync").glob("*/__init__.py")}
    named = [room for floor in rooms_in_the_readme() for room in floor]
    assert sorted(named) == sorted(standing - {"__init__", "__main__"})


def test_the_floors_in_the_readme_are_those_that_are_checked() -> None:
    contract, *_ = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"calsync\.(\w+)", floor) for floor in contract["layers"]]
    known = {room for floor in layers for room in floor}
    shown = rooms_in_the_readme()
    named = {room for floor in shown for room in floor}
    ours = [sorted(room for room in floor if room in known) for floor in shown]
    checked = [sorted(room for room in floor if room in named) for floor in layers]
    assert [floor for floor in ours if floor] == [floor for floor in checked if floor]


def test_the_rooms_that_the_readme_calls_pure_are_those_that_are_checked() -> None:
    _, contract, *_ = tomllib.loads(page("pyproject.toml"))["tool"]["importlinter"]["contracts"]
    shown = re.search(r"the middle\s+of\s+the\s+house\s+\((.*?)\)", page("README.md"), re.DOTALL)
    assert shown
    assert sorted(re.findall(r"`(\w+)`", shown[1])) == [
        name.removeprefix("calsync.") for name in sorted(contract["source_modules"])
    ]


def anchors(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", title).lower().replace(" ", "-") for title in titles}


@pytest.mark.parametrize("name", PAGES)
def test_every_link_inside_the_repository_leads_somewhere(name: str) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", page(name))
    for link in links:
        if re.match(r"https?://", link):
            continue
        path, _, anchor = link.partition("#")
        target = (ROOT / name).parent / path if path else ROOT / name
        assert target.exists(), link
        assert not anchor or anchor in anchors(target.read_text("utf-8")), link


def picture() -> ModuleType:
    spec = spec_from_file_location("picture", ROOT / "docs" / "picture.py")
    assert spec
    assert spec.loader
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_shows_what_the_program_shows_today() -> None:
    module = picture()
    assert module.drawing(module.screen()) == module.PICTURE.read_text("utf-8"), "run: python docs/picture.py"


def test_the_picture_asks_nobody_for_anything() -> None:
    svg = page("docs/agenda.svg")
    assert set(re.findall(r"https?://[^\s\"'<>]+", svg)) == {"http://www.w3.org/2000/svg"}
    assert "@import" not in svg
    assert "@font-face" not in svg


def test_the_tiers_and_the_columns_of_the_manual_are_those_of_the_code() -> None:
    from calsync.asking.importing import COLUMNS
    from calsync.cadence import TIERS

    page_ = "docs/keeping-in-touch.md"
    assert {row[0]: row[1] for row in table(page(page_).partition("\n## ")[0])} == {k: str(v) for k, v in TIERS.items()}
    for key, also, *_ in table(section(page_, "## From a file")):
        assert {word.strip() for word in also.split(",") if word.strip()} <= set(COLUMNS[key.strip("`")])
    assert [row[0].strip("`") for row in table(section(page_, "## From a file"))] == list(COLUMNS)
