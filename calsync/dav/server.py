"""One CalDAV server, asked one thing at a time, within limits.

The caldav library signs in and speaks; here stands what calsync makes of the answers. What may
pass is tried again; everything else becomes a sentence with a next step, that names the host and
never more of an address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

from calsync import __version__
from calsync.dav.account import Account
from calsync.dav.answers import CutShort, Resource, resources
from calsync.dav.etags import strong
from calsync.dav.refusals import LATER, SENT_ON, DavError, Passing, not_trusted, refused, unreachable, unwelcome
from calsync.dav.trust import trusted
from calsync.errors import CalsyncError

__all__ = ["Answer", "DavError", "Patience", "Server"]

LONGEST_PAUSE = 60.0
"""A server that asks for a longer pause than so many seconds is left alone until the next sync."""

LONGEST_PAUSES = 900.0
"""The same for all its pauses in one sync together."""

_LONGEST_WAIT = 20.0
_HOPS = 5


class _SentOn(Exception):
    """The server says that what was asked for is at another address."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.target = target


@dataclass(frozen=True, slots=True)
class Patience:
    """``seconds`` for one answer, ``attempts`` in all; ``wait`` sleeps."""

    seconds: float = 60.0
    attempts: int = 4
    wait: Callable[[float], None] = time.sleep


class Answer(NamedTuple):
    """``etag`` as it can be a condition; empty if the server gave none. ``url`` is where the answer came from
    in the end."""

    status: int
    etag: str
    content: bytes
    url: str = ""


class Server:
    """A connection to the server of an account; it signs in when the server asks for it. ``date`` is
    the server's clock at its last answer, as it wrote it; empty where it tells none."""

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        self.account = account
        self.host = account.host
        self.date = ""
        self._waited = 0.0
        self._patience = patience or Patience()
        self._opened: Any = None

    def about(self, url: str, names: str, *, depth: int = 0) -> list[Resource]:
        """The properties ``names`` (XML elements) of a thing, at depth 1 also of what is in it."""
        body = f"{_HEAD}<d:propfind {_NAMESPACES}><d:prop>{names}</d:prop></d:propfind>"
        return self._listed("PROPFIND", url, body, depth)

    def report(self, url: str, body: str) -> list[Resource]:
        return self._listed("REPORT", url, body, 1)

    def get(self, url: str) -> bytes:
        return self.ask("GET", url, accept=(200,)).content

    def ask(
        self,
        method: str,
        url: str,
        body: str = "",
        headers: Mapping[str, str] | None = None,
        *,
        accept: tuple[int, ...] = (),
    ) -> Answer:
        """The server's answer. One that is in ``accept`` is returned, all of them where that is empty.

        Raises SignInError where the account is refused, DavError for everything else.
        """
        patience = self._patience
        for attempt in range(1, patience.attempts + 1):
            try:
                answer, wait = self._followed(method, url, body, headers or {})
                if accept and answer.status not in accept:
                    raise refused(self.host, answer.status, wait)
                return answer
            except Passing as trouble:
                wait = min(_LONGEST_WAIT, 2.0 ** (attempt - 1)) if trouble.wait is None else trouble.wait
                self._waited += wait
                if wait > LONGEST_PAUSE or self._waited > LONGEST_PAUSES:
                    raise DavError(f"{self.host} {trouble} and asks for a pause", LATER, trouble.status) from trouble
                if attempt == patience.attempts:
                    raise DavError(f"{self.host} {trouble}", LATER, trouble.status) from trouble
                patience.wait(wait)
        raise AssertionError("a request needs at least one attempt")

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _listed(self, method: str, url: str, body: str, depth: int) -> list[Resource]:
        answer = self.ask(method, url, body, {"Depth": str(depth)}, accept=(207,))
        try:
            return resources(answer.content, answer.url)
        except CutShort:
            raise DavError(f"the answer of {self.host} is cut short", LATER) from None

    def _followed(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> tuple[Answer, float | None]:
        """The answer, from wherever the server sends calsync on to (RFC 9110 §15.4), and the pause that
        it asks for. The method and the body stay as they are, which no HTTP library would leave so."""
        at = url
        for _ in range(_HOPS):
            if not trusted(self.account.url, at):
                raise not_trusted(self.account.url, at)
            try:
                return self._once(method, at, body, headers)
            except _SentOn as on:
                at = urljoin(at, on.target)
        raise DavError(f"{self.host} sends in circles", "Copy the CalDAV address from the server's settings.")

    def _once(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> tuple[Answer, float | None]:
        client = self._client()
        from caldav.lib import error

        try:
            response = client.request(url, method, body, {"Content-Type": "application/xml; charset=utf-8", **headers})
        except error.RateLimitError as limited:
            raise refused(self.host, limited.status or 429, limited.retry_after_seconds) from limited
        except error.AuthorizationError as no:
            if no.status != 403:
                raise unwelcome(self.account) from no
            return Answer(403, "", _bytes(no.body or b""), url), None
        except (_SentOn, CalsyncError):
            raise
        except (OSError, error.DAVError) as broken:  # the errors of every HTTP library underneath are OSErrors
            raise unreachable(self.host, broken) from broken
        except SyntaxError as broken:  # lxml's, of XML that ends too early
            raise DavError(f"the answer of {self.host} is cut short", LATER) from broken
        given = response.headers
        wait = error.parse_retry_after(given["Retry-After"]) if "Retry-After" in given else None
        self.date = given.get("Date", "")
        return Answer(int(response.status), strong(given.get("ETag", "")), _bytes(response._raw), url), wait

    def _client(self) -> Any:
        if self._opened is None:
            try:
                import caldav
            except ImportError:
                raise DavError(
                    "the caldav package is not installed, which CalDAV calendars need",
                    'Install it with pip install "calsync[caldav]".',
                ) from None
            account = self.account
            if account.ca_file is not None:
                _readable(account.ca_file)
            self._opened = caldav.DAVClient(
                account.url,
                username=account.username or None,
                password=account.password(),
                timeout=self._patience.seconds,  # type: ignore[arg-type, unused-ignore]
                ssl_verify_cert=str(account.ca_file) if account.ca_file else True,
                headers={"User-Agent": f"calsync/{__version__}"},
                enable_rfc6764=False,
            )
            self._opened.session.hooks["response"].append(_not_followed)
        return self._opened


def _readable(ca_file: Path) -> None:
    try:
        text = ca_file.read_bytes()
    except OSError as error:
        why = error.strerror or str(error)
        raise DavError(f"{ca_file}: the certificate cannot be read: {why}", "Correct ca_file in the config.") from None
    if b"-----BEGIN CERTIFICATE-----" not in text:
        raise DavError(f"{ca_file}: there is no certificate (PEM) in it", "Correct ca_file in the config.")


def _bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


def _not_followed(response: Any, *_: object, **__: object) -> Any:
    """HTTP libraries make a GET of whatever is sent on, and ask nobody where the password goes."""
    target = str(response.headers.get("Location", ""))
    if response.status_code in SENT_ON and target:
        raise _SentOn(target)
    return response


_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'
