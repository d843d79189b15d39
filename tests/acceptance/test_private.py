"""Private meetings under hide-title: title, place and description appear nowhere (product §3)."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import NOW, House
from tests.world import Ev

ANA, BO = "ana@globex.example", "bo@initech.example"
LATER = "2026-03-11 02:00"
SECRETS = ("Zanzibar", "Quetzal", "Xylophone", "xylotag", "zebra.example")


def secret(
    uid: str = "m", start: str = "2026-03-10T10:00", *, private: str = "PRIVATE", guest: str = ANA, **more: object
) -> Ev:
    extra = [
        "LOCATION:Quetzal Hall",
        "DESCRIPTION:Xylophone lesson #xylotag https://zebra.example/j/1",
        "URL:https://zebra.example/m",
    ]
    if private:
        extra.append(f"CLASS:{private}")
    return Ev(uid, start, [guest], title="Zanzibar plans", extra=extra, **more)  # type: ignore[arg-type]


def assert_hidden(house: House, now: str = NOW) -> None:
    said = house.spoken(now)
    for words in (("why", ANA), ("--verbose", "why", ANA), ("why", ANA, "--json"), ("why", "Private"), ("doctor",)):
        told = house.run(*words, now=now)
        said += told.out + told.err
    for word in SECRETS:
        assert word.lower() not in said.lower(), word
    assert "xylophone" not in said.lower()


@pytest.mark.parametrize("word", ["PRIVATE", "CONFIDENTIAL", "private"])
def test_title_place_and_description_appear_in_no_output_agenda_or_log(house: House, word: str) -> None:
    assert house.met(secret(private=word)) == {ANA}
    assert_hidden(house)
    (title,) = {entry["meeting"]["title"] for entry in house.run("agenda", "--json").json}
    assert title == "Private meeting"


def test_nor_while_it_is_still_to_come(house: House) -> None:
    assert house.met(secret(start="2026-03-12T10:00")) == {ANA}
    assert_hidden(house)


def test_nor_in_the_inbox(house: House) -> None:
    house.met(secret(organizer=BO, mine="NEEDS-ACTION"))
    assert house.verdicts(ANA) == ["held"]
    assert_hidden(house)


def test_nor_when_it_is_marked_private_afterwards(house: House) -> None:
    house.met(secret(private=""))
    house.run("done", ANA)
    assert "Zanzibar" in house.spoken()
    house.met(secret(), now=LATER)
    assert_hidden(house, LATER)


def test_nor_when_it_is_marked_private_after_its_first_step_was_missed(house: House) -> None:
    house.met(secret(private=""))
    house.sync("2026-03-17 02:00")
    house.met(secret(), now="2026-03-17 03:00")
    assert_hidden(house, "2026-03-17 03:00")


def test_nor_when_the_user_chooses_to_hide_titles_afterwards(house: House) -> None:
    house.people["private_events"] = "use"
    house.met(secret())
    house.run("dismiss", ANA)
    assert "Zanzibar" in house.spoken()
    house.people["private_events"] = "hide-title"
    house.sync(LATER)
    assert_hidden(house, LATER)


def test_nor_when_another_meeting_is_withdrawn_or_booked_because_of_it(house: House) -> None:
    house.met(Ev("a", "2026-03-09T10:00", [ANA]), secret(), secret("b", "2026-03-20T10:00"))
    assert_hidden(house)


def test_nor_in_the_conditions_of_a_rule_that_asks_for_the_title(house: House) -> None:
    house.pack(
        "titled",
        'summary = "x"\n[[rule]]\nid = "t"\nsummary = "x"\nwhen = { title = "*nothing*" }\n'
        '[[rule.step]]\nid = "s"\nafter = "1 day"\nwindow = "5 days"\nchannel = "email"\n'
        '[[rule]]\nid = "u"\nsummary = "x"\nwhen = { tags = ["nothing"] }\n'
        '[[rule.step]]\nid = "s"\nafter = "1 day"\nwindow = "5 days"\nchannel = "email"\n',
    )
    house.packs = ["titled", "professional"]
    assert house.met(secret()) == {ANA}
    assert_hidden(house)


def test_nor_where_a_step_names_the_meeting_in_its_title(house: House) -> None:
    house.pack(
        "titled",
        'summary = "x"\n[[rule]]\nid = "t"\nsummary = "x"\nwhen = { meeting = "first" }\n'
        '[[rule.step]]\nid = "s"\nafter = "1 day"\nwindow = "5 days"\nchannel = "email"\n'
        'title = "Write to {{ people }} about {{ meeting }}"\n',
    )
    house.packs = ["titled"]
    assert house.met(secret()) == {ANA}
    assert_hidden(house)


def test_a_copy_in_another_source_that_is_not_private_does_not_give_it_away(house: House) -> None:
    house.sources = (("home", "personal"), ("work", "work"))
    house.put(secret(private=""), source="home")
    house.put(secret())
    house.sync(NOW)
    assert house.nudged() == {ANA}
    assert_hidden(house)


def test_private_meetings_count_like_others_under_hide_title(house: House) -> None:
    assert house.met(secret("old", "2025-03-10T10:00"), secret()) == set()
    assert house.verdicts(ANA) == ["known"]


def test_use_shows_them_like_others(house: House) -> None:
    house.people["private_events"] = "use"
    assert house.met(secret()) == {ANA}
    assert "Zanzibar plans" in house.spoken()


def test_skip_leaves_them_out(house: House) -> None:
    house.people["private_events"] = "skip"
    assert house.met(secret("old", "2025-03-10T10:00", guest=BO), secret(), Ev("n", "2026-03-10T12:00", [BO])) == {BO}
    assert house.verdicts(ANA) == ["excluded"]
    assert_hidden(house)


def test_skip_hides_what_was_shown_before(house: House) -> None:
    house.people["private_events"] = "use"
    assert house.met(secret()) == {ANA}
    house.people["private_events"] = "skip"
    house.sync(LATER)
    assert_hidden(house, LATER)
