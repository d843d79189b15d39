"""Calendars on a CalDAV server (RFC 4791): all of an account, or one.

A server tells cheaply whether a calendar changed, and which of the things in it did. So a quiet
night costs one request for each address on the way to the calendars, and another night the texts
of what changed. What a text means is decided where all iCalendar text is read.

The first time everything is fetched, in batches, also what is older than the history asked for. To
ask a server for a span of time instead would save that once, and cost more than it saves: servers
differ in which series they count into a span, a series would come again in every slice, and what
they leave out by mistake would be somebody whom calsync takes for new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from io import BytesIO

from calsync.dav.account import Account
from calsync.dav.calendars import Calendar, calendars
from calsync.dav.changes import Changes, changes_since
from calsync.dav.own import is_own
from calsync.dav.refusals import DavError
from calsync.dav.server import Patience, Server
from calsync.dav.things import BATCH, Thing, digest_of, texts_of, things_in
from calsync.errors import SourceError
from calsync.model import Skipped
from calsync.sources.base import Found, Item, Reading, Same, Seen
from calsync.sources.caldav_kept import Kept, KeptThing
from calsync.sources.ics import READER, reaches

LISTED_EVERY = 30
"""After so many differences a calendar is listed whole once more, for a server that forgot to tell
of something would otherwise never be found out."""


class CaldavSource:
    """Reads the calendars of an ``account``; ``home`` is the user's IANA zone.

    Single events that ended before ``since``, and series that cannot recur after it, are left out.
    """

    def __init__(
        self,
        name: str,
        account: Account,
        *,
        home: str,
        since: datetime | None = None,
        patience: Patience | None = None,
    ) -> None:
        self.name = name
        self.account = account
        self.home = home
        self.since = since
        self.patience = patience

    def read(self, seen: Seen) -> Reading:
        """What the calendars hold now. Raises SourceError where there is none to be had, and
        SignInError where the server refuses the account.

        A calendar that cannot be read to its end gives a reading that is not whole.
        """
        context = f"caldav {READER} {self.home}"
        before = _parts_of(seen.validator) if seen.context == context else {}
        if not reaches(before.get("since"), self.since):
            before = {}
        kept = {url: Kept.read(each) for url, each in _table(before.get("calendars")).items()}
        server = Server(self.account, self.patience)
        try:
            # Its own reminders would only be read to be told apart from meetings.
            others = [each for each in calendars(server) if not is_own(each)]
            found = [each if each.tag else _tagged(server, each) for each in others]
        except DavError as error:
            server.close()
            raise SourceError(str(error), error.remedy) from error
        except BaseException:
            server.close()
            raise
        if before and {each.url: each.tag for each in found} == {url: each.tag for url, each in kept.items()}:
            server.close()
            return Reading(validator=seen.validator, context=context, unchanged=True)
        known: AbstractSet[bytes] = frozenset()
        if seen.context == context:
            known = seen.pieces if isinstance(seen.pieces, AbstractSet) else frozenset(seen.pieces)
        night = _Night(self, server, known)

        def items(reading: Reading) -> Iterator[Item]:
            now: dict[str, object] = {}
            try:
                for calendar in found:
                    try:
                        after = yield from night.calendar(calendar, kept.get(calendar.url, Kept()), reading)
                        now[calendar.url] = after.written()
                    except DavError as error:
                        reading.incomplete(str(error))
            finally:
                server.close()
            since = self.since.isoformat() if self.since else "ever"
            reading.complete(json.dumps({"since": since, "calendars": now}))

        return Reading(items, context=context)


class _Night:
    """One reading of the calendars of an account, against what was kept of each."""

    def __init__(self, source: CaldavSource, server: Server, known: AbstractSet[bytes]) -> None:
        self._source = source
        self._server = server
        self._known = known

    def calendar(self, calendar: Calendar, before: Kept, reading: Reading) -> Generator[Item, None, Kept]:
        """What is in one calendar, and what is to be kept of that."""
        after, changed = self._told(calendar, before)
        for kept in after.things.values():
            reading.named += kept.named
            reading.older += kept.older
            yield from map(Same, kept.digests)
        for start in range(0, len(changed), BATCH):
            for thing, text in texts_of(self._server, calendar.url, changed[start : start + BATCH]):
                yield from self._events(thing, text, after, reading)
        return after

    def _told(self, calendar: Calendar, before: Kept) -> tuple[Kept, list[Thing]]:
        """What stays as it was kept, and the things that have to be fetched: the server tells the
        difference, or else everything that it holds."""
        if before.tag and before.within(self._known):
            if calendar.tag == before.tag and not before.again:
                return before, []
            changes = None
            if before.token and before.differences < LISTED_EVERY:
                changes = changes_since(self._server, calendar.url, before.token)
            if changes is not None:
                return _by_difference(calendar, before, changes)
        after, changed = Kept(calendar.tag, calendar.token), []
        for thing in things_in(self._server, calendar.url):
            kept = before.things.get(thing.place)
            if kept is not None and kept.edition == thing.edition and all(d in self._known for d in kept.digests):
                after.things[thing.place] = kept
            else:
                changed.append(thing)
        return after, changed

    def _events(self, thing: Thing, text: bytes, after: Kept, reading: Reading) -> Iterator[Item]:
        from calsync.sources.calendar_text import items, survey

        stream = BytesIO(text)
        surveyed = survey(stream, self._source.home)
        label = thing.url.rstrip("/").rpartition("/")[2]
        if surveyed.fault:
            after.again.append(thing)
            yield Skipped(f"it {surveyed.fault}", label)
            return
        stream.seek(0)
        named, older = reading.named, reading.older
        digests: list[bytes] = []
        usable = bool(thing.etag)
        for item in items(stream, surveyed, reading, label=label, since=self._source.since, known=self._known):
            if isinstance(item, Found | Same):
                digests.append(item.digest)
            else:
                usable = False
            yield item
        if usable:
            kept = KeptThing(thing.edition, reading.named - named, reading.older - older, tuple(digests))
            after.things[thing.place] = kept
        else:
            after.again.append(thing)  # so that what is wrong with it is told again


def _by_difference(calendar: Calendar, before: Kept, changes: Changes) -> tuple[Kept, list[Thing]]:
    after = Kept(calendar.tag, changes.token, before.differences + 1, dict(before.things))
    for url in changes.gone:
        after.things.pop(digest_of(url), None)
    gone = set(changes.gone)
    asked = {each.url: each for each in before.again if each.url not in gone}
    for thing in changes.present:
        kept = after.things.get(thing.place)
        if kept is None or kept.edition != thing.edition:
            after.things.pop(thing.place, None)
            asked[thing.url] = thing
    return after, list(asked.values())


def _tagged(server: Server, calendar: Calendar) -> Calendar:
    """A server that keeps no tag of a calendar still has one of each thing in it."""
    digest = hashlib.blake2b(digest_size=16)
    for thing in things_in(server, calendar.url):
        digest.update(f"{thing.url}\n{thing.etag}\n".encode())
    return calendar._replace(tag=digest.hexdigest())


def _table(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _parts_of(validator: str) -> dict[str, object]:
    try:
        parts = json.loads(validator or "{}")
    except ValueError:
        return {}
    return parts if isinstance(parts, dict) else {}
