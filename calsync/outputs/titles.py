"""How much of a reminder's title an output shows."""

from __future__ import annotations

from calsync.model import Reminder
from calsync.outputs.base import Details
from calsync.outputs.icalendar_text import legal


def shown_title(reminder: Reminder, details: Details) -> str:
    """The title as one line of legal text; never empty."""
    if details == "busy":
        return "Follow-up"
    if details == "names":
        tick = "✓ " if reminder.done else ""
        people = ", ".join(reminder.names)
        shown = f"{tick}{people}: {reminder.step}" if people else f"{tick}{reminder.step}"
    else:
        shown = reminder.title
    return legal(shown) or "Follow-up"
