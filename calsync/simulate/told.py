"""A trial as JSON, for programs; the names in it are stable (docs/trying.md)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from calsync.simulate.findings import Figures, StepFigures
from calsync.simulate.trial import Difference, Someone, Trial


def as_json(trial: Trial, changes: Sequence[str] = ()) -> dict[str, Any]:
    known = trial.known
    return {
        "enough": True,
        "asked": trial.asked,
        "first": trial.first.isoformat(),
        "last": trial.last.isoformat(),
        "nights": trial.nights,
        "set": list(changes),
        "caps": {"per_day": trial.caps[0], "per_week": trial.caps[1]},
        "events": {
            "events": known.events,
            "seen": known.seen,
            "written_down": known.written_down,
            "guessed": known.guessed,
            "guessed_share": round(known.guessed / known.events, 4) if known.events else None,
            "late": known.late,
        },
        "notes": list(trial.notes),
        "present": _figures(trial.names[0], trial.present),
        "tried": _figures(trial.names[1], trial.others) if trial.others is not None else None,
        "difference": _difference(trial.difference) if trial.difference is not None else None,
    }


def _figures(name: str, own: Figures) -> dict[str, Any]:
    return {
        "name": name,
        "packs": list(own.packs),
        "reminders": own.reminders,
        "people": own.people,
        "weeks": [{"monday": day.isoformat(), "reminders": number} for day, number in own.weeks.items()],
        "days": [{"day": day.isoformat(), "reminders": number} for day, number in own.days.items()],
        "busiest_day": _most(own.busiest_day, "day"),
        "busiest_week": _most(own.busiest_week, "monday"),
        "days_over_cap": own.days_over,
        "weeks_over_cap": own.weeks_over,
        "on_ideal_day": own.ideal.as_json(),
        "median_days": own.median_days,
        "met_again_in_window": own.met_in_window.as_json(),
        "met_again": own.met_at_all.as_json(),
        "brake_nights": own.brakes,
        "placed_over_cap": own.crowded,
        "placed_without_free_time": own.busy,
        "steps": [_step(step) for step in own.steps],
    }


def _most(found: tuple[date, int] | None, key: str) -> dict[str, Any] | None:
    return None if found is None else {key: found[0].isoformat(), "reminders": found[1]}


def _step(own: StepFigures) -> dict[str, Any]:
    pack, rule, step = own.key
    return {
        "pack": pack,
        "rule": rule,
        "step": step,
        "channel": own.channel,
        "followups": own.followups,
        "reminded": own.reminded,
        "met": own.met,
        "missed": own.missed,
        "withdrawn": own.withdrawn,
        "pending": own.pending,
        "on_ideal_day": own.ideal.as_json(),
        "median_days": own.median_days,
        "met_again_in_window": own.met_in_window.as_json(),
        "met_again": own.met_at_all.as_json(),
    }


def _difference(own: Difference) -> dict[str, Any]:
    return {
        "none": own.is_none,
        "people_added": [_someone(each) for each in own.added],
        "people_lost": [_someone(each) for each in own.lost],
        "followups_added": own.more,
        "followups_lost": own.fewer,
        "followups_on_another_day": own.moved,
    }


def _someone(own: Someone) -> dict[str, Any]:
    return {
        "name": own.name,
        "emails": list(own.emails),
        "reminders": own.reminders,
        "first": own.first.isoformat(),
        "rule": own.rule,
    }
