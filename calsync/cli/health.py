"""``calsync status`` and ``calsync doctor``: how it goes, and what is wrong."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calsync.cli.options import EXIT_CODES, State, state_of
from calsync.cli.terminal import Cell, Column, Tone, counted, soon

if TYPE_CHECKING:
    from calsync.cli.checks import Check
    from calsync.ledger.ledger import Ledger

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

    Changes nothing. Exit code 10 if config or rules are wrong, 3 if a source, an output or the ledger is.

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
    """All that status tells, in the form of its JSON; times are in the user's zone."""
    config, now = state.config(), state.local_now()
    told: dict[str, Any] = {
        "config": str(config.path),
        "ledger": str(config.ledger),
        "last_sync": None,
        "exit_code": None,
        "sources": [],
        "outputs": [],
        "open": 0,
        "provisional": 0,
        "held": 0,
        "next": None,
    }
    if not config.ledger.exists():
        return told
    from calsync.asking.agenda import entries

    with state.ledger() as ledger:
        open_ = entries(ledger, config, state.now())
        runs = ledger.rows("SELECT exit_code FROM run ORDER BY id DESC LIMIT 1")
        following = next((entry for entry in open_ if entry.start is not None and entry.start >= now), None)
        told |= {
            "last_sync": _time(int(ledger.note("last sync") or 0) or None, now),
            "exit_code": runs[0][0] if runs else None,
            "sources": [_source(ledger, each.name, now) for each in config.sources],
            "outputs": [_output(ledger, each.name, getattr(each, "path", None), now) for each in config.outputs],
            "open": len(open_),
            "provisional": sum(entry.provisional for entry in open_),
            "held": ledger.value("SELECT count(*) FROM followup WHERE state = 'held'"),
            "next": following.as_json() if following else None,
        }
    return told


def _time(at: int | None, now: datetime) -> str | None:
    return None if at is None else datetime.fromtimestamp(at, now.tzinfo).isoformat(timespec="seconds")


def _source(ledger: Ledger, name: str, now: datetime) -> dict[str, Any]:
    rows = ledger.rows("SELECT read_at, failed_since, trouble, total, named FROM source WHERE name = ?", name)
    read_at, failed_since, trouble, total, named = rows[0] if rows else (None, None, "", 0, 0)
    return {
        "name": name,
        "read": _time(read_at, now),
        "failed_since": _time(failed_since, now),
        "trouble": trouble,
        "events": total,
        "named": named,
    }


def _output(ledger: Ledger, name: str, path: object, now: datetime) -> dict[str, Any]:
    rows = ledger.rows("SELECT written_at, failed_since, trouble FROM output WHERE name = ?", name)
    written_at, failed_since, trouble = rows[0] if rows else (None, None, "")
    return {
        "name": name,
        "path": str(path) if path else None,
        "written": _time(written_at, now),
        "failed_since": _time(failed_since, now),
        "trouble": trouble,
    }


def _show_status(state: State, told: dict[str, Any]) -> None:
    now = state.local_now()
    if told["last_sync"] is None:
        state.terminal.line("No sync went through so far: calsync sync reads your calendar.")
        if not told["sources"]:
            return
    rows: list[list[str | Cell]] = []
    if told["last_sync"]:
        rows.append(["last sync", _words(told["last_sync"], now), _outcome(told["exit_code"])])
    for each in told["sources"]:
        seen = f"{counted(each['events'], 'event')}, {each['named']:,} with people"
        rows.append([f"source {each['name']}", *_standing(each, "read", seen, now)])
    for each in told["outputs"]:
        rows.append([f"output {each['name']}", *_standing(each, "written", each["path"] or "", now)])
    provisional = f"{told['provisional']:,} of them provisional" if told["provisional"] else ""
    rows.append(["open", counted(told["open"], "follow-up"), provisional])
    if told["held"]:
        rows.append(["inbox", counted(told["held"], "follow-up"), Cell("calsync inbox", "dim")])
    if told["next"]:
        rows.append(["next", _words(told["next"]["start"], now), told["next"]["title"]])
    state.terminal.table([Column(tone="strong", whole=True), Column(whole=True), Column()], rows)


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
