"""The sample calendar of ``calsync demo``: a consultant's year, told around the present moment.

A program that reads a calendar cannot be judged on an empty one, and nobody should hand over a
real one just to look. So this writes two calendars in which everything that calsync decides
about happens at least once: series with exceptions, other zones, rooms, robots, refusals, old
acquaintances, and the ten newcomers of :data:`NEWCOMERS`. All people and domains are invented.
"""

from __future__ import annotations

from datetime import datetime

from calsync.demo_calendar import history, home, lately, series
from calsync.demo_calendar.cast import ME, ME_AT_HOME
from calsync.demo_calendar.days import LONDON, Days
from calsync.demo_calendar.writing import CalendarText

WORK, PERSONAL = "work.ics", "personal.ics"

# Whom a sync at that moment meets for the first time: address → pack and rule that apply.
NEWCOMERS = {
    "ines@lumenpay.example": "professional/first-meeting",
    "priya@fieldnotes.example": "professional/met-the-organizer",
    "tomasz@larkspur.example": "professional/first-meeting",
    "sanna@larkspur.example": "professional/first-meeting",
    "yuki@brightwater.example": "professional/first-meeting",
    "hannah@kranich.example": "professional/first-meeting",
    "mateo@puntonorte.example": "professional/first-meeting",
    "kwame@adomi.example": "professional/first-meeting",
    "nora@haugen.example": "personal/first-meeting",
    "yusuf@demir.example": "personal/first-meeting",
}

_CONFIG = """\
# The sample of `calsync demo`. All people, companies and domains in it are invented.
ledger = "calsync.db"

[me]
name = "Sam Lee"
emails = ["sam@northwind.example", "sam@lee.example"]
timezone = "Europe/London"
working_hours = "09:00-17:30"
holidays = "GB-ENG"

[[source]]
name = "work"
type = "ics"
path = "work.ics"
relationship = "work"

[[source]]
name = "personal"
type = "ics"
path = "personal.ics"
relationship = "personal"

[[output]]
name = "feed"
type = "ics"
path = "followups.ics"
"""


def sample(now: datetime) -> dict[str, bytes]:
    """Sam Lee's two calendars, by file name, as they stand at ``now`` (aware).

    They hold the year before and the months after; the same ``now`` gives the same bytes. No
    meeting of the work calendar falls on a weekend or an English bank holiday, and no two meetings that
    Sam goes to overlap. All of :data:`NEWCOMERS` are first met less than 14 days before or after.
    """
    if now.tzinfo is None:
        raise ValueError("now must be an aware datetime")
    days = Days(now.astimezone(LONDON).date())
    work, personal = CalendarText("Sam (work)", ME, now), CalendarText("Sam", ME_AT_HOME, now)
    series.write(work, days)
    history.write(work, days)
    lately.write_last_days(work, days)
    lately.write_coming_days(work, days)
    home.write(personal, work, days)
    return {WORK: work.text(), PERSONAL: personal.text()}


def sample_config() -> str:
    """The config.toml that belongs beside the two calendars; all its paths are relative."""
    return _CONFIG
