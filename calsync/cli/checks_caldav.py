"""What ``calsync doctor`` looks at on CalDAV servers: whether tonight's sync would get through.

It asks the server the questions that a sync begins with, and changes nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from calsync.cli.terminal import counted
from calsync.errors import CalsyncError

if TYPE_CHECKING:
    from calsync.config import CaldavOutput, CaldavSource
    from calsync.dav.calendars import Calendar
    from calsync.dav.server import Patience, Server

SKEW = timedelta(minutes=5)
"""How far two clocks may be apart: a reminder lies a quarter hour beside another, a certificate and
some passwords live by the minute."""


@dataclass(frozen=True)
class Looked:
    """What one look at a server found: a sentence, ``is_well`` or not, and then the next step and what
    it means for a run."""

    message: str
    remedy: str = ""
    exit_code: int = 0
    is_well: bool = True


def look_at_source(settings: CaldavSource, now: datetime, patience: Patience | None = None) -> Iterator[Looked]:
    """Whether the calendars of a source can be read."""
    yield from _looked(settings, now, patience, _source)


def look_at_output(
    settings: CaldavOutput, now: datetime, *, was_written: bool, patience: Patience | None = None
) -> Iterator[Looked]:
    """Whether an output can be written. ``was_written``: reminders stood in it once, so that its
    calendar has to be there."""

    def output(server: Server) -> Iterator[Looked]:
        from calsync.dav.calendars import at_the_address, homes, in_home, nothing_there
        from calsync.dav.own import is_own

        there = at_the_address(server)
        if there is not None:
            yield from _writable(server, there, settings)
            return
        places = homes(server)
        if not places:
            raise nothing_there(server)
        own = [each for place in places for each in in_home(server, place) if is_own(each)]
        if own:
            yield from _writable(server, own[0], settings)
        elif was_written:
            yield Looked(
                f"calsync's own calendar on {server.host} is gone",
                f"calsync outputs reset {settings.name} makes it anew.",
                3,
                False,
            )
        else:
            yield Looked(f"{server.host} lets calsync in; the first sync makes its calendar")

    yield from _looked(settings, now, patience, output)


def _looked(
    settings: CaldavSource | CaldavOutput,
    now: datetime,
    patience: Patience | None,
    questions: Callable[[Server], Iterator[Looked]],
) -> Iterator[Looked]:
    from calsync.dav.account import account_of
    from calsync.dav.server import Patience, Server

    server = Server(account_of(settings), patience or Patience(seconds=20, attempts=2))
    try:
        yield from questions(server)
        yield from _clocks(server, now)
    except CalsyncError as error:
        yield Looked(str(error), error.remedy, error.exit_code, False)
    finally:
        server.close()


def _source(server: Server) -> Iterator[Looked]:
    from calsync.dav.calendars import calendars

    found = calendars(server)
    names = ", ".join(sorted((each.label for each in found), key=str.lower))
    yield Looked(f"{server.host} lets calsync in; {counted(len(found), 'calendar')}: {names}")


def _writable(server: Server, calendar: Calendar, settings: CaldavOutput) -> Iterator[Looked]:
    from calsync.dav.own import MARK
    from calsync.outputs.caldav import COMPONENTS

    wanted = COMPONENTS[settings.kind]
    if not calendar.writable:
        yield Looked(
            f"{server.host}: calsync may only read the calendar {calendar.label}",
            "Let whoever owns it allow you to write, or name another one as url.",
            3,
            False,
        )
    elif calendar.holds and wanted not in calendar.holds:
        other = "todo" if settings.kind == "event" else "event"
        yield Looked(
            f'{server.host}: the calendar {calendar.label} takes nothing of kind = "{settings.kind}"',
            f'Set kind = "{other}", or name another one as url.',
            3,
            False,
        )
    else:
        own = " with calsync's mark" if MARK in calendar.description else ""
        yield Looked(f"{server.host} lets calsync in and write to the calendar {calendar.label}{own}")


def _clocks(server: Server, now: datetime) -> Iterator[Looked]:
    """The clock of this computer against the server's, as far as that tells its own."""
    try:
        there = parsedate_to_datetime(server.date)
    except (TypeError, ValueError):
        return
    apart = now - (there if there.tzinfo else there.replace(tzinfo=UTC))
    if abs(apart) > SKEW:
        word = "ahead of" if apart > timedelta() else "behind"
        yield Looked(
            f"this computer's clock is {_length(abs(apart))} {word} that of {server.host}",
            "Set it by the network (timedatectl set-ntp true); reminders and certificates go by it.",
            is_well=False,
        )


def _length(apart: timedelta) -> str:
    for word, unit in (("day", timedelta(days=1)), ("hour", timedelta(hours=1))):
        if apart >= 2 * unit:
            return counted(round(apart / unit), word)
    return counted(round(apart / timedelta(minutes=1)), "minute")
