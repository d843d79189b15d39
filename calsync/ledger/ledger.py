"""The ledger: what was seen, who is known, what was promised.

One SQLite file for one user, on the standard library alone. Every change happens inside
:meth:`Ledger.atomic`, so a crash leaves the state before or after it, never between.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from calsync.errors import ConfigError
from calsync.ledger.schema import migrate

T = TypeVar("T")


class Ledger:
    """An open ledger file. Times are epoch seconds in UTC inside, aware datetimes outside."""

    def __init__(self, path: Path) -> None:
        """Open the ledger, making it where there is none.

        Raises :class:`ConfigError` where the file is no ledger, was written by a newer calsync,
        or cannot be opened.
        """
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # It holds whom the user meets; nobody else on the machine needs to read that.
            path.touch(mode=0o600)
            self.connection = sqlite3.connect(path, isolation_level=None, timeout=10)
            try:
                self.connection.execute("PRAGMA journal_mode = WAL")
                self.connection.execute("PRAGMA synchronous = NORMAL")
                self.connection.execute("PRAGMA temp_store = MEMORY")
                self.connection.execute("PRAGMA cache_size = -32000")
                migrate(self.connection, path)
            except BaseException:
                self.connection.close()
                raise
        except (sqlite3.DatabaseError, OSError) as error:
            raise ConfigError(
                [f"{path}: cannot be used as the ledger: {error}"],
                "Check the path and its permissions; if the file is damaged, move it away and sync again.",
            ) from error

    @classmethod
    def in_memory(cls, path: Path) -> Ledger:
        """A copy of the ledger at ``path`` in memory, for those who only want to know: no lock is
        needed, and nothing that is done to the copy reaches the file.

        Raises :class:`ConfigError` as opening it does.
        """
        ledger = cls.__new__(cls)
        ledger.path = path
        try:
            ledger.connection = sqlite3.connect(":memory:", isolation_level=None)
            try:
                _copy(path, ledger.connection)
                migrate(ledger.connection, path, backed_up=False)
            except BaseException:
                ledger.connection.close()
                raise
        except (sqlite3.DatabaseError, OSError) as error:
            raise ConfigError(
                [f"{path}: cannot be read as the ledger: {error}"],
                "Check the path and its permissions, or look closer with calsync doctor.",
            ) from error
        return ledger

    def close(self) -> None:
        self.connection.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def atomic(self) -> Iterator[sqlite3.Connection]:
        """Run a block as one transaction; an exception takes all of it back."""
        if self.connection.in_transaction:
            yield self.connection
            return
        self.connection.execute("BEGIN IMMEDIATE")
        try:
            yield self.connection
        except BaseException:
            self.connection.execute("ROLLBACK")
            raise
        self.connection.execute("COMMIT")

    def rows(self, query: str, *values: object) -> list[Any]:
        return self.connection.execute(query, values).fetchall()

    def value(self, query: str, *values: object) -> Any:
        """Return the first column of the first row, None where there is none."""
        row = self.connection.execute(query, values).fetchone()
        return row[0] if row else None

    def note(self, key: str) -> str:
        """Return a remembered word, empty where nothing is remembered under that key."""
        return str(self.value("SELECT value FROM meta WHERE key = ?", key) or "")

    def remember(self, key: str, value: str) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def in_list(self, query: str, values: list[Any]) -> Iterator[Any]:
        """Run a query that ends in ``IN (SELECT value FROM json_each(?))`` over any number of values."""
        yield from self.connection.execute(query, (json.dumps(values),))


def _copy(path: Path, target: sqlite3.Connection) -> None:
    look(path, lambda source: source.backup(target))


def look(path: Path, read: Callable[[sqlite3.Connection], T]) -> T:
    """Return what ``read`` finds in the ledger at ``path``, without a trace: no lock, no file, no time
    stamp is left by it. Raises ``sqlite3.DatabaseError`` where it cannot be read."""
    log = path.with_name(f"{path.name}-wal")
    while True:
        # Without a log nobody has the ledger open: told so, SQLite leaves no files of its own behind.
        alone = not log.exists()
        source = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro{'&immutable=1' if alone else ''}", uri=True)
        try:
            found = read(source)
        finally:
            source.close()
        if not (alone and log.exists()):
            return found


def moment(seconds: int | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def seconds(at: datetime) -> int:
    """Return whole epoch seconds; calendars know no fractions (RFC 5545 §3.3.5)."""
    return int(at.timestamp())
