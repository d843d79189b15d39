"""The ledger laid out for one night: who is who, what was seen, what the user said."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from zoneinfo import ZoneInfo

from calsync.config import Config
from calsync.ledger import promises, who
from calsync.ledger.judged import Judged
from calsync.ledger.ledger import Ledger, moment
from calsync.ledger.seen import Seen, source_order
from calsync.ledger.who import describe
from calsync.model import FollowUp
from calsync.night.reading import judged_of, source_facts
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
from calsync.rules.schema import Pack
from calsync.situation import Tie, has_started
from calsync.sources.contacts import Card
from calsync.timing.working_time import WorkingTime, public_holidays
from calsync.wording import Someone


def working_time(config: Config) -> WorkingTime:
    me = config.me
    return WorkingTime(me.zone, me.working_hours, me.working_days, public_holidays(me.holidays))


def wants_again(packs: Iterable[Pack]) -> bool:
    """Whether a rule asks for meetings with people who are known already."""
    return any("first" not in r.when.meeting or len(r.when.meeting) > 1 for p in packs for r in p.rules if r.steps)


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
        contacts |= self.people_with("known")
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
        return {(self.person(row.address), row.meeting) for row in rows if has_started(row)}

    def meetings(self, records: Mapping[str, list[Recorded]], since: datetime, until: datetime) -> list[Meeting]:
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
            promised = {row.meeting for row in promises.followups_of_meetings(self.ledger, [m.key for m in group])}
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

    def zones(self, views: Mapping[str, View | Tie]) -> dict[str, tuple[tzinfo, str]]:
        """Return people's zones: as the user said, else that of the latest invitation they sent."""
        found: dict[str, tuple[tzinfo, str]] = {}
        for person, seen in views.items():
            for meeting in seen.counting:
                zone = meeting.event.zone
                part = meeting.part_of(person)
                if part is not None and part.role == "organizer" and zone and "\n" not in zone and zone != "UTC":
                    found[person] = (ZoneInfo(zone), "inferred from an invitation they sent")
        for address, words in self.said.items():
            if "timezone" in words:
                found[self.person(address)] = (ZoneInfo(words["timezone"]), "as you set it")
        return found

    def someones(self, people: Iterable[str], views: Mapping[str, View | Tie]) -> dict[str, Someone]:
        """Return people as they are told to the user, the address used last first."""
        people = sorted(set(people))
        known = describe(self.ledger, self.circle.identities, people)
        zones = self.zones(views)
        alike = self._alike({person: name for person, (name, _) in known.items()})
        phones = self.phones(people)
        return {
            person: Someone(
                *known[person],
                zones[person][0] if person in zones else None,
                zones[person][1] if person in zones else "",
                alike.get(person, ()),
                phones.get(person, ""),
            )
            for person in people
        }

    def phones(self, people: Iterable[str]) -> dict[str, str]:
        """Return people's telephone numbers: as the user said, else the best on a contact card."""
        wanted = set(people)
        found: dict[str, str] = {}
        for card in self.cards if wanted else ():
            for address in card.addresses if card.phones else ():
                if (person := self.person(address)) in wanted:
                    found.setdefault(person, card.phones[0])
        said = {self.person(address): words["phone"] for address, words in self.said.items() if "phone" in words}
        return found | {person: number for person, number in said.items() if person in wanted}

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
