"""People from a file: tiers that were kept in a table, and cards of an address book.

Nobody gives tiers to three hundred people one by one. The file is read whole and judged
whole before anything is kept, and reading it again changes nothing.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from calsync.asking.directory import checked, chosen_at
from calsync.errors import CalsyncError, ConfigError, UsageError
from calsync.ledger import who
from calsync.night.desk import Desk
from calsync.people.addresses import canonical

COLUMNS = {
    "address": ("address", "email", "e-mail", "mail", "email address", "e-mail address"),
    "name": ("name", "full name", "display name"),
    "tier": ("tier",),
    "every": ("every", "interval"),
    "timezone": ("timezone", "time zone", "zone"),
    "phone": ("phone", "telephone", "mobile", "phone number"),
}
"""The columns that are read, each with the headings it may have in whatever case."""

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_REMEDY = "Nothing was imported. Correct these lines and import the file again."
_LARGEST = 20_000_000


class Line(NamedTuple):
    """One person of the file: where they stand, their addresses, and what is said of them by key."""

    place: str
    addresses: tuple[str, ...]
    words: dict[str, str]


class Content(NamedTuple):
    """What a file holds; ``ignored`` are the headings that mean nothing here."""

    lines: tuple[Line, ...]
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What the import means for one person. ``said`` is what is new or different, by key, and
    ``before`` what it replaces; ``links`` are addresses that become one person with ``address``;
    ``note`` says why no reminder will come."""

    address: str
    name: str
    is_new: bool
    said: dict[str, str] = field(default_factory=dict)
    before: dict[str, str] = field(default_factory=dict)
    links: tuple[str, ...] = ()
    note: str = ""

    @property
    def is_one(self) -> bool:
        return bool(self.said or self.links)

    def as_json(self) -> dict[str, Any]:
        kind = "unchanged" if not self.is_one else "new" if self.is_new else "changed"
        return {
            "name": self.name, "email": self.address, "change": kind, "said": self.said, "before": self.before,
            "linked": list(self.links), "note": self.note or None,
        }  # fmt: skip


def read_people(path: Path, tier: str | None = None) -> Content:
    """Read a CSV file or a .vcf; ``tier`` is for those of whom it says neither tier nor interval.

    Raises UsageError for a file that cannot be read, and ConfigError with all of its problems.
    """
    given = {"tier": checked("tier", tier) or ""} if tier else {}
    try:
        if path.stat().st_size > _LARGEST:
            raise UsageError(f"{path} is larger than 20 MB, and no list of people")
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}", "Give a .csv or .vcf file.") from None
    is_cards = (
        path.suffix.lower() in (".vcf", ".vcard") or content.lstrip(b"\xef\xbb\xbf \r\n")[:11].upper() == b"BEGIN:VCARD"
    )
    found = _cards(path) if is_cards else _table(path, _text(content))
    lines = tuple(
        line if line.words.keys() & {"tier", "every"} else line._replace(words=line.words | given)
        for line in found.lines
    )
    return found._replace(lines=lines)


def changes(desk: Desk, lines: Iterable[Line]) -> list[Change]:
    """Return what lines of a file mean, in their order, given what is known."""
    apart = who.distinct(desk.ledger)
    found: list[Change] = []
    for line in lines:
        own = list(dict.fromkeys(desk.person(address) for address in line.addresses))
        first = own[0]
        linked = [a for person in own for a in desk.circle.identities.addresses(person)]
        before: dict[str, str] = {}
        for address in linked:
            before |= desk.said.get(address, {})
        names = who.describe(desk.ledger, desk.circle.identities, own)
        known = next((name for name, _ in names.values() if name), "")
        words = {k: v for k, v in line.words.items() if k != "known" or not before.get("known")}
        if known and "name" not in before:
            words.pop("name", None) if words.get("name") == known else None
        said = {key: value for key, value in words.items() if before.get(key) != value}
        standing = desk.circle.standing(canonical(line.addresses[0]))
        note = (
            ""
            if standing.kind == "person"
            else "this is you"
            if standing.kind == "me"
            else f"no reminders: {standing.why}"
        )
        found.append(
            Change(
                line.addresses[0],
                said.get("name") or known,
                is_new=not before and not _is_met(desk, linked),
                said={} if standing.kind == "me" else said,
                before={key: before[key] for key in said if key in before},
                links=tuple(p for p in own[1:] if (min(first, p), max(first, p)) not in apart),
                note=note,
            )
        )
    return found


