"""What is known of the reminders in calendars that the user can edit too."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from calsync.ledger.ledger import Ledger, seconds
from calsync.will import Content, Written

_COLUMNS = "etag, content, trying, removing, touched"


def written(ledger: Ledger, output: str) -> dict[str, Written]:
    """What is known of one output's reminders, by id."""
    rows = ledger.rows(f"SELECT reminder, {_COLUMNS} FROM written WHERE output = ?", output)
    return {
        id_: Written(etag, _content(content), _content(trying), bool(removing), bool(touched))
        for id_, etag, content, trying, removing, touched in rows
    }


def put_written(ledger: Ledger, output: str, id_: str, known: Written) -> None:
    ledger.connection.execute(
        "INSERT OR REPLACE INTO written VALUES (?, ?, ?, ?, ?, ?, ?)",
        (output, id_, known.etag, _text(known.content), _text(known.trying), int(known.removing), int(known.touched)),
    )


def forget_written(ledger: Ledger, output: str) -> None:
    """Know nothing of an output any more: its calendar is made anew."""
    ledger.connection.execute("DELETE FROM written WHERE output = ?", (output,))


def _text(content: Content | None) -> str:
    if content is None:
        return ""
    return json.dumps((seconds(content.start), seconds(content.end), *content[2:]), ensure_ascii=False)


def _content(text: str) -> Content | None:
    if not text:
        return None
    start, end, title, description, done = json.loads(text)
    return Content(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), title, description, done)
