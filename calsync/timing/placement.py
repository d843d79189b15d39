"""The day and the hour of each reminder.

Everybody's follow-ups compete for the same few good moments: a handful of reminders a
day, between the meetings already there. This room says who gets which, so that what
matters more goes first, nothing is dropped, and what is written already stays.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from calsync.timing.fitting import Claim
from calsync.timing.free_time import FreeTime, bits, inside_their_day, next_quarter, quarters
from calsync.timing.places import Places
from calsync.timing.working_time import WorkingTime

OVER_THE_CAP = "over the cap"
NO_FREE_TIME = "no free time"
THEIR_DAY_NOT_KEPT = "their day could not be kept"


@dataclass(frozen=True)
class Wish:
    """A reminder that wants a place.

    It may lie on ``first_day`` to ``last_day``, both included, if ``days`` ("working" or
    "any") allows; best inside ``at``, whose end of ``time(0)`` is midnight; never before
    ``not_before``; and inside 09:00-18:00 of each of ``their_zones``. Of two, the one
    with the smaller ``importance`` goes first, then the smaller id.
    """

    id: str
    first_day: date
    last_day: date
    days: str
    at: tuple[time, time]
    length: timedelta
    importance: tuple[Any, ...] = ()
    not_before: datetime | None = None
    their_zones: tuple[tzinfo, ...] = ()


@dataclass(frozen=True)
class Placed:
    """Where a wish lies, in my zone, and what could not be kept: ``OVER_THE_CAP``,
    ``NO_FREE_TIME``, ``THEIR_DAY_NOT_KEPT``."""

    id: str
    start: datetime
    end: datetime
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Caps:
    """The most reminders on one day, and from Monday to Sunday, in my zone."""

    per_day: int
    per_week: int


def place(
    wishes: Sequence[Wish],
    *,
    mine: WorkingTime,
    busy: Sequence[tuple[datetime, datetime]],
    taken: Sequence[tuple[datetime, datetime]],
    caps: Caps,
    now: datetime,
) -> list[Placed]:
    """A place for each wish, the most important first; none before ``now``.

    ``busy`` is my own time; ``taken`` are the reminders that stand already: they keep
    their time, and count in the caps on the local day of their start. Neither may be
    overlapped. The result depends on the wishes, not on their order.

    In order of importance each wish gets the best that leaves the more important ones
    what they have: free time within the caps, also inside their day if it asks for
    that; else a place within the caps without free time; else the last day of its
    window, over the cap. With that settled, each in the same order gets its earliest
    day and start that leaves all others a place. Exact for reminders of a quarter hour,
    and for longer ones unless very many compete for very little free time.
    """
    if not wishes:
        return []
    ordered = sorted(wishes, key=lambda wish: (wish.importance, wish.id))
    round_ = _Round(ordered, mine, [*busy, *taken], [start for start, _ in taken], caps, now)
    return round_.placed()


class _Round:
    """One round of placing: the days that the wishes span, counted from 0, and who is there."""

    def __init__(
        self,
        wishes: Sequence[Wish],
        mine: WorkingTime,
        blocked: Sequence[tuple[datetime, datetime]],
        standing: Sequence[datetime],
        caps: Caps,
        now: datetime,
    ) -> None:
        self._mine = mine
        self._time = FreeTime(mine.zone, blocked)
        self._wishes = wishes
        self._earliest = [_earliest(wish, now, mine.zone) for wish in wishes]
        self._too_late = {
            number
            for number, wish in enumerate(wishes)
            if self._earliest[number].date() > wish.last_day
            and (last := _moment(wish, now, mine.zone).date()) <= wish.last_day
            and mine.allowed(last, wish.days)
        }
        windows = [self._window(number) for number in range(len(wishes))]
        self._first = min(first for first, _ in windows)
        count = (max(last for _, last in windows) - self._first).days + 1
        working = sum(1 << day for day in range(count) if mine.is_working(self._date(day)))
        self._days = [self._open_days(wish, *window, working) for wish, window in zip(wishes, windows, strict=True)]
        self._places = self._empty_places(count, standing, caps)

    def placed(self) -> list[Placed]:
        claims = [self._seat(number) for number in range(len(self._wishes))]
        self._places.settle([claim for claim in claims if claim is not None])
        found: dict[int, Placed] = {}
        for number, claim in enumerate(claims):
            if claim is not None:
                found[number] = self._at_claim(number, claim)
        by_day: defaultdict[date, list[tuple[datetime, datetime]]] = defaultdict(list)
        for one in found.values():
            by_day[one.start.date()].append((one.start, one.end))
        for number, claim in enumerate(claims):
            if claim is None:
                last_day = self._days[number].bit_length() - 1
                near = [span for day in (last_day - 1, last_day) for span in by_day[self._date(day)]]
                one = found[number] = self._over_the_cap(number, last_day, near)
                by_day[one.start.date()].append((one.start, one.end))
        return [found[number] for number in range(len(self._wishes))]

    def _seat(self, number: int) -> Claim | None:
        """The best kind of place that leaves those before it what they have."""
        wish, days = self._wishes[number], self._days[number]
        for starts in self._kinds_of_start(number):
            suitable = sum(1 << day for day in bits(days) if any(starts(day)))
            claim = Claim(suitable, quarters(wish.length), starts)
            if suitable and self._places.seat(claim):
                return claim
            if suitable == days and not self._places.slots_were_short:
                return None
        claim = Claim(days, 0, lambda day: (0, 0))
        return claim if self._places.seat(claim) else None

    def _kinds_of_start(self, number: int) -> Iterator[Callable[[int], tuple[int, int]]]:
        if number in self._too_late:
            return
        if self._wishes[number].their_zones:
            yield lambda day: self._starts(number, day, their_day=True)
        yield lambda day: self._starts(number, day, their_day=False)

    def _starts(self, number: int, day: int, *, their_day: bool) -> tuple[int, int]:
        """Where the wish finds free time on a day: inside ``at``, and else inside my hours."""
        wish, there = self._wishes[number], self._date(day)
        free = self._time.free(there, wish.length) & self._time.after(there, self._earliest[number])
        if their_day and free:
            free &= self._time.theirs(there, wish.their_zones, wish.length)
        if not free:
            return 0, 0
        preferred = free & self._time.inside(there, wish.at, wish.length)
        return preferred, free & ~preferred & self._time.inside(there, self._mine.hours, wish.length)

    def _at_claim(self, number: int, claim: Claim) -> Placed:
        day, start = self._places.place_of(claim)
        if claim.width:
            return self._result(number, self._time.start(self._date(day), start))
        return self._result(number, self._last_resort(number, day), NO_FREE_TIME)

    def _over_the_cap(self, number: int, day: int, near: Sequence[tuple[datetime, datetime]]) -> Placed:
        clear = self._time.clear_of(self._date(day), near, self._wishes[number].length)
        for starts in self._kinds_of_start(number):
            for mask in starts(day):
                for start in bits(mask & clear):
                    return self._result(number, self._time.start(self._date(day), start), OVER_THE_CAP)
        return self._result(number, self._last_resort(number, day), OVER_THE_CAP, NO_FREE_TIME)

    def _last_resort(self, number: int, day: int) -> datetime:
        if number in self._too_late:
            return self._earliest[number]
        opens = datetime.combine(self._date(day), self._wishes[number].at[0], tzinfo=self._mine.zone)
        return max(opens.astimezone(UTC), self._earliest[number].astimezone(UTC)).astimezone(self._mine.zone)

    def _result(self, number: int, start: datetime, *notes: str) -> Placed:
        wish = self._wishes[number]
        end = (start.astimezone(UTC) + wish.length).astimezone(self._mine.zone)
        if not all(inside_their_day(start, end, zone) for zone in wish.their_zones):
            notes = (*notes, THEIR_DAY_NOT_KEPT)
        return Placed(wish.id, start, end, notes)

    def _window(self, number: int) -> tuple[date, date]:
        wish, earliest = self._wishes[number], self._earliest[number].date()
        if number in self._too_late:
            # The last quarter hour of its last day: the next one it is, though a day later.
            return earliest, earliest
        first = self._mine.next_allowed(max(wish.first_day, earliest), wish.days)
        return first, max(first, wish.last_day)

    def _open_days(self, wish: Wish, first: date, last: date, working: int) -> int:
        low, high = (first - self._first).days, (last - self._first).days
        window = (1 << (high + 1)) - (1 << low)
        return (window if wish.days == "any" else window & working) or 1 << low

    def _empty_places(self, count: int, standing: Sequence[datetime], caps: Caps) -> Places:
        offset = self._first.weekday()
        per_day, per_week = [caps.per_day] * count, defaultdict[int, int](lambda: caps.per_week)
        for start in standing:
            day = (start.astimezone(self._mine.zone).date() - self._first).days
            per_week[(day + offset) // 7] -= 1
            if 0 <= day < count:
                per_day[day] -= 1
        weeks = [(day + offset) // 7 for day in range(count)]
        return Places(per_day, {week: per_week[week] for week in weeks}, weeks)

    def _date(self, day: int) -> date:
        return self._first + timedelta(days=day)


def _moment(wish: Wish, now: datetime, zone: tzinfo) -> datetime:
    moment = now.astimezone(UTC)
    if wish.not_before is not None:
        moment = max(moment, wish.not_before.astimezone(UTC))
    return moment.astimezone(zone)


def _earliest(wish: Wish, now: datetime, zone: tzinfo) -> datetime:
    return next_quarter(_moment(wish, now, zone), zone)
