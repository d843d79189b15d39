"""What is remembered of a calendar on a server, so that the next night fetches nothing twice.

It goes through the ledger as text, and there may be tens of thousands of things in it: addresses and
etags are kept as short digests.
"""

from __future__ import annotations

import base64
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import NamedTuple

from calsync.dav.things import Thing, short


class KeptThing(NamedTuple):
    """How many events of a thing name somebody, how many are too old, and the digests of the others: all
    that has to be told of it while it is in this ``edition``."""

    edition: str
    named: int
    older: int
    digests: tuple[bytes, ...]


@dataclass
class Kept:
    """One calendar as it was last read. ``differences`` counts how often since it was listed whole the
    server told only what changed; ``again`` are things to be looked at every time, because something
    is wrong with them or the server gives them no etag."""

    tag: str = ""
    token: str = ""
    differences: int = 0
    things: dict[str, KeptThing] = field(default_factory=dict)
    again: list[Thing] = field(default_factory=list)

    def within(self, known: AbstractSet[bytes]) -> bool:
        """Whether the ledger still has every event of it."""
        return all(digest in known for each in self.things.values() for digest in each.digests)

    def written(self) -> list[object]:
        """As JSON takes it."""
        things = {
            place: [each.edition, each.named, each.older, *map(short, each.digests)]
            for place, each in self.things.items()
        }
        return [self.tag, self.token, self.differences, things, [[each.url, each.href] for each in self.again]]

    @classmethod
    def read(cls, written: object) -> Kept:
        """What :meth:`written` wrote; nothing where it is something else."""
        if not isinstance(written, list) or len(written) != 5:
            return cls()
        tag, token, differences, things, again = written
        return cls(
            tag,
            token,
            differences,
            {place: _thing(each) for place, each in things.items()},
            [Thing(url, href, "") for url, href in again],
        )


def _thing(written: list[object]) -> KeptThing:
    edition, named, older, *digests = written
    read = (base64.urlsafe_b64decode(f"{text}=") for text in map(str, digests))
    return KeptThing(str(edition), int(str(named)), int(str(older)), tuple(read))
