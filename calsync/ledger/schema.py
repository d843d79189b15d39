"""The form of the ledger file, as numbered migrations.

Each migration is committed together with its record, so that a crash leaves either the
old form or the new one. A migration of a ledger that holds something is preceded by a
copy of the file. Never edit a migration that was released; add one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from calsync.errors import ConfigError

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

    CREATE TABLE source (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        validator TEXT NOT NULL DEFAULT '',
        context TEXT NOT NULL DEFAULT '',
        read_at INTEGER,           -- last whole reading, epoch seconds
        failed_since INTEGER,      -- first failure since then
        trouble TEXT NOT NULL DEFAULT '',
        remedy TEXT NOT NULL DEFAULT '',
        total INTEGER NOT NULL DEFAULT 0,
        named INTEGER NOT NULL DEFAULT 0
    );
    CREATE TABLE skipped (
        source INTEGER NOT NULL, reason TEXT NOT NULL, number INTEGER NOT NULL, example TEXT NOT NULL,
        PRIMARY KEY (source, reason)
    ) WITHOUT ROWID;

    CREATE TABLE zone (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
    CREATE TABLE address (
        id INTEGER PRIMARY KEY,
        address TEXT NOT NULL UNIQUE,
        canonical TEXT NOT NULL,
        name TEXT NOT NULL DEFAULT '',
        used INTEGER,              -- start of the latest meeting that names it
        known_from INTEGER         -- end of the earliest meeting that makes it known
    );
    CREATE INDEX address_canonical ON address (canonical);
    CREATE INDEX address_known_from ON address (known_from);
    CREATE TABLE event (
        id INTEGER PRIMARY KEY,
        source INTEGER NOT NULL,
        uid TEXT NOT NULL,
        recurrence_id TEXT NOT NULL,
        digest BLOB NOT NULL,
        starts INTEGER NOT NULL,   -- epoch seconds of the first occurrence's start
        ends INTEGER,              -- of the last occurrence's end; NULL for an endless series
        introduces INTEGER,        -- end of the first occurrence that makes people known
        gone INTEGER,              -- missing from its source since
        busy INTEGER NOT NULL,     -- takes up my time
        data TEXT NOT NULL
    );
    CREATE INDEX event_uid ON event (uid);
    CREATE INDEX event_ends ON event (ends);
    CREATE TABLE attendance (
        address INTEGER NOT NULL, event INTEGER NOT NULL, counts INTEGER NOT NULL,
        PRIMARY KEY (address, event)
    ) WITHOUT ROWID;

    CREATE TABLE followup (
        id TEXT PRIMARY KEY,
        address TEXT NOT NULL, name TEXT NOT NULL,
        meeting TEXT NOT NULL, uid TEXT NOT NULL, meeting_title TEXT NOT NULL,
        meeting_start INTEGER NOT NULL, meeting_end INTEGER NOT NULL, source TEXT NOT NULL,
        pack TEXT NOT NULL, rule TEXT NOT NULL, step TEXT NOT NULL, round INTEGER NOT NULL,
        state TEXT NOT NULL, cause TEXT NOT NULL,
        last_day TEXT NOT NULL, reminder TEXT NOT NULL, timing TEXT NOT NULL,
        channel TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX followup_address ON followup (address);
    CREATE INDEX followup_meeting ON followup (meeting);
    CREATE INDEX followup_state ON followup (state);
    CREATE TABLE change (
        followup TEXT NOT NULL, at INTEGER NOT NULL, state TEXT NOT NULL, cause TEXT NOT NULL
    );
    CREATE INDEX change_followup ON change (followup);
    CREATE TABLE facts (
        address TEXT NOT NULL, meeting TEXT NOT NULL, facts TEXT NOT NULL,
        PRIMARY KEY (address, meeting)
    ) WITHOUT ROWID;
    CREATE TABLE reminder (
        id TEXT PRIMARY KEY,
        meeting TEXT NOT NULL, rule TEXT NOT NULL, step TEXT NOT NULL,
        round INTEGER NOT NULL, turn INTEGER NOT NULL, alone TEXT NOT NULL,
        starts INTEGER NOT NULL, ends INTEGER NOT NULL,
        channel TEXT NOT NULL, timing TEXT NOT NULL,
        moved INTEGER NOT NULL, removed INTEGER,
        inputs TEXT NOT NULL DEFAULT '',
        title TEXT NOT NULL DEFAULT '', description TEXT NOT NULL DEFAULT '',
        names TEXT NOT NULL DEFAULT '[]', words TEXT NOT NULL DEFAULT '',
        pack TEXT NOT NULL DEFAULT '', url TEXT NOT NULL DEFAULT '', done INTEGER NOT NULL DEFAULT 0
    ) WITHOUT ROWID;
    CREATE INDEX reminder_starts ON reminder (starts);
    CREATE INDEX reminder_meeting ON reminder (meeting);
    CREATE TABLE mark (
        output TEXT NOT NULL, reminder TEXT NOT NULL, digest TEXT NOT NULL,
        sequence INTEGER NOT NULL, stamped INTEGER NOT NULL, modified INTEGER NOT NULL,
        PRIMARY KEY (output, reminder)
    ) WITHOUT ROWID;
    CREATE TABLE output (
        name TEXT PRIMARY KEY, written_at INTEGER, failed_since INTEGER,
        trouble TEXT NOT NULL DEFAULT '', remedy TEXT NOT NULL DEFAULT ''
    ) WITHOUT ROWID;

    CREATE TABLE link (one TEXT NOT NULL, other TEXT NOT NULL, same INTEGER NOT NULL,
        PRIMARY KEY (one, other)) WITHOUT ROWID;
    CREATE TABLE person (address TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
        PRIMARY KEY (address, key)) WITHOUT ROWID;
    CREATE TABLE accepted (uid TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE run (
        id INTEGER PRIMARY KEY, at INTEGER NOT NULL, exit_code INTEGER NOT NULL, report TEXT NOT NULL
    );
    """,
    # When an event appeared in its source; NULL for those that stood there at the first reading.
    "ALTER TABLE event ADD COLUMN seen INTEGER;",
    # The times that a reminder proposes, and what they rest on; empty where it proposes none.
    "ALTER TABLE reminder ADD COLUMN offer TEXT NOT NULL DEFAULT '';",
    # When the user said it: whom you never met is due from the day on which you gave them a tier.
    "ALTER TABLE person ADD COLUMN said INTEGER; UPDATE person SET said = (SELECT max(at) FROM run);",
    # What is known of each reminder in the calendars that the user can edit too: what stood there for
    # sure, what was on its way, and whether the user changed it.
    """
    CREATE TABLE written (
        output TEXT NOT NULL, reminder TEXT NOT NULL, etag TEXT NOT NULL DEFAULT '',
        content TEXT NOT NULL DEFAULT '', trying TEXT NOT NULL DEFAULT '',
        removing INTEGER NOT NULL DEFAULT 0, touched INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (output, reminder)
    ) WITHOUT ROWID;
    """,
    # Under which address a feed is served; one that was replaced is kept, so that it can be told from a wrong one.
    "CREATE TABLE feed_token (token TEXT PRIMARY KEY, output TEXT NOT NULL, made INTEGER NOT NULL,"
    " retired INTEGER) WITHOUT ROWID;",
)


