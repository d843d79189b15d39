"""What is sound in a pack and still not what anybody wants is told, and nothing else is."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.rules.advice import advise
from calsync.rules.load import available, load_packs
from calsync.rules.match import Facts, matches
from calsync.rules.reach import Around, decides_before, hindrances
from calsync.rules.schema import Pack, PackFile, Rule

AROUND = Around(
    sources={"office": "work", "family": "personal"},
    colleagues=frozenset({"initech.example"}),
    working_hours=(time(9), time(17)),
    group_max=20,
    touches=3,
    feeds=("feed",),
)
STEP = {"id": "s", "after": "1 week", "window": "3 weeks", "channel": "email"}


def rule(
    identity: str = "r", *, steps: tuple[Mapping[str, object], ...] = (STEP,), **when: object
) -> dict[str, object]:
    return {"id": identity, "when": when, "step": [dict(step) for step in steps]}


def pack(*rules: Mapping[str, object], name: str = "mine") -> Pack:
    file = PackFile.model_validate({"rule": list(rules)})
    return Pack(name, file.summary, None, file.rule, file.message)


def told(one: Pack, *in_use: Pack, around: Around = AROUND) -> list[str]:
    labels = [".".join(str(key) for key in advice.path) for advice in advise(one, in_use, around)]
    assert all(advice.remedy.endswith(".") for advice in advise(one, in_use, around))
    return [f"{label}: {advice.sentence}" for label, advice in zip(labels, advise(one, in_use, around), strict=True)]


def step(**changes: object) -> dict[str, object]:
    return {**STEP, **changes}


NEVER: list[tuple[dict[str, Any], str]] = [
    ({"group": "7..", "depth": "deep"}, "when.depth: contradicts group"),
    ({"group": "1..3", "duration": "21 minutes..", "depth": "brief"}, "when.depth: contradicts group and duration"),
    ({"duration": "..20 minutes", "depth": ["deep", "normal"]}, "when.depth: contradicts duration"),
    ({"duration": "45..59 minutes", "place": "online", "depth": "deep"}, "when.depth: contradicts duration and place"),
    ({"all_day": True, "duration": "..2 hours"}, "when.all_day: contradicts duration"),
    ({"group": "21.."}, "when.group: no meeting that counts has so many others: between 1 and 20"),
    ({"group": 0}, "when.group: no meeting that counts"),
    ({"role": "organizer", "mine": "organizer"}, "when.mine: never holds beside role"),
    ({"domain": ["initech.example", "*.uk.initech.example"]}, "when.domain: .* is a domain of colleagues"),
    ({"calendar": "ofice"}, 'when.calendar: no source is called "ofice"; did you mean "office"'),
    ({"calendar": ["office", "zzz"]}, 'when.calendar: no source is called "zzz"; known are office, family'),
    ({"calendar": "office", "relationship": "personal"}, 'when.calendar: none of these sources brings "personal"'),
]


@pytest.mark.parametrize(("when", "words"), NEVER, ids=lambda each: str(each)[:50])
def test_a_rule_that_no_meeting_can_meet_is_told_with_the_condition(when: dict[str, Any], words: str) -> None:
    import re

    [advice] = told(pack(rule(**when)))
    assert re.match(f"rule.0.{words}", advice), advice


@pytest.mark.parametrize(
    "when",
    [
        {"group": "1..3", "depth": "deep"},
        {"group": "3..", "depth": "deep"},
        {"group": "20"},
        {"duration": "60 minutes", "place": "online", "depth": "deep"},
        {"duration": "..20 minutes", "depth": "brief"},
        {"duration": "45..59 minutes", "place": "in-person", "depth": "deep"},
        {"all_day": True, "duration": "2 days.."},
        {"domain": ["initech.example", "globex.example"]},
        {"domain": "*.example"},
        {"role": "organizer", "mine": "attendee"},
        {"calendar": "family", "relationship": "personal"},
    ],
    ids=str,
)
def test_a_rule_that_some_meeting_can_meet_is_left_alone(when: dict[str, Any]) -> None:
    assert told(pack(rule(**when))) == []


def test_a_relationship_that_no_source_has_is_told_once_for_the_whole_pack() -> None:
    around = AROUND._replace(sources={"office": "work"})
    [personal] = load_packs(["personal"], None)
    assert told(personal, personal, around=around) == [
        'rule.0.when.relationship: no source brings "personal", so no rule of this pack can match'
    ]
    mixed = pack(rule("a"), rule("b", relationship="personal", tags="x"))
    assert [line for line in told(mixed, around=around) if "relationship" in line] == [
        'rule.1.when.relationship: no source brings "personal"'
    ]


BEFORE: list[tuple[dict[str, Any], dict[str, Any], bool]] = [
    ({}, {"tags": "x"}, True),
    ({"tags": "x"}, {}, False),
    ({"tags": ["x", "y"]}, {"tags": "y"}, True),
    ({"group": "1..6"}, {"group": "2..4"}, True),
    ({"group": "1..6"}, {"group": "2..7"}, False),
    ({"group": ["1..3", "4..6"]}, {"group": "2..5"}, True),
    ({"group": "..20"}, {"group": "7.."}, True),
    ({"group": "1..6"}, {"depth": "deep"}, True),
    ({"depth": "brief"}, {"duration": "..15 minutes"}, True),
    ({"depth": ["brief", "normal", "deep"]}, {}, True),
    ({"depth": ["normal", "deep"]}, {"group": "..6"}, False),
    ({"place": ["online", "in-person"]}, {}, True),
    ({"meeting": "any"}, {"meeting": "again"}, True),
    ({"meeting": "first"}, {"meeting": "any"}, False),
    ({"relationship": "work"}, {"calendar": "office"}, True),
    ({"relationship": "work"}, {"calendar": "family"}, False),
    ({"domain": "*.globex.example"}, {"domain": "uk.globex.example"}, True),
    ({"domain": "*.globex.example"}, {"domain": "globex.example"}, False),
    ({"all_day": [True, False]}, {}, True),
    ({}, {"all_day": True}, False),
    ({"recurring": False}, {}, False),
]


@pytest.mark.parametrize(("first", "second", "covered"), BEFORE, ids=str)
def test_a_rule_behind_one_that_holds_for_all_its_meetings_never_decides(
    first: dict[str, Any], second: dict[str, Any], covered: bool
) -> None:
    found = [line for line in told(pack(rule("wide", **first), rule("narrow", **second))) if "never decides" in line]
    assert found == (
        ['rule.1: never decides: the rule "wide" holds for all its meetings and is asked first'] if covered else []
    )


def test_the_order_of_the_packs_in_use_decides_who_is_asked_first() -> None:
    wide, narrow = pack(rule("all"), name="wide"), pack(rule("some", tags="x"), name="narrow")
    [advice] = told(narrow, wide, narrow)
    assert advice.startswith('rule.0: never decides: the rule "all" of the pack wide holds')
    assert told(narrow, narrow, wide) == told(narrow, wide) == []


def test_cadences_and_steps_do_not_stand_in_each_others_way() -> None:
    cadence = {"id": "c", "when": {"meeting": "any"}, "every": "tier", "channel": "email"}
    assert told(pack(cadence, rule(tags="x"))) == []
    second = {**cadence, "id": "d", "when": {"meeting": "first"}}
    assert told(pack(cadence, second)) == [
        'rule.1: never decides: the rule "c" holds for all its meetings and is asked first'
    ]


STEPS: list[tuple[dict[str, object], str]] = [
    (step(window="5 days"), "window: 5 days is over before the step is due, 1 week after the meeting"),
    (step(after="1 month", window="3 weeks"), "window: 3 weeks is over before"),
    (step(after="1 day", window="1 day", days="any"), "window: 1 day may be over before an app has re-read the feed"),
    (step(after="2 hours", window="20 hours"), "window: 20 hours may be over before an app"),
    (step(channel="visit", at="17:00-17:45"), "at: 17:00-17:45 is shorter than the 60 minutes that a visit takes"),
    (step(channel="call"), "channel: a first contact is never an unscheduled call"),
    (step(channel="video"), "channel: a first contact is never an unscheduled video call"),
]


@pytest.mark.parametrize(("one", "words"), STEPS, ids=lambda each: str(each)[:60])
def test_a_step_that_cannot_do_what_it_says_is_told(one: dict[str, object], words: str) -> None:
    [advice] = told(pack(rule(steps=(one,))))
    assert advice.startswith(f"rule.0.step.0.{words}")


def test_a_short_window_is_no_matter_where_no_feed_is_re_read() -> None:
    assert told(pack(rule(steps=(step(after="1 day", window="1 day"),))), around=AROUND._replace(feeds=())) == []


def test_the_same_day_as_due_day_and_last_day_is_no_contradiction() -> None:
    assert told(pack(rule(steps=(step(after="1 week", window="7 days"),)))) == []
    assert told(pack(rule(steps=(step(after="5 working days", window="P1W"),)))) == []


def test_steps_out_of_order_and_beyond_the_touches_are_told() -> None:
    steps = [step(id=f"s{number}", after=f"{number} weeks", window="20 weeks") for number in (1, 3, 2, 4)]
    assert told(pack(rule(steps=tuple(steps)))) == [
        'rule.0.step.2.after: comes before the step "s3", which stands above it',
        "rule.0.step.3: never comes: there are at most 3 touches to a person until you meet again (limits.touches)",
    ]


def test_a_call_that_is_not_the_first_contact_is_left_alone() -> None:
    later = step(id="t", after="2 weeks", channel="call")
    assert told(pack(rule(steps=(STEP, later)))) == []
    assert told(pack(rule(meeting="again", steps=(step(channel="call"),)))) == []


def test_a_draft_that_no_step_names_is_told() -> None:
    one = pack(rule(steps=(step(message="used"),)))
    messages = PackFile.model_validate(
        {"rule": [rule()], "message": {"used": {"body": "x"}, "left": {"body": "x"}}}
    ).message
    assert told(one._replace(messages=messages)) == ["message.left: no step names this draft"]


@pytest.mark.parametrize("name", sorted(available(None)))
def test_the_shipped_packs_give_no_cause_for_advice(name: str) -> None:
    [shipped] = load_packs([name], None)
    assert told(shipped, shipped) == []


def test_advice_names_the_line_of_the_file_that_says_it(tmp_path: Path) -> None:
    from calsync.rules.load import lines_for

    (tmp_path / "personal.toml").write_text(
        'extends = "personal"\n\n[[rule]]\nid = "first-meeting"\n\n[[rule.step]]\nid = "hello"\nwindow = "1 day"\n'
    )
    [own] = load_packs(["personal"], tmp_path)
    [advice] = advise(own, [own], AROUND)
    [line] = lines_for(own, [advice.problem])
    assert line.startswith(f"{tmp_path}/personal.toml:8: first-meeting.hello.window: 1 day is over before")


WHEN = st.fixed_dictionaries(
    {},
    optional={
        "group": st.sampled_from(["1..3", "4..", "7..20", "..2", "3"]),
        "duration": st.sampled_from(["..20 minutes", "30..60 minutes", "1 hour..", "46 minutes.."]),
        "place": st.sampled_from(["online", "in-person"]),
        "depth": st.sampled_from(["brief", "normal", "deep", ["brief", "deep"]]),
        "role": st.sampled_from(["organizer", "attendee"]),
        "mine": st.sampled_from(["organizer", "attendee"]),
        "meeting": st.sampled_from(["first", "again", "any"]),
        "tags": st.sampled_from(["a", ["a", "b"]]),
        "calendar": st.sampled_from(["office", ["office", "family"]]),
        "relationship": st.sampled_from(["work", "personal"]),
        "recurring": st.booleans(),
        "all_day": st.sampled_from([True, [True, False]]),
    },
)


@st.composite
def meetings(draw: st.DrawFn) -> Facts:
    calendar = draw(st.sampled_from(["office", "family"]))
    mine = draw(st.sampled_from(["organizer", "attendee"]))
    all_day = draw(st.booleans())
    return Facts(
        meeting=draw(st.sampled_from(["first", "again"])),
        group=draw(st.integers(1, 20)),
        role="attendee" if mine == "organizer" else draw(st.sampled_from(["organizer", "attendee"])),
        mine=mine,
        relationship=AROUND.sources[calendar],
        title="Talk",
        calendar=calendar,
        duration=timedelta(days=1) if all_day else timedelta(minutes=draw(st.integers(0, 200))),
        place=draw(st.sampled_from(["online", "in-person"])),
        tags=draw(st.sampled_from([(), ("a",), ("b",)])),
        recurring=draw(st.booleans()),
        all_day=all_day,
    )


def made(when: Mapping[str, Any]) -> Rule:
    return Rule.model_validate(rule(**when))


@given(WHEN, WHEN, meetings())
def test_no_meeting_ever_belies_the_advice(first: dict[str, Any], second: dict[str, Any], facts: Facts) -> None:
    earlier, later = made(first), made(second)
    if matches(later, facts):
        assert list(hindrances(later, AROUND)) == []
        assert matches(earlier, facts) or not decides_before(earlier, later, AROUND)
