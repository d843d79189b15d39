"""What the acceptance tests share: a house in a folder, and the command line at its door."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.world import Ev, World

NOW = "2026-03-10 18:00"
"""A Tuesday evening."""


@dataclass
class Told:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass
class House(World):
    """A world whose own addresses can be chosen, and whose commands are the real ones."""

    emails: Sequence[str] = ("sam@northwind.example",)
    holidays: str = ""
    colleagues: Sequence[str] | None = None
    people: dict[str, object] = field(default_factory=dict)
    packs: Sequence[str] = ()

    def config(self) -> Any:
        from calsync.config import load

        self.write()
        return load(self.path)

    @property
    def path(self) -> Path:
        return self.folder / "config.toml"

    def write(self) -> None:
        lines = ['ledger = "ledger.db"', self.top, "[me]", 'name = "Sam Lee"']
        lines += [f"emails = {json.dumps(list(self.emails))}", f'timezone = "{self.zone}"']
        if self.colleagues is not None:
            lines.append(f"colleagues = {json.dumps(list(self.colleagues))}")
        lines.append(self.sections.get("me", ""))
        for name, relationship in self.sources:
            where = name if (self.folder / name).is_dir() else f"{name}.ics"
            lines += ["[[source]]", f'name = "{name}"', 'type = "ics"', f'path = "{where}"']
            lines.append(f'relationship = "{relationship}"')
        lines.append(self.outputs)
        if self.people:
            lines.append("[people]")
            lines += [f"{key} = {json.dumps(value)}" for key, value in self.people.items()]
        if self.packs:
            lines += ["[rules]", f"packs = {json.dumps(list(self.packs))}"]
        lines += [f"[{name}]\n{text}" for name, text in self.sections.items() if name != "me"]
        self.path.write_text("\n".join(lines), encoding="utf-8")

    def pack(self, name: str, text: str) -> None:
        folder = self.folder / "rules"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")

    def put_text(self, text: str, *, source: str = "work") -> None:
        """Write VEVENTs (or whole text that begins with BEGIN:VCALENDAR) as a source."""
        if not text.lstrip().startswith("BEGIN:VCALENDAR"):
            text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{text.strip()}\nEND:VCALENDAR\n"
        whole = "\r\n".join(line.strip() for line in text.strip().splitlines()) + "\r\n"
        (self.folder / f"{source}.ics").write_text(whole, encoding="utf-8")

    def run(self, *words: str, now: str = NOW, write: bool = True) -> Told:
        """Run a command as the user would; ``now`` as in :func:`tests.world.at`."""
        from typer.testing import CliRunner

        from calsync.cli.main import app
        from tests.world import at

        if write:
            self.write()
        env = {**os.environ, "CALSYNC_NOW": at(now).isoformat(), "CALSYNC_CONFIG": "", "COLUMNS": "200"}
        result = CliRunner().invoke(app, ["--config", str(self.path), *words], env=env)
        return Told(result.exit_code, result.stdout, result.stderr)

    def met(self, *events: Ev, now: str = NOW) -> set[str]:
        """Put events into the source, sync, and return the addresses with open follow-ups."""
        if events:
            self.put(*events)
        report = self.sync(now)
        assert report.exit_code == 0, report.troubles
        return self.nudged(now)

    def nudged(self, now: str = NOW) -> set[str]:
        return {entry.emails[0] for entry in self.agenda(now)}

    def verdicts(self, *people: str, now: str = NOW) -> list[str]:
        return [self.run("why", person, "--json", now=now).json["verdict"] for person in people]

    def spoken(self, now: str = NOW) -> str:
        """All that calsync says anywhere: commands, feed, logs."""
        feed = self.feed_path.read_bytes() if self.feed_path.exists() else b""
        told = [feed.replace(b"\r\n ", b"").decode()]
        for words in (
            ("--verbose", "sync"),
            ("sync", "--json"),
            ("sync", "--dry-run"),
            ("agenda",),
            ("agenda", "--all"),
            ("agenda", "--all", "--json"),
            ("inbox",),
            ("inbox", "--json"),
            ("people", "list"),
            ("people", "list", "--json"),
            ("status",),
        ):
            result = self.run(*words, now=now)
            told += [result.out, result.err]
        return "\n".join(told)


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)
