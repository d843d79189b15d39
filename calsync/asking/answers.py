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
from calsync.errors import UsageError
from calsync.ids import reminder_id
from calsync.ledger import promises, who
from calsync.ledger.ledger import Ledger
from calsync.model import OPEN, FollowUp, State
from calsync.night.desk import Desk
from calsync.night.hearing import hear
from calsync.night.publish import publish
from calsync.night.reading import judged_of, keep_judgements
from calsync.people.newcomers import waiting
from calsync.report import Report
from calsync.sync import desk_of, replan

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
    also = (State.MISSED, State.WAITING, State.HELD) if state is State.DISMISSED else (State.MISSED, State.WAITING)
    entries = chosen(desk, text, also=also)
    with desk.ledger.atomic():
        rows = [replace(entry.followup, state=state, cause=cause) for entry in entries]
        promises.promise(desk.ledger, rows, desk.now)
    return entries


def snooze(desk: Desk, text: str, when: str) -> tuple[list[Entry], datetime]:
    """Move a reminder to a time of the user's. One person of several gets a reminder of their own."""
    entries = chosen(desk, text)
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
    return entries, start


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
    many these are."""
    rows = held(desk, person.person)
    records = desk.seen.of_people(desk.circle.identities.addresses(person.person))
    meetings = desk.meetings(records, desk.since, desk.until + timedelta(days=1))
    kept = waiting(person.person, meetings, desk.night())
    with desk.ledger.atomic():
        who.accept_meetings(desk.ledger, {row.uid for row in rows} | {meeting.uid for meeting in kept})
        who.say(desk.ledger, person.person, "accepted", "yes", desk.now)
    return len({row.meeting for row in rows} | {meeting.key for meeting in kept})


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
            replan(desk, report, start=False)
            publish(config, ledger, now, report, ears)
    return report
