"""What all that can start a program at night have in common.

Each keeps what it needs in its own form and place. Of that, calsync writes what bears its own name and
touches nothing else: a job of the same name is replaced, and removing it leaves nothing of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

from calsync.errors import UsageError
from calsync.schedule.hours import next_due


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be started every night. ``at`` is a time in ``zone``, an IANA name; ``env`` holds what
    calsync was told by its environment and nobody would tell it at night."""

    name: str
    words: tuple[str, ...]
    at: time
    zone: str
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """What installing a job does: texts with the places where they go, then commands."""

    texts: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """A job as it stands. ``at`` is None where somebody changed it to something else than a time of day;
    ``zone`` is empty for the machine's own clock; ``trouble`` is a sentence, empty where all is well;
    ``leaves_out`` says that nothing starts on the one night on which the clocks skip that time."""

    place: str
    at: time | None
    zone: str = ""
    trouble: str = ""
    leaves_out: bool = False

    def due(self, now: datetime) -> datetime | None:
        """Return when it starts next, in UTC; None where that cannot be told."""
        if self.at is None or self.trouble:
            return None
        try:
            zone = ZoneInfo(self.zone) if self.zone else None
        except (KeyError, ValueError, OSError):
            return None
        due = next_due(now, self.at, zone)
        if self.leaves_out and due.astimezone(zone).time() != self.at:
            due = next_due(due, self.at, zone)
        return due


class Scheduler(Protocol):
    """One program that starts others."""

    name: str

    def is_there(self) -> bool:
        """Whether this machine has it, and it listens to this user."""

    def plan(self, job: Job) -> Plan:
        """What :meth:`install` would do."""

    def install(self, job: Job) -> None:
        """Have the job started every night, instead of one of that name. Raises UsageError."""

    def entry(self, name: str) -> Entry | None:
        """The job of that name, None where there is none."""

    def remove(self, name: str) -> bool:
        """Take the job away with all that belongs to it; say whether there was one. Raises UsageError."""

    def advice(self) -> str:
        """What the user should know or do so that it runs, empty for nothing."""


def asked(words: Sequence[str], stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    """Run a program of the machine's; one that is missing or hangs has failed."""
    try:
        return subprocess.run(words, input=stdin or b"", capture_output=True, timeout=30, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return subprocess.CompletedProcess(words, 127, b"", str(error).encode())


def told(words: Sequence[str], stdin: bytes | None = None) -> bytes:
    """The same, and return what it says. Raises UsageError where it fails, with its own words."""
    done = asked(words, stdin)
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        why = said[-1] if said else f"exit code {done.returncode}"
        raise UsageError(
            f"{' '.join(words[:3])} failed: {why}",
            "Choose another way with --with, or run calsync serve --sync-at instead.",
        )
    return done.stdout
