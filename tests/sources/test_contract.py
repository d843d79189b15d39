"""What every source promises to the sync, whatever stands behind it.

A new source joins by a rig of its own; the promises stay the same.
"""

from __future__ import annotations

import http.server
import itertools
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from calsync.dav.account import Account
from calsync.dav.server import Patience
from calsync.errors import SourceError
from calsync.google.account import Account as Google
from calsync.google.asking import Patience as Asking
from calsync.model import Attendee, Event, Skipped
from calsync.sources.base import Reading, Seen, Source
from calsync.sources.caldav import CaldavSource
from calsync.sources.download import Limits
from calsync.sources.google import GoogleSource
from calsync.sources.ics import IcsSource
from calsync.sources.memory import MemorySource
from tests.dav_servers import DavServer, Proxy, Radicale, Xandikos
from tests.google_server import Call, GoogleServer
from tests.sources.calendars import HOME, Taken, calendar, vevent

START = datetime(2026, 3, 10, 10, tzinfo=UTC)
ANA = Attendee("ana@acme.example", "Ana")


def event(uid: str, title: str = "Intro", start: datetime = START, people: Sequence[Attendee] = (ANA,)) -> Event:
    return Event(uid, "", start, start + timedelta(hours=1), title=title, attendees=tuple(people))


class MemoryRig:
    def __init__(self, folder: Path) -> None:
        self._source = MemorySource("work")

    def source(self, since: datetime | None = None) -> Source:
        self._source.since = since
        return self._source

    def holds(self, *events: Event, faulty: int = 0) -> None:
        self._source.events = list(events)
        self._source.faulty = [Skipped("it has no start", f"{number}") for number in range(faulty)]
        self._source.trouble, self._source.missing = "", False

    def is_cut_short(self) -> None:
        self._source.trouble = "the calendar is cut short"

    def is_gone(self) -> None:
        self._source.missing = True

    def close(self) -> None:
        pass


def as_calendar(events: Sequence[Event], faulty: int) -> bytes:
    texts = []
    for one in events:
        people = [f"ATTENDEE;CN={person.name}:mailto:{person.address}" for person in one.attendees]
        title = one.title.replace(",", "\\,")  # Radicale loses what follows a bare comma
        lines = [f"DTEND:{one.end:%Y%m%dT%H%M%SZ}", f"SUMMARY:{title}", *people]
        texts.append(vevent(*lines, uid=one.uid, start=f"DTSTART:{one.start:%Y%m%dT%H%M%SZ}"))
    texts += [vevent(uid=f"faulty-{number}", start="") for number in range(faulty)]
    return calendar(*texts)


class FileRig:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "work.ics"

    def source(self, since: datetime | None = None) -> Source:
        return IcsSource("work", path=self.path, home=HOME, since=since)

    def holds(self, *events: Event, faulty: int = 0) -> None:
        self.path.write_bytes(as_calendar(events, faulty))

    def is_cut_short(self) -> None:
        self.path.write_bytes(self.path.read_bytes().rpartition(b"END:VCALENDAR")[0])

    def is_gone(self) -> None:
        self.path.unlink()

    def close(self) -> None:
        pass


