"""One value of a pack is changed in the user's own file, or nothing is."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.errors import CalsyncError, ConfigError, UsageError
from calsync.rules.edit import Change, fresh_text, problems_of, set_value, unset_value
from calsync.rules.layers import layers_of
from calsync.rules.load import load_packs, shipped_dir
from calsync.rules.names import value_of
from calsync.rules.origins import values_of
from calsync.timing.spans import Span

HOUSE = """\
# how we keep in touch
summary = "House"

[[rule]]
id = "first"
when = { meeting = "first", group = "1..3" }   # small ones

  [[rule.step]]
  id = "word"
  after = "2 days"      # not the next
  window = "6 days"
  channel = "message"
  message = "word"

[[rule]]
id = "round"
every = "tier"
channel = "call"

[message.word]
body = "Hello {{ first_names }}"
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "house.toml").write_text(HOUSE, "utf-8")
    return tmp_path


def carry_out(change: Change) -> Change:
    if change.after is None:
        change.path.unlink()
    else:
        change.path.write_text(change.after, "utf-8")
    return change


def test_a_change_of_a_shipped_pack_makes_a_file_that_extends_it(tmp_path: Path) -> None:
    change = set_value("personal.first-meeting.catch-up.after", "5 weeks", tmp_path / "rules")
    assert (change.path, change.before) == (tmp_path / "rules" / "personal.toml", None)
    assert (change.old, change.new) == ("4 weeks", "5 weeks")
    assert change.after == fresh_text("personal") + (
        '\n[[rule]]\nid = "first-meeting"\n\n  [[rule.step]]\n  id = "catch-up"\n  after = "5 weeks"\n'
    )
    assert not (tmp_path / "rules").exists()
    shipped = (shipped_dir() / "personal.toml").read_bytes()
    (tmp_path / "rules").mkdir()
    carry_out(change)
    assert (shipped_dir() / "personal.toml").read_bytes() == shipped
    (before,), (after,) = load_packs(["personal"], None), load_packs(["personal"], tmp_path / "rules")
    assert after.rules[0].steps[1].after == Span(5, "weeks")
    assert after.rules[0].steps[1].model_copy(update={"after": Span(4, "weeks")}) == before.rules[0].steps[1]
    assert (after.rules[0].steps[0], after.rules[1:]) == (before.rules[0].steps[0], before.rules[1:])


def test_a_change_of_ones_own_pack_stays_in_its_line(folder: Path) -> None:
    change = set_value("house.first.word.after", "4 days", folder)
    assert change.after == HOUSE.replace('"2 days" ', '"4 days" ')


VALUES: list[tuple[str, str, Any]] = [
    ("house.summary", "Our house", "Our house"),
    ("house.summary", '"in quotes"', "in quotes"),
    ("house.first.summary", "Say hello, then wait", "Say hello, then wait"),
    ("house.first.word.window", "P9D", "P9D"),
    ("house.first.word.unless", "met, booked", ["met", "booked"]),
    ("house.first.word.unless", '["booked"]', ["booked"]),
    ("house.first.word.unless", "booked", ["booked"]),
    ("house.first.word.unless", "[]", []),
    ("house.first.word.priority", "7", 7),
    ("house.first.word.priority", "-2", -2),
    ("house.first.word.title", "Say hello, {{ name }}", "Say hello, {{ name }}"),
    ("house.first.word.title", "[draft] {{ name }}", "[draft] {{ name }}"),
    ("house.first.word.message", '{ body = "Hey" }', {"body": "Hey"}),
    ("house.first.when.group", "2", 2),
    ("house.first.when.group", "1..2, 5", ["1..2", 5]),
    ("house.first.when.recurring", "true", True),
    ("house.first.when.all_day", "[true, false]", [True, False]),
    ("house.first.when.depth", "normal,deep", ["normal", "deep"]),
    ("house.first.when.title", "/a{1,2}b/", "/a{1,2}b/"),
    ("house.first.when.title", '["intro*", "hi, *"]', ["intro*", "hi, *"]),
    ("house.first.when.tags", "#Expo", "#Expo"),
    ("house.round.every", "45 days", "45 days"),
    ("house.round.at", "10:00-12:00", "10:00-12:00"),
    ("house.message.word.subject", "Hello", "Hello"),
    ("house.message.word.body", "Hi,\n\nsee \\n you", "Hi,\n\nsee \\n you"),
]


