"""One night of a calendar that the user can edit too: first listen, then write.

Each step is noted before it is taken and confirmed after it, so that wherever the night is cut off,
the next one knows what may have happened. What is heard is the user's last word; nothing is written
over it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import NamedTuple

from calsync.errors import OutputError
from calsync.ledger import promises
from calsync.ledger.copies import put_written, written
from calsync.ledger.ledger import Ledger
from calsync.model import OPEN, FollowUp, Reminder, Slot, State
from calsync.outputs.base import CalendarOutput, Outcome
from calsync.outputs.base import Written as Tally
from calsync.will import Content, Standing, Step, Will, Written, lost_at_once, same, step_for, will_of

ENOUGH = 3
"""So many reminders are refused, and not one was taken: then the calendar takes none."""

REFUSED = "Look at that calendar in its own pages; the next sync tries again."

_HEARD = {Will.DELETED: "deleted", Will.MOVED: "moved", Will.DONE: "ticked off"}


class Heard(NamedTuple):
    """Something that the user did to a reminder in one output, or that it was found there; ``content``
    as it stands now."""

    output: str
    reminder: str
    will: Will
    content: Content | None
    modified: datetime | None


def listen(output: CalendarOutput, ledger: Ledger, allow: int = 0) -> tuple[list[Heard], dict[str, Standing]]:
    """What the user did in an output, and what stands there; both are noted in the ledger, so that
    nothing is heard twice. Use in one transaction with :func:`obey`, so that nothing is lost either.

    Raises OutputError where the calendar cannot be read, or lost all it had at once and that is more
    than the user allows; then nothing is noted.
    """
    known = written(ledger, output.name)
    due = {id_: each for id_, each in known.items() if not each.removing}
    stands = output.standing({id_: each.etag if each.content else "" for id_, each in due.items()})
    alive = [id_ for id_, each in known.items() if each.content is not None and not each.removing]
    if len(alive) > allow and lost_at_once(alive, stands):
        raise OutputError(
            f"all {len(alive)} reminders vanished from it at once, which looks like an accident",
            f"To have them back: calsync outputs reset {output.name}. If you deleted them yourself: "
            f"calsync sync --allow {len(alive)}.",
        )
    heard: list[Heard] = []
    with ledger.atomic():
        for id_ in sorted(known.keys() | stands.keys()):
            before, there = known.get(id_, Written()), stands.get(id_)
            will = will_of(before, there)
            after = _noted(before, there, will)
            if after != before:
                put_written(ledger, output.name, id_, after)
            if will in _HEARD or will is Will.FOUND:
                content = there.content if there is not None else None
                heard.append(Heard(output.name, id_, will, content, there.modified if there else None))
    return heard, stands


def _noted(before: Written, there: Standing | None, will: Will) -> Written:
    if there is None:
        # Heard once, it is gone for good, like what calsync removed itself.
        if will in (Will.DELETED, Will.REMOVED):
            return before._replace(etag="", trying=None, removing=True)
        return before
    touched = before.touched or will in (Will.MOVED, Will.DONE, Will.EDITED, Will.FOUND)
    return Written(there.etag, there.content or before.content, None, False, touched)


def obey(ledger: Ledger, heard: Iterable[Heard], now: datetime) -> None:
    """Carry out what the user did, the latest last: moved is snoozed to there, deleted is dismissed
    for good, ticked off is done. It applies to all people in the reminder. One that was found, and of
    which the ledger knows all the same, is what stands there."""
    last = datetime.max.replace(tzinfo=now.tzinfo)
    for each in sorted(heard, key=lambda each: (each.modified or last, each.output, each.reminder)):
        rows = [row for row in promises.followups(ledger, "reminder = ?", each.reminder) if _may_change(row.state)]
        if each.will is Will.FOUND:
            _take_over(ledger, each, rows, now)
            continue
        where = f"you {_HEARD[each.will]} it in {each.output}"
        with ledger.atomic():
            if each.will is Will.MOVED and each.content is not None:
                slots = promises.slots(ledger, "id = ? AND removed IS NULL", each.reminder)
                moved = [_moved(slot, each.content) for slot in slots]
                promises.put_slots(ledger, moved)
            elif each.will is not Will.MOVED:
                state = State.DONE if each.will is Will.DONE else State.DISMISSED
                promises.promise(ledger, [replace(row, state=state, cause=where) for row in rows], now)
            if each.will is Will.DELETED:
                # Whoever joins the meeting tonight gets a reminder of their own, under another id.
                slots = promises.slots(ledger, "id = ? AND removed IS NULL", each.reminder)
                promises.put_slots(ledger, [replace(slot, removed=now) for slot in slots if slot.start > now])


def _take_over(ledger: Ledger, found: Heard, rows: Sequence[FollowUp], now: datetime) -> None:
    slots = promises.slots(ledger, "id = ? AND removed IS NULL", found.reminder)
    if found.content is None or not slots:
        return
    with ledger.atomic():
        moved = [_moved(slot, found.content) for slot in slots if slot.start != found.content.start]
        promises.put_slots(ledger, moved)
        if found.content.done:
            cause = f"it was ticked off in {found.output}"
            promises.promise(ledger, [replace(row, state=State.DONE, cause=cause) for row in rows], now)


def _moved(slot: Slot, to: Content) -> Slot:
    """A task, and some events, have no length to be told by; then the reminder keeps its own."""
    end = to.end if to.end > to.start else to.start + (slot.end - slot.start)
    return replace(slot, start=to.start, end=end, moved=True)


def _may_change(state: State) -> bool:
    return state in OPEN or state in (State.MISSED, State.WAITING)


def bring(
    output: CalendarOutput,
    ledger: Ledger,
    wanted: Sequence[Reminder],
    stands: Mapping[str, Standing],
    now: datetime,
    carried: Collection[str] = (),
    found: Collection[str] = (),
) -> Tally:
    """Make an output hold ``wanted``, as far as the user's word allows. ``carried`` are reminders to
    which the user did something in another output tonight, ``found`` those that stood in this one
    though nothing was known of them: one that says word for word what calsync would is calsync's again,
    anything else in it is the user's.

    Raises OutputError where nobody knows how a request ended, or where some were refused, once all
    others were brought; what was done until then is noted, and the next night goes on from there.
    """
    known = written(ledger, output.name)
    by_id = {reminder.id: reminder for reminder in wanted}
    counts = dict.fromkeys(("created", "changed", "removed", "unchanged"), 0)
    refused: list[str] = []
    unsure: dict[str, str] = {}
    # What leaves goes first: a reminder under a new id never stands beside its old self.
    for id_ in sorted(by_id.keys() | stands.keys(), key=lambda id_: (id_ in by_id, id_)):
        before, there, reminder = known.get(id_, Written()), stands.get(id_), by_id.get(id_)
        content = output.shown(reminder) if reminder is not None else None
        if id_ in found and content is not None and before.content is not None and same(content, before.content):
            before = before._replace(touched=False)
            _note(ledger, output, id_, before)
        step = step_for(content, before, there, now, carried=id_ in carried)
        if step is Step.LEAVE:
            counts["unchanged"] += reminder is not None and there is not None
            continue
        _note(ledger, output, id_, before._replace(trying=content, removing=step is Step.REMOVE))
        if step is Step.CREATE and reminder is not None:
            outcome, word = output.create(reminder), "created"
        elif step is Step.CHANGE and reminder is not None and there is not None:
            outcome, word = output.change(reminder, there.etag), "changed"
        else:
            assert there is not None
            outcome, word = output.remove(id_, there.etag), "removed"
        counts[word] += outcome.what == "done"
        if content is not None and outcome.what == "changed":
            unsure[id_] = word
        _confirm(ledger, output, id_, before, content, outcome)
        refused += [outcome.why] if outcome.what == "refused" else []
        if len(refused) == ENOUGH and not sum(counts.values()):
            break
    if unsure:
        for id_ in _arrived(output, ledger, [by_id[id_] for id_ in unsure]):
            counts[unsure[id_]] += 1
    if refused:
        number = "one reminder" if len(refused) == 1 else f"{len(refused)} reminders"
        raise OutputError(f"{number} could not be written: {refused[0]}", REFUSED)
    return Tally(**counts)


def _arrived(output: CalendarOutput, ledger: Ledger, unsure: Sequence[Reminder]) -> list[str]:
    """Look again at reminders whose place was taken: a request that was repeated because its first
    answer was lost finds what it wrote itself. To know that tonight leaves the user free to delete it."""
    stands = output.standing({id_: each.etag for id_, each in written(ledger, output.name).items()})
    found: list[str] = []
    for reminder in unsure:
        there = stands.get(reminder.id)
        if there is not None and there.content is not None and same(there.content, output.shown(reminder)):
            _note(ledger, output, reminder.id, Written(there.etag, there.content))
            found.append(reminder.id)
    return found


def _confirm(
    ledger: Ledger, output: CalendarOutput, id_: str, before: Written, content: Content | None, outcome: Outcome
) -> None:
    if outcome.what == "done" and content is not None:
        _note(ledger, output, id_, Written(outcome.etag, content))
    elif outcome.what == "deleted":
        # An earlier request arrived, its answer did not, and then the user deleted what it left there:
        # the next night hears of that, as if its answer had come.
        _note(ledger, output, id_, before._replace(etag="", content=content, trying=None))
    elif content is None and outcome.what in ("done", "gone"):
        # Gone already means as a rule that calsync's first request did it, whose answer was lost.
        _note(ledger, output, id_, before._replace(etag="", trying=None, removing=True))
    else:
        # Somebody was quicker than calsync: the next night hears of it, as of everything else.
        _note(ledger, output, id_, before._replace(trying=content))


def _note(ledger: Ledger, output: CalendarOutput, id_: str, known: Written) -> None:
    with ledger.atomic():
        put_written(ledger, output.name, id_, known)
