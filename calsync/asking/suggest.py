"""What the user's own history suggests for the rules in use, for showing and for programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from calsync.asking.history import History, history
from calsync.learning.acquaintances import LEAST_PEOPLE, LEAST_RETURNS, Stratum, strata
from calsync.learning.steps import HORIZON, QUARTERS, Proposal, RuleLesson, StepLesson, lessons
from calsync.learning.survival import LEVEL, Curve, Reached, Share
from calsync.night.desk import Desk
from calsync.timing.spans import Span


@dataclass(frozen=True)
class Suggestions:
    """The history, the curves of all and of parts, and the lessons for each rule. ``level`` is how
    sure the intervals are that decide on proposals."""

    history: History
    strata: tuple[Stratum, ...]
    rules: tuple[RuleLesson, ...]
    level: float

    @property
    def met(self) -> int:
        return sum(each.watched.met for each in self.history.people)

    @property
    def reminded(self) -> int:
        """For how many of the people a follow-up was promised."""
        return sum(each.reminded for each in self.history.people)

    def as_json(self) -> dict[str, Any]:
        return {
            "records": self.history.records.isoformat(),
            "since": self.history.since.isoformat(),
            "until": self.history.until.isoformat(),
            "people": len(self.history.people),
            "met_again": self.met,
            "reminded": self.reminded,
            "left_out": self.history.left_out,
            "level": LEVEL,
            "proposal_level": round(self.level, 6),
            "horizon_days": HORIZON,
            "least": {"people": LEAST_PEOPLE, "first_meetings_with_returns": LEAST_RETURNS},
            "strata": [_stratum(each) for each in self.strata],
            "rules": [_rule(each) for each in self.rules],
            "commands": [line for rule in self.rules for each in rule.proposals for line in commands(rule, each)],
        }


def suggestions(desk: Desk, last: Span | None = None) -> Suggestions | None:
    """Learn from the ledger as it stands; None before the first sync."""
    found = history(desk, last)
    if found is None:
        return None
    told, level = lessons(found.people, desk.packs, desk.mine)
    return Suggestions(found, strata(found.people), told, level)


def commands(rule: RuleLesson, proposal: Proposal) -> list[str]:
    """The lines to type for a proposal, in this order."""
    name = f"{rule.pack}.{rule.rule}.{proposal.step}"
    return [f'calsync rules set {name}.{key} "{value}"' for key, value in proposal.settings]


def _rule(lesson: RuleLesson) -> dict[str, Any]:
    return {
        "pack": lesson.pack,
        "rule": lesson.rule,
        **_stratum(lesson.people),
        "kind": "rule",
        "unsaid": lesson.unsaid or None,
        "return_quarters": {f"{part:.2f}": _reached(day) for part, day in zip(QUARTERS, lesson.quarters, strict=False)}
        or None,
        "steps": [_step(each) for each in lesson.steps],
        "proposals": [
            {
                "step": each.step,
                "set": dict(each.settings),
                "reason": each.reason,
                "commands": commands(lesson, each),
            }
            for each in lesson.proposals
        ],
    }


def _step(step: StepLesson) -> dict[str, Any]:
    return {
        "id": step.id,
        "after": step.after,
        "window": step.window,
        "day": step.day,
        "last_day": step.last_day,
        "met_again": _share(step.met),
        "returned": _share(step.returned),
        "returned_in_window": _share(step.in_window),
        "says": step.says or None,
        "moves_to": step.moves_to,
    }


def _stratum(each: Stratum) -> dict[str, Any]:
    curve = each.curve
    return {
        "kind": each.kind,
        "name": each.name,
        "people": each.people,
        "met_again": each.met,
        "enough": curve is not None,
        "first_meetings": curve.companies if curve else None,
        "design_effect": round(curve.design, 4) if curve else None,
        "quarters": {f"{part:.2f}": _reached(curve.reached(part)) for part in QUARTERS} if curve else None,
        "curve": _curve(curve) if curve else None,
    }


def _curve(curve: Curve) -> list[dict[str, Any]]:
    return [
        {"day": point.day, "at_risk": point.at_risk, "met": point.met, **(_share(curve.share(point.day)) or {})}
        for point in curve.points
    ]


def _share(share: Share | None) -> dict[str, float] | None:
    return None if share is None else {key: round(value, 4) for key, value in share._asdict().items()}


def _reached(reached: Reached | None) -> dict[str, int | None] | None:
    return None if reached is None else reached._asdict()
