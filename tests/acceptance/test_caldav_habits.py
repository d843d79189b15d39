"""Servers with habits, in whole nights, through the real command line."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests import dav_habits as habits
from tests.acceptance.conftest import House
from tests.dav_habits import Asked, Door, Reply
from tests.dav_servers import Radicale
from tests.world import Ev

INES = "ines@lisboa.example"
NIGHTS = ("2026-03-10 20:00", "2026-03-10 21:00", "2026-03-10 22:00")


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    made = Radicale(tmp_path_factory.mktemp("radicale"))
    yield made
    made.close()


@pytest.fixture
def door(server: Radicale) -> Iterator[Door]:
    made = Door(server)
    yield made
    made.close()


@pytest.fixture
def met(house: House, door: Door) -> House:
    """A house that met Ines, and writes into a calendar behind a door."""
    house.outputs += f'\n[[output]]\nname = "dav"\ntype = "caldav"\nurl = "{door.url}/sam/work/"\n'
    house.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"))
    return house


def names(server: Radicale) -> set[str]:
    _, said = server.ask("PROPFIND", server.calendar, b"", {"Depth": "1"})
    return set(re.findall(r"calsync-[a-v0-9]+\.ics", said.decode()))


def test_one_reminder_that_is_not_taken_is_told_every_night_and_holds_up_no_other(
    met: House, server: Radicale, door: Door
) -> None:
    def before(asked: Asked) -> Reply | None:
        return Reply(409) if asked.method == "PUT" and b"/hello" in asked.body else None

    door.before = before
    for now in NIGHTS[:2]:
        told = met.run("sync", now=now)
        assert told.code == 3
        assert "one reminder could not be written: 127.0.0.1 does not take it (409)" in told.err
        assert len(names(server)) == 2
    door.before = lambda asked: None
    assert met.run("sync", now=NIGHTS[2]).code == 0
    assert len(names(server)) == 3


def test_a_calendar_that_takes_nothing_is_not_asked_for_everybody(met: House, door: Door) -> None:
    more = [Ev(f"m{n}", f"2026-03-10T1{n}:00", [f"p{n}@porto.example"], title="Chat") for n in range(1, 6)]
    met.put(*more)
    door.before = lambda asked: Reply(403) if asked.method == "PUT" else None
    told = met.run("sync", now=NIGHTS[0])
    assert told.code == 3
    assert "3 reminders could not be written" in told.err
    assert sum(asked.method == "PUT" for asked in door.asked) == 3


def test_a_server_that_rewrites_everything_gets_a_quiet_second_night(met: House, server: Radicale, door: Door) -> None:
    door.before, door.after = habits.rewrites, habits.tells_no_etag_of_what_it_rewrote
    assert met.run("sync", now=NIGHTS[0]).code == 0
    door.asked.clear()
    again = met.run("--quiet", "sync", now=NIGHTS[1])
    assert (again.code, again.out) == (0, "")
    assert {asked.method for asked in door.asked} == {"PROPFIND"}
    assert met.run("done", "ines", now=NIGHTS[1]).code == 0
    assert met.run("sync", now=NIGHTS[2]).code == 0
    assert any("✓" in server.ask("GET", f"{server.calendar}{name}")[1].decode() for name in names(server))


def test_a_reminder_at_another_address_is_not_dismissed(met: House, server: Radicale) -> None:
    met.run("sync", now=NIGHTS[0])
    name = min(names(server))
    text = server.ask("GET", f"{server.calendar}{name}")[1]
    server.delete(f"{server.calendar}{name}")
    server.put("0A-77.ics", text)
    assert met.run("sync", now=NIGHTS[1]).code == 0
    states = {row["state"] for row in met.run("agenda", "--all", "--json", now=NIGHTS[2]).json}
    assert states == {"written"}
