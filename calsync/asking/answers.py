"""The user answers: done, not now, later, never for this person.

An answer is final. It is committed with its time and cause, then the rest of the plan is
worked out again, so that the reminders of everybody else in the meeting follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta

from calsync.asking.agenda import Entry, shown_as_entries
from calsync.asking.finding import Found, by_id, moment_meant, one_person
from calsync.config import Config
from calsync.errors import BusyError, UsageError
from calsync.ids import reminder_id
from calsync.ledger import promises, who
from calsync.ledger.ledger import Ledger
from calsync.model import ANSWERED, OPEN, FollowUp, State, of_cadence
from calsync.night.desk import Desk
from calsync.night.hearing import hear
from calsync.night.publish import publish
from calsync.night.reading import judged_of, keep_judgements
from calsync.people.newcomers import waiting
from calsync.report import Report
from calsync.sync import desk_of, only_run, replan

LATE = (State.MISSED, State.WAITING)
"""States in which a follow-up asks nothing and can be answered all the same."""

REGRET = timedelta(days=1)
"""How long an answer that was given on a page can be taken back."""

_STILL_OPEN = "state IN ('provisional', 'planned', 'written')"


def chosen(desk: Desk, text: str, *, also: Sequence[State] = ()) -> list[Entry]:
    """Return the follow-ups that PERSON or ID means: a person's next open one, or all that an id
    names. Raises UsageError for nobody, several, or nothing open."""
    rows = promises.followups(desk.ledger)
    everything = shown_as_entries(desk.ledger, desk.config, rows, desk.circle.identities)
    named = by_id(everything, text) if "@" not in text or text.endswith("@calsync") else []
    if named:
        fit = [entry for entry in named if entry.state in OPEN or entry.state in also]
        if not fit:
            raise UsageError(f"that follow-up is {named[0].state.value} already: {named[0].title}")
        return fit
    found = one_person(desk.ledger, desk.circle.identities, text)
    today = desk.now.astimezone(desk.zone).date()
    own = [e for e in everything if e.person == found.person and e.state in OPEN and e.followup.last_day >= today]
    if not own:
        raise UsageError(f"{found.called} has no open follow-up", "calsync agenda --all shows all of them.")
    return own[:1]


def finish(desk: Desk, text: str, state: State, cause: str) -> list[Entry]:
    """Mark follow-ups done or dismissed, for good."""
    also = (*LATE, State.HELD) if state is State.DISMISSED else LATE
    entries = chosen(desk, text, also=also)
    mark(desk, entries, state, cause)
    return entries


def mark(desk: Desk, entries: Sequence[Entry], state: State, cause: str) -> None:
    """Give follow-ups the state that the user chose, with its cause."""
    with desk.ledger.atomic():
        rows = [replace(entry.followup, state=state, cause=cause) for entry in entries]
        promises.promise(desk.ledger, rows, desk.now)


def snooze(desk: Desk, text: str, when: str) -> tuple[list[Entry], datetime]:
    """Move a reminder to a time of the user's. One person of several gets a reminder of their own."""
    entries = chosen(desk, text)
    return entries, move(desk, entries, when)


def move(desk: Desk, entries: Sequence[Entry], when: str) -> datetime:
    """Move the reminder of these follow-ups; return its new start. Raises UsageError for what is no time."""
    first = entries[0]
    if first.start is None:
        raise UsageError(f"{first.title} has no time yet")
    start = moment_meant(when, first.start, desk.now)
    slot = promises.slots(desk.ledger, "id = ?", first.followup.reminder)[0]
    mates = promises.followups(desk.ledger, f"reminder = ? AND {_STILL_OPEN}", slot.id)
    moved = replace(slot, start=start, end=start + (slot.end - slot.start), moved=True)
    with desk.ledger.atomic():
        if len(mates) > len(entries):
            alone = first.followup.address
            own_id = reminder_id(slot.meeting, slot.rule, slot.step, slot.round, slot.turn, alone)
            moved = replace(moved, id=own_id, alone=alone)
            rows = [replace(entry.followup, reminder=own_id) for entry in entries]
            promises.promise(desk.ledger, rows, desk.now)
        promises.put_slots(desk.ledger, [moved])
    return start


def of_reminder(config: Config, ledger: Ledger, reminder: str) -> list[Entry]:
    """Return the follow-ups that a reminder speaks of, in whatever state.

    A calendar may show a reminder long after calsync took it out and put it back under another id:
    whichever of them is named, these are the follow-ups of them all.
    """
    rows = promises.followups(
        ledger,
        "reminder IN (SELECT r.id FROM reminder r JOIN reminder n USING (meeting, rule, step, round, alone)"
        " WHERE n.id = ?)",
        reminder,
    )
    return shown_as_entries(ledger, config, rows)


