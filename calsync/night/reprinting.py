"""A feed once more, out of the ledger: what the last sync wrote, where its file is gone.

A feed's bytes are a function of what the ledger holds and of the moment of the last write, which the
ledger holds too. So whoever serves a feed needs no file: a container that shares the ledger alone, or
a server whose feed was deleted, hands out the very bytes that a subscriber has seen.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from calsync.config import Config, IcsOutput
from calsync.ledger import promises
from calsync.ledger.ledger import Ledger, look, moment
from calsync.night.publish import answerable, attention_of, content_digest, feed_of, receipt_key, shown_at
from calsync.outputs.feed import digest_of, written_digest


@dataclass(frozen=True, slots=True)
class Reprint:
    """The bytes of a feed, and when they were last written or found as they were.

    ``is_as_written`` is False where the ledger has moved on since, as it does in the midst of a sync.
    """

    content: bytes
    written: datetime
    is_as_written: bool


def written_tag(ledger: Path, output: str) -> str:
    """Return the digest of a feed as it was last written, empty where it never was. Leaves no trace.

    Raises ``sqlite3.DatabaseError`` where the ledger cannot be read.
    """

    def read(source: sqlite3.Connection) -> str:
        row = source.execute("SELECT value FROM meta WHERE key = ?", (receipt_key(output),)).fetchone()
        return written_digest(row[0]) if row else ""

    return look(ledger, read)


def reprint(config: Config, settings: IcsOutput) -> Reprint | None:
    """Return the feed of an output as the last sync wrote it, None where none ever did.

    Works on a copy of the ledger in memory: a running sync is not waited for and not disturbed.
    Raises ConfigError where the ledger cannot be read.
    """
    if not config.ledger.exists():
        return None
    with Ledger.in_memory(config.ledger) as ledger:
        at = moment(ledger.value("SELECT written_at FROM output WHERE name = ?", settings.name))
        if at is None:
            return None
        shown = answerable(config, ledger, settings, shown_at(config, ledger, at))
        stamped = promises.stamped(ledger, settings.name, shown, lambda each: content_digest(each, settings), at)
        content = feed_of(settings, attention_of(config, ledger, at, settings.name)).rendered(stamped, at)
        told = written_digest(ledger.note(receipt_key(settings.name)))
    return Reprint(content, at, told == digest_of(content))
