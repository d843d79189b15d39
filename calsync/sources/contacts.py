"""Address books: the people on a .vcf card are known, and a card's addresses are one person.

Only FN, EMAIL and TEL matter (RFC 6350 §6.2.1, §6.4.1, §6.4.2), in any of vCard's three versions.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from calsync.errors import SourceError
from calsync.people.phones import dialled

_FOLD = re.compile(rb"\r?\n[ \t]")
_ADDRESS = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
_WORDS = re.compile(r"[a-z0-9-]+")
_MOBILE = {"cell", "mobile", "iphone"}
_NO_TALK = {"fax", "pager", "modem", "bbs", "video", "pcs", "car", "textphone", "facsimile"}


class Card(NamedTuple):
    """``phones`` are in the form of :func:`calsync.people.phones.dialled`: mobiles first, then
    those marked as preferred, and no fax."""

    name: str
    addresses: tuple[str, ...]
    phones: tuple[str, ...] = ()


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
    phones: list[tuple[int, str]] = []
    for line in text.splitlines():
        head, colon, value = line.partition(":")
        key = head.partition(";")[0].rpartition(".")[2].strip().upper()
        if not colon:
            continue
        if key == "BEGIN":
            name, addresses, phones = "", [], []
        elif key == "FN":
            name = value.strip().replace("\\,", ",").replace("\\;", ";")
        elif key == "EMAIL" and (match := _ADDRESS.search(value)):
            addresses.append(match[0].lower().removeprefix("mailto:"))
        elif key == "TEL" and (phone := _phone(head, value)):
            phones.append(phone)
        elif key == "END" and addresses:
            best_first = [number for _, number in sorted(phones, key=lambda each: each[0])]
            cards.append(Card(name, tuple(dict.fromkeys(addresses)), tuple(dict.fromkeys(best_first))))
            addresses = []
    return cards


def _phone(head: str, value: str) -> tuple[int, str] | None:
    """A number that somebody answers, and how much it is the one to use: less is more."""
    types = {word.lower() for word in _WORDS.findall(head.lower())} - {"tel", "type"}
    if types & _NO_TALK and not types & {"voice", "cell"}:
        return None
    try:
        number = dialled(value.replace("\\", ""))
    except ValueError:
        return None
    return (0 if types & _MOBILE else 2) + (0 if "pref" in types else 1), number
