"""A replay of nights ends as the nights themselves do."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.ledger import promises, who
from calsync.ledger.ledger import Ledger
from calsync.model import State
from calsync.simulate.replay import Replay, Replayed
from calsync.sync import known_packs, sync
from tests.world import ME, Ev, World

FIRST = datetime(2026, 10, 12, 2)
"""A Monday night; the clocks go back on 25 October."""

PEOPLE = [f"{name}@{firm}.example" for name in ("nia", "oto", "pia") for firm in ("umbra", "vela")]
PACK = """
[[rule]]
id = "met"
{when}
  [[rule.step]]
  id = "soon"
  after = "1 working day"
  window = "3 working days"
  at = "09:00-11:00"
  channel = "email"
  [[rule.step]]
  id = "later"
  after = "5 days"
  window = "8 days"
  channel = "call"
  days = "any"
  unless = ["met", "booked"]
  [[rule.step]]
  id = "last"
  after = "30 hours"
  window = "2 weeks"
  channel = "coffee"
  priority = 1
[[rule]]
id = "touch"
every = "tier"
channel = "message"
window = "3 days"
days = "any"
"""
WHENS = (
    "",
    'when = { group = "1..3" }',
    'when = { meeting = "any", group = "1..4" }',
    'when = { meeting = "again", all_day = [true, false] }',
)


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    FOLDERS.append(tmp_path_factory.mktemp("replays"))


FOLDERS: list[Path | None] = [None]


@dataclass
class Told:
    """An event and the calendar that holds it, from the night ``known`` on and, perhaps, to ``gone``."""

    event: Ev
    source: str
    known: datetime
    gone: datetime | None = None


def night(number: int, world: World) -> datetime:
    """02:00 of a day, as clocks in the world's zone show it."""
    day = (FIRST + timedelta(days=number)).date()
    return datetime.combine(day, time(2), tzinfo=world.config().me.zone).astimezone(UTC)


def choose(world: World, ties: dict[str, str], at: datetime) -> None:
    """Give people an interval of their own before the first night."""
    with world.ledger() as ledger, ledger.atomic():
        for person, every in ties.items():
            who.say(ledger, person, "every", every, at)


def real_nights(world: World, told: Sequence[Told], nights: int, ties: dict[str, str] | None = None) -> None:
    """Sync every night on what the calendars show by then."""
    choose(world, ties or {}, night(0, world))
    for number in range(nights):
        now = night(number, world)
        for source, _ in world.sources:
            there = [t for t in told if t.source == source and t.known <= now and (t.gone is None or now < t.gone)]
            anchor = Ev(f"anchor-{source}", "2024-02-05T10:00", ["old@friends.example"])
            world.put(anchor, *(each.event for each in there), source=source)
        assert sync(world.config(), now, allow=99).exit_code == 0


def replayed(world: World, nights: int) -> Replayed:
    config = world.config()
    packs = known_packs(config)
    with Ledger.in_memory(config.ledger) as ledger:
        return Replay(config, ledger, night(nights - 1, world), FIRST.date(), packs).run(packs)


def outcome(world: World) -> tuple[list[object], list[object]]:
    """All follow-ups and reminders as the ledger has them."""
    with world.ledger() as ledger:
        rows = sorted(promises.followups(ledger), key=lambda row: row.id)
        slots = sorted(promises.slots(ledger), key=lambda slot: (slot.start, slot.id))
    return list(rows), list(slots)


@st.composite
def told_events(draw: st.DrawFn, number: int, nights: int, lookahead: int) -> Told:
    start = FIRST + timedelta(minutes=15 * draw(st.integers(-20 * 96, (nights + 6) * 96)))
    guests = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=4, unique=True))
    answers = [draw(st.sampled_from(["ACCEPTED", "ACCEPTED", "NEEDS-ACTION", "DECLINED"])) for _ in guests]
    organizer = draw(st.sampled_from([ME, ME, guests[0]]))
    mine = draw(st.sampled_from(["ACCEPTED", "TENTATIVE", "NEEDS-ACTION"]))
    all_day = draw(st.integers(0, 9)) == 0
    extra = list(draw(st.sampled_from([(), (), ("RRULE:FREQ=WEEKLY;COUNT=4",), ("STATUS:CANCELLED",)])))
    written_down = draw(st.none() | st.integers(0, 40))
    if written_down is None:
        known = (start if not all_day else datetime.combine(start.date(), time())) - timedelta(days=lookahead)
        known = known.replace(tzinfo=UTC)
    else:
        known = (start - timedelta(days=written_down)).replace(tzinfo=UTC)
        extra.append(f"CREATED:{known:%Y%m%dT%H%M%SZ}")
    event = Ev(
        f"e{number}",
        f"{start:%Y-%m-%d}" if all_day else f"{start:%Y-%m-%dT%H:%M}",
        list(zip(guests, answers, strict=True)),
        minutes=draw(st.sampled_from([0, 15, 45, 90, 600])),
        title=draw(st.sampled_from(["Lunch", "Lunch", "Plan #nofollowup"])),
        organizer=organizer,
        mine=None if organizer == ME else mine,
        extra=extra,
        all_day=all_day,
    )
    return Told(event, draw(st.sampled_from(["work", "work", "home"])), known)


