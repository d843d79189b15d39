"""Spans of time as people write them: "3 working days", "2 weeks", "P1M".

A span is not a duration. "1 day" is the same hour on the next day, also across a
clock change, while "24 hours" is what a stopwatch shows; "1 month" has no fixed
length at all. So a span keeps its unit until it is applied to a moment or a day.
The ranges and hours that rules and config spell out are read here too.
"""

from __future__ import annotations

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

UNITS = ("minutes", "hours", "days", "working days", "weeks", "months", "years")

_EXPECTED = 'expected a number and a unit, such as "3 days", "1 working day", "2 weeks" or "P3D"'
_LIMIT_YEARS = 100
_PER_YEAR = {"minutes": 525_960, "hours": 8_766, "days": 365.25, "working days": 365.25, "weeks": 52.18,
             "months": 12, "years": 1}  # fmt: skip
_WORDS = re.compile(r"([0-9]+)\s*([a-z][a-z\s]*)")
_ISO = re.compile(
    r"P(?:([0-9]+)Y)?(?:([0-9]+)M)?(?:([0-9]+)W)?(?:([0-9]+)D)?"
    r"(?:T(?=[0-9])(?:([0-9]+)H)?(?:([0-9]+)M)?(?:([0-9]+)S)?)?"
)
_HOURS = re.compile(r"([0-9]{1,2}):([0-9]{2})\s*[-\u2013]\s*([0-9]{1,2}):([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Span:
    """A whole number of one unit; ``unit`` is one of :data:`UNITS`, always plural."""

    amount: int
    unit: str

    def __post_init__(self) -> None:
        if self.unit not in UNITS:
            raise ValueError(f"expected one of the units {', '.join(UNITS)}, not {self.unit!r}")
        if self.amount < 0:
            raise ValueError(f"expected no negative span, not {self.amount} {self.unit}")
        if self.amount > _LIMIT_YEARS * _PER_YEAR[self.unit]:
            raise ValueError(f"expected at most {_LIMIT_YEARS} years, not {self.amount} {self.unit}")

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read "1 working day", "3 Days" or an ISO 8601 duration of days, weeks and so on.

        An ISO sum is taken if it comes down to one unit (P1W2D is 9 days, PT1H30M 90
        minutes); P1DT12H is not, because a day is wall clock and an hour is not. Raises
        ValueError, saying what was expected.
        """
        words = " ".join(text.lower().split())
        if match := _WORDS.fullmatch(words):
            unit = match[2] if match[2].endswith("s") else match[2] + "s"
            if unit in UNITS:
                return cls(_number(match[1]), unit)
        elif match := _ISO.fullmatch(words.upper()):
            span = _from_iso([_number(part) if part else 0 for part in match.groups()])
            if span is not None and any(part is not None for part in match.groups()):
                return span
        raise ValueError(f"{_EXPECTED}, not {text!r}")

    def __str__(self) -> str:
        return f"{self.amount} {self.unit[:-1] if self.amount == 1 else self.unit}"

    def __bool__(self) -> bool:
        return self.amount > 0

    @property
    def in_years(self) -> float:
        """About how long it is, to tell which of two is longer."""
        return self.amount / _PER_YEAR[self.unit]

    def before(self, moment: datetime, tz: tzinfo) -> datetime:
        """The moment this long before ``moment``, in zone ``tz``; see :meth:`after`."""
        return self._from(moment, tz, -1)

    def after(self, moment: datetime, tz: tzinfo) -> datetime:
        """The moment this long after ``moment``, in zone ``tz``.

        Minutes and hours are elapsed time. Days and longer keep the wall clock of
        ``tz``: month ends are clamped (31 January and a month is 28 February), of an
        hour that comes twice the first is meant, and one that a clock change leaves
        out is read with the offset before it (RFC 5545 §3.3.5). Working days run Monday
        to Friday here, because a bare span knows no holidays.
        """
        return self._from(moment, tz, 1)

    def on_calendar(self, day: date, sign: int = 1) -> date:
        """``day`` moved by days, weeks, months or years; month ends are clamped, and so is the
        calendar's own end. Raises ValueError for units that are not of the calendar alone.
        """
        amount = sign * self.amount
        if self.unit in ("days", "weeks"):
            try:
                return day + timedelta(days=amount if self.unit == "days" else 7 * amount)
            except OverflowError:
                return date.max if sign > 0 else date.min
        if self.unit not in ("months", "years"):
            raise ValueError(f"{self.unit} are not counted on the calendar alone")
        months = day.year * 12 + day.month - 1 + (amount if self.unit == "months" else 12 * amount)
        year, month = months // 12, months % 12 + 1
        if not date.min.year <= year <= date.max.year:
            return date.max if sign > 0 else date.min
        return date(year, month, min(day.day, monthrange(year, month)[1]))

    def elapsed(self) -> timedelta | None:
        """The length of minutes and hours; None for every longer unit."""
        if self.unit == "minutes":
            return timedelta(minutes=self.amount)
        return timedelta(hours=self.amount) if self.unit == "hours" else None

    def _from(self, moment: datetime, tz: tzinfo, sign: int) -> datetime:
        if not self.amount:
            return moment.astimezone(tz)
        if (elapsed := self.elapsed()) is not None:
            return (moment.astimezone(UTC) + sign * elapsed).astimezone(tz)
        local = moment.astimezone(tz)
        if self.unit == "working days":
            day = _weekdays_on(local.date(), sign * self.amount)
        else:
            day = self.on_calendar(local.date(), sign)
        there = datetime.combine(day, local.time(), tzinfo=tz).replace(fold=0)
        return there.astimezone(UTC).astimezone(tz)


def parse_range(text: str) -> tuple[int | None, int | None]:
    """Read "1..6", "..20", "7.." or "3" as the least and the most, both included.

    None stands for an open side. Raises ValueError.
    """
    low, high = _sides(text, 'expected a range such as "1..6", "..20", "7.." or "3"')
    if any(side and not re.fullmatch(r"[0-9]+", side) for side in (low, high)):
        raise ValueError(f'expected a range such as "1..6", "..20", "7.." or "3", not {text!r}')
    least, most = (_number(side) if side else None for side in (low, high))
    if least is not None and most is not None and least > most:
        raise ValueError(f"expected the smaller number first, not {text!r}")
    return least, most


def parse_duration_range(text: str) -> tuple[timedelta | None, timedelta | None]:
    """Read "..20 minutes", "30..60 minutes", "1 hour.." or "45 minutes", both ends included.

    A bare number takes the other side's unit. Days and weeks count 24 hours each. None
    stands for an open side. Raises ValueError.
    """
    expected = 'expected a range such as "..20 minutes", "30..60 minutes" or "1 hour.."'
    low, high = _sides(text, expected)
    if re.fullmatch(r"[0-9]+", low) and (match := _WORDS.fullmatch(high.lower())):
        low = f"{low} {match[2]}"
    try:
        least, most = (_length(Span.parse(side)) if side else None for side in (low, high))
    except ValueError as error:
        raise ValueError(f"{expected}, not {text!r}") from error
    if least is not None and most is not None and least > most:
        raise ValueError(f"expected the shorter length first, not {text!r}")
    return least, most


def parse_hours(text: str) -> tuple[time, time]:
    """Read "09:00-11:00" as the hours of one day.

    An end of "24:00" is the day's end and comes back as ``time(0)``, which no other end
    can be. Raises ValueError; hours must end after they start.
    """
    match = _HOURS.fullmatch(text.strip())
    start = end = -1
    if match:
        start, end = (_minutes(match[part], match[part + 1]) for part in (1, 3))
    if start < 0 or end < 0 or start == 24 * 60:
        raise ValueError(f'expected hours such as "09:00-11:00", not {text!r}')
    if end <= start:
        raise ValueError(f"must end after it starts (midnight is 24:00), not {text!r}")
    return time(*divmod(start, 60)), time(*divmod(end % (24 * 60), 60))


def format_hours(hours: tuple[time, time]) -> str:
    """The opposite of :func:`parse_hours`: "09:00-11:00"."""
    start, end = hours
    return f"{start:%H:%M}-{'24:00' if end == time(0) else f'{end:%H:%M}'}"


def _from_iso(parts: list[int]) -> Span | None:
    years, months, weeks, days, hours, minutes, seconds = parts
    minutes, rest = minutes + seconds // 60, seconds % 60
    groups = (bool(years or months), bool(weeks or days), bool(hours or minutes))
    if rest or sum(groups) > 1:
        return None
    if groups[0]:
        return Span(12 * years + months, "months") if months else Span(years, "years")
    if groups[2]:
        return Span(60 * hours + minutes, "minutes") if minutes else Span(hours, "hours")
    return Span(weeks, "weeks") if weeks and not days else Span(7 * weeks + days, "days")


def _sides(text: str, expected: str) -> tuple[str, str]:
    low, dots, high = (part.strip() for part in text.partition(".."))
    if not dots:
        high = low
    if not low and not high:
        raise ValueError(f"{expected}, not {text!r}")
    return low, high


def _length(span: Span) -> timedelta:
    if span.unit in ("days", "weeks"):
        return timedelta(days=span.amount * (7 if span.unit == "weeks" else 1))
    elapsed = span.elapsed()
    if elapsed is None:
        raise ValueError(f"{span.unit} have no fixed length")
    return elapsed


def _number(digits: str) -> int:
    if len(digits) > 9:
        raise ValueError(f"expected a smaller number, not {digits}")
    return int(digits)


def _minutes(hour: str, minute: str) -> int:
    total = int(hour) * 60 + int(minute)
    return total if int(minute) < 60 and total <= 24 * 60 else -1


def _weekdays_on(day: date, amount: int) -> date:
    step = 1 if amount > 0 else -1
    for _ in range(abs(amount)):
        day += timedelta(days=step)
        while day.weekday() > 4:
            day += timedelta(days=step)
    return day
