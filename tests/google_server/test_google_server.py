"""That the server of the tests is one: asked through Google's own client library."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from googleapiclient.errors import HttpError

from tests.google_server import Call, GoogleServer, Refused
from tests.google_server.client import reason, service
from tests.google_server.document import wrong_in

HOUR = timedelta(hours=1)
TEA = datetime(2026, 5, 4, 15, tzinfo=UTC)


def timed(start: datetime, length: timedelta = HOUR, **more: Any) -> dict[str, Any]:
    return {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": (start + length).isoformat()}, **more}


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    with GoogleServer() as server:
        yield server


@pytest.fixture
def client(google: GoogleServer) -> Iterator[Any]:
    with service(google.endpoint) as opened:
        yield opened


@pytest.fixture
def events(client: Any) -> Any:
    return client.events()


def pages(events: Any, **asked: Any) -> list[dict[str, Any]]:
    found = []
    request = events.list(calendarId="primary", **asked)
    while request is not None:
        found.append(request.execute())
        request = events.list_next(request, found[-1])
    return found


def listed(events: Any, **asked: Any) -> list[str]:
    return [event.get("summary", event["id"]) for page in pages(events, **asked) for event in page.get("items", ())]


def refused(request: Any) -> tuple[int, str]:
    with pytest.raises(HttpError) as caught:
        request.execute()
    return int(caught.value.status_code), reason(caught.value)


def raw(google: GoogleServer, verb: str, path: str, body: object = None) -> tuple[int, Any]:
    at = urlsplit(google.endpoint)
    connection = http.client.HTTPConnection(at.hostname or "", at.port, timeout=10)
    connection.request(verb, at.path + path, None if body is None else json.dumps(body))
    answer = connection.getresponse()
    status, text = answer.status, answer.read()
    connection.close()
    return status, json.loads(text) if text else {}


@pytest.mark.parametrize(
    ("verb", "path", "body"),
    [
        ("GET", "calendars/primary/happenings", None),
        ("PUT", "calendars/primary/events", {}),
        ("GET", "calendars/primary/events?timeFrom=2026-05-04T00:00:00Z", None),
        ("GET", "calendars/primary/events?timeMin=2026-05-04T00:00:00", None),
        ("GET", "calendars/primary/events?timeMin=yesterday", None),
        ("GET", "calendars/primary/events?maxResults=0", None),
        ("GET", "calendars/primary/events?singleEvents=yes", None),
        ("GET", "calendars/primary/events?orderBy=end", None),
        ("GET", "calendars/primary/events?eventTypes=party", None),
        ("GET", "calendars/primary/events?q=a&q=b", None),
        ("GET", "calendars/primary/events?orderBy=startTime", None),
        ("GET", "calendars/primary/events?fields=items(id,titel)", None),
        ("GET", "calendars/primary/events?fields=items(id", None),
        ("GET", "calendars/primary/events?syncToken=since-0&timeMin=2026-05-04T00:00:00Z", None),
        ("GET", "calendars/primary/events?pageToken=7", None),
        ("GET", "calendars/primary/events?privateExtendedProperty=mark", None),
        ("POST", "calendars/primary/events", timed(TEA, title="Tea")),
        ("POST", "calendars/primary/events", timed(TEA, summary=7)),
        ("POST", "calendars/primary/events", timed(TEA, transparency="clear")),
        ("POST", "calendars/primary/events", timed(TEA, attendees=[{"name": "Rui"}])),
        ("POST", "calendars/primary/events", timed(TEA, extendedProperties={"private": {"n": 1}})),
        ("POST", "calendars/primary/events", {"summary": "Without an end", "start": {"date": "2026-05-04"}}),
        ("POST", "calendars/primary/events", timed(TEA, -HOUR)),
        ("POST", "calendars/primary/events", {"start": {"date": "2026-05-04"}, "end": {"dateTime": TEA.isoformat()}}),
        ("POST", "calendars/primary/events", timed(datetime(2026, 5, 4, 15))),
        ("POST", "calendars/primary/events", timed(TEA, id="calsync1")),
        ("POST", "calendars/primary/events", timed(TEA, id="abc")),
        ("POST", "calendars/primary/events", timed(TEA, id="abcde", iCalUID="abcde@calsync")),
        ("POST", "calendars/primary/events", timed(TEA, source={"title": "a", "url": "mailto:rui@brisa.example"})),
        ("POST", "calendars/primary/events", timed(TEA, reminders={"useDefault": False, "overrides": [{}] * 6})),
        ("POST", "calendars/primary/events?sendUpdates=nobody", timed(TEA)),
        ("POST", "calendars", {"description": "without a title"}),
        ("GET", "calendars/primary", {"summary": "a body where none belongs"}),
    ],
)
def test_what_the_document_does_not_have_is_a_bad_request(
    google: GoogleServer, verb: str, path: str, body: object
) -> None:
    status, answer = raw(google, verb, path, body)
    assert status == 400
    assert answer["error"]["code"] == 400
    assert answer["error"]["errors"][0]["reason"]
    assert google.calendar().standing == {}


def test_an_answer_that_does_not_fit_the_document_is_noticed() -> None:
    assert not list(wrong_in("Event", {"id": "abcde", "status": "tentative", "start": {"date": "2026-05-04"}}))
    for wrong in ({"status": "maybe"}, {"titel": ""}, {"start": {"date": "4 May"}}, {"sequence": "1"}, {"locked": 1}):
        assert list(wrong_in("Event", wrong))
    server = GoogleServer()
    server.calendar().role = "king"
    with service(server.endpoint) as client:
        client.events().list(calendarId="primary").execute()
    with pytest.raises(AssertionError, match="king"):
        server.__exit__(None)


def test_a_window_bounds_the_end_from_below_and_the_start_from_above(google: GoogleServer, events: Any) -> None:
    for hours in range(5):
        google.calendar().put(**timed(TEA + hours * HOUR, summary=f"{hours}"))
    low, high = (TEA + HOUR).isoformat(), (TEA + 3 * HOUR).isoformat()
    assert listed(events, timeMin=low, timeMax=high, singleEvents=True, orderBy="startTime") == ["1", "2"]
    low, high = (TEA + 1.5 * HOUR).isoformat(), (TEA + 3.5 * HOUR).isoformat()
    assert listed(events, timeMin=low, timeMax=high) == ["1", "2", "3"]
    assert not google.refused


def test_a_day_begins_at_midnight_in_the_zone_of_its_calendar(google: GoogleServer, events: Any) -> None:
    google.calendar().zone = "Pacific/Auckland"
    google.calendar().put(summary="fair", start={"date": "2026-05-04"}, end={"date": "2026-05-05"})
    assert listed(events, timeMax="2026-05-03T12:00:00Z") == []
    assert listed(events, timeMax="2026-05-03T12:00:01Z") == ["fair"]


def test_pages_may_be_short_or_empty_and_still_lead_on(google: GoogleServer, events: Any) -> None:
    for hours in range(7):
        google.calendar().put(**timed(TEA + hours * HOUR, summary=f"{hours}"))
    google.pages = (0, 3, 0, 1)
    found = pages(events, singleEvents=True, orderBy="startTime", maxResults=2)
    assert {len(page["items"]) for page in found} == {0, 1, 2}
    assert [event["summary"] for page in found for event in page["items"]] == list("0123456")
    assert all(page["timeZone"] == "Europe/Lisbon" and page["accessRole"] == "owner" for page in found)


def test_a_mask_cuts_the_answer(google: GoogleServer, events: Any) -> None:
    google.calendar().put(**timed(TEA, summary="Tea", attendees=[{"email": "rui@brisa.example", "optional": True}]))
    page = events.list(calendarId="primary", fields="timeZone,items(summary,start/dateTime,attendees(email))").execute()
    item = {"summary": "Tea", "start": {"dateTime": "2026-05-04T16:00:00+01:00"}}
    assert page == {"timeZone": "Europe/Lisbon", "items": [item | {"attendees": [{"email": "rui@brisa.example"}]}]}


def test_a_series_is_one_event_or_its_occurrences(google: GoogleServer, events: Any) -> None:
    start = datetime(2026, 3, 20, 10, tzinfo=UTC)
    when = {name: value | {"timeZone": "Europe/Lisbon"} for name, value in timed(start).items()}
    id_ = google.calendar().put(summary="Jour fixe", recurrence=["RRULE:FREQ=WEEKLY;COUNT=4"], **when)
    assert listed(events) == ["Jour fixe"]
    google.calendar().delete(f"{id_}_20260327T100000Z")
    google.calendar().change(f"{id_}_20260403T090000Z", summary="Jour fixe, in the garden")
    (page,) = pages(events, singleEvents=True, orderBy="startTime", timeMin="2026-03-21T00:00:00Z")
    assert [(each["summary"], each["start"]["dateTime"]) for each in page["items"]] == [
        ("Jour fixe, in the garden", "2026-04-03T10:00:00+01:00"),
        ("Jour fixe", "2026-04-10T10:00:00+01:00"),
    ]
    assert {each["recurringEventId"] for each in page["items"]} == {id_}
    assert len({each["iCalUID"] for each in page["items"]}) == 1
    assert page["items"][0]["originalStartTime"]["dateTime"] == "2026-04-03T10:00:00+01:00"
    assert events.get(calendarId="primary", eventId=f"{id_}_20260410T090000Z").execute()["summary"] == "Jour fixe"
    google.calendar().delete(id_)
    assert listed(events, singleEvents=True) == []


def test_types_marks_uids_and_words_are_filters(google: GoogleServer, events: Any) -> None:
    google.calendar().put(**timed(TEA, summary="plain"))
    google.calendar().put(**timed(TEA, summary="away", eventType="outOfOffice"))
    marked = {"private": {"calsync": "1"}}
    id_ = google.calendar().put(**timed(TEA, summary="marked", extendedProperties=marked))
    assert listed(events, eventTypes=["default"]) == ["plain", "marked"]
    assert listed(events, eventTypes=["default", "outOfOffice"]) == ["plain", "away", "marked"]
    assert listed(events, privateExtendedProperty="calsync=1") == ["marked"]
    assert listed(events, iCalUID=f"{id_}@google.com") == ["marked"]
    assert listed(events, q="AWA") == ["away"]


def test_what_was_deleted_is_listed_on_demand_and_since_an_update(google: GoogleServer, events: Any) -> None:
    google.now = TEA
    id_ = google.calendar().put(**timed(TEA, summary="off"))
    google.calendar().put(**timed(TEA, summary="on"))
    google.now = TEA + HOUR
    google.calendar().delete(id_)
    assert listed(events) == ["on"]
    assert listed(events, showDeleted=True) == ["off", "on"]
    assert listed(events, updatedMin=(TEA + HOUR).isoformat()) == ["off"]
    google.calendar().bare_tombstones = True
    assert listed(events, showDeleted=True) == [id_, "on"]
    google.now = TEA + timedelta(days=40)
    too_old = events.list(calendarId="primary", updatedMin=TEA.isoformat())
    assert refused(too_old) == (410, "updatedMinTooLongAgo")


def test_a_token_brings_what_changed_since_and_expires(google: GoogleServer, events: Any) -> None:
    first = google.calendar().put(**timed(TEA, summary="first"))
    token = pages(events)[-1]["nextSyncToken"]
    google.calendar().put(**timed(TEA, summary="second"))
    google.calendar().delete(first)
    assert sorted(listed(events, syncToken=token)) == ["first", "second"]
    google.expire_sync_tokens()
    assert refused(events.list(calendarId="primary", syncToken=token)) == (410, "fullSyncRequired")
    assert "nextSyncToken" not in pages(events, timeMin="2026-05-04T00:00:00Z")[-1]


def test_an_id_of_the_clients_own_stays_taken_for_ever(google: GoogleServer, events: Any) -> None:
    made = events.insert(calendarId="primary", body=timed(TEA, id="0123v", summary="Tea")).execute()
    assert made["id"] == "0123v"
    assert made["iCalUID"] == "0123v@google.com"
    again = events.insert(calendarId="primary", body=timed(TEA, id="0123v"))
    assert refused(again) == (409, "duplicate")
    events.delete(calendarId="primary", eventId="0123v").execute()
    assert refused(again) == (409, "duplicate")
    assert events.get(calendarId="primary", eventId="0123v").execute()["status"] == "cancelled"
    assert refused(events.delete(calendarId="primary", eventId="0123v")) == (410, "deleted")
    google.calendar().empty_the_bin()
    assert refused(events.get(calendarId="primary", eventId="0123v")) == (404, "notFound")
    assert refused(again) == (409, "duplicate")


@pytest.mark.parametrize("verb", ["patch", "update", "delete"])
def test_a_write_under_a_condition_needs_the_etag_of_what_stands_there(
    google: GoogleServer, events: Any, verb: str
) -> None:
    made = events.insert(calendarId="primary", body=timed(TEA, id="0123v", summary="Tea")).execute()
    google.calendar().change("0123v", summary="Tea, mine")
    body = {} if verb == "delete" else {"body": timed(TEA, summary="Coffee")}
    request = getattr(events, verb)(calendarId="primary", eventId="0123v", **body)
    request.headers["If-Match"] = made["etag"]
    assert refused(request) == (412, "conditionNotMet")
    assert google.calendar().event("0123v")["summary"] == "Tea, mine"
    request.headers["If-Match"] = events.get(calendarId="primary", eventId="0123v").execute()["etag"]
    request.execute()
    assert google.calendar().event("0123v") != made
    assert [call.status for call in google.calls if call.method == f"events.{verb}"][-1] in (200, 204)


def test_a_patch_keeps_what_it_does_not_name_and_an_update_does_not(google: GoogleServer, events: Any) -> None:
    body = timed(TEA, id="0123v", summary="Tea", location="Baixa", extendedProperties={"private": {"a": "1"}})
    events.insert(calendarId="primary", body=body).execute()
    change = {"summary": None, "extendedProperties": {"private": {"b": "2"}}}
    patched = events.patch(calendarId="primary", eventId="0123v", body=change).execute()
    assert "summary" not in patched
    assert patched["location"] == "Baixa"
    assert patched["extendedProperties"] == {"private": {"a": "1", "b": "2"}}
    updated = events.update(calendarId="primary", eventId="0123v", body=timed(TEA + HOUR)).execute()
    assert not {"location", "extendedProperties"} & updated.keys()
    assert updated["created"] == patched["created"]


def test_whoever_moves_an_event_raises_its_sequence_and_nobody_lowers_it(google: GoogleServer, events: Any) -> None:
    events.insert(calendarId="primary", body=timed(TEA, id="0123v", sequence=4)).execute()
    google.calendar().change("0123v", summary="Tea")
    assert google.calendar().event("0123v")["sequence"] == 4
    google.calendar().change("0123v", **timed(TEA + HOUR))
    assert google.calendar().event("0123v")["sequence"] == 5
    assert refused(events.patch(calendarId="primary", eventId="0123v", body={"sequence": 4})) == (400, "invalid")


def test_a_careless_update_brings_a_deleted_event_back(google: GoogleServer, events: Any) -> None:
    events.insert(calendarId="primary", body=timed(TEA, id="0123v", summary="Tea")).execute()
    google.calendar().delete("0123v")
    events.patch(calendarId="primary", eventId="0123v", body={"summary": "Late"}).execute()
    assert google.calendar().standing == {}
    events.update(calendarId="primary", eventId="0123v", body=timed(TEA)).execute()
    assert list(google.calendar().standing) == ["0123v"]


def test_calendars_are_made_described_listed_and_deleted(google: GoogleServer, client: Any) -> None:
    google.add("team@brisa.example", role="reader", summary="Team")
    made = client.calendars().insert(body={"summary": "Follow-ups", "timeZone": "Asia/Tokyo"}).execute()
    patched = client.calendars().patch(calendarId=made["id"], body={"description": "mine"}).execute()
    assert (patched["summary"], patched["description"]) == ("Follow-ups", "mine")
    entries = client.calendarList().list().execute()["items"]
    assert [(each["summary"], each["accessRole"], each.get("primary", False)) for each in entries] == [
        (google.user, "owner", True),
        ("Team", "reader", False),
        ("Follow-ups", "owner", False),
    ]
    assert client.calendarList().get(calendarId="primary").execute()["id"] == google.user
    google.pages = (1, 0)
    request, names = client.calendarList().list(minAccessRole="owner"), []
    while request is not None:
        page = request.execute()
        names += [each["id"] for each in page["items"]]
        request = client.calendarList().list_next(request, page)
    assert names == [google.user, made["id"]]
    client.calendars().delete(calendarId=made["id"]).execute()
    assert refused(client.events().list(calendarId=made["id"])) == (404, "notFound")
    google.delete_calendar("Team")
    assert refused(client.calendarList().get(calendarId="team@brisa.example")) == (404, "notFound")


def test_of_somebody_elses_calendar_only_what_they_share_is_seen(google: GoogleServer, events: Any) -> None:
    other = google.add("rui@brisa.example", role="freeBusyReader", zone="Europe/Lisbon")
    other.put(**timed(TEA, summary="Doctor", description="tell nobody", attendees=[{"email": "x@brisa.example"}]))
    (item,) = events.list(calendarId="rui@brisa.example").execute()["items"]
    assert not {"summary", "description", "attendees", "organizer"} & item.keys()
    assert item["start"]["dateTime"] == "2026-05-04T16:00:00+01:00"
    refusal = refused(events.insert(calendarId="rui@brisa.example", body=timed(TEA)))
    assert refusal == (403, "requiredAccessLevel")
    other.role = "reader"
    assert events.list(calendarId="rui@brisa.example").execute()["items"][0]["summary"] == "Doctor"


def test_a_long_guest_list_is_cut_only_where_somebody_asks_for_it(google: GoogleServer, events: Any) -> None:
    guests = [{"email": f"guest{number}@brisa.example"} for number in range(5)] + [{"email": google.user}]
    google.calendar().put(**timed(TEA, attendees=guests))
    (item,) = pages(events)[0]["items"]
    assert len(item["attendees"]) == 6
    assert "attendeesOmitted" not in item
    (item,) = pages(events, maxAttendees=3)[0]["items"]
    assert item["attendees"] == [
        {"email": google.user, "self": True, "organizer": True, "responseStatus": "needsAction"}
    ]
    assert item["attendeesOmitted"]


def test_a_token_opens_what_its_scopes_reach_and_nothing_else(google: GoogleServer) -> None:
    google.tokens = {"good": {"calendar.events.readonly", "calendar.app.created"}}
    with service(google.endpoint, token="good") as client:
        made = client.calendars().insert(body={"summary": "Follow-ups"}).execute()
        client.events().insert(calendarId=made["id"], body=timed(TEA, id="0123v")).execute()
        assert client.events().list(calendarId="primary").execute()["items"] == []
        for request in (client.events().insert(calendarId="primary", body=timed(TEA)), client.calendarList().list()):
            assert refused(request) == (403, "insufficientPermissions")
    assert raw(google, "GET", "calendars/primary/events")[0] == 401
    assert google.calendar().standing == {}


def test_faults_come_when_they_are_wanted_and_only_then(google: GoogleServer, events: Any) -> None:
    google.fail(403, "rateLimitExceeded", times=2, method="events.list")
    google.fail(429, "rateLimitExceeded", method="events.insert", after=1, retry_after=7)
    assert refused(events.list(calendarId="primary")) == (403, "rateLimitExceeded")
    events.insert(calendarId="primary", body=timed(TEA, id="00000")).execute()
    with pytest.raises(HttpError) as caught:
        events.insert(calendarId="primary", body=timed(TEA, id="00001")).execute()
    assert (caught.value.status_code, caught.value.resp["retry-after"]) == (429, "7")
    assert refused(events.list(calendarId="primary")) == (403, "rateLimitExceeded")
    assert [event["id"] for event in pages(events)[0]["items"]] == ["00000"]
    google.fail(503, "backendError")
    google.heal()
    assert pages(events)


def test_a_lost_answer_makes_the_library_ask_again_and_an_id_keeps_it_one_event(
    google: GoogleServer, events: Any
) -> None:
    pages(events)
    google.lose(method="events.insert")
    assert refused(events.insert(calendarId="primary", body=timed(TEA, id="00000"))) == (409, "duplicate")
    assert [call.status for call in google.writes] == [0, 409]
    assert list(google.calendar().standing) == ["00000"]


def test_a_connection_torn_before_the_deed_leaves_nothing_done(google: GoogleServer, events: Any) -> None:
    google.drop(times=9, method="events.insert")
    with pytest.raises((OSError, http.client.HTTPException)):
        events.insert(calendarId="primary", body=timed(TEA, id="00000")).execute()
    assert google.calendar().standing == {}
    assert {call.status for call in google.calls} == {0}


def test_an_answer_may_be_cut_short_spoiled_or_late(google: GoogleServer, events: Any) -> None:
    google.calendar().put(**timed(TEA, summary="Tea"))
    google.cut(method="events.list")
    half = events.list(calendarId="primary").execute()
    assert isinstance(half, str), "the library says nothing of an answer that it cannot read"
    google.after = lambda call, answer: answer["items"][0].pop("start")
    google.wait(0.001)
    assert "start" not in pages(events)[0]["items"][0]


def test_the_servers_clock_is_in_its_answers(google: GoogleServer, client: Any) -> None:
    google.now = TEA
    request = client.calendarList().list()
    dates: list[str] = []
    request.add_response_callback(lambda response: dates.append(response["date"]))
    request.execute()
    assert dates == ["Mon, 04 May 2026 15:00:00 GMT"]


def test_a_test_can_act_between_any_two_requests(google: GoogleServer, events: Any) -> None:
    def moves(call: Call) -> None:
        if call.method == "events.delete":
            google.calendar().change(call.event, summary="mine")
        if call.method == "events.get":
            raise Refused(403, "forbidden", "not today")

    made = events.insert(calendarId="primary", body=timed(TEA, id="00000")).execute()
    google.before = moves
    request = events.delete(calendarId="primary", eventId="00000")
    request.headers["If-Match"] = made["etag"]
    assert refused(request) == (412, "conditionNotMet")
    assert refused(events.get(calendarId="primary", eventId="00000")) == (403, "forbidden")


def test_every_call_is_kept_with_what_was_asked(google: GoogleServer, events: Any) -> None:
    events.insert(calendarId="primary", body=timed(TEA, summary="Tea"), sendUpdates="none").execute()
    pages(events, maxResults=5)
    insert, list_ = google.calls
    assert (insert.method, insert.calendar, insert.status) == ("events.insert", "primary", 200)
    assert insert.asked["sendUpdates"] == "none"
    assert insert.body["summary"] == "Tea"
    assert (list_.method, list_.asked["maxResults"], list_.is_write) == ("events.list", 5, False)
    assert google.writes == [insert]
