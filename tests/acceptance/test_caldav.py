"""Whole nights from a CalDAV server, through the real command line."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import pytest

from calsync.dav import server as dav
from tests.acceptance.conftest import House
from tests.dav_servers import PASSWORD, USER, Radicale
from tests.world import Ev, calendar

LATER = "2026-03-11 18:00"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    made = Radicale(tmp_path_factory.mktemp("radicale"), password=PASSWORD)
    yield made
    made.close()


@pytest.fixture
def far(house: House, server: Radicale) -> House:
    """A house whose calendar stands on the server."""
    house.sources = ()
    keeps(house, server, PASSWORD)
    server.put("ines.ics", calendar([Ev("ines", "2026-03-10T10:00", ["ines@lisboa.example"], title="Roadmap")]))
    return house


def keeps(house: House, server: Radicale, password: str, url: str = "") -> None:
    file = house.folder / "password"
    file.write_text(password)
    file.chmod(0o600)
    house.top = ""
    house.sections["me"] = (
        f'[[source]]\nname = "dav"\ntype = "caldav"\nurl = "{url or server.url}/"\nusername = "{USER}"\n'
        'password_file = "password"'
    )


def test_a_meeting_on_a_caldav_server_becomes_a_followup(far: House) -> None:
    told = far.run("sync")
    assert told.code == 0, told.err
    assert far.nudged() == {"ines@lisboa.example"}
    again = far.run("--quiet", "sync", now=LATER)
    assert (again.code, again.out, again.err) == (0, "", "")


def test_a_meeting_that_another_program_adds_is_seen_the_next_night(far: House, server: Radicale) -> None:
    far.run("sync")
    server.put("ben.ics", calendar([Ev("ben", "2026-03-11T15:00", ["ben@porto.example"], title="Chat")]))
    assert far.run("sync", now=LATER).code == 0
    assert far.nudged(LATER) == {"ines@lisboa.example", "ben@porto.example"}
    server.delete(f"{server.calendar}ben.ics")


def test_a_refused_password_is_exit_11_and_costs_nothing(far: House, server: Radicale) -> None:
    far.run("sync")
    before = far.feed_path.read_bytes()
    keeps(far, server, "old-password")
    told = far.run("sync")
    assert told.code == 11
    assert "app password" in told.err
    assert "old-password" not in told.err + told.out
    assert far.feed_path.read_bytes() == before
    assert far.nudged() == {"ines@lisboa.example"}


def test_a_server_that_is_away_is_exit_3_and_costs_nothing(
    far: House, server: Radicale, monkeypatch: pytest.MonkeyPatch
) -> None:
    far.run("sync")
    before = far.feed_path.read_bytes()
    keeps(far, server, PASSWORD, "http://127.0.0.1:9")
    monkeypatch.setattr(dav, "Patience", partial(dav.Patience, wait=lambda seconds: None))
    told = far.run("sync")
    assert told.code == 3
    assert "127.0.0.1 cannot be reached" in told.err
    assert far.feed_path.read_bytes() == before


def test_a_password_file_open_to_others_is_exit_11_with_the_remedy(far: House) -> None:
    (far.folder / "password").chmod(0o644)
    told = far.run("sync")
    assert told.code == 11
    assert "chmod 600" in told.err


def test_plain_http_to_another_machine_is_an_error_of_the_config(house: House) -> None:
    house.sections["me"] = '[[source]]\nname = "dav"\ntype = "caldav"\nurl = "http://dav.lisboa.example/"'
    told = house.run("sync")
    assert told.code == 10
    assert "config.toml" in told.err
    assert "https://" in told.err
