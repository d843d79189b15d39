"""What the ``icalendar`` package makes of a feed; answers as ``libical_judge.c`` does."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def verdict(path: str) -> dict[str, object]:
    import icalendar

    try:
        calendar = icalendar.Calendar.from_ical(Path(path).read_bytes())
    except ValueError as error:
        return {"errors": [str(error)], "events": []}
    components = calendar.walk()
    errors = [f"{name}: {error}" for component in components for name, error in component.errors]
    if errors:
        return {"errors": errors, "events": []}
    events: list[Any] = calendar.walk("VEVENT")
    return {
        "errors": [],
        "events": [
            {
                "uid": str(event["UID"]),
                "start": stamp(event.decoded("DTSTART")),
                "end": stamp(event.decoded("DTEND", event.decoded("DTSTART"))),
                "summary": str(event.get("SUMMARY", "")),
                "description": str(event.get("DESCRIPTION", "")),
            }
            for event in events
        ],
    }


def stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(verdict(line.rstrip("\n"))), flush=True)
