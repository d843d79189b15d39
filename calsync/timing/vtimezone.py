"""The clock that a VTIMEZONE describes (RFC 5545 §3.6.5).

Only for zones that no database knows by name. The clock is a table of the moments at
which the offset changes, made once from the whole text; so an absurd definition costs a
bounded time once and is then a ValueError, and two definitions never mix.
"""

from __future__ import annotations

import datetime as dt
import re
from bisect import bisect_right
from itertools import islice
from typing import NamedTuple

from calsync.timing.instances import starts
from calsync.timing.rrule import parse

_FIRST = dt.datetime(1900, 1, 1)
_LAST = dt.datetime(2100, 1, 1)
_MOST = 2_000  # onsets of one rule between those two; twice a year would be 400
_LONGEST = 100_000  # characters; the longest of the whole IANA database has 11,000
_OFFSET = re.compile(r"([+-]?)(\d\d)(\d\d)(\d\d)?$")


class _Onset(NamedTuple):
    """The moment, in UTC, from which an observance holds."""

    moment: dt.datetime
    before: dt.timedelta
    after: dt.timedelta
    name: str
    daylight: bool


class VTimezone(dt.tzinfo):
    """A clock read from a VTIMEZONE. A local time that occurs twice is the first of the
    two unless ``fold`` is 1; one that is skipped has the offset from before the gap
    (RFC 5545 §3.3.5, PEP 495)."""

    def __init__(self, text: str, tzid: str, onsets: list[_Onset]) -> None:
        self._text = text
        self._tzid = tzid
        self._onsets = onsets
        self._moments = [onset.moment for onset in onsets]
        self._first_of_two = [onset.moment + max(onset.before, onset.after) for onset in onsets]
        self._second_of_two = [onset.moment + min(onset.before, onset.after) for onset in onsets]

    def utcoffset(self, moment: dt.datetime | None) -> dt.timedelta:
        return self._at_local(moment).after

    def dst(self, moment: dt.datetime | None) -> dt.timedelta:
        onset = self._at_local(moment)
        return onset.after - onset.before if onset.daylight else dt.timedelta(0)

    def tzname(self, moment: dt.datetime | None) -> str:
        return self._at_local(moment).name or self._tzid

    def fromutc(self, moment: dt.datetime) -> dt.datetime:
        place = bisect_right(self._moments, moment.replace(tzinfo=None)) - 1
        onset = self._nth(place)
        local = moment + onset.after
        if place >= 0 and local.replace(tzinfo=None) < self._first_of_two[place]:
            local = local.replace(fold=1) if onset.after < onset.before else local
        return local

    def __reduce__(self) -> tuple[object, ...]:
        return read, (self._text,)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VTimezone) and other._text == self._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"VTimezone({self._tzid!r})"

    def _at_local(self, moment: dt.datetime | None) -> _Onset:
        if moment is None:
            return self._onsets[-1]
        walls = self._second_of_two if moment.fold else self._first_of_two
        return self._nth(bisect_right(walls, moment.replace(tzinfo=None)) - 1)

    def _nth(self, place: int) -> _Onset:
        first = self._onsets[0]
        return self._onsets[place] if place >= 0 else first._replace(after=first.before, daylight=False)


def read(text: str) -> VTimezone:
    """The clock that ``text``, from BEGIN:VTIMEZONE to END:VTIMEZONE, describes.

    Raises ValueError where it has no observance, or one without a readable offset or
    start, or one that begins more often than a zone ever would.
    """
    if len(text) > _LONGEST:
        raise ValueError("the VTIMEZONE is too long")
    tzid = ""
    onsets: list[_Onset] = []
    observance: dict[str, list[str]] | None = None
    kind = ""
    for name, value in _lines(text):
        if name == "BEGIN" and value.upper() in ("STANDARD", "DAYLIGHT"):
            kind, observance = value.upper(), {}
        elif name == "END" and observance is not None and value.upper() == kind:
            onsets += _onsets(observance, kind == "DAYLIGHT")
            observance = None
        elif observance is not None:
            observance.setdefault(name, []).append(value)
        elif name == "TZID":
            tzid = value
    if not onsets or observance is not None:
        raise ValueError("the VTIMEZONE has no whole observance")
    return VTimezone(text, tzid, sorted(onsets))


def _lines(text: str) -> list[tuple[str, str]]:
    unfolded = re.sub(r"\r?\n[ \t]", "", text)
    heads = (line.strip().partition(":") for line in unfolded.splitlines())
    return [(head.partition(";")[0].upper(), value.strip()) for head, colon, value in heads if colon]


def _onsets(observance: dict[str, list[str]], daylight: bool) -> list[_Onset]:
    """All moments, from 1900 to 2099, at which an observance begins; its first one at
    least."""
    after = _offset(observance.get("TZOFFSETTO", [""])[0])
    before = _offset(observance.get("TZOFFSETFROM", observance["TZOFFSETTO"])[0])
    start = _local(observance.get("DTSTART", [""])[0])
    walls = {start}
    for value in ",".join(observance.get("RDATE", [])).split(","):
        if value.strip():
            walls.add(_local(value.partition("/")[0].strip()))
    for value in observance.get("RRULE", []):
        rule = parse(value)
        if rule.freq not in ("YEARLY", "MONTHLY"):
            raise ValueError("no zone changes that often")
        until = _LAST
        if rule.until is not None:  # in UTC as the standard has it (§3.3.10), else by the old offset
            until = min(_LAST, rule.until.wall + (before if rule.until.utc else dt.timedelta(0)))
        found = list(islice(starts(rule, start, _FIRST, until), _MOST))
        if len(found) == _MOST:
            raise ValueError("no zone changes that often")
        walls.update(found)
    name = observance.get("TZNAME", [""])[0]
    return [_Onset(wall - before, before, after, name, daylight) for wall in walls]


def _offset(text: str) -> dt.timedelta:
    """A UTC offset, RFC 5545 §3.3.14; no sign means ``+``, as some writers leave it out."""
    match = _OFFSET.fullmatch(text)
    if match is None:
        raise ValueError(f"{text[:20]!r} is no UTC offset")
    sign, hours, minutes, seconds = match.groups()
    size = dt.timedelta(hours=int(hours), minutes=int(minutes), seconds=int(seconds or 0))
    if size >= dt.timedelta(days=1):
        raise ValueError(f"{text!r} is no UTC offset")
    return -size if sign == "-" else size


def _local(text: str) -> dt.datetime:
    """A local time as DTSTART and RDATE of an observance have it, years before 2 clipped."""
    digits = re.fullmatch(r"(\d{8})(?:T(\d{6}))?Z?", text)
    if digits is None:
        raise ValueError(f"{text[:20]!r} is no local time")
    wall = dt.datetime.strptime(digits[1] + (digits[2] or "000000"), "%Y%m%d%H%M%S")
    return wall.replace(year=2) if wall.year < 2 else wall
