"""The follow-ups that should exist, from the meetings, the rules and what was promised.

Pure and deterministic: the same night gives the same plan, in whatever order its parts
arrive. The plan of a night is the full plan; what was promised before only decides what
the user has answered, what stays where it stands, and which id a return gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from calsync.life import closed, is_touch, step_of
from calsync.model import OPEN, Answer, FollowUp, State, of_cadence
from calsync.people.judging import Verdict
from calsync.people.meetings import NO_FOLLOW
from calsync.people.newcomers import Candidate
from calsync.rounds import cadences
from calsync.rules.match import Facts, first_match
from calsync.situation import Key, Promise, Situation, facts_of, has_started


@dataclass(frozen=True)
class Plan:
    """``promises`` hold every follow-up that exists or should; ``facts`` those to freeze;
    ``starting`` the people whose follow-ups start tonight, cadences apart: whom the user chose
    by name is no flood."""

    promises: tuple[Promise, ...]
    facts: Mapping[Key, Facts]
    starting: tuple[str, ...]


def plan(situation: Situation) -> Plan:
    """Return every follow-up as it should stand, placed or not."""
    prior: dict[Key, list[FollowUp]] = {}
    of_meeting: dict[str, list[FollowUp]] = {}
    for followup in situation.promised:
        if of_cadence(followup):
            continue
        prior.setdefault((situation.person(followup), followup.meeting), []).append(followup)
        of_meeting.setdefault(followup.meeting, []).append(followup)
    candidates = {
        (candidate.person, candidate.meeting.key): candidate
        for view in situation.views.values()
        for candidate in view.candidates
    }
    _keep_the_first(situation, candidates, prior)
    promises: list[Promise] = []
    freeze: dict[Key, Facts] = {}
    starting: set[str] = set()
    for key in sorted(candidates.keys() | prior.keys()):
        rows = sorted(prior.get(key, ()), key=lambda f: (f.rule, f.step, f.round))
        candidate = candidates.get(key)
        if key[0] not in situation.views:
            promises += [Promise(row) for row in rows]
            continue
        cause = ""
        if key[0] in situation.stopped:
            cause = "you stopped follow-ups for them"
        elif candidate is None:
            cause = _why_gone(situation, key, rows)
        if cause:
            promises += [closed(row, cause) for row in rows]
            continue
        facts = _facts(situation, key, candidate, rows)
        if facts is None:
            promises += [closed(row, "the rule that started it is no longer known") for row in rows]
            continue
        lines = _lines(situation, key, candidate, facts, rows, of_meeting.get(key[1], ()))
        promises += lines
        if lines and candidate is not None:
            freeze[key] = facts
        if any(line.followup.state in OPEN for line in lines) and not any(map(has_started, rows)):
            starting.add(key[0])
    steps = _within_touches(situation, promises)
    return Plan((*steps, *cadences(situation, steps)), freeze, tuple(sorted(starting)))


def _keep_the_first(
    situation: Situation, candidates: dict[Key, Candidate], prior: Mapping[Key, Sequence[FollowUp]]
) -> None:
    """Where the calendar no longer tells of a first meeting that was over and from which follow-ups
    keep their ground, no later meeting is the first."""
    firsts: dict[str, datetime] = {}
    for key, rows in prior.items():
        standing = [row for row in rows if row.state not in (State.HELD, State.WITHDRAWN)]
        frozen = situation.facts.get(key)
        if key in candidates or not standing or frozen is None or frozen.meeting != "first":
            continue
        if not _why_gone(situation, key, standing):
            start = min(row.meeting_start for row in standing)
            firsts[key[0]] = min(start, firsts.get(key[0], start))
    for key, candidate in candidates.items():
        if candidate.kind == "first" and firsts.get(key[0], candidate.meeting.start) < candidate.meeting.start:
            candidates[key] = replace(candidate, kind="again")


def _facts(situation: Situation, key: Key, candidate: Candidate | None, rows: Sequence[FollowUp]) -> Facts | None:
    """What a rule sees: as it is now while the meeting is to come, as it was when it was over; but
    whether it was the first is always as it is known now."""
    frozen = situation.facts.get(key)
    if candidate is None:
        return frozen
    was_over = any(situation.was_over(row) for row in rows)
    if frozen is not None and was_over and candidate.meeting.end <= situation.night.now:
        return replace(frozen, meeting=candidate.kind)
    return facts_of(candidate, situation.circle)


def _why_gone(situation: Situation, key: Key, rows: Sequence[FollowUp]) -> str:
    """Say why promised follow-ups lost their ground; empty where they keep it.

    A past meeting that is missing or edited changes nothing; one that was cancelled or declined
    after the fact does.
    """
    person, meeting_key = key
    followup = rows[-1]
    standing = situation.circle.standing(followup.address)
    if standing.kind != "person":
        return f"they are {standing.why}" if standing.kind != "ignored" else "you ignore them"
    meeting = situation.meetings.get(meeting_key)
    was_over = situation.was_over(followup)
    was_held = not any(map(has_started, rows))
    if meeting is None:
        return "" if was_over and not was_held else "the meeting was deleted before it took place"
    if meeting.event.cancelled:
        return "the meeting was cancelled"
    part = meeting.part_of(person)
    if part is not None and part.answer in (Answer.DECLINED, Answer.DELEGATED):
        return f"they {part.answer.value} the meeting"
    judgement = meeting.judgement
    if judgement.verdict is Verdict.OUT and any(r.startswith("you ") for r in judgement.reasons):
        return judgement.reasons[0].replace(" it", " the meeting")
    if NO_FOLLOW in meeting.event.tags:
        return f"the meeting is tagged #{NO_FOLLOW}"
    view = situation.views.get(person)
    if view is not None and view.first is not None and view.first.start < followup.meeting_start:
        return f"you met them earlier, on {situation.day_of(view.first):%-d %B %Y}"
    if was_over and meeting.end <= situation.night.now:
        return "it waited in the inbox until it was too old" if was_held else ""
    if view is not None and not judgement.verdict:
        return "; ".join(judgement.reasons)
    return "; ".join(view.reasons) if view is not None else "the meeting no longer counts"


def _lines(
    situation: Situation,
    key: Key,
    candidate: Candidate | None,
    facts: Facts,
    rows: Sequence[FollowUp],
    all_of_meeting: Sequence[FollowUp],
) -> list[Promise]:
    """The steps of the rule that applies, and the fate of all rows that it does not ask for."""
    chosen = first_match(situation.packs, facts)
    asked: dict[tuple[str, str], list[FollowUp]] = {}
    for row in rows:
        asked.setdefault((row.rule, row.step), []).append(row)
    lines: list[Promise] = []
    if chosen is not None:
        pack, rule = chosen
        for index, step in enumerate(rule.steps):
            own = asked.pop((rule.id, step.id), [])
            lines += step_of(situation, key, candidate, pack, rule, step, index, own, facts.group, all_of_meeting)
    view = situation.views.get(key[0])
    cause = "no rule asks for it any more"
    if facts.meeting == "again" and view is not None and view.first is not None:
        cause = f"you met them earlier, on {situation.day_of(view.first):%-d %B %Y}"
    for left in asked.values():
        lines += [closed(row, cause) for row in left]
    return lines


def _within_touches(situation: Situation, promises: Sequence[Promise]) -> tuple[Promise, ...]:
    """Keep each person to ``touches`` since the last meeting; what is beyond is not promised.

    A touch is a follow-up that was done or whose time has come.
    """
    now = situation.night.now
    by_person: dict[str, list[Promise]] = {}
    for promise in promises:
        by_person.setdefault(situation.person(promise.followup), []).append(promise)
    kept: list[Promise] = []
    for person, own in by_person.items():
        view = situation.views.get(person)
        last_met = max((m.start for m in view.counting if m.end <= now), default=None) if view else None

        touched = [is_touch(situation, p.followup, last_met) for p in own]
        left = situation.touches - sum(touched)
        coming = [p for p, is_one in zip(own, touched, strict=True) if p.followup.state in OPEN and not is_one]
        coming.sort(key=lambda p: (p.followup.last_day, p.step_index, p.followup.id))
        beyond = {id(p) for p in coming[max(left, 0) :]}
        known = {f.id for f in situation.promised}
        for promise in own:
            if id(promise) not in beyond:
                kept.append(promise)
            elif promise.followup.id in known:
                cause = f"{situation.touches} touches since your last meeting are enough"
                kept.append(closed(promise.followup, cause))
    return tuple(kept)
