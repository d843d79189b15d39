"""Reminders in a Google calendar: what is sent, what is never sent, and what a refusal means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from calsync.errors import OutputError, SignInError
from calsync.google.asking import Patience
from calsync.google.calendars import mark_of
from calsync.outputs.google import GoogleOutput
from calsync.will import Content
from tests.google_account import account
from tests.google_server import Call, GoogleServer
from tests.outputs.reminders import HELLO, NOW, many

HOME = ZoneInfo("Asia/Kolkata")
OWN = "Follow-ups"


class Place:
    """An account, and outputs that write to it. ``known_as`` is what a ledger would keep."""

    def __init__(self, server: GoogleServer) -> None:
        self.server = server
        self.known_as = ""
        self.waits: list[float] = []
        self.opened: list[GoogleOutput] = []

    def output(self, calendar: str = OWN, **more: Any) -> GoogleOutput:
        known: dict[str, Any] = {
            "home": HOME,
            "known_as": self.known_as if calendar == OWN else "",
            "remember": self.remember,
            "patience": Patience(wait=self.waits.append),
        }
        made = GoogleOutput("cal", account(self.server.endpoint), calendar, **known | more)
        self.opened.append(made)
        return made

    def remember(self, id_: str) -> None:
        self.known_as = id_

    def event(self, id_: str = HELLO.id, calendar: str = OWN) -> dict[str, Any]:
        return dict(self.server.calendar(calendar).event(id_))

    @property
    def methods(self) -> list[str]:
        return [call.method for call in self.server.calls]


@pytest.fixture
def place() -> Iterator[Place]:
    with GoogleServer(zone="Asia/Kolkata") as server:
        server.now = NOW
        made = Place(server)
        yield made
        for each in made.opened:
            each.close()


def test_a_reminder_is_private_takes_no_time_and_invites_nobody(place: Place) -> None:
    place.output().create(HELLO)
    event = place.event()
    assert event["summary"] == HELLO.title
    assert event["visibility"] == "private"
    assert event["transparency"] == "transparent"
    assert "attendees" not in event
    assert event["reminders"] == {"useDefault": False, "overrides": [{"method": "popup", "minutes": 0}]}
    assert event["source"]["url"] == HELLO.url
    assert event["extendedProperties"]["private"]["calsyncRule"] == HELLO.rule
    assert event["extendedProperties"]["private"]["calsyncMeeting"] == HELLO.meeting


def test_every_write_says_that_nobody_is_to_be_told(place: Place) -> None:
    output = place.output()
    etag = output.create(HELLO).etag
    etag = output.change(replace(HELLO, title="Later"), etag).etag
    output.remove(HELLO.id, etag)
    writes = [call for call in place.server.writes if call.method.startswith("events.")]
    assert [call.method for call in writes] == ["events.insert", "events.patch", "events.delete"]
    assert {call.asked["sendUpdates"] for call in writes} == {"none"}
    assert [call.headers.get("if-match") is not None for call in writes] == [False, True, True]


@pytest.mark.parametrize(
    ("alarm", "done", "minutes"),
    [
        (timedelta(minutes=25), False, [25]),
        (timedelta(days=60), False, [40320]),
        (None, False, []),
        (timedelta(), True, []),
    ],
)
def test_the_alarm_is_as_configured(place: Place, alarm: timedelta | None, done: bool, minutes: list[int]) -> None:
    place.output(alarm=alarm).create(replace(HELLO, done=done))
    reminders = place.event()["reminders"]
    assert reminders["useDefault"] is False
    assert [each["minutes"] for each in reminders.get("overrides", [])] == minutes


@pytest.mark.parametrize(
    ("details", "title", "marks"),
    [
        ("full", HELLO.title, {"calsyncRule", "calsyncMeeting"}),
        ("names", "Ana Lima, Bo Chen: hello", {"calsyncRule"}),
        ("busy", "Follow-up", set()),
    ],
)
def test_no_more_is_written_than_the_detail_allows(place: Place, details: Any, title: str, marks: set[str]) -> None:
    place.output(details=details).create(HELLO)
    event = place.event()
    assert event["summary"] == title
    assert bool(event.get("description")) is (details == "full")
    assert ("source" in event) is (details == "full")
    assert event["extendedProperties"]["private"].keys() - {"calsync", "calsyncId"} == marks
    assert "Lima" not in str(event) or details != "busy"


def test_a_link_that_is_no_web_address_is_left_out(place: Place) -> None:
    place.output().create(replace(HELLO, url="tel:+358-9-1234"))
    assert "source" not in place.event()


def test_what_stands_in_angle_brackets_is_not_lost_as_markup(place: Place) -> None:
    output = place.output()
    said = replace(HELLO, description="Ana Lima <ana@acme.example>, 3 < 4 & 5, &lt; stays")
    output.create(said)
    assert place.event()["description"] == "Ana Lima &lt;ana@acme.example>, 3 < 4 & 5, &amp;lt; stays"
    content = output.standing({})[HELLO.id].content
    assert content == output.shown(said)


def test_a_text_that_is_too_long_for_google_is_cut_and_stays_the_same(place: Place) -> None:
    output = place.output()
    long = replace(HELLO, description="<b>" * 5000, title="T" * 3000, meeting="m" * 2000)
    assert output.create(long).what == "done"
    assert output.standing({})[HELLO.id].content == output.shown(long)


def test_the_first_reminder_makes_the_calendar_and_looking_does_not(place: Place) -> None:
    output = place.output()
    assert output.standing({}) == {}
    assert not place.server.writes
    for each in many(3):
        output.create(each)
    assert place.methods.count("calendars.insert") == 1
    own = place.server.calendar(OWN)
    assert mark_of(OWN) in own.description
    assert own.zone == "Asia/Kolkata"
    assert place.known_as == own.id


def test_one_list_a_night_reads_what_the_user_did(place: Place) -> None:
    place.output().create(HELLO)
    place.server.calls.clear()
    assert list(place.output().standing({})) == [HELLO.id]
    assert place.methods == ["events.list"]


def test_many_reminders_come_in_pages(place: Place) -> None:
    output = place.output()
    for each in many(7):
        output.create(each)
    place.server.pages = (3, 0, 1)
    assert len(place.output().standing({})) == 7


def test_the_calendar_is_found_again_by_its_mark_after_the_ledger_is_lost(place: Place) -> None:
    place.output().create(HELLO)
    place.server.calendar(OWN).summary = "Whom to write to"
    place.known_as = ""
    assert list(place.output().standing({})) == [HELLO.id]
    assert place.known_as == place.server.calendar("Whom to write to").id


def test_a_calendar_of_the_same_name_is_not_calsyncs(place: Place) -> None:
    place.server.add("theirs@group.calendar.google.com", summary=OWN)
    output = place.output()
    assert output.standing({}) == {}
    output.create(HELLO)
    assert not place.server.calendar("theirs@group.calendar.google.com").standing
    assert place.known_as != "theirs@group.calendar.google.com"


def test_two_outputs_of_other_names_have_a_calendar_each(place: Place) -> None:
    place.output("Touches").create(HELLO)
    first = place.known_as
    place.known_as = ""
    place.output().create(HELLO)
    assert place.known_as != first
    assert len(place.server.account.calendars) == 3


@pytest.mark.parametrize("is_known", [True, False])
def test_a_calendar_that_the_user_deleted_is_an_error_with_a_way_back(place: Place, is_known: bool) -> None:
    place.output().create(HELLO)
    place.server.delete_calendar(OWN)
    place.known_as = place.known_as if is_known else ""
    with pytest.raises(OutputError, match="is gone") as caught:
        place.output(is_new=False).standing({})
    assert "calsync outputs reset cal" in caught.value.remedy


@pytest.mark.parametrize("times", [1, 2, 6])
def test_a_calendar_is_made_once_though_answers_are_lost(place: Place, times: int) -> None:
    place.server.lose(times=times, method="calendars.insert")
    place.output().create(HELLO)
    made = [each for each in place.server.account.calendars.values() if mark_of(OWN) in each.description]
    assert len(made) == 1
    assert list(made[0].standing) == [HELLO.id]


def test_a_calendar_that_another_machine_makes_meanwhile_keeps_its_reminders(place: Place) -> None:
    def meanwhile(call: Call) -> None:
        if call.method == "calendars.insert":
            made = place.server.add("a@group.calendar.google.com", summary=OWN, description=mark_of(OWN), by_app=True)
            day = {"date": "2026-05-04"}
            made.put(summary="Call Ravi", id="b" * 20, start=day, end=day)

    place.server.before = meanwhile
    assert place.output().create(HELLO).what == "done"
    assert list(place.server.calendar("a@group.calendar.google.com").standing) == ["b" * 20]
    assert list(place.server.calendar(place.known_as).standing) == [HELLO.id]


@pytest.mark.parametrize("times", [1, 2, 3])
def test_an_insert_whose_answer_was_lost_makes_one_event(place: Place, times: int) -> None:
    output = place.output()
    output.create(many(2)[1])
    place.server.lose(times=times, method="events.insert")
    outcome = output.create(HELLO)
    assert outcome.what == "done"
    assert outcome.etag == place.event()["etag"]
    assert len(place.server.calendar(OWN).standing) == 2


def test_a_change_whose_answer_was_lost_is_left_to_the_next_night(place: Place) -> None:
    output = place.output()
    etag = output.create(HELLO).etag
    place.server.lose(times=2, method="events.patch")
    newer = replace(HELLO, title="✉ Newer")
    assert output.change(newer, etag).what == "changed"
    content = output.standing({HELLO.id: etag})[HELLO.id].content
    assert content == output.shown(newer)


def test_what_the_user_deleted_is_never_made_again(place: Place) -> None:
    output = place.output()
    output.create(HELLO)
    place.server.calendar(OWN).delete(HELLO.id)
    assert output.create(HELLO).what == "deleted"
    assert place.event()["status"] == "cancelled"


def test_what_the_user_deleted_for_good_is_never_made_again_either(place: Place) -> None:
    output = place.output()
    output.create(HELLO)
    place.server.calendar(OWN).delete(HELLO.id)
    place.server.calendar(OWN).empty_the_bin()
    assert output.create(HELLO).what == "deleted"


def test_after_a_reset_what_was_deleted_is_written_anew(place: Place) -> None:
    place.output().create(HELLO)
    place.server.calendar(OWN).delete(HELLO.id)
    output = place.output(is_reset=True)
    assert output.create(HELLO).what == "done"
    assert output.standing({})[HELLO.id].content == output.shown(HELLO)


def test_an_event_of_the_users_under_that_id_is_left_alone(place: Place) -> None:
    calendar = place.server.calendar()
    hour = {"start": {"dateTime": "2026-03-11T09:00:00Z"}, "end": {"dateTime": "2026-03-11T09:15:00Z"}}
    calendar.put(id=HELLO.id, summary=HELLO.title, **hour)
    before = calendar.event(HELLO.id)
    output = place.output("primary")
    assert output.standing({}) == {}
    assert output.create(HELLO).what == "changed"
    assert calendar.event(HELLO.id) == before


def test_a_copy_that_the_user_made_of_a_reminder_is_theirs(place: Place) -> None:
    output = place.output()
    output.create(HELLO)
    event = place.event()
    kept = {key: event[key] for key in ("summary", "start", "end", "extendedProperties")}
    place.server.calendar(OWN).put(**kept)
    assert list(output.standing({})) == [HELLO.id]


def test_in_a_calendar_of_the_users_only_marked_events_are_calsyncs(place: Place) -> None:
    hour = {"start": {"dateTime": "2026-03-11T09:00:00Z"}, "end": {"dateTime": "2026-03-11T09:15:00Z"}}
    place.server.calendar().put(summary="Dentist", **hour)
    output = place.output("primary")
    output.create(HELLO)
    assert list(output.standing({})) == [HELLO.id]
    assert "calendars.insert" not in place.methods
    assert "calendarList.list" not in place.methods


def test_a_reminder_moved_to_a_day_stands_at_nine_and_has_no_length(place: Place) -> None:
    output = place.output()
    etag = output.create(HELLO).etag
    day = {"start": {"date": "2026-03-13", "dateTime": None}, "end": {"date": "2026-03-14", "dateTime": None}}
    place.server.calendar(OWN).change(HELLO.id, **day)
    content = output.standing({HELLO.id: etag})[HELLO.id].content
    assert content is not None
    assert content.start == content.end == datetime(2026, 3, 13, 9, tzinfo=HOME)


def test_what_the_user_added_to_an_event_survives_a_change(place: Place) -> None:
    output = place.output()
    output.create(HELLO)
    place.server.calendar(OWN).change(HELLO.id, colorId="7")
    output.change(replace(HELLO, title="✉ Newer", url=""), str(place.event()["etag"]))
    event = place.event()
    assert (event["summary"], event["colorId"]) == ("✉ Newer", "7")
    assert "source" not in event


def test_when_it_was_changed_is_told(place: Place) -> None:
    output = place.output()
    output.create(HELLO)
    place.server.now = NOW + timedelta(hours=5)
    place.server.calendar(OWN).change(HELLO.id, summary="done: wrote")
    stands = output.standing({})[HELLO.id]
    assert stands.modified is not None
    assert stands.modified - NOW == timedelta(hours=5)
    assert isinstance(stands.content, Content)
    assert stands.content.done


@pytest.mark.parametrize(("status", "reason"), [(403, "rateLimitExceeded"), (403, "quotaExceeded"), (503, "x")])
def test_a_passing_refusal_is_waited_out(place: Place, status: int, reason: str) -> None:
    output = place.output()
    output.standing({})
    place.server.fail(status, reason, times=3, method="events.insert")
    assert output.create(HELLO).what == "done"
    assert place.waits == [1, 2, 4]


def test_a_lasting_refusal_is_an_error_that_says_when_it_goes_on(place: Place) -> None:
    place.server.fail(403, "rateLimitExceeded", times=99, method="events.insert")
    with pytest.raises(OutputError, match="slow down") as caught:
        place.output().create(HELLO)
    assert "next sync" in caught.value.remedy


def test_a_sign_in_that_does_not_cover_writing_is_told_as_one(place: Place) -> None:
    place.server.fail(403, "insufficientPermissions", method="events.insert")
    with pytest.raises(SignInError):
        place.output("primary").create(HELLO)


def test_a_calendar_that_may_not_be_written_is_an_error(place: Place) -> None:
    place.server.add("team@group.calendar.google.com", role="reader")
    with pytest.raises(OutputError, match="requiredAccessLevel") as caught:
        place.output("team@group.calendar.google.com").create(HELLO)
    assert caught.value.remedy


def test_an_answer_that_is_cut_short_is_asked_for_again(place: Place) -> None:
    output = place.output()
    output.create(HELLO)
    place.server.cut(method="events.list")
    assert list(output.standing({})) == [HELLO.id]


def test_times_are_written_in_utc(place: Place) -> None:
    start = datetime(2026, 3, 12, 9, 30, tzinfo=ZoneInfo("Asia/Kolkata"))
    output = place.output()
    output.create(replace(HELLO, start=start, end=start + timedelta(minutes=15)))
    (insert,) = [call for call in place.server.calls if call.method == "events.insert"]
    assert insert.body["start"] == {"dateTime": "2026-03-12T04:00:00Z"}
    content = output.standing({})[HELLO.id].content
    assert content is not None
    assert content.start == start.astimezone(UTC)
