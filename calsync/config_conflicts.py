"""Settings that are right one by one and wrong together.

A feed inside a folder that is read, or two outputs that write one file, would make calsync
overwrite its own work every night. This is found in the raw file, so that it shows even
where single values are wrong as well.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from calsync.config_values import resolved
from calsync.toml_lines import KeyPath
from calsync.toml_problems import Problem, shown


def kind_of(table: object) -> object:
    """The ``type`` of a source or output, raw or read; ``ics`` where it is left out."""
    return table.get("type", "ics") if isinstance(table, Mapping) else getattr(table, "type", None)


def conflicts(data: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    """Tables that do not go together, in a config file as TOML reads it.

    Two sources or outputs of one name, two outputs with one target, an output or the
    ledger where a source reads (symbolic links followed), a pack listed twice.
    """
    sources, outputs = list(_tables(data, "source")), list(_tables(data, "output"))
    for tables in (sources, outputs):
        yield from _twice(tables)
    targets: dict[object, str] = {}
    for at, output in outputs:
        target = _target(output, folder)
        if target is not None and target in targets:
            yield Problem(at, f"writes to the same place as output {shown(targets[target])}")
        elif target is not None:
            targets[target] = str(output.get("name", ""))
    reads = [(source, _real(source, "path", folder)) for _, source in sources]
    for at, output in outputs:
        written = _real(output, "path", folder)
        for source, read_from in reads:
            if written and read_from and _inside(written, read_from):
                yield Problem((*at, "path"), f"lies inside what source {shown(source.get('name', ''))} reads")
    ledger = _real(data, "ledger", folder)
    for at, table in [*sources, *outputs]:
        if ledger and ledger == _real(table, "path", folder):
            yield Problem((*at, "path"), "is the ledger's file too")
    names = _packs(data)
    for number, name in enumerate(names):
        if name in names[:number]:
            yield Problem(("rules", "packs", number), f"{shown(name)} is listed twice")


def unknown_packs(data: Mapping[str, Any], folder: Path) -> Iterator[Problem]:
    """Packs that a config names and that are nowhere. A config that is right otherwise is told so when its
    packs are read; one that is wrong should not have to be corrected twice."""
    from calsync.rules.layers import available, unknown

    known = available(folder / "rules")
    for number, name in enumerate(_packs(data)):
        if isinstance(name, str) and name not in known:
            yield Problem(("rules", "packs", number), unknown(name, known))


def _packs(data: Mapping[str, Any]) -> list[Any]:
    rules = data.get("rules")
    packs = rules.get("packs") if isinstance(rules, dict) else None
    return packs if isinstance(packs, list) else []


def _tables(data: Mapping[str, Any], key: str) -> Iterator[tuple[KeyPath, dict[str, Any]]]:
    listed = data.get(key)
    for number, table in enumerate(listed if isinstance(listed, list) else []):
        if isinstance(table, dict):
            yield (key, number), table


def _twice(tables: list[tuple[KeyPath, dict[str, Any]]]) -> Iterator[Problem]:
    seen: set[str] = set()
    for at, table in tables:
        name = table.get("name")
        if isinstance(name, str) and name.strip() in seen:
            sentence = f"another {at[0]} is called {shown(name)} too; each needs its own name"
            yield Problem((*at, "name"), sentence)
        elif isinstance(name, str):
            seen.add(name.strip())


def _real(table: Mapping[str, Any], key: str, folder: Path) -> Path | None:
    text = table.get(key)
    if not isinstance(text, str) or not text.strip() or kind_of(table) != "ics":
        return None
    try:
        return Path(os.path.realpath(resolved(text.strip(), folder)))
    except (RuntimeError, ValueError, OSError):
        return None


def _inside(written: Path, read_from: Path) -> bool:
    if written == read_from or read_from in written.parents:
        return True
    try:
        return written.samefile(read_from)
    except OSError:
        return False


def _target(output: Mapping[str, Any], folder: Path) -> object:
    match kind_of(output):
        case "ics":
            return _real(output, "path", folder)
        case "google":
            account = tuple(str(output.get(key, "")) for key in ("endpoint", "service_account", "subject"))
            return "google", account, str(output.get("calendar", "Follow-ups"))
        case "caldav":
            return "caldav", str(output.get("url", "")).rstrip("/").lower(), str(output.get("username", ""))
        case _:
            return None
