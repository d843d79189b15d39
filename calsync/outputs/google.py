"""Follow-ups in a Google calendar, next to everything else the user keeps there.

calsync makes a calendar of its own and knows it again by its id, or by the mark in its description;
or it writes into one that the user names. There, too, it touches only events that carry its mark,
each under the condition that nobody changed it in between. No event has guests, so nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta, tzinfo
from functools import partial
from typing import Any

from calsync.errors import CalsyncError, OutputError
from calsync.google.account import Account
from calsync.google.asking import LATER, Google, GoogleError, Patience, moment
from calsync.google.calendars import listed, mark_of
from calsync.google.scopes import is_existing
from calsync.model import Reminder
from calsync.outputs import google_event as event
from calsync.outputs.base import Details, Outcome
from calsync.will import Content, Standing, same

CALENDAR = "Follow-ups"
_FIELDS = "id,etag,status,summary,description,start,end,updated,extendedProperties/private"


class GoogleOutput:
    """Writes into ``calendar`` of an ``account``: ``primary``, an id, or the name of calsync's own one.

    ``known_as`` is the id of calsync's own calendar as the ledger knows it, empty where it knows none,
    and ``remember`` is told a new one. ``is_new`` says that nothing was ever written; ``is_reset``
    that the user wants back what they deleted. ``home`` is the user's zone.
    """

    def __init__(
        self,
        name: str,
        account: Account,
        calendar: str = CALENDAR,
        *,
        home: tzinfo,
        details: Details = "full",
        alarm: timedelta | None = timedelta(),
        known_as: str = "",
        remember: Callable[[str], None] = lambda id_: None,
        is_new: bool = True,
        is_reset: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self._google = Google(account, patience)
        self._calendar = calendar
        self._home = home
        self._details = details
        self._alarm = alarm
        self._id = calendar if is_existing(calendar) else known_as
        self._remember = remember
        self._is_new = is_new
        self._is_reset = is_reset
        self._is_missing = False

    def standing(self, known: Mapping[str, str]) -> dict[str, Standing]:
        with self._told():
            if not self._found():
                return {}  # it is made with the first reminder: to look changes nothing
            found: dict[str, Standing] = {}
            for item in self._marked():
                id_ = event.id_in(item)
                if id_ and (stands := self._standing(item, known.get(id_, ""))) is not None:
                    found[id_] = stands
            return found

    def shown(self, reminder: Reminder) -> Content:
        return event.shown(reminder, self._details)

    def create(self, reminder: Reminder) -> Outcome:
        with self._told():
            id_ = self._own()
            body = _without_nothing(event.body_of(reminder, self._details, self._alarm)) | {"id": reminder.id}
            try:
                made = self._google.ask(
                    lambda api: api.events().insert(calendarId=id_, body=body, sendUpdates="none", fields="etag")
                )
            except GoogleError as error:
                if error.status != 409:
                    raise self._gone(error) from error
                return self._taken(reminder)
            return Outcome("done", str(made["etag"]))

    def change(self, reminder: Reminder, etag: str) -> Outcome:
        body = event.body_of(reminder, self._details, self._alarm)
        return self._if_match(
            etag,
            lambda api: api.events().patch(
                calendarId=self._id, eventId=reminder.id, body=body, sendUpdates="none", fields="etag"
            ),
        )

    def remove(self, id_: str, etag: str) -> Outcome:
        return self._if_match(
            etag, lambda api: api.events().delete(calendarId=self._id, eventId=id_, sendUpdates="none")
        )

    def close(self) -> None:
        self._google.close()

    def _if_match(self, etag: str, request: Callable[[Any], Any]) -> Outcome:
        with self._told():
            try:
                done = self._google.ask(request, {"If-Match": etag})
            except GoogleError as error:
                if error.status == 412:
                    return Outcome("changed")
                if error.status in (404, 410):
                    return Outcome("gone")
                raise
            return Outcome("done", str(done.get("etag", "")))

    def _taken(self, reminder: Reminder) -> Outcome:
        """An id is never free again, so what stands under it tells: calsync's own event, written a
        moment ago by a request whose answer was lost; another one; or one that the user deleted."""
        try:
            item = self._google.ask(
                lambda api: api.events().get(calendarId=self._id, eventId=reminder.id, fields=_FIELDS)
            )
        except GoogleError as error:
            if error.status not in (404, 410):
                raise
            return Outcome("deleted")
        if item.get("status") == "cancelled":
            if not self._is_reset:
                return Outcome("deleted")
            return self.change(reminder, str(item["etag"]))
        if event.id_in(item) != reminder.id:
            return Outcome("changed")
        if same(event.content_of(item, self._home), self.shown(reminder)):
            return Outcome("done", str(item["etag"]))
        return Outcome("changed")

    def _standing(self, item: Mapping[str, Any], etag: str) -> Standing | None:
        if item["etag"] == etag:
            return Standing(etag, None)
        try:
            content = event.content_of(item, self._home)
            return Standing(str(item["etag"]), content, moment(item.get("updated")), *event.marks_in(item))
        except (ValueError, KeyError):
            return None

    def _marked(self) -> Iterator[dict[str, Any]]:
        """All events with calsync's mark, of which there is seldom more than a page."""
        pages = self._google.pages(
            lambda api, token: api.events().list(
                calendarId=self._id,
                privateExtendedProperty=f"{event.MARK}=1",
                maxResults=2500,
                pageToken=token,
                fields=f"nextPageToken,items({_FIELDS})",
            )
        )
        try:
            for page in pages:
                yield from page.get("items") or ()
        except GoogleError as error:
            raise self._gone(error) from error

    def _own(self) -> str:
        """The calendar's id; calsync's own is made where there never was one."""
        if not self._found():
            self._make()
        return self._id

    def _found(self) -> str:
        """The calendar's id; empty where calsync's own is still to be made."""
        if not self._id and not self._is_missing:
            for id_ in self._marked_calendars()[:1]:
                self._keep(id_)
            self._is_missing = not self._id
            if self._is_missing and not self._is_new:
                raise self._lost()
        return self._id

    def _marked_calendars(self) -> list[str]:
        """The ids of the calendars that calsync made under this name."""
        mark = mark_of(self._calendar)
        return sorted(each.id for each in listed(self._google) if mark in each.description)

    def _make(self) -> None:
        """Make calsync's own calendar, where there was none. A request that makes one has no id by which
        Google could tell that it came twice, so a look afterwards tells."""
        body = {"summary": self._calendar, "description": mark_of(self._calendar), "timeZone": str(self._home)}
        own, lost = "", None
        try:
            own = str(self._google.ask(lambda api: api.calendars().insert(body=body), once=True).get("id", ""))
        except GoogleError as error:
            if error.status:
                raise
            lost = error
        made = self._marked_calendars()
        if not own and not made:
            raise lost or self._lost()
        self._keep(own or made[0])
        for twin in made:
            if twin != self._id and self._is_empty(twin):
                self._google.ask(partial(_deletion, twin))

    def _is_empty(self, calendar: str) -> bool:
        """Whether nothing stands in a calendar; another machine's would hold its reminders."""
        found = self._google.ask(
            lambda api: api.events().list(calendarId=calendar, maxResults=1, fields="items(id),nextPageToken")
        )
        return not found.get("items") and not found.get("nextPageToken")

    def _keep(self, id_: str) -> None:
        self._id = id_
        self._remember(id_)

    def _gone(self, error: GoogleError) -> CalsyncError:
        """A calendar that is not there any more is no empty one."""
        if error.status not in (404, 410):
            return error
        if is_existing(self._calendar):
            return OutputError(
                f"there is no calendar {self._calendar} any more, or this account may not write to it",
                "Correct calendar in the config.",
            )
        return self._lost()

    def _lost(self) -> OutputError:
        return OutputError(
            f"calsync's own calendar {self._calendar} is gone", f"calsync outputs reset {self.name} makes it anew."
        )

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except GoogleError as error:
            raise OutputError(str(error), error.remedy or LATER) from error


def _deletion(calendar: str, api: Any) -> Any:
    return api.calendars().delete(calendarId=calendar)


def _without_nothing(body: Mapping[str, Any]) -> dict[str, Any]:
    """A new event says nothing of what it does not have."""
    return {
        key: _without_nothing(value) if isinstance(value, dict) else value
        for key, value in body.items()
        if value is not None
    }