class FolderRig(FileRig):
    """A vdir: one event a file."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "vdir"
        self.path.mkdir()

    def holds(self, *events: Event, faulty: int = 0) -> None:
        for old in self.path.iterdir():
            old.unlink()
        for number, one in enumerate(events):
            (self.path / f"{number}.ics").write_bytes(as_calendar([one], 0))
        for number in range(faulty):
            (self.path / f"faulty-{number}.ics").write_bytes(as_calendar([], 1))

    def is_cut_short(self) -> None:
        file = self.path / "cut.ics"
        file.write_bytes(as_calendar([event("cut")], 0)[:-20])

    def is_gone(self) -> None:
        self.path.rename(self.path.with_name("elsewhere"))


class UrlRig(FileRig):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        rig = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if not rig.path.exists():
                    self.send_error(404)
                    return
                content = rig.path.read_bytes()
                self.send_response(200)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def source(self, since: datetime | None = None) -> Source:
        url = f"http://127.0.0.1:{self.server.server_port}/secret/work.ics"
        return IcsSource("work", url=url, home=HOME, since=since, limits=Limits(wait=lambda seconds: None))

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class CaldavRig:
    """A calendar of its own on a server that all tests share, behind a proxy."""

    kind: ClassVar[type[DavServer]]
    running: ClassVar[dict[type[DavServer], DavServer]] = {}
    names = itertools.count()

    def __init__(self, folder: Path) -> None:
        self.server = self.running.get(self.kind) or self.kind(folder / "server")
        self.running[self.kind] = self.server
        self.server.calendar = f"{self.server.home}calendar-{next(self.names)}/"
        self.server.made(self.server.calendar, calendar=True)
        self.proxy = Proxy(self.server)
        self.proxy.fault = lambda method, path, status, body: (status, body.replace(NEVER.encode(), b"X-NO-START:1"))
        self.stored: dict[str, bytes] = {}

    def source(self, since: datetime | None = None) -> Source:
        account = Account(self.proxy.url + self.server.calendar)
        return CaldavSource("work", account, home=HOME, since=since, patience=Patience(wait=lambda seconds: None))

    def holds(self, *events: Event, faulty: int = 0) -> None:
        wanted = {f"{one.uid}.ics": as_calendar([one], 0) for one in events}
        # Radicale takes no event without a start, so the proxy takes it out.
        for number in range(faulty):
            wanted[f"faulty-{number}.ics"] = calendar(vevent(uid=f"faulty-{number}", start=NEVER))
        for name in self.stored.keys() - wanted.keys():
            self.server.delete(self.server.calendar + name)
        for name, content in wanted.items():
            if self.stored.get(name) != content:
                self.server.put(name, content)
        self.stored = wanted

    def is_cut_short(self) -> None:
        self.server.put("cut.ics", as_calendar([event("cut")], 0))
        self.proxy.fault = lambda method, path, status, body: (status, body[: len(body) - 20 * (method == "REPORT")])

    def is_gone(self) -> None:
        self.server.delete(self.server.calendar)

    def close(self) -> None:
        self.proxy.close()


NEVER = "DTSTART:20990101T000000Z"


class GoogleRig:
    """A second calendar of a Google account. Its list always names an organizer, which events here do without."""

    def __init__(self, folder: Path) -> None:
        self.google = GoogleServer(zone="Europe/Lisbon")
        self.google.now = START
        self.google.pages = (1, 0, 2)
        self.google.after = self._spoil
        self.calendar = self.google.add("c_brisa@group.calendar.google.com", zone="Europe/Lisbon")

    def source(self, since: datetime | None = None) -> Source:
        account = Google(endpoint=self.google.endpoint, auth="none")
        now = self.google.clock()
        return GoogleSource(
            "work",
            account,
            [self.calendar.id],
            home=HOME,
            me=["sam@northwind.example"],
            now=now,
            since=since or now - timedelta(days=300),
            until=now + timedelta(days=90),
            patience=Asking(attempts=1, wait=lambda seconds: None),
        )

    def holds(self, *events: Event, faulty: int = 0) -> None:
        self.google.now = self.google.clock() + timedelta(hours=2)
        wanted = {one.uid: one for one in events}
        wanted |= {f"faulty-{number}": event(f"faulty-{number}") for number in range(faulty)}
        held = {one["iCalUID"]: id_ for id_, one in self.calendar.standing.items()}
        for uid in held.keys() - wanted.keys():
            self.calendar.delete(held[uid])
        for uid, one in wanted.items():
            fields = {
                "summary": one.title,
                "start": {"dateTime": one.start.isoformat()},
                "end": {"dateTime": one.end.isoformat()},
                "attendees": [{"email": person.address, "displayName": person.name} for person in one.attendees],
            }
            if uid not in held:
                self.calendar.put(iCalUID=uid, **fields)
            elif self.calendar.event(held[uid])["summary"] != one.title:
                self.calendar.change(held[uid], **fields)

    def _spoil(self, call: Call, answer: dict[str, Any]) -> None:
        for item in answer.get("items", ()):
            item.pop("organizer", None)
            if item.get("iCalUID", "").startswith("faulty"):
                item.pop("start", None)

    def is_cut_short(self) -> None:
        self.holds(event("cut"))
        self.google.cut(times=99, where=lambda call: "timeMin" in call.asked)

    def is_gone(self) -> None:
        self.google.delete_calendar(self.calendar.id)

    def close(self) -> None:
        self.google.close()
        assert not self.google.troubles
        assert not self.google.refused


class RadicaleRig(CaldavRig):
    kind = Radicale


class XandikosRig(CaldavRig):
    kind = Xandikos


@pytest.fixture(scope="module", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    for server in CaldavRig.running.values():
        server.close()
    CaldavRig.running.clear()


Rig = MemoryRig | FileRig | FolderRig | UrlRig | CaldavRig | GoogleRig
RIGS = [MemoryRig, FileRig, FolderRig, UrlRig, RadicaleRig, XandikosRig, GoogleRig]


@pytest.fixture(params=RIGS, ids=lambda rig: rig.__name__)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = request.param(tmp_path)
    yield made
    made.close()


def take(rig: Rig, seen: Seen | None = None, since: datetime | None = None) -> Taken:
    return Taken(rig.source(since).read(seen or Seen()))


def test_a_source_yields_each_event_with_its_people(rig: Rig) -> None:
    rig.holds(event("a"), event("b", people=()))
    taken = take(rig)
    assert sorted(e.uid for e in taken.events) == ["a", "b"]
    assert next(e for e in taken.events if e.uid == "a").attendees == (ANA,)
    assert taken.reading.whole
    assert taken.reading.trouble == ""
    assert (taken.reading.total, taken.reading.named) == (2, 1)


def test_a_digest_has_eight_bytes_and_tells_events_apart(rig: Rig) -> None:
    rig.holds(event("a"), event("b"))
    digests = {item.digest for item in take(rig).found}
    assert {len(digest) for digest in digests} == {8}
    assert len(digests) == 2


def test_what_did_not_change_is_known_before_anything_is_read(rig: Rig) -> None:
    rig.holds(event("a"))
    reading = rig.source().read(take(rig).seen)
    assert reading.unchanged
    assert list(reading) == []
    assert reading.whole
    assert reading.validator
    assert rig.source().read(Seen(reading.validator, reading.context, ())).unchanged


def test_of_a_changed_source_only_the_changed_event_is_read_again(rig: Rig) -> None:
    rig.holds(event("a"), event("b"))
    before = take(rig).seen
    rig.holds(event("a"), event("b", title="Intro, again"))
    taken = take(rig, before)
    assert [e.title for e in taken.events] == ["Intro, again"]
    assert len(taken.same) == 1
    assert taken.same[0].digest in before.pieces
    assert taken.reading.total == 2
    assert taken.reading.named == 2


def test_another_context_makes_nothing_the_same(rig: Rig) -> None:
    rig.holds(event("a"))
    seen = take(rig).seen
    taken = take(rig, seen._replace(context="an older reader"))
    assert [e.uid for e in taken.events] == ["a"]


def test_a_bad_event_costs_one_event_and_is_counted_with_its_reason(rig: Rig) -> None:
    rig.holds(event("a"), faulty=2)
    taken = take(rig)
    assert [e.uid for e in taken.events] == ["a"]
    assert taken.reading.skipped == {"it has no start": 2}
    assert taken.reading.examples["it has no start"]
    assert taken.reading.total == 3
    assert taken.reading.whole


def test_an_empty_calendar_is_whole(rig: Rig) -> None:
    rig.holds()
    taken = take(rig)
    assert taken.items == []
    assert taken.reading.whole


def test_an_event_that_ended_before_the_time_asked_for_is_left_out_and_counted(rig: Rig) -> None:
    rig.holds(event("old", start=START - timedelta(days=10)), event("new"))
    taken = take(rig, since=START - timedelta(days=1))
    assert [e.uid for e in taken.events] == ["new"]
    if not isinstance(rig, GoogleRig):  # Google is asked for a window, and says nothing of what lies before it
        assert taken.reading.older == 1
        assert taken.reading.total == 2


def test_a_longer_history_is_read_although_nothing_changed(rig: Rig) -> None:
    rig.holds(event("old", start=START - timedelta(days=10)), event("new"))
    seen = take(rig, since=START - timedelta(days=1)).seen
    taken = take(rig, seen, since=START - timedelta(days=20))
    assert [e.uid for e in taken.events] == ["old"]
    assert len(taken.same) == 1


def test_the_next_day_alone_changes_nothing(rig: Rig) -> None:
    if isinstance(rig, MemoryRig):
        rig.holds(event("a"))
        assert take(rig, take(rig).seen).reading.unchanged
        return
    rig.holds(event("a"))
    seen = take(rig, since=START - timedelta(days=2)).seen
    assert rig.source(START - timedelta(days=1)).read(seen).unchanged


def test_a_source_cut_short_is_not_whole_and_says_why(rig: Rig) -> None:
    rig.holds(event("a"))
    seen = take(rig).seen
    rig.is_cut_short()
    for before in (Seen(), seen):
        taken = take(rig, before)
        assert not taken.reading.whole
        assert "cut short" in taken.reading.trouble
        assert taken.reading.validator == ""


def test_a_source_that_is_gone_is_an_error_with_a_remedy(rig: Rig) -> None:
    rig.holds(event("a"))
    seen = take(rig).seen
    rig.is_gone()
    with pytest.raises(SourceError) as caught:
        rig.source().read(seen)
    assert caught.value.remedy


def test_a_reading_is_iterated_once(rig: Rig) -> None:
    rig.holds(event("a"))
    reading: Reading = rig.source().read(Seen())
    list(reading)
    with pytest.raises(RuntimeError):
        list(reading)


def test_a_reading_left_halfway_is_not_remembered_as_whole(rig: Rig) -> None:
    rig.holds(event("a"), event("b"))
    reading = rig.source().read(Seen())
    next(iter(reading))
    assert reading.validator == ""
    assert not reading.whole
