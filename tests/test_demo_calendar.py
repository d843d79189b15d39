"""The sample calendar keeps its story whatever day it is told on; foreign readers judge its text."""

from __future__ import annotations

import tomllib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import holidays
import icalendar
import pytest
import recurring_ical_events
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from calsync.demo_calendar import NEWCOMERS, PERSONAL, WORK, sample, sample_config

LONDON = ZoneInfo("Europe/London")
ME = {"sam@northwind.example", "sam@lee.example"}
FORTNIGHT = timedelta(days=14)


class Meeting(NamedTuple):
    """One occurrence as a reader of the files sees it; ``answers`` by address, without me."""

    calendar: str
    uid: str
    title: str
    start: datetime
    end: datetime
    organizer: str
    mine: str
    answers: dict[str, str]
    notes: str


def parse(text: bytes) -> Any:
    return icalendar.Calendar.from_ical(text)


def local(year: int, month: int, day: int, hour: int = 9, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=LONDON)


# Saturdays, Sundays, bank holidays, both nights on which clocks change, leap day, the turn of a year.
MOMENTS = [
    local(2026, 3, 10),
    local(2026, 3, 28, 23, 59),
    local(2026, 3, 29, 0, 30),
    local(2026, 10, 25, 1, 30),
    local(2028, 2, 29, 12),
    local(2027, 12, 24, 18),
    local(2026, 12, 26),
    local(2026, 12, 31, 23, 59),
    local(2025, 1, 2, 16, 30),
    local(2026, 4, 6, 8),
    local(2026, 5, 3),
    datetime(2026, 3, 8, 23, 30, tzinfo=ZoneInfo("America/New_York")),
    datetime(2026, 7, 1, 5, tzinfo=ZoneInfo("Pacific/Kiritimati")),
]
any_moment = st.datetimes(datetime(2009, 1, 1), datetime(2090, 1, 1), timezones=st.just(LONDON))


def address(value: str) -> str:
    mailbox, _, domain = value.lower().removeprefix("mailto:").partition("@")
    return f"{mailbox.partition('+')[0]}@{domain}"


def read(name: str, text: bytes, now: datetime) -> list[Meeting]:
    calendar = parse(text)
    found = []
    for event in recurring_ical_events.of(calendar).between(now - timedelta(days=400), now + timedelta(days=70)):
        if not isinstance(event["DTSTART"].dt, datetime) or event.get("STATUS") == "CANCELLED":
            continue
        attendees = event.get("ATTENDEE", [])
        attendees = attendees if isinstance(attendees, list) else [attendees]
        answers = {address(who): who.params["PARTSTAT"] for who in attendees if is_human(who)}
        mine = next((answers.pop(me) for me in ME & answers.keys()), "")
        start, end = (event[key].dt.astimezone(LONDON) for key in ("DTSTART", "DTEND"))
        organizer = address(event.get("ORGANIZER", ""))
        notes = str(event.get("DESCRIPTION", ""))
        title = str(event["SUMMARY"])
        found.append(Meeting(name, event["UID"], title, start, end, organizer, mine, answers, notes))
    return found


def is_human(who: Any) -> bool:
    return who.params.get("CUTYPE") == "INDIVIDUAL" and "@resource.calendar." not in who


@cache
def meetings(now: datetime) -> list[Meeting]:
    seen: dict[tuple[str, datetime], Meeting] = {}
    for name, text in sample(now).items():
        for meeting in read(name, text, now):
            seen.setdefault((meeting.uid, meeting.start), meeting)
    return sorted(seen.values(), key=lambda meeting: meeting.start)


def newcomers(now: datetime) -> dict[str, str]:
    """Who is new around ``now``, and the rule for them, by a plain reading of the product's words."""
    first: dict[str, tuple[Meeting, str]] = {}
    for meeting in meetings(now):
        group = [who for who, answer in meeting.answers.items() if answer != "DECLINED"]
        upcoming = meeting.end > now
        if meeting.mine not in ("ACCEPTED", "TENTATIVE") or len(group) > 20 or meeting.start > now + FORTNIGHT:
            continue
        for who in group:
            mailbox, _, domain = who.partition("@")
            if domain in ("northwind.example", "calendly.com") or mailbox == "info":
                continue
            if meeting.answers[who] == "NEEDS-ACTION" and len(group) > 6:
                continue
            small, organizes = len(group) <= 6, who == meeting.organizer
            pack = "professional" if meeting.calendar == WORK else "personal"
            rule = f"{pack}/first-meeting" if small else f"{pack}/met-the-organizer" if organizes else ""
            recent = upcoming or meeting.end >= now - FORTNIGHT
            first.setdefault(who, (meeting, rule if recent and "#nofollowup" not in meeting.notes else ""))
    return {who: rule for who, (_, rule) in first.items() if rule}


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_its_newcomers_are_those_it_promises(now: datetime) -> None:
    assert newcomers(now) == NEWCOMERS


@pytest.mark.parametrize("now", MOMENTS, ids=str)
def test_work_keeps_to_working_days_and_nobody_is_in_two_places(now: datetime) -> None:
    assert_nobody_could_wonder(now)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_moment)
def test_both_hold_at_any_moment(now: datetime) -> None:
    assert newcomers(now) == NEWCOMERS
    assert_nobody_could_wonder(now)


def assert_nobody_could_wonder(now: datetime) -> None:
    off = holidays.country_holidays("GB", subdiv="ENG")
    attended = [m for m in meetings(now) if m.mine not in ("DECLINED", "NEEDS-ACTION") and "train" not in m.uid]
    for meeting in attended:
        if meeting.calendar == WORK:
            assert meeting.start.weekday() < 5, meeting
            assert meeting.start.date() not in off, meeting
    for earlier, later in pairwise(attended):
        assert earlier.end <= later.start, (earlier, later)


