"""A wrong setting is found before anything is read or written (product §2, §8), at the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.acceptance.conftest import House, Told
from tests.world import Ev

ANA, BO = "ana@globex.example", "bo@initech.example"
GOOD = """ledger = "ledger.db"
[me]
name = "Sam Lee"
emails = ["sam@northwind.example"]
timezone = "Europe/London"
[[source]]
name = "work"
type = "ics"
path = "work.ics"
[[output]]
name = "feed"
type = "ics"
path = "followups.ics"
"""


@pytest.fixture
def settled(house: House) -> House:
    """A house in which something stands already, and something new is in the calendar."""
    house.met(Ev("m", "2026-03-09T10:00", [ANA]))
    house.put(Ev("m", "2026-03-09T10:00", [ANA]), Ev("n", "2026-03-10T10:00", [BO]))
    return house


def refused(house: House, config: str, *words: str) -> Told:
    """Run with this config; nothing may change and the exit code is 10."""
    feed, ledger = house.feed_path.read_bytes(), (house.folder / "ledger.db").read_bytes()
    (house.folder / "config.toml").write_text(config, encoding="utf-8")
    told = house.run(*(words or ("sync",)), write=False)
    assert told.code == 10, told
    assert told.out == ""
    assert house.feed_path.read_bytes() == feed
    assert (house.folder / "ledger.db").read_bytes() == ledger
    return told


def line_of(config: str, text: str) -> int:
    return next(number for number, line in enumerate(config.splitlines(), 1) if text in line)


@pytest.mark.parametrize(
    ("broken", "at", "words"),
    [
        (GOOD + '[people]\nlokback = "14 days"\n', "lokback", ("lokback", "lookback")),
        (GOOD + '[pepole]\nselect = "ask"\n', "[pepole]", ("pepole", "people")),
        (GOOD + '[people]\nselect = "asks"\n', "select", ("people.select", "asks", "ask", "everyone")),
        (GOOD + '[people]\ngroup_max = "20"\n', "group_max", ("people.group_max", "number")),
        (GOOD + '[people]\nlookback = "14 fortnights"\n', "lookback", ("people.lookback", "fortnights")),
        (GOOD + "[limits]\nper_day = 0\n", "per_day", ("limits.per_day",)),
        (GOOD.replace("Europe/London", "Europe/Londn"), "timezone", ("me.timezone", "Europe/London")),
        (GOOD.replace('timezone = "Europe/London"\n', ""), "[me]", ("timezone",)),
        (GOOD.replace('path = "work.ics"\n', ""), "[[source]]", ("path", "url")),
        (
            GOOD.replace('type = "ics"\npath = "work.ics"', 'type = "isc"\npath = "work.ics"'),
            'type = "isc"',
            ("isc", "ics"),
        ),
        (GOOD.replace("followups.ics", "work.ics"), "[[output]]", ('source "work"',)),
        (GOOD + '[rules]\npacks = ["profesional"]\n', "packs", ("profesional", "professional")),
    ],
)
def test_an_error_names_the_file_the_line_the_key_and_what_was_expected(
    settled: House, broken: str, at: str, words: tuple[str, ...]
) -> None:
    told = refused(settled, broken)
    for word in (*words, "config.toml"):
        assert word in told.err, told.err
    if at != "[[output]]":
        assert f"config.toml:{line_of(broken, at)}" in told.err


def test_text_that_is_no_toml_names_its_line(settled: House) -> None:
    told = refused(settled, GOOD + "[people\n")
    assert f"config.toml:{len(GOOD.splitlines()) + 1}" in told.err


def test_all_problems_of_a_file_are_reported_at_once(settled: House) -> None:
    broken = (
        GOOD.replace("Europe/London", "Mars/Base")
        + '[people]\nselct = "ask"\n[rules]\npacks = ["persnal", "own"]\n[limits]\nbrake = -1\n[serve]\nport = "x"\n'
    )
    settled.pack("own", PACK)
    told = refused(settled, broken)
    assert 'rules.packs.1: there is no pack "persnal"; did you mean "personal"?' in told.err
    assert '"own"' not in told.err
    for word in ("Mars/Base", "selct", "limits.brake", "serve.port"):
        assert word in told.err


@pytest.mark.parametrize(
    "words", [("sync",), ("agenda",), ("why", "ana"), ("inbox",), ("done", "ana"), ("people", "list")]
)
def test_every_command_refuses_a_broken_config(settled: House, words: tuple[str, ...]) -> None:
    refused(settled, GOOD + "[limits]\nbrake = 0.5\n", *words)


def test_no_config_at_all_says_what_to_do(tmp_path: Path) -> None:
    told = House(tmp_path).run("sync", write=False)
    assert told.code == 10
    assert "calsync init" in told.err
    assert list(tmp_path.iterdir()) == []


def unknown_key(text: str) -> str:
    return text.replace("channel =", "chanel =")


def no_after(text: str) -> str:
    return text.replace('after = "1 day"\n', "")


def bad_group(text: str) -> str:
    return text.replace("1..6", "6..1")


def bad_template(text: str) -> str:
    return text.replace("{{ people }}", "{{ people")


def unknown_word_in_template(text: str) -> str:
    return text.replace("{{ people }}", "{{ peple }}")


def bad_parent(text: str) -> str:
    return 'extends = "profesional"\n' + text


def no_toml(text: str) -> str:
    return text + "\n[[rule\n"


PACK = """summary = "Mine"
[[rule]]
id = "mine"
summary = "x"
when = { meeting = "first", group = "1..6" }
  [[rule.step]]
  id = "note"
  after = "1 day"
  window = "5 days"
  channel = "email"
  title = "Write to {{ people }}"
"""


@pytest.mark.parametrize(
    "broken", [unknown_key, no_after, bad_group, bad_template, unknown_word_in_template, bad_parent, no_toml]
)
def test_a_broken_pack_stops_the_sync_and_what_is_there_stays(settled: House, broken: Callable[[str], str]) -> None:
    settled.pack("mine", broken(PACK))
    told = refused(settled, GOOD + '[rules]\npacks = ["professional", "mine"]\n')
    assert "mine.toml" in told.err


def test_all_problems_of_all_packs_are_reported_at_once(settled: House) -> None:
    settled.pack("mine", unknown_key(PACK))
    settled.pack("other", no_after(bad_group(PACK)))
    told = refused(settled, GOOD + '[rules]\npacks = ["mine", "other"]\n')
    for word in ("mine.toml", "chanel", "channel", "other.toml", "after", "6..1"):
        assert word in told.err


def test_once_corrected_everything_goes_on(settled: House) -> None:
    refused(settled, GOOD + "[limits]\nbrake = 0.5\n")
    (settled.folder / "config.toml").write_text(GOOD)
    assert settled.run("sync", write=False).code == 0
    assert settled.nudged() == {ANA, BO}
