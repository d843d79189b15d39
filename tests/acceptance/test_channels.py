"""Numbers that I give, and packs that I choose, at the command line."""

from __future__ import annotations

from typing import Any

import icalendar
import pytest

from tests.acceptance.conftest import House
from tests.world import Ev

OLU = "olu@globex.example"
MET = Ev("m1", "2026-03-10T10:00", [f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Olu Ade:mailto:{OLU}"])


def descriptions(house: House) -> list[str]:
    found: list[Any] = icalendar.Calendar.from_ical(house.feed_path.read_bytes()).walk("VEVENT")
    return [str(event["DESCRIPTION"]) for event in sorted(found, key=lambda event: event["DTSTART"].dt)]


def test_a_number_that_i_give_becomes_a_link_and_can_be_taken_back(house: House) -> None:
    house.sources = (("work", "personal"),)
    house.put(MET)
    house.run("sync")
    told = house.run("people", "set", OLU, "--phone", "+234 (0)803 555-0142 ext. 3")
    assert told.code == 0
    assert "+2348035550142;ext=3" in told.out
    message, call = descriptions(house)
    assert "\nsms:+2348035550142?body=Hi%20Olu%2C" in message
    assert call.endswith("\ntel:+2348035550142;ext=3")
    assert "+2348035550142;ext=3" in house.run("people", "show", OLU).out
    assert house.run("people", "show", OLU, "--json").json["phone"] == "+2348035550142;ext=3"
    house.run("people", "set", OLU, "--phone", "none")
    message, call = descriptions(house)
    assert "sms:" not in message
    assert "tel:" not in call


def test_a_number_that_cannot_be_dialled_is_a_usage_error_with_a_remedy(house: House) -> None:
    house.put(MET)
    house.run("sync")
    told = house.run("people", "set", OLU, "--phone", "ask her brother")
    assert told.code == 2
    assert "expected a telephone number" in told.err
    assert "country code" in told.err


def test_whoever_is_forgotten_leaves_no_number_behind(house: House) -> None:
    house.put(MET)
    house.run("sync")
    house.run("people", "set", OLU, "--phone", "+2348035550142")
    house.run("people", "forget", OLU, "--yes")
    assert b"8035550142" not in (house.folder / "ledger.db").read_bytes()
    assert b"8035550142" not in house.feed_path.read_bytes()


@pytest.mark.parametrize("pack", ["sales", "networking", "fundraising", "hiring", "close-ties"])
def test_a_pack_is_used_by_its_name_alone(house: House, pack: str) -> None:
    house.packs = [pack]
    house.sources = (("work", "personal" if pack == "close-ties" else "work"),)
    house.put(Ev("m1", "2026-03-10T10:00", [OLU], minutes=75, title="Interview"))
    assert house.run("sync").code == 0
    agenda = house.run("agenda", "--json").json
    assert {entry["pack"] for entry in agenda} == {pack}
    assert len(agenda) == 3
