"""Follow-ups in a calendar on a CalDAV server, next to everything else the user keeps there.

calsync makes a calendar of its own and knows it again by its address and a mark in its description;
or it writes into one that the user names. There, too, it touches only what it made: things at
addresses of its own, each asked for under the condition that nobody changed it in between.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, Literal
from xml.sax.saxutils import escape

from calsync.dav.account import Account
from calsync.dav.calendars import at, at_the_address, homes, in_home
from calsync.dav.etags import is_condition, of_content
from calsync.dav.own import FOLDERS, MARK, NAME, is_own
from calsync.dav.refusals import DavError, not_taken
from calsync.dav.server import Answer, Patience, Server
from calsync.dav.things import BATCH, Thing, texts_of, things_in, with_uid
from calsync.errors import OutputError
from calsync.model import Reminder
from calsync.outputs.base import Details, Outcome
from calsync.outputs.icalendar_text import legal
from calsync.outputs.titles import shown_title
from calsync.will import Content, Standing, ticked

if TYPE_CHECKING:
    from icalendar.cal import Component

COMPONENTS = {"event": "VEVENT", "todo": "VTODO"}
_PREFIX = "calsync-"
_WORKDAY = time(9)


class CaldavOutput:
    """Writes into the calendar at the address of ``account``; where that is a server or a principal,
    into calsync's own one there, which is made if ``is_new`` says that there was none yet.

    ``home`` is the user's zone, for what they moved to a day or to a time without a zone.
    """

    def __init__(
        self,
        name: str,
        account: Account,
        *,
        home: tzinfo,
        kind: Literal["event", "todo"] = "event",
        details: Details = "full",
        alarm: timedelta | None = timedelta(),
        is_new: bool = True,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self._server = Server(account, patience)
        self._home = home
        self._kind = kind
        self._details = details
        self._alarm = alarm
        self._is_new = is_new
        self._url = ""
        self._home_there = ""
        self._places: dict[str, str] = {}

    def standing(self, known: Mapping[str, str]) -> dict[str, Standing]:
        with self._told():
            found: dict[str, Standing] = {}
            url = self._found()
            if not url:
                return found  # it is made with the first reminder: to look changes nothing
            changed: list[Thing] = []
            for thing in things_in(self._server, url, tasks=True):
                id_ = _id_at(thing.url)
                if id_ and thing.etag and known.get(id_) == thing.etag:
                    found[id_] = Standing(thing.etag, None)
                    self._places[id_] = thing.url
                elif id_:
                    changed.append(thing)
            for start in range(0, len(changed), BATCH):
                for thing, text in texts_of(self._server, url, changed[start : start + BATCH]):
                    self._look(_id_at(thing.url), thing, text, known, found)
            missing = known.keys() - found.keys()
            for thing, text in self._strayed(missing) if missing else ():
                for id_ in missing:
                    self._look(id_, thing, text, known, found)
            return found

    def _look(self, id_: str, thing: Thing, text: bytes, known: Mapping[str, str], found: dict[str, Standing]) -> None:
        etag = thing.etag or of_content(text)
        if (stands := self._read(id_, etag, text)) is not None:
            found[id_] = Standing(etag, None) if known.get(id_) == etag else stands
            self._places[id_] = thing.url

    def _strayed(self, ids: AbstractSet[str]) -> list[tuple[Thing, bytes]]:
        """What became of reminders that are not at their addresses: some servers, and programs that move
        an event away and back, keep them at others. Only the UID is the same everywhere."""
        part = f"{min(ids)}@calsync" if len(ids) == 1 else "@calsync"
        return with_uid(self._server, self._found(), COMPONENTS[self._kind], part)

    def shown(self, reminder: Reminder) -> Content:
        title = shown_title(reminder, self._details)
        description = legal(reminder.description, lines=True) if self._details == "full" else ""
        end = reminder.start if self._kind == "todo" else max(reminder.start, reminder.end)
        done = ticked(title) or (self._kind == "todo" and reminder.done)
        return Content(reminder.start.astimezone(UTC), end.astimezone(UTC), title, description, done)

    def create(self, reminder: Reminder) -> Outcome:
        with self._told():
            outcome = self._put(reminder, {"If-None-Match": "*"})
            if outcome.what == "gone" or (outcome.what == "refused" and at(self._server, self._calendar()) is None):
                raise self._lost()
            if outcome.what == "refused" and any(
                self._is_it(reminder.id, text) for _, text in self._strayed({reminder.id})
            ):
                return Outcome("changed")
            return outcome

    def change(self, reminder: Reminder, etag: str) -> Outcome:
        with self._told():
            condition = self._condition(reminder.id, etag)
            return condition if isinstance(condition, Outcome) else self._put(reminder, condition)

    def remove(self, id_: str, etag: str) -> Outcome:
        with self._told():
            condition = self._condition(id_, etag)
            if isinstance(condition, Outcome):
                return condition
            answer = self._server.ask("DELETE", self._place(id_), "", condition, accept=_REMOVED)
            return self._outcome(answer)

    def close(self) -> None:
        self._server.close()

    def _put(self, reminder: Reminder, condition: Mapping[str, str]) -> Outcome:
        from calsync.outputs.vcalendar import lone

        text = lone(reminder, self._details, self._alarm, self._kind).to_ical(sorted=False).decode()
        headers = {"Content-Type": "text/calendar; charset=utf-8", **condition}
        outcome = self._outcome(self._server.ask("PUT", self._place(reminder.id), text, headers, accept=_WRITTEN))
        if outcome.what == "done" and not outcome.etag:
            return Outcome("done", self._etag_of_what_became_of(reminder))
        return outcome

    def _etag_of_what_became_of(self, reminder: Reminder) -> str:
        """A server that rewrites what it stores gives no etag for it (RFC 4791 §5.3.4). Taken from what
        stands there now, it tells tomorrow that nobody but the server changed a word. None is taken
        where the time is another already: then somebody was quicker."""
        try:
            answer = self._server.ask("GET", self._place(reminder.id), accept=(200,))
        except DavError as error:
            if error.status not in (404, 410):
                raise
            return ""
        etag = answer.etag or of_content(answer.content)
        stands, meant = self._read(reminder.id, etag, answer.content), self.shown(reminder)
        if stands is None or stands.content is None:
            return ""
        there = stands.content
        return etag if (there.start, there.end, there.done) == (meant.start, meant.end, meant.done) else ""

    def _condition(self, id_: str, etag: str) -> dict[str, str] | Outcome:
        """Under which a thing may be changed. On a server without etags it is looked at once more."""
        if is_condition(etag):
            return {"If-Match": etag}
        answer = self._server.ask("GET", self._place(id_), accept=(200, 404, 410))
        if answer.status != 200:
            return Outcome("gone")
        if of_content(answer.content) != etag:
            return Outcome("changed")
        return {"If-Match": answer.etag} if answer.etag else {}

    def _outcome(self, answer: Answer) -> Outcome:
        if answer.status in (404, 410):
            return Outcome("gone")
        if answer.status == 412:
            return Outcome("changed")
        if answer.status >= 400:
            return Outcome("refused", why=not_taken(self._server.host, answer.status, answer.content))
        return Outcome("done", answer.etag)

    def _is_it(self, id_: str, text: bytes) -> bool:
        return self._read(id_, "", text) is not None

    def _place(self, id_: str) -> str:
        return self._places.get(id_) or f"{self._calendar().rstrip('/')}/{_PREFIX}{id_}.ics"

    def _calendar(self) -> str:
        """The calendar's address; calsync's own is made where there never was one."""
        if not self._found():
            self._url = self._made()
        return self._url

    def _found(self) -> str:
        """The calendar's address; empty where calsync's own is still to be made."""
        if not self._url:
            given = at_the_address(self._server)
            self._url = given.url if given is not None else self._own()
        return self._url

    def _own(self) -> str:
        places = homes(self._server)
        if not places:
            raise OutputError(
                f"{self._server.host} shows no place for calendars at this address",
                "Name the address of one calendar as url, as the server's settings show it.",
            )
        for place in places:
            for each in in_home(self._server, place):
                if is_own(each):
                    return each.url
        if not self._is_new:
            raise self._lost()
        self._home_there = places[0]
        return ""

    def _lost(self) -> OutputError:
        return OutputError(
            f"calsync's calendar on {self._server.host} is gone",
            f"calsync outputs reset {self.name} makes it anew.",
        )

    def _made(self) -> str:
        """Its own calendar, made now; at another address where the first one is taken: some servers keep a
        calendar that was thrown away for a month."""
        component = COMPONENTS[self._kind]
        body = (
            '<?xml version="1.0" encoding="utf-8"?>'
            '<c:mkcalendar xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav"><d:set><d:prop>'
            f"<d:displayname>{escape(NAME)}</d:displayname>"
            f"<c:calendar-description>{escape(MARK)}</c:calendar-description>"
            f'<c:supported-calendar-component-set><c:comp name="{component}"/></c:supported-calendar-component-set>'
            "</d:prop></d:set></c:mkcalendar>"
        )
        for folder in FOLDERS:
            url = f"{self._home_there.rstrip('/')}/{folder}/"
            answer = self._server.ask("MKCALENDAR", url, body, accept=(200, 201, 204, *_NOT_MADE))
            if answer.status < 400:
                return url
            # It was made, and only the answer was lost on the way.
            if (there := at(self._server, url)) is not None and is_own(there):
                return there.url
        raise OutputError(
            f"{self._server.host} lets no program make a calendar ({answer.status})",
            f"Make one called {NAME} there by hand and name its address as url; "
            f"calsync login caldav --as output --into {NAME} does that.",
        )

    def _read(self, id_: str, etag: str, text: bytes) -> Standing | None:
        """A thing at one of calsync's addresses; None where it is not what calsync wrote there."""
        import icalendar

        try:
            whole = icalendar.Calendar.from_ical(text)
            for each in whole.walk("VEVENT") + whole.walk("VTODO"):
                if str(each.get("UID", "")).lower() == f"{id_}@calsync":
                    modified = each.decoded("LAST-MODIFIED") if "LAST-MODIFIED" in each else None
                    return Standing(
                        etag,
                        self._content(each),
                        self._moment(modified) if modified else None,
                        str(each.get("X-CALSYNC-RULE", "")),
                        str(each.get("X-CALSYNC-MEETING", "")),
                        int(each.get("SEQUENCE", 0)),
                    )
        except (ValueError, KeyError, TypeError):
            return None
        return None

    def _content(self, found: Component) -> Content:
        is_task = found.name == "VTODO"
        start = self._moment(found.decoded("DUE" if is_task and "DUE" in found else "DTSTART"))
        end = start if is_task or "DTEND" not in found else self._moment(found.decoded("DTEND"))
        title = str(found.get("SUMMARY", ""))
        finished = is_task and (str(found.get("STATUS", "")).upper() == "COMPLETED" or "COMPLETED" in found)
        return Content(start, max(start, end), title, str(found.get("DESCRIPTION", "")), finished or ticked(title))

    def _moment(self, when: date | datetime) -> datetime:
        if not isinstance(when, datetime):
            when = datetime.combine(when, _WORKDAY)
        return (when if when.tzinfo else when.replace(tzinfo=self._home)).astimezone(UTC)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except DavError as error:
            raise OutputError(str(error), error.remedy) from error


_NOT_MADE = (403, 404, 405, 409, 501)
_WRITTEN = (200, 201, 204, 400, 403, 404, 405, 409, 410, 412, 413, 415, 422)
_REMOVED = (200, 202, 204, 403, 404, 405, 409, 410, 412)


def _id_at(url: str) -> str:
    """The id of the reminder at an address; empty where the address is not one of calsync's. Servers
    may change the case of an address; ids have none."""
    name = url.rstrip("/").rpartition("/")[2].lower()
    is_ours = name.startswith(_PREFIX) and name.endswith(".ics")
    return name.removeprefix(_PREFIX).removesuffix(".ics") if is_ours else ""
