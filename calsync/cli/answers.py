"""done, dismiss, snooze, stop, resume: what the user says to a follow-up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, soon

if TYPE_CHECKING:
    from calsync.asking.agenda import Entry
    from calsync.night.desk import Desk

Who = Annotated[str, typer.Argument(metavar="PERSON|ID", help="An address, part of a name, or an id from agenda.")]
Person = Annotated[str, typer.Argument(metavar="PERSON", help="An address or part of a name.")]


def register(app: typer.Typer) -> None:
    app.command()(done)
    app.command()(dismiss)
    app.command()(snooze)
    app.command()(stop)
    app.command()(resume)


@contextmanager
def answering(state: State) -> Iterator[Desk]:
    """Lay out the ledger for an answer; afterwards the plan follows it and the feeds are rewritten.

    While a sync is active the answer is kept, and the outputs follow with the next one.
    """
    from calsync.asking.answers import settle
    from calsync.cli.sync import tell_troubles
    from calsync.sync import desk_of

    with state.ledger() as ledger:
        yield desk_of(state.config(), ledger, state.now())
        report = settle(state.config(), ledger, state.now())
        if report is None:
            state.terminal.warning("a sync is active just now: kept, and the outputs follow with the next sync")
            return
    tell_troubles(state, report)
    state.exit_code = report.exit_code


def done(ctx: typer.Context, who: Who) -> None:
    """Tick off a follow-up: calsync done ada@acme.example"""
    from calsync.model import State as Life

    state = state_of(ctx)
    _finish(state, who, Life.DONE, "you marked it done", "Done")


def dismiss(ctx: typer.Context, who: Who) -> None:
    """Drop a follow-up for good: calsync dismiss Ada"""
    from calsync.model import State as Life

    state = state_of(ctx)
    _finish(state, who, Life.DISMISSED, "you dismissed it", "Dismissed")


def _finish(state: State, who: str, life: object, cause: str, word: str) -> None:
    from calsync.asking.answers import finish

    with answering(state) as desk:
        entries = finish(desk, who, life, cause)  # type: ignore[arg-type]
    _tell(state, word, entries)


def _tell(state: State, word: str, entries: Sequence[Entry], tail: Callable[[Entry], str] = lambda entry: "") -> None:
    if not state.quiet:
        for entry in entries:
            state.terminal.line(Cell(f"{word}: ", "good"), f"{entry.title} ({entry.called}){tail(entry)}")


def snooze(
    ctx: typer.Context,
    who: Who,
    when: Annotated[
        list[str],
        typer.Argument(metavar="WHEN", help='tomorrow, "next week", monday, "3 days", 2026-03-14 or with 15:00'),
    ],
) -> None:
    """Move a follow-up to a time of yours: calsync snooze Ada "next week" """
    from calsync.asking.answers import snooze as move

    state = state_of(ctx)
    with answering(state) as desk:
        entries, start = move(desk, who, " ".join(when))
    words = soon(start, state.local_now())
    _tell(state, "Snoozed", entries, lambda entry: f": {words}")


def stop(ctx: typer.Context, person: Person) -> None:
    """End all follow-ups of a person, present and future, until resume."""
    _say(state_of(ctx), person, "yes", "Stopped: {}. No follow-ups until you let them come again with calsync resume.")


def resume(ctx: typer.Context, person: Person) -> None:
    """Let the follow-ups of a stopped person come again."""
    _say(state_of(ctx), person, None, "Resumed: {}")


def _say(state: State, person: str, value: str | None, sentence: str) -> None:
    from calsync.asking.answers import say
    from calsync.asking.finding import one_person

    with answering(state) as desk:
        found = one_person(desk.ledger, desk.circle.identities, person)
        say(desk, found, "stopped", value)
    if not state.quiet:
        state.terminal.line(sentence.format(found.called))
