"""How long it takes until people are met again, when not all of them have been yet.

Somebody met last week and not seen since says little, but not nothing: after one week there
was no second meeting. To leave such people out would make everybody look quick, to count them
as never met again would make everybody look lost. So each counts for as long as they could be
watched (Kaplan and Meier, 1958), and every share comes with an interval that says how far it
can be trusted (Greenwood's variance on the log-log scale).

People who were met together come back together: five guests of one dinner are not five separate
pieces of news. So the variance is multiplied by how much that makes it larger (the design effect,
from the infinitesimal jackknife over companies instead of people, which is Greenwood's where
everybody was met alone).

Days are whole local days after the first meeting.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from math import exp, log, sqrt
from statistics import NormalDist
from typing import NamedTuple

LEVEL = 0.95
"""How sure an interval is, where nothing else is said."""


_ROUNDING = 1e-12


class Watched(NamedTuple):
    """One person: ``days`` until they were met again or, where ``met`` is false, until the
    last day on which that could have been seen. ``company`` is the same for all who were first met
    together; empty for somebody met alone."""

    days: int
    met: bool
    company: str = ""


class Share(NamedTuple):
    """A share of the people, from 0 to 1, and the interval it lies in."""

    value: float
    low: float
    high: float


class Reached(NamedTuple):
    """The day by which a share was reached, and the interval of that day; None is "not reached"."""

    day: int | None
    low: int | None
    high: int | None


class Point(NamedTuple):
    """A day on which somebody was met again. ``at_risk`` were still to be met as it began,
    ``met`` of them were met on it; ``unmet`` is the estimate for the day's end, and ``spread``
    Greenwood's sum up to then: the variance of its logarithm."""

    day: int
    at_risk: int
    met: int
    unmet: float
    spread: float


_START = Point(0, 0, 0, 1.0, 0.0)


@dataclass(frozen=True)
class Curve:
    """The share of people met again by each day. It rises and never falls. ``companies`` is the number
    of first meetings, ``design`` how much larger the variance is for their sake."""

    people: int
    met: int
    points: tuple[Point, ...]
    companies: int
    design: float
    _watched: tuple[int, ...] = field(repr=False)

    def at_risk(self, day: int) -> int:
        """How many were watched up to that day and not met before it."""
        return self.people - bisect_left(self._watched, day)

    def weight(self, day: int) -> float:
        """How much of the share a single person decides on that day: all of it where nobody is left
        who was watched so long, nothing where everybody was met."""
        unmet, at_risk = self._at(day).unmet, self.at_risk(day)
        return unmet / at_risk if at_risk else float(unmet > 0)

    def share(self, day: int, level: float = LEVEL) -> Share | None:
        """The share met again by the end of a day; None where nobody was watched so long."""
        point = self._at(day)
        if not self.people or (point.unmet > 0 and not self.at_risk(day)):
            return None
        number = max(self.at_risk(day), point.at_risk) * self.companies / self.people
        return _share(point.unmet, sqrt(self.design * point.spread), number, level)

    def reached(self, part: float, level: float = LEVEL) -> Reached:
        """The first day by which this share of all people was met again (its interval by Brookmeyer
        and Crowley: the days that the interval of the share does not rule out)."""
        return _reached((point.day for point in self.points), part, lambda day: self.share(day, level))

    def within(self, days: int) -> Returns:
        """The same, of those alone who are met again within so many days."""
        return Returns(self, days)

    def _at(self, day: int) -> Point:
        place = bisect_right(self.points, day, key=lambda point: point.day)
        return self.points[place - 1] if place else _START


