"""The shortest way from a request to a feed: no routes, no request objects, ready bytes sent in one go.

Feeds are asked for far more often than all else together, by programs that ask again and again. What a
web framework does for each request costs more than answering does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from calsync.web.feeds import Answer, Feeds, Headers, answer

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from calsync.web.guard import Guesses

PIECE = 1 << 20
"""A body goes out in pieces of so many bytes, so that a slow client costs memory for one of them only."""

_START, _END = "/feed/", ".ics"


def said(status: int, text: str, *more: tuple[bytes, bytes]) -> Answer:
    """A sentence instead of a feed."""
    body = text.encode()
    length = str(len(body)).encode()
    headers: Headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", length), *more]
    return Answer(status, headers, body)


NOTHING = said(404, "Nothing here.\n")
GONE = said(410, "This address is no longer used: subscribe to the new one.\n")
NONE_YET = said(503, "There is no feed yet: run calsync sync.\n", (b"retry-after", b"300"))
TOO_MANY = said(429, "Too many wrong addresses.\n", (b"retry-after", b"60"))
ONLY_READ = said(405, "A feed can only be read.\n", (b"allow", b"GET, HEAD"))


@dataclass
class FeedDoor:
    """An ASGI application that answers for the feeds and leaves the rest to another."""

    app: ASGIApp
    feeds: Feeds
    guesses: Guesses

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        token = path[len(_START) : -len(_END)]
        if not (path.startswith(_START) and path.endswith(_END)) or not token or "/" in token:
            await self.app(scope, receive, send)
            return
        told = await self._answer(scope, token) if scope["method"] in ("GET", "HEAD") else ONLY_READ
        await send({"type": "http.response.start", "status": told.status, "headers": told.headers})
        body = memoryview(b"" if scope["method"] == "HEAD" else told.body)
        for at in range(PIECE, len(body), PIECE):
            await send({"type": "http.response.body", "body": body[at - PIECE : at], "more_body": True})
        await send({"type": "http.response.body", "body": body[(len(body) - 1) // PIECE * PIECE if body else 0 :]})

    async def _answer(self, scope: Scope, token: str) -> Answer:
        found = await self.feeds.named(token)
        if found is None:
            client = scope["client"][0] if scope["client"] else ""
            if self.guesses.too_many(client):
                return TOO_MANY
            self.guesses.wrong(client)
            return NOTHING
        if found == "gone":
            return GONE
        edition = await found.edition()
        return NONE_YET if edition is None else answer(edition, dict(scope["headers"]))
