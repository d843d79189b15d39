"""Which meetings a rule can reach at all.

A rule that never matches is as silent as one that was mistyped: nobody misses the
reminder that never came. Whether a rule can match is tried out on the few meetings at
which its conditions, or depth, change their mind; no meeting in between decides otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import time, timedelta
from itertools import combinations, product
from typing import NamedTuple

from calsync.rules.match import depth_of
from calsync.rules.patterns import domain_matches
from calsync.rules.schema import Rule, When
from calsync.toml_problems import nearest, one_of, shown

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)
_GROUPS = (1, 3, 4, 6, 7)
_MINUTES = (0, 20, 45, 60)
_MEASURED = ("group", "duration", "place", "all_day", "depth")
_DOMAINS: dict[str, tuple[object, ...]] = {
    "meeting": ("first", "again"),
    "role": ("organizer", "attendee"),
    "mine": ("organizer", "attendee"),
    "recurring": (True, False),
}


class Around(NamedTuple):
    """What bears on rules and stands outside of packs. ``sources`` gives each one's
    relationship, ``colleagues`` are domains, ``feeds`` the outputs that apps re-read at leisure."""

    sources: Mapping[str, str]
    colleagues: frozenset[str]
    working_hours: tuple[time, time]
    group_max: int
    touches: int
    feeds: tuple[str, ...]


class Hindrance(NamedTuple):
    """Why a rule does not match, or not as meant: the condition, a sentence and the next step."""

    key: str
    sentence: str
    remedy: str


class _Point(NamedTuple):
    group: int
    duration: timedelta
    place: str
    all_day: bool


def hindrances(rule: Rule, around: Around) -> Iterator[Hindrance]:
    """What in the conditions of a rule no meeting can meet."""
    yield from _unknown_sources(rule.when, around)
    if set(rule.when.role) == set(rule.when.mine) == {"organizer"}:
        yield Hindrance(
            "mine",
            "never holds beside role: either they organise a meeting or you do",
            'Leave one of the two out, or make one "attendee".',
        )
    if rule.when.domain and all(_is_of_colleagues(each, around.colleagues) for each in rule.when.domain):
        yield Hindrance(
            "domain",
            f"{one_of(rule.when.domain)} is a domain of colleagues, who are never newcomers",
            "Name other domains, or set me.colleagues in the config.",
        )
    points = list(_points((rule.when,), around.group_max))
    if any(_holds(rule.when, point, _MEASURED) for point in points):
        return
    said = [key for key in _MEASURED if getattr(rule.when, key)]
    for number in range(1, len(said) + 1):
        for keys in combinations(said, number):
            if not any(_holds(rule.when, point, keys) for point in points):
                yield _contradiction(keys, around)
                return


def decides_before(earlier: Rule, later: Rule, around: Around) -> bool:
    """Whether the earlier rule holds for every meeting for which the later one does."""
    for key, domain in _DOMAINS.items():
        if not _values(earlier.when, key, domain) >= _values(later.when, key, domain):
            return False
    if not _sources(earlier.when, around) >= _sources(later.when, around):
        return False
    if not all(_patterns_within(earlier.when, later.when, key) for key in ("tags", "title", "domain")):
        return False
    points = _points((earlier.when, later.when), around.group_max)
    return all(_holds(earlier.when, point, _MEASURED) for point in points if _holds(later.when, point, _MEASURED))


def _unknown_sources(when: When, around: Around) -> Iterator[Hindrance]:
    unknown = [name for name in when.calendar if name not in around.sources]
    for name in unknown:
        hint = nearest(name, around.sources) or f"; known are {', '.join(around.sources)}"
        yield Hindrance("calendar", f"no source is called {shown(name)}{hint}", "Name a source of config.toml.")
    kinds = set(around.sources.values())
    if when.relationship and not kinds & set(when.relationship):
        wanted = one_of(when.relationship)
        yield Hindrance(
            "relationship",
            f"no source brings {wanted}",
            f"Give a [[source]] in config.toml relationship = {wanted}, or leave this pack out.",
        )
    elif when.calendar and len(unknown) < len(when.calendar) and not _sources(when, around):
        yield Hindrance(
            "calendar",
            f"none of these sources brings {one_of(when.relationship)}",
            "Leave out calendar or relationship.",
        )


def _contradiction(keys: Sequence[str], around: Around) -> Hindrance:
    if keys == ("group",):
        sentence = f"no meeting that counts has so many others: between 1 and {around.group_max} (people.group_max) do"
        return Hindrance("group", sentence, "Change the range, or people.group_max in the config.")
    others = " and ".join(keys[:-1])
    sentence = f"contradicts {others}: no meeting fits both" if others else "no meeting fits it"
    return Hindrance(keys[-1], sentence, "Leave one of them out, or widen it; docs/rules.md tells what depth is.")


def _is_of_colleagues(pattern: str, colleagues: frozenset[str]) -> bool:
    plain = pattern.removeprefix("*.").removeprefix("*")
    if not plain or any(mark in plain for mark in "*?["):
        return False
    return any(plain == own or plain.endswith(f".{own}") for own in colleagues)


def _values(when: When, key: str, domain: Sequence[object]) -> set[object]:
    said = getattr(when, key)
    return set(domain) if not said or "any" in said else set(said)


def _sources(when: When, around: Around) -> set[str]:
    return {
        name
        for name, relationship in around.sources.items()
        if (not when.relationship or relationship in when.relationship) and (not when.calendar or name in when.calendar)
    }


def _patterns_within(earlier: When, later: When, key: str) -> bool:
    wide, narrow = getattr(earlier, key), getattr(later, key)
    if not wide or not narrow:
        return not wide
    return all(
        each in wide or (key == "domain" and "*" not in each and any(domain_matches(glob, each) for glob in wide))
        for each in narrow
    )


def _points(whens: Sequence[When], group_max: int) -> Iterator[_Point]:
    groups, lengths = {*_GROUPS, group_max}, {timedelta(minutes=each) for each in _MINUTES}
    for when in whens:
        groups |= {bound for each in when.group for bound in each if bound is not None}
        lengths |= {bound for each in when.duration for bound in each if bound is not None}
    near = {number + step for number in groups for step in (-1, 0, 1)}
    long = {length + step for length in lengths for step in (-_MINUTE, timedelta(), _MINUTE)}
    for group, place in product(sorted(near), ("in-person", "online")):
        if 1 <= group <= group_max:
            for duration in sorted(long):
                if duration >= timedelta():
                    yield _Point(group, duration, place, False)
            for duration in sorted({_DAY, *(each for each in long if each >= _DAY)}):
                yield _Point(group, duration, place, True)


def _holds(when: When, point: _Point, keys: Sequence[str]) -> bool:
    tests = {
        "group": lambda: any(
            (a is None or a <= point.group) and (b is None or point.group <= b) for a, b in when.group
        ),
        "duration": lambda: any(
            (a is None or a <= point.duration) and (b is None or point.duration <= b) for a, b in when.duration
        ),
        "place": lambda: point.place in when.place,
        "all_day": lambda: point.all_day in when.all_day,
        "depth": lambda: depth_of(point.group, point.duration, point.place) in when.depth,
    }
    return all(tests[key]() for key in keys if getattr(when, key))
