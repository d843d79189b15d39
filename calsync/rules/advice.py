"""What is allowed in a pack and still not what anybody wants.

A pack may be sound and say nothing: a rule that another one always precedes, a window
that is over before the step is due. Such things are told as warnings, each with its line
and the next step, and stop nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from calsync.model import Channel
from calsync.rules.channels import FORMS
from calsync.rules.reach import Around, Hindrance, decides_before, hindrances
from calsync.rules.schema import Pack, Rule, Step, Touch
from calsync.timing.spans import Span, format_hours
from calsync.toml_lines import KeyPath
from calsync.toml_problems import Problem

NO_RULE = "so no rule of this pack can match"
_MONDAY = datetime(2024, 1, 1, 12, tzinfo=UTC)


class Advice(NamedTuple):
    """Something to think about, at a key of a pack, and what could be done."""

    path: KeyPath
    sentence: str
    remedy: str

    @property
    def problem(self) -> Problem:
        return Problem(self.path, self.sentence)


def advise(pack: Pack, in_use: Sequence[Pack], around: Around) -> list[Advice]:
    """What is odd in a sound pack. ``in_use`` are the packs that are asked, in their order; where
    the pack is not among them its rules are compared with each other alone."""
    order = in_use if any(each.name == pack.name for each in in_use) else (pack,)
    found: list[Advice] = []
    silent = {number: list(hindrances(rule, around)) for number, rule in enumerate(pack.rules)}
    found += _never(pack, silent)
    for number, rule in enumerate(pack.rules):
        at: KeyPath = ("rule", number)
        if not silent[number]:
            found += _preceded(pack, rule, at, order, around)
        touches: list[tuple[KeyPath, Touch]] = [((*at, "step", place), step) for place, step in enumerate(rule.steps)]
        for path, touch in touches or [(at, rule)]:
            found += _hours(path, touch, around)
        found += _steps(rule, at, around)
    found += _unused_messages(pack)
    return found


def _never(pack: Pack, silent: dict[int, list[Hindrance]]) -> Iterator[Advice]:
    """Rules that cannot match; told once where it is the same for the whole pack."""
    everywhere = {each for each in silent.get(0, []) if all(each in found for found in silent.values())}
    for each in everywhere if len(silent) > 1 else ():
        yield Advice(("rule", 0, "when", each.key), f"{each.sentence}, {NO_RULE}", each.remedy)
    for number, found in silent.items():
        for each in found:
            if len(silent) == 1 or each not in everywhere:
                yield Advice(("rule", number, "when", each.key), each.sentence, each.remedy)


def _preceded(pack: Pack, rule: Rule, at: KeyPath, order: Sequence[Pack], around: Around) -> Iterator[Advice]:
    for other in order:
        for earlier in other.rules:
            if other.name == pack.name and earlier.id == rule.id:
                return
            same_kind = (earlier.every is None) == (rule.every is None)
            if same_kind and not list(hindrances(earlier, around)) and decides_before(earlier, rule, around):
                where = "" if other.name == pack.name else f" of the pack {other.name}"
                yield Advice(
                    at,
                    f'never decides: the rule "{earlier.id}"{where} holds for all its meetings and is asked first',
                    "Narrow that rule, or put this one before it"
                    + ("." if not where else f": name {pack.name} before {other.name} in [rules] packs."),
                )
                return


def _hours(at: KeyPath, touch: Touch, around: Around) -> Iterator[Advice]:
    if touch.channel is None:
        return
    start, end = touch.at or around.working_hours
    length = FORMS[touch.channel].length
    minutes = _minute(end) or 24 * 60
    if timedelta(minutes=minutes - _minute(start)) < length:
        needed = f"{length.total_seconds() / 60:.0f} minutes"
        yield Advice(
            (*at, "at"),
            f"{format_hours((start, end))} is shorter than the {needed} that a {touch.channel.value} takes",
            f"Give it hours of {needed} or more.",
        )


def _steps(rule: Rule, at: KeyPath, around: Around) -> Iterator[Advice]:
    for place, step in enumerate(rule.steps):
        path = (*at, "step", place)
        due, over = _days(step.after), _days(step.window)
        if all(end < day for day, end in zip(due, over, strict=True)):
            yield Advice(
                (*path, "window"),
                f"{step.window} is over before the step is due, {step.after} after the meeting",
                "Both are counted from the day of the meeting; widen the window.",
            )
        elif around.feeds and any(end <= day + timedelta(days=1) for day, end in zip(_week(), over, strict=True)):
            yield Advice(
                (*path, "window"),
                f"{step.window} may be over before an app has re-read the feed ({', '.join(around.feeds)}): "
                "apps take up to a day, after the nightly sync",
                "Widen the window to 3 days or more.",
            )
        before = _days(rule.steps[place - 1].after) if place else due
        if all(now < then for now, then in zip(due, before, strict=True)):
            yield Advice(
                (*path, "after"),
                f'comes before the step "{rule.steps[place - 1].id}", which stands above it',
                "Put the steps in the order in which they are due.",
            )
        if place == around.touches:
            yield Advice(
                path,
                f"never comes: there are at most {around.touches} touches to a person until you meet again "
                "(limits.touches)",
                "Take a step out, or raise limits.touches in the config.",
            )
    first = rule.first_step
    if first is not None and {"first", "any"} & set(rule.when.meeting):
        yield from _first_contact(first, (*at, "step", rule.steps.index(first)))


def _first_contact(step: Step, at: KeyPath) -> Iterator[Advice]:
    if step.channel in (Channel.CALL, Channel.VIDEO):
        word = "call" if step.channel is Channel.CALL else "video call"
        yield Advice(
            (*at, "channel"),
            f"a first contact is never an unscheduled {word}: the reminder will propose to arrange one",
            'Let a "message" or an "email" come first, and the call later.',
        )


def _unused_messages(pack: Pack) -> Iterator[Advice]:
    touches = [touch for rule in pack.rules for touch in (rule, *rule.steps)]
    used = {touch.message for touch in touches if isinstance(touch.message, str)}
    for name in pack.messages:
        if name not in used:
            yield Advice(("message", name), "no step names this draft", f'Let a step say message = "{name}".')


def _week() -> list[date]:
    return [(_MONDAY + timedelta(days=number)).date() for number in range(7)]


def _days(span: Span) -> list[date]:
    """The day on which the span ends, for a meeting at noon on each day of a week without holidays."""
    return [span.after(_MONDAY + timedelta(days=number), UTC).date() for number in range(7)]


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute
