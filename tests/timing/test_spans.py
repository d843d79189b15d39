"""Spans, ranges and hours as rules and config spell them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.timing.spans import (
    UNITS,
    Span,
    format_hours,
    parse_duration_range,
    parse_hours,
    parse_range,
)

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("text", "amount", "unit"),
    [
        ("1 working day", 1, "working days"),
        ("3 working days", 3, "working days"),
        ("  2   Working   DAYS ", 2, "working days"),
        ("3 days", 3, "days"),
        ("1 day", 1, "days"),
        ("0 days", 0, "days"),
        ("2 weeks", 2, "weeks"),
        ("3 years", 3, "years"),
        ("1 month", 1, "months"),
        ("20 minutes", 20, "minutes"),
        ("3hours", 3, "hours"),
        ("P3D", 3, "days"),
        ("p3d", 3, "days"),
        ("PT3H", 3, "hours"),
        ("PT90M", 90, "minutes"),
        ("PT1H30M", 90, "minutes"),
        ("PT120S", 2, "minutes"),
        ("P2W", 2, "weeks"),
        ("P1W2D", 9, "days"),
        ("P1M", 1, "months"),
        ("P1Y", 1, "years"),
        ("P1Y6M", 18, "months"),
        ("P0D", 0, "days"),
        ("P3DT0H", 3, "days"),
    ],
)
def test_a_span_is_read_as_people_and_iso_8601_write_it(text: str, amount: int, unit: str) -> None:
    assert Span.parse(text) == Span(amount, unit)


@pytest.mark.parametrize(
    "text",
    ["", "3", "days", "three days", "3 dayz", "-3 days", "1.5 hours", "3 days 2 hours", "P", "PT", "P1DT12H",
     "P1M2D", "PT90S", "P-1D", "P1.5D", "3 working hours", "٣ days", "200 years", "99999999999 days"],
)  # fmt: skip
def test_what_is_no_span_is_an_error_that_says_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        Span.parse(text)


def test_a_span_of_an_unknown_unit_cannot_be_made() -> None:
    with pytest.raises(ValueError, match="working days"):
        Span(1, "fortnights")


@given(st.sampled_from(UNITS), st.integers(0, 100))
def test_a_span_written_out_reads_back_the_same(unit: str, amount: int) -> None:
    assert Span.parse(str(Span(amount, unit))) == Span(amount, unit)


def test_one_of_a_unit_is_written_in_the_singular() -> None:
    assert [str(Span(n, "working days")) for n in (0, 1, 2)] == [
        "0 working days",
        "1 working day",
        "2 working days",
    ]


def at(zone: ZoneInfo, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=zone)  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("span", "moment", "expected"),
    [
        ("1 day", at(LONDON, 2026, 3, 28, 9), at(LONDON, 2026, 3, 29, 9)),
        ("2 weeks", at(LONDON, 2026, 10, 20, 9), at(LONDON, 2026, 11, 3, 9)),
        ("24 hours", at(LONDON, 2026, 3, 28, 9), at(LONDON, 2026, 3, 29, 10)),
        ("90 minutes", at(LONDON, 2026, 3, 29, 0), at(LONDON, 2026, 3, 29, 2, 30)),
        ("1 month", at(LONDON, 2026, 1, 31, 9), at(LONDON, 2026, 2, 28, 9)),
        ("13 months", at(LONDON, 2026, 12, 31, 9), at(LONDON, 2028, 1, 31, 9)),
        ("1 year", at(LONDON, 2028, 2, 29, 9), at(LONDON, 2029, 2, 28, 9)),
        ("1 day", at(LONDON, 2026, 3, 28, 1, 30), at(LONDON, 2026, 3, 29, 2, 30)),
        ("1 working day", at(LONDON, 2026, 3, 6, 9), at(LONDON, 2026, 3, 9, 9)),
    ],
)
def test_days_and_longer_keep_the_wall_clock_and_hours_do_not(span: str, moment: datetime, expected: datetime) -> None:
    found = Span.parse(span).after(moment, LONDON)
    assert found.astimezone(UTC) == expected.astimezone(UTC)
    assert found.tzinfo is LONDON


def test_of_an_hour_that_comes_twice_the_first_is_meant() -> None:
    found = Span(1, "days").after(at(LONDON, 2026, 10, 24, 1, 30), LONDON)
    assert (found.fold, found.utcoffset()) == (0, timedelta(hours=1))


def test_a_look_back_is_counted_in_my_zone_whatever_the_zone_of_now() -> None:
    now = at(NEW_YORK, 2026, 4, 5, 4)
    assert Span(14, "days").before(now, LONDON) == at(LONDON, 2026, 3, 22, 9)
    assert Span(10, "working days").before(at(LONDON, 2026, 3, 7, 9), LONDON) == at(LONDON, 2026, 2, 23, 9)
    assert Span(1, "months").before(at(LONDON, 2026, 3, 31, 9), LONDON) == at(LONDON, 2026, 2, 28, 9)


def test_a_span_of_nothing_is_false_and_changes_nothing() -> None:
    second = at(LONDON, 2026, 10, 25, 1, 30).replace(fold=1)
    assert not Span(0, "days")
    assert Span(0, "days").after(second, LONDON).astimezone(UTC) == second.astimezone(UTC)


def test_days_beyond_the_calendar_end_with_it() -> None:
    assert Span(100, "years").on_calendar(date(9990, 1, 1)) == date.max
    assert Span(100, "years").on_calendar(date(50, 1, 1), -1) == date.min


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1..6", (1, 6)),
        ("..20", (None, 20)),
        ("7..", (7, None)),
        ("3", (3, 3)),
        (" 1 .. 6 ", (1, 6)),
        ("0..0", (0, 0)),
    ],
)
def test_a_range_includes_both_its_ends(text: str, expected: tuple[int | None, int | None]) -> None:
    assert parse_range(text) == expected


@pytest.mark.parametrize("text", ["", "..", "6..1", "a..b", "1-6", "-1..6", "1..6..9", "1...6"])
def test_what_is_no_range_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_range(text)


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("..20 minutes", None, 20),
        ("30..60 minutes", 30, 60),
        ("1 hour..", 60, None),
        ("30 minutes..2 hours", 30, 120),
        ("45 minutes", 45, 45),
        ("1..2 Hours", 60, 120),
        ("PT30M..PT1H", 30, 60),
        ("..1 day", None, 1440),
    ],
)
def test_a_range_of_durations_shares_its_unit(text: str, least: int | None, most: int | None) -> None:
    expected = tuple(None if side is None else timedelta(minutes=side) for side in (least, most))
    assert parse_duration_range(text) == expected


@pytest.mark.parametrize("text", ["", "..", "20", "20..", "..20", "60..30 minutes", "1 month..", "..2 working days"])
def test_what_is_no_range_of_durations_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        parse_duration_range(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("09:00-11:00", (time(9), time(11))),
        ("9:00 - 17:30", (time(9), time(17, 30))),
        ("22:00-24:00", (time(22), time(0))),
        ("00:00-24:00", (time(0), time(0))),
    ],
)
def test_hours_are_read(text: str, expected: tuple[time, time]) -> None:
    assert parse_hours(text) == expected
    assert parse_hours(format_hours(expected)) == expected


@pytest.mark.parametrize("text", ["22:00-02:00", "09:00-09:00", "22:00-00:00"])
def test_hours_must_end_after_they_start(text: str) -> None:
    with pytest.raises(ValueError, match="must end after it starts"):
        parse_hours(text)


@pytest.mark.parametrize("text", ["", "9-11", "09:00", "25:00-26:00", "09:60-10:00", "24:00-24:00", "09:00-24:01"])
def test_what_are_no_hours_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="expected hours"):
        parse_hours(text)
