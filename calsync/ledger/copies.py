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
    """Know nothing of an output any more, nor which calendar is its own: it is written anew, with what
    the user deleted there."""
    _forget(ledger, output)
    ledger.remember(f"reset {output}", "1")


def points_elsewhere(ledger: Ledger, output: str, target: str) -> bool:
    """Note to which calendar an output writes; whether it was another one before. Then nothing is
    known of this one: what is missing in it was not deleted by anybody."""
    key = f"target {output}"
    before = ledger.note(key)
    if before != target:
        ledger.remember(key, target)
    if not before or before == target:
        return False
    _forget(ledger, output)
    return True


def _forget(ledger: Ledger, output: str) -> None:
    ledger.connection.execute("DELETE FROM written WHERE output = ?", (output,))
    remember_calendar(ledger, output, "")


def was_reset(ledger: Ledger, output: str) -> bool:
    """Whether an output is to be written anew, since it was last written whole."""
    return bool(ledger.note(f"reset {output}"))


def written_whole(ledger: Ledger, output: str) -> None:
    """An output holds all that it should."""
    if was_reset(ledger, output):
        ledger.remember(f"reset {output}", "")


def own_calendar(ledger: Ledger, output: str) -> str:
    """The id of the calendar that calsync made for an output; empty where none is known."""
    return ledger.note(f"calendar {output}")


def remember_calendar(ledger: Ledger, output: str, id_: str) -> None:
    ledger.remember(f"calendar {output}", id_)


def _text(content: Content | None) -> str:
    if content is None:
        return ""
    return json.dumps((seconds(content.start), seconds(content.end), *content[2:]), ensure_ascii=False)


def _content(text: str) -> Content | None:
    if not text:
        return None
    start, end, title, description, done = json.loads(text)
    return Content(datetime.fromtimestamp(start, UTC), datetime.fromtimestamp(end, UTC), title, description, done)
