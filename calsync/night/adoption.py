"""Reminders that stand in a calendar though the ledger knows none of them: it was lost.

The user sees no ledger, only a calendar in which things have their place. So what stands
there is taken over as it stands, with its id, its time and its tick; anything else would
move or double what somebody already planned around.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from itertools import product

from calsync.arrange import Arranged
from calsync.config import IcsOutput
from calsync.ids import followup_id, reminder_id
from calsync.ledger import promises
from calsync.ledger.ledger import seconds
from calsync.model import EVERY, OPEN, Channel, FollowUp, Slot, State, of_cadence
from calsync.night.desk import Desk
from calsync.night.hearing import Ears
from calsync.outputs.base import Mark
from calsync.report import Report

_ROUNDS, _TURNS = 8, 16
"""How often a meeting moved, and a reminder returned, for its id to be known again."""

_TOUCHES = 64
"""How many touches a cadence had, for the next one to be known again."""


def marks_of(desk: Desk, ears: Ears) -> list[Mark]:
    """Reminders that stand in outputs though the ledger knows none: it was lost. Where a calendar and
    a feed differ, the calendar is right: only there can the user have moved or ticked one."""
    if desk.ledger.note("last sync") or desk.ledger.value("SELECT 1 FROM reminder"):
        return []
    found: dict[str, Mark] = {}
    for output in desk.config.outputs:
        for mark in _in_calendar(ears, output.name, desk.now):
            found.setdefault(mark.id, mark)
    for mark in _in_feeds(desk):
        found.setdefault(mark.id, mark)
    return list(found.values())


def _in_calendar(ears: Ears, output: str, now: datetime) -> Iterator[Mark]:
    for id_, stands in sorted(ears.found(output).items()):
        if (content := stands.content) is not None:
            at = stands.modified or now
            times = (content.start, content.end, stands.sequence, at, at)
            yield Mark(id_, stands.rule, stands.meeting, *times, content.title, content.done)


def _in_feeds(desk: Desk) -> Iterator[Mark]:
    from calsync.outputs.feed import read_marks

    for output in desk.config.outputs:
        if isinstance(output, IcsOutput) and output.path.exists():
            yield from read_marks(output.path)


def remember_marks(desk: Desk, arranged: Arranged, ears: Ears) -> None:
    """Take over the stamps of the reminders found in each output; what has other words by now gets
    new ones."""
    from calsync.night.publish import content_digest, feed_of
    from calsync.outputs.feed import read_marks

    kept = {slot.id for slot in arranged.slots}
    shown = {r.id: r for r in promises.reminders(desk.ledger, desk.now.replace(year=1970), desk.horizon)}
    for output in desk.config.outputs:
        marks = read_marks(output.path) if isinstance(output, IcsOutput) else _in_calendar(ears, output.name, desk.now)
        found = {
            mark.id: replace(shown[mark.id], sequence=mark.sequence, stamped=mark.stamped, modified=mark.modified)
            for mark in marks
            if mark.id in kept and mark.id in shown
        }
        same = feed_of(output).standing(list(found.values())) if isinstance(output, IcsOutput) else ()
        for id_, each in found.items():
            assert each.stamped is not None
            assert each.modified is not None
            stamps = (each.sequence, seconds(each.stamped), seconds(each.modified))
            desk.ledger.connection.execute(
                "INSERT OR REPLACE INTO mark VALUES (?, ?, ?, ?, ?, ?)",
                (output.name, id_, content_digest(each, output) if id_ in same else "", *stamps),
            )


def as_they_stand(arranged: Arranged, marks: Sequence[Mark], now: datetime, zone: tzinfo) -> Arranged:
    """Give planned follow-ups the ids, places and answers of the reminders found in the outputs."""
    by_id = {mark.id: mark for mark in marks}
    by_place = {(m.meeting, *m.rule.split("/")[1:]): m for m in marks if m.meeting and not _is_of_cadence(m)}
    apart = {own.id for row in arranged.followups if (own := _own(row, by_id, row.address)) is not None}
    slots: dict[str, Slot] = {}
    rows: list[FollowUp] = []
    for row in arranged.followups:
        slot = _own(row, by_id, row.address) or _own(row, by_id, "")
        place = by_place.get((row.meeting, row.rule, row.step))
        if slot is None and place is not None and place.id not in apart:
            slot = _slot(row, place, row.round, 0, "")
        if slot is not None and (row.state in OPEN or row.state is State.MISSED or by_id[slot.id].done):
            day = slot.start.astimezone(zone).date()
            # A time after the window can only be the user's.
            slots[slot.id] = replace(slot, moved=(bool(slot.alone) and not of_cadence(row)) or day > row.last_day)
            row = _adopted(row, slot, by_id[slot.id], now)
            if row.state in OPEN:
                row = replace(row, last_day=max(row.last_day, day))
        rows.append(row)
    carried = {row.reminder for row in rows}
    slots = {slot.id: slot for slot in arranged.slots if slot.id in carried} | slots
    return Arranged(tuple(rows), tuple(slots.values()), arranged.notes)


def tell_of_adopted(report: Report, marks: Sequence[Mark]) -> None:
    """Tell of the reminders that were taken over as what they are: not new, they stood there before."""
    found = {mark.id for mark in marks}
    adopted = [each for each in report.differences if each.kind == "create" and each.reminder in found]
    report.differences = [each for each in report.differences if each not in adopted]
    if adopted:
        what = "1 reminder stood" if len(adopted) == 1 else f"{len(adopted)} reminders stood"
        report.notes.append(f"the ledger is new; {what} in the outputs already and stay as they are")


def without_tier(desk: Desk, arranged: Arranged) -> str:
    """Say which reminders leave the feeds: a tier stands in the ledger alone, and was lost with it."""
    carried = {row.reminder for row in arranged.followups}
    lost = {mark.id for mark in _in_feeds(desk) if _is_of_cadence(mark) and not mark.done and mark.id not in carried}
    number = len(lost)
    if not number:
        return ""
    what = "1 reminder to keep in touch leaves" if number == 1 else f"{number} reminders to keep in touch leave"
    return f"{what} the feed, because the tiers were lost with the ledger: give them again with calsync people import"


def _is_of_cadence(mark: Mark) -> bool:
    return mark.rule.endswith(f"/{EVERY}")


def _own(row: FollowUp, marks: Mapping[str, Mark], alone: str) -> Slot | None:
    """Find the latest reminder of a follow-up by its id, which tells round and turn."""
    rounds, meeting = (_TOUCHES, "") if of_cadence(row) else (_ROUNDS, row.meeting)
    for round_, turn in product(reversed(range(rounds)), reversed(range(_TURNS))):
        id_ = reminder_id(meeting, row.rule, row.step, round_, turn, alone)
        if id_ in marks:
            return _slot(row, marks[id_], round_, turn, alone)
    return None


def _slot(row: FollowUp, mark: Mark, round_: int, turn: int, alone: str) -> Slot:
    whose = (row.meeting, row.rule, row.step, round_, turn, alone)
    return Slot(mark.id, *whose, mark.start, mark.end, Channel(row.channel), row.timing)


def _adopted(row: FollowUp, slot: Slot, mark: Mark, now: datetime) -> FollowUp:
    meeting = "" if of_cadence(row) else row.meeting
    id_ = followup_id(row.address, meeting, row.rule, row.step, slot.round)
    row = replace(row, id=id_, round=slot.round, reminder=slot.id)
    if mark.done:
        return replace(row, state=State.DONE, cause="it was found ticked off")
    if row.state is State.MISSED and mark.start > now:
        return replace(row, state=State.WRITTEN, cause="it was found where it stands")
    return row
