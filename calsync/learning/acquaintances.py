"""People met for the first time, and what became of it: the material that is learned from.

Names, titles and addresses play no part and are not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from calsync.learning.survival import Curve, Watched, curve_of
from calsync.rules.match import Facts, first_match
from calsync.rules.schema import Pack

LEAST_PEOPLE = 30
LEAST_RETURNS = 10
"""A curve of fewer people, or of fewer first meetings from which somebody was met again, is not shown:
its intervals would be wider than what they are to tell, and with so few events not even reliable."""

_BANDS = ((1, "1 other"), (3, "2 or 3 others"), (6, "4 to 6 others"))
_LARGE = "7 or more others"


@dataclass(frozen=True, slots=True)
class Acquaintance:
    """A person and their first meeting, from ``began`` to ``ended``. ``watched`` says when they
    were met again, or how long they were not; ``reminded`` that a follow-up was promised for it."""

    began: datetime
    ended: datetime
    facts: Facts
    watched: Watched
    reminded: bool = False

    @property
    def band(self) -> str:
        """The size of the group, as the rules and :func:`calsync.rules.match.depth_of` divide it."""
        return next((words for most, words in _BANDS if self.facts.group <= most), _LARGE)


class Stratum(NamedTuple):
    """People who have something in common: ``kind`` is everyone, relationship, group or depth.
    ``curve`` is None where there are too few meetings to say."""

    kind: str
    name: str
    people: int
    met: int
    curve: Curve | None


def enough(watched: Sequence[Watched]) -> bool:
    """Whether these people can say anything together."""
    returns = {each.company or place for place, each in enumerate(watched) if each.met}
    return len(watched) >= LEAST_PEOPLE and len(returns) >= LEAST_RETURNS


def stratum(kind: str, name: str, people: Iterable[Acquaintance]) -> Stratum:
    """Estimate the curve of some people, if they are enough."""
    watched = [each.watched for each in people]
    met = sum(each.met for each in watched)
    return Stratum(kind, name, len(watched), met, curve_of(watched) if enough(watched) else None)


_KINDS: tuple[tuple[str, tuple[str, ...], Callable[[Acquaintance], str]], ...] = (
    ("relationship", ("work", "personal"), lambda each: each.facts.relationship),
    ("group", (*(words for _, words in _BANDS), _LARGE), lambda each: each.band),
    ("depth", ("brief", "normal", "deep"), lambda each: each.facts.depth),
)


def strata(people: Sequence[Acquaintance]) -> tuple[Stratum, ...]:
    """Everyone, and everyone divided in three ways, as far as that divides them."""
    found = [stratum("everyone", "everyone", people)]
    for kind, names, of in _KINDS:
        parts = [(name, [each for each in people if of(each) == name]) for name in names]
        present = [(name, own) for name, own in parts if own]
        if len(present) > 1:
            found += [stratum(kind, name, own) for name, own in present]
    return tuple(found)


def by_rule(people: Iterable[Acquaintance], packs: Sequence[Pack]) -> dict[tuple[str, str], list[Acquaintance]]:
    """Each person under the pack and rule that would apply to their first meeting today."""
    found: dict[tuple[str, str], list[Acquaintance]] = {
        (pack.name, rule.id): [] for pack in packs for rule in pack.rules if rule.every is None
    }
    for each in people:
        match = first_match(packs, each.facts)
        if match is not None:
            found[match.pack.name, match.rule.id].append(each)
    return found
