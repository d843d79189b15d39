"""What a list of events answers: windows, series, deletions, order, pages and tokens."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from tests.google_server import times
from tests.google_server.document import Json, Refused
from tests.google_server.stored import StoredCalendar

NOT_WITH_A_TOKEN = frozenset(
    {"iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "timeMin", "timeMax", "updatedMin"}
)
_DETAILS = frozenset({"kind", "etag", "id", "status", "start", "end", "visibility", "transparency", "eventType"})


def shown(event: Json, calendar: StoredCalendar, response: str = "", most: int | None = None) -> Json:
    """An event as an answer has it, with no more detail than the user may see of this calendar."""
    at = times.zone(response or calendar.zone)
    if event["status"] == "cancelled" and calendar.bare_tombstones:
        kept = ("id", "status", "etag", "recurringEventId", "originalStartTime")
        event = {name: event[name] for name in kept if name in event}
    answer: Json = {"kind": "calendar#event"} | event
    for end in ("start", "end", "originalStartTime"):
        if end in answer:
            answer[end] = times.shown(answer[end], at)
    is_hidden = calendar.role == "reader" and event.get("visibility") in ("private", "confidential")
    if calendar.role == "freeBusyReader" or is_hidden:
        return {name: value for name, value in answer.items() if name in _DETAILS} | {"visibility": "private"}
    answer["htmlLink"] = f"https://www.google.com/calendar/event?eid={event['id']}"
    guests = answer.get("attendees", ())
    if most is not None and len(guests) > most:
        answer |= {"attendees": [each for each in guests if each.get("self")], "attendeesOmitted": True}
    return answer


def matching(calendar: StoredCalendar, asked: Json) -> list[Json]:
    """The events that a query finds, in its order, as they are held."""
    since = _since(calendar, asked)
    _check(asked)
    low = times.moment(asked["timeMin"]).astimezone(UTC) if "timeMin" in asked else None
    high = times.moment(asked["timeMax"]).astimezone(UTC) if "timeMax" in asked else None
    if low and high and low >= high:
        raise Refused(400, "timeRangeEmpty", "The specified time range is empty.")
    updated = times.moment(asked["updatedMin"]).astimezone(UTC) if "updatedMin" in asked else None
    if updated and updated < calendar.clock() - calendar.remembers:
        raise Refused(410, "updatedMinTooLongAgo", "The requested minimum modification time lies too far in the past.")
    deleted = asked.get("showDeleted", False) or since is not None
    home = times.zone(calendar.zone)
    found = []
    for event in _candidates(calendar, high, since, single=asked.get("singleEvents", False)):
        if event["status"] == "cancelled":
            is_instance = "recurringEventId" in event
            if not (deleted or updated or (is_instance and not asked.get("singleEvents"))):
                continue
        if updated and times.moment(event["updated"]) < updated:
            continue
        if "recurrence" not in event and (
            (low and times.instant(event["end"], home) <= low) or (high and times.instant(event["start"], home) >= high)
        ):
            continue
        if _fits(event, asked):
            found.append(event)
    order: dict[str, Callable[[Json], Any]] = {
        "startTime": lambda event: (times.instant(event["start"], home), event["id"]),
        "updated": lambda event: event["updated"],
    }
    return sorted(found, key=order.get(asked.get("orderBy", ""), lambda event: event["created"] + event["id"]))


def size(asked: Json) -> int:
    """How many events a page has at most: 250 unless told otherwise, and never more than 2500."""
    return min(int(asked.get("maxResults", 250)), 2500)


def envelope(calendar: StoredCalendar) -> Json:
    updated = max((event["updated"] for event in calendar.held.values()), default="2026-01-01T00:00:00.000Z")
    answer = {
        "kind": "calendar#events",
        "etag": f'"p{calendar.revision:015d}"',
        "summary": calendar.summary,
        "updated": updated,
        "timeZone": calendar.zone,
        "accessRole": calendar.role,
        "defaultReminders": [{"method": "popup", "minutes": 10}] if calendar.role == "owner" else [],
    }
    return answer | ({"description": calendar.description} if calendar.description else {})


def token(calendar: StoredCalendar, asked: Json) -> Json:
    """The token that the last page carries, where the query allows one."""
    return {} if NOT_WITH_A_TOKEN & asked.keys() else {"nextSyncToken": f"since-{calendar.revision}"}


def _since(calendar: StoredCalendar, asked: Json) -> int | None:
    if "syncToken" not in asked:
        return None
    if together := sorted(NOT_WITH_A_TOKEN & asked.keys()):
        raise Refused(400, "badRequest", f"syncToken cannot be given together with {', '.join(together)}")
    if asked.get("showDeleted") is False:
        raise Refused(400, "badRequest", "syncToken cannot be given together with showDeleted=false")
    number = str(asked["syncToken"]).removeprefix("since-")
    if not number.isdigit() or not calendar.oldest_token <= int(number) <= calendar.revision:
        raise Refused(410, "fullSyncRequired", "Sync token is no longer valid, a full sync is required.")
    return int(number)


def _check(asked: Json) -> None:
    if asked.get("orderBy") == "startTime" and not asked.get("singleEvents"):
        raise Refused(400, "badRequest", "The requested ordering is not available for the particular query.")
    for kind in ("privateExtendedProperty", "sharedExtendedProperty"):
        if not all("=" in pair for pair in asked.get(kind, ())):
            raise Refused(400, "invalidParameter", f"{kind} is name=value")
    if len(asked.get("privateExtendedProperty", ())) > 1:
        raise Refused(400, "badRequest", "Google's texts contradict each other on several properties: give one")


def _candidates(calendar: StoredCalendar, high: datetime | None, since: int | None, *, single: bool) -> list[Json]:
    """The events before any filter; with ``single`` the series are replaced by their occurrences."""
    held = {id_: event for id_, event in calendar.held.items() if since is None or calendar.revisions[id_] > since}
    if not single:
        return list(held.values())
    found = [event for event in held.values() if "recurrence" not in event]
    apart = {each["id"] for each in calendar.held.values() if "recurringEventId" in each}
    for event in held.values():
        if "recurrence" in event and (event["status"] != "cancelled" or since is not None):
            found += [each for each in calendar.expanded(event, high) if each["id"] not in apart]
    return found


def _fits(event: Json, asked: Json) -> bool:
    if asked.get("eventTypes") and event.get("eventType", "default") not in asked["eventTypes"]:
        return False
    if "iCalUID" in asked and event.get("iCalUID") != asked["iCalUID"]:
        return False
    for kind in ("private", "shared"):
        for pair in asked.get(f"{kind}ExtendedProperty", ()):
            name, _, value = pair.partition("=")
            if event.get("extendedProperties", {}).get(kind, {}).get(name) != value:
                return False
    words = str(asked.get("q", "")).lower()
    people = [who.get(part, "") for who in event.get("attendees", ()) for part in ("email", "displayName")]
    text = " ".join([*(event.get(part, "") for part in ("summary", "description", "location")), *people]).lower()
    return not words or words in text
