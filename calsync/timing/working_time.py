"""Which days I work, and which day "three working days later" is.

A follow-up is timed in days of the user's own life: the day on which a meeting ended,
weekends and public holidays as the user's country keeps them. Everything here counts
local days; only spans of hours look at the moment itself.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from calsync.timing.spans import Span

_LONGEST_BREAK = 366


@dataclass(frozen=True)
class WorkingTime:
    """My zone, my working hours (an end of ``time(0)`` is midnight), my weekdays
    (Monday is 0) and the public holidays on which I do not work."""

    zone: tzinfo
    hours: tuple[time, time] = (time(9), time(17, 30))
    weekdays: frozenset[int] = frozenset(range(5))
    holidays: Container[date] = frozenset()

    def is_working(self, day: date) -> bool:
        return day.weekday() in self.weekdays and day not in self.holidays

    def allowed(self, day: date, days: str) -> bool:
        """Whether a reminder may lie on ``day``; ``days`` is "working" or "any"."""
        return days == "any" or self.is_working(day)

    def next_allowed(self, day: date, days: str) -> date:
        """``day`` or the first allowed day after it.

        If a whole year holds none (no weekday is a working day), ``day`` itself.
        """
        for later in range(_LONGEST_BREAK):
            candidate = _plus(day, later)
            if self.allowed(candidate, days):
                return candidate
        return day

    def day_of(self, ended: datetime, began: datetime | None = None) -> date:
        """The local day on which a meeting ended.

        A meeting that ends as a day begins belongs to the day before, unless it also
        began then (``began`` equals ``ended``).
        """
        ended = ended.astimezone(UTC)
        if began is None or began.astimezone(UTC) < ended:
            ended -= timedelta(microseconds=1)
        return ended.astimezone(self.zone).date()

    def ideal_day(
        self, after: Span, ended: datetime, days: str, *, began: datetime | None = None
    ) -> tuple[date, datetime | None]:
        """The day a step is meant for, and the moment before which it must not start.

        Counted from the day on which the meeting ended; a day that is not allowed
        moves on to the next allowed one, never earlier. The moment is None except for
        spans of hours and minutes, which count from ``ended`` itself.
        """
        day = self._count(after, ended, began)
        elapsed = after.elapsed()
        not_before = None if elapsed is None else (ended.astimezone(UTC) + elapsed).astimezone(self.zone)
        return self.next_allowed(day, days), not_before

    def last_day(self, window: Span, ended: datetime, days: str, ideal: date, *, began: datetime | None = None) -> date:
        """The last day on which a step still makes sense.

        Counted like the ideal day, but it does not move, whatever ``days`` allows; it
        is never before ``ideal``, the moved ideal day.
        """
        return max(ideal, self._count(window, ended, began))

    def after(self, day: date, span: Span) -> date:
        """The day a span after ``day``, allowed or not; hours count from noon."""
        return self._count(span, datetime.combine(day, time(12), tzinfo=self.zone), None)

    def _count(self, span: Span, ended: datetime, began: datetime | None) -> date:
        if (elapsed := span.elapsed()) is not None:
            return (ended.astimezone(UTC) + elapsed).astimezone(self.zone).date()
        day = self.day_of(ended, began)
        if span.unit == "working days":
            return self._working_day_after(day, span.amount)
        return span.on_calendar(day)

    def _working_day_after(self, day: date, number: int) -> date:
        counted, candidate, since_last = 0, day, 0
        while counted < number:
            if since_last > _LONGEST_BREAK or candidate == date.max:
                return _plus(day, number)
            candidate, since_last = _plus(candidate, 1), since_last + 1
            if self.is_working(candidate):
                counted, since_last = counted + 1, 0
        return candidate


@dataclass
class PublicHolidays:
    """The public holidays of a country or subdivision, observed days included; a year
    is worked out when one of its days is first asked for.

    The code is one that the holidays package knows; any other raises NotImplementedError.
    """

    code: str
    _years: dict[int, frozenset[date]] = field(default_factory=dict, repr=False, compare=False)

    def __contains__(self, day: object) -> bool:
        if not isinstance(day, date):
            return False
        if day.year not in self._years:
            self._years[day.year] = self._in_year(day.year)
        return day in self._years[day.year]

    def _in_year(self, year: int) -> frozenset[date]:
        from holidays import country_holidays

        country, subdivision = _split(self.code)
        return frozenset(country_holidays(country, subdiv=subdivision, years=year))


def public_holidays(code: str, years: Iterable[int] = ()) -> Container[date]:
    """The holidays of "DE" or "GB-ENG", as the holidays package names them; "" has none.

    ``years`` are worked out at once, others when first asked for. Raises
    NotImplementedError at that time for a code that is not known.
    """
    if not code.strip():
        return frozenset()
    days = PublicHolidays(code)
    for year in years:
        _ = date(year, 1, 1) in days
    return days


def _split(code: str) -> tuple[str, str | None]:
    country, _, subdivision = (part.strip() for part in code.strip().partition("-"))
    if subdivision.islower() and len(subdivision) <= 3:
        subdivision = subdivision.upper()
    return country.upper(), subdivision or None


def _plus(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
