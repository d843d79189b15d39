"""Packs: which file a name means, what extends what, and errors that point at the line."""

from __future__ import annotations

from datetime import time
from pathlib import Path

import pytest

from calsync.errors import ConfigError
from calsync.model import Channel
from calsync.rules.check import check_templates
from calsync.rules.load import available, load_packs, shipped_dir
from calsync.rules.schema import Pack
from calsync.timing.spans import Span

STEP = '[[rule.step]]\nid = "s"\nafter = "1 day"\nwindow = "2 days"\nchannel = "email"\n'
LEAST = '[[rule]]\nid = "r"\n' + STEP


def written(folder: Path, **packs: str) -> Path:
    for name, text in packs.items():
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder


def load(folder: Path, name: str) -> Pack:
    return load_packs([name], folder)[0]


def problems(folder: Path, *names: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load_packs(names, folder)
    assert caught.value.exit_code == 10
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_the_shortest_pack_has_the_documented_defaults(tmp_path: Path) -> None:
    pack = load(written(tmp_path, mine=LEAST), "mine")
    [rule] = pack.rules
    [step] = rule.steps
    assert (pack.name, pack.summary, pack.extends, pack.files) == (
        "mine",
        "",
        None,
        (tmp_path / "mine.toml",),
    )
    assert (step.days, step.at, step.unless, step.priority, step.message) == (
        "working",
        None,
        ("met",),
        0,
        None,
    )
    assert (rule.when.meeting, rule.when.all_day) == (("first",), (False,))


def test_every_condition_takes_one_value_or_a_list(tmp_path: Path) -> None:
    one = """when = { meeting = "any", group = 3, role = "organizer", mine = "attendee",
      relationship = "work", tags = "#Expo",
      domain = "*.acme.example", title = "/intro/", calendar = "work", duration = "..20 minutes",
      place = "online", recurring = true, all_day = true, depth = "deep" }
    """.replace("\n", " ")
    many = """when = { meeting = ["first", "again"], group = ["1..2", 5], role = ["organizer", "attendee"],
      mine = ["attendee"], relationship = ["work", "personal"], tags = ["a", "b"], domain = ["a.example"],
      title = ["intro*", "demo*"], calendar = ["work", "home"], duration = ["..20 minutes", "2 hours.."],
      place = ["online", "in-person"], recurring = [true, false], all_day = [true, false], depth = ["brief"] }
    """.replace("\n", " ")
    packs = written(tmp_path, **{key: f'[[rule]]\nid = "r"\n{when}\n{STEP}' for key, when in (("a", one), ("b", many))})
    single, several = (load(packs, name).rules[0].when for name in ("a", "b"))
    assert single.group == ((3, 3),)
    assert single.tags == ("expo",)
    assert several.group == ((1, 2), (5, 5))
    assert len(several.duration) == 2
    assert all(isinstance(value, tuple) and value for _, value in [*single, *several])


def test_a_cadence_is_loaded_and_carried(tmp_path: Path) -> None:
    text = '[[rule]]\nid = "tiers"\nevery = "tier"\nchannel = "call"\n'
    text += '[[rule]]\nid = "months"\nevery = "60 days"\nchannel = "email"\n'
    tiers, months = load(written(tmp_path, mine=text), "mine").rules
    assert (tiers.every, tiers.channel, tiers.steps) == ("tier", Channel.CALL, ())
    assert months.every == Span(60, "days")


def test_a_users_pack_replaces_the_shipped_one_of_its_name(tmp_path: Path) -> None:
    pack = load(written(tmp_path, professional=LEAST), "professional")
    assert [rule.id for rule in pack.rules] == ["r"]
    assert available(tmp_path)["professional"] == tmp_path / "professional.toml"
    assert available(None)["professional"] == shipped_dir() / "professional.toml"


def test_a_pack_may_extend_the_shipped_one_of_its_own_name_and_change_single_fields(tmp_path: Path) -> None:
    text = """\
extends = "professional"

[[rule]]
id = "first-meeting"
when = { group = "1..4" }

[[rule.step]]
id = "hello"
at = "08:00-09:00"

[[rule.step]]
id = "card"
after = "3 weeks"
window = "5 weeks"
channel = "card"

[[rule]]
id = "mine"

[[rule.step]]
id = "s"
after = "1 day"
window = "2 days"
channel = "email"
message = "hello"

[message.hello]
subject = "Hi"
"""
    pack = load(written(tmp_path, professional=text), "professional")
    [shipped] = load_packs(["professional"], None)
    first, before = pack.rules[0], shipped.rules[0]
    assert [rule.id for rule in pack.rules] == [*(rule.id for rule in shipped.rules), "mine"]
    assert [step.id for step in first.steps] == ["hello", "meet", "check-in", "card"]
    assert (first.when.group, first.when.relationship) == (((1, 4),), ("work",))
    assert first.steps[0].at == (time(8), time(9))
    assert first.steps[0].model_copy(update={"at": before.steps[0].at}) == before.steps[0]
    assert first.steps[1:3] == before.steps[1:]
    assert pack.rules[1:3] == shipped.rules[1:]
    assert pack.messages["hello"].subject == "Hi"
    assert pack.messages["hello"].body == shipped.messages["hello"].body
    assert pack.summary == shipped.summary
    assert pack.files == (tmp_path / "professional.toml", shipped_dir() / "professional.toml")


def test_packs_can_extend_packs_that_extend(tmp_path: Path) -> None:
    middle = 'extends = "personal"\nsummary = "middle"\n'
    top = 'extends = "middle"\n[[rule]]\nid = "first-meeting"\n[[rule.step]]\nid = "hello"\nafter = "1 day"\n'
    pack = load(written(tmp_path, middle=middle, top=top), "top")
    assert (pack.name, pack.summary, pack.rules[0].steps[0].after) == ("top", "middle", Span(1, "days"))
    assert len(pack.files) == 3


def test_extending_in_a_circle_is_an_error(tmp_path: Path) -> None:
    written(tmp_path, a='extends = "b"', b='extends = "c"', c='\nextends = "a"', lone='extends = "lone"')
    assert problems(tmp_path, "a") == ["c.toml:2: extends: extends itself in a circle"]
    [problem] = problems(tmp_path, "lone")
    assert problem.startswith('lone.toml:1: extends: there is no pack "lone"')


def test_an_unknown_pack_lists_the_nearest_or_all(tmp_path: Path) -> None:
    written(tmp_path, mine='extends = "profesional"')
    assert problems(tmp_path, "personl", "qqq", "mine", "../mine") == [
        'rules.packs: there is no pack "personl"; did you mean "personal"?',
        'rules.packs: there is no pack "qqq"; known are ' + ", ".join(available(tmp_path)),
        'mine.toml:1: extends: there is no pack "profesional"; did you mean "professional"?',
        'rules.packs: there is no pack "../mine"; did you mean "mine"?',
    ]


def test_all_problems_of_all_packs_are_reported_at_once(tmp_path: Path) -> None:
    one = """\
extends = "professional"

[[rule]]
id = "first-meeting"
when = { relationshp = "work", duration = "20..x" }

  [[rule.step]]
  id = "hello"
  after = "1 workday"
  mesage = "hello"

[message.hello]
sbject = "Hi"
"""
    two = LEAST + 'message = "helo"\n[message.hello]\nbody = "x"\n'
    found = problems(written(tmp_path, one=one, two=two), "one", "two")
    places = [problem.split(": ", 2)[:2] for problem in found]
    assert places == [
        ["one.toml:5", "first-meeting.when.duration"],
        ["one.toml:5", "first-meeting.when.relationshp"],
        ["one.toml:9", "first-meeting.hello.after"],
        ["one.toml:10", "first-meeting.hello.mesage"],
        ["one.toml:13", "message.hello.sbject"],
        ["two.toml:8", "r.s.message"],
    ]
    hints = [found[1], found[3], found[4], found[5]]
    for hint, name in zip(hints, ["relationship", "message", "subject", "hello"], strict=True):
        assert f'did you mean "{name}"?' in hint


def test_a_fault_in_what_is_extended_is_shown_where_it_stands(tmp_path: Path) -> None:
    written(tmp_path, base=LEAST + 'days = "all"\n', top='extends = "base"\n[[rule]]\nid = "r"\nsummary = "x"\n')
    [problem] = problems(tmp_path, "top")
    assert problem == 'base.toml:8: r.s.days: expected "working" or "any", found "all"'


ONE_MISTAKE = {
    "no rules": ("", "mine.toml:1: rule: required, and missing"),
    "rule without id": (LEAST.replace('id = "r"\n', ""), "mine.toml:1: rule.1.id: required"),
    "step without id": (LEAST.replace('id = "s"\n', ""), "mine.toml:3: r.step.1.id: required"),
    "odd id": (LEAST.replace('"r"', '"My rule"'), "mine.toml:2: My rule.id: expected small letters"),
    "rule twice": (LEAST + LEAST, 'mine.toml:9: r.id: another rule here has the id "r" too'),
    "step twice": (LEAST + STEP, 'mine.toml:9: r.s.id: another step here has the id "s" too'),
    "no steps": ('[[rule]]\nid = "r"\n', "mine.toml:1: r: needs [[rule.step]] tables, or every"),
    "steps and every": (
        '[[rule]]\nid = "r"\nevery = "tier"\n' + STEP,
        "mine.toml:3: r.every: a rule has either",
    ),
    "every without channel": (
        '[[rule]]\nid = "r"\nevery = "tier"\n',
        "mine.toml:1: r.channel: required with every",
    ),
    "every odd": (
        '[[rule]]\nid = "r"\nevery = "teir"\nchannel = "call"\n',
        'mine.toml:3: r.every: expected "tier" or a span such as "60 days", found "teir"; did you mean',
    ),
    "step key in rule": ('[[rule]]\nid = "r"\ndays = "any"\n' + STEP, "mine.toml:3: r.days: belongs into"),
    "no after": (LEAST.replace('after = "1 day"\n', ""), "mine.toml:3: r.s.after: required"),
    "no window": (LEAST.replace('window = "2 days"\n', ""), "mine.toml:3: r.s.window: required"),
    "no channel": (LEAST.replace('channel = "email"\n', ""), "mine.toml:3: r.s.channel: required"),
    "channel": (LEAST.replace("email", "emial"), 'mine.toml:7: r.s.channel: expected "email", "message"'),
    "number for span": (LEAST.replace('"1 day"', "1"), "mine.toml:5: r.s.after: expected a span"),
    "hours": (LEAST + 'at = "11:00-09:00"\n', "mine.toml:8: r.s.at: must end after it starts"),
    "unless": (
        LEAST + 'unless = ["meet"]\n',
        'mine.toml:8: r.s.unless.1: expected "met" or "booked", found "meet"',
    ),
    "truth as priority": (LEAST + "priority = true\n", "mine.toml:8: r.s.priority: expected a whole number"),
    "empty list": (
        LEAST.replace("[[rule.step]]", "when = { tags = [] }\n[[rule.step]]", 1),
        "mine.toml:3: r.when.tags:",
    ),
    "group": (
        LEAST.replace("[[rule.step]]", 'when = { group = "6..1" }\n[[rule.step]]', 1),
        "mine.toml:3: r.when.group:",
    ),
    "meeting": (
        LEAST.replace("[[rule.step]]", 'when = { meeting = "frist" }\n[[rule.step]]', 1),
        'mine.toml:3: r.when.meeting: expected "first", "again" or "any", found "frist"; did you mean',
    ),
    "slow pattern": (
        LEAST.replace("[[rule.step]]", 'when = { title = "/(a+)+b/" }\n[[rule.step]]', 1),
        "mine.toml:3: r.when.title: expected a regular expression that is always fast",
    ),
    "syntax": (LEAST + "x = \n", "mine.toml:8:5: not valid TOML"),
    "message without body": (LEAST + '[message.m]\nsubject = "x"\n', "mine.toml:8: message.m.body: required"),
}


@pytest.mark.parametrize("mistake", ONE_MISTAKE)
def test_one_mistake_is_one_problem_at_its_line(mistake: str, tmp_path: Path) -> None:
    text, start = ONE_MISTAKE[mistake]
    [problem] = problems(written(tmp_path, mine=text), "mine")
    assert problem.startswith(start)


def test_templates_are_checked_apart_with_file_line_and_nearest_name(tmp_path: Path) -> None:
    text = (
        LEAST
        + 'title = "Write {{ peple }}"\n'
        + 'message = { subject = "{% for x in name %}{% endfor %}", body = """\nHi\n{{ name }\n""" }\n'
    )
    pack = load(written(tmp_path, mine=text), "mine")
    found = [problem.removeprefix(f"{tmp_path}/") for problem in check_templates(pack)]
    assert found[0] == 'mine.toml:8: r.s.title: unknown variable "peple"; did you mean "people"?'
    assert found[1].startswith("mine.toml:9: r.s.message.subject: ")
    assert found[2].startswith("mine.toml:9: r.s.message.body: not a valid template: ")
    assert found[2].endswith("(line 2 of the text)")
    assert len(found) == 3
