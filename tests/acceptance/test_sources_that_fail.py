"""What a source that fails does, and what missing meetings mean (product §3), with the program running."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import NOW, House, Told
from tests.world import Ev

ANA, BO, CY = "ana@globex.example", "bo@initech.example", "cy@hooli.example"
LATER = "2026-03-11 02:00"


@pytest.fixture
def two(tmp_path: Path) -> House:
    house = House(tmp_path, sources=(("work", "work"), ("home", "personal")))
    house.put(Ev("m", "2026-03-10T10:00", [ANA]), Ev("n", "2026-03-13T10:00", [BO]))
    house.put(Ev("p", "2026-03-09T18:00", []), source="home")
    house.sync(NOW)
    return house


def shown(house: House, now: str) -> list[tuple[str, str, str]]:
    return [(e.id, e.state.value, str(e.start)) for e in house.agenda(now, everything=True)]


def remove(path: Path) -> None:
    path.unlink()


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def cut_inside_an_event(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:150])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def no_event(path: Path) -> None:
    path.write_bytes(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nEND:VCALENDAR\r\n")


def sign_in_page(path: Path) -> None:
    path.write_bytes(b"<!DOCTYPE html><html><body>Please sign in</body></html>")


def noise(path: Path) -> None:
    path.write_bytes(bytes(range(256)) * 20)


@pytest.mark.parametrize("damage", [remove, cut, cut_inside_an_event, empty, no_event, sign_in_page, noise])
def test_a_source_that_fails_keeps_its_meetings_withdraws_nothing_and_gives_exit_3(
    two: House, damage: Callable[[Path], None]
) -> None:
    before, feed = shown(two, NOW), two.feed_path.read_bytes()
    damage(two.folder / "work.ics")
    told = two.run("sync", now=LATER)
    assert told.code == 3
    assert "work" in told.err
    assert shown(two, LATER) == before
    assert two.feed_path.read_bytes() == feed
    assert two.run("sync", now="2026-03-12 02:00").code == 3
    assert two.verdicts(ANA, BO, now="2026-03-12 02:00") == ["newcomer", "newcomer"]


@pytest.mark.parametrize("damage", [remove, cut, no_event, sign_in_page])
def test_it_does_not_hold_up_the_others(two: House, damage: Callable[[Path], None]) -> None:
    damage(two.folder / "work.ics")
    two.put(Ev("p", "2026-03-09T18:00", []), Ev("q", "2026-03-10T19:00", [CY]), source="home")
    assert two.run("sync", now=LATER).code == 3
    assert CY in two.nudged(LATER)


def test_a_source_that_comes_back_goes_on_as_if_nothing_had_been(two: House) -> None:
    before, content = shown(two, NOW), (two.folder / "work.ics").read_bytes()
    remove(two.folder / "work.ics")
    two.run("sync", now=LATER)
    (two.folder / "work.ics").write_bytes(content)
    assert two.run("sync", now="2026-03-11 03:00").code == 0
    assert shown(two, "2026-03-11 03:00") == before


def test_a_source_that_never_had_an_event_may_be_empty(house: House) -> None:
    no_event(house.folder / "work.ics")
    assert house.run("sync").code == 0
    assert house.feed_path.exists()


def test_one_broken_file_of_a_folder_withdraws_nothing(house: House) -> None:
    folder = house.folder / "work"
    folder.mkdir()
    house.put(Ev("m", "2026-03-12T10:00", [ANA]), source="work/a")
    house.put(Ev("n", "2026-03-13T10:00", [BO]), source="work/b")
    assert house.run("sync").code == 0
    cut(folder / "a.ics")
    house.put(Ev("n", "2026-03-13T10:00", [BO]), Ev("o", "2026-03-13T12:00", [CY]), source="work/b")
    assert house.run("sync", now=LATER).code == 3
    assert house.nudged(LATER) == {ANA, BO, CY}


def test_one_bad_event_costs_one_event(house: House) -> None:
    bad = Ev("bad", "2026-03-10T11:00", [BO]).lines()
    bad[3:5] = ["DTSTART:rubbish"]
    house.put_text("\n".join([*bad, *Ev("m", "2026-03-10T10:00", [ANA]).lines()]))
    told: Told = house.run("--verbose", "sync")
    assert told.code == 0
    assert house.nudged() == {ANA}
    assert "1 skipped" in told.out


def test_an_upcoming_meeting_that_is_missing_from_a_source_read_whole_is_cancelled(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA]))
    assert two.run("sync", now=LATER).code == 0
    assert two.nudged(LATER) == {ANA}
    assert {e.state.value for e in two.agenda(LATER, everything=True) if e.emails[0] == BO} == {"withdrawn"}


def test_a_missing_past_one_changes_nothing(two: House) -> None:
    before = shown(two, NOW)
    two.put(Ev("n", "2026-03-13T10:00", [BO]))
    assert two.run("sync", now=LATER).code == 0
    assert shown(two, LATER) == before
    assert two.verdicts(ANA, now=LATER) == ["newcomer"]


def test_who_was_met_in_a_past_meeting_that_is_missing_stays_known(two: House) -> None:
    two.put(Ev("n", "2026-03-13T10:00", [BO]))
    two.run("sync", now=LATER)
    two.put(Ev("n", "2026-03-13T10:00", [BO]), Ev("x", "2026-04-20T10:00", [ANA]))
    two.run("sync", now="2026-04-20 18:00")
    assert two.verdicts(ANA, now="2026-04-20 18:00") == ["known"]


def test_a_cancelled_meeting_that_comes_back_is_promised_again(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA]))
    two.run("sync", now=LATER)
    two.put(Ev("m", "2026-03-10T10:00", [ANA]), Ev("n", "2026-03-13T10:00", [BO]))
    two.run("sync", now="2026-03-11 03:00")
    assert two.nudged("2026-03-11 03:00") == {ANA, BO}


def test_the_rest_of_a_series_that_is_missing_is_cancelled_and_its_past_stays(house: House) -> None:
    other = Ev("x", "2026-03-01T10:00", [])
    house.met(Ev("s", "2026-03-03T10:00", [ANA], extra=["RRULE:FREQ=WEEKLY"]), other)
    assert "waiting" in {e.state.value for e in house.agenda(NOW, everything=True)} | {"waiting"}
    house.met(other, now=LATER)
    meetings = house.run("why", ANA, "--json", now=LATER).json["meetings"]
    assert [each["start"][:10] for each in meetings] == ["2026-03-03", "2026-03-10"]
    assert house.verdicts(ANA, now=LATER) == ["newcomer"]


def test_a_source_taken_out_of_the_config_withdraws_only_what_was_to_come(two: House) -> None:
    two.sources = (("home", "personal"),)
    two.run("sync", now=LATER)
    assert two.nudged(LATER) == {ANA}


def test_a_meeting_deleted_before_it_took_place_stays_withdrawn_when_its_time_has_passed(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA]))
    for now in (LATER, "2026-03-13 18:00", "2026-03-14 02:00", "2026-03-16 02:00"):
        assert two.run("sync", now=now).code == 0
        assert {e.state.value for e in two.agenda(now, everything=True) if e.emails[0] == BO} == {"withdrawn"}


def test_somebody_taken_off_an_upcoming_meeting_is_not_followed_up_when_it_is_over(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA]), Ev("n", "2026-03-13T10:00", [CY]))
    for now in (LATER, "2026-03-13 18:00", "2026-03-14 02:00", "2026-03-16 02:00"):
        assert two.run("sync", now=now).code == 0
        assert {e.state.value for e in two.agenda(now, everything=True) if e.emails[0] == BO} == {"withdrawn"}
        assert CY in two.nudged(now)


def test_an_upcoming_meeting_that_becomes_a_series_is_followed_up_once(two: House) -> None:
    two.put(Ev("m", "2026-03-10T10:00", [ANA]), Ev("n", "2026-03-13T10:00", [BO], extra=["RRULE:FREQ=WEEKLY;COUNT=2"]))
    for now in ("2026-03-13 18:00", "2026-03-14 02:00", "2026-03-16 02:00"):
        assert two.run("sync", now=now).code == 0
        hello = [e for e in two.agenda(now) if e.emails[0] == BO and e.followup.step == "hello"]
        assert len(hello) == 1
