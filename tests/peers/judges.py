"""Foreign programs that are asked what they make of a feed."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
PEERS = Path(os.environ.get("CALSYNC_PEERS") or HERE.parents[1] / ".peers")
COMMANDS = {
    "libical": [str(PEERS / "libical_judge")],
    "ical.js": ["node", str(HERE / "icaljs_judge.mjs"), str(PEERS)],
    "ical": [str(PEERS / "ical" / "bin" / "python"), str(HERE / "ical_judge.py")],
    "icalendar": [sys.executable, str(HERE / "icalendar_judge.py")],
}
_NEEDS = {"ical.js": PEERS / "node_modules" / "ical.js"}


class Verdict(NamedTuple):
    """What a reader found: its complaints, and (start, end, summary, description) by UID."""

    errors: list[str]
    events: dict[str, tuple[str, str, str, str]]


class Judge:
    """A running foreign reader."""

    def __init__(self, running: subprocess.Popen[str]) -> None:
        self._running = running

    def read(self, path: Path) -> Verdict:
        """Its verdict on the feed at ``path``. An answer that is none fails the test."""
        assert self._running.stdin is not None
        assert self._running.stdout is not None
        self._running.stdin.write(f"{path}\n")
        self._running.stdin.flush()
        answer = json.loads(self._running.stdout.readline())
        events = {
            event["uid"]: (event["start"], event["end"], event["summary"], event["description"])
            for event in answer["events"]
        }
        assert len(events) == len(answer["events"]), "one UID twice"
        return Verdict(answer["errors"], events)


@contextmanager
def judge(name: str) -> Iterator[Judge]:
    """The reader of that name, running."""
    command = COMMANDS[name]
    require(_NEEDS.get(name, Path(command[0])))
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8", errors="strict"
    ) as running:
        yield Judge(running)
        assert running.stdin is not None
        running.stdin.close()


def require(path: Path) -> Path:
    """A peer's program: where it is missing the test is skipped, or fails where
    CALSYNC_REQUIRE_PEERS is 1."""
    if not path.exists():
        if os.environ.get("CALSYNC_REQUIRE_PEERS") == "1":
            pytest.fail(f"peer missing: {path}; run tests/peers/install")
        pytest.skip(f"peer missing: {path.name}; run tests/peers/install")
    return path


def require_program(name: str) -> str:
    """The same for a program of the system's, where it may lie in any folder."""
    return str(require(Path(shutil.which(name, path="/usr/local/bin:/usr/bin:/bin") or f"/usr/bin/{name}")))
