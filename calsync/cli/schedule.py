"""``calsync schedule``: let the machine run the sync every night."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from calsync.cli.options import EXIT_CODES, State, state_of
from calsync.cli.terminal import Cell, soon

if TYPE_CHECKING:
    from calsync.schedule.base import Entry, Job, Scheduler

app = typer.Typer(help="Let the machine run the sync every night.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    parent.add_typer(app, name="schedule")


@app.callback()
def _group() -> None:
    """Let the machine run the sync every night."""


@app.command("install")
def install(
    ctx: typer.Context,
    at: Annotated[str, typer.Option("--at", metavar="HH:MM", help="The time of day.")] = "02:30",
    way: Annotated[
        Literal["systemd", "launchd", "cron"] | None,
        typer.Option("--with", show_default=False, help="Who starts it; left out, what the machine has."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be written, and write nothing.")] = False,
) -> None:
    """Have calsync sync every night, by systemd, launchd or cron.

    Run it again to change the time. Nothing else that these programs run is touched.

    \b
    Example:
      calsync schedule install --at 03:15
    """
    from calsync.schedule.choice import chosen, job_of, standing
    from calsync.schedule.hours import clock_time

    state = state_of(ctx)
    job = job_of(state.config(), clock_time(at, "--at"))
    scheduler = chosen(way)
    if dry_run:
        _show_plan(state, scheduler, job)
        return
    scheduler.install(job)
    for other, _ in standing(job.name):
        if other.name != scheduler.name:
            other.remove(job.name)
            state.terminal.line(f"{other.name} does not start it any more.")
    entry = scheduler.entry(job.name)
    if state.quiet or entry is None:
        return
    due = _next(state, entry)
    state.terminal.line(f"{scheduler.name} runs calsync sync every night at {job.at:%H:%M}, next ", Cell(due, "strong"))
    _advise(state, scheduler, entry)


@app.command("show")
def show(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON.")] = False,
) -> None:
    """Show when it runs next, by whom, and how the last sync went.

    \b
    Example:
      calsync schedule show
    """
    from calsync.schedule.choice import job_name, standing

    state = state_of(ctx)
    found = standing(job_name(state.config()))
    last = _last(state)
    if as_json:
        state.terminal.json([_as_json(state, scheduler, entry, last) for scheduler, entry in found])
        return
    if not found:
        state.terminal.line("No nightly sync is scheduled: calsync schedule install does it.")
        return
    for scheduler, entry in found:
        when = f"{entry.at:%H:%M}" if entry.at else "at times of your own"
        where = Cell(entry.trouble, "bad") if entry.trouble else _next(state, entry)
        state.terminal.line(
            "every night  ", Cell(" ".join(filter(None, (when, entry.zone))), "strong"), f", by {scheduler.name}"
        )
        state.terminal.line("next         ", where)
        state.terminal.line("last sync    ", *_outcome(state, last))
        state.terminal.line("written in   ", Cell(entry.place, "dim"))
    if len(found) > 1:
        state.terminal.warning("it is scheduled twice", "calsync schedule install leaves one of them.")


@app.command("remove")
def remove(ctx: typer.Context) -> None:
    """Stop the nightly sync. What calsync knows and has written stays.

    \b
    Example:
      calsync schedule remove
    """
    from calsync.schedule.choice import job_name, standing

    state = state_of(ctx)
    name = job_name(state.config())
    found = standing(name)
    for scheduler, entry in found:
        scheduler.remove(name)
        if not state.quiet:
            state.terminal.line(f"{scheduler.name} does not run calsync sync any more; taken out of {entry.place}")
    if not found and not state.quiet:
        state.terminal.line("No nightly sync was scheduled.")


def _show_plan(state: State, scheduler: Scheduler, job: Job) -> None:
    plan = scheduler.plan(job)
    for place, text in plan.texts:
        state.terminal.line(Cell(f"# {place}", "dim"))
        state.terminal.text(text)
        state.terminal.line()
    for words in plan.commands:
        state.terminal.line(Cell("then ", "dim"), " ".join(words))


def _advise(state: State, scheduler: Scheduler, entry: Entry) -> None:
    from calsync.schedule.hours import is_machines_clock

    zone = state.config().me.zone
    if not entry.zone and entry.at and not is_machines_clock(state.now(), entry.at, zone):
        here = datetime.now().astimezone().tzname()
        state.terminal.note(f"{scheduler.name} goes by this machine's clock ({here}), not by {zone}.")
    if advice := scheduler.advice():
        state.terminal.note(advice)


def _next(state: State, entry: Entry) -> str:
    due = entry.due(state.now())
    return soon(due.astimezone(state.config().me.zone), state.local_now()) if due else "unknown"


def _last(state: State) -> tuple[datetime, int, list[str]] | None:
    from calsync.asking.standing import runs

    if not state.config().ledger.exists():
        return None
    with state.ledger() as ledger:
        return next(iter(runs(ledger, state.config().me.zone, 1)), None)


def _outcome(state: State, last: tuple[datetime, int, list[str]] | None) -> list[str | Cell]:
    if last is None:
        return ["none so far"]
    at, code, troubles = last
    words = f"{EXIT_CODES.get(code, '?')} (exit code {code})" if code else "done"
    said = f"{words}: {troubles[0]}" if troubles else words
    return [f"{soon(at, state.local_now())}, ", Cell(said, "warn" if code else "good")]


def _as_json(
    state: State, scheduler: Scheduler, entry: Entry, last: tuple[datetime, int, list[str]] | None
) -> dict[str, Any]:
    due = entry.due(state.now())
    return {
        "by": scheduler.name,
        "at": f"{entry.at:%H:%M}" if entry.at else None,
        "timezone": entry.zone or None,
        "place": entry.place,
        "trouble": entry.trouble,
        "next": due.astimezone(state.config().me.zone).isoformat(timespec="seconds") if due else None,
        "last_sync": last[0].isoformat(timespec="seconds") if last else None,
        "exit_code": last[1] if last else None,
    }
