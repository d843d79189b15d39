"""Calendars on real CalDAV servers: what a night asks for, and what servers do in their own ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync.dav.account import Account
from calsync.dav.server import Patience
from calsync.dav.things import BATCH
from calsync.errors import SignInError, SourceError
from calsync.sources.base import Seen
from calsync.sources.caldav import CaldavSource
from tests.dav_servers import PASSWORD, USER, DavServer, Proxy, Radicale, Xandikos
from tests.sources.calendars import HOME, Taken, calendar, vevent


class Place:
    """An empty calendar on a server, behind a proxy."""

    def __init__(self, server: DavServer, name: str) -> None:
        self.server = server
        self.calendar = server.calendar = f"{server.home}{name}/"
        server.made(self.calendar, calendar=True)
        self.proxy = Proxy(server)
        self.waits: list[float] = []

    def put(self, uid: str, *lines: str, start: str = "DTSTART:20260310T100000Z") -> None:
        given = lines or ("DTEND:20260310T110000Z", "ATTENDEE:mailto:ines@lisboa.example")
        self.server.put(f"{uid}.ics", calendar(vevent("SUMMARY:Intro", *given, uid=uid, start=start)))

    def read(self, seen: Seen | None = None, path: str = "", **keys: object) -> Taken:
        self.proxy.asked.clear()
        account = Account(self.proxy.url + (path or self.calendar), **keys)  # type: ignore[arg-type]
        source = CaldavSource("work", account, home=HOME, patience=Patience(seconds=10, wait=self.waits.append))
        return Taken(source.read(seen or Seen()))

    @property
    def verbs(self) -> list[str]:
        return [method for method, _ in self.proxy.asked]


@pytest.fixture(scope="module")
def radicale(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    server = Radicale(tmp_path_factory.mktemp("radicale"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    server = Radicale(tmp_path_factory.mktemp("locked"), password=PASSWORD)
    yield server
    server.close()


@pytest.fixture
def place(radicale: DavServer, request: pytest.FixtureRequest) -> Iterator[Place]:
    made = Place(radicale, re.sub(r"\W", "-", request.node.name)[:60])
    yield made
    made.proxy.close()
    radicale.delete(made.calendar)


def test_a_quiet_night_asks_one_question(place: Place) -> None:
    place.put("a")
    seen = place.read().seen
    assert place.read(seen).reading.unchanged
    assert place.verbs == ["PROPFIND"]


def test_a_change_costs_the_text_of_what_changed_alone(place: Place) -> None:
    for number in range(5):
        place.put(f"e{number}")
    seen = place.read().seen
    place.put("e3", "DTEND:20260310T120000Z")
    sent: list[bytes] = []

    def listen(method: str, path: str, status: int, body: bytes) -> tuple[int, bytes]:
        sent.extend([body] if method == "REPORT" else [])
        return status, body

    place.proxy.fault = listen
    taken = place.read(seen)
    assert [e.uid for e in taken.events] == ["e3"]
    assert len(taken.same) == 4
    assert b"".join(sent).count(b"BEGIN:VEVENT") == 1
    assert (taken.reading.total, taken.reading.named) == (5, 4)


def test_what_was_deleted_is_no_longer_there(place: Place) -> None:
    place.put("a")
    place.put("b")
    seen = place.read().seen
    place.server.delete(f"{place.calendar}a.ics")
    taken = place.read(seen)
    assert taken.events == []
    assert len(taken.same) == 1
    assert taken.reading.whole


def test_a_ledger_that_forgot_its_events_reads_them_again(place: Place) -> None:
    place.put("a")
    seen = place.read().seen
    place.put("b")
    taken = place.read(seen._replace(pieces=()))
    assert sorted(e.uid for e in taken.events) == ["a", "b"]


def test_many_events_are_asked_for_in_batches(place: Place) -> None:
    folder = place.server.folder / "store" / "collection-root" / place.calendar.strip("/")
    for number in range(BATCH + 1):
        text = calendar(vevent("DTEND:20260310T110000Z", "DTSTAMP:20260101T000000Z", uid=f"m{number}"))
        (folder / f"m{number}.ics").write_bytes(text)
    taken = place.read()
    assert len(taken.events) == BATCH + 1
    assert place.verbs.count("REPORT") == 2
    assert "GET" not in place.verbs


def test_tasks_are_not_fetched(place: Place) -> None:
    place.put("a")
    task = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VTODO\r\nUID:t\r\nDTSTAMP:20260101T000000Z\r\n"
    place.server.put("t.ics", f"{task}SUMMARY:Buy milk\r\nEND:VTODO\r\nEND:VCALENDAR\r\n".encode())
    taken = place.read()
    assert [e.uid for e in taken.events] == ["a"]
    assert taken.reading.total == 1


def test_series_and_their_edited_occurrences_come_from_one_object(place: Place) -> None:
    text = calendar(
        vevent("DTEND:20260310T110000Z", "RRULE:FREQ=WEEKLY;COUNT=4", uid="s"),
        vevent("DTEND:20260317T130000Z", "RECURRENCE-ID:20260317T100000Z", uid="s", start="DTSTART:20260317T120000Z"),
    )
    place.server.put("s.ics", text)
    taken = place.read()
    assert sorted(e.recurrence_id for e in taken.events) == ["", "20260317T100000Z"]


@pytest.mark.parametrize("path", ["/", "/sam/", "/sam", "/.well-known/caldav"])
def test_every_address_of_an_account_leads_to_its_calendars(locked: DavServer, tmp_path: Path, path: str) -> None:
    place = Place(locked, "work")
    place.put("a")
    found = place.read(path=path, username=USER, password_file=secret(tmp_path))
    assert [e.uid for e in found.events] == ["a"]
    place.proxy.close()


def test_a_server_open_to_everybody_is_read_from_its_root(place: Place) -> None:
    place.put("a")
    assert "a" in [e.uid for e in place.read(path="/").events]


@pytest.mark.parametrize("path", ["/", "/sam/", "/sam/calendars/"])
def test_xandikos_is_found_from_every_address(tmp_path: Path, path: str) -> None:
    server = Xandikos(tmp_path)
    place = Place(server, "work")
    place.put("a")
    assert [e.uid for e in place.read(path=path).events] == ["a"]
    place.proxy.close()
    server.close()


def secret(folder: Path, text: str = PASSWORD) -> Path:
    file = folder / "password"
    file.write_text(f"{text}\n")
    file.chmod(0o600)
    return file


def test_a_wrong_password_asks_to_sign_in_again(locked: DavServer, tmp_path: Path) -> None:
    place = Place(locked, "work")
    with pytest.raises(SignInError, match=r"refuses the password of sam \(401\)") as caught:
        place.read(username=USER, password_file=secret(tmp_path, "wrong"))
    assert "app password" in caught.value.remedy
    with pytest.raises(SignInError, match="without a password") as caught:
        place.read()
    assert "username" in caught.value.remedy
    place.proxy.close()


def test_a_passing_failure_is_tried_again(place: Place) -> None:
    place.put("a")
    fails = [503, 502]

    def fault(method: str, path: str, status: int, body: bytes) -> tuple[int, bytes]:
        return (fails.pop(), b"") if fails else (status, body)

    place.proxy.fault = fault
    assert [e.uid for e in place.read().events] == ["a"]
    assert place.waits == [1.0, 2.0]


def test_a_server_that_asks_for_a_pause_gets_it(place: Place) -> None:
    place.proxy.status, place.proxy.headers = 429, {"Retry-After": "7"}
    with pytest.raises(SourceError, match="overloaded") as caught:
        place.read()
    assert place.waits == [7.0, 7.0, 7.0]
    assert caught.value.remedy


def test_a_torn_connection_is_tried_again(place: Place) -> None:
    place.put("a")
    torn = [True]
    place.proxy.fault = lambda method, path, status, body: None if torn and torn.pop() else (status, body)
    assert [e.uid for e in place.read().events] == ["a"]


@pytest.mark.parametrize("status", [403, 404, 405, 500, 507])
def test_every_refusal_is_a_sentence_with_a_remedy_that_names_the_host_alone(place: Place, status: int) -> None:
    place.proxy.status = status
    with pytest.raises(SourceError) as caught:
        place.read()
    assert str(caught.value).startswith("127.0.0.1 ")
    assert place.calendar not in str(caught.value)
    assert caught.value.remedy


def test_a_web_page_is_no_calendar(place: Place) -> None:
    place.proxy.status, place.proxy.headers = 200, {"Content-Type": "text/html"}
    with pytest.raises(SourceError, match="as a web page does"):
        place.read()


def test_a_server_without_multiget_is_asked_for_one_text_at_a_time(place: Place) -> None:
    place.put("a")
    place.put("b")
    place.proxy.fault = lambda method, path, status, body: (405, b"") if method == "REPORT" else (status, body)
    taken = place.read()
    assert sorted(e.uid for e in taken.events) == ["a", "b"]
    assert place.verbs.count("GET") == 2
    assert place.read(taken.seen).reading.unchanged


def test_a_server_without_tags_of_calendars_is_told_by_its_etags(place: Place) -> None:
    place.put("a")
    place.proxy.fault = lambda method, path, status, body: (
        status,
        re.sub(rb"(?s)<CS:getctag>.*?</CS:getctag>|<sync-token>.*?</sync-token>", b"", body),
    )
    seen = place.read().seen
    assert place.read(seen).reading.unchanged
    assert place.verbs == ["PROPFIND", "PROPFIND"]
    place.put("b")
    assert [e.uid for e in place.read(seen).events] == ["b"]


def test_an_address_that_comes_back_in_another_spelling_is_the_same(place: Place) -> None:
    place.put("Ana@lisboa")
    place.proxy.fault = lambda method, path, status, body: (
        status,
        body.replace(b"Ana@lisboa.ics", b"ana%40lisboa.ics") if method == "REPORT" else body,
    )
    taken = place.read()
    assert [e.uid for e in taken.events] == ["Ana@lisboa"]
    assert "GET" not in place.verbs


def test_an_event_deleted_during_the_night_is_no_failure(place: Place) -> None:
    place.put("a")
    place.put("b")

    def fault(method: str, path: str, status: int, body: bytes) -> tuple[int, bytes]:
        if method == "PROPFIND" and b"b.ics" in body:
            place.server.delete(f"{place.calendar}b.ics")
        return status, body

    place.proxy.fault = fault
    taken = place.read()
    assert [e.uid for e in taken.events] == ["a"]
    assert taken.reading.whole
    place.proxy.fault = None
    assert not place.read(taken.seen).reading.unchanged


def test_the_password_goes_to_no_other_host(place: Place) -> None:
    place.proxy.fault = lambda method, path, status, body: (
        207,
        b'<multistatus xmlns="DAV:"><response><href>/</href><propstat><prop><calendar-home-set'
        b' xmlns="urn:ietf:params:xml:ns:caldav"><href xmlns="DAV:">http://127.0.0.2:1/x/</href></calendar-home-set>'
        b"</prop><status>HTTP/1.1 200 OK</status></propstat></response></multistatus>",
    )
    with pytest.raises(SourceError, match="another server"):
        place.read(path="/")
    assert place.verbs == ["PROPFIND"]


def test_a_calendar_that_is_gone_is_not_taken_for_all_the_others(locked: DavServer, tmp_path: Path) -> None:
    place = Place(locked, "kept")
    place.put("a")
    with pytest.raises(SourceError, match="no calendar at this address"):
        place.read(path="/sam/gone/", username=USER, password_file=secret(tmp_path))
    place.proxy.close()
