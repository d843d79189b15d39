"""What each method of the interface does to the calendars of the user."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime
from typing import Any

from tests.google_server import fields, listing, permission
from tests.google_server.document import Json, Method, Refused, wrong_in
from tests.google_server.stored import StoredCalendar


class Account:
    """The calendars of one user, and the methods by the names that the document gives them."""

    def __init__(self, user: str, clock: Callable[[], datetime], lock: threading.RLock) -> None:
        self.user = user
        self.calendars: dict[str, StoredCalendar] = {}
        self.pages: tuple[int, ...] = ()
        self.troubles: list[str] = []
        self._clock = clock
        self._lock = lock
        self._left: dict[str, tuple[str, list[Json], Json]] = {}
        self._numbers = itertools.count(1)
        self._turns = itertools.count()

    def add(self, id_: str, **known: Any) -> StoredCalendar:
        made = StoredCalendar(id_, user=self.user, clock=self._clock, lock=self._lock, **known)
        self.calendars[id_] = made
        return made

    def named(self, id_: str) -> StoredCalendar | None:
        return self.calendars.get(self.user if id_ == "primary" else id_)

    def does(
        self,
        method: Method,
        asked: Json,
        given: Json,
        sent: Mapping[str, str],
        tokens: Mapping[str, Collection[str]],
    ) -> tuple[int, Json]:
        """Do what a request asks; answers status and body."""
        granted = permission.granted(method, tokens, sent.get("authorization", ""))
        calendar = None
        if "calendarId" in asked:
            calendar = self.named(asked["calendarId"])
            if calendar is None:
                raise Refused(404, "notFound", "Not Found")
        if granted is not None:
            permission.check(method, granted, calendar)
        mask = fields.read(asked["fields"], method.gives) if "fields" in asked and method.gives else {}
        do = getattr(self, f"_{method.name.replace('.', '_')}", None)
        if do is None:
            self.troubles.append(f"{method.name} is in the document, and this server does not have it yet")
            raise Refused(501, "notImplemented", f"the test server has no {method.name}")
        answer = do(asked, given, sent) if calendar is None else do(calendar, asked, given, sent)
        if answer is None:
            return 204, {}
        self.troubles += [f"{method.name} answered: {wrong}" for wrong in wrong_in(method.gives, answer)]
        return 200, fields.cut(answer, mask)

    def _events_list(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        query = {name: value for name, value in asked.items() if name not in ("pageToken", "fields")}
        if "pageToken" in asked:
            if asked["pageToken"] not in self._left:
                raise Refused(400, "invalid", "Invalid page token value.")
            of, found, last = self._left[asked["pageToken"]]
            if of != repr(sorted(query.items())):
                raise Refused(400, "invalid", "Invalid page token value: it is of another query.")
        else:
            found, last = listing.matching(calendar, query), listing.token(calendar, asked)
        page, rest = self._page(found, listing.size(asked))
        most = asked.get("maxAttendees")
        items = [listing.shown(event, calendar, asked.get("timeZone", ""), most) for event in page]
        return listing.envelope(calendar) | {"items": items} | self._next(repr(sorted(query.items())), rest, last)

    def _page(self, found: list[Json], most: int) -> tuple[list[Json], list[Json]]:
        size = most
        if self.pages and found:
            size = min(most, self.pages[next(self._turns) % len(self.pages)])
        return found[:size], found[size:]

    def _next(self, query: str, rest: list[Json], last: Json) -> Json:
        if not rest:
            return last
        token = f"page-{next(self._numbers)}"
        self._left[token] = (query, rest, last)
        return {"nextPageToken": token}

    def _events_get(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        event = calendar.found(asked["eventId"])
        if event["etag"] == sent.get("if-none-match"):
            raise Refused(304, "notModified", "Not Modified")
        return listing.shown(event, calendar, asked.get("timeZone", ""), asked.get("maxAttendees"))

    def _events_insert(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        _may_write(calendar)
        return listing.shown(calendar.insert(given), calendar)

    def _events_patch(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        _unchanged(calendar, asked["eventId"], sent)
        return listing.shown(calendar.write(asked["eventId"], given, whole=False), calendar)

    def _events_update(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        _unchanged(calendar, asked["eventId"], sent)
        return listing.shown(calendar.write(asked["eventId"], given, whole=True), calendar)

    def _events_delete(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> None:
        if calendar.found(asked["eventId"])["status"] != "cancelled":
            _unchanged(calendar, asked["eventId"], sent)
        calendar.remove(asked["eventId"])

    def _calendars_get(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        answer = {"kind": "calendar#calendar", "etag": f'"c{calendar.revision}"', "id": calendar.id}
        answer |= {"summary": calendar.summary, "timeZone": calendar.zone}
        answer |= {} if calendar.id == self.user else {"dataOwner": self.user}
        return answer | ({"description": calendar.description} if calendar.description else {})

    def _calendars_insert(self, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        id_ = f"c_{next(self._numbers):06d}@group.calendar.google.com"
        known = {"zone": given.get("timeZone") or "UTC", "description": given.get("description") or ""}
        made = self.add(id_, summary=given["summary"], by_app=True, **known)
        return self._calendars_get(made, asked, given, sent)

    def _calendars_patch(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        _may_write(calendar, "owner")
        calendar.summary = given.get("summary", calendar.summary)
        calendar.description = given.get("description", calendar.description) or ""
        calendar.zone = given.get("timeZone", calendar.zone)
        return self._calendars_get(calendar, asked, given, sent)

    def _calendars_delete(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> None:
        _may_write(calendar, "owner")
        if calendar.id == self.user:
            raise Refused(400, "cannotDeletePrimaryCalendar", "The primary calendar cannot be deleted.")
        del self.calendars[calendar.id]

    def _calendarList_get(self, calendar: StoredCalendar, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        answer = {"kind": "calendar#calendarListEntry", "etag": f'"l{calendar.revision}"', "id": calendar.id}
        answer |= {"summary": calendar.summary, "timeZone": calendar.zone, "accessRole": calendar.role}
        answer |= {"description": calendar.description} if calendar.description else {}
        return answer | ({"primary": True} if calendar.id == self.user else {})

    def _calendarList_list(self, asked: Json, given: Json, sent: Mapping[str, str]) -> Json:
        query = f"calendars {asked.get('minAccessRole')}"
        if "pageToken" in asked:
            of, found, last = self._left.get(asked["pageToken"], ("", [], {}))
            if of != query:
                raise Refused(400, "invalid", "Invalid page token value.")
        else:
            least = _ROLES.index(asked.get("minAccessRole", _ROLES[0]))
            kept = [each for each in self.calendars.values() if _ROLES.index(each.role) >= least]
            found, last = [self._calendarList_get(each, {}, {}, {}) for each in kept], {"nextSyncToken": "calendars"}
        page, rest = self._page(found, min(asked.get("maxResults", 100), 250))
        whole = {"kind": "calendar#calendarList", "etag": '"calendars"', "items": page}
        return whole | self._next(query, rest, last)


_ROLES = ("freeBusyReader", "reader", "writerWithoutPrivateAccess", "writer", "owner")


def _may_write(calendar: StoredCalendar, least: str = "writerWithoutPrivateAccess") -> None:
    if _ROLES.index(calendar.role) < _ROLES.index(least):
        raise Refused(403, "requiredAccessLevel", f"You need to have {least} access to this calendar.")


def _unchanged(calendar: StoredCalendar, id_: str, sent: Mapping[str, str]) -> None:
    _may_write(calendar)
    wanted = sent.get("if-match")
    if wanted not in (None, "*", calendar.found(id_)["etag"]):
        raise Refused(412, "conditionNotMet", "Precondition Failed")
