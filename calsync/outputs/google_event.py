"""A reminder as an event of Google Calendar, and back.

Google shows a description as HTML, so what a draft writes in angle brackets would vanish. The private
extended properties are calsync's mark: nobody else sees them, and by them it knows what it made.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any

from calsync.model import Reminder
from calsync.outputs.base import Details
from calsync.outputs.icalendar_text import legal, web_address
from calsync.outputs.titles import shown_title
from calsync.will import Content, ticked

MARK = "calsync"
"""The private property that each of calsync's events has, with the value 1."""

_LONGEST_TITLE = 1000
_LONGEST_DESCRIPTION = 8000
_LONGEST_VALUE = 1024
_LONGEST_ALARM = 40320
_WORKDAY = time(9)
_MARKUP = re.compile(r"<(?=[a-zA-Z/!?])")
_ENTITY = re.compile(r"&(?=#?\w+;)")


def shown(reminder: Reminder, details: Details) -> Content:
    """What the user would see of a reminder, in Google's spelling of it."""
    title = shown_title(reminder, details)[:_LONGEST_TITLE]
    description = _as_html(legal(reminder.description, lines=True)) if details == "full" else ""
    end = max(reminder.start, reminder.end)
    return Content(reminder.start.astimezone(UTC), end.astimezone(UTC), title, description, ticked(title))


def body_of(reminder: Reminder, details: Details, alarm: timedelta | None) -> dict[str, Any]:
    """The event, without its id. It has no field for attendees, and what is empty is None."""
    content = shown(reminder, details)
    url = web_address(reminder.url) if details == "full" else ""
    minutes = min(_LONGEST_ALARM, int(alarm.total_seconds()) // 60) if alarm is not None else 0
    popup = {"method": "popup", "minutes": minutes}
    return {
        "status": "confirmed",
        "summary": content.title,
        "description": content.description,
        "start": {"dateTime": _written(content.start), "date": None, "timeZone": None},
        "end": {"dateTime": _written(content.end), "date": None, "timeZone": None},
        "transparency": "transparent",
        "visibility": "private",
        "reminders": {"useDefault": False, "overrides": [] if alarm is None or reminder.done else [popup]},
        "source": {"title": "The meeting", "url": url} if url else None,
        "extendedProperties": {"private": _marks(reminder, details)},
    }


def id_in(item: Mapping[str, Any]) -> str:
    """The id of the reminder that calsync wrote as this event; empty for any other event, a copy that
    somebody made of a reminder included."""
    marks = (item.get("extendedProperties") or {}).get("private") or {}
    id_ = str(item.get("id", ""))
    return id_ if marks.get(MARK) == "1" and marks.get("calsyncId") == id_ else ""


def marks_in(item: Mapping[str, Any]) -> tuple[str, str]:
    """The rule and the meeting of a reminder, as far as the output's detail shows them."""
    marks = item["extendedProperties"]["private"]
    return str(marks.get("calsyncRule", "")), str(marks.get("calsyncMeeting", ""))


def content_of(item: Mapping[str, Any], home: tzinfo) -> Content:
    """What the user sees of an event. One moved to a day stands at the hour at which work begins, and
    has no length. Raises ValueError or KeyError for what is no event."""
    start, end = _moment(item["start"], home), _moment(item["end"], home)
    title = str(item.get("summary", ""))
    if "date" in item["start"]:
        end = start
    return Content(start, max(start, end), title, str(item.get("description", "")), ticked(title))


def _marks(reminder: Reminder, details: Details) -> dict[str, str | None]:
    """As little as the output's detail allows: what is not shown stands in no mark either."""
    rule = reminder.rule if details != "busy" else ""
    meeting = reminder.meeting if details == "full" else ""
    return {
        MARK: "1",
        "calsyncId": reminder.id,
        "calsyncRule": rule[:_LONGEST_VALUE] or None,
        "calsyncMeeting": meeting if 0 < len(meeting) <= _LONGEST_VALUE else None,
    }


def _as_html(text: str) -> str:
    """Text that shows as it is where HTML is expected; what needs no change gets none."""
    return _MARKUP.sub("&lt;", _ENTITY.sub("&amp;", text))[:_LONGEST_DESCRIPTION]


def _written(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _moment(written: Mapping[str, str], home: tzinfo) -> datetime:
    if written.get("date"):
        return datetime.combine(date.fromisoformat(written["date"]), _WORKDAY, home).astimezone(UTC)
    moment = datetime.fromisoformat(written["dateTime"])
    return (moment if moment.tzinfo else moment.replace(tzinfo=home)).astimezone(UTC)
