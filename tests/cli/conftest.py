"""The command line as a user has it: as a process of its own, at a fixed moment, in an empty home."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import chdir, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)


@dataclass
class Outcome:
    """How a run ended."""

    code: int
    out: str
    err: str = ""

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


@dataclass
class Home:
    """A folder with a config, calendars and nobody else's settings."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        return self.folder / "config.toml"

    @property
    def feed(self) -> Path:
        return self.folder / "followups.ics"

    def edit(self, name: str, change: Callable[[list[str]], list[str]]) -> None:
        """Change the unfolded content lines of a calendar."""
        path = self.folder / name
        lines = path.read_bytes().decode().replace("\r\n ", "").split("\r\n")
        path.write_bytes("\r\n".join(change(lines)).encode())

    def break_an_event(self, name: str) -> None:
        """Add an event without a start, which cannot be used."""
        broken = ["BEGIN:VEVENT", "UID:broken@northwind.example", "SUMMARY:No start", "END:VEVENT"]
        self.edit(
            name,
            lambda lines: [
                *lines[: lines.index("BEGIN:VEVENT")],
                *broken,
                *lines[lines.index("BEGIN:VEVENT") :],
            ],
        )

    def name_nobody(self, name: str) -> None:
        """Leave out all guests, as many published calendars do."""
        people = ("ATTENDEE", "ORGANIZER")
        self.edit(name, lambda lines: [line for line in lines if not line.startswith(people)])

    def environment(self, **more: str) -> dict[str, str]:
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TZDIR") if name in os.environ}
        own = {"HOME": str(self.folder), "PYTHONPATH": str(ROOT), "CALSYNC_CONFIG": str(self.config)}
        return kept | own | {"CALSYNC_NOW": NOW.isoformat(), "TERM": "xterm"} | self.env | more

    def run(self, *words: str, **env: str) -> Outcome:
        """Run calsync in this process, its output in a pipe, with nothing to read from."""
        from typer.testing import CliRunner

        from calsync.cli.main import app

        own = self.environment(**env)
        outer: dict[str, str | None] = {name: None for name in os.environ if name not in own}
        with chdir(self.folder):
            done = CliRunner().invoke(app, words, env=outer | own, prog_name="calsync")
        return Outcome(done.exit_code, done.stdout, done.stderr)

    def process(self, *words: str, **env: str) -> Outcome:
        """Run calsync as a process of its own."""
        done = subprocess.run(
            [sys.executable, "-m", "calsync", *words],
            cwd=self.folder,
            env=self.environment(**env),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    def on_terminal(self, *words: str, columns: int = 80, answers: Sequence[str] = (), **env: str) -> Outcome:
        """Run calsync on a terminal so wide; ``answers`` are typed one at each question."""
        return self._on_terminal(["-m", "calsync", *words], columns, answers, env)

    def program_on_terminal(self, program: str) -> Outcome:
        """Run a few lines of Python on a terminal."""
        return self._on_terminal(["-c", program], 80, (), {})

    def _on_terminal(self, words: Sequence[str], columns: int, answers: Sequence[str], env: dict[str, str]) -> Outcome:
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        child = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=self.environment(**env),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,  # a password is asked for on this terminal, not on the one the tests run in
        )
        os.close(theirs)
        shown, waiting = b"", list(answers)
        deadline = time.monotonic() + 120
        with suppress(OSError):
            while time.monotonic() < deadline:
                if select.select([ours], [], [], 0.2)[0]:
                    if not (piece := os.read(ours, 65536)):
                        break
                    shown += piece
                elif waiting and shown.endswith(b": "):
                    os.write(ours, waiting.pop(0).encode() + b"\n")
                elif child.poll() is not None:
                    break
        if child.poll() is None and time.monotonic() >= deadline:
            child.kill()
        code = child.wait(timeout=10)
        os.close(ours)
        return Outcome(code, shown.decode().replace("\r\n", "\n"))

    def modules(self, *words: str) -> set[str]:
        """The names of all modules that a run of calsync has imported when it ends."""
        program = (
            "import atexit, sys\n"
            "atexit.register(lambda: print('\\n'.join(sys.modules), file=sys.stderr))\n"
            "from calsync.cli.main import run\n"
            f"sys.argv = ['calsync', *{list(words)!r}]\n"
            "run()\n"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return set(done.stderr.split())


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home, where no config is."""
    return Home(tmp_path)


@pytest.fixture
def sample(home: Home) -> Home:
    """A home with the sample calendars and their config, before the first sync."""
    from calsync.demo_calendar import sample as calendars
    from calsync.demo_calendar import sample_config

    for name, content in calendars(NOW).items():
        (home.folder / name).write_bytes(content)
    home.config.write_text(sample_config())
    return home


@pytest.fixture(scope="session")
def synced_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample after one sync, to be copied."""
    folder = tmp_path_factory.mktemp("synced") / "home"
    folder.mkdir()
    from calsync.config import load
    from calsync.demo_calendar import sample as calendars
    from calsync.demo_calendar import sample_config
    from calsync.sync import sync

    for name, content in calendars(NOW).items():
        (folder / name).write_bytes(content)
    (folder / "config.toml").write_text(sample_config())
    assert sync(load(folder / "config.toml"), NOW).exit_code == 0
    return folder


@pytest.fixture
def synced(synced_folder: Path, tmp_path: Path) -> Home:
    """The sample as it stands after its first sync."""
    import shutil

    folder = tmp_path / "home"
    shutil.copytree(synced_folder, folder)
    return Home(folder)


@pytest.fixture
def plain() -> Callable[[str], str]:
    """Take the colours out of what was shown on a terminal."""
    return lambda shown: re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown)
