"""When a repeat rule comes true (RFC 5545 §3.8.5.3), as plain arithmetic on days.

Reading years of a calendar means thousands of series, of which a nightly run needs a few
months. So nothing walks from the first instance on: the rule's period (day, week, month,
year) that holds the wanted day is reached by division, and only a COUNT that cannot be
computed is counted out. All times here are wall-clock times without a zone; the zone is
put on where the instances become occurrences. A rule that never comes true ends by itself
after a bounded search.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from calendar import isleap, monthrange
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from calsync.timing.rrule import Rule

_BARREN = 20_000  # periods in a row without an instance, after which there is none
_PATIENCE = 50_000  # instances that are counted out to obey COUNT: every day of 137 years
_COUNTED = 1_000  # instances that are counted out to find the last one
_FIRST_YEAR, _LAST_YEAR = 2, 9_998  # one year from what datetime can hold: zones need the room


def starts(rule: Rule, first: dt.datetime, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """The instances of a rule from ``since`` to ``until``, both inclusive, in order, by
    the wall clock. ``first`` (DTSTART) is the first instance whether the rule names it or
    not, and counts (RFC 5545 §3.8.5.3). The rule's COUNT is obeyed; UNTIL, whose meaning
    hangs on the zone, is left to the caller's ``until``."""
    if since <= first <= until:
        yield first
    if not _FIRST_YEAR <= first.year <= _LAST_YEAR:
        return
    until = min(until, dt.datetime(_LAST_YEAR, 12, 31, 23, 59, 59))
    last = counted_last(rule, first)
    left = rule.count - 1 if rule.count is not None and last is None else -1
    if last is not None:
        until = min(until, last)
    if until <= first:
        return
    if left < 0:
        for wall in _walls(rule, first, max(first, since), until):
            if wall > until:
                return
            if wall > first and wall >= since:
                yield wall
        return
    for wall in islice(_walls(rule, first, first, until), _PATIENCE):
        if wall > first and left > 0:
            left -= 1
            if since <= wall <= until:
                yield wall
        if left == 0 or wall > until:
            return


def last_start(rule: Rule, first: dt.datetime) -> dt.datetime | None:
    """The last instance that COUNT allows; None where there is no COUNT, or one so high
    that counting does not pay."""
    if rule.count is None:
        return None
    last = counted_last(rule, first)
    if last is not None:
        return last if last.year <= _LAST_YEAR else None
    if rule.count > _COUNTED:
        return None
    last = first
    for wall in starts(rule, first, first, dt.datetime.max):
        last = max(last, wall)
    return last


def counted_last(rule: Rule, first: dt.datetime) -> dt.datetime | None:
    """The last instance that COUNT allows where it can be computed, else None;
    ``datetime.max`` where it is beyond all calendars."""
    limited = rule.months or rule.yeardays or rule.positions or rule.hours or rule.minutes or rule.seconds
    if rule.count is None or limited or (rule.monthdays and rule.freq != "MONTHLY"):
        return None
    try:
        if rule.freq == "WEEKLY":
            monday = first.toordinal() - (first.weekday() - rule.wkst) % 7
            offsets = _week_offsets(rule, first)
            place = bisect_right(offsets, first.toordinal() - monday) + rule.count - 2
            weeks, offset = divmod(place, len(offsets))
            days = monday + weeks * 7 * rule.interval + offsets[offset] - first.toordinal()
            return first + dt.timedelta(days=days if rule.count > 1 else 0)
        if rule.freq in ("DAILY", "HOURLY") and not rule.weekdays:
            step = dt.timedelta(days=1) if rule.freq == "DAILY" else dt.timedelta(hours=1)
            return first + step * rule.interval * (rule.count - 1)
        if rule.freq == "MONTHLY" and rule.count > 1 and _once_a_month(rule, first):
            month = first.year * 12 + first.month - 1
            (day,) = _month(rule, first, month)
            ahead = 1 if day > first.toordinal() else 0  # the first instance came before the rule's
            (day,) = _month(rule, first, month + rule.interval * (rule.count - 1 - ahead))
            return dt.datetime.combine(dt.date.fromordinal(day), first.time())
    except (OverflowError, ValueError):
        return dt.datetime.max
    return None


