"""Night after night over the past, by the very steps of a real night.

Only who is looked at differs: a night of the replay passes over the people for whom nothing
can have changed since the night before, because nobody edited their meetings and no moment
passed that decides anything about them. That it ends like real nights is held by a test.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from calsync.arrange import arrange
from calsync.config import Config
from calsync.ledger import promises
from calsync.ledger.ledger import Ledger, seconds
from calsync.ledger.seen import source_order
from calsync.model import OPEN, FollowUp, Slot, State, of_cadence
from calsync.night.desk import wants_again
from calsync.night.gather import Among, Gathered, gather
from calsync.night.promise import keep
from calsync.night.reading import cards_of, circle_of, judged_of, source_facts
from calsync.people.identity import Identities
from calsync.people.newcomers import View
from calsync.plan import Plan, plan
from calsync.rules.match import first_match
from calsync.rules.schema import Pack
from calsync.simulate.past_desk import PastDesk
from calsync.simulate.recall import Recall
from calsync.sync import diary_of
from calsync.timing.spans import Span

HOUR = time(2)
"""When a night of the replay takes place, in the user's zone: most syncs run at about that time."""

_MARGIN = timedelta(days=3)
_LIVE = OPEN | {State.HELD, State.WAITING}
_CLOSED_BY_EVENTS = (State.MET, State.WITHDRAWN)

Progress = Callable[[str, int], None]


@dataclass(frozen=True)
class Replayed:
    """What a span of nights came to: all follow-ups and reminders as the last of them left them.

    ``starting`` is for how many people follow-ups started each night, ``views`` what is known of
    the people of the follow-ups in the end, ``notes`` what could not be placed as wished, by kind,
    and ``closed`` when each follow-up that is no longer open ceased to be.
    """

    packs: tuple[Pack, ...]
    nights: tuple[datetime, ...]
    followups: tuple[FollowUp, ...]
    slots: tuple[Slot, ...]
    starting: tuple[int, ...]
    views: Mapping[str, View]
    notes: Mapping[str, int]
    closed: Mapping[str, datetime]


