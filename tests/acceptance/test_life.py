"""Product §6 in whole nights: what becomes of a follow-up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from calsync.ledger.promises import history
from calsync.model import State
from tests.acceptance.conftest import House
from tests.world import Ev

LIV, MAX, NED = "liv@hooli.example", "max@umbrella.example", "ned@aperture.example"
THU, FRI = "2026-06-11", "2026-06-12"
KEEP = Ev("keep", "2026-01-05T09:00", [])
"""So that the source never becomes empty."""


def first(guests: object = (LIV,), start: str = "2026-06-10T09:00", **more: object) -> Ev:
    return Ev("first", start, guests, **more)  # type: ignore[arg-type]


def states(house: House, now: str, person: str = LIV) -> dict[str, State]:
    """The latest state of each step for one person."""
    found: dict[str, tuple[int, State]] = {}
    for entry in house.agenda(now, everything=True):
        row = entry.followup
        if entry.emails[0] == person and row.round >= found.get(row.step, (-1, State.MET))[0]:
            found[row.step] = (row.round, row.state)
    return {step: state for step, (_, state) in found.items()}


def uids(house: House) -> set[str]:
    return {mark.id for mark in house.feed()}


def causes(house: House, now: str) -> set[str]:
    return {entry.cause for entry in house.agenda(now, everything=True)}


def test_a_follow_up_is_provisional_until_the_meeting_is_over_and_then_written(house: House) -> None:
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-10 20:00")
    assert set(states(house, "2026-06-10 20:00").values()) == {State.PROVISIONAL}
    assert house.feed_path.read_text(encoding="utf-8").count("Provisional:") == 3
    house.sync("2026-06-12 09:15")
    assert set(states(house, "2026-06-12 09:15").values()) == {State.PROVISIONAL}
    house.sync("2026-06-12 09:30")
    assert set(states(house, "2026-06-12 09:30").values()) == {State.WRITTEN}
    assert "Provisional:" not in house.feed_path.read_text(encoding="utf-8")


def test_what_lies_beyond_the_horizon_is_planned_and_in_no_output_until_it_comes_near(house: House) -> None:
    house.sections["limits"] = 'horizon = "20 days"'
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    assert states(house, "2026-06-10 20:00") == {
        "hello": State.WRITTEN,
        "meet": State.WRITTEN,
        "check-in": State.PLANNED,
    }
    assert len(house.feed()) == 2
    planned = house.agenda("2026-06-10 20:00")[-1].start
    house.sync("2026-07-03 02:00")
    assert states(house, "2026-07-03 02:00")["check-in"] is State.WRITTEN
    assert house.agenda("2026-07-03 02:00")[-1].start == planned
    assert len(house.feed()) == 3


def test_every_change_is_kept_with_its_time_and_cause_and_why_verbose_tells_it(house: House) -> None:
    house.put(KEEP, first(start="2026-06-11T09:00"))
    house.sync("2026-06-10 20:00")
    house.sync("2026-06-11 20:00")
    hello = next(e.id for e in house.agenda("2026-06-11 20:00") if e.followup.step == "hello")
    house.run("done", hello, now="2026-06-12 08:30")
    with house.ledger() as ledger:
        told = history(ledger, hello)
    assert [state for _, state, _ in told] == [State.PROVISIONAL, State.WRITTEN, State.DONE]
    assert [f"{at:%d %H:%M}" for at, _, _ in told] == ["10 20:00", "11 20:00", "12 08:30"]
    assert all(cause for _, _, cause in told)
    said = house.run("--verbose", "why", LIV, now="2026-06-12 09:00").out
    assert "provisional, the meeting is still to come" in said
    assert all(cause in said for _, _, cause in told)


def test_a_written_one_is_missed_after_its_window_and_its_event_stays_in_the_past(house: House) -> None:
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    hello = next(e.followup.reminder for e in house.agenda("2026-06-10 20:00") if e.followup.step == "hello")
    house.sync("2026-06-15 20:00")  # the third working day
    assert states(house, "2026-06-15 20:00")["hello"] is State.WRITTEN
    house.sync("2026-06-15T23:10+00:00")  # Tuesday in London
    assert states(house, "2026-06-15T23:10+00:00")["hello"] is State.MISSED
    assert hello in uids(house)


@pytest.mark.parametrize("again", ["2026-06-11T09:00", "2026-06-30T09:00"])
def test_met_again_on_a_later_day_closes_what_names_met(house: House, again: str) -> None:
    day = again[:10]
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    house.put(KEEP, first(), Ev("second", again, [LIV]))
    house.sync(f"{day} 20:00")
    now = states(house, f"{day} 20:00")
    assert now["meet"] is now["check-in"] is State.MET
    assert now["hello"] is (State.MET if day == "2026-06-11" else State.MISSED)
    assert all(mark.start.date().isoformat() <= day for mark in house.feed())


def test_a_second_meeting_on_the_same_day_is_not_meeting_again(house: House) -> None:
    house.put(KEEP, first(), Ev("second", "2026-06-10T14:00", [LIV]))
    house.sync("2026-06-10 20:00")
    assert set(states(house, "2026-06-10 20:00").values()) == {State.WRITTEN}


def test_the_same_day_is_the_same_day_on_my_clock(house: House) -> None:
    house.zone = "America/Los_Angeles"
    house.put(KEEP, first(start="2026-06-10T20:00"), Ev("second", "2026-06-11T01:00", [LIV]))
    house.sync("2026-06-11 05:00")  # both on Wednesday in California
    assert set(states(house, "2026-06-11 05:00").values()) == {State.WRITTEN}


@pytest.mark.parametrize(
    "other",
    [
        Ev("second", "2026-06-11T09:00", [LIV], extra=["STATUS:CANCELLED"]),
        Ev("second", "2026-06-11T09:00", [], organizer=LIV, mine="DECLINED"),
        Ev("second", "2026-06-11T09:00", [(LIV, "DECLINED")]),
        Ev("second", "2026-06-11", [LIV], all_day=True),
        Ev("second", "2026-06-11T09:00", [LIV, *(f"g{i}@hall.example" for i in range(20))]),
        Ev("second", "2026-06-11T09:00", [], organizer=LIV, mine="NEEDS-ACTION"),
    ],
)
def test_a_meeting_that_does_not_count_meets_and_books_nobody(house: House, other: Ev) -> None:
    house.put(KEEP, first(), other)
    house.sync("2026-06-10 20:00")
    assert set(states(house, "2026-06-10 20:00").values()) == {State.WRITTEN}
    house.sync("2026-06-11 20:00")
    assert set(states(house, "2026-06-11 20:00").values()) == {State.WRITTEN}


def test_a_booked_meeting_makes_wait_what_names_booked_and_its_falling_away_brings_new_ids(house: House) -> None:
    booked = Ev("second", "2026-07-20T09:00", [LIV])
    house.put(KEEP, first(), booked)
    house.sync("2026-06-10 20:00")
    assert states(house, "2026-06-10 20:00") == {
        "hello": State.WRITTEN,
        "meet": State.WAITING,
        "check-in": State.WAITING,
    }
    assert len(house.feed()) == 1
    seen = uids(house)
    for cancelled, length in ((True, 3), (False, 1), (True, 3)):
        extra = ["STATUS:CANCELLED"] if cancelled else []
        house.put(KEEP, first(), Ev("second", "2026-07-20T09:00", [LIV], extra=extra))
        house.sync("2026-06-11 02:00")
        assert len(house.feed()) == length
        if cancelled:
            fresh = uids(house) - {m.id for m in house.feed() if m.rule.endswith("hello")}
            assert not fresh & seen
            seen |= fresh
    assert all(mark.sequence == 0 for mark in house.feed())


def test_a_meeting_beyond_the_horizon_books_nobody(house: House) -> None:
    house.sections["limits"] = 'horizon = "60 days"'
    house.put(KEEP, first(), Ev("second", "2026-09-20T09:00", [LIV]))
    house.sync("2026-06-10 20:00")
    assert set(states(house, "2026-06-10 20:00").values()) == {State.WRITTEN}


def test_what_waited_is_met_when_the_booked_meeting_took_place(house: House) -> None:
    house.put(KEEP, first(), Ev("second", "2026-06-18T09:00", [LIV]))
    for now in ("2026-06-10 20:00", "2026-06-18 09:10", "2026-06-18 20:00"):
        house.sync(now)
    assert states(house, "2026-06-18 20:00")["meet"] is State.MET


def test_a_step_that_waited_past_its_window_is_missed_when_the_meeting_falls_away(house: House) -> None:
    house.put(KEEP, first(), Ev("second", "2026-07-15T09:00", [LIV]))
    house.sync("2026-06-10 20:00")
    house.sync("2026-07-14 20:00")  # the window of "meet" ended on 8 July
    assert states(house, "2026-07-14 20:00")["meet"] is State.WAITING
    house.put(KEEP, first())
    house.sync("2026-07-14 21:00")
    assert states(house, "2026-07-14 21:00") == {
        "hello": State.MISSED,
        "meet": State.MISSED,
        "check-in": State.WRITTEN,
    }


GONE: dict[str, tuple[Ev, ...]] = {
    "cancelled": (KEEP, first(start="2026-06-12T09:00", extra=["STATUS:CANCELLED"])),
    "declined by me": (KEEP, Ev("first", "2026-06-12T09:00", [LIV], organizer=LIV, mine="DECLINED")),
    "declined by them": (KEEP, Ev("first", "2026-06-12T09:00", [(LIV, "DECLINED")])),
    "delegated by them": (KEEP, Ev("first", "2026-06-12T09:00", [(LIV, "DELEGATED")])),
    "deleted": (KEEP,),
    "grown too large": (KEEP, first([LIV, *(f"g{i}@hall.example" for i in range(20))], start="2026-06-12T09:00")),
    "made all-day": (KEEP, Ev("first", "2026-06-12", [LIV], all_day=True)),
}


@pytest.mark.parametrize("change", GONE)
def test_a_meeting_that_no_longer_counts_withdraws_its_follow_ups(house: House, change: str) -> None:
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-10 20:00")
    assert len(house.feed()) == 3
    house.put(*GONE[change])
    house.sync("2026-06-11 02:00")
    assert set(states(house, "2026-06-11 02:00").values()) == {State.WITHDRAWN}, causes(house, "2026-06-11 02:00")
    assert house.feed() == []
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-11 03:00")
    assert set(states(house, "2026-06-11 03:00").values()) == {State.PROVISIONAL}
    assert len(house.feed()) == 3


@pytest.mark.parametrize("change", [c for c in GONE if c not in ("deleted", "grown too large", "made all-day")])
def test_a_past_meeting_later_marked_cancelled_or_declined_withdraws_what_is_open(house: House, change: str) -> None:
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-12 20:00")
    house.run("done", LIV, now="2026-06-13 08:00")
    house.put(*GONE[change])
    house.sync("2026-06-13 09:00")
    assert states(house, "2026-06-13 09:00") == {
        "hello": State.DONE,
        "meet": State.WITHDRAWN,
        "check-in": State.WITHDRAWN,
    }
    (left,) = house.feed()
    assert left.title.startswith("✓")


@pytest.mark.parametrize("change", ["deleted", "grown too large", "made all-day"])
def test_other_edits_of_a_past_meeting_leave_its_follow_ups(house: House, change: str) -> None:
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-12 20:00")
    before = house.open("2026-06-12 20:00")
    house.put(*GONE[change])
    house.sync("2026-06-13 02:00")
    assert house.open("2026-06-13 02:00") == before


def test_a_meeting_that_moves_within_its_day_keeps_its_reminders(house: House) -> None:
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-10 20:00")
    before = uids(house)
    house.put(KEEP, first(start="2026-06-12T15:00"))
    house.sync("2026-06-11 02:00")
    assert uids(house) == before
    assert all(mark.sequence == 1 for mark in house.feed())  # the text tells the hour


def test_a_meeting_that_moves_to_another_day_and_back_leaves_no_ghosts(house: House) -> None:
    for night, day in enumerate(("12", "16", "12", "17")):
        house.put(KEEP, first(start=f"2026-06-{day}T09:00"))
        house.sync(f"2026-06-10 2{night}:00")
        assert len(house.feed()) == 3
    assert len(house.open("2026-06-10 23:00")) == 3
    assert house.open("2026-06-10 23:00")[0] == (LIV, "hello", "2026-06-18 09:00")


def test_ignoring_a_person_withdraws_and_removes(house: House) -> None:
    house.put(KEEP, first([LIV, MAX]))
    house.sync("2026-06-10 20:00")
    house.people["ignore"] = [LIV]
    house.sync("2026-06-10 21:00")
    assert set(states(house, "2026-06-10 21:00").values()) == {State.WITHDRAWN}
    assert set(states(house, "2026-06-10 21:00", MAX).values()) == {State.WRITTEN}
    assert len(house.feed()) == 3
    assert LIV not in house.feed_path.read_text(encoding="utf-8").replace("\r\n ", "")


def test_a_rule_that_is_gone_withdraws(house: House) -> None:
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    house.packs = ["personal"]
    house.sync("2026-06-10 21:00")
    assert set(states(house, "2026-06-10 21:00").values()) == {State.WITHDRAWN}
    assert house.feed() == []


OWN = """\
summary = "My own, under another name, with the same rule and steps."
[[rule]]
id = "first-meeting"
when = { meeting = "first", group = "1..6" }
  [[rule.step]]
  id = "hello"
  after = "2 days"
  window = "9 days"
  channel = "message"
  [[rule.step]]
  id = "meet"
  after = "3 weeks"
  window = "7 weeks"
  channel = "lunch"
