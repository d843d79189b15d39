"""The pace of cadences: not all old friends in one week.

Tiers are given in bulk, to a whole address book in one evening, and then a hundred people
are due on the same day. A reminder that nobody can follow is worse than a late one, so
cadences take only a part of each day and week, and those that were due long ago come one
by one over their own interval.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

from calsync.timing.placement import Caps
from calsync.timing.working_time import WorkingTime

_SLOWEST = 3.0
"""Days between two overdue people of one interval, where there are few of them."""

_LATE_PER_DAY = 2
_LONGEST = 5 * 366


class Due(NamedTuple):
    """A cadence that wants a day: the one that it means, and how many days its interval has.

    ``pencilled`` is the day it was given before, while that was too far ahead to be written.
    """

    id: str
    day: date
    interval: int
    days: str
    pencilled: date | None = None


def paced(
    dues: Iterable[Due], standing: Iterable[datetime], mine: WorkingTime, caps: Caps, today: date
) -> dict[str, date]:
    """Return the day on which to look for a place, for each of ``dues`` by id.

    It is the day that is meant, or the first one after it on which two thirds of the caps leave
    room beside ``standing``, the starts of other reminders, and beside the days given here. Who is
    overdue comes from today on, the longest overdue by the measure of their interval first, at
    equal distances within it. The order of ``dues`` does not matter.
    """
    dues = list(dues)
    days, weeks = Counter[date](), Counter[tuple[int, int]]()
    for start in standing:
        _count(start.astimezone(mine.zone).date(), days, weeks)
    wanted = sorted(
        [(each.pencilled or each.day, each) for each in dues if each.pencilled or each.day >= today]
        + _one_by_one([each for each in dues if not each.pencilled and each.day < today], today),
        key=lambda pair: (max(pair[0], today), _lateness(pair[1], today), pair[1].id),
    )
    per_day, per_week = _share(caps.per_day), _share(caps.per_week)
    found: dict[str, date] = {}
    for first, each in wanted:
        late = each.day < today
        room = min(per_day, _LATE_PER_DAY) if late else per_day
        first = max(first, today)
        day = first
        while days[day] >= room or weeks[day.isocalendar()[:2]] >= per_week or not mine.allowed(day, each.days):
            day += timedelta(days=1)
            if (day - first).days > _LONGEST:
                day = first
                break
        _count(day, days, weeks)
        found[each.id] = day
    return found


def _one_by_one(late: Sequence[Due], today: date) -> list[tuple[date, Due]]:
    by_interval: dict[int, list[Due]] = {}
    for each in late:
        by_interval.setdefault(each.interval, []).append(each)
    found: list[tuple[date, Due]] = []
    for interval, own in by_interval.items():
        apart = min(interval / len(own), _SLOWEST)
        own.sort(key=lambda each: (_lateness(each, today), each.id))
        found += [(today + timedelta(days=int(number * apart)), each) for number, each in enumerate(own)]
    return found


def _lateness(each: Due, today: date) -> float:
    """The smaller, the longer overdue."""
    return (each.day - today).days / each.interval


def _share(cap: int) -> int:
    return max(1, -(-2 * cap // 3))


def _count(day: date, days: Counter[date], weeks: Counter[tuple[int, int]]) -> None:
    days[day] += 1
    weeks[day.isocalendar()[:2]] += 1