class Replay:
    """The nights of one ledger, to be run over again with one set of rules after another.

    ``ledger`` is a copy that may be written to; ``first`` is the day of the first night.
    """

    def __init__(self, config: Config, ledger: Ledger, now: datetime, first: date, packs: Iterable[Pack]) -> None:
        self.config, self.ledger = config, ledger
        self.nights = _nights(first, now, config) or [now]
        zone = config.me.zone
        people, limits = config.people, config.limits
        # In UTC, because times of several zones take far longer to compare.
        self._since = [people.lookback.before(night, zone).astimezone(UTC) for night in self.nights]
        self._until = [people.lookahead.after(night, zone).astimezone(UTC) for night in self.nights]
        self._horizon = [limits.horizon.after(night, zone).astimezone(UTC) for night in self.nights]
        self._afters: dict[date, int] = {}
        _forget_promises(ledger)
        cards = cards_of(config)
        circle = circle_of(config, ledger, cards)
        self._desk = PastDesk(config, ledger, self.nights[0], circle, (), cards)
        begin = self._since[0].astimezone(zone) - _MARGIN
        end = max(self._until[-1], self._horizon[-1], *_last_windows(packs, self._until[-1], zone)) + _MARGIN
        sources, places = source_order(ledger, source_facts(config))
        names = [source.name for source in sources]
        self.recall = Recall(ledger, places, names, judged_of(config, circle), people.lookahead, (begin, end))
        self._tied = self._desk.people_with("tier") | self._desk.people_with("every")
        self._desk.recall = self._desk.seen = self.recall
        self._moments: dict[tuple[str, int], list[int]] = {}

    @property
    def identities(self) -> Identities:
        return self._desk.circle.identities

    def person(self, address: str) -> str:
        return self._desk.person(address)

    def run(self, packs: Sequence[Pack], told: Progress = lambda name, number: None) -> Replayed:
        """Run all nights with these packs. Nothing of it stays in the copy of the ledger."""
        self.recall.rewind()
        self._desk.packs = packs
        self._rows: dict[str, dict[str, FollowUp]] = {}
        self._live_in: dict[str, set[str]] = {}
        self._due: dict[int, set[str]] = {}
        self._again = wants_again(packs)
        starting: list[int] = []
        notes: dict[str, int] = {}
        db = self.ledger.connection
        db.execute("BEGIN")
        try:
            for number in range(len(self.nights)):
                started, noted = self._night(number)
                starting.append(started)
                for note in noted:
                    words = note.partition("\t")[2]
                    notes[words] = notes.get(words, 0) + 1
                told("nights", number + 1)
            rows = promises.followups(self.ledger)
            slots = promises.slots(self.ledger)
            closed = {
                row[0]: datetime.fromtimestamp(row[1], UTC)
                for row in self.ledger.rows("SELECT followup, max(at) FROM change GROUP BY followup")
            }
            views = self._views({self._desk.person(row.address) for row in rows})
        finally:
            db.execute("ROLLBACK")
        return Replayed(
            tuple(packs),
            tuple(self.nights),
            tuple(sorted(rows, key=lambda row: row.id)),
            tuple(sorted(slots, key=lambda slot: (slot.start, slot.id))),
            tuple(starting),
            views,
            notes,
            {row.id: closed[row.id] for row in rows if row.state not in OPEN},
        )

    def _night(self, number: int) -> tuple[int, tuple[str, ...]]:
        """Do one night; return for how many people follow-ups started, and what could not be placed
        as wished."""
        desk, now = self._desk, self.nights[number]
        desk.now = now
        touched = self.recall.reveal(now) | self._due.pop(number, set())
        among = self._together(self.recall.people() if number == 0 else touched, number)
        started = 0
        notes: tuple[str, ...] = ()
        ties = self._tied & (self._tied if number == 0 else touched)
        if among or ties:
            gathered = gather(desk, among=Among(among, ties))
            planned = plan(gathered.situation)
            arranged = arrange(planned.promises, diary_of(desk, gathered))
            changed = keep(self.ledger, gathered, planned, arranged, now)
            for row in changed:
                person = desk.person(row.address)
                self._rows.setdefault(person, {})[row.id] = row
                self._due.setdefault(number + 1, set()).add(person)
            slots = {slot.id: slot for slot in (*gathered.slots, *arranged.slots)}
            self._look_at_unpromised(gathered, planned, number)
            for person in among | ties:
                self._note_live(person, self._today(number))
                self._look_again(person, number, slots)
            started, notes = len(planned.starting), arranged.notes
        self.ledger.remember("last sync", str(seconds(now)))
        return started, notes

    def _is_in_question(self, person: str, number: int) -> bool:
        """As a real night decides it: whose follow-ups live, who is new, whom a rule wants again."""
        today = self._today(number)
        if any(_is_live(row, today) for row in self._rows.get(person, {}).values()):
            return True
        since = self._since[number] - timedelta(days=1)
        if self.recall.is_new(person, since):
            return True
        return self._again and self.recall.is_near(person, since, self._until[number])

    def _today(self, number: int) -> date:
        return self.nights[number].astimezone(self._desk.zone).date()

    def _note_live(self, person: str, today: date) -> None:
        """Keep who has a living follow-up of which UID: they share reminders."""
        rows = self._rows.get(person, {}).values()
        living = {row.uid for row in rows if _is_live(row, today)}
        for uid in {row.uid for row in rows}:
            people = self._live_in.setdefault(uid, set())
            (people.add if uid in living else people.discard)(person)

    def _together(self, people: Iterable[str], number: int) -> set[str]:
        """Those of these people who are in question, and all who share a reminder or a copy of a meeting
        with one of them."""
        found: set[str] = set()
        passed: set[str] = set()
        waiting = list(people)
        while waiting:
            person = waiting.pop()
            if person in passed:
                continue
            passed.add(person)
            uids = self.recall.uids(person)
            copies = self.recall.copies(uids)
            for uid in copies:
                waiting += self.recall.people_of(uid)
            if not self._is_in_question(person, number):
                if self._again:
                    self._look_again(person, number, {})
            else:
                found.add(person)
                for uid in uids | copies | {row.uid for row in self._rows.get(person, {}).values()}:
                    waiting += self._live_in.get(uid, ())
        return found

    def _look_again(self, person: str, number: int, slots: Mapping[str, Slot]) -> None:
        """Note the next night on which something about a person may be decided anew."""
        coming = []
        for uid in self.recall.uids(person):
            moments = self._moments_of(uid)
            at = bisect_right(moments, number)
            if at < len(moments):
                coming.append(moments[at])
        for row in self._rows.get(person, {}).values():
            coming += self._over(row.meeting_end)
            coming.append(self._after(row.last_day))
            slot = slots.get(row.reminder)
            if slot is not None:
                start, day = slot.start.astimezone(UTC), self._midnight(slot.start.astimezone(self._desk.zone).date())
                coming += [bisect_left(where, at) for where in (self.nights, self._horizon) for at in (start, day)]
        following = min((at for at in coming if number < at < len(self.nights)), default=None)
        if following is not None:
            self._due.setdefault(following, set()).add(person)

    def _look_at_unpromised(self, gathered: Gathered, planned: Plan, number: int) -> None:
        """Note when the window of a step ends that was one touch too many to be promised: it is told as
        missed then."""
        mine = self._desk.mine
        for (person, key), facts in planned.facts.items():
            chosen, meeting = first_match(self._desk.packs, facts), gathered.situation.meetings.get(key)
            if chosen is None or meeting is None:
                continue
            promised = {(row.rule, row.step) for row in self._rows.get(person, {}).values() if row.meeting == key}
            for step in chosen.rule.steps:
                if (chosen.rule.id, step.id) not in promised:
                    ideal, _ = mine.ideal_day(step.after, meeting.end, step.days, began=meeting.start)
                    last = mine.last_day(step.window, meeting.end, step.days, ideal, began=meeting.start)
                    if number < (following := self._after(last)) < len(self.nights):
                        self._due.setdefault(following, set()).add(person)

    def _after(self, day: date) -> int:
        """The first night on which a day is over."""
        night = self._afters.get(day)
        if night is None:
            night = self._afters[day] = bisect_left(self.nights, self._midnight(day + timedelta(days=1)))
        return night

    def _midnight(self, day: date) -> datetime:
        return datetime.combine(day, time(0), tzinfo=self._desk.zone).astimezone(UTC)

    def _over(self, end: datetime) -> tuple[int, int]:
        """The first night after a meeting, and the one that knows that the last one saw it over."""
        first = bisect_left(self.nights, end.astimezone(UTC))
        return first, first + 1

    def _moments_of(self, uid: str) -> list[int]:
        """The nights on which a meeting of a UID begins or ceases to be near, over, or in sight."""
        key = (uid, self.recall.version.get(uid, 0))
        if key not in self._moments:
            found: set[int] = set()
            for records in self.recall.of_uids([uid]).values():
                for meeting in self._desk.of_uid(uid, records):
                    start = meeting.start.astimezone(UTC)
                    late = bisect_right(self._since, meeting.end.astimezone(UTC))
                    found.update(
                        (
                            *self._over(meeting.end),
                            late,
                            late + 1,
                            late + 2,
                            bisect_left(self._until, start),
                            bisect_left(self._horizon, start),
                        )
                    )
            self._moments[key] = sorted(found)
        return self._moments[key]

    def _views(self, people: set[str]) -> dict[str, View]:
        desk = self._desk
        records = self.recall.of_uids({uid for person in people for uid in self.recall.uids(person)})
        rows = [row for own in self._rows.values() for row in own.values()]
        return desk.views(people, desk.meetings(records, *self.recall.span), desk.night(desk.started(rows)))


def _is_live(row: FollowUp, today: date) -> bool:
    if of_cadence(row):
        return False
    return row.state in _LIVE or (row.state in _CLOSED_BY_EVENTS and row.last_day >= today)


def _nights(first: date, now: datetime, config: Config) -> list[datetime]:
    """02:00 of each day from ``first`` on, and not after ``now``, in UTC."""
    nights, day = [], first
    while (night := datetime.combine(day, HOUR, tzinfo=config.me.zone).astimezone(UTC)) <= now:
        nights.append(night)
        day += timedelta(days=1)
    return nights


def _last_windows(packs: Iterable[Pack], until: datetime, zone: tzinfo) -> list[datetime]:
    windows: list[Span] = [step.window for pack in packs for rule in pack.rules for step in rule.steps]
    # A span of working days is counted without holidays here; twice as long is long enough.
    return [Span(2 * each.amount, each.unit).after(until, zone) for each in windows]


def _forget_promises(ledger: Ledger) -> None:
    """Leave what was seen and what the user said of people, as before a first sync."""
    for table in ("followup", "change", "facts", "reminder", "mark"):
        ledger.connection.execute(f"DELETE FROM {table}")
    ledger.connection.execute("DELETE FROM meta WHERE key = 'last sync'")
