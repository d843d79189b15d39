"""``calsync doctor`` and CalDAV: what a sync would stumble over tonight, and what to do about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from calsync.cli.checks_caldav import look_at_source
from calsync.config import CaldavSource
from tests.dav_servers import PASSWORD, USER, Proxy, Radicale

if TYPE_CHECKING:
    from tests.cli.conftest import Home


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    made = Radicale(tmp_path_factory.mktemp("radicale"), password=PASSWORD)
    made.put("a.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:a\r\n"
             b"DTSTAMP:20260101T000000Z\r\nDTSTART:20260309T100000Z\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")  # fmt: skip
    yield made
    made.close()


@pytest.fixture
def proxy(server: Radicale) -> Iterator[Proxy]:
    made = Proxy(server)
    yield made
    made.close()


def house(home: Home, url: str, *, mode: int = 0o600, kind: str = "event", place: str = "/") -> Home:
    file = home.folder / "pw"
    file.write_text(PASSWORD)
    file.chmod(mode)
    access = f'type = "caldav"\nusername = "{USER}"\npassword_file = "pw"\n'
    home.config.write_text(
        f'ledger = "l.db"\n[me]\nemails = ["ines@lisboa.example"]\ntimezone = "Europe/Lisbon"\n'
        f'[[source]]\nname = "in"\nurl = "{url}/"\n{access}[[output]]\nname = "out"\nurl = "{url}{place}"\n{access}'
        f'kind = "{kind}"\n'
    )
    return home


def findings(home: Home, what: str) -> tuple[int, list[dict[str, Any]]]:
    done = home.run("doctor", "--json", CALSYNC_NOW=datetime.now(UTC).isoformat())
    return done.code, [each for each in done.json["checks"] if each["check"] == what]


def worst(home: Home, what: str) -> tuple[int, dict[str, Any]]:
    code, found = findings(home, what)
    return code, max(found, key=lambda each: ["ok", "warning", "failed"].index(each["finding"]))


def test_a_server_that_is_well_is_told_with_its_calendars(home: Home, server: Radicale) -> None:
    house(home, server.url)
    code, (source,) = findings(home, "source in")
    assert code == 0
    assert (source["finding"], source["message"]) == ("ok", "127.0.0.1 lets calsync in; 1 calendar: sam/work")
    assert "the first sync makes its calendar" in str(findings(home, "output out")[1])


def test_its_own_calendar_is_known_by_its_mark_and_missed_when_it_is_gone(home: Home, server: Radicale) -> None:
    house(home, server.url)
    server.put("meets.ics", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:m\r\n"
               b"DTSTAMP:20260101T000000Z\r\nDTSTART:20260309T100000Z\r\nDTEND:20260309T110000Z\r\n"
               b"ATTENDEE:mailto:ana@porto.example\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n")  # fmt: skip
    assert home.run("sync").code == 0
    _, found = findings(home, "output out")
    assert "to the calendar Follow-ups with calsync's mark" in found[-1]["message"]
    server.delete("/sam/calsync-follow-ups/")
    code, check = worst(home, "output out")
    assert code == 3
    assert "is gone" in check["message"]
    assert check["remedy"] == "calsync outputs reset out makes it anew."


def test_a_refused_password_is_told_and_is_exit_11(home: Home, server: Radicale) -> None:
    house(home, server.url)
    (home.folder / "pw").write_text("pear")
    code, check = worst(home, "source in")
    assert code == 11
    assert "refuses the password of sam" in check["message"]
    assert "pear" not in str(check)


def test_a_password_file_open_to_others_is_told(home: Home, server: Radicale) -> None:
    code, check = worst(house(home, server.url, mode=0o644), "source in")
    assert code == 11
    assert "chmod 600" in check["remedy"]


def test_a_server_that_is_away_is_told(home: Home) -> None:
    code, check = worst(house(home, "http://127.0.0.1:9"), "source in")
    assert code == 3
    assert "cannot be reached" in check["message"]


def test_a_calendar_that_is_not_there_is_told(home: Home, server: Radicale) -> None:
    code, check = worst(house(home, server.url, place="/sam/nowhere/"), "output out")
    assert code == 3
    assert "no calendar at this address" in check["message"]


def test_a_calendar_that_may_only_be_read_is_told(home: Home, proxy: Proxy) -> None:
    told = rb"(?s)(<current-user-privilege-set>).*?(</current-user-privilege-set>)"
    only = rb"\1<privilege><read /></privilege>\2"
    proxy.fault = lambda method, path, status, body: (status, re.sub(told, only, body))
    code, check = worst(house(home, proxy.url, place="/sam/work/"), "output out")
    assert code == 3
    assert "may only read" in check["message"]


def test_a_calendar_that_takes_no_tasks_is_told(home: Home, proxy: Proxy) -> None:
    proxy.fault = lambda method, path, status, body: (status, body.replace(b'name="VTODO"', b'name="VJOURNAL"'))
    code, check = worst(house(home, proxy.url, place="/sam/work/", kind="todo"), "output out")
    assert code == 3
    assert 'kind = "event"' in check["remedy"]


@pytest.mark.parametrize(
    ("minutes", "word"), [(-9, "9 minutes behind"), (75, "75 minutes ahead of"), (-60 * 53, "2 days behind")]
)
def test_clocks_that_differ_are_told(server: Radicale, home: Home, minutes: int, word: str) -> None:
    file = home.folder / "pw"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    settings = CaldavSource(name="in", url=f"{server.url}/", username=USER, password_file=file)
    now = datetime.now(UTC)
    assert len(list(look_at_source(settings, now))) == 1
    found = list(look_at_source(settings, now + timedelta(minutes=minutes)))
    assert word in found[1].message
    assert found[1].remedy
