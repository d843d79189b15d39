"""The ten forms a touch can take, and what each of them asks of a day.

A reminder is the moment to do the touch or to propose it: writing a note, asking for a
coffee or choosing a card takes a quarter of an hour; a phone or video call happens in the
reminder's own time and gets half an hour; a visit gets an hour.
"""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from calsync.model import Channel


class Form(NamedTuple):
    """What a channel means for a reminder.

    ``in_their_day`` says that the other person answers at that very time, so it must lie
    inside their day, where it is known. ``title`` is the template for steps without one.
    """

    symbol: str
    length: timedelta
    title: str
    in_their_day: bool = False


_QUARTER = timedelta(minutes=15)
_HALF = timedelta(minutes=30)
_HOUR = timedelta(hours=1)

FORMS: dict[Channel, Form] = {
    Channel.EMAIL: Form("✉", _QUARTER, "Email {{ people }}"),
    Channel.MESSAGE: Form("💬", _QUARTER, "Message {{ people }}", in_their_day=True),
    Channel.CALL: Form("📞", _HALF, "Call {{ people }}", in_their_day=True),
    Channel.VIDEO: Form("🎥", _HALF, "Video call with {{ people }}", in_their_day=True),
    Channel.COFFEE: Form("☕", _QUARTER, "Propose a coffee to {{ people }}"),
    Channel.LUNCH: Form("🍽", _QUARTER, "Propose lunch to {{ people }}"),
    Channel.MEETING: Form("🤝", _QUARTER, "Propose a meeting to {{ people }}"),
    Channel.VISIT: Form("🏠", _HOUR, "Visit {{ people }}", in_their_day=True),
    Channel.CARD: Form("💌", _QUARTER, "Send a card to {{ people }}"),
    Channel.GIFT: Form("🎁", _QUARTER, "Choose a small gift for {{ people }}"),
}
