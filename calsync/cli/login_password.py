"""Where a password that was typed is kept, and how the config then finds it.

The system's keyring where there is one, else a file that only its owner can read; never the config.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from calsync.cli.login_asking import Given, address
from calsync.dav.account import Account, keep_in_file, keep_in_keyring
from calsync.errors import SignInError, UsageError


def account_from(given: Given, example: str) -> Account:
    """The account that the flags and the answers name. Raises UsageError where something is missing."""
    if not given.url:
        raise UsageError("nobody is there to answer questions, so --url is needed", f"For example: {example}")
    parts = urlsplit(address(given.url))
    username = given.username if given.username is not None else parts.username or ""
    url = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    if len(given.ways) > 1:
        raise UsageError(f"{' and '.join(given.ways)} are several ways to one password", "Choose one.")
    if given.ways and not username:
        raise UsageError(f"{given.ways[0]} needs --username beside it", f"For example: {example}")
    if username and not given.ways and not given.password:
        raise UsageError(
            "nobody is there to be asked for the password",
            "Name --password-command, --password-file or --keyring, or pipe it in with --password-stdin.",
        )
    ca_file = given.ca_file.expanduser().absolute() if given.ca_file else None
    if ca_file and not ca_file.is_file():
        raise UsageError(f"{ca_file}: there is no such file", "--ca-file names a certificate (PEM).")
    file = given.password_file.expanduser().absolute() if given.password_file else None
    return Account(url, username, given.password_command, file, given.keyring, ca_file, given.password)


def keep(given: Given, account: Account, folder: Path, name: str) -> tuple[dict[str, Any], str]:
    """Keep a password that was typed or piped in; return the config's keys for the account, and a
    sentence on where the password is. ``folder`` is the config's."""
    keys: dict[str, Any] = {"username": account.username} if account.username else {}
    said = ""
    if account.password_command:
        keys["password_command"] = account.password_command
    elif account.password_file is not None:
        if given.password:
            said = _in_file(account.password_file, given.password)
        keys["password_file"] = _beside(account.password_file, folder)
    elif account.username:
        kept = replace(account, keyring=True, typed="")
        try:
            if given.password:
                keep_in_keyring(kept, given.password)
                said = f"The system's keyring has the password, as that of {kept.key}."
            keys["keyring"] = True
        except SignInError:
            if given.keyring:
                raise
            file = folder / f"{name}-password"
            said = _in_file(file, given.password)
            keys["password_file"] = _beside(file, folder)
    if account.ca_file is not None:
        keys["ca_file"] = _beside(account.ca_file, folder)
    return keys, said


def _in_file(file: Path, password: str) -> str:
    keep_in_file(file, password)
    return f"{file} has the password, and only you can read it."


def _beside(file: Path, folder: Path) -> str:
    return str(file.relative_to(folder) if file.is_relative_to(folder) else file)
