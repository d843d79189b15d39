"""Who is learned from, and for how long they were watched."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from calsync.asking import history as room
from calsync.asking.history import History, history
from calsync.learning.survival import Watched
from calsync.timing.spans import Span
from tests.world import Ev, World

NOW = "2027-05-12 15:00"
OLDEST = Ev("oldest", "2024-06-03 09:00", ["old.friend@initech.example"])
"""The records begin here, so that those below are no old acquaintances."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, zone="Europe/Vienna")


def times(found: History) -> list[tuple[int, bool]]:
    """For how many days each was watched, and whether they were met again."""
    return [each.watched[:2] for each in found.people]


def learned(world: World, *events: Ev, now: str = NOW, last: str = "") -> History:
    if events:
        world.put(OLDEST, *events)
        assert world.sync(now).exit_code == 0
    with world.ledger() as ledger:
        found = history(world.desk(ledger, now), Span.parse(last) if last else None)
    assert found is not None
    return found


def watched(world: World, *events: Ev) -> list[tuple[int, bool]]:
    return times(learned(world, *events))


def test_days_are_counted_from_the_first_meeting_to_the_next_on_another_day(world: World) -> None:
    first = Ev("a", "2026-03-02 09:00", ["ida@globex.example"])
    same_day = Ev("b", "2026-03-02 16:00", ["ida@globex.example"])
    later = Ev("c", "2026-03-19 09:00", ["ida@globex.example"])
    last = Ev("d", "2026-04-01 09:00", ["ida@globex.example"])
    assert watched(world, last, later, same_day, first) == [(17, True)]


def test_a_meeting_past_midnight_ends_on_the_next_local_day(world: World) -> None:
    # 23:30 to 00:30 in Vienna, and a week after the day on which that ended.
    first = Ev("a", "2026-01-14 22:30", ["ida@globex.example"], minutes=60)
    again = Ev("b", "2026-01-22 08:00", ["ida@globex.example"])
    assert watched(world, first, again) == [(7, True)]


def test_whoever_was_not_met_again_is_watched_until_the_last_sync(world: World) -> None:
    booked = Ev("b", "2027-05-20 09:00", ["ida@globex.example"])
    learned(world, Ev("a", "2027-04-12 09:00", ["ida@globex.example"]), booked)
    assert times(learned(world, now="2027-07-30 09:00")) == [(30, False)]


def test_a_second_meeting_that_does_not_count_is_none(world: World) -> None:
    first = Ev("a", "2027-04-12 09:00", ["ida@globex.example"])
    declined = Ev("b", "2027-04-19 09:00", [("ida@globex.example", "DECLINED"), "kim@hooli.example"])
    cancelled = Ev("c", "2027-04-20 09:00", ["ida@globex.example"], extra=["STATUS:CANCELLED"])
    refused = Ev("d", "2027-04-21 09:00", ["ida@globex.example"], organizer="ida@globex.example", mine="DECLINED")
    assert watched(world, first, declined, cancelled, refused) == [(30, False), (23, False)]


def test_a_series_brings_its_people_together_by_itself(world: World) -> None:
    weekly = ["RRULE:FREQ=WEEKLY;COUNT=10"]
    found = learned(
        world,
        Ev("a", "2026-03-02 09:00", ["ida@globex.example"], extra=weekly),
        Ev("b", "2026-05-04 09:00", ["kim@hooli.example"]),
        Ev("c", "2026-06-01 09:00", ["kim@hooli.example"], extra=weekly),
    )
    assert times(found) == [(28, True)]
    assert found.left_out == {"you met in a series, which brings its people together again by itself": 1}


def test_a_yearly_meeting_is_a_series_before_it_comes_again(world: World) -> None:
    assert watched(world, Ev("a", "2027-04-12 09:00", ["ida@globex.example"], extra=["RRULE:FREQ=YEARLY"])) == []