@pytest.mark.parametrize(("name", "text", "value"), VALUES)
def test_a_value_is_written_as_its_key_takes_it(name: str, text: str, value: Any, folder: Path) -> None:
    change = carry_out(set_value(name, text, folder))
    assert change.new == value
    assert problems_of("house", folder) == []
    again = set_value(name, text, folder)
    assert again.is_none
    assert again.old == value


def test_the_same_value_in_other_words_changes_nothing(folder: Path) -> None:
    for name, text in (
        ("house.first.word.after", "2 Days"),
        ("house.first.word.window", "P6D"),
        ("house.first.word.days", "working"),
        ("house.first.word.unless", "met"),
        ("house.first.when.meeting", "first"),
        ("professional.first-meeting.hello.at", "9:00-11:00"),
    ):
        assert set_value(name, text, folder).is_none, name


NAMES = [
    ("hous.first.word.after", 'there is no pack "hous"; did you mean "house"?'),
    ("house", "a whole pack"),
    ("house.", "a whole pack"),
    ("house.frist.word.after", 'there is no rule "frist" in house; did you mean "first"?'),
    ("house.sumary", 'did you mean "summary"?'),
    ("house.first", "a whole rule"),
    ("house.first.wrod.after", 'there is no step or key "wrod" in house.first; did you mean "word"?'),
    ("house.first.after", '"after" in house.first belongs to a step'),
    ("house.first.group", '"group" in house.first is a condition'),
    ("house.first.word", "not a single value"),
    ("house.first.word.afer", 'there is no key "afer" in house.first.word; did you mean "after"?'),
    ("house.first.word.after.x", "goes too deep"),
    ("house.first.word.id", "never changed"),
    ("house.first.id", "never changed"),
    ("house.first.when", "not a single value"),
    ("house.first.when.gruop", 'there is no key "gruop" in house.first.when; did you mean "group"?'),
    ("house.round.step", 'there is no key "step" in house.round; known are'),
    ("house.message.word", "not a single value"),
    ("house.message.wrod.body", 'there is no message "wrod" in house; did you mean "word"?'),
    ("house.message.word.bdy", 'there is no key "bdy" in house.message.word; did you mean "body"?'),
    ("", 'there is no pack ""'),
]


@pytest.mark.parametrize(("name", "words"), NAMES)
def test_a_name_that_means_nothing_is_a_usage_error_with_the_nearest(name: str, words: str, folder: Path) -> None:
    with pytest.raises(UsageError) as error:
        set_value(name, "x", folder)
    assert words in str(error.value)
    with pytest.raises(UsageError) as error:
        unset_value(name, folder)
    assert words in str(error.value)


BAD = [
    ("house.first.word.after", "soon", "house.first.word.after: expected a number and a unit"),
    ("house.first.word.channel", "emial", 'house.first.word.channel: expected "email", .* did you mean "email"'),
    ("house.first.word.unless", "meet", 'house.first.word.unless.1: expected "met" or "booked"'),
    ("house.first.word.priority", "high", "house.first.word.priority: expected a whole number"),
    ("house.first.word.at", "11:00-09:00", "house.first.word.at: must end after it starts"),
    ("house.first.word.message", "wrod", 'house.first.word.message: there is no .message.wrod.* did you mean "word"'),
    ("house.first.word.title", "{{ nmae }}", 'house.first.word.title: unknown variable "nmae"; did you mean "name"'),
    ("house.first.when.group", "6..1", "house.first.when.group: "),
    ("house.first.when.tags", "[]", "house.first.when.tags: expected a value or a list of some"),
    ("house.message.word.body", "{% for x in name %}", "house.message.word.body: not a valid template"),
    ("house.first.every", "tier", "house.first.every: a rule has either steps or every"),
    ("personal.first-meeting.hello.days", "always", 'personal.first-meeting.hello.days: expected "working" or "any"'),
]


@pytest.mark.parametrize(("name", "text", "words"), BAD)
def test_a_bad_value_is_refused_under_its_name(name: str, text: str, words: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=words) as error:
        set_value(name, text, folder)
    assert "Nothing was written." in error.value.remedy
    assert len(error.value.problems) == 1


def test_a_pack_that_is_broken_elsewhere_is_refused_with_that_line(folder: Path) -> None:
    (folder / "house.toml").write_text(HOUSE.replace('"6 days"', '"6 dyas"'), "utf-8")
    with pytest.raises(ConfigError) as error:
        set_value("house.first.word.after", "3 days", folder)
    [problem] = error.value.problems
    assert problem.startswith(f"{folder}/house.toml:11: first.word.window: ")


