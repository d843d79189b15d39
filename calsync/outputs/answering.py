"""Links in a reminder that take an answer from any calendar app, where a feed can only be read.

Whoever holds a link may answer for this one reminder, and for nothing else: the link names it, says
until when, and is signed. Opening it only shows a page; the answer is a button there, because mail
scanners and previews open links too.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import replace
from datetime import date, timedelta

from calsync.model import Reminder

VALID = timedelta(days=45)
"""How long after its reminder a link still takes an answer."""

_ACTIONS = (
    ("Done", "done"),
    ("Tomorrow", "tomorrow"),
    ("Next week", "next-week"),
    ("Another day", "day"),
    ("Not now", "dismiss"),
    ("Stop", "stop"),
)


class Expired(Exception):
    """The ticket was good once."""


def ticket(key: bytes, reminder: str, until: date) -> str:
    """Return what admits to one reminder until the end of a day (UTC)."""
    told = f"{reminder}.{until.toordinal():x}"
    return f"{told}.{signature(key, 'answer', told)}"


def admitted(key: bytes, shown: str, today: date) -> str | None:
    """Return the reminder that a ticket admits to, None for one that calsync did not make.

    Raises :class:`Expired` for one whose time is over.
    """
    told, _, signed = shown.rpartition(".")
    if not hmac.compare_digest(signed.encode("utf-8", "replace"), signature(key, "answer", told).encode()):
        return None
    reminder, _, until = told.partition(".")
    if date.fromordinal(int(until, 16)) < today:
        raise Expired
    return reminder


def signature(key: bytes, purpose: str, told: str) -> str:
    """Return 128 bits that only the ledger's owner can make, good for one purpose alone."""
    message = f"{purpose}\0{told}".encode("utf-8", "replace")
    raw = hmac.digest(key, message, "sha256")[:16]
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def with_links(reminder: Reminder, base_url: str, key: bytes) -> Reminder:
    """Return a reminder whose description ends in its links; a done one needs none."""
    if reminder.done:
        return reminder
    place = f"{base_url}/a/{ticket(key, reminder.id, (reminder.end + VALID).date())}"
    links = "\n".join(f"{word}: {place}/{action}" for word, action in _ACTIONS)
    return replace(reminder, description=f"{reminder.description}\n\nAnswer\n{links}".lstrip())
