"""A source without a calendar behind it: the events are given.

It is what tests of other rooms read from, and a first example of what a source must do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import datetime

from calsync.errors import SourceError
from calsync.model import Event, Skipped
from calsync.sources.base import Found, Item, Reading, Same, Seen


class MemorySource:
    """Yields ``events`` and ``faulty``, in that order.

    Single events that ended before ``since`` are left out. ``missing`` makes the source
    unreachable, ``trouble`` makes its readings incomplete; all may be changed between
    readings.
    """

    def __init__(
        self,
        name: str,
        events: Iterable[Event] = (),
        *,
        faulty: Iterable[Skipped] = (),
        since: datetime | None = None,
    ) -> None:
        self.name = name
        self.events = list(events)
        self.faulty = list(faulty)
        self.since = since
        self.missing = False
        self.trouble = ""

    def read(self, seen: Seen) -> Reading:
        if self.missing:
            raise SourceError(f"{self.name}: there is nothing to read", "Set missing to False.")
        validator = _digest(self.events, self.faulty, self.trouble, self.since).hex()
        unchanged = not self.trouble and seen.context == "memory" and seen.validator == validator
        return Reading(
            lambda reading: self._items(reading, seen, validator),
            validator=validator if unchanged else "",
            context="memory",
            unchanged=unchanged,
        )

    def _items(self, reading: Reading, seen: Seen, validator: str) -> Iterator[Item]:
        if reading.unchanged:
            return
        known = seen.pieces if seen.context == "memory" else ()
        for event in self.events:
            reading.named += bool(event.organizer or event.attendees)
            if self.since and not event.recurrence and event.end < self.since:
                reading.older += 1
                continue
            digest = _digest(event)
            yield Same(digest) if digest in known else Found(digest, event)
        yield from self.faulty
        if self.trouble:
            reading.incomplete(self.trouble)
        reading.complete(validator)


def _digest(*values: object) -> bytes:
    return hashlib.blake2b(repr(values).encode(), digest_size=8).digest()
