"""Trying rules on one's own past: the present ones, and others beside them.

Everything that a trial tells is gathered here, for people, for programs and for the page:
the figures of both, who would be reminded of by one of them only, and how far it may be
trusted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from calsync.config import Config
from calsync.ledger.ledger import Ledger, seconds
from calsync.ledger.who import describe
from calsync.night.desk import working_time
from calsync.rules.edit import set_value
from calsync.rules.load import load_packs
from calsync.rules.schema import Pack
from calsync.simulate.findings import Figures, Reminded, figures
from calsync.simulate.replay import Progress, Replay
from calsync.timing.spans import Span

_LEAST_NIGHTS = 14
_ENOUGH_BEFORE = timedelta(days=180)
_MANY_LATE = 0.05


@dataclass(frozen=True)
class Candidate:
    """Rules to be tried: what they are called, and the packs."""

    name: str
    packs: tuple[Pack, ...]


def changed(config: Config, changes: Sequence[tuple[str, str]]) -> Candidate:
    """The packs in use as they would be with these values, each named as in ``rules set``.

    Raises UsageError and ConfigError as that does.
    """
    instead: dict[Path, str] = {}
    for name, value in changes:
        change = set_value(name.strip(), value.strip(), config.rules_dir, instead)
        if change.after is not None:
            instead[change.path] = change.after
    return Candidate("tried", load_packs(config.rules.packs, config.rules_dir, instead))


@dataclass(frozen=True)
class Someone:
    """A person of whom only one set of rules would have reminded, with the first such reminder."""

    name: str
    emails: tuple[str, ...]
    reminders: int
    first: date
    rule: str


@dataclass(frozen=True)
class Difference:
    """What other rules would have changed: people reminded of by one set only, and reminders that
    come, go, or fall on another day."""

    added: tuple[Someone, ...]
    lost: tuple[Someone, ...]
    more: int
    fewer: int
    moved: int

    @property
    def is_none(self) -> bool:
        return not (self.added or self.lost or self.more or self.fewer or self.moved)


@dataclass(frozen=True)
class Known:
    """How well the past is known: events with people in it, how many of them were known from when
    they were written down, from when a sync saw them, or by a guess; ``late`` were written down only
    after they were over."""

    events: int
    seen: int
    written_down: int
    guessed: int
    late: int


@dataclass(frozen=True)
class Trial:
    """What a trial found. ``asked`` is how far back it should have gone, ``first`` and ``last`` are the
    days of its nights; ``others`` and ``difference`` are None where only one set of rules ran."""

    asked: str
    first: date
    last: date
    nights: int
    known: Known
    notes: tuple[str, ...]
    names: tuple[str, ...]
    present: Figures
    others: Figures | None = None
    difference: Difference | None = None
    caps: tuple[int, int] = (0, 0)


def try_rules(
    config: Config,
    now: datetime,
    last: Span,
    present: Candidate,
    other: Candidate | None = None,
    told: Callable[[str], Progress] = lambda name: lambda what, number: None,
) -> Trial | str:
    """Replay the nights of the recorded past with one or two sets of rules.

    Reads a copy of the ledger; nothing is written. Returns a sentence where there is too little
    history to say anything.
    """
    if not config.ledger.exists():
        return "No sync so far: calsync sync reads your calendar, and then there is a past to try rules on."
    with Ledger.in_memory(config.ledger) as ledger:
        oldest = _oldest(ledger)
        if oldest is None:
            return "Too little history: there is no meeting with anybody in your calendars yet."
        zone = config.me.zone
        begin = max(last.before(now, zone), oldest)
        wanted = last.before(now, zone).astimezone(zone).date()
        first = begin.astimezone(zone).date()
        packs = [*present.packs, *(other.packs if other else ())]
        replay = Replay(config, ledger, now, first, packs)
        if len(replay.nights) < _LEAST_NIGHTS:
            return f"Too little history: {len(replay.nights)} nights are not enough to say anything."
        mine = working_time(config)
        found = [
            figures(replay.run(each.packs, told(each.name)), config, mine, replay.person)
            for each in (present, other)
            if each is not None
        ]
        known = _known(replay)
        difference = _difference(ledger, replay, *found) if len(found) > 1 else None
        notes = [*_notes(known, oldest, begin, zone_first=first, wanted=wanted), *_packs_unused(config, other)]
        return Trial(
            str(last),
            first,
            replay.nights[-1].astimezone(zone).date(),
            len(replay.nights),
            known,
            tuple(notes),
            tuple(each.name for each in (present, other) if each is not None),
            found[0],
            found[1] if len(found) > 1 else None,
            difference,
            (config.limits.per_day, config.limits.per_week),
        )


def _oldest(ledger: Ledger) -> datetime | None:
    """The start of the first event that makes anybody known."""
    from calsync.ledger.ledger import moment

    return moment(ledger.value("SELECT min(starts) FROM event WHERE introduces IS NOT NULL"))


def _known(replay: Replay) -> Known:
    first, last = seconds(replay.nights[0]), seconds(replay.nights[-1])
    own = [each for each in replay.recall.all if each.people and first <= seconds(each.event.start) <= last]
    return Known(
        len(own),
        sum(each.seen for each in own),
        sum(not each.seen and not each.guessed for each in own),
        sum(each.guessed for each in own),
        sum(each.known > seconds(each.event.end) for each in own),
    )


def _notes(known: Known, oldest: datetime, begin: datetime, *, zone_first: date, wanted: date) -> list[str]:
    notes = []
    if wanted < zone_first:
        notes.append(f"Your calendars go back to {_day(zone_first)} only: that is where it begins.")
    if begin - oldest < _ENOUGH_BEFORE:
        notes.append("There is little history before that day, so people you knew already may look new.")
    if known.events and known.late / known.events > _MANY_LATE:
        notes.append(
            f"{known.late:,} of {known.events:,} meetings were written down only after they were over, as in a"
            " calendar that was moved; the replay learns of them as late."
        )
    return notes


def _packs_unused(config: Config, other: Candidate | None) -> list[str]:
    return [] if other is None or other.packs else ["No pack is in use."]


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _difference(ledger: Ledger, replay: Replay, present: Figures, others: Figures) -> Difference:
    before, after = _by_promise(present.reminded), _by_promise(others.reminded)
    was, is_ = {each.person for each in present.reminded}, {each.person for each in others.reminded}
    moved = sum(before[key].day != after[key].day for key in before.keys() & after.keys())
    return Difference(
        _people(ledger, replay, is_ - was, others.reminded),
        _people(ledger, replay, was - is_, present.reminded),
        len(after.keys() - before.keys()),
        len(before.keys() - after.keys()),
        moved,
    )


def _by_promise(reminded: Sequence[Reminded]) -> dict[tuple[str, str, str, str, int], Reminded]:
    """Follow-ups by person, meeting, rule and step; what comes again is numbered."""
    found: dict[tuple[str, str, str, str, int], Reminded] = {}
    for each in reminded:
        number = 0
        while (key := (each.person, each.meeting, each.key[1], each.key[2], number)) in found:
            number += 1
        found[key] = each
    return found


def _people(ledger: Ledger, replay: Replay, people: set[str], reminded: Sequence[Reminded]) -> tuple[Someone, ...]:
    told = describe(ledger, replay.identities, people)
    found = []
    for person in people:
        own = [each for each in reminded if each.person == person]
        name, emails = told[person]
        first = own[0]
        found.append(Someone(name, emails, len({each.reminder for each in own}), first.day, "/".join(first.key)))
    return tuple(sorted(found, key=lambda each: (each.first, each.name or each.emails[0])))
