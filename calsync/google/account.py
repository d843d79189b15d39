"""Whose Google account, and how it is reached: what a section of the config says.

Nothing in it is a secret: the user's own sign-in lies in the data directory, an organisation's key
in a file that the config names.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from calsync.google import scopes

_PATH = "/calendar/v3/"


@dataclass(frozen=True, slots=True)
class Account:
    """Signed in as the user, with a service account's key, or with ``auth`` "none" not at all.

    ``subject`` is whom the service account stands in for. ``endpoint`` replaces the address of
    Google's Calendar API. ``needed`` are the permissions without which this section is no use.
    """

    endpoint: str = ""
    auth: str = ""
    service_account: Path | None = None
    subject: str = ""
    needed: tuple[str, ...] = ()

    @property
    def address(self) -> str:
        """The API's address as the client library takes it, with its last slash; empty for Google's own."""
        if not self.endpoint:
            return ""
        path = urlsplit(self.endpoint).path.strip("/")
        return f"{self.endpoint.rstrip('/')}/" if path else f"{self.endpoint.rstrip('/')}{_PATH}"

    @property
    def is_users(self) -> bool:
        """Whether it is reached with the user's own sign-in, which ``calsync login google`` makes."""
        return not self.auth and self.service_account is None


class Access(Protocol):
    """The keys of a source or an output of type google."""

    @property
    def service_account(self) -> Path | None: ...
    @property
    def subject(self) -> str | None: ...
    @property
    def endpoint(self) -> str | None: ...
    @property
    def auth(self) -> str | None: ...


def account_of(keys: Access) -> Account:
    """The account that a config names. An output is known by its ``calendar``."""
    calendar = getattr(keys, "calendar", None)
    return Account(
        keys.endpoint or "",
        keys.auth or "",
        keys.service_account,
        keys.subject or "",
        scopes.to_read() if calendar is None else scopes.to_write(str(calendar)),
    )
