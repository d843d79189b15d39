"""``calsync status`` and ``calsync doctor``: how it goes, and what is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calsync.cli.options import EXIT_CODES, State, state_of
from calsync.cli.terminal import Cell, Column, Tone, counted, soon

if TYPE_CHECKING:
    from calsync.cli.checks import Check

_MARKS: dict[str, tuple[str, Tone]] = {"ok": ("✓", "good"), "warning": ("!", "warn"), "failed": ("✗", "bad")}


def register(app: typer.Typer) -> None:
    app.command("status")(status)
    app.command("doctor")(doctor)


def status(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON.")] = False,
) -> None:
    """Show when calsync last ran, and what is open.

    \b
    Example:
      calsync status
    """
    state = state_of(ctx)
    told = _status(state)
    if as_json:
        state.terminal.json(told)
    else:
        _show_status(state, told)


def doctor(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Write the findings as JSON.")] = False,
) -> None:
    """Look for what is wrong, and say what to do about it.

    Changes nothing. Exit code 10 if config or rules are wrong, 11 if you have to sign in again, 3 if a source, an
    output or the ledger fails.

    \b
    Example:
      calsync doctor
    """
    from calsync.cli.checks import checks, settings
    from calsync.report import exit_code

    state = state_of(ctx)
    now = state.now()
    config, found = settings(state.config_path)
    if config is not None:
        found += checks(config, now.astimezone(config.me.zone))
    state.exit_code = exit_code([each.exit_code for each in found])
    if as_json:
        state.terminal.json({"checks": [each.as_json() for each in found], "exit_code": state.exit_code})
        return
    for each in found:
        if not (state.quiet and each.finding == "ok"):
            _show_check(state, each)


def _show_check(state: State, check: Check) -> None:
    mark, tone = _MARKS[check.finding]
    state.terminal.line(Cell(mark, tone), " ", Cell(check.what, "strong"), f": {check.message}")
    if check.remedy:
        state.terminal.line("    ", Cell(check.remedy, "dim"))


def _status(state: State) -> dict[str, Any]:
    from calsync.asking.standing import standing

    config, now = state.config(), state.local_now()
    if not config.ledger.exists():
        return standing(config, None, now)
    with state.ledger() as ledger:
        return standing(config, ledger, now)


def _show_status(state: State, told: dict[str, Any]) -> None:
    now = state.local_now()
    if told["last_sync"] is None:
        state.terminal.line("No sync went through so far: calsync sync reads your calendar.")
        if not told["sources"]:
            if told["google"] and (trouble := told["google"]["trouble"]):
                state.terminal.line(Cell(f"{trouble[0].upper()}{trouble[1:]}", "warn"), ": calsync login google")
            return
    rows: list[list[str | Cell]] = []
    if told["last_sync"]:
        rows.append(["last sync", _words(told["last_sync"], now), _outcome(told["exit_code"])])
    for each in told["sources"]:
        seen = f"{counted(each['events'], 'event')}, {each['named']:,} with people"
        rows.append([f"source {each['name']}", *_standing(each, "read", seen, now)])
    for each in told["outputs"]:
        rows.append([f"output {each['name']}", *_standing(each, "written", each["path"] or "", now)])
    if told["google"]:
        rows.append(["google", *_sign_in(told["google"], now)])
    provisional = f"{told['provisional']:,} of them provisional" if told["provisional"] else ""
    rows.append(["open", counted(told["open"], "follow-up"), provisional])
    if told["held"]:
        rows.append(["inbox", counted(told["held"], "follow-up"), Cell("calsync inbox", "dim")])
    if told["next"]:
        rows.append(["next", _words(told["next"]["start"], now), told["next"]["title"]])
    state.terminal.table([Column(tone="strong", whole=True), Column(whole=True), Column()], rows)


def _sign_in(google: dict[str, Any], now: datetime) -> list[str | Cell]:
    if google["trouble"]:
        return [Cell(google["trouble"], "bad"), Cell("calsync login google", "dim")]
    made = datetime.fromisoformat(google["signed_in"]) if google["signed_in"] else None
    since = f" since {made:%a} {made.day} {made:%b}{'' if made.year == now.year else f' {made.year}'}" if made else ""
    return [f"signed in{since}", ""]


def _words(at: str, now: datetime) -> str:
    return soon(datetime.fromisoformat(at), now)


def _outcome(code: int | None) -> Cell:
    return Cell("", "") if not code else Cell(f"{EXIT_CODES.get(code, '?')} (exit code {code})", "warn")


def _standing(each: dict[str, Any], key: str, seen: str, now: datetime) -> list[str | Cell]:
    if each["failed_since"]:
        return [Cell(f"failing since {_words(each['failed_since'], now)}", "bad"), each["trouble"]]
    if each[key] is None:
        return [Cell(f"never {key}", "warn"), ""]
    return [f"{key} {_words(each[key], now)}", seen]
