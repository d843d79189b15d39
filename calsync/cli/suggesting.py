"""``calsync rules suggest``: what the user's own history says of the times in the rules."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, span_back, state_of
from calsync.cli.terminal import Cell, Column, Group, Row, Tone, counted

if TYPE_CHECKING:
    from datetime import date

    from calsync.asking.suggest import Suggestions
    from calsync.learning.acquaintances import Stratum
    from calsync.learning.steps import RuleLesson, StepLesson
    from calsync.learning.survival import Reached, Share
    from calsync.timing.spans import Span

_SAYS: dict[str, tuple[str, Tone]] = {
    "courtesy": ("manners", "dim"),
    "fits": ("fits", "good"),
    "early": ("early", "warn"),
    "late": ("late", "warn"),
    "unsure": ("unsure", "dim"),
    "crowded": ("stays", "dim"),
    "follows": ("follows", "dim"),
    "": ("", ""),
}


def suggest(
    ctx: typer.Context,
    last: Annotated[
        str, typer.Option("--last", metavar="SPAN", help='Only first meetings of that time, such as "2y".')
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="All numbers, for programs.")] = False,
) -> None:
    """Learn from your own history when steps should come.

    Shows how soon you meet people again, how the steps of your rules lie on that curve, and
    the lines to type where a step is clearly out of place. Changes nothing.

    \b
    Example:
      calsync rules suggest --last 2y
    """
    state = state_of(ctx)
    span = span_back(last) if last else None
    told = _suggestions(state, span)
    if as_json:
        state.terminal.json(told.as_json() if told else None)
    elif told is None:
        state.terminal.line("No sync so far: calsync sync reads your calendar.")
    else:
        _show(state, told)


def _suggestions(state: State, last: Span | None) -> Suggestions | None:
    config = state.config()
    if not config.ledger.exists():
        return None
    from calsync.asking.suggest import suggestions
    from calsync.ledger.ledger import Ledger
    from calsync.sync import desk_of

    with Ledger.in_memory(config.ledger) as ledger, state.terminal.progress("Looking back"):
        return suggestions(desk_of(config, ledger, state.now()), last)


def _show(state: State, told: Suggestions) -> None:
    terminal, history = state.terminal, told.history
    since, until = _date(history.since), _date(history.until)
    terminal.line(
        Cell(f"{counted(len(history.people), 'person', 'people')} met for the first time", "strong"),
        f" from {since} to {until}; {told.met:,} of them met again so far.",
    )
    for reason, number in history.left_out.items():
        terminal.line(Cell(f"Left out: {number:,}, because {reason}.", "dim"))
    if history.records < history.since:
        terminal.line(
            Cell(
                f"The records begin on {_date(history.records)}; whoever appears in their first months may be an old "
                "acquaintance and is not counted.",
                "dim",
            )
        )
    if told.reminded:
        terminal.line(
            Cell(
                f"Reminders of calsync stood for {told.reminded:,} of them; the curve holds what came of those.", "dim"
            )
        )
    if told.strata[0].curve is not None:
        _strata(state, told)
        for rule in told.rules:
            if rule.people.people:
                _rule(state, rule)
    _proposals(state, told)


def _date(day: date) -> str:
    return f"{day.day} {day:%b %Y}"


def _strata(state: State, told: Suggestions) -> None:
    columns = [
        Column("", whole=True),
        Column("People", whole=True),
        Column("Again", whole=True),
        Column("In half a year", whole=True),
        Column("A quarter by day", whole=True),
        Column("Half by day", whole=True),
    ]
    rows = [_stratum(each) for each in told.strata]
    state.terminal.line()
    state.terminal.table(columns, rows)


def _stratum(each: Stratum) -> Row:
    name = f"{each.name} meeting" if each.kind == "depth" else each.name
    numbers = (f"{each.people:>6,}", f"{each.met:>5,}")
    if each.curve is None:
        return (name, *numbers, Cell("too few to say", "dim"), "", "")
    from calsync.learning.steps import HORIZON

    curve = each.curve
    return (name, *numbers, _share(curve.share(HORIZON)), _day(curve.reached(0.25)), _day(curve.reached(0.5)))


def _share(share: Share | None) -> str:
    """ "41 % (34-49)", with the interval in brackets."""
    if share is None:
        return "-"
    return f"{share.value * 100:>3.0f} % ({share.low * 100:.0f}–{share.high * 100:.0f})"


def _day(reached: Reached) -> str:
    if reached.day is None:
        return "not reached"
    return f"{reached.day} ({_limit(reached.low)}–{_limit(reached.high)})"


def _limit(day: int | None) -> str:
    return "…" if day is None else str(day)


def _rule(state: State, rule: RuleLesson) -> None:
    terminal, own = state.terminal, rule.people
    terminal.line()
    terminal.line(
        Cell(own.name, "strong"),
        f"  {counted(own.people, 'person', 'people')}, {own.met:,} met again",
        Cell(f": {rule.unsaid}" if rule.unsaid else "", "warn"),
    )
    if own.curve is None:
        return
    if terminal.is_interactive:
        from calsync.cli.curve import WIDTH, curve_drawn

        if shutil.get_terminal_size().columns >= WIDTH:
            for line in curve_drawn(own.curve, rule):
                terminal.line(*line)
    if rule.quarters:
        first, half, last = map(_day, rule.quarters)
        terminal.line(
            "  Of those who return within half a year a quarter are back by day ",
            f"{first}, half by {half}, three quarters by {last}.",
        )
    columns = [
        Column("Step", "strong", whole=True),
        Column("After", whole=True),
        Column("Met by then", whole=True),
        Column("Returns by then", whole=True),
        Column("By window end", whole=True),
        Column("", whole=True),
    ]
    terminal.groups(columns, [Group("", [_step(each) for each in rule.steps], own.name)])


def _step(step: StepLesson) -> Row:
    shares = ("" if share is None else _share(share) for share in (step.met, step.returned, step.in_window))
    return (step.id, step.after, *shares, Cell(*_SAYS[step.says]))


def _proposals(state: State, told: Suggestions) -> None:
    from calsync.asking.suggest import commands

    terminal = state.terminal
    terminal.line()
    found = [(rule, each) for rule in told.rules for each in rule.proposals]
    if not found:
        terminal.line(_nothing(told))
    for rule, proposal in found:
        terminal.line(Cell(f"{rule.pack}.{rule.rule}.{proposal.step}", "strong"), f": {proposal.reason}")
        for line in commands(rule, proposal):
            terminal.line("  ", Cell(line, "new"))
    if any(rule.people.curve for rule in told.rules):
        terminal.line()
        terminal.line(
            Cell(
                "Intervals hold 95 times in 100. Whoever was not met again yet counts for as long as you could have "
                "been seen to. The curve tells what happened, not why: a nudge at another time may do nothing.",
                "dim",
            )
        )


def _nothing(told: Suggestions) -> str:
    if not any(rule.people.curve for rule in told.rules):
        from calsync.learning.acquaintances import LEAST_PEOPLE, LEAST_RETURNS

        return (
            f"Too few meetings to say: it takes {LEAST_PEOPLE} people under one rule, and {LEAST_RETURNS} first "
            "meetings from which somebody was met again."
        )
    return "Nothing to change: no step lies clearly outside what your history says."
