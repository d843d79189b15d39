"""The calendar that calsync makes for its reminders, and how it is known again.

By the mark in its description or, on servers that keep no description, by its address. Its name says
nothing; anybody can call a calendar Follow-ups.
"""

from __future__ import annotations

from calsync.dav.calendars import Calendar

NAME = "Follow-ups"
FOLDERS = ("calsync-follow-ups", "calsync-follow-ups-2", "calsync-follow-ups-3")
"""Its address in the home of the calendars: the first that is free."""

MARK = "Written by calsync. Move, delete or tick a reminder: calsync reads it."


def is_own(calendar: Calendar) -> bool:
    """Whether calsync made a calendar."""
    return MARK in calendar.description or calendar.folder in FOLDERS
