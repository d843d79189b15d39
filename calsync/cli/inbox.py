"""inbox: who waits for a word of mine before follow-ups start."""

from __future__ import annotations

from typing import Annotated

import typer

from calsync.cli.answers import Person, answering
from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column, counted, day_and_time


def register(app: typer.Typer) -> None:
    group = typer.Typer(invoke_without_command=True, help="Who waits for your word before follow-ups start.")
    group.callback()(inbox)
    group.command()(accept)
    group.command()(ignore)
    app.add_typer(group, name="inbox")


def inbox(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Show who waits for your word before follow-ups start."""
    if ctx.invoked_subcommand is None:
        _show(state_of(ctx), as_json)


def _show(state: State, as_json: bool) -> None:
    from calsync.asking.agenda import in_inbox

    with state.ledger() as ledger:
        entries = in_inbox(ledger, state.config())
    if as_json:
        state.terminal.json(
            [
                {k: v for k, v in entry.as_json(with_cause=True).items() if k in ("person", "meeting", "cause")}
                for entry in entries
            ]
        )
        return
    if not entries:
        if not state.quiet:
            state.terminal.line("The inbox is empty: nobody waits for your word.")
        return
    now = state.local_now()
    state.terminal.table(
        [
            Column("Who", "strong"),
            Column("Address"),
            Column("Met"),
            Column("At"),
            Column("Waits because", "dim"),
        ],
        [
            (
                entry.called,
                entry.emails[0],
                day_and_time(entry.meeting_start, now),
                entry.meeting_title,
                entry.cause,
            )
            for entry in entries
        ],
    )
    if state.terminal.is_interactive:
        state.terminal.line()
        state.terminal.line(
            Cell("calsync inbox accept PERSON lets somebody in, calsync inbox ignore PERSON never.", "dim")
        )


def accept(ctx: typer.Context, person: Person) -> None:
    """Let a person in: the held meetings they are in count."""
    from calsync.asking.answers import accept as let_in
    from calsync.asking.finding import one_person

    state = state_of(ctx)
    with answering(state) as desk:
        found = one_person(desk.ledger, desk.circle.identities, person)
        number = let_in(desk, found)
    if not state.quiet:
        counts = f", with {counted(number, 'held meeting')}" if number else "; nothing of theirs was held"
        state.terminal.line(Cell("Accepted: ", "good"), f"{found.called}{counts}")


def ignore(ctx: typer.Context, person: Person) -> None:
    """Never follow up with a person."""
    from calsync.cli.people import ignore as never

    never(ctx, person)
