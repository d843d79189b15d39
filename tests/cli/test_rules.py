"""``calsync rules``: what is printed, where it goes, and how it exits."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from calsync.rules.load import available, load_packs, shipped_dir

if TYPE_CHECKING:
    from tests.cli.conftest import Home

HELLO = "professional.first-meeting.hello.after"


def test_the_list_shows_every_pack_those_in_use_first(sample: Home) -> None:
    (sample.folder / "rules").mkdir()
    (sample.folder / "rules" / "salon.toml").write_text('extends = "personal"\nsummary = "Evenings"\n')
    (sample.folder / "rules" / "torn.toml").write_text("rule = 3\n")
    told = sample.run("rules", "list", "--json").json
    assert [each["name"] for each in told][:2] == ["professional", "personal"]
    assert sorted(each["name"] for each in told) == sorted([*available(None), "salon", "torn"])
    by_name = {each["name"]: each for each in told}
    assert by_name["professional"] == {
        "name": "professional",
        "used": True,
        "own": False,
        "extends": None,
        "rules": 3,
        "summary": load_packs(["professional"], None)[0].summary,
        "broken": False,
        "file": str(shipped_dir() / "professional.toml"),
    }
    assert (by_name["salon"]["own"], by_name["salon"]["used"], by_name["salon"]["extends"]) == (True, False, "personal")
    assert by_name["torn"]["broken"]
    done = sample.run("rules", "list")
    assert done.code == 0
    rows = {line.split()[0]: line for line in done.lines}
    assert "in use" in rows["professional"]
    assert "yours over personal" in rows["salon"]
    assert "broken: calsync rules check tells why" in rows["torn"]


def test_show_tells_rules_conditions_steps_and_drafts_in_words(sample: Home) -> None:
    shown = sample.run("rules", "show", "professional")
    assert (shown.code, shown.err) == (0, "")
    for words in (
        "first-meeting: A small meeting with someone new",
        "when a first meeting; 1 to 6 other people; a work calendar",
        "hello     1 working day  3 working days  09:00-11:00    ✉ email",
        "7 to 20 other people; they organised it",
        "every tier",
        "A coffee some time soon?",
    ):
        assert words in shown.out
    assert "*" not in shown.out


def test_show_marks_what_is_yours_and_names_the_files(sample: Home) -> None:
    for name, value in ((HELLO, "2 working days"), ("professional.first-meeting.when.group", "1..4")):
        assert sample.run("rules", "set", name, value).code == 0
    shown = sample.run("rules", "show", "professional").out
    assert f"* is from {sample.folder}/rules/professional.toml" in shown
    assert f"the rest is from {shipped_dir()}/professional.toml" in shown
    assert "2 working days*  3 working days  09:00-11:00" in shown
    assert "1 to 4 other people*; a work calendar" in shown
    assert shown.count("*") == 3
    told = sample.run("rules", "show", "professional", "--json").json
    values = {each["name"]: each for each in told["values"]}
    assert values[HELLO] == {
        "name": HELLO,
        "value": "2 working days",
        "file": str(sample.folder / "rules" / "professional.toml"),
        "overrides": "1 working day",
    }
    assert values["professional.first-meeting.hello.window"]["overrides"] is None
    assert (told["used"], told["extends"], len(told["files"])) == (True, "professional", 2)
    assert told["rules"][0]["steps"][0]["after"] == "2 working days"
    assert told["rules"][0]["conditions"]["group"] == "1 to 4 other people"


def test_every_name_that_show_tells_can_be_set_to_what_it_is(sample: Home) -> None:
    values = sample.run("rules", "show", "professional", "--json").json["values"]
    assert len(values) > 40
    for each in values[:: max(1, len(values) // 12)]:
        text = each["value"] if isinstance(each["value"], str) else json.dumps(each["value"])
        done = sample.run("rules", "set", each["name"], text)
        assert (done.code, "already" in done.out) == (0, True), each
    assert not (sample.folder / "rules").exists()


@pytest.mark.parametrize("name", sorted(available(None)))
def test_show_toml_is_one_pack_that_means_the_same(name: str, sample: Home) -> None:
    done = sample.run("rules", "show", name, "--toml")
    assert done.code == 0
    assert "extends" not in tomllib.loads(done.out)
    folder = sample.folder / "rules"
    folder.mkdir()
    (folder / "copy.toml").write_text(done.out)
    (copy,), (shipped,) = load_packs(["copy"], folder), load_packs([name], folder)
    assert (copy.summary, copy.rules, copy.messages) == (shipped.summary, shipped.rules, shipped.messages)


@pytest.mark.parametrize("columns", [60, 80, 120])
def test_show_fits_the_terminal(columns: int, sample: Home, plain: Callable[[str], str]) -> None:
    shown = plain(sample.on_terminal("rules", "show", "professional", columns=columns).out)
    lines = [line for line in shown.splitlines() if str(shipped_dir()) not in line]
    assert max(map(len, lines)) <= columns
    assert "After" in shown
    assert "1 working day" in shown


def test_check_is_content_with_the_packs_that_come_with_calsync(sample: Home) -> None:
    done = sample.run("rules", "check", *available(None))
    assert (done.code, done.err) == (0, "")
    assert [line.split(":")[0] for line in done.lines] == [f"✓ {name}" for name in available(None)]
    assert sample.run("--quiet", "rules", "check").out == ""


def test_check_tells_every_problem_of_every_pack_with_file_line_key_and_remedy(sample: Home) -> None:
    folder = sample.folder / "rules"
    folder.mkdir()
    (folder / "personal.toml").write_text(
        'extends = "personal"\n[[rule]]\nid = "first-meeting"\nwhn = 3\n[[rule.step]]\nid = "hello"\nafter = "3 dyas"\n'
    )
    (folder / "other.toml").write_text('extends = "professional"\n[message.hello]\nbody = "{{ nmae }}"\n')
    done = sample.run("rules", "check")
    assert done.code == 10
    assert "✓ professional: 3 rules, sound" in done.lines
    assert "✗ personal: 2 problems; a sync would write nothing" in done.lines
    assert "✗ other: 1 problem; it cannot be used" in done.lines
    assert f'    {folder}/personal.toml:4: first-meeting.whn: unknown key; did you mean "when"?' in done.lines
    assert any(
        line.startswith(f"    {folder}/personal.toml:7: first-meeting.hello.after: expected") for line in done.lines
    )
    assert f'    {folder}/other.toml:3: message.hello.body: unknown variable "nmae"; did you mean "name"?' in done.lines
    told = sample.run("rules", "check", "--json")
    assert (told.code, told.json["exit_code"]) == (10, 10)
    [problem] = told.json["packs"][2]["problems"]
    assert (problem["file"], problem["line"], problem["key"]) == (str(folder / "other.toml"), 3, "message.hello.body")
    assert problem["remedy"]
    assert sample.run("rules", "check", "professional").code == 0


def test_check_warns_and_exits_with_nothing_wrong(sample: Home) -> None:
    assert sample.run("rules", "set", "professional.first-meeting.hello.window", "0 days").code == 0
    done = sample.run("rules", "check", "professional")
    assert done.code == 0
    assert done.lines[0] == "! professional: 3 rules, 1 warning"
    line = f"    warning: {sample.folder}/rules/professional.toml:10: first-meeting.hello.window: 0 days is over before"
    assert done.lines[1].startswith(line)


def test_a_shipped_pack_with_nothing_to_do_is_news_only_to_those_who_chose_it(sample: Home) -> None:
    sample.config.write_text(sample.config.read_text().replace('relationship = "personal"', 'relationship = "work"'))
    assert "warning" not in sample.run("rules", "check").out
    assert "so no rule of this pack can match" in sample.run("rules", "check", "personal").out
    sample.config.write_text(sample.config.read_text() + '\n[rules]\npacks = ["professional", "personal"]\n')
    assert "so no rule of this pack can match" in sample.run("rules", "check").out


def test_a_pack_that_the_config_names_and_nobody_has_is_told_with_the_line_of_the_config(sample: Home) -> None:
    text = sample.config.read_text()
    assert "[rules]" not in text
    sample.config.write_text(f'{text}\n[rules]\npacks = ["profesional"]\n')
    line = sample.config.read_text().splitlines().index('packs = ["profesional"]') + 1
    done = sample.run("rules", "check")
    assert done.code == 10
    assert f'    {sample.config}:{line}: rules.packs: there is no pack "profesional"; did you mean' in done.out
    (listed, *_) = sample.run("rules", "list", "--json").json
    assert (listed["name"], listed["used"], listed["broken"], listed["file"]) == ("profesional", True, True, None)


def test_check_of_a_pack_that_is_not_there_names_the_nearest(sample: Home) -> None:
    for command in ("check", "show"):
        done = sample.run("rules", command, "profesional")
        assert (done.code, done.out) == (2, "")
        assert 'did you mean "professional"?' in done.err


def test_set_tells_old_and_new_and_the_file(sample: Home) -> None:
    done = sample.run("rules", "set", HELLO, "2 working days")
    assert (done.code, done.err) == (0, "")
    file = sample.folder / "rules" / "professional.toml"
    assert done.lines == [f'{HELLO}: "1 working day" → "2 working days"', f"in {file}"]
    before = file.stat().st_mtime_ns
    assert sample.run("rules", "set", HELLO, "2 Working Days").lines == [f'{HELLO} is "2 working days" already.']
    assert file.stat().st_mtime_ns == before
    assert sample.run("--quiet", "rules", "set", HELLO, "3 working days").out == ""
    done = sample.run("rules", "unset", HELLO)
    assert done.lines[0] == f'{HELLO}: "3 working days" → "1 working day"'
    assert not file.exists()
    assert sample.run("rules", "unset", HELLO).lines == [
        f'{HELLO} stays "1 working day": you changed nothing in this pack.'
    ]


def test_a_refused_value_writes_nothing_and_exits_10(sample: Home) -> None:
    done = sample.run("rules", "set", HELLO, "soon")
    assert (done.code, done.out) == (10, "")
    assert done.err.startswith(f"{HELLO}: expected a number and a unit")
    assert not (sample.folder / "rules").exists()
    sample.run("rules", "set", HELLO, "2 working days")
    file = sample.folder / "rules" / "professional.toml"
    content = file.read_bytes()
    for name, value, code in (
        (HELLO, "soon", 10),
        ("professional.first-meeting.hello.title", "{{ x", 10),
        ("professional.first-meeting.helo.title", "x", 2),
        ("professional.first-meeting.hello.id", "x", 2),
    ):
        done = sample.run("rules", "set", name, value)
        assert (done.code, done.out, "Traceback" in done.err) == (code, "", False)
        assert file.read_bytes() == content


def test_a_change_that_makes_the_pack_odd_is_made_and_told_at_once(sample: Home) -> None:
    done = sample.run("rules", "set", HELLO, "5 working days")
    assert done.code == 0
    assert "first-meeting.hello.window: 3 working days is over before the step is due" in done.err
    again = sample.run("rules", "set", "professional.first-meeting.hello.channel", "card")
    assert (again.code, again.err) == (0, ""), "only what is new is told"
    assert sample.run("rules", "set", "professional.first-meeting.hello.window", "8 working days").err == ""


def test_a_byte_order_mark_and_windows_line_ends_stay(sample: Home) -> None:
    folder = sample.folder / "rules"
    folder.mkdir()
    file = folder / "personal.toml"
    before = b'\xef\xbb\xbf# mine\r\nextends = "personal"\r\n\r\n[message.hello]\r\nsubject = "Hi"  # short\r\n'
    file.write_bytes(before)
    assert sample.run("rules", "set", "personal.message.hello.subject", "Hello").code == 0
    assert file.read_bytes() == before.replace(b'"Hi"', b'"Hello"')
    assert sample.run("rules", "set", "personal.first-meeting.hello.after", "4 days").code == 0
    written = file.read_bytes()
    assert written.startswith(before.replace(b'"Hi"', b'"Hello"'))
    assert written.count(b"\n") == written.count(b"\r\n")
    for name in ("personal.first-meeting.hello.after", "personal.message.hello.subject"):
        assert sample.run("rules", "unset", name).code == 0
    assert file.read_bytes() == b'\xef\xbb\xbf# mine\r\nextends = "personal"\r\n'


def test_a_pack_that_is_not_in_use_is_told_with_the_line_to_add(sample: Home) -> None:
    rule = load_packs(["sales"], None)[0].rules[0].id
    done = sample.run("rules", "set", f"sales.{rule}.summary", "Somebody new")
    assert done.code == 0
    assert "the pack sales is not in use" in done.err
    assert f'{sample.config} say:  [rules]  packs = ["sales", "professional", "personal"]' in done.err


def test_a_new_pack_loads_says_the_line_to_add_and_never_replaces_one(sample: Home) -> None:
    done = sample.run("rules", "new", "salon")
    file = sample.folder / "rules" / "salon.toml"
    assert done.code == 0
    assert str(file) in done.out
    assert 'packs = ["salon", "professional", "personal"]' in done.err
    assert file.read_text().startswith("#:schema ./pack.schema.json\n")
    assert json.loads((file.parent / "pack.schema.json").read_text())["title"] == "calsync pack"
    assert sample.run("rules", "check", "salon").lines == ["✓ salon: 1 rule, sound"]
    content = file.read_bytes()
    for words in (
        ("salon",),
        ("salon", "--extends", "personal"),
        ("personal",),
        ("My Salon",),
        ("x", "--extends", "y"),
    ):
        done = sample.run("rules", "new", *words)
        assert (done.code, done.out) == (2, ""), words
    assert file.read_bytes() == content
    assert sorted(path.name for path in file.parent.iterdir()) == ["pack.schema.json", "salon.toml"]


def test_a_new_pack_may_build_on_another(sample: Home) -> None:
    assert sample.run("rules", "new", "salon", "--extends", "personal").code == 0
    (salon,), (personal,) = (load_packs([name], sample.folder / "rules") for name in ("salon", "personal"))
    assert (salon.rules, salon.messages) == (personal.rules, personal.messages)
    assert sample.run("rules", "new", "personal", "--extends", "personal").code == 0
    assert load_packs(["personal"], sample.folder / "rules")[0].rules == personal.rules


def test_the_grammar_can_be_printed(sample: Home) -> None:
    assert sample.run("rules", "schema").json["title"] == "calsync pack"


def test_a_folder_that_cannot_be_written_is_told_without_a_traceback(sample: Home) -> None:
    (sample.folder / "rules").write_text("a file, not a folder")
    done = sample.run("rules", "set", HELLO, "2 working days")
    assert done.code == 3
    assert "not a folder" in done.err
    assert "Traceback" not in done.err


def test_a_broken_config_stops_every_command_of_the_group(sample: Home) -> None:
    sample.config.write_text("[me]\n")
    for words in (("list",), ("show", "personal"), ("check",), ("set", HELLO, "1 day"), ("unset", HELLO), ("new", "x")):
        done = sample.run("rules", *words)
        assert (done.code, done.out) == (10, ""), words


def test_rules_load_nothing_slow_before_they_need_it(sample: Home) -> None:
    for words in (("list",), ("show", "professional")):
        assert {"jinja2", "icalendar", "holidays", "sqlite3"} & sample.modules("rules", *words) == set()
