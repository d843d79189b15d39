"""Times as one calendar wrote them, put in the zone that it meant.

The same digits mean different moments by their TZID, by the calendar's X-WR-TIMEZONE, or
by where the user lives; and a series repeats by the wall clock of that zone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import NamedTuple

from calsync.sources.values import duration_of, parameters_of, stamp_of
from calsync.timing.zones import resolve
from calsync.timing.zones import tzinfo as clock_of


class Written(NamedTuple):
    """A moment; whether it was a DATE; the zone that its TZID named; whether that TZID
    was unknown; whether none was given. A DATE is the midnight in the user's zone with
    which it begins."""

    moment: datetime
    is_date: bool = False
    zone: str = ""
    unknown: bool = False
    floating: bool = False


class Clock:
    """Reads the times of one VCALENDAR.

    ``home`` is the user's IANA zone, ``declared`` the X-WR-TIMEZONE, ``vtimezones`` the
    texts of the VTIMEZONEs by TZID. ``digest`` changes with all of these that can change
    a time, so that a VTIMEZONE which nobody needs changes nothing.
    """

    def __init__(self, home: str, declared: str = "", vtimezones: Mapping[str, str] | None = None) -> None:
        self._vtimezones = dict(vtimezones or {})
        self.home: tzinfo = clock_of(home)
        zone = resolve(declared, self._vtimezones) if declared else None
        self.default: tzinfo = clock_of(zone) if zone else self.home
        self._meant: dict[str, tuple[tzinfo, str, bool, bool, bool]] = {}
        needed = {tzid: resolve(tzid, self._vtimezones) for tzid in self._vtimezones if resolve(tzid, {}) is None}
        meaning = repr((home, zone, sorted(needed.items())))
        self.digest = hashlib.blake2b(meaning.encode(), digest_size=16).digest()

    def read(self, parameters: str, value: str) -> Written:
        """A DATE or DATE-TIME property. Raises ValueError where it is unreadable, and
        OverflowError where it is out of the range in which times can be compared."""
        clock, zone, unknown, is_date, floating = self._meant.get(parameters) or self._mean(parameters)
        try:
            stamp = datetime.fromisoformat(value) if len(value) > 8 else stamp_of(value)
        except ValueError:
            stamp = stamp_of(value)
        if not 1 < stamp.year < 9999:
            raise OverflowError("out of range")
        if not isinstance(stamp, datetime) or (is_date and no_time(stamp)):
            return Written(datetime(stamp.year, stamp.month, stamp.day, tzinfo=self.home), True)
        if stamp.tzinfo is not None:
            return Written(stamp if stamp.tzinfo is UTC else stamp.astimezone(UTC))
        return Written(stamp.replace(tzinfo=clock), False, zone, unknown, floating)

    def midnight(self, moment: datetime, days: int = 0) -> datetime:
        """Midnight in the user's zone of the day that ``moment`` shows, ``days`` later."""
        day = moment.date() + timedelta(days=days)
        return datetime(day.year, day.month, day.day, tzinfo=self.home)

    def _mean(self, parameters: str) -> tuple[tzinfo, str, bool, bool, bool]:
        """The clock that parameters name, its zone, whether it is unknown, whether they
        make the value a DATE, whether they name no zone. Remembers them, because a calendar has few."""
        given = parameters_of(parameters)
        tzid = given.get("TZID", "")
        zone = resolve(tzid, self._vtimezones) if tzid else None
        clock = clock_of(zone) if zone else self.default
        is_date = given.get("VALUE", "").strip().upper() == "DATE"
        floating = "TZID" not in parameters.upper()
        found = (clock, zone if zone and zone != "UTC" else "", bool(tzid) and not zone, is_date, floating)
        if len(self._meant) < 1000:
            self._meant[parameters] = found
        return found


def no_time(stamp: datetime) -> bool:
    """``VALUE=DATE:20260310T000000`` is a day; with any other time it is that time, whatever
    VALUE says."""
    return stamp.time() == datetime.min.time()


def later(start: datetime, duration: str) -> datetime:
    """``start`` plus a DURATION: days by the wall clock, hours as they elapse."""
    days, time = duration_of(duration)
    end = start + days
    if not time:
        return end
    return (end.astimezone(UTC) + time).astimezone(start.tzinfo)


def utc_stamp(moment: datetime) -> str:
    """``YYYYMMDDTHHMMSSZ``, in UTC."""
    utc = moment.astimezone(UTC)
    return f"{utc.year:04}{utc.month:02}{utc.day:02}T{utc.hour:02}{utc.minute:02}{utc.second:02}Z"


def day_stamp(moment: datetime) -> str:
    """``YYYYMMDD`` of the day that ``moment`` shows."""
    return f"{moment.year:04}{moment.month:02}{moment.day:02}"
