"""Whole nights: what is promised to a person over days of syncs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from calsync.errors import BrakeError, BusyError
from calsync.model import State
from calsync.sync import only_run
from tests.world import ME, Ev, World, at

ANA, BO, OLD = "ana@globex.example", "bo@initech.example", "olga@acme.example"


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_newcomer_gets_the_three_steps_of_the_professional_pack(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))  # a Tuesday
    report = world.sync("2026-03-10 18:00")
    assert report.exit_code == 0
    assert world.open("2026-03-10 18:00") == [
        (ANA, "hello", "2026-03-11 09:00"),
        (ANA, "meet", "2026-03-24 09:00"),
        (ANA, "check-in", "2026-04-21 09:00"),
    ]
    assert [mark.sequence for mark in world.feed()] == [0, 0, 0]


def test_a_second_sync_writes_nothing(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]), Ev("m2", "2026-03-12T10:00", [BO]))
    world.sync("2026-03-10 18:00")
    before = (world.feed_path.read_bytes(), world.feed_path.stat().st_mtime_ns)
    report = world.sync("2026-03-10 18:05")
    assert (world.feed_path.read_bytes(), world.feed_path.stat().st_mtime_ns) == before
    assert report.is_quiet


def test_an_old_friend_is_not_greeted_again(world: World) -> None:
    world.put(Ev("old", "2024-05-10T10:00", [OLD]), Ev("m1", "2026-03-10T10:00", [ANA, OLD]))
    world.sync("2026-03-10 18:00")
    assert {address for address, _, _ in world.open("2026-03-10 18:00")} == {ANA}
    assert world.verdict(OLD, "2026-03-10 18:00") == "known"


def test_the_first_night_is_silent_about_the_past(world: World) -> None:
    world.put(*(Ev(f"h{i}", f"2025-{i:02}-03T10:00", [f"p{i}@globex.example"]) for i in range(1, 13)))
    report = world.sync("2026-03-10 18:00")
    assert report.starting == []
    assert world.open("2026-03-10 18:00") == []
    assert world.feed_path.exists()


def test_an_upcoming_meeting_is_provisional_and_says_so(world: World) -> None:
    world.put(Ev("m1", "2026-03-12T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    entry = world.agenda("2026-03-10 18:00")[0]
    assert (entry.state, entry.provisional) == (State.PROVISIONAL, True)
    assert b"Provisional" in world.feed_path.read_bytes()
    world.sync("2026-03-12 18:00")
    entry = world.agenda("2026-03-12 18:00")[0]
    assert (entry.state, f"{entry.start:%F %H:%M}") == (State.WRITTEN, "2026-03-13 09:00")
    assert b"Provisional" not in world.feed_path.read_bytes()
    assert world.feed()[0].sequence == 1


def test_a_cancelled_meeting_takes_its_follow_ups_with_it(world: World) -> None:
    world.put(Ev("m1", "2026-03-12T10:00", [ANA]), Ev("x", "2026-03-01T10:00", []))
    world.sync("2026-03-10 18:00")
    world.put(Ev("m1", "2026-03-12T10:00", [ANA], extra=["STATUS:CANCELLED"]), Ev("x", "2026-03-01T10:00", []))
    world.sync("2026-03-11 02:00")
    assert world.open("2026-03-11 02:00") == []
    assert world.feed() == []
    states = {e.state for e in world.agenda("2026-03-11 02:00", everything=True)}
    assert states == {State.WITHDRAWN}


def test_an_upcoming_meeting_missing_from_its_source_is_cancelled_and_a_past_one_is_not(world: World) -> None:
    keep = Ev("x", "2026-03-01T10:00", [])
    world.put(keep, Ev("past", "2026-03-09T10:00", [ANA]), Ev("next", "2026-03-12T10:00", [BO]))
    world.sync("2026-03-10 18:00")
    world.put(keep)
    world.sync("2026-03-11 02:00")
    assert {address for address, _, _ in world.open("2026-03-11 02:00")} == {ANA}


def test_a_meeting_marked_declined_after_the_fact_withdraws(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    world.put(Ev("m1", "2026-03-10T10:00", [(ANA, "DECLINED")]))
    world.sync("2026-03-11 02:00")
    entries = world.agenda("2026-03-11 02:00", everything=True)
    assert {e.state for e in entries} == {State.WITHDRAWN}
    assert "declined" in entries[0].cause


def test_other_edits_of_a_past_meeting_change_only_the_text(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA], title="Intro"))
    world.sync("2026-03-10 18:00")
    before = world.open("2026-03-10 18:00")
    others = [f"late{i}@globex.example" for i in range(8)]
    world.put(Ev("m1", "2026-03-09T15:00", [ANA, *((o, "NEEDS-ACTION") for o in others)], title="Kick-off"))
    world.sync("2026-03-10 20:00")
    assert world.open("2026-03-10 20:00") == before
    assert b"Kick-off" in world.feed_path.read_bytes()


def test_a_meeting_moved_to_another_day_moves_its_follow_ups_under_a_new_id(world: World) -> None:
    world.put(Ev("m1", "2026-03-12T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    old = {mark.id for mark in world.feed()}
    world.put(Ev("m1", "2026-03-17T10:00", [ANA]))
    world.sync("2026-03-11 02:00")
    assert world.open("2026-03-11 02:00")[0] == (ANA, "hello", "2026-03-18 09:00")
    assert not old & {mark.id for mark in world.feed()}
    gone = [e for e in world.agenda("2026-03-11 02:00", everything=True) if e.state is State.WITHDRAWN]
    assert len(gone) == 3
    assert "moved" in gone[0].cause


def test_meeting_again_closes_what_is_left(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]), Ev("m2", "2026-03-17T10:00", [ANA]))
    world.sync("2026-03-17 18:00")
    states = {e.followup.step: e.state for e in world.agenda("2026-03-17 18:00", everything=True)}
    assert states == {"hello": State.MISSED, "meet": State.MET, "check-in": State.MET}
    assert [mark.start.day for mark in world.feed()] == [11]


def test_a_booked_meeting_makes_steps_wait_and_they_come_back_with_a_new_id(world: World) -> None:
    first = Ev("m1", "2026-03-10T10:00", [ANA])
    world.put(first)
    world.sync("2026-03-10 18:00")
    old = {mark.id for mark in world.feed()}
    world.put(first, Ev("m2", "2026-03-30T10:00", [ANA]))
    world.sync("2026-03-11 02:00")
    states = {e.followup.step: e.state for e in world.agenda("2026-03-11 02:00", everything=True)}
    assert states == {"hello": State.WRITTEN, "meet": State.WAITING, "check-in": State.WAITING}
    assert len(world.feed()) == 1
    world.put(first)
    world.sync("2026-03-12 02:00")
    assert [step for _, step, _ in world.open("2026-03-12 02:00")] == ["hello", "meet", "check-in"]
    assert len(old & {mark.id for mark in world.feed()}) == 1


def test_the_later_occurrences_of_a_series_are_booked_meetings(world: World) -> None:
    world.put(Ev("s", "2026-03-10T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY;COUNT=10"]))
    world.sync("2026-03-10 18:00")
    states = {e.followup.step: e.state for e in world.agenda("2026-03-10 18:00", everything=True)}
    assert states == {"hello": State.WRITTEN, "meet": State.WAITING, "check-in": State.WAITING}


def test_somebody_added_to_one_later_occurrence_is_met_there(world: World) -> None:
    series = Ev("s", "2025-03-11T10:00", [OLD], extra=["RRULE:FREQ=WEEKLY"])
    one = Ev("s", "2026-03-10T10:00", [OLD, ANA], extra=["RECURRENCE-ID:20260310T100000Z"])
    world.put(series, one)
    world.sync("2026-03-10 18:00")
    assert {address for address, _, _ in world.open("2026-03-10 18:00")} == {ANA}


def test_several_newcomers_of_one_meeting_share_a_reminder(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA, BO]))
    world.sync("2026-03-10 18:00")
    hello = [e for e in world.agenda("2026-03-10 18:00") if e.followup.step == "hello"]
    assert len(hello) == 2
    assert len({e.followup.reminder for e in hello}) == 1
    assert len(world.feed()) == 3


def test_a_large_meeting_thanks_its_organizer_only(world: World) -> None:
    guests = [f"g{i}@globex.example" for i in range(9)]
    world.put(Ev("m1", "2026-03-10T10:00", guests, organizer="host@hall.example", mine="ACCEPTED"))
    world.sync("2026-03-10 18:00")
    assert [(a, s) for a, s, _ in world.open("2026-03-10 18:00")] == [("host@hall.example", "thanks")]


def test_a_meeting_over_group_max_does_nothing(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [f"g{i}@globex.example" for i in range(21)]))
    world.sync("2026-03-10 18:00")
    assert world.open("2026-03-10 18:00") == []
    assert world.verdict("g1@globex.example", "2026-03-10 18:00") == "excluded"


def test_an_unanswered_invitation_waits_in_the_inbox_and_accepting_it_counts_it(world: World) -> None:
    from calsync.asking.answers import accept
    from calsync.asking.finding import one_person

    world.put(Ev("m1", "2026-03-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION"))
    world.sync("2026-03-10 18:00")
    assert world.open("2026-03-10 18:00") == []
    assert world.verdict(ANA, "2026-03-10 18:00") == "held"
    with world.ledger() as ledger:
        desk = world.desk(ledger, "2026-03-10 18:10")
        accept(desk, one_person(ledger, desk.circle.identities, ANA))
        world.carry_out(ledger, "2026-03-10 18:10")
    assert [s for _, s, _ in world.open("2026-03-10 18:10")] == ["hello", "meet", "check-in"]


def test_an_old_unanswered_invitation_makes_its_people_known(world: World) -> None:
    world.put(
        Ev("m0", "2026-02-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION"),
        Ev("m1", "2026-03-10T10:00", [ANA]),
    )
    world.sync("2026-03-10 18:00")
    assert world.verdict(ANA, "2026-03-10 18:00") == "known"
    assert world.open("2026-03-10 18:00") == []


def test_an_unanswered_invitation_that_grows_old_takes_nothing_back(world: World) -> None:
    world.put(
        Ev("m0", "2026-03-01T10:00", [], organizer=ANA, mine="NEEDS-ACTION"),
        Ev("m1", "2026-03-10T10:00", [ANA]),
    )
    world.sync("2026-03-10 18:00")
    assert len(world.open("2026-03-10 18:00")) == 3
    world.sync("2026-03-18 18:00")
    assert [s for _, s, _ in world.open("2026-03-18 18:00")] == ["meet", "check-in"]


def test_the_brake_touches_no_output_and_allow_lets_it_pass(world: World) -> None:
    world.sections["limits"] = "brake = 2"
    world.put(*(Ev(f"m{i}", f"2026-03-10T{10 + i}:00", [f"p{i}@globex.example"]) for i in range(3)))
    with pytest.raises(BrakeError) as caught:
        world.sync("2026-03-10 18:00")
    assert caught.value.exit_code == 12
    assert not world.feed_path.exists()
    assert world.agenda("2026-03-10 18:00", everything=True) == []
    world.sync("2026-03-10 18:00", allow=3)
    assert len(world.feed()) == 9


def test_a_second_run_while_one_is_active_is_refused(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))
    with only_run(world.config()), pytest.raises(BusyError):
        world.sync("2026-03-10 18:00")


def test_a_dry_run_writes_nothing_and_tells_what_it_would(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))
    report = world.sync("2026-03-10 18:00", dry_run=True)
    assert [d.kind for d in report.differences] == ["create"] * 3
    assert not world.feed_path.exists()
    assert world.agenda("2026-03-10 18:00", everything=True) == []
    assert len(world.sync("2026-03-10 18:00").differences) == 3


def test_a_source_that_fails_withdraws_nothing_and_holds_up_nobody(tmp_path: Path) -> None:
    world = World(tmp_path, sources=(("work", "work"), ("home", "personal")))
    world.put(Ev("m1", "2026-03-12T10:00", [ANA]))
    world.put(Ev("p1", "2026-03-13T18:00", [BO]), source="home")
    world.sync("2026-03-10 18:00")
    before = world.open("2026-03-10 18:00")
    (tmp_path / "work.ics").unlink()
    report = world.sync("2026-03-11 02:00")
    assert report.exit_code == 3
    assert report.troubles[0].name == "work"
    assert world.open("2026-03-11 02:00") == before


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>Sign in</html>", b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nEND:VCALENDAR\r\n"],
)
def test_a_source_suddenly_empty_withdraws_nothing(world: World, content: bytes) -> None:
    world.put(Ev("m1", "2026-03-12T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    before = world.open("2026-03-10 18:00")
    (world.folder / "work.ics").write_bytes(content)
    report = world.sync("2026-03-11 02:00")
    assert report.exit_code == 3
    assert world.open("2026-03-11 02:00") == before


def test_a_source_cut_short_keeps_its_meetings_as_last_seen(world: World) -> None:
    world.put(Ev("m1", "2026-03-12T10:00", [ANA]), Ev("m2", "2026-03-13T10:00", [BO]))
    world.sync("2026-03-10 18:00")
    before = world.open("2026-03-10 18:00")
    path = world.folder / "work.ics"
    path.write_bytes(path.read_bytes()[:-120])
    assert world.sync("2026-03-11 02:00").exit_code == 3
    assert world.open("2026-03-11 02:00") == before


def test_the_same_event_in_two_sources_is_one_meeting(tmp_path: Path) -> None:
    world = World(tmp_path, sources=(("work", "work"), ("home", "personal")))
    world.put(Ev("m1", "2026-03-10T10:00", [], organizer=ANA, mine="DECLINED"))
    world.put(Ev("m1", "2026-03-10T10:00", [], organizer=ANA, mine="ACCEPTED"), source="home")
    world.sync("2026-03-10 18:00")
    entries = world.agenda("2026-03-10 18:00")
    assert {e.followup.source for e in entries} == {"home"}
    assert {e.followup.pack for e in entries} == {"personal"}


def test_a_server_that_changes_its_uids_at_every_fetch_makes_no_duplicates(world: World) -> None:
    def fetch(n: int) -> None:
        world.put(
            Ev(f"a{n}", "2026-03-12T10:00", [ANA], title="Intro"),
            Ev(f"b{n}", "2026-03-13T10:00", [BO], title="Chat"),
        )

    fetch(1)
    world.sync("2026-03-10 18:00")
    before, feed = world.open("2026-03-10 18:00"), world.feed_path.read_bytes()
    for n in (2, 3, 4):
        fetch(n)
        world.sync(f"2026-03-1{n - 1} 02:00") if n < 3 else world.sync("2026-03-11 03:00")
        assert world.open("2026-03-11 03:00") == before
        assert world.feed_path.read_bytes() == feed


def test_a_step_whose_window_is_over_when_first_seen_is_missed_and_not_written(world: World) -> None:
    world.put(Ev("m1", "2026-03-02T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    states = {e.followup.step: e.state for e in world.agenda("2026-03-10 18:00", everything=True)}
    assert states == {"hello": State.MISSED, "meet": State.WRITTEN, "check-in": State.WRITTEN}
    assert len(world.feed()) == 2


def test_a_written_one_is_missed_when_its_window_ends_and_its_event_stays(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))
    for day in range(10, 18):
        world.sync(f"2026-03-{day} 18:00")
    states = {e.followup.step: e.state for e in world.agenda("2026-03-17 18:00", everything=True)}
    assert states["hello"] is State.MISSED
    assert len(world.feed()) == 3


def test_calsyncs_own_reminders_are_never_read_as_meetings(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    feed = world.feed_path.read_bytes().replace(b"TRANSP:TRANSPARENT", b"ATTENDEE:mailto:bo@initech.example")
    body = feed.partition(b"BEGIN:VEVENT")[2].rpartition(b"END:VEVENT")[0]
    path = world.folder / "work.ics"
    path.write_bytes(
        path.read_bytes().replace(b"END:VCALENDAR", b"BEGIN:VEVENT" + body + b"END:VEVENT\r\nEND:VCALENDAR")
    )
    world.sync("2026-03-10 19:00")
    assert {address for address, _, _ in world.open("2026-03-10 19:00")} == {ANA}


def test_after_the_ledger_is_lost_reminders_in_the_feed_are_adopted(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]), Ev("b", "2026-04-21T08:00", [], minutes=60))
    world.sync("2026-03-10 18:00")
    feed = world.feed_path.read_bytes()
    for path in world.folder.glob("ledger.db*"):
        path.unlink()
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]), Ev("c", "2026-03-24T09:00", [], minutes=60))
    world.sync("2026-04-01 02:00")
    assert [mark.id for mark in world.feed()] == [mark.id for mark in _marks(feed, world.folder)]
    assert {s: d for _, s, d in world.open("2026-04-01 02:00")} == {
        "meet": "2026-03-24 09:00",
        "check-in": "2026-04-21 10:00",
    }


def test_adopting_a_lost_ledgers_reminders_greets_no_old_friend(world: World) -> None:
    world.put(Ev("old", "2024-05-10T10:00", [OLD]), Ev("m1", "2026-03-10T10:00", [ANA, OLD]))
    world.sync("2026-03-10 18:00")
    feed = world.feed_path.read_bytes()
    for path in world.folder.glob("ledger.db*"):
        path.unlink()
    world.sync("2026-03-10 19:00")
    assert {address for address, _, _ in world.open("2026-03-10 19:00")} == {ANA}
    assert world.feed_path.read_bytes() == feed


def _marks(feed: bytes, folder: Path) -> list:  # type: ignore[type-arg]
    from calsync.outputs.feed import read_marks

    copy = folder / "copy.ics"
    copy.write_bytes(feed)
    return read_marks(copy)


def test_stop_ends_all_of_a_person_and_resume_lets_them_come_again(world: World) -> None:
    from calsync.asking.answers import say

    world.put(Ev("m1", "2026-03-10T10:00", [ANA, BO]))
    world.sync("2026-03-10 18:00")
    with world.ledger() as ledger:
        say(world.desk(ledger, "2026-03-10 18:10"), ANA, "stopped", "yes")
        world.carry_out(ledger, "2026-03-10 18:10")
    assert {a for a, _, _ in world.open("2026-03-10 18:10")} == {BO}
    assert len(world.feed()) == 3
    with world.ledger() as ledger:
        say(world.desk(ledger, "2026-03-10 18:20"), ANA, "stopped", None)
        world.carry_out(ledger, "2026-03-10 18:20")
    assert {a for a, _, _ in world.open("2026-03-10 18:20")} == {ANA, BO}


def test_done_stays_with_a_tick_and_dismissed_leaves_and_neither_returns(world: World) -> None:
    from calsync.asking.answers import finish

    world.put(Ev("m1", "2026-03-10T10:00", [ANA]), Ev("m2", "2026-03-10T11:00", [BO]))
    world.sync("2026-03-10 18:00")
    with world.ledger() as ledger:
        finish(world.desk(ledger, "2026-03-10 18:10"), ANA, State.DONE, "you did it")
        finish(world.desk(ledger, "2026-03-10 18:10"), BO, State.DISMISSED, "you dismissed it")
        world.carry_out(ledger, "2026-03-10 18:10")
    titles = [mark.title for mark in world.feed()]
    assert sum(title.startswith("✓") for title in titles) == 1
    assert len(titles) == 5
    world.sync("2026-03-11 02:00")
    assert [mark.title for mark in world.feed()] == titles


def test_a_snooze_of_one_of_two_people_gives_them_a_reminder_of_their_own(world: World) -> None:
    from calsync.asking.answers import snooze

    world.put(Ev("m1", "2026-03-10T10:00", [ANA, BO]))
    world.sync("2026-03-10 18:00")
    with world.ledger() as ledger:
        snooze(world.desk(ledger, "2026-03-10 18:10"), ANA, "2026-03-20 15:00")
        world.carry_out(ledger, "2026-03-10 18:10")
    hello = {e.emails[0]: f"{e.start:%F %H:%M}" for e in world.agenda("2026-03-10 18:10") if e.followup.step == "hello"}
    assert hello == {ANA: "2026-03-20 15:00", BO: "2026-03-11 09:00"}
    assert len(world.feed()) == 4
    world.sync("2026-03-18 02:00")
    hello = {e.emails[0]: f"{e.start:%F %H:%M}" for e in world.agenda("2026-03-18 02:00") if e.followup.step == "hello"}
    assert hello == {ANA: "2026-03-20 15:00"}


def test_a_reminder_keeps_its_place_when_a_meeting_lands_on_it_later(world: World) -> None:
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    before = world.feed_path.read_bytes()
    world.put(Ev("m1", "2026-03-10T10:00", [ANA]), Ev("b", "2026-03-11T09:00", [], minutes=60))
    world.sync("2026-03-10 19:00")
    assert world.feed_path.read_bytes() == before


def test_an_added_guest_joins_the_reminder_in_place(world: World) -> None:
    world.put(Ev("m1", "2026-03-12T10:00", [ANA]))
    world.sync("2026-03-10 18:00")
    ids = [mark.id for mark in world.feed()]
    world.put(Ev("m1", "2026-03-12T10:00", [ANA, BO]))
    world.sync("2026-03-11 02:00")
    assert [mark.id for mark in world.feed()] == ids
    assert len(world.agenda("2026-03-11 02:00")) == 6
    world.put(Ev("m1", "2026-03-12T10:00", [BO]))
    world.sync("2026-03-11 03:00")
    assert [mark.id for mark in world.feed()] == ids
    assert {a for a, _, _ in world.open("2026-03-11 03:00")} == {BO}


def test_any_history_of_syncs_ends_in_the_same_follow_ups_as_one_sync(tmp_path: Path) -> None:
    events = [
        Ev("a", "2026-03-03T10:00", [ANA]),
        Ev("b", "2026-03-05T10:00", [BO]),
        Ev("c", "2026-03-12T10:00", ["cy@initech.example"]),
    ]
    results = []
    for name, nights in (
        ("one", ["2026-03-10 18:00"]),
        ("many", [f"2026-03-{d:02} 02:00" for d in range(1, 11)]),
    ):
        folder = tmp_path / name
        folder.mkdir()
        world = World(folder)
        world.put(*events)
        for night in [*nights, "2026-03-10 18:00"]:
            world.sync(night)
        results.append({(a, s) for a, s, _ in world.open("2026-03-10 18:00")})
    assert results[0] == results[1]


def test_me_under_any_spelling_is_never_met(world: World) -> None:
    world.sections["me"] = ""
    world.put(Ev("m1", "2026-03-10T10:00", [ANA, "Sam+x@NORTHWIND.example", "kim@eu.northwind.example"]))
    world.sync("2026-03-10 18:00")
    assert {a for a, _, _ in world.open("2026-03-10 18:00")} == {ANA}
    assert ME not in {a for a, _, _ in world.open("2026-03-10 18:00")}


def test_times_stay_on_the_wall_clock_over_the_change_to_summer_time(world: World) -> None:
    world.put(Ev("m1", "2026-03-26T10:00", [ANA]))
    world.sync("2026-03-26 18:00")
    starts = [e.start for e in world.agenda("2026-03-26 18:00")]
    assert [f"{s:%H:%M}" for s in starts if s] == ["09:00"] * 3
    assert [s.utcoffset() for s in starts if s] == [timedelta(0), timedelta(hours=1), timedelta(hours=1)]
    assert at("2026-03-27 09:00") == starts[0]
