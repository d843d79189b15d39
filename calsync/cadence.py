"""Keeping in touch: the touch that comes again, for people the user chose.

A step follows a meeting and is over with it. A cadence belongs to a person: it counts from
the last time you were in touch, whatever that was, and begins anew each time. So all that
decides it is the last meeting, the last touch and the interval; who wants it is the user's
word alone, a tier or an interval of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from calsync.model import EVERY, FollowUp, State
from calsync.people.meetings import Meeting
from calsync.people.newcomers import Candidate
from calsync.rules.match import Check, Facts, check
from calsync.rules.schema import Pack, Rule, Step
from calsync.situation import Situation, Tie, facts_of
from calsync.timing.spans import Span

TIERS = {"A": Span(21, "days"), "B": Span(60, "days"), "C": Span(180, "days"), "D": Span(365, "days")}
"""How long after the last touch a person of each tier is due."""

_DAYS = {"days": 1.0, "working days": 1.4, "weeks": 7.0, "months": 30.4, "years": 365.25}
_LEAST_ROOM = 7

OVER = frozenset({State.DONE, State.DISMISSED, State.MISSED, State.MET})
"""The states in which a round is behind us; the next one counts from it or from a later meeting."""


@dataclass(frozen=True)
class Asked:
    """The rule that asks for a cadence of one person, and how often."""

    pack: Pack
    rule: Rule
    interval: Span


@dataclass(frozen=True)
class Base:
    """The day from which a cadence counts, and what was on it, as in "you last met"."""

    day: date
    what: str


def interval_of(rule: Rule, tie: Tie) -> Span | None:
    """Return how often a rule wants a person: their own interval, else the rule's, else their tier's.

    A rule's own span is for people with a tier; None where the user chose neither.
    """
    if tie.every is not None:
        return tie.every
    if not tie.tier or rule.every is None:
        return None
    return TIERS.get(tie.tier) if rule.every == "tier" else rule.every


def conditions(rule: Rule, facts: Facts | None) -> list[Check]:
    """Return the conditions of a cadence in words, judged by the last meeting.

    A cadence that says nothing of the meeting means any. Of somebody never met nothing is known,
    so nothing keeps a rule from them but a condition on which meeting it was.
    """
    said = rule.when.model_fields_set
    if facts is None:
        wants = rule.when.meeting if "meeting" in said else ("any",)
        return [Check("meeting", " or ".join(wants), "never met", "any" in wants)]
    return [each for each in check(rule, facts) if each.key != "meeting" or "meeting" in said]


def asked(packs: Iterable[Pack], tie: Tie, facts: Facts | None) -> Asked | None:
    """Return the first cadence in pack order whose conditions hold for a person."""
    for pack in packs:
        for rule in pack.rules:
            if rule.every is None or (interval := interval_of(rule, tie)) is None:
                continue
            if all(each.holds for each in conditions(rule, facts)):
                return Asked(pack, rule, interval)
    return None


def last_met(situation: Situation, tie: Tie) -> Meeting | None:
    """Return the last meeting that counts and is over."""
    over = (meeting for meeting in tie.counting if meeting.end <= situation.night.now)
    return max(over, key=lambda meeting: (situation.day_of(meeting), meeting.end, meeting.key), default=None)


def next_met(situation: Situation, tie: Tie) -> Meeting | None:
    """Return the next meeting that counts and begins within the horizon."""
    now = situation.night.now
    coming = (meeting for meeting in tie.counting if meeting.end > now and meeting.start <= situation.horizon)
    return min(coming, key=lambda meeting: (meeting.start, meeting.key), default=None)


def facts_now(situation: Situation, tie: Tie) -> Facts | None:
    """Return what rules see of a person: their last meeting; None where there was none."""
    last = last_met(situation, tie)
    part = last.part_of(tie.person) if last is not None else None
    if last is None or part is None:
        return None
    is_first = not any(meeting.end <= situation.night.now and meeting is not last for meeting in tie.counting)
    return facts_of(Candidate(tie.person, last, part, "first" if is_first else "again"), situation.circle)


def touch_of(rule: Rule, interval: Span) -> Step:
    """Return a cadence as the step it takes each time. ``window`` is the room after its day: the rule's,
    else a quarter of the interval and at least a week."""
    assert rule.channel is not None
    window = rule.window or Span(max(_LEAST_ROOM, length_of(interval) // 4), "days")
    return Step.model_construct(
        id=EVERY,
        after=interval,
        window=window,
        at=rule.at,
        days=rule.days,
        channel=rule.channel,
        title=rule.title,
        message=rule.message,
        unless=("met", "booked"),
        priority=rule.priority,
    )


def length_of(interval: Span) -> int:
    """Return about how many days an interval has."""
    return max(1, round(interval.amount * _DAYS[interval.unit]))


def counted_from(situation: Situation, tie: Tie, over: Sequence[FollowUp]) -> Base:
    """Return the day from which the next round counts: that of the last meeting or of the last touch.

    A touch that was done counts on the day of the answer; one that went unanswered on its own day,
    so that nobody is asked of the user twice in a row; a dismissed one on its own day, or that of the
    answer where that is later. Where there is none of these it is the day of the tier.
    """
    found: list[Base] = []
    last = last_met(situation, tie)
    if last is not None:
        found.append(Base(situation.day_of(last), "you last met"))
    for row in over:
        found += _touched(situation, row)
    if not found:
        found.append(Base(tie.since, "you chose to keep in touch"))
    return max(found, key=lambda base: base.day)


def _touched(situation: Situation, row: FollowUp) -> list[Base]:
    at = (situation.places or {}).get(row.reminder)
    own = at.astimezone(situation.zone).date() if at is not None else None
    answered = situation.answered.get(row.id)
    if row.state is State.DONE and (day := answered or own):
        return [Base(day, "you were last in touch")]
    if row.state is State.DISMISSED and (days := [day for day in (own, answered) if day]):
        return [Base(max(days), "you dismissed the last reminder")]
    if row.state is State.MISSED and own is not None:
        return [Base(own, "the last reminder, unanswered,")]
    return []
