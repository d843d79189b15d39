"""What ``calsync login caldav`` has to know, and the questions on a terminal that lead there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from calsync.cli.questions import answer, one_of, secret
from calsync.cli.terminal import Cell, Terminal
from calsync.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from calsync.dav.calendars import Calendar

APP_PASSWORDS = {
    "icloud.com": "an app password from account.apple.com, Sign-In and Security, App-Specific Passwords",
    "fastmail.com": "an app password from Settings, Privacy & Security, Integrations, New app password",
}
"""Providers that take no other password from a program, and where to make one."""


class Use(StrEnum):
    """What an account is for."""

    SOURCE = "source"
    OUTPUT = "output"
    BOTH = "both"


class Kind(StrEnum):
    """What reminders are written as."""

    EVENT = "event"
    TODO = "todo"


class Relationship(StrEnum):
    """What kind of tie a calendar brings."""

    WORK = "work"
    PERSONAL = "personal"


@dataclass
class Given:
    """The account as the flags and the answers name it. ``password`` was typed or piped, and is to be
    kept by the way that is named, or where none is, by the best one there is."""

    url: str = ""
    username: str | None = None
    password_command: str = ""
    password_file: Path | None = None
    keyring: bool = False
    ca_file: Path | None = None
    password: str = ""

    @property
    def ways(self) -> list[str]:
        """The flags that name a way to the password."""
        named = (
            ("--password-command", self.password_command),
            ("--password-file", self.password_file),
            ("--keyring", self.keyring),
        )
        return [flag for flag, value in named if value]


def address(text: str) -> str:
    """An address of a server as people copy it: ``https://`` may be missing. Raises UsageError."""
    from calsync.config_values import host_of, loopback

    full = text if "://" in text else f"https://{text}"
    parts = urlsplit(full)
    if parts.scheme.lower() not in ("https", "http") or not host_of(full) or " " in full:
        raise UsageError("that is no address of a server", "It looks like https://dav.example/")
    if parts.password:
        raise UsageError(
            "the address holds a password, which would stand in the config", "Leave it out of the address."
        )
    if parts.scheme.lower() == "http" and not loopback(full):
        raise UsageError("over http everybody on the way can read the password", "Use the https:// address.")
    return full if parts.path else f"{full}/"


def ask_account(terminal: Terminal, given: Given) -> None:
    """Ask for what no flag said."""
    if not given.url:
        given.url = answer(terminal, "The address of the server (such as https://dav.example/)", None, address)
    if given.username is None:
        given.username = answer(terminal, "Your user name there (or none)", "none", lambda text: text)
        given.username = "" if given.username == "none" else given.username
    if given.username and not given.ways:
        ask_password(terminal, given)


def ask_password(terminal: Terminal, given: Given) -> None:
    host = urlsplit(address(given.url)).hostname or ""
    for provider, where in APP_PASSWORDS.items():
        if host == provider or host.endswith(f".{provider}"):
            terminal.line(Cell(f"  It wants {where}.", "dim"))
    while not (password := secret("Password (it is not shown)")):
        terminal.line(Cell("  This one is needed.", "warn"))
    given.password = password


def ask_tables(
    terminal: Terminal,
    found: Sequence[Calendar],
    use: Use | None,
    calendars: Sequence[str] | None,
    relationship: Relationship | None,
) -> tuple[Use, list[str], Relationship | None]:
    """What to use the account for: the use, the calendars to read (none for all), the kind of tie."""
    if use is None:
        question = "Read meetings from it (source), write reminders to it (output), or both"
        use = Use(answer(terminal, question, "both", one_of(*Use)))
    if use is Use.OUTPUT:
        return use, [], relationship
    events = [each for each in found if not each.holds or "VEVENT" in each.holds]
    if not calendars and len(events) > 1:

        def numbers(text: str) -> list[str]:
            if text.lower() == "all":
                return []
            try:
                return [found[int(word) - 1].url for word in text.replace(",", " ").split() if int(word) > 0]
            except (ValueError, IndexError):
                raise ValueError("answer all, or numbers of the list above, such as 1, 3") from None

        calendars = answer(terminal, "Which calendars to read (all, or their numbers)", "all", numbers)
    if relationship is None:
        relationship = Relationship(answer(terminal, "Is it work or personal", "work", one_of(*Relationship)))
    return use, list(calendars or ()), relationship
