"""Whom did I meet for the first time (product §3), with the reason for each decision.

What is decided of a person depends on the meetings of that person alone. So a night
needs to look only at the people whose standing is still open, and comes to the same
result as a look at everybody.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from calsync.people.judging import Part, Verdict
from calsync.people.meetings import NO_FOLLOW, Meeting

Named = Sequence[tuple[Meeting, Part]]

FOLLOW = "followup"


class Verdicts(StrEnum):
    """What calsync makes of a person."""

    NEWCOMER = "newcomer"
    KNOWN = "known"
    EXCLUDED = "excluded"
    HELD = "held"
    NOT_FOUND = "not found"


@dataclass(frozen=True)
class Night:
    """What the night knows besides the meetings.

    ``since`` and ``until`` bound the meetings that can start follow-ups (lookback and
    lookahead from ``now``). ``accepted`` are the UIDs of unanswered meetings and
    ``accepted_people`` the people that the user let in from the inbox; ``contacts`` are known
    from address books. ``started`` are the (person, meeting key) whose follow-ups are already
    promised; ageing alone never takes these back.
    """

    now: datetime
    since: datetime
    until: datetime
    select: str = "everyone"
    accepted: frozenset[str] = frozenset()
    accepted_people: frozenset[str] = frozenset()
    contacts: frozenset[str] = frozenset()
    started: frozenset[tuple[str, str]] = frozenset()
    all_day_rules: bool = False

    def is_too_far(self, meeting: Meeting) -> bool:
        """Whether a meeting is further ahead than lookahead; where that is nothing, all that is not over."""
        return meeting.start > self.until or (self.until <= self.now < meeting.end)

    def is_near(self, meeting: Meeting) -> bool:
        """Whether a meeting lies within lookback and lookahead."""
        return meeting.end >= self.since and not self.is_too_far(meeting)


@dataclass(frozen=True)
class Candidate:
    """A person and a meeting from which follow-ups may start. ``kind`` is first or again;
    ``held`` says why they wait in the inbox, empty when they do not."""

    person: str
    meeting: Meeting
    part: Part
    kind: str
    held: str = ""


@dataclass(frozen=True)
class View:
    """What was decided of a person, and because of what."""

    person: str
    verdict: Verdicts
    reasons: tuple[str, ...]
    first: Meeting | None = None
    counting: tuple[Meeting, ...] = ()
    candidates: tuple[Candidate, ...] = field(default=())


def _in_order(meetings: Iterable[Meeting]) -> list[Meeting]:
    return sorted(meetings, key=lambda m: (m.start, m.end, m.key))


def view(person: str, meetings: Iterable[Meeting], night: Night) -> View:
    """Decide what a person is to me, from all the meetings that name them."""
    named = [(m, part) for m in _in_order(meetings) if (part := m.part_of(person)) is not None]
    if not named:
        return View(person, Verdicts.NOT_FOUND, ("no meeting names them",))
    counting = [m for m, _ in named if m.counts_for(person, night.accepted)]
    timed = [m for m in counting if not m.all_day]
    eligible = _eligible(timed, counting, night)
    aged = _unanswered(named, night, lambda m: m.end < night.since)
    pending = _unanswered(named, night, night.is_near)

    def decided(verdict: Verdicts, *reasons: str, start: Meeting | None = None, held: str = "") -> View:
        candidates = _candidates(person, counting, eligible, night, start, held)
        met_first = start or next(iter(eligible or timed), None)
        return View(person, verdict, reasons, met_first, tuple(timed), candidates)

    first = eligible[0] if eligible else None
    is_started = first is not None and (person, first.key) in night.started
    if person in night.contacts and not is_started:
        return decided(Verdicts.KNOWN, "they are in your contacts")
    if first is None or (aged and aged[0].start < first.start and not is_started and night.select != "tagged"):
        return _without_first(named, timed, aged, pending, decided)
    if NO_FOLLOW in first.event.tags:
        return decided(Verdicts.KNOWN, f"#{NO_FOLLOW} in the first meeting: it makes people known and starts nothing")
    if first.end < night.since and not is_started:
        return decided(Verdicts.KNOWN, "your first meeting is older than lookback: they are an old acquaintance")
    if night.is_too_far(first) and not is_started:
        return decided(Verdicts.NEWCOMER, "your first meeting is still to come, further ahead than lookahead")
    if night.select == "ask" and person not in night.accepted_people and not is_started:
        held = 'select is "ask": new people wait in the inbox'
        return decided(Verdicts.HELD, held, start=first, held=held)
    if night.select == "tagged":
        return decided(Verdicts.NEWCOMER, f"this is your first meeting tagged #{FOLLOW}", start=first)
    return decided(Verdicts.NEWCOMER, "no earlier meeting that counts, in any source", start=first)


def waiting(person: str, meetings: Iterable[Meeting], night: Night) -> list[Meeting]:
    """Return the meetings that are held in the inbox and in which a person counts."""
    named = [(m, part) for m in _in_order(meetings) if (part := m.part_of(person)) is not None]
    return _unanswered(named, night, night.is_near)


def _eligible(timed: list[Meeting], counting: list[Meeting], night: Night) -> list[Meeting]:
    if night.select == "tagged":
        tagged = [m for m in timed if FOLLOW in m.event.tags]
        return tagged
    if not timed and night.all_day_rules:
        return counting
    return timed


def _unanswered(named: Named, night: Night, fits: Callable[[Meeting], bool]) -> list[Meeting]:
    return [
        m
        for m, part in named
        if m.judgement.verdict is Verdict.UNANSWERED
        and m.uid not in night.accepted
        and part.counts
        and not m.all_day
        and fits(m)
    ]


def _without_first(
    named: Named,
    timed: list[Meeting],
    aged: list[Meeting],
    pending: list[Meeting],
    decided: Callable[..., View],
) -> View:
    if aged:
        return decided(Verdicts.KNOWN, "you were invited together long ago, though you never answered")
    if timed:
        return decided(Verdicts.KNOWN, f"you have met, but no meeting is tagged #{FOLLOW}")
    if pending:
        held = pending[0].judgement.reasons[0]
        return decided(Verdicts.HELD, held, start=pending[0], held=held)
    whys = dict.fromkeys(part.why for _, part in named if part.why)
    if whys and all(part.why for _, part in named):
        return decided(Verdicts.EXCLUDED, *whys)
    if all(m.all_day for m, part in named if part.counts and m.judgement.verdict is Verdict.COUNTS):
        reasons = dict.fromkeys(r for m, p in named if not p.why for r in m.judgement.reasons if not m.all_day)
        if any(m.all_day for m, _ in named):
            reasons["an all-day event does not count"] = None
        return decided(Verdicts.EXCLUDED, *reasons)
    return decided(Verdicts.EXCLUDED, *dict.fromkeys(r for m, _ in named for r in m.judgement.reasons))


def _candidates(
    person: str,
    counting: list[Meeting],
    eligible: list[Meeting],
    night: Night,
    start: Meeting | None,
    held: str,
) -> tuple[Candidate, ...]:
    """The first meeting, and the first of each further UID that is recent or near: a series meets
    its people once."""
    found: list[Candidate] = []
    if start is not None:
        part = start.part_of(person)
        assert part is not None
        found.append(Candidate(person, start, part, "first", held))
    if held:
        return tuple(found)
    seen: set[str] = {start.uid} if start is not None else set()
    for position, meeting in enumerate(counting):
        if meeting.uid in seen:
            continue
        seen.add(meeting.uid)
        tags = meeting.event.tags
        if NO_FOLLOW in tags or (night.select == "tagged" and FOLLOW not in tags):
            continue
        started = (person, meeting.key) in night.started
        if not started and not night.is_near(meeting):
            continue
        part = meeting.part_of(person)
        assert part is not None
        kind = "first" if meeting.all_day and position == 0 else "again"
        found.append(Candidate(person, meeting, part, kind))
    return tuple(found)


def met_after(
    counting: Iterable[Meeting], start: datetime, day: date, night: Night, day_of: Callable[[Meeting], date]
) -> Meeting | None:
    """Return the earliest meeting that is over and stands on a later local day than one that began at
    ``start`` and ended on ``day``."""
    later = (m for m in counting if m.end <= night.now and m.start > start and day_of(m) > day)
    return min(later, key=lambda m: (m.end, m.key), default=None)


def booked_after(
    counting: Iterable[Meeting], key: str, start: datetime, night: Night, horizon: datetime
) -> Meeting | None:
    """Return the next meeting to come that starts after the one of this key and start, and within the
    horizon."""
    coming = (m for m in counting if m.key != key and m.start > start and m.end > night.now and m.start <= horizon)
    return min(coming, key=lambda m: (m.start, m.key), default=None)
