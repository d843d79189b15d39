"""One CalDAV server, asked one thing at a time, within limits.

The caldav library signs in and speaks; here stands what calsync makes of the answers. What may
pass is tried again; everything else becomes a sentence with a next step, that names the host and
never more of an address.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from calsync import __version__
from calsync.dav.account import Account
from calsync.dav.answers import CutShort, Resource, resources
from calsync.errors import CalsyncError, SignInError

_LATER = "calsync tries again at the next sync."
_AGAIN = frozenset((408, 423, 425, 429, 500, 502, 503, 504))
_LONGEST_WAIT = 20.0


class DavError(CalsyncError):
    """A server did not do what it was asked; ``status`` is 0 where it did not answer."""

    exit_code = 3

    def __init__(self, message: str, remedy: str = "", status: int = 0) -> None:
        super().__init__(message, remedy)
        self.status = status


class _Passing(Exception):
    """A failure that may pass; ``wait`` is what the server asked for, in seconds."""

    def __init__(self, what: str, wait: float | None = None, status: int = 0) -> None:
        super().__init__(what)
        self.wait, self.status = wait, status


@dataclass(frozen=True, slots=True)
class Patience:
    """``seconds`` for one answer, ``attempts`` in all; ``wait`` sleeps."""

    seconds: float = 60.0
    attempts: int = 4
    wait: Callable[[float], None] = time.sleep


class Answer(NamedTuple):
    """``etag`` as the server wrote it; empty if it gave none."""

    status: int
    etag: str
    content: bytes


class Server:
    """A connection to the server of an account; it signs in when the server asks for it."""

    def __init__(self, account: Account, patience: Patience | None = None) -> None:
        self.account = account
        self.host = account.host
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
                answer = self._once(method, url, body, headers or {})
                if accept and answer.status not in accept:
                    self._refuse(answer.status)
                return answer
            except _Passing as trouble:
                wait = min(_LONGEST_WAIT, 2.0 ** (attempt - 1) if trouble.wait is None else trouble.wait)
                if attempt == patience.attempts:
                    raise DavError(f"{self.host} {trouble}", _LATER, trouble.status) from trouble
                patience.wait(wait)
        raise AssertionError("a request needs at least one attempt")

    def close(self) -> None:
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _listed(self, method: str, url: str, body: str, depth: int) -> list[Resource]:
        answer = self.ask(method, url, body, {"Depth": str(depth)}, accept=(207,))
        try:
            return resources(answer.content, url)
        except CutShort:
            raise DavError(f"the answer of {self.host} is cut short", _LATER) from None

    def _refuse(self, status: int) -> None:
        if status in (404, 410):
            raise DavError(
                f"{self.host} has no calendar at this address ({status})",
                "It may have been deleted or renamed: correct the url in the config.",
                status,
            )
        if status in _AGAIN:
            raise _Passing(f"is out of order or overloaded ({status})", None, status)
        if status < 400:
            raise DavError(
                f"{self.host} answers at this address as a web page does, not as a calendar ({status})",
                "Copy the CalDAV address from the server's settings, not from the browser.",
                status,
            )
        if status == 507:
            raise DavError(f"{self.host} has no space left for this account (507)", "Make some room there.", status)
        raise DavError(f"{self.host} answered {status}", "Check that the url is that of a CalDAV calendar.", status)

    def _once(self, method: str, url: str, body: str, headers: Mapping[str, str]) -> Answer:
        client = self._client()
        if not trusted(self.account.url, url):
            raise DavError(
                f"{self.host} sends to an address elsewhere, which calsync does not sign in to",
                "Name the right server as url in the config.",
            )
        from caldav.lib import error

        try:
            response = client.request(url, method, body, {"Content-Type": "application/xml; charset=utf-8", **headers})
        except error.RateLimitError as limited:
            wait = limited.retry_after_seconds
            raise _Passing(f"is overloaded ({limited.status})", wait, limited.status or 0) from limited
        except error.AuthorizationError as refused:
            raise self._unwelcome(refused.status or 401) from refused
        except CalsyncError:
            raise
        except (OSError, error.DAVError) as broken:  # the errors of every HTTP library underneath are OSErrors
            raise self._unreachable(broken) from broken
        except SyntaxError as broken:  # lxml's, of XML that ends too early
            raise DavError(f"the answer of {self.host} is cut short", _LATER) from broken
        content = response._raw
        content = content.encode() if isinstance(content, str) else content
        return Answer(int(response.status), response.headers.get("ETag", ""), content)

    def _unwelcome(self, status: int) -> CalsyncError:
        if status == 403:
            return DavError(
                f"{self.host} does not allow this ({status})",
                "Check that this account may use that calendar.",
                status,
            )
        who = f"the password of {self.account.username}" if self.account.username else "calsync without a password"
        return SignInError(
            f"{self.host} refuses {who} ({status})",
            "Check username and password; many servers want an app password made for calsync."
            if self.account.username
            else "Set username, and password_command, password_file or keyring.",
        )

    def _unreachable(self, broken: Exception) -> Exception:
        chain, names = broken, ""
        while chain is not None:
            names += f" {type(chain).__name__}"
            chain = chain.__cause__ or chain.__context__  # type: ignore[assignment]
        if "SSLError" in names or "Certificate" in names:
            return DavError(
                f"{self.host} shows a certificate that cannot be trusted",
                "Check the address and this computer's clock; name a private authority's certificate as ca_file.",
            )
        if "NameResolution" in names or "gaierror" in names:
            return _Passing("cannot be found: no such host, or no network")
        if "Timeout" in names:
            return _Passing("did not answer in time")
        if "NewConnection" in names or "ConnectionRefused" in names:
            return _Passing("cannot be reached")
        return _Passing("broke the connection")

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
            self._opened = caldav.DAVClient(
                account.url,
                username=account.username or None,
                password=account.password(),
                timeout=self._patience.seconds,  # type: ignore[arg-type, unused-ignore]
                ssl_verify_cert=str(account.ca_file) if account.ca_file else True,
                headers={"User-Agent": f"calsync/{__version__}"},
                enable_rfc6764=False,
            )
            self._opened.session.hooks["response"].append(_no_downgrade)
        return self._opened


def trusted(home: str, url: str) -> bool:
    """Whether the password may go to ``url``: to the account's own host, or, over https, to one
    beside it, as iCloud spreads its users over p01-caldav.icloud.com and its likes."""
    own, other = urlsplit(home), urlsplit(url)
    if (own.scheme, own.netloc.lower().rpartition("@")[2]) == (other.scheme, other.netloc.lower()):
        return True
    domain = (own.hostname or "").partition(".")[2]
    beside = "." in domain and (other.hostname or "").partition(".")[2] == domain
    return other.scheme == "https" and (beside or other.hostname == own.hostname)


def _no_downgrade(response: Any, *_: object, **__: object) -> Any:
    """A redirect from https to http would lay everything open that follows."""
    target = str(response.headers.get("Location", ""))
    if response.status_code in (301, 302, 307, 308) and str(response.url).startswith("https:"):
        from urllib.parse import urljoin

        if urljoin(str(response.url), target).startswith("http:"):
            raise DavError(
                f"{urlsplit(str(response.url)).hostname} sends from https to unprotected http",
                "Name the server's https address as url.",
            )
    return response


_HEAD = '<?xml version="1.0" encoding="utf-8"?>'
_NAMESPACES = 'xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:caldav" xmlns:cs="http://calendarserver.org/ns/"'
