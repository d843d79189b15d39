"""Calendars that calsync and the user both write to, each with the user's hand in it.

A rig opens one fresh calendar and does what another program of the user's would do there. Two suites run
on every rig: test_calendars.py asks the calendar alone, test_calendar_under_fire.py does whole nights while
things go wrong. A new kind of calendar joins both by a class here (an :class:`HttpRig` on anything with a
port, with its words of config, its own ``again``, and the user's hand) and by its name in ``RIGS``, here and
there. Whatever waits between tries is told to hurry in trouble.py.
"""

from __future__ import annotations

import itertools
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, TypeVar
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

from calsync.dav.account import Account
from calsync.dav.server import Patience
from calsync.night import hearing
from calsync.outputs.base import CalendarOutput
from calsync.outputs.caldav import CaldavOutput
from calsync.will import ticked
from tests.dav_servers import DavServer, HasPort, Radicale, Xandikos
from tests.trouble import CALM, CHANGING, Kind, Line, Night, ShakyCalendar, Trouble, ended, forked, tried
from tests.world import Ev, calendar

LISBON = ZoneInfo("Europe/Lisbon")
CALDAV = "urn:ietf:params:xml:ns:caldav"
THING = r"^(BEGIN:(?:VEVENT|VTODO))"
S = TypeVar("S")


class Seen(NamedTuple):
    """A reminder of calsync's as another program sees it. ``whole`` is all that is stored of it, in
    whatever form tells that nobody touched it."""

    start: datetime
    title: str
    whole: object


class Rig(Protocol):
    """``output`` and ``again`` are the calendar opened by calsync; ``toml`` is the output in a config,
    for whole nights, which go through :meth:`run` and :meth:`together`. ``kind`` is event or todo.

    The user's hand: ``moves``, ``retitles``, ``rewrites`` (the description), ``deletes``.
    """

    kind: str
    toml: str
    output: CalendarOutput

    def again(self) -> CalendarOutput: ...

    def run(self, night: Night, trouble: Trouble = ..., meanwhile: Callable[[], None] = ...) -> int:
        """Do one run, in which ``trouble`` happens; ``meanwhile`` is what a quick user does. Its exit code."""
        ...

    def together(self, night: Night) -> set[int]:
        """Do two runs at once; their exit codes."""
        ...

    def seen(self) -> dict[str, Seen]:
        """All of calsync's reminders that stand there, by id."""
        ...

    def others(self) -> object:
        """All that stands there besides, whole, and what calsync tried to do to it, which is nothing."""
        ...

    def moves(self, id_: str, start: datetime, end: datetime) -> None: ...
    def retitles(self, id_: str, title: str) -> None: ...
    def rewrites(self, id_: str, description: str) -> None: ...
    def deletes(self, id_: str) -> None: ...
    def deletes_all(self) -> None: ...
    def loses_an_answer(self) -> None: ...
    def close(self) -> None: ...


class MemoryRig:
    kind = "event"
    toml = '[[output]]\nname = "there"\ntype = "caldav"\nurl = "http://127.0.0.1/nowhere/"\n'

    def __init__(self, folder: Path) -> None:
        self.calendar = ShakyCalendar("there")
        self.output: CalendarOutput = self.calendar

    def again(self) -> CalendarOutput:
        return self.output

    def run(self, night: Night, trouble: Trouble = CALM, meanwhile: Callable[[], None] = lambda: None) -> int:
        with self._opened():
            return self.calendar.run(night, trouble, meanwhile)

    def together(self, night: Night) -> set[int]:
        codes: set[int] = set()
        with self._opened():
            codes.add(self.calendar.run(night, Trouble(Kind.USER_IS_QUICKER, 1), lambda: codes.add(tried(night))))
        return codes

    @contextmanager
    def _opened(self) -> Iterator[None]:
        """A config knows no calendars in memory."""
        opening = hearing._calendar_of
        hearing._calendar_of = lambda *_: self.calendar
        try:
            yield
        finally:
            hearing._calendar_of = opening

    def seen(self) -> dict[str, Seen]:
        return {id_: Seen(each[1].start, each[1].title, each) for id_, each in self.calendar.held.items()}

    def others(self) -> object:
        return ()

    def moves(self, id_: str, start: datetime, end: datetime) -> None:
        self.calendar.edit(id_, self.calendar.held[id_][1]._replace(start=start, end=end))

    def retitles(self, id_: str, title: str) -> None:
        self.calendar.edit(id_, self.calendar.held[id_][1]._replace(title=title, done=ticked(title)))

    def rewrites(self, id_: str, description: str) -> None:
        self.calendar.edit(id_, self.calendar.held[id_][1]._replace(description=description))

    def deletes(self, id_: str) -> None:
        del self.calendar.held[id_]

    def deletes_all(self) -> None:
        self.calendar.is_deleted = True

    def loses_an_answer(self) -> None:
        self.calendar.lost = True

    def close(self) -> None:
        pass