def _walls(rule: Rule, first: dt.datetime, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    """The instances that the rule itself names, from the period of ``since`` on, in order."""
    if rule.freq == "HOURLY":
        yield from _hourly(rule, first, since, until)
        return
    times = [
        dt.time(hour, minute, second)
        for hour in rule.hours or (first.hour,)
        for minute in rule.minutes or (first.minute,)
        for second in rule.seconds or (first.second,)
    ]
    day_of, combine = dt.date.fromordinal, dt.datetime.combine
    periods = _PERIODS[rule.freq](rule, first, since.toordinal(), until.toordinal())
    barren = 0
    for days in periods:
        if rule.positions:
            whole = [combine(day_of(day), time) for day in days for time in times]
            chosen = {place - 1 if place > 0 else len(whole) + place for place in rule.positions}
            yield from [whole[place] for place in sorted(chosen) if 0 <= place < len(whole)]
            barren = 0 if any(0 <= place < len(whole) for place in chosen) else barren + 1
        else:
            for day in days:
                for time in times:
                    yield combine(day_of(day), time)
            barren = 0 if days else barren + 1
        if barren > _BARREN:
            return


def _hourly(rule: Rule, first: dt.datetime, since: dt.datetime, until: dt.datetime) -> Iterator[dt.datetime]:
    if rule.positions and not {1, -1}.intersection(rule.positions):
        return
    base = first.replace(minute=(rule.minutes or (first.minute,))[0], second=(rule.seconds or (first.second,))[0])
    hour = dt.timedelta(hours=1)
    number = max(0, (since - base) // (hour * rule.interval))
    barren = 0
    while barren <= _BARREN:
        try:
            wall = base + hour * rule.interval * number
        except OverflowError:
            return
        if wall > until:
            return
        barren += 1
        if not _fits(rule, wall.date()):
            midnight = dt.datetime.combine(wall.date() + dt.timedelta(days=1), dt.time())
            number = max(number + 1, -((base - midnight) // (hour * rule.interval)))
        else:
            number += 1
            if not rule.hours or wall.hour in rule.hours:
                barren = 0
                yield wall


def _daily(rule: Rule, first: dt.datetime, since: int, until: int) -> Iterator[Sequence[int]]:
    base = first.toordinal()
    days = range(base + -((base - since) // rule.interval) * rule.interval, until + 1, rule.interval)
    if not (rule.months or rule.monthdays or rule.yeardays or rule.weekdays or rule.positions):
        yield days
        return
    for day in days:
        yield (day,) if _fits(rule, dt.date.fromordinal(day)) else ()


def _weekly(rule: Rule, first: dt.datetime, since: int, until: int) -> Iterator[Sequence[int]]:
    start = first.toordinal() - (first.weekday() - rule.wkst) % 7
    step = 7 * rule.interval
    offsets = _week_offsets(rule, first)
    limited = bool(rule.months or rule.monthdays or rule.yeardays)
    for week in range(start + (since - start) // step * step, until + 1, step):
        days = [week + offset for offset in offsets]
        yield [day for day in days if _fits(rule, dt.date.fromordinal(day))] if limited else days


def _monthly(rule: Rule, first: dt.datetime, since: int, until: int) -> Iterator[Sequence[int]]:
    base, low, high = (day.year * 12 + day.month - 1 for day in (first, *map(dt.date.fromordinal, (since, until))))
    for month in range(base + (low - base) // rule.interval * rule.interval, high + 1, rule.interval):
        yield _month(rule, first, month)


def _month(rule: Rule, first: dt.datetime, month: int) -> Sequence[int]:
    """The days of a month, which is counted from the year 0."""
    year, number = month // 12, month % 12 + 1
    if rule.months and number not in rule.months:
        return ()
    start = dt.date(year, number, 1).toordinal()
    length = monthrange(year, number)[1]
    if not (rule.monthdays or rule.weekdays or rule.yeardays):
        return (start + first.day - 1,) if first.day <= length else ()
    sets = _limits(rule, start, length)
    if rule.yeardays:
        sets.append(_yeardays(rule, year))
    return sorted(set.intersection(*sets))


def _once_a_month(rule: Rule, first: dt.datetime) -> bool:
    """Whether every month has exactly one day of the rule."""
    if rule.weekdays:
        return not rule.monthdays and len(rule.weekdays) == 1 and 1 <= abs(rule.weekdays[0][0]) <= 4
    days = rule.monthdays or (first.day,)
    return len(days) == 1 and -28 <= days[0] <= 28


def _yearly(rule: Rule, first: dt.datetime, since: int, until: int) -> Iterator[Sequence[int]]:
    low, high = dt.date.fromordinal(since).year - 1, dt.date.fromordinal(until).year + 1
    base = first.isocalendar().year if rule.weeks else first.year
    start = base + max(0, (low - base) // rule.interval) * rule.interval
    for year in range(start, min(high, _LAST_YEAR) + 1, rule.interval):
        yield _year(rule, first, year)


def _year(rule: Rule, first: dt.datetime, year: int) -> Sequence[int]:
    """The days of a year; with BYWEEKNO the days of its weeks, which may lie in the year
    before or after."""
    if not (rule.monthdays or rule.weekdays or rule.yeardays or rule.weeks):
        return [
            dt.date(year, month, first.day).toordinal()
            for month in rule.months or (first.month,)
            if first.day <= monthrange(year, month)[1]
        ]
    sets: list[set[int]] = []
    if rule.weeks:
        sets.append(_weeks(rule, first, year))
    if rule.monthdays or (rule.weekdays and rule.months and not rule.weeks):
        found: set[int] = set()
        for month in rule.months or range(1, 13):
            limits = _limits(rule, dt.date(year, month, 1).toordinal(), monthrange(year, month)[1])
            found |= set.intersection(*limits)
        sets.append(found)
    elif rule.weekdays and not rule.weeks:
        sets += _limits(rule, dt.date(year, 1, 1).toordinal(), 366 if isleap(year) else 365)
    if rule.yeardays:
        sets.append(_yeardays(rule, year))
    days = sorted(set.intersection(*sets))
    return [day for day in days if dt.date.fromordinal(day).month in rule.months] if rule.months else days


def _limits(rule: Rule, start: int, length: int) -> list[set[int]]:
    """The days that BYMONTHDAY and BYDAY name, each in one set, in a month or year that
    begins at ``start``."""
    sets: list[set[int]] = []
    if rule.monthdays:
        counted = (day - 1 if day > 0 else length + day for day in rule.monthdays)
        sets.append({start + day for day in counted if 0 <= day < length})
    if rule.weekdays:
        found: set[int] = set()
        for number, weekday in rule.weekdays:
            all_of_them = range(start + (weekday - _weekday(start)) % 7, start + length, 7)
            if number == 0:
                found.update(all_of_them)
            elif -len(all_of_them) <= number <= len(all_of_them):
                found.add(all_of_them[number - 1 if number > 0 else number])
        sets.append(found)
    return sets


def _yeardays(rule: Rule, year: int) -> set[int]:
    start, length = dt.date(year, 1, 1).toordinal(), 366 if isleap(year) else 365
    counted = (day - 1 if day > 0 else length + day for day in rule.yeardays)
    return {start + day for day in counted if 0 <= day < length}


def _weeks(rule: Rule, first: dt.datetime, year: int) -> set[int]:
    """The days of the numbered weeks; week 1 is the first with four days in the year. The
    weekday is the first instance's where BYDAY does not say."""
    starts_of_year = []
    for beginning in (dt.date(year, 1, 1).toordinal(), dt.date(year + 1, 1, 1).toordinal()):
        back = (_weekday(beginning) - rule.wkst) % 7
        starts_of_year.append(beginning - back if back <= 3 else beginning + 7 - back)
    start, end = starts_of_year
    length = (end - start) // 7
    weekdays = [day for _, day in rule.weekdays]
    if not weekdays:
        weekdays = list(range(7)) if rule.monthdays or rule.yeardays else [first.weekday()]
    counted = (week - 1 if week > 0 else length + week for week in rule.weeks)
    return {
        start + 7 * week + (weekday - rule.wkst) % 7 for week in counted if 0 <= week < length for weekday in weekdays
    }


def _week_offsets(rule: Rule, first: dt.datetime) -> list[int]:
    """The days of a week that BYDAY names, counted from WKST; without BYDAY the first
    instance's day, or every day where another part chooses."""
    days = [day for _, day in rule.weekdays]
    if not days:
        days = list(range(7)) if rule.monthdays or rule.yeardays else [first.weekday()]
    return sorted((day - rule.wkst) % 7 for day in days)


def _fits(rule: Rule, day: dt.date) -> bool:
    """Whether a day passes the parts that limit rules of days, weeks and hours."""
    if rule.months and day.month not in rule.months:
        return False
    if rule.weekdays and (0, day.weekday()) not in rule.weekdays:
        return False
    if rule.monthdays:
        length = monthrange(day.year, day.month)[1]
        if day.day not in rule.monthdays and day.day - length - 1 not in rule.monthdays:
            return False
    return not rule.yeardays or day.toordinal() in _yeardays(rule, day.year)


def _weekday(ordinal: int) -> int:
    return (ordinal + 6) % 7


_PERIODS: dict[str, Callable[[Rule, dt.datetime, int, int], Iterator[Sequence[int]]]] = {
    "DAILY": _daily,
    "WEEKLY": _weekly,
    "MONTHLY": _monthly,
    "YEARLY": _yearly,
}
