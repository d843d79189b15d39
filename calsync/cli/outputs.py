"""``calsync outputs``: where reminders are written to, how that goes, and a fresh start for one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column, soon
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.config import Output
    from calsync.ledger.ledger import Ledger

app = typer.Typer(help="Where reminders are written to.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    parent.add_typer(app, name="outputs")


@app.callback()
def _group() -> None:
    """Where reminders are written to."""


@app.command("list")
def show(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON.")] = False,
) -> None:
    """List the outputs, what stands in them and how the last write went.

    \b
    Example:
      calsync outputs list
    """
    state = state_of(ctx)
    with state.ledger() as ledger:
        told = [_told(state, each, ledger) for each in state.config().outputs]
    if as_json:
        state.terminal.json(told)
        return
    now = state.local_now()
    rows = []
    for each in told:
        at = each["written_at"]
        went = Cell(each["trouble"], "bad") if each["trouble"] else Cell("well" if at else "", "good")
        last = soon(datetime.fromisoformat(at), now) if at else "never"
        rows.append((each["name"], each["type"], each["target"], f"{each['reminders']}", last, went))
    columns = [Column("Name", "strong"), Column("Type"), Column("Where"), Column("Reminders"), Column("Written")]
    state.terminal.table([*columns, Column("It went")], rows)


@app.command("reset")
def reset(
    ctx: typer.Context,
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="The output's name.")],
) -> None:
    """Forget what stood in a calendar, so that the next sync writes it anew.

    For a calendar of calsync's that you deleted, or emptied by accident. What you answered stays
    answered, and what still stands there is left as it is.

    \b
    Example:
      calsync outputs reset dav
    """
    from calsync.config import IcsOutput
    from calsync.ledger.copies import forget_written
    from calsync.sync import only_run
    from calsync.toml_problems import nearest

    state = state_of(ctx)
    outputs = {each.name: each for each in state.config().outputs}
    if output not in outputs:
        raise UsageError(
            f"there is no output {output!r}{nearest(output, outputs)}", f"The outputs are: {', '.join(outputs)}."
        )
    if isinstance(outputs[output], IcsOutput):
        raise UsageError(
            f"output {output!r} is a feed, which has nothing to reset",
            "Every sync writes it whole; delete the file to have it made anew.",
        )
    with only_run(state.config()), state.ledger() as ledger, ledger.atomic():
        forget_written(ledger, output)
    if not state.quiet:
        state.terminal.line(f"The next calsync sync writes {output} anew.")


def _told(state: State, settings: Output, ledger: Ledger) -> dict[str, Any]:
    from calsync.config import CaldavOutput, IcsOutput
    from calsync.config_values import host_of
    from calsync.ledger.copies import written
    from calsync.ledger.ledger import moment

    if isinstance(settings, IcsOutput):
        from calsync.outputs.feed import read_marks

        target, number = str(settings.path), len(read_marks(settings.path))
    else:
        target = host_of(settings.url) or "" if isinstance(settings, CaldavOutput) else settings.calendar
        known = written(ledger, settings.name).values()
        number = sum(each.content is not None and not each.removing for each in known)
    query = "SELECT written_at, failed_since, trouble FROM output WHERE name = ?"
    at, failed, trouble = next(iter(ledger.rows(query, settings.name)), (None, None, ""))
    last = moment(at)
    return {
        "name": settings.name,
        "type": settings.type,
        "target": target,
        "reminders": number,
        "written_at": last.astimezone(state.config().me.zone).isoformat() if last else None,
        "trouble": trouble if failed else "",
    }
