"""Which events may be one meeting under two UIDs.

Two calendars that hold the same meeting do not always call it the same. Whoever looks at one
of them alone would see another meeting than who looks at both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from calsync.simulate.recall import Remembered


def doubles(by_uid: Mapping[str, Sequence[Remembered]]) -> dict[str, set[str]]:
    """Return for each UID the others that another source may use for meetings of its own: same title
    and organizer, somebody in common, and the same time or a series among them."""
    alike: dict[tuple[str, str], set[str]] = {}
    for uid, events in by_uid.items():
        for each in events:
            host = each.event.organizer.address if each.event.organizer else ""
            alike.setdefault((each.event.title, host), set()).add(uid)
    found: dict[str, set[str]] = {}
    for uids in alike.values():
        if len(uids) < 2 or len({each.place for uid in uids for each in by_uid[uid]}) < 2:
            continue
        times: dict[object, set[str]] = {}
        loose: set[str] = set()
        for uid in uids:
            events = by_uid[uid]
            if len(events) > 1 or events[0].event.recurrence is not None:
                loose.add(uid)
            else:
                times.setdefault((events[0].event.start, events[0].event.end), set()).add(uid)
        for uid in uids:
            first = by_uid[uid][0].event
            near = uids if uid in loose else times[first.start, first.end] | loose
            for other in near - {uid}:
                if _could_be_one(by_uid[uid], by_uid[other]):
                    found.setdefault(uid, set()).add(other)
    return found


def _could_be_one(some: Sequence[Remembered], others: Sequence[Remembered]) -> bool:
    if {each.place for each in some} == {each.place for each in others} and len({each.place for each in some}) == 1:
        return False
    people = {person for each in some for person in each.people}
    return any(person in people for each in others for person in each.people)
