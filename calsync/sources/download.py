"""Fetching a calendar from an address, within limits.

A server may be slow, broken, hostile or a login page; none of this may cost a night more
than a minute, nor more disk than a large calendar takes. Messages name the host alone: the
rest of such an address is often its only secret.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import TYPE_CHECKING, BinaryIO, NamedTuple, cast
from urllib.parse import SplitResult, unquote, urljoin, urlsplit

from calsync import __version__
from calsync.errors import SourceError

if TYPE_CHECKING:
    from urllib3 import BaseHTTPResponse, PoolManager

_LOOPBACK = frozenset(("localhost", "127.0.0.1", "::1"))
_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
_IN_MEMORY = 4 << 20
_CHUNK = 1 << 16
_LONGEST_WAIT = 20.0
_LATER = "calsync tries again at the next sync."
_COPY = "Copy the address again from the calendar's settings."


@dataclass(frozen=True, slots=True)
class Limits:
    """``seconds`` for all attempts together, ``octets`` of the calendar after
    decompression, ``redirects`` in a row, ``attempts`` in all; ``wait`` sleeps."""

    seconds: float = 60.0
    octets: int = 100_000_000
    redirects: int = 5
    attempts: int = 4
    wait: Callable[[float], None] = time.sleep


class Fetched(NamedTuple):
    """A calendar's bytes, at their start, and what to ask with the next time."""

    body: BinaryIO
    etag: str
    modified: str
    host: str


class _TryAgain(Exception):
    """An attempt failed in a way that may pass; ``wait`` is what the server asked for."""

    def __init__(self, what: str, wait: float | None = None) -> None:
        super().__init__(what)
        self.wait = wait


def fetch(url: str, etag: str = "", modified: str = "", limits: Limits | None = None) -> Fetched | None:
    """The calendar at an http, https, webcal or webcals address; None where the server says
    that it is still the one with that ``etag`` or ``modified`` stamp.

    Raises SourceError with a remedy. Attempts that failed for the moment are repeated.
    """
    limits = limits or Limits()
    address = web_address(url)
    deadline = time.monotonic() + limits.seconds
    asked = {"If-None-Match": etag} if etag else {"If-Modified-Since": modified} if modified else {}
    with _pool(address) as pool:
        for attempt in range(1, limits.attempts + 1):
            try:
                return _attempt(pool, address, asked, limits, deadline)
            except _TryAgain as trouble:
                wait = min(_LONGEST_WAIT, 2.0 ** (attempt - 1) if trouble.wait is None else trouble.wait)
                if attempt == limits.attempts or time.monotonic() + wait > deadline:
                    raise SourceError(f"{address.hostname} {trouble}", _LATER) from trouble
                limits.wait(wait)
    raise AssertionError("a fetch needs at least one attempt")


def _attempt(
    pool: PoolManager, address: SplitResult, asked: dict[str, str], limits: Limits, deadline: float
) -> Fetched | None:
    from urllib3.exceptions import (
        HTTPError,
        NameResolutionError,
        NewConnectionError,
        SSLError,
        TimeoutError,
    )

    try:
        response, host = _follow(pool, address, asked, limits, deadline)
        try:
            if response.status == 304 and asked:
                return None
            _check(response, host)
            body = cast(BinaryIO, SpooledTemporaryFile(max_size=_IN_MEMORY))  # noqa: SIM115
            try:
                for piece in _decoded(response, host, limits, deadline):
                    body.write(piece)
            except BaseException:
                body.close()
                raise
        finally:
            response.close()
    except SSLError as trouble:
        raise SourceError(
            f"{address.hostname} shows a certificate that cannot be trusted",
            "Check the address, and this computer's clock and certificates.",
        ) from trouble
    except NameResolutionError as trouble:
        raise _TryAgain("cannot be found: no such host, or no network") from trouble
    except NewConnectionError as trouble:
        raise _TryAgain("cannot be reached") from trouble
    except TimeoutError as trouble:
        raise _TryAgain("did not answer in time") from trouble
    except (HTTPError, OSError) as trouble:
        raise _TryAgain("broke the connection") from trouble
    body.seek(0)
    headers = response.headers
    return Fetched(body, headers.get("ETag", ""), headers.get("Last-Modified", ""), host)


