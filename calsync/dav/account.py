"""Whose calendars on which server, and where the password is kept.

The password itself stands in no config: a command prints it, a file that only its owner may
read holds it, or the system's keyring does. It is asked for once a run, when it is needed.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from calsync import files
from calsync.errors import SignInError

KEYRING = "calsync"
"""Under which service the system's keyring knows calsync's passwords."""

_PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Account:
    """``url`` is that of a server, a principal or a calendar. At most one way to the password
    is set; with none, the server is asked without one. ``ca_file`` holds certificates (PEM)
    to trust instead of the system's. ``typed`` is a password that is at hand and kept nowhere yet."""

    url: str
    username: str = ""
    password_command: str = ""
    password_file: Path | None = None
    keyring: bool = False
    ca_file: Path | None = None
    typed: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """The host alone: the rest of an address may be a secret."""
        return urlsplit(self.url).hostname or ""

    @property
    def key(self) -> str:
        """The account's name in the system's keyring."""
        return f"{self.username}@{self.host}"

    def password(self) -> str | None:
        """The password; None where the config names no way to one. Raises SignInError with the
        next step where that way leads to none."""
        if self.typed:
            return self.typed
        if self.password_command:
            return _printed(self.password_command)
        if self.password_file is not None:
            return _written(self.password_file)
        return self._kept() if self.keyring else None

    def _kept(self) -> str:
        found = _asked(lambda keyring: keyring.get_password(KEYRING, self.key))
        if not found:
            raise SignInError(
                f"the system's keyring holds no password of {self.key}",
                f"Put it there with keyring set {KEYRING} {self.key}",
            )
        return str(found)


def keep_in_keyring(account: Account, password: str) -> None:
    """Put a password where an account with ``keyring`` looks for it. Raises SignInError where there is no
    keyring, or it keeps nothing."""
    _asked(lambda keyring: keyring.set_password(KEYRING, account.key, password))
    if replace(account, typed="").password() != password:
        raise SignInError("the system's keyring did not keep the password", "Use password_command or password_file.")


def keep_in_file(file: Path, password: str) -> None:
    """Write a password into a file that only its owner may read. Raises SignInError where others may."""
    if file.exists():
        _closed(file, file.stat().st_mode)
    files.replace(file, f"{password}\n".encode(), mode=0o600)


def _asked(question: Callable[[Any], Any]) -> Any:
    try:
        import keyring
    except ImportError:
        raise SignInError(
            "the system's keyring cannot be asked: the keyring package is not installed",
            "Install it with pip install keyring, or use password_command or password_file.",
        ) from None
    try:
        return question(keyring)
    except Exception as error:
        # A keyring has as many ways to fail as there are desktops.
        raise SignInError(
            f"the system's keyring does not answer: {error}", "Unlock it, or use password_command or password_file."
        ) from error


class Access(Protocol):
    """The keys of a source or an output of type caldav."""

    @property
    def url(self) -> str: ...
    @property
    def username(self) -> str: ...
    @property
    def password_command(self) -> str: ...
    @property
    def password_file(self) -> Path | None: ...
    @property
    def keyring(self) -> bool: ...
    @property
    def ca_file(self) -> Path | None: ...


def account_of(keys: Access) -> Account:
    """The account that a config names."""
    return Account(keys.url, keys.username, keys.password_command, keys.password_file, keys.keyring, keys.ca_file)


def _printed(command: str) -> str:
    """The first line that a command prints. It gets no shell and nobody to ask."""
    try:
        words = shlex.split(command)
        done = subprocess.run(words, stdin=subprocess.DEVNULL, capture_output=True, timeout=_PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise SignInError(
            f"password_command did not end within {_PATIENCE:.0f} seconds",
            "Run it by hand: it may be asking something.",
        ) from None
    except (OSError, ValueError, IndexError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise SignInError(f"password_command cannot be run: {reason}", "Try it by hand in a terminal.") from None
    printed = done.stdout.decode("utf-8", "replace").partition("\n")[0].rstrip("\r")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0][:200]
        raise SignInError(
            f"password_command failed with exit code {done.returncode}{': ' if said else ''}{said}",
            "Run it by hand, and unlock the store that it reads.",
        )
    if not printed:
        raise SignInError("password_command printed nothing", "It must print the password as its first line.")
    return printed


def _written(file: Path) -> str:
    """The first line of a file that nobody but its owner may read."""
    try:
        with file.open("rb") as stream:
            _closed(file, os.fstat(stream.fileno()).st_mode)
            text = stream.readline(4096).decode("utf-8", "replace").strip("\r\n")
    except OSError as error:
        raise SignInError(
            f"{file}: the password cannot be read: {error.strerror or error}", "Correct password_file in the config."
        ) from None
    if not text:
        raise SignInError(f"{file}: there is no password in it", "Its first line must be the password.")
    return text


def _closed(file: Path, mode: int) -> None:
    if mode & 0o077:
        raise SignInError(
            f"{file}: others on this computer may read the password in it (mode {mode & 0o777:03o})",
            f"Close it to them with chmod 600 {shlex.quote(str(file))}",
        )
