"""What stands before the command, and what every command gets from it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, cast

from calsync.cli.terminal import Terminal

if TYPE_CHECKING:
    import typer

    from calsync.config import Config
    from calsync.ledger.ledger import Ledger
    from calsync.timing.spans import Span

_SHORT = {"d": "days", "w": "weeks", "m": "months", "y": "years"}
EXIT_CODES: dict[int, str] = {
    0: "done",
    1: "a bug",
    2: "usage",
    3: "partly done",
    10: "config or rules",
    11: "sign in again",
    12: "brake",
    13: "another run is active",
}


@dataclass
class State:
    """The global options, and config and clock, each read once and only when asked for.

    ``exit_code`` is what the run returns when it ends without an exception; a command whose
    outcome is known before it is printed sets it first.
    """

    config_option: Path | None = None
    quiet: bool = False
    verbose: bool = False
    terminal: Terminal = field(default_factory=Terminal)
    exit_code: int = 0

    @cached_property
    def config_path(self) -> Path:
        """Where the config is, or would be: ``--config``, ``CALSYNC_CONFIG``, the platform's place."""
        from calsync.config import find

        return find(self.config_option, os.environ)

    @cached_property
    def _config(self) -> Config:
        from calsync.config import load

        return load(self.config_path)

    @cached_property
    def _now(self) -> datetime:
        from calsync.clock import now

        return now(os.environ)

    def config(self) -> Config:
        """The config. Raises ConfigError with all of its problems."""
        return self._config

    def now(self) -> datetime:
        """The moment of this run in UTC. Raises UsageError for an impossible ``CALSYNC_NOW``."""
        return self._now

    def local_now(self) -> datetime:
        """The moment of this run in the user's zone."""
        return self.now().astimezone(self.config().me.zone)

    def ledger(self) -> AbstractContextManager[Ledger]:
        """The ledger of the config, opened; made where there is none."""
        from calsync.ledger.ledger import Ledger

        return Ledger(self.config().ledger)


def state_of(ctx: typer.Context) -> State:
    """What the options before the command said."""
    return cast(State, ctx.obj)


def span_back(text: str) -> Span:
    """How far back ``--last`` reaches: "1y", "6 months", "90 days" or ISO 8601. Raises UsageError."""
    from calsync.errors import UsageError
    from calsync.timing.spans import Span

    say = 'Say it like "1y", "6 months" or "90 days".'
    words = "".join(text.split()).lower()
    if words[:-1].isdecimal() and words[-1] in _SHORT:
        text = f"{words[:-1]} {_SHORT[words[-1]]}"
    try:
        span = Span.parse(text)
    except ValueError as error:
        raise UsageError(f"--last: {error}", say) from None
    if not span or span.elapsed() is not None:
        raise UsageError(f"--last: expected a day or more, not {text!r}", say)
    return span
