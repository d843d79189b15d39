"""Follow-ups become reminders, and reminders get their places.

The follow-ups of one meeting and one step are one reminder. What is written keeps its
place; only what is new, or what its meeting or its rule moved, is placed tonight.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from calsync.ids import reminder_id
from calsync.model import OPEN, FollowUp, Slot, State
from calsync.rules.channels import FORMS
from calsync.rules.schema import Step
from calsync.situation import Promise
from calsync.timing.placement import Caps, Placed, Wish, place
from calsync.timing.working_time import WorkingTime

Span = tuple[datetime, datetime]
Busy = Callable[[datetime, datetime], Sequence[Span]]
"""My busy time between two moments, asked for only when something must be placed."""


@dataclass(frozen=True)
class Diary:
    """My days: what stands in them and what may be added.

    ``slots`` are the reminders in the outputs or removed from them. ``their_zones`` are the
    zones of people, by address, where known.
    """

    now: datetime
    horizon: datetime
    mine: WorkingTime
    caps: Caps
    slots: Sequence[Slot]
    busy: Busy
    their_zones: Mapping[str, tzinfo]


@dataclass(frozen=True)
class Arranged:
    """``followups`` with their final states and reminders, ``slots`` as they should stand, and
    ``notes`` on what could not be placed as wished."""

    followups: tuple[FollowUp, ...]
    slots: tuple[Slot, ...]
    notes: tuple[str, ...]


Group = tuple[str, str, str, int, str]


def arrange(promises: Sequence[Promise], diary: Diary) -> Arranged:
    """Give every open follow-up a reminder and every reminder a place."""
    history: dict[Group, list[Slot]] = {}
    by_id = {slot.id: slot for slot in diary.slots}
    for slot in diary.slots:
        history.setdefault((slot.meeting, slot.rule, slot.step, slot.round, slot.alone), []).append(slot)
    members: dict[Group, list[Promise]] = {}
    for promise in promises:
        members.setdefault(_group(promise.followup, by_id), []).append(promise)

    settled: dict[str, Slot] = {}
    reminder_of: dict[Group, str] = {}
    wishes: list[Wish] = []
    pending: dict[str, tuple[Slot, Step]] = {}
    for group in sorted(members):
        own = members[group]
        turns = sorted(history.get(group, ()), key=lambda slot: slot.turn)
        live = next((slot for slot in turns if slot.removed is None), None)
        active = [p for p in own if p.followup.state in OPEN and p.step is not None]
        if not active:
            if live is not None:
                settled[live.id] = _without_people(live, own, diary.now)
            continue
        lead = min(active, key=lambda p: (p.step_index, p.followup.id))
        step = lead.step
        assert step is not None
        slot = live or _fresh(group, turns, lead, step, diary.now)
        reminder_of[group] = slot.id
        retimed = live is not None and _is_retimed(live, lead, diary.now)
        if live is None or retimed:
            pending[slot.id] = (replace(slot, timing=lead.followup.timing), step)
            wishes.append(_wish(slot.id, active, lead, step, diary))
        else:
            settled[slot.id] = live

    placed, notes = _placed(wishes, pending, settled, diary)
    settled |= placed
    followups = []
    for group, own in members.items():
        for promise in own:
            followup = promise.followup
            if followup.state in OPEN and group in reminder_of:
                slot = settled[reminder_of[group]]
                followup = replace(
                    followup,
                    reminder=slot.id,
                    state=_reach(followup.state, slot, diary.horizon),
                    # A place on the next allowed day must not be over before it comes.
                    last_day=max(followup.last_day, slot.start.astimezone(diary.mine.zone).date()),
                )
            followups.append(followup)
    return Arranged(tuple(followups), tuple(settled.values()), notes)


def _group(followup: FollowUp, slots: Mapping[str, Slot]) -> Group:
    slot = slots.get(followup.reminder)
    alone = slot.alone if slot is not None else ""
    return (followup.meeting, followup.rule, followup.step, followup.round, alone)


def _reach(state: State, slot: Slot, horizon: datetime) -> State:
    if state is State.PROVISIONAL:
        return state
    return State.PLANNED if slot.start > horizon else State.WRITTEN


def _without_people(live: Slot, own: Sequence[Promise], now: datetime) -> Slot:
    """A reminder that asks nothing any more: a done one stays, and so does one in the past."""
    if any(p.followup.state is State.DONE for p in own) or live.start <= now:
        return live
    return replace(live, removed=now)


def _fresh(group: Group, turns: Sequence[Slot], lead: Promise, step: Step, now: datetime) -> Slot:
    meeting, rule, step_id, round_, alone = group
    turn = turns[-1].turn + 1 if turns else 0
    return Slot(
        reminder_id(meeting, rule, step_id, round_, turn, alone),
        meeting,
        rule,
        step_id,
        round_,
        turn,
        alone,
        now,
        now,
        step.channel,
        lead.followup.timing,
    )


def _is_retimed(live: Slot, lead: Promise, now: datetime) -> bool:
    return live.timing != lead.followup.timing and not live.moved and live.start > now


def _wish(id_: str, active: Sequence[Promise], lead: Promise, step: Step, diary: Diary) -> Wish:
    row = lead.followup
    ideal, not_before = diary.mine.ideal_day(step.after, row.meeting_end, step.days, began=row.meeting_start)
    channel = FORMS[step.channel]
    zones = {zone for p in active if (zone := diary.their_zones.get(p.followup.address)) is not None}
    last_day = max(p.followup.last_day for p in active)
    return Wish(
        id=id_,
        first_day=ideal,
        last_day=max(last_day, ideal),
        days=step.days,
        at=step.at or diary.mine.hours,
        length=channel.length,
        importance=(-step.priority, lead.step_index, last_day, lead.group, id_),
        not_before=not_before,
        their_zones=tuple(sorted(zones, key=str)) if channel.in_their_day else (),
    )


def _placed(
    wishes: Sequence[Wish],
    pending: Mapping[str, tuple[Slot, Step]],
    settled: Mapping[str, Slot],
    diary: Diary,
) -> tuple[dict[str, Slot], tuple[str, ...]]:
    if not wishes:
        return {}, ()
    standing = {slot.id: slot for slot in diary.slots} | dict(settled)
    taken = [(slot.start, slot.end) for slot in standing.values() if slot.removed is None and slot.id not in pending]
    last = max(_last_midnight(wish, diary.mine.zone) for wish in wishes)
    busy = diary.busy(diary.now - timedelta(days=1), max(last, diary.now) + timedelta(days=2))
    results: list[Placed] = place(wishes, mine=diary.mine, busy=busy, taken=taken, caps=diary.caps, now=diary.now)
    slots: dict[str, Slot] = {}
    notes: list[str] = []
    for placed in results:
        slot, step = pending[placed.id]
        slots[placed.id] = replace(slot, start=placed.start, end=placed.end, channel=step.channel)
        notes += [f"{placed.id}\t{note}" for note in placed.notes]
    return slots, tuple(notes)


def _last_midnight(wish: Wish, zone: tzinfo) -> datetime:
    day = wish.last_day
    return datetime(day.year, day.month, day.day, tzinfo=zone)