def test_a_single_meeting_that_became_a_series_is_one(world: World) -> None:
    world.put(OLDEST, Ev("a", "2027-05-05 09:00", ["ida@globex.example"]))
    world.sync("2027-05-06 02:00")
    found = learned(world, Ev("a", "2027-05-05 09:00", ["ida@globex.example"], extra=["RRULE:FREQ=WEEKLY"]))
    assert found.people == ()
    assert len(found.left_out) == 1


def test_a_guest_of_one_occurrence_was_met_there_and_is_learned_from(world: World) -> None:
    series = Ev("a", "2025-03-03 09:00", ["kim@hooli.example"], extra=["RRULE:FREQ=WEEKLY"])
    guest = Ev(
        "a", "2026-03-02 09:00", ["kim@hooli.example", "ida@globex.example"], extra=["RECURRENCE-ID:20260302T090000Z"]
    )
    again = Ev("b", "2026-03-12 09:00", ["ida@globex.example"])
    assert watched(world, series, guest, again) == [(10, True)]


def test_a_guest_of_several_occurrences_came_with_the_series(world: World) -> None:
    series = Ev("a", "2025-03-03 09:00", ["kim@hooli.example"], extra=["RRULE:FREQ=WEEKLY"])
    visits = [
        Ev(
            "a",
            f"2026-03-{day} 09:00",
            ["kim@hooli.example", "ida@globex.example"],
            extra=[f"RECURRENCE-ID:202603{day}T090000Z"],
        )
        for day in ("09", "16")
    ]
    assert watched(world, series, *visits) == []


def test_a_later_occurrence_of_a_series_that_began_the_same_day_is_a_second_meeting(world: World) -> None:
    first = Ev("a", "2026-03-02 08:00", ["ida@globex.example"])
    series = Ev("b", "2026-03-02 15:00", ["ida@globex.example"], extra=["RRULE:FREQ=WEEKLY"])
    assert watched(world, first, series) == [(7, True)]


def test_one_meeting_in_two_calendars_is_one(tmp_path: Path) -> None:
    world = World(tmp_path, zone="Europe/Vienna", sources=(("work", "work"), ("home", "personal")))
    world.put(OLDEST, Ev("a", "2026-03-02 09:00", ["ida@globex.example"]))
    world.put(
        Ev("copy", "2026-03-02 09:00", ["ida@globex.example"]),
        Ev("b", "2026-03-30 09:00", ["ida@globex.example"]),
        source="home",
    )
    world.sync(NOW)
    (person,) = learned(world).people
    assert person.watched == Watched(28, True, "a")
    assert person.facts.relationship == "work"


def test_people_who_were_met_together_are_known_to_have_been(world: World) -> None:
    dinner = Ev("a", "2026-03-02 18:00", ["ida@globex.example", "kim@hooli.example"])
    found = learned(world, dinner, Ev("b", "2026-04-02 18:00", ["lou@hooli.example"]))
    assert [each.watched.company for each in found.people] == ["a", "a", "b"]


def test_two_addresses_of_one_person_are_one(tmp_path: Path) -> None:
    world = World(tmp_path, sections={"people": 'aliases = [["ida@globex.example", "ida@home.example"]]'})
    first, again = (
        Ev("a", "2026-03-02 09:00", ["ida@globex.example"]),
        Ev("b", "2026-03-09 09:00", ["ida@home.example"]),
    )
    assert watched(world, first, again) == [(7, True)]


def test_colleagues_robots_and_the_ignored_are_not_learned_from(tmp_path: Path) -> None:
    world = World(tmp_path, sections={"people": 'ignore = ["*@spam.example"]'})
    guests = ["max@northwind.example", "no-reply@globex.example", "offers@spam.example", "ida@globex.example"]
    assert len(watched(world, Ev("a", "2026-03-02 09:00", guests))) == 1


