"""Whom the user selects (product §3), sentence by sentence, with the program running."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import NOW, House
from tests.world import Ev

ANA, BO, CY = "ana@globex.example", "bo@initech.example", "cy@hooli.example"
LATER = "2026-03-11 02:00"


def test_everyone_is_the_default(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA, BO])) == {ANA, BO}


def test_ask_lets_newcomers_wait_in_the_inbox_until_accepted(house: House) -> None:
    house.people["select"] = "ask"
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA, BO]), Ev("o", "2025-03-10T10:00", [CY])) == set()
    assert house.verdicts(ANA, BO, CY) == ["held", "held", "known"]
    assert {each["person"]["emails"][0] for each in house.run("inbox", "--json").json} == {ANA, BO}
    assert house.feed() == []
    assert house.run("inbox", "accept", ANA).code == 0
    assert house.nudged() == {ANA}
    assert house.verdicts(ANA, BO) == ["newcomer", "held"]
    house.sync(LATER)
    assert house.nudged(LATER) == {ANA}


def test_ask_and_ignore_in_the_inbox(house: House) -> None:
    house.people["select"] = "ask"
    house.met(Ev("m", "2026-03-10T10:00", [ANA, BO]))
    assert house.run("inbox", "ignore", BO).code == 0
    assert {each["person"]["emails"][0] for each in house.run("inbox", "--json").json} == {ANA}
    assert house.verdicts(BO) == ["excluded"]


def test_who_was_ignored_by_a_slip_is_let_in_by_accepting_them(house: House) -> None:
    house.people["select"] = "ask"
    house.met(Ev("m", "2026-03-10T10:00", [ANA, BO]))
    house.run("inbox", "ignore", BO)
    house.sync(NOW)
    told = house.run("inbox", "accept", BO)
    assert (told.code, told.out.split(":")[0]) == (0, "Accepted")
    assert house.verdicts(BO) == ["newcomer"]
    assert house.nudged() == {BO}


def test_a_held_meeting_is_accepted_with_the_person_who_was_ignored_by_a_slip(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [ANA], organizer=ANA, mine="NEEDS-ACTION"))
    house.run("inbox", "ignore", ANA)
    house.sync(NOW)
    assert house.run("inbox", "accept", ANA).code == 0
    assert house.nudged() == {ANA}


def test_accepting_somebody_whom_the_config_ignores_says_so_and_changes_nothing(house: House) -> None:
    house.people["ignore"] = [BO]
    house.met(Ev("m", "2026-03-10T10:00", [ANA, BO]))
    told = house.run("inbox", "accept", BO)
    assert told.code == 2
    assert "people.ignore" in told.err
    assert house.nudged() == {ANA}


def test_an_answer_in_the_inbox_that_comes_late_starts_what_still_makes_sense(house: House) -> None:
    house.people["select"] = "ask"
    house.met(Ev("m", "2026-03-10T10:00", [ANA]))
    house.sync("2026-03-18 18:00")
    house.run("inbox", "accept", ANA, now="2026-03-18 18:30")
    assert [step for _, step, _ in house.open("2026-03-18 18:30")] == ["meet", "check-in"]


@pytest.mark.parametrize(
    ("title", "extra"), [("Intro #followup", ()), ("Intro", ["DESCRIPTION:Please #FollowUp\\, Sam"])]
)
def test_tagged_starts_follow_ups_only_where_title_or_description_holds_followup(
    house: House, title: str, extra: list[str]
) -> None:
    house.people["select"] = "tagged"
    events = [Ev("m", "2026-03-10T10:00", [ANA], title=title, extra=extra), Ev("n", "2026-03-10T12:00", [BO])]
    assert house.met(*events) == {ANA}


def test_the_first_tagged_meeting_is_the_first(house: House) -> None:
    house.people["select"] = "tagged"
    events = [
        Ev("a", "2025-03-10T10:00", [ANA]),
        Ev("b", "2026-03-06T10:00", [ANA]),
        Ev("c", "2026-03-10T10:00", [ANA], title="Again #followup"),
        Ev("d", "2025-04-10T10:00", [BO], title="#followup"),
        Ev("e", "2026-03-10T12:00", [BO], title="#followup"),
    ]
    assert house.met(*events) == {ANA}
    assert {entry.followup.meeting for entry in house.agenda(NOW)} == {"c"}
    assert house.verdicts(ANA, BO) == ["newcomer", "known"]


def test_a_tag_added_after_the_meeting_starts_follow_ups(house: House) -> None:
    house.people["select"] = "tagged"
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA])) == set()
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA], title="Meeting #followup"), now=LATER) == {ANA}


def test_nofollowup_makes_people_known_and_starts_nothing(house: House) -> None:
    silent = Ev("m", "2026-03-09T10:00", [ANA], title="Lunch #nofollowup")
    assert house.met(silent, Ev("n", "2026-03-10T10:00", [ANA, BO])) == {BO}
    assert house.verdicts(ANA) == ["known"]


@pytest.mark.parametrize("select", ["everyone", "ask", "tagged"])
def test_nofollowup_always_wins(house: House, select: str) -> None:
    house.people["select"] = select
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA], title="#followup #NoFollowUp")) == set()
    assert house.verdicts(ANA) == ["known"]
    assert house.run("inbox", "--json").json == []


def test_nofollowup_added_after_the_meeting_takes_open_follow_ups_back(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA])) == {ANA}
    assert (
        house.met(Ev("m", "2026-03-10T10:00", [ANA], extra=["DESCRIPTION:no thanks #nofollowup"]), now=LATER) == set()
    )
    assert house.feed() == []


TAG_PACK = """
summary = "By tag"
[[rule]]
id = "investor"
summary = "Somebody with money"
when = { tags = ["investor"] }
  [[rule.step]]
  id = "deck"
  after = "1 day"
  window = "5 days"
  channel = "email"
"""


@pytest.mark.parametrize(
    ("title", "description", "matches"),
    [
        ("Coffee #investor", "", True),
        ("Coffee", "notes\\n#Investor and more", True),
        ("Coffee #investors", "", False),
        ("Coffee investor", "", False),
        ("Coffee", "see https://a.example/page#investor", False),
    ],
)
def test_tags_are_the_hash_words_of_title_and_description(
    house: House, title: str, description: str, matches: bool
) -> None:
    house.pack("bytag", TAG_PACK)
    house.packs = ["bytag"]
    house.met(Ev("m", "2026-03-10T10:00", [ANA], title=title, extra=[f"DESCRIPTION:{description}"]))
    assert house.nudged() == ({ANA} if matches else set())