class HttpRig:
    """A calendar behind a line of ours, on a server that all rigs of its kind share."""

    opened: ClassVar[dict[object, Any]] = {}
    names = itertools.count()

    def __init__(self, folder: Path, server: HasPort) -> None:
        self.folder = folder
        self.line = Line(server)

    @classmethod
    def shared(cls, kind: Callable[[Path], S]) -> S:
        """The server of a kind; it is started once, and ended by :func:`servers_end`."""
        if kind not in cls.opened:
            cls.opened[kind] = kind(Path(tempfile.mkdtemp(prefix="calsync-server-")))
        server: S = cls.opened[kind]
        return server

    def run(self, night: Night, trouble: Trouble = CALM, meanwhile: Callable[[], None] = lambda: None) -> int:
        return self.line.run(night, trouble, self.folder, meanwhile)

    def together(self, night: Night) -> set[int]:
        return {ended(child, self.folder) for child in [forked(night, self.folder) for _ in range(2)]}

    def loses_an_answer(self) -> None:
        def fault(method: str, path: str, status: int, body: bytes) -> tuple[int, bytes] | None:
            if method not in CHANGING:
                return status, body
            self.line.fault = None
            return None

        self.line.fault = fault

    def close(self) -> None:
        self.line.close()


def servers_end() -> None:
    for server in HttpRig.opened.values():
        server.close()
        shutil.rmtree(server.folder, ignore_errors=True)
    HttpRig.opened.clear()


