"""What every calendar promises that calsync and the user both write to.

A new one joins by a rig of its own. The user's hand is that of the rig: it edits what stands there as
another program would.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar
from zoneinfo import ZoneInfo

import pytest

from calsync.dav.account import Account
from calsync.dav.server import Patience
from calsync.errors import OutputError
from calsync.outputs.base import CalendarOutput
from calsync.outputs.caldav import CaldavOutput
from calsync.outputs.memory import MemoryCalendar
from tests.dav_servers import DavServer, Proxy, Radicale, Xandikos
from tests.outputs.reminders import HELLO, many

HOUR = timedelta(hours=1)


class MemoryRig:
    kind = "event"

    def __init__(self, folder: Path) -> None:
        self.calendar = MemoryCalendar()
        self.output: CalendarOutput = self.calendar

    def again(self) -> CalendarOutput:
        return self.output

    def moves(self, id_: str, start: datetime, end: datetime) -> None:
        self.calendar.edit(id_, self.calendar.held[id_][1]._replace(start=start, end=end))

    def retitles(self, id_: str, title: str) -> None:
        from calsync.will import ticked

        self.calendar.edit(id_, self.calendar.held[id_][1]._replace(title=title, done=ticked(title)))

    def deletes(self, id_: str) -> None:
        del self.calendar.held[id_]

    def deletes_all(self) -> None:
        self.calendar.is_deleted = True

    def loses_an_answer(self) -> None:
        self.calendar.lost = True

    def close(self) -> None:
        pass


class DavRig:
    """calsync's own calendar in a fresh account; the user edits the stored text."""

    server_kind: ClassVar[type[DavServer]]
    kind = "event"
    running: ClassVar[dict[type[DavServer], DavServer]] = {}
    names = itertools.count()

    def __init__(self, folder: Path) -> None:
        self.server = self.running.get(self.server_kind) or self.server_kind(folder / "server")
        self.running[self.server_kind] = self.server
        self.place = f"{self.server.home}reminders-{next(self.names)}/"
        self.server.made(self.place, calendar=True)
        self.proxy = Proxy(self.server)
        self.opened: list[CaldavOutput] = []
        self.output = self.again()

    def again(self) -> CalendarOutput:
        patience = Patience(seconds=10, attempts=1, wait=lambda seconds: None)
        kind = "todo" if self.kind == "todo" else "event"
        account = Account(self.proxy.url + self.place)
        made = CaldavOutput("dav", account, home=ZoneInfo("Europe/Lisbon"), kind=kind, patience=patience)  # type: ignore[arg-type]

        self.opened.append(made)
        return made

    def path(self, id_: str) -> str:
        return f"{self.place}calsync-{id_}.ics"

    def edits(self, id_: str, pattern: str, new: str) -> None:
        status, text = self.server.ask("GET", self.path(id_))
        assert status == 200
        unfolded = re.sub(r"\r?\n[ \t]", "", text.decode())
        changed, number = re.subn(pattern, new, unfolded, flags=re.MULTILINE)
        assert number
        status, said = self.server.ask("PUT", self.path(id_), changed.encode(), {"Content-Type": "text/calendar"})
        assert status in (200, 201, 204), said

    def moves(self, id_: str, start: datetime, end: datetime) -> None:
        self.edits(id_, r"^DTSTART.*?(?=\r?$)", f"DTSTART;TZID=Europe/Lisbon:{self.local(start)}")
        self.edits(id_, r"^DTEND.*?(?=\r?$)", f"DTEND;TZID=Europe/Lisbon:{self.local(end)}")

    def local(self, moment: datetime) -> str:
        return f"{moment.astimezone(ZoneInfo('Europe/Lisbon')):%Y%m%dT%H%M%S}"

    def retitles(self, id_: str, title: str) -> None:
        self.edits(id_, r"^SUMMARY.*?(?=\r?$)", f"SUMMARY:{title}")

    def deletes(self, id_: str) -> None:
        self.server.delete(self.path(id_))

    def deletes_all(self) -> None:
        self.server.delete(self.place)

    def loses_an_answer(self) -> None:
        def fault(method: str, path: str, status: int, body: bytes) -> tuple[int, bytes] | None:
            if method not in ("PUT", "DELETE"):
                return status, body
            self.proxy.fault = None
            return None

        self.proxy.fault = fault

    def close(self) -> None:
        for each in self.opened:
            each.close()
        self.proxy.close()


