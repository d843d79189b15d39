"""What every source of meetings promises, whatever stands behind it.

A source is read as a stream, because a calendar may be larger than the memory calsync
allows itself, and against what was seen the last time, because on most nights nothing
or next to nothing has changed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from typing import NamedTuple, Protocol

from calsync.model import Event, Skipped


class Seen(NamedTuple):
    """What the ledger remembers of the last whole reading of a source.

    ``validator`` and ``context`` are those of that reading, opaque. ``pieces`` are the
    digests of the events it stored.
    """

    validator: str = ""
    context: str = ""
    pieces: Collection[bytes] = ()


class Found(NamedTuple):
    """An event, and the digest (8 bytes) of all that gave it its meaning."""

    digest: bytes
    event: Event


class Same(NamedTuple):
    """An event that is stored already under this digest; it was not read again."""

    digest: bytes


Item = Found | Same | Skipped


class Reading:
    """One pass over a source. Iterate it once; it yields Found, Same and Skipped.

    ``unchanged`` is known before: nothing changed since the last reading, and there is
    nothing to iterate over. All else is final only after the iteration:

    - ``whole``: all that the source holds was seen. If not, ``trouble`` says why, in a
      sentence for the user, with ``remedy`` as the next step, and nothing may be concluded
      from what is missing.
    - ``warnings``: what the user should know of a reading that is whole all the same.
    - ``validator`` and ``context``: to be remembered for the next time; ``validator`` is
      empty unless the reading was whole.
    - ``total``: events seen, ``older`` ones included; ``named``: those that name
      somebody, organizer or attendee.
    - ``skipped``: how many events could not be used, by reason; ``noted``: how many were
      used although something in them made no sense. ``examples`` has one place for each.
    - ``older``: events left out because they ended before the time asked for.
    """

    def __init__(
        self,
        items: Callable[[Reading], Iterator[Item]] | None = None,
        *,
        validator: str = "",
        context: str = "",
        unchanged: bool = False,
    ) -> None:
        self.unchanged = unchanged
        self.validator = validator
        self.context = context
        self.whole = unchanged
        self.trouble = ""
        self.remedy = ""
        self.warnings: list[str] = []
        self.skipped: Counter[str] = Counter()
        self.noted: Counter[str] = Counter()
        self.examples: dict[str, str] = {}
        self.older = 0
        self.named = 0
        self._seen = 0
        self._items = items

    @property
    def total(self) -> int:
        return self._seen + self.older

    def __iter__(self) -> Iterator[Item]:
        items, self._items = self._items, None
        if items is None:
            if self.unchanged:
                return
            raise RuntimeError("a reading can be iterated only once")
        for item in items(self):
            self._seen += 1
            if type(item) is Skipped:
                self.skipped[item.reason] += 1
                self.examples.setdefault(item.reason, item.where)
            yield item

    def note(self, reason: str, where: str) -> None:
        """Count an event that was used although something in it made no sense."""
        self.noted[reason] += 1
        self.examples.setdefault(reason, where)

    def incomplete(self, trouble: str, remedy: str = "") -> None:
        """Say that the source was not seen whole; the first trouble is kept."""
        if not self.trouble:
            self.trouble, self.remedy = trouble, remedy

    def complete(self, validator: str) -> None:
        """Say, at the end, that this was all; whole if there was no trouble on the way."""
        if not self.trouble:
            self.whole, self.validator = True, validator


class Source(Protocol):
    """Where meetings are read from.

    ``read`` raises SourceError where nothing at all can be had; its message names the
    file, or the host and never more of an address.
    """

    name: str

    def read(self, seen: Seen) -> Reading: ...
