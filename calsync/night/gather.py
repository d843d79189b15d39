"""What the plan of a night needs, gathered from the ledger.

Only people whose standing is open are looked at, each with all their meetings; everybody
else is an old acquaintance, for whom nothing can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from calsync.ledger import promises
from calsync.ledger.ledger import Ledger, seconds
from calsync.ledger.seen import addresses_in_question, known_before
from calsync.model import FollowUp, Slot
from calsync.night.desk import Desk, wants_again
from calsync.outputs.base import Mark
from calsync.situation import Situation


@dataclass(frozen=True)
class Gathered:
    """The plan's situation, and what the rest of the night needs besides."""

    situation: Situation
    slots: tuple[Slot, ...]
    zones: Mapping[str, tuple[tzinfo, str]]


def gather(desk: Desk, marks: Sequence[Mark] = ()) -> Gathered:
    """Lay out a night. ``marks`` are reminders found in outputs after the ledger was lost."""
    ledger, config, now = desk.ledger, desk.config, desk.now
    today = now.astimezone(desk.zone).date()
    rows = promises.followups(
        ledger,
        "state NOT IN ('done', 'dismissed', 'missed', 'met', 'withdrawn')"
        " OR (state IN ('met', 'withdrawn') AND last_day >= ?)",
        today.isoformat(),
    )
    adopted = _adopted(desk, marks)
    people = _people_in_question(desk, rows) | {person for person, _ in adopted}
    addresses = {a for person in people for a in desk.circle.identities.addresses(person)}
    own_rows = _rows_of(ledger, addresses)
    everything = {row.id: row for row in (*rows, *own_rows)}
    earliest = min([desk.since, *(row.meeting_start for row in rows)]) - timedelta(days=2)
    latest = max(desk.horizon, desk.until) + timedelta(days=1)

    records = desk.seen.of_people(addresses)
    records |= desk.seen.of_uids({row.uid for row in everything.values()} - records.keys())
    meetings = desk.meetings(records, earliest, latest)
    night = desk.night(desk.started(everything.values()) | adopted)
    views = desk.views(people, meetings, night)

    keys = {candidate.meeting.key for seen in views.values() for candidate in seen.candidates}
    keys |= {row.meeting for row in everything.values()}
    promised = {row.id: row for row in promises.followups_of_meetings(ledger, keys)}
    slots = _slots(ledger, keys, now)
    by_id = {slot.id: slot for slot in slots}
    zones = desk.zones(views)
    situation = Situation(
        night=night,
        zone=desk.zone,
        mine=desk.mine,
        packs=desk.packs,
        circle=desk.circle,
        views=views,
        promised=sorted(promised.values(), key=lambda row: row.id),
        facts={
            (desk.person(address), meeting): facts for (address, meeting), facts in promises.facts(ledger, keys).items()
        },
        meetings={meeting.key: meeting for meeting in meetings},
        horizon=desk.horizon,
        last_sync=desk.last_sync(),
        touches=config.limits.touches,
        hide_title=config.people.private_events == "hide-title",
        stopped=desk.people_with("stopped"),
        places={slot.id: slot.start for slot in slots},
        moved_to=_moved(by_id.values(), desk.zone),
    )
    return Gathered(situation, slots, zones)


def _people_in_question(desk: Desk, rows: Iterable[FollowUp]) -> set[str]:
    since = desk.since - timedelta(days=1)
    people = {desk.person(row.address) for row in rows}
    again = wants_again(desk.packs)
    found = addresses_in_question(desk.ledger, since, desk.until, known_too=again)
    for person in {desk.circle.identities.of(address) for address in found}:
        linked = desk.circle.identities.addresses(person)
        if again or len(linked) == 1 or not known_before(desk.ledger, linked, since):
            people.add(person)
    return people


def _rows_of(ledger: Ledger, addresses: Iterable[str]) -> list[FollowUp]:
    import json

    return promises.followups(ledger, "address IN (SELECT value FROM json_each(?))", json.dumps(sorted(addresses)))


def _slots(ledger: Ledger, keys: Iterable[str], now: datetime) -> tuple[Slot, ...]:
    """Return the reminders that count in caps from this week on, and all of these meetings."""
    import json

    return tuple(
        promises.slots(
            ledger,
            "(removed IS NULL AND starts >= ?) OR meeting IN (SELECT value FROM json_each(?))",
            seconds(now - timedelta(days=8)),
            json.dumps(sorted(keys)),
        )
    )


def _moved(slots: Iterable[Slot], zone: tzinfo) -> dict[str, date]:
    return {slot.id: slot.start.astimezone(zone).date() for slot in slots if slot.moved}


def _adopted(desk: Desk, marks: Sequence[Mark]) -> set[tuple[str, str]]:
    """Who counts in the meetings of reminders that were found in outputs, by (person, meeting)."""
    keys = {mark.meeting for mark in marks if mark.meeting}
    if not keys:
        return set()
    records = desk.seen.of_uids(keys | {key.rpartition("/")[0] for key in keys})
    since = min(mark.start for mark in marks) - timedelta(days=366)
    return {
        (part.person, meeting.key)
        for meeting in desk.meetings(records, since, desk.horizon)
        if meeting.key in keys
        for part in meeting.judgement.parts
        if part.counts
    }
