"""What a repeat rule (RRULE, RFC 5545 §3.3.10) says.

A rule may be nonsense, and one nonsense rule must not cost more than its own event. What
cannot be read, or repeats more often than hourly, is an error with a sentence that is
the same for all rules with that trouble, so that it can be counted.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

UNREADABLE = "unreadable RRULE: read as a single event"
_SINGLE = "read as a single event"
_WEEKDAYS = {"MO": 0, "TU": 1, "WE": 2, "TH": 3, "FR": 4, "SA": 5, "SU": 6}
_FREQUENCIES = ("HOURLY", "DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_RAREST = 10**8  # an interval, even of hours, that is longer than the calendar
_RANGES = {
    "BYSECOND": (0, 59, False),
    "BYMINUTE": (0, 59, False),
    "BYHOUR": (0, 23, False),
    "BYMONTHDAY": (1, 31, True),
    "BYYEARDAY": (1, 366, True),
    "BYWEEKNO": (1, 53, True),
    "BYMONTH": (1, 12, False),
    "BYSETPOS": (1, 366, True),
}


class Unusable(ValueError):
    """A rule that cannot be used; the message says why."""


class Until(NamedTuple):
    """UNTIL as written: in UTC, or by the wall clock; ``day`` where it is only a date."""

    wall: dt.datetime
    utc: bool
    day: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that can be used. Empty tuples stand for parts that are not there;
    ``weekdays`` are pairs of the ordinal (0 for every one) and the day (Monday is 0)."""

    freq: str
    interval: int = 1
    count: int | None = None
    until: Until | None = None
    wkst: int = 0
    weekdays: tuple[tuple[int, int], ...] = ()
    months: tuple[int, ...] = ()
    monthdays: tuple[int, ...] = ()
    yeardays: tuple[int, ...] = ()
    weeks: tuple[int, ...] = ()
    hours: tuple[int, ...] = ()
    minutes: tuple[int, ...] = ()
    seconds: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()


@lru_cache(maxsize=4096)
def parse(text: str) -> Rule:
    """The rule in the value of an RRULE line. Raises :class:`Unusable` with a sentence,
    the same for all rules with that trouble, where it cannot be used."""
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name.startswith("X-") or not part.strip():
            continue
        if not equals or name in parts:
            raise Unusable(UNREADABLE)
        parts[name] = value
    freq = parts.pop("FREQ", "")
    if parts.pop("RSCALE", "GREGORIAN") != "GREGORIAN":
        raise Unusable(f"repeats by another calendar than the Gregorian: {_SINGLE}")
    parts.pop("SKIP", None)
    if freq in ("SECONDLY", "MINUTELY"):
        raise Unusable(f"repeats every {freq[:6].lower()}: {_SINGLE}")
    if freq not in _FREQUENCIES:
        raise Unusable(UNREADABLE)
    try:
        return _usable(_fields(freq, parts))
    except Unusable:
        raise
    except (KeyError, ValueError) as trouble:
        raise Unusable(UNREADABLE) from trouble


def _fields(freq: str, parts: dict[str, str]) -> Rule:
    numbers = {name: _numbers(parts.pop(name), *limits) if name in parts else () for name, limits in _RANGES.items()}
    count, until = parts.pop("COUNT", ""), parts.pop("UNTIL", "")
    rule = Rule(
        freq=freq,
        interval=min(_number(parts.pop("INTERVAL", "1")), _RAREST),
        count=_number(count) if count else None,
        until=_until(until) if until else None,
        wkst=_WEEKDAYS[parts.pop("WKST", "MO")],
        weekdays=_weekdays(parts.pop("BYDAY", "")),
        months=numbers["BYMONTH"],
        monthdays=numbers["BYMONTHDAY"],
        yeardays=numbers["BYYEARDAY"],
        weeks=numbers["BYWEEKNO"],
        hours=numbers["BYHOUR"],
        minutes=numbers["BYMINUTE"],
        seconds=numbers["BYSECOND"],
        positions=numbers["BYSETPOS"],
    )
    if parts:  # a part unknown to the standard limits the rule in a way that nobody here knows
        raise Unusable(UNREADABLE)
    return rule


def _usable(rule: Rule) -> Rule:
    """``rule`` in its simplest form. Raises Unusable where it comes too often."""
    if rule.interval < 1 or (rule.count is not None and rule.count < 1):
        raise Unusable(UNREADABLE)
    within_an_hour = max(len(rule.minutes), 1) * max(len(rule.seconds), 1)
    in_a_period = within_an_hour if rule.freq == "HOURLY" else within_an_hour * max(len(rule.hours), 1)
    if in_a_period > (1 if rule.freq == "HOURLY" else 24):
        raise Unusable(f"repeats more often than hourly: {_SINGLE}")
    if rule.freq != "YEARLY" and rule.weeks:
        raise Unusable(UNREADABLE)
    if rule.freq in ("HOURLY", "DAILY", "WEEKLY"):
        weekdays = tuple(sorted({(0, day) for _, day in rule.weekdays}))
        rule = rule if weekdays == rule.weekdays else replace(rule, weekdays=weekdays)
    if rule.interval == 1 and not rule.positions:  # the same instances by a shorter way
        if rule.freq == "HOURLY" and rule.hours:
            rule = replace(rule, freq="DAILY")
        if rule.freq == "DAILY" and rule.weekdays:
            rule = replace(rule, freq="WEEKLY")
    return rule


def _number(text: str) -> int:
    if not (text.isascii() and text.removeprefix("+").isdigit() and len(text) < 12):
        raise Unusable(UNREADABLE)
    return int(text)


def _numbers(text: str, low: int, high: int, negative: bool) -> tuple[int, ...]:
    found = set()
    for piece in text.split(",") if text else ():
        piece = piece.strip()
        number = -_number(piece[1:]) if piece.startswith("-") and negative else _number(piece)
        if not low <= abs(number) <= high:
            raise Unusable(UNREADABLE)
        found.add(number)
    return tuple(sorted(found))


def _weekdays(text: str) -> tuple[tuple[int, int], ...]:
    found = set()
    for piece in text.split(",") if text else ():
        piece = piece.strip()
        (number,) = _numbers(piece[:-2], 1, 53, True) or (0,)
        found.add((number, _WEEKDAYS[piece[-2:]]))
    return tuple(sorted(found))


def _until(text: str) -> Until:
    digits = text.removesuffix("Z")
    if len(digits) == 8 and digits.isdigit():
        return Until(dt.datetime.fromisoformat(digits), utc=False, day=True)
    if len(digits) == 15 and digits[8] == "T" and (digits[:8] + digits[9:]).isdigit():
        return Until(dt.datetime.fromisoformat(digits), utc=text.endswith("Z"), day=False)
    raise Unusable(UNREADABLE)
