"""A series takes place when RFC 5545 says so, and a nonsense rule costs nobody else anything."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice, pairwise
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import pytest
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from calsync.model import Event, Occurrence, Recurrence
from calsync.timing.instances import starts
from calsync.timing.recurrence import first_occurrences, last_possible_end, occurrences, problem
from calsync.timing.rrule import parse

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
HOUR = dt.timedelta(hours=1)
LONG_AGO = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
SOME_DAY = dt.datetime(2040, 1, 1, tzinfo=dt.UTC)


def event(
    start: dt.datetime,
    *rules: str,
    length: dt.timedelta = HOUR,
    all_day: bool = False,
    dates: tuple[dt.datetime, ...] = (),
    excluded: tuple[dt.datetime, ...] = (),
    periods: tuple[tuple[dt.datetime, dt.datetime], ...] = (),
) -> Event:
    recurrence = Recurrence(rules, dates, excluded, periods) if rules or dates or excluded else None
    zone = "" if start.tzinfo is dt.UTC else str(start.tzinfo)
    return Event(
        "weekly@northwind.example",
        "",
        start,
        start + length,
        all_day=all_day,
        zone=zone,
        recurrence=recurrence,
    )


def override(recurrence_id: str, start: dt.datetime, cancelled: bool = False) -> Event:
    return Event("weekly@northwind.example", recurrence_id, start, start + HOUR, cancelled=cancelled)


def whole_day(year: int, month: int, day: int, *rules: str, zone: ZoneInfo = BERLIN, days: int = 1) -> Event:
    start = dt.datetime(year, month, day, tzinfo=zone)
    end = dt.datetime.combine(start.date() + dt.timedelta(days=days), dt.time(), zone)
    return Event("day@northwind.example", "", start, end, all_day=True, recurrence=Recurrence(rules) if rules else None)


def listed(master: Event | None, *overrides: Event, limit: int = 40) -> list[str]:
    """Starts as the calendar would show them; the same from both ways in."""
    lazily = list(islice(first_occurrences(master, overrides), limit))
    spanned = list(occurrences(master, overrides, LONG_AGO, SOME_DAY, limit))
    assert [o.start for o in spanned] == [o.start for o in lazily]
    return [f"{occurrence.start:%Y-%m-%d %H:%M%z}" for occurrence in lazily]


def ids(found: Iterator[Occurrence]) -> list[str]:
    return [occurrence.recurrence_id for occurrence in found]


def nine(day: int, month: int = 3, year: int = 2026, zone: dt.tzinfo = BERLIN) -> dt.datetime:
    return dt.datetime(year, month, day, 9, tzinfo=zone)


def test_a_single_event_takes_place_once_and_has_no_recurrence_id() -> None:
    (only,) = occurrences(event(nine(3)), [], LONG_AGO, SOME_DAY)
    assert (only.start, only.end, only.recurrence_id) == (nine(3), nine(3) + HOUR, "")


def test_nine_stays_nine_when_the_clocks_change() -> None:
    assert listed(event(nine(24), "FREQ=WEEKLY;COUNT=2"))[:2] == [
        "2026-03-24 09:00+0100",
        "2026-03-31 09:00+0200",
    ]


def test_a_series_in_utc_repeats_in_utc() -> None:
    found = listed(event(nine(24, zone=dt.UTC), "FREQ=WEEKLY;COUNT=2"))
    assert found == ["2026-03-24 09:00+0000", "2026-03-31 09:00+0000"]


def test_a_series_with_a_mere_offset_repeats_by_its_zone() -> None:
    master = event(nine(24), "FREQ=WEEKLY;COUNT=2")
    offset = dt.timezone(HOUR)
    master.start, master.end = master.start.astimezone(offset), master.end.astimezone(offset)
    assert [f"{o.start:%H:%M%z}" for o in first_occurrences(master, [])] == ["09:00+0100", "09:00+0200"]


def test_a_time_that_does_not_exist_has_the_offset_from_before_the_gap() -> None:
    found = list(first_occurrences(event(dt.datetime(2026, 3, 28, 2, 30, tzinfo=BERLIN), "FREQ=DAILY;COUNT=3"), []))
    assert [f"{o.start:%d %H:%M%z}" for o in found] == ["28 02:30+0100", "29 03:30+0200", "30 02:30+0200"]
    assert found[1].recurrence_id == "20260329T013000Z"
    assert found[1].end.astimezone(dt.UTC) - found[1].start.astimezone(dt.UTC) == HOUR


def test_of_a_time_that_exists_twice_the_first_is_meant() -> None:
    found = listed(event(dt.datetime(2026, 10, 24, 2, 30, tzinfo=BERLIN), "FREQ=DAILY;COUNT=3"))
    assert found == ["2026-10-24 02:30+0200", "2026-10-25 02:30+0200", "2026-10-26 02:30+0100"]


def test_a_first_instance_in_the_second_of_two_hours_stays_there() -> None:
    start = dt.datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1)
    assert listed(event(start, "FREQ=DAILY;COUNT=2")) == ["2026-10-25 02:30+0100", "2026-10-26 02:30+0100"]
    assert listed(event(start.replace(fold=0), "FREQ=DAILY;COUNT=1")) == ["2026-10-25 02:30+0200"]


def test_the_length_is_exact_across_a_clock_change() -> None:
    night = event(dt.datetime(2026, 3, 27, 22, tzinfo=BERLIN), "FREQ=DAILY;COUNT=2", length=8 * HOUR)
    ends = [f"{o.end:%d %H:%M%z}" for o in first_occurrences(night, [])]
    assert ends == ["28 06:00+0100", "29 07:00+0200"]


def test_an_end_in_another_zone_stays_in_that_zone() -> None:
    flight = event(nine(3), "FREQ=WEEKLY;COUNT=2")
    flight.end = dt.datetime(2026, 3, 3, 11, tzinfo=NEW_YORK)
    assert [f"{o.end:%d %H:%M%z}" for o in first_occurrences(flight, [])] == [
        "03 11:00-0500",
        "10 12:00-0400",
    ]


def test_two_instances_that_a_gap_makes_one_take_place_once() -> None:
    rule = "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=0,30;COUNT=8"
    found = list(first_occurrences(event(dt.datetime(2026, 3, 28, 2, tzinfo=BERLIN), rule), []))
    assert [f"{o.start:%d %H:%M}" for o in found][4:] == ["29 03:00", "29 03:30"]


@pytest.mark.parametrize("zone", ["Africa/Cairo", "Asia/Beirut", "America/Sao_Paulo", "Europe/Berlin"])
def test_an_all_day_series_takes_place_on_every_date_even_where_midnight_does_not_exist(zone: str) -> None:
    master = whole_day(2017, 1, 1, "FREQ=DAILY;COUNT=800", zone=ZoneInfo(zone))
    found = list(occurrences(master, [], LONG_AGO, SOME_DAY))
    dates = [dt.date(2017, 1, 1) + dt.timedelta(days=day) for day in range(800)]
    assert ids(iter(found)) == [f"{date:%Y%m%d}" for date in dates]
    assert [o.start.date() for o in found] == dates
    assert all(one.end.astimezone(dt.UTC) == two.start.astimezone(dt.UTC) for one, two in pairwise(found))


def test_the_first_instance_counts_even_where_the_rule_does_not_name_it() -> None:
    tuesday = event(nine(3), "FREQ=WEEKLY;BYDAY=MO;COUNT=3")
    assert [day[8:10] for day in listed(tuesday)] == ["03", "09", "16"]


@pytest.mark.parametrize(
    ("until", "days"),
    [
        ("20260305T080000Z", 3),  # 09:00 in Berlin: inclusive
        ("20260305T075959Z", 2),
        ("20260305T090000", 3),  # local
        ("20260305T085959", 2),
        ("20260305", 3),  # a date: all of that day
        ("20260201", 1),  # before the start: the first instance stays
        ("20260201T000000Z", 1),
    ],
)
def test_until_is_inclusive_in_each_of_its_forms(until: str, days: int) -> None:
    master = event(nine(3), f"FREQ=DAILY;UNTIL={until}")
    assert len(listed(master)) == days
    last = last_possible_end(master, [])
    assert last is not None
    assert last >= max(o.end for o in first_occurrences(master, []))


@pytest.mark.parametrize(
    ("zone", "until"),
    [
        ("Europe/Berlin", "20260305"),
        ("Europe/Berlin", "20260305T000000Z"),  # Outlook: the date as midnight in UTC
        ("America/New_York", "20260305T000000Z"),
        ("Europe/Berlin", "20260305T225959Z"),  # Apple: the end of the local day in UTC
        ("America/New_York", "20260306T045959Z"),
        ("America/New_York", "20260305T120000"),
    ],
)
def test_an_all_day_series_ends_on_the_day_that_until_means(zone: str, until: str) -> None:
    master = whole_day(2026, 3, 3, f"FREQ=DAILY;UNTIL={until}", zone=ZoneInfo(zone))
    assert ids(first_occurrences(master, [])) == ["20260303", "20260304", "20260305"]


def test_several_rules_and_dates_are_one_series_without_doubles() -> None:
    master = event(
        nine(2),
        "FREQ=WEEKLY;BYDAY=MO;COUNT=3",
        "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=4",
        dates=(nine(9), nine(20), nine(1)),
    )
    assert [day[8:10] for day in listed(master)] == ["01", "02", "04", "09", "11", "16", "20"]


def test_dates_alone_are_a_series_too() -> None:
    assert [day[8:10] for day in listed(event(nine(2), dates=(nine(20), nine(10))))] == ["02", "10", "20"]


def test_a_date_that_is_a_period_has_its_own_end() -> None:
    period = (nine(20), nine(20) + 3 * HOUR)
    master = event(nine(2), dates=(nine(20),), periods=(period,))
    assert [o.end - o.start for o in first_occurrences(master, [])] == [HOUR, 3 * HOUR]


def test_excluded_instances_do_not_take_place_and_still_count() -> None:
    master = event(nine(2), "FREQ=DAILY;COUNT=4", excluded=(nine(2), nine(4).astimezone(dt.UTC)))
    assert [day[8:10] for day in listed(master)] == ["03", "05"]


def test_an_excluded_date_in_a_timed_series_excludes_all_of_that_day() -> None:
    midnight = dt.datetime(2026, 3, 4, tzinfo=BERLIN)
    assert [d[8:10] for d in listed(event(nine(2), "FREQ=DAILY;COUNT=4", excluded=(midnight,)))] == [
        "02",
        "03",
        "05",
    ]


def test_an_excluded_midnight_excludes_one_instance_where_the_series_begins_at_midnight() -> None:
    late = event(dt.datetime(2026, 3, 2, tzinfo=BERLIN), "FREQ=DAILY;BYHOUR=0,12;COUNT=4")
    late.recurrence = late.recurrence and late.recurrence._replace(excluded=(dt.datetime(2026, 3, 3, tzinfo=BERLIN),))
    assert [day[8:13] for day in listed(late)] == ["02 00", "02 12", "03 12"]


def test_a_moved_occurrence_appears_at_its_new_time_only() -> None:
    master = event(nine(2), "FREQ=WEEKLY;COUNT=3")
    moved = override("20260309T080000Z", nine(12))
    assert [day[8:10] for day in listed(master, moved)] == ["02", "12", "16"]
    assert ids(first_occurrences(master, [moved])) == [
        "20260302T080000Z",
        "20260309T080000Z",
        "20260316T080000Z",
    ]


def test_an_occurrence_moved_into_the_span_is_in_it_and_one_moved_out_is_not() -> None:
    master = event(nine(2), "FREQ=WEEKLY;COUNT=3")
    moved = override("20260309T080000Z", nine(1, 6))
    march, june = dt.datetime(2026, 3, 1, tzinfo=dt.UTC), dt.datetime(2026, 6, 1, tzinfo=dt.UTC)
    assert ids(occurrences(master, [moved], march, june)) == ["20260302T080000Z", "20260316T080000Z"]
    assert ids(occurrences(master, [moved], june, june + 9 * HOUR)) == ["20260309T080000Z"]


def test_a_cancelled_occurrence_is_still_told_of() -> None:
    found = list(
        first_occurrences(event(nine(2), "FREQ=WEEKLY;COUNT=2"), [override("20260309T080000Z", nine(9), True)])
    )
    assert [o.event.cancelled for o in found] == [False, True]


def test_an_override_without_its_occurrence_appears_once_as_itself() -> None:
    stray = override("20260310T080000Z", nine(10))
    assert [day[8:10] for day in listed(event(nine(2), "FREQ=WEEKLY;COUNT=2"), stray)] == ["02", "09", "10"]
    assert [day[8:10] for day in listed(None, stray)] == ["10"]
    assert last_possible_end(None, [stray]) == stray.end
    assert last_possible_end(None, []) is None


def test_an_override_of_an_excluded_occurrence_appears_once() -> None:
    master = event(nine(2), "FREQ=WEEKLY;COUNT=2", excluded=(nine(9),))
    assert [day[8:10] for day in listed(master, override("20260309T080000Z", nine(10)))] == ["02", "10"]


def test_an_override_that_names_a_date_stands_for_the_occurrence_of_that_day() -> None:
    master = event(nine(2), "FREQ=WEEKLY;COUNT=2")
    assert [day[8:10] for day in listed(master, override("20260309", nine(10)))] == ["02", "10"]


def test_a_timed_override_of_an_all_day_series_stands_for_that_day() -> None:
    master = whole_day(2026, 3, 2, "FREQ=DAILY;COUNT=3")
    for written in ("20260303", "20260303T000000Z", "20260302T230000Z"):
        assert [d[8:16] for d in listed(master, override(written, nine(3)))] == [
            "02 00:00",
            "03 09:00",
            "04 00:00",
        ]


def test_what_touches_the_span_counts_and_what_only_borders_on_it_does_not() -> None:
    def found(length: dt.timedelta, since: dt.datetime, until: dt.datetime) -> int:
        return len(list(occurrences(event(nine(3), length=length), [], since, until)))

    assert found(HOUR, nine(3) + HOUR / 2, nine(4)) == 1
    assert found(HOUR, nine(3) + HOUR, nine(4)) == 0
    assert found(HOUR, nine(2), nine(3)) == 0
    assert found(HOUR, nine(2), nine(3) + HOUR / 60) == 1
    assert found(0 * HOUR, nine(3), nine(4)) == 1
    assert found(0 * HOUR, nine(2), nine(3)) == 0
    assert found(-HOUR, nine(3), nine(4)) == 1


def test_a_long_occurrence_that_began_before_the_span_is_in_it() -> None:
    master = event(nine(2), "FREQ=MONTHLY", length=20 * 24 * HOUR)
    (found,) = occurrences(master, [], nine(20), nine(21))
    assert found.start == nine(2)


def test_the_earliest_come_where_there_are_too_many() -> None:
    found = list(occurrences(event(nine(1, 1, 2020), "FREQ=HOURLY"), [], LONG_AGO, SOME_DAY, limit=50))
    assert len(found) == 50
    assert found[-1].start.astimezone(dt.UTC) - found[0].start.astimezone(dt.UTC) == 49 * HOUR
    assert list(occurrences(event(nine(1)), [], LONG_AGO, SOME_DAY, limit=0)) == []


# --- what dateutil says --------------------------------------------------------------

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "UTC",
    "America/St_Johns",
)


def subset(values: tuple[int, ...] | tuple[str, ...], most: int = 3) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(values), min_size=1, max_size=most, unique=True).map(
        lambda chosen: ",".join(map(str, chosen))
    )


MONTHDAYS = subset((1, 2, 13, 15, 28, 29, 30, 31, -1, -2, -29, -31))
NTH = st.tuples(st.sampled_from((1, 2, 3, 4, 5, -1, -2, -5)), st.sampled_from(DAYS)).map(lambda p: f"{p[0]}{p[1]}")


@st.composite
def rules(draw: st.DrawFn) -> str:
    freq = draw(st.sampled_from(("HOURLY", "DAILY", "WEEKLY", "WEEKLY", "MONTHLY", "YEARLY")))
    parts = {"FREQ": freq}
    if draw(st.booleans()):
        parts["INTERVAL"] = str(draw(st.integers(1, 5) | st.sampled_from((12, 36, 100))))
    if draw(st.booleans()):
        parts["WKST"] = draw(st.sampled_from(DAYS))
    ends = draw(st.sampled_from(("", "COUNT", "UNTIL")))
    if ends == "COUNT":
        parts["COUNT"] = str(draw(st.integers(1, 60)))
    elif ends == "UNTIL":
        parts["UNTIL"] = f"{draw(st.dates(dt.date(2018, 1, 1), dt.date(2027, 1, 1))):%Y%m%d}T090000"
    if draw(st.booleans()):
        plain = freq in ("HOURLY", "DAILY", "WEEKLY") or draw(st.booleans())
        parts["BYDAY"] = draw(
            subset(DAYS) if plain else st.lists(NTH, min_size=1, max_size=3, unique=True).map(",".join)
        )
    if draw(st.integers(0, 3)) == 0 and freq != "HOURLY":
        parts["BYMONTH"] = draw(subset(tuple(range(1, 13))))
    nth = re.search(r"\d", parts.get("BYDAY", ""))
    if draw(st.integers(0, 3)) == 0 and freq not in ("HOURLY", "WEEKLY") and not (nth and freq == "YEARLY"):
        parts["BYMONTHDAY"] = draw(MONTHDAYS)
    elif draw(st.integers(0, 5)) == 0 and freq == "YEARLY" and not nth:
        parts["BYYEARDAY"] = draw(subset((1, 59, 60, 100, 365, 366, -1, -366)))
    if draw(st.integers(0, 4)) == 0 and not (freq == "HOURLY" and "INTERVAL" in parts):
        parts["BYHOUR"] = draw(subset((0, 2, 9, 23)))
        if freq != "HOURLY":
            parts["BYMINUTE"] = draw(subset((0, 30)))
    if draw(st.integers(0, 4)) == 0 and freq in ("MONTHLY", "YEARLY", "DAILY"):
        parts["BYSETPOS"] = draw(subset((1, 2, -1, -2)))
    return ";".join(f"{name}={value}" for name, value in parts.items())


def as_dateutil_has_it(rule: str, first: dt.datetime, low: dt.datetime, high: dt.datetime) -> list[dt.datetime]:
    """The same by dateutil, told that the first instance counts though the rule may not
    name it."""
    limited = rrulestr(rule, dtstart=first)
    count = re.search(r"COUNT=(\d+)", rule)
    if count and next(iter(limited), None) != first:
        less = int(count[1]) - 1
        found = list(rrulestr(rule.replace(count[0], f"COUNT={less}"), dtstart=first)) if less else []
        return [wall for wall in sorted({first, *found}) if low <= wall <= high]
    return sorted({*limited.between(low, high, inc=True), *([first] if low <= first <= high else [])})


@settings(max_examples=60)
@given(
    rule=rules(),
    first=st.datetimes(dt.datetime(2018, 1, 1), dt.datetime(2024, 1, 1)).map(
        lambda wall: wall.replace(minute=0, second=0, microsecond=0)
    ),
    low=st.datetimes(dt.datetime(2017, 1, 1), dt.datetime(2026, 1, 1)),
    days=st.integers(0, 500),
)
@example("FREQ=MONTHLY;BYDAY=2TU;COUNT=5", dt.datetime(2020, 1, 1, 9), dt.datetime(2020, 2, 1), 400)
@example("FREQ=MONTHLY;BYDAY=2TU;COUNT=5", dt.datetime(2020, 1, 31, 9), dt.datetime(2020, 2, 1), 400)
@example("FREQ=MONTHLY;BYMONTHDAY=-3;COUNT=5", dt.datetime(2020, 1, 31, 9), dt.datetime(2020, 2, 1), 400)
@example("FREQ=MONTHLY;COUNT=5", dt.datetime(2020, 1, 31, 9), dt.datetime(2020, 2, 1), 400)
@example("FREQ=YEARLY", dt.datetime(2020, 2, 29, 9), dt.datetime(2023, 1, 1), 500)
def test_instances_are_those_of_dateutil(rule: str, first: dt.datetime, low: dt.datetime, days: int) -> None:
    if "HOURLY" in rule:  # dateutil walks there hour by hour
        low, days = first + (low - first) % dt.timedelta(days=60), min(days, 20)
    high = low + dt.timedelta(days=days)
    until = re.search(r"UNTIL=(\d{8}T\d{6})", rule)
    bound = min(high, max(dt.datetime.strptime(until[1], "%Y%m%dT%H%M%S"), first)) if until else high
    assert list(starts(parse(rule), first, low, bound)) == as_dateutil_has_it(rule, first, low, high)


@settings(max_examples=40)
@given(
    rule=rules(),
    zone=st.sampled_from(ZONES),
    first=st.datetimes(dt.datetime(2018, 1, 1), dt.datetime(2024, 1, 1)).map(
        lambda wall: wall.replace(minute=30, second=0, microsecond=0)
    ),
    low=st.datetimes(dt.datetime(2018, 1, 1), dt.datetime(2025, 1, 1), timezones=st.just(dt.UTC)),
    days=st.integers(1, 120),
)
def test_a_span_holds_the_instances_of_dateutil_on_the_clock_of_their_zone(
    rule: str, zone: str, first: dt.datetime, low: dt.datetime, days: int
) -> None:
    clock = ZoneInfo(zone)
    if "HOURLY" in rule:
        low = first.replace(tzinfo=dt.UTC) + (low - first.replace(tzinfo=dt.UTC)) % dt.timedelta(days=60)
        days = min(days, 20)
    high = low + dt.timedelta(days=days)
    near = dt.timedelta(days=2)
    walls = as_dateutil_has_it(rule, first, low.replace(tzinfo=None) - near, high.replace(tzinfo=None) + near)
    moments = sorted({wall.replace(tzinfo=clock).astimezone(dt.UTC) for wall in walls})
    expected = [moment for moment in moments if moment < high and moment + HOUR > low]
    master = event(first.replace(tzinfo=clock), rule)
    master.end = (master.start.astimezone(dt.UTC) + HOUR).astimezone(clock)
    found = list(occurrences(master, [], low, high))
    assert [o.start.astimezone(dt.UTC) for o in found] == expected
    assert ids(iter(found)) == [f"{moment:%Y%m%dT%H%M%SZ}" for moment in expected]
    last = last_possible_end(master, [])
    assert last is None or all(o.end <= last for o in found)
    assert last is not None or "UNTIL" not in rule


@pytest.mark.parametrize(
    ("rule", "first", "expected"),
    [
        # RFC 5545 §3.8.5.3 has these
        ("FREQ=YEARLY;BYWEEKNO=20;BYDAY=MO", "1997-05-12", ["1997-05-12", "1998-05-11", "1999-05-17"]),
        ("FREQ=YEARLY;BYDAY=20MO", "1997-05-19", ["1997-05-19", "1998-05-18", "1999-05-17"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", "1998-02-13", ["1998-02-13", "1998-03-13", "1998-11-13"]),
        ("FREQ=MONTHLY;BYDAY=TU,WE,TH;BYSETPOS=3", "1997-09-04", ["1997-09-04", "1997-10-07", "1997-11-06"]),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO",
            "1997-08-05",
            ["1997-08-05", "1997-08-10", "1997-08-19"],
        ),
        (
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU",
            "1997-08-05",
            ["1997-08-05", "1997-08-17", "1997-08-19"],
        ),
        ("FREQ=MONTHLY;BYMONTHDAY=15,30", "2007-01-15", ["2007-01-15", "2007-01-30", "2007-02-15"]),
        # without BYDAY the weekday of the first instance; weeks may reach into the next year
        ("FREQ=YEARLY;BYWEEKNO=20", "1997-05-14", ["1997-05-14", "1998-05-13", "1999-05-19"]),
        ("FREQ=YEARLY;BYWEEKNO=53;BYDAY=FR", "2021-01-01", ["2021-01-01", "2027-01-01", "2033-01-01"][:2]),
        ("FREQ=MONTHLY;BYDAY=MO,1TU", "2026-03-02", ["2026-03-02", "2026-03-03", "2026-03-09"]),
    ],
)
def test_the_examples_of_the_standard_come_true(rule: str, first: str, expected: list[str]) -> None:
    start = dt.datetime.fromisoformat(first)
    found = islice(starts(parse(rule), start, start, dt.datetime(2030, 1, 1)), len(expected))
    assert [f"{wall:%Y-%m-%d}" for wall in found] == expected


# --- what the corpus says ------------------------------------------------------------

KNOWN_TO_DIFFER = {
    "Ical.Net.Tests__Calendars__Recurrence__HourlyUntil1.ics": "it reads a local UNTIL as UTC",
    "Ical.Net.Tests__Calendars__Recurrence__YearlyByWeekNo2.ics": "BYWEEKNO without BYDAY: all days",
    "Ical.Net.Tests__Calendars__Recurrence__YearlyByWeekNo3.ics": "BYWEEKNO without BYDAY: all days",
    "test__fixtures__daily-count-exdate-recurrence-id.ics": "it turns an override that ends first around",
    "test__fixtures__exchange_whole_day_moved_recurrence.ics": "it reads UNTIL by its UTC date",
    "test__fixtures__exchange_whole_day_moved_recurrence_offset_tz.ics": "it reads UNTIL by its UTC date",
    "test__fixtures__non-utc-until-ny.ics": "it reads a local UNTIL as UTC",
    "test__fixtures__recurrence-sequence.ics": "of two overrides it takes the higher SEQUENCE",
    "test__fixtures__windows-quoted-tz-rrule.ics": "icalendar reads no zone in the times of this file",
    "tests__ics__event_dt_rrule_until_before_start.ics": "it drops the first instance as well",
    "tests__ics__event_dtr_no_tz_exdatez.ics": "a time without a zone is in the zone of the reader",
    "tests__VObject__RecurrenceIterator__UntilRespectsTimezoneTest.ics": "it reads a local UNTIL as UTC",
}


@pytest.mark.filterwarnings("ignore")
def test_series_of_the_corpus_take_place_as_recurring_ical_events_has_it(corpus: Path) -> None:
    """The starts in the first 400 days of every series with exceptions that it can read."""
    compared, different = 0, {}
    for path in sorted(corpus.glob("*/*.ics")):
        content = path.read_bytes()
        if not re.search(rb"BEGIN:VEVENT[^\x00]*(EXDATE|RDATE|RECURRENCE-ID)", content) or path.name in KNOWN_TO_DIFFER:
            continue
        try:
            calendar = icalendar.Calendar.from_ical(content)
            groups = read_groups(calendar)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            continue
        for uid, (master, overrides, components) in groups.items():
            low = master.start.astimezone(dt.UTC) - HOUR
            high = low + dt.timedelta(days=400)
            alone = icalendar.Calendar()
            alone.subcomponents = components
            try:
                theirs = {moment(e["DTSTART"].dt) for e in recurring_ical_events.of(alone).between(low, high)}
            except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
                continue
            ours = {o.start.astimezone(dt.UTC) for o in occurrences(master, overrides, low, high)}
            compared += 1
            if ours != theirs:
                different[f"{path.name} {uid}"] = (sorted(ours - theirs)[:3], sorted(theirs - ours)[:3])
    assert compared > 40
    assert different == {}


def moment(value: dt.date | dt.datetime) -> dt.datetime:
    if not isinstance(value, dt.datetime):
        value = dt.datetime.combine(value, dt.time())
    return (value if value.tzinfo else value.replace(tzinfo=BERLIN)).astimezone(dt.UTC)


def read_groups(calendar: Any) -> dict[str, tuple[Event, list[Event], list[Any]]]:
    """The series of a calendar with their overrides, read by icalendar."""
    groups: dict[str, tuple[Event, list[Event], list[Any]]] = {}
    by_uid: dict[str, list[Any]] = {}
    for component in calendar.walk("VEVENT"):
        by_uid.setdefault(str(component.get("UID", "")), []).append(component)
    for uid, components in by_uid.items():
        masters = [component for component in components if "RECURRENCE-ID" not in component]
        if len(masters) != 1 or not uid or not {"RRULE", "RDATE"} & set(masters[0]):
            continue
        if any("EXRULE" in c or "RANGE" in getattr(c.get("RECURRENCE-ID"), "params", {}) for c in components):
            continue
        events = [read_event(uid, component) for component in components]
        (master,) = (event for event in events if not event.recurrence_id)
        if problem(master) is None:
            groups[uid] = (master, [event for event in events if event is not master], components)
    return groups


def read_event(uid: str, component: Any) -> Event:
    def aware(value: dt.date | dt.datetime) -> dt.datetime:
        if not isinstance(value, dt.datetime):
            value = dt.datetime.combine(value, dt.time())
        return value if value.tzinfo else value.replace(tzinfo=BERLIN)

    def every(name: str) -> list[Any]:
        found = component.get(name, [])
        return found if isinstance(found, list) else [found]

    values = [value.dt for line in every("RDATE") for value in line.dts]
    dates = tuple(aware(value[0] if isinstance(value, tuple) else value) for value in values)
    excluded = tuple(aware(value.dt) for line in every("EXDATE") for value in line.dts)
    rules = tuple(rule.to_ical().decode() for rule in every("RRULE"))
    original = component.get("RECURRENCE-ID")
    name = ""
    if original is not None:
        whole = not isinstance(original.dt, dt.datetime)
        name = f"{original.dt:%Y%m%d}" if whole else f"{aware(original.dt).astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"
    start, end = component.start, component.end
    recurrence = Recurrence(rules, dates, excluded) if rules or dates else None
    all_day = not isinstance(component["DTSTART"].dt, dt.datetime)
    return Event(uid, name, aware(start), aware(end), all_day=all_day, recurrence=recurrence)


# --- nonsense ------------------------------------------------------------------------

NONSENSE = [
    ("FREQ=SECONDLY", "repeats every second: read as a single event"),
    ("FREQ=MINUTELY;INTERVAL=5;COUNT=1000000000", "repeats every minute: read as a single event"),
    ("FREQ=HOURLY;BYMINUTE=0,30", "repeats more often than hourly: read as a single event"),
    (
        "FREQ=DAILY;BYHOUR=9,10;BYMINUTE=" + ",".join(map(str, range(60))),
        "repeats more often than hourly: read as a single event",
    ),
    (
        "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L",
        "repeats by another calendar than the Gregorian: read as a single event",
    ),
    *(
        (rule, "unreadable RRULE: read as a single event")
        for rule in (
            "",
            "WEEKLY",
            "FREQ=",
            "FREQ=FORTNIGHTLY",
            "FREQ=DAILY;FREQ=WEEKLY",
            "FREQ=DAILY;INTERVAL=0",
            "FREQ=DAILY;INTERVAL=-1",
            "FREQ=DAILY;COUNT=0",
            "FREQ=DAILY;COUNT=many",
            "FREQ=DAILY;UNTIL=tomorrow",
            "FREQ=DAILY;UNTIL=20261399",
            "FREQ=DAILY;UNTIL=20260301T250000Z",
            "FREQ=WEEKLY;BYDAY=XX",
            "FREQ=WEEKLY;BYDAY=,",
            "FREQ=WEEKLY;WKST=9",
            "FREQ=MONTHLY;BYMONTHDAY=32",
            "FREQ=MONTHLY;BYMONTHDAY=0",
            "FREQ=MONTHLY;BYDAY=0MO",
            "FREQ=YEARLY;BYMONTH=13",
            "FREQ=YEARLY;BYEASTER=0",
            "FREQ=MONTHLY;BYWEEKNO=3",
            "RRULE:AnythingRandom;FREQ=WEEKLY",
        )
    ),
]


@pytest.mark.parametrize(("rule", "sentence"), NONSENSE)
def test_an_unusable_rule_is_explained_and_read_as_a_single_event(rule: str, sentence: str) -> None:
    master = event(nine(1, 1, 2020), rule)
    assert problem(master) == sentence
    assert listed(master) == ["2020-01-01 09:00+0100"]
    assert last_possible_end(master, []) == master.end


def test_an_unusable_rule_costs_the_other_rules_nothing() -> None:
    master = event(nine(2), "FREQ=NEVER", "FREQ=DAILY;COUNT=2")
    assert len(listed(master)) == 2
    assert problem(master) == "unreadable RRULE: read as a single event"


@pytest.mark.parametrize(
    "rule", ["FREQ=WEEKLY;BYDAY=MO;", " freq=weekly ; byday=mo, tu ", "FREQ=WEEKLY;X-OWN=1;BYDAY=+1MO"]
)
def test_a_sloppy_rule_is_usable(rule: str) -> None:
    assert problem(event(nine(2), rule)) is None
    assert listed(event(nine(2), rule), limit=3)[0] == "2026-03-02 09:00+0100"
    assert len(listed(event(nine(2), rule), limit=3)) == 3


FAR_FETCHED = [
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", 1),
    ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", 1),
    ("FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=31;COUNT=1000000000", 1),
    ("FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", 1),
    ("FREQ=WEEKLY;BYMONTH=2;BYMONTHDAY=30", 1),
    ("FREQ=YEARLY;BYYEARDAY=366;INTERVAL=3;BYMONTH=1", 1),
    ("FREQ=DAILY;BYSETPOS=5", 1),
    ("FREQ=HOURLY;BYSETPOS=5", 1),
    ("FREQ=DAILY;INTERVAL=99999999999", 1),
    ("FREQ=HOURLY;INTERVAL=99999999999;COUNT=99", 1),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=50", 1),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO", None),
    ("FREQ=WEEKLY;COUNT=1000000000", None),
    ("FREQ=MONTHLY;COUNT=1000000000", None),
    ("FREQ=HOURLY;COUNT=1000000000", None),
    ("FREQ=HOURLY;BYHOUR=9;COUNT=1000000000", None),
    ("FREQ=DAILY;BYDAY=MO,WE;INTERVAL=3;COUNT=1000000000", None),
    ("FREQ=DAILY;UNTIL=99991231T235959Z", None),
    ("FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYHOUR=0,1,2,3,4,5,6,7,8,9;BYSETPOS=366,-366", None),
]


@pytest.mark.parametrize(("rule", "number"), FAR_FETCHED)
@pytest.mark.parametrize("year", [1, 1601, 2020, 9999])
def test_a_far_fetched_rule_neither_hangs_nor_fills_memory(rule: str, number: int | None, year: int) -> None:
    began = perf_counter()
    master = event(nine(1, 1, year), rule)
    assert problem(master) is None
    first = list(islice(first_occurrences(master, []), 3))
    assert len(first) == number or (number is None and (len(first) == 3 or year == 9999 or year == 1))
    spanned = list(occurrences(master, [], nine(1, 1, 2026), nine(1, 5, 2026)))
    assert len(spanned) <= 20_000
    last_possible_end(master, [])
    assert perf_counter() - began < 10  # seconds would do; hours would not


@pytest.mark.parametrize("zone", [dt.UTC, ZoneInfo("Pacific/Kiritimati"), ZoneInfo("Pacific/Pago_Pago")])
def test_the_ends_of_the_calendar_raise_nothing(zone: dt.tzinfo) -> None:
    for edge in (dt.datetime.min, dt.datetime.max.replace(microsecond=0)):
        for length in (0 * HOUR, HOUR):
            start = edge.replace(tzinfo=zone)
            try:
                end = start + length
            except OverflowError:
                end = start
            master = Event(
                "edge@northwind.example",
                "",
                start,
                end,
                recurrence=Recurrence(("FREQ=DAILY",), (start,), (start,)),
            )
            for window in (
                (edge.replace(tzinfo=dt.UTC), SOME_DAY),
                (LONG_AGO, dt.datetime.max.replace(tzinfo=zone)),
            ):
                list(occurrences(master, [master], *window, limit=10))
            list(islice(first_occurrences(master, [master]), 10))
            last_possible_end(master, [master])


@settings(max_examples=60)
@given(
    st.text(max_size=60)
    | st.lists(
        st.sampled_from(
            [
                "FREQ=DAILY",
                "FREQ=YEARLY",
                "FREQ=HOURLY",
                "INTERVAL=7",
                "COUNT=9",
                "UNTIL=20260101",
                "BYDAY=-1MO",
                "BYDAY=TU",
                "BYMONTHDAY=-31",
                "BYSETPOS=-1",
                "BYWEEKNO=53",
                "BYHOUR=1,2",
                "WKST=SU",
                "BYYEARDAY=-366",
                "FREQ=MONTHLY",
            ]
        )
    ).map(";".join)
)
def test_no_text_of_a_rule_raises_anything(rule: str) -> None:
    master = event(nine(1, 1, 2020), rule)
    found = list(occurrences(master, [], nine(1, 1, 2019), nine(1, 1, 2021), limit=100))
    assert found[0].start == master.start
    assert problem(master) is None or len(found) == 1


# --- speed ---------------------------------------------------------------------------


def test_a_series_is_laid_out_without_walking_to_it() -> None:
    """A span years after the start costs what one at the start costs."""
    now, later = nine(1, 1, 2026), nine(1, 5, 2026)

    def cost(year: int) -> float:
        masters = [
            event(dt.datetime(year, 1, 1 + number % 28, 9, number % 60, tzinfo=BERLIN), rule)
            for number in range(100)
            for rule in (
                "FREQ=WEEKLY",
                "FREQ=DAILY;INTERVAL=3;COUNT=99999",
                "FREQ=MONTHLY;BYDAY=2TU",
                "FREQ=WEEKLY;BYDAY=MO,WE;COUNT=99999",
            )
        ]
        began = perf_counter()
        for master in masters:
            assert next(occurrences(master, [], now, later)).start < later
        return perf_counter() - began

    cost(2025)
    assert min(cost(1925) for _ in range(3)) < 4 * min(cost(2025) for _ in range(3))


def test_common_series_need_no_library() -> None:
    script = (
        "import sys, datetime as dt\n"
        "from calsync.model import Event, Recurrence\n"
        "from calsync.timing.recurrence import occurrences, last_possible_end\n"
        "from calsync.timing.zones import tzinfo\n"
        "start = dt.datetime(2020, 1, 1, 9, tzinfo=tzinfo('Europe/Berlin'))\n"
        "for rule in ('FREQ=WEEKLY;BYDAY=MO;COUNT=9', 'FREQ=MONTHLY;BYDAY=-1FR', 'FREQ=HOURLY;COUNT=5'):\n"
        "    event = Event('u', '', start, start, recurrence=Recurrence((rule,)))\n"
        "    assert list(occurrences(event, [], start, start + dt.timedelta(days=400)))\n"
        "    last_possible_end(event, [])\n"
        "print(*{name.split('.')[0] for name in sys.modules})\n"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert not {"dateutil", "icalendar", "recurring_ical_events", "pendulum"} & set(loaded)
