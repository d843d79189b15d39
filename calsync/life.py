"""The life of a follow-up (product §6): where one step for one person stands tonight, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, tzinfo
from functools import lru_cache
from typing import Any

from calsync.ids import digest_id, followup_id
from calsync.model import ANSWERED, OPEN, FollowUp, State
from calsync.people.addresses import canonical
from calsync.people.meetings import Meeting, ended_day
from calsync.people.newcomers import Candidate, booked_after, met_after
from calsync.rules.schema import Pack, Rule, Step
from calsync.situation import Key, Promise, Situation
from calsync.timing.working_time import WorkingTime


def closed(row: FollowUp, cause: str) -> Promise:
    """Withdraw a follow-up that has lost its ground; what is answered or over stays as it is."""
    if row.state in OPEN or row.state in (State.WAITING, State.HELD):
        return Promise(replace(row, state=State.WITHDRAWN, cause=cause))
    return Promise(row)


def is_touch(situation: Situation, row: FollowUp, since: datetime | None) -> bool:
    """Whether a follow-up touched its person since a moment: it was done, or its time has come."""
    at = (situation.places or {}).get(row.reminder)
    if row.state is State.DONE:
        return since is None or at is None or at >= since
    if at is None or at > situation.night.now or row.state not in (State.WRITTEN, State.MISSED):
        return False
    return since is None or at >= since


def step_of(
    situation: Situation,
    key: Key,
    candidate: Candidate | None,
    pack: Pack,
    rule: Rule,
    step: Step,
    index: int,
    own: Sequence[FollowUp],
    group: int,
    all_of_meeting: Sequence[FollowUp] = (),
) -> list[Promise]:
    """Return all rounds of one step for one person and meeting as they stand tonight.

    ``own`` are the promised ones, oldest first, and ``all_of_meeting`` those of everybody in it;
    ``candidate`` is None where the calendar no longer tells of the meeting and the follow-ups keep
    their ground all the same.
    """
    settled = [row for row in own if row.state in ANSWERED]
    latest = own[-1] if own else None
    if settled or (latest is None and candidate is None):
        return [Promise(row) if row.state in ANSWERED else closed(row, "it was answered") for row in own]
    if candidate is None and latest is not None and latest.state is State.WITHDRAWN:
        return [Promise(row) for row in own]  # only a meeting that counts brings one back, never the time
    lines: list[Promise] = []
    round_ = latest.round if latest else 0
    if latest is not None and candidate is not None:
        moved = _moved(situation, latest, candidate.meeting)
        lines = [closed(row, moved or row.cause) for row in own[:-1]]
        if moved:
            lines.append(closed(latest, moved))
            latest, round_ = None, round_ + 1
        else:
            latest = _retold(situation, latest, candidate.meeting)
    if latest is None:
        assert candidate is not None
        step_rows = [row for row in all_of_meeting if (row.rule, row.step) == (rule.id, step.id)]
        round_ = max(round_, _round_of_others(situation, candidate.meeting, step_rows))
        latest = _new(situation, candidate, pack, rule, step, round_)
    timing = timing_of(step, latest, situation.zone)
    state, cause, last_day = _state(situation, key, candidate, step, latest, timing, is_new=not own)
    followup = _changed(
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


def _round_of_others(situation: Situation, meeting: Meeting, rows: Sequence[FollowUp]) -> int:
    """The round in which the step is with the meeting's other people tonight: whoever joins a meeting
    that moved shares their reminder, and does not get a second one."""
    latest = max((row.round for row in rows), default=0)
    return latest + any(
        row.round == latest and row.state not in ANSWERED and _moved(situation, row, meeting) for row in rows
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
    row = _changed(row, meeting_title=situation.title(meeting), source=meeting.source.name)
    if situation.was_over(row):
        return row
    return _changed(row, meeting_start=meeting.start, meeting_end=meeting.end)


def _changed(row: FollowUp, **values: Any) -> FollowUp:
    """The row with other values; itself where they are no others, as on most nights."""
    for name, value in values.items():
        if getattr(row, name) != value:
            return replace(row, **values)
    return row


def _state(
    situation: Situation,
    key: Key,
    candidate: Candidate | None,
    step: Step,
    row: FollowUp,
    timing: str,
    *,
    is_new: bool,
) -> tuple[State, str, date]:
    """Where a follow-up stands tonight, why, and the last day of its window."""
    night, mine = situation.night, situation.mine
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
    return _timing(step.after, step.window, step.at, step.days, step.channel, counted)


_timing = lru_cache(maxsize=4096)(digest_id)


def _reason(candidate: Candidate | None, row: FollowUp) -> str:
    if candidate is not None and candidate.kind == "again":
        return "you met again"
    if candidate is not None:
        return "you met for the first time"
    return row.cause if row.state is State.WRITTEN else "you met for the first time"
