"""What was promised: follow-ups, the reminders that carry them, and how they changed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from calsync.ledger.ledger import Ledger, moment, seconds
from calsync.model import Channel, FollowUp, Reminder, Slot, State

if TYPE_CHECKING:
    from calsync.rules.match import Facts

_FOLLOWUP = (
    "id, address, name, meeting, uid, meeting_title, meeting_start, meeting_end, source, pack, rule, step,"
    " round, state, cause, last_day, reminder, timing, channel"
)
_SLOT = "id, meeting, rule, step, round, turn, alone, starts, ends, channel, timing, moved, removed"


def _at(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


# Rows are values and so is what they tell: most are read again and again as they were.
@lru_cache(maxsize=8192)
def _followup(row: tuple[Any, ...]) -> FollowUp:
    values = dict(zip(_FOLLOWUP.split(", "), row, strict=True))
    values["meeting_start"], values["meeting_end"] = _at(values["meeting_start"]), _at(values["meeting_end"])
    values["state"], values["last_day"] = State(values["state"]), date.fromisoformat(values["last_day"])
    return FollowUp(**values)


@lru_cache(maxsize=8192)
def _slot(row: tuple[Any, ...]) -> Slot:
    id_, meeting, rule, step, round_, turn, alone, starts, ends, channel, timing, moved, removed = row
    return Slot(
        *(id_, meeting, rule, step, round_, turn, alone),
        start=_at(starts),
        end=_at(ends),
        channel=Channel(channel),
        timing=timing,
        moved=bool(moved),
        removed=moment(removed),
    )


def followups(ledger: Ledger, where: str = "1", *values: object) -> list[FollowUp]:
    """Return the follow-ups for which an SQL condition holds."""
    return [_followup(row) for row in ledger.rows(f"SELECT {_FOLLOWUP} FROM followup WHERE {where}", *values)]


def followups_of_meetings(ledger: Ledger, meetings: Iterable[str]) -> list[FollowUp]:
    query = f"SELECT {_FOLLOWUP} FROM followup WHERE meeting IN (SELECT value FROM json_each(?))"
    return [_followup(row) for row in ledger.in_list(query, sorted(set(meetings)))]


def standing(ledger: Ledger, addresses: Iterable[str]) -> list[Any]:
    """Return of all follow-ups of these addresses what changes when they or their reminders do, the
    address first."""
    query = (
        "SELECT f.address, f.id, f.state, f.last_day, f.timing, f.pack, f.meeting_title, r.id, r.starts, r.moved,"
        " r.removed FROM followup f LEFT JOIN reminder r ON r.id = f.reminder"
        " WHERE f.address IN (SELECT value FROM json_each(?))"
    )
    return ledger.rows(query, json.dumps(sorted(addresses)))


def slots(ledger: Ledger, where: str = "1", *values: object) -> list[Slot]:
    """Return the reminders' places for which an SQL condition holds."""
    return [_slot(row) for row in ledger.rows(f"SELECT {_SLOT} FROM reminder WHERE {where}", *values)]


def promise(ledger: Ledger, changed: Iterable[FollowUp], at: datetime) -> None:
    """Write follow-ups, and keep each change of state with its time and cause."""
    for followup in changed:
        before = ledger.rows("SELECT state, cause FROM followup WHERE id = ?", followup.id)
        if not before or before[0][0] != followup.state:
            ledger.connection.execute(
                "INSERT INTO change VALUES (?, ?, ?, ?)",
                (followup.id, seconds(at), followup.state, followup.cause),
            )
        values = {name: getattr(followup, name) for name in _FOLLOWUP.split(", ")} | {
            "meeting_start": seconds(followup.meeting_start),
            "meeting_end": seconds(followup.meeting_end),
            "state": followup.state.value,
            "last_day": followup.last_day.isoformat(),
        }
        ledger.connection.execute(
            f"INSERT OR REPLACE INTO followup ({_FOLLOWUP}) VALUES ({', '.join('?' * len(values))})",
            tuple(values.values()),
        )


def put_slots(ledger: Ledger, changed: Iterable[Slot]) -> None:
    """Write places; what a reminder says stays."""
    names = _SLOT.split(", ")
    updates = ", ".join(f"{name} = excluded.{name}" for name in names[1:])
    for slot in changed:
        values = (
            *(slot.id, slot.meeting, slot.rule, slot.step, slot.round, slot.turn, slot.alone),
            *(seconds(slot.start), seconds(slot.end), slot.channel.value, slot.timing, int(slot.moved)),
            seconds(slot.removed) if slot.removed else None,
        )
        ledger.connection.execute(
            f"INSERT INTO reminder ({_SLOT}) VALUES ({', '.join('?' * len(names))})"
            f" ON CONFLICT (id) DO UPDATE SET {updates}",
            values,
        )


def history(ledger: Ledger, followup: str) -> list[tuple[datetime, State, str]]:
    """Return all changes of a follow-up: when, to which state, and why."""
    query = "SELECT at, state, cause FROM change WHERE followup = ? ORDER BY rowid"
    return [(_at(at), State(state), cause) for at, state, cause in ledger.rows(query, followup)]