class DavRig(HttpRig):
    """A calendar in which others keep things as well; the user edits the stored text."""

    server_kind: ClassVar[type[DavServer]]
    kind = "event"
    not_ours = ("dentist.ics", "calsync-choir.ics")

    def __init__(self, folder: Path) -> None:
        self.server = self.shared(self.server_kind)
        super().__init__(folder, self.server)
        self.place = f"{self.server.home}reminders-{next(self.names)}/"
        self.server.made(self.place, calendar=True)
        for name in self.not_ours:
            text = calendar([Ev(name, "2026-03-12T10:00", title="Mine")])
            self.put(f"{self.place}{name}", text)
        self.toml = f'[[output]]\nname = "there"\ntype = "caldav"\nurl = "{self.line.url}{self.place}"\n'
        self.toml += f'kind = "{self.kind}"\n'
        self.made: list[CaldavOutput] = []
        self.output = self.again()

    def again(self) -> CalendarOutput:
        patience = Patience(seconds=10, attempts=1, wait=lambda seconds: None)
        account = Account(self.line.url + self.place)
        made = CaldavOutput("dav", account, home=LISBON, kind=self.kind, patience=patience)  # type: ignore[arg-type]
        self.made.append(made)
        return made

    def seen(self) -> dict[str, Seen]:
        return {name[8:-4]: each for name, each in self.stored().items() if name not in self.not_ours}

    def others(self) -> object:
        touched = [each for each in self.line.writes if each[1].rpartition("/")[2] in self.not_ours]
        return [self.stored()[name].whole for name in self.not_ours], touched

    def stored(self) -> dict[str, Seen]:
        """What the server holds, by name, as it tells a program that knows nothing of calsync."""
        body = (
            b'<calendar-query xmlns="urn:ietf:params:xml:ns:caldav" xmlns:d="DAV:"><d:prop><d:getetag/>'
            b'<calendar-data/></d:prop><filter><comp-filter name="VCALENDAR"/></filter></calendar-query>'
        )
        status, said = self.server.ask("REPORT", self.place, body, {"Depth": "1", "Content-Type": "application/xml"})
        assert status == 207
        found: dict[str, Seen] = {}
        for each in ElementTree.fromstring(said).iter("{DAV:}response"):
            text = unfolded(each.findtext(f".//{{{CALDAV}}}calendar-data", ""))
            text = re.split(THING, text, maxsplit=1, flags=re.MULTILINE)[2]
            start = re.search(r"^(?:DTSTART|DUE)(?:;TZID=([^:]*))?:(.*?)\r?$", text, re.MULTILINE)
            title = re.search(r"^SUMMARY:(.*?)\r?$", text, re.MULTILINE)
            assert start is not None
            assert title is not None
            zone = ZoneInfo(start[1]) if start[1] else UTC
            when = datetime.strptime(start[2].rstrip("Z"), "%Y%m%dT%H%M%S").replace(tzinfo=zone).astimezone(UTC)
            name = each.findtext("{DAV:}href", "").rpartition("/")[2]
            found[name] = Seen(when, title[1], (text, each.findtext(".//{DAV:}getetag")))
        return found

    def path(self, id_: str) -> str:
        return f"{self.place}calsync-{id_}.ics"

    def put(self, path: str, text: bytes) -> None:
        status, said = self.server.ask("PUT", path, text, {"Content-Type": "text/calendar"})
        assert status in (200, 201, 204), said

    def edits(self, id_: str, pattern: str, new: str) -> None:
        status, text = self.server.ask("GET", self.path(id_))
        assert status == 200
        zones, begin, event = re.split(THING, unfolded(text.decode()), maxsplit=1, flags=re.MULTILINE)
        changed, number = re.subn(pattern, new, event, flags=re.MULTILINE)
        assert number
        self.put(self.path(id_), f"{zones}{begin}{changed}".encode())

    def moves(self, id_: str, start: datetime, end: datetime) -> None:
        self.edits(id_, r"^DTSTART.*?(?=\r?$)", f"DTSTART;TZID=Europe/Lisbon:{local(start)}")
        self.edits(id_, r"^DTEND.*?(?=\r?$)", f"DTEND;TZID=Europe/Lisbon:{local(end)}")

    def retitles(self, id_: str, title: str) -> None:
        self.edits(id_, r"^SUMMARY.*?(?=\r?$)", f"SUMMARY:{title}")

    def rewrites(self, id_: str, description: str) -> None:
        self.edits(id_, r"^DESCRIPTION.*?(?=\r?$)", f"DESCRIPTION:{description}")

    def deletes(self, id_: str) -> None:
        self.server.delete(self.path(id_))

    def deletes_all(self) -> None:
        self.server.delete(self.place)

    def close(self) -> None:
        for each in self.made:
            each.close()
        super().close()


class RadicaleRig(DavRig):
    server_kind = Radicale


class XandikosRig(DavRig):
    server_kind = Xandikos


class TaskRig(DavRig):
    server_kind = Radicale
    kind = "todo"

    def moves(self, id_: str, start: datetime, end: datetime) -> None:
        self.edits(id_, r"^DUE.*?(?=\r?$)", f"DUE;TZID=Europe/Lisbon:{local(start)}")


RIGS: tuple[Callable[[Path], Rig], ...] = (MemoryRig, RadicaleRig, XandikosRig, TaskRig)


def unfolded(text: str) -> str:
    return re.sub(r"\r?\n[ \t]", "", text)


def local(moment: datetime) -> str:
    return f"{moment.astimezone(LISBON):%Y%m%dT%H%M%S}"
