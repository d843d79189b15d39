"""What the plan of a night needs, gathered from the ledger.

Only people whose standing is open are looked at, each with all their meetings; everybody
else is an old acquaintance, for whom nothing can change.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from calsync.agenda import describe
from calsync.config import Config
from calsync.ledger import promises, who
from calsync.ledger.intake import Judged
from calsync.ledger.ledger import Ledger, moment, seconds
from calsync.ledger.seen import Seen, addresses_in_question, known_before, source_order
from calsync.model import FollowUp, Slot
from calsync.outputs.base import Mark
from calsync.people.judging import Circle, Judgement
from calsync.people.meetings import (
    Meeting,
    Recorded,
    SourceFacts,
    as_one,
    meetings_of,
    same_under_other_uids,
)
from calsync.people.newcomers import Night, View, view
from calsync.plan import Situation, has_started
from calsync.reading import judged_of, source_facts
from calsync.rules.schema import Pack
from calsync.sources.contacts import Card
from calsync.timing.working_time import WorkingTime, public_holidays
from calsync.wording import Someone


def working_time(config: Config) -> WorkingTime:
    me = config.me
    return WorkingTime(me.zone, me.working_hours, me.working_days, public_holidays(me.holidays))


def wants_again(packs: Iterable[Pack]) -> bool:
    """Whether a rule asks for meetings with people who are known already."""
    return any(
        "first" not in r.when.meeting or len(r.when.meeting) > 1 for p in packs for r in p.rules if r.steps
    )


def wants_all_day(packs: Iterable[Pack]) -> bool:
    return any(True in rule.when.all_day for pack in packs for rule in pack.rules)


@dataclass
class Desk:
    """The ledger laid out for one night: who is who, whom to look at, what was promised."""

    config: Config
    ledger: Ledger
    now: datetime
    circle: Circle
    packs: Sequence[Pack]
    cards: Sequence[Card] = ()
    mine: WorkingTime = field(init=False)
    sources: tuple[SourceFacts, ...] = field(init=False)
    seen: Seen = field(init=False)
    said: dict[str, dict[str, str]] = field(init=False)
    _judged: Judged = field(init=False)
    _judgements: dict[int, tuple[Recorded, Judgement]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self.mine = working_time(self.config)
        self.sources, places = source_order(self.ledger, source_facts(self.config))
        self.seen = Seen(self.ledger, places)
        self.said = who.said(self.ledger)
        self._judged = judged_of(self.config, self.circle)

    @property
    def zone(self) -> ZoneInfo:
        return self.config.me.zone

    @property
    def since(self) -> datetime:
        return self.config.people.lookback.before(self.now, self.zone)

    @property
    def until(self) -> datetime:
        return self.config.people.lookahead.after(self.now, self.zone)

    @property
    def horizon(self) -> datetime:
        return self.config.limits.horizon.after(self.now, self.zone)

    def person(self, address: str) -> str:
        return self.circle.identities.person(address)

    def people_with(self, key: str) -> frozenset[str]:
        """Return the people of whom the user said something under ``key``."""
        return frozenset(self.person(address) for address, words in self.said.items() if key in words)

    def judge(self, record: Recorded) -> Judgement:
        kept = self._judgements.get(id(record.event))
        if kept is None:
            judgement = self._judged.of(record.event, self.sources[record.source].name)
            kept = self._judgements[id(record.event)] = (record, judgement)
        return kept[1]

    def night(self, started: Iterable[tuple[str, str]] = ()) -> Night:
        contacts = frozenset(self.person(address) for card in self.cards for address in card.addresses)
        return Night(
            now=self.now,
            since=self.since,
            until=self.until,
            select=self.config.people.select,
            accepted=who.accepted_meetings(self.ledger),
            accepted_people=self.people_with("accepted"),
            contacts=contacts,
            started=frozenset(started),
            all_day_rules=wants_all_day(self.packs),
        )

    def started(self, rows: Iterable[FollowUp]) -> set[tuple[str, str]]:
        """Return the (person, meeting) whose follow-ups once asked something of the user."""
        return {
            (self.person(row.address), row.meeting)
            for row in rows
            if has_started(row)
        }

    def meetings(
        self, records: Mapping[str, list[Recorded]], since: datetime, until: datetime
    ) -> list[Meeting]:
        found = [
            meeting
            for uid in sorted(records)
            for meeting in meetings_of(records[uid], self.sources, self.judge, since, until)
        ]
        return self._without_copies(found)

    def _without_copies(self, meetings: list[Meeting]) -> list[Meeting]:
        """Make one of those that stand in several sources under different UIDs. It keeps the name
        under which something was promised."""
        for group in same_under_other_uids(meetings):
            promised = {
                row.meeting for row in promises.followups_of_meetings(self.ledger, [m.key for m in group])
            }
            group.sort(key=lambda meeting: (meeting.key not in promised, self.sources.index(meeting.source)))
            one = as_one(group, lambda meeting: self.sources.index(meeting.source), group[0])
            meetings = [m for m in meetings if all(m is not copy for copy in group)] + [one]
        return meetings

    def views(self, people: Iterable[str], meetings: Iterable[Meeting], night: Night) -> dict[str, View]:
        """Decide on each of these people, from the meetings that name them."""
        by_person: dict[str, list[Meeting]] = {person: [] for person in people}
        for meeting in meetings:
            for part in meeting.judgement.parts:
                own = by_person.get(part.person)
                if own is not None:
                    own.append(meeting)
        return {person: view(person, own, night) for person, own in by_person.items()}

    def zones(self, views: Mapping[str, View]) -> dict[str, tuple[tzinfo, str]]:
        """Return people's zones: as the user said, else that of the latest invitation they sent."""
        found: dict[str, tuple[tzinfo, str]] = {}
        for person, seen in views.items():
            for meeting in seen.counting:
                zone = meeting.event.zone
                part = meeting.part_of(person)
                if (
                    part is not None
                    and part.role == "organizer"
                    and zone
                    and "\n" not in zone
                    and zone != "UTC"
                ):
                    found[person] = (ZoneInfo(zone), "inferred from an invitation they sent")
        for address, words in self.said.items():
            if "timezone" in words:
                found[self.person(address)] = (ZoneInfo(words["timezone"]), "as you set it")
        return found

    def someones(self, people: Iterable[str], views: Mapping[str, View]) -> dict[str, Someone]:
        """Return people as they are told to the user, the address used last first."""
        people = sorted(set(people))
        known = describe(self.ledger, self.circle.identities, people)
        zones = self.zones(views)
        alike = self._alike({person: name for person, (name, _) in known.items()})
        return {
            person: Someone(
                *known[person],
                zones[person][0] if person in zones else None,
                zones[person][1] if person in zones else "",
                alike.get(person, ()),
            )
            for person in people
        }

    def _alike(self, names: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
        """Return for each person the addresses of other people with the same full name, those
        apart that the user said are somebody else."""
        same = who.namesakes(self.ledger, names.values())
        if not same:
            return {}
        apart = who.distinct(self.ledger)
        found: dict[str, tuple[str, ...]] = {}
        for person, name in names.items():
            others = {
                self.circle.identities.of(a)
                for a in same.get(who.fold(name), ())
                if self.circle.standing(a).kind == "person"
            } - {person}
            kept = [o for o in sorted(others) if (min(o, person), max(o, person)) not in apart]
            if kept:
                found[person] = tuple(kept)
        return found

    def last_sync(self) -> datetime | None:
        text = self.ledger.note("last sync")
        return moment(int(text)) if text else None


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
            (desk.person(address), meeting): facts
            for (address, meeting), facts in promises.facts(ledger, keys).items()
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

    return promises.followups(
        ledger, "address IN (SELECT value FROM json_each(?))", json.dumps(sorted(addresses))
    )


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
