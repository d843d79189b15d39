"""Which meetings count (product §3), sentence by sentence, with the program running."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import NOW, House
from tests.world import ME, Ev

ANA, BO, CY = "ana@globex.example", "bo@initech.example", "cy@hooli.example"


def guests(number: int, answer: str = "ACCEPTED") -> list[tuple[str, str]]:
    return [(f"guest{n:02}@globex.example", answer) for n in range(number)]


def mine(*answers: str, address: str = ME) -> list[str]:
    return [f"ATTENDEE;PARTSTAT={answer}:mailto:{address}" for answer in answers]


def test_a_cancelled_meeting_does_nothing(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA], extra=["STATUS:CANCELLED"])) == set()
    assert house.verdicts(ANA) == ["excluded"]
    assert house.met(
        Ev("m", "2026-03-10T10:00", [ANA], extra=["STATUS:CANCELLED"]), Ev("n", "2026-03-10T12:00", [ANA])
    ) == {ANA}


def test_a_whole_calendar_of_cancellations_does_nothing(house: House) -> None:
    house.put(Ev("m", "2026-03-10T10:00", [ANA]), header=["METHOD:CANCEL"])
    house.sync(NOW)
    assert house.nudged() == set()


def test_a_meeting_that_i_organised_counts(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA], organizer=ME)) == {ANA}


@pytest.mark.parametrize("answer", ["ACCEPTED", "TENTATIVE", "accepted"])
def test_a_meeting_that_i_accepted_or_may_attend_counts(house: House, answer: str) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine=answer)) == {ANA}


@pytest.mark.parametrize("answer", ["DECLINED", "DELEGATED"])
def test_a_meeting_that_i_declined_introduces_nobody_and_makes_nobody_known(house: House, answer: str) -> None:
    old = Ev("old", "2025-03-10T10:00", [], organizer=ANA, mine=answer)
    assert house.met(old, Ev("m", "2026-03-09T10:00", [], organizer=ANA, mine=answer)) == set()
    assert house.verdicts(ANA) == ["excluded"]
    assert house.met(old, Ev("n", "2026-03-10T12:00", [ANA])) == {ANA}


@pytest.mark.parametrize(
    ("answers", "counts"),
    [
        (("DECLINED", "ACCEPTED"), True),
        (("NEEDS-ACTION", "TENTATIVE"), True),
        (("TENTATIVE", "DECLINED"), True),
        (("NEEDS-ACTION", "DECLINED"), False),
        (("DECLINED", "NEEDS-ACTION"), False),
    ],
)
def test_of_several_entries_of_mine_the_warmest_is_meant(house: House, answers: tuple[str, ...], counts: bool) -> None:
    house.emails = (ME, "sam.lee@gmail.com")
    entries = [
        *mine(answers[0]),
        *mine(answers[1], address="SamLee+work@googlemail.com"),
    ]
    assert house.met(Ev("m", "2026-03-10T10:00", entries, organizer=ANA)) == ({ANA} if counts else set())
    assert house.verdicts(ANA) == (["newcomer"] if counts else ["excluded"])


@pytest.mark.parametrize("spelling", ["samlee@gmail.com", "s.a.m.lee+cal@googlemail.com", "SAMLEE@GMAIL.COM"])
def test_my_address_is_mine_in_any_spelling(house: House, spelling: str) -> None:
    house.emails = ("Sam.Lee@Gmail.com",)
    lines = [f"ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:{spelling}"]
    accepted = Ev("m", "2026-03-10T10:00", lines, organizer=ANA)
    assert house.met(accepted, Ev("n", "2026-03-10T11:00", [BO], organizer=spelling)) == {ANA, BO}


def test_an_event_without_an_organiser_in_my_own_calendar_is_mine(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA], organizer=None)) == {ANA}


def test_an_all_day_event_does_not_count(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10", [ANA], all_day=True)) == set()
    assert house.verdicts(ANA) == ["excluded"]
    old = Ev("old", "2025-03-10", [ANA], all_day=True)
    assert house.met(old, Ev("n", "2026-03-10T12:00", [ANA])) == {ANA}


ALL_DAY_PACK = """
summary = "Days out"
[[rule]]
id = "day-out"
summary = "A whole day together"
when = { meeting = "first", all_day = true }
  [[rule.step]]
  id = "thanks"
  after = "1 day"
  window = "5 days"
  channel = "message"
