"""Small calendars for the tests of sources, and a reader that takes them whole."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from calsync.model import Event, Skipped
from calsync.sources.base import Found, Reading, Same, Seen
from calsync.sources.ics import IcsSource

HOME = "Europe/London"
DATA = Path(__file__).parents[1] / "data"


def vevent(*lines: str, uid: str = "one@acme.example", start: str = "DTSTART:20260310T100000Z") -> str:
    head = [f"UID:{uid}"] if uid else []
    return "\r\n".join(["BEGIN:VEVENT", *head, *([start] if start else []), *lines, "END:VEVENT"])


def calendar(*events: str, head: str = "") -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", *([head] if head else []), *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


class Taken:
    """A reading, iterated over, with what it yielded sorted by kind."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.items = list(reading)
        self.found = [item for item in self.items if isinstance(item, Found)]
        self.events = [item.event for item in self.found]
        self.same = [item for item in self.items if isinstance(item, Same)]
        self.skipped = [item for item in self.items if isinstance(item, Skipped)]

    @property
    def seen(self) -> Seen:
        digests = {item.digest for item in self.found} | {item.digest for item in self.same}
        return Seen(self.reading.validator, self.reading.context, digests)


def take(path: Path, *, home: str = HOME, since: datetime | None = None, seen: Seen | None = None) -> Taken:
    return Taken(IcsSource("work", path=path, home=home, since=since).read(seen or Seen()))


def taken_from(folder: Path, content: bytes, **options: object) -> Taken:
    file = folder / "calendar.ics"
    file.write_bytes(content)
    return take(file, **options)  # type: ignore[arg-type]


def only(folder: Path, *lines: str, head: str = "", **options: str) -> Event:
    """The one event that a calendar with one VEVENT of these lines yields."""
    taken = taken_from(folder, calendar(vevent(*lines, **options), head=head))
    assert taken.skipped == []
    (event,) = taken.events
    return event
