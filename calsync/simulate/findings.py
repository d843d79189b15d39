"""What a replay came to, in figures that a user can judge rules by.

A reminder counts when its time came while it stood in the calendar. Whether somebody was
met again is told beside it, and is no merit of the reminder: the past did not know of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median

from calsync.config import Config
from calsync.model import FollowUp, Slot, State, of_cadence
from calsync.people.meetings import ended_day
from calsync.rules.schema import Step
from calsync.simulate.replay import Replayed
from calsync.timing.working_time import WorkingTime

StepKey = tuple[str, str, str]
"""Pack, rule and step."""


@dataclass(frozen=True)
class Share:
    """A number of some number, such as 7 of 9."""

    number: int
    of: int

    @property
    def share(self) -> float | None:
        return self.number / self.of if self.of else None

    def as_json(self) -> dict[str, object]:
        share = None if self.share is None else round(self.share, 4)
        return {"number": self.number, "of": self.of, "share": share}


@dataclass(frozen=True)
class Reminded:
    """One follow-up whose time came: for whom, of which step and meeting, and when.

    ``waited`` is the days from the meeting to the reminder; ``on_ideal_day`` is None where a
    cadence has no such day.
    """

    person: str
    key: StepKey
    meeting: str
    start: datetime
    waited: int
    on_ideal_day: bool | None
    channel: str
    reminder: str

    @property
    def day(self) -> date:
        return self.start.date()


@dataclass(frozen=True)
class StepFigures:
    """One step in figures. ``followups`` are all that were promised: those ``reminded`` of, ``met``
    before that, ``missed`` before they were seen, ``withdrawn``, and the rest ``pending``. ``plan`` is
    what the rule says, None for a cadence."""

    key: StepKey
    channel: str
    plan: Step | None
    followups: int
    reminded: int
    met: int
    missed: int
    withdrawn: int
    pending: int
    ideal: Share
    median_days: float | None
    waited: tuple[int, ...]
    met_in_window: Share
    met_at_all: Share


@dataclass(frozen=True)
class Figures:
    """A whole replay in figures. ``days`` and ``weeks`` (by their Mondays) count reminders; days and
    weeks ``over`` are those beyond the caps. ``brakes`` are the nights on which a sync would have
    stopped to ask; ``crowded`` reminders were placed over a cap, ``busy`` ones without free time."""

    packs: tuple[str, ...]
    reminders: int
    people: int
    reminded: tuple[Reminded, ...]
    days: Mapping[date, int]
    weeks: Mapping[date, int]
    days_over: int
    weeks_over: int
    steps: tuple[StepFigures, ...]
    ideal: Share
    median_days: float | None
    met_in_window: Share
    met_at_all: Share
    brakes: int
    crowded: int
    busy: int

    @property
    def busiest_day(self) -> tuple[date, int] | None:
        return _most(self.days)

    @property
    def busiest_week(self) -> tuple[date, int] | None:
        return _most(self.weeks)


@dataclass(frozen=True)
class _Fate:
    """What became of one follow-up, and whether its person was met again."""

    row: FollowUp
    what: str
    window_over: bool
    met_in_window: bool
    met_at_all: bool


def figures(replayed: Replayed, config: Config, mine: WorkingTime, person: Callable[[str], str]) -> Figures:
    """Count what a replay came to; ``person`` tells who is behind an address."""
    zone, limits = config.me.zone, config.limits
    first, now = replayed.nights[0].astimezone(zone), replayed.nights[-1].astimezone(zone)
    came = {slot.id: slot for slot in replayed.slots if slot.removed is None and slot.start <= now}
    steps = {
        (pack.name, rule.id, step.id): step for pack in replayed.packs for rule in pack.rules for step in rule.steps
    }
    fates = [_fate(row, came, replayed, now, person) for row in replayed.followups if row.state is not State.HELD]
    reminded = tuple(
        sorted(
            (
                _reminded(fate.row, came[fate.row.reminder], steps, mine, person)
                for fate in fates
                if fate.what == "reminded"
            ),
            key=lambda each: (each.start, each.reminder, each.person),
        )
    )
    starts = {each.reminder: each.day for each in reminded}
    days = Counter(starts.values())
    weeks = dict.fromkeys(_mondays(first.date(), now.date()), 0)
    for day, number in days.items():
        weeks[_monday(day)] = weeks.get(_monday(day), 0) + number
    apart: dict[str, Reminded] = {each.reminder: each for each in reminded}
    waits = [each.waited for each in apart.values() if each.on_ideal_day is not None]
    return Figures(
        packs=tuple(pack.name for pack in replayed.packs),
        reminders=len(starts),
        people=len({each.person for each in reminded}),
        reminded=reminded,
        days=dict(sorted(days.items())),
        weeks=dict(sorted(weeks.items())),
        days_over=sum(number > limits.per_day for number in days.values()),
        weeks_over=sum(number > limits.per_week for number in weeks.values()),
        steps=tuple(_by_step(fates, reminded, steps)),
        ideal=_ideal(apart.values()),
        median_days=median(waits) if waits else None,
        met_in_window=_met_in_window(fates),
        met_at_all=_met_at_all(fates),
        brakes=sum(number > limits.brake for number in replayed.starting[1:]),
        crowded=replayed.notes.get("over the cap", 0),
        busy=replayed.notes.get("no free time", 0),
    )


def _fate(
    row: FollowUp, came: Mapping[str, Slot], replayed: Replayed, now: datetime, person: Callable[[str], str]
) -> _Fate:
    slot = came.get(row.reminder)
    closed = replayed.closed.get(row.id)
    if slot is not None and (closed is None or closed >= slot.start):
        what = "reminded"
    elif row.state in (State.MET, State.MISSED, State.WITHDRAWN):
        what = row.state.value
    else:
        what = "pending"
    again = _met_again(row, replayed, now, person)
    in_window = again is not None and again <= row.last_day
    return _Fate(row, what, row.last_day < now.date(), in_window, again is not None)


def _met_again(row: FollowUp, replayed: Replayed, now: datetime, person: Callable[[str], str]) -> date | None:
    """The day of the first meeting after the one that a follow-up is for."""
    seen = replayed.views.get(person(row.address))
    zone = now.tzinfo
    assert zone is not None
    day = ended_day(row.meeting_start, row.meeting_end, zone)
    later = (
        ended_day(m.start, m.end, zone)
        for m in (seen.counting if seen is not None else ())
        if m.end <= now and m.start > row.meeting_start
    )
    return min((each for each in later if each > day), default=None)


def _reminded(
    row: FollowUp, slot: Slot, steps: Mapping[StepKey, Step], mine: WorkingTime, person: Callable[[str], str]
) -> Reminded:
    key = (row.pack, row.rule, row.step)
    start = slot.start.astimezone(mine.zone)
    day = ended_day(row.meeting_start, row.meeting_end, mine.zone)
    step, ideal = steps.get(key), None
    if step is not None and not of_cadence(row):
        meant, _ = mine.ideal_day(step.after, row.meeting_end, step.days, began=row.meeting_start)
        ideal = start.date() == meant
    waited = (start.date() - day).days
    return Reminded(person(row.address), key, row.meeting, start, waited, ideal, row.channel, slot.id)


def _by_step(
    fates: Sequence[_Fate], reminded: Sequence[Reminded], steps: Mapping[StepKey, Step]
) -> Iterable[StepFigures]:
    """Each step that promised something, in the order of the packs."""
    order = {key: number for number, key in enumerate(steps)}
    own: dict[StepKey, list[_Fate]] = {}
    for fate in fates:
        own.setdefault((fate.row.pack, fate.row.rule, fate.row.step), []).append(fate)
    for key in sorted(own, key=lambda key: (order.get(key, len(order)), key)):
        counts = Counter(fate.what for fate in own[key])
        apart = {each.reminder: each for each in reminded if each.key == key}
        waited = tuple(sorted(each.waited for each in apart.values()))
        yield StepFigures(
            key=key,
            channel=own[key][0].row.channel,
            plan=steps.get(key),
            followups=len(own[key]),
            reminded=counts["reminded"],
            met=counts["met"],
            missed=counts["missed"],
            withdrawn=counts["withdrawn"],
            pending=counts["pending"],
            ideal=_ideal(apart.values()),
            median_days=median(waited) if waited else None,
            waited=waited,
            met_in_window=_met_in_window(own[key]),
            met_at_all=_met_at_all(own[key]),
        )


def _ideal(reminded: Iterable[Reminded]) -> Share:
    judged = [each for each in reminded if each.on_ideal_day is not None]
    return Share(sum(bool(each.on_ideal_day) for each in judged), len(judged))


def _met_in_window(fates: Iterable[_Fate]) -> Share:
    settled = [f for f in fates if f.what in ("reminded", "met") and (f.window_over or f.met_in_window)]
    return Share(sum(fate.met_in_window for fate in settled), len(settled))


def _met_at_all(fates: Iterable[_Fate]) -> Share:
    asked = [fate for fate in fates if fate.what in ("reminded", "met")]
    return Share(sum(fate.met_at_all for fate in asked), len(asked))


def _most(counts: Mapping[date, int]) -> tuple[date, int] | None:
    """The first of those with the most reminders."""
    day = max(counts, key=lambda day: (counts[day], -day.toordinal()), default=None)
    return None if day is None or not counts[day] else (day, counts[day])


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def _mondays(first: date, last: date) -> list[date]:
    monday = _monday(first)
    return [monday + timedelta(weeks=week) for week in range((last - monday).days // 7 + 1)]
