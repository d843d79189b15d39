"""Who may see the page: whoever has the key that was printed at the start, the password, or has signed
in at the proxy in front.

A session is a signed cookie and nothing in memory, so that a restart signs nobody out.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response

from calsync.config import Config
from calsync.errors import ConfigError
from calsync.outputs.answering import signature

COOKIE = "calsync"
LASTS = timedelta(days=30)
_HEADER = "remote-user"


def password_of(config: Config) -> str:
    """Return the password, empty where none is wanted. Raises ConfigError for a file without one."""
    path = config.serve.password_file
    return "" if path is None else _first_line(config, path)


def _first_line(config: Config, path: Path) -> str:
    where = f"{config.path}: serve.password_file: {path}"
    try:
        password = path.read_text(encoding="utf-8").partition("\n")[0].strip()
    except (OSError, UnicodeError) as error:
        raise ConfigError([f"{where}: cannot be read"], "Write the password into its first line.") from error
    if len(password) < 8:
        raise ConfigError([f"{where}: its first line has less than 8 characters"], "Choose a longer password.")
    return password


@dataclass
class Doorkeeper:
    """Lets people in, and knows whom it let in. ``one_time`` is the key that signs in once."""

    config: Config
    key: bytes
    one_time: str = field(default_factory=lambda: secrets.token_urlsafe(18))
    _password: str = field(init=False)

    def __post_init__(self) -> None:
        self._password = password_of(self.config)

    @property
    def wants_password(self) -> bool:
        return bool(self._password)

    def takes_key(self, shown: str) -> bool:
        """Whether this is the one-time key; it is used up by that."""
        good = bool(self.one_time) and hmac.compare_digest(_bytes(shown), _bytes(self.one_time))
        if good:
            self.one_time = ""
        return good

    def takes_password(self, shown: str) -> bool:
        return self.wants_password and hmac.compare_digest(_bytes(shown), _bytes(self._password))

    def session(self, request: Request, now: datetime) -> str:
        """Return what the session of a request is known by, empty where nobody has signed in."""
        client = request.client.host if request.client else ""
        user = request.headers.get(_HEADER, "")
        if user and client and client == self.config.serve.trusted_proxy:
            return f"proxy {user}"
        shown = request.cookies.get(COOKIE, "")
        told, _, signed = shown.rpartition(".")
        if not hmac.compare_digest(_bytes(signed), _bytes(signature(self.key, self._purpose, told))):
            return ""
        return shown if int(told.partition(".")[0], 16) > now.timestamp() else ""

    @property
    def _purpose(self) -> str:
        # A new password ends the sessions of the old one.
        return f"session {self._password}"

    def let_in(self, response: Response, now: datetime) -> Response:
        """Give the browser a session."""
        told = f"{int((now + LASTS).timestamp()):x}.{secrets.token_hex(8)}"
        self._cookie(response, f"{told}.{signature(self.key, self._purpose, told)}", int(LASTS.total_seconds()))
        return response

    def show_out(self, response: Response) -> Response:
        """Take the session from the browser."""
        self._cookie(response, "", 0)
        return response

    def _cookie(self, response: Response, value: str, seconds: int) -> None:
        secure = self.config.serve.base_url.startswith("https://")
        response.set_cookie(COOKIE, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")

    def form_key(self, session: str) -> str:
        """Return what a form of this session must carry, so that no other site can send it."""
        return signature(self.key, "form", session)

    def sent_it(self, session: str, shown: str) -> bool:
        return bool(session) and hmac.compare_digest(_bytes(shown), _bytes(self.form_key(session)))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
