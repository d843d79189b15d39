"""What the page shows of follow-ups: whom to write to now, and what the week brings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from calsync.asking.agenda import Entry
from calsync.ledger.ledger import Ledger
from calsync.outputs.answering import VALID, ticket

_LINK = re.compile(r"(?:(.+): )?((?:mailto|tel|sms):\S+)")
_VERBS = {"mailto": "Write the mail", "tel": "Call", "sms": "Write the message"}


@dataclass(frozen=True)
class Card:
    """One reminder as shown: ``facts`` are its paragraphs but the one that names its people, ``subject``
    and ``draft`` what could be sent, ``links`` what opens the touch, with a label."""

    entry: Entry
    members: tuple[Entry, ...]
    ticket: str
    facts: tuple[str, ...]
    subject: str
    draft: str
    links: tuple[tuple[str, str], ...]


def cards(ledger: Ledger, key: bytes, entries: Iterable[Entry]) -> list[Card]:
    """Return the reminders of these follow-ups, in their order."""
    together: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.followup.reminder and entry.start is not None:
            together.setdefault(entry.followup.reminder, []).append(entry)
    ids = json.dumps(list(together))
    told = dict(ledger.rows("SELECT id, description FROM reminder WHERE id IN (SELECT value FROM json_each(?))", ids))
    return [_card(key, id_, members, told.get(id_, "")) for id_, members in together.items()]


def _card(key: bytes, reminder: str, members: Sequence[Entry], description: str) -> Card:
    first = members[0]
    assert first.end is not None
    facts, draft, links = parts(description)
    shown = ticket(key, reminder, (first.end + VALID).date())
    subject, _, body = draft.partition("\n") if draft.startswith("Subject: ") else ("", "", draft)
    facts = tuple(fact for fact in facts if not _names(fact, members))
    return Card(first, tuple(members), shown, facts, subject.removeprefix("Subject: "), body.lstrip("\n"), links)


def _names(fact: str, members: Sequence[Entry]) -> bool:
    """Whether a paragraph is the one that says who it is about."""
    addresses = [address for member in members for address in member.emails]
    ends = (*(f"<{address}>" for address in addresses), *addresses)
    return all(line.lower().endswith(ends) for line in fact.split("\n"))


def parts(description: str) -> tuple[tuple[str, ...], str, tuple[tuple[str, str], ...]]:
    """Take a reminder's description apart: the paragraphs, the draft, and the links with their labels."""
    lines = description.rstrip().split("\n")
    links: list[tuple[str, str]] = []
    while lines and (match := _LINK.fullmatch(lines[-1])):
        verb = _VERBS[match[2].partition(":")[0]]
        links.insert(0, (f"{verb}: {match[1]}" if match[1] else verb, match[2]))
        lines.pop()
    facts, _, draft = "\n".join(lines).rstrip().partition("\n\nDraft\n")
    return tuple(part for part in facts.split("\n\n") if part), draft, tuple(links)


@dataclass(frozen=True)
class Day:
    """One day of a week view."""

    day: date
    cards: tuple[Card, ...]


def week(shown: Sequence[Card], first: date) -> list[Day]:
    """Return seven days from the first, each with what falls on it."""
    days = [first + timedelta(days=number) for number in range(7)]
    return [Day(day, tuple(card for card in shown if _day(card) == day)) for day in days]


def _day(card: Card) -> date | None:
    start: datetime | None = card.entry.start
    return start.date() if start else None
