"""Someone joins a meeting whose reminders already stand: they share them, or get one of their own."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from calsync.asking.answers import finish
from calsync.model import State
from tests.world import Ev, World

MON, TUE = "2027-05-10 18:00", "2027-05-11 18:00"
EVA, RUI = "eva@faro.example", "rui@braga.example"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path, zone="Europe/Lisbon")
    world.put(Ev("plan", "2027-05-12T10:00", [EVA]))
    world.sync(MON)
    return world


def steps(world: World) -> Counter[str]:
    return Counter(mark.rule for mark in world.feed() if not mark.done)


def test_who_joins_a_meeting_as_it_moves_shares_its_reminders(world: World) -> None:
    world.put(Ev("plan", "2027-05-13T10:00", [EVA, RUI]))
    world.sync(TUE)
    assert set(steps(world).values()) == {1}
    assert {row[0] for row in world.open(TUE)} == {EVA, RUI}


def test_who_joins_a_meeting_that_moved_before_shares_its_reminders(world: World) -> None:
    world.put(Ev("plan", "2027-05-13T10:00", [EVA]))
    world.sync(TUE)
    world.put(Ev("plan", "2027-05-13T10:00", [EVA, RUI]))
    world.sync(TUE)
    assert set(steps(world).values()) == {1}
    assert {row[0] for row in world.open(TUE)} == {EVA, RUI}


def test_who_joins_after_a_reminder_was_done_gets_one_of_their_own(world: World) -> None:
    with world.ledger() as ledger:
        finish(world.desk(ledger, TUE), EVA, State.DONE, "you said so")
        world.carry_out(ledger, TUE)
    (ticked,) = [mark.id for mark in world.feed() if mark.done]
    world.put(Ev("plan", "2027-05-12T10:00", [EVA, RUI]))
    world.sync(TUE)
    hello = "professional/first-meeting/hello"
    assert [(mark.id == ticked, mark.done) for mark in world.feed() if mark.rule == hello].count((True, True)) == 1
    assert steps(world)[hello] == 1
    assert {row[0] for row in world.open(TUE) if row[1] == "hello"} == {RUI}
    before = world.feed_path.read_bytes()
    assert world.sync("2027-05-12 02:00").is_quiet
    assert world.feed_path.read_bytes() == before
