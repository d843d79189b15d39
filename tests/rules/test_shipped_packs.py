"""The shipped packs say exactly what the manual says."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time, timedelta
from itertools import pairwise

import pytest

from calsync.model import Channel
from calsync.rules.channels import FORMS
from calsync.rules.check import check_templates
from calsync.rules.drafts import draft_of, message_of, title_of, words_for
from calsync.rules.load import available, load_packs, shipped_dir
from calsync.rules.match import Facts, first_match
from calsync.rules.schema import GroupRange, Pack, Rule
from calsync.timing.spans import Span

PROFESSIONAL, PERSONAL = load_packs(["professional", "personal"], None)
DAY, WEEK, WORKING = "days", "weeks", "working days"


def steps(rule: Rule) -> list[tuple[object, ...]]:
    return [
        (step.id, step.after, step.window, step.channel, step.days, step.at, set(step.unless), step.priority)
        for step in rule.steps
    ]


def test_professional_is_as_the_manual_fixes_it() -> None:
    assert [rule.id for rule in PROFESSIONAL.rules] == ["first-meeting", "met-the-organizer", "keep-in-touch"]
    first, organizer, keep = PROFESSIONAL.rules
    morning = (time(9), time(11))
    assert steps(first) == [
        ("hello", Span(1, WORKING), Span(3, WORKING), Channel.EMAIL, "working", morning, {"met"}, 0),
        ("meet", Span(2, WEEK), Span(4, WEEK), Channel.COFFEE, "working", None, {"met", "booked"}, 0),
        ("check-in", Span(6, WEEK), Span(9, WEEK), Channel.EMAIL, "working", None, {"met", "booked"}, 0),
    ]
    assert steps(organizer) == [
        ("thanks", Span(1, WORKING), Span(3, WORKING), Channel.EMAIL, "working", morning, {"met"}, 0),
    ]
    assert first.when.model_dump(exclude_defaults=True) == {"group": ((1, 6),), "relationship": ("work",)}
    assert organizer.when.model_dump(exclude_defaults=True) == {
        "group": ((7, 20),),
        "role": ("organizer",),
        "relationship": ("work",),
    }
    assert first.when.meeting == organizer.when.meeting == ("first",)
    assert (keep.every, keep.steps) == ("tier", ())


def test_personal_is_as_the_manual_fixes_it() -> None:
    assert [rule.id for rule in PERSONAL.rules] == ["first-meeting", "keep-in-touch"]
    first, keep = PERSONAL.rules
    evening = (time(17), time(20))
    assert steps(first) == [
        ("hello", Span(3, DAY), Span(7, DAY), Channel.MESSAGE, "any", evening, {"met"}, 0),
        ("catch-up", Span(4, WEEK), Span(8, WEEK), Channel.CALL, "any", None, {"met", "booked"}, 0),
    ]
    assert (first.when.group, first.when.relationship) == ((GroupRange(1, 6),), ("personal",))
    assert (keep.every, keep.steps) == ("tier", ())


@pytest.mark.parametrize(
    ("relationship", "group", "role", "rule"),
    [
        ("work", 1, "attendee", "professional/first-meeting"),
        ("work", 6, "organizer", "professional/first-meeting"),
        ("work", 7, "organizer", "professional/met-the-organizer"),
        ("work", 20, "organizer", "professional/met-the-organizer"),
        ("work", 7, "attendee", None),
        ("work", 21, "organizer", None),
        ("personal", 2, "attendee", "personal/first-meeting"),
        ("personal", 7, "organizer", None),
    ],
)
def test_each_first_meeting_finds_its_rule(relationship: str, group: int, role: str, rule: str | None) -> None:
    facts = Facts("first", group, role, "attendee", relationship, "Hi", "c", timedelta(hours=1), "online")
    match = first_match([PROFESSIONAL, PERSONAL], facts)
    assert (f"{match.pack.name}/{match.rule.id}" if match else None) == rule


@pytest.mark.parametrize("name", sorted(available(None)))
def test_every_shipped_pack_loads_renders_and_explains_its_times(name: str) -> None:
    [pack] = load_packs([name], None)
    assert check_templates(pack) == []
    text = (shipped_dir() / f"{name}.toml").read_text("utf-8")
    comments = re.findall(r"^\s*# .+", text, re.MULTILINE)
    assert len(comments) >= sum(len(rule.steps) for rule in pack.rules)
    assert pack.summary
    assert all(rule.summary for rule in pack.rules)


SHIPPED = load_packs(sorted(available(None)), None)
CLICHES = ("following up", "follow up", "touch base", "circle back", "reach out", "checking in", "synergy", "exciting",
           "opportunity", "just wanted", "per my last", "hop on a call", "pick your brain", "asap", "!!")  # fmt: skip


def test_the_packs_of_the_manual_are_shipped() -> None:
    names = {pack.name for pack in SHIPPED}
    assert names >= {"professional", "personal", "sales", "networking", "fundraising", "hiring", "close-ties"}


@pytest.mark.parametrize("pack", SHIPPED, ids=lambda pack: pack.name)
def test_a_shipped_pack_keeps_its_distance(pack: Pack) -> None:
    for rule in pack.rules:
        assert len(rule.steps) <= 3
        assert rule.when.relationship, "a work habit must not reach into private life"
        windows = []
        for step in rule.steps:
            assert step.after.in_years <= step.window.in_years
            windows.append((step.after.in_years, step.window.in_years))
        for (_, ends), (begins, _) in pairwise(windows):
            assert ends < begins, f"{rule.id}: two letters could fall on one day"
        for step in rule.steps[1:]:
            assert set(step.unless) == {"met", "booked"}, f"{rule.id}.{step.id} does not wait for a meeting"
        if rule.first_step is not None and "first" in rule.when.meeting:
            assert rule.first_step.channel not in (Channel.CALL, Channel.VIDEO, Channel.VISIT)


@pytest.mark.parametrize("pack", SHIPPED, ids=lambda pack: pack.name)
def test_a_draft_that_proposes_names_the_times_and_no_other_does(pack: Pack) -> None:
    for rule in pack.rules:
        for touch in rule.steps or [rule]:
            message = message_of(pack, touch)
            assert message is not None
            assert touch.channel is not None
            assert ("{{ slots }}" in message.body) == (FORMS[touch.channel].offering is not None)


@pytest.mark.parametrize("name", ["networking", "fundraising", "close-ties"])
def test_whoever_hosted_gets_a_card(name: str) -> None:
    [pack] = load_packs([name], None)
    relationship = "personal" if name == "close-ties" else "work"
    facts = Facts("first", 3, "organizer", "attendee", relationship, "Supper", "c", timedelta(hours=3), "in-person")
    match = first_match([pack], facts)
    assert match is not None
    assert (match.rule.id, match.rule.steps[0].channel) == ("hosted", Channel.CARD)
    for other in ({"role": "attendee"}, {"place": "online"}, {"duration": timedelta(hours=1)}, {"meeting": "again"}):
        elsewhere = first_match([pack], replace(facts, **other))
        assert elsewhere is None or elsewhere.rule.id != "hosted"


@pytest.mark.parametrize("pack", SHIPPED, ids=lambda pack: pack.name)
def test_drafts_are_short_warm_and_never_just_following_up(pack: Pack) -> None:
    words = words_for(["Ana Lima", "Bo Chen"], meeting="Intro", day=date(2026, 11, 10), me="Sam Lee")
    for rule in pack.rules:
        for touch in rule.steps or [rule]:
            assert "Ana Lima and Bo Chen" in title_of(touch, words)
            draft = draft_of(pack, touch, words)
            assert draft is not None
            assert draft.subject
            assert "Ana and Bo" in draft.body
            assert len(draft.body.split()) < 70
            said = f"{draft.subject} {draft.body}".lower()
            assert [word for word in CLICHES if word in said] == []


def test_drafts_of_shipped_packs_need_no_template_engine() -> None:
    import subprocess
    import sys

    script = (
        "import sys, datetime; from calsync.rules.load import load_packs;"
        "from calsync.rules.drafts import draft_of, message_of, title_of, words_for;"
        "words = words_for(['Ana Lima'], meeting='', day=datetime.date(2026, 11, 10));"
        "from calsync.rules.load import available; packs = load_packs(sorted(available(None)), None);"
        "[(title_of(touch, words), draft_of(pack, touch, words)) for pack in packs"
        " for rule in pack.rules for touch in rule.steps or [rule]];"
        "print('jinja2' in sys.modules)"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
