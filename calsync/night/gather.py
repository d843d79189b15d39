"""What the plan of a night needs, gathered from the ledger.

Only people whose standing is open are looked at, each with all their meetings; everybody
else is an old acquaintance, for whom nothing can change.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import NamedTuple

from calsync.ledger import promises
from calsync.ledger.ledger import Ledger, seconds
from calsync.ledger.seen import addresses_in_question, known_before
from calsync.model import ANSWERED, EVERY, FollowUp, Slot, of_cadence
from calsync.night.desk import Desk, wants_again
from calsync.night.resting import resting
from calsync.night.ties import chosen, ties_of
from calsync.outputs.base import Mark
from calsync.situation import Situation, Tie


class Among(NamedTuple):
    """For whom something can have changed: those in question, and those with a tier."""

    people: Collection[str]
    ties: Collection[str]


@dataclass(frozen=True)
class Gathered:
    """The plan's situation, and what the rest of the night needs besides."""

    situation: Situation
    slots: tuple[Slot, ...]
    zones: Mapping[str, tuple[tzinfo, str]]


def gather(desk: Desk, marks: Sequence[Mark] = (), among: Among | None = None) -> Gathered:
    """Lay out a night. ``marks`` are reminders found in outputs after the ledger was lost; with
    ``among``, for those who know it, nobody else is looked at."""
    ledger, config, now = desk.ledger, desk.config, desk.now
    adopted = _adopted(desk, marks)
    if among is None:
        rows = _live_rows(ledger, now.astimezone(desk.zone).date())
        people = _people_in_question(desk, rows) | {person for person, _ in adopted}
    else:
        rows, people = [], set(among.people)
    addresses = {a for person in people for a in desk.circle.identities.addresses(person)}
    own_rows = [row for row in _rows_of(ledger, addresses) if not of_cadence(row)]
    everything = {row.id: row for row in (*rows, *own_rows)}
    earliest = min([desk.since, *(row.meeting_start for row in everything.values())]) - timedelta(days=2)
    latest = max(desk.horizon, desk.until) + timedelta(days=1)

    records = desk.seen.of_people(addresses)
    records |= desk.seen.of_uids({row.uid for row in everything.values()} - records.keys())
    meetings = desk.meetings(records, earliest, latest)
    night = desk.night(desk.started(everything.values()) | adopted)
    views = desk.views(people, meetings, night)
    tied = chosen(desk)
    asleep = resting(desk, tied - people) if among is None else tied.difference(among.ties)
    ties = ties_of(desk, night, tied - asleep)
    rounds = [row for row in _rounds(desk, ties, asleep) if among is None or desk.person(row.address) in among.ties]

    keys = {candidate.meeting.key for seen in views.values() for candidate in seen.candidates}
    keys |= {row.meeting for row in everything.values()}
    promised = {row.id: row for row in promises.followups_of_meetings(ledger, keys) if not of_cadence(row)}
    promised |= {row.id: row for row in rounds}
    slots = _slots(ledger, keys, rounds, now)
    by_id = {slot.id: slot for slot in slots}
    zones = desk.zones({**ties, **views})
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
        meetings={m.key: m for m in (*(m for tie in ties.values() for m in tie.counting), *meetings)},
        horizon=desk.horizon,
        last_sync=desk.last_sync(),
        touches=config.limits.touches,
        hide_title=config.people.private_events != "use",
        stopped=desk.people_with("stopped"),
        places={slot.id: slot.start for slot in slots},
        moved_to=_moved(by_id.values(), desk.zone),
        ties=ties,
        answered=_answered(desk, rounds),
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


def _live_rows(ledger: Ledger, today: date) -> list[FollowUp]:
    """The follow-ups that may still change, whatever happens to others."""
    return promises.followups(
        ledger,
        "step != ? AND (state NOT IN ('done', 'dismissed', 'missed', 'met', 'withdrawn')"
        " OR (state IN ('met', 'withdrawn') AND last_day >= ?))",
        EVERY,
        today.isoformat(),
    )


def _rows_of(ledger: Ledger, addresses: Iterable[str]) -> list[FollowUp]:
    import json

    return promises.followups(ledger, "address IN (SELECT value FROM json_each(?))", json.dumps(sorted(addresses)))


def _rounds(desk: Desk, ties: Mapping[str, Tie], asleep: Iterable[str]) -> list[FollowUp]:
    """All follow-ups of those with a tier, for what touched them counts; and the cadences that are
    open though nobody asks for them any more."""
    import json

    def addresses(people: Iterable[str]) -> list[str]:
        return sorted({a for person in people for a in desk.circle.identities.addresses(person)})

    return _rows_of(desk.ledger, addresses(ties)) + promises.followups(
        desk.ledger,
        "step = ? AND state IN ('provisional', 'planned', 'written', 'waiting')"
        " AND address NOT IN (SELECT value FROM json_each(?))",
        EVERY,
        json.dumps(addresses(asleep)),
    )


def _answered(desk: Desk, rounds: Iterable[FollowUp]) -> dict[str, date]:
    own = sorted(row.id for row in rounds if of_cadence(row) and row.state in ANSWERED)
    return {id_: at.astimezone(desk.zone).date() for id_, at in promises.answered_at(desk.ledger, own).items()}


def _slots(ledger: Ledger, keys: Iterable[str], rounds: Iterable[FollowUp], now: datetime) -> tuple[Slot, ...]:
    """Return the reminders that count in caps from this week on, and all of these meetings and cadences."""
    import json

    rounds = list(rounds)

    return tuple(
        promises.slots(
            ledger,
            "(removed IS NULL AND starts >= ?) OR meeting IN (SELECT value FROM json_each(?))"
            " OR id IN (SELECT value FROM json_each(?))"
            " OR (step = ? AND alone IN (SELECT value FROM json_each(?)))",
            seconds(now - timedelta(days=8)),
            json.dumps(sorted(keys)),
            json.dumps(sorted({row.reminder for row in rounds if row.reminder})),
            EVERY,
            json.dumps(sorted({row.address for row in rounds if of_cadence(row)})),
        )
    )


def _moved(slots: Iterable[Slot], zone: tzinfo) -> dict[str, date]:
    return {slot.id: slot.start.astimezone(zone).date() for slot in slots if slot.moved}


def _adopted(desk: Desk, marks: Sequence[Mark]) -> set[tuple[str, str]]:
    """Who counts in the meetings of reminders that were found in outputs, by (person, meeting)."""
    keys = {mark.meeting for mark in marks if mark.meeting and not mark.rule.endswith(f"/{EVERY}")}
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
