"""Which rule applies to a person in a meeting, and why the others do not.

The first rule that matches, in pack order, decides. The same conditions answer both
questions, the nightly one (yes or no, fast) and that of ``calsync why`` (each condition in
words), so that an explanation can never differ from the decision.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from calsync.rules.patterns import domain_matches, title_matches
from calsync.rules.schema import DurationRange, GroupRange, Pack, Rule, When

_BRIEF = timedelta(minutes=20)
_DEEP = timedelta(minutes=60)
_DEEP_IN_PERSON = timedelta(minutes=45)


def depth_of(group: int, duration: timedelta, place: str) -> str:
    """How close a meeting brings people: ``brief``, ``normal`` or ``deep``.

    Brief: 20 minutes or less, or more than six others. Deep: at most three others, and an
    hour or more, or 45 minutes or more in person. Normal: all else.
    """
    if duration <= _BRIEF or group > 6:
        return "brief"
    if group <= 3 and (duration >= _DEEP or (place == "in-person" and duration >= _DEEP_IN_PERSON)):
        return "deep"
    return "normal"


@dataclass(frozen=True, slots=True)
class Facts:
    """One person in one meeting, as the conditions of a rule see them.

    ``meeting`` is first or again; ``group`` counts the humans other than me; ``role`` is
    the person's and ``mine`` my own (organizer, attendee); ``domains`` are those of all the
    person's addresses; ``calendar`` is the source's name; ``place`` in-person or online.
    """

    meeting: str
    group: int
    role: str
    mine: str
    relationship: str
    title: str
    calendar: str
    duration: timedelta
    place: str
    tags: tuple[str, ...] = ()
    domains: tuple[str, ...] = ()
    recurring: bool = False
    all_day: bool = False

    @property
    def depth(self) -> str:
        return depth_of(self.group, self.duration, self.place)


class Check(NamedTuple):
    """One condition of a rule: what it wants, what it found, and whether it holds."""

    key: str
    wanted: str
    found: str
    holds: bool


class Match(NamedTuple):
    pack: Pack
    rule: Rule


class _Condition(NamedTuple):
    key: str
    holds: Callable[[When, Facts], bool]
    wanted: Callable[[When], str]
    found: Callable[[Facts], str]


def matches(rule: Rule, facts: Facts) -> bool:
    """Whether every condition of the rule holds."""
    return all(each.holds(rule.when, facts) for each in _CONDITIONS if getattr(rule.when, each.key))


def check(rule: Rule, facts: Facts) -> list[Check]:
    """Each condition of the rule in words, in the order of the manual.

    Conditions that the rule leaves out are left out; ``meeting`` and ``all_day`` always
    count and are always told.
    """
    return [
        Check(each.key, each.wanted(rule.when), each.found(facts), each.holds(rule.when, facts))
        for each in _CONDITIONS
        if getattr(rule.when, each.key)
    ]


def conditions(rule: Rule) -> list[tuple[str, str]]:
    """Each condition of the rule with what it wants in words, as :func:`check` tells them."""
    return [(each.key, each.wanted(rule.when)) for each in _CONDITIONS if getattr(rule.when, each.key)]


def first_match(packs: Sequence[Pack], facts: Facts) -> Match | None:
    """The first rule with steps that matches, in pack order. Cadences stand apart: they
    speak of a person, not of a meeting."""
    for pack in packs:
        for rule in pack.rules:
            if rule.every is None and matches(rule, facts):
                return Match(pack, rule)
    return None


def _any(words: Iterable[str]) -> str:
    return " or ".join(words)


def _in_range(ranges: Iterable[GroupRange | DurationRange], value: int | timedelta) -> bool:
    return any((low is None or low <= value) and (high is None or value <= high) for low, high in ranges)  # type: ignore[operator]


def _meeting(when: When) -> str:
    words = {"first": "a first meeting", "again": "a meeting with someone known", "any": "any meeting"}
    return _any(words[each] for each in when.meeting)


def _people(count: int) -> str:
    return f"{count} other person" if count == 1 else f"{count} other people"


def _minutes(span: timedelta) -> str:
    minutes = round(span.total_seconds() / 60)
    hours, rest = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else ""]
    return " ".join(part for part in parts if part)


def _group(when: When) -> str:
    def one(least: int | None, most: int | None) -> str:
        if least is None:
            return f"at most {_people(most or 0)}"
        if most is None:
            return f"at least {_people(least)}"
        return _people(least) if least == most else f"{least} to {_people(most)}"

    return _any(one(*each) for each in when.group)


def _duration(when: When) -> str:
    def one(least: timedelta | None, most: timedelta | None) -> str:
        if least is None:
            return f"at most {_minutes(most or timedelta())}"
        return f"at least {_minutes(least)}" if most is None else f"{_minutes(least)} to {_minutes(most)}"

    return _any(one(*each) for each in when.duration)


def _plain(key: str) -> _Condition:
    return _Condition(
        key,
        lambda when, facts: getattr(facts, key) in getattr(when, key),
        lambda when: _any(getattr(when, key)),
        lambda facts: str(getattr(facts, key)) or "none",
    )


def _role(key: str, who: str) -> _Condition:
    words = {"organizer": f"{who} organised it", "attendee": f"{who} did not organise it"}
    return _Condition(
        key,
        lambda when, facts: getattr(facts, key) in getattr(when, key),
        lambda when: _any(words[each] for each in getattr(when, key)),
        lambda facts: words.get(getattr(facts, key), "unknown"),
    )


def _yes_or_no(key: str, yes: str, no: str) -> _Condition:
    return _Condition(
        key,
        lambda when, facts: getattr(facts, key) in getattr(when, key),
        lambda when: _any(yes if each else no for each in getattr(when, key)),
        lambda facts: yes if getattr(facts, key) else no,
    )


_CONDITIONS: tuple[_Condition, ...] = (
    _Condition(
        "meeting",
        lambda when, facts: facts.meeting in when.meeting or "any" in when.meeting,
        _meeting,
        lambda facts: "a first meeting" if facts.meeting == "first" else "met before",
    ),
    _Condition(
        "group",
        lambda when, facts: _in_range(when.group, facts.group),
        _group,
        lambda facts: _people(facts.group),
    ),
    _role("role", "they"),
    _role("mine", "I"),
    _plain("relationship"),
    _Condition(
        "tags",
        lambda when, facts: not set(when.tags).isdisjoint(tag.lower() for tag in facts.tags),
        lambda when: _any(f"#{tag}" for tag in when.tags),
        lambda facts: ", ".join(f"#{tag}" for tag in facts.tags) or "none",
    ),
    _Condition(
        "domain",
        lambda when, facts: any(domain_matches(glob, each) for glob in when.domain for each in facts.domains),
        lambda when: _any(when.domain),
        lambda facts: ", ".join(facts.domains) or "none",
    ),
    _Condition(
        "title",
        lambda when, facts: any(title_matches(pattern, facts.title) for pattern in when.title),
        lambda when: _any(when.title),
        lambda facts: f"“{facts.title}”" if facts.title else "no title",
    ),
    _plain("calendar"),
    _Condition(
        "duration",
        lambda when, facts: _in_range(when.duration, facts.duration),
        _duration,
        lambda facts: _minutes(facts.duration),
    ),
    _plain("place"),
    _yes_or_no("recurring", "part of a series", "a single meeting"),
    _yes_or_no("all_day", "all day", "at a set time"),
    _plain("depth"),
)
