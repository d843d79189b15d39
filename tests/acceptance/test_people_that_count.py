"""Which people count in a meeting (product §3), sentence by sentence, with the program running."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import NOW, House
from tests.world import ME, Ev

ANA, BO, CY = "ana@globex.example", "bo@initech.example", "cy@hooli.example"
ACCEPTED = f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ME}"


def guests(number: int, answer: str = "ACCEPTED") -> list[tuple[str, str]]:
    return [(f"guest{n:02}@globex.example", answer) for n in range(number)]


@pytest.mark.parametrize("kind", ["ROOM", "RESOURCE", "GROUP", "room"])
def test_rooms_resources_and_groups_are_no_people(house: House, kind: str) -> None:
    line = f"ATTENDEE;CUTYPE={kind};PARTSTAT=ACCEPTED:mailto:oak@globex.example"
    assert house.met(Ev("m", "2026-03-10T10:00", [line, ANA])) == {ANA}
    assert house.verdicts("oak@globex.example") == ["excluded"]


@pytest.mark.parametrize("kind", ["INDIVIDUAL", "UNKNOWN", "X-GUEST"])
def test_other_kinds_are_people(house: House, kind: str) -> None:
    line = f"ATTENDEE;CUTYPE={kind};PARTSTAT=ACCEPTED:mailto:{ANA}"
    assert house.met(Ev("m", "2026-03-10T10:00", [line])) == {ANA}


@pytest.mark.parametrize(
    "address",
    [
        "c_188abc@resource.calendar.google.com",
        "abc123@group.calendar.google.com",
        "unknownorganizer@calendar.google.com",
        "no-reply@globex.example",
        "noreply@globex.example",
        "donotreply@globex.example",
        "notifications@globex.example",
        "calendar-notification@google.com",
        "ana@calendly.com",
        "booking@cal.com",
        "x7f@mail.calendly.com",
        "info@globex.example",
        "sales@globex.example",
        "support@globex.example",
        "Info@Globex.example",
    ],
)
def test_robots_and_role_addresses_are_no_people(house: House, address: str) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [address, ANA])) == {ANA}
    assert house.verdicts(address) == ["excluded"]


@pytest.mark.parametrize(
    "address", ["ines.fox@globex.example", "sal@globex.example", "calvin@calvino.example", "robot.smith@globex.example"]
)
def test_a_name_that_resembles_a_role_is_a_person(house: House, address: str) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [address])) == {address}


def test_the_lists_can_be_overruled(house: House) -> None:
    meeting = Ev("m", "2026-03-10T10:00", ["info@globex.example"])
    assert house.met(meeting) == set()
    assert house.run("people", "set", "info@globex.example", "--human").code == 0
    house.sync("2026-03-10 18:30")
    assert house.nudged("2026-03-10 18:30") == {"info@globex.example"}
    assert house.verdicts("info@globex.example") == ["newcomer"]


def test_the_lists_can_be_overruled_for_one_of_several_addresses(house: House) -> None:
    house.people["aliases"] = [["ana@globex.example", "info@lovelace.example"]]
    assert house.met(Ev("m", "2026-03-10T10:00", ["info@lovelace.example"])) == set()
    assert house.run("people", "set", "info@lovelace.example", "--human").code == 0
    house.sync("2026-03-10 18:30")
    assert house.verdicts("info@lovelace.example") == ["newcomer"]


def test_people_of_a_colleague_domain_do_not_count_subdomains_included(house: House) -> None:
    house.colleagues = ["northwind.example", "Fabrikam.example"]
    everybody = [ANA, "kim@northwind.example", "lu@eu.fabrikam.example", "mo@FABRIKAM.example", "no@xfabrikam.example"]
    assert house.met(Ev("m", "2026-03-10T10:00", everybody)) == {ANA, "no@xfabrikam.example"}
    assert house.verdicts("lu@eu.fabrikam.example") == ["excluded"]


def test_colleagues_left_out_are_the_domains_of_my_addresses_free_mail_providers_apart(house: House) -> None:
    house.emails = (ME, "sam.lee@gmail.com", "sam@outlook.com")
    everybody = ["kim@northwind.example", "lu@uk.northwind.example", "ana@gmail.com", "bo@outlook.com"]
    assert house.met(Ev("m", "2026-03-10T10:00", everybody)) == {"ana@gmail.com", "bo@outlook.com"}


def test_an_empty_list_of_colleagues_means_that_nobody_is_one(house: House) -> None:
    house.colleagues = []
    assert house.met(Ev("m", "2026-03-10T10:00", ["kim@northwind.example"])) == {"kim@northwind.example"}


def test_a_colleague_under_a_private_address_is_a_colleague(house: House) -> None:
    house.people["aliases"] = [["kim@home.example", "kim@northwind.example"]]
    assert house.met(Ev("m", "2026-03-10T10:00", ["kim@home.example"])) == set()


def test_the_ignored_do_not_count_by_address_or_pattern(house: House) -> None:
    house.people["ignore"] = ["*@spam.example", "Pat@family.example"]
    everybody = [ANA, "x@spam.example", "pat+cal@family.example", "pia@family.example"]
    assert house.met(Ev("m", "2026-03-10T10:00", everybody)) == {ANA, "pia@family.example"}
    assert house.verdicts("x@spam.example", "pat@family.example") == ["excluded", "excluded"]


@pytest.mark.parametrize("answer", ["DECLINED", "DELEGATED"])
def test_who_declined_or_delegated_does_not_count(house: House, answer: str) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA, (BO, answer)])) == {ANA}
    assert house.verdicts(BO) == ["excluded"]


def test_the_one_who_came_in_somebodys_place_counts(house: House) -> None:
    lines = [
        f'ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="mailto:{CY}":mailto:{BO}',
        f'ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="mailto:{BO}":mailto:{CY}',
    ]
    assert house.met(Ev("m", "2026-03-10T10:00", lines)) == {CY}


@pytest.mark.parametrize(("number", "counts"), [(6, True), (7, False)])
def test_one_who_never_answered_counts_when_the_group_is_at_most_6(house: House, number: int, counts: bool) -> None:
    house.met(
        Ev("old", "2025-03-10T10:00", [*guests(number - 1), (ANA, "NEEDS-ACTION")]),
        Ev("m", "2026-03-10T10:00", [ANA]),
    )
    assert house.verdicts(ANA) == (["known"] if counts else ["newcomer"])


def test_a_listed_organiser_takes_part_though_they_never_answered(house: House) -> None:
    everybody = [*guests(8), (ANA, "NEEDS-ACTION"), ACCEPTED]
    assert house.met(Ev("m", "2026-03-10T10:00", everybody, organizer=ANA)) == {ANA}


def test_a_listed_organiser_who_declined_does_not_take_part(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [(ANA, "DECLINED"), BO, ACCEPTED], organizer=ANA)) == {BO}


def test_an_organiser_listed_under_another_address_who_declined_does_not_take_part(house: House) -> None:
    house.people["aliases"] = [[ANA, "ana@home.example"]]
    everybody = [("ana@home.example", "DECLINED"), BO, ACCEPTED]
    assert house.met(Ev("m", "2026-03-10T10:00", everybody, organizer=ANA)) == {BO}


def test_an_organiser_who_is_not_listed_takes_part_in_icalendar_sources(house: House) -> None:
    assert house.met(Ev("m", "2026-03-10T10:00", [BO, ACCEPTED], organizer=ANA)) == {ANA, BO}


def test_an_outlook_absence_introduces_nobody_but_is_busy(house: House) -> None:
    away = Ev("away", "2026-03-11T09:00", [], minutes=60, extra=["X-MICROSOFT-CDO-BUSYSTATUS:OOF"])
    house.met(away, Ev("m", "2026-03-10T10:00", [ANA]))
    hello = next(entry for entry in house.agenda(NOW) if entry.followup.step == "hello")
    assert f"{hello.start:%H:%M}" == "10:00"


def test_a_source_in_which_no_event_names_anybody_is_reported_loudly_with_the_remedy(house: House) -> None:
    house.put(Ev("m", "2026-03-10T10:00", [], organizer=None), Ev("n", "2026-03-09T10:00", [], organizer=None))
    for words in (("sync",), ("sync",)):
        told = house.run(*words)
        assert told.code == 0
        said = told.out + told.err
        assert "work" in said
        assert "none of its 2 events names anybody" in said
        assert "CalDAV" in said
    assert "names anybody" in house.run("doctor").out + house.run("doctor").err