def test_whoever_is_forgotten_is_not_learned_from(world: World) -> None:
    from calsync.asking.directory import forget
    from calsync.asking.finding import one_person

    event = Ev("a", "2026-03-02 09:00", ["ida@globex.example", "kim@hooli.example"])
    assert len(watched(world, event)) == 2
    with world.ledger() as ledger:
        forget(world.desk(ledger, NOW), one_person(ledger, world.desk(ledger, NOW).circle.identities, "ida"))
    assert len(learned(world).people) == 1


def test_a_meeting_marked_against_follow_ups_is_told_and_left_out(world: World) -> None:
    found = learned(world, Ev("a", "2026-03-02 09:00", ["ida@globex.example"], title="Tea #nofollowup"))
    assert found.people == ()
    assert [number for reason, number in found.left_out.items() if "#nofollowup" in reason] == [1]


def test_whoever_was_in_an_unanswered_invitation_long_before_was_known(world: World) -> None:
    silent = Ev("a", "2026-01-05 09:00", ["ida@globex.example"], organizer="kim@hooli.example", mine="NEEDS-ACTION")
    found = learned(world, silent, Ev("b", "2026-03-02 09:00", ["ida@globex.example"]))
    assert found.people == ()
    assert sum(found.left_out.values()) == 1


def test_whoever_appears_as_the_records_begin_may_be_an_old_acquaintance(world: World) -> None:
    found = learned(
        world,
        Ev("a", "2024-11-20 09:00", ["ida@globex.example"]),
        Ev("b", "2024-12-10 09:00", ["kim@hooli.example"]),
    )
    assert found.records == date(2024, 6, 3)
    assert found.since == date(2024, 12, 2)
    assert len(found.people) == 1


def test_no_more_is_looked_back_than_the_config_allows(tmp_path: Path) -> None:
    world = World(tmp_path, sections={"people": 'history = "1 year"'})
    events = [Ev(f"m{month}", f"2026-{month:02}-10 09:00", [f"p{month}@globex.example"]) for month in range(1, 13)]
    found = learned(world, *events, last="3 years")
    assert found.records == date(2026, 6, 10)
    assert [each.began.month for each in found.people] == [9, 10, 11, 12]


def test_what_an_earlier_config_let_in_is_not_looked_at_any_more(world: World) -> None:
    learned(world, Ev("a", "2026-03-02 09:00", ["ida@globex.example"]))
    world.sections["people"] = 'history = "1 year"'
    found = learned(world)
    assert found.records == date(2026, 5, 12)
    assert found.people == ()


def test_only_first_meetings_of_the_span_that_is_asked_for_count(world: World) -> None:
    events = [Ev(f"m{month}", f"2026-{month:02}-10 09:00", [f"p{month}@globex.example"]) for month in range(1, 13)]
    again = Ev("again", "2027-01-10 09:00", ["p3@globex.example", "p10@globex.example"])
    found = learned(world, *events, again, last="9 months")
    assert [each.began.month for each in found.people] == [9, 10, 11, 12]
    assert [each.watched.met for each in found.people] == [False, True, False, False]


def test_reminders_that_stood_are_counted(world: World) -> None:
    first = Ev("a", "2027-05-10 09:00", ["ida@globex.example"])
    found = learned(world, first, Ev("b", "2026-03-02 09:00", ["kim@hooli.example"]))
    assert [each.reminded for each in found.people] == [False, True]


def test_before_the_first_sync_there_is_no_history(world: World) -> None:
    with world.ledger() as ledger:
        assert history(world.desk(ledger, NOW)) is None


def test_people_are_learned_from_alike_in_small_groups_and_large_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bench.generate import NOW as THEN
    from bench.generate import write

    world = World(tmp_path)
    write(tmp_path / "work.ics", 600)
    now = THEN.isoformat()
    world.sync(now, allow=500)
    together = learned(world, now=now)
    monkeypatch.setattr(room, "_AT_A_TIME", 1)
    assert learned(world, now=now) == together
    assert len(together.people) > 50
