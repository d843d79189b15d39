"""The follow-ups that should exist, from the meetings, the rules and what was promised.

Pure and deterministic: the same night gives the same plan, in whatever order its parts
arrive. The plan of a night is the full plan; what was promised before only decides what
the user has answered, what stays where it stands, and which id a return gets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo

from calsync.ids import digest_id, followup_id
from calsync.model import ANSWERED, OPEN, Answer, FollowUp, State
from calsync.people.addresses import canonical, domain_of
from calsync.people.judging import Circle, Verdict
from calsync.people.meetings import NO_FOLLOW, PRIVATE, Meeting, ended_day
from calsync.people.newcomers import Candidate, Night, View, booked_after, met_after
from calsync.rules.match import Facts, first_match
from calsync.rules.schema import Pack, Rule, Step
from calsync.timing.working_time import WorkingTime

Key = tuple[str, str]
"""A person and a meeting's key."""


@dataclass(frozen=True)
class Situation:
    """All that the plan depends on.

    ``views`` are the people whose standing matters tonight; ``promised`` all follow-ups of
    theirs in the ledger, and those of others that share a reminder with them, which stay as
    they are. ``facts`` are what rules saw of a meeting when it was over, because later edits
    change only the text. ``meetings`` are the meetings of the promised by their key.
    ``last_sync`` tells what was over when calsync looked last; ``places`` are the starts of
    reminders by id, and ``moved_to`` the days to which the user moved some.
    """

    night: Night
    zone: tzinfo
    mine: WorkingTime
    packs: Sequence[Pack]
    circle: Circle
    views: Mapping[str, View]
    promised: Sequence[FollowUp]
    facts: Mapping[Key, Facts]
    meetings: Mapping[str, Meeting]
    horizon: datetime
    last_sync: datetime | None = None
    touches: int = 3
    hide_title: bool = True
    stopped: frozenset[str] = frozenset()
    places: Mapping[str, datetime] | None = None
    moved_to: Mapping[str, date] | None = None

    def person(self, followup: FollowUp) -> str:
        return self.circle.identities.of(followup.address)

    def day_of(self, meeting: Meeting) -> date:
        return ended_day(meeting.start, meeting.end, self.zone)

    def title(self, meeting: Meeting) -> str:
        """The meeting's title as it may be shown."""
        return PRIVATE if self.hide_title and meeting.event.private else meeting.title

    def was_over(self, followup: FollowUp) -> bool:
        """Whether the meeting was over when calsync looked last."""
        return self.last_sync is not None and followup.meeting_end <= self.last_sync


@dataclass(frozen=True)
class Promise:
    """A follow-up as it should stand after tonight, with what its place depends on.

    ``step`` is None for one that no rule asks for any more.
    """

    followup: FollowUp
    step: Step | None = None
    rule: Rule | None = None
    step_index: int = 0
    group: int = 0


@dataclass(frozen=True)
class Plan:
    """``promises`` hold every follow-up that exists or should; ``facts`` those to freeze;
    ``starting`` the people whose follow-ups start tonight."""

    promises: tuple[Promise, ...]
    facts: Mapping[Key, Facts]
    starting: tuple[str, ...]


def has_started(followup: FollowUp) -> bool:
    """Whether a follow-up ever asked something of the user; one that only waited in the inbox, or
    was missed before it was seen, did not."""
    return bool(followup.reminder) or followup.state in OPEN or followup.state in (State.WAITING, State.MET)


def facts_of(candidate: Candidate, circle: Circle) -> Facts:
    """Return what rules can ask of a person and a meeting (product §4, ``when``)."""
    meeting, part = candidate.meeting, candidate.part
    event = meeting.event
    duration = meeting.end - meeting.start
    place = "online" if event.online else "in-person"
    addresses = (part.address, *circle.identities.addresses(candidate.person))
    return Facts(
        meeting=candidate.kind,
        group=meeting.judgement.group,
        role=part.role,
        mine=meeting.judgement.mine,
        relationship=meeting.source.relationship,
        tags=event.tags,
        domains=tuple(dict.fromkeys(d for d in map(domain_of, addresses) if d)),
        title=event.title,
        calendar=meeting.source.name,
        duration=duration,
        place=place,
        recurring=meeting.recurring,
        all_day=event.all_day,
    )


