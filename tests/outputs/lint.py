"""Our own judge of a feed, for what no foreign one catches.

Lines that are too long, bare line feeds, doubled UIDs, ends before starts and empty
feeds go past every reader we know of, and then some big calendar drops the whole feed in
silence. It shares no code with what it judges.
"""

from __future__ import annotations

import re

ILLEGAL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
FORBIDDEN = (b"METHOD", b"ATTENDEE", b"ORGANIZER")
NEEDED = (
    b"UID",
    b"DTSTAMP",
    b"DTSTART",
    b"LAST-MODIFIED",
    b"SEQUENCE",
    b"SUMMARY",
    b"TRANSP",
    b"X-CALSYNC-ID",
)


def problems(feed: bytes) -> list[str]:
    """All that is wrong with a feed, in words; nothing is wrong with a good one."""
    return [*_of_the_bytes(feed), *_of_the_properties(feed)]


def _of_the_bytes(feed: bytes) -> list[str]:
    found = []
    if not feed.endswith(b"\r\n"):
        found.append("no line end at the end")
    if re.search(rb"(?<!\r)\n", feed) or re.search(rb"\r(?!\n)", feed):
        found.append("bare line end")
    for line in feed.split(b"\r\n"):
        if len(line) > 75:
            found.append(f"line of {len(line)} octets")
        if ILLEGAL.search(line.replace(b"\n", b"").replace(b"\r", b"")):
            found.append("control character")
        try:
            line.decode()
        except UnicodeDecodeError:
            found.append("line that is not UTF-8 by itself")
    return found


def _of_the_properties(feed: bytes) -> list[str]:
    found: list[str] = []
    lines = re.sub(rb"\r?\n[ \t]", b"", feed).splitlines()
    stack: list[bytes] = []
    components = 0
    uids: list[bytes] = []
    event: dict[bytes, bytes] = {}
    for line in lines:
        name, _, value = line.partition(b":")
        name = name.partition(b";")[0].upper()
        if name == b"BEGIN":
            components += value == b"VEVENT" or value == b"VTIMEZONE"
            stack.append(value)
            if value == b"VEVENT":
                event = {}
            continue
        if name == b"END":
            if not stack or stack.pop() != value:
                return [*found, "BEGIN and END do not match"]
            if value == b"VEVENT":
                found += _of_an_event(event)
                uids.append(event.get(b"UID", b""))
            continue
        if name in FORBIDDEN:
            found.append(f"{name.decode()} present")
        if stack == [b"VCALENDAR"] and name == b"UID":
            found.append("UID of the calendar present")
        if stack == [b"VCALENDAR", b"VEVENT"]:
            event[name] = value
    if stack:
        found.append("BEGIN and END do not match")
    if not components:
        found.append("empty calendar")
    if len(set(uids)) != len(uids):
        found.append("doubled UID")
    return found


def _of_an_event(event: dict[bytes, bytes]) -> list[str]:
    found = [f"{name.decode()} missing" for name in NEEDED if name not in event]
    for name in (b"DTSTART", b"DTEND", b"DTSTAMP", b"LAST-MODIFIED"):
        if name in event and not re.fullmatch(rb"\d{8}T\d{6}Z", event[name]):
            found.append(f"{name.decode()} is not in UTC")
    if b"DTEND" in event and event[b"DTEND"] < event.get(b"DTSTART", b""):
        found.append("DTEND before DTSTART")
    return found
