"""The rules as a person reads them, and what they, or others, would have done to the recorded past.

Nothing can be changed here: what one likes in a trial is set with ``calsync rules set``.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from calsync.errors import CalsyncError, ConfigError
from calsync.ledger.ledger import Ledger
from calsync.rules.channels import FORMS
from calsync.rules.schema import Pack, Rule, Touch
from calsync.rules.wordings import condition_words
from calsync.simulate import charts
from calsync.simulate.findings import Figures
from calsync.simulate.trial import Trial
from calsync.sync import known_packs
from calsync.timing.spans import Span, format_hours
from calsync.web.answering import present
from calsync.web.frame import Frame
from calsync.web.trials import Trials, Wish

PATIENCE = 6.0
"""So many seconds an answer waits for a replay; one that takes longer is looked at again."""

SPANS = (("90 days", "three months"), ("6 months", "six months"), ("1 year", "a year"), ("2 years", "two years"))
_CHANGES = 3
_SHOWN = 12
_STEP_KEYS = ("after", "window", "at", "channel", "days", "unless", "priority")
_UNLESS = {"met": "you meet again", "booked": "another meeting is coming"}


@dataclass(frozen=True)
class StepTold:
    """One step, or one cadence, in words; ``after`` is when it is meant for, empty for a cadence."""

    name: str
    after: str
    symbol: str
    what: str
    when: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class RuleTold:
    name: str
    summary: str
    conditions: str
    steps: tuple[StepTold, ...]


@dataclass(frozen=True)
class PackTold:
    """One pack in words; ``own`` are the names of the user's files in it."""

    name: str
    summary: str
    own: tuple[str, ...]
    rules: tuple[RuleTold, ...]
    drafts: tuple[tuple[str, str, str], ...]


@dataclass
class RulesPages(Frame):
    """The pages that show rules."""

    trials: Trials = field(init=False)

    def __post_init__(self) -> None:
        self.trials = Trials(self.config)

    def rules(self, request: Request, session: str, ledger: Ledger) -> Response:
        problems: list[str] = []
        packs: tuple[Pack, ...] = ()
        try:
            packs = known_packs(self.config)
        except ConfigError as error:
            problems = error.problems
        found = self.trials.latest.found if self.trials.latest else None
        trial = found if isinstance(found, Trial) else None
        chart = charts.weeks([trial.present], trial.names[:1], trial.caps[1]) if trial else ""
        told = {"packs": [self._told(each) for each in packs], "problems": problems}
        return self.page("rules", session, ledger, request, **told, trial=trial, chart=Markup(chart))

    def _told(self, pack: Pack) -> PackTold:
        own = tuple(file.name for file in pack.files if file.parent == self.config.rules_dir)
        drafts = tuple((name, each.subject, each.body) for name, each in pack.messages.items())
        return PackTold(pack.name, pack.summary, own, tuple(_rule(each) for each in pack.rules), drafts)

    def trying(self, request: Request, session: str, ledger: Ledger) -> Response:
        """The form, and what came of the last trial."""
        wish = self.trials.latest
        asked = request.query_params.get("name", "")[:200], request.query_params.get("value", "")[:200]
        wanted = [asked] if asked[0] else list(wish.changes if wish else ())
        return self._trying(request, session, ledger, wanted, str(wish.last) if wish and not asked[0] else "", wish)

    def _trying(
        self,
        request: Request,
        session: str,
        ledger: Ledger,
        wanted: Sequence[tuple[str, str]],
        last: str,
        wish: Wish | None,
        wrong: Sequence[str] = (),
    ) -> Response:
        # Asked first: a replay that ends while this page is made is then shown whole, or as still going on.
        waits = wish is not None and not wish.over.is_set()
        trial = wish.found if wish and isinstance(wish.found, Trial) and not waits else None
        runs = [run for run in (trial.present, trial.others) if run] if trial else []
        fields = [*wanted, *[("", "")] * _CHANGES][:_CHANGES]
        shown = self.page(
            "try",
            session,
            ledger,
            request,
            fields=fields,
            spans=SPANS,
            last=last or "1 year",
            names=_names(self._packs()),
            wrong=wrong,
            waits=waits,
            nights=wish.nights if wish else 0,
            sentence=wish.found if wish and isinstance(wish.found, str) else "",
            trial=trial,
            changes=wish.changes if wish else (),
            commands=_commands(wish) if trial else [],
            rows=_figures(trial, runs) if trial else [],
            chart=Markup(charts.weeks(runs, trial.names, trial.caps[1])) if trial else "",
            steps=_steps(runs),
            most=_SHOWN,
        )
        if waits:
            shown.headers["Refresh"] = "2"
        if wrong:
            shown.status_code = 400
        return shown

    def _packs(self) -> tuple[Pack, ...]:
        try:
            return known_packs(self.config)
        except ConfigError:
            return ()

    def attempt(self, request: Request, session: str, ledger: Ledger, sent: dict[str, str]) -> Response:
        """Begin the trial that a form asks for, and wait a little for it."""
        pairs = [(sent.get(f"name{at}", "").strip(), sent.get(f"value{at}", "").strip()) for at in range(_CHANGES)]
        changes = tuple(pair for pair in pairs if pair[0] or pair[1])
        last = sent.get("last", "1 year")
        if last not in dict(SPANS):
            last = "1 year"
        wrong: list[str] = []
        for name, value in changes:
            if not name or not value:
                wrong.append(f"{name or value}: a change needs both a name and a value.")
        try:
            if not wrong:
                wish = self.trials.begin(Span.parse(last), changes, present())
                wish.over.wait(PATIENCE)
                return RedirectResponse("/rules/try", 303)
        except ConfigError as error:
            wrong += [problem.rpartition(": ")[2] if ".toml:" in problem else problem for problem in error.problems]
        except CalsyncError as error:
            wrong.append(str(error))
        return self._trying(request, session, ledger, changes, last, None, wrong)


