"""Calendars of a Google account, over its Calendar API.

A window of time is read whole, to the last page, because only that tells for sure what is no longer
there. On most nights one small question saves it: what changed since the last reading, wherever it
stands and deletions included? Where the answer is still the same, so is the calendar.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from calsync.errors import SourceError
from calsync.google.account import Account
from calsync.google.asking import Google, GoogleError, Patience, moment
from calsync.google.calendars import PRIMARY, chosen
from calsync.model import Skipped
from calsync.sources.base import Found, Item, Reading, Same, Seen
from calsync.sources.google_event import FIELDS, READER, digest_of, event_of
from calsync.timing.zones import tzinfo

KINDS = ["default", "outOfOffice", "focusTime"]
"""The events that are read: the first may be meetings, the others only take time."""

BUSY_ONLY = "shows calsync when somebody is busy, and no events"
SHARE = "Ask its owner to share all event details with you, or take it out of calendars."
_BUSY_READER = "freeBusyReader"
_PAGE = 2500
_OVERLAP = timedelta(hours=1)
_REMEMBERED = timedelta(days=14)
"""So long Google surely knows what was deleted. After that a calendar is read anew, whatever it answers."""

_AHEAD = timedelta(days=35)
"""So much more is read than is asked for, because the window moves on every night."""


class Asked(NamedTuple):
    """What a calendar answered when it was asked for what changed since ``mark``; ``role`` is what the
    account may do in it."""

    mark: str
    answer: str
    role: str


class GoogleSource:
    """Reads ``calendars`` (ids or names) of an ``account``, from ``since`` to ``until``.

    ``home`` is the user's IANA zone and ``me`` their addresses; the account's own calendar stands for
    the first. ``now`` is the moment of this night.
    """

    def __init__(
        self,
        name: str,
        account: Account,
        calendars: Sequence[str] = (PRIMARY,),
        *,
        home: str,
        me: Sequence[str],
        now: datetime,
        since: datetime,
        until: datetime,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.account = account
        self.calendars = calendars
        self.home = home
        self.me = me
        self.now = now
        self.since = since
        self.until = until
        self.patience = patience

    def read(self, seen: Seen) -> Reading:
        """What the calendars hold now. Raises SourceError where there is none to be had, and
        SignInError where the account is refused.

        A calendar that cannot be read to its end gives a reading that is not whole.
        """
        context = f"{READER} {self.home} {' '.join(self.me)}"
        before = _Before(seen.validator if seen.context == context else "")
        google = Google(self.account, self.patience)
        try:
            try:
                ids = chosen(google, self.calendars)
            except GoogleError as error:
                raise SourceError(str(error), error.remedy) from error
            asked, troubles = self._changes(google, ids, before)
            if not asked:
                name, trouble = next(iter(troubles.items()))
                raise SourceError(_about(name, trouble), trouble.remedy) from trouble
        except BaseException:
            google.close()
            raise
        if before.covers(self.since, self.until) and asked == before.asked and not troubles:
            google.close()
            return Reading(validator=seen.validator, context=context, unchanged=True)
        known: AbstractSet[bytes] = frozenset()
        if seen.context == context:
            known = seen.pieces if isinstance(seen.pieces, AbstractSet) else frozenset(seen.pieces)
        window = _utc(self.since), _utc(self.until + _AHEAD)

        def items(reading: Reading) -> Iterator[Item]:
            try:
                for name, error in troubles.items():
                    reading.incomplete(_about(name, error), error.remedy)
                for name, id_ in ids.items():
                    try:
                        if name not in troubles:
                            was = before.asked.get(str(id_))
                            yield from self._events(_pages(google, str(id_), *window), name, known, reading, was)
                    except GoogleError as error:
                        reading.incomplete(_about(name, error), error.remedy)
            finally:
                google.close()
            calendars = {id_: list(each) for id_, each in asked.items()}
            reading.complete(json.dumps({"since": window[0], "until": window[1], "calendars": calendars}))

        return Reading(items, context=context)

    def _changes(
        self, google: Google, ids: Mapping[str, str | GoogleError], before: _Before
    ) -> tuple[dict[str, Asked], dict[str, GoogleError]]:
        """What each calendar answers, by id, and the troubles of those that do not, by name. One that
        changed is asked anew from now on, before it is read, so that nothing falls between the two."""
        asked: dict[str, Asked] = {}
        troubles: dict[str, GoogleError] = {}
        for name, id_ in ids.items():
            if isinstance(id_, GoogleError):
                troubles[name] = id_
                continue
            was = before.asked.get(id_)
            try:
                found = self._asked(google, id_, was.mark) if was is not None and self._is_fresh(was.mark) else None
                if found is None or found != was:
                    found = self._asked(google, id_, _utc(self.now - _OVERLAP))
                    # A clock that is fast here must not hide what is changed right now.
                    if google.at is not None and google.at < self.now - _OVERLAP / 2:
                        found = self._asked(google, id_, _utc(google.at - _OVERLAP))
                asked[id_] = found or Asked("", "", "")
            except GoogleError as error:
                troubles[name] = error
        return asked, troubles

    def _is_fresh(self, mark: str) -> bool:
        return bool(mark) and moment(mark) > self.now - _REMEMBERED

    def _asked(self, google: Google, id_: str, mark: str) -> Asked | None:
        """What changed since ``mark``; None where Google does not remember that long."""
        pages = google.pages(
            lambda api, token: api.events().list(
                calendarId=id_,
                updatedMin=mark,
                showDeleted=True,
                maxResults=2500,
                pageToken=token,
                fields="nextPageToken,accessRole,items(id,etag)",
            )
        )
        role, changes = "", []
        try:
            for page in pages:
                role = str(page.get("accessRole", ""))
                changes += [f"{each.get('id')} {each.get('etag')}" for each in page.get("items") or ()]
        except GoogleError as error:
            if error.status == 410:
                return None
            raise
        answer = hashlib.blake2b("\n".join(sorted(changes)).encode(), digest_size=12)
        return Asked(mark, answer.hexdigest(), role)

    def _events(
        self,
        pages: Iterator[dict[str, Any]],
        name: str,
        known: AbstractSet[bytes],
        reading: Reading,
        was: Asked | None,
    ) -> Iterator[Item]:
        home = tzinfo(self.home)
        me = self.me[0] if self.me and (name == PRIMARY or name.lower() in self.me) else ""
        for page in pages:
            if page.get("accessRole") == _BUSY_READER:
                if was is not None and was.role != _BUSY_READER:
                    reading.incomplete(f"calendar {name} {BUSY_ONLY} any more; its meetings stay as last seen", SHARE)
                reading.warnings.append(f"calendar {name} {BUSY_ONLY}, so it is skipped. {SHARE}")
                return
            for item in page.get("items") or ():
                reading.named += bool(item.get("organizer") or item.get("attendees"))
                digest = digest_of(item, self.home, me)
                if digest in known:
                    yield Same(digest)
                    continue
                read = event_of(item, home=home, me=me)
                yield read if isinstance(read, Skipped) else Found(digest, read)


def _pages(google: Google, id_: str, since: str, until: str) -> Iterator[dict[str, Any]]:
    return google.pages(
        lambda api, token: api.events().list(
            calendarId=id_,
            timeMin=since,
            timeMax=until,
            singleEvents=True,
            orderBy="startTime",
            eventTypes=KINDS,
            maxResults=_PAGE,
            pageToken=token,
            fields=f"nextPageToken,accessRole,items({FIELDS})",
        )
    )


class _Before:
    """What the last whole reading left behind; nothing where there was none."""

    def __init__(self, validator: str) -> None:
        self.asked: dict[str, Asked] = {}
        self._window: tuple[datetime, datetime] | None = None
        try:
            parts = json.loads(validator or "{}")
            self.asked = {id_: Asked(*map(str, each)) for id_, each in parts.get("calendars", {}).items()}
            self._window = moment(parts.get("since")), moment(parts.get("until"))
        except (ValueError, TypeError, AttributeError):
            return

    def covers(self, since: datetime, until: datetime) -> bool:
        return self._window is not None and self._window[0] <= since and until <= self._window[1]


def _about(name: str, error: GoogleError) -> str:
    if name in str(error):
        return str(error)
    if error.status == 404:
        return f"there is no calendar {name} any more, or this account may not read it"
    return f"{name}: {error}"


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
