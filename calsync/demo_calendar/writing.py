"""The sample as iCalendar text, in the dialects that real calendars mix: IANA and Windows
time zones, days, times in a zone, series with their exceptions (RFC 5545 §3.6)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import cast
from zoneinfo import ZoneInfo

from calsync.demo_calendar.days import BERLIN, at
from calsync.model import Answer, Attendee

_TZIDS = {BERLIN.key: "W. Europe Standard Time"}  # the name that Exchange writes
_PARTSTAT = {answer: answer.value.upper() for answer in Answer} | {Answer.NONE: "NEEDS-ACTION"}


def _observance(kind: str, name: str, begins: str, before: str, then: str, rule: str = "") -> list[str]:
    yearly = [f"RRULE:FREQ=YEARLY;{rule}"] if rule else []
    offsets = [f"TZOFFSETFROM:{before}", f"TZOFFSETTO:{then}", f"TZNAME:{name}"]
    return [f"BEGIN:{kind}", f"DTSTART:{begins}", *offsets, *yearly, f"END:{kind}"]


_ZONES = {
    "Europe/London": [
        *_observance("DAYLIGHT", "BST", "19810329T010000", "+0000", "+0100", "BYMONTH=3;BYDAY=-1SU"),
        *_observance("STANDARD", "GMT", "19961027T020000", "+0100", "+0000", "BYMONTH=10;BYDAY=-1SU"),
    ],
    "America/New_York": [
        *_observance("DAYLIGHT", "EDT", "20070311T020000", "-0500", "-0400", "BYMONTH=3;BYDAY=2SU"),
        *_observance("STANDARD", "EST", "20071104T020000", "-0400", "-0500", "BYMONTH=11;BYDAY=1SU"),
    ],
    "Asia/Tokyo": _observance("STANDARD", "JST", "19700101T000000", "+0900", "+0900"),
    "W. Europe Standard Time": [
        *_observance("DAYLIGHT", "CEST", "16010101T020000", "+0100", "+0200", "BYMONTH=3;BYDAY=-1SU"),
        *_observance("STANDARD", "CET", "16010101T030000", "+0200", "+0100", "BYMONTH=10;BYDAY=-1SU"),
    ],
}


class CalendarText:
    """One calendar, written event by event.

    ``owner`` takes part in whatever has guests, and organises it where nobody else does.
    """

    def __init__(self, title: str, owner: Attendee, now: datetime) -> None:
        self._owner, self._now = owner, now.astimezone(UTC)
        self._lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Northwind//Sample calendar//EN"]
        self._lines += ["CALSCALE:GREGORIAN", f"X-WR-CALNAME:{title}", "X-WR-TIMEZONE:Europe/London"]
        for tzid, observances in _ZONES.items():
            self._lines += ["BEGIN:VTIMEZONE", f"TZID:{tzid}", *observances, "END:VTIMEZONE"]

    def add(
        self,
        uid: str,
        title: str,
        start: datetime | date,
        minutes: int,
        guests: Iterable[Attendee] = (),
        *,
        organizer: Attendee | None = None,
        mine: Answer = Answer.ACCEPTED,
        about: str = "",
        lines: Sequence[str] = (),
    ) -> None:
        """One VEVENT of ``minutes`` by the clock; ``start`` is a time in a zone, or a day.
        ``lines`` are further properties as written."""
        begins = (start if isinstance(start, datetime) else at(start, 0)).astimezone(UTC)
        sent = f"{min(begins - timedelta(days=12), self._now - timedelta(hours=1)):%Y%m%dT%H%M%SZ}"
        self._lines += ["BEGIN:VEVENT", f"UID:{uid}@northwind.example", f"DTSTAMP:{sent}", f"CREATED:{sent}"]
        self._lines += [moment("DTSTART", start), moment("DTEND", start + timedelta(minutes=minutes))]
        self._lines.append(f"SUMMARY:{_escaped(title)}")
        self._lines += [f"DESCRIPTION:{_escaped(about)}"] if about else []
        self._lines += lines
        if guests := list(guests):
            sender = organizer or self._owner
            self._lines.append(f'ORGANIZER;CN="{sender.name}":mailto:{sender.address}')
            self._lines += map(_attendee, [self._owner._replace(answer=mine), *guests])
        self._lines.append("END:VEVENT")

    def text(self) -> bytes:
        """The whole calendar: CRLF line ends, folded, UTF-8."""
        return b"".join(map(_folded, [*self._lines, "END:VCALENDAR"]))


def moment(name: str, value: datetime | date) -> str:
    """A property that holds a wall-clock time with its TZID, or a day."""
    if not isinstance(value, datetime):
        return f"{name};VALUE=DATE:{value:%Y%m%d}"
    key = cast("ZoneInfo", value.tzinfo).key
    return f"{name};TZID={_TZIDS.get(key, key)}:{value:%Y%m%dT%H%M%S}"


def online(room: str) -> list[str]:
    """The lines of a video call (RFC 7986 §5.11)."""
    return ["LOCATION:Video call", f"CONFERENCE;VALUE=URI:https://meet.northwind.example/{room}"]


def _attendee(person: Attendee) -> str:
    parameters = f"CUTYPE={person.kind.upper()};ROLE=REQ-PARTICIPANT;PARTSTAT={_PARTSTAT[person.answer]}"
    return f'ATTENDEE;{parameters};CN="{person.name}":mailto:{person.address}'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _folded(line: str) -> bytes:
    """A content line in pieces of at most 75 octets, none of which splits a character."""
    pieces = [b""]
    for octets in map(str.encode, line):
        if len(pieces[-1]) + len(octets) > 75:
            pieces.append(b" ")
        pieces[-1] += octets
    return b"\r\n".join(pieces) + b"\r\n"
