"""The last meeting and the next with somebody, from as few events as may be."""

from __future__ import annotations

import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.asking.directory import set_words
from calsync.night.ties import chosen, ties_of
from tests.world import ME, Ev, World

PEOPLE = [f"{name}@vandelay.example" for name in ("amy", "bud", "cas")]
NOW = datetime(2026, 6, 10, 12)
FOLDERS: list[Path | None] = [None]


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    FOLDERS.append(tmp_path_factory.mktemp("ties"))


@st.composite
def calendars(draw: st.DrawFn) -> list[Ev]:
    events = []
    for number in range(draw(st.integers(1, 14))):
        start = NOW + timedelta(days=draw(st.integers(-1200, 120)), hours=draw(st.integers(-6, 6)))
        repeat = draw(st.sampled_from(["", "", "", "DAILY;COUNT=3", "WEEKLY;COUNT=40", "MONTHLY;INTERVAL=7", "YEARLY"]))
        mine = draw(st.sampled_from(["", "", "ACCEPTED", "NEEDS-ACTION", "DECLINED"]))
        guests = draw(st.lists(st.sampled_from(PEOPLE), min_size=1, max_size=3, unique=True))
        events.append(
            Ev(
                f"e{number}",
                f"{start:%Y-%m-%dT%H:%M}",
                guests,
                organizer="host@vandelay.example" if mine else ME,
                mine=mine or None,
                extra=[f"RRULE:FREQ={repeat}"] if repeat else [],
            )
        )
    return events


@settings(max_examples=40, deadline=None)
@given(calendars())
def test_the_latest_events_tell_the_same_as_all_of_them(events: list[Ev]) -> None:
    world = World(Path(tempfile.mkdtemp(dir=FOLDERS[-1])))
    world.sections["limits"] = "brake = 99"
    world.sections["people"] = 'history = "10 years"'
    world.put(*events)
    world.sync(f"{NOW}")
    with world.ledger() as ledger:
        for person in PEOPLE:
            set_words(world.desk(ledger, f"{NOW}"), person, {"tier": "A"})
        desk = world.desk(ledger, f"{NOW}")
        found = ties_of(desk, desk.night(), chosen(desk))
        records = desk.seen.of_people(PEOPLE)
        after = desk.horizon + timedelta(days=1)  # one that begins just as the horizon ends is still booked
        meetings = desk.meetings(records, desk.now - timedelta(days=2000), after)
        for person in PEOPLE:
            own = [m for m in meetings if m.counts_for(person)]
            over = sorted((m for m in own if m.end <= desk.now), key=lambda m: (m.end, m.key))
            coming = sorted((m for m in own if m.end > desk.now), key=lambda m: (m.start, m.key))
            told = found[person].counting
            assert [m.key for m in told if m.end <= desk.now][-1:] == [m.key for m in over[-1:]]
            assert (len([m for m in told if m.end <= desk.now]) > 1) == (len(over) > 1)
            near = [m.key for m in told if m.end > desk.now and m.start <= desk.horizon]
            assert near[:1] == [m.key for m in coming if m.start <= desk.horizon][:1]
