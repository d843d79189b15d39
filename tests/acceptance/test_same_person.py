"""Who is one and the same human (product §3), sentence by sentence, with the program running."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import NOW, House
from tests.world import Ev

ANA, HOME, BO = "ana@globex.example", "ana.gold@home.example", "bo@initech.example"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ana@Globex.Example", "ana@globex.example"),
        ("ana+cal@globex.example", "ana@globex.example"),
        ("ana.gold@gmail.com", "anagold@googlemail.com"),
        ("a.n.a.gold+x@googlemail.com", "AnaGold@gmail.com"),
        ("ana@globex.example", "MAILTO:ana@globex.example"),
    ],
)
def test_addresses_that_differ_in_spelling_alone_are_one_person(house: House, one: str, other: str) -> None:
    line = f"ATTENDEE;PARTSTAT=ACCEPTED:{other if other.startswith('MAILTO') else 'mailto:' + other}"
    assert house.met(Ev("old", "2025-03-10T10:00", [one]), Ev("m", "2026-03-10T10:00", [line])) == set()
    assert house.verdicts(one) == ["known"]


def test_dots_matter_outside_gmail(house: House) -> None:
    events = [Ev("old", "2025-03-10T10:00", ["an.a@globex.example"]), Ev("m", "2026-03-10T10:00", [ANA])]
    assert house.met(*events) == {ANA}


def test_aliases_link_addresses_whatever_their_case(house: House) -> None:
    house.people["aliases"] = [["ANA@Globex.example", "Ana.Gold@HOME.example"]]
    assert house.met(Ev("old", "2025-03-10T10:00", [HOME]), Ev("m", "2026-03-10T10:00", [ANA])) == set()
    assert house.verdicts(ANA, HOME) == ["known", "known"]


def test_an_alias_added_later_takes_a_newcomer_back(house: House) -> None:
    assert house.met(Ev("old", "2025-03-10T10:00", [HOME]), Ev("m", "2026-03-10T10:00", [ANA])) == {ANA}
    house.people["aliases"] = [[ANA, HOME]]
    house.sync("2026-03-11 02:00")
    assert house.nudged("2026-03-11 02:00") == set()
    assert house.feed() == []


def test_a_contact_card_links_addresses_and_makes_its_people_known(house: House) -> None:
    card = (
        f"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ana Gold\r\nEMAIL;TYPE=WORK:{ANA.upper()}\r\nEMAIL:{HOME}\r\nEND:VCARD\r\n"
    )
    (house.folder / "friends.vcf").write_text(card)
    house.people["contacts"] = ["friends.vcf"]
    assert house.met(Ev("m", "2026-03-10T10:00", [ANA]), Ev("n", "2026-03-10T12:00", [HOME, BO])) == {BO}
    assert house.verdicts(ANA) == ["known"]


def test_a_person_with_two_addresses_gets_one_set_of_follow_ups_and_counts_once(house: House) -> None:
    house.people["aliases"] = [[ANA, HOME]]
    house.met(Ev("m", "2026-03-10T10:00", [ANA, HOME]))
    entries = house.agenda(NOW)
    assert [entry.followup.step for entry in entries] == ["hello", "meet", "check-in"]
    assert set(entries[0].emails) == {ANA, HOME}


def test_people_merge_makes_one_person_of_two(house: House) -> None:
    assert house.met(Ev("old", "2025-03-10T10:00", [HOME]), Ev("m", "2026-03-10T10:00", [ANA])) == {ANA}
    assert house.run("people", "merge", ANA, HOME).code == 0
    assert house.nudged() == set()
    assert house.verdicts(ANA, HOME) == ["known", "known"]
    house.sync("2026-03-11 02:00")
    assert house.nudged("2026-03-11 02:00") == set()


def test_people_split_takes_a_merge_back(house: House) -> None:
    house.met(Ev("old", "2025-03-10T10:00", [HOME]), Ev("m", "2026-03-10T10:00", [ANA]))
    house.run("people", "merge", ANA, HOME)
    assert house.run("people", "split", ANA).code == 0
    house.sync("2026-03-11 02:00")
    assert house.nudged("2026-03-11 02:00") == {ANA}
    assert house.verdicts(ANA, HOME, now="2026-03-11 02:00") == ["newcomer", "known"]


def named(name: str, address: str) -> str:
    return f"ATTENDEE;CN={name};PARTSTAT=ACCEPTED:mailto:{address}"


def test_an_equal_full_name_with_another_address_is_never_merged_silently_but_told(house: House) -> None:
    old = Ev("old", "2025-03-10T10:00", [named("Ana Gold", HOME)])
    assert house.met(old, Ev("m", "2026-03-10T10:00", [named('"Gold, Ana"', ANA)])) == {ANA}
    feed = house.feed_path.read_bytes().replace(b"\r\n ", b"").decode()
    assert f"may be the same person as {HOME}" in feed
    assert f"may be the same person as {HOME}" in house.run("why", ANA).out
    assert len(house.run("people", "duplicates", "--json").json) == 1


def test_equal_first_names_are_no_hint(house: House) -> None:
    house.met(Ev("old", "2025-03-10T10:00", [named("Ana", HOME)]), Ev("m", "2026-03-10T10:00", [named("Ana", ANA)]))
    assert "may be the same person" not in house.feed_path.read_bytes().decode()
    assert house.run("people", "duplicates", "--json").json == []


def test_people_duplicates_asks_once(house: House) -> None:
    old = Ev("old", "2025-03-10T10:00", [named("Ana Gold", HOME)])
    house.met(old, Ev("m", "2026-03-10T10:00", [named("Ana Gold", ANA)]))
    with house.ledger() as ledger:
        from calsync.asking.directory import duplicates, keep_apart

        desk = house.desk(ledger, NOW)
        ((one, other),) = duplicates(desk)
        keep_apart(desk, one, other)
        house.carry_out(ledger, NOW)
    assert house.run("people", "duplicates", "--json").json == []
    assert "may be the same person" not in house.feed_path.read_bytes().decode()
    assert house.nudged() == {ANA}


def test_who_was_merged_and_taken_apart_again_is_not_asked_about_again(house: House) -> None:
    old = Ev("old", "2025-03-10T10:00", [named("Ana Gold", HOME)])
    house.met(old, Ev("m", "2026-03-10T10:00", [named("Ana Gold", ANA)]))
    house.run("people", "merge", ANA, HOME)
    house.run("people", "split", ANA)
    assert house.run("people", "duplicates", "--json").json == []
    assert "may be the same person" not in house.feed_path.read_bytes().decode()
    assert house.nudged() == {ANA}
    house.run("people", "merge", ANA, HOME)
    assert house.nudged() == set()


def test_emails_are_told_in_lower_case_latest_used_first(house: House) -> None:
    house.people["aliases"] = [[ANA, HOME]]
    house.people["lookback"] = "30 days"
    house.met(Ev("a", "2026-03-09T10:00", [ANA.upper()]), Ev("b", "2026-03-10T10:00", ["Ana.Gold@Home.example"]))
    assert house.run("why", ANA, "--json").json["person"]["emails"] == [HOME, ANA]
