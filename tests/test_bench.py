"""What bench/ measures on is valid, believable and repeatable, and what it reports is measured."""

from __future__ import annotations

import os
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
import recurring_ical_events

from bench import generate, run

MINE = "mailto:sam@northwind.example"


def events_of(path: Path) -> list[Any]:
    return icalendar.Calendar.from_ical(path.read_bytes()).walk("VEVENT")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "200.ics"
    generate.write(path, 200)
    return path


def test_a_generated_calendar_is_valid_icalendar(small: Path) -> None:
    lines = small.read_bytes().split(b"\r\n")
    assert lines.pop() == b""
    assert all(len(line) <= 75 and b"\n" not in line for line in lines)
    calendar: Any = icalendar.Calendar.from_ical(small.read_bytes())
    zones = {str(zone["TZID"]) for zone in calendar.walk("VTIMEZONE")}
    seen = set()
    for event in calendar.walk("VEVENT"):
        assert event.errors == []
        assert event["DTSTART"].dt < event["DTEND"].dt
        assert event["DTSTART"].params.get("TZID", "Europe/London") in zones
        assert {"UID", "DTSTAMP", "SUMMARY", "ORGANIZER", "STATUS"} <= event.keys()
        recurrence_id = event["RECURRENCE-ID"].dt if "RECURRENCE-ID" in event else None
        seen.add((str(event["UID"]), recurrence_id))
    assert len(seen) == 200


def test_each_event_has_three_to_eight_attendees_and_me_among_them(small: Path) -> None:
    for event in events_of(small):
        attendees = [str(attendee) for attendee in event["ATTENDEE"]]
        assert 3 <= len(attendees) == len(set(attendees)) <= 8
        assert MINE in attendees
        assert all(attendee.endswith(".example") for attendee in attendees)


def test_one_event_in_ten_is_a_series_of_any_frequency() -> None:
    rules = Counter[str]()
    exclusions = exceptions = 0
    for lines in generate.entries(5000):
        rules.update(line.split(";")[0] for line in lines if line.startswith("RRULE:"))
        exclusions += any(line.startswith("EXDATE") for line in lines)
        exceptions += any(line.startswith("RECURRENCE-ID") for line in lines)
    assert 480 <= rules.total() <= 520
    assert rules["RRULE:FREQ=WEEKLY"] > rules["RRULE:FREQ=MONTHLY"] > rules["RRULE:FREQ=DAILY"] > 20
    assert 50 < exclusions < 150
    assert 20 < exceptions < 75


def test_exclusions_and_exceptions_stand_for_real_occurrences(tmp_path: Path) -> None:
    path = tmp_path / "work.ics"
    generate.write(path, 350)
    exceptions = {event["UID"]: event["RECURRENCE-ID"].dt for event in events_of(path) if "RECURRENCE-ID" in event}
    checked = 0
    for event in events_of(path):
        if "RRULE" not in event:
            continue
        excluded = event.pop("EXDATE", [])
        excluded = excluded if isinstance(excluded, list) else [excluded]
        originals = {moment.dt for dates in excluded for moment in dates.dts}
        originals |= {exceptions[event["UID"]]} if event["UID"] in exceptions else set()
        bare = icalendar.Calendar()
        bare.add_component(event)
        begins: datetime = event["DTSTART"].dt
        after = begins - timedelta(days=1)
        found = {x["DTSTART"].dt for x in recurring_ical_events.of(bare).between(after, begins + timedelta(days=400))}
        assert begins in found
        assert originals <= found - {begins}
        checked += len(originals)
    assert checked > 8


def test_events_reach_from_four_years_back_to_three_months_ahead() -> None:
    plain = (lines for lines in generate.entries(5000) if not any("RECURRENCE-ID" in line for line in lines))
    days = [day_of(lines) for lines in plain]
    assert timedelta(days=4 * 365 - 5) < max(days) - min(days) < timedelta(days=4 * 365 + 5)
    assert timedelta(days=85) < max(days) - generate.NOW.date() < timedelta(days=95)


@pytest.mark.parametrize(("events", "recent", "coming"), [(1_000, 2, 1), (10_000, 12, 6)])
def test_few_are_new_and_all_others_are_long_known(events: int, recent: int, coming: int) -> None:
    first: dict[str, date] = {}
    today = generate.NOW.date()
    read_since = today - timedelta(days=3 * 365)
    for lines in generate.entries(events):
        day = day_of(lines)
        for address in introduced(lines) if day >= read_since else ():
            first.setdefault(address, day)
    ages = [(today - day).days for day in first.values()]
    assert sum(0 < age <= 14 for age in ages) == recent
    assert sum(-14 <= age <= 0 for age in ages) == coming
    assert len(first) > 10 * (recent + coming)


def day_of(lines: list[str]) -> date:
    start = next(line for line in lines if line.startswith("DTSTART"))
    return datetime.strptime(start.rpartition(":")[2][:8], "%Y%m%d").replace(tzinfo=UTC).date()


