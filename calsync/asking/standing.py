"""How it goes: when calsync last ran, what it read and wrote, what is open, what it could not read."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from calsync.asking.agenda import entries
from calsync.config import Config
from calsync.errors import SignInError
from calsync.ledger.ledger import Ledger


def standing(config: Config, ledger: Ledger | None, now: datetime) -> dict[str, Any]:
    """Return all that status tells, in the form of its JSON; times are in the user's zone, as ``now`` is.

    ``ledger`` is None before the first sync.
    """
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
        "google": _sign_in(config),
    }
    if ledger is None:
        return told
    open_ = entries(ledger, config, now)
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


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Events of a source that could not be read, for one reason; one of them as an example."""

    source: str
    reason: str
    number: int
    example: str


def left_out(ledger: Ledger) -> list[LeftOut]:
    """Return what the last reading of each source left out, the most first."""
    query = (
        "SELECT s.name, k.reason, k.number, k.example FROM skipped k JOIN source s ON s.id = k.source"
        " ORDER BY k.number DESC, s.name, k.reason"
    )
    return [LeftOut(*row) for row in ledger.rows(query)]


def runs(ledger: Ledger, zone: tzinfo, last: int) -> list[tuple[datetime, int, list[str]]]:
    """Return the last syncs, newest first: when, the exit code, and what went wrong."""
    query = "SELECT at, exit_code, report FROM run ORDER BY id DESC LIMIT ?"
    return [
        (datetime.fromtimestamp(at, zone), code, list(json.loads(report).get("troubles", ())))
        for at, code, report in ledger.rows(query, last)
    ]


def _sign_in(config: Config) -> dict[str, Any] | None:
    """The user's sign-in with Google; None where the config needs none."""
    tables = [each for each in (*config.sources, *config.outputs) if each.type == "google"]
    if all(each.service_account or each.auth for each in tables):
        return None
    from calsync.google.tokens import kept

    try:
        sign_in = kept()
    except SignInError as error:
        return {"signed_in": None, "scopes": [], "trouble": str(error)}
    return {"signed_in": sign_in.made or None, "scopes": list(sign_in.scopes), "trouble": ""}


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
