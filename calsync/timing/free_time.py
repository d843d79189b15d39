"""Which quarter hours of a day a reminder could start on.

Placement asks this for hundreds of follow-ups over weeks of days, so a day's answer is
one integer: bit ``i`` stands for the start at ``i`` quarter hours of elapsed time after
the day's first instant. On a day on which the clocks change, bits exist only for quarter
hours that the wall clock really shows, and of those shown twice for the first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

QUARTER = 900
THEIR_HOURS = (time(9), time(18))

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)


def seconds(moment: datetime) -> int:
    """Whole seconds of an aware moment since 1970 in UTC; a fraction is dropped."""
    return (moment - _EPOCH) // _SECOND


def quarters(length: timedelta) -> int:
    """How many quarter hours a reminder of this length keeps from other reminders."""
    return max(1, -(-length // timedelta(seconds=QUARTER)))


def next_quarter(moment: datetime, zone: tzinfo) -> datetime:
    """``moment`` in ``zone``, or the next quarter hour there if it is not on one.

    Zones that stand on no quarter hour of UTC (they are history) are rounded by their
    own clock, too.
    """
    local = moment.astimezone(zone)
    past = timedelta(minutes=local.minute % 15, seconds=local.second, microseconds=local.microsecond)
    if not past:
        return local
    return (local.astimezone(UTC) + timedelta(minutes=15) - past).astimezone(zone)


@dataclass(frozen=True)
class _Day:
    """``first`` and ``end`` are the day's first instant and the next day's, in seconds;
    ``wall`` gives the minute of the day shown at each bit."""

    first: int
    end: int
    wall: dict[int, int]
    bits: int
    even: bool


class FreeTime:
    """My days, and what is free on them.

    ``blocked`` are the spans that nothing may overlap, in any order, overlapping as they
    like; a span without length blocks nothing.
    """

    def __init__(self, zone: tzinfo, blocked: Iterable[tuple[datetime, datetime]]) -> None:
        self.zone = zone
        self._days: dict[date, _Day] = {}
        self._free: dict[tuple[date, timedelta], int] = {}
        self._inside: dict[tuple[date, time, time, timedelta], int] = {}
        self._theirs: dict[tuple[date, tzinfo, timedelta], int] = {}
        self._starts: list[int] = []
        self._ends: list[int] = []
        for start, end in sorted(_in_seconds(blocked)):
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(self._ends[-1], end)
            else:
                self._starts.append(start)
                self._ends.append(end)

    def start(self, day: date, bit: int) -> datetime:
        """The moment, in my zone, for which ``bit`` of ``day`` stands."""
        return (_EPOCH + timedelta(seconds=self._day(day).first + bit * QUARTER)).astimezone(self.zone)

    def after(self, day: date, moment: datetime) -> int:
        """The starts of ``day`` that are not before ``moment``."""
        skipped = -(-(seconds(moment) - self._day(day).first) // QUARTER)
        return self._day(day).bits if skipped <= 0 else self._day(day).bits >> skipped << skipped

    def inside(self, day: date, hours: tuple[time, time], length: timedelta) -> int:
        """The starts from which ``length`` lies wholly inside ``hours``, by the wall clock."""
        key = (day, *hours, length)
        if key not in self._inside:
            self._inside[key] = self._find_inside(self._day(day), hours, length)
        return self._inside[key]

    def free(self, day: date, length: timedelta) -> int:
        """The starts from which ``length`` overlaps nothing that is blocked."""
        key = (day, length)
        if key not in self._free:
            self._free[key] = self._find_free(self._day(day), max(1, int(length.total_seconds())))
        return self._free[key]

    def theirs(self, day: date, zones: Sequence[tzinfo], length: timedelta) -> int:
        """The starts from which ``length`` lies inside 09:00-18:00 of each of ``zones``."""
        mask = self._day(day).bits
        for zone in zones:
            key = (day, zone, length)
            if key not in self._theirs:
                self._theirs[key] = self._find_theirs(day, zone, int(length.total_seconds()))
            mask &= self._theirs[key]
        return mask

    def _day(self, day: date) -> _Day:
        if day not in self._days:
            self._days[day] = self._read_day(day)
        return self._days[day]

    def _read_day(self, day: date) -> _Day:
        first = _instant(day, time(0), self.zone)
        following = day + timedelta(days=1) if day < date.max else day
        end = _instant(following, time(0), self.zone)
        if end - first == 96 * QUARTER:
            return _Day(first, end, {}, (1 << 96) - 1, even=True)
        wall: dict[int, int] = {}
        for minute in range(0, 24 * 60, 15):
            moment = datetime.combine(day, time(*divmod(minute, 60)), tzinfo=self.zone)
            shown = moment.astimezone(UTC).astimezone(self.zone)
            bit, rest = divmod(seconds(moment) - first, QUARTER)
            if not rest and shown.replace(tzinfo=None) == moment.replace(tzinfo=None):
                wall.setdefault(bit, minute)
        return _Day(first, end, wall, sum(1 << bit for bit in wall), even=False)

    def _find_inside(self, day: _Day, hours: tuple[time, time], length: timedelta) -> int:
        opens, closes = _seconds_of_day(hours[0]), _seconds_of_day(hours[1]) or 24 * 3600
        taken = int(length.total_seconds())
        if day.even:
            return _between(-(-opens // QUARTER), (closes - taken) // QUARTER)
        mask = 0
        for bit, minute in day.wall.items():
            if not opens <= minute * 60 <= closes - taken:
                continue
            ends = day.first + bit * QUARTER + taken
            shown = (_EPOCH + timedelta(seconds=ends)).astimezone(self.zone)
            if _seconds_of_day(shown.time()) <= closes if ends < day.end else ends == day.end:
                mask |= 1 << bit
        return mask

    def clear_of(self, day: date, spans: Iterable[tuple[datetime, datetime]], length: timedelta) -> int:
        """The starts from which ``length`` overlaps none of ``spans``, whatever is blocked."""
        there = self._day(day)
        return _clear(there, _in_seconds(spans), max(1, int(length.total_seconds())))

    def _find_free(self, day: _Day, taken: int) -> int:
        low, high = bisect_right(self._ends, day.first), bisect_left(self._starts, day.end + taken)
        return _clear(day, zip(self._starts[low:high], self._ends[low:high], strict=True), taken)

    def _find_theirs(self, day: date, zone: tzinfo, taken: int) -> int:
        first, mask = self._day(day).first, 0
        for away in (-1, 0, 1):
            there = date.fromordinal(min(max(day.toordinal() + away, 1), date.max.toordinal()))
            opens, closes = (_instant(there, hour, zone) - first for hour in THEIR_HOURS)
            mask |= _between(-(-opens // QUARTER), (closes - taken) // QUARTER)
        return mask


def inside_their_day(start: datetime, end: datetime, zone: tzinfo) -> bool:
    """Whether a span lies inside 09:00-18:00 of one day in ``zone``."""
    first, last = start.astimezone(zone), end.astimezone(zone)
    opens, closes = THEIR_HOURS
    return first.date() == last.date() and opens <= first.time() and last.time() <= closes


def outside_their_day(start: datetime, end: datetime, zone: tzinfo) -> timedelta:
    """How far a span sticks out of 09:00-18:00 of the day in ``zone`` that it comes closest to."""
    first, last = start.astimezone(zone).replace(tzinfo=None), end.astimezone(zone).replace(tzinfo=None)
    away = []
    for day in (first.date() - timedelta(days=1), first.date(), first.date() + timedelta(days=1)):
        opens, closes = (datetime.combine(day, hour) for hour in THEIR_HOURS)
        away.append(max(opens - first, last - closes, timedelta(0)))
    return min(away)


def bits(mask: int) -> Iterator[int]:
    """The numbers of the bits that are set, the lowest first."""
    while mask:
        low = mask & -mask
        yield low.bit_length() - 1
        mask ^= low


def _clear(day: _Day, spans: Iterable[tuple[int, int]], taken: int) -> int:
    mask = day.bits
    for start, end in spans:
        first = (start - taken - day.first) // QUARTER + 1
        mask &= ~_between(first, -(-(end - day.first) // QUARTER) - 1)
    return mask


def _in_seconds(spans: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[int, int]]:
    """Spans that have a length, widened to whole seconds."""
    for start, end in spans:
        first, last = (start - _EPOCH) // _SECOND, -((_EPOCH - end) // _SECOND)
        if first < last:
            yield first, last


def _instant(day: date, at: time, zone: tzinfo) -> int:
    return seconds(datetime.combine(day, at, tzinfo=zone))


def _seconds_of_day(at: time) -> int:
    return at.hour * 3600 + at.minute * 60 + at.second


def _between(first: int, last: int) -> int:
    """The bits from ``first`` to ``last``, both included."""
    first = max(first, 0)
    return (1 << (last + 1)) - (1 << first) if last >= first else 0
