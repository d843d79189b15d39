"""calsync why: the verdict, the reasons, the shape for programs (product §8), with the program running."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.conftest import House
from tests.world import ME, Ev

ANA, BO, CY = "ana@globex.example", "bo@initech.example", "cy@hooli.example"
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
ROOM = "ATTENDEE;CUTYPE=ROOM;CN=Oak Room;PARTSTAT=ACCEPTED:mailto:oak@globex.example"


def named(name: str, address: str, answer: str = "ACCEPTED") -> str:
    return f"ATTENDEE;CN={name};PARTSTAT={answer}:mailto:{address}"


def test_the_shape_for_programs(house: House) -> None:
    house.zone = "America/New_York"
    house.met(Ev("m", "2026-03-10T10:00", [named("Ana Gold", "Ana@Globex.example")], title="Intro"))
    told = house.run("why", ANA, "--json")
    assert told.code == 0
    answer = told.json
    assert answer["person"] == {"name": "Ana Gold", "emails": [ANA]}
    assert answer["verdict"] == "newcomer"
    (meeting,) = answer["meetings"]
    assert set(meeting) >= {"uid", "title", "start", "counts", "reasons"}
    assert (meeting["uid"], meeting["title"], meeting["counts"]) == ("m", "Intro", True)
    assert meeting["start"] == "2026-03-10T06:00:00-04:00"
    assert all(isinstance(reason, str) and reason for reason in meeting["reasons"])
    agenda = house.run("agenda", "--json").json
    assert [{k: v for k, v in each.items() if k != "cause"} for each in answer["followups"]] == agenda
    for each in answer["followups"]:
        assert isinstance(each["cause"], str)
        assert each["cause"]
        assert TIME.fullmatch(each["start"])


def test_every_verdict(house: House) -> None:
    house.people["ignore"] = [CY]
    house.met(
        Ev("a", "2025-03-10T10:00", ["olga@acme.example"]),
        Ev("b", "2026-03-10T10:00", [ANA, CY]),
        Ev("c", "2026-03-10T12:00", [], organizer=BO, mine="NEEDS-ACTION"),
    )
    people = (ANA, "olga@acme.example", CY, BO, "nobody@nowhere.example")
    assert house.verdicts(*people) == ["newcomer", "known", "excluded", "held", "not found"]


def test_nobody_found_is_exit_2_and_says_so(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [ANA]))
    told = house.run("why", "zoe")
    assert told.code == 2
    assert "zoe" in told.err
    told = house.run("why", "zoe", "--json")
    assert told.code == 2
    assert told.json == {"person": None, "verdict": "not found", "meetings": [], "followups": []}


def test_several_are_listed_and_exit_2(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [named("Ana Gold", ANA), named("Ana Silver", "as@hooli.example")]))
    told = house.run("why", "ana")
    assert told.code == 2
    assert ANA in told.err
    assert "as@hooli.example" in told.err


@pytest.mark.parametrize(
    "text", ["ana", "Gold", "gold", "ANA GOLD", "Gold, Ana", "ana@globex.example", "ANA+x@globex.example"]
)
def test_a_person_is_an_address_or_part_of_a_name(house: House, text: str) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [named("Ana Gold", ANA)]))
    assert house.run("why", text, "--json").json["person"]["emails"] == [ANA]


def test_a_newcomer_in_plain_words(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [named("Ana Gold", ANA)], title="Intro"))
    said = house.run("why", "Ana").out
    for words in (
        "Ana Gold",
        "newcomer",
        "Intro",
        "professional.first-meeting",
        "met-the-organizer",
        "Wed 11 Mar 09:00",
    ):
        assert words in said


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("kim@northwind.example", "colleague"),
        ("x@spam.example", "ignored"),
        ("oak@globex.example", "room"),
        ("info@globex.example", "role address"),
        ("noreply@globex.example", "robot"),
        ("bo@initech.example", "declined"),
        ("cy@hooli.example", "delegated"),
    ],
)
def test_the_excluded_are_told_why(house: House, address: str, words: str) -> None:
    house.people["ignore"] = ["*@spam.example"]
    everybody = [ANA, "kim@northwind.example", "x@spam.example", "info@globex.example", "noreply@globex.example"]
    house.met(Ev("m", "2026-03-10T10:00", [*everybody, ROOM, (BO, "DECLINED"), (CY, "DELEGATED")]))
    answer = house.run("why", address, "--json").json
    assert answer["verdict"] == "excluded"
    assert any(words in reason for reason in answer["meetings"][0]["reasons"])
    assert answer["meetings"][0]["counts"] is False
    assert words in house.run("why", address).out


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Ev("m", "2026-03-10T10:00", [ANA], extra=["STATUS:CANCELLED"]), "cancelled"),
        (Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="DECLINED"), "you declined it"),
        (Ev("m", "2026-03-10", [ANA], all_day=True), "all-day"),
        (Ev("m", "2026-03-10T10:00", [ANA, *(f"g{n}@globex.example" for n in range(20))]), "group_max"),
        (Ev("m", "2026-03-10T10:00", [], organizer=ANA, mine="NEEDS-ACTION"), "never answered"),
        (Ev("m", "2026-03-10T10:00", [BO], organizer=ANA), "lists you nowhere"),
        (
            Ev("m", "2026-03-10T10:00", [(ANA, "NEEDS-ACTION"), *(f"g{n}@globex.example" for n in range(7))]),
            "never answered",
        ),
    ],
)
def test_a_meeting_that_does_not_count_is_told_why(house: House, event: Ev, words: str) -> None:
    house.met(event)
    (meeting,) = house.run("why", ANA, "--json").json["meetings"]
    assert meeting["counts"] is False
    assert any(words in reason for reason in meeting["reasons"])
    assert words in house.run("why", ANA).out


def test_a_title_tells_of_the_meeting_and_all_its_people(house: House) -> None:
    everybody = [named("Ana Gold", ANA), "kim@northwind.example", ROOM, (BO, "DECLINED")]
    house.met(Ev("m", "2026-03-10T10:00", everybody, title="Budget round"))
    told = house.run("why", "budget")
    assert told.code == 0
    for words in ("Budget round", "counts", "you organised it", "Ana Gold", "colleague", "room", "declined"):
        assert words in told.out
    answer = house.run("why", "budget", "--json").json
    assert [(each["uid"], each["counts"]) for each in answer["meetings"]] == [("m", True)]
    assert answer["person"] is None


def test_a_rule_that_did_not_apply_is_told_with_what_it_wanted(house: House) -> None:
    host = Ev("m", "2026-03-10T10:00", [f"g{n}@globex.example" for n in range(9)], organizer=ANA, mine="ACCEPTED")
    house.met(host)
    said = house.run("why", ANA).out
    assert "✓ professional.met-the-organizer" in said
    assert "✗ professional.first-meeting: group is 10 other people, it wants 1 to 6 other people" in said


def test_the_cause_of_each_state_is_told(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [ANA]))
    house.run("done", ANA)
    house.met(Ev("m", "2026-03-10T10:00", [ANA]), Ev("n", "2026-03-20T10:00", [ANA]), now="2026-03-11 02:00")
    causes = {
        each["step"]: (each["state"], each["cause"])
        for each in house.run("why", ANA, "--json", now="2026-03-11 02:00").json["followups"]
    }
    assert causes["hello"][0] == "done"
    assert causes["meet"] == ("waiting", "another meeting is booked on 20 March 2026")


def test_it_says_so_before_the_first_sync(house: House) -> None:
    told = house.run("why", ANA)
    assert told.code == 2
    assert "sync" in told.err


def test_a_newcomer_of_long_ago_is_known(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [ANA]))
    house.sync("2026-04-01 02:00")
    assert house.verdicts(ANA, now="2026-04-01 02:00") == ["newcomer"]
    house.sync("2026-07-10 02:00")
    assert house.verdicts(ANA, now="2026-07-10 02:00") == ["known"]


def test_the_verdict_is_the_decision(house: House) -> None:
    """Whoever gets follow-ups is a newcomer for why, and nobody else is."""
    events = [
        Ev("a", "2025-03-10T10:00", ["p1@globex.example", "p2@globex.example"]),
        Ev("b", "2026-03-03T10:00", ["p2@globex.example", "p3@globex.example"]),
        Ev("c", "2026-03-10T10:00", ["p4@globex.example", ("p5@globex.example", "DECLINED")]),
        Ev("d", "2026-03-12T10:00", ["p6@globex.example"]),
        Ev("e", "2026-03-09T10:00", ["p7@globex.example"], title="#nofollowup"),
    ]
    nudged = house.met(*events)
    people = [f"p{n}@globex.example" for n in range(1, 8)]
    newcomers = {each for each, verdict in zip(people, house.verdicts(*people), strict=True) if verdict == "newcomer"}
    assert newcomers == nudged


def test_i_am_told_that_it_is_me(house: House) -> None:
    house.met(Ev("m", "2026-03-10T10:00", [ANA, ME]))
    assert house.verdicts(ME) == ["excluded"]
    assert "this is you" in house.run("why", ME).out
