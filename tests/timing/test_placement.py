"""What placement promises, sentence by sentence."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.timing.placement import NO_FREE_TIME, OVER_THE_CAP, THEIR_DAY_NOT_KEPT, Caps, Placed, Wish, place
from calsync.timing.working_time import WorkingTime

LONDON = ZoneInfo("Europe/London")
MINE = WorkingTime(LONDON)
MONDAY = date(2026, 3, 9)
NIGHT = datetime(2026, 3, 9, 2, tzinfo=LONDON)
PLENTY = Caps(5, 15)
QUARTER = timedelta(minutes=15)

Span = tuple[datetime, datetime]


def at(day: date, hour: int, minute: int = 0, zone: ZoneInfo = LONDON) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def on(days: int) -> date:
    return MONDAY + timedelta(days=days)


def block(day: date, start: tuple[int, int], end: tuple[int, int]) -> Span:
    return at(day, *start), at(day, *end)


def wish(
    name: str = "a",
    first: date = MONDAY,
    last: date | None = None,
    *,
    days: str = "working",
    hours: tuple[int, int] = (9, 11),
    minutes: int = 15,
    importance: int = 0,
    not_before: datetime | None = None,
    zones: Sequence[str] = (),
) -> Wish:
    at_ = (time(hours[0]), time(hours[1] % 24))
    their_zones = tuple(ZoneInfo(zone) for zone in zones)
    length = timedelta(minutes=minutes)
    return Wish(name, first, last or first, days, at_, length, (importance,), not_before, their_zones)


def placed(
    *wishes: Wish,
    busy: Sequence[Span] = (),
    taken: Sequence[Span] = (),
    caps: Caps = PLENTY,
    now: datetime = NIGHT,
    mine: WorkingTime = MINE,
) -> dict[str, Placed]:
    return {one.id: one for one in place(wishes, mine=mine, busy=busy, taken=taken, caps=caps, now=now)}


def start_of(*wishes: Wish, busy: Sequence[Span] = (), taken: Sequence[Span] = (), now: datetime = NIGHT) -> str:
    one = placed(*wishes, busy=busy, taken=taken, now=now)[wishes[-1].id]
    return f"{one.start:%a %H:%M}" + "".join(f", {note}" for note in one.notes)


ALL_DAY = (at(MONDAY, 0), at(on(1), 0))
ALL_WEEK = (at(MONDAY, 0), at(on(7), 0))


@pytest.mark.parametrize(
    ("one", "busy", "expected"),
    [
        (wish(), [], "Mon 09:00"),
        (wish(), [block(MONDAY, (9, 0), (9, 40))], "Mon 09:45"),
        (wish(), [block(MONDAY, (8, 0), (9, 1))], "Mon 09:15"),
        (wish(minutes=20), [block(MONDAY, (9, 20), (17, 0))], "Mon 09:00"),
        (wish(minutes=20), [block(MONDAY, (9, 19), (17, 0))], "Mon 17:00"),
        (wish(), [block(MONDAY, (9, 0), (9, 0))], "Mon 09:00"),
        (wish(minutes=120), [], "Mon 09:00"),
        (wish(minutes=121), [], "Mon 09:00"),
        (wish(), [block(MONDAY, (9, 0), (11, 0))], "Mon 11:00"),
        (wish(hours=(10, 11)), [block(MONDAY, (10, 0), (11, 0))], "Mon 09:00"),
        (wish(last=on(1)), [block(MONDAY, (9, 0), (17, 30))], "Tue 09:00"),
        (wish(last=on(1)), [ALL_DAY], "Tue 09:00"),
        (wish(), [ALL_DAY], "Mon 09:00, no free time"),
        (wish(last=on(4)), [ALL_WEEK], "Mon 09:00, no free time"),
        (wish(first=on(5), last=on(8)), [], "Mon 09:00"),
        (wish(first=on(5), last=on(8), days="any"), [], "Sat 09:00"),
        (wish(days="any", hours=(22, 24), minutes=120), [], "Mon 22:00"),
    ],
)
def test_a_reminder_takes_the_first_free_span_that_suits(one: Wish, busy: list[Span], expected: str) -> None:
    assert start_of(one, busy=busy) == expected


@pytest.mark.parametrize(
    ("now", "one", "expected"),
    [
        (at(MONDAY, 9, 1), wish(), "Mon 09:15"),
        (at(MONDAY, 9, 15), wish(), "Mon 09:15"),
        (at(MONDAY, 10, 50), wish(), "Mon 11:00"),
        (at(MONDAY, 18), wish(last=on(1)), "Tue 09:00"),
        (at(MONDAY, 18, 1), wish(), "Mon 18:15, no free time"),
        (at(MONDAY, 23, 50), wish(last=on(1)), "Tue 09:00"),
        (at(MONDAY, 23, 50), wish(), "Tue 00:00, no free time"),
        (at(on(5), 12), wish(first=on(4), last=on(8)), "Mon 09:00"),
        (at(on(5), 12), wish(first=on(4), last=on(6)), "Mon 09:00"),
        (at(on(1), 8), wish(first=MONDAY, last=MONDAY), "Tue 09:00"),
    ],
)
def test_the_search_starts_today_if_that_is_later_and_never_in_the_past(
    now: datetime, one: Wish, expected: str
) -> None:
    assert start_of(one, now=now) == expected


def test_a_step_counted_in_hours_does_not_start_before_them() -> None:
    assert start_of(wish(not_before=at(MONDAY, 10, 20))) == "Mon 10:30"
    assert start_of(wish(last=on(1), not_before=at(MONDAY, 17, 25))) == "Tue 09:00"
    assert start_of(wish(not_before=at(MONDAY, 19, 20))) == "Mon 19:30, no free time"


def test_a_holiday_is_not_a_working_day() -> None:
    mine = WorkingTime(LONDON, holidays=frozenset({MONDAY}))
    assert placed(wish(last=on(2)), mine=mine)["a"].start == at(on(1), 9)
    assert placed(wish(days="any"), mine=mine)["a"].start == at(MONDAY, 9)


def test_reminders_do_not_overlap_each_other_nor_those_that_stand() -> None:
    found = placed(*(wish(name, minutes=30) for name in "abc"), taken=[block(MONDAY, (9, 15), (9, 45))])
    assert [f"{found[name].start:%H:%M}" for name in "abc"] == ["09:45", "10:15", "10:45"]


def test_their_day_is_kept_where_a_slot_in_the_window_suits() -> None:
    new_york, tokyo = "America/New_York", "Asia/Tokyo"
    assert start_of(wish(zones=[new_york])) == "Mon 13:00"  # nine there: their clocks changed the day before
    assert start_of(wish(zones=[tokyo])) == "Mon 09:00, their day could not be kept"
    afternoon = [block(MONDAY, (13, 0), (17, 30))]
    assert start_of(wish(last=on(1), zones=[new_york]), busy=afternoon) == "Tue 13:00"
    assert start_of(wish(zones=[new_york]), busy=afternoon) == "Mon 09:00, their day could not be kept"
    assert start_of(wish(zones=[new_york, tokyo])) == "Mon 09:00, their day could not be kept"
    assert start_of(wish(zones=[new_york, "Europe/Berlin"])) == "Mon 13:00"


def test_a_full_day_sends_the_less_important_to_the_next() -> None:
    found = placed(*(wish(f"{n}", last=on(1), importance=n) for n in range(7)))
    assert [found[f"{n}"].start.date() for n in range(7)] == [MONDAY] * 5 + [on(1)] * 2
    assert not any(one.notes for one in found.values())


def test_a_full_week_sends_the_less_important_to_the_next() -> None:
    caps = Caps(2, 3)
    found = placed(*(wish(f"{n}", last=on(7), importance=n) for n in range(5)), caps=caps)
    assert [(found[f"{n}"].start.date() - MONDAY).days for n in range(5)] == [0, 0, 1, 7, 7]


def test_what_stands_counts_in_the_caps_of_its_local_day() -> None:
    late = at(MONDAY, 0, 30, ZoneInfo("Asia/Tokyo"))  # still Sunday in London
    assert placed(wish(last=on(1)), taken=[(late, late + QUARTER)], caps=Caps(1, 5))["a"].start.date() == MONDAY
    standing = [block(MONDAY, (17, 0), (17, 15))]
    assert placed(wish(last=on(1)), taken=standing, caps=Caps(1, 5))["a"].start.date() == on(1)
    assert placed(wish(last=on(1)), taken=standing, caps=Caps(5, 1))["a"].notes == (OVER_THE_CAP,)


def test_what_does_not_fit_goes_on_the_last_allowed_day_of_its_window_over_the_cap() -> None:
    standing = [block(on(n), (9, 0), (9, 15)) for n in range(5)]
    found = placed(wish(last=on(5)), taken=standing, caps=Caps(1, 9))["a"]
    assert (found.start, found.notes) == (at(on(4), 9, 15), (OVER_THE_CAP,))
    busy = [block(on(4), (8, 0), (18, 0))]
    found = placed(wish(last=on(5)), taken=standing, busy=busy, caps=Caps(1, 9))["a"]
    assert (found.start, found.notes) == (at(on(4), 9), (OVER_THE_CAP, NO_FREE_TIME))


def test_a_less_important_one_moves_out_of_the_way_of_one_that_has_no_choice() -> None:
    choosy, easy = wish("choosy", importance=2), wish("easy", last=on(1), importance=1)
    found = placed(easy, choosy, caps=Caps(1, 9))
    assert (found["choosy"].start.date(), found["easy"].start.date()) == (MONDAY, on(1))
    assert not found["choosy"].notes


def test_of_two_that_could_make_room_the_less_important_moves() -> None:
    first, second, bound = (wish(name, last=on(last), importance=n) for n, (name, last) in enumerate(
        [("first", 1), ("second", 1), ("bound", 0)]
    ))  # fmt: skip
    found = placed(first, second, bound, caps=Caps(2, 9))
    assert [found[name].start.date() for name in ("first", "second", "bound")] == [MONDAY, on(1), MONDAY]


def test_several_short_ones_move_together_for_a_long_one_that_has_no_choice() -> None:
    mine = WorkingTime(LONDON, hours=(time(9), time(10)))
    short = [wish(name, last=on(1), hours=(9, 10), importance=n) for n, name in enumerate("ab")]
    long = wish("long", hours=(9, 10), minutes=60, importance=9)
    found = placed(*short, long, mine=mine)
    assert not any(one.notes for one in found.values())
    assert [found[name].start.date() for name in ("a", "b", "long")] == [on(1), on(1), MONDAY]


def test_a_more_important_one_is_never_kept_out_to_fit_two_less_important_ones() -> None:
    long, short, other = wish("long", hours=(9, 10), minutes=60), wish("s"), wish("t")
    mine = WorkingTime(LONDON, hours=(time(9), time(10)))
    found = placed(
        replace(long, importance=(0,)), replace(short, importance=(1,)), replace(other, importance=(1,)),
        mine=mine, busy=[block(MONDAY, (10, 0), (18, 0))],
    )  # fmt: skip
    assert found["long"].notes == ()
    assert found["s"].notes == found["t"].notes == (NO_FREE_TIME,)


def test_of_equally_important_ones_the_smaller_id_goes_first() -> None:
    found = placed(wish("b"), wish("a"))
    assert (found["a"].start, found["b"].start) == (at(MONDAY, 9), at(MONDAY, 9, 15))


def test_no_allowed_day_at_all_still_places_everything() -> None:
    mine = WorkingTime(LONDON, weekdays=frozenset())
    assert placed(wish(last=on(3)), mine=mine)["a"].start == at(MONDAY, 9)
    assert place([], mine=mine, busy=[], taken=[], caps=PLENTY, now=NIGHT) == []


# The clocks


@pytest.mark.parametrize(
    ("day", "hours", "minutes", "busy", "expected"),
    [
        (date(2026, 3, 29), (0, 4), 15, ((0, 0), (1, 0)), "02:00 +0100"),  # 01:00-01:59 do not exist
        (date(2026, 3, 29), (1, 2), 15, None, "09:00 +0100"),
        (date(2026, 3, 29), (0, 3), 90, None, "00:00 +0000"),
        (date(2026, 3, 29), (0, 3), 150, None, "09:00 +0100"),
        (date(2026, 10, 25), (1, 2), 15, None, "01:00 +0100"),  # of 01:00-01:59, twice there, the first
        (date(2026, 10, 25), (0, 4), 15, ((0, 0), (1, 45)), "01:45 +0100"),
        (date(2026, 10, 25), (0, 1), 60, None, "00:00 +0100"),
    ],
)
def test_a_quarter_hour_that_the_clock_leaves_out_is_no_start_and_of_two_the_first_is(
    day: date,
    hours: tuple[int, int],
    minutes: int,
    busy: tuple[tuple[int, int], tuple[int, int]] | None,
    expected: str,
) -> None:
    blocked = [block(day, *busy)] if busy else []
    one = wish(first=day, days="any", hours=hours, minutes=minutes)
    found = placed(one, busy=blocked, now=at(day - timedelta(days=1), 12))["a"]
    assert f"{found.start:%H:%M %z}" == expected
    assert found.end.astimezone(UTC) - found.start.astimezone(UTC) == timedelta(minutes=minutes)


ZONES = ["Europe/London", "America/New_York", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu",
         "Africa/Cairo", "Asia/Beirut", "Pacific/Chatham", "America/Havana", "Africa/Casablanca",
         "Asia/Tehran", "Pacific/Apia", "America/St_Johns", "Antarctica/Troll", "UTC"]  # fmt: skip


@given(st.sampled_from(ZONES), st.dates(date(2012, 1, 1), date(2037, 12, 31)), st.integers(0, 40))
def test_nine_stays_nine_whatever_the_clocks_do(zone: str, today: date, later: int) -> None:
    mine = WorkingTime(ZoneInfo(zone))
    day = today + timedelta(days=later)
    now = datetime(today.year, today.month, today.day, 0, 5, tzinfo=mine.zone)
    found = placed(wish(first=day, days="any"), mine=mine, now=now)["a"]
    assert found.start.replace(tzinfo=None) == datetime(day.year, day.month, day.day, 9)
    assert found.start.tzinfo is mine.zone
    assert not found.notes


def test_every_day_of_a_year_has_its_quarter_hours_in_order_in_every_zone() -> None:
    for zone in map(ZoneInfo, ZONES):
        mine = WorkingTime(zone, hours=(time(0), time(0)))
        for month in (3, 4, 9, 10, 11):
            for number in range(1, 31):
                day = date(2026, month, number)
                night = datetime.combine(day - timedelta(days=1), time(12), tzinfo=zone)
                one = wish(first=day, days="any", hours=(0, 24), minutes=15)
                found = placed(one, mine=mine, now=night)["a"].start
                assert found.date() == day
                assert found.minute % 15 == 0
                assert found.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == found.replace(tzinfo=None)


# What holds whatever the case


def arrangement(seed: int) -> tuple[list[Wish], list[Span], list[Span], Caps, datetime]:
    """A crowded fortnight, from a seed."""
    rng = random.Random(seed)

    def moment() -> datetime:
        return at(on(rng.randrange(14)), rng.randrange(8, 18), rng.choice([0, 10, 15, 30, 45]))

    wishes = []
    for number in range(rng.randint(1, 14)):
        first = on(rng.randrange(10))
        hours = rng.choice([(9, 11), (9, 10), (14, 17), (17, 20), (9, 17)])
        wishes.append(
            wish(
                f"{number:02}",
                first,
                first + timedelta(days=rng.randrange(6)),
                days=rng.choice(["working", "working", "any"]),
                hours=hours,
                minutes=rng.choice([15, 15, 20, 30, 60]),
                importance=rng.randrange(5),
                not_before=rng.choice([None, None, moment()]),
                zones=rng.choice([[], [], ["America/New_York"], ["Asia/Tokyo", "Europe/Berlin"]]),
            )
        )
    busy = [(start, start + timedelta(minutes=rng.randrange(300))) for start in (moment() for _ in range(20))]
    taken = [(start, start + QUARTER) for start in (moment() for _ in range(rng.randrange(5)))]
    now = at(MONDAY, rng.randrange(24), rng.randrange(45)) + timedelta(days=rng.randrange(4))
    return wishes, busy, taken, Caps(rng.randint(1, 3), rng.randint(2, 7)), now


@settings(max_examples=80)
@given(st.integers(0, 10**9))
def test_what_is_placed_keeps_every_promise_that_can_be_seen_from_outside(seed: int) -> None:
    wishes, busy, taken, caps, now = arrangement(seed)
    found = placed(*wishes, busy=busy, taken=taken, caps=caps, now=now)
    assert found.keys() == {one.id for one in wishes}
    days, weeks = Counter[date](), Counter[tuple[int, int]]()
    for start in [start for start, _ in taken] + [one.start for one in found.values() if OVER_THE_CAP not in one.notes]:
        days[start.date()] += 1
        weeks[start.isocalendar()[:2]] += 1
    for asked in wishes:
        one = found[asked.id]
        assert one.start >= now
        assert one.end - one.start == asked.length
        assert MINE.allowed(one.start.date(), asked.days)
        assert one.start.date() >= asked.first_day
        first = MINE.next_allowed(max(asked.first_day, now.date(), (asked.not_before or now).date()), asked.days)
        assert one.start.date() <= max(asked.last_day, first)
        if NO_FREE_TIME not in one.notes:
            assert one.start.minute % 15 == 0
            assert one.start >= (asked.not_before or now)
            others = [(other.start, other.end) for other in found.values()
                      if other.id != one.id and NO_FREE_TIME not in other.notes]  # fmt: skip
            assert not any(
                max(one.start, start) < min(one.end, end) for start, end in [*busy, *taken, *others] if start < end
            )
        if THEIR_DAY_NOT_KEPT not in one.notes:
            for zone in asked.their_zones:
                assert time(9) <= one.start.astimezone(zone).time() < one.end.astimezone(zone).time() <= time(18)
        if OVER_THE_CAP not in one.notes:
            assert days[one.start.date()] <= caps.per_day
            assert weeks[one.start.isocalendar()[:2]] <= caps.per_week


@settings(max_examples=40)
@given(st.integers(0, 10**9), st.randoms())
def test_the_order_in_which_things_are_given_does_not_matter(seed: int, shuffler: random.Random) -> None:
    wishes, busy, taken, caps, now = arrangement(seed)
    expected = place(wishes, mine=MINE, busy=busy, taken=taken, caps=caps, now=now)
    for things in (wishes, busy, taken):
        shuffler.shuffle(things)
    assert place(wishes, mine=MINE, busy=busy, taken=taken, caps=caps, now=now) == expected


@settings(max_examples=60)
@given(st.integers(0, 10**9))
def test_a_less_important_wish_never_changes_whether_a_more_important_one_fits(seed: int) -> None:
    wishes, busy, taken, caps, now = arrangement(seed)
    *most, last = sorted(wishes, key=lambda one: (one.importance, one.id))
    without = placed(*most, busy=busy, taken=taken, caps=caps, now=now)
    with_it = placed(*most, last, busy=busy, taken=taken, caps=caps, now=now)
    for one in most:
        fits = OVER_THE_CAP not in without[one.id].notes
        assert (OVER_THE_CAP not in with_it[one.id].notes) == fits
        if fits:
            assert (NO_FREE_TIME in with_it[one.id].notes) == (NO_FREE_TIME in without[one.id].notes)


def test_what_has_been_placed_and_stands_leaves_room_for_the_rest_as_before() -> None:
    wishes = [wish(f"{n}", last=on(4), importance=n) for n in range(20)]
    first = place(wishes[:10], mine=MINE, busy=[], taken=[], caps=PLENTY, now=NIGHT)
    taken = [(one.start, one.end) for one in first]
    rest = place(wishes[10:], mine=MINE, busy=[], taken=taken, caps=PLENTY, now=NIGHT)
    assert [one.notes for one in rest] == [()] * 5 + [(OVER_THE_CAP,)] * 5
    assert rest[0].start == at(on(2), 9)


def test_places_go_round_in_a_chain_of_moves_through_full_days_and_weeks() -> None:
    chain = [wish(f"{n}", first=on(n), last=on(n + 1), importance=n) for n in (0, 1, 2, 3)]
    stuck = wish("stuck", importance=9)
    found = placed(*chain, stuck, caps=Caps(1, 9))
    assert [(found[f"{n}"].start.date() - MONDAY).days for n in (0, 1, 2, 3)] == [1, 2, 3, 4]
    assert (found["stuck"].start.date(), found["stuck"].notes) == (MONDAY, ())


def test_three_hundred_wishes_in_a_full_calendar_are_placed_without_a_loss() -> None:
    rng = random.Random(5)
    busy = []
    for _ in range(2000):
        start = at(on(rng.randrange(365)), rng.randrange(8, 18), rng.choice([0, 15, 30, 45]))
        busy.append((start, start + timedelta(minutes=rng.randrange(15, 120))))
    wishes = [
        wish(f"{n:03}", on(n % 60), on(n % 60 + 60), minutes=rng.choice([15, 30, 60]), importance=n % 3)
        for n in range(300)
    ]
    found = placed(*wishes, busy=busy)
    days = Counter(one.start.date() for one in found.values() if OVER_THE_CAP not in one.notes)
    assert len(found) == 300
    assert max(days.values()) <= PLENTY.per_day
    worst_that_fits = max(one.importance for one in wishes if OVER_THE_CAP not in found[one.id].notes)
    assert all(OVER_THE_CAP not in found[one.id].notes for one in wishes if one.importance < worst_that_fits)