def answered_at(ledger: Ledger, followups: Iterable[str]) -> dict[str, datetime]:
    """Return when follow-ups were last done or dismissed, by id."""
    query = (
        "SELECT followup, max(at) FROM change WHERE state IN ('done', 'dismissed')"
        " AND followup IN (SELECT value FROM json_each(?)) GROUP BY followup"
    )
    return {id_: _at(at) for id_, at in ledger.rows(query, json.dumps(sorted(followups)))}


def facts(ledger: Ledger, meetings: Iterable[str]) -> dict[tuple[str, str], Facts]:
    """Return what rules saw of meetings, by (canonical address, meeting key)."""
    from calsync.rules.match import Facts

    query = "SELECT address, meeting, facts FROM facts WHERE meeting IN (SELECT value FROM json_each(?))"
    found: dict[tuple[str, str], Facts] = {}
    for address, meeting, text in ledger.in_list(query, sorted(set(meetings))):
        values = json.loads(text)
        values["duration"] = timedelta(seconds=values["duration"])
        values["tags"], values["domains"] = tuple(values["tags"]), tuple(values["domains"])
        found[address, meeting] = Facts(**values)
    return found


def put_facts(ledger: Ledger, address: str, meeting: str, seen: Facts) -> None:
    values = asdict(seen) | {"duration": seen.duration.total_seconds()}
    ledger.connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", (address, meeting, json.dumps(values)))


def put_words(ledger: Ledger, reminder: Reminder, inputs: str, pack: str) -> None:
    """Write what a reminder says; ``inputs`` is the digest of all that decided it."""
    ledger.connection.execute(
        "UPDATE reminder SET inputs = ?, title = ?, description = ?, names = ?, words = ?, pack = ?, url = ?,"
        " done = ? WHERE id = ?",
        (
            *(inputs, reminder.title, reminder.description, json.dumps(reminder.names), reminder.step),
            *(pack, reminder.url, int(reminder.done), reminder.id),
        ),
    )


def offers(ledger: Ledger, reminders: Iterable[str]) -> dict[str, str]:
    """Return what was written down of the times that reminders propose, by their ids."""
    query = "SELECT id, offer FROM reminder WHERE offer != '' AND id IN (SELECT value FROM json_each(?))"
    return dict(ledger.in_list(query, sorted(set(reminders))))


def put_offer(ledger: Ledger, reminder: str, offer: str) -> None:
    ledger.connection.execute("UPDATE reminder SET offer = ? WHERE id = ?", (offer, reminder))


def reminders(ledger: Ledger, since: datetime, until: datetime) -> list[Reminder]:
    """Return the reminders that belong into outputs: starting between two moments, not removed,
    and said something by a sync."""
    rows = ledger.rows(
        "SELECT id, starts, ends, title, description, names, words, pack, rule, step, meeting, url, done"
        " FROM reminder WHERE removed IS NULL AND title != '' AND starts >= ? AND starts <= ?"
        " ORDER BY starts, id",
        seconds(since),
        seconds(until),
    )
    return [
        Reminder(
            id=row[0],
            start=_at(row[1]),
            end=_at(row[2]),
            title=row[3],
            description=row[4],
            names=tuple(json.loads(row[5])),
            step=row[6],
            rule=f"{row[7]}/{row[8]}/{row[9]}",
            meeting=row[10],
            url=row[11],
            done=bool(row[12]),
        )
        for row in rows
    ]


def stamped(ledger: Ledger, output: str, shown: Sequence[Reminder], digest_of: Any, now: datetime) -> list[Reminder]:
    """Give each reminder its stamps for one output, and promise them.

    SEQUENCE, DTSTAMP and LAST-MODIFIED change only when the content does (RFC 5545 §3.8.7).
    """
    marks = {
        row[0]: row[1:]
        for row in ledger.rows(
            "SELECT reminder, digest, sequence, stamped, modified FROM mark WHERE output = ?", output
        )
    }
    result: list[Reminder] = []
    at = seconds(now)
    for reminder in shown:
        digest = digest_of(reminder)
        mark = marks.get(reminder.id)
        if mark is None or mark[0] != digest:
            sequence = 0 if mark is None else mark[1] + 1
            mark = (digest, sequence, at, at)
            ledger.connection.execute(
                "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?)", (output, reminder.id, *mark)
            )
        result.append(replace(reminder, sequence=mark[1], stamped=_at(mark[2]), modified=_at(mark[3])))
    return result


def hide_title(ledger: Ledger, uid: str, recurrence_id: str, instead: str) -> None:
    """Take the title, place and address of a meeting that turned private out of all that was promised.

    What is still to be told is told anew with the next plan.
    """
    key = f"{uid}/{recurrence_id}" if recurrence_id else uid
    rows = ledger.rows(
        "SELECT DISTINCT meeting, meeting_title FROM followup WHERE meeting_title != ? AND"
        " (meeting = ? OR (uid = ? AND ?))",
        instead,
        key,
        uid,
        not recurrence_id,
    )
    for meeting, title in rows:
        ledger.connection.execute("UPDATE followup SET meeting_title = ? WHERE meeting = ?", (instead, meeting))
        ledger.connection.execute(
            "UPDATE reminder SET title = CASE WHEN ?1 = '' THEN title ELSE replace(title, ?1, ?2) END,"
            " description = '', url = '', inputs = '' WHERE meeting = ?3",
            (title, instead, meeting),
        )
