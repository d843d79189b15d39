"""What a VEVENT says, in the words of calsync's events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync.sources.wording import tags
from tests.sources.calendars import calendar, only, taken_from, vevent

LONDON = ZoneInfo("Europe/London")
TEN = datetime(2026, 3, 10, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "length"),
    [
        (["DTEND:20260310T113000Z"], timedelta(minutes=90)),
        (["DURATION:PT45M"], timedelta(minutes=45)),
        (["DURATION:P1W2DT3H4M5S"], timedelta(days=9, hours=3, minutes=4, seconds=5)),
        ([], timedelta(0)),
    ],
)
def test_an_event_lasts_as_long_as_its_end_or_duration_says(
    tmp_path: Path, lines: list[str], length: timedelta
) -> None:
    event = only(tmp_path, *lines)
    assert (event.start, event.end - event.start) == (TEN, length)


@pytest.mark.parametrize(
    ("lines", "days"),
    [([], 1), (["DTEND;VALUE=DATE:20260313"], 3), (["DURATION:P2D"], 2), (["DURATION:PT1H"], 1)],
)
def test_a_day_begins_and_ends_at_midnight_of_my_zone(tmp_path: Path, lines: list[str], days: int) -> None:
    event = only(tmp_path, *lines, start="DTSTART;VALUE=DATE:20260310")
    assert event.all_day
    assert event.start == datetime(2026, 3, 10, tzinfo=LONDON)
    assert event.end == datetime(2026, 3, 10 + days, tzinfo=LONDON)


def test_days_of_a_duration_are_wall_clock_and_hours_are_hours(tmp_path: Path) -> None:
    start = "DTSTART;TZID=Europe/London:20260328T120000"  # the clocks go forward that night
    one_day = only(tmp_path, "DURATION:P1D", start=start)
    assert one_day.end == datetime(2026, 3, 29, 12, tzinfo=LONDON)
    hours = only(tmp_path, "DURATION:PT24H", start=start)
    assert hours.end.astimezone(UTC) - hours.start.astimezone(UTC) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("start", "lines", "reason"),
    [
        ("", [], "it has no start"),
        ("DTSTART:soon", [], "its start is unreadable"),
        ("DTSTART:20260230T100000Z", [], "its start is unreadable"),
        ("DTSTART:99991231T100000Z", [], "its dates are out of range"),
        ("DTSTART:20260310T100000Z", ["DTEND:later"], "its end is unreadable"),
        ("DTSTART:20260310T100000Z", ["DURATION:-PT1H"], "it ends before it starts"),
        ("DTSTART:20260310T100000Z", ["DURATION:P99999999D"], "its dates are out of range"),
        ("DTSTART:20260310T100000Z", ["DTEND:20260310T090000Z"], "it ends before it starts"),
        ("DTSTART:20260310T100000Z", ["RECURRENCE-ID:x"], "its RECURRENCE-ID is unreadable"),
    ],
)
def test_an_event_that_makes_no_sense_is_skipped_with_the_reason(
    tmp_path: Path, start: str, lines: list[str], reason: str
) -> None:
    taken = taken_from(tmp_path, calendar(vevent(*lines, start=start), vevent(uid="good")))
    assert [(skipped.reason, skipped.where) for skipped in taken.skipped] == [(reason, "one@acme.example")]
    assert [event.uid for event in taken.events] == ["good"]


def test_texts_are_unescaped_and_stand_on_one_line(tmp_path: Path) -> None:
    event = only(tmp_path, r"SUMMARY:Tea\, cake\; and \\ more\nsoon", r"LOCATION:Room 1\nThird floor")
    assert event.title == r"Tea, cake; and \ more soon"
    assert event.place == "Room 1"


def test_status_transparency_class_and_creation_are_told(tmp_path: Path) -> None:
    event = only(tmp_path, "STATUS:cancelled", "TRANSP:TRANSPARENT", "CLASS:CONFIDENTIAL", "CREATED:20260101T090000Z")
    assert (event.cancelled, event.opaque, event.private) == (True, False, True)
    assert event.created == datetime(2026, 1, 1, 9, tzinfo=UTC)
    plain = only(tmp_path, "CREATED:yesterday")
    assert (plain.cancelled, plain.opaque, plain.private, plain.created) == (False, True, False, None)


def test_an_occurrence_of_an_all_day_series_is_named_by_its_date(tmp_path: Path) -> None:
    event = only(tmp_path, "RECURRENCE-ID;VALUE=DATE:20260309", start="DTSTART;VALUE=DATE:20260310")
    assert event.recurrence_id == "20260309"


@pytest.mark.parametrize(
    ("lines", "url"),
    [
        (["LOCATION:https://acme.zoom.us/j/123?pwd=x"], "https://acme.zoom.us/j/123?pwd=x"),
        (
            [r"DESCRIPTION:Join:\nhttps://teams.microsoft.com/l/meetup-join/19%3ab\n#x"],
            "https://teams.microsoft.com/l/meetup-join/19%3ab",
        ),
        (["CONFERENCE;VALUE=URI;FEATURE=VIDEO:https://video.acme.example/1"], "https://video.acme.example/1"),
        (["X-MICROSOFT-SKYPETEAMSMEETINGURL:https://teams.live.com/meet/9"], "https://teams.live.com/meet/9"),
        (["LOCATION:https://video.acme.example/room"], "https://video.acme.example/room"),
        (["LOCATION:Microsoft Teams Meeting"], ""),
        (["URL:https://whereby.com/ana"], "https://whereby.com/ana"),
    ],
)
def test_an_online_meeting_is_told_by_where_it_can_be_joined(tmp_path: Path, lines: list[str], url: str) -> None:
    event = only(tmp_path, *lines)
    assert (event.online, event.url) == (True, url)


@pytest.mark.parametrize(
    "lines",
    [
        ["LOCATION:Cafe Zoomania"],
        ["DESCRIPTION:Get it at https://zoom.us/download or https://acme.example/x"],
        [],
    ],
)
def test_a_meeting_in_a_room_is_not_online(tmp_path: Path, lines: list[str]) -> None:
    assert not only(tmp_path, *lines).online


def test_the_url_of_an_event_is_a_web_address_or_none(tmp_path: Path) -> None:
    assert only(tmp_path, "URL:https://acme.example/1").url == "https://acme.example/1"
    assert only(tmp_path, "URL;VALUE=URI:HTTP://acme.example/1").url == "HTTP://acme.example/1"
    for unusable in ("javascript:alert(1)", "acme.example", "https://a b", "file:///etc/passwd"):
        assert only(tmp_path, f"URL:{unusable}").url == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Intro #followup", ("followup",)),
        ("#FollowUp and #followup, (#no-follow-up_2).", ("followup", "no-follow-up_2")),
        ("<br>#followup<br>", ("followup",)),
        ("#b2b and #café", ("b2b", "café")),
        ("https://acme.example/page#section www.acme.example/#top mailto:a@b.example?subject=#x", ()),
        ("It&#39;s &#x27;fine&#x27; #1 # #-x C#sharp a#b", ()),
        ('<p style="color: #fff; background:#a1b2c3">, <font color="#abc">, #ff0000', ()),
        ("#cafe in the #facade", ("cafe", "facade")),
    ],
)
def test_tags_are_the_words_after_a_number_sign(text: str, found: tuple[str, ...]) -> None:
    assert tags(text) == found


def test_tags_come_from_title_and_description(tmp_path: Path) -> None:
    event = only(tmp_path, "SUMMARY:Intro #One", r"DESCRIPTION:x\n#two\, #one")
    assert event.tags == ("one", "two")


SINCE = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([], False),
        (["RRULE:FREQ=WEEKLY"], True),
        (["RRULE:FREQ=WEEKLY;COUNT=3"], False),
        (["RRULE:FREQ=WEEKLY;UNTIL=20250601T000000Z"], False),
        (["RRULE:FREQ=WEEKLY;UNTIL=20260601T000000Z"], True),
        (["RDATE:20260301T100000Z"], True),
        (["RECURRENCE-ID:20260301T100000Z"], True),
        (["RECURRENCE-ID:20250301T100000Z"], False),
    ],
)
def test_an_old_event_is_kept_only_if_it_can_still_matter(tmp_path: Path, lines: list[str], kept: bool) -> None:
    taken = taken_from(tmp_path, calendar(vevent(*lines, start="DTSTART:20250301T100000Z")), since=SINCE)
    assert (len(taken.events), taken.reading.older) == ((1, 0) if kept else (0, 1))
    assert taken.reading.skipped == {}
