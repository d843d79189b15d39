"""``calsync sync``: one pass, and what came of it in a few lines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column, Tone, counted, day_and_time
from calsync.errors import BrakeError

if TYPE_CHECKING:
    from calsync.config import Config
    from calsync.report import Difference, Report, SourceReport

_SIGNS: dict[str, tuple[str, Tone]] = {
    "create": ("+", "good"),
    "change": ("~", "warn"),
    "remove": ("-", "bad"),
}
_COLUMNS = (Column(whole=True), Column(tone="strong"), Column(tone="dim", below=True))
_SHOWN = 12


def register(app: typer.Typer) -> None:
    app.command("sync")(sync)


def sync(
    ctx: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would change, and write nothing.")] = False,
    allow: Annotated[
        int | None,
        typer.Option(
            min=1,
            metavar="N",
            show_default=False,
            help="Let this run start follow-ups for up to N people, or take up to N vanished reminders for deleted.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the report as JSON.")] = False,
) -> None:
    """Read the calendars, plan the follow-ups, write the reminders.

    It never asks a question, so it can run every night.

    \b
    Example:
      calsync sync --dry-run
    """
    from calsync.report import Report
    from calsync.sync import sync as one_pass

    state = state_of(ctx)
    config = state.config()
    report = Report(state.now(), dry_run=dry_run)
    try:
        with state.terminal.progress("Reading the calendars") as told:
            one_pass(config, state.now(), dry_run=dry_run, allow=allow, progress=told, report=report)
    except BrakeError:
        tell_troubles(state, report)
        raise
    state.exit_code = report.exit_code
    if as_json:
        state.terminal.json(report.as_json())
    else:
        show(state, config, report)
    tell_troubles(state, report)


def show(state: State, config: Config, report: Report) -> None:
    """Say what a sync changed. With ``--quiet`` a sync that changed nothing says nothing."""
    terminal = state.terminal
    terminal.table(_COLUMNS, [_difference(each, state) for each in report.differences])
    if state.quiet and report.is_quiet:
        return
    for note in report.notes:
        terminal.line(Cell("note: ", "dim"), note)
    for warning in report.warnings:
        terminal.warning(warning)
    if state.verbose:
        for source in report.sources:
            _show_source(state, source)
    if state.quiet:
        return
    if report.is_quiet and not _rewritten(report):
        terminal.line("Nothing would change." if report.dry_run else "Nothing changed.")
        return
    if report.differences:
        terminal.line()
    terminal.line(summary(report))
    for line in _places(config, report):
        terminal.line(line)


def tell_troubles(state: State, report: Report) -> None:
    """Say on stderr which source or output failed, and the next step."""
    for trouble in report.troubles:
        state.terminal.error(trouble.message, trouble.remedy, f"{trouble.what} {trouble.name}")


def _difference(each: Difference, state: State) -> list[str | Cell]:
    sign, tone = _SIGNS[each.kind]
    now = state.local_now()
    when = day_and_time(each.start.astimezone(now.tzinfo), now)
    cause = f"({each.cause})" if each.cause and each.kind != "create" else ""
    return [Cell(f"{sign} {when}", tone), each.title, cause]


def summary(report: Report) -> str:
    """What a sync read and found, in one sentence."""
    read = sum(source.total for source in report.sources)
    parts = [f"read {counted(read, 'event')} from {counted(len(report.sources), 'source')}"]
    if failed := len({trouble.name for trouble in report.troubles if trouble.what == "source"}):
        parts.append(f"{failed:,} failed")
    if report.starting:
        parts.append(f"{counted(len(report.starting), 'person is new', 'people are new')}")
    if report.held:
        held = counted(report.held, "follow-up waits", "follow-ups wait")
        parts.append(f"{held} in the inbox (calsync inbox)")
    words = ", ".join(parts)
    return f"{words[0].upper()}{words[1:]}."


def _places(config: Config, report: Report) -> list[str]:
    if report.dry_run:
        return ["This was a dry run: nothing was written."]
    lines = []
    for output in config.outputs:
        counts = report.written.get(output.name)
        if counts is None:
            continue
        where = getattr(output, "path", None) or output.name
        done = [f"{counts[key]:,} {word}" for key, word in _COUNTS.items() if counts.get(key)]
        lines.append(f"Written to {where}: {', '.join(done)}." if done else f"{where} stays as it is.")
    return lines


_COUNTS = {"created": "new", "changed": "changed", "removed": "removed"}


def _rewritten(report: Report) -> bool:
    return any(counts.get(key) for counts in report.written.values() for key in _COUNTS)


def _show_source(state: State, source: SourceReport) -> None:
    terminal = state.terminal
    unchanged = ", unchanged since the last sync" if source.unchanged else ""
    terminal.line(
        f"source {source.name}: {counted(source.total, 'event')}, {source.named:,} of them with people{unchanged}"
    )
    reasons = [("skipped", source.skipped), ("used in spite of trouble", source.noted)]
    for word, numbers in reasons:
        for reason, number in sorted(numbers.items(), key=lambda each: (-each[1], each[0]))[:_SHOWN]:
            example = source.examples.get(reason, "")
            where = Cell(f" (for example {example})", "dim") if example else ""
            terminal.line(f"  {number:,} {word}: {reason}", where)
    if source.cancelled:
        terminal.line(f"  {counted(source.cancelled, 'meeting')} to come no longer there: cancelled")
