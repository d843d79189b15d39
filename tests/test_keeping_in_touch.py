"""Cadences over whole nights: who is due when, what starts the time anew, and what makes it quiet."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from calsync.asking import answers
from calsync.asking.finding import one_person
from calsync.model import State
from tests.keeping import answer, choose, due, halt, rounds, states
from tests.world import Ev, World, at

EVA, IDA, UGO = "eva@piper.example", "ida@umbra.example", "ugo@wonka.example"
NOW = "2026-09-15 18:00"  # a Tuesday; in Vienna it is eight in the evening
LONG_AGO = Ev("old", "2024-02-05T09:00", [EVA, IDA, UGO])


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, zone="Europe/Vienna")


def met(day: str, uid: str = "last", *guests: str) -> Ev:
    return Ev(uid, f"{day}T10:00", list(guests or (EVA,)), title="Roadmap")


def started(world: World, *events: Ev, tier: str = "A", person: str = EVA) -> World:
    world.put(LONG_AGO, *events)
    world.sync(NOW)
    choose(world, NOW, person, tier=tier)
    return world


@pytest.mark.parametrize(
    ("tier", "day"),
    [("A", "2026-09-28 09:00"), ("B", "2026-11-06 09:00"), ("C", "2027-03-08 09:00"), ("D", "2027-09-07 09:00")],
)
def test_a_tier_counts_from_the_last_meeting(world: World, tier: str, day: str) -> None:
    started(world, met("2026-09-07"), tier=tier)
    assert due(world, NOW) == [day]


def test_nobody_without_a_tier_is_ever_due(world: World) -> None:
    world.put(LONG_AGO, met("2026-05-07"))
    for night in ("2026-09-15 18:00", "2026-12-15 18:00", "2027-09-15 18:00"):
        world.sync(night)
        assert rounds(world, night) == []


def test_an_interval_of_their_own_wins_over_the_tier(world: World) -> None:
    started(world, met("2026-09-07"), tier="D")
    choose(world, NOW, EVA, every="5 weeks")
    assert due(world, NOW) == ["2026-10-12 09:00"]
    choose(world, NOW, EVA, every="none")
    assert due(world, NOW) == ["2027-09-07 09:00"]


def test_a_day_off_moves_on_to_the_next_working_day(world: World) -> None:
    started(world, met("2026-09-05"))  # a Saturday, and so is the day three weeks later
    assert due(world, NOW) == ["2026-09-28 09:00"]


def test_the_relationship_of_the_last_meeting_decides_the_rule(tmp_path: Path) -> None:
    world = World(tmp_path, sources=(("work", "work"), ("home", "personal")))
    world.put(LONG_AGO, met("2026-09-01"))
    world.put(met("2026-09-05", "dinner"), source="home")
    world.sync(NOW)
    choose(world, NOW, EVA, tier="A")
    (entry,) = rounds(world, NOW)
    assert (entry.followup.pack, entry.followup.rule, entry.channel) == ("personal", "keep-in-touch", "message")
    assert due(world, NOW) == ["2026-09-26 09:00"]  # a Saturday: private life knows no working days


def test_a_reminder_says_when_you_last_met_and_why_it_comes(world: World) -> None:
    started(world, met("2026-09-07"), tier="B")
    text = world.feed_path.read_bytes().replace(b"\r\n ", b"").decode()
    assert "You last met at “Roadmap” on Monday 7 September 2026" in text
    assert "Why now: 60 days since you last met on 7 September 2026 (tier B)" in text
    (mark,) = world.feed()
    assert (mark.rule, mark.meeting) == ("professional/keep-in-touch/every", "last")


def test_each_person_has_a_reminder_of_their_own(world: World) -> None:
    started(world, met("2026-09-07", "last", EVA, IDA))
    choose(world, NOW, IDA, tier="A")
    assert len({entry.followup.reminder for entry in rounds(world, NOW)}) == 2
    assert len(world.feed()) == 2


def test_a_meeting_ends_the_round_and_the_next_counts_from_it(world: World) -> None:
    started(world, met("2026-09-07"))
    world.put(LONG_AGO, met("2026-09-07"), met("2026-09-17", "again"))
    world.sync("2026-09-18 02:00")
    assert states(world, "2026-09-18 02:00") == ["met", "written"]
    assert due(world, "2026-09-18 02:00") == ["2026-10-08 09:00"]
    assert [mark.meeting for mark in world.feed()] == ["again"]


@pytest.mark.parametrize(
    "extra",
    [{"extra": ["STATUS:CANCELLED"]}, {"guests": [(EVA, "DECLINED")]}, {"all_day": True, "start": "2026-09-17"}],
)
def test_what_does_not_count_as_a_meeting_changes_nothing(world: World, extra: dict[str, object]) -> None:
    started(world, met("2026-09-07"))
    values = {"uid": "no", "start": "2026-09-17T10:00", "guests": [EVA], **extra}
    world.put(LONG_AGO, met("2026-09-07"), Ev(**values))  # type: ignore[arg-type]
    world.sync("2026-09-18 02:00")
    assert due(world, "2026-09-18 02:00") == ["2026-09-28 09:00"]


def test_a_booked_meeting_makes_it_wait_and_a_cancelled_one_lets_it_come_back(world: World) -> None:
    started(world, met("2026-09-07"))
    before = [mark.id for mark in world.feed()]
    world.put(LONG_AGO, met("2026-09-07"), met("2026-11-02", "booked"))
    world.sync("2026-09-16 02:00")
    assert (states(world, "2026-09-16 02:00"), world.feed()) == (["waiting"], [])
    world.put(LONG_AGO, met("2026-09-07"))
    world.sync("2026-09-17 02:00")
    assert due(world, "2026-09-17 02:00") == ["2026-09-28 09:00"]
    assert [mark.id for mark in world.feed()] != before


def test_a_meeting_booked_beyond_the_horizon_does_not_hold_it(world: World) -> None:
    started(world, met("2026-09-07"), met("2027-03-02", "far"))
    assert due(world, NOW) == ["2026-09-28 09:00"]


def test_somebody_met_every_week_leaves_no_trail_of_rounds(world: World) -> None:
    weekly = Ev("weekly", "2026-08-04T10:00", [EVA], extra=["RRULE:FREQ=WEEKLY;COUNT=30"])
    started(world, weekly)
    for night in ("2026-09-23 02:00", "2026-09-30 02:00", "2026-10-07 02:00"):
        world.sync(night)
        assert states(world, night) == ["waiting"]


def test_it_is_quiet_while_a_step_with_them_is_open(world: World) -> None:
    world.put(met("2026-09-14", "intro", "neo@matrix.example"))
    world.sync(NOW)
    choose(world, NOW, "neo@matrix.example", tier="A")
    assert states(world, NOW) == ["waiting"]
    for step in ("hello", "meet", "check-in"):
        assert states(world, NOW) == ["waiting"], step
        answer(world, NOW, "neo@matrix.example", State.DISMISSED)
    assert due(world, NOW) == ["2026-10-05 09:00"]


def test_a_done_touch_starts_the_time_anew_on_the_day_of_the_answer(world: World) -> None:
    started(world, met("2026-09-07"))
    answer(world, "2026-09-20 08:00", EVA, State.DONE)
    assert states(world, "2026-09-20 08:00") == ["done", "written"]
    assert due(world, "2026-09-20 08:00") == ["2026-10-12 09:00"]  # 11 October is a Sunday
    assert [mark.title[:1] for mark in world.feed()] == ["✓", "✉"]


def test_a_dismissed_touch_counts_as_if_it_had_been_one(world: World) -> None:
    started(world, met("2026-09-07"))
    answer(world, NOW, EVA, State.DISMISSED)
    assert due(world, NOW) == ["2026-10-19 09:00"]  # three weeks after 28 September


def test_an_unanswered_touch_is_followed_by_one_an_interval_later(world: World) -> None:
    started(world, met("2026-09-07"))
    world.sync("2026-10-07 02:00")  # its window ended on the 5th
    assert states(world, "2026-10-07 02:00") == ["missed", "written"]
    assert due(world, "2026-10-07 02:00") == ["2026-10-19 09:00"]


def test_after_three_touches_it_is_quiet_until_you_meet_again(world: World) -> None:
    started(world, met("2026-09-07"))
    nights = ["2026-10-07 02:00", "2026-10-28 02:00", "2026-11-18 02:00", "2026-12-20 02:00", "2027-09-01 02:00"]
    for night in nights:
        world.sync(night)
    assert states(world, nights[-1]) == ["missed", "missed", "missed"]
    world.put(LONG_AGO, met("2026-09-07"), met("2027-09-02", "at last"))
    world.sync("2027-09-03 02:00")
    assert due(world, "2027-09-03 02:00") == ["2027-09-23 09:00"]


def test_done_touches_count_in_the_limit_too(world: World) -> None:
    world.sections["limits"] = "touches = 1"
    started(world, met("2026-09-07"))
    world.sync("2026-09-28 12:00")
    answer(world, "2026-09-28 12:00", EVA, State.DONE)
    world.sync("2026-11-28 02:00")
    assert states(world, "2026-11-28 02:00") == ["done"]


def test_a_touch_done_early_counts_no_more_once_you_have_met(world: World) -> None:
    world.sections["limits"] = "touches = 1"
    started(world, met("2026-09-07"))
    answer(world, NOW, EVA, State.DONE)  # ahead of its time, the 28th
    world.put(LONG_AGO, met("2026-09-07"), met("2026-09-21", "again"))
    world.sync("2026-09-22 02:00")
    assert due(world, "2026-09-22 02:00") == ["2026-10-12 09:00"]


def test_nothing_of_a_forgotten_person_stays_in_the_ledger_but_the_address(world: World) -> None:
    from calsync.asking.directory import forget

    started(world, met("2026-09-07"))
    with world.ledger() as ledger:
        desk = world.desk(ledger, NOW)
        forget(desk, one_person(ledger, desk.circle.identities, EVA))
        world.carry_out(ledger, NOW)
        notes = ledger.rows("SELECT value FROM meta")
    assert (rounds(world, NOW), world.feed()) == ([], [])
    assert not [note for (note,) in notes if EVA in note]


def test_a_snoozed_touch_stays_where_the_user_put_it(world: World) -> None:
    started(world, met("2026-09-07"))
    with world.ledger() as ledger:
        answers.snooze(world.desk(ledger, NOW), EVA, "2026-11-20 16:30")
        world.carry_out(ledger, NOW)
    for night in ("2026-09-16 02:00", "2026-10-20 02:00", "2026-11-20 02:00"):
        world.sync(night)
        assert due(world, night) == ["2026-11-20 16:30"]
    world.sync("2026-11-22 02:00")
    assert states(world, "2026-11-22 02:00") == ["missed", "written"]


def test_stop_ends_it_and_resume_lets_it_come_back(world: World) -> None:
    started(world, met("2026-09-07"))
    halt(world, NOW, EVA, "yes")
    assert (states(world, NOW), world.feed()) == (["withdrawn"], [])
    world.sync("2026-09-17 02:00")
    assert states(world, "2026-09-17 02:00") == ["withdrawn"]
    halt(world, "2026-09-17 09:00", EVA, None)
    assert due(world, "2026-09-17 09:00") == ["2026-09-28 09:00"]


def test_taking_the_tier_away_withdraws_it(world: World) -> None:
    started(world, met("2026-09-07"))
    choose(world, NOW, EVA, tier="none")
    assert (states(world, NOW), world.feed()) == (["withdrawn"], [])
    choose(world, NOW, EVA, tier="B")
    assert due(world, NOW) == ["2026-11-06 09:00"]


def test_another_tier_moves_the_same_reminder(world: World) -> None:
    started(world, met("2026-09-07"))
    (before,) = world.feed()
    choose(world, "2026-09-16 08:00", EVA, tier="B")
    (after,) = world.feed()
    assert (after.id, after.sequence) == (before.id, before.sequence + 1)
    assert after.start == at("2026-11-06 08:00")


def test_taking_the_rule_away_withdraws_it_and_another_pack_with_that_rule_goes_on(world: World) -> None:
    started(world, met("2026-09-07"))
    before = [mark.id for mark in world.feed()]
    (world.folder / "rules").mkdir()
    cadence = '[[rule]]\nid = "{}"\nevery = "tier"\nchannel = "email"\n'
    (world.folder / "rules" / "mine.toml").write_text(cadence.format("keep-in-touch"))
    world.sections["rules"] = 'packs = ["mine"]'
    world.sync("2026-09-16 02:00")
    (entry,) = rounds(world, "2026-09-16 02:00")
    assert (entry.state, entry.followup.pack) == (State.WRITTEN, "mine")
    assert [mark.id for mark in world.feed()] == before
    (world.folder / "rules" / "mine.toml").write_text(cadence.format("another").replace('"tier"', '"90 days"'))
    world.sync("2026-09-17 02:00")
    assert states(world, "2026-09-17 02:00") == ["withdrawn", "written"]
    assert due(world, "2026-09-17 02:00") == ["2026-12-07 09:00"]
    world.sections["rules"] = 'packs = ["sales"]'
    (world.folder / "rules" / "sales.toml").write_text(
        '[[rule]]\nid = "r"\n[[rule.step]]\nid = "s"\nafter = "1 day"\nwindow = "2 days"\nchannel = "email"\n'
    )
    world.sync("2026-09-18 02:00")
    assert states(world, "2026-09-18 02:00") == ["withdrawn", "withdrawn"]


def test_a_rule_may_ask_for_a_window_hours_and_days_of_its_own(world: World) -> None:
    (world.folder / "rules").mkdir()
    (world.folder / "rules" / "mine.toml").write_text(
        '[[rule]]\nid = "write"\nevery = "tier"\nwindow = "3 days"\nat = "19:00-20:00"\n'
        'days = "any"\nchannel = "card"\n'
    )
    world.sections["rules"] = 'packs = ["mine"]'
    started(world, met("2026-09-05"))
    (entry,) = rounds(world, NOW)
    assert f"{entry.start:%F %H:%M}" == "2026-09-26 19:00"
    assert f"{entry.followup.last_day}" == "2026-09-29"


def test_who_is_overdue_comes_soon_and_is_never_placed_in_the_past(world: World) -> None:
    started(world)
    assert due(world, NOW) == ["2026-09-16 09:00"]


def test_somebody_never_met_counts_from_the_day_of_the_tier(world: World) -> None:
    world.put(LONG_AGO)
    world.sync(NOW)
    choose(world, NOW, "pen@friend.example", tier="A")
    choose(world, "2026-09-20 09:00", "pen@friend.example", tier="A")  # to say it again changes nothing
    world.sync("2026-09-21 02:00")
    (entry,) = rounds(world, "2026-09-21 02:00")
    assert due(world, "2026-09-21 02:00") == ["2026-10-06 09:00"]
    assert entry.as_json()["meeting"] is None
    assert b"X-CALSYNC-MEETING" not in world.feed_path.read_bytes()


def test_tiers_set_in_bulk_do_not_fall_on_one_day_nor_trip_the_brake(world: World) -> None:
    world.sections["limits"] = "brake = 3"
    friends = [f"f{number}@piper.example" for number in range(60)]
    world.put(*(Ev(f"m{number}", f"2025-{1 + number % 12:02}-03T10:00", [each]) for number, each in enumerate(friends)))
    world.sync(NOW)
    with world.ledger() as ledger:
        from calsync.asking.directory import set_words

        for each in friends:
            set_words(world.desk(ledger, NOW), each, {"tier": "A"})
    report = world.sync("2026-09-16 02:00")
    assert (report.exit_code, report.notes) == (0, [])
    night = "2026-09-16 02:00"
    starts = [entry.start for entry in rounds(world, night) if entry.start]
    assert len(starts) == 60
    days = Counter(start.date() for start in starts)
    weeks = Counter(start.isocalendar()[:2] for start in starts)
    assert max(days.values()) <= 2
    assert max(weeks.values()) <= 10
    before = world.agenda(night, everything=True)
    for later in ("2026-09-16 02:05", "2026-09-17 02:00"):
        world.sync(later)
        assert [(e.id, e.start) for e in world.agenda(later, everything=True)] == [(e.id, e.start) for e in before]


def test_people_who_are_never_met_are_spread_when_their_common_day_comes(world: World) -> None:
    world.put(LONG_AGO)
    world.sync(NOW)
    with world.ledger() as ledger:
        from calsync.asking.directory import set_words

        for number in range(30):
            set_words(world.desk(ledger, NOW), f"card{number}@book.example", {"tier": "A"})
    report = world.sync("2026-09-16 02:00")
    assert report.notes == []
    days = Counter(entry.start.date() for entry in rounds(world, "2026-09-16 02:00") if entry.start)
    assert sum(days.values()) == 30
    assert max(days.values()) <= 4
    assert min(days) == at("2026-10-06 00:00").date()


def test_what_lies_beyond_the_horizon_is_planned_and_finds_its_place_when_it_comes_near(world: World) -> None:
    started(world, met("2026-09-07"), tier="C")  # due on 6 March, a Saturday
    (entry,) = rounds(world, NOW)
    assert (entry.state, world.feed()) == (State.PLANNED, [])
    busy = Ev("busy", "2027-03-08T08:00", [], minutes=120)  # nine to eleven in Vienna
    world.put(LONG_AGO, met("2026-09-07"), busy)
    world.sync("2027-01-02 02:00")
    assert due(world, "2027-01-02 02:00") == ["2027-03-08 11:00"]
    assert len(world.feed()) == 1


def test_two_people_who_turn_out_to_be_one_have_one_open_round(world: World) -> None:
    from calsync.asking.directory import merge

    started(world, met("2026-09-07", "last", EVA, IDA))
    choose(world, NOW, IDA, tier="B")
    with world.ledger() as ledger:
        desk = world.desk(ledger, NOW)
        merge(desk, *(one_person(ledger, desk.circle.identities, who) for who in (EVA, IDA)))
        world.carry_out(ledger, NOW)
    world.sync("2026-09-16 02:00")
    assert sorted(states(world, "2026-09-16 02:00")) == ["withdrawn", "written"]
    assert len(world.feed()) == 1


def test_a_last_meeting_cancelled_afterwards_counts_no_more(world: World) -> None:
    world.put(LONG_AGO, met("2026-09-01", "before"), met("2026-09-10"))
    world.sync(NOW)
    choose(world, NOW, EVA, tier="A")
    assert due(world, NOW) == ["2026-10-01 09:00"]
    (mark,) = world.feed()
    gone = Ev("last", "2026-09-10T10:00", [EVA], extra=["STATUS:CANCELLED"])
    world.put(LONG_AGO, met("2026-09-01", "before"), gone)
    world.sync("2026-09-16 02:00")
    assert due(world, "2026-09-16 02:00") == ["2026-09-22 09:00"]
    assert [each.id for each in world.feed()] == [mark.id]


def test_a_series_that_ran_long_ago_is_known_by_its_last_day(world: World) -> None:
    ran = Ev("ran", "2024-03-04T10:00", [IDA], extra=["RRULE:FREQ=WEEKLY;COUNT=100"])  # to 26 January 2026
    singles = [Ev(f"s{n}", f"2024-0{n}-02T10:00", [IDA]) for n in range(3, 8)]
    world.put(ran, *singles)
    world.sync(NOW)
    choose(world, NOW, IDA, tier="D")
    assert due(world, NOW) == ["2027-01-26 09:00"]


def test_a_missed_night_or_thirty_cost_nothing(world: World) -> None:
    started(world, met("2026-09-07"), tier="C")
    world.sync("2028-01-03 02:00")  # the reminder of March 2027 was never written
    assert states(world, "2028-01-03 02:00") == ["written"]
    assert due(world, "2028-01-03 02:00") == ["2028-01-03 09:00"]


def test_reminders_found_in_the_feed_are_taken_over_when_the_ledger_was_lost(world: World) -> None:
    started(world, met("2026-09-07"))
    answer(world, NOW, EVA, State.DISMISSED)
    with world.ledger() as ledger:
        answers.snooze(world.desk(ledger, NOW), EVA, "2026-10-21 11:15")
        world.carry_out(ledger, NOW)
    (before,) = world.feed()
    for path in world.folder.glob("ledger.db*"):
        path.unlink()
    choose(world, "2026-09-16 01:00", EVA, tier="A")
    for night in ("2026-09-16 02:00", "2026-09-17 02:00"):
        assert not any("leaves the feed" in note for note in world.sync(night).notes)
        assert due(world, night) == ["2026-10-21 11:15"]
        assert [(mark.id, mark.start) for mark in world.feed()] == [(before.id, before.start)]


def test_a_tier_that_was_lost_with_the_ledger_is_told(world: World) -> None:
    started(world, met("2026-09-07"))
    for path in world.folder.glob("ledger.db*"):
        path.unlink()
    report = world.sync("2026-09-16 02:00")
    assert [note for note in report.notes if "calsync people import" in note]
    assert world.feed() == []
