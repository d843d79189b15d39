"""Where the steps of the rules lie on the user's own curve, and which of them to move.

The curve tells how soon people were met again, not what a follow-up did to that. So it says
nothing of a step that is a matter of manners (a note within the week), and it judges only the
first step after that, the nudge: plainly out of place is one whose whole window is over before a
quarter of those who return have, or that begins when three quarters have. Then the smallest move
that brings it in between is proposed. Steps behind it are there to persevere, at whatever time;
they move only to keep their distance. All people to whom a rule would apply are one curve, never
a part that was picked because it says something.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median_low
from typing import NamedTuple

from calsync.learning.acquaintances import Acquaintance, Stratum, by_rule, stratum
from calsync.learning.survival import LEVEL, Reached, Returns, Share
from calsync.rules.schema import Pack, Rule, Step
from calsync.timing.spans import Span
from calsync.timing.working_time import WorkingTime

HORIZON = 182
"""Days within which a second meeting is a return; a follow-up aims at no later one."""

MOST_WEIGHT = 0.05
"""So much of the curve may hang on one person at its horizon; more, and hardly anybody was watched so long."""

FIRST, HALF, LAST = QUARTERS = (0.25, 0.5, 0.75)
"""A nudge belongs between the first and the last quarter of the returns."""

_MANNERS = 7
# An interval is narrow enough where its end is at most so many times its beginning, or a week later.
_NARROW = 2
_WEEK = 7

COURTESY, FITS, EARLY, LATE, UNSURE, CROWDED, FOLLOWS, UNSAID = (
    "courtesy",
    "fits",
    "early",
    "late",
    "unsure",
    "crowded",
    "follows",
    "",
)
"""What is said of a step: it is not for the curve to set; it fits; it should come later, or sooner;
it seems out of place, but the interval is too wide; moved, it would crowd the note before it; it
follows the nudge; nothing, for there are too few meetings or it does not end with a new one."""


class Proposal(NamedTuple):
    """A step's new times: ``settings`` are its keys and values, in the order in which to set them,
    ``reason`` one sentence."""

    step: str
    settings: tuple[tuple[str, str], ...]
    reason: str


@dataclass(frozen=True)
class StepLesson:
    """One step. ``day`` and ``last_day`` are its usual day and the end of its window, in days after
    the meeting. ``met`` is the share of all people met again by the end of that day, ``returned`` of
    those who are within half a year, ``in_window`` the same at the window's end. ``moves_to`` is the
    day to which it should move, None where it should not."""

    id: str
    after: str
    window: str
    day: int
    last_day: int
    met: Share | None
    returned: Share | None
    in_window: Share | None
    says: str = UNSAID
    moves_to: int | None = None


@dataclass(frozen=True)
class RuleLesson:
    """One rule, the people it would apply to, its steps by their day and what to change. ``quarters`` are the days
    by which a quarter, half and three quarters of those who return have; ``unsaid`` tells why nothing
    is proposed for it at all."""

    pack: str
    rule: str
    summary: str
    people: Stratum
    steps: tuple[StepLesson, ...]
    quarters: tuple[Reached, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    unsaid: str = ""


def lessons(
    people: Sequence[Acquaintance], packs: Sequence[Pack], mine: WorkingTime
) -> tuple[tuple[RuleLesson, ...], float]:
    """Return what the history says of each rule with steps, and how sure the intervals of the
    proposals are: the more rules are judged, the surer each must be (Bonferroni)."""
    own = by_rule(people, packs)
    rules = {(pack.name, rule.id): rule for pack in packs for rule in pack.rules if rule.every is None}
    told = {key: _lesson(key[0], rule, own[key], mine) for key, rule in rules.items()}
    movable = {key: _movable(each, rules[key]) for key, each in told.items()}
    level = 1 - (1 - LEVEL) / max(sum(map(bool, movable.values())), 1)
    return tuple(_judged(each, movable[key], level) for key, each in told.items()), level


def rounded(days: int) -> Span:
    """A span as people say it: days up to a fortnight, then weeks."""
    return Span(days, "days") if days < 14 else Span(round(days / 7), "weeks")


def _lesson(pack: str, rule: Rule, people: Sequence[Acquaintance], mine: WorkingTime) -> RuleLesson:
    all_of_them = stratum("rule", f"{pack}.{rule.id}", people)
    curve = all_of_them.curve
    unsaid = ""
    if curve is None:
        unsaid = "too few meetings to say"
    elif curve.weight(HORIZON) > MOST_WEIGHT:
        unsaid = "too short a history to say, hardly anybody was watched for half a year"
    elif rule.when.meeting != ("first",):
        unsaid = "it is not for first meetings alone, and only these were looked at"
    returns = curve.within(HORIZON) if curve is not None and curve.weight(HORIZON) <= MOST_WEIGHT else None
    steps = [_step(step, people, mine, all_of_them, returns) for step in rule.steps if people]
    steps.sort(key=lambda each: each.day)
    quarters = tuple(returns.reached(part) for part in QUARTERS) if returns is not None else ()
    return RuleLesson(pack, rule.id, rule.summary, all_of_them, tuple(steps), quarters, unsaid=unsaid)


def _step(
    step: Step, people: Sequence[Acquaintance], mine: WorkingTime, all_of_them: Stratum, returns: Returns | None
) -> StepLesson:
    day, last_day = _usual_days(step, people, mine)
    curve = all_of_them.curve
    return StepLesson(
        step.id,
        str(step.after),
        str(step.window),
        day,
        last_day,
        curve.share(day) if curve else None,
        returns.share(day) if returns else None,
        returns.share(last_day) if returns else None,
        says=COURTESY if day < _MANNERS else UNSAID,
    )


def _usual_days(step: Step, people: Sequence[Acquaintance], mine: WorkingTime) -> tuple[int, int]:
    """The median day of a step and of its window's end, weekends and holidays as they fell."""
    days, last_days = [], []
    for each in people:
        met = mine.day_of(each.ended, each.began)
        ideal, _ = mine.ideal_day(step.after, each.ended, step.days, began=each.began)
        last = mine.last_day(step.window, each.ended, step.days, ideal, began=each.began)
        days.append((ideal - met).days)
        last_days.append((last - met).days)
    return median_low(days), median_low(last_days)


