"""One VEVENT, read for the few properties that calsync needs (RFC 5545 §3.6.1).

A full iCalendar parser builds every value of every line; on a calendar of many years that
is a minute and a half. This reads one event in microseconds, and says of each that it
cannot use why not.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from calsync.model import Event, Skipped
from calsync.sources import habits
from calsync.sources.named import attendee_of
from calsync.sources.properties import MEETING_LINKS, Line, Properties, properties_of
from calsync.sources.series import recurrence_of
from calsync.sources.values import one_line, text_of
from calsync.sources.wording import conference_link, online_place, tags, web_address
from calsync.sources.written import Clock, Written, day_stamp, later, utc_stamp
from calsync.timing.recurrence import last_possible_end, problem

LONGEST_TEXT = 1 << 16
LONGEST_TITLE = 1000
LONGEST_PLACE = 200
LONGEST_URL = 2000

OWN = "calsync's own reminder"
NO_START = "it has no start"
BAD_START = "its start is unreadable"
BAD_END = "its end is unreadable"
BACKWARDS = "it ends before it starts"
BAD_RECURRENCE_ID = "its RECURRENCE-ID is unreadable"
OUT_OF_RANGE = "its dates are out of range"
UNREADABLE = "it is unreadable"

UNKNOWN_ZONE = "an unknown time zone was read as the calendar's or yours"
THIS_AND_FUTURE = "a change to all later occurrences was read as one to a single occurrence"


class Older(NamedTuple):
    """An event that ended before the time from which events are wanted."""


_NONE: Line = ("", "")
_PRIVATE = ("PRIVATE", "CONFIDENTIAL")


def event_of(
    lines: bytes,
    clock: Clock,
    *,
    called_off: bool = False,
    since: datetime | None = None,
    note: Callable[[str], None] = lambda reason: None,
) -> Event | Skipped | Older:
    """The event in the unfolded ``lines`` of a VEVENT, without its BEGIN and END.

    ``called_off``: the calendar's METHOD is CANCEL. A single event that ended before
    ``since``, and a series that can no longer recur after it, is Older. ``note`` is told
    what made no sense in an event that is used all the same. ``Skipped.where`` is the
    UID, or empty. Never raises, whatever the bytes.
    """
    found = properties_of(habits.bytes_of_windows(lines))
    uid = text_of(found.one["UID"][1]).strip() if "UID" in found.one else ""
    if "X-CALSYNC-ID" in found.one or uid.lower().endswith("@calsync"):
        return Skipped(OWN, uid)
    try:
        return _event(found, uid, clock, called_off, since, note)
    except OverflowError:
        return Skipped(OUT_OF_RANGE, uid)
    except (ValueError, ArithmeticError, LookupError):
        return Skipped(UNREADABLE, uid)


def _event(
    found: Properties,
    uid: str,
    clock: Clock,
    called_off: bool,
    since: datetime | None,
    note: Callable[[str], None],
) -> Event | Skipped | Older:
    one = found.one
    if "DTSTART" not in one:
        return Skipped(NO_START, uid)
    try:
        start = clock.read(*one["DTSTART"])
    except ValueError:
        return Skipped(BAD_START, uid)
    try:
        end = _end(one, start, clock)
    except ValueError:
        return Skipped(BAD_END, uid)
    if end < start.moment:
        return Skipped(BACKWARDS, uid)
    begin, all_day, zone = start.moment, start.is_date, start.zone
    outlook = not habits.OUTLOOK.isdisjoint(one)
    flagged = outlook and not all_day and habits.all_day_by_flag(one, begin, end)
    if flagged:
        begin, end, all_day, zone = clock.midnight(begin), clock.midnight(end), True, ""

    repeats = "RRULE" in found.many or "RDATE" in found.many
    recurrence_id = ""
    if "RECURRENCE-ID" in one:
        repeats = False
        try:
            original = clock.read(*one["RECURRENCE-ID"])
        except ValueError:
            return Skipped(BAD_RECURRENCE_ID, uid)
        as_day = original.is_date or (flagged and original.moment.time() == datetime.min.time())
        recurrence_id = day_stamp(original.moment) if as_day else utc_stamp(original.moment)
        if since and end < since and original.moment < since:
            return Older()
        if "THISANDFUTURE" in one["RECURRENCE-ID"][0].upper():
            note(THIS_AND_FUTURE)
    elif since and end < since and not repeats:
        return Older()

    summary, location, description = _texts(one)
    title = one_line(summary)[:LONGEST_TITLE]
    link, online = _online(found, location, description)
    organizer = attendee_of(found.organizer) if found.organizer else None
    attendees = tuple([attendee_of(line) for line in found.attendees])
    cancelled = called_off or found.word("STATUS") == "CANCELLED"
    opaque = found.word("TRANSP") != "TRANSPARENT"
    away = False
    if outlook:
        cancelled = cancelled or habits.called_off_in_title(one, title)
        opaque = opaque and not habits.free_in_outlook(one)
        away = habits.out_of_office_in_outlook(one, bool(organizer or attendees))
    event = Event(
        uid or habits.invented_uid(begin, end, title, organizer.address if organizer else ""),
        recurrence_id,
        begin,
        end,
        all_day,
        title,
        one_line(location.strip().partition("\n")[0])[:LONGEST_PLACE] if location else "",
        (_url(one) if "URL" in one else "") or link,
        online,
        cancelled,
        opaque,
        found.word("CLASS") in _PRIVATE,
        tags(summary, description) if "#" in summary or "#" in description else (),
        organizer,
        attendees,
        kind="outOfOffice" if away else "default",
        zone=zone,
        created=_created(one, clock) if "CREATED" in one else None,
    )
    if start.unknown:
        note(UNKNOWN_ZONE)
    if repeats:
        event.recurrence = recurrence_of(found, event, clock, note)
        trouble = problem(event)
        if trouble:
            note(trouble)
        if since and end < since:
            last = last_possible_end(event, ())
            if last is not None and last < since:
                return Older()
    return event


def _end(one: dict[str, Line], start: Written, clock: Clock) -> datetime:
    """The exclusive end: DTEND, else DURATION; else a DATE lasts one day, and a time none
    (RFC 5545 §3.6.1). A day is at least one day long: some write its end as its start."""
    if "DTEND" in one:
        end = clock.read(*one["DTEND"])
        if not start.is_date:
            return habits.end_without_zone(start, end)
        days = 0 if end.is_date or end.moment.time() == datetime.min.time() else 1
        last = clock.midnight(end.moment, days)
        return clock.midnight(start.moment, 1) if last == start.moment else last
    if "DURATION" in one:
        moment = later(start.moment, one["DURATION"][1])
        if not start.is_date or moment < start.moment:
            return moment
        days = (moment.date() - start.moment.date()).days + (moment.time() != datetime.min.time())
        return clock.midnight(start.moment, max(1, days))
    return clock.midnight(start.moment, 1) if start.is_date else start.moment


def _texts(one: dict[str, Line]) -> tuple[str, str, str]:
    """Title, place and description; the last is empty where it holds neither a tag nor an
    address, for which alone it is read."""
    summary, location, description = (
        one.get("SUMMARY", _NONE),
        one.get("LOCATION", _NONE),
        one.get("DESCRIPTION", _NONE),
    )
    told = _text(*description) if "#" in description[1] or "//" in description[1] or description[0] else ""
    return _text(*summary), _text(*location), told


def _text(parameters: str, value: str) -> str:
    if parameters and "QUOTED" in parameters.upper():
        value = habits.quoted_printable(parameters, value)
    return text_of(value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT])


def _online(found: Properties, location: str, description: str) -> tuple[str, bool]:
    """The link to join by (may be empty), and whether the meeting can be joined online."""
    if "CONFERENCE" in found.many or not MEETING_LINKS.isdisjoint(found.one):
        given = [value for name, (_, value) in found.one.items() if name in MEETING_LINKS]
        given += [value for _, value in found.many.get("CONFERENCE", ())]
        for value in given:
            link = web_address(text_of(value))
            if link:
                return link[:LONGEST_URL], True
    page = found.one["URL"][1] if "URL" in found.one else ""
    link = conference_link(location, page, description)
    if not link and location and online_place(location):
        return web_address(location)[:LONGEST_URL], True
    return link[:LONGEST_URL], bool(link)


def _url(one: dict[str, Line]) -> str:
    value = one["URL"][1].strip()
    usable = value[:8].lower().startswith(("http://", "https://")) and len(value) <= LONGEST_URL
    return value if usable and value.isprintable() and " " not in value else ""


def _created(one: dict[str, Line], clock: Clock) -> datetime | None:
    try:
        value = one["CREATED"][1]
        if len(value) == 16 and value[-1] == "Z" and "0001" < value[:4] < "9999":
            return datetime.fromisoformat(value)
        return clock.read(*one["CREATED"]).moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
