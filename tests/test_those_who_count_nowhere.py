"""Colleagues and the like are most of those a calendar names. Of their meetings nothing is noted but
the meetings themselves, and everything can be told and taken back all the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.world import Ev, World

NIGHT = "2026-05-13 02:00"
MIRA, DESK, OTTO = "mira@northwind.example", "info@harbour.example", "otto@harbour.example"


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path)
    world.put(
        Ev("old", "2025-11-03T10:00", [MIRA, DESK, "una@harbour.example"], title="Harbour: kick-off"),
        Ev("new", "2026-05-12T15:00", [MIRA, OTTO], title="Harbour: plans"),
    )
    world.sync(NIGHT)
    return world


def noted(world: World) -> set[str]:
    with world.ledger() as ledger:
        query = "SELECT DISTINCT a.address FROM attendance t JOIN address a ON a.id = t.address"
        return {address for (address,) in ledger.rows(query)}


def test_nothing_is_noted_of_people_who_count_nowhere(world: World) -> None:
    assert noted(world) == {"una@harbour.example", OTTO}


@pytest.mark.parametrize(("address", "uids"), [(MIRA, ["new", "old"]), (DESK, ["old"])])
def test_why_tells_their_meetings_all_the_same(world: World, address: str, uids: list[str]) -> None:
    told = world.why(address, NIGHT)
    assert told.verdict.value == "excluded"
    assert [each.meeting.uid for each in told.meetings] == uids


def test_a_colleague_who_becomes_an_outsider_is_known_by_all_the_past(world: World) -> None:
    world.sections["me"] = 'colleagues = ["elsewhere.example"]'
    assert world.sync(NIGHT).exit_code == 0
    assert world.verdict(MIRA, NIGHT) == "known"
    assert [each.meeting.uid for each in world.why(MIRA, NIGHT).meetings] == ["new", "old"]
    assert MIRA in noted(world)


def test_an_outsider_who_becomes_a_colleague_is_reminded_of_no_more(world: World) -> None:
    assert OTTO in {address for address, _, _ in world.open(NIGHT)}
    world.sections["me"] = 'colleagues = ["harbour.example"]'
    world.sync(NIGHT)
    assert world.open(NIGHT) == []
    assert world.verdict(OTTO, NIGHT) == "excluded"
