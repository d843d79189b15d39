"""The sample's personal calendar: friends, two newcomers, and a lunch that stands in both."""

from __future__ import annotations

from datetime import timedelta

from calsync.demo_calendar.cast import AMARA, GRETA, IFEOMA, LEO, guest
from calsync.demo_calendar.days import Days, at
from calsync.demo_calendar.writing import CalendarText
from calsync.model import Answer


def write(personal: CalendarText, work: CalendarText, days: Days) -> None:
    """What Sam does outside the office; ``work`` gets its copy of the lunch."""
    year_ago = days.today - timedelta(weeks=52)
    tuesday = days.worked(1, year_ago)
    personal.add("climbing", "Climbing", at(tuesday, 7), 75, [LEO], lines=["RRULE:FREQ=WEEKLY"])

    nights = (year_ago + timedelta(days=n) for n in range(70))
    third = next(day for day in nights if day.weekday() == 5 and 15 <= day.day <= 21)
    club, monthly = [AMARA, IFEOMA, GRETA], ["RRULE:FREQ=MONTHLY;BYDAY=3SA"]
    personal.add("books", "Book club", at(third, 16), 90, club, organizer=AMARA, lines=monthly)

    yearly = ["RRULE:FREQ=YEARLY", "TRANSP:TRANSPARENT"]
    personal.add("birthday", "Amara's birthday", tuesday + timedelta(days=3), 24 * 60, lines=yearly)

    nora = guest("Nora Haugen", "haugen.example")
    evening, where = at(days.weekend(-1), 18, 30), ["LOCATION:12 Elm Row"]
    personal.add("elm-row", "Dinner at Amara's", evening, 180, [AMARA, LEO, nora], organizer=AMARA, lines=where)

    yusuf = guest("Yusuf Demir", "demir.example", Answer.NONE)
    personal.add("canal", "Walk along the canal", at(days.weekend(1), 11), 120, [LEO, yusuf])

    for calendar in (work, personal):
        calendar.add("lunch", "Lunch with Greta", at(days.working(-2), 13), 60, [GRETA], organizer=GRETA)
