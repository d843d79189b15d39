"""people import: tiers from a table, people from an address book."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.answers import answering
from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column, Row, counted

if TYPE_CHECKING:
    from calsync.asking.importing import Change, Content

_SHOWN = 40
_KNOWN = "a contact, known already"


def import_(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A .csv or .vcf file.")],
    tier: Annotated[
        str | None, typer.Option(help="The tier of all for whom the file says neither tier nor interval.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show what would change.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Take over tiers from a CSV file, or people from a .vcf: calsync people import friends.csv

    The first line of a CSV file names its columns: address, and any of name, tier, every, timezone
    and phone. The people of a .vcf file are known from then on, as with people.contacts. A file
    with a mistake in it changes nothing, and neither does one that was imported before.
    """
    from calsync.asking.importing import changes, keep, read_people
    from calsync.sync import desk_of

    state = state_of(ctx)
    content = read_people(file, tier)
    if dry_run:
        with state.ledger() as ledger:
            found = changes(desk_of(state.config(), ledger, state.now()), content.lines)
    else:
        with answering(state) as desk:
            found = changes(desk, content.lines)
            keep(desk, [change for change in found if change.is_one])
    if as_json:
        state.terminal.json([change.as_json() for change in found])
    elif not state.quiet:
        _show(state, found, content, dry_run)


def _show(state: State, found: Sequence[Change], content: Content, dry_run: bool) -> None:
    terminal = state.terminal
    told = [change for change in found if change.is_one or change.note]
    shown = told if state.verbose or not terminal.is_interactive else told[:_SHOWN]
    rows: list[Row] = []
    for change in shown:
        kind = Cell("new", "new") if change.is_new else Cell("changed" if change.is_one else "", "good")
        rows.append((change.name or change.address, change.address, kind, _what(change), Cell(change.note, "warn")))
    if rows:
        notes = any(change.note for change in shown)
        columns: list[Column | str] = [Column("Name", "strong"), "Address", Column("", whole=True), "Now"]
        terminal.table([*columns, "Note"] if notes else columns, [row if notes else row[:4] for row in rows])
    if len(shown) < len(told):
        terminal.line(Cell(f"… and {len(told) - len(shown)} more; calsync --verbose people import shows them", "dim"))
    new = sum(change.is_new and change.is_one for change in found)
    changed = sum(change.is_one and not change.is_new for change in found)
    sums = f"{counted(len(found), 'person', 'people')} read: {new} new, {changed} changed, {len(found) - new - changed}"
    terminal.line(f"{sums} as before.{' Nothing was kept: this was a dry run.' if dry_run else ''}")
    if content.ignored:
        names = ", ".join(content.ignored)
        what = "Column" if len(content.ignored) == 1 else "Columns"
        terminal.line(Cell(f"{what} not read: {names}", "dim"))


def _what(change: Change) -> str:
    """ "tier A (was B), time zone Europe/Rome"."""
    words = {"timezone": "time zone"}
    told = []
    for key, value in change.said.items():
        if key == "known":
            told.append(_KNOWN)
        elif not (key == "name" and change.is_new):
            was = f" (was {change.before[key]})" if key in change.before else ""
            told.append(f"{words.get(key, key)} {value}{was}")
    if change.links:
        told.append(f"one person with {', '.join(change.links)}")
    return ", ".join(told)
