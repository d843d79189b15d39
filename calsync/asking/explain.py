"""Why: what was decided of a person or a meeting, and because of what, in plain words.

The explanation runs the very functions that decide, so it cannot differ from the decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from calsync.asking.agenda import Entry, shown_as_entries
from calsync.asking.cadences import CadenceTold, overrides_of, tell_cadence
from calsync.asking.finding import Found, people_named
from calsync.ledger import promises
from calsync.ledger.who import describe
from calsync.model import OPEN, FollowUp, State
from calsync.night.desk import Desk
from calsync.people.judging import Verdict
from calsync.people.meetings import PRIVATE, Meeting
from calsync.people.newcomers import Candidate, Verdicts, View, view
from calsync.rules.match import Check, check
from calsync.rules.origins import Value
from calsync.situation import facts_of

_AHEAD = timedelta(days=366)


@dataclass(frozen=True)
class RuleTold:
    """One rule, its conditions, and whether it is the one that decides; ``overrides`` are its values
    that a file of the user's says otherwise than the pack which that builds on."""

    pack: str
    rule: str
    summary: str
    checks: tuple[Check, ...]
    applies: bool
    decides: bool
    overrides: tuple[Value, ...] = ()


@dataclass(frozen=True)
class MeetingTold:
    """One meeting as shown: whether it counts (for the person asked about) and why."""

    meeting: Meeting
    title: str
    start: datetime
    end: datetime
    counts: bool
    reasons: tuple[str, ...]
    people: tuple[tuple[str, str], ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "uid": self.meeting.uid,
            "title": self.title,
            "start": self.start.isoformat(timespec="seconds"),
            "counts": self.counts,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True)
class PersonTold:
    """What was decided of a person. ``changes`` hold, for each follow-up, how it came to its state."""

    found: Found
    view: View
    meetings: tuple[MeetingTold, ...]
    followups: tuple[Entry, ...]
    rules: tuple[RuleTold, ...] = ()
    notes: tuple[str, ...] = ()
    changes: dict[str, list[tuple[datetime, State, str]]] | None = None
    start: Meeting | None = None
    cadence: CadenceTold | None = None

    @property
    def verdict(self) -> Verdicts:
        return self.view.verdict

    @property
    def reasons(self) -> tuple[str, ...]:
        return self.view.reasons

    def as_json(self) -> dict[str, Any]:
        """Return the form of product §8, with the reasons of the verdict besides."""
        return {
            "person": {"name": self.found.name, "emails": list(self.found.addresses)},
            "verdict": self.verdict.value,
            "reasons": list(self.reasons),
            "meetings": [told.as_json() for told in self.meetings],
            "followups": [entry.as_json(with_cause=True) for entry in self.followups],
            "cadence": self.cadence.as_json() if self.cadence else None,
        }


def tell_person(desk: Desk, found: Found) -> PersonTold:
    """Explain a person, from all the meetings that name them."""
    person = found.person
    addresses = desk.circle.identities.addresses(person)
    rows = [row for row in promises.followups(desk.ledger) if desk.person(row.address) == person]
    counts_nowhere = desk.circle.standing(person).kind != "person"
    records = desk.seen.naming(addresses) if counts_nowhere else desk.seen.of_people(addresses)
    since = min([desk.since, *(row.meeting_start for row in rows if row.meeting)]) - timedelta(days=2)
    meetings = [m for m in desk.meetings(records, since, desk.now + _AHEAD) if m.part_of(person) is not None]
    night = desk.night(desk.started(rows))
    seen = _settled(desk, view(person, meetings, night), rows)
    if desk.circle.is_me(found.addresses[0]):
        seen = View(person, Verdicts.EXCLUDED, ("this is you",))
    notes = _notes(desk, person, seen.verdict)
    candidate = next((c for c in seen.candidates if c.kind == "first"), None) or next(iter(seen.candidates), None)
    entries = shown_as_entries(desk.ledger, desk.config, rows, desk.circle.identities)
    return PersonTold(
        found,
        seen,
        tuple(_meeting(desk, meeting, person, night.accepted) for meeting in meetings),
        tuple(entries),
        _rules(desk, candidate) if candidate else (),
        notes,
        {entry.id: promises.history(desk.ledger, entry.id) for entry in entries},
        candidate.meeting if candidate else None,
        tell_cadence(desk, found),
    )


