"""What lets somebody in from outside: the secret address of each feed, and the key that signs links.

Whoever has a feed's address can read it, so it cannot be guessed, and a new one can be had at any
time. The ledger is readable by its user alone, so tokens stand in it as they are: the address has
to be shown again whenever another app is to subscribe.
"""

from __future__ import annotations

import secrets
import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calsync.ledger.ledger import Ledger, look, seconds

_KEY = "signing key"


@dataclass(frozen=True, slots=True)
class FeedToken:
    """The token under which the feed of an output is, or was, to be had."""

    token: str
    output: str
    retired: bool


def feed_tokens(path: Path) -> list[FeedToken]:
    """Return all tokens there ever were in the ledger at ``path``, which is only looked at.

    Raises ``sqlite3.DatabaseError`` where it cannot be read.
    """

    def read(source: sqlite3.Connection) -> list[FeedToken]:
        rows = source.execute("SELECT token, output, retired FROM feed_token ORDER BY made, token")
        return [FeedToken(token, output, retired is not None) for token, output, retired in rows]

    return look(path, read)


def feed_token(ledger: Ledger, output: str, now: datetime) -> str:
    """Return the valid token of an output's feed; the first time, make it."""
    with ledger.atomic():
        query = "SELECT token FROM feed_token WHERE output = ? AND retired IS NULL"
        return str(ledger.value(query, output) or _made(ledger, output, now))


def new_feed_token(ledger: Ledger, output: str, now: datetime) -> str:
    """Make a new token for an output's feed; the one before is good for nothing from now on."""
    with ledger.atomic() as db:
        db.execute("UPDATE feed_token SET retired = ? WHERE output = ? AND retired IS NULL", (seconds(now), output))
        return _made(ledger, output, now)


def _made(ledger: Ledger, output: str, now: datetime) -> str:
    token = secrets.token_urlsafe(24)
    ledger.connection.execute(
        "INSERT INTO feed_token (token, output, made) VALUES (?, ?, ?)", (token, output, seconds(now))
    )
    return token


def signing_key(ledger: Ledger) -> bytes:
    """Return the key that signs what calsync hands out; the first time, make it."""
    known = ledger.note(_KEY)
    if not known:
        with ledger.atomic():
            known = ledger.note(_KEY) or secrets.token_hex(32)
            ledger.remember(_KEY, known)
    return bytes.fromhex(known)
