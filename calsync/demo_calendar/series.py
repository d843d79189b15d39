"""What repeats in the sample's work calendar, and the exceptions to it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from itertools import count

from calsync.demo_calendar.cast import BEN, BRIGHTWATER, CHIDI, FREYA, KENJI, MAYA, ROOM, ROSA, guest
from calsync.demo_calendar.days import NEW_YORK, TOKYO, Days, at
from calsync.demo_calendar.writing import CalendarText, moment, online
from calsync.model import Attendee


def write(work: CalendarText, days: Days) -> None:
    """Standing meetings with colleagues and customers; each leaves out the bank holidays."""
    year_ago = days.today - timedelta(weeks=52)

    def repeat(
        uid: str,
        title: str,
        start: datetime,
        guests: Iterable[Attendee],
        weeks: int,
        organizer: Attendee | None = None,
    ) -> None:
        off = days.off_from(start.date(), 7 * weeks)
        gaps = [moment("EXDATE", datetime.combine(day, start.time(), start.tzinfo)) for day in off]
        rule = f"RRULE:FREQ=WEEKLY;INTERVAL={weeks}"
        work.add(uid, title, start, 30, guests, organizer=organizer, lines=[rule, *gaps])

    monday, tuesday, thursday = (days.worked(weekday, year_ago) for weekday in (0, 1, 3))
    repeat("standup", "Team stand-up", at(monday, 9), [MAYA, BEN, CHIDI, FREYA, ROOM], 1)
    repeat("maya", "1:1 Maya / Sam", at(tuesday, 11), [MAYA], 2)
    repeat("ben", "1:1 Ben / Sam", at(thursday, 14), [BEN], 2, BEN)
    repeat("sakura", "Sakura Works sync", at(thursday, 17, zone=TOKYO), [KENJI, CHIDI], 2, KENJI)
    _monthly_review(work, days, tuesday)
    _customer_weekly(work, days, days.worked(2, year_ago))


def _monthly_review(work: CalendarText, days: Days, since: date) -> None:
    """The first Tuesday of each month, by the clock of New York."""
    tuesdays = [since + timedelta(weeks=n) for n in range(78)]
    firsts = [day for day in tuesdays if day.day <= 7]
    start = next(day for day in firsts if day not in days.off)
    gaps = [moment("EXDATE", at(day, 10, zone=NEW_YORK)) for day in firsts if day > start and day in days.off]
    lines = ["RRULE:FREQ=MONTHLY;BYDAY=1TU", *gaps, *online("hudson")]
    guests, title = [ROSA, FREYA], "Hudson Bay: monthly review"
    work.add("hudson", title, at(start, 10, zone=NEW_YORK), 45, guests, organizer=ROSA, lines=lines)


def _customer_weekly(work: CalendarText, days: Days, since: date) -> None:
    """Wednesdays: one left out, one cancelled, one earlier in the day, and the last one moved to
    another day, where somebody new joined."""
    last = next(day for n in count(1) if (day := days.today - timedelta(days=n)).weekday() == since.weekday())
    skipped = days.worked(2, days.today - timedelta(weeks=9), -1)
    cancelled = days.worked(2, days.today - timedelta(weeks=5), -1)
    earlier = days.worked(2, days.today + timedelta(days=8))

    def write(start: datetime, guests: Iterable[Attendee], *lines: str) -> None:
        work.add("brightwater", "Brightwater: weekly", start, 45, guests, lines=lines)

    def instead(day: date) -> tuple[str, str]:
        return moment("RECURRENCE-ID", at(day, 15)), "SEQUENCE:1"

    guests = (*BRIGHTWATER, MAYA)
    gaps = sorted({*days.off_from(since, 7), skipped} - {last})
    write(at(since, 15), guests, "RRULE:FREQ=WEEKLY", *(moment("EXDATE", at(day, 15)) for day in gaps))
    write(at(cancelled, 15), guests, *instead(cancelled), "STATUS:CANCELLED")
    write(at(earlier, 14), guests, *instead(earlier))
    yuki = guest("Yuki Arai", "brightwater.example")
    write(at(days.working(-2), 16), (*guests, yuki), *instead(last))
