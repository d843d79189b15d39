"""What was over stays over, though the calendar tells it otherwise afterwards.

People edit a series as a whole: they move its start forward, turn a first meeting into a
series, take an occurrence or a guest out. The calendar then no longer says whom they met
last year. So the old form of such an event stays in the ledger beside the new one, and
speaks of nothing but what was over when it was last seen.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from calsync.model import Event, Occurrence
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