def migrate(
    connection: sqlite3.Connection, path: Path, migrations: tuple[str, ...] = MIGRATIONS, *, backed_up: bool = True
) -> None:
    """Bring the ledger to the newest form, and keep a copy of the old one unless ``backed_up`` is
    false. Raises :class:`ConfigError` where a newer calsync wrote it, and leaves it as it is."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(migrations):
        raise ConfigError(
            [f"{path}: a newer calsync wrote this ledger (form {version}; this one knows {len(migrations)})"],
            "Install the newer calsync, or restore an older copy of the ledger.",
        )
    if backed_up and 0 < version < len(migrations):
        backup(connection, path.with_name(f"{path.name}.before-{version + 1}"))
    for number in range(version, len(migrations)):
        _migrate_once(connection, number, migrations[number])


def _migrate_once(connection: sqlite3.Connection, number: int, migration: str) -> None:
    # Not executescript: it would commit what came before, and leave a failed one half open.
    connection.execute("BEGIN IMMEDIATE")
    try:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version == number:  # else another process was quicker
            for statement in _statements(migration):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for part in script.split(";"):
        statement += part + ";"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""


def backup(connection: sqlite3.Connection, target: Path) -> None:
    """Copy the whole ledger to ``target``, replacing what is there."""
    target.unlink(missing_ok=True)
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