def test_the_change_that_mends_a_broken_pack_is_taken(folder: Path) -> None:
    (folder / "house.toml").write_text(HOUSE.replace('"6 days"', '"6 dyas"'), "utf-8")
    assert carry_out(set_value("house.first.word.window", "6 days", folder)).after == HOUSE
    assert problems_of("house", folder) == []


def test_a_change_that_breaks_another_pack_built_on_this_one_is_refused(folder: Path) -> None:
    (folder / "cabin.toml").write_text(
        'extends = "house"\n[[rule]]\nid = "first"\nwhen = { tags = "cabin" }\n'
        '[[rule]]\nid = "late"\n[[rule.step]]\nid = "s"\nafter = "1 day"\nwindow = "3 days"\nchannel = "card"\n',
        "utf-8",
    )
    assert not set_value("house.first.word.after", "3 days", folder).is_none
    (folder / "tower.toml").write_text('extends = "cabin"\n[[rule]]\nid = "round"\nwindow = "2 weeks"\n', "utf-8")
    assert problems_of("tower", folder) == []
    drop_every = HOUSE.replace('[[rule]]\nid = "round"\nevery = "tier"\nchannel = "call"\n', "")
    assert problems_of("tower", folder, {folder / "house.toml": drop_every}) != []
    with pytest.raises(ConfigError, match=r"cabin.toml:1: extends: there is no pack"):
        load_packs(["cabin"], folder / "elsewhere", {folder / "elsewhere" / "cabin.toml": 'extends = "house"\n'})


def test_changes_add_up_before_anything_is_written(folder: Path) -> None:
    texts: dict[Path, str] = {}
    for name, text in (
        ("professional.first-meeting.hello.after", "2 working days"),
        ("professional.first-meeting.meet.channel", "lunch"),
        ("house.first.word.after", "5 days"),
    ):
        change = set_value(name, text, folder, texts)
        assert change.after is not None
        texts[change.path] = change.after
    work, house = load_packs(["professional", "house"], folder, texts)
    assert [str(step.after) for step in work.rules[0].steps][:1] == ["2 working days"]
    assert work.rules[0].steps[1].channel.value == "lunch"
    assert str(house.rules[0].steps[0].after) == "5 days"
    assert sorted(path.name for path in folder.iterdir()) == ["house.toml"]


def test_unset_takes_the_change_back_and_what_is_empty_without_it(tmp_path: Path) -> None:
    first = carry_out(set_value("professional.first-meeting.hello.after", "2 working days", tmp_path))
    carry_out(set_value("professional.first-meeting.when.group", "1..4", tmp_path))
    carry_out(set_value("professional.message.hello.subject", "Hi", tmp_path))
    carry_out(unset_value("professional.message.hello.subject", tmp_path))
    back = carry_out(unset_value("professional.first-meeting.when.group", tmp_path))
    assert (back.old, back.new) == ("1..4", "1..6")
    assert back.after == first.after
    last = carry_out(unset_value("professional.first-meeting.hello.after", tmp_path))
    assert (last.old, last.new, last.after) == ("2 working days", "1 working day", None)


def test_unset_keeps_a_file_that_holds_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "personal.toml"
    carry_out(set_value("personal.first-meeting.hello.channel", "email", tmp_path))
    path.write_text("# my notes\n" + path.read_text("utf-8"), "utf-8")
    carry_out(unset_value("personal.first-meeting.hello.channel", tmp_path))
    assert path.read_text("utf-8") == "# my notes\n" + fresh_text("personal")


def test_unset_of_what_was_never_changed_changes_nothing(folder: Path) -> None:
    for name in ("professional.first-meeting.hello.after", "house.first.word.days", "house.message.word.subject"):
        assert unset_value(name, folder).is_none, name


def test_unset_of_what_the_pack_needs_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match=r"^house.first.word.after: required, and missing"):
        unset_value("house.first.word.after", folder)


