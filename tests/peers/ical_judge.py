"""What the strict ``ical`` package (Home Assistant) makes of a feed.

Runs in a Python of its own. Reads a path per line, answers each with one line of JSON,
as ``libical_judge.c`` does.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path


def verdict(path: str) -> dict[str, object]:
    from ical.calendar_stream import IcsCalendarStream  # type: ignore[import-not-found, unused-ignore]
    from ical.exceptions import CalendarParseError  # type: ignore[import-not-found, unused-ignore]

    try:
        calendar = IcsCalendarStream.calendar_from_ics(Path(path).read_bytes().decode())
    except (CalendarParseError, ValueError) as error:
        detail = getattr(error, "detailed_error", "") or ""
        return {"errors": [f"{error} {detail}"], "events": []}
    events = [
        {
            "uid": event.uid,
            "start": stamp(event.dtstart),
            "end": stamp(event.dtend or event.dtstart),
            "summary": event.summary or "",
            "description": event.description or "",
        }
        for event in calendar.events
    ]
    return {"errors": [], "events": events}


def stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(verdict(line.rstrip("\n"))), flush=True)