@st.composite
def lives(draw: st.DrawFn, nights: int) -> tuple[World, list[Told]]:
    lookahead = draw(st.sampled_from([0, 3, 14]))
    world = World(Path(tempfile.mkdtemp(dir=FOLDERS[-1])), sources=(("work", "work"), ("home", "personal")))
    caps, touches = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    horizon = draw(st.sampled_from(["4 days", "90 days"]))
    unanswered = draw(st.sampled_from(["ask", "count"]))
    world.sections = {
        "limits": f'per_day = {caps}\nper_week = {caps + 2}\ntouches = {touches}\nhorizon = "{horizon}"\nbrake = 99',
        "people": f'lookahead = "{lookahead} days"\nlookback = "{draw(st.sampled_from([2, 14]))} days"\n'
        f'aliases = [["nia@umbra.example", "pia@vela.example"]]\nunanswered = "{unanswered}"',
        "rules": 'packs = ["own"]',
    }
    (world.folder / "rules").mkdir()
    (world.folder / "rules" / "own.toml").write_text(PACK.format(when=draw(st.sampled_from(WHENS))))
    told = [draw(told_events(number, nights, lookahead)) for number in range(draw(st.integers(2, 9)))]
    if draw(st.booleans()):  # the same meeting in the other calendar, under another UID
        copy = draw(st.sampled_from(told))
        known = copy.known + timedelta(days=draw(st.integers(0, 9)))
        extra = [line for line in copy.event.extra if not line.startswith("CREATED")]
        extra.append(f"CREATED:{known:%Y%m%dT%H%M%SZ}")
        source = "home" if copy.source == "work" else "work"
        told.append(Told(replace(copy.event, uid="copy", extra=extra), source, known))
    return world, told


TIES = st.dictionaries(st.sampled_from(PEOPLE), st.sampled_from(["2 days", "6 days", "3 weeks"]), max_size=3)


@settings(max_examples=15)
@given(st.data())
def test_a_replay_of_nights_equals_as_many_syncs(data: st.DataObject) -> None:
    nights = data.draw(st.integers(4, 22))
    world, told = data.draw(lives(nights))
    for each in told:
        if data.draw(st.integers(0, 5)) == 0:
            each.gone = night(data.draw(st.integers(0, nights)), world)
    real_nights(world, told, nights, data.draw(TIES))
    again = replayed(world, nights)
    rows, slots = outcome(world)
    assert list(again.followups) == rows
    assert list(again.slots) == slots


@settings(max_examples=15)
@given(st.data())
def test_a_replay_knows_of_each_event_when_it_was_written_down_or_came_near(data: st.DataObject) -> None:
    nights = data.draw(st.integers(4, 22))
    world, told = data.draw(lives(nights))
    ties = data.draw(TIES)
    real_nights(world, told, nights, ties)
    rows, slots = outcome(world)
    for path in world.folder.glob("ledger.db*"):
        path.unlink()
    (world.folder / "followups.ics").unlink()
    choose(world, ties, night(0, world))
    sync(world.config(), night(nights - 1, world), allow=99)
    again = replayed(world, nights)
    late = {t.event.uid for t in told if t.known > night(nights - 1, world)}
    assert not late & {row.uid for row in again.followups}
    assert list(again.followups) == rows
    assert list(again.slots) == slots


def test_the_nights_of_a_replay_hold_something_to_compare() -> None:
    """The two tests above would be empty if their calendars started nothing."""
    world = World(Path(tempfile.mkdtemp(dir=FOLDERS[-1])), sources=(("work", "work"), ("home", "personal")))
    (world.folder / "rules").mkdir()
    (world.folder / "rules" / "own.toml").write_text(PACK.format(when=""))
    world.sections = {"rules": 'packs = ["own"]'}
    start = FIRST + timedelta(days=3, hours=9)
    event = Ev("one", f"{start:%Y-%m-%dT%H:%M}", [PEOPLE[0]])
    real_nights(world, [Told(event, "work", start.replace(tzinfo=UTC) - timedelta(days=2))], 20)
    again = replayed(world, 20)
    assert sorted((row.step, row.state) for row in again.followups) == [
        ("last", State.MISSED),
        ("later", State.MISSED),
        ("soon", State.MISSED),
    ]
    assert len(again.slots) == 3
    assert sum(again.starting) == 1