"""


def test_an_all_day_event_counts_for_a_rule_that_says_so(house: House) -> None:
    house.pack("days", ALL_DAY_PACK)
    house.packs = ["professional", "days"]
    assert house.met(Ev("m", "2026-03-10", [ANA], all_day=True), now="2026-03-11 18:00") == {ANA}
    (entry,) = house.agenda("2026-03-11 18:00")
    assert (entry.followup.pack, entry.followup.step) == ("days", "thanks")


def test_an_all_day_event_counts_for_that_rule_alone(house: House) -> None:
    house.pack("days", ALL_DAY_PACK)
    house.packs = ["professional", "days"]
    house.put(Ev("m", "2026-03-09", [ANA], all_day=True), Ev("n", "2026-03-10T12:00", [ANA]))
    house.sync(NOW)
    steps = {(entry.followup.meeting, entry.followup.rule) for entry in house.agenda(NOW, everything=True)}
    assert ("n", "first-meeting") in steps
    assert ("m", "first-meeting") not in steps


@pytest.mark.parametrize(("number", "counts"), [(20, True), (21, False)])
def test_a_meeting_with_more_than_group_max_others_does_not_count(house: House, number: int, counts: bool) -> None:
    house.met(Ev("old", "2025-03-10T10:00", guests(number)), Ev("m", "2026-03-10T10:00", ["guest03@globex.example"]))
    assert house.verdicts("guest03@globex.example") == (["known"] if counts else ["newcomer"])


def test_group_max_is_the_users(house: House) -> None:
    house.people["group_max"] = 2
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA, BO, CY])) == set()
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA, BO])) == {ANA, BO}


def test_an_occurrence_that_is_not_over_counts_only_provisionally(house: House) -> None:
    house.met(Ev("m", "2026-03-10T17:45", [ANA]))
    assert {entry.state.value for entry in house.agenda(NOW)} == {"provisional"}
    house.sync("2026-03-10 18:15")
    assert {entry.state.value for entry in house.agenda("2026-03-10 18:15")} == {"written"}


def test_lookahead_of_0_days_turns_provisional_follow_ups_off(house: House) -> None:
    house.people["lookahead"] = "0 days"
    assert house.met(Ev("m", "2026-03-10T17:45", [ANA]), Ev("n", "2026-03-11T10:00", [BO])) == set()
    house.sync("2026-03-10 18:15")
    assert house.nudged("2026-03-10 18:15") == {ANA}


@pytest.mark.parametrize(("start", "starts"), [("2026-03-24T17:59", True), ("2026-03-24T18:01", False)])
def test_lookahead_bounds_what_is_promised_ahead(house: House, start: str, starts: bool) -> None:
    assert house.met(Ev("m", start, [ANA])) == ({ANA} if starts else set())


@pytest.mark.parametrize(("start", "verdict"), [("2026-02-24T17:31", "newcomer"), ("2026-02-24T17:29", "known")])
def test_meetings_that_ended_within_lookback_start_follow_ups_and_older_ones_do_not(
    house: House, start: str, verdict: str
) -> None:
    house.met(Ev("m", start, [ANA]))  # lasts half an hour; lookback ends on 24 February at 18:00
    assert house.verdicts(ANA) == [verdict]
    assert house.nudged() == ({ANA} if verdict == "newcomer" else set())


def test_lookback_is_the_users(house: House) -> None:
    house.people["lookback"] = "2 days"
    assert house.met(Ev("m", "2026-03-08T10:00", [ANA]), Ev("n", "2026-03-09T10:00", [BO])) == {BO}
    assert house.verdicts(ANA, BO) == ["known", "newcomer"]


def test_a_meeting_that_i_never_answered_is_held(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION")) == set()
    assert house.verdicts(ANA) == ["held"]
    (waiting,) = house.run("inbox", "--json").json
    assert waiting["person"]["emails"] == [ANA]


def test_a_meeting_that_lists_me_nowhere_while_somebody_else_organised_it_is_held(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [BO], organizer=ANA)) == set()
    assert house.verdicts(ANA, BO) == ["held", "held"]


def test_an_upcoming_meeting_is_held_within_lookahead(house: House) -> None:
    house.met(
        Ev("m", "2026-03-20T10:00", [], organizer=ANA, mine="NEEDS-ACTION"),
        Ev("n", "2026-04-20T10:00", [], organizer=BO, mine="NEEDS-ACTION"),
    )
    assert house.verdicts(ANA)[0] == "held"
    assert house.verdicts(BO)[0] != "held"


def test_an_unanswered_one_older_than_lookback_makes_its_people_known(house: House) -> None:
    house.met(
        Ev("old", "2025-12-10T10:00", [BO], organizer=ANA, mine="NEEDS-ACTION"),
        Ev("m", "2026-03-10T10:00", [ANA]),
        Ev("n", "2026-03-10T12:00", [BO]),
    )
    assert house.verdicts(ANA, BO) == ["known", "known"]


def test_unanswered_count_lets_meetings_count_that_i_never_answered(house: House) -> None:
    house.people["unanswered"] = "count"
    assert house.met(Ev("m", "2026-03-10T10:00", [BO], organizer=ANA)) == {ANA, BO}


def test_unanswered_skip_lets_them_do_nothing(house: House) -> None:
    house.people["unanswered"] = "skip"
    old = Ev("old", "2025-12-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION")
    recent = Ev("m", "2026-03-09T10:00", [], organizer=ANA, mine="NEEDS-ACTION")
    assert house.met(old, recent) == set()
    assert house.verdicts(ANA) == ["excluded"]
    assert house.met(old, recent, Ev("n", "2026-03-10T10:00", [ANA])) == {ANA}


def test_inbox_accept_counts_the_held_meetings_they_are_in(house: House) -> None:
    house.met(
        Ev("m", "2026-03-10T10:00", [BO], organizer=ANA),
        Ev("n", "2026-03-10T12:00", [CY], organizer=ANA),
    )
    told = house.run("inbox", "accept", ANA)
    assert told.code == 0
    assert house.verdicts(ANA, BO, CY) == ["newcomer", "newcomer", "newcomer"]
    assert house.nudged() == {ANA, BO, CY}
    assert house.run("inbox", "--json").json == []
    house.sync("2026-03-11 02:00")
    assert house.nudged("2026-03-11 02:00") == {ANA, BO, CY}


def test_inbox_accept_counts_a_held_meeting_for_which_no_rule_asks(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", guests(9), organizer=ANA, mine="NEEDS-ACTION"))
    assert house.verdicts("guest03@globex.example") == ["held"]
    assert house.run("inbox", "accept", "guest03@globex.example").code == 0
    assert house.verdicts("guest03@globex.example", ANA) == ["newcomer", "newcomer"]
    house.sync("2026-03-10 18:30")
    assert house.nudged("2026-03-10 18:30") == {ANA}


def test_inbox_accept_counts_a_held_meeting_of_somebody_who_is_a_newcomer_already(house: House) -> None:
    held = Ev("m", "2026-03-09T10:00", [BO], organizer=ANA)
    assert house.met(held, Ev("n", "2026-03-10T10:00", [ANA])) == {ANA}
    house.run("inbox", "accept", ANA)
    assert {meeting["uid"]: meeting["counts"] for meeting in house.run("why", ANA, "--json").json["meetings"]} == {
        "m": True,
        "n": True,
    }


def test_inbox_ignore_lets_a_held_person_go_for_good(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION"))
    assert house.run("inbox", "ignore", ANA).code == 0
    assert house.run("inbox", "--json").json == []
    assert house.met(Ev("n", "2026-03-11T10:00", [ANA]), now="2026-03-11 18:00") == set()
    assert house.verdicts(ANA, now="2026-03-11 18:00") == ["excluded"]


def test_an_answer_given_later_lets_a_held_meeting_count(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION"))
    later = "2026-03-11 02:00"
    assert house.met(Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="ACCEPTED"), now=later) == {ANA}


def group_of(house: House, *events: Ev) -> int:
    """The group as a rule sees it."""
    house.put(*events)
    house.sync(NOW)
    with house.ledger() as ledger:
        desk = house.desk(ledger, NOW)
        (records,) = desk.seen.of_uids([events[0].uid]).values()
        return desk.judge(records[0]).group


def test_the_group_counts_colleagues_ignored_and_unanswered_ones_and_a_participating_organiser(house: House) -> None:
    house.people["ignore"] = ["*@spam.example"]
    everybody = ["kim@northwind.example", "x@spam.example", (ANA, "NEEDS-ACTION"), (BO, "TENTATIVE"), *mine("ACCEPTED")]
    assert group_of(house, Ev("m", "2026-03-10T10:00", everybody, organizer=CY)) == 5


def test_the_group_leaves_out_me_rooms_robots_and_those_who_declined_or_delegated(house: House) -> None:
    house.emails = (ME, "sam.lee@gmail.com")
    everybody: list[object] = [
        ANA,
        "samlee@gmail.com",
        (BO, "DECLINED"),
        (CY, "DELEGATED"),
        "ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED:mailto:oak@globex.example",
        "ATTENDEE;CUTYPE=RESOURCE;PARTSTAT=ACCEPTED:mailto:beamer@globex.example",
        "ATTENDEE;CUTYPE=GROUP;PARTSTAT=ACCEPTED:mailto:board@globex.example",
        "noreply@globex.example",
        "host@calendly.com",
        "c_1a2b@resource.calendar.google.com",
        "team1a2b@group.calendar.google.com",
    ]
    assert group_of(house, Ev("m", "2026-03-10T10:00", everybody)) == 1


@pytest.mark.parametrize(
    ("number", "steps"),
    [(6, {"hello", "meet", "check-in"}), (7, {"thanks"}), (20, {"thanks"}), (21, set())],
)
def test_the_shipped_rules_draw_their_lines_at_6_7_20_and_21_others(house: House, number: int, steps: set[str]) -> None:
    everybody = [*guests(number - 1), *mine("ACCEPTED")]
    house.met(Ev("m", "2026-03-10T10:00", everybody, organizer=ANA))
    assert {entry.followup.step for entry in house.agenda(NOW) if entry.emails[0] == ANA} == steps
    others = house.nudged() - {ANA}
    assert len(others) == (5 if number == 6 else 0)
