"""One calendar as Google keeps it: its events, what was deleted from it, and a mark of every change.

The methods without an underscore are the hands of the user, or of another program of theirs.
"""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from tests.google_server import times
from tests.google_server.document import Json, Refused, wrong_in

_LEGAL = re.compile(r"[a-v0-9]{5,1024}")
_READ_ONLY = {"kind", "etag", "created", "updated", "creator", "organizer", "htmlLink", "iCalUID", "id", "locked"}
_USUAL = {"transparency": "opaque", "visibility": "default"}
"""Google leaves these out where they are as usual."""


class StoredCalendar:
    """``role`` is what the signed-in user may do here; ``by_app``: the program that calls made this calendar.

    With ``bare_tombstones`` a deleted event shows its id and little more. What was updated can be asked for as long
    ago as the calendar ``remembers``.
    """

    def __init__(
        self,
        id_: str,
        *,
        user: str,
        clock: Callable[[], datetime],
        lock: threading.RLock,
        summary: str = "",
        zone: str = "UTC",
        description: str = "",
        role: str = "owner",
        by_app: bool = False,
    ) -> None:
        self.id = id_
        self.user = user
        self.summary = summary or id_
        self.zone = zone
        self.description = description
        self.role = role
        self.by_app = by_app
        self.bare_tombstones = False
        self.remembers = timedelta(days=28)
        self.held: dict[str, Json] = {}
        self.revisions: dict[str, int] = {}
        self.forgotten: set[str] = set()
        self.revision = 0
        self.oldest_token = 0
        self.clock = clock
        self._lock = lock
        self._last = datetime.min.replace(tzinfo=UTC)
        self._numbers = itertools.count(1)

    def put(self, **event: Any) -> str:
        """A new event, as the user or a colleague would make it; answers its id. Everything that the document has
        may be given, an organizer as well."""
        with self._lock:
            for wrong in wrong_in("Event", event):
                raise ValueError(wrong)
            return str(self.insert(event, by_hand=True)["id"])

    def change(self, id_: str, **fields: Any) -> None:
        """Changes fields of an event, or of one occurrence of a series; None takes a field away."""
        with self._lock:
            for wrong in wrong_in("Event", fields, null=True):
                raise ValueError(wrong)
            self.write(id_, fields, whole=False, by_hand=True)

    def delete(self, id_: str) -> None:
        """Deletes an event, or one occurrence of a series."""
        with self._lock:
            self.remove(id_)

    def restore(self, id_: str) -> None:
        """Takes an event back out of the bin."""
        self.change(id_, status="confirmed")

    def touch(self, id_: str) -> None:
        """Google gives an event another etag for reasons of its own."""
        with self._lock:
            self._stamp(self.held[id_])

    def event(self, id_: str) -> Json:
        """What is held under an id, deleted or not."""
        with self._lock:
            found: Json = _copied(self.held[id_])
            return found

    @property
    def standing(self) -> dict[str, Json]:
        """What is there and not deleted, by id."""
        with self._lock:
            return {id_: _copied(event) for id_, event in self.held.items() if event["status"] != "cancelled"}

    def empty_the_bin(self) -> None:
        """What was deleted cannot be asked for any more. Its ids stay taken."""
        with self._lock:
            for id_ in [id_ for id_, event in self.held.items() if event["status"] == "cancelled"]:
                self.forgotten.add(id_)
                del self.held[id_], self.revisions[id_]
            self.oldest_token = self.revision

    def insert(self, given: Json, *, by_hand: bool = False) -> Json:
        event = {name: _copied(value) for name, value in given.items() if value is not None}
        if not by_hand:
            if "id" in event and "iCalUID" in event:
                raise Refused(400, "invalid", "Of id and iCalUID only one may be given.")
            event = {name: value for name, value in event.items() if name not in _READ_ONLY - {"id", "iCalUID"}}
        id_ = event.setdefault("id", f"srv{next(self._numbers):08d}{abs(hash(self.id)) % 10**6}")
        if not _LEGAL.fullmatch(id_) and "_" not in id_:
            raise Refused(400, "invalid", "Invalid resource id value.")
        if not by_hand and "_" in id_:
            raise Refused(400, "invalid", "Invalid resource id value.")
        if id_ in self.held or id_ in self.forgotten:
            raise Refused(409, "duplicate", "The requested identifier already exists.")
        event.setdefault("iCalUID", f"{id_}@google.com")
        event.setdefault("status", "confirmed")
        event.setdefault("sequence", 0)
        event.setdefault("eventType", "default")
        event.setdefault("reminders", {"useDefault": True})
        event.setdefault("creator", self._who(self.user))
        event.setdefault("organizer", self._who(self.id))
        event["created"] = self._now()
        return self._keep(event)

    def write(self, id_: str, given: Json, *, whole: bool, by_hand: bool = False) -> Json:
        """Changes an event; ``whole``: what is not given is taken away. Whoever says nothing of its status
        and writes it whole brings a deleted event back, as with Google."""
        before = self.found(id_)
        given = {name: value for name, value in given.items() if by_hand or name not in _READ_ONLY}
        if whole:
            kept = {name: before[name] for name in _READ_ONLY | {"eventType", "recurringEventId"} if name in before}
            event = {"status": "confirmed", "sequence": before["sequence"], "reminders": {"useDefault": True}} | kept
            event |= {name: _copied(value) for name, value in given.items() if value is not None}
            if "originalStartTime" in before:
                event["originalStartTime"] = before["originalStartTime"]
        else:
            event = _merged(before, given)
        if event.get("sequence", 0) < before["sequence"]:
            raise Refused(400, "invalid", "Invalid sequence value. The given one is below that of the event.")
        if event.get("status") == "cancelled" and before["status"] != "cancelled":
            return self.remove(id_)
        self._keep(event)
        moved = [event[end] != before.get(end) for end in ("start", "end")]
        if any(moved) and event["sequence"] == before["sequence"]:
            event["sequence"] += 1
        return event

    def remove(self, id_: str) -> Json:
        event = self.found(id_)
        if event["status"] == "cancelled":
            raise Refused(410, "deleted", "Resource has been deleted")
        event["status"] = "cancelled"
        for each in list(self.held.values()):
            if each.get("recurringEventId") == id_:
                each["status"] = "cancelled"
                self._stamp(each)
        return self._stamp(event)

    def found(self, id_: str) -> Json:
        """A copy of what is held under an id, or of an occurrence that was never touched."""
        if id_ in self.held:
            held: Json = _copied(self.held[id_])
            return held
        series, _, number = id_.rpartition("_")
        if series in self.held and self.held[series]["status"] != "cancelled" and "recurrence" in self.held[series]:
            until = datetime(int(number[:4]) + 1, 1, 1, tzinfo=UTC) if number[:4].isdigit() else None
            for occurrence in self.expanded(self.held[series], until):
                if occurrence["id"] == id_:
                    return occurrence
        raise Refused(404, "notFound", "Not Found")

    def expanded(self, series: Json, until: datetime | None) -> list[Json]:
        """The occurrences of a series, as they stand in its rule."""
        home = times.zone(self.zone)
        found = []
        for start, end in times.occurrences(series, self.zone, until):
            one = {name: value for name, value in series.items() if name != "recurrence"}
            number = times.suffix(start, home)
            one |= {"id": f"{series['id']}_{number}", "recurringEventId": series["id"]}
            one |= {"start": start, "end": end, "originalStartTime": start}
            found.append(_copied(one))
        return found

    def _who(self, email: str) -> Json:
        who: Json = {"email": email}
        if email == self.id:
            who |= {"self": True} if email == self.user else {"self": True, "displayName": self.summary}
        return who

    def _keep(self, event: Json) -> Json:
        for end in ("start", "end"):
            if not event.get(end):
                raise Refused(400, "required", f"Missing {end} time.")
            event[end] = times.stored(event[end], self.zone, end)
        if "originalStartTime" in event:
            event["originalStartTime"] = times.stored(event["originalStartTime"], self.zone, "original start")
        _check(event, times.zone(self.zone))
        for name, usual in _USUAL.items():
            if event.get(name) == usual:
                del event[name]
        event.setdefault("sequence", 0)
        organizer = event.get("organizer", {}).get("email", "").lower()
        for attendee in event.get("attendees", ()):
            attendee.setdefault("responseStatus", "needsAction")
            address = attendee.get("email", "").lower()
            attendee |= {"self": True} if address == self.id.lower() else {}
            attendee |= {"organizer": True} if address == organizer else {}
        return self._stamp(event)

    def _stamp(self, event: Json) -> Json:
        self.revision += 1
        event["updated"] = self._now()
        event["etag"] = f'"{self.revision:016d}"'
        self.held[event["id"]] = event
        self.revisions[event["id"]] = self.revision
        return event

    def _now(self) -> str:
        """The clock's time; of two changes the later is later."""
        self._last = max(self.clock().astimezone(UTC), self._last + timedelta(milliseconds=1))
        return f"{self._last.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def _copied(value: Any) -> Any:
    """A copy of what came as JSON."""
    if isinstance(value, dict):
        return {name: _copied(each) for name, each in value.items()}
    return [_copied(each) for each in value] if isinstance(value, list) else value


