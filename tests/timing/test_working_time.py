"""Counting in the days of the user's own life."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.timing.spans import Span
from calsync.timing.working_time import (
    WorkingTime,
    public_holidays,
)

LONDON = ZoneInfo("Europe/London")
GOOD_FRIDAY, EASTER_MONDAY = date(2026, 4, 3), date(2026, 4, 6)
MINE = WorkingTime(LONDON, holidays=frozenset({GOOD_FRIDAY, EASTER_MONDAY}))


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=LONDON)  # type: ignore[misc, arg-type]


TUESDAY, FRIDAY, SATURDAY = at(2026, 3, 10, 10, 30), at(2026, 3, 13, 16), at(2026, 3, 14, 12)
BEFORE_EASTER = at(2026, 4, 2, 11)


@pytest.mark.parametrize(
    ("ended", "after", "days", "expected"),
    [
        (TUESDAY, "1 working day", "working", date(2026, 3, 11)),
        (FRIDAY, "1 working day", "working", date(2026, 3, 16)),
        (SATURDAY, "1 working day", "working", date(2026, 3, 16)),
        (FRIDAY, "3 working days", "working", date(2026, 3, 18)),
        (BEFORE_EASTER, "1 working day", "working", date(2026, 4, 7)),
        (BEFORE_EASTER, "2 working days", "any", date(2026, 4, 8)),
        (TUESDAY, "0 working days", "working", date(2026, 3, 10)),
        (SATURDAY, "0 working days", "working", date(2026, 3, 16)),
        (SATURDAY, "0 days", "any", date(2026, 3, 14)),
        (TUESDAY, "3 days", "any", date(2026, 3, 13)),
        (TUESDAY, "4 days", "any", date(2026, 3, 14)),
        (TUESDAY, "4 days", "working", date(2026, 3, 16)),
        (TUESDAY, "2 weeks", "working", date(2026, 3, 24)),
        (at(2026, 3, 20, 9), "2 weeks", "working", date(2026, 4, 7)),
        (at(2026, 1, 31, 9), "1 month", "any", date(2026, 2, 28)),
        (at(2026, 1, 31, 9), "1 month", "working", date(2026, 3, 2)),
    ],
)
def test_the_ideal_day_is_counted_in_local_days_and_moves_on_never_back(
    ended: datetime, after: str, days: str, expected: date
) -> None:
    assert MINE.ideal_day(Span.parse(after), ended, days) == (expected, None)


def test_hours_count_from_the_end_of_the_meeting_itself() -> None:
    assert MINE.ideal_day(Span(3, "hours"), TUESDAY, "working") == (
        date(2026, 3, 10),
        at(2026, 3, 10, 13, 30),
    )
    assert MINE.ideal_day(Span(9, "hours"), FRIDAY, "working") == (date(2026, 3, 16), at(2026, 3, 14, 1))
    before_the_clocks = at(2026, 3, 28, 23)
    assert MINE.ideal_day(Span(3, "hours"), before_the_clocks, "any") == (
        date(2026, 3, 29),
        at(2026, 3, 29, 3),
    )


@pytest.mark.parametrize(
    ("window", "ideal", "expected"),
    [
        ("3 working days", date(2026, 3, 16), date(2026, 3, 18)),
        ("1 day", date(2026, 3, 16), date(2026, 3, 16)),
        ("1 week", date(2026, 3, 16), date(2026, 3, 20)),
        ("9 days", date(2026, 3, 16), date(2026, 3, 22)),
        ("4 weeks", date(2026, 3, 27), date(2026, 4, 10)),
        ("2 hours", date(2026, 3, 16), date(2026, 3, 16)),
    ],
)
def test_a_window_does_not_move_but_never_ends_before_the_moved_day(window: str, ideal: date, expected: date) -> None:
    assert MINE.last_day(Span.parse(window), FRIDAY, "working", ideal) == expected


def test_a_meeting_that_ends_at_midnight_belongs_to_the_day_on_which_it_began() -> None:
    midnight = at(2026, 3, 11)
    assert MINE.day_of(midnight, at(2026, 3, 10, 22)) == date(2026, 3, 10)
    assert MINE.day_of(midnight) == date(2026, 3, 10)
    assert MINE.day_of(midnight, midnight) == date(2026, 3, 11)
    assert MINE.ideal_day(Span(1, "days"), midnight, "any", began=midnight)[0] == date(2026, 3, 12)


def test_the_day_is_that_of_my_zone_not_of_the_meeting() -> None:
    ended = datetime(2026, 3, 10, 20, tzinfo=ZoneInfo("America/Los_Angeles"))
    assert MINE.ideal_day(Span(1, "working days"), ended, "working")[0] == date(2026, 3, 12)


def test_midnight_is_found_where_the_clocks_change_at_midnight() -> None:
    cairo = WorkingTime(ZoneInfo("Africa/Cairo"))
    first_moment = datetime(2026, 4, 24, 1, tzinfo=cairo.zone)
    assert cairo.day_of(first_moment, first_moment - timedelta(hours=2)) == date(2026, 4, 23)


class EveryDay:
    def __contains__(self, day: object) -> bool:
        return True


@pytest.mark.parametrize("mine", [WorkingTime(LONDON, weekdays=frozenset()), WorkingTime(LONDON, holidays=EveryDay())])
def test_counting_ends_where_no_day_is_a_working_day(mine: WorkingTime) -> None:
    assert mine.ideal_day(Span(3, "working days"), TUESDAY, "working")[0] == date(2026, 3, 13)
    assert mine.next_allowed(date(2026, 3, 14), "working") == date(2026, 3, 14)


@given(
    st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)),
    st.integers(0, 30),
    st.sampled_from(["working days", "days", "weeks", "months"]),
    st.frozensets(st.integers(0, 6), min_size=1),
)
def test_an_ideal_day_is_allowed_and_never_before_the_span_is_over(
    ended: datetime, amount: int, unit: str, weekdays: frozenset[int]
) -> None:
    mine = WorkingTime(LONDON, weekdays=weekdays, holidays=frozenset({GOOD_FRIDAY, EASTER_MONDAY}))
    moment = ended.replace(tzinfo=LONDON)
    ideal, _ = mine.ideal_day(Span(amount, unit), moment, "working")
    assert mine.is_working(ideal)
    met = mine.day_of(moment)
    if unit == "working days":
        worked = sum(mine.is_working(met + timedelta(days=n)) for n in range(1, (ideal - met).days + 1))
        assert worked == max(amount, 0 if mine.is_working(met) else 1)
    else:
        plain = Span(amount, unit).on_calendar(met)
        assert not any(mine.is_working(plain + timedelta(days=n)) for n in range((ideal - plain).days))


def test_public_holidays_include_the_days_they_are_observed_on() -> None:
    england = public_holidays("GB-ENG", [2026])
    assert date(2026, 12, 28) in england  # Boxing Day 2026 is a Saturday
    assert date(2026, 11, 30) not in england
    assert date(2026, 11, 30) in public_holidays("GB-SCT")
    assert date(2027, 10, 3) in public_holidays("DE")
    assert date(2026, 12, 25) not in public_holidays("")


def test_holidays_are_loaded_only_when_a_day_is_asked_for() -> None:
    code = (
        "import sys, calsync.timing.placement;from calsync.timing.working_time import public_holidays;"
        "public_holidays('DE'); public_holidays(''); print('holidays' in sys.modules)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"


def test_working_hours_are_nine_to_half_past_five_unless_told() -> None:
    assert WorkingTime(LONDON).hours == (time(9), time(17, 30))


@pytest.mark.parametrize(
    ("span", "day"),
    [("3 days", date(2026, 12, 28)), ("2 working days", date(2026, 12, 29)), ("1 month", date(2027, 1, 25))],
)
def test_a_span_is_counted_from_a_day_too_and_may_end_on_a_day_off(span: str, day: date) -> None:
    mine = WorkingTime(ZoneInfo("Pacific/Auckland"))
    assert mine.after(date(2026, 12, 25), Span.parse(span)) == day  # from a Friday