def plan(situation: Situation) -> Plan:
    """Return every follow-up as it should stand, placed or not."""
    prior: dict[Key, list[FollowUp]] = {}
    for followup in situation.promised:
        prior.setdefault((situation.person(followup), followup.meeting), []).append(followup)
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
            promises += [_closed(row, cause) for row in rows]
            continue
        facts = _facts(situation, key, candidate, rows)
        if facts is None:
            promises += [_closed(row, "the rule that started it is no longer known") for row in rows]
            continue
        lines = _lines(situation, key, candidate, facts, rows)
        promises += lines
        if lines and candidate is not None:
            freeze[key] = facts
        if any(line.followup.state in OPEN for line in lines) and not any(map(has_started, rows)):
            starting.add(key[0])
    return Plan(_within_touches(situation, promises), freeze, tuple(sorted(starting)))


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


def _closed(row: FollowUp, cause: str) -> Promise:
    if row.state in OPEN or row.state in (State.WAITING, State.HELD):
        return Promise(replace(row, state=State.WITHDRAWN, cause=cause))
    return Promise(row)


def _lines(
    situation: Situation,
    key: Key,
    candidate: Candidate | None,
    facts: Facts,
    rows: Sequence[FollowUp],
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
            lines += _step(situation, key, candidate, pack, rule, step, index, own, facts.group)
    view = situation.views.get(key[0])
    cause = "no rule asks for it any more"
    if facts.meeting == "again" and view is not None and view.first is not None:
        cause = f"you met them earlier, on {situation.day_of(view.first):%-d %B %Y}"
    for left in asked.values():
        lines += [_closed(row, cause) for row in left]
    return lines


def _step(
    situation: Situation,
    key: Key,
    candidate: Candidate | None,
    pack: Pack,
    rule: Rule,
    step: Step,
    index: int,
    own: Sequence[FollowUp],
    group: int,
) -> list[Promise]:
    settled = [row for row in own if row.state in ANSWERED]
    latest = own[-1] if own else None
    if settled or (latest is None and candidate is None):
        return [Promise(row) if row.state in ANSWERED else _closed(row, "it was answered") for row in own]
    if candidate is None and latest is not None and latest.state is State.WITHDRAWN:
        return [Promise(row) for row in own]  # only a meeting that counts brings one back, never the time
    lines: list[Promise] = []
    round_ = latest.round if latest else 0
    if latest is not None and candidate is not None:
        moved = _moved(situation, latest, candidate.meeting)
        lines = [_closed(row, moved or row.cause) for row in own[:-1]]
        if moved:
            lines.append(_closed(latest, moved))
            latest, round_ = None, round_ + 1
        else:
            latest = _retold(situation, latest, candidate.meeting)
    if latest is None:
        assert candidate is not None
        latest = _new(situation, candidate, pack, rule, step, round_)
    state, cause, last_day = _state(situation, key, candidate, step, latest, is_new=not own)
    timing = timing_of(step, latest, situation.zone)
    followup = replace(
        latest,
        pack=pack.name,
        state=state,
        cause=cause,
        last_day=last_day,
        timing=timing,
        channel=step.channel.value,
    )
    return [*lines, Promise(followup, step, rule, index, group)]


def _new(situation: Situation, candidate: Candidate, pack: Pack, rule: Rule, step: Step, round_: int) -> FollowUp:
    meeting, part = candidate.meeting, candidate.part
    address = canonical(part.address)
    return FollowUp(
        id=followup_id(address, meeting.key, rule.id, step.id, round_),
        address=address,
        name=part.name,
        meeting=meeting.key,
        uid=meeting.uid,
        meeting_title=situation.title(meeting),
        meeting_start=meeting.start,
        meeting_end=meeting.end,
        source=meeting.source.name,
        pack=pack.name,
        rule=rule.id,
        step=step.id,
        round=round_,
        state=State.PLANNED,
        cause="",
        last_day=date.min,
    )


def _moved(situation: Situation, row: FollowUp, meeting: Meeting) -> str:
    """Say that the meeting moved to another day; edits of a meeting that is over do not move it."""
    was = ended_day(row.meeting_start, row.meeting_end, situation.zone)
    now = situation.day_of(meeting)
    if was == now:
        return ""
    if situation.was_over(row) and meeting.end <= situation.night.now:
        return ""
    return f"the meeting moved from {was:%-d %B} to {now:%-d %B}"


def _retold(situation: Situation, row: FollowUp, meeting: Meeting) -> FollowUp:
    row = replace(row, meeting_title=situation.title(meeting), source=meeting.source.name)
    if situation.was_over(row):
        return row
    return replace(row, meeting_start=meeting.start, meeting_end=meeting.end)


def _state(
    situation: Situation,
    key: Key,
    candidate: Candidate | None,
    step: Step,
    row: FollowUp,
    *,
    is_new: bool,
) -> tuple[State, str, date]:
    """Where a follow-up stands tonight, why, and the last day of its window."""
    night, mine = situation.night, situation.mine
    timing = timing_of(step, row, situation.zone)
    last_day = row.last_day if row.timing == timing else window_end(step, row, mine)
    snoozed = (situation.moved_to or {}).get(row.reminder)
    if snoozed is not None and snoozed > last_day:
        last_day = snoozed
    if row.state is State.MISSED and not is_new:
        return row.state, row.cause, row.last_day
    today = night.now.astimezone(situation.zone).date()
    over = last_day < today
    if candidate is not None and candidate.held and not over:
        return State.HELD, candidate.held, last_day
    view = situation.views.get(key[0])
    counting = view.counting if view is not None and not (candidate and candidate.held) else ()
    meeting = candidate.meeting if candidate is not None else situation.meetings.get(row.meeting)
    if meeting is not None:
        start, ended = meeting.start, situation.day_of(meeting)
    else:
        start, ended = row.meeting_start, ended_day(row.meeting_start, row.meeting_end, situation.zone)
    if "met" in step.unless:
        met = met_after(counting, start, ended, night, situation.day_of)
        in_time = met is not None and (not over or situation.day_of(met) <= last_day)
        if met is not None and (in_time or row.state in (State.WAITING, State.MET)):
            return State.MET, f"you met again on {situation.day_of(met):%-d %B %Y}", last_day
    if "booked" in step.unless:
        booked = booked_after(counting, row.meeting, start, night, situation.horizon)
        if booked is not None and (not over or row.state is State.WAITING):
            day = situation.day_of(booked)
            return State.WAITING, f"another meeting is booked on {day:%-d %B %Y}", last_day
    if over:
        cause = "its window was over when calsync first saw it" if is_new else "its window ended unanswered"
        return State.MISSED, cause, last_day
    if row.meeting_end > night.now:
        return State.PROVISIONAL, "the meeting is still to come", last_day
    return State.WRITTEN, _reason(candidate, row), last_day


def window_end(step: Step, row: FollowUp, mine: WorkingTime) -> date:
    """Return the last day of a step's window, counted from the day the meeting ended."""
    ideal, _ = mine.ideal_day(step.after, row.meeting_end, step.days, began=row.meeting_start)
    return mine.last_day(step.window, row.meeting_end, step.days, ideal, began=row.meeting_start)


def timing_of(step: Step, row: FollowUp, zone: tzinfo) -> str:
    """Return a digest of what decides a follow-up's window and place: its step and its meeting.

    Holidays and working hours are left out on purpose: what is written stays where it is when
    they change.
    """
    counted: object = ended_day(row.meeting_start, row.meeting_end, zone)
    if step.after.elapsed() is not None or step.window.elapsed() is not None:
        counted = row.meeting_end.timestamp()
    return digest_id(step.after, step.window, step.at, step.days, step.channel, counted)


def _reason(candidate: Candidate | None, row: FollowUp) -> str:
    if candidate is not None and candidate.kind == "again":
        return "you met again"
    if candidate is not None:
        return "you met for the first time"
    return row.cause if row.state is State.WRITTEN else "you met for the first time"


def _within_touches(situation: Situation, promises: Sequence[Promise]) -> tuple[Promise, ...]:
    """Keep each person to ``touches`` since the last meeting; what is beyond is not promised.

    A touch is a follow-up that was done or whose time has come.
    """
    places = situation.places or {}
    now = situation.night.now
    by_person: dict[str, list[Promise]] = {}
    for promise in promises:
        by_person.setdefault(situation.person(promise.followup), []).append(promise)
    kept: list[Promise] = []
    for person, own in by_person.items():
        view = situation.views.get(person)
        last_met = max((m.start for m in view.counting if m.end <= now), default=None) if view else None

        def is_touch(promise: Promise, last_met: datetime | None = last_met) -> bool:
            followup = promise.followup
            at = places.get(followup.reminder)
            if followup.state is State.DONE:
                return last_met is None or at is None or at >= last_met
            if at is None or at > now or followup.state not in (State.WRITTEN, State.MISSED):
                return False
            return last_met is None or at >= last_met

        left = situation.touches - sum(map(is_touch, own))
        coming = [p for p in own if p.followup.state in OPEN and not is_touch(p)]
        coming.sort(key=lambda p: (p.followup.last_day, p.step_index, p.followup.id))
        beyond = {id(p) for p in coming[max(left, 0) :]}
        known = {f.id for f in situation.promised}
        for promise in own:
            if id(promise) not in beyond:
                kept.append(promise)
            elif promise.followup.id in known:
                cause = f"{situation.touches} touches since your last meeting are enough"
                kept.append(_closed(promise.followup, cause))
    return tuple(kept)
