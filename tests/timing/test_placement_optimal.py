"""Placement against a plain search through every arrangement, on small cases."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.timing.placement import NO_FREE_TIME, OVER_THE_CAP, THEIR_DAY_NOT_KEPT, Caps, Placed, Wish, place
from calsync.timing.working_time import WorkingTime

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = date(2026, 3, 6)
MINE = WorkingTime(LONDON, (time(9), time(10)), frozenset(range(5)), frozenset({date(2026, 3, 10)}))

Span = tuple[datetime, datetime]
Choice = tuple[int, bool, int, datetime, datetime]  # day, not inside at, quarter, start, end


def at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=LONDON)


def overlap(one: Span, other: Span) -> bool:
    return max(one[0], other[0]) < min(one[1], other[1])


def in_order(choice: Choice | date) -> tuple[int, bool, int]:
    return (choice.toordinal(), False, 0) if isinstance(choice, date) else choice[:3]


class EveryArrangement:
    """What placement promises, worked out by trying everything."""

    def __init__(
        self, wishes: Sequence[Wish], busy: Sequence[Span], taken: Sequence[Span], caps: Caps, now: datetime
    ) -> None:
        self.wishes = sorted(wishes, key=lambda wish: (wish.importance, wish.id))
        self.blocked = [*busy, *taken]
        self.taken, self.caps, self.now = taken, caps, now

    def days(self, wish: Wish) -> list[date]:
        first = max(wish.first_day, self.now.date())
        while not MINE.allowed(first, wish.days):
            first += timedelta(days=1)
        window = [first + timedelta(days=n) for n in range(max((wish.last_day - first).days, 0) + 1)]
        return [day for day in window if MINE.allowed(day, wish.days)]

    def free(self, wish: Wish, day: date, *, their_day: bool) -> Iterator[Choice]:
        for outside, hours in enumerate((wish.at, MINE.hours)):
            for quarter in range(96):
                start = datetime.combine(day, time(*divmod(quarter * 15, 60)), tzinfo=LONDON)
                end = start + wish.length
                if start < max(self.now, wish.not_before or self.now) or end.date() != day:
                    continue
                if start.time() < hours[0] or end.time() > hours[1]:
                    continue
                if any(overlap((start, end), span) for span in self.blocked):
                    continue
                if their_day and not all(
                    time(9) <= start.astimezone(zone).time() and end.astimezone(zone).time() <= time(18)
                    for zone in wish.their_zones
                ):
                    continue
                yield day.toordinal(), bool(outside), quarter, start, end

    def kinds(self, wish: Wish) -> list[list[Choice | date]]:
        days = self.days(wish)
        kinds: list[list[Choice | date]] = []
        for their_day in (True, False) if wish.their_zones else (False,):
            kinds.append([choice for day in days for choice in self.free(wish, day, their_day=their_day)])
        return [*kinds, list(days)]

    def possible(self, options: list[list[Choice | date]], chosen: tuple[Choice | date, ...] = ()) -> bool:
        if chosen and not self.keeps(chosen):
            return False
        if len(chosen) == len(options):
            return True
        if not chosen:
            options = sorted(options, key=len)
        return any(self.possible(options, (*chosen, choice)) for choice in options[len(chosen)])

    def keeps(self, chosen: tuple[Choice | date, ...]) -> bool:
        *others, last = chosen
        if not isinstance(last, date) and any(
            overlap(last[3:], other[3:]) for other in others if not isinstance(other, date)
        ):
            return False
        days = [one if isinstance(one, date) else date.fromordinal(one[0]) for one in chosen]
        here = Counter(days) + Counter(start.date() for start, _ in self.taken)
        weeks: Counter[tuple[int, int]] = Counter()
        for day, count in here.items():
            weeks[day.isocalendar()[:2]] += count
        return here[days[-1]] <= self.caps.per_day and weeks[days[-1].isocalendar()[:2]] <= self.caps.per_week

    def last_resort(self, wish: Wish, day: date) -> datetime:
        soonest = max(self.now, wish.not_before or self.now)
        soonest += timedelta(minutes=-soonest.minute % 15)
        return max(datetime.combine(day, wish.at[0], tzinfo=LONDON), soonest)

    def best(self) -> list[Placed]:
        options: dict[str, list[Choice | date]] = {}
        for wish in self.wishes:
            for kind in self.kinds(wish):
                if self.possible([*options.values(), kind]):
                    options[wish.id] = kind
                    break
        for wish_id, kind in options.items():
            for choice in sorted(kind, key=in_order):
                if self.possible([*({**options, wish_id: [choice]}.values())]):
                    options[wish_id] = [choice]
                    break
        placed: dict[str, Placed] = {}
        for wish in self.wishes:
            if wish.id in options:
                choice = options[wish.id][0]
                if isinstance(choice, date):
                    placed[wish.id] = self.result(wish, self.last_resort(wish, choice), NO_FREE_TIME)
                else:
                    placed[wish.id] = self.result(wish, choice[3])
        for wish in self.wishes:
            if wish.id not in options:
                placed[wish.id] = self.over_the_cap(wish, placed)
        return [placed[wish.id] for wish in self.wishes]

    def over_the_cap(self, wish: Wish, placed: dict[str, Placed]) -> Placed:
        day = self.days(wish)[-1]
        for their_day in (True, False):
            for choice in self.free(wish, day, their_day=their_day):
                if not any(overlap(choice[3:], (one.start, one.end)) for one in placed.values()):
                    return self.result(wish, choice[3], OVER_THE_CAP)
        return self.result(wish, self.last_resort(wish, day), OVER_THE_CAP, NO_FREE_TIME)

    def result(self, wish: Wish, start: datetime, *notes: str) -> Placed:
        end = start + wish.length
        for zone in wish.their_zones:
            if start.astimezone(zone).time() < time(9) or end.astimezone(zone).time() > time(18):
                notes = (*notes, THEIR_DAY_NOT_KEPT)
                break
        return Placed(wish.id, start, end, notes)


DAYS = [FRIDAY + timedelta(days=n) for n in (0, 3, 4, 5, 6, 7)]
HOURS = [
    (time(9), time(9, 30)),
    (time(9, 15), time(10)),
    (time(9), time(9, 15)),
    (time(9, 30), time(10)),
    (time(15), time(15, 30)),
]


def crowded(seed: int, lengths: Sequence[int]) -> tuple[list[Wish], list[Span], list[Span], Caps, datetime]:
    """Some wishes for very few places, from a seed."""
    rng = random.Random(seed)
    days = DAYS[: rng.choice([2, 3, 4, 6])]
    wishes = []
    for number in range(rng.randint(2, 5)):
        first = rng.choice(days)
        wishes.append(
            Wish(
                id=f"w{number}",
                first_day=first,
                last_day=first + timedelta(days=rng.choice([0, 0, 1, 3, 4, 5])),
                days=rng.choice(["working", "working", "working", "any"]),
                at=rng.choice(HOURS),
                length=timedelta(minutes=rng.choice(lengths)),
                importance=(rng.randrange(4),),
                not_before=rng.choice([None, None, None, at(FRIDAY, 9, 20), at(FRIDAY, 23, 15)]),
                their_zones=rng.choice([(), (), (), (NEW_YORK,)]),
            )
        )

    def spans(most: int, minutes: Sequence[int]) -> list[Span]:
        starts = [
            at(rng.choice(days), rng.choice([8, 9, 9, 15]), rng.randrange(60)) for _ in range(rng.randint(0, most))
        ]
        return [(start, start + timedelta(minutes=rng.choice(minutes))) for start in starts]

    caps = Caps(rng.choice([0, 1, 1, 2, 2, 3]), rng.choice([1, 2, 3, 4, 9]))
    now = rng.choice([at(FRIDAY, 2), at(FRIDAY, 2), at(FRIDAY, 9, 5), at(FRIDAY, 11), at(DAYS[0] + timedelta(1), 12)])
    return wishes, spans(6, [0, 15, 30, 40, 600]), spans(2, [15, 30]), caps, now


@settings(max_examples=200)
@given(st.integers(0, 10**9))
def test_quarter_hour_reminders_get_exactly_the_best_arrangement(seed: int) -> None:
    wishes, busy, taken, caps, now = crowded(seed, [5, 15])
    expected = EveryArrangement(wishes, busy, taken, caps, now).best()
    assert place(wishes, mine=MINE, busy=busy, taken=taken, caps=caps, now=now) == expected


@settings(max_examples=200)
@given(st.integers(0, 10**9))
def test_reminders_of_any_length_get_exactly_the_best_arrangement(seed: int) -> None:
    wishes, busy, taken, caps, now = crowded(seed, [15, 20, 30, 45, 60])
    expected = EveryArrangement(wishes, busy, taken, caps, now).best()
    assert place(wishes, mine=MINE, busy=busy, taken=taken, caps=caps, now=now) == expected
