"""The life of a cadence: in which round it is with each person tonight, and why it is quiet.

There is never more than one open round of a person. What ends it (a touch, a meeting, the end
of its window) is at the same time what the next one counts from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from calsync.cadence import (
    OVER,
    Asked,
    Base,
    asked,
    counted_from,
    facts_now,
    last_met,
    length_of,
    next_met,
    touch_of,
)
from calsync.ids import digest_id, followup_id
from calsync.life import closed, is_touch
from calsync.model import EVERY, OPEN, FollowUp, State, of_cadence
from calsync.people.meetings import Meeting, ended_day
from calsync.rules.schema import Step
from calsync.situation import Promise, Situation, Tie

_AFTER_ALL_STEPS = 99
_TICKED = timedelta(days=7)
"""How long after its answer a done touch is still told anew, with its tick."""


@dataclass(frozen=True)
class Round:
    """Where the cadence of one person stands: what it counts from, the day it means, and why it is
    quiet or waits until something else is over; both empty where it asks for its touch."""

    asked: Asked
    base: Base
    due: date
    quiet: str = ""
    waits: str = ""


def cadences(situation: Situation, steps: Sequence[Promise]) -> list[Promise]:
    """Return the rounds of everybody's cadence as they should stand. ``steps`` are the follow-ups of
    meetings as they stand tonight: while one of these is open, its person's cadence waits."""
    rows: dict[str, list[FollowUp]] = {}
    for row in situation.promised:
        if of_cadence(row):
            rows.setdefault(situation.person(row), []).append(row)
    others: dict[str, list[FollowUp]] = {}
    for promise in steps:
        others.setdefault(situation.person(promise.followup), []).append(promise.followup)
    found: list[Promise] = []
    for person in sorted(rows.keys() | situation.ties.keys()):
        own = sorted(rows.get(person, ()), key=lambda row: (row.round, row.id))
        found += _of_person(situation, person, own, others.get(person, ()))
    return found


def round_of(situation: Situation, tie: Tie, rows: Sequence[FollowUp], others: Sequence[FollowUp]) -> Round | None:
    """Say where the cadence of one person stands, given all its rounds and the person's other
    follow-ups; None where no rule asks for one."""
    rule = asked(situation.packs, tie, facts_now(situation, tie))
    return None if rule is None else _round(situation, tie, rule, list(rows), others)


def why_none(situation: Situation, person: str) -> str:
    """Say why somebody has no cadence, whatever the rules say; empty where they may have one."""
    if person in situation.stopped:
        return "you stopped follow-ups for them"
    standing = situation.circle.standing(person)
    if standing.kind != "person":
        return "you ignore them" if standing.kind == "ignored" else f"they are {standing.why}"
    return "" if person in situation.ties else "they have no tier any more"


def _of_person(situation: Situation, person: str, rows: list[FollowUp], others: Sequence[FollowUp]) -> list[Promise]:
    tie = situation.ties.get(person)
    cause = why_none(situation, person)
    rule = None if cause or tie is None else asked(situation.packs, tie, facts_now(situation, tie))
    if tie is None or rule is None:
        return [closed(row, cause or "no rule asks for it any more") for row in rows]
    touch = touch_of(rule.rule, rule.interval)
    current = _current(rows, rule)
    lines: list[Promise] = []
    for number, row in enumerate(rows):
        if row is current:
            ended = _ended(situation, tie, row)
            if ended is None:
                continue
            rows[number], current = ended, None
            lines.append(Promise(ended))
        elif row.state in OVER:
            lines.append(_told(situation, row, rule, touch))
        else:
            another = "another rule asks for them now" if row.rule != rule.rule.id else "another round of theirs stands"
            lines.append(closed(row, another))
    standing = _round(situation, tie, rule, rows, others)
    if standing.quiet:
        return lines + ([closed(current, standing.quiet)] if current is not None else [])
    return [*lines, _promised(situation, tie, standing, touch, current, rows)]


def _current(rows: Sequence[FollowUp], rule: Asked) -> FollowUp | None:
    """The round that goes on: the open or waiting one, or a withdrawn one that nothing came after."""
    live = [row for row in rows if row.state not in OVER]
    if not live or live[-1].rule != rule.rule.id:
        return None
    return live[-1] if live[-1].state is not State.WITHDRAWN or live[-1] is rows[-1] else None


def _round(situation: Situation, tie: Tie, rule: Asked, rows: Sequence[FollowUp], others: Sequence[FollowUp]) -> Round:
    base = counted_from(situation, tie, [row for row in rows if row.state in OVER])
    due = situation.mine.after(base.day, rule.interval)
    last = last_met(situation, tie)
    since = max((m.start for m in tie.counting if m.end <= situation.night.now), default=None)
    current = _current(rows, rule)
    counted = [row for row in (*rows, *others) if row is not current and is_touch(situation, row, since)]
    touches = len([row for row in counted if last is None or not _answered_before(situation, row, last)])
    if touches >= situation.touches and not (current is not None and is_touch(situation, current, since)):
        return Round(rule, base, due, quiet=_enough(situation.touches, last))
    booked = next_met(situation, tie)
    if booked is not None:
        day = situation.day_of(booked)
        return Round(rule, base, due, waits=f"another meeting is booked on {day:%-d %B %Y}")
    if any(row.state in OPEN or row.state is State.WAITING for row in others):
        return Round(rule, base, due, waits="a follow-up of a meeting with them is still open")
    return Round(rule, base, due)