TOP = 'extends = "professional"\n'
FORMS = {
    "inline": TOP + 'rule = [{ id = "first-meeting", step = [{ id = "hello", at = "8:00-9:00" }] }]\n',
    "inline without the step": TOP + 'rule = [{ id = "first-meeting", summary = "x" }]\n',
    "inline, other rule": TOP + 'rule = [\n  { id = "keep-in-touch", days = "any" },  # all\n]\n',
    "dotted": TOP + 'message.hello.subject = "x"\n[[rule]]\nid = "first-meeting"\nwhen.group = 3\n',
    "steps inline": TOP + '[[rule]]\nid = "first-meeting"\nstep = [{ id = "meet", days = "any" }]\n',
    "when by heading": TOP + '[[rule]]\nid = "first-meeting"\n[rule.when]\ngroup = 2\n',
    "mixed order": TOP + '[message.hello]\nsubject = "x"\n[[rule]]\nid = "mine"\nevery = "tier"\nchannel = "card"\n',
    "windows": (TOP + '\n[[rule]]\nid = "first-meeting"\n\n[[rule.step]]\nid = "hello"\n').replace("\n", "\r\n"),
    "quoted keys": '"extends" = "professional"\n[["rule"]]\n"id" = "first-meeting"\n[[rule."step"]]\nid = "hello"\n',
    "empty lists": TOP + "rule = []\n",
    "messages inline": TOP + 'message = { hello = { subject = "x" } }\n',
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("name", "text", "key"),
    [("hello.after", "2 working days", "step"), ("when.place", "online", "when"), ("summary", "Small", "summary")],
)
def test_every_form_of_toml_survives_a_change_and_its_return(
    form: str, name: str, text: str, key: str, tmp_path: Path
) -> None:
    before = FORMS[form]
    file = tmp_path / "professional.toml"
    file.write_bytes(before.encode())
    change = set_value(f"professional.first-meeting.{name}", text, tmp_path)
    assert change.after is not None
    assert ("\r\n" in change.after) == ("\r\n" in before)
    assert change.after.count("\n") == change.after.count("\r\n") or "\r" not in change.after
    file.write_bytes(change.after.encode())
    (pack,) = load_packs(["professional"], tmp_path)
    (original,) = load_packs(["professional"], tmp_path, {file: before})
    rule, was = pack.rules[0], original.rules[0]
    assert {"step": str(rule.steps[0].after), "when": "".join(rule.when.place), "summary": rule.summary}[key] == text
    assert (rule.steps[1:], pack.rules[1:]) == (was.steps[1:], original.rules[1:])
    for line in before.splitlines():
        assert line in change.after or line.rstrip("}] ,") in change.after or line.startswith("rule = [")
    back = unset_value(f"professional.first-meeting.{name}", tmp_path)
    left = {} if back.after is None else tomllib.loads(back.after)
    (again,) = load_packs(["professional"], tmp_path, {file: back.after or fresh_text("professional")})
    if name != "summary" or form != "inline without the step":  # there it had a summary before
        assert (again.rules, again.messages) == (original.rules, original.messages)
    assert "first-meeting" not in str(left) or "first-meeting" in before


NAMES_OF_A_PACK = [value.dotted for value in values_of(layers_of("professional", None))]
TRIES = ["2 working days", "8 weeks", "card", "any", "14:00-16:00", "met", "booked,met", "hello", "1..3", "again", "7"]


@settings(max_examples=25)
@given(st.lists(st.tuples(st.sampled_from(NAMES_OF_A_PACK), st.sampled_from(TRIES)), max_size=6))
def test_whatever_is_set_and_unset_leaves_nothing_behind(changes: list[tuple[str, str]]) -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        done = []
        for dotted, text in changes:
            try:
                change = set_value(f"professional.{dotted}", text, folder)
            except ConfigError:
                continue  # no such value for this key
            assert problems_of("professional", folder, {change.path: change.after or ""} if change.after else {}) == []
            assert change.is_none or value_of(change.name, text) == change.new
            if not change.is_none:
                carry_out(change)
                done.append(dotted)
        for dotted in dict.fromkeys(done):
            change = unset_value(f"professional.{dotted}", folder)
            if not change.is_none:
                carry_out(change)
        assert list(folder.iterdir()) == []


SHIPPED = (shipped_dir() / "professional.toml").read_text("utf-8")
PIECES = [
    '"',
    "{",
    "}",
    "[",
    "]",
    "=",
    "#",
    "\n[rule.when]\n",
    "\n[[rule]]\n",
    "\nid = 3\n",
    "\nrule = 1\n",
    "\x00",
    "é\r\n",
]


@settings(max_examples=30)
@given(st.data())
def test_no_damage_to_a_pack_ends_in_anything_but_words(data: st.DataObject) -> None:
    text = SHIPPED
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, min(start + 80, len(text))))
        text = text[:start] + data.draw(st.sampled_from(["", *PIECES])) + text[end:]
    folder = Path("/nowhere")
    file = folder / "professional.toml"
    for line in problems_of("professional", folder, {file: text}):
        assert re.match(rf"{file}:\d+:", line), line
    for name in ("professional.first-meeting.hello.after", "professional.first-meeting.when.group"):
        try:
            change = set_value(name, "4", folder, {file: text})
        except CalsyncError:
            continue
        assert change.after is not None
        assert problems_of("professional", folder, {file: change.after}) == []
