"""What was over stays over, though the calendar tells it otherwise afterwards.

People edit a series as a whole: they move its start forward, turn a first meeting into a
series, take an occurrence or a guest out. The calendar then no longer says whom they met
last year. So the old form of such an event stays in the ledger beside the new one, and
speaks of nothing but what was over when it was last seen.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime

from calsync.ledger.codec import Codec
from calsync.ledger.ledger import Ledger
from calsync.model import Event, Occurrence
from calsync.people.judging import Judgement, Verdict
from calsync.timing.recurrence import occurrences

PAST = b""
"""The digest of an old form: no reading can show it again."""

# Two forms of a series are compared over so many occurrences.
_COMPARED = 3_000


def over(event: Event, until: datetime) -> list[Occurrence]:
    """Return the occurrences of an event, edited ones apart, that ended by ``until``."""
    return [each for each in occurrences(event, (), event.start, until, _COMPARED) if each.end <= until]


def loses(old: Event, new: Event, edited: Collection[str], until: datetime, *, people: bool) -> bool:
    """Whether something that was over by ``until`` is missing from an event's new form.

    ``edited`` are the occurrences that stand as events of their own; ``people`` says that somebody
    who counted is named no more. A single meeting that moved to a time to come was not held.
    """
    if old.recurrence is None and new.recurrence is None:
        return people and new.end <= until
    same_times = (old.start, old.end, old.zone, old.recurrence) == (new.start, new.end, new.zone, new.recurrence)
    if same_times and not people:
        return False
    before = over(old, until)
    if old.recurrence is None:
        return bool({each.start for each in before} & {each.start for each in over(new, until)})
    kept = {each.recurrence_id for each in over(new, until)}
    return bool(before) and (people or bool({each.recurrence_id for each in before} - kept - set(edited)))


def covers(older: Event, old: Event, until: datetime) -> bool:
    """Whether a form that is kept already tells all that ``old`` would."""
    if older.recurrence is None or old.recurrence is None or older.recurrence.rules != old.recurrence.rules:
        return False
    if {guest.address for guest in older.attendees} != {guest.address for guest in old.attendees}:
        return False
    told = {each.recurrence_id for each in over(older, until)}
    return all(each.recurrence_id in told for each in over(old, until))


def keeps_past(ledger: Ledger, codec: Codec, id_: int, new: Event, judgement: Judgement, now: int) -> bool:
    """Let row ``id_`` stand as an old form where ``new``, which comes in its place, loses something
    that was over when the source was last read whole. Returns whether it does; else the row is free."""
    if new.recurrence_id or judgement.verdict is Verdict.OUT:
        return False
    query = "SELECT uid, recurrence_id, data, introduces, gone, source FROM event WHERE id = ?"
    ((uid, rid, data, introduces, gone, source),) = ledger.rows(query, id_)
    seen = ledger.value("SELECT read_at FROM source WHERE id = ?", source) or now
    seen = seen if gone is None else min(seen, gone)
    if introduces is None or introduces > seen:
        return False
    until = datetime.fromtimestamp(seen, UTC)
    (old,) = codec.decode([(uid, rid, data)])
    rows = ledger.rows(
        "SELECT uid, recurrence_id, data, id, digest FROM event WHERE source = ? AND uid = ?", source, uid
    )
    counted = ledger.rows(
        "SELECT a.address FROM attendance t JOIN address a ON a.id = t.address WHERE t.event = ? AND t.counts",
        id_,
    )
    named = {part.address for part in judgement.parts}
    people = any(address not in named for (address,) in counted)
    if not loses(old, new, {row[1] for row in rows}, until, people=people):
        return False
    for *row, other, digest in rows:
        if digest == PAST and covers(next(iter(codec.decode([row]))), old, until):
            ledger.connection.execute("UPDATE event SET gone = ?1, ends = ?1 WHERE id = ?2", (seen, other))
            return False
    ledger.connection.execute(
        "UPDATE event SET digest = ?1, gone = ?2, ends = ?2, busy = 0 WHERE id = ?3", (PAST, seen, id_)
    )
    return True
