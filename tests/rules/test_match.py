"""Which rule applies, and the words for why not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.rules.load import load_packs
from calsync.rules.match import Check, Facts, check, depth_of, first_match, matches
from calsync.rules.patterns import check_title, domain_matches, title_matches
from calsync.rules.schema import Pack, Rule, When

FACTS = Facts(
    meeting="first",
    group=2,
    role="organizer",
    mine="attendee",
    relationship="work",
    title="Intro with Ana",
    calendar="work",
    duration=timedelta(minutes=30),
    place="online",
    tags=("expo",),
    domains=("acme.example", "sub.acme.example"),
)


def rule(**when: Any) -> Rule:
    step = {"id": "s", "after": "1 day", "window": "2 days", "channel": "email"}
    return Rule.model_validate({"id": "r", "when": when, "step": [step]})


HOLDS: list[tuple[dict[str, Any], bool]] = [
    ({}, True),
    ({"meeting": "again"}, False),
    ({"meeting": "any"}, True),
    ({"meeting": ["again", "first"]}, True),
    ({"group": "1..2"}, True),
    ({"group": "3.."}, False),
    ({"group": ["5", 2]}, True),
    ({"role": "organizer"}, True),
    ({"role": "attendee"}, False),
    ({"mine": "organizer"}, False),
    ({"relationship": ["personal", "work"]}, True),
    ({"tags": "EXPO"}, True),
    ({"tags": ["other", "expo"]}, True),
    ({"tags": "other"}, False),
    ({"domain": "acme.example"}, True),
    ({"domain": "*.acme.example"}, True),
    ({"domain": "*.example.acme"}, False),
    ({"title": "intro*"}, True),
    ({"title": "intro"}, False),
    ({"title": "/WITH a/"}, True),
    ({"calendar": "work"}, True),
    ({"calendar": ["home"]}, False),
    ({"duration": "..20 minutes"}, False),
    ({"duration": "30 minutes..1 hour"}, True),
    ({"place": "online"}, True),
    ({"place": "in-person"}, False),
    ({"recurring": False}, True),
    ({"recurring": True}, False),
    ({"all_day": True}, False),
    ({"all_day": [True, False]}, True),
    ({"depth": "normal"}, True),
    ({"depth": ["brief", "deep"]}, False),
    ({"group": 2, "role": "organizer", "relationship": "personal"}, False),
]


@pytest.mark.parametrize(("when", "expected"), HOLDS, ids=str)
def test_a_rule_matches_when_all_its_conditions_hold(when: dict[str, Any], expected: bool) -> None:
    assert matches(rule(**when), FACTS) is expected


@pytest.mark.parametrize(("when", "expected"), HOLDS, ids=str)
def test_the_explanation_never_differs_from_the_decision(when: dict[str, Any], expected: bool) -> None:
    told = check(rule(**when), FACTS)
    assert all(each.holds for each in told) is expected
    assert set(when) <= {each.key for each in told}
    assert all(each.wanted and each.found for each in told)


def test_every_condition_of_the_schema_is_checked_and_told() -> None:
    everything = {
        "meeting": "first", "group": 2, "role": "organizer", "mine": "attendee", "relationship": "work",
        "tags": "expo", "domain": "acme.example", "title": "intro*", "calendar": "work",
        "duration": "30 minutes", "place": "online", "recurring": False, "all_day": False, "depth": "normal",
    }  # fmt: skip
    assert [each.key for each in check(rule(**everything), FACTS)] == list(When.model_fields)


def test_an_explanation_speaks_plainly() -> None:
    told = check(rule(group="3..6", role="attendee", duration="1 hour..", title="demo*"), FACTS)
    assert told == [
        Check("meeting", "a first meeting", "a first meeting", True),
        Check("group", "3 to 6 other people", "2 other people", False),
        Check("role", "they did not organise it", "they organised it", False),
        Check("title", "demo*", "“Intro with Ana”", False),
        Check("duration", "at least 1 h", "30 min", False),
        Check("all_day", "at a set time", "at a set time", True),
    ]


def test_a_rule_without_meeting_means_a_first_one_and_never_an_all_day_one() -> None:
    assert not matches(rule(), replace(FACTS, meeting="again"))
    assert not matches(rule(), replace(FACTS, all_day=True))
    assert matches(rule(all_day=True), replace(FACTS, all_day=True))


def pack(name: str, *rules: Rule) -> Pack:
    return Pack(name, "", None, rules, {})


def test_the_first_rule_in_pack_order_decides() -> None:
    one, two = pack("one", rule(group=9), rule(group=2)), pack("two", rule())
    match = first_match([one, two], FACTS)
    assert match == (one, one.rules[1])
    assert first_match([two, one], FACTS) == (two, two.rules[0])
    assert first_match([pack("none", rule(group=9))], FACTS) is None


def test_a_cadence_never_decides_for_a_meeting() -> None:
    cadence = Rule.model_validate({"id": "c", "every": "tier", "channel": "call", "when": {"meeting": "any"}})
    assert first_match([pack("p", cadence)], FACTS) is None


@given(st.integers(1, 40), st.integers(0, 600), st.sampled_from(["first", "again"]))
def test_shipped_rules_decide_for_any_meeting_without_trouble(group: int, minutes: int, meeting: str) -> None:
    facts = replace(FACTS, group=group, meeting=meeting, duration=timedelta(minutes=minutes))
    packs = load_shipped()
    match = first_match(packs, facts)
    assert (match is not None) == (meeting == "first" and group <= 20)


def load_shipped(cache: list[tuple[Pack, ...]] = []) -> tuple[Pack, ...]:  # noqa: B006
    if not cache:
        cache.append(load_packs(["professional", "personal"], None))
    return cache[0]


@pytest.mark.parametrize(
    ("group", "minutes", "place", "depth"),
    [
        (1, 20, "in-person", "brief"),
        (7, 120, "in-person", "brief"),
        (1, 21, "online", "normal"),
        (3, 59, "online", "normal"),
        (3, 60, "online", "deep"),
        (3, 44, "in-person", "normal"),
        (3, 45, "in-person", "deep"),
        (4, 180, "in-person", "normal"),
    ],
)
def test_depth_follows_group_length_and_place(group: int, minutes: int, place: str, depth: str) -> None:
    assert depth_of(group, timedelta(minutes=minutes), place) == depth


@pytest.mark.parametrize(
    "pattern",
    ["/(a+)+$/", "/(a|a)*b/", "/(a?){30}a{30}/", "/" + "a?" * 12 + "a/", "/.*.*.*.*x/", "/(x+x+)+y/",
     "/(?=(a+)+)b/", r"/(a)\1/", "/[/", "/(?P<n>x/", "x" * 201],
)  # fmt: skip
def test_a_pattern_that_is_broken_or_could_take_for_ever_is_refused(pattern: str) -> None:
    assert check_title(pattern)


@pytest.mark.parametrize("pattern", ["intro*", "/intro|demo/", "/^(re|fwd): .*/", r"/\bintro(duction)?\b/", "*[1-9]*"])
def test_usual_patterns_are_taken_and_fast_on_hostile_titles(pattern: str) -> None:
    assert check_title(pattern) == ""
    assert title_matches(pattern, "a" * 100_000) is False


def test_subdomains_match_only_where_the_glob_asks_for_them() -> None:
    assert domain_matches("acme.example", "ACME.example")
    assert not domain_matches("acme.example", "sub.acme.example")
    assert domain_matches("*.acme.example", "sub.acme.example")
    assert not domain_matches("*.acme.example", "acme.example")
    assert not domain_matches("acme.example", "notacme.example")
