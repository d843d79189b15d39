"""When a night's sync is due: by the clock on the wall, once a day, in every zone."""

from __future__ import annotations

import shutil
import subprocess
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.errors import UsageError
from calsync.schedule.base import Entry
from calsync.schedule.hours import clock_time, last_due, next_due
from tests.peers.judges import require_program

ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia", "UTC")
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
MOMENTS = st.datetimes(datetime(2025, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@given(MOMENTS, TIMES, st.sampled_from(ZONES))
def test_due_moments_follow_each_other_once_a_day(now: datetime, at: time, zone: str) -> None:
    place = ZoneInfo(zone)
    before, after = last_due(now, at, place), next_due(now, at, place)
    assert before <= now < after
    assert timedelta(hours=22) <= after - before <= timedelta(hours=26)
    assert next_due(before, at, place) == after
    assert last_due(after, at, place) == after
    assert (after.astimezone(place).date() - before.astimezone(place).date()).days == 1


@given(MOMENTS, TIMES, st.sampled_from(ZONES))
def test_the_clock_on_the_wall_shows_that_time_unless_it_is_skipped(now: datetime, at: time, zone: str) -> None:
    due = next_due(now, at, ZoneInfo(zone)).astimezone(ZoneInfo(zone))
    exists = due.replace(hour=at.hour, minute=at.minute, fold=0).astimezone(UTC).astimezone(ZoneInfo(zone))
    if exists.time() == at:
        assert due.time() == at


def test_on_the_night_that_skips_the_hour_it_is_due_all_the_same() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert next_due(moment("2027-03-27T12:00+01:00"), time(2, 30), berlin) == moment("2027-03-28T03:30+02:00")
    assert next_due(moment("2027-03-28T03:30+02:00"), time(2, 30), berlin) == moment("2027-03-29T02:30+02:00")


def test_on_the_night_on_which_the_hour_comes_twice_it_is_due_once() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    first = next_due(moment("2027-10-30T12:00+02:00"), time(2, 30), berlin)
    assert first == moment("2027-10-31T02:30+02:00")
    assert next_due(first, time(2, 30), berlin) == moment("2027-11-01T02:30+01:00")


@pytest.mark.parametrize("text", ["25:00", "2.30", "02:60", "", "02:30:00", "half past two", "-1:30"])
def test_what_is_no_time_of_day_is_refused_by_the_name_of_its_option(text: str) -> None:
    with pytest.raises(UsageError, match=r"--at: expected a time of day such as 02:30"):
        clock_time(text, "--at")


@pytest.mark.parametrize(("text", "at"), [("2:30", time(2, 30)), (" 23:59 ", time(23, 59)), ("00:00", time(0, 0))])
def test_times_are_read_as_people_write_them(text: str, at: time) -> None:
    assert clock_time(text, "--at") == at


@pytest.mark.peer
@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York", "Asia/Kolkata"])
@pytest.mark.parametrize("day", ["2027-03-13", "2027-03-27", "2027-10-30", "2027-11-06", "2027-06-30"])
@pytest.mark.parametrize("at", [time(2, 30), time(0, 15)])
def test_systemd_starts_when_calsync_says(zone: str, day: str, at: time) -> None:
    program = require_program("systemd-analyze")
    entry = Entry("", at, zone, leaves_out=True)
    words = [program, "calendar", f"--base-time={day} 21:00:00 UTC", "--iterations=3", f"*-*-* {at:%H:%M}:00 {zone}"]
    told = subprocess.run(words, capture_output=True, text=True, check=True, env={"TZ": "UTC"}).stdout
    shown = [line.partition(": ")[2].strip() for line in told.splitlines() if "UTC" in line]
    now, expected = moment(f"{day}T21:00+00:00"), []
    for _ in range(3):
        due = entry.due(now)
        assert due is not None
        expected.append(f"{due:%a %Y-%m-%d %H:%M:%S} UTC")
        now = due
    assert shown == expected
    assert shutil.which("systemd-analyze")