@dataclass(frozen=True)
class Returns:
    """The people who are met again within ``horizon`` days, estimated from all: how soon they are.

    The share met by a day is that of the whole curve, divided by what it comes to at the horizon.
    Its variance follows from Greenwood's by the delta method; where everybody was watched to the
    horizon it is the binomial one.
    """

    curve: Curve
    horizon: int

    @property
    def met(self) -> int:
        """How many of them were seen to be met again."""
        return sum(point.met for point in self.curve.points if point.day <= self.horizon)

    def share(self, day: int, level: float = LEVEL) -> Share | None:
        """The share of them met again by the end of a day; None where nobody was."""
        now, last = self.curve._at(min(day, self.horizon)), self.curve._at(self.horizon)
        whole = 1 - last.unmet
        if whole <= 0:
            return None
        part = (1 - now.unmet) / whole
        variance = now.unmet**2 * now.spread - 2 * part * now.unmet * last.unmet * now.spread
        variance = max(variance + part**2 * last.unmet**2 * last.spread, 0.0) / whole**2
        left = 1 - part
        variance *= self.curve.design
        number = self.met * self.curve.companies / self.curve.people
        return _share(left, sqrt(variance) / left if left > 0 else 0.0, number, level)

    def reached(self, part: float, level: float = LEVEL) -> Reached:
        """The first day by which this share of them was met again, with its interval."""
        days = (point.day for point in self.curve.points if point.day <= self.horizon)
        return _reached(days, part, lambda day: self.share(day, level))


def curve_of(watched: Iterable[Watched]) -> Curve:
    """Estimate the curve (Kaplan and Meier). Whoever was watched up to the day on which somebody
    else is met counts on that day."""
    everybody = sorted(watched)
    ends = sorted(each.days for each in everybody)
    met_on = Counter(each.days for each in everybody if each.met)
    points = []
    unmet, spread = 1.0, 0.0
    for day in sorted(met_on):
        at_risk, met = len(ends) - bisect_left(ends, day), met_on[day]
        unmet *= (at_risk - met) / at_risk
        spread += met / (at_risk * (at_risk - met)) if at_risk > met else 0.0
        points.append(Point(day, at_risk, met, unmet, spread))
    companies = len({each.company for each in everybody if each.company}) + sum(not e.company for e in everybody)
    design = _design(everybody, points) if companies < len(everybody) else 1.0
    return Curve(len(ends), sum(met_on.values()), tuple(points), companies, design, tuple(ends))


def _design(everybody: Sequence[Watched], points: Sequence[Point]) -> float:
    """The largest design effect on the days by which a quarter, half, three quarters and all of the
    meetings were seen; never below 1."""
    known = [point for point in points if point.unmet > 0]
    chosen = {known[(len(known) - 1) * part // 4].day for part in (1, 2, 3, 4)} if known else set()
    by_day = {point.day: point for point in known}
    return max([1.0, *(_variance(everybody, known, day) / by_day[day].spread for day in chosen)])


def _variance(everybody: Iterable[Watched], points: Sequence[Point], day: int) -> float:
    """The variance of the logarithm of the share not met by a day, company by company."""
    days = [point.day for point in points]
    influence: dict[object, float] = {}
    for place, each in enumerate(everybody):
        last = bisect_right(days, min(each.days, day)) - 1
        own = points[last].spread if last >= 0 else 0.0
        if each.met and each.days <= day:
            own -= 1 / (points[last].at_risk - points[last].met)
        company = each.company or place
        influence[company] = influence.get(company, 0.0) + own
    number = len(influence)
    return sum(each**2 for each in influence.values()) * number / max(number - 1, 1)


def _share(unmet: float, deviation: float, number: float, level: float) -> Share:
    """The share met, from the share not met and the standard deviation of its logarithm.

    The interval is symmetric on the log-log scale, where it cannot leave 0 to 1. Where nobody or
    everybody was met there is no such scale, and the exact interval of so many people stands in.
    """
    tail = (1 - level) / 2
    if unmet >= 1:
        return Share(0.0, 0.0, 1 - tail ** (1 / number) if number else 1.0)
    if unmet <= 0:
        return Share(1.0, tail ** (1 / number) if number else 0.0, 1.0)
    width = NormalDist().inv_cdf(1 - tail) * deviation / -log(unmet)
    return Share(1 - unmet, 1 - unmet ** exp(-width), 1 - unmet ** exp(width))


def _reached(days: Iterable[int], part: float, share: Callable[[int], Share | None]) -> Reached:
    """The first days on which the estimate, its upper and its lower limit come to a share."""
    reached: dict[str, int] = {}
    for day in days:
        known = share(day)
        for name, value in known._asdict().items() if known else ():
            if name not in reached and value >= part - _ROUNDING:
                reached[name] = day
    return Reached(reached.get("value"), reached.get("high"), reached.get("low"))
