"""Every condition of product §4 in a whole night: it decides for the meeting it means, and for no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from tests.acceptance.conftest import House
from tests.world import Ev

KIM, LEO = "kim@oscorp.example", "leo@vandelay.example"
NIGHT = "2026-09-16 20:00"

PACK = """\
[[rule]]
id = "meant"
when = {{ {when} }}
[[rule.step]]
id = "s"
after = "2 days"
window = "2 weeks"
channel = "card"

[[rule]]
id = "rest"
when = {{ all_day = [true, false] }}
[[rule.step]]
id = "s"
after = "2 days"
window = "2 weeks"
channel = "gift"
"""

KIMS = Ev("kim", "2026-09-15T09:00", [KIM])
LEOS = Ev("leo", "2026-09-16T09:00", [LEO])
OTHERS = [f"guest{number}@oscorp.example" for number in range(6)]
LINK = ["LOCATION:https://meet.google.com/abc-defg-hij"]

CONDITIONS: dict[str, tuple[str, Mapping[str, Any]]] = {
    "group": ('group = "1..2"', {"guests": [LEO, *OTHERS[:2]]}),
    "group as a number": ("group = 1", {"guests": [LEO, OTHERS[0]]}),
    "group as a list": ('group = ["1", "3.."]', {"guests": [LEO, OTHERS[0]]}),
    "role": ('role = "attendee"', {"organizer": LEO, "mine": "ACCEPTED"}),
    "mine": ('mine = "organizer"', {"organizer": LEO, "mine": "ACCEPTED"}),
    "domain": ('domain = "oscorp.example"', {}),
    "domain as a glob": ('domain = ["*corp.example", "*.nowhere.example"]', {}),
    "title as a glob": ('title = "INTRO *"', {"title": "An intro with Leo"}),
    "title as an expression": (r'title = "/^intro\\b/"', {"title": "Introduction"}),
    "duration": ('duration = "..45 minutes"', {"minutes": 46}),
    "duration with an open end": ('duration = "30 minutes.."', {"minutes": 29}),
    "place online": ('place = "in-person"', {"extra": LINK}),
    "recurring": ("recurring = false", {"extra": ["RRULE:FREQ=WEEKLY;COUNT=1"]}),
    "all_day": ("all_day = false", {"start": "2026-09-16", "all_day": True}),
    "depth brief": ('depth = ["normal", "deep"]', {"minutes": 20}),
    "depth by the group": ('depth = ["normal", "deep"]', {"guests": [LEO, *OTHERS]}),
}


def channels(house: House) -> dict[str, str]:
    return {each["person"]["emails"][0]: each["channel"] for each in house.run("agenda", "--json", now=NIGHT).json}


def kept(house: House, when: str, *events: Ev) -> dict[str, str]:
    house.pack("mine", PACK.format(when=when))
    house.packs = ["mine"]
    house.put(*events)
    told = house.run("sync", now=NIGHT)
    assert told.code == 0, told
    return channels(house)


@pytest.mark.parametrize("case", CONDITIONS)
def test_a_condition_decides_for_what_it_means_and_for_nothing_else(case: str, house: House) -> None:
    when, other = CONDITIONS[case]
    found = kept(house, when, replace(KIMS, title="Intro with Kim"), replace(LEOS, **other))
    assert (found[KIM], found[LEO]) == ("card", "gift")


def test_deep_is_an_hour_or_three_quarters_in_person(house: House) -> None:
    found = kept(
        house,
        'depth = "deep"',
        replace(KIMS, minutes=45),
        replace(LEOS, minutes=45, extra=LINK),
        Ev("pia", "2026-09-14T09:00", ["pia@duff.example"], minutes=60, extra=LINK),
    )
    assert found == {KIM: "card", LEO: "gift", "pia@duff.example": "card"}


def test_tags_are_the_words_after_a_hash_in_title_and_description(house: House) -> None:
    found = kept(
        house,
        'tags = ["fair", "expo"]',
        replace(KIMS, title="Talk #Expo"),
        replace(LEOS, extra=["DESCRIPTION:#fairground"]),
        Ev("pia", "2026-09-14T09:00", ["pia@duff.example"], extra=["DESCRIPTION:at the #fair"]),
    )
    assert found == {KIM: "card", LEO: "gift", "pia@duff.example": "card"}


@pytest.mark.parametrize("when", ['calendar = "work"', 'relationship = "work"', 'relationship = ["work"]'])
def test_calendar_and_relationship_are_those_of_the_source(when: str, house: House) -> None:
    house.sources = [("work", "work"), ("home", "personal")]
    house.put(LEOS, source="home")
    assert kept(house, when, KIMS) == {KIM: "card", LEO: "gift"}


@pytest.mark.parametrize(
    ("when", "found"), [("first", {KIM: "card"}), ("again", {LEO: "card"}), ("any", {KIM: "card", LEO: "card"})]
)
def test_meeting_tells_first_ones_from_those_with_somebody_known(
    when: str, found: dict[str, str], house: House
) -> None:
    pack = PACK.partition('\n[[rule]]\nid = "rest"')[0]
    house.pack("mine", pack.format(when=f'meeting = "{when}"'))
    house.packs = ["mine"]
    house.put(KIMS, LEOS, Ev("old", "2026-03-02T09:00", [LEO]))
    assert house.run("sync", now=NIGHT).code == 0
    assert channels(house) == found


def test_all_conditions_must_hold(house: House) -> None:
    found = kept(house, 'group = 1, duration = "1 hour..", mine = "organizer"', replace(KIMS, minutes=60), LEOS)
    assert found == {KIM: "card", LEO: "gift"}


@pytest.mark.parametrize(
    ("after", "day"),
    [("36 hours", "18"), ("P2D", "18"), ("P1W", "23"), ("1 month", "16"), ("3 Working Days", "21"), ("PT30H", "17")],
)
def test_every_unit_of_a_span_is_understood(after: str, day: str, house: House) -> None:
    """For a meeting of Wednesday 16 September 2026 that ends at half past nine UTC."""
    house.pack("mine", PACK.format(when="group = 1").replace('"2 days"', f'"{after}"').replace("2 weeks", "2 months"))
    house.packs = ["mine"]
    house.met(LEOS, now=NIGHT)
    [told] = house.run("agenda", "--json", now=NIGHT).json
    assert told["start"][8:10] == day
    assert told["meeting"]["start"].startswith("2026-09-16")