"""


@pytest.mark.parametrize("answer", ["done", "dismiss"])
def test_an_answer_never_returns_whichever_pack_asks(house: House, answer: str) -> None:
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    assert house.run(answer, LIV, now="2026-06-10 20:10").code == 0
    final = State.DONE if answer == "done" else State.DISMISSED
    assert states(house, "2026-06-10 20:10")["hello"] is final
    house.pack("own", OWN)
    for packs in (["own"], ["personal"], ["professional"], ["own", "professional"]):
        house.packs = packs
        house.sync("2026-06-11 02:00")
        entries = house.agenda("2026-06-11 02:00", everything=True)
        assert [e.state for e in entries if e.followup.step == "hello"] == [final]
    hellos = [mark for mark in house.feed() if mark.rule.endswith("/hello")]
    assert len(hellos) == (1 if answer == "done" else 0)


def test_an_answer_stays_when_the_meeting_moves_or_is_cancelled_and_comes_back(house: House) -> None:
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-10 20:00")
    house.run("dismiss", LIV, now="2026-06-10 20:10")
    for day, extra in (("15", ()), ("15", ("STATUS:CANCELLED",)), ("12", ()), ("19", ())):
        house.put(KEEP, first(start=f"2026-06-{day}T09:00", extra=extra))
        house.sync("2026-06-10 21:00")
        assert states(house, "2026-06-10 21:00")["hello"] is State.DISMISSED
    assert not [mark for mark in house.feed() if mark.rule.endswith("/hello")]


def test_people_who_join_and_leave_rewrite_the_reminder_in_place(house: House) -> None:
    sizes = []
    house.put(KEEP, first([LIV], start="2026-06-12T09:00"))
    house.sync("2026-06-10 20:00")
    ids = uids(house)
    for guests in ([LIV, MAX], [LIV, MAX, NED], [NED], [NED, LIV]):
        house.put(KEEP, first(guests, start="2026-06-12T09:00"))
        house.sync("2026-06-10 21:00")
        assert uids(house) == ids
        sizes.append(max(mark.sequence for mark in house.feed()))
        assert {address for address, _, _ in house.open("2026-06-10 21:00")} == set(guests)
    assert sizes == [1, 2, 3, 4]
    house.put(KEEP)
    house.sync("2026-06-10 22:00")
    assert house.feed() == []


def test_the_cli_answers_for_one_of_several(house: House) -> None:
    house.put(KEEP, first([LIV, MAX, NED]))
    house.sync("2026-06-10 20:00")
    house.run("done", LIV, now="2026-06-10 20:10")
    house.run("dismiss", MAX, now="2026-06-10 20:11")
    (hello,) = [mark for mark in house.feed() if mark.rule.endswith("/hello")]
    assert not hello.done
    assert NED in hello.title or "ned" in hello.title.lower()
    assert "liv@" not in hello.title
    house.run("done", NED, now="2026-06-10 20:12")
    (hello,) = [mark for mark in house.feed() if mark.rule.endswith("/hello")]
    assert hello.done
    assert [states(house, "2026-06-10 20:12", p)["hello"] for p in (LIV, MAX, NED)] == [
        State.DONE,
        State.DISMISSED,
        State.DONE,
    ]


def test_an_id_of_a_reminder_answers_for_all_in_it(house: House) -> None:
    house.put(KEEP, first([LIV, MAX]))
    house.sync("2026-06-10 20:00")
    reminder = house.agenda("2026-06-10 20:00")[0].followup.reminder
    assert house.run("dismiss", reminder, now="2026-06-10 20:10").code == 0
    assert {states(house, "2026-06-10 20:10", p)["hello"] for p in (LIV, MAX)} == {State.DISMISSED}
    assert len(house.feed()) == 2


@pytest.mark.parametrize(("touches", "steps"), [(1, {"hello"}), (2, {"hello", "meet"})])
def test_after_so_many_touches_since_the_last_meeting_it_is_quiet(house: House, touches: int, steps: set[str]) -> None:
    house.sections["limits"] = f"touches = {touches}"
    house.put(KEEP, first())
    for night in ("2026-06-10 20:00", "2026-06-12 02:00", "2026-06-17 02:00", "2026-06-30 02:00", "2026-07-30 02:00"):
        house.sync(night)
        live = {mark.rule.rpartition("/")[2] for mark in house.feed()}
        assert live == steps if night < "2026-07-11" else live <= steps


def test_a_dismissed_one_is_no_touch(house: House) -> None:
    house.sections["limits"] = "touches = 1"
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    house.run("dismiss", LIV, now="2026-06-10 20:10")
    house.sync("2026-06-11 02:00")
    assert [step for _, step, _ in house.open("2026-06-11 02:00")] == ["meet"]


def test_stop_ends_present_and_future_until_resume(house: House) -> None:
    house.put(KEEP, first([LIV, MAX]))
    house.sync("2026-06-10 20:00")
    assert house.run("stop", LIV, now="2026-06-10 20:10").code == 0
    assert {a for a, _, _ in house.open("2026-06-10 20:10")} == {MAX}
    assert "liv" not in house.feed_path.read_text(encoding="utf-8").replace("\r\n ", "")
    house.sync("2026-06-11 02:00")
    assert {a for a, _, _ in house.open("2026-06-11 02:00")} == {MAX}
    assert house.run("resume", LIV, now="2026-06-11 08:00").code == 0
    assert {a for a, _, _ in house.open("2026-06-11 08:00")} == {LIV, MAX}


def test_one_who_was_stopped_before_the_first_meeting_gets_nothing_until_resumed(house: House) -> None:
    house.put(KEEP, Ev("far", "2026-07-20T09:00", [LIV]))
    house.sync("2026-06-10 20:00")
    assert house.run("stop", LIV, now="2026-06-10 20:10").code == 0
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.sync("2026-06-12 20:00")
    assert house.open("2026-06-12 20:00") == []
    assert house.feed() == []
    house.run("resume", LIV, now="2026-06-12 20:10")
    house.sync("2026-06-13 02:00")
    assert [step for _, step, _ in house.open("2026-06-13 02:00")] == ["hello", "meet", "check-in"]


def test_stop_and_resume_do_not_bring_back_what_was_answered(house: House) -> None:
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    house.run("dismiss", LIV, now="2026-06-10 20:10")
    house.run("stop", LIV, now="2026-06-10 20:11")
    house.run("resume", LIV, now="2026-06-10 20:12")
    house.sync("2026-06-11 02:00")
    assert states(house, "2026-06-11 02:00")["hello"] is State.DISMISSED
    assert len(house.feed()) == 2


def test_every_output_holds_the_same_reminders_each_with_its_own_details(house: House) -> None:
    house.outputs = "\n".join(
        f'[[output]]\nname = "{name}"\ntype = "ics"\npath = "{name}.ics"\ndetails = "{name}"\n'
        for name in ("full", "names", "busy")
    )
    house.put(KEEP, first([LIV], title="Secret plan"))
    house.sync("2026-06-10 20:00")
    house.run("snooze", LIV, "2026-06-16 15:00", now="2026-06-10 20:10")
    from calsync.outputs.feed import read_marks

    found = [{(m.id, m.start) for m in read_marks(house.folder / f"{n}.ics")} for n in ("full", "names", "busy")]
    assert found[0] == found[1] == found[2]
    assert len(found[0]) == 3
    text = {n: (house.folder / f"{n}.ics").read_text(encoding="utf-8").replace("\r\n ", "") for n in ("names", "busy")}
    assert "Secret" not in text["names"]
    assert "liv" in text["names"].lower()
    assert "liv" not in text["busy"].lower()
    assert "hello" not in text["busy"]


def test_an_output_that_fails_holds_up_no_other_and_catches_up(house: House) -> None:
    house.outputs += '[[output]]\nname = "other"\ntype = "ics"\npath = "other/b.ics"\n'
    (house.folder / "other").write_text("a file where a folder should be")
    house.put(KEEP, first())
    assert house.sync("2026-06-10 20:00").exit_code == 3
    assert len(house.feed()) == 3
    (house.folder / "other").unlink()
    assert house.sync("2026-06-10 21:00").exit_code == 0
    assert (house.folder / "other" / "b.ics").read_bytes().count(b"BEGIN:VEVENT") == 3


def test_after_the_ledger_is_lost_nothing_moves_and_what_was_ticked_stays_ticked(house: House) -> None:
    old = Ev("old", "2025-02-03T09:00", [NED])
    house.put(KEEP, old, first([LIV, MAX], start="2026-06-10T09:00"), Ev("more", "2026-06-12T09:00", [NED]))
    house.sync("2026-06-10 20:00")
    house.run("snooze", LIV, "2026-06-16 15:00", now="2026-06-10 20:10")
    house.run("done", MAX, now="2026-06-10 20:11")
    before = {(m.id, m.start, m.done) for m in house.feed()}
    for path in house.folder.glob("ledger.db*"):
        path.unlink()
    house.sync("2026-06-11 02:00")
    assert {(m.id, m.start, m.done) for m in house.feed()} == before
    house.sync("2026-06-12 02:00")
    assert {(m.id, m.start, m.done) for m in house.feed()} == before
    assert states(house, "2026-06-12 02:00", NED) == {}


def test_after_the_ledger_is_lost_a_sync_tells_as_new_only_what_is_new(house: House) -> None:
    house.put(KEEP, first([LIV], start="2026-06-10T09:00"))
    house.sync("2026-06-10 20:00")
    for path in house.folder.glob("ledger.db*"):
        path.unlink()
    house.put(KEEP, first([LIV], start="2026-06-10T09:00"), Ev("more", "2026-06-10T14:00", [MAX]))
    told = house.run("sync", "--json", now="2026-06-11 02:00").json
    assert {(each["kind"], MAX in each["title"]) for each in told["differences"]} == {("create", True)}
    assert told["notes"] == ["the ledger is new; 3 reminders stood in the outputs already and stay as they are"]
    assert house.run("sync", "--json", now="2026-06-11 02:10").json["notes"] == []


def test_a_person_met_again_gets_no_first_meeting_from_the_second(house: House) -> None:
    house.put(KEEP, first(), Ev("second", "2026-06-17T09:00", [LIV]))
    house.sync("2026-06-10 20:00")
    house.sync("2026-06-17 20:00")
    rows = house.agenda("2026-06-17 20:00", everything=True)
    assert {row.followup.uid for row in rows} == {"first"}


def test_merging_two_addresses_of_one_person_leaves_one_set_of_follow_ups(house: House) -> None:
    house.put(KEEP, first([LIV]), Ev("second", "2026-06-10T14:00", ["liv@home.example"]))
    house.sync("2026-06-10 20:00")
    assert len(house.feed()) == 6
    house.people["aliases"] = [[LIV, "liv@home.example"]]
    house.sync("2026-06-10 21:00")
    assert len(house.feed()) == 3
    assert {row.followup.uid for row in house.agenda("2026-06-10 21:00")} == {"first"}


def test_the_report_in_json_tells_what_changed_and_why(house: House, tmp_path: Path) -> None:
    house.put(KEEP, first(start="2026-06-12T09:00"))
    house.run("sync", now="2026-06-10 20:00")
    house.put(KEEP)
    told = json.loads(house.run("sync", "--json", now="2026-06-11 02:00").out)
    assert [d["kind"] for d in told["differences"]] == ["remove"] * 3
    assert all("deleted" in d["cause"] for d in told["differences"])


def test_when_one_of_several_is_met_again_the_reminder_goes_on_for_the_others(house: House) -> None:
    house.put(KEEP, first([LIV, MAX]))
    house.sync("2026-06-10 20:00")
    before = uids(house)
    house.put(KEEP, first([LIV, MAX]), Ev("second", "2026-06-11T08:00", [LIV]))
    house.sync("2026-06-11 08:31")
    assert set(states(house, "2026-06-11 08:31").values()) == {State.MET}
    assert set(states(house, "2026-06-11 08:31", MAX).values()) == {State.WRITTEN}
    assert uids(house) == before
    assert all("liv" not in mark.title.lower() for mark in house.feed() if mark.start.day != 11)


def test_a_rule_without_unless_goes_on_whoever_is_met(house: House) -> None:
    house.pack("own", OWN.replace('channel = "message"', 'channel = "message"\n  unless = []'))
    house.packs = ["own"]
    house.put(KEEP, first(), Ev("second", "2026-06-11T09:00", [LIV]))
    house.sync("2026-06-10 20:00")
    house.sync("2026-06-11 20:00")
    assert states(house, "2026-06-11 20:00") == {"hello": State.WRITTEN, "meet": State.MET}


def test_one_who_waits_in_the_inbox_does_not_slip_out_of_it_when_a_step_is_missed(house: House) -> None:
    house.people["select"] = "ask"
    house.put(KEEP, first(start="2026-06-03T09:00"))
    for night in ("2026-06-10 20:00", "2026-06-11 02:00", "2026-06-12 02:00"):
        house.sync(night)
        assert house.open(night) == []
        assert house.verdict(LIV, night) == "held"
    house.sync("2026-06-20 02:00")  # older than lookback by now
    assert house.open("2026-06-20 02:00") == []
    assert house.feed() == []


def test_one_who_waits_in_the_inbox_with_a_meeting_booked_stays_there(house: House) -> None:
    house.people["select"] = "ask"
    booked = Ev("second", "2026-06-25T09:00", [LIV])
    house.put(KEEP, first(), booked)
    house.sync("2026-06-10 20:00")
    house.put(KEEP, first())
    house.sync("2026-06-11 02:00")
    assert house.open("2026-06-11 02:00") == []
    assert house.run("inbox", "accept", LIV, now="2026-06-11 08:00").code == 0
    assert [step for _, step, _ in house.open("2026-06-11 08:00")] == ["hello", "meet", "check-in"]


def test_dismissing_one_step_of_somebody_in_the_inbox_lets_nobody_in(house: House) -> None:
    house.people["select"] = "ask"
    house.put(KEEP, first())
    house.sync("2026-06-10 20:00")
    held = house.agenda("2026-06-10 20:00", everything=True)
    assert house.run("dismiss", held[0].id, now="2026-06-10 20:10").code == 0
    house.sync("2026-06-11 02:00")
    assert house.open("2026-06-11 02:00") == []


def test_after_the_ledger_is_lost_a_full_feed_is_no_reason_to_brake(house: House) -> None:
    house.put(
        KEEP, *(Ev(f"m{i}", f"2026-06-{1 + i % 10:02}T{8 + i // 10:02}:00", [f"p{i}@hooli.example"]) for i in range(30))
    )
    assert house.run("sync", "--allow", "30", now="2026-06-10 20:00").code == 0
    before = {(m.id, m.start) for m in house.feed()}
    for path in house.folder.glob("ledger.db*"):
        path.unlink()
    assert house.run("sync", now="2026-06-11 02:00").code == 0
    assert {(m.id, m.start) for m in house.feed()} == before


def test_after_the_ledger_is_lost_ticks_of_long_ago_and_late_snoozes_stand(house: House) -> None:
    house.put(KEEP, first([LIV]), Ev("other", "2026-06-09T09:00", [MAX]))
    house.sync("2026-06-10 20:00")
    house.run("done", LIV, now="2026-06-10 20:10")
    house.run("snooze", MAX, "2026-06-24 15:00", now="2026-06-10 20:11")
    before = {(m.id, m.start, m.done) for m in house.feed()}
    for path in house.folder.glob("ledger.db*"):
        path.unlink()
    for night in ("2026-06-20 02:00", "2026-06-21 02:00"):
        house.sync(night)
        assert {(m.id, m.start, m.done) for m in house.feed()} == before
    assert states(house, "2026-06-21 02:00")["hello"] is State.DONE
    assert states(house, "2026-06-21 02:00", MAX)["hello"] is State.WRITTEN


def test_after_the_ledger_is_lost_stamps_go_on_from_where_they_were(house: House) -> None:
    for title in ("One", "Two", "Three"):
        house.put(KEEP, first(title=title))
        house.sync("2026-06-10 20:00")
    before = {m.id: m for m in house.feed()}
    feed = house.feed_path.read_bytes()
    for path in house.folder.glob("ledger.db*"):
        path.unlink()
    house.sync("2026-06-11 02:00")
    assert house.feed_path.read_bytes() == feed
    for path in house.folder.glob("ledger.db*"):
        path.unlink()
    house.put(KEEP, first(title="Four"))
    house.sync("2026-06-11 03:00")
    assert all(mark.sequence > before[mark.id].sequence for mark in house.feed())