def take_back(desk: Desk, entries: Sequence[Entry]) -> list[Entry]:
    """Undo the answers of the last day: what was done or dismissed stands again as it did before.

    Returns the follow-ups of which that is true. A touch of a cadence stays answered once the next
    one is counted from it.
    """
    taken: list[tuple[Entry, State]] = []
    for entry in entries:
        before = _before(desk, entry)
        if before is not None:
            taken.append((entry, before))
    with desk.ledger.atomic():
        rows = [replace(entry.followup, state=state, cause="you took your answer back") for entry, state in taken]
        promises.promise(desk.ledger, rows, desk.now)
    return [entry for entry, _ in taken]


def can_take_back(entry: Entry, at: datetime | None, now: datetime) -> bool:
    """Whether an answer that was given at a moment may still be undone."""
    return entry.state in ANSWERED and not of_cadence(entry.followup) and at is not None and now - at <= REGRET


def _before(desk: Desk, entry: Entry) -> State | None:
    changes = promises.history(desk.ledger, entry.id)
    if len(changes) < 2 or not can_take_back(entry, changes[-1][0], desk.now):
        return None
    return next((state for _, state, _ in reversed(changes) if state not in ANSWERED), None)


def say(desk: Desk, person: Found | str, key: str, value: str | None) -> None:
    """Keep what the user says of a person, under all of their addresses that are linked."""
    address = person if isinstance(person, str) else person.person
    addresses = desk.circle.identities.addresses(desk.person(address))
    with desk.ledger.atomic():
        if value is None:
            for own in addresses:
                who.say(desk.ledger, own, key, None)
        else:
            who.say(desk.ledger, addresses[0], key, value, desk.now)


def accept(desk: Desk, person: Found) -> int:
    """Let a person in from the inbox, with all meetings held there that they are in; return how
    many these are. One whom the user ignored before is ignored no more.

    Raises UsageError where it is the config that ignores them.
    """
    if desk.circle.standing(person.person).kind == "ignored":
        desk = _no_longer_ignored(desk, person)
    rows = held(desk, person.person)
    records = desk.seen.of_people(desk.circle.identities.addresses(person.person))
    meetings = desk.meetings(records, desk.since, desk.until + timedelta(days=1))
    kept = waiting(person.person, meetings, desk.night())
    with desk.ledger.atomic():
        who.accept_meetings(desk.ledger, {row.uid for row in rows} | {meeting.uid for meeting in kept})
        who.say(desk.ledger, person.person, "accepted", "yes", desk.now)
    return len({row.meeting for row in rows} | {meeting.key for meeting in kept})


def _no_longer_ignored(desk: Desk, person: Found) -> Desk:
    with desk.ledger.atomic():
        for address in desk.circle.identities.addresses(person.person):
            who.say(desk.ledger, address, "ignored", None)
    desk = desk_of(desk.config, desk.ledger, desk.now)
    if desk.circle.standing(person.person).kind == "ignored":
        raise UsageError(f"{person.called} is ignored by people.ignore in the config", "Take them out of that list.")
    keep_judgements(desk.config, desk.ledger, judged_of(desk.config, desk.circle), desk.cards)
    return desk


def held(desk: Desk, person: str | None = None) -> list[FollowUp]:
    """Return the follow-ups in the inbox, of one person or of all."""
    rows = promises.followups(desk.ledger, "state = 'held'")
    return [row for row in rows if person is None or desk.person(row.address) == person]


def carry_out(config: Config, ledger: Ledger, now: datetime) -> Report:
    """Work out the plan again after an answer and bring the outputs up to date. Nobody new starts."""
    report = Report(now)
    desk = desk_of(config, ledger, now, report)
    keep_judgements(config, ledger, judged_of(config, desk.circle), desk.cards)
    if ledger.note("last sync"):
        with ExitStack() as connections:
            ears = hear(config, ledger, now, connections)
            report.notes += ears.notes
            replan(desk, report, start=False)
            publish(config, ledger, now, report, ears)
    return report


def settle(config: Config, ledger: Ledger, now: datetime) -> Report | None:
    """Let the outputs follow an answer. None while a sync is active: the answer is kept, and the outputs
    follow with the next one."""
    try:
        with only_run(config):
            return carry_out(config, ledger, now)
    except BusyError:
        return None
