"""The days around today, as somebody who works in England sees them."""

from __future__ import annotations

from collections.abc import Container
from datetime import date, datetime, timedelta
from itertools import count
from typing import cast
from zoneinfo import ZoneInfo

LONDON, BERLIN = ZoneInfo("Europe/London"), ZoneInfo("Europe/Berlin")
NEW_YORK, TOKYO = ZoneInfo("America/New_York"), ZoneInfo("Asia/Tokyo")


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = LONDON) -> datetime:
    """That wall-clock time on that day."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


class Days:
    """Working days, weekends and bank holidays, counted from ``today`` (a day in London)."""

    def __init__(self, today: date) -> None:
        import holidays

        self.today = today
        self.off = cast("Container[date]", holidays.country_holidays("GB", subdiv="ENG"))

    def is_working(self, day: date) -> bool:
        return day.weekday() < 5 and day not in self.off

    def working(self, offset: int) -> date:
        """The ``offset``-th working day after today, or before it where negative; never today."""
        step = 1 if offset > 0 else -1
        found = (day for n in count(1) if self.is_working(day := self.today + timedelta(days=n * step)))
        return next(day for n, day in enumerate(found, 1) if n == abs(offset))

    def weekend(self, step: int) -> date:
        """The nearest Saturday or Sunday after today (``step`` 1) or before it (-1)."""
        return next(day for n in count(1) if (day := self.today + timedelta(days=n * step)).weekday() > 4)

    def worked(self, weekday: int, since: date, step: int = 1) -> date:
        """The first such weekday (Monday is 0) from ``since`` on that is no bank holiday; ``step`` -1
        looks back."""
        candidates = (since + timedelta(days=n * step) for n in count())
        return next(day for day in candidates if day.weekday() == weekday and day not in self.off)

    def off_from(self, start: date, step: int) -> list[date]:
        """The bank holidays among every ``step``-th day from ``start``, until half a year from today."""
        end = self.today + timedelta(days=183)
        dates = (start + timedelta(days=n) for n in range(0, (end - start).days, step))
        return [day for day in dates if day in self.off]
