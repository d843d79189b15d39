"""Calendars on a CalDAV server (RFC 4791): all of an account, or one.

A server tells cheaply whether a calendar changed, and which of the things in it did. So a quiet
night costs one request for each address on the way to the calendars, and another night the texts
of what changed. What a text means is decided where all iCalendar text is read.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime
from io import BytesIO
from typing import NamedTuple
from xml.sax.saxutils import escape

from calsync.dav.account import Account
from calsync.dav.answers import C, D, Resource
from calsync.dav.calendars import Calendar, calendars
from calsync.dav.server import DavError, Patience, Server
from calsync.errors import SourceError
from calsync.model import Skipped
from calsync.sources.base import Found, Item, Reading, Same, Seen
from calsync.sources.ics import READER, reaches

BATCH = 100
"""How many texts one request asks for; servers refuse, or take minutes for, many more."""

_NO_MULTIGET = frozenset((400, 403, 405, 415, 422, 501))


class Thing(NamedTuple):
    """One stored object: its address, its address as the server wrote it, and its etag."""

    url: str
    href: str
    etag: str

    @property
    def key(self) -> str:
        """What tells this very content apart from all others; empty where the server gives no etag."""
        if not self.etag:
            return ""
        return _short(hashlib.blake2b(f"{self.url}\n{self.etag}".encode(), digest_size=9).digest())


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
                digests.append(_short(item.digest))
            else:
                usable = False  # it is looked at again, so that it is told of again
            yield item
        if usable and thing.key:
            self.things[thing.key] = [reading.named - named, reading.older - older, *digests]


def things_in(server: Server, url: str) -> list[Thing]:
    """The objects of a calendar that may be events, in the server's order."""
    listed = server.about(url, "<d:getetag/><d:resourcetype/><d:getcontenttype/>", depth=1)
    return [
        Thing(each.url, each.href, each.text(f"{D}getetag"))
        for each in listed
        if each.url.rstrip("/") != url.rstrip("/") and f"{D}collection" not in each.kinds() and not _is_task(each)
    ]


def texts_of(server: Server, url: str, wanted: list[Thing]) -> Iterator[tuple[Thing, bytes]]:
    """The texts of some objects of one calendar. One that is gone by now has none."""
    if not wanted:
        return
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<c:calendar-multiget xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        "<d:prop><d:getetag/><c:calendar-data/></d:prop>"
        + "".join(f"<d:href>{escape(each.href)}</d:href>" for each in wanted)
        + "</c:calendar-multiget>"
    )
    found: dict[str, Resource] = {}
    try:
        found = by_address(server.report(url, body))
    except DavError as error:
        if error.status not in _NO_MULTIGET:
            raise
    for thing in wanted:
        answer = found.get(thing.url) or found.get(thing.url.lower())
        if answer is not None and answer.status in (404, 410):
            continue
        text = answer.text(f"{C}calendar-data") if answer is not None else ""
        if answer is not None and text:
            etag = answer.text(f"{D}getetag")
            yield (thing._replace(etag=etag) if etag else thing), text.encode()
            continue
        try:
            yield thing, server.get(thing.url)
        except DavError as error:
            if error.status not in (404, 410):
                raise


def by_address(answers: Iterable[Resource]) -> dict[str, Resource]:
    """Answers by address, and by address in lower case: some servers answer in another spelling
    than they listed."""
    found: dict[str, Resource] = {}
    for each in answers:
        found.setdefault(each.url.lower(), each)
        found[each.url] = each
    return found


def _is_task(found: Resource) -> bool:
    kind = found.text(f"{D}getcontenttype").lower().replace(" ", "")
    return "component=vtodo" in kind or "component=vjournal" in kind


def _tag_of_all(server: Server, calendar: Calendar) -> str:
    """A server that keeps no tag of a calendar still has one of each thing in it."""
    digest = hashlib.blake2b(digest_size=16)
    for thing in things_in(server, calendar.url):
        digest.update(f"{thing.url}\n{thing.etag}\n".encode())
    return digest.hexdigest()


def _short(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")


def _parts_of(validator: str) -> dict[str, object]:
    try:
        parts = json.loads(validator or "{}")
    except ValueError:
        return {}
    return parts if isinstance(parts, dict) else {}
