"""Whose cadence can be passed over tonight, because nothing that decides it has changed.

Of hundreds of people with a tier a night concerns a handful. For each of the others a trace was
kept of all that was looked at, and the moment until which time alone changes nothing. Who has
the same trace before that moment stands where they stood, and none of their meetings is read.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta

from calsync.ids import digest_id
from calsync.ledger import promises, who
from calsync.ledger.ledger import seconds
from calsync.model import OPEN, FollowUp, Slot, State, of_cadence
from calsync.night.desk import Desk
from calsync.night.ties import chosen
from calsync.rules.channels import FORMS
from calsync.situation import Situation, Tie

_NOTE = "resting cadences"
_FRESH = timedelta(days=7)
"""How long the words of a reminder that is written may go unread."""

_FAR = datetime(9999, 1, 1, tzinfo=UTC)


def resting(desk: Desk, people: Collection[str]) -> set[str]:
    """Return those of ``people`` for whom tonight's plan is what it was."""
    kept = _kept(desk)
    now = seconds(desk.now)
    found = {person for person in people if kept.get(person, ("", 0))[1] > now}
    traces = _traces(desk, found)
    return {person for person in found if kept[person][0] == traces[person]}


def keep_resting(desk: Desk, situation: Situation) -> None:
    """Remember how those stand who were looked at tonight. To be called when all is promised."""
    rows: dict[str, list[FollowUp]] = {person: [] for person in situation.ties}
    busy: set[str] = set(situation.views)
    for row in _rows(desk, situation.ties):
        rows[desk.person(row.address)].append(row)
    slots = {slot.id: slot for slot in _slots(desk, (row for own in rows.values() for row in own))}
    until = {
        person: _until(desk, situation, tie, [row for row in rows[person] if of_cadence(row)], slots)
        for person, tie in situation.ties.items()
        if person not in busy
    }
    ahead = _ahead(desk)
    for address, begins in desk.seen.begins_after(_addresses(desk, until), desk.horizon).items():
        person = desk.person(address)
        until[person] = min(until[person], begins - ahead)
    traces = _traces(desk, [person for person, moment in until.items() if moment > desk.now])
    still = chosen(desk) - situation.ties.keys()
    kept = {person: entry for person, entry in _kept(desk).items() if person in still}
    kept |= {person: (trace, seconds(until[person])) for person, trace in traces.items()}
    text = json.dumps({person: kept[person] for person in sorted(kept)})
    if text != desk.ledger.note(_NOTE):
        desk.ledger.remember(_NOTE, text)


def _kept(desk: Desk) -> dict[str, tuple[str, int]]:
    text = desk.ledger.note(_NOTE)
    return {person: (trace, until) for person, (trace, until) in json.loads(text).items()} if text else {}


def _until(desk: Desk, situation: Situation, tie: Tie, rounds: Iterable[FollowUp], slots: dict[str, Slot]) -> datetime:
    """Until when nothing but what leaves a trace can change how a cadence stands."""
    moments = [_FAR]
    coming = next((meeting for meeting in tie.counting if meeting.end > desk.now), None)
    if coming is not None and coming.start > desk.horizon:
        return desk.now  # any day it is booked
    if coming is not None:
        moments.append(coming.end)
    elif tie.repeats:
        return desk.now  # an occurrence may come into the horizon any day
    for row in rounds:
        slot = slots.get(row.reminder)
        if slot is not None and slot.start > desk.now and FORMS[slot.channel].offering:
            return desk.now  # the times that it proposes are looked at each night
        last_day = max(row.last_day, (situation.moved_to or {}).get(row.reminder, date.min))
        if row.state is State.WRITTEN:
            moments += [_midnight(last_day + timedelta(days=1), desk), desk.now + _FRESH]
        elif row.state is State.WAITING and last_day >= desk.now.astimezone(desk.zone).date():
            moments.append(_midnight(last_day + timedelta(days=1), desk))
        elif row.state in OPEN and slot is not None:
            moments.append(slot.start - _ahead(desk) - timedelta(days=1))
    return min(moments)


def _ahead(desk: Desk) -> timedelta:
    """How long before it begins something may come into the horizon, which is counted on the calendar."""
    return desk.horizon - desk.now + timedelta(days=4)


def _addresses(desk: Desk, people: Iterable[str]) -> list[str]:
    return sorted({address for person in people for address in desk.circle.identities.addresses(person)})


def _midnight(day: date, desk: Desk) -> datetime:
    return datetime.combine(day, time(), tzinfo=desk.zone)


def _traces(desk: Desk, people: Collection[str]) -> dict[str, str]:
    """Return a digest of all that decides the cadence of each of these people, the time apart."""
    if not people:
        return {}
    addresses = {a: person for person in people for a in desk.circle.identities.addresses(person)}
    seen: dict[str, list[object]] = {person: [] for person in people}
    for row in desk.seen.marks_of(addresses):
        seen[addresses[row[0]]].append(row)
    for row in promises.standing(desk.ledger, addresses):
        seen[addresses[row[0]]].append(row)
    whole, said = _whole(desk), desk.said
    return {
        # In whatever order they come: another order only means another look.
        person: digest_id(whole, each, [(a, said.get(a)) for a in desk.circle.identities.addresses(person)])
        for person, each in seen.items()
    }


def _whole(desk: Desk) -> str:
    """A digest of what decides everybody's cadence."""
    config = desk.config
    return digest_id(
        desk.packs, config.me, config.sources, config.people, config.limits, desk.cards,
        sorted(who.accepted_meetings(desk.ledger)), who.links(desk.ledger),
    )  # fmt: skip


def _rows(desk: Desk, people: Iterable[str]) -> list[FollowUp]:
    addresses = json.dumps(_addresses(desk, people))
    return promises.followups(desk.ledger, "address IN (SELECT value FROM json_each(?))", addresses)


def _slots(desk: Desk, rows: Iterable[FollowUp]) -> list[Slot]:
    ids = sorted({row.reminder for row in rows if row.reminder})
    return promises.slots(desk.ledger, "id IN (SELECT value FROM json_each(?))", json.dumps(ids))
