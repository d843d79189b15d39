"""What holds for every request, whatever it asks for.

Headers that keep a browser from framing, sniffing or running anything; one host name, so that no
foreign name can be pointed at this machine; small bodies; and a limit on guesses.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from starlette.responses import PlainTextResponse

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 8_192
SLOWEST = 15.0
"""So many seconds a form may take to arrive."""

ROOT: ContextVar[str] = ContextVar("root", default="")
"""The path under which the request at hand reaches us from outside, empty for none."""

_CSP = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none';"
    " frame-ancestors 'none'"
)
HEADERS: tuple[tuple[str, str], ...] = (
    ("Content-Security-Policy", _CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    # Not "no-referrer": with that, a browser says of our own forms too that they come from nowhere.
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("X-Robots-Tag", "noindex, nofollow"),
)
_RAW = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS)


class TooLarge(Exception):
    """A body is larger than any form of ours."""


class TooSlow(Exception):
    """A form did not arrive in time."""


@dataclass
class Guard:
    """An ASGI application around another one. ``hosts`` are the names under which it may be asked.

    ``root`` is the path under which a web server in front offers it, empty for none. That server may pass
    the path on or cut it off; what is inside knows nothing of it, and is led on to places under it.
    """

    app: ASGIApp
    hosts: frozenset[str]
    root: str = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            # A 304 speaks of an answer that has them already (RFC 9110 §15.4.5), and is to cost little.
            if message["type"] == "http.response.start" and message["status"] != 304:
                headers = [self._led(*each) for each in message.get("headers", ())]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append((b"cache-control", b"no-store"))
                message = {**message, "headers": [*headers, *_RAW]}
            await send(message)

        if self.root and scope["path"].startswith(f"{self.root}/"):
            scope = {**scope, "path": scope["path"].removeprefix(self.root)}
        ROOT.set(self.root)
        headers = dict(scope["headers"])
        if _name(headers.get(b"host", b"").decode("latin-1")) not in self.hosts:
            await PlainTextResponse("Not under this name.\n", 421)(scope, receive, guarded)
        elif scope["method"] not in ("GET", "HEAD") and not _from_here(headers):
            await PlainTextResponse("Not from another site.\n", 403)(scope, receive, guarded)
        else:
            await self.app(scope, receive, guarded)

    def _led(self, name: bytes, value: bytes) -> tuple[bytes, bytes]:
        if self.root and name == b"location" and value.startswith(b"/"):
            return name, self.root.encode() + value
        return name, value


def _name(host: str) -> str:
    """The host name of a Host header, its port apart."""
    name = host.strip().lower()
    return name.partition("]")[0] + "]" if name.startswith("[") else name.rpartition(":")[0] or name


def host_names(*addresses: str) -> frozenset[str]:
    """The names of this machine's loopback, and of these hosts."""
    own = (f"[{each}]" if ":" in each else each for each in addresses if each)
    return frozenset({"127.0.0.1", "localhost", "[::1]", *(each.lower() for each in own)})


def _from_here(headers: dict[bytes, bytes]) -> bool:
    """Whether a browser says that a form of our own was sent; what is no browser says nothing."""
    site = headers.get(b"sec-fetch-site")
    if site is not None:
        return site in (b"same-origin", b"none")
    origin = headers.get(b"origin")
    # Without scheme: a proxy in front may speak https to the browser and http to us.
    return origin is None or origin.partition(b"://")[2].lower() == headers.get(b"host", b"").lower()


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form. Raises :class:`TooLarge` before more than a form of ours is read, and
    :class:`TooSlow` for one that does not end."""
    body = b""
    try:
        async with asyncio.timeout(SLOWEST):
            async for piece in request.stream():
                body += piece
                if len(body) > LARGEST_BODY:
                    raise TooLarge
    except TimeoutError:
        raise TooSlow from None
    try:
        return dict(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=20, errors="strict"))
    except ValueError:
        return {}


@dataclass
class Guesses:
    """Counts wrong guesses of each client; after ``most`` within ``seconds`` it has to wait.

    A limit on load and on passwords: a token has too many values to be guessed at any speed.
    """

    most: int = 20
    seconds: float = 60.0
    _made: OrderedDict[str, list[float]] = field(default_factory=OrderedDict)

    def too_many(self, client: str) -> bool:
        return len(self._recent(client)) >= self.most

    def wrong(self, client: str) -> None:
        self._made[client] = [*self._recent(client), monotonic()][-self.most :]
        self._made.move_to_end(client)
        while len(self._made) > 1_000:  # so many clients at once are one attacker's; memory stays flat
            self._made.popitem(last=False)

    def _recent(self, client: str) -> Sequence[float]:
        since = monotonic() - self.seconds
        return [at for at in self._made.get(client, ()) if at > since]
