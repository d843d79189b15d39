"""Times to propose: when a coffee, a lunch or a call could really take place.

"Let us meet some time" is easily said and easily lost. Three times that are free say that
it is meant, and cost the other person one word. They lie on different days, some before
and some after noon, so that one of them suits whoever never can in the mornings.

What is offered may stand in a letter by tomorrow. So an offer is chosen once, and chosen
anew only where it no longer holds: what it rests on changed, or one of its times is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import reduce
from itertools import islice
from operator import or_
from typing import NamedTuple

from calsync.timing.free_time import FreeTime, bits, outside_their_day
from calsync.timing.working_time import WorkingTime

Span = tuple[datetime, datetime]

NUMBER = 3
_DAYS_LOOKED_AT = 10
_FARTHEST = timedelta(days=28)


class Offering(NamedTuple):
    """What kind of time a touch proposes.

    ``hours`` are the parts of the day to be used in turn; the rest of my working hours
    serves where they are taken, unless the thing has its hour (``fixed``), as lunch has.
    """

    length: timedelta
    hours: tuple[tuple[time, time], ...]
    fixed: bool = False


class Offer(NamedTuple):
    """``times`` in order; ``in_their_day`` is false where not one free time of mine lies inside
    09:00-18:00 of everybody's day, and these come closest."""

    times: tuple[Span, ...] = ()
    in_their_day: bool = True


def looked_at(start: datetime, zone: tzinfo) -> Span:
    """The span in which the times proposed by a reminder at ``start`` can lie."""
    day = start.astimezone(zone).date()
    first = datetime.combine(day + timedelta(days=1), time(0), tzinfo=zone)
    return first, first + _FARTHEST


def still_holds(offer: Offer, busy: Iterable[Span]) -> bool:
    """Whether I am free at all the times of an offer."""
    return not any(start < until and since < end for since, until in busy for start, end in offer.times)


def choose(
    start: datetime, offering: Offering, mine: WorkingTime, busy: Iterable[Span], zones: Sequence[tzinfo] = ()
) -> Offer:
    """Up to three free times for whom a reminder at ``start`` is about, who live in ``zones``.

    They begin on quarter hours of my working days, from the second one after the reminder's
    day on: who is asked today needs a day to answer. One a day where possible.
    """
    free = FreeTime(mine.zone, busy)
    days = _working_days(start, mine)
    found = _chosen(days, offering, mine, free, zones)
    if found or not zones:
        return Offer(found)
    nearest = (each for day in days if (each := _nearest(day, offering, mine, free, zones)) is not None)
    return Offer(tuple(islice(nearest, NUMBER)), in_their_day=False)


def _working_days(start: datetime, mine: WorkingTime) -> list[date]:
    today = start.astimezone(mine.zone).date()
    later = (today + timedelta(days=ahead) for ahead in range(1, _FARTHEST.days))
    return [day for day in later if mine.is_working(day)][1 : _DAYS_LOOKED_AT + 1]


def _open(day: date, offering: Offering, mine: WorkingTime, free: FreeTime) -> int:
    """The starts of a day at which I am free and the thing has its place."""
    starts = free.free(day, offering.length)
    hours = offering.hours if offering.fixed else (mine.hours,)
    return starts & reduce(or_, (free.inside(day, each, offering.length) for each in hours))


def _chosen(
    days: Sequence[date], offering: Offering, mine: WorkingTime, free: FreeTime, zones: Sequence[tzinfo]
) -> tuple[Span, ...]:
    """One time a day inside everybody's day, in the hours whose turn it is where that can be."""
    length = offering.length
    found: list[Span] = []
    # Another time on a day that has one already is better than no choice.
    for _ in range(NUMBER):
        for day in days:
            if len(found) == NUMBER:
                break
            starts = _open(day, offering, mine, free) & free.theirs(day, zones, length)
            starts &= free.clear_of(day, found, length)
            turn = len(found) % len(offering.hours)
            in_turn = [starts & free.inside(day, each, length) for each in _from(offering.hours, turn)]
            best = next((each for each in [*in_turn, starts] if each), 0)
            if best:
                found.append(_span(free, day, next(bits(best)), length))
    return tuple(sorted(found))


def _nearest(day: date, offering: Offering, mine: WorkingTime, free: FreeTime, zones: Sequence[tzinfo]) -> Span | None:
    """The free time of a day that is the least outside of everybody's."""
    spans = (_span(free, day, bit, offering.length) for bit in bits(_open(day, offering, mine, free)))
    return min(spans, key=lambda span: max(outside_their_day(span[0], span[1], zone) for zone in zones), default=None)


def _from(hours: Sequence[tuple[time, time]], turn: int) -> list[tuple[time, time]]:
    return [*hours[turn:], *hours[:turn]]


def _span(free: FreeTime, day: date, bit: int, length: timedelta) -> Span:
    start = free.start(day, bit)
    # Elapsed time, also on the day on which the clocks change.
    return start, (start.astimezone(UTC) + length).astimezone(start.tzinfo)
