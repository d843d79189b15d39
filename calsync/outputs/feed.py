"""The .ics feed: reminders as a file that any calendar app can subscribe to.

Calendar apps are fussy in silence. One badly folded line and a big one drops the whole
feed; one missing stamp and it skips the edit; one stamp that moves by itself and it
downloads everything anew. So the feed holds few properties, all times in UTC, and its
bytes are a function of the reminders alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from calsync import files
from calsync.errors import CalsyncError, OutputError
from calsync.model import Reminder
from calsync.outputs.base import Mark, Written
from calsync.outputs.icalendar_text import duration, folded, moment, text, uri

if TYPE_CHECKING:
    from icalendar import Component

Details = Literal["full", "names", "busy"]

PRODID = "-//calsync//Follow-ups//EN"
KEPT = timedelta(days=30)

_MARK = b"\nPRODID:-//calsync//"
_ATTENTION = "attention"
_BLOCK = re.compile(rb"BEGIN:VEVENT\r\nUID:(.*?)\r\nDTSTAMP.*?\r\nEND:VEVENT\r\n", re.DOTALL)


class Attention(NamedTuple):
    """Something is wrong and nobody looks at the terminal: shown as an event.

    ``at`` is where in time it stands, and its stamp: the same trouble with the same
    ``at`` is the same bytes. ``message`` (what is wrong, and the next step) appears at
    full detail only, for it may name files, people and meetings.
    """

    message: str
    at: datetime


@dataclass(frozen=True, slots=True)
class FeedOutput:
    """An iCalendar file that is replaced whole, and only when it has to be."""

    name: str
    path: Path
    details: Details = "full"
    alarm: timedelta | None = None
    calendar_name: str = "Follow-ups"
    attention: Attention | None = None

    def write(self, reminders: Sequence[Reminder], now: datetime) -> Written:
        """Make the feed hold ``reminders``, those apart that ended over 30 days before
        ``now``. Where nothing is different, the file's bytes and time stamp stay.

        Raises :class:`~calsync.errors.OutputError` where the file cannot be replaced, or
        is not a feed of calsync's.
        """
        old = files.content(self.path) or b""
        if old and not is_ours(old):
            raise OutputError(
                f"{self.path}: the file there is no feed of calsync's, "
                "and calsync never touches what it did not make",
                f"Move that file away, or give output {self.name} another path.",
            )
        kept = [reminder for reminder in reminders if reminder.end >= now - KEPT]
        new = render(
            kept,
            details=self.details,
            alarm=self.alarm,
            calendar_name=self.calendar_name,
            attention=self.attention,
        )
        files.write_if_different(self.path, new)
        return _difference(old, new)


def render(
    reminders: Sequence[Reminder],
    *,
    details: Details = "full",
    alarm: timedelta | None = None,
    calendar_name: str = "Follow-ups",
    attention: Attention | None = None,
) -> bytes:
    """The feed as bytes, the same for the same reminders in any order.

    ``alarm`` is how long before the start an alarm sounds; zero is at the start, None is
    no alarm. ``details``: full; names (people and step); busy (that there is a follow-up).
    Raises ValueError for a time without zone and for two reminders with one id.
    """
    ids = {reminder.id for reminder in reminders}
    if len(ids) != len(reminders):
        raise ValueError("two reminders with one id in a feed")
    return folded(_calendar(reminders, details, alarm, calendar_name, attention))


def is_ours(content: bytes) -> bool:
    """Whether these bytes begin as a feed that calsync made, torn ones included."""
    return content.startswith(b"BEGIN:VCALENDAR") and _MARK in content[:1000]


def read_marks(path: Path) -> list[Mark]:
    """The reminders in a feed of calsync's, by their marks, in order of start: what is
    left to adopt when the ledger is lost.

    A missing, torn, unreadable or foreign file holds none.
    """
    try:
        content = files.content(path) or b""
    except CalsyncError:
        return []
    if not is_ours(content) or not content.rstrip().endswith(b"END:VCALENDAR"):
        return []
    import icalendar

    try:
        calendar = icalendar.Calendar.from_ical(content)
    except ValueError:
        return []
    marks = [mark for event in calendar.walk("VEVENT") if (mark := _mark(event)) is not None]
    return sorted(marks, key=lambda mark: (mark.start, mark.id))


def _calendar(
    reminders: Sequence[Reminder],
    details: Details,
    alarm: timedelta | None,
    calendar_name: str,
    attention: Attention | None,
) -> Iterator[str]:
    name = text(calendar_name) or "Follow-ups"
    yield "BEGIN:VCALENDAR"
    yield "VERSION:2.0"
    yield f"PRODID:{PRODID}"
    yield "CALSCALE:GREGORIAN"
    yield f"NAME:{name}"
    yield f"X-WR-CALNAME:{name}"
    yield "COLOR:teal"
    yield "REFRESH-INTERVAL;VALUE=DURATION:PT1H"
    yield "X-PUBLISHED-TTL:PT1H"
    if not reminders and attention is None:
        yield from _ZONE
    if attention is not None:
        yield from _attention_event(attention, details)
    for reminder in sorted(reminders, key=lambda reminder: (reminder.start, reminder.id)):
        yield from _event(reminder, details, alarm)
    yield "END:VCALENDAR"


# A VCALENDAR needs a component (RFC 5545 §3.6). This one is right for any reader.
_ZONE = (
    "BEGIN:VTIMEZONE",
    "TZID:Etc/UTC",
    "BEGIN:STANDARD",
    "DTSTART:19700101T000000",
    "TZOFFSETFROM:+0000",
    "TZOFFSETTO:+0000",
    "TZNAME:UTC",
    "END:STANDARD",
    "END:VTIMEZONE",
)


def _event(reminder: Reminder, details: Details, alarm: timedelta | None) -> Iterator[str]:
    stamped = reminder.stamped or reminder.modified or reminder.start
    summary = _summary(reminder, details)
    yield "BEGIN:VEVENT"
    yield f"UID:{text(reminder.id)}@calsync"
    yield f"DTSTAMP:{moment(stamped)}"
    yield f"LAST-MODIFIED:{moment(reminder.modified or stamped)}"
    yield f"SEQUENCE:{reminder.sequence}"
    yield f"DTSTART:{moment(reminder.start)}"
    if reminder.end > reminder.start:
        yield f"DTEND:{moment(reminder.end)}"
    yield f"SUMMARY:{summary}"
    if details == "full":
        if description := text(reminder.description, lines=True):
            yield f"DESCRIPTION:{description}"
        if url := uri(reminder.url):
            yield f"URL:{url}"
    if details != "busy":
        yield "CATEGORIES:Follow-up"
    yield "TRANSP:TRANSPARENT"
    yield f"X-CALSYNC-ID:{text(reminder.id)}"
    # A property without a value is an error to libical.
    if details != "busy" and (rule := text(reminder.rule)):
        yield f"X-CALSYNC-RULE:{rule}"
    if details == "full" and (meeting := text(reminder.meeting)):
        yield f"X-CALSYNC-MEETING:{meeting}"
    if alarm is not None and not reminder.done:
        yield "BEGIN:VALARM"
        yield "ACTION:DISPLAY"
        yield f"DESCRIPTION:{summary}"
        yield f"TRIGGER:{duration(-alarm)}"
        yield "END:VALARM"
    yield "END:VEVENT"


def _summary(reminder: Reminder, details: Details) -> str:
    if details == "busy":
        return "Follow-up"
    if details == "names":
        tick = "✓ " if reminder.done else ""
        people = ", ".join(reminder.names)
        shown = f"{tick}{people}: {reminder.step}" if people else f"{tick}{reminder.step}"
    else:
        shown = reminder.title
    return text(shown) or "Follow-up"


def _attention_event(attention: Attention, details: Details) -> Iterator[str]:
    at = moment(attention.at)
    yield "BEGIN:VEVENT"
    yield f"UID:{_ATTENTION}@calsync"
    yield f"DTSTAMP:{at}"
    yield f"LAST-MODIFIED:{at}"
    # It comes and goes under one UID for ever, so its SEQUENCE has to rise by itself.
    yield f"SEQUENCE:{int(attention.at.timestamp()) // 60}"
    yield f"DTSTART:{at}"
    yield f"DTEND:{moment(attention.at + timedelta(minutes=15))}"
    yield "SUMMARY:calsync needs attention"
    if details == "full" and (message := text(attention.message, lines=True)):
        yield f"DESCRIPTION:{message}"
    yield "TRANSP:TRANSPARENT"
    yield f"X-CALSYNC-ID:{_ATTENTION}"
    yield "END:VEVENT"


def _difference(old: bytes, new: bytes) -> Written:
    """What the step from one feed to another means, in reminders."""
    before, after = _blocks(old), _blocks(new)
    unchanged = sum(before.get(uid) == block for uid, block in after.items())
    created = len(after.keys() - before.keys())
    return Written(
        created=created,
        changed=len(after) - created - unchanged,
        removed=len(before.keys() - after.keys()),
        unchanged=unchanged,
    )


def _blocks(feed: bytes) -> dict[bytes, bytes]:
    blocks = {match[1]: match[0] for match in _BLOCK.finditer(feed)}
    blocks.pop(f"{_ATTENTION}@calsync".encode(), None)
    return blocks


def _mark(event: Component) -> Mark | None:
    identity = str(event.get("X-CALSYNC-ID", ""))
    if not identity or identity == _ATTENTION:
        return None
    try:
        start = _utc(event, "DTSTART")
        stamped = _utc(event, "DTSTAMP")
        title = str(event.get("SUMMARY", ""))
        return Mark(
            id=identity,
            rule=str(event.get("X-CALSYNC-RULE", "")),
            meeting=str(event.get("X-CALSYNC-MEETING", "")),
            start=start,
            end=_utc(event, "DTEND") if "DTEND" in event else start,
            sequence=int(event.get("SEQUENCE", 0)),
            stamped=stamped,
            modified=_utc(event, "LAST-MODIFIED") if "LAST-MODIFIED" in event else stamped,
            title=title,
            done=title.startswith("✓"),
        )
    except (KeyError, TypeError, ValueError):
        return None  # not as we wrote it, so not ours to adopt


def _utc(event: Component, name: str) -> datetime:
    value = event.decoded(name)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(name)
    return value.astimezone(UTC)
