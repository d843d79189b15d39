"""Times to propose: free, decent, on different days, and compared with a plain search."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.model import Channel
from calsync.rules.channels import ARRANGED, FORMS
from calsync.timing.free_time import inside_their_day, outside_their_day
from calsync.timing.offers import Offer, Offering, choose, looked_at, still_holds
from calsync.timing.working_time import WorkingTime

OSLO, AUCKLAND, DENVER = ZoneInfo("Europe/Oslo"), ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Denver")
OFFERINGS = {channel: form.offering for channel, form in FORMS.items() if form.offering}
COFFEE, LUNCH = OFFERINGS[Channel.COFFEE], OFFERINGS[Channel.LUNCH]
MINE = WorkingTime(OSLO, (time(8, 30), time(16, 30)), holidays=frozenset({date(2026, 5, 1)}))
TUESDAY = datetime(2026, 4, 28, 9, tzinfo=OSLO)


def told(offer: Offer) -> list[str]:
    return [f"{start.astimezone(OSLO):%a %d %H:%M}" for start, _ in offer.times]


def span(day: int, start: str, end: str, month: int = 4) -> tuple[datetime, datetime]:
    first, last = (datetime.combine(date(2026, month, day), time.fromisoformat(each), OSLO) for each in (start, end))
    return first, last


def test_three_days_before_and_after_noon_with_a_day_to_answer() -> None:
    # Friday is a holiday.
    assert told(choose(TUESDAY, COFFEE, MINE, [])) == ["Thu 30 10:00", "Mon 04 14:00", "Tue 05 10:00"]
    assert told(choose(TUESDAY, LUNCH, MINE, [])) == ["Thu 30 12:00", "Mon 04 12:00", "Tue 05 12:00"]


def test_my_busy_time_is_left_alone_and_the_other_half_of_the_day_serves() -> None:
    busy = [span(30, "09:30", "12:15"), span(4, "13:45", "14:20", 5), span(5, "08:00", "17:00", 5)]
    assert told(choose(TUESDAY, COFFEE, MINE, busy)) == ["Thu 30 14:00", "Mon 04 14:30", "Wed 06 10:00"]


def test_hours_that_are_neither_serve_where_nothing_else_is_free() -> None:
    busy = [span(30, "09:30", "16:30")]
    assert told(choose(TUESDAY, COFFEE, MINE, busy))[0] == "Thu 30 08:30"


def test_lunch_is_never_at_another_hour() -> None:
    busy = [span(30, "12:45", "13:30")]
    assert told(choose(TUESDAY, LUNCH, MINE, busy))[0] == "Mon 04 12:00"


def test_one_day_gives_several_times_where_no_other_day_has_any() -> None:
    full = [span(day, "00:00", "23:59", month) for month, day in [(4, 30), *((5, d) for d in range(4, 30))] if day != 6]
    assert told(choose(TUESDAY, COFFEE, MINE, full)) == ["Wed 06 10:00", "Wed 06 10:45", "Wed 06 14:00"]


def test_two_full_weeks_leave_nothing_to_propose() -> None:
    assert choose(TUESDAY, COFFEE, MINE, [(TUESDAY, TUESDAY + timedelta(days=40))]) == Offer()


def test_their_day_is_kept_where_it_can_be() -> None:
    late = WorkingTime(OSLO, (time(10), time(20)))
    offer = choose(TUESDAY, COFFEE, late, [], [DENVER])
    assert offer.in_their_day
    assert told(offer) == ["Thu 30 17:00", "Fri 01 17:00", "Mon 04 17:00"]


def test_what_cannot_lie_in_their_day_comes_as_close_as_my_hours_allow() -> None:
    early = choose(TUESDAY, COFFEE, MINE, [span(30, "08:30", "08:45")], [AUCKLAND])
    assert (told(early), early.in_their_day) == (["Thu 30 08:45", "Mon 04 08:30", "Tue 05 08:30"], False)
    late = choose(TUESDAY, COFFEE, MINE, [], [DENVER])
    assert (told(late), late.in_their_day) == (["Thu 30 15:45", "Mon 04 15:45", "Tue 05 15:45"], False)


def test_an_offer_holds_until_one_of_its_times_is_taken() -> None:
    offer = choose(TUESDAY, COFFEE, MINE, [])
    assert still_holds(offer, [span(30, "09:00", "10:00"), span(30, "10:45", "11:00")])
    assert not still_holds(offer, [span(30, "10:30", "11:00")])
    assert still_holds(Offer(), [span(30, "10:30", "11:00")])


@pytest.mark.parametrize(
    ("start", "outside"),
    [("2026-04-28T09:00", 0), ("2026-04-28T17:30", 30), ("2026-04-28T06:00", 180), ("2026-04-28T23:30", 390)],
)
def test_how_far_a_time_lies_outside_of_a_day(start: str, outside: int) -> None:
    first = datetime.fromisoformat(start).replace(tzinfo=OSLO)
    assert outside_their_day(first, first + timedelta(hours=1), OSLO) == timedelta(minutes=outside)


ALL = [*OFFERINGS.values(), *(form.offering for form in ARRANGED.values() if form.offering)]
QUARTERS = st.integers(0, 96 * 30)
ZONES = st.sampled_from([OSLO, AUCKLAND, DENVER, ZoneInfo("Asia/Kathmandu"), ZoneInfo("Pacific/Chatham")])


@st.composite
def busy_times(draw: st.DrawFn, start: datetime) -> list[tuple[datetime, datetime]]:
    found = []
    for quarter, length in draw(st.lists(st.tuples(QUARTERS, st.integers(1, 60)), max_size=40)):
        first = start.astimezone(UTC) + timedelta(minutes=15 * quarter + draw(st.integers(0, 14)))
        found.append((first, first + timedelta(minutes=15 * length)))
    return found


@given(st.data(), st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 1)), st.sampled_from(ALL), ZONES)
def test_every_offer_is_as_good_as_a_plain_search_finds(
    data: st.DataObject, wall: datetime, offering: Offering, zone: tzinfo
) -> None:
    start = wall.replace(tzinfo=zone)
    mine = WorkingTime(zone, (time(9), time(17, 30)), weekdays=frozenset(data.draw(st.sets(st.integers(0, 6)))))
    busy = data.draw(busy_times(start))
    zones = data.draw(st.lists(ZONES, max_size=2))
    offer = choose(start, offering, mine, busy, zones)
    today = start.astimezone(zone).date()
    days = [today + timedelta(days=n) for n in range(1, 28)]
    days = [day for day in days if mine.is_working(day)][1:11]
    possible = {day: list(plain_search(day, offering, mine, busy, zones, zone)) for day in days}
    if offer.in_their_day:
        assert len({first.astimezone(zone).date() for first, _ in offer.times}) == min(
            3, sum(map(bool, possible.values()))
        )
        assert bool(offer.times) == any(possible.values())
        assert all(first in possible[first.astimezone(zone).date()] for first, _ in offer.times)
    else:
        assert not any(possible.values())
        lonely = {day: list(plain_search(day, offering, mine, busy, [], zone)) for day in days}
        assert len(offer.times) == min(3, sum(map(bool, lonely.values())))
        assert all(first in lonely[first.astimezone(zone).date()] for first, _ in offer.times)
    assert list(offer.times) == sorted(offer.times)
    assert all(one[1] <= other[0] for one, other in zip(offer.times, offer.times[1:], strict=False))
    assert still_holds(offer, busy)
    since, until = looked_at(start, zone)
    assert all(since <= first and last <= until for first, last in offer.times)


def plain_search(
    day: date,
    offering: Offering,
    mine: WorkingTime,
    busy: list[tuple[datetime, datetime]],
    zones: Sequence[tzinfo],
    zone: tzinfo,
) -> list[datetime]:
    found = []
    parts = offering.hours if offering.fixed else [mine.hours]
    for minute in range(0, 24 * 60, 15):
        first = datetime.combine(day, time(*divmod(minute, 60)), zone).astimezone(UTC).astimezone(zone)
        last = (first.astimezone(UTC) + offering.length).astimezone(zone)
        if (
            first.time() == time(*divmod(minute, 60))
            and first.date() == last.date()
            and any(opens <= first.time() and last.time() <= closes for opens, closes in parts)
            and not any(one < last and first < other for one, other in busy)
            and all(inside_their_day(first, last, there) for there in zones)
        ):
            found.append(first)
    return found
