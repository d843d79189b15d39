"""The user's sign-in with Google, kept between runs.

Whoever has it can read the user's calendars, so it lies in a file that only its owner may read, is
replaced whole or not at all, and shows itself in no message: not even in its own repr.
"""

from __future__ import annotations

import json
import os
import shlex
from dataclasses import asdict, dataclass, field
from pathlib import Path

from calsync.errors import SignInError
from calsync.files import content, data_dir, replace

GOOGLE_TOKEN = "https://oauth2.googleapis.com/token"
LOGIN = "Run calsync login google --client-secret FILE; docs/google.md shows where that file comes from."


@dataclass(frozen=True, slots=True)
class SignIn:
    """What Google gave for the user's consent. ``made`` is the ISO date of it; ``scopes`` are what it allows.

    The client is the user's own, kept with its addresses so that they can sign in again without its file.
    """

    client_id: str
    client_secret: str = field(repr=False)
    refresh_token: str = field(repr=False)
    auth_uri: str = ""
    token_uri: str = GOOGLE_TOKEN
    scopes: tuple[str, ...] = ()
    made: str = ""


def token_file() -> Path:
    """Where the sign-in is kept; it need not exist."""
    return data_dir() / "google-token.json"


def kept() -> SignIn:
    """The user's sign-in. Raises SignInError where there is none, or none that can be used."""
    path = token_file()
    data = _content(path)
    if data is None:
        raise SignInError("not signed in with Google yet", LOGIN)
    try:
        told = json.loads(data)
        names = ("client_id", "client_secret", "refresh_token", "auth_uri", "token_uri", "made")
        texts = {name: told.get(name, "") for name in names}
        scopes = tuple(told["scopes"])
        if not all(isinstance(each, str) for each in (*texts.values(), *scopes)) or not texts["refresh_token"]:
            raise ValueError
        return SignIn(**texts, scopes=scopes)
    except (ValueError, KeyError, TypeError, AttributeError):
        # The reason would quote the file.
        raise SignInError(f"{path}: this is no sign-in that calsync wrote", LOGIN) from None


def keep(sign_in: SignIn) -> Path:
    """Keep a sign-in in place of an earlier one, readable by its owner alone. Raises OutputError
    where the file cannot be written."""
    path = token_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        path.chmod(0o600)  # a replaced file keeps the permissions it had
    replace(path, f"{json.dumps(asdict(sign_in), indent=1)}\n".encode(), 0o600)
    return path


def forget() -> bool:
    """Remove the sign-in; says whether there was one."""
    try:
        token_file().unlink()
    except FileNotFoundError:
        return False
    return True


def _content(path: Path) -> bytes | None:
    from calsync.errors import OutputError

    try:
        data = content(path)
        mode = os.stat(path).st_mode if data is not None else 0
    except (OutputError, OSError) as error:
        raise SignInError(f"{path}: the sign-in cannot be read", "Give yourself the right to read it.") from error
    if mode & 0o077:
        raise SignInError(
            f"{path}: others on this computer may read your sign-in (mode {mode & 0o777:03o})",
            f"Close it to them with chmod 600 {shlex.quote(str(path))}",
        )
    return data
