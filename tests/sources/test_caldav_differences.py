"""What changed in a calendar since the last night: told by the server where it can, and always right."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.dav.account import Account
from calsync.dav.server import Patience
from calsync.sources import caldav
from calsync.sources.base import Seen
from calsync.sources.caldav import CaldavSource
from tests.dav_habits import Asked, Door, Reply
from tests.dav_servers import DavServer, Radicale, Xandikos
from tests.sources.calendars import HOME, Taken, calendar, vevent

GUESTS = ("DTEND:20260310T110000Z", "ATTENDEE:mailto:ines@lisboa.example")
START = "DTSTART:20260310T100000Z"


def told(token: str, **statuses: str) -> Reply:
    """A difference as a server tells it: ``FOLDER`` or a name, and a status or an etag."""
    parts = ""
    for href, word in statuses.items():
        if word[0].isdigit():
            inner = f"<d:status>HTTP/1.1 {word}</d:status>"
        else:
            inner = f"<d:propstat><d:prop><d:getetag>{word}</d:getetag></d:prop>"
            inner += "<d:status>HTTP/1.1 200 OK</d:status></d:propstat>"
        parts += f"<d:response><d:href>{'' if href == 'FOLDER' else f'{href}.ics'}</d:href>{inner}</d:response>"
    text = f'<d:multistatus xmlns:d="DAV:">{parts}<d:sync-token>{token}</d:sync-token></d:multistatus>'
    return Reply(207, text.encode())


def from_root(reply: Reply, folder: str) -> Reply:
    return Reply(207, reply.body.replace(b"<d:href>", f"<d:href>{folder}".encode()))


@pytest.fixture(scope="module", params=[Radicale, Xandikos])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    made: DavServer = request.param(tmp_path_factory.mktemp("server"))
    yield made
    made.close()


class Place:
    names = itertools.count()

    def __init__(self, server: DavServer, number: int = 5) -> None:
        self.server = server
        self.folder = f"{server.home}differences-{next(self.names)}/"
        server.made(self.folder, calendar=True)
        self.door = Door(server)
        for each in range(number):
            self.put(f"e{each}")

    def put(self, uid: str, title: str = "Intro", lines: tuple[str, ...] = GUESTS) -> None:
        text = calendar(vevent(f"SUMMARY:{title}", *lines, uid=uid, start=START))
        status, said = self.server.ask("PUT", f"{self.folder}{uid}.ics", text, {"Content-Type": "text/calendar"})
        assert status in (200, 201, 204), said

    def delete(self, uid: str) -> None:
        self.server.delete(f"{self.folder}{uid}.ics")

    def read(self, seen: Seen | None = None, path: str = "") -> Taken:
        self.door.asked.clear()
        account = Account(self.door.url + (path or self.folder))
        patience = Patience(seconds=10, wait=lambda seconds: None)
        return Taken(CaldavSource("work", account, home=HOME, patience=patience).read(seen or Seen()))

    def asked(self) -> list[str]:
        """What was asked, in words."""
        return [re.findall(rb"<(?:\w+:)?(propfind|sync-collection|calendar-multiget)\b", each.body)[0].decode()
                + each.headers.get("depth", "") for each in self.door.asked]  # fmt: skip


@pytest.fixture
def place(server: DavServer) -> Iterator[Place]:
    made = Place(server)
    yield made
    made.door.close()


def test_only_the_difference_is_asked_for(place: Place) -> None:
    seen = place.read().seen
    place.put("e3", "Moved")
    place.put("new")
    place.delete("e0")
    taken = place.read(seen)
    assert place.asked() == ["propfind0", "sync-collection0", "calendar-multiget1"]
    assert sorted(e.uid for e in taken.events) == ["e3", "new"]
    assert len(taken.same) == 3
    assert (taken.reading.total, taken.reading.named, taken.reading.whole) == (5, 5, True)
    assert place.read(taken.seen).reading.unchanged
    place.delete("e1")
    after = place.read(taken.seen)
    assert (len(after.same), after.events) == (4, [])
    assert place.asked() == ["propfind0", "sync-collection0"]


def test_a_calendar_that_did_not_change_is_left_alone_when_another_did(server: DavServer) -> None:
    one, other = Place(server, 2), Place(server, 2)
    seen = one.read(path=server.home).seen
    other.put("e1", "Moved")
    taken = one.read(seen, path=server.home)
    assert [each.title for each in taken.events] == ["Moved"]
    assert {each.path for each in one.door.asked if each.headers.get("depth") == "0" or b"sync" in each.body} >= {
        other.folder
    }
    assert not any(each.path == one.folder for each in one.door.asked)
    one.door.close()
    other.door.close()


@pytest.mark.parametrize("status", [400, 403, 405, 409, 415, 501, 507])
def test_a_token_that_the_server_no_longer_knows_means_the_whole_list(place: Place, status: int) -> None:
    seen = place.read().seen
    place.put("e3", "Moved")
    place.delete("e0")
    place.door.before = lambda asked: Reply(status) if b"sync-collection" in asked.body else None
    taken = place.read(seen)
    assert place.asked() == ["propfind0", "sync-collection0", "propfind1", "calendar-multiget1"]
    assert [e.uid for e in taken.events] == ["e3"]
    assert len(taken.same) == 3
    place.door.before = lambda asked: None
    place.put("e4", "Moved")
    assert [e.uid for e in place.read(taken.seen).events] == ["e4"]
    assert "sync-collection0" in place.asked()


def test_a_server_without_tokens_is_listed(place: Place) -> None:
    def after(asked: Asked, reply: Reply) -> Reply:
        return Reply(
            reply.status, re.sub(rb"<(\w+:)?sync-token>.*?</(\w+:)?sync-token>", b"", reply.body), reply.headers
        )

    place.door.after = after
    seen = place.read().seen
    place.put("e3", "Moved")
    assert [e.uid for e in place.read(seen).events] == ["e3"]
    assert "sync-collection0" not in place.asked()


def test_a_difference_told_in_parts_is_put_together(place: Place) -> None:
    seen = place.read().seen
    place.put("e3", "Moved")
    tokens: list[bytes] = []

    def before(asked: Asked) -> Reply | None:
        if b"sync-collection" not in asked.body:
            return None
        tokens.extend(re.findall(rb"<d:sync-token>([^<]*)<", asked.body))
        if len(tokens) > 1:
            return from_root(told("last", e1="404 Not Found"), place.folder)
        return from_root(told("second", FOLDER="507 Insufficient Storage", e3="x"), place.folder)

    place.door.before = before
    taken = place.read(seen)
    assert tokens[1:] == [b"second"]
    assert [e.uid for e in taken.events] == ["e3"]
    assert len(taken.same) == 3


def test_a_server_whose_parts_never_end_is_listed(place: Place) -> None:
    seen = place.read().seen
    place.put("e3", "Moved")
    endless = from_root(told("t", FOLDER="507 Insufficient Storage"), place.folder)
    place.door.before = lambda asked: endless if b"sync-collection" in asked.body else None
    assert [e.uid for e in place.read(seen).events] == ["e3"]
    assert place.asked().count("sync-collection0") == 2


def test_now_and_then_everything_is_listed_so_that_nothing_is_missed_for_good(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caldav, "LISTED_EVERY", 2)
    seen, how = place.read().seen, []
    for number in range(4):
        place.put("e3", f"Moved {number}")
        seen = place.read(seen).seen
        how.append(place.asked()[1])
    assert how == ["sync-collection0", "sync-collection0", "propfind1", "sync-collection0"]


def test_what_is_wrong_with_an_event_is_told_every_time(place: Place) -> None:
    place.put("odd", "Odd")

    def after(asked: Asked, reply: Reply) -> Reply:
        objects = re.split(rb"(?=BEGIN:VCALENDAR)", reply.body)
        broken = [
            each.replace(b"DTSTART:2026", b"DTSTART:20x6") if b"SUMMARY:Odd" in each else each for each in objects
        ]
        return Reply(reply.status, b"".join(broken), reply.headers)

    place.door.after = after
    first = place.read()
    place.put("e3", "Moved")
    again = place.read(first.seen)
    assert "sync-collection0" in place.asked()
    assert sum(first.reading.skipped.values()) == 1
    assert again.reading.skipped == first.reading.skipped
    assert again.reading.total == first.reading.total == 6


def test_a_ledger_that_forgot_its_events_gets_them_all(place: Place) -> None:
    seen = place.read().seen
    place.put("e3", "Moved")
    assert len(place.read(seen._replace(pieces=())).events) == 5


NIGHTS = st.lists(
    st.lists(st.tuples(st.sampled_from(["put", "delete"]), st.integers(0, 3)), max_size=4), min_size=1, max_size=4
)


@settings(max_examples=12)
@given(nights=NIGHTS)
def test_any_history_of_differences_ends_as_one_reading_would(
    server: DavServer, nights: list[list[tuple[str, int]]]
) -> None:
    place, titles, there = Place(server, 0), itertools.count(), set[str]()
    seen, known = Seen(), dict[bytes, str]()
    for night in nights:
        for deed, number in night:
            uid = f"e{number}"
            if deed == "put":
                place.put(uid, f"T{next(titles)}")
                there.add(uid)
            elif uid in there:
                place.delete(uid)
                there.remove(uid)
        taken = place.read(seen)
        if not taken.reading.unchanged:
            known = {s.digest: known[s.digest] for s in taken.same} | {f.digest: f.event.uid for f in taken.found}
            seen = taken.seen
        assert sorted(known.values()) == sorted(there)
    fresh = place.read()
    assert {f.digest for f in fresh.found} == set(known)
    place.door.close()