def introduced(lines: list[str]) -> set[str]:
    """The outsiders who count in a meeting, by a plain reading of the product's words."""
    answers = {}
    for line in lines:
        if line.startswith("ATTENDEE"):
            parameters, _, address = line.partition(":")
            answers[address] = parameters.partition("PARTSTAT=")[2].partition(";")[0]
    organizer = next(line.partition(":")[2] for line in lines if line.startswith("ORGANIZER"))
    if "STATUS:CANCELLED" in lines or any(line.startswith("DTSTART;VALUE=DATE:") for line in lines):
        return set()
    if answers.pop(MINE) in ("DECLINED", "NEEDS-ACTION") and organizer != MINE:
        return set()
    group = {address: answer for address, answer in answers.items() if answer != "DECLINED"}
    silent = {address for address, answer in group.items() if answer == "NEEDS-ACTION" and len(group) > 6}
    return {address for address in group.keys() - silent if not address.endswith("@northwind.example")}


def test_an_event_is_as_long_as_those_of_a_busy_calendar(tmp_path: Path) -> None:
    path = tmp_path / "work.ics"
    generate.write(path, 2000)
    assert 1200 <= path.stat().st_size / 2000 <= 1500


def test_the_same_arguments_give_the_same_bytes(small: Path, tmp_path: Path) -> None:
    again, other = tmp_path / "again.ics", tmp_path / "other.ics"
    generate.write(again, 200)
    generate.write(other, 200, seed=2)
    assert small.read_bytes() == again.read_bytes() != other.read_bytes()


@pytest.mark.parametrize("changed", [1, 50, 200])
def test_the_changed_variant_differs_in_exactly_so_many_events(small: Path, tmp_path: Path, changed: int) -> None:
    path = tmp_path / "changed.ics"
    generate.write(path, 200, changed=changed)
    before, after = (file.read_bytes().split(b"BEGIN:VEVENT") for file in (small, path))
    assert len(before) == len(after)
    assert sum(old != new for old, new in zip(before, after, strict=True)) == changed
    for old, new in zip(events_of(small), events_of(path), strict=True):
        for key in ("UID", "DTSTART", "DTEND", "ATTENDEE", "RRULE", "EXDATE", "STATUS"):
            assert old.get(key) == new.get(key)


def test_a_measurement_knows_time_peak_memory_and_exit_code(tmp_path: Path) -> None:
    ballast = bytearray(300 << 20)  # of the measuring process: none of it may show
    code = "import sys, time; held = b'x' * (60 << 20); time.sleep(0.2); print('done'); sys.exit(3)"
    measured = run.measure([sys.executable, "-c", code], tmp_path / "log.txt")
    assert len(ballast) == 300 << 20
    assert measured.code == 3
    assert 0.2 <= measured.seconds < 60
    assert 60 < measured.peak < 150
    assert (tmp_path / "log.txt").read_text() == "done\n"


def test_a_command_that_fails_is_reported_and_not_timed(tmp_path: Path) -> None:
    row = run.repeat("it", [sys.executable, "-c", "raise SystemExit('no such calendar')"], 3, tmp_path / "log.txt")
    assert row.runs == []
    assert row.remark == "failed with exit code 1: no such calendar"


def test_each_run_starts_from_the_state_after_the_first_sync(tmp_path: Path, small: Path) -> None:
    stage = run.Stage(tmp_path, small)
    home = tmp_path / "home"
    placed = os.stat(home / "work.ics")
    (home / "calsync.db").write_text("first")
    (home / "xdg").mkdir()
    stage.save()
    (home / "calsync.db").write_text("second")
    (home / "followups.ics").write_text("BEGIN:VEVENT\n")
    stage.restore()
    assert (home / "calsync.db").read_text() == "first"
    assert stage.reminders() == "0 reminders in the feed"
    same = os.stat(home / "work.ics")
    assert (same.st_ino, same.st_mtime_ns) == (placed.st_ino, placed.st_mtime_ns)
    stage.restore(small)
    assert os.stat(home / "work.ics").st_mtime_ns > placed.st_mtime_ns
    stage.forget()
    assert sorted(path.name for path in home.iterdir()) == ["config.toml", "work.ics"]


def test_the_table_sets_each_row_beside_icalendar(capsys: pytest.CaptureFixture[str]) -> None:
    def once(seconds: float, peak: float) -> list[run.Measured]:
        return [run.Measured(seconds, peak, 0)]

    rows = [
        run.Row("icalendar: bare parse", once(80, 900)),
        run.Row("calsync: first sync", once(4, 150), "7 reminders in the feed"),
        run.Row("calsync: agenda", [], "failed with exit code 10: config.toml"),
    ]
    run.show("50,000 events", rows)
    printed = capsys.readouterr().out
    assert "| calsync: first sync   |  4.00 |     4.00 |      150 |           20.0 x |            6.0 x |" in printed
    assert "calsync: agenda failed with exit code 10: config.toml" in printed
