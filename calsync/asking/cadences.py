"""Keeping in touch, explained: how often and by whose word, what it counts from, why it is quiet.

As everywhere in :mod:`calsync.asking`, the functions that decide are asked, so an answer cannot
differ from what a night does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from calsync.asking.finding import Found
from calsync.cadence import conditions, facts_now, interval_of, last_met
from calsync.model import OPEN, of_cadence
from calsync.night.desk import Desk
from calsync.night.gather import Among, gather
from calsync.people.meetings import PRIVATE
from calsync.rounds import Round, because, chosen, round_of, why_none
from calsync.rules.layers import layers_of
from calsync.rules.match import Check
from calsync.rules.origins import Value, values_of
from calsync.rules.schema import Pack
from calsync.situation import Situation, Tie


@dataclass(frozen=True)
class CadenceAsked:
    """One cadence of the packs, its conditions, and whether it is the one that decides."""

    pack: str
    rule: str
    checks: tuple[Check, ...]
    applies: bool
    decides: bool
    overrides: tuple[Value, ...] = ()


@dataclass(frozen=True)
class CadenceTold:
    """The cadence of a person that has a tier. ``interval`` and ``due`` are empty and None where no rule
    asks for one; ``quiet`` says why nothing comes, ``waits`` what it waits for; ``next`` is when the
    open reminder stands, in the user's zone."""

    words: str
    since: date
    interval: str = ""
    chosen: str = ""
    because: str = ""
    due: date | None = None
    quiet: str = ""
    waits: str = ""
    next: datetime | None = None
    rules: tuple[CadenceAsked, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "interval": self.interval or None,
            "chosen": self.chosen or self.words,
            "because": self.because or None,
            "due": self.due.isoformat() if self.due else None,
            "next": self.next.isoformat(timespec="seconds") if self.next else None,
            "quiet": self.quiet or self.waits or None,
        }


def tell_cadence(desk: Desk, found: Found) -> CadenceTold | None:
    """Explain the cadence of a person; None where the user chose none for them."""
    situation = gather(desk, among=Among({found.person}, {found.person})).situation
    tie = situation.ties.get(found.person)
    if tie is None:
        return None
    words = f"every {tie.every}" if tie.every is not None else f"tier {tie.tier}"
    cause = why_none(situation, found.person)
    rules = _rules(desk, situation, tie)
    if cause:
        return CadenceTold(words, tie.since, quiet=cause, rules=rules)
    own = [row for row in situation.promised if situation.person(row) == found.person]
    rounds = sorted((row for row in own if of_cadence(row)), key=lambda row: (row.round, row.id))
    standing = round_of(situation, tie, rounds, [row for row in own if not of_cadence(row)])
    if standing is None:
        return CadenceTold(words, tie.since, quiet="no rule of your packs asks for it", rules=rules)
    places = situation.places or {}
    starts = [at for row in rounds if row.state in OPEN and (at := places.get(row.reminder)) is not None]
    return _told(words, tie, standing, starts[-1].astimezone(desk.zone) if starts else None, rules)


def overrides_of(desk: Desk, pack: Pack, rule: str) -> tuple[Value, ...]:
    """Return the values of a rule that one file of its pack says otherwise than the file beneath."""
    if len(pack.files) < 2:
        return ()
    values = values_of(layers_of(pack.name, desk.config.rules_dir))
    return tuple(value for value in values if value.path[:2] == ("rule", rule) and value.beneath is not None)


def _told(words: str, tie: Tie, standing: Round, next_: datetime | None, rules: Sequence[CadenceAsked]) -> CadenceTold:
    return CadenceTold(
        words,
        tie.since,
        str(standing.asked.interval),
        chosen(standing.asked, tie),
        because(standing, tie),
        standing.due,
        standing.quiet,
        standing.waits,
        next_,
        tuple(rules),
    )


def _rules(desk: Desk, situation: Situation, tie: Tie) -> tuple[CadenceAsked, ...]:
    facts = facts_now(situation, tie)
    last = last_met(situation, tie)
    hidden = situation.hide_title and last is not None and last.event.private
    found: list[CadenceAsked] = []
    decided = False
    for pack in situation.packs:
        for rule in pack.rules:
            if rule.every is None:
                continue
            checks = conditions(rule, facts)
            if hidden:
                checks = [c._replace(found=PRIVATE.lower()) if c.key in ("title", "tags") else c for c in checks]
            if interval_of(rule, tie) is None:
                checks = [*checks, Check("every", "a tier", "none", False)]
            applies = all(each.holds for each in checks)
            decides = applies and not decided
            overrides = overrides_of(desk, pack, rule.id) if decides else ()
            found.append(CadenceAsked(pack.name, rule.id, tuple(checks), applies, decides, overrides))
            decided = decided or applies
    return tuple(found)
