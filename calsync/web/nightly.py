"""The nightly sync that ``calsync serve`` starts itself, so that a home server needs one program only.

It runs as a process of its own: serving goes on undisturbed, a config that was changed meanwhile is read
anew, and what goes wrong in it cannot take the server along. Time is taken from the clock on the wall
every few seconds, because a machine that sleeps stops all other clocks.
"""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path
from sqlite3 import DatabaseError

from calsync.config import Config
from calsync.errors import BusyError
from calsync.ledger.ledger import look, moment
from calsync.schedule.hours import last_due

LOOK_AGAIN = 15.0
"""So many seconds pass between two looks at the clock."""
ANOTHER_RUNS = timedelta(minutes=5)
"""How long a sync waits where another run is active."""


@dataclass
class Nightly:
    """Starts a sync whenever one is due, from :meth:`start` until :meth:`stop`.

    A night that was missed, by sleep or because nothing ran, is made up for at once. Where the ledger
    remembers a sync since the last due moment, whoever started it, none is due. ``say`` is told the exit
    code and one line for each sync.
    """

    config: Config
    at: time
    clock: Callable[[], datetime]
    say: Callable[[int, str], object]
    command: Sequence[str] = ()
    _done: datetime | None = None
    _not_before: datetime | None = None
    _over: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None
    _running: subprocess.Popen[str] | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._watch, name="nightly sync", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and a sync that runs just now with it: what it has promised and not written, the next writes."""
        self._over.set()
        if (running := self._running) is not None:
            running.terminate()
        if self._thread is not None:
            self._thread.join(10)

    def _watch(self) -> None:
        while not self._over.is_set():
            self.look()
            self._over.wait(LOOK_AGAIN)

    def look(self) -> int | None:
        """Sync if that is due now; return its exit code, None where none is due."""
        now = self.clock()
        due = last_due(now, self.at, self.config.me.zone)
        if self._done == due or (self._not_before is not None and now < self._not_before):
            return None
        if (last := last_run(self.config.ledger)) is not None and last >= due:
            self._done = due
            return None
        code, told = self._sync()
        if self._over.is_set():
            return code
        waited, busy = self._not_before is not None, code == BusyError.exit_code
        self._not_before = now + ANOTHER_RUNS if busy else None
        self._done = None if busy else due
        if not (busy and waited):
            self.say(code, f"{now.astimezone(self.config.me.zone):%a %H:%M} nightly sync: {told}")
        return code

    def _sync(self) -> tuple[int, str]:
        words = self.command or (
            sys.executable,
            "-m",
            "calsync",
            "--config",
            str(self.config.path),
            "--no-color",
            "sync",
        )
        try:
            running = subprocess.Popen(
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
            )
        except OSError as error:
            return 1, f"could not be started: {error.strerror}"
        with running:
            self._running = running
            if self._over.is_set():
                running.terminate()
            out, err = running.communicate()
        self._running = None
        return running.returncode, _told(running.returncode, out, err)


def last_run(ledger: Path) -> datetime | None:
    """Return when the last sync that the ledger remembers began, None for none. Leaves no trace."""
    try:
        return look(ledger, lambda source: moment(source.execute("SELECT max(at) FROM run").fetchone()[0]))
    except DatabaseError:
        return None


def _told(code: int, out: str, err: str) -> str:
    """One line of what a sync said: its summary, or what went wrong; never whom it is about."""
    if code:
        complaint = next(iter(err.strip().splitlines()), "")
        return f"exit code {code}: {complaint}" if complaint else f"exit code {code}"
    summary = [line for line in out.splitlines() if line.startswith(("Read ", "Nothing "))]
    return summary[-1] if summary else "done"
