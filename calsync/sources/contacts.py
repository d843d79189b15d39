"""Address books: the people on a .vcf card are known, and a card's addresses are one person.

Only FN, N and EMAIL matter (RFC 6350 §6.2, §6.4.2), in any of vCard's three versions.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from calsync.errors import SourceError

_FOLD = re.compile(rb"\r?\n[ \t]")
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")


class Card(NamedTuple):
    name: str
    addresses: tuple[str, ...]


def read_cards(path: Path) -> list[Card]:
    """Return the cards of a .vcf file that hold an address. Raises SourceError where the file
    cannot be read; a line that makes no sense costs itself only."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise SourceError(
            f"{path}: the contacts cannot be read: {error.strerror or error}",
            "Check the path under [people] contacts.",
        ) from None
    text = _FOLD.sub(b"", content).decode("utf-8-sig", "replace")
    cards: list[Card] = []
    name, addresses = "", list[str]()
    for line in text.splitlines():
        head, colon, value = line.partition(":")
        key = head.partition(";")[0].rpartition(".")[2].strip().upper()
        if not colon:
            continue
        if key == "BEGIN":
            name, addresses = "", []
        elif key == "FN":
            name = value.strip().replace("\\,", ",").replace("\\;", ";")
        elif key == "EMAIL" and (match := _ADDRESS.search(value)):
            addresses.append(match[0].lower().removeprefix("mailto:"))
        elif key == "END" and addresses:
            cards.append(Card(name, tuple(dict.fromkeys(addresses))))
            addresses = []
    return cards
