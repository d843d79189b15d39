"""The server of the tests and a foreign one give the same answers to the same calls, as far as that one goes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from googleapiclient.errors import HttpError

from tests.emulate import TOKEN, USER, Emulate, emulate
from tests.google_server import GoogleServer
from tests.google_server.client import service

__all__ = ["emulate"]

pytestmark = pytest.mark.peer
NOON = datetime(2026, 10, 25, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Both = tuple[Any, Any]


@pytest.fixture(scope="module")
def both(emulate: Emulate) -> Iterator[Both]:
    """Two clients: of our server, and of the foreign one."""
    with GoogleServer(user=USER) as google:
        for each in ("one", "two", "three", "four"):
            google.add(each, zone="Europe/Lisbon")
        google.tokens = {TOKEN: {"calendar"}}
        with service(google.endpoint, token=TOKEN) as ours, service(emulate.endpoint, token=TOKEN) as theirs:
            yield ours, theirs


def agreed(both: Both, ask: Callable[[Any], Any]) -> Any:
    """What both answer to the same question."""
    ours, theirs = (ask(each) for each in both)
    assert ours == theirs
    return ours


def essence(event: dict[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {name: event.get(name) for name in ("kind", "status", "summary", "location", "description")}
    for end in ("start", "end"):
        when = event[end]
        kept[end] = datetime.fromisoformat(when["dateTime"]).astimezone(UTC) if "dateTime" in when else when["date"]
    kept["attendees"] = [(each["email"], each.get("displayName")) for each in event.get("attendees", ())]
    return kept


def put(calendar: str, hours: float, summary: str, **more: Any) -> Callable[[Any], Any]:
    start, end = NOON + hours * HOUR, NOON + (hours + 1) * HOUR
    body = {"start": {"dateTime": start.isoformat()}, "end": {"dateTime": end.isoformat()}, "summary": summary, **more}
    return lambda client: essence(client.events().insert(calendarId=calendar, body=body).execute())


def listed(calendar: str, **asked: Any) -> Callable[[Any], list[list[str]]]:
    """The titles, page by page."""

    def ask(client: Any) -> list[list[str]]:
        found, request = [], client.events().list(calendarId=calendar, singleEvents=True, orderBy="startTime", **asked)
        while request is not None:
            page = request.execute()
            found.append([event["summary"] for event in page["items"]])
            request = client.events().list_next(request, page)
        return found

    return ask


def status(request: Callable[[Any], Any]) -> Callable[[Any], int]:
    def ask(client: Any) -> int:
        try:
            request(client).execute()
        except HttpError as error:
            return int(error.status_code)
        return 200

    return ask


def test_both_have_the_same_calendars(both: Both) -> None:
    def ask(client: Any) -> set[tuple[Any, ...]]:
        page = client.calendarList().list().execute()
        return {(each["summary"], each["accessRole"], each.get("primary"), each["timeZone"]) for each in page["items"]}

    assert (USER, "owner", True, "Europe/Lisbon") in agreed(both, ask)


def test_what_is_inserted_is_answered_alike(both: Both) -> None:
    guests = [{"email": "rui@brisa.example", "displayName": "Rui Vale"}, {"email": "eva@brisa.example"}]
    made = agreed(both, put("one", 0, "Tasting", location="Cais", description="red first", attendees=guests))
    assert made["start"] == NOON
    fair = {"summary": "Fair", "start": {"date": "2026-10-25"}, "end": {"date": "2026-10-26"}}
    day = agreed(both, lambda client: essence(client.events().insert(calendarId="one", body=fair).execute()))
    assert day["start"] == "2026-10-25"


def test_pages_are_cut_and_lead_on_alike(both: Both) -> None:
    for hour in range(7):
        agreed(both, put("two", hour, f"{hour}"))
    assert agreed(both, listed("two", maxResults=3)) == [["0", "1", "2"], ["3", "4", "5"], ["6"]]
    assert agreed(both, listed("two")) == [list("0123456")]


def test_a_window_has_the_same_edges(both: Both) -> None:
    for hour in range(6):
        agreed(both, put("three", hour, f"{hour}"))
    found = set()
    for low in (0, 1, 1.5, 2):
        for high in (3, 3.5, 4):
            window = {"timeMin": (NOON + low * HOUR).isoformat(), "timeMax": (NOON + high * HOUR).isoformat()}
            (page,) = agreed(both, listed("three", **window))
            found.add(tuple(page))
    assert len(found) > 4
    assert ("1", "2") in found


def test_what_is_deleted_is_gone_from_both(both: Both) -> None:
    for hour in range(3):
        agreed(both, put("four", hour, f"{hour}"))

    def delete(client: Any) -> Any:
        (event,) = client.events().list(calendarId="four", q="1").execute()["items"]
        return client.events().delete(calendarId="four", eventId=event["id"])

    assert agreed(both, status(delete)) == 200
    assert agreed(both, listed("four")) == [["0", "2"]]


@pytest.mark.parametrize(
    "request_",
    [
        lambda client: client.events().list(calendarId="nowhere"),
        lambda client: client.events().delete(calendarId="primary", eventId="0123456789"),
        lambda client: client.events().insert(calendarId="primary", body={"summary": "whenever"}),
    ],
)
def test_both_refuse_alike(both: Both, request_: Callable[[Any], Any]) -> None:
    assert agreed(both, status(request_)) in (400, 404)
