"""Tiers and cadences as a user says and sees them: people set, show, import, why, agenda."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.acceptance.conftest import House
from tests.world import Ev

NOW = "2026-10-06 18:00"  # a Tuesday
IVY, LOU = "ivy@tyrell.example", "lou@weyland.example"


def named(name: str, address: str) -> str:
    return f"ATTENDEE;CN={name};PARTSTAT=ACCEPTED:mailto:{address}"


@pytest.fixture
def home(house: House) -> House:
    house.zone = "Europe/Lisbon"
    house.put(
        Ev("o", "2024-03-05T10:00", [named("Ivy Oak", IVY), named("Lou Rem", LOU)]),
        Ev("l", "2026-09-29T10:00", [named("Ivy Oak", IVY)], title="Review"),
    )
    assert house.run("sync", now=NOW).code == 0
    return house


def file(home: House, name: str, text: str | bytes) -> str:
    path = home.folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(path)


def test_a_tier_makes_a_reminder_at_once_and_says_when(home: House) -> None:
    told = home.run("people", "set", IVY, "--tier", "b", now=NOW)
    assert told.code == 0
    assert "Due on Saturday 28 November 2026: 60 days since you last met on 29 September 2026 (tier B)" in told.out
    (entry,) = home.run("agenda", "--json", now=NOW).json
    assert (entry["pack"], entry["rule"], entry["step"]) == ("professional", "keep-in-touch", "every")
    assert entry["start"] == "2026-11-30T09:00:00+00:00"
    assert entry["meeting"]["uid"] == "l"
    assert home.run("people", "show", IVY, "--json", now=NOW).json["cadence"]["due"] == "2026-11-28"


@pytest.mark.parametrize(
    "words", [("--tier", "E"), ("--every", "0 days"), ("--every", "3 hours"), ("--every", "often")]
)
def test_an_impossible_tier_or_interval_is_refused(home: House, words: tuple[str, str]) -> None:
    told = home.run("people", "set", IVY, *words, now=NOW)
    assert told.code == 2
    assert words[1] in told.err
    assert home.run("agenda", "--json", now=NOW).json == []


def test_done_snooze_dismiss_and_stop_work_on_a_cadence_as_on_any_other(home: House) -> None:
    home.run("people", "set", IVY, "--tier", "A", now=NOW)
    assert home.run("done", "Ivy", now=NOW).code == 0
    (entry,) = home.run("agenda", "--json", now=NOW).json
    assert entry["start"] == "2026-10-27T09:00:00+00:00"
    assert home.run("snooze", "Ivy", "2026-10-30", now=NOW).code == 0
    (entry,) = home.run("agenda", "--json", now=NOW).json
    assert entry["start"] == "2026-10-30T09:00:00+00:00"
    assert home.run("dismiss", entry["id"], now=NOW).code == 0
    assert home.run("stop", "Ivy", now=NOW).code == 0
    assert home.run("agenda", "--json", now=NOW).json == []


def test_why_tells_by_whose_word_and_what_it_waits_for(home: House) -> None:
    home.run("people", "set", IVY, "--every", "10 weeks", now=NOW)
    out = home.run("why", IVY, now=NOW).out
    assert "70 days" not in out
    assert "10 weeks since you last met on 29 September 2026 (as you set it for them)" in out
    assert "✗ personal.keep-in-touch: relationship is work, it wants personal" in out
    home.run("stop", "Ivy", now=NOW)
    assert "you stopped follow-ups for them" in home.run("why", IVY, now=NOW).out
    home.run("resume", "Ivy", now=NOW)
    again = Ev("again", "2026-10-20T10:00", [IVY])
    home.put(Ev("o", "2024-03-05T10:00", [IVY, LOU]), Ev("l", "2026-09-29T10:00", [IVY], title="Review"), again)
    home.run("sync", now=NOW)
    assert "another meeting is booked on 20 October 2026" in home.run("why", IVY, now=NOW).out


def test_why_says_which_file_of_mine_overrides_a_value(home: House) -> None:
    home.pack(
        "professional",
        'extends = "professional"\n[[rule]]\nid = "keep-in-touch"\nchannel = "card"\n'
        '[[rule]]\nid = "first-meeting"\n[[rule.step]]\nid = "hello"\nafter = "2 working days"\n',
    )
    home.run("people", "set", LOU, "--tier", "A", now=NOW)
    out = home.run("why", LOU, now=NOW).out
    assert 'keep-in-touch.channel is "card" in ' in out
    assert 'professional.toml, in place of "email"' in out
    home.met(Ev("n", "2026-10-06T10:00", ["neu@nostromo.example"]), now=NOW)
    out = home.run("why", "neu", now=NOW).out
    assert 'first-meeting.hello.after is "2 working days" in ' in out


def test_a_private_meeting_is_not_named_in_a_cadence(home: House) -> None:
    home.put(Ev("p", "2026-09-30T10:00", [IVY], title="Divorce lawyer", extra=["CLASS:PRIVATE"]))
    home.run("sync", now=NOW)
    home.run("people", "set", IVY, "--tier", "A", now=NOW)
    assert "You last met at a private meeting" in home.spoken(NOW)
    assert "Divorce" not in home.spoken(NOW) + home.run("why", IVY, now=NOW).out


TABLES = {
    "commas": "address,name,tier\nivy@tyrell.example,,A\nnew@lv426.example,Noa Wey,c\n",
    "semicolons": "Name;E-Mail;TIER;Firm\n;ivy@tyrell.example;A;x\nNoa Wey;new@lv426.example;c;y\n",
    "tabs": "name\temail\ttier\n\tIvy@Tyrell.example\tA\nNoa Wey\tnew@lv426.example\tC\n",
    "bom": "\ufeffaddress,name,tier\r\nivy@tyrell.example,,A\r\nnew@lv426.example,Noa Wey,C\r\n",
}


@pytest.mark.parametrize("kind", TABLES)
def test_tiers_come_from_a_table_however_a_spreadsheet_saved_it(home: House, kind: str) -> None:
    path = file(home, "tiers.csv", TABLES[kind])
    dry = home.run("people", "import", path, "--dry-run", now=NOW)
    assert (dry.code, home.run("agenda", "--json", now=NOW).json) == (0, [])
    told = home.run("people", "import", path, now=NOW)
    assert (told.code, "1 new, 1 changed" in told.out) == (0, True)
    people = {each["person"]["name"]: each["start"] for each in home.run("agenda", "--json", now=NOW).json}
    assert people == {"Ivy Oak": "2026-10-20T09:00:00+01:00", "Noa Wey": "2027-04-05T09:00:00+01:00"}
    again = home.run("people", "import", path, now=NOW)
    assert "0 new, 0 changed, 2 as before" in again.out
    if kind == "semicolons":
        assert "Column not read: Firm" in told.out


def test_a_table_in_an_old_encoding_keeps_its_letters(home: House) -> None:
    path = file(home, "old.csv", "address;name;tier\nzoe@lv426.example;Zoë Müller;A\n".encode("cp1252"))
    home.run("people", "import", path, now=NOW)
    assert home.run("people", "show", "Müller", now=NOW).code == 0


def test_tier_and_interval_are_as_given_for_whom_the_file_says_none(home: House) -> None:
    lou = "lou@weyland.example,,45 days,Asia/Tokyo,+351 21 000 0000"
    text = f"address,tier,every,timezone,phone\nivy@tyrell.example,,,,\n{lou}\n"
    home.run("people", "import", file(home, "t.csv", text), "--tier", "d", now=NOW)
    assert home.run("people", "show", IVY, "--json", now=NOW).json["tier"] == "D"
    shown = home.run("people", "show", LOU, "--json", now=NOW).json
    assert (shown.get("tier"), shown["every"], shown["timezone"], shown["phone"]) == (
        None,
        "45 days",
        "Asia/Tokyo",
        "+351210000000",
    )


def test_all_mistakes_of_a_table_are_told_at_once_and_nothing_is_kept(home: House) -> None:
    text = (
        "address,tier,every,timezone\nivy@tyrell.example,X,,\nnobody,A,,\nlou@weyland.example,A,often,Mars/Base\n,B,,\n"
    )
    path = file(home, "bad.csv", text + "new@lv426.example,A,,\nnew@lv426.example,B,,\n")
    told = home.run("people", "import", path, now=NOW)
    assert told.code == 10
    for line, word in (
        (2, "'X' is no tier"),
        (3, "nobody"),
        (4, "often"),
        (4, "Mars/Base"),
        (5, "missing"),
        (7, "line 6"),
    ):
        assert any(f"bad.csv:{line}:" in each and word in each for each in told.err.splitlines()), (line, word)
    assert home.run("agenda", "--json", now=NOW).json == []
    assert "tier" not in home.run("people", "list", now=NOW).out


@pytest.mark.parametrize(
    ("name", "text"), [("none.csv", ""), ("odd.csv", "who,what\na,b\n"), ("bare.vcf", "BEGIN:VCARD\nFN:X\nEND:VCARD\n")]
)
def test_a_file_without_people_is_refused(home: House, name: str, text: str) -> None:
    told = home.run("people", "import", file(home, name, text), now=NOW)
    assert told.code == 10
    assert name in told.err


def test_a_file_that_is_not_there_is_refused(home: House, tmp_path: Path) -> None:
    told = home.run("people", "import", str(tmp_path / "nowhere.csv"), now=NOW)
    assert (told.code, "nowhere.csv" in told.err) == (2, True)


CARDS = """BEGIN:VCARD
VERSION:3.0
FN:Mo Sand
EMAIL:mo@sulaco.example
EMAIL;TYPE=HOME:Mo.Sand@home.example
TEL;TYPE=CELL:+351 91 234 5678
END:VCARD
BEGIN:VCARD
VERSION:4.0
FN:Ivy Oak
EMAIL:ivy@tyrell.example
END:VCARD
"""


def test_people_of_cards_are_known_and_their_addresses_are_one_person(home: House) -> None:
    path = file(home, "friends.vcf", CARDS)
    told = home.run("people", "import", path, now=NOW)
    assert "2 people read: 1 new, 1 changed" in told.out
    assert "0 new, 0 changed, 2 as before" in home.run("people", "import", path, now=NOW).out
    home.met(Ev("m", "2026-10-05T10:00", ["mo@sulaco.example", "kit@sulaco.example"]), now=NOW)
    assert home.nudged(NOW) == {"kit@sulaco.example"}
    shown = home.run("people", "show", "mo.sand@home.example", "--json", now=NOW).json
    assert (shown["verdict"], shown["phone"]) == ("known", "+351912345678")
    assert set(shown["emails"]) == {"mo@sulaco.example", "mo.sand@home.example"}


def test_a_tier_given_with_cards_is_everybodys(home: House) -> None:
    home.run("people", "import", file(home, "friends.vcf", CARDS), "--tier", "A", now=NOW)
    assert {each["person"]["name"] for each in home.run("agenda", "--json", now=NOW).json} == {"Mo Sand", "Ivy Oak"}


def test_me_and_robots_in_a_table_get_no_reminders_and_that_is_said(home: House) -> None:
    text = "address,tier\nsam@northwind.example,A\nno-reply@weyland.example,A\n"
    told = home.run("people", "import", file(home, "t.csv", text), now=NOW)
    assert "this is you" in told.out
    assert "no reminders: " in told.out
    home.run("sync", now=NOW)
    assert home.run("agenda", "--json", now=NOW).json == []
