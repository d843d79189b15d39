"""The single things in a calendar on a server: their addresses, etags and texts."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape

from calsync.dav.answers import C, D, Resource
from calsync.dav.etags import strong
from calsync.dav.server import DavError, Server

BATCH = 100
"""How many texts one request asks for; servers refuse, or take minutes for, many more."""

_NO_MULTIGET = frozenset((400, 403, 405, 415, 422, 501))


class Thing(NamedTuple):
    """One stored object: its address, its address as the server wrote it, and its etag."""

    url: str
    href: str
    etag: str

    @property
    def place(self) -> str:
        """What stands for its address where many are remembered."""
        return digest_of(self.url)

    @property
    def edition(self) -> str:
        """What tells its content apart from all it had before; empty where the server gives no etag."""
        return digest_of(self.etag) if self.etag else ""


def things_in(server: Server, url: str, *, tasks: bool = False) -> list[Thing]:
    """The objects of a calendar that may be events, in the server's order; with ``tasks`` those too."""
    listed = server.about(url, "<d:getetag/><d:resourcetype/><d:getcontenttype/>", depth=1)
    things = (thing_of(each, url, tasks=tasks) for each in listed)
    return [each for each in things if each is not None]


def thing_of(found: Resource, calendar: str, *, tasks: bool = False) -> Thing | None:
    """An object that a server told of; None for the calendar itself and for folders and, without
    ``tasks``, for those that are nothing but tasks."""
    if found.url.rstrip("/") == calendar.rstrip("/") or f"{D}collection" in found.kinds():
        return None
    if not tasks and _is_task(found):
        return None
    return Thing(found.url, found.href, strong(found.text(f"{D}getetag")))


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
            etag = strong(answer.text(f"{D}getetag"))
            yield (thing._replace(etag=etag) if etag else thing), text.encode()
            continue
        try:
            yield thing, server.get(thing.url)
        except DavError as error:
            if error.status not in (404, 410):
                raise


def with_uid(server: Server, url: str, component: str, part: str) -> list[tuple[Thing, bytes]]:
    """The things of a calendar whose UID holds ``part``, wherever the server keeps them, with their
    texts (RFC 4791 §7.8.6). A server that cannot look for them gives none, and one that does not care
    for the question may give others too."""
    body = (
        '<?xml version="1.0" encoding="utf-8"?>'
        '<c:calendar-query xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav">'
        f'<d:prop><d:getetag/><c:calendar-data/></d:prop><c:filter><c:comp-filter name="VCALENDAR">'
        f'<c:comp-filter name="{component}"><c:prop-filter name="UID"><c:text-match>{escape(part)}</c:text-match>'
        "</c:prop-filter></c:comp-filter></c:comp-filter></c:filter></c:calendar-query>"
    )
    try:
        found = server.report(url, body)
    except DavError as error:
        if error.status not in _NO_MULTIGET:
            raise
        return []
    return [
        (Thing(each.url, each.href, strong(each.text(f"{D}getetag"))), text.encode())
        for each in found
        if (text := each.text(f"{C}calendar-data"))
    ]


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


def digest_of(text: str) -> str:
    return short(hashlib.blake2b(text.encode(), digest_size=9).digest())


def short(digest: bytes) -> str:
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=")