def _answered_before(situation: Situation, row: FollowUp, last: Meeting) -> bool:
    """Whether a touch was done ahead of its time, and you have met since."""
    answered = situation.answered.get(row.id)
    return row.state is State.DONE and answered is not None and answered < situation.day_of(last)


def _enough(touches: int, last: Meeting | None) -> str:
    if not touches:
        return "limits.touches is 0"
    number = "1 touch" if touches == 1 else f"{touches} touches"
    since = " since your last meeting" if last is not None else ""
    return f"{number}{since} {'is' if touches == 1 else 'are'} enough, until you meet{' again' if since else ''}"


def _ended(situation: Situation, tie: Tie, row: FollowUp) -> FollowUp | None:
    """A round that is over since last night: met, or unanswered; one that was never written is neither."""
    today = situation.night.now.astimezone(situation.zone).date()
    last_day = _until(situation, row)
    is_over = last_day < today and (
        row.state is State.WRITTEN or (row.state is State.WAITING and _come(situation, row))
    )
    last = last_met(situation, tie)
    if last is not None and row.reminder and row.state in (State.WRITTEN, State.WAITING):
        day, counted = situation.day_of(last), ended_day(row.meeting_start, row.meeting_end, situation.zone)
        if last.start > row.meeting_start and day > counted and (not is_over or day <= last_day):
            return replace(row, state=State.MET, cause=f"you met again on {day:%-d %B %Y}")
    return replace(row, state=State.MISSED, cause="its window ended unanswered") if is_over else None


def _come(situation: Situation, row: FollowUp) -> bool:
    at = (situation.places or {}).get(row.reminder)
    return at is not None and at <= situation.night.now


def _until(situation: Situation, row: FollowUp) -> date:
    return max(row.last_day, (situation.moved_to or {}).get(row.reminder, row.last_day))


def _told(situation: Situation, row: FollowUp, rule: Asked, touch: Step) -> Promise:
    answered = situation.answered.get(row.id)
    today = situation.night.now.astimezone(situation.zone).date()
    if row.state is State.DONE and row.rule == rule.rule.id and answered and today - answered <= _TICKED:
        return Promise(row, touch, rule.rule, _AFTER_ALL_STEPS)
    return Promise(row)


def _promised(
    situation: Situation,
    tie: Tie,
    standing: Round,
    touch: Step,
    current: FollowUp | None,
    rows: Sequence[FollowUp],
) -> Promise:
    rule = standing.asked
    today = situation.night.now.astimezone(situation.zone).date()
    row = current or _new(tie, rule, max((row.round for row in rows), default=-1) + 1)
    row = _anchored(situation, row, tie)
    timing = digest_id(EVERY, touch.after, standing.base.day, touch.window, touch.at, touch.days, touch.channel)
    shown = row.state is State.WRITTEN and _come(situation, row)
    if shown or (row.timing == timing and row.last_day >= today):
        last_day = _until(situation, row)
    else:
        last_day = situation.mine.after(max(standing.due, today), touch.window)
    state, cause = State.WRITTEN, because(standing, tie)
    if standing.waits:
        state, cause = State.WAITING, standing.waits
    followup = replace(
        row,
        pack=rule.pack.name,
        state=state,
        cause=cause,
        last_day=last_day,
        reminder="" if standing.waits and row.state is State.PLANNED else row.reminder,
        timing=timing,
        channel=touch.channel.value,
    )
    length = length_of(rule.interval)
    return Promise(followup, touch, rule.rule, _AFTER_ALL_STEPS, due=standing.due, interval=length)


def because(standing: Round, tie: Tie) -> str:
    """Say why a round comes when it does."""
    day = standing.base.day
    return f"{standing.asked.interval} since {standing.base.what} on {day:%-d %B %Y} ({chosen(standing.asked, tie)})"


def chosen(rule: Asked, tie: Tie) -> str:
    """Say by whose word the interval is what it is."""
    if tie.every is not None:
        return "as you set it for them"
    return f"tier {tie.tier}" if rule.rule.every == "tier" else f"tier {tie.tier}, by the rule {rule.rule.id}"


def _new(tie: Tie, rule: Asked, round_: int) -> FollowUp:
    nothing = datetime.min
    return FollowUp(
        id=followup_id(tie.person, "", rule.rule.id, EVERY, round_),
        address=tie.person,
        name="",
        meeting="",
        uid="",
        meeting_title="",
        meeting_start=nothing,
        meeting_end=nothing,
        source="",
        pack=rule.pack.name,
        rule=rule.rule.id,
        step=EVERY,
        round=round_,
        state=State.PLANNED,
        cause="",
        last_day=date.min,
    )


def _anchored(situation: Situation, row: FollowUp, tie: Tie) -> FollowUp:
    """The round with the meeting that it counts from; without one its times are those of the tier's day."""
    last = last_met(situation, tie)
    if last is None:
        since = datetime.combine(tie.since, time(), tzinfo=situation.zone)
        return replace(row, meeting="", uid="", meeting_title="", meeting_start=since, meeting_end=since, source="")
    part = last.part_of(tie.person)
    keeps_times = row.meeting == last.key and situation.was_over(row)
    return replace(
        row,
        name=part.name if part is not None else row.name,
        meeting=last.key,
        uid=last.uid,
        meeting_title=situation.title(last),
        meeting_start=row.meeting_start if keeps_times else last.start,
        meeting_end=row.meeting_end if keeps_times else last.end,
        source=last.source.name,
    )