def _settled(desk: Desk, seen: View, rows: Iterable[FollowUp]) -> View:
    """A newcomer of long ago of whom nothing is open any more is an old acquaintance."""
    first = seen.first
    if seen.verdict is not Verdicts.NEWCOMER or first is None or first.end >= desk.since:
        return seen
    today = desk.now.astimezone(desk.zone).date()
    if any((row.state in OPEN and row.last_day >= today) or row.state is State.WAITING for row in rows):
        return seen
    day = first.start.astimezone(desk.zone)
    reason = f"you met them first on {day:%-d %B %Y}, and nothing of that is open any more"
    return replace(seen, verdict=Verdicts.KNOWN, reasons=(reason,))


def not_found(text: str) -> dict[str, Any]:
    """Return the answer of ``why --json`` where nobody and no meeting is meant."""
    return {"person": None, "verdict": Verdicts.NOT_FOUND.value, "meetings": [], "followups": []}


def tell_meetings(desk: Desk, text: str) -> list[MeetingTold]:
    """Explain the meetings whose title holds a text, latest first."""
    records = desk.seen.of_title(text)
    meetings = desk.meetings(records, desk.since - timedelta(days=2), desk.now + _AHEAD)
    names = describe(desk.ledger, desk.circle.identities, {part.person for m in meetings for part in m.judgement.parts})
    told = [_meeting(desk, meeting, None, desk.night().accepted, names) for meeting in meetings]
    return sorted(told, key=lambda each: each.start, reverse=True)


def people_meant(desk: Desk, text: str) -> list[Found]:
    return people_named(desk.ledger, desk.circle.identities, text)


def _meeting(
    desk: Desk,
    meeting: Meeting,
    person: str | None,
    accepted: frozenset[str],
    names: dict[str, tuple[str, tuple[str, ...]]] | None = None,
) -> MeetingTold:
    judgement = meeting.judgement
    reasons = list(judgement.reasons)
    verdict = judgement.verdict
    counts = verdict is Verdict.COUNTS or (verdict is Verdict.UNANSWERED and meeting.uid in accepted)
    if verdict is Verdict.UNANSWERED:
        reasons.append("you accepted it in the inbox" if counts else _held(desk, meeting))
    if meeting.all_day:
        counts = False
        reasons.append("it is all-day, which counts only for rules with all_day = true")
    if person is not None:
        part = judgement.part_of(person)
        if part is not None and part.why:
            counts = False
            reasons.append(f"they do not count in it: {part.why}")
    if meeting.end > desk.now:
        reasons.append("it is still to come")
    hidden = _hidden(desk, meeting)
    people = []
    if names is not None:
        for part in judgement.parts:
            name, _ = names.get(part.person, ("", ()))
            people.append((name or part.name or part.address, part.why))
    return MeetingTold(
        meeting,
        PRIVATE if hidden else meeting.title,
        meeting.start.astimezone(desk.zone),
        meeting.end.astimezone(desk.zone),
        counts,
        tuple(reasons),
        tuple(people),
    )


def _hidden(desk: Desk, meeting: Meeting) -> bool:
    return desk.config.people.private_events != "use" and meeting.event.private


def _discreet(each: Check) -> Check:
    """A condition as told of a private meeting: its title and tags are in no output."""
    return each._replace(found=PRIVATE.lower()) if each.key in ("title", "tags") else each


def _held(desk: Desk, meeting: Meeting) -> str:
    if meeting.end < desk.since:
        return "it is older than lookback, so it only makes its people known"
    if meeting.start > desk.until:
        return "it is further ahead than lookahead"
    return "it waits in the inbox"


def _notes(desk: Desk, person: str, verdict: Verdicts) -> tuple[str, ...]:
    notes = []
    if person in desk.people_with("stopped"):
        notes.append("you stopped follow-ups for them; calsync resume lets them come again")
    alike = desk.someones([person], {})[person].namesakes
    if alike and verdict is not Verdicts.EXCLUDED:
        notes.append(f"may be the same person as {', '.join(alike)}; calsync people duplicates asks")
    return tuple(notes)


def _rules(desk: Desk, candidate: Candidate) -> tuple[RuleTold, ...]:
    """All rules in pack order up to the one that decides, and those behind it by name."""
    facts = facts_of(candidate, desk.circle)
    hidden = _hidden(desk, candidate.meeting)
    told: list[RuleTold] = []
    decided = False
    for pack in desk.packs:
        for rule in pack.rules:
            if rule.every is not None:
                continue
            checks: Sequence[Check] = [_discreet(each) if hidden else each for each in check(rule, facts)]
            applies = all(each.holds for each in checks)
            decides = applies and not decided
            overrides = overrides_of(desk, pack, rule.id) if decides else ()
            told.append(RuleTold(pack.name, rule.id, rule.summary, tuple(checks), applies, decides, overrides))
            decided = decided or applies
    return tuple(told)


def failed(checks: Iterable[Check]) -> list[Check]:
    return [each for each in checks if not each.holds]
