"""What holds of cadences for any calendar, any tiers, any nights and any answers."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.asking import answers
from calsync.asking.directory import set_words
from calsync.errors import UsageError
from calsync.ledger import promises
from calsync.model import OPEN, State
from tests.keeping import halt
from tests.world import Ev, World, at

PEOPLE = [f"{name}@soylent.example" for name in ("ada", "ben", "cal", "dot")]
BEGIN = datetime(2026, 5, 4, 2)
FOLDERS: list[Path | None] = [None]


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    FOLDERS.append(tmp_path_factory.mktemp("ties"))


def a_world() -> World:
    world = World(Path(tempfile.mkdtemp(dir=FOLDERS[-1])), zone="America/Toronto")
    world.sections["limits"] = "brake = 99"
    return world


@st.composite
def meetings(draw: st.DrawFn, first: int, last: int) -> list[Ev]:
    """Meetings from so many days after the beginning to so many."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        start = BEGIN + timedelta(days=draw(st.integers(first, last)), hours=draw(st.integers(11, 22)))
        extra = draw(st.sampled_from([(), (), ("RRULE:FREQ=WEEKLY;COUNT=4",), ("STATUS:CANCELLED",)]))
        guests = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True))
        found.append(Ev(f"m{first}-{number}", f"{start:%Y-%m-%dT%H:%M}", guests, extra=extra))
    return found


TIERS = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from("ABC"), min_size=1)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 1, 5, 20, 45]),  # days that pass
        st.sampled_from(["sync", "sync", "done", "dismiss", "snooze", "tier", "none", "stop", "resume", "meet"]),
        st.sampled_from(PEOPLE),
        st.integers(1, 30),
    ),
    max_size=14,
)


def give(world: World, now: str, tiers: dict[str, str]) -> None:
    with world.ledger() as ledger:
        for person, tier in sorted(tiers.items()):
            set_words(world.desk(ledger, now), person, {"tier": tier})


def check(world: World, now: str, before: set[str]) -> set[str]:
    """The promises about cadences; returns the reminders that stand."""
    with world.ledger() as ledger:
        rows, slots = promises.followups(ledger), {slot.id: slot for slot in promises.slots(ledger)}
        tiers = {address for address, words in world.desk(ledger, now).said.items() if "tier" in words}
    cadences = [row for row in rows if row.step == "every"]
    live = [row for row in cadences if row.state in OPEN]
    current = Counter(row.address for row in cadences if row.state in OPEN or row.state is State.WAITING)
    assert not current or max(current.values()) == 1
    busy = {row.address for row in rows if row.step != "every" and (row.state in OPEN or row.state is State.WAITING)}
    for row in live:
        assert row.address in tiers, row
        assert row.address not in busy, row
        slot = slots[row.reminder]
        assert slot.removed is None
        assert slot.id in before or slot.start >= at(now), "placed in the past"
        assert row.last_day >= slot.start.date() - timedelta(days=1)
    standing = Counter((row.address, row.round) for row in cadences)
    assert not standing or max(standing.values()) == 1
    return {slot.id for slot in slots.values() if slot.removed is None}


@settings(max_examples=15, deadline=None)
@given(meetings(-200, -1), TIERS, DEEDS)
def test_never_two_open_rounds_never_one_beside_a_step_never_one_in_the_past(
    events: list[Ev], tiers: dict[str, str], deeds: list[tuple[int, str, str, int]]
) -> None:
    world, now = a_world(), BEGIN
    world.put(*events)
    world.sync(f"{now}")
    give(world, f"{now}", tiers)
    world.sync(f"{now}")
    standing = check(world, f"{now}", set())
    for number, (days, deed, who, amount) in enumerate(deeds):
        now += timedelta(days=days)
        try:
            if deed in ("done", "dismiss", "snooze"):
                with world.ledger() as ledger:
                    desk = world.desk(ledger, f"{now}")
                    if deed == "snooze":
                        answers.snooze(desk, who, f"{amount} days")
                    else:
                        answers.finish(desk, who, State.DONE if deed == "done" else State.DISMISSED, "said")
                    world.carry_out(ledger, f"{now}")
            elif deed in ("stop", "resume"):
                halt(world, f"{now}", who, "yes" if deed == "stop" else None)
            elif deed in ("tier", "none"):
                with world.ledger() as ledger:
                    set_words(
                        world.desk(ledger, f"{now}"), who, {"tier": "ABCD"[amount % 4] if deed == "tier" else None}
                    )
                    world.carry_out(ledger, f"{now}")
            elif deed == "meet":
                day = now + timedelta(days=amount - 15)
                events = [*events, Ev(f"new{number}", f"{day:%Y-%m-%dT14:00}", [who])]
                world.put(*events)
        except UsageError:
            continue
        if deed in ("sync", "meet"):
            world.sync(f"{now}")
            assert world.sync(f"{now}").is_quiet
            agenda = [(e.id, e.state, e.start, e.followup.last_day) for e in world.agenda(f"{now}", everything=True)]
            with world.ledger() as ledger:
                ledger.remember("resting cadences", "")  # to look at everybody changes nothing
            assert world.sync(f"{now}").is_quiet
            assert agenda == [
                (e.id, e.state, e.start, e.followup.last_day) for e in world.agenda(f"{now}", everything=True)
            ]
        standing = check(world, f"{now}", standing)


@settings(max_examples=10, deadline=None)
@given(meetings(-200, -21), meetings(-20, 30), TIERS, st.lists(st.integers(1, 89), max_size=4).map(sorted))
def test_any_history_of_nights_ends_in_the_same_people_rule_and_step_as_one(
    old: list[Ev], new: list[Ev], tiers: dict[str, str], nights: list[int]
) -> None:
    end = BEGIN + timedelta(days=90)
    found = []
    for history in ([], nights):
        world = a_world()
        world.sections["limits"] += "\ntouches = 99"
        world.sections["people"] = 'lookback = "200 days"'
        world.put(*old, *new)
        give(world, f"{BEGIN}", tiers)
        for night in [*(BEGIN + timedelta(days=days) for days in history), end]:
            world.sync(f"{night}", allow=99)
        live = [e for e in world.agenda(f"{end}", everything=True) if e.state in OPEN or e.state is State.WAITING]
        found.append({(e.emails, e.followup.rule, e.followup.step) for e in live if e.followup.step == "every"})
    assert found[0] == found[1]
    assert {emails[0] for emails, _, _ in found[0]} == set(tiers)


@settings(max_examples=8, deadline=None)
@given(st.data(), meetings(-200, 40), TIERS)
def test_the_order_of_events_and_tiers_does_not_matter(
    data: st.DataObject, events: list[Ev], tiers: dict[str, str]
) -> None:
    found = []
    for order in (list, lambda listed: data.draw(st.permutations(listed))):
        world = a_world()
        world.put(*order(events))
        with world.ledger() as ledger:
            for person in order(sorted(tiers)):
                set_words(world.desk(ledger, f"{BEGIN}"), person, {"tier": tiers[person]})
        world.sync(f"{BEGIN}")
        found.append({(e.id, e.state, e.start, e.cause) for e in world.agenda(f"{BEGIN}", everything=True)})
    assert found[0] == found[1]
