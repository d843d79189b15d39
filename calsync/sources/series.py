"""The repeat lines of a series: RRULE, RDATE, EXDATE (RFC 5545 §3.8.5)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from calsync.model import Event, Recurrence
from calsync.sources import habits
from calsync.sources.properties import Properties
from calsync.sources.written import Clock, Written, later

BAD_DATE = "an unreadable RDATE or EXDATE was left out"


def recurrence_of(found: Properties, event: Event, clock: Clock, note: Callable[[str], None]) -> Recurrence | None:
    """What makes ``event`` a series; None if nothing does.

    A DATE among the dates of a timed event is the midnight in the event's own zone with
    which that day begins. ``note`` is told of dates that are unreadable and left out.
    """
    periods: list[tuple[datetime, datetime]] = []

    def moments(name: str) -> tuple[datetime, ...]:
        moments = []
        for parameters, values in found.many.get(name, ()):
            for value in values.split(","):
                if not value.strip():
                    continue
                first, slash, rest = value.partition("/")
                try:
                    moment = _date_in_series(clock.read(_without_period(parameters), first), event, clock)
                    if slash:
                        periods.append((moment, _period_end(moment, rest, parameters, clock)))
                except (ValueError, OverflowError):
                    note(BAD_DATE)
                    continue
                moments.append(moment)
        return tuple(moments)

    rules = tuple(value.strip() for _, value in found.many.get("RRULE", ()) if value.strip())
    dates, excluded = moments("RDATE"), moments("EXDATE")
    if not rules and not dates:
        return None
    return Recurrence(rules, dates, excluded, tuple(periods))


def _period_end(start: datetime, text: str, parameters: str, clock: Clock) -> datetime:
    """The end of a PERIOD: a moment or a DURATION (RFC 5545 §3.3.9)."""
    if text.strip().upper().startswith("P"):
        end = later(start, text)
    else:
        end = clock.read(_without_period(parameters), text).moment
    if end < start:
        raise ValueError("a period that ends before it starts")
    return end


def _without_period(parameters: str) -> str:
    return ";".join(part for part in parameters.split(";") if part.upper() != "VALUE=PERIOD")


def _date_in_series(written: Written, event: Event, clock: Clock) -> datetime:
    if event.all_day:
        return clock.midnight(habits.day_in_utc(written.moment, clock.home))
    if written.is_date:
        return written.moment.replace(tzinfo=event.start.tzinfo)
    return written.moment
