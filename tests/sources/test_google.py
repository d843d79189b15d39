"""Google calendars: what an event means, what a night asks for, and what Google does in its own ways."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.errors import SignInError, SourceError
from calsync.google.asking import Patience
from calsync.model import Answer, Event, Skipped
from calsync.sources.base import Seen
from calsync.sources.google import BUSY_ONLY, GoogleSource
from calsync.sources.google_event import digest_of, event_of
from calsync.sources.vevent import BACKWARDS, BAD_START, NO_START, OWN
from tests.google_account import account
from tests.google_server import GoogleServer
from tests.sources.calendars import Taken

NOW = datetime(2026, 9, 16, 2, 15, tzinfo=UTC)
ME = "sam@northwind.example"
HOME = "Europe/Helsinki"


class Place:
    """An account whose own calendar is read; ``calls`` are those of the last reading."""

    def __init__(self, server: GoogleServer) -> None:
        self.server = server
        self.now = NOW
        self.waits: list[float] = []

    def read(self, seen: Seen | None = None, *calendars: str, **keys: Any) -> Taken:
        self.server.calls.clear()
        self.server.now = self.now
        known: dict[str, Any] = {
            "home": HOME,
            "me": (ME,),
            "now": self.now,
            "since": self.now - timedelta(days=365),
            "until": self.now + timedelta(days=90),
            "patience": Patience(wait=self.waits.append),
        }
        source = GoogleSource("work", account(self.server.endpoint), calendars or ("primary",), **known | keys)
        return Taken(source.read(seen or Seen()))

    def put(self, calendar: str = "primary", *, day: str = "2026-09-17", **more: Any) -> str:
        event: dict[str, Any] = {
            "summary": "Harbour plans",
            "start": {"dateTime": f"{day}T10:00:00+03:00"},
            "end": {"dateTime": f"{day}T11:00:00+03:00"},
            "attendees": [
                {"email": ME, "responseStatus": "accepted"},
                {"email": "Aino@Satama.example", "displayName": "Aino Kallio", "responseStatus": "accepted"},
            ],
        }
        return self.server.calendar(calendar).put(**event | more)

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.server.calls]


@pytest.fixture
def place() -> Iterator[Place]:
    with GoogleServer(user=ME, zone=HOME) as server:
        server.now = NOW - timedelta(days=3)
        yield Place(server)


def told(**item: Any) -> Event:
    """What an event means that has these fields, and a start and an end."""
    read = event_of(item_of(**item), home=ZoneInfo(HOME), me=ME)
    assert isinstance(read, Event)
    return read


def item_of(**item: Any) -> dict[str, Any]:
    known = {
        "iCalUID": "harbour@satama.example",
        "start": {"dateTime": "2026-09-17T10:00:00+03:00", "timeZone": "Europe/Helsinki"},
        "end": {"dateTime": "2026-09-17T11:00:00+03:00", "timeZone": "Europe/Helsinki"},
    }
    return known | item


def test_a_meeting_is_read_with_its_people_place_and_answers(place: Place) -> None:
    place.put(
        location="Pier 4, Helsinki\nsecond floor",
        attendees=[
            {"email": ME, "responseStatus": "tentative"},
            {"email": "Aino@Satama.example", "displayName": " Aino  Kallio", "responseStatus": "accepted"},
            {"email": "leo@satama.example", "responseStatus": "declined"},
            {"email": "noor@satama.example", "optional": True},
            {"email": "c_188@resource.calendar.google.com", "displayName": "Pier room", "resource": True},
        ],
    )
    (event,) = place.read().events
    assert (event.title, event.place) == ("Harbour plans", "Pier 4, Helsinki")
    assert event.start == datetime(2026, 9, 17, 7, tzinfo=UTC)
    assert event.zone == HOME
    assert event.opaque
    assert not event.private
    assert event.url.startswith("https://www.google.com/calendar/event?eid=")
    assert event.organizer is not None
    assert event.organizer.address == ME
    assert [(each.address, each.name, each.answer, each.kind) for each in event.attendees] == [
        (ME, "", Answer.TENTATIVE, "individual"),
        ("aino@satama.example", "Aino Kallio", Answer.ACCEPTED, "individual"),
        ("leo@satama.example", "", Answer.DECLINED, "individual"),
        ("noor@satama.example", "", Answer.NONE, "individual"),
        ("c_188@resource.calendar.google.com", "Pier room", Answer.NONE, "resource"),
    ]


def test_the_own_calendar_stands_for_me_under_whatever_address(place: Place) -> None:
    place.put()
    (event,) = place.read(None, "primary", me=("sam.lee@gmail.com",)).events
    assert [each.address for each in event.attendees] == ["sam.lee@gmail.com", "aino@satama.example"]
    assert event.organizer is not None
    assert event.organizer.address == "sam.lee@gmail.com"


def test_in_a_calendar_of_somebody_else_that_one_is_not_me() -> None:
    mine = {"email": "aino@satama.example", "self": True, "responseStatus": "accepted"}
    read = event_of(item_of(attendees=[mine]), home=ZoneInfo(HOME))
    assert isinstance(read, Event)
    assert read.attendees[0].address == "aino@satama.example"


def test_an_event_of_a_second_calendar_was_called_by_whoever_made_it() -> None:
    team = {"email": "c_77@group.calendar.google.com", "displayName": "Team", "self": True}
    event = told(organizer=team, creator={"email": "leo@satama.example"})
    assert event.organizer is not None
    assert event.organizer.address == "leo@satama.example"


def test_a_placeholder_for_an_unknown_organizer_stays_one() -> None:
    nobody = {"email": "unknownorganizer@calendar.google.com"}
    event = told(organizer=nobody, creator={"email": ME})
    assert event.organizer is not None
    assert event.organizer.address == "unknownorganizer@calendar.google.com"


def test_occurrences_are_known_by_uid_and_original_start(place: Place) -> None:
    zone = {"timeZone": HOME}
    id_ = place.put(
        start={"dateTime": "2026-09-07T09:00:00+03:00", **zone},
        end={"dateTime": "2026-09-07T09:30:00+03:00", **zone},
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"],
    )
    place.server.calendar().change(
        f"{id_}_20260914T060000Z",
        start={"dateTime": "2026-09-15T14:00:00+03:00", **zone},
        end={"dateTime": "2026-09-15T14:30:00+03:00", **zone},
    )
    events = place.read().events
    assert {event.uid for event in events} == {f"{id_}@google.com"}
    assert [(each.recurrence_id, f"{each.start:%d %H:%M}") for each in events] == [
        ("20260907T060000Z", "07 09:00"),
        ("20260914T060000Z", "15 14:00"),
        ("20260921T060000Z", "21 09:00"),
    ]


def test_a_day_begins_and_ends_at_midnight_at_home() -> None:
    event = told(start={"date": "2026-09-18"}, end={"date": "2026-09-20"}, originalStartTime={"date": "2026-09-17"})
    assert event.all_day
    assert event.start == datetime(2026, 9, 18, tzinfo=ZoneInfo(HOME))
    assert event.end - event.start == timedelta(days=2)
    assert event.recurrence_id == "20260917"


def test_a_time_without_an_offset_is_in_its_own_zone_or_at_home() -> None:
    there = told(start={"dateTime": "2026-09-17T10:00:00", "timeZone": "Asia/Tokyo"})
    assert there.start == datetime(2026, 9, 17, 1, tzinfo=UTC)
    here = told(start={"dateTime": "2026-09-17T10:00:00"})
    assert here.start == datetime(2026, 9, 17, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("fields", "online"),
    [
        ({"hangoutLink": "https://meet.google.com/abc-defg-hij"}, True),
        ({"conferenceData": {"entryPoints": [{"entryPointType": "video", "uri": "https://zoom.us/j/5"}]}}, True),
        ({"conferenceData": {"entryPoints": [{"entryPointType": "phone", "uri": "tel:+358-9"}]}}, False),
        ({"description": 'Join <a href="https://zoom.us/j/99?pwd=a&amp;b=1">here</a>'}, True),
        ({"location": "Microsoft Teams Meeting"}, True),
        ({"location": "Pier 4"}, False),
    ],
)
def test_where_a_meeting_is_held_online_is_seen(fields: dict[str, Any], online: bool) -> None:
    assert told(**fields).online is online


def test_the_link_leads_to_the_event_and_else_to_the_room() -> None:
    room = "https://meet.google.com/abc-defg-hij"
    assert told(hangoutLink=room).url == room
    assert told(hangoutLink=room, htmlLink="https://www.google.com/calendar/event?eid=x").url.endswith("eid=x")


def test_tags_are_read_from_the_words_of_a_description_and_not_from_its_markup() -> None:
    html = '<p style="color:#ff0000">Bring&nbsp;plans <b>#followup</b> <a href="https://x.example/#top">x</a> &#39;</p>'
    assert told(description=html, summary="Plans #Harbour").tags == ("harbour", "followup")


def test_what_google_says_of_an_event_is_kept() -> None:
    event = told(visibility="confidential", transparency="transparent", attendeesOmitted=True, eventType="focusTime")
    assert event.private
    assert not event.opaque
    assert event.attendees_omitted
    assert event.kind == "focusTime"
    assert told(visibility="public").private is False
    assert told(created="2026-08-01T12:00:00.123Z").created is not None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"start": None}, NO_START),
        ({"start": {"dateTime": "soon"}}, BAD_START),
        ({"end": {"dateTime": "2026-09-16T10:00:00+03:00"}}, BACKWARDS),
        ({"extendedProperties": {"private": {"calsync": "1"}}}, OWN),
        ({"iCalUID": "u3vjms9j@calsync"}, OWN),
    ],
)
def test_an_event_that_cannot_be_used_says_why(fields: dict[str, Any], reason: str) -> None:
    read = event_of(item_of(**fields), home=ZoneInfo(HOME))
    assert isinstance(read, Skipped)
    assert read.reason == reason


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30) | st.sampled_from(["2026-09-17", "0001-01-01"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["dateTime", "date", "timeZone", "email", "self", "private"]), inner)
    ),
    max_leaves=6,
)
FIELD = st.sampled_from([*item_of(), "attendees", "organizer", "creator", "conferenceData", "description", "location"])


@given(fields=st.dictionaries(FIELD | st.sampled_from(["originalStartTime", "created", "extendedProperties"]), JSON))
@settings(max_examples=150)
def test_whatever_an_item_holds_it_is_an_event_or_a_reason(fields: dict[str, Any]) -> None:
    read = event_of(item_of(**fields), home=ZoneInfo(HOME), me=ME)
    assert isinstance(read, Event) or read.reason
    assert len(digest_of(fields)) == 8


def test_absences_and_focus_time_are_read_and_birthdays_are_not(place: Place) -> None:
    place.put(eventType="outOfOffice", attendees=[], day="2026-09-18")
    place.put(eventType="focusTime", attendees=[], day="2026-09-19")
    place.put(eventType="workingLocation", attendees=[], day="2026-09-20")
    place.put(eventType="fromGmail", attendees=[], day="2026-09-21")
    assert [event.kind for event in place.read().events] == ["outOfOffice", "focusTime"]


def test_a_quiet_night_asks_one_question(place: Place) -> None:
    place.put()
    seen = place.read().seen
    place.now += timedelta(days=1)
    assert place.read(seen).reading.unchanged
    assert place.methods == ["events.list"]


@pytest.mark.parametrize("what", ["put", "delete", "move far", "cancel one", "end series", "answer"])
def test_every_kind_of_change_is_seen_the_next_night(place: Place, what: str) -> None:
    id_ = place.put()
    zone = {"timeZone": HOME}
    series = place.put(
        start={"dateTime": "2026-09-08T09:00:00+03:00", **zone},
        end={"dateTime": "2026-09-08T09:30:00+03:00", **zone},
        recurrence=["RRULE:FREQ=WEEKLY"],
    )
    before = place.read()
    place.now += timedelta(days=1)
    place.server.now = place.now - timedelta(hours=9)
    calendar = place.server.calendar()
    match what:
        case "put":
            place.put(day="2026-09-22")
        case "delete":
            calendar.delete(id_)
        case "move far":
            far = {"start": {"dateTime": "2029-01-01T10:00:00Z"}, "end": {"dateTime": "2029-01-01T11:00:00Z"}}
            calendar.change(id_, **far)
        case "cancel one":
            calendar.delete(f"{series}_20260922T060000Z")
        case "end series":
            calendar.change(series, recurrence=["RRULE:FREQ=WEEKLY;UNTIL=20261001T000000Z"])
        case "answer":
            guests = [{"email": ME, "responseStatus": "declined"}, {"email": "aino@satama.example"}]
            calendar.change(id_, attendees=guests)
    after = place.read(before.seen)
    assert not after.reading.unchanged
    assert after.reading.whole
    digests = [taken.seen.pieces for taken in (before, after)]
    assert digests[0] != digests[1]
    assert place.read(after.seen).reading.unchanged


def test_an_event_that_did_not_change_is_not_read_again(place: Place) -> None:
    place.put(day="2026-09-21")
    seen = place.read().seen
    place.put(day="2026-09-22")
    again = place.read(seen)
    assert (len(again.found), len(again.same)) == (1, 1)


def test_what_comes_near_in_time_is_read_though_nobody_changed_it(place: Place) -> None:
    place.put(day="2027-02-20")
    seen = place.read().seen
    assert place.read(seen).reading.unchanged
    place.now += timedelta(days=80)
    (event,) = place.read(seen).events
    assert event.start.year == 2027


def test_a_longer_history_is_read_though_nobody_changed_it(place: Place) -> None:
    place.put(day="2024-03-20")
    assert not place.read().events
    seen = place.read().seen
    assert len(place.read(seen, since=NOW - timedelta(days=1500)).events) == 1


def test_a_clock_that_is_fast_hides_no_change(place: Place) -> None:
    place.put()
    fast = NOW + timedelta(days=3)
    seen = place.read(now=fast).seen
    place.put(day="2026-09-22")
    assert not place.read(seen, now=fast).reading.unchanged


def test_where_google_does_not_remember_that_long_the_calendar_is_read_anew(place: Place) -> None:
    place.put()
    seen = place.read().seen
    place.now += timedelta(days=10)
    place.server.fail(410, "updatedMinTooLongAgo", method="events.list")
    again = place.read(seen)
    assert again.reading.whole
    assert len(again.same) == 1
    assert place.read(again.seen).reading.unchanged


def test_every_other_week_the_calendar_is_read_anew_whatever_google_remembers(place: Place) -> None:
    id_ = place.put()
    place.put(day="2026-09-21")
    seen = place.read().seen
    calendar = place.server.calendar()
    calendar.delete(id_)
    calendar.empty_the_bin()
    place.now += timedelta(days=15)
    taken = place.read(seen)
    assert (taken.reading.whole, len(taken.same), len(taken.found)) == (True, 1, 0)


def test_all_pages_are_read_short_and_empty_ones_too(place: Place) -> None:
    for day in range(17, 29):
        place.put(day=f"2026-09-{day}")
    place.server.pages = (5, 0, 1, 0, 0, 3)
    assert len(place.read().events) == 12


def test_calendars_are_found_by_name_in_any_case(place: Place) -> None:
    place.server.add("team@group.calendar.google.com", summary="Harbour team")
    place.put("Harbour team")
    taken = place.read(None, "harbour TEAM", "primary")
    assert len(taken.events) == 1
    assert place.methods.count("calendarList.list") == 1
    assert place.read(taken.seen, "harbour TEAM", "primary").reading.unchanged


def test_an_unknown_name_is_told_with_the_nearest_one_and_holds_up_no_other(place: Place) -> None:
    place.server.add("team@group.calendar.google.com", summary="Harbour team")
    place.put()
    taken = place.read(None, "primary", "Harbor team")
    assert len(taken.events) == 1
    assert not taken.reading.whole
    assert 'did you mean "Harbour team"?' in taken.reading.trouble
    assert "Harbour team" in taken.reading.remedy


def test_a_name_that_several_calendars_have_is_told_with_their_ids(place: Place) -> None:
    for id_ in ("a1@group.calendar.google.com", "b2@group.calendar.google.com"):
        place.server.add(id_, summary="Harbour")
    with pytest.raises(SourceError, match=r"2 calendars are called 'Harbour': a1@.*, b2@") as caught:
        place.read(None, "Harbour")
    assert caught.value.remedy


def test_a_calendar_that_is_gone_holds_up_no_other_and_is_no_empty_one(place: Place) -> None:
    place.server.add("team@group.calendar.google.com", summary="Harbour team")
    place.put()
    place.put("Harbour team")
    names = ("primary", "team@group.calendar.google.com")
    seen = place.read(None, *names).seen
    place.server.delete_calendar("Harbour team")
    taken = place.read(seen, *names)
    assert len(taken.same) == 1
    assert not taken.reading.whole
    assert "team@group" in taken.reading.trouble


def test_a_calendar_that_shows_busy_times_alone_is_said_and_skipped(place: Place) -> None:
    place.server.add("leo@satama.example", role="freeBusyReader")
    place.put("leo@satama.example")
    place.put()
    taken = place.read(None, "leo@satama.example", "primary")
    assert [warning for warning in taken.reading.warnings if "leo@satama.example" in warning and BUSY_ONLY in warning]
    assert len(taken.events) == 1
    assert taken.reading.whole


def test_a_calendar_that_stops_showing_its_events_withdraws_nothing(place: Place) -> None:
    place.server.add("leo@satama.example", role="reader")
    place.put("leo@satama.example")
    seen = place.read(None, "leo@satama.example").seen
    place.server.calendar("leo@satama.example").role = "freeBusyReader"
    taken = place.read(seen, "leo@satama.example")
    assert not taken.reading.whole
    assert "as last seen" in taken.reading.trouble


def test_a_page_that_fails_leaves_the_reading_incomplete(place: Place) -> None:
    for day in range(17, 29):
        place.put(day=f"2026-09-{day}")
    place.server.pages = (5,)
    place.server.fail(503, "backendError", times=9, method="events.list", after=2)
    taken = place.read()
    assert 0 < len(taken.events) < 12
    assert not taken.reading.whole
    assert "503" in taken.reading.trouble


def test_an_answer_that_is_cut_short_empties_nothing(place: Place) -> None:
    place.put()
    place.server.cut(method="events.list", after=1)
    taken = place.read(patience=Patience(attempts=1))
    assert not taken.reading.whole
    assert "cut short" in taken.reading.trouble
    place.server.cut(method="events.list", after=1)
    assert place.read().reading.whole


def test_a_crowded_server_is_asked_again_when_it_says(place: Place) -> None:
    place.put()
    place.server.fail(429, "rateLimitExceeded", retry_after=17)
    place.server.fail(403, "quotaExceeded", times=2)
    place.server.drop()
    assert place.read().reading.whole
    assert place.waits[0] == 17
    assert sorted(place.waits[1:]) == place.waits[1:]


def test_nobody_waits_for_hours(place: Place) -> None:
    place.server.fail(429, "rateLimitExceeded", retry_after=7200)
    with pytest.raises(SourceError, match="rateLimitExceeded") as caught:
        place.read()
    assert place.waits == []
    assert caught.value.remedy


def test_a_refusal_is_no_reason_to_ask_again(place: Place) -> None:
    place.server.fail(403, "forbidden", times=9)
    with pytest.raises(SourceError, match="does not allow this"):
        place.read()
    assert len(place.server.calls) == 1


@pytest.mark.parametrize(("status", "reason"), [(401, "authError"), (403, "insufficientPermissions")])
def test_a_sign_in_that_does_not_do_is_told_as_one(place: Place, status: int, reason: str) -> None:
    place.server.fail(status, reason)
    with pytest.raises(SignInError) as caught:
        place.read()
    assert caught.value.remedy
