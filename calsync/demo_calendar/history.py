"""The sample's year until a month ago: where the acquaintances were made."""

from __future__ import annotations

import random
from datetime import date, timedelta

from calsync.demo_calendar.cast import ACQUAINTANCES, BEN, CHIDI, FREYA, MAYA, PROJECTOR, ROOM
from calsync.demo_calendar.days import Days, at
from calsync.demo_calendar.writing import CalendarText
from calsync.model import Attendee

_TITLES = (
    "{company}: proposal walk-through",
    "Catch-up with {name}",
    "{company} x Northwind: review",
    "{name}: next steps",
    "Workshop with {company}",
    "{company}: contract questions",
)
_HOURS = ((11, 30), (13, 0), (16, 0))  # clear of the series


def write(work: CalendarText, days: Days) -> None:
    """One or two meetings a week, each on a working day and at an hour of its own."""
    pick = random.Random("the sample of calsync demo")
    strangers = iter(ACQUAINTANCES)
    met: list[Attendee] = []
    taken: set[tuple[date, tuple[int, int]]] = set()
    away = days.today - timedelta(weeks=20)
    away -= timedelta(days=away.weekday())
    weeks_ago = sorted([*range(5, 53), *range(6, 51, 2)], reverse=True)
    for number, weeks in enumerate(weeks_ago):
        known = pick.sample(met, min(len(met), pick.choice((1, 1, 2, 3))))
        stranger = next(strangers, None) if number % 3 == 0 or not met else None
        people = [stranger, *known[:1]] if stranger else known
        met += [stranger] if stranger else []
        office = pick.sample((MAYA, BEN, CHIDI, FREYA, ROOM, PROJECTOR), pick.choice((0, 1, 1, 2)))
        company = people[0].address.partition("@")[2].partition(".")[0].capitalize()
        title = pick.choice(_TITLES).format(name=people[0].name, company=company)
        organizer = people[0] if pick.random() < 0.4 else None
        minutes = pick.choice((30, 45, 60))

        day = days.today - timedelta(weeks=weeks, days=pick.randrange(7))
        hour = pick.randrange(3)
        while not days.is_working(day) or 0 <= (day - away).days < 5 or (day, _HOURS[hour]) in taken:
            day, hour = (day, hour + 1) if hour < 2 else (day - timedelta(days=1), 0)
        taken.add((day, _HOURS[hour]))
        guests = [*people, *office]
        work.add(f"past-{number}", title, at(day, *_HOURS[hour]), minutes, guests, organizer=organizer)

    work.add("away", "On holiday", away, 5 * 24 * 60, lines=["X-MICROSOFT-CDO-BUSYSTATUS:OOF"])
