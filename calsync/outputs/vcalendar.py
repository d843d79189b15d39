"""A feed as a calendar object of the icalendar library, which writes it.

What the standard says of escaping, folding and the forms of values is that library's
affair. Here stand the choices that are ours: which properties, in which order, and the
traits without which some big calendar drops a feed in silence. Importing the library costs
more than a quiet night does, so only what renders imports this.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal

from icalendar import Alarm, Calendar, Event, Timezone, TimezoneStandard, Todo
from icalendar.prop import vDuration, vInline, vText, vUri

from calsync.model import Reminder
from calsync.outputs.base import ATTENTION, PRODID, Attention, Details
from calsync.outputs.icalendar_text import legal, web_address
from calsync.outputs.titles import shown_title

HOUR = timedelta(hours=1)


class Text(vText):
    r"""TEXT in which ``\N`` stays a backslash and an N; icalendar takes them for a line end."""

    __slots__ = ()

    def to_ical(self) -> bytes:
        return rb"\\N".join(vText(part).to_ical() for part in self.split(r"\N"))


def vcalendar(
    reminders: Sequence[Reminder],
    details: Details,
    alarm: timedelta | None,
    calendar_name: str,
    attention: Attention | None,
) -> Calendar:
    """The feed, its properties in the order in which they are to be written."""
    name = Text(legal(calendar_name) or "Follow-ups")
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    calendar.add("NAME", name)
    calendar.add("X-WR-CALNAME", name)
    calendar.add("COLOR", "teal")
    calendar.add("REFRESH-INTERVAL", vDuration(HOUR, params={"VALUE": "DURATION"}))
    calendar.add("X-PUBLISHED-TTL", vDuration(HOUR))
    if not reminders and attention is None:
        calendar.add_component(_zone())
    if attention is not None:
        calendar.add_component(_attention_event(attention, details))
    for reminder in sorted(reminders, key=lambda reminder: (reminder.start, reminder.id)):
        calendar.add_component(_event(reminder, details, alarm))
    return calendar


def lone(reminder: Reminder, details: Details, alarm: timedelta | None, kind: Literal["event", "todo"]) -> Calendar:
    """One reminder as an object of its own, for a server that keeps single ones; as a task it is due
    when it starts."""
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    event = _event(reminder, details, alarm)
    calendar.add_component(event if kind == "event" else _task(event, reminder))
    return calendar


def _task(event: Event, reminder: Reminder) -> Todo:
    task = Todo()
    for name, value in event.items():
        if name not in ("DTSTART", "DTEND", "TRANSP"):
            task[name] = value
    task.add("DUE", _utc(reminder.start))
    if reminder.done:
        task.add("STATUS", "COMPLETED")
        task.add("COMPLETED", _utc(reminder.modified or reminder.start))
    for each in event.subcomponents:
        each["TRIGGER"].params["RELATED"] = "END"  # a task without a start has only a time when it is due
        task.add_component(each)
    return task


def _zone() -> Timezone:
    """A VCALENDAR needs a component (RFC 5545 §3.6); this one is right for any reader."""
    standard = TimezoneStandard()
    standard.add("DTSTART", datetime(1970, 1, 1))
    standard.add("TZOFFSETFROM", timedelta())
    standard.add("TZOFFSETTO", timedelta())
    standard.add("TZNAME", "UTC")
    zone = Timezone()
    zone.add("TZID", "Etc/UTC")
    zone.add_component(standard)
    return zone


def _event(reminder: Reminder, details: Details, alarm: timedelta | None) -> Event:
    stamped = reminder.stamped or reminder.modified or reminder.start
    summary = Text(shown_title(reminder, details))
    identity = legal(reminder.id)
    event = Event()
    event.add("UID", Text(f"{identity}@calsync"))
    event.add("DTSTAMP", _utc(stamped))
    event.add("LAST-MODIFIED", _utc(reminder.modified or stamped))
    event.add("SEQUENCE", reminder.sequence)
    event.add("DTSTART", _utc(reminder.start))
    if reminder.end > reminder.start:
        event.add("DTEND", _utc(reminder.end))
    event.add("SUMMARY", summary)
    if details == "full":
        if description := legal(reminder.description, lines=True):
            event.add("DESCRIPTION", Text(description))
        if url := web_address(reminder.url):
            event.add("URL", vUri(url))
    if details != "busy":
        event.add("CATEGORIES", "Follow-up")
    event.add("TRANSP", "TRANSPARENT")
    event.add("X-CALSYNC-ID", Text(identity))
    # A property without a value is an error to libical.
    if details != "busy" and (rule := legal(reminder.rule)):
        event.add("X-CALSYNC-RULE", Text(rule))
    if details == "full" and (meeting := legal(reminder.meeting)):
        event.add("X-CALSYNC-MEETING", Text(meeting))
    if alarm is not None and not reminder.done:
        event.add_component(_alarm(alarm, summary))
    return event


def _alarm(before: timedelta, summary: Text) -> Alarm:
    alarm = Alarm()
    alarm.add("ACTION", "DISPLAY")
    alarm.add("DESCRIPTION", summary)
    # icalendar writes no time at all as P0D, which some clients do not take for "at the start".
    alarm.add("TRIGGER", vDuration(-before) if before else vInline("PT0S"))
    return alarm


def _attention_event(attention: Attention, details: Details) -> Event:
    event = Event()
    event.add("UID", f"{ATTENTION}@calsync")
    # Its day has begun whenever it is written; a stamp in the time to come would be a lie.
    stamp = _utc(attention.at.replace(hour=0, minute=0))
    event.add("DTSTAMP", stamp)
    event.add("LAST-MODIFIED", stamp)
    # It comes and goes under one UID for ever, so its SEQUENCE has to rise by itself.
    event.add("SEQUENCE", int(attention.at.timestamp()) // 60)
    event.add("DTSTART", _utc(attention.at))
    event.add("DTEND", _utc(attention.at + timedelta(minutes=15)))
    event.add("SUMMARY", "calsync needs attention")
    if details == "full" and (message := legal(attention.message, lines=True)):
        event.add("DESCRIPTION", Text(message))
    event.add("TRANSP", "TRANSPARENT")
    event.add("X-CALSYNC-ID", Text(ATTENTION))
    return event


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    return value.astimezone(UTC)