class RadicaleRig(DavRig):
    server_kind = Radicale


class XandikosRig(DavRig):
    server_kind = Xandikos


class TaskRig(DavRig):
    server_kind = Radicale
    kind = "todo"

    def moves(self, id_: str, start: datetime, end: datetime) -> None:
        self.edits(id_, r"^DUE.*?(?=\r?$)", f"DUE;TZID=Europe/Lisbon:{self.local(start)}")


Rig = MemoryRig | DavRig


@pytest.fixture(scope="module", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    for server in DavRig.running.values():
        server.close()
    DavRig.running.clear()


@pytest.fixture(params=[MemoryRig, RadicaleRig, XandikosRig, TaskRig], ids=lambda rig: rig.__name__)
def rig(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Rig]:
    made: Rig = request.param(tmp_path)
    yield made
    made.close()


def test_what_is_created_stands_there_as_it_was_meant(rig: Rig) -> None:
    assert rig.output.create(HELLO).what == "done"
    stands = rig.again().standing({})
    assert list(stands) == [HELLO.id]
    content = stands[HELLO.id].content
    assert content is not None
    assert content == rig.output.shown(HELLO)
    assert content.start == HELLO.start
    assert content.title == HELLO.title
    assert not content.done


def test_what_has_its_etag_still_comes_without_its_content(rig: Rig) -> None:
    etags = {each.id: rig.output.create(each).etag for each in many(3)}
    assert all(etags.values())
    stands = rig.output.standing(etags)
    assert {id_: each.content for id_, each in stands.items()} == dict.fromkeys(etags)


def test_nothing_is_created_over_what_stands_there(rig: Rig) -> None:
    rig.output.create(HELLO)
    assert rig.output.create(replace(HELLO, title="Another")).what == "changed"
    content = rig.output.standing({})[HELLO.id].content
    assert content is not None
    assert content.title == HELLO.title


def test_a_change_needs_the_etag_of_what_stands_there(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    newer = replace(HELLO, title="✉ Email Ana Lima: nice to meet you", sequence=3)
    assert rig.output.change(newer, etag).what == "done"
    assert rig.output.change(replace(HELLO, title="Late"), etag).what == "changed"
    content = rig.output.standing({})[HELLO.id].content
    assert content == rig.output.shown(newer)


def test_a_removal_needs_the_etag_of_what_stands_there(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    rig.retitles(HELLO.id, "Mine now")
    assert rig.output.remove(HELLO.id, etag).what == "changed"
    etag = rig.output.standing({})[HELLO.id].etag
    assert rig.output.remove(HELLO.id, etag).what == "done"
    assert rig.output.remove(HELLO.id, etag).what == "gone"
    assert rig.output.standing({}) == {}


def test_what_the_user_deleted_cannot_be_changed_back(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    rig.deletes(HELLO.id)
    assert rig.output.change(HELLO, etag).what in ("gone", "changed")
    assert rig.output.standing({}) == {}


def test_a_move_is_read_in_whatever_zone_it_was_written(rig: Rig) -> None:
    etag = rig.output.create(HELLO).etag
    rig.moves(HELLO.id, HELLO.start + 26 * HOUR, HELLO.end + 27 * HOUR)
    stands = rig.output.standing({HELLO.id: etag})[HELLO.id]
    assert stands.content is not None
    assert stands.content.start == HELLO.start + 26 * HOUR
    assert stands.etag != etag


def test_a_tick_in_the_title_is_read(rig: Rig) -> None:
    rig.output.create(HELLO)
    rig.retitles(HELLO.id, "✓ sent")
    content = rig.output.standing({})[HELLO.id].content
    assert content is not None
    assert content.done
    assert content.title == "✓ sent"


def test_an_answer_lost_on_the_way_is_an_error_and_the_deed_is_done(rig: Rig) -> None:
    rig.loses_an_answer()
    with pytest.raises(OutputError) as caught:
        rig.output.create(HELLO)
    assert caught.value.remedy
    content = rig.output.standing({})[HELLO.id].content
    assert content == rig.output.shown(HELLO)


def test_a_calendar_that_is_gone_is_an_error_and_not_an_empty_one(rig: Rig) -> None:
    rig.output.create(HELLO)
    rig.deletes_all()
    with pytest.raises(OutputError) as caught:
        rig.again().standing({})
    assert caught.value.remedy
