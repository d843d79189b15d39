"""``calsync agenda``: the follow-ups to come, day by day."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column, Group, Tone, day_heading

if TYPE_CHECKING:
    from calsync.asking.agenda import Entry

ID_SHOWN = 8
"""How much of an id is shown; commands take the beginning of one."""

_TONES: dict[str, Tone] = {
    "provisional": "new",
    "planned": "new",
    "held": "warn",
    "waiting": "warn",
    "done": "good",
    "met": "good",
    "missed": "bad",
}
_COLUMNS = (
    Column(whole=True),
    Column(tone="strong"),
    Column(below=True),
    Column(tone="dim", below=True),
    Column(tone="dim", whole=True),
)


def register(app: typer.Typer) -> None:
    app.command("agenda")(agenda)


def agenda(
    ctx: typer.Context,
    days: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", show_default=False, help="Only from now until N days from today."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also those that are done, dismissed, held, met, …")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the list as JSON.")] = False,
) -> None:
    """List the follow-ups that are open, soonest first.

    The id at the end of a line is what done, snooze and dismiss take.

    \b
    Example:
      calsync agenda --days 7
    """
    state = state_of(ctx)
    entries = _entries(state, days, everything)
    if as_json:
        state.terminal.json([entry.as_json() for entry in entries])
    elif entries:
        show(state, entries)
    elif not state.quiet and state.terminal.is_interactive:
        state.terminal.line(_nothing(state, days, everything))


def show(state: State, entries: list[Entry]) -> None:
    """Show follow-ups under their days, those of one reminder in one row."""
    today = state.local_now().date()
    groups = []
    for day, own in groupby(entries, key=lambda entry: entry.start.date() if entry.start else None):
        heading = day_heading(day, today) if day else "Without a time"
        together: dict[tuple[str, str], list[Entry]] = {}
        for entry in own:
            together.setdefault((entry.followup.reminder or entry.id, entry.state.value), []).append(entry)
        rows = [_row(members) for members in together.values()]
        groups.append(Group(heading, rows, day.isoformat() if day else "-"))
    state.terminal.groups(_COLUMNS, groups)


def _entries(state: State, days: int | None, everything: bool) -> list[Entry]:
    config = state.config()
    if not config.ledger.exists():
        return []
    from calsync.asking.agenda import entries

    with state.ledger() as ledger:
        return entries(ledger, config, state.now(), days=days, everything=everything)


def _row(members: list[Entry]) -> list[str | Cell]:
    first = members[0]
    time = f"{first.start:%H:%M}" if first.start else ""
    state = first.state.value
    shown = Cell("" if state == "written" else state, _TONES.get(state, "dim"))
    day = f"{first.meeting_start:%a} {first.meeting_start.day} {first.meeting_start:%b}"
    meeting = f"{first.meeting_title}, {day}" if first.meeting_title else day if first.followup.meeting else ""
    id_ = first.id if len(members) == 1 else first.followup.reminder
    return [time, first.title, shown, meeting, id_[:ID_SHOWN]]


def _nothing(state: State, days: int | None, everything: bool) -> str:
    if not state.config().ledger.exists():
        return "No sync so far: calsync sync reads your calendar."
    if everything:
        return "There is no follow-up yet. They come when you meet somebody for the first time."
    if days is not None:
        return "Nothing to follow up in that time. calsync agenda shows everything open."
    return "Nothing to follow up: you are up to date. calsync agenda --all shows what is behind you."
