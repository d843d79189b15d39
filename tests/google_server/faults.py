"""What can go wrong with a call, on demand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypedDict

from tests.google_server.document import Json, Refused


class Call(NamedTuple):
    """One request as it came in. ``method`` is the document's name for it, ``calendar`` and ``event`` are ids
    with ``primary`` as it was sent; ``status`` is what was answered, 0 where the connection was torn."""

    method: str
    calendar: str
    event: str
    asked: Json
    body: Json
    headers: Mapping[str, str]
    status: int

    @property
    def is_write(self) -> bool:
        return not self.method.endswith((".list", ".get", ".query", ".instances"))


class When(TypedDict, total=False):
    """Which calls a fault befalls: those of a ``method`` by the document's name or its beginning ("events.",
    "events.insert") for which ``where`` holds; not the first ``after`` of them, and then ``times``."""

    method: str
    where: Callable[[Call], bool]
    after: int
    times: int


@dataclass
class Fault:
    kind: Literal["answer", "drop", "lose", "wait", "cut"]
    refused: Refused | None = None
    seconds: float = 0
    method: str = ""
    where: Callable[[Call], bool] = lambda call: True
    after: int = 0
    times: int = 1

    def befalls(self, call: Call) -> bool:
        """Whether this call is hit; every call that might be counts."""
        if not self.times or not call.method.startswith(self.method) or not self.where(call):
            return False
        if self.after:
            self.after -= 1
            return False
        self.times -= 1
        return True
