"""``calsync rules try`` and ``compare``: what rules would have done to the user's own past."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, span_back, state_of
from calsync.cli.terminal import Cell

if TYPE_CHECKING:
    from calsync.config import Config
    from calsync.rules.schema import Pack
    from calsync.simulate.trial import Candidate, Trial
    from calsync.timing.spans import Span


Last = Annotated[str, typer.Option("--last", metavar="SPAN", help='How far back: "1y", "6 months", "90 days", "P2Y".')]
AsJson = Annotated[bool, typer.Option("--json", help="All figures, for programs.")]
Html = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="Also write a page with charts.", show_default=False, dir_okay=False),
]


def try_(
    ctx: typer.Context,
    last: Last = "1y",
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="NAME=VALUE",
            help="Try with this value of a pack, named as in rules set; as often as wanted.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Replay your rules over your own past, night by night.

    Shows how many reminders they would have made, when, and for whom; with --set beside what the changed
    rules would have. Nothing is changed and nothing is written but FILE.

    \b
    Examples:
      calsync rules try
      calsync rules try --last 6m --set professional.first-meeting.hello.after="2 working days"
    """
    from calsync.simulate.trial import Candidate
    from calsync.sync import known_packs

    state = state_of(ctx)
    span = span_back(last)
    config = state.config()
    present = Candidate("now", known_packs(config))
    other = _changed(config, changes) if changes else None
    if other is not None and [each[1:5] for each in other.packs] == [each[1:5] for each in present.packs]:
        used = ", ".join(config.rules.packs)
        state.terminal.warning(f"--set changes nothing in the packs in use ({used})", "calsync rules list shows all.")
    _tell(state, _tried(state, span, present, other), changes or [], as_json, html)


def compare(
    ctx: typer.Context,
    one: Annotated[str, typer.Argument(metavar="A", help="A pack, or several with commas.", show_default=False)],
    other: Annotated[str, typer.Argument(metavar="B", help="What to set beside it.", show_default=False)],
    last: Last = "1y",
    as_json: AsJson = False,
    html: Html = None,
) -> None:
    """Replay two packs over your own past, side by side.

    Each runs alone, as if it were all that [rules] packs names. Nothing is changed.

    \b
    Examples:
      calsync rules compare professional sales
      calsync rules compare professional,personal networking,personal --html packs.html
    """
    state = state_of(ctx)
    span = span_back(last)
    config = state.config()
    packs = [_packs(config, names) for names in (one, other)]
    _tell(state, _tried(state, span, *packs), [], as_json, html)


def _changed(config: Config, changes: list[str]) -> Candidate:
    """The packs as they would be with these values. Raises as ``rules set`` does."""
    from calsync.errors import UsageError
    from calsync.simulate.trial import changed

    for each in changes:
        if "=" not in each:
            example = 'professional.first-meeting.hello.after="2 working days"'
            raise UsageError(f"--set {each!r} gives no value", f"Say it like --set {example}.")
    return changed(config, [(name, value) for name, _, value in (each.partition("=") for each in changes)])


def _packs(config: Config, names: str) -> Candidate:
    from calsync.rules.check import check_templates
    from calsync.rules.load import load_packs
    from calsync.simulate.trial import Candidate

    listed = [name.strip() for name in names.split(",") if name.strip()]
    packs = _known(config, listed, load_packs)
    problems = [problem for pack in packs for problem in check_templates(pack)]
    if problems:
        from calsync.errors import ConfigError

        raise ConfigError(problems)
    return Candidate(", ".join(listed), packs)


def _known(config: Config, names: list[str], load: Callable[..., tuple[Pack, ...]]) -> tuple[Pack, ...]:
    """Load packs that were named on the command line. Raises UsageError for one that is none."""
    from calsync.errors import UsageError
    from calsync.rules.layers import available, unknown

    known = available(config.rules_dir)
    for name in names or [""]:
        if name not in known:
            raise UsageError(unknown(name, known), "calsync rules list shows all packs.")
    return load(names, config.rules_dir)


def _tried(state: State, span: Span, present: Candidate, other: Candidate | None) -> Trial | str:
    from calsync.simulate.trial import try_rules

    with state.terminal.progress("Reading the ledger", _nights) as told:
        return try_rules(state.config(), state.now(), span, present, other, lambda name: partial(_told, told, name))


def _told(told: Callable[[str, int], None], name: str, what: str, number: int) -> None:
    told(name, number)


def _nights(name: str, number: int) -> str:
    return (
        f"Replaying with the rules {name}: {number:,} nights"
        if name not in ("now", "tried")
        else (f"Replaying {'the rules as they are' if name == 'now' else 'the changed rules'}: {number:,} nights")
    )


def _tell(state: State, trial: Trial | str, changes: list[str], as_json: bool, html: Path | None) -> None:
    if isinstance(trial, str):
        if as_json:
            state.terminal.json({"enough": False, "why": trial})
        else:
            state.terminal.line(trial)
        return
    if html is not None:
        from calsync.files import replace
        from calsync.simulate.page import page

        replace(html.expanduser(), page(trial, changes).encode())
    if as_json:
        from calsync.simulate.told import as_json as told

        state.terminal.json(told(trial, changes))
    else:
        from calsync.cli.trial_report import show

        show(state, trial, changes)
    if html is not None and not as_json:
        state.terminal.line(Cell(f"The page is in {html}", "dim"))
