"""``calsync demo``: the whole thing on a sample calendar, without an account."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell
from calsync.errors import UsageError


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    ctx: typer.Context,
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.", show_default=True)] = Path(
        "calsync-demo"
    ),
) -> None:
    """Show what calsync does, on a sample calendar in a folder of its own.

    Nothing outside that folder is touched. It can be run again: it begins anew.

    \b
    Example:
      calsync demo
    """
    from calsync.asking.agenda import entries
    from calsync.cli import agenda, sync
    from calsync.config import load
    from calsync.ledger.ledger import Ledger
    from calsync.sync import sync as one_pass

    outer = state_of(ctx)
    folder = folder.expanduser().absolute()
    terminal = outer.terminal
    state = State(folder / "config.toml", outer.quiet, outer.verbose, terminal)
    now = state.now()
    _prepare(folder, state)
    config = load(folder / "config.toml")
    with terminal.progress("Reading the sample calendars") as told:
        report = one_pass(config, now, progress=told)
    outer.exit_code = report.exit_code
    terminal.line(Cell("Sam Lee's calendars", "strong"), f" (all invented) are in {folder}.")
    terminal.line("This is what calsync makes of them, from whom Sam met lately and will meet soon:")
    terminal.line()
    with Ledger(config.ledger) as ledger:
        agenda.show(state, entries(ledger, config, now))
    terminal.line()
    terminal.line(sync.summary(report))
    sync.tell_troubles(state, report)
    _next_steps(state, folder)


def _prepare(folder: Path, state: State) -> None:
    """Make the folder, or begin anew in one that an earlier demo made. Raises UsageError for any other."""
    from calsync import files
    from calsync.demo_calendar import sample, sample_config

    text = sample_config()
    config = folder / "config.toml"
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder}: a file stands there", "Name another folder.")
    if folder.is_dir() and any(folder.iterdir()) and (files.content(config) or b"").decode("utf-8", "replace") != text:
        raise UsageError(
            f"{folder}: the folder holds something that is not the demo's",
            "Name a new folder: calsync demo DIR",
        )
    for name in _REMAINS:
        (folder / name).unlink(missing_ok=True)
    files.replace(config, text.encode())
    for name, content in sample(state.now()).items():
        files.replace(folder / name, content)


_REMAINS = ("followups.ics", "calsync.db", "calsync.db-wal", "calsync.db-shm")


def _next_steps(state: State, folder: Path) -> None:
    import shlex

    terminal = state.terminal
    here = Path.cwd()
    shown = folder.relative_to(here) if folder.is_relative_to(here) else folder
    named = f"calsync --config {shlex.quote(str(shown / 'config.toml'))}"
    terminal.line(f"The feed, to open in any calendar app: {folder / 'followups.ics'}")
    terminal.line()
    terminal.line("What to try next:")
    terminal.steps(
        [
            (f"{named} why kwame@adomi.example", "why these reminders, and why then"),
            (f"{named} done kwame@adomi.example", "tick one off; the next agenda is without it"),
            (f"{named} sync", "run it again: nothing changes"),
            ("calsync init", "do it with your own calendar"),
        ]
    )
