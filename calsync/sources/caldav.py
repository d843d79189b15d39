"""Calendars on a CalDAV server (RFC 4791): all of an account, or one.

A server tells cheaply whether a calendar changed, and which of the things in it did. So a quiet
night costs one request for each address on the way to the calendars, and another night the texts
of what changed. What a text means is decided where all iCalendar text is read.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from io import BytesIO

from calsync.dav.account import Account
from calsync.dav.calendars import Calendar, calendars
from calsync.dav.server import DavError, Patience, Server
from calsync.dav.things import BATCH, Thing, short, texts_of, things_in
from calsync.errors import SourceError
from calsync.model import Skipped
from calsync.sources.base import Found, Item, Reading, Same, Seen
from calsync.sources.ics import READER, reaches


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
        server = Server(self.account, self.patience)
        try:
            tags = {each.url: each.tag or _tag_of_all(server, each) for each in calendars(server)}
        except DavError as error:
            server.close()
            raise SourceError(str(error), error.remedy) from error
        except BaseException:
            server.close()
            raise
        if tags == before.get("calendars"):
            server.close()
            return Reading(validator=seen.validator, context=context, unchanged=True)
        known: AbstractSet[bytes] = frozenset()
        if seen.context == context:
            known = seen.pieces if isinstance(seen.pieces, AbstractSet) else frozenset(seen.pieces)
        kept = before.get("things")
        night = _Night(self, server, known, kept if isinstance(kept, dict) else {})

        def items(reading: Reading) -> Iterator[Item]:
            try:
                for url in tags:
                    try:
                        yield from night.calendar(url, reading)
                    except DavError as error:
                        reading.incomplete(str(error))
            finally:
                server.close()
            since = self.since.isoformat() if self.since else "ever"
            reading.complete(json.dumps({"since": since, "calendars": tags, "things": night.things}))

        return Reading(items, context=context)


class _Night:
    """One reading: what was known of each thing before, and what is known of it now.

    Of a thing is kept how many of its events name somebody, how many are too old, and the digests
    of the others: all that has to be told of it while its etag stays.
    """

    def __init__(
        self, source: CaldavSource, server: Server, known: AbstractSet[bytes], before: dict[str, list[object]]
    ) -> None:
        self._source = source
        self._server = server
        self._known = known
        self._before = before
        self.things: dict[str, list[object]] = {}

    def calendar(self, url: str, reading: Reading) -> Iterator[Item]:
        changed = []
        for thing in things_in(self._server, url):
            digests = self._unchanged(thing)
            if digests is None:
                changed.append(thing)
                continue
            named, older, *_ = self.things[thing.key] = self._before[thing.key]
            reading.named += int(str(named))
            reading.older += int(str(older))
            yield from map(Same, digests)
        for start in range(0, len(changed), BATCH):
            for thing, text in texts_of(self._server, url, changed[start : start + BATCH]):
                yield from self._events(thing, text, reading)

    def _unchanged(self, thing: Thing) -> list[bytes] | None:
        """The digests of a thing that is as it was; None where it has to be read."""
        kept = self._before.get(thing.key)
        if not kept:
            return None
        digests = [base64.urlsafe_b64decode(f"{text}=") for text in map(str, kept[2:])]
        return digests if all(each in self._known for each in digests) else None

    def _events(self, thing: Thing, text: bytes, reading: Reading) -> Iterator[Item]:
        from calsync.sources.calendar_text import items, survey

        stream = BytesIO(text)
        surveyed = survey(stream, self._source.home)
        label = thing.url.rstrip("/").rpartition("/")[2]
        if surveyed.fault:
            yield Skipped(f"it {surveyed.fault}", label)
            return
        stream.seek(0)
        named, older = reading.named, reading.older
        digests: list[str] = []
        usable = True
        for item in items(stream, surveyed, reading, label=label, since=self._source.since, known=self._known):
            if isinstance(item, Found | Same):
                digests.append(short(item.digest))
            else:
                usable = False  # it is looked at again, so that it is told of again
            yield item
        if usable and thing.key:
            self.things[thing.key] = [reading.named - named, reading.older - older, *digests]


def _tag_of_all(server: Server, calendar: Calendar) -> str:
    """A server that keeps no tag of a calendar still has one of each thing in it."""
    digest = hashlib.blake2b(digest_size=16)
    for thing in things_in(server, calendar.url):
        digest.update(f"{thing.url}\n{thing.etag}\n".encode())
    return digest.hexdigest()


def _parts_of(validator: str) -> dict[str, object]:
    try:
        parts = json.loads(validator or "{}")
    except ValueError:
        return {}
    return parts if isinstance(parts, dict) else {}
