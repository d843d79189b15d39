"""``calsync rules suggest`` on whole calendars: what it says, and what it leaves alone."""

from __future__ import annotations

import random
import re
import shlex
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import House
from tests.world import Ev

NOW = "2027-05-12 15:00"
TODAY = datetime(2027, 5, 12, 9)


def acquainted(house: House, soonest: int, latest: int, number: int = 90, **event: object) -> None:
    """Let two of three people come back after so many days, each met alone, over two years."""
    pick = random.Random(5)
    events = [Ev("oldest", "2024-06-03 09:00", ["old.friend@initech.example"])]
    for each in range(number):
        days_ago = 20 + each * 700 // number
        guest = [f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Ida Nowak {each}:mailto:ida{each}@globex.example"]
        for part, ago in enumerate((days_ago, days_ago - pick.randrange(soonest, latest))):
            if part == 0 or (each % 3 and ago > 0):
                start = f"{TODAY - timedelta(days=ago):%Y-%m-%d %H:%M}"
                events.append(Ev(f"{each}-{part}", start, guest, title="Secret plan", **event))  # type: ignore[arg-type]
    house.put(*events)
    assert house.sync(NOW).exit_code == 0


def lines(told: str) -> list[str]:
    return [line.strip() for line in told.splitlines()]


def test_the_lines_it_gives_can_be_typed_and_settle_the_matter(house: House) -> None:
    acquainted(house, 95, 150)
    told = house.run("rules", "suggest", now=NOW)
    assert told.code == 0, told.err
    typed = [line for line in lines(told.out) if line.startswith("calsync rules set professional.first-meeting.meet.")]
    assert [line.split(".")[3].split()[0] for line in typed] == ["window", "after"]
    for line in (each for each in lines(told.out) if each.startswith("calsync rules set")):
        done = house.run(*shlex.split(line)[1:], now=NOW)
        assert done.code == 0, done.err
    again = house.run("rules", "suggest", now=NOW)
    assert "calsync rules set" not in again.out
    assert "Nothing to change" in again.out
    assert house.run("rules", "check", now=NOW).code == 0


def test_where_the_steps_fit_nothing_is_proposed(house: House) -> None:
    acquainted(house, 5, 90)
    told = house.run("rules", "suggest", now=NOW)
    assert "calsync rules set" not in told.out
    assert "Nothing to change: no step lies clearly outside what your history says." in lines(told.out)


def test_too_few_meetings_are_said_to_be_too_few(house: House) -> None:
    acquainted(house, 5, 40, number=20)
    told = house.run("rules", "suggest", now=NOW)
    assert told.code == 0
    assert "Too few meetings to say" in told.out
    assert "%" not in told.out
    assert all(rule["proposals"] == [] for rule in house.run("rules", "suggest", "--json", now=NOW).json["rules"])


def test_before_the_first_sync_it_says_what_to_do(house: House) -> None:
    told = house.run("rules", "suggest", now=NOW)
    assert told.code == 0
    assert "calsync sync" in told.out
    assert house.run("rules", "suggest", "--json", now=NOW).json is None
    assert not (house.folder / "ledger.db").exists()


def test_nothing_is_touched(house: House) -> None:
    acquainted(house, 95, 150)
    before = {path: path.read_bytes() for path in house.folder.rglob("*") if path.is_file()}
    house.run("rules", "suggest", now=NOW, write=False)
    assert {path: path.read_bytes() for path in house.folder.rglob("*") if path.is_file()} == before


def test_no_name_no_address_and_no_title_is_told(house: House) -> None:
    acquainted(house, 95, 150, extra=["CLASS:PRIVATE"])
    said = house.run("rules", "suggest", now=NOW).out + house.run("rules", "suggest", "--json", now=NOW).out
    assert "90 people" in said
    for word in ("Ida", "Nowak", "globex", "Secret", "Private meeting"):
        assert word not in said


def test_programs_get_every_number(house: House) -> None:
    acquainted(house, 95, 150)
    told = house.run("rules", "suggest", "--json", now=NOW).json
    assert told["people"] == 90
    page = (Path(__file__).parents[2] / "docs" / "suggest.md").read_text("utf-8")
    rows = page[page.index("| key |") :].split("\n\n")[0].splitlines()[2:]
    assert [key for row in rows for key in re.findall(r"`(\w+)`", row.split("|")[1])] == list(told)
    assert told["until"] == "2027-05-12"
    (everyone,) = [each for each in told["strata"] if each["kind"] == "everyone"]
    assert everyone["met_again"] == told["met_again"] == sum(point["met"] for point in everyone["curve"])
    assert everyone["curve"][-1]["low"] < everyone["curve"][-1]["value"] < everyone["curve"][-1]["high"]
    (rule,) = [each for each in told["rules"] if each["name"] == "professional.first-meeting"]
    assert [step["says"] for step in rule["steps"]] == ["courtesy", "early", "follows"]
    assert [step["day"] for step in rule["steps"]] == [1, 14, 42]
    assert told["commands"] == [line for each in rule["proposals"] for line in each["commands"]]
    assert rule["proposals"][0]["set"].keys() == {"window", "after"}


def test_the_span_that_is_looked_at_can_be_chosen(house: House) -> None:
    acquainted(house, 95, 150)
    counts = [
        house.run("rules", "suggest", "--last", span, "--json", now=NOW).json["people"]
        for span in ("3y", "1y", "12 months", "52w", "P90D")
    ]
    assert counts[0] == 90
    assert counts[1] == counts[2] > counts[4] > 0
    assert 0 <= counts[1] - counts[3] <= 1


@pytest.mark.parametrize("span", ["soon", "-1y", "0 days", "y", "200 years"])
def test_a_span_that_is_none_is_refused(house: House, span: str) -> None:
    told = house.run("rules", "suggest", "--last", span, now=NOW)
    assert told.code == 2
    assert "--last" in told.err
    assert told.out == ""
