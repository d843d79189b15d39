"""A small world for tests of whole nights: a folder with a config, calendars and a feed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from calsync.asking.agenda import Entry, entries
from calsync.asking.answers import carry_out
from calsync.asking.explain import PersonTold, people_meant, tell_person
from calsync.config import Config, load
from calsync.ledger.ledger import Ledger
from calsync.night.desk import Desk
from calsync.outputs.base import Mark
from calsync.outputs.feed import read_marks
from calsync.report import Report
from calsync.sync import desk_of, sync

ME = "sam@northwind.example"


def at(text: str) -> datetime:
    """``2026-03-10 18:00`` in UTC, or any ISO 8601 time with an offset."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else datetime.fromisoformat(f"{text}+00:00")


@dataclass
class Ev:
    """One VEVENT. ``guests`` are addresses, or (address, PARTSTAT), or whole ATTENDEE lines."""

    uid: str
    start: str
    guests: Sequence[object] = ()
    minutes: int = 30
    title: str = "Meeting"
    organizer: str | None = ME
    mine: str | None = None
    extra: Sequence[str] = ()
    zone: str = ""
    all_day: bool = False

    def lines(self) -> list[str]:
        lines = ["BEGIN:VEVENT", f"UID:{self.uid}", "DTSTAMP:20260101T000000Z", f"SUMMARY:{self.title}"]
        if self.all_day:
            lines.append(f"DTSTART;VALUE=DATE:{self.start.replace('-', '')}")
        else:
            start = datetime.fromisoformat(self.start)
            end = start + timedelta(minutes=self.minutes)
            zone = f";TZID={self.zone}" if self.zone else ""
            z = "" if self.zone else "Z"
            lines.append(f"DTSTART{zone}:{start:%Y%m%dT%H%M%S}{z}")
            lines.append(f"DTEND{zone}:{end:%Y%m%dT%H%M%S}{z}")
        if self.organizer:
            lines.append(f"ORGANIZER:mailto:{self.organizer}")
        if self.mine:
            lines.append(f"ATTENDEE;PARTSTAT={self.mine}:mailto:{ME}")
        for guest in self.guests:
            if isinstance(guest, tuple):
                lines.append(f"ATTENDEE;PARTSTAT={guest[1]}:mailto:{guest[0]}")
            elif isinstance(guest, str) and guest.startswith("ATTENDEE"):
                lines.append(guest)
            else:
                lines.append(f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{guest}")
        return [*lines, *self.extra, "END:VEVENT"]


def calendar(events: Sequence[Ev], *, header: Sequence[str] = ()) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//EN", *header]
    for event in events:
        lines += event.lines()
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


@dataclass
class World:
    """Runs nights in a folder. ``sections`` are lines of TOML by table name."""

    folder: Path
    zone: str = "Europe/London"
    sections: dict[str, str] = field(default_factory=dict)
    sources: Sequence[tuple[str, str]] = (("work", "work"),)
    outputs: str = '[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\n'
    top: str = ""

    @property
    def feed_path(self) -> Path:
        return self.folder / "followups.ics"

    def config(self) -> Config:
        me = self.sections.get("me", "")
        text = [f'ledger = "ledger.db"\n{self.top}\n[me]\nname = "Sam Lee"\nemails = ["{ME}"]']
        text.append(f'timezone = "{self.zone}"\n{me}')
        for name, relationship in self.sources:
            text.append(f'[[source]]\nname = "{name}"\ntype = "ics"\npath = "{name}.ics"')
            text.append(f'relationship = "{relationship}"')
        text.append(self.outputs)
        text += [f"[{name}]\n{lines}" for name, lines in self.sections.items() if name != "me"]
        path = self.folder / "config.toml"
        path.write_text("\n".join(text), encoding="utf-8")
        return load(path)

    def put(self, *events: Ev, source: str = "work", header: Sequence[str] = ()) -> None:
        (self.folder / f"{source}.ics").write_bytes(calendar(events, header=header))

    def sync(self, now: str, *, allow: int | None = None, dry_run: bool = False) -> Report:
        return sync(self.config(), at(now), allow=allow, dry_run=dry_run)

    def ledger(self) -> Ledger:
        return Ledger(self.config().ledger)

    def desk(self, ledger: Ledger, now: str) -> Desk:
        return desk_of(self.config(), ledger, at(now))

    def agenda(self, now: str, *, everything: bool = False, days: int | None = None) -> list[Entry]:
        with self.ledger() as ledger:
            return entries(ledger, self.config(), at(now), everything=everything, days=days)

    def why(self, text: str, now: str) -> PersonTold:
        with self.ledger() as ledger:
            desk = self.desk(ledger, now)
            (found,) = people_meant(desk, text)
            return tell_person(desk, found)

    def verdict(self, text: str, now: str) -> str:
        return self.why(text, now).verdict.value

    def feed(self) -> list[Mark]:
        return read_marks(self.feed_path)

    def carry_out(self, ledger: Ledger, now: str) -> Report:
        return carry_out(self.config(), ledger, at(now))

    def open(self, now: str) -> list[tuple[str, str, str]]:
        """(address, step, start in my zone) of all open follow-ups, soonest first."""
        return [
            (e.emails[0], e.followup.step, f"{e.start:%Y-%m-%d %H:%M}" if e.start else "") for e in self.agenda(now)
        ]
