"""Follow-ups become reminders, and reminders get their places.

The follow-ups of one meeting and one step are one reminder. What is written keeps its
place; only what is new, or what its meeting or its rule moved, is placed tonight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from calsync.ids import reminder_id
from calsync.model import EVERY, OPEN, FollowUp, Slot, State, of_cadence
from calsync.pacing import Due, paced
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

_PENCIL = "~"
"""Ends the timing of a place that lies beyond the horizon and is not settled yet."""


def arrange(promises: Sequence[Promise], diary: Diary) -> Arranged:
    """Give every open follow-up a reminder and every reminder a place."""
    history: dict[Group, list[Slot]] = {}
    by_id = {slot.id: slot for slot in diary.slots}
    for slot in diary.slots:
        meeting = "" if slot.step == EVERY else slot.meeting
        history.setdefault((meeting, slot.rule, slot.step, slot.round, slot.alone), []).append(slot)
    members: dict[Group, list[Promise]] = {}
    for promise in promises:
        members.setdefault(_group(promise.followup, by_id), []).append(promise)

    settled: dict[str, Slot] = {}
    reminder_of: dict[Group, str] = {}
    wishes: list[Wish] = []
    pending: dict[str, tuple[Slot, Step]] = {}
    coming: list[tuple[Slot, Promise]] = []
    for group in sorted(members):
        own = members[group]
        turns = sorted(history.get(group, ()), key=lambda slot: slot.turn)
        active = [p for p in own if p.followup.state in OPEN and p.step is not None]
        live = _live(turns, own, active)
        for slot in turns:
            if slot.removed is None and (slot is not live or not active):
                settled[slot.id] = _without_people(slot, own, diary.now)
        if not active:
            continue
        lead = min(active, key=lambda p: (p.step_index, p.followup.id))
        step = lead.step
        assert step is not None
        slot = live or _fresh(group, turns, lead, step, diary.now)
        reminder_of[group] = slot.id
        retimed = live is not None and _is_retimed(live, lead, diary.now)
        if lead.due is not None:
            slot = replace(slot, meeting=lead.followup.meeting)
            if live is None or retimed or _is_near(slot, diary):
                coming.append((slot, lead))
            else:
                settled[slot.id] = slot
        elif live is None or retimed:
            pending[slot.id] = (replace(slot, timing=lead.followup.timing), step)
            wishes.append(_wish(slot.id, active, lead, step, diary))
        else:
            settled[slot.id] = live

    until: dict[str, date] = {}
    for slot, wish, step in _paced(coming, settled, pending, diary):
        until[slot.id] = wish.last_day
        if _is_far(wish.first_day, diary):
            settled[slot.id] = _pencilled(slot, wish, diary.mine.zone)
        else:
            pending[slot.id] = (slot, step)
            wishes.append(wish)
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
                    last_day=max(
                        followup.last_day,
                        slot.start.astimezone(diary.mine.zone).date(),
                        until.get(slot.id, date.min),
                    ),
                )
            followups.append(followup)
    return Arranged(tuple(followups), tuple(settled.values()), notes)


def _group(followup: FollowUp, slots: Mapping[str, Slot]) -> Group:
    if of_cadence(followup):
        return ("", followup.rule, followup.step, followup.round, followup.address)
    slot = slots.get(followup.reminder)
    alone = slot.alone if slot is not None else ""
    return (followup.meeting, followup.rule, followup.step, followup.round, alone)


def _reach(state: State, slot: Slot, horizon: datetime) -> State:
    if state is State.PROVISIONAL:
        return state
    return State.PLANNED if slot.start > horizon else State.WRITTEN


def _live(turns: Sequence[Slot], own: Sequence[Promise], active: Sequence[Promise]) -> Slot | None:
    """The reminder of a group that goes on. One that was done by all in it is over: whoever joins the
    meeting after that gets another, which the tick on the first one cannot hide."""
    standing = [slot for slot in turns if slot.removed is None]
    asking = {p.followup.reminder for p in active}
    done = {p.followup.reminder for p in own if p.followup.state is State.DONE} - asking
    for slot in reversed(standing):
        if slot.id in asking:
            return slot
    return next((slot for slot in reversed(standing) if not active or slot.id not in done), None)


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
    return live.timing.removesuffix(_PENCIL) != lead.followup.timing and not live.moved and live.start > now


def _is_pencilled(slot: Slot) -> bool:
    return slot.timing.endswith(_PENCIL) and not slot.moved


def _is_near(slot: Slot, diary: Diary) -> bool:
    """Whether a day that was only pencilled in has come into the horizon."""
    return _is_pencilled(slot) and not _is_far(slot.start.astimezone(diary.mine.zone).date(), diary)


def _is_far(day: date, diary: Diary) -> bool:
    return datetime.combine(day, time(), tzinfo=diary.mine.zone) > diary.horizon


def _paced(
    coming: Sequence[tuple[Slot, Promise]],
    settled: Mapping[str, Slot],
    pending: Mapping[str, object],
    diary: Diary,
) -> Iterator[tuple[Slot, Wish, Step]]:
    """The cadences that want a place, each with the day that its pace gives it."""
    if not coming:
        return
    zone = diary.mine.zone
    wanting = {slot.id for slot, _ in coming} | pending.keys()
    standing = {slot.id: slot for slot in diary.slots} | dict(settled)
    dues = []
    for slot, lead in coming:
        assert lead.due is not None
        assert lead.step is not None
        same = _is_pencilled(slot) and slot.timing.removesuffix(_PENCIL) == lead.followup.timing
        before = slot.start.astimezone(zone).date() if same else None
        dues.append(Due(slot.id, lead.due, lead.interval, lead.step.days, before))
    starts = [slot.start for slot in standing.values() if slot.removed is None and slot.id not in wanting]
    days = paced(dues, starts, diary.mine, diary.caps, diary.now.astimezone(zone).date())
    for slot, lead in coming:
        assert lead.step is not None
        wish = _wish(slot.id, [lead], lead, lead.step, diary)
        first = diary.mine.next_allowed(days[slot.id], lead.step.days)
        last = max(lead.followup.last_day, diary.mine.after(first, lead.step.window))
        wish = replace(wish, first_day=first, last_day=last)
        yield replace(slot, timing=lead.followup.timing), wish, lead.step


def _pencilled(slot: Slot, wish: Wish, zone: tzinfo) -> Slot:
    """A place that is only meant: what is not written yet is placed among the others when it comes
    into the horizon."""
    start = datetime.combine(wish.first_day, wish.at[0], tzinfo=zone).astimezone(UTC)
    return replace(slot, start=start, end=start + wish.length, timing=slot.timing + _PENCIL)


def _wish(id_: str, active: Sequence[Promise], lead: Promise, step: Step, diary: Diary) -> Wish:
    row = lead.followup
    if lead.due is not None:
        ideal, not_before = lead.due, None
    else:
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
