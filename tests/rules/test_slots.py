"""Proposed times in words: nobody has to guess whose hour is meant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from calsync.rules.slots import ANY_DAY, for_me, for_them
from calsync.timing.offers import Offer

DUBLIN, LISBON, OSLO = ZoneInfo("Europe/Dublin"), ZoneInfo("Europe/Lisbon"), ZoneInfo("Europe/Oslo")
AUCKLAND, DENVER = ZoneInfo("Pacific/Auckland"), ZoneInfo("America/Denver")


def offer(*starts: str, in_their_day: bool = True) -> Offer:
    times = [datetime.fromisoformat(start).replace(tzinfo=UTC) for start in starts]
    return Offer(tuple((start, start + timedelta(hours=1)) for start in times), in_their_day)


TWO = offer("2026-09-15T13:00", "2026-09-16T08:00")


def test_i_read_my_own_time_and_theirs_where_it_differs() -> None:
    assert for_me(TWO, 60, DUBLIN, [("Nora", OSLO)]).splitlines() == [
        "You are free (60 minutes each):",
        "Tue 15 September, 14:00 (15:00 for Nora, Europe/Oslo)",
        "Wed 16 September, 09:00 (10:00 for Nora, Europe/Oslo)",
    ]


def test_a_zone_with_the_same_hour_and_one_that_is_not_known_are_not_told() -> None:
    told = for_me(TWO, 60, DUBLIN, [("Rui", LISBON), ("Sol", None)])
    assert "(60" in told
    assert "for" not in told


def test_another_day_over_there_is_told_with_its_day() -> None:
    told = for_me(offer("2026-09-15T13:00", in_their_day=False), 30, DUBLIN, [("Ari", AUCKLAND), ("Jo", DENVER)])
    assert told.splitlines()[1:] == [
        "Tue 15 September, 14:00 (Wed 16 September, 01:00 for Ari, Pacific/Auckland; 07:00 for Jo, America/Denver)",
        "None of your free hours lies between 09:00 and 18:00 of their day; these come closest.",
    ]
    assert for_them(offer("2026-09-15T13:00"), DUBLIN, [("Ari", AUCKLAND)]) == (
        "- Wed 16 September, 01:00 your time (Tue 15 September, 14:00 mine)"
    )


def test_they_read_their_own_time_first() -> None:
    assert for_them(TWO, DUBLIN, [("Nora", OSLO)]).splitlines() == [
        "- Tue 15 September, 15:00 your time (14:00 mine)",
        "- Wed 16 September, 10:00 your time (09:00 mine)",
    ]
    assert for_them(TWO, DUBLIN, [("Rui", LISBON)]).splitlines()[0] == "- Tue 15 September, 14:00"


def test_a_letter_to_people_of_several_zones_names_each_zone_once() -> None:
    told = for_them(TWO, DUBLIN, [("Nora", OSLO), ("Rui", LISBON), ("Per", OSLO)])
    assert told.splitlines()[0] == "- Tue 15 September, 14:00 Europe/Dublin (15:00 Europe/Oslo)"


def test_where_nothing_is_free_the_letter_still_makes_sense() -> None:
    assert for_them(Offer(), DUBLIN, [("Nora", OSLO)]) == ANY_DAY == for_them(None, DUBLIN, [])
    assert for_me(Offer(), 45, DUBLIN, []) == (
        "Your next two weeks have no 45 minutes free for this: propose a later day."
    )


def test_each_side_of_a_clock_change_is_told_by_its_own_clock() -> None:
    """Denver leaves summer time a week after Dublin in autumn 2026."""
    both = offer("2026-10-23T15:00", "2026-10-27T16:00")
    assert for_them(both, DUBLIN, [("Jo", DENVER)]).splitlines() == [
        "- Fri 23 October, 09:00 your time (16:00 mine)",
        "- Tue 27 October, 10:00 your time (16:00 mine)",
    ]