def _rule(rule: Rule) -> RuleTold:
    conditions = "; ".join(words for _, words in condition_words(rule))
    if rule.every is not None:
        when = "as often as their tier says" if rule.every == "tier" else f"every {rule.every}"
        steps: tuple[StepTold, ...] = (_touch(rule, rule.id, "", when),)
    else:
        steps = tuple(
            _touch(
                step,
                step.id,
                str(step.after),
                f"{step.after} after",
                f"good until {step.window} after",
                _unless(step.unless),
            )
            for step in rule.steps
        )
    return RuleTold(rule.id, rule.summary, conditions, steps)


def _touch(touch: Touch, name: str, after: str, when: str, *notes: str) -> StepTold:
    channel = touch.channel
    at = format_hours(touch.at) if touch.at else "in your working hours"
    days = ["weekends too"] if touch.days == "any" else []
    told = (at, *days, *(note for note in notes if note))
    return StepTold(name, after, FORMS[channel].symbol if channel else "", channel.value if channel else "", when, told)


def _unless(unless: Sequence[str]) -> str:
    return "unless " + " or ".join(_UNLESS[each] for each in unless) if unless else "in any case"


def _names(packs: Sequence[Pack]) -> list[tuple[str, str]]:
    """What can be changed most usefully, each with its present value."""
    found = []
    for pack in packs:
        for rule in pack.rules:
            for step in rule.steps:
                for key in _STEP_KEYS:
                    value = getattr(step, key)
                    if value in (None, (), 0):
                        continue
                    words = format_hours(value) if key == "at" else ", ".join(value) if key == "unless" else str(value)
                    found.append((f"{pack.name}.{rule.id}.{step.id}.{key}", words))
    return found


def _commands(wish: Wish | None) -> list[str]:
    """What to type to keep what was tried."""
    return [f"calsync rules set {name} {shlex.quote(value)}" for name, value in (wish.changes if wish else ())]


def _figures(trial: Trial, runs: Sequence[Figures]) -> list[tuple[str, list[str]]]:
    """The figures that decide, a row each, a value for each run."""
    per_day, per_week = trial.caps

    def most(found: tuple[date, int] | None) -> str:
        return f"{found[1]} ({charts.day_words(found[0])})" if found else "–"

    return [
        ("Reminders", [f"{run.reminders:,}" for run in runs]),
        ("People", [f"{run.people:,}" for run in runs]),
        ("Busiest day", [most(run.busiest_day) for run in runs]),
        ("Busiest week", [most(run.busiest_week) for run in runs]),
        (f"Days over {per_day}", [f"{run.days_over:,}" for run in runs]),
        (f"Weeks over {per_week}", [f"{run.weeks_over:,}" for run in runs]),
        ("Days after the meeting, median", [_number(run.median_days) for run in runs]),
    ]


def _steps(runs: Sequence[Figures]) -> list[tuple[str, list[str]]]:
    """For each step how many follow-ups were reminded of, of how many, in each run."""
    keys = dict.fromkeys(step.key for run in runs for step in run.steps)
    by_key = [{step.key: step for step in run.steps} for run in runs]
    return [
        (" · ".join(key), [f"{own[key].reminded} of {own[key].followups}" if key in own else "–" for own in by_key])
        for key in keys
    ]


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
