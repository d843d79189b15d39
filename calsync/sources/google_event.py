"""One event as Google Calendar tells it, read for the few things that calsync needs.

Google says in plain words what iCalendar hides in parameters. What it does not say is who *I* am:
``self`` marks the calendar that an event was read from, which is me in my own one alone.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

from calsync.model import Answer, Attendee, Event, Skipped
from calsync.sources.named import address_in
from calsync.sources.values import one_line
from calsync.sources.vevent import (
    BACKWARDS,
    BAD_END,
    BAD_RECURRENCE_ID,
    BAD_START,
    LONGEST_PLACE,
    LONGEST_TEXT,
    LONGEST_TITLE,
    LONGEST_URL,
    NO_START,
    OUT_OF_RANGE,
    OWN,
    UNREADABLE,
)
from calsync.sources.wording import conference_link, online_place, tags, web_address
from calsync.sources.written import day_stamp, utc_stamp
from calsync.timing.zones import resolve
from calsync.timing.zones import tzinfo as clock_of

Json = Mapping[str, Any]

READER = "google 1"
"""Changes whenever the same answer would be read to another event than before."""

FIELDS = (
    "iCalUID,status,summary,location,description,start,end,originalStartTime,created,"
    "attendees(email,displayName,organizer,self,resource,responseStatus),attendeesOmitted,"
    "organizer(email,displayName,self),creator(email,displayName,self),visibility,transparency,eventType,"
    "hangoutLink,conferenceData/entryPoints(entryPointType,uri),htmlLink,extendedProperties/private"
)
"""What is asked of each event, as a ``fields`` mask: all that decides what it means to calsync."""

_ANSWERS = {"accepted": Answer.ACCEPTED, "tentative": Answer.TENTATIVE, "declined": Answer.DECLINED}
_CALENDAR = ".calendar.google.com"
_PLACEHOLDER = "unknownorganizer@calendar.google.com"
_MARKUP = re.compile(r"</?[a-zA-Z][^<>]*>")


def digest_of(item: Json, *circumstances: str) -> bytes:
    """8 bytes that change with everything that gives an event its meaning: what was asked of it."""
    text = json.dumps((READER, circumstances, item), sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=8).digest()


def event_of(item: Json, *, home: tzinfo, me: str = "") -> Event | Skipped:
    """The event in an item of Google's list, one occurrence of a series included.

    ``home`` is the user's zone, in which days begin; ``me`` is the user's address where the list
    is that of their own calendar, else empty. Never raises, whatever the item holds.
    """
    uid = str(item.get("iCalUID", ""))
    try:
        private = (item.get("extendedProperties") or {}).get("private") or {}
        if "calsync" in private or uid.lower().endswith("@calsync"):
            return Skipped(OWN, uid)
        return _event(item, uid, home, me)
    except OverflowError:
        return Skipped(OUT_OF_RANGE, uid)
    except (ValueError, TypeError, AttributeError, LookupError):
        return Skipped(UNREADABLE, uid)


def _event(item: Json, uid: str, home: tzinfo, me: str) -> Event | Skipped:
    if not item.get("start"):
        return Skipped(NO_START, uid)
    try:
        start, all_day, zone = _time(item["start"], home)
    except ValueError:
        return Skipped(BAD_START, uid)
    try:
        end, _, _ = _time(item.get("end") or item["start"], home)
    except ValueError:
        return Skipped(BAD_END, uid)
    if end < start:
        return Skipped(BACKWARDS, uid)
    if all_day and end == start:
        end = _midnight(start.date() + timedelta(days=1), home)
    recurrence_id = ""
    if item.get("originalStartTime"):
        try:
            original, as_day, _ = _time(item["originalStartTime"], home)
        except ValueError:
            return Skipped(BAD_RECURRENCE_ID, uid)
        recurrence_id = day_stamp(original) if as_day else utc_stamp(original)
    title = str(item.get("summary") or "")
    place = str(item.get("location") or "")
    description = str(item.get("description") or "")[:LONGEST_TEXT]
    link, online = _online(item, place, description)
    return Event(
        uid or _invented(item),
        recurrence_id,
        start,
        end,
        all_day,
        one_line(title)[:LONGEST_TITLE],
        one_line(place.strip().partition("\n")[0])[:LONGEST_PLACE],
        (web_address(str(item.get("htmlLink") or "")) or link)[:LONGEST_URL],
        online,
        item.get("status") == "cancelled",
        item.get("transparency") != "transparent",
        item.get("visibility") in ("private", "confidential"),
        tags(title, html.unescape(_MARKUP.sub(" ", description))) if "#" in title or "#" in description else (),
        _organizer(item, me),
        tuple(_attendee(each, me) for each in item.get("attendees") or ()),
        bool(item.get("attendeesOmitted")),
        str(item.get("eventType") or "default"),
        zone,
        _created(item),
    )


def _time(written: Json, home: tzinfo) -> tuple[datetime, bool, str]:
    """A moment in the zone in which it was written, whether it is a day, and the zone's IANA key."""
    if written.get("date"):
        return _midnight(date.fromisoformat(str(written["date"])), home), True, ""
    moment = datetime.fromisoformat(str(written["dateTime"]))
    if not 1 < moment.year < 9999:
        raise OverflowError
    zone = resolve(str(written.get("timeZone") or ""), {}) or ""
    clock = clock_of(zone) if zone else home
    moment = moment.replace(tzinfo=clock) if moment.tzinfo is None else moment.astimezone(clock if zone else UTC)
    return moment, False, "" if zone == "UTC" else zone


def _midnight(day: date, home: tzinfo) -> datetime:
    if not 1 < day.year < 9999:
        raise OverflowError
    return datetime(day.year, day.month, day.day, tzinfo=home)


def _attendee(entry: Json, me: str) -> Attendee:
    address = me if me and entry.get("self") else address_in(str(entry.get("email") or ""))
    return Attendee(
        address,
        " ".join(str(entry.get("displayName") or "").split()),
        _ANSWERS.get(str(entry.get("responseStatus")), Answer.NONE),
        "resource" if entry.get("resource") else "individual",
    )


def _organizer(item: Json, me: str) -> Attendee | None:
    """Who called the meeting. For an event of a shared or a second calendar Google names that
    calendar, and who really made it as the creator."""
    named = item.get("organizer")
    if not named:
        return None
    address = str(named.get("email") or "").lower()
    is_calendar = address.endswith(_CALENDAR) and address != _PLACEHOLDER
    return _attendee(item["creator"] if is_calendar and item.get("creator") else named, me)


def _online(item: Json, place: str, description: str) -> tuple[str, bool]:
    """The link to join by (may be empty), and whether the meeting can be joined online."""
    entries = (item.get("conferenceData") or {}).get("entryPoints") or ()
    rooms = [str(each.get("uri") or "") for each in entries if each.get("entryPointType") == "video"]
    rooms += [str(item.get("hangoutLink") or ""), conference_link(place, html.unescape(description))]
    link = next((room for room in rooms if room), "")
    if not link and place and online_place(place):
        return web_address(place), True
    return link, bool(link)


def _created(item: Json) -> datetime | None:
    try:
        return datetime.fromisoformat(str(item.get("created"))).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _invented(item: Json) -> str:
    return digest_of({key: item.get(key) for key in ("start", "end", "summary")}).hex() + "-without-uid"
