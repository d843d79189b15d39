"""``calsync init``: a few questions, or flags, and a config file."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from calsync.cli.first_config import Answers, check, config_text, country_of, is_address, zone_here
from calsync.cli.options import State, state_of
from calsync.cli.questions import answer, one_of
from calsync.errors import UsageError

_EXAMPLE = "calsync init --email sam@northwind.example --timezone Europe/London --calendar work.ics"
_NEEDED = {"emails": "--email", "timezone": "--timezone", "calendar": "--calendar"}


class Relationship(StrEnum):
    """What kind of tie a calendar brings."""

    WORK = "work"
    PERSONAL = "personal"


def register(app: typer.Typer) -> None:
    app.command("init")(init)


def init(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Option(help="Your name; it signs the drafts.", show_default=False)] = None,
    email: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="An address you are invited by; repeat it for each.", show_default=False),
    ] = None,
    timezone: Annotated[str | None, typer.Option(help="Such as Europe/London.", show_default=False)] = None,
    calendar: Annotated[
        str | None,
        typer.Option(metavar="PATH|URL", help="An .ics file, a folder of them, or an address.", show_default=False),
    ] = None,
    relationship: Annotated[
        Relationship | None, typer.Option(help="What kind of tie this calendar brings.", show_default=False)
    ] = None,
    holidays: Annotated[
        str | None, typer.Option(metavar="CODE", help='Such as GB-ENG, or "" for none.', show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Option(metavar="PATH", help="The feed to write.", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a config that is there.")] = False,
) -> None:
    """Make a config file, from a few questions or from these flags.

    \b
    Example:
      calsync init --email sam@northwind.example --timezone Europe/London --calendar work.ics
    """
    from calsync import files
    from calsync.files import data_dir

    state = state_of(ctx)
    target = state.config_path.expanduser().absolute()
    if target.exists() and not force:
        raise UsageError(f"{target}: there is a config already", "Edit it, or replace it with --force.")
    given: dict[str, Any] = {
        "name": name,
        "emails": email or None,
        "timezone": timezone,
        "calendar": calendar,
        "relationship": relationship.value if relationship else None,
        "holidays": holidays,
    }
    if state.terminal.can_ask and not all(given[key] for key in _NEEDED):
        _ask(state, given)
    else:
        _require(given)
    answers = Answers(
        given["name"] or "",
        given["emails"],
        given["timezone"],
        given["calendar"],
        given["relationship"] or "work",
        given["holidays"] or "",
        output or data_dir() / "followups.ics",
    )
    _calendar(answers.calendar)
    text = config_text(answers)
    check(text)
    # It may hold a feed address, which is a secret.
    files.replace(target, text.encode(), mode=0o600)
    _next_steps(state, target, answers)


def _require(given: dict[str, Any]) -> None:
    """Without anybody to ask, what cannot be guessed has to be said."""
    given["timezone"] = given["timezone"] or zone_here(os.environ) or None
    missing = [flag for key, flag in _NEEDED.items() if not given[key]]
    if missing:
        raise UsageError(
            f"nobody is there to answer questions, so these are needed: {', '.join(missing)}",
            f"For example: {_EXAMPLE}",
        )


def _ask(state: State, given: dict[str, Any]) -> None:
    """Ask for what was not given as a flag; a wrong answer is asked for again."""
    from calsync.config_values import Address, Holidays, Zone

    terminal = state.terminal
    terminal.line("A few questions; the answer in brackets is taken for an empty one.")
    terminal.line()
    if given["name"] is None:
        given["name"] = answer(terminal, "Your name (it signs the drafts)", "", lambda text: text)
    if given["emails"] is None:
        given["emails"] = answer(
            terminal,
            "Your addresses (all that you are invited by, commas between)",
            None,
            lambda text: [_valid(Address, each) for each in text.replace(",", " ").split()],
        )
    if given["timezone"] is None:
        question, guess = "Your time zone (such as Europe/London)", zone_here(os.environ) or None
        given["timezone"] = answer(terminal, question, guess, lambda text: _valid(Zone, text))
    if given["holidays"] is None:
        question = "Your holidays (such as GB-ENG, or none)"
        given["holidays"] = answer(
            terminal,
            question,
            country_of(given["timezone"]) or "none",
            lambda text: "" if text.lower() == "none" else _valid(Holidays, text),
        )
    if given["calendar"] is None:
        question = "Your calendar (an .ics file, a folder, or a web address)"
        given["calendar"] = answer(terminal, question, None, _calendar)
    if given["relationship"] is None:
        question = "Is it work or personal"
        given["relationship"] = answer(terminal, question, "work", one_of(*Relationship))


def _valid(kind: Any, text: str) -> str:
    """The value as the config reads it. Raises ValueError with the config's own sentence."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return str(TypeAdapter(kind).validate_python(text))
    except ValidationError as error:
        raise ValueError(str(error.errors()[0].get("ctx", {}).get("error", ""))) from None


def _calendar(text: str) -> str:
    """The calendar as named, if it can be one. Raises UsageError for a file that is not there."""
    if not is_address(text) and not Path(text).expanduser().exists():
        raise UsageError(
            f"{text}: there is no such file or folder",
            "Export your calendar as an .ics file first, or give its address.",
        )
    return text


def _next_steps(state: State, target: Path, answers: Answers) -> None:
    import shlex

    from calsync.config import find

    terminal = state.terminal
    if state.quiet:
        return
    named = "calsync" if find(None, {}) == target else f"calsync --config {shlex.quote(str(target))}"
    terminal.line(f"Written: {target}")
    terminal.line(f"Time zone {answers.timezone}, holidays {answers.holidays or 'none'}.")
    terminal.line(f"The feed to subscribe to will be {answers.output.expanduser().absolute()}")
    terminal.line()
    terminal.line("Next:")
    terminal.steps(
        [
            (f"{named} sync --dry-run", "shows what calsync would do"),
            (f"{named} sync", "does it"),
        ]
    )
