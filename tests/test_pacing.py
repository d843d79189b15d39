"""The pace of cadences, without a calendar."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from calsync.pacing import Due, paced
from calsync.timing.placement import Caps
from calsync.timing.working_time import WorkingTime

MINE = WorkingTime(ZoneInfo("America/Bogota"))
TODAY = date(2026, 11, 4)  # a Wednesday
CAPS = Caps(5, 15)
DUES = st.lists(
    st.tuples(st.integers(-400, 100), st.sampled_from([21, 60, 180, 365]), st.sampled_from(["working", "any"])),
    max_size=80,
).map(
    lambda each: [
        Due(f"{n:03}", TODAY + timedelta(days=ahead), length, days) for n, (ahead, length, days) in enumerate(each)
    ]
)


def test_a_single_overdue_person_comes_today() -> None:
    assert paced([Due("a", date(2026, 1, 1), 21, "working")], [], MINE, CAPS, TODAY) == {"a": TODAY}


def test_the_longest_overdue_by_the_measure_of_their_interval_come_first() -> None:
    dues = [Due("yearly", date(2026, 5, 4), 365, "any"), Due("monthly", date(2026, 9, 4), 21, "any")]
    dues += [Due("monthly too", date(2026, 10, 20), 21, "any")]
    found = paced(dues, [], MINE, CAPS, TODAY)
    assert found == {"yearly": TODAY, "monthly": TODAY, "monthly too": TODAY + timedelta(days=3)}


def test_a_day_that_is_nearly_full_is_left_to_what_follows_a_meeting() -> None:
    standing = [datetime(2026, 11, 4, 14 + n, tzinfo=UTC) for n in range(4)]
    assert paced([Due("a", TODAY, 21, "working")], standing, MINE, CAPS, TODAY) == {"a": TODAY + timedelta(days=1)}


@given(DUES, st.lists(st.integers(0, 40), max_size=40))
def test_the_caps_keep_a_third_free_and_nobody_comes_before_their_day(dues: list[Due], others: list[int]) -> None:
    standing = [datetime(2026, 11, 4, 15, tzinfo=UTC) + timedelta(days=ahead) for ahead in others]
    found = paced(dues, standing, MINE, CAPS, TODAY)
    assert found.keys() == {due.id for due in dues}
    for due in dues:
        assert found[due.id] >= max(due.day, TODAY)
        assert MINE.allowed(found[due.id], due.days)
    there = Counter(start.date() for start in standing)
    days = Counter(found.values())
    assert all(number + there[day] <= 4 for day, number in days.items())
    weeks = Counter(day.isocalendar()[:2] for day in found.values())
    there_weeks = Counter(start.isocalendar()[:2] for start in standing)
    assert all(number + there_weeks[week] <= 10 for week, number in weeks.items())
    assert paced(reversed(dues), standing, MINE, CAPS, TODAY) == found
