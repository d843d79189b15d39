"""The command ``calsync``: its options, its commands, and the one place where errors end.

What a command needs is imported when it runs, so that ``--help`` and a quiet night cost
little more than starting Python.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup

from calsync import __version__
from calsync.cli import (
    agenda,
    answers,
    demo,
    feed,
    health,
    inbox,
    login,
    logout,
    outputs,
    people,
    rules,
    schedule,
    serve,
    setup,
    sync,
    why,
)
from calsync.cli.options import State
from calsync.cli.terminal import Terminal
from calsync.errors import CalsyncError

SECTIONS: dict[str, tuple[str, ...]] = {
    "Start": ("init", "demo", "login", "logout", "schedule"),
    "Every day": ("sync", "agenda", "inbox", "why", "done", "snooze", "dismiss", "stop", "resume"),
    "People and rules": ("people", "rules"),
    "Calendars": ("feed", "outputs", "serve"),
    "Health": ("status", "doctor"),
}
"""The commands as ``calsync --help`` lists them; one that has no place here is listed last."""

_INTERRUPTED = 130
_BEFORE_THE_COMMAND = ("--config", "--quiet", "-q", "--verbose", "-v", "--no-color", "--version")


class Commands(TyperGroup):
    """All commands; whatever one of them raises ends here as words and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        placed = [name for names in SECTIONS.values() for name in names]
        return sorted(self.commands, key=lambda name: placed.index(name) if name in placed else len(placed))

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """List the commands under what they are for."""
        names = [name for name in self.list_commands(ctx) if not self.commands[name].hidden]
        widest = max(map(len, names))
        sections = {title: [name for name in names if name in own] for title, own in SECTIONS.items()}
        sections["More"] = [name for name in names if not any(name in own for own in sections.values())]
        for title, own in sections.items():
            rows = [(f"{name:{widest}}", self.commands[name].get_short_help_str(200)) for name in own]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def invoke(self, ctx: Any) -> Any:
        state = State()
        try:
            try:
                super().invoke(ctx)
            finally:
                state = ctx.obj if isinstance(ctx.obj, State) else state
            sys.stdout.flush()
        except CalsyncError as error:
            _leave(_told(error, state))
        except BrokenPipeError:
            _stop_writing()
            _leave(state.exit_code)
        except (KeyboardInterrupt, EOFError, typer.Abort):
            print(file=sys.stderr)
            _leave(_INTERRUPTED)
        except typer.Exit:
            raise
        except Exception as error:
            if hasattr(error, "format_message"):
                _point_to_the_front(error)
                raise
            _leave(_told_damage(error, state) or _told_bug(error, state))
        raise typer.Exit(state.exit_code)


app = typer.Typer(
    name="calsync",
    cls=Commands,
    help="Reads the calendar you keep and reminds you, in your calendar, to follow up with people you "
    "met for the first time.",
    epilog="Try it without a calendar of your own: calsync demo",
    invoke_without_command=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"], "max_content_width": 100},
)


def _version(wanted: bool) -> None:
    if wanted:
        print(f"calsync {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="PATH", help="Use this config.toml.", show_default=False),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say only what changed or failed.")] = False,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more.")] = False,
    no_color: Annotated[bool, typer.Option("--no-color", help="Write without colours.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    if quiet and verbose:
        raise typer.BadParameter("choose one of --quiet and --verbose")
    terminal = Terminal(color=not no_color, quiet=quiet)
    ctx.obj = State(config.expanduser() if config else None, quiet, verbose, terminal)
    if ctx.invoked_subcommand is None:
        print(ctx.get_help())
        raise typer.Exit


for _module in (
    sync,
    agenda,
    inbox,
    why,
    answers,
    people,
    rules,
    feed,
    outputs,
    serve,
    setup,
    login,
    logout,
    demo,
    schedule,
    health,
):
    _module.register(app)


def run() -> NoReturn:
    """The entry point: run the command line and exit."""
    _open_what_is_closed()
    for stream in (sys.stdout, sys.stderr):
        # A name must not stop a run only because the terminal cannot show it.
        with suppress(AttributeError, ValueError):
            stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    app(prog_name="calsync")
    raise AssertionError("the command line returned")


def _open_what_is_closed() -> None:
    """Give cron jobs without standard streams an empty one each, lest a file of ours take its number."""
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - for the whole run


def commands() -> list[tuple[str, str]]:
    """Every command with its one line of help, groups spelled out ("feed path"), as listed."""
    from typer.main import get_command

    return list(_listed(get_command(app), ""))


def _listed(command: Any, prefix: str) -> Any:
    for name in command.list_commands(None):
        each = command.commands[name]
        if each.hidden:
            continue
        if hasattr(each, "commands"):
            if each.invoke_without_command:
                yield f"{prefix}{name}", each.get_short_help_str(200)
            yield from _listed(each, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", each.get_short_help_str(200)


def _leave(code: int) -> NoReturn:
    raise typer.Exit(code)


def _told(error: CalsyncError, state: State) -> int:
    state.terminal.error(str(error), error.remedy)
    return error.exit_code


def _told_damage(error: Exception, state: State) -> int:
    """A ledger on a full disk, or one that is damaged, is no bug of ours; 0 where it is not that."""
    sqlite3 = sys.modules.get("sqlite3")
    if sqlite3 is None or not isinstance(error, (sqlite3.OperationalError, sqlite3.DatabaseError)):
        return 0
    state.terminal.error(f"the ledger cannot be used: {error}", "Look closer with calsync doctor.")
    return CalsyncError.exit_code


def _told_bug(error: Exception, state: State) -> int:
    """Say where it broke and nothing of what was in hand, which may be anybody's meeting."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "calsync" in Path(frame.filename).parts] or frames
    place = f"{Path(own[-1].filename).name}:{own[-1].lineno}, in {own[-1].name}" if own else "an unknown place"
    kind = type(error).__qualname__
    if state.verbose:
        for frame in frames:
            state.terminal.note(f"{frame.filename}:{frame.lineno}, in {frame.name}")
    state.terminal.error(
        f"this is a bug: {kind} at {place}",
        "" if state.verbose else "Run it again with calsync --verbose in front, and report what it shows.",
    )
    return 1


def _point_to_the_front(error: Any) -> None:
    """An option that exists, but before the command, is worth more than "no such option"."""
    if getattr(error, "option_name", "") in _BEFORE_THE_COMMAND:
        error.message = f"{error.option_name} stands before the command: calsync {error.option_name} …"
        error.possibilities = None


def _stop_writing() -> None:
    """Let the interpreter close a pipe that nobody reads any more without a word."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    with suppress(OSError, ValueError, AttributeError):
        os.dup2(nowhere, sys.stdout.fileno())