def _follow(
    pool: PoolManager, address: SplitResult, asked: dict[str, str], limits: Limits, deadline: float
) -> tuple[BaseHTTPResponse, str]:
    """The answer at the end of all redirects, and its host."""
    from urllib3 import Timeout
    from urllib3.util import make_headers

    secret = _secret(address)
    origin = (address.scheme, address.netloc)
    for _ in range(limits.redirects + 1):
        left = deadline - time.monotonic()
        if left <= 0:
            raise SourceError(f"{address.hostname} took too long", _LATER)
        headers = {"User-Agent": f"calsync/{__version__}", "Accept": "text/calendar, */*;q=0.5"}
        headers |= {"Accept-Encoding": "gzip"} | asked
        if secret and (address.scheme, address.netloc) == origin:
            headers |= make_headers(basic_auth=secret)
        bare = address._replace(netloc=address.netloc.rpartition("@")[2], fragment="")
        response = pool.request(
            "GET",
            bare.geturl(),
            headers=headers,
            timeout=Timeout(connect=min(10.0, left), read=min(30.0, left)),
            redirect=False,
            retries=False,
            preload_content=False,
        )
        target = response.headers.get("Location", "")
        if response.status not in (301, 302, 303, 307, 308) or not target:
            return response, address.hostname or ""
        response.close()
        address = next_address(address, target)
    raise SourceError(
        f"{address.hostname} sends from one address to the next without end",
        _COPY,
    )


def next_address(address: SplitResult, target: str) -> SplitResult:
    try:
        following = urlsplit(urljoin(address.geturl(), target))
        usable = following.scheme in ("http", "https") and bool(following.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise SourceError(
            f"{address.hostname} sends to an address that is none",
            _COPY,
        )
    if address.scheme == "https" and following.scheme == "http":
        raise SourceError(
            f"{address.hostname} sends from https to unprotected http",
            "Ask for an https address of this calendar.",
        )
    return following


def _check(response: BaseHTTPResponse, host: str) -> None:
    """Nothing for an answer that may hold a calendar; else the error, or the wish to try
    again."""
    status = response.status
    if status == 200:
        return
    if status in (401, 403):
        raise SourceError(
            f"{host} refuses access ({status})",
            "The address may have been withdrawn or need a sign-in: copy its secret address again.",
        )
    if status in (404, 410):
        raise SourceError(
            f"{host} has no calendar at this address ({status})",
            "It may have been deleted or given a new address: copy the address again.",
        )
    if status in _AGAIN:
        raise _TryAgain(f"is out of order or overloaded ({status})", _retry_after(response))
    raise SourceError(f"{host} answered {status}", "Check that the address opens in a browser.")


def _retry_after(response: BaseHTTPResponse) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value[:6])
    if value:
        from email.utils import parsedate_to_datetime

        try:
            return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
        except (ValueError, OverflowError):
            return None
    return None


def _decoded(response: BaseHTTPResponse, host: str, limits: Limits, deadline: float) -> Iterator[bytes]:
    """The body, decompressed a little at a time: a small answer may unpack to gigabytes."""
    coding = response.headers.get("Content-Encoding", "").strip().lower()
    if coding not in ("", "identity", "gzip", "x-gzip", "deflate"):
        raise SourceError(
            f"{host} answers in the unknown coding {coding[:20]!r}", "Export the calendar to a file instead."
        )
    unpack = zlib.decompressobj(wbits=47) if coding not in ("", "identity") else None
    size = 0
    while True:
        if time.monotonic() > deadline:
            raise SourceError(f"{host} took longer than {limits.seconds:.0f} seconds", _LATER)
        data = response.read1(_CHUNK, decode_content=False)
        if not data:
            break
        while data:
            try:
                piece = unpack.decompress(data, _CHUNK) if unpack else data
            except zlib.error as trouble:
                raise _TryAgain("sent a broken gzip answer") from trouble
            data = unpack.unconsumed_tail if unpack else b""
            size += len(piece)
            if size > limits.octets:
                raise SourceError(
                    f"{host} sent more than {limits.octets // 1_000_000} MB",
                    "Check the address; a calendar this large can be exported to a file and read from there.",
                )
            yield piece
    if unpack and size and not unpack.eof:
        raise _TryAgain("sent only a part of the calendar")


def web_address(url: str) -> SplitResult:
    """The http(s) address that is meant; webcal means https, on this computer http."""
    try:
        address = urlsplit(url.strip())
        host, _ = address.hostname, address.port
    except ValueError:
        host = None
        address = SplitResult("", "", "", "", "")
    scheme = address.scheme.lower()
    if scheme in ("webcal", "webcals"):
        scheme = "http" if scheme == "webcal" and host in _LOOPBACK else "https"
    if not host or scheme not in ("http", "https"):
        raise SourceError(
            "the url of this source is no web address", "It must begin with https://, http:// or webcal://."
        )
    return address._replace(scheme=scheme)


def _secret(address: SplitResult) -> str:
    if address.username is None:
        return ""
    return f"{unquote(address.username)}:{unquote(address.password or '')}"


def _pool(address: SplitResult) -> PoolManager:
    """Connections as the environment wants them: through its proxy where it names one."""
    from urllib.request import getproxies, proxy_bypass

    import urllib3

    host = address.hostname or ""
    proxy = getproxies().get(address.scheme, "") if host not in _LOOPBACK else ""
    if proxy.startswith(("http://", "https://")) and not proxy_bypass(host):
        return urllib3.ProxyManager(proxy)
    return urllib3.PoolManager()
