"""Large calendars that look like somebody's own, to measure on.

Speed on empty or uniform events says little: what costs is attendees, texts and repeat rules,
and what calsync must find is the few new faces among the many known ones. So the people come
from a long-tailed pool, all but a handful are met early and often enough to be known, and the
share of series, exceptions, refusals and text is that of a busy working calendar. The same
arguments give the same bytes. Run it as ``python bench/generate.py 10000 work.ics``.
"""

from __future__ import annotations

import argparse
import random
import tomllib
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo


class Person(NamedTuple):
    name: str
    address: str


ME = Person("Sam Lee", "sam@northwind.example")
NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
PAST, FUTURE = timedelta(days=4 * 365 - 91), timedelta(days=91)
RECURRING, OVERRIDDEN, EXCLUDED = 0.10, 0.15, 0.30
STILL_KNOWN = timedelta(days=500)  # whoever was not met for longer stays away: calsync reads three years
DAYS = ("MO", "TU", "WE", "TH", "FR")
ANSWERS = ("ACCEPTED", "TENTATIVE", "NEEDS-ACTION", "DECLINED")
FLAWS = ("cancelled", "all-day", "DECLINED", "NEEDS-ACTION")  # why a meeting does not count

with (Path(__file__).parent / "words.toml").open("rb") as words:
    WORDS = tomllib.load(words)


class Shape(NamedTuple):
    """When the events take place, and at which of them somebody new appears."""

    starts: list[date]
    debuts: frozenset[int]


