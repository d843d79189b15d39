"""The ids of follow-ups and reminders.

An id is a digest of what the thing is, so that a repeated or interrupted run arrives at
the same one. It holds the person or the meeting, the rule, the step and the round, never
the pack: renaming a pack must not bring anything back.
"""

from __future__ import annotations

import base64
import hashlib


def digest_id(*parts: object) -> str:
    """Return 24 characters of lower-case base32hex, which every calendar takes as an id."""
    text = "\x1f".join(str(part) for part in parts)
    raw = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=15).digest()
    return base64.b32hexencode(raw).decode("ascii").lower()


def followup_id(address: str, meeting: str, rule: str, step: str, round_: int) -> str:
    return digest_id("followup", address, meeting, rule, step, round_)


def reminder_id(meeting: str, rule: str, step: str, round_: int, turn: int, alone: str = "") -> str:
    return digest_id("reminder", meeting, rule, step, round_, turn, alone)
