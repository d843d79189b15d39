"""The tables that signing in adds to the config, put into the file that the user wrote.

Comments, order and everything else stay as they are, and a file that would not load is never written.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from calsync import files
from calsync.cli.first_config import check, zone_here
from calsync.errors import UsageError
from calsync.rules.toml_text import CannotEdit, append_table, drop, literal, put
from calsync.toml_problems import read

Kind = Literal["source", "output"]


@dataclass
class ConfigText:
    """A config file as text, on its way to another; ``told`` are the tables added or changed, by
    kind and name. ``path`` need not exist: then ``first_text`` of it begins with [me]."""

    path: Path
    text: str = ""
    told: list[tuple[Kind, str, bool]] = field(default_factory=list)

    @property
    def data(self) -> Mapping[str, Any]:
        import tomllib

        return tomllib.loads(self.text)

    def put_table(
        self,
        kind: Kind,
        table: Mapping[str, Any],
        *,
        same: Collection[str],
        ways: Collection[str],
        if_new: Mapping[str, Any] = MappingProxyType({}),
    ) -> None:
        """Add a table, with what ``if_new`` says besides; or where one has the same values at ``same``,
        bring that up to date, without those of ``ways`` that ``table`` has not.

        Raises UsageError where the file is written in a way that cannot be added to.
        """
        tables = self._tables(kind)
        at = next((n for n, each in enumerate(tables) if all(_same(each, table, key) for key in same)), None)
        try:
            if at is None:
                name = free_name(str(table["name"]), [str(each.get("name", "")) for each in tables])
                self.text = append_table(
                    self.text,
                    (kind,),
                    {**table, "name": name} | {key: value for key, value in if_new.items() if key not in table},
                )
            else:
                name = str(tables[at].get("name", ""))
                for key in sorted((set(ways) & set(tables[at])) - set(table)):
                    self.text = drop(self.text, (kind, at, key))
                for key, value in table.items():
                    if key != "name" and tables[at].get(key) != value:
                        self.text = put(self.text, (kind, at, key), value)
        except CannotEdit:
            raise UsageError(
                f"{self.path}: its {kind} tables are written in a way that calsync cannot add to",
                f"Add this one by hand:\n{shown_table(kind, table)}",
            ) from None
        self.told.append((kind, name, at is None))

    def told_for_programs(self) -> list[dict[str, object]]:
        return [{"table": kind, "name": name, "new": is_new} for kind, name, is_new in self.told]

    def check(self) -> None:
        """Raise UsageError where the file would not load."""
        check(self.text)

    def write(self) -> None:
        """Replace the file; a new one is the owner's alone, for it may come to hold a secret address."""
        files.replace(self.path, self.text.encode(), mode=0o600)

    def _tables(self, kind: Kind) -> Sequence[Mapping[str, Any]]:
        found = self.data.get(kind, [])
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def opened(path: Path) -> ConfigText:
    """The config file at ``path``, empty where there is none. Raises ConfigError where it does not load."""
    from calsync.config import load

    if not path.exists():
        return ConfigText(path)
    load(path)
    return ConfigText(path, read(path, "")[0])


def begin(config: ConfigText, emails: Sequence[str], timezone: str | None, example: str) -> None:
    """Give a new config its [me]. Raises UsageError naming the flags for what nobody knows."""
    zone = timezone or zone_here(os.environ)
    missing = [flag for flag, known in (("--email", emails), ("--timezone", zone)) if not known]
    if missing:
        raise UsageError(
            f"there is no config yet, so these are needed: {', '.join(missing)}", f"For example: {example}"
        )
    config.text = (
        "# calsync reads this file at every run. Any other setting has a default; a wrong one is an\n"
        "# error that names the line. After a change: calsync doctor\n\n"
        f"[me]\nemails = {literal(list(emails))}      # every address you are invited by\ntimezone = {literal(zone)}\n"
    )


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name, with a number behind it where another has it already."""
    names = [wanted, *(f"{wanted}-{number}" for number in range(2, len(taken) + 3))]
    return next(name for name in names if name not in taken)


def shown_table(kind: Kind, table: Mapping[str, Any]) -> str:
    """A table as it would stand in the file."""
    return "\n".join([f"[[{kind}]]", *(f"{key} = {literal(value)}" for key, value in table.items())])


def _same(one: Mapping[str, Any], other: Mapping[str, Any], key: str) -> bool:
    mine, theirs = (str(each.get(key, "")).rstrip("/") for each in (one, other))
    return mine == theirs