def _merged(before: Json, given: Json) -> Json:
    """RFC 7396: fields that are given replace, objects are merged, null takes away, lists are replaced."""
    after = dict(before)
    for name, value in given.items():
        if value is None:
            after.pop(name, None)
        elif isinstance(value, dict):
            old = after.get(name)
            after[name] = _merged(old if isinstance(old, dict) else {}, value)
        else:
            after[name] = _copied(value)
    return after


def _check(event: Json, home: Any) -> None:
    """What the schema cannot say."""
    start, end = event["start"], event["end"]
    if ("date" in start) != ("date" in end):
        raise Refused(400, "invalid", "Start and end times must either both be date or both be dateTime.")
    if times.instant(end, home) < times.instant(start, home):
        raise Refused(400, "timeRangeEmpty", "The specified time range is empty.")
    reminders = event.get("reminders", {})
    overrides = reminders.get("overrides", ())
    if reminders.get("useDefault") and overrides:
        raise Refused(400, "cannotUseDefaultRemindersAndSpecifyOverride", "Default reminders and overrides exclude.")
    if len(overrides) > 5 or any(not 0 <= each.get("minutes", -1) <= 40320 for each in overrides):
        raise Refused(400, "invalid", "At most 5 overrides, each of 0 to 40320 minutes.")
    for properties in event.get("extendedProperties", {}).values():
        if any(len(name) > 44 or len(value) > 1024 for name, value in properties.items()):
            raise Refused(400, "invalid", "An extended property is too long: 44 characters, 1024 in its value.")
    if "source" in event and urlsplit(event["source"].get("url", "")).scheme not in ("http", "https"):
        raise Refused(400, "invalid", "The URL scheme of a source must be http or https.")
    if len(event.get("description", "")) > 8192:
        raise Refused(400, "invalid", "A description has at most 8192 characters.")
    if any("email" not in each for each in event.get("attendees", ())):
        raise Refused(400, "required", "Missing attendee email.")
    if "recurrence" in event and "date" not in start and not start.get("timeZone"):
        raise Refused(400, "required", "Missing time zone definition for start time.")
