"""iCalendar text, from wherever it came, as a stream of events.

A text is looked at twice. The first pass tells whether it is a whole calendar at all, and
collects what gives its times their meaning, which may stand anywhere in it. Only then is
anything concluded from its events, one at a time; those that are stored already are
recognised by a digest of their lines and not read again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from typing import BinaryIO, NamedTuple

from calsync.model import Skipped
from calsync.sources.base import Found, Item, Reading, Same
from calsync.sources.lines import NO_END, Part, parts
from calsync.sources.values import property_of, text_of
from calsync.sources.vevent import Older, event_of
from calsync.sources.written import Clock

EMPTY = "is empty"
WEB_PAGE = "is a web page, not a calendar"
NO_CALENDAR = "is not an iCalendar file"
CUT_SHORT = "is cut short: its END:VCALENDAR is missing"
HEADLESS = "is cut short: its BEGIN:VCALENDAR is missing"

_LARGEST_VTIMEZONE = 1 << 16

_MAY_LIE_LATER = (b"\nRRULE", b"\nRDATE", b"\nRECURRENCE-ID")


class Calendar(NamedTuple):
    """One VCALENDAR: its clock, whether it calls its events off, and a digest of both."""

    clock: Clock
    called_off: bool
    digest: bytes


class Survey(NamedTuple):
    """The VCALENDARs of a text, and the ``fault`` for which its events must not be used."""

    calendars: tuple[Calendar, ...]
    fault: str = ""


def survey(stream: BinaryIO, home: str) -> Survey:
    """What stands in a text (positioned at its start) around its events."""
    start = stream.read(1024).lstrip(b"\xef\xbb\xbf \t\r\n")
    stream.seek(0)
    properties: list[dict[str, str]] = []
    vtimezones: list[dict[str, str]] = []
    open_calendars = 0
    for part in parts(stream, (b"VCALENDAR", b"VTIMEZONE")):
        while len(properties) <= part.calendar:
            properties.append({})
            vtimezones.append({})
            open_calendars += 1
        if part.name == b"END":
            open_calendars -= part.calendar >= 0
        elif part.name == b"VCALENDAR":
            for name, value in _properties(part):
                properties[part.calendar].setdefault(name, value)
        elif part.calendar >= 0 and not part.fault and len(part.data) <= _LARGEST_VTIMEZONE:
            tzid = dict(reversed(list(_properties(part)))).get("TZID")
            if tzid:
                text = part.data.decode("utf-8", "replace")
                vtimezones[part.calendar][text_of(tzid)] = f"BEGIN:VTIMEZONE{text}\nEND:VTIMEZONE\n"
    if not properties:
        bare = events_without_a_calendar(stream)
        if bare is not None:
            clock = Clock(home)
            return Survey((Calendar(clock, False, clock.digest),), bare)
        fault = WEB_PAGE if start.startswith(b"<") else NO_CALENDAR if start else EMPTY
        return Survey((), fault)
    calendars = []
    for given, zones in zip(properties, vtimezones, strict=True):
        clock = Clock(home, text_of(given.get("X-WR-TIMEZONE", "")), zones)
        called_off = given.get("METHOD", "").upper() == "CANCEL"
        calendars.append(Calendar(clock, called_off, clock.digest + bytes([called_off])))
    return Survey(tuple(calendars), CUT_SHORT if open_calendars else "")


def events_without_a_calendar(stream: BinaryIO) -> str | None:
    """Some programs keep bare VEVENTs without a VCALENDAR around them. None where there
    are none; else the fault, empty if there is none."""
    stream.seek(0)
    last = None
    for part in parts(stream, (b"VEVENT",)):
        if part.name == b"END":
            return HEADLESS
        last = part
    if last is None:
        return None
    return CUT_SHORT if last.fault == NO_END else ""


def items(
    stream: BinaryIO,
    surveyed: Survey,
    reading: Reading,
    *,
    label: str,
    since: datetime | None,
    known: AbstractSet[bytes],
) -> Iterator[Item]:
    """The events of a whole text, in order; those whose digest is in ``known`` as Same.

    ``label`` names the text where an event without a UID has to be pointed at.
    """
    reasons: list[str] = []
    hashers = [hashlib.blake2b(digest_size=8, key=calendar.digest) for calendar in surveyed.calendars]
    limit = (since - timedelta(days=2)).strftime("%Y%m%d").encode() if since else b""
    for part in parts(stream, (b"VEVENT",)):
        if part.name != b"VEVENT" or part.calendar >= len(surveyed.calendars):
            continue
        calendar = surveyed.calendars[part.calendar]  # one outside of all is read as in the last
        data = part.data
        reading.named += _names_somebody(data)
        if part.fault:
            yield Skipped(part.fault, _where(part, label))
            continue
        if limit and surely_older(data, limit):
            reading.older += 1
            continue
        hasher = hashers[part.calendar].copy()
        stamp = data.find(b"\nDTSTAMP")  # many servers set it to the time of the request
        if stamp < 0:
            hasher.update(data)
        else:
            rest = data.find(b"\n", stamp + 1)
            hasher.update(data[:stamp])
            hasher.update(_meaning(data[rest:] if rest >= 0 else b""))
        digest = hasher.digest()
        if digest in known:
            yield Same(digest)
            continue
        read = event_of(data, calendar.clock, called_off=calendar.called_off, since=since, note=reasons.append)
        if isinstance(read, Skipped):
            yield read if read.where else Skipped(read.reason, _where(part, label))
        elif isinstance(read, Older):
            reading.older += 1
        else:
            for reason in reasons:
                reading.note(reason, read.uid)
            yield Found(digest, read)
        reasons.clear()


def surely_older(data: bytes, day: bytes) -> bool:
    """Whether an event ended before ``day`` (YYYYMMDD), as far as a glance can tell: most of an old
    calendar needs no more. What repeats, or has no plain end, is left to a closer look."""
    for name in (b"\nDTEND", b"\nDTSTART"):
        at = data.find(name)
        value = data.find(b":", at) + 1
        date = data[value : value + 8]
        if at < 0 or not value or not date.isdigit() or date >= day or b'"' in data[at:value]:
            return False
    return b"\nr" not in data and not any(name in data for name in _MAY_LIE_LATER)


def _properties(part: Part) -> Iterator[tuple[str, str]]:
    for line in part.data.decode("utf-8", "replace").split("\n"):
        name, _, value = property_of(line)
        yield name.strip().upper(), value.strip()


def _meaning(data: bytes) -> bytes:
    """The lines without DTSTAMP."""
    start = data.find(b"\nDTSTAMP")
    while start >= 0:
        end = data.find(b"\n", start + 1)
        data = data[:start] + (data[end:] if end >= 0 else b"")
        start = data.find(b"\nDTSTAMP", start)
    return data


def _names_somebody(data: bytes) -> bool:
    if b"\nATTENDEE" in data or b"\nORGANIZER" in data:
        return True
    lowered = data.lower() if b"\na" in data or b"\nA" in data or b"\no" in data or b"\nO" in data else b""
    return b"\nattendee" in lowered or b"\norganizer" in lowered


def _where(part: Part, label: str) -> str:
    line = part.line()
    return f"{label}, line {line}" if line else label