def shape(events: int, now: datetime, pick: random.Random) -> Shape:
    """Spread the events over the working days of four years, and the debuts over the events.

    A first crowd is met in the opening weeks. Later a fortnight brings one new face for every
    four events, at most twelve; the fortnight to come half as many.
    """
    begin, end = (now - PAST).date(), (now + FUTURE).date()
    days = (begin + timedelta(days=n) for n in range((end - begin).days))
    working = [day for day in days if day.weekday() < 5]
    starts = [working[n * len(working) // events] for n in range(events)]
    opening = events * 8 // 100
    debuts = set(pick.sample(range(opening), min(opening, 30 + events // 100)))
    rate = min(12, max(1, events // 104 // 4))
    today = now.date()
    spans = [(today - timedelta(days=14 * n + 13), today - timedelta(days=14 * n)) for n in range(110)]
    spans += [(today + timedelta(days=14 * n + 1), today + timedelta(days=14 * n + 14)) for n in range(7)]
    for first, last in spans:
        low, high = max(opening, bisect_left(starts, first)), bisect_left(starts, last)
        new = rate if last <= today else max(1, rate // 2)
        debuts |= set(pick.sample(range(low, max(low, high)), min(new, max(0, high - low))))
    return Shape(starts, frozenset(debuts))


class Pool:
    """Everybody there is: colleagues, outsiders already met, and outsiders still to come."""

    def __init__(self, pick: random.Random) -> None:
        pairs = [(first, last) for first in WORDS["firsts"].split() for last in WORDS["lasts"].split()]
        pick.shuffle(pairs)
        self._pick = pick
        companies = WORDS["companies"].split()
        self.colleagues = [_person(*names, "northwind.example") for names in pairs[:60]]
        self._strangers = (_person(*names, f"{pick.choice(companies)}.example") for names in pairs[60:])
        self._met: list[Person] = []
        self._last: dict[Person, date] = {}

    def debut(self, day: date) -> Person:
        """Somebody whom nobody has seen before."""
        person = next(self._strangers)
        self._met.append(person)
        self._last[person] = day
        return person

    def known(self, day: date) -> Person | None:
        """Somebody met before and not too long ago; a few of them turn up most of the time."""
        for _ in range(8 if self._met else 0):
            person = self._met[int(len(self._met) * self._pick.random() ** 2.5)]
            if day - self._last[person] < STILL_KNOWN:
                return person
        return None

    def seen(self, person: Person, day: date) -> None:
        """Remember a meeting that counts."""
        if person in self._last:
            self._last[person] = day


def _person(first: str, last: str, domain: str) -> Person:
    plain = f"{first}.{last}".lower().translate(str.maketrans("öøüé", "ooue"))
    return Person(f"{first} {last}", f"{plain}@{domain}")


def entries(events: int, now: datetime = NOW, seed: int = 1) -> Iterator[list[str]]:
    """The content lines of each VEVENT, ordered by day; an exception follows its series."""
    pick = random.Random(f"calsync bench {seed} {events}")
    starts, debuts = shape(events, now, pick)
    pool = Pool(pick)
    number = series = 0
    while number < events:
        day = starts[number]
        newcomer = pool.debut(day) if number in debuts else None
        repeats = newcomer is None and series < RECURRING * (number + 1)
        series += repeats
        number += 1
        event, exception = _event(day, newcomer, repeats, pool, pick)
        yield event
        if exception and number < events and number not in debuts:
            yield exception
            number += 1


def write(path: Path, events: int, now: datetime = NOW, seed: int = 1, changed: int = 0) -> None:
    """Stream a calendar of that many VEVENTs into ``path``.

    With ``changed``, that many of them, spread over the file, have another title or text than
    the same call writes without it; everything else is the same.
    """
    edits = {(2 * n + 1) * events // (2 * changed): n for n in range(changed)}
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Northwind//Bench//EN", "X-WR-TIMEZONE:Europe/London"]
    with path.open("wb") as file:
        file.write(_folded([*head, *WORDS["time_zones"].split()]))
        for number, lines in enumerate(entries(events, now, seed)):
            file.write(_folded(_edited(lines, edits[number]) if number in edits else lines))
        file.write(b"END:VCALENDAR\r\n")


def _event(
    day: date, newcomer: Person | None, repeats: bool, pool: Pool, pick: random.Random
) -> tuple[list[str], list[str]]:
    """One VEVENT, and an exception to it (empty unless it is a series that has one)."""
    zone = pick.choices(("Europe/London", "UTC", "America/New_York", "Europe/Berlin"), (65, 15, 12, 8))[0]
    start = datetime(day.year, day.month, day.day, pick.randrange(8, 18), pick.choice((0, 0, 15, 30, 45)))
    length = timedelta(minutes=pick.choice((15, 30, 30, 30, 45, 60, 60, 90)))
    flaw = "" if newcomer or repeats or pick.random() > 0.06 else pick.choice(FLAWS)
    people = _people(day, newcomer, flaw, pool, pick)
    sent = day - timedelta(days=pick.randrange(2, 30))
    uid = f"{pick.getrandbits(96):024x}@northwind.example"
    head = ["BEGIN:VEVENT", f"UID:{uid}", f"DTSTAMP:{sent:%Y%m%d}T063000Z", f"CREATED:{sent:%Y%m%d}T062900Z"]
    rest = [*_texts(uid, flaw, pick), *people, *_extras(pick), "END:VEVENT"]
    if flaw == "all-day":
        times = [f"DTSTART;VALUE=DATE:{day:%Y%m%d}", f"DTEND;VALUE=DATE:{day + timedelta(days=1):%Y%m%d}"]
        return [*head, *times, *rest], []
    times = [_moment("DTSTART", start, zone), _moment("DTEND", start + length, zone)]
    if not repeats:
        return [*head, *times, *rest], []

    rule, later = _repetition(start, zone, pick)
    moved = later.pop(pick.randrange(len(later))) if len(later) > 1 and pick.random() < OVERRIDDEN else None
    gaps = sorted(pick.sample(later, min(len(later) // 2, 3))) if pick.random() < EXCLUDED else []
    event = [*head, *times, rule, *(_moment("EXDATE", gap, zone) for gap in gaps), *rest]
    if moved is None:
        return event, []
    begins = moved + timedelta(hours=1)
    times = [_moment("DTSTART", begins, zone), _moment("DTEND", begins + length, zone)]
    return event, [*head, _moment("RECURRENCE-ID", moved, zone), *times, *rest]


def _repetition(start: datetime, zone: str, pick: random.Random) -> tuple[str, list[datetime]]:
    """An RRULE, and some of its later occurrences where they are plain to tell."""
    frequency = pick.choices(("WEEKLY", "MONTHLY", "DAILY"), (70, 20, 10))[0]
    times = pick.randrange(3, 11) if frequency == "DAILY" else pick.randrange(4, 27)
    interval = pick.choice((1, 1, 1, 2)) if frequency == "WEEKLY" else 1
    step = timedelta(days=1 if frequency == "DAILY" else 7 * interval)
    later = [start + n * step for n in range(1, times)]
    detail = f";INTERVAL={interval}"
    if frequency == "MONTHLY":
        nth = min((start.day + 6) // 7, 4) if start.day < 29 else -1
        detail, later = f";BYDAY={nth}{DAYS[start.weekday()]}", []
    elif frequency == "WEEKLY" and pick.random() < 0.25:
        days = sorted({start.weekday(), pick.randrange(5)})
        detail, later = f"{detail};BYDAY={','.join(DAYS[day] for day in days)}", []
    end = pick.random()
    if end < 0.45:
        detail += f";COUNT={times * 2 if 'BYDAY' in detail and frequency == 'WEEKLY' else times}"
    elif end < 0.90 or frequency == "DAILY":
        last = start + times * (timedelta(days=30) if frequency == "MONTHLY" else step)
        detail += f";UNTIL={last.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC):%Y%m%dT%H%M%SZ}"
    return f"RRULE:FREQ={frequency}{detail}", later


def _people(day: date, newcomer: Person | None, flaw: str, pool: Pool, pick: random.Random) -> list[str]:
    """ORGANIZER and three to eight ATTENDEE lines, mine among them."""
    others = pick.choices(range(2, 8), (20, 22, 20, 16, 12, 10))[0]
    outsiders = pick.randrange(0, 2) if newcomer else pick.choice((0, 0, 1, 1, 1, 2, 2, 3))
    guests = dict.fromkeys([newcomer] if newcomer else [], "ACCEPTED")
    for _ in range(outsiders):
        if known := pool.known(day):
            guests.setdefault(known, pick.choices(ANSWERS, (86, 6, 5, 3))[0])
    while len(guests) < others:
        colleague = pool.colleagues[int(len(pool.colleagues) * pick.random() ** 2)]
        guests.setdefault(colleague, pick.choices(ANSWERS, (80, 8, 8, 4))[0])
    organizer = ME
    if flaw or pick.random() < 0.55:
        organizer = next(iter(guests))
        guests[organizer] = "ACCEPTED"
    if not flaw:
        for person, answer in guests.items():
            if answer in ("ACCEPTED", "TENTATIVE"):
                pool.seen(person, day)
    mine = flaw if flaw in ANSWERS else "ACCEPTED"
    lines = [f'ORGANIZER;CN="{organizer.name}":mailto:{organizer.address}']
    for person, answer in ((ME, mine), *guests.items()):
        role = pick.choices(("REQ-PARTICIPANT", "OPT-PARTICIPANT"), (9, 1))[0]
        parameters = f'CUTYPE=INDIVIDUAL;ROLE={role};PARTSTAT={answer};RSVP=TRUE;CN="{person.name}"'
        lines.append(f"ATTENDEE;{parameters}:mailto:{person.address}")
    return lines


def _texts(uid: str, flaw: str, pick: random.Random) -> list[str]:
    sentences = pick.sample(WORDS["sentences"], pick.choice((0, 1, 2, 3, 4, 6)))
    link = f"https://meet.northwind.example/{uid[:12]}" if pick.random() < 0.5 else ""
    if link:
        sentences.append(f"Join: {link}\n\nBy phone: +44 20 7946 0{pick.randrange(100, 999)}, PIN {uid[:6]}")
    place = (
        "Online"
        if link
        else pick.choice(("Room Thames (8)", "Room Tyne, 2nd floor", "Their office; ask at the desk", ""))
    )
    lines = [
        f"SUMMARY:{_escaped(pick.choice(WORDS['titles']))}",
        f"DESCRIPTION:{_escaped(chr(10).join(sentences))}",
    ]
    lines += [f"LOCATION:{_escaped(place)}"] if place else []
    return [*lines, f"STATUS:{'CANCELLED' if flaw == 'cancelled' else 'CONFIRMED'}"]


def _escaped(text: str) -> str:
    return text.replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def _extras(pick: random.Random) -> list[str]:
    """What calendars add and nobody reads."""
    lines = ["SEQUENCE:0", "CLASS:PUBLIC", "PRIORITY:5", "TRANSP:OPAQUE"]
    if pick.random() < 0.4:
        lines += [
            "X-MICROSOFT-CDO-BUSYSTATUS:BUSY",
            "X-MICROSOFT-CDO-IMPORTANCE:1",
            "X-MICROSOFT-DISALLOW-COUNTER:FALSE",
        ]
    if pick.random() < 0.25:
        lines += ["BEGIN:VALARM", "ACTION:DISPLAY", "DESCRIPTION:Reminder", "TRIGGER:-PT15M", "END:VALARM"]
    return lines


def _edited(lines: list[str], kind: int) -> list[str]:
    """The same event with another title, or with another text, and the next SEQUENCE."""
    name = "DESCRIPTION" if kind % 3 == 2 else "SUMMARY"
    at = next(n for n, line in enumerate(lines) if line.startswith(f"{name}:"))
    edited = [*lines[:at], lines[at].replace(":", ":Changed: ", 1), *lines[at + 1 :]]
    return [line.replace("SEQUENCE:0", "SEQUENCE:1") for line in edited]


def _moment(name: str, wall_clock: datetime, zone: str) -> str:
    if zone == "UTC":
        return f"{name}:{wall_clock:%Y%m%dT%H%M%SZ}"
    return f"{name};TZID={zone}:{wall_clock:%Y%m%dT%H%M%S}"


def _folded(lines: Iterable[str]) -> bytes:
    return b"".join(_fold(line.encode()) for line in lines)


def _fold(line: bytes) -> bytes:
    """A content line in pieces of at most 75 octets that split no character (RFC 5545 §3.1)."""
    pieces, room = [], 75
    while len(line) > room:
        cut = room
        while line[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(line[:cut])
        line, room = line[cut:], 74
    return b"\r\n ".join([*pieces, line]) + b"\r\n"


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a large, believable calendar.")
    parser.add_argument("events", type=int, help="how many VEVENTs")
    parser.add_argument("path", type=Path)
    parser.add_argument(
        "--now", type=datetime.fromisoformat, default=NOW, help="ISO 8601 with offset; default %(default)s"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changed", type=int, default=0, metavar="N", help="the same calendar with N events edited")
    given = parser.parse_args()
    write(given.path, given.events, given.now, given.seed, given.changed)


if __name__ == "__main__":
    main()
