"""Trying rules from the page: one replay at a time, beside everything else, and not for ever.

A replay reads a copy of the ledger and writes nothing. It may take a while, so it runs in a thread of
its own; the newest wish wins, and the last result is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic

from calsync.config import Config
from calsync.errors import CalsyncError
from calsync.simulate.trial import Candidate, Trial, changed, try_rules
from calsync.sync import known_packs
from calsync.timing.spans import Span

LONGEST = 90.0
"""So many seconds a replay may take. ``calsync rules try`` takes the time it needs."""

_TOO_LONG = "This past is too long to be replayed on a page. Choose a shorter time, or type calsync rules try."


class _Enough(Exception):
    """The replay is no longer wanted, or took too long."""


@dataclass
class Wish:
    """What is to be tried, and what came of it: ``found`` is None until then, a sentence where there
    was nothing to find."""

    last: Span
    changes: tuple[tuple[str, str], ...]
    nights: int = 0
    found: Trial | str | None = None
    over: threading.Event = field(default_factory=threading.Event)


class Trials:
    """The replays of one server. ``longest`` is in seconds."""

    def __init__(self, config: Config, longest: float = LONGEST) -> None:
        self.config, self.longest = config, longest
        self.latest: Wish | None = None
        self._one_by_one = threading.Lock()

    def begin(self, last: Span, changes: tuple[tuple[str, str], ...], now: datetime) -> Wish:
        """Begin a replay, in place of one that is still running. Raises as ``rules set`` does for changes
        that mean nothing."""
        present = Candidate("now", known_packs(self.config))
        other = changed(self.config, changes) if changes else None
        wish = Wish(last, changes)
        self.latest = wish
        threading.Thread(target=self._run, args=(wish, now, present, other), daemon=True).start()
        return wish

    def _run(self, wish: Wish, now: datetime, present: Candidate, other: Candidate | None) -> None:
        until = monotonic() + self.longest

        def told(_name: str) -> Callable[[str, int], None]:
            return lambda _what, number: night(number)

        def night(number: int) -> None:
            wish.nights = number
            if self.latest is not wish or monotonic() > until:
                raise _Enough

        try:
            with self._one_by_one:
                night(0)
                wish.found = try_rules(self.config, now, wish.last, present, other, told)
        except _Enough:
            wish.found = _TOO_LONG
        except CalsyncError as error:
            wish.found = str(error)
        except Exception:
            wish.found = "The replay failed. Type calsync rules try: it tells why."
            raise
        finally:
            wish.over.set()