def _movable(lesson: RuleLesson, rule: Rule) -> tuple[str, ...]:
    """The steps that may move, the nudge first: they end with a new meeting, and are no matter of manners."""
    if lesson.unsaid:
        return ()
    steps = {step.id: step for step in rule.steps}
    return tuple(each.id for each in lesson.steps if each.says != COURTESY and "met" in steps[each.id].unless)


def _judged(lesson: RuleLesson, movable: Sequence[str], level: float) -> RuleLesson:
    curve = lesson.people.curve
    if curve is None or not movable:
        return lesson
    returns = curve.within(HORIZON)
    first, last = returns.reached(FIRST, level), returns.reached(LAST, level)
    steps = [replace(each, says=FOLLOWS) if each.id in movable else each for each in lesson.steps]
    place = next(place for place, each in enumerate(steps) if each.id == movable[0])
    nudge = steps[place] = _placed(steps[place], first, last)
    if nudge.moves_to is None:
        return replace(lesson, steps=tuple(steps))
    steps = _with_distance(steps, place, movable)
    due = first if nudge.says == EARLY else last
    proposals = tuple(_proposal(each, nudge, due) for each in steps if each.moves_to is not None)
    return replace(lesson, steps=tuple(steps), proposals=proposals)


def _placed(step: StepLesson, first: Reached, last: Reached) -> StepLesson:
    """Say whether a step lies among the returns, as far as their intervals allow to say."""
    if None in first or None in last:
        return replace(step, says=UNSURE)
    if step.last_day < (first.low or 0):
        return _moved(step, first, EARLY)
    if step.day > (last.high or 0):
        return _moved(step, last, LATE)
    return replace(step, says=FITS)


def _moved(step: StepLesson, due: Reached, says: str) -> StepLesson:
    low, high = due.low or 0, due.high or 0
    if high > max(_NARROW * low, low + _WEEK):
        return replace(step, says=UNSURE)
    return replace(step, says=says, moves_to=max(_MANNERS, _days(rounded(due.day or 0))))


def _with_distance(steps: Sequence[StepLesson], place: int, movable: Sequence[str]) -> list[StepLesson]:
    """Keep the touches apart: what follows a moved nudge moves with it where less than half of the
    time between them would be left; where it would come so near to what stands before it, or beyond
    the horizon, all stays."""
    new = list(steps)
    for at in range(1, len(new)):
        before, one = new[at - 1], new[at]
        apart = steps[at].day - steps[at - 1].day
        if 2 * (_new_day(one) - _new_day(before)) >= apart:
            continue
        day = _days(rounded(_new_day(before) + apart))
        if at <= place or one.id not in movable or day > HORIZON:
            new = [replace(each, moves_to=None) for each in steps]
            new[place] = replace(new[place], says=CROWDED)
            return new
        new[at] = replace(one, moves_to=day)
    return new


def _days(span: Span) -> int:
    return span.amount * (7 if span.unit == "weeks" else 1)


def _new_day(step: StepLesson) -> int:
    return step.day if step.moves_to is None else step.moves_to


def _proposal(step: StepLesson, nudge: StepLesson, due: Reached) -> Proposal:
    """New times for a step: the day, and the window too where too little of it would be left."""
    day, room = _new_day(step), step.last_day - step.day
    settings = [("after", str(rounded(day)))]
    if not room or 2 * (step.last_day - day) < max(room, 2):
        settings.insert(0, ("window", str(rounded(day + max(room, _WEEK)))))
    interval = f"day {due.day} ({due.low} to {due.high})"
    if step.id != nudge.id:
        reason = f"It keeps its distance from {nudge.id}."
    elif step.says == EARLY:
        reason = (
            f"Of those you meet again within half a year a quarter are back by {interval}; "
            f"the window of {step.window} is over before that."
        )
    else:
        reason = (
            f"Of those you meet again within half a year three quarters are back by {interval}; "
            f"after {step.after} it comes too late for most of them."
        )
    return Proposal(step.id, tuple(settings), reason)
