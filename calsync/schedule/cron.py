"""cron: one line in the user's crontab, known by its last words; all other lines stay as they are.

It goes by the machine's clock and skips a night on which the machine is off: the next makes up for it.
"""

from __future__ import annotations

import re
import shlex
import shutil
from datetime import time

from calsync.errors import UsageError
from calsync.schedule.base import Entry, Job, Plan, asked, told

_NONE = b"no crontab"


class Cron:
    """The user's crontab, read and written whole by the program of that name."""

    name = "cron"

    def is_there(self) -> bool:
        return shutil.which("crontab") is not None

    def plan(self, job: Job) -> Plan:
        return Plan((("crontab", f"{_line(job).decode()}\n"),), (("crontab", "-"),))

    def install(self, job: Job) -> None:
        before = self._lines()
        own = [number for number, line in enumerate(before) if _is_of(line, job.name)]
        after = [line for line in before if not _is_of(line, job.name)]
        after.insert(own[0] if own else len(after), _line(job))
        if after != before:
            _write(after)

    def entry(self, name: str) -> Entry | None:
        if not self.is_there():
            return None
        for line in self._lines():
            if _is_of(line, name):
                when = re.match(rb"(\d+) (\d+) \* \* \* ", line)
                at = time(int(when[2]), int(when[1])) if when and int(when[2]) < 24 and int(when[1]) < 60 else None
                trouble = "the line is commented out: calsync schedule install" if line.startswith(b"#") else ""
                return Entry("crontab", at, trouble=trouble)
        return None

    def remove(self, name: str) -> bool:
        if not self.is_there():
            return False
        before = self._lines()
        after = [line for line in before if not _is_of(line, name)]
        if after == before:
            return False
        if after:
            _write(after)
        else:
            told(["crontab", "-r"])
        return True

    def advice(self) -> str:
        return "cron skips a night on which the machine is off; the next sync makes up for it."

    def _lines(self) -> list[bytes]:
        done = asked(["crontab", "-l"])
        if done.returncode and _NONE not in done.stderr:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise UsageError(f"crontab -l failed: {said[-1] if said else f'exit code {done.returncode}'}")
        # split, not splitlines: only a newline ends a line of cron's.
        return [] if done.returncode else done.stdout.removesuffix(b"\n").split(b"\n") if done.stdout else []


def _write(lines: list[bytes]) -> None:
    told(["crontab", "-"], b"".join(line + b"\n" for line in lines))


def _mark(name: str) -> bytes:
    return f" # {name} (calsync schedule)".encode()


def _is_of(line: bytes, name: str) -> bool:
    return line.rstrip().endswith(_mark(name))


def _line(job: Job) -> bytes:
    """The job as cron reads it: a percent sign would end the command (crontab(5))."""
    env = [f"{key}={shlex.quote(value)}" for key, value in sorted(job.env.items())]
    command = " ".join([*env, shlex.join(job.words)])
    if "\n" in command:
        raise UsageError("cron cannot run what has a line end in its name", "Choose another path, or --with systemd.")
    command = command.replace("%", "\\%")
    return f"{job.at.minute} {job.at.hour} * * * {command}".encode() + _mark(job.name)