def keep(desk: Desk, wanted: Sequence[Change]) -> None:
    """Keep what the import says."""
    with desk.ledger.atomic():
        for change in wanted:
            person = desk.person(change.address)
            addresses = desk.circle.identities.addresses(person)
            at = chosen_at(desk, addresses)
            for key, value in change.said.items():
                for address in addresses:
                    who.say(desk.ledger, address, key, None)
                who.say(desk.ledger, addresses[0], key, value, at if key in ("tier", "every") else desk.now)
            for other in change.links:
                who.link(desk.ledger, person, other, same=True)


def _is_met(desk: Desk, addresses: Sequence[str]) -> bool:
    return any(desk.ledger.value("SELECT 1 FROM address WHERE canonical = ?", address) for address in addresses)


def _cards(path: Path) -> Content:
    from calsync.sources.contacts import read_cards

    lines = []
    for card in read_cards(path):
        words = {"known": "yes"} | ({"name": card.name} if card.name else {})
        if card.phones:
            words["phone"] = card.phones[0]
        lines.append(Line(card.name or card.addresses[0], card.addresses, words))
    if not lines:
        raise ConfigError([f"{path}: no card in it has an email address"], "Export the contacts as vCard once more.")
    return Content(tuple(lines))


def _text(content: bytes) -> str:
    """The text of a table, in whatever way a spreadsheet saved it."""
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return content.decode("utf-16", "replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", "replace")


def _table(path: Path, text: str) -> Content:
    reader = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
    try:
        rows = [(reader.line_num, [cell.strip() for cell in row]) for row in reader]
    except csv.Error as error:
        raise ConfigError([f"{path}:{reader.line_num}: {error}"], _REMEDY) from None
    rows = [(number, row) for number, row in rows if any(row)]
    if not rows:
        raise ConfigError([f"{path}: the file is empty"], "Its first line names the columns: address, tier.")
    header = [heading.casefold() for heading in rows[0][1]]
    places = {
        key: next(at for at, heading in enumerate(header) if heading in words)
        for key, words in COLUMNS.items()
        if any(heading in words for heading in header)
    }
    if "address" not in places:
        raise ConfigError(
            [f"{path}:{rows[0][0]}: no column is called address or email; found {', '.join(filter(None, rows[0][1]))}"],
            "The first line names the columns: address, and any of name, tier, every, timezone, phone.",
        )
    problems: list[str] = []
    lines: dict[str, tuple[int, Line]] = {}
    for number, row in rows[1:]:
        line = _line(f"{path}:{number}", row, places, problems)
        if line is None:
            continue
        own = canonical(line.addresses[0])
        before = lines.get(own)
        if before is not None and before[1].words != line.words:
            problems.append(f"{line.place}: {line.addresses[0]} stands in line {before[0]} too, with other values")
        lines.setdefault(own, (number, line))
    if problems:
        raise ConfigError(problems, _REMEDY)
    used = set(places.values())
    ignored = tuple(h for at, h in enumerate(rows[0][1]) if at not in used and h)
    return Content(tuple(line for _, line in lines.values()), ignored)


def _delimiter(text: str) -> str:
    """The character that stands between the headings most often."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    return max(",;\t", key=first.count)


def _line(place: str, row: Sequence[str], places: dict[str, int], problems: list[str]) -> Line | None:
    cells = {key: row[at] for key, at in places.items() if at < len(row) and row[at]}
    written = cells.pop("address", "")
    match = _ADDRESS.search(written)
    if match is None:
        problems.append(
            f"{place}: address: " + (f"expected an address, found {written!r}" if written else "is missing")
        )
    words: dict[str, str] = {}
    for key, value in cells.items():
        try:
            words[key] = checked(key, value) or ""
        except CalsyncError as error:
            problems.append(f"{place}: {key}: {error}" + (f". {error.remedy}" if error.remedy else ""))
    return Line(place, (match[0].lower().removeprefix("mailto:"),), words) if match is not None else None
