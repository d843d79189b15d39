"""Who is met for the first time (product §3), sentence by sentence, with the program running."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import NOW, House
from tests.world import ME, Ev

ANA, BO, CY, OLD = "ana@globex.example", "bo@initech.example", "cy@hooli.example", "olga@acme.example"
LATER = "2026-03-11 02:00"


@pytest.fixture
def two(tmp_path: Path) -> House:
    return House(tmp_path, sources=(("work", "work"), ("home", "personal")))


def test_no_earlier_meeting_that_counts_in_any_source(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA, BO]))
    two.put(Ev("old", "2025-06-10T10:00", [ANA]), source="home")
    two.sync(NOW)
    assert two.nudged() == {BO}
    assert two.verdicts(ANA, BO) == ["known", "newcomer"]


def test_an_earlier_meeting_that_does_not_count_for_them_makes_nobody_known(house: House) -> None:
    house.put(
        Ev("a", "2025-06-10T10:00", [(ANA, "DECLINED"), BO]),
        Ev("b", "2025-07-10T10:00", [ANA], extra=["STATUS:CANCELLED"]),
        Ev("c", "2025-08-10", [ANA], all_day=True),
        Ev("d", "2025-09-10T10:00", [ANA, *(f"g{n}@globex.example" for n in range(20))]),
        Ev("m", "2026-03-10T10:00", [ANA]),
    )
    house.sync(NOW)
    assert house.nudged() == {ANA}


def test_the_same_event_in_two_sources_is_one_meeting_of_the_first_in_config_order(two: House) -> None:
    for source in ("work", "home"):
        two.put(Ev("m", "2026-03-10T10:00", [ANA]), source=source)
    two.sync(NOW)
    assert {(e.followup.source, e.followup.pack) for e in two.agenda(NOW)} == {("work", "professional")}
    assert len(two.run("why", ANA, "--json").json["meetings"]) == 1


def test_config_order_decides_not_the_order_of_reading(two: House) -> None:
    two.sources = (("home", "personal"), ("work", "work"))
    for source in ("work", "home"):
        two.put(Ev("m", "2026-03-10T10:00", [ANA]), source=source)
    two.sync(NOW)
    assert {(e.followup.source, e.followup.pack) for e in two.agenda(NOW)} == {("home", "personal")}


def test_it_counts_if_it_counts_in_any_and_is_of_the_first_source_in_which_it_does(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION"))
    two.put(Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="ACCEPTED"), source="home")
    two.sync(NOW)
    assert {(e.followup.source, e.followup.pack) for e in two.agenda(NOW)} == {("home", "personal")}
    assert two.verdicts(ANA) == ["newcomer"]


def test_a_copy_without_guests_does_not_hide_the_people_of_the_other(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [], organizer=None))
    two.put(Ev("m", "2026-03-10T10:00", [ANA]), source="home")
    two.sync(NOW)
    assert two.nudged() == {ANA}
    assert {e.followup.source for e in two.agenda(NOW)} == {"home"}


def test_somebody_named_in_one_copy_alone_is_met_too(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA]))
    two.put(Ev("m", "2026-03-10T10:00", [ANA, BO]), source="home")
    two.sync(NOW)
    assert two.nudged() == {ANA, BO}
    assert {e.followup.source for e in two.agenda(NOW)} == {"work"}


def test_nofollowup_in_one_copy_wins(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA]))
    two.put(Ev("m", "2026-03-10T10:00", [ANA], title="Intro #nofollowup"), source="home")
    two.sync(NOW)
    assert two.nudged() == set()


@pytest.mark.parametrize("uid", ["a-stable", "z-stable"])
def test_a_copy_under_other_uids_that_change_at_every_fetch_is_the_same_meeting(two: House, uid: str) -> None:
    """Same start, end, title and organiser."""
    two.sources = (("home", "personal"), ("work", "work"))
    two.put(Ev(uid, "2026-03-12T10:00", [ANA], title="Intro"))
    for number, now in enumerate((NOW, LATER, "2026-03-12 18:00", "2026-03-13 02:00")):
        two.put(Ev(f"fetch{number}", "2026-03-12T10:00", [ANA], title="Intro"), source="home")
        two.sync(now)
        entries = two.agenda(now)
        assert [e.followup.step for e in entries] == ["hello", "catch-up"]
        assert {e.followup.source for e in entries} == {"home"}
        assert len(two.run("why", ANA, "--json", now=now).json["meetings"]) == 1


def test_a_copy_under_another_uid_in_a_source_added_later_starts_nothing_anew(two: House) -> None:
    two.sources = (("work", "work"),)
    two.put(Ev("z", "2026-03-10T10:00", [ANA], title="Intro"))
    two.put(Ev("a", "2026-03-10T10:00", [ANA], title="Intro"), source="home")
    two.sync(NOW)
    before = {e.id for e in two.agenda(NOW)}
    two.sources = (("home", "personal"), ("work", "work"))
    two.sync(LATER)
    assert {e.id for e in two.agenda(LATER)} == before


def test_a_source_that_changes_its_uids_at_every_fetch_makes_neither_newcomers_nor_cancellations(house: House) -> None:
    for number, now in enumerate((NOW, LATER, "2026-03-12 02:00")):
        house.put(
            Ev(f"a{number}", "2025-06-10T10:00", [OLD], title="Old"),
            Ev(f"b{number}", "2026-03-10T10:00", [ANA, OLD], title="Intro"),
            Ev(f"c{number}", "2026-03-16T10:00", [BO], title="Chat"),
            Ev(f"d{number}", "2025-01-06T09:00", [CY], title="Weekly", extra=["RRULE:FREQ=WEEKLY"]),
        )
        assert house.met(now=now) == {ANA, BO}
        assert len(house.agenda(now, everything=True)) == 6
        assert len(house.feed()) == 6


def test_a_series_meets_its_people_once_at_its_first_occurrence(house: House) -> None:
    house.put(
        Ev("s", "2026-03-03T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY"]),
        Ev("t", "2025-03-04T10:00", [BO], extra=["RRULE:FREQ=WEEKLY"]),
    )
    house.sync(NOW)
    assert house.verdicts(ANA, BO) == ["newcomer", "known"]
    assert {e.followup.meeting for e in house.agenda(NOW, everything=True)} == {"s/20260303T100000Z"}


def test_a_series_meets_its_people_at_the_first_occurrence_that_counts_for_them(house: House) -> None:
    series = Ev("s", "2026-03-02T10:00", [ANA], extra=["RRULE:FREQ=DAILY;COUNT=20"], organizer=BO, mine="ACCEPTED")
    declined = Ev(
        "s", "2026-03-02T10:00", [ANA], organizer=BO, mine="DECLINED", extra=["RECURRENCE-ID:20260302T100000Z"]
    )
    without = Ev(
        "s",
        "2026-03-03T10:00",
        [(ANA, "DECLINED")],
        organizer=BO,
        mine="ACCEPTED",
        extra=["RECURRENCE-ID:20260303T100000Z"],
    )
    house.put(series, declined, without)
    house.sync(NOW)
    first = {e.emails[0]: e.followup.meeting for e in house.agenda(NOW, everything=True)}
    assert first == {BO: "s/20260303T100000Z", ANA: "s/20260304T100000Z"}


def test_a_cancelled_or_excluded_first_occurrence_is_not_the_first(house: House) -> None:
    house.put(
        Ev("s", "2026-03-03T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY", "EXDATE:20260303T100000Z"]),
        Ev("t", "2026-03-03T12:00", [BO], extra=["RRULE:FREQ=WEEKLY"]),
        Ev("t", "2026-03-03T12:00", [BO], extra=["RECURRENCE-ID:20260303T120000Z", "STATUS:CANCELLED"]),
    )
    house.sync(NOW)
    first = {e.emails[0]: e.followup.meeting for e in house.agenda(NOW, everything=True)}
    assert first == {ANA: "s/20260310T100000Z", BO: "t/20260310T120000Z"}


def test_a_moved_occurrence_is_met_where_it_took_place(house: House) -> None:
    house.put(
        Ev("s", "2026-03-09T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY"]),
        Ev("s", "2026-03-10T14:00", [ANA], extra=["RECURRENCE-ID:20260309T100000Z"]),
    )
    house.sync(NOW)
    (entry,) = [e for e in house.agenda(NOW, everything=True) if e.followup.step == "hello"]
    assert f"{entry.meeting_start:%F %H:%M}" == "2026-03-10 14:00"


def test_somebody_added_to_one_later_occurrence_is_met_there(house: House) -> None:
    house.put(
        Ev("s", "2025-03-04T10:00", [OLD], extra=["RRULE:FREQ=WEEKLY"]),
        Ev("s", "2026-03-10T10:00", [OLD, ANA], extra=["RECURRENCE-ID:20260310T100000Z"]),
    )
    house.sync(NOW)
    assert {(e.emails[0], e.followup.meeting) for e in house.agenda(NOW)} == {(ANA, "s/20260310T100000Z")}


def test_a_series_split_into_an_old_and_a_new_one_makes_no_newcomers(house: House) -> None:
    old = Ev("s", "2025-03-04T10:00", [OLD], extra=["RRULE:FREQ=WEEKLY"])
    house.met(old)
    ended = Ev("s", "2025-03-04T10:00", [OLD], extra=["RRULE:FREQ=WEEKLY;UNTIL=20260309T235959Z"])
    split = Ev("s_R20260310", "2026-03-10T11:00", [OLD, ANA], extra=["RRULE:FREQ=WEEKLY"])
    house.met(ended, split, now=LATER)
    assert house.verdicts(OLD, ANA, now=LATER) == ["known", "newcomer"]
    assert {e.emails[0] for e in house.agenda(LATER, everything=True)} == {ANA}


def test_an_old_friend_stays_known_when_the_series_start_is_moved_forward(house: House) -> None:
    house.met(Ev("s", "2025-03-04T10:00", [OLD], extra=["RRULE:FREQ=WEEKLY"]))
    house.met(Ev("s", "2026-03-17T10:00", [OLD], extra=["RRULE:FREQ=WEEKLY"]), now=LATER)
    assert house.verdicts(OLD, now=LATER) == ["known"]
    assert house.agenda(LATER, everything=True) == []
    house.met(Ev("s", "2026-03-24T15:00", [OLD], extra=["RRULE:FREQ=WEEKLY"]), now="2026-03-18 02:00")
    house.met(Ev("n", "2026-03-19T15:00", [OLD]), now="2026-03-20 02:00")
    assert house.verdicts(OLD, now="2026-03-20 02:00") == ["known"]
    assert house.agenda("2026-03-20 02:00", everything=True) == []


def test_a_calendar_that_shows_a_series_from_today_on_alone_makes_no_newcomers(house: House) -> None:
    for day in range(2, 20):
        now = f"2026-03-{day:02} 18:00"
        house.met(Ev("s", f"2026-03-{day:02}T10:00", [ANA], extra=["RRULE:FREQ=DAILY"]), now=now)
    assert {e.followup.meeting for e in house.agenda(now, everything=True)} == {"s/20260302T100000Z"}
    with house.ledger() as ledger:
        assert ledger.value("SELECT count(*) FROM event") < 4


def test_a_first_meeting_that_becomes_a_series_is_not_met_again(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [ANA]))
    before = {(e.id, e.followup.step) for e in house.agenda(NOW, everything=True)}
    house.run("dismiss", ANA)
    house.met(Ev("m", "2026-03-10T10:00", [ANA], extra=["RRULE:FREQ=MONTHLY"]), now=LATER)
    entries = house.agenda(LATER, everything=True)
    assert {(e.id, e.followup.step) for e in entries} == before
    assert {e.followup.step: e.state.value for e in entries}["hello"] == "dismissed"


def test_taking_the_first_occurrence_out_afterwards_changes_nothing(house: House) -> None:
    house.met(Ev("s", "2026-03-10T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY;COUNT=6"]))
    before = {e.id: e.state for e in house.agenda(NOW, everything=True)}
    excluded = ["RRULE:FREQ=WEEKLY;COUNT=6", "EXDATE:20260310T100000Z"]
    house.met(Ev("s", "2026-03-10T10:00", [ANA], extra=excluded), now=LATER)
    assert {e.id: e.state for e in house.agenda(LATER, everything=True)} == before


def test_somebody_taken_off_a_series_is_still_an_old_friend(house: House) -> None:
    house.met(Ev("s", "2025-03-04T10:00", [OLD, BO], extra=["RRULE:FREQ=WEEKLY"]))
    series = Ev("s", "2025-03-04T10:00", [BO], extra=["RRULE:FREQ=WEEKLY"])
    house.met(series, Ev("n", "2026-03-10T15:00", [OLD]), now="2026-03-11 02:00")
    assert house.verdicts(OLD, now=LATER) == ["known"]


def test_a_series_cancelled_as_a_whole_afterwards_takes_its_follow_ups_back(house: House) -> None:
    house.met(Ev("s", "2026-03-10T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY"]))
    house.met(Ev("s", "2026-03-10T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY", "STATUS:CANCELLED"]), now=LATER)
    assert house.nudged(LATER) == set()


def test_a_single_meeting_moved_from_the_past_to_the_future_was_not_held(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [ANA]))
    house.met(Ev("m", "2026-03-13T10:00", [ANA]), now=LATER)
    hello = [e for e in house.agenda(LATER) if e.followup.step == "hello"]
    assert [f"{e.start:%F}" for e in hello] == ["2026-03-16"]
    assert house.verdicts(ANA, now=LATER) == ["newcomer"]


def test_calsyncs_own_reminders_are_never_read_as_meetings(house: House) -> None:
    house.outputs = '[[output]]\nname = "feed"\ntype = "ics"\npath = "out/followups.ics"\ndetails = "busy"\n'
    (house.folder / "out").mkdir()
    house.met(Ev("m", "2026-03-10T10:00", [ANA]))
    feed = (
        (house.folder / "out" / "followups.ics").read_text().replace("CATEGORIES", f"ATTENDEE:mailto:{BO}\nCATEGORIES")
    )
    (house.folder / "copy.ics").write_text(feed)
    house.sources = (("work", "work"), ("copy", "work"))
    house.sync(LATER)
    assert house.nudged(LATER) == {ANA}
    assert house.run("why", BO, "--json").json["verdict"] == "not found"


def test_on_the_first_sync_of_a_source_history_makes_people_known_in_silence(house: House) -> None:
    events = [Ev(f"m{n}", f"2025-{n % 12 + 1:02}-10T10:00", [f"p{n}@globex.example"]) for n in range(40)]
    assert house.met(*events, Ev("m", "2026-03-10T10:00", [ANA])) == {ANA}
    assert len(house.agenda(NOW, everything=True)) == 3


def test_a_source_added_later_is_silent_too(two: House) -> None:
    (house := two).sources = (("work", "work"),)
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA, BO])) == {ANA, BO}
    house.put(Ev("old", "2025-03-10T10:00", [ANA, CY]), source="home")
    house.sources = (("work", "work"), ("home", "personal"))
    house.sync(LATER)
    assert house.nudged(LATER) == {BO}
    assert house.verdicts(ANA, CY, now=LATER) == ["known", "known"]


def test_history_bounds_how_far_back_calsync_reads(house: House) -> None:
    house.people["history"] = "1 year"
    assert house.met(Ev("old", "2025-03-01T10:00", [ANA]), Ev("m", "2026-03-10T10:00", [ANA])) == {ANA}
    house.people["history"] = "2 years"
    house.sync(LATER)
    assert house.verdicts(ANA, now=LATER) == ["known"]


def test_who_was_met_stays_known_when_history_leaves_the_meeting_behind(house: House) -> None:
    house.people["history"] = "1 year"
    house.met(Ev("old", "2025-06-10T10:00", [ANA]))
    house.met(Ev("old", "2025-06-10T10:00", [ANA]), Ev("m", "2026-07-10T10:00", [ANA]), now="2026-07-10 18:00")
    assert house.verdicts(ANA, now="2026-07-10 18:00") == ["known"]
    assert house.nudged("2026-07-10 18:00") == set()


def test_me_alone_and_only_rooms_is_no_meeting(house: House) -> None:
    room = "ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:oak@globex.example"
    assert house.met(Ev("m", "2026-03-10T10:00", [room, (ME, "ACCEPTED")])) == set()


def test_a_series_moved_by_an_hour_afterwards_was_not_held_twice(house: House) -> None:
    house.met(Ev("s", "2026-03-03T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY;COUNT=2"]))
    before = {e.id: e.state for e in house.agenda(NOW, everything=True)}
    house.met(Ev("s", "2026-03-03T11:00", [ANA], extra=["RRULE:FREQ=WEEKLY;COUNT=2"]), now=LATER)
    assert {e.id: e.state for e in house.agenda(LATER, everything=True)} == before
    assert len(house.run("why", ANA, "--json", now=LATER).json["meetings"]) == 2