@settings(max_examples=8, deadline=None)
@given(any_moment)
@example(local(2028, 2, 29))
@example(local(2026, 12, 31, 23, 59))
def test_its_text_is_valid_icalendar(now: datetime) -> None:
    for text in sample(now).values():
        lines = text.split(b"\r\n")
        assert lines.pop() == b""
        assert all(len(line) <= 75 for line in lines)
        assert not any(b"\n" in line or b"\r" in line for line in lines)
        calendar = parse(text)
        known = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
        keys = set()
        for event in calendar.walk("VEVENT"):
            assert event.errors == []
            assert event["DTSTART"].dt < event["DTEND"].dt
            assert event["DTSTART"].params.get("TZID", "Europe/London") in known
            assert event["DTSTAMP"].dt <= now
            assert bool(event.get("ORGANIZER")) == bool(event.get("ATTENDEE"))
            key = event["UID"], event["RECURRENCE-ID"].dt if "RECURRENCE-ID" in event else None
            assert key not in keys
            keys.add(key)


@settings(max_examples=5, deadline=None)
@given(any_moment)
@example(local(2025, 1, 2, 16, 30))
def test_each_exception_of_a_series_stands_for_a_real_occurrence(now: datetime) -> None:
    calendar = parse(sample(now)[WORK])
    masters = {event["UID"]: event for event in calendar.walk("VEVENT") if "RRULE" in event}
    exceptions = [event for event in calendar.walk("VEVENT") if "RECURRENCE-ID" in event]
    assert len(exceptions) == 3
    for event in exceptions:
        original = event["RECURRENCE-ID"].dt
        bare = icalendar.Calendar()
        bare.add_component(masters[event["UID"]])
        assert [found["DTSTART"].dt for found in recurring_ical_events.of(bare).at(original.date())] == [original]


def test_the_same_moment_gives_the_same_bytes_in_any_zone() -> None:
    now = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
    assert sample(now) == sample(now.astimezone(ZoneInfo("Asia/Tokyo")))
    assert sample(now) != sample(now + timedelta(days=1))


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        sample(datetime(2026, 3, 10))


def test_it_tells_a_year_with_something_of_everything() -> None:
    now = local(2026, 3, 10)
    files = sample(now)
    work, personal = (parse(files[name]) for name in (WORK, PERSONAL))
    events = work.walk("VEVENT")
    earliest = min(
        start if isinstance(start, datetime) else datetime.combine(start, datetime.min.time(), LONDON)
        for start in (event["DTSTART"].dt for event in events)
    )
    assert timedelta(days=350) < now - earliest < timedelta(days=380)
    text = files[WORK].replace(b"\r\n ", b"").decode()
    zones = {event["DTSTART"].params.get("TZID") for event in events}
    assert {"America/New_York", "Asia/Tokyo", "W. Europe Standard Time"} <= zones
    for sign in (
        "CUTYPE=ROOM",
        "CUTYPE=RESOURCE",
        "CLASS:PRIVATE",
        "STATUS:CANCELLED",
        "EXDATE",
        "RECURRENCE-ID",
    ):
        assert sign in text, sign
    for sign in ("#followup", "#nofollowup", "calendly.com", "mailto:info@", "BUSYSTATUS:OOF", "VALUE=DATE:"):
        assert sign in text, sign
    answers = {who.params["PARTSTAT"] for event in events for who in event.get("ATTENDEE", [])}
    assert answers == {"ACCEPTED", "TENTATIVE", "DECLINED", "NEEDS-ACTION"}
    assert max(len(event.get("ATTENDEE", [])) for event in events) == 61
    shared = {event["UID"] for event in events} & {event["UID"] for event in personal.walk("VEVENT")}
    assert shared == {"lunch@northwind.example"}


def test_the_coming_working_days_hold_hours_to_avoid() -> None:
    now = local(2026, 3, 10)
    coming = [m for m in meetings(now) if now < m.start < now + timedelta(days=7)]
    assert len({m.start.date() for m in coming if "Focus" in m.title}) == 3
    assert any("Out of office" in m.title for m in coming)


def test_some_newcomers_were_met_again_and_some_are_booked_again() -> None:
    now = local(2026, 3, 10)
    days: dict[str, list[date]] = {who: [] for who in NEWCOMERS}
    for meeting in meetings(now):
        for who in NEWCOMERS.keys() & meeting.answers.keys():
            days[who].append(meeting.start.date())
    again = {who for who, met in days.items() if len(met) > 1}
    assert again == {"mateo@puntonorte.example", "hannah@kranich.example"}
    assert max(days["mateo@puntonorte.example"]) < now.date() < max(days["hannah@kranich.example"])


def test_all_addresses_are_invented_or_known_robots() -> None:
    for text in sample(local(2026, 3, 10)).values():
        for line in text.replace(b"\r\n ", b"").decode().splitlines():
            if "mailto:" in line:
                domain = line.rpartition("@")[2].lower()
                assert domain.endswith(".example") or domain in (
                    "calendly.com",
                    "resource.calendar.google.com",
                )


def test_its_config_names_its_calendars_and_stays_in_one_folder() -> None:
    config = tomllib.loads(sample_config())
    assert [source["path"] for source in config["source"]] == list(sample(local(2026, 3, 10)))
    assert {address(me) for me in config["me"]["emails"]} == ME
    paths = [config["ledger"], *(part["path"] for part in config["source"] + config["output"])]
    assert all("/" not in path for path in paths)
    assert [output["type"] for output in config["output"]] == ["ics"]
