"""What a server's refusal means, and what to do about it: one sentence each, with a next step.

Servers say no by a number. Some of these pass by themselves, and the others need a person, who
should read what the matter is, at which host, and never more of an address than that.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from calsync.dav.account import Account
from calsync.errors import CalsyncError, SignInError

LATER = "calsync tries again at the next sync."
AGAIN = frozenset((408, 423, 425, 429, 500, 502, 503, 504))
"""Refusals that may pass within a minute."""

SENT_ON = frozenset((301, 302, 303, 307, 308))


class DavError(CalsyncError):
    """A server did not do what it was asked; ``status`` is 0 where it did not answer."""

    exit_code = 3

    def __init__(self, message: str, remedy: str = "", status: int = 0) -> None:
        super().__init__(message, remedy)
        self.status = status


class Passing(Exception):
    """A failure that may pass; ``wait`` is what the server asked for, in seconds."""

    def __init__(self, what: str, wait: float | None = None, status: int = 0) -> None:
        super().__init__(what)
        self.wait, self.status = wait, status


def refused(host: str, status: int, wait: float | None = None) -> Exception:
    """What an answer means that nobody wanted. ``wait`` is what its Retry-After asked for."""
    if status in AGAIN:
        return Passing(_PASSING.get(status, "is out of order or overloaded") + f" ({status})", wait, status)
    return lasting(host, status)


def lasting(host: str, status: int) -> DavError:
    """What a refusal means that will not pass by itself."""
    if status < 400:
        return DavError(
            f"{host} answers at this address as a web page does, not as a calendar ({status})",
            "Copy the CalDAV address from the server's settings, not from the browser.",
            status,
        )
    sentence, remedy = _LASTING.get(status, _LASTING[400])
    return DavError(f"{host} {sentence} ({status})", remedy, status)


def not_taken(host: str, status: int, content: bytes) -> str:
    """Why a server does not take one thing that it was to store, as far as it says so (RFC 4918 §16)."""
    from caldav.lib.error import parse_preconditions

    reasons = [each.rpartition("}")[2] for each in parse_preconditions(content)]
    return f"{host} does not take it ({', '.join([str(status), *reasons])})"


_PASSING = {
    423: "has it locked for another program",
    429: "is overloaded, or asked too often",
    503: "is overloaded",
}
_LASTING = {
    400: ("does not do what it was asked", "Check that the url is that of a CalDAV calendar."),
    403: ("does not allow this", "Check that this account may use that calendar."),
    404: (
        "has no calendar at this address",
        "It may have been deleted or renamed: correct the url in the config.",
    ),
    405: ("does not speak CalDAV at this address", "Check that the url is that of a CalDAV server or calendar."),
    409: ("says that something else is in the way", "Look at that calendar in the server's own pages."),
    412: ("has something else there than it had a moment ago", LATER),
    413: ("finds it too large", "Ask who runs the server for its limit."),
    507: ("has no space left for this account", "Make some room there."),
}
_LASTING[410] = _LASTING[404]
_LASTING[501] = _LASTING[405]


def unwelcome(account: Account) -> SignInError:
    """The account is refused (401)."""
    who = f"the password of {account.username}" if account.username else "calsync without a password"
    return SignInError(
        f"{account.host} refuses {who} (401)",
        "Check username and password; many servers want an app password made for calsync."
        if account.username
        else "Set username, and password_command, password_file or keyring.",
    )


def unreachable(host: str, broken: Exception) -> Exception:
    """No answer came. The errors of HTTP libraries are many; their names say what happened."""
    chain: BaseException | None = broken
    names = ""
    while chain is not None:
        names += f" {type(chain).__name__}"
        chain = chain.__cause__ or chain.__context__
    if "SSLError" in names or "Certificate" in names:
        return DavError(
            f"{host} shows a certificate that cannot be trusted",
            "Check the address and this computer's clock; name a private authority's certificate as ca_file.",
        )
    if "NameResolution" in names or "gaierror" in names:
        return Passing("cannot be found: no such host, or no network")
    if "Timeout" in names:
        return Passing("did not answer in time")
    if "NewConnection" in names or "ConnectionRefused" in names:
        return Passing("cannot be reached")
    return Passing("broke the connection")


def not_trusted(url: str, target: str) -> DavError:
    """A server sends calsync to where it gives no password."""
    own, other = urlsplit(url), urlsplit(target)
    if own.scheme == "https" and other.scheme == "http":
        return DavError(
            f"{own.hostname} sends from https to unprotected http", "Name the server's https address as url."
        )
    return DavError(
        f"{own.hostname} sends to another server, {other.hostname}, to which calsync gives no password unasked",
        f"If your calendars are there, name {other.scheme}://{other.netloc.rpartition('@')[2]}/ as url.",
    )
