"""What can go wrong between calsync and a calendar, on demand: the power, the line, the server, and a
user who is quicker.

Whatever it is, it befalls one request of a run, counted from 1. Over HTTP a run is a process of its own,
so that its end is the real one: nothing is tidied up, and what the disk holds is all that is left.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import traceback
from collections.abc import Callable, Mapping
from enum import Enum
from pathlib import Path
from typing import NamedTuple, TypeVar

from calsync.errors import CalsyncError, OutputError
from calsync.model import Reminder
from calsync.outputs.base import Outcome
from calsync.outputs.memory import MemoryCalendar
from calsync.will import Standing
from tests.dav_servers import HasPort, Proxy

T = TypeVar("T")
Night = Callable[[], int]
"""One run; its result is an exit code."""

KILLED = -signal.SIGKILL


class Kind(Enum):
    NONE = "all is well"
    KILLED_BEFORE = "calsync is killed before the server is asked"
    KILLED_AFTER = "calsync is killed when the server has done it"
    NEVER_ARRIVES = "the line breaks before the server is asked"
    ANSWER_LOST = "the line breaks when the server has done it"
    STAYS_DEAD = "the line breaks when the server has done it, and stays dead"
    SILENCE = "the server does it, and says nothing until calsync gives up"
    OUT_OF_ORDER = "the server answers 503 and does nothing"
    OVERLOADED = "the server answers 429 and does nothing"
    LIES = "the server does it, and answers 500"
    CUT_SHORT = "half of the answer comes"
    USER_IS_QUICKER = "the user does something just before the server is asked"


class Trouble(NamedTuple):
    kind: Kind = Kind.NONE
    at: int = 0


CALM = Trouble()
CHANGING = ("PUT", "DELETE", "POST", "PATCH", "MKCALENDAR", "PROPPATCH")


class Line(Proxy):
    """The way to a server, on which one thing goes wrong in each run. ``writes`` are all requests that
    were to change something, as (method, path)."""

    def __init__(self, server: HasPort) -> None:
        super().__init__(server)
        self.writes: list[tuple[str, str]] = []
        self._calm()

    def _calm(self) -> None:
        self._trouble, self._number, self._victim, self._is_dead = Trouble(), 0, 0, False
        self._meanwhile: Callable[[], None] = lambda: None
        self._over = threading.Event()

    def run(self, night: Night, trouble: Trouble, folder: Path, meanwhile: Callable[[], None] = lambda: None) -> int:
        """Do a run in a process of its own; its exit code, KILLED where it was killed."""
        self._trouble, self._meanwhile = trouble, meanwhile
        self._victim = forked(night, folder, is_silent=trouble.kind is Kind.SILENCE)
        code = ended(self._victim, folder)
        self._over.set()
        self._calm()
        return code

    def passes(self, method: str, path: str) -> int | None:
        if method in CHANGING:
            self.writes.append((method, path))
        if self._is_dead:
            return 0
        self._number += 1
        if self._number != self._trouble.at:
            return None
        if self._trouble.kind is Kind.USER_IS_QUICKER:
            self._meanwhile()
        if self._trouble.kind is Kind.KILLED_BEFORE:
            os.kill(self._victim, signal.SIGKILL)
        return _INSTEAD.get(self._trouble.kind)

    def returns(self, method: str, path: str, status: int, body: bytes) -> tuple[int, bytes] | None:
        if self._number != self._trouble.at:
            return super().returns(method, path, status, body)
        match self._trouble.kind:
            case Kind.KILLED_AFTER:
                os.kill(self._victim, signal.SIGKILL)
                return None
            case Kind.STAYS_DEAD:
                self._is_dead = True
                return None
            case Kind.ANSWER_LOST:
                return None
            case Kind.SILENCE:
                self._over.wait(20)
                return None
            case Kind.LIES:
                return 500, b""
            case Kind.CUT_SHORT:
                return status, body[: len(body) // 2]
        return status, body


_INSTEAD = {Kind.KILLED_BEFORE: 0, Kind.NEVER_ARRIVES: 0, Kind.OUT_OF_ORDER: 503, Kind.OVERLOADED: 429}


def forked(night: Night, folder: Path, *, is_silent: bool = False) -> int:
    """Start a run in a process of its own; its id. What it dies of by itself is told in a file."""
    told = folder / "died-of.txt"
    told.unlink(missing_ok=True)
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        _in_a_hurry(1.0 if is_silent else 30.0)
        code = tried(night)
    except BaseException:
        told.write_text(traceback.format_exc())
    finally:
        os._exit(code)


def tried(night: Night) -> int:
    """The exit code of a run, whether it ends in an error or not."""
    try:
        return night()
    except CalsyncError as error:
        return error.exit_code


def ended(child: int, folder: Path) -> int:
    """Wait for a run to end; its exit code. A bug of its own is a failure of the test."""
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code != 1, (folder / "died-of.txt").read_text()
    return code


def _in_a_hurry(seconds: float) -> None:
    """Nobody waits for a server here as long as calsync does at night."""
    from functools import partial

    import calsync.dav.server as server

    patience = partial(server.Patience, seconds=seconds, attempts=2, wait=lambda seconds: None)
    server.Patience = patience  # type: ignore[misc, assignment]

    import calsync.google.asking as asking

    asking.Patience = partial(asking.Patience, attempts=2, wait=lambda seconds: None)  # type: ignore[misc, assignment]
    socket.setdefaulttimeout(seconds)


class Crash(BaseException):
    """The power went, where there is no process to kill."""


class ShakyCalendar(MemoryCalendar):
    """A calendar in memory on which one thing goes wrong in each run."""

    trouble = Trouble()
    meanwhile: Callable[[], None] = staticmethod(lambda: None)
    number = 0
    is_dead = False

    def run(self, night: Night, trouble: Trouble, meanwhile: Callable[[], None] = lambda: None) -> int:
        self.trouble, self.meanwhile, self.number, self.is_dead = trouble, meanwhile, 0, False
        try:
            return tried(night)
        except Crash:
            return KILLED
        finally:
            self.trouble, self.is_dead = Trouble(), False

    def standing(self, known: Mapping[str, str]) -> dict[str, Standing]:
        return self._asked(lambda: MemoryCalendar.standing(self, known))

    def create(self, reminder: Reminder) -> Outcome:
        return self._asked(lambda: MemoryCalendar.create(self, reminder))

    def change(self, reminder: Reminder, etag: str) -> Outcome:
        return self._asked(lambda: MemoryCalendar.change(self, reminder, etag))

    def remove(self, id_: str, etag: str) -> Outcome:
        return self._asked(lambda: MemoryCalendar.remove(self, id_, etag))

    def _asked(self, do: Callable[[], T]) -> T:
        self.number += 1
        kind = self.trouble.kind if self.number == self.trouble.at else Kind.NONE
        if kind is Kind.USER_IS_QUICKER:
            self.meanwhile()
        if kind is Kind.KILLED_BEFORE:
            raise Crash
        if self.is_dead or kind in _INSTEAD:
            raise OutputError(kind.value, "calsync tries again at the next sync.")
        answer = do()
        if kind is Kind.KILLED_AFTER:
            raise Crash
        self.is_dead = kind is Kind.STAYS_DEAD
        if kind not in (Kind.NONE, Kind.USER_IS_QUICKER):
            raise OutputError(kind.value, "calsync tries again at the next sync.")
        return answer
