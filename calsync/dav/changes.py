"""What changed in a calendar since a token was given out for it (RFC 6578).

To list a large calendar only to find the one event that is new in it costs the server and the line
far more than the event. Servers that keep a token tell the difference. Those that lost or never
understood it are asked for the whole list, which is always right.
"""

from __future__ import annotations

from typing import NamedTuple
from xml.sax.saxutils import escape

from calsync.dav.answers import CutShort, resources, token_of
from calsync.dav.refusals import LATER, DavError
from calsync.dav.server import Server
from calsync.dav.things import Thing, thing_of

_CANNOT = frozenset((400, 403, 404, 405, 409, 410, 412, 415, 422, 501, 507))
_PARTS = 200
"""A server may tell the difference in parts; one that never ends is not waited for."""


class Changes(NamedTuple):
    """``token`` is to be shown the next time. ``present`` are things that are new or changed, and
    ``gone`` the addresses of those that are no longer there."""

    token: str
    present: list[Thing]
    gone: list[str]


def changes_since(server: Server, url: str, token: str) -> Changes | None:
    """The difference; None where the server cannot tell it. Raises DavError where it fails."""
    present: dict[str, Thing] = {}
    gone: dict[str, None] = {}
    for _ in range(_PARTS):
        try:
            answer = server.ask("REPORT", url, _asking(token), {"Depth": "0"}, accept=(207,))
        except DavError as error:
            if error.status in _CANNOT:
                return None
            raise
        try:
            told, after = resources(answer.content, answer.url), token_of(answer.content)
        except CutShort:
            raise DavError(f"the answer of {server.host} is cut short", LATER) from None
        if not after:
            return None
        for each in told:
            if each.status in (404, 410):
                gone[each.url] = None
                present.pop(each.url, None)
            elif each.status < 400 and (thing := thing_of(each, url)) is not None:
                present[each.url] = thing
                gone.pop(each.url, None)
        if not any(each.status == 507 for each in told):
            return Changes(after, list(present.values()), list(gone))
        if after == token:
            return None
        token = after
    return None


def _asking(token: str) -> str:
    return (
        '<?xml version="1.0" encoding="utf-8"?>'
        f'<d:sync-collection xmlns:d="DAV:"><d:sync-token>{escape(token)}</d:sync-token>'
        "<d:sync-level>1</d:sync-level><d:prop><d:getetag/><d:resourcetype/><d:getcontenttype/></d:prop>"
        "</d:sync-collection>"
    )
