"""What calendars write beside the standard: one habit, one promise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync.model import Answer, Attendee, Event
from tests.sources.calendars import DATA, calendar, only, take, taken_from, vevent

BERLIN = ZoneInfo("Europe/Berlin")
LONDON = ZoneInfo("Europe/London")
TEN = datetime(2026, 3, 10, 10, tzinfo=UTC)


def events_of(name: str) -> list[Event]:
    return take(DATA / name).events


def test_a_windows_zone_name_is_its_iana_zone() -> None:
    (event,) = events_of("outlook_windows_zone.ics")
    assert event.zone == "Europe/Berlin"
    assert event.start == datetime(2026, 3, 10, 10, tzinfo=BERLIN)
    assert event.title == "Kick-off with Ana"
    assert event.organizer == Attendee("sam@northwind.example", "Lee, Sam")
    assert event.attendees == (
        Attendee("ana@acme.example", "Silva, Ana", Answer.ACCEPTED),
        Attendee("blue@northwind.example", "Room Blue", kind="resource"),
    )


def test_outlook_says_with_a_flag_that_midnight_to_midnight_is_a_day() -> None:
    (event,) = events_of("outlook_all_day_flag.ics")
    assert event.all_day
    assert event.start == datetime(2026, 3, 10, tzinfo=LONDON)
    assert event.end == datetime(2026, 3, 12, tzinfo=LONDON)
    assert event.zone == ""


def test_outlook_says_free_whatever_transp_says() -> None:
    assert not events_of("outlook_all_day_flag.ics")[0].opaque


def test_outlook_calls_a_meeting_off_in_its_title() -> None:
    assert events_of("outlook_called_off_in_title.ics")[0].cancelled


def test_a_title_alone_calls_nothing_off_where_nothing_else_points_to_outlook(tmp_path: Path) -> None:
    assert not only(tmp_path, "SUMMARY:Canceled: a film evening").cancelled


def test_a_published_outlook_calendar_names_nobody_and_that_is_counted() -> None:
    reading = take(DATA / "outlook_no_people.ics").reading
    assert (reading.total, reading.named) == (2, 0)


def test_outlook_marks_an_absence_out_of_office() -> None:
    busy, away = events_of("outlook_no_people.ics")
    assert (busy.kind, away.kind) == ("default", "outOfOffice")
    assert away.opaque


def test_a_visit_to_a_customer_marked_out_of_office_stays_a_meeting(tmp_path: Path) -> None:
    event = only(tmp_path, "X-MICROSOFT-CDO-BUSYSTATUS:OOF", "ATTENDEE:mailto:ana@acme.example")
    assert event.kind == "default"


def test_floating_and_unknown_zones_are_the_calendars_own() -> None:
    taken = take(DATA / "google_floating_in_calendar_zone.ics")
    new_york = datetime(2026, 3, 10, 10, tzinfo=ZoneInfo("America/New_York"))
    assert [event.start for event in taken.events] == [new_york, new_york]
    assert [event.zone for event in taken.events] == ["", ""]
    assert sum(taken.reading.noted.values()) == 1


def test_floating_times_are_mine_where_the_calendar_names_no_zone(tmp_path: Path) -> None:
    event = only(tmp_path, start="DTSTART:20260710T100000")
    assert event.start == datetime(2026, 7, 10, 10, tzinfo=LONDON)


def test_google_and_others_say_where_to_meet_online() -> None:
    described, conference = events_of("google_floating_in_calendar_zone.ics")
    assert described.online
    assert described.url.startswith("https://meet.google.com/abc-defg-hij")
    assert described.tags == ("followup",)
    assert (conference.online, conference.url) == (True, "https://meet.google.com/xyz-abcd-efg")


def test_addresses_are_found_wherever_a_calendar_puts_them() -> None:
    (event,) = events_of("icloud_relay_addresses.ics")
    assert event.organizer is not None
    assert event.organizer.address == "sam@northwind.example"
    assert [(one.address, one.answer.value) for one in event.attendees] == [
        ("ana@acme.example", "accepted"),
        ("bo@acme.example", "tentative"),
        ("", "declined"),
        ("", "none"),
        ("ed@acme.example", "delegated"),
    ]
    assert event.end - event.start == timedelta(minutes=90)


def test_names_with_bare_semicolons_colons_and_lost_quotes_keep_their_address() -> None:
    (event,) = events_of("notes_bare_semicolon_in_name.ics")
    assert [(one.address, one.name) for one in event.attendees][0::3] == [
        ("ana@acme.example", "Silva;Ana"),
        ("ann@acme.example", 'Ann "The Boss" ^1'),
    ]
    assert event.attendees[1].address == "blue@acme.example"
    assert event.attendees[1].kind == "room"
    assert event.attendees[2].address == "quote@acme.example"


def test_an_invented_zone_is_what_the_files_vtimezone_says_even_after_the_event() -> None:
    (event,) = events_of("exchange_invented_zone.ics")
    assert event.start.astimezone(UTC) == datetime(2026, 3, 10, 6, 30, tzinfo=UTC)
    assert event.zone.startswith("BEGIN:VTIMEZONE")


def test_two_files_may_give_one_tzid_two_meanings(tmp_path: Path) -> None:
    text = (DATA / "exchange_invented_zone.ics").read_bytes()
    (tmp_path / "a.ics").write_bytes(text)
    (tmp_path / "b.ics").write_bytes(text.replace(b"+0330", b"-0500"))
    hours = [event.start.astimezone(UTC).hour for event in take(tmp_path).events]
    assert hours == [6, 15]


def test_a_changed_vtimezone_makes_its_events_new(tmp_path: Path) -> None:
    text = (DATA / "exchange_invented_zone.ics").read_bytes()
    seen = taken_from(tmp_path, text).seen
    assert taken_from(tmp_path, text.replace(b"+0330", b"-0500"), seen=seen).same == []


def test_a_vtimezone_that_nobody_needs_changes_nothing(tmp_path: Path) -> None:
    text = (DATA / "outlook_windows_zone.ics").read_bytes()
    seen = taken_from(tmp_path, text).seen
    assert len(taken_from(tmp_path, text.replace(b"16010101", b"19700101"), seen=seen).same) == 1


def test_names_of_properties_and_components_may_be_lower_case() -> None:
    (event,) = events_of("homemade_lower_case.ics")
    assert (event.uid, event.title) == ("lower-1", "lower case")
    assert event.start == datetime(2026, 3, 10, 10, tzinfo=LONDON)
    assert event.attendees == (Attendee("ana@acme.example", "Ana", Answer.ACCEPTED),)


def test_a_byte_order_mark_and_bare_line_feeds_are_no_obstacle() -> None:
    assert [event.title for event in events_of("homemade_byte_order_mark.ics")] == ["Mark"]


def test_bare_carriage_returns_and_utf_16_are_read(tmp_path: Path) -> None:
    text = calendar(vevent("SUMMARY:Zoë"))
    for content in (text.replace(b"\r\n", b"\r"), text.replace(b"\r\n", b"\r\r\n")):
        assert [event.title for event in taken_from(tmp_path, content).events] == ["Zoë"]
    utf_16 = text.decode().encode("utf-16")
    assert [event.title for event in taken_from(tmp_path, utf_16).events] == ["Zoë"]


def test_a_fold_inside_a_character_does_not_break_it() -> None:
    (event,) = events_of("java_fold_inside_character.ics")
    assert event.title == "Café mit Zoë über Straße"
    assert event.attendees == (Attendee("zoe@acme.example", "Zoë"),)


def test_text_in_a_windows_code_page_is_read() -> None:
    assert [event.title for event in events_of("windows_code_page.ics")] == ["Müller – Grüße"]


def test_quoted_printable_titles_of_vcalendar_1_are_read() -> None:
    assert [event.title for event in events_of("vcalendar1_quoted_printable.ics")] == ["Café"]


def test_missing_ends_broken_lines_and_bad_events_cost_only_themselves() -> None:
    taken = take(DATA / "homemade_missing_ends.ics")
    assert [event.uid for event in taken.events] == ["whole-1", "whole-2"]
    assert taken.reading.skipped == {
        "its END:VEVENT is missing": 2,
        "it has no start": 1,
        "it ends before it starts": 1,
    }
    assert taken.reading.examples["it has no start"] == "homemade_missing_ends.ics, line 18"
    assert taken.reading.examples["it ends before it starts"] == "backwards-1"
    assert taken.reading.whole


def test_a_series_keeps_its_rules_dates_exclusions_and_moved_occurrences() -> None:
    master, moved, cancelled = events_of("exchange_series.ics")
    assert master.recurrence is not None
    assert master.recurrence.rules == ("FREQ=WEEKLY;COUNT=10",)
    assert master.recurrence.excluded == (
        datetime(2026, 3, 10, 10, tzinfo=LONDON),
        datetime(2026, 3, 17, 10, tzinfo=LONDON),
        datetime(2026, 3, 24, tzinfo=LONDON),
    )
    extra = datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert master.recurrence.dates == (extra,)
    assert master.recurrence.periods == ((extra, extra + timedelta(hours=2)),)
    assert (moved.recurrence_id, moved.title) == ("20260331T090000Z", "Weekly, moved")
    assert moved.recurrence is None
    assert (cancelled.recurrence_id, cancelled.cancelled) == ("20260407T090000Z", True)


def test_a_date_excluded_as_a_local_midnight_in_utc_is_that_day(tmp_path: Path) -> None:
    event = only(
        tmp_path,
        "RRULE:FREQ=DAILY;COUNT=9",
        "EXDATE:20260701T230000Z",
        start="DTSTART;VALUE=DATE:20260630",
    )
    assert event.recurrence is not None
    assert event.recurrence.excluded == (datetime(2026, 7, 2, tzinfo=LONDON),)


def test_an_end_without_a_zone_is_in_the_zone_of_the_start(tmp_path: Path) -> None:
    event = only(tmp_path, "DTEND:20260310T110000", start="DTSTART;TZID=America/New_York:20260310T100000")
    assert event.end - event.start == timedelta(hours=1)


def test_a_time_in_utc_stays_in_utc_whatever_tzid_is_beside_it(tmp_path: Path) -> None:
    event = only(tmp_path, start="DTSTART;TZID=America/New_York:20260310T100000Z")
    assert (event.start, event.zone) == (TEN, "")


@pytest.mark.parametrize(
    "written",
    [
        "20260310T100000Z",
        "2026-03-10T10:00:00Z",
        "20260310T1000Z",
        " 20260310T100000Z",
        "20260310T110000+0100",
    ],
)
def test_times_are_read_in_all_forms_that_are_met(tmp_path: Path, written: str) -> None:
    assert only(tmp_path, start=f"DTSTART:{written}").start == TEN


def test_a_leap_second_and_24_00_are_times(tmp_path: Path) -> None:
    assert only(tmp_path, start="DTSTART:20161231T235960Z").start == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert only(tmp_path, start="DTSTART:20260310T240000Z").start == datetime(2026, 3, 11, tzinfo=UTC)


def test_a_day_whose_end_is_its_start_lasts_one_day(tmp_path: Path) -> None:
    event = only(tmp_path, "DTEND;VALUE=DATE:20260310", start="DTSTART;VALUE=DATE:20260310")
    assert event.end == datetime(2026, 3, 11, tzinfo=LONDON)


def test_an_event_without_a_uid_gets_one_that_stays(tmp_path: Path) -> None:
    lines = ["SUMMARY:Nameless", "ORGANIZER:mailto:ana@acme.example"]
    first, again = only(tmp_path, *lines, uid=""), only(tmp_path, *lines, "CLASS:PUBLIC", uid="")
    other = only(tmp_path, "SUMMARY:Another", *lines[1:], uid="")
    assert first.uid == again.uid
    assert first.uid != other.uid


def test_method_cancel_calls_all_its_events_off(tmp_path: Path) -> None:
    assert only(tmp_path, head="METHOD:CANCEL").cancelled
    assert not only(tmp_path, head="METHOD:REQUEST").cancelled


def test_events_without_a_calendar_around_them_are_read(tmp_path: Path) -> None:
    taken = taken_from(tmp_path, vevent().encode())
    assert len(taken.events) == 1
    assert taken.reading.whole
    assert not taken_from(tmp_path, vevent().encode()[:-12]).reading.whole


def test_calendars_one_after_the_other_each_keep_their_own_zone(tmp_path: Path) -> None:
    event = vevent(start="DTSTART:20260310T100000")
    one = calendar(event, head="X-WR-TIMEZONE:Europe/Berlin")
    two = calendar(event, head="X-WR-TIMEZONE:Asia/Tokyo")
    assert [e.start.astimezone(UTC).hour for e in taken_from(tmp_path, one + two).events] == [9, 1]


def test_rubbish_after_the_end_of_the_calendar_does_no_harm(tmp_path: Path) -> None:
    for rubbish in (b"\x00\x1a", b"<script>", b"\r\n\r\n<!-- generated -->"):
        taken = taken_from(tmp_path, calendar(vevent()).rstrip() + rubbish)
        assert taken.reading.whole
        assert len(taken.events) == 1


def test_a_request_time_in_dtstamp_is_no_change(tmp_path: Path) -> None:
    seen = taken_from(tmp_path, calendar(vevent("DTSTAMP:20260101T000000Z"))).seen
    taken = taken_from(tmp_path, calendar(vevent("DTSTAMP:20260102T000000Z")), seen=seen)
    assert len(taken.same) == 1


def test_a_changed_alarm_is_no_change(tmp_path: Path) -> None:
    alarm = "BEGIN:VALARM\r\nTRIGGER:-PT{}M\r\nEND:VALARM"
    seen = taken_from(tmp_path, calendar(vevent(alarm.format(5)))).seen
    assert len(taken_from(tmp_path, calendar(vevent(alarm.format(9))), seen=seen).same) == 1


def test_calsyncs_own_reminders_are_not_read_as_meetings(tmp_path: Path) -> None:
    own = calendar(vevent("X-CALSYNC-ID:abc"), vevent(uid="abc@calsync"), vevent())
    taken = taken_from(tmp_path, own)
    assert len(taken.events) == 1
    assert taken.reading.skipped == {"calsync's own reminder": 2}


@pytest.mark.parametrize("rule", ["FREQ=SECONDLY", "FREQ=MINUTELY;INTERVAL=0", "FREQ=SOMETIMES", "nonsense"])
def test_an_absurd_rule_is_noted_and_the_event_used(tmp_path: Path, rule: str) -> None:
    text = calendar(vevent(f"RRULE:{rule}", start="DTSTART:20200101T000000Z"))
    taken = taken_from(tmp_path, text, since=datetime(2026, 1, 1, tzinfo=UTC))
    assert sum(taken.reading.noted.values()) + taken.reading.older == 1
    assert taken.reading.skipped == {}


def test_an_overlong_line_costs_no_event(tmp_path: Path) -> None:
    for attachment in ("x" * 9_000_000, "\r\n ".join(["x" * 70] * 130_000)):
        lines = [f"ATTACH;ENCODING=BASE64;VALUE=BINARY:{attachment}", "SUMMARY:With a film"]
        taken = taken_from(tmp_path, calendar(vevent(*lines), vevent(uid="two")))
        assert [event.title for event in taken.events] == ["With a film", ""]
