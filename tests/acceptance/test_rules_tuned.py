"""Tuning from the command line (product §4, §8): what is set is what the next night does."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from calsync.outputs.feed import read_marks
from tests.acceptance.conftest import House, Told
from tests.world import Ev

INA, TOM, UNA = "ina@soylent.example", "tom@tyrell.example", "una@cyberdyne.example"
MONDAY = "2026-04-13 18:00"
HELLO = "professional.first-meeting.hello"


@pytest.fixture
def met_ina(house: House) -> House:
    """A house after the night that followed a first meeting on Monday."""
    house.met(Ev("m1", "2026-04-13T10:00", [INA]), now=MONDAY)
    return house


def agenda(house: House, now: str = MONDAY) -> dict[str, Mapping[str, Any]]:
    return {entry["step"]: entry for entry in house.run("agenda", "--json", now=now).json}


def sequences(house: House) -> dict[str, int]:
    text = house.feed_path.read_bytes().replace(b"\r\n ", b"").decode()
    events = [block.split("END:VEVENT")[0] for block in text.split("BEGIN:VEVENT")[1:]]
    fields = [dict(line.split(":", 1) for line in block.split("\r\n") if ":" in line) for block in events]
    return {each["UID"]: int(each.get("SEQUENCE", 0)) for each in fields}


def test_what_is_set_is_what_the_next_sync_plans_under_the_same_uid(met_ina: House) -> None:
    before, sequence = agenda(met_ina), sequences(met_ina)
    assert before["hello"]["start"] == "2026-04-14T09:00:00+01:00"
    told = met_ina.run("rules", "set", f"{HELLO}.after", "2 working days", now=MONDAY)
    assert (told.code, told.err) == (0, "")
    assert agenda(met_ina) == before, "nothing moves before the sync"
    assert met_ina.run("sync", now=MONDAY).code == 0
    after = agenda(met_ina)
    assert after["hello"]["start"] == "2026-04-15T09:00:00+01:00"
    assert after["hello"]["id"] == before["hello"]["id"]
    uid = f"{before['hello']['reminder']}@calsync"
    assert sequences(met_ina)[uid] == sequence[uid] + 1
    assert {step: entry["start"] for step, entry in after.items() if step != "hello"} == {
        step: entry["start"] for step, entry in before.items() if step != "hello"
    }
    assert met_ina.run("rules", "unset", f"{HELLO}.after", now=MONDAY).code == 0
    assert met_ina.run("sync", now=MONDAY).code == 0
    assert agenda(met_ina)["hello"]["start"] == before["hello"]["start"]


def test_channel_hours_and_title_are_followed_too(met_ina: House) -> None:
    for key, value in (("channel", "message"), ("at", "14:00-16:00"), ("title", "A word to {{ name }}")):
        assert met_ina.run("rules", "set", f"{HELLO}.{key}", value, now=MONDAY).code == 0
    assert met_ina.run("sync", now=MONDAY).code == 0
    hello = agenda(met_ina)["hello"]
    assert (hello["channel"], hello["start"]) == ("message", "2026-04-14T14:00:00+01:00")
    assert hello["title"].endswith(f"A word to {INA}")


def test_a_narrower_condition_withdraws_what_it_leaves_out(house: House) -> None:
    house.met(
        Ev("m1", "2026-04-13T10:00", [INA, TOM, UNA]), Ev("m2", "2026-04-13T14:00", ["bo@wayne.example"]), now=MONDAY
    )
    assert house.run("rules", "set", "professional.first-meeting.when.group", "1..2", now=MONDAY).code == 0
    assert house.run("sync", now=MONDAY).code == 0
    assert house.nudged(MONDAY) == {"bo@wayne.example"}
    assert house.run("rules", "unset", "professional.first-meeting.when.group", now=MONDAY).code == 0
    assert house.run("sync", now=MONDAY).code == 0
    assert house.nudged(MONDAY) == {INA, TOM, UNA, "bo@wayne.example"}


def test_what_was_done_stays_done_under_a_changed_rule(met_ina: House) -> None:
    assert met_ina.run("done", INA, now=MONDAY).code == 0
    assert met_ina.run("rules", "set", f"{HELLO}.after", "3 working days", now=MONDAY).code == 0
    assert met_ina.run("sync", now=MONDAY).code == 0
    assert "hello" not in agenda(met_ina)


def test_a_pack_of_ones_own_from_nothing_to_the_agenda(house: House) -> None:
    house.put(Ev("m1", "2026-04-13T10:00", [INA], extra=["DESCRIPTION:#salon"]), Ev("m2", "2026-04-13T14:00", [TOM]))
    assert house.run("rules", "new", "salon", now=MONDAY).code == 0
    assert house.run("rules", "set", "salon.first-meeting.hello.channel", "card", now=MONDAY).code == 0
    house.packs = ["salon", "professional"]
    assert house.run("rules", "check", now=MONDAY).code == 0
    assert house.run("sync", now=MONDAY).code == 0
    told = house.run("agenda", "--json", now=MONDAY).json
    assert {
        (each["person"]["emails"][0], each["pack"], each["channel"]) for each in told if each["step"] == "hello"
    } == {
        (INA, "salon", "card"),
        (TOM, "professional", "email"),
    }


BROKEN: dict[str, tuple[bytes, str]] = {
    "wrong type": (b'extends = "professional"\nsummary = 3\n', ":2: summary: expected text in quotes"),
    "unknown key": (b'extends = "professional"\n\nsumary = "x"\n', ':3: sumary: unknown key; did you mean "summary"?'),
    "bad span": (
        b'extends = "professional"\n[[rule]]\nid = "first-meeting"\n[[rule.step]]\nid = "hello"\nafter = "1 workday"\n',
        ":6: first-meeting.hello.after: expected a number and a unit",
    ),
    "circle": (b'# to and fro\nextends = "salon"\n', ":2: extends: extends itself in a circle"),
    "duplicate id": (
        b'extends = "professional"\n[[rule]]\nid = "first-meeting"\n[[rule]]\nid = "first-meeting"\n',
        ':5: first-meeting.id: another rule here has the id "first-meeting" too',
    ),
    "template": (
        b'extends = "professional"\n[message.hello]\nbody = "Hi {{ frist_names }}"\n',
        ':3: message.hello.body: unknown variable "frist_names"; did you mean "first_names"?',
    ),
    "unclosed template": (
        b'extends = "professional"\n[message.hello]\nsubject = "{% if me %}"\n',
        ":3: message.hello.subject: not a valid template",
    ),
    "ten megabytes": (b'extends = "professional"\n' + b"# no end\n" * 1_200_000, ":1: larger than 250,000 bytes"),
    "not UTF-8": (b'extends = "professional"\nsummary = "caf\xe9"\n', ":2: not UTF-8 text"),
    "not TOML": (b'extends = "professional"\nsummary = Work\n', ":2:11: not valid TOML"),
    "too deep": (b"summary = " + b"[" * 20_000, ":1: nested too deeply"),
    "unknown parent": (b'extends = "profesional"\n', ':1: extends: there is no pack "profesional"; did you mean'),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_pack_exits_10_with_file_and_line_and_what_is_written_stays(kind: str, met_ina: House) -> None:
    content, words = BROKEN[kind]
    pack = "salon" if kind == "circle" else "professional"
    met_ina.packs = [pack]
    met_ina.pack("salon", 'extends = "circus"\n')
    met_ina.pack("circus", 'extends = "professional"\n')
    file = met_ina.folder / "rules" / ("circus.toml" if kind == "circle" else "professional.toml")
    file.write_bytes(content)
    met_ina.put(Ev("m1", "2026-04-13T10:00", [INA]), Ev("m2", "2026-04-13T14:00", [TOM]))
    stands = standing(met_ina)
    name = f"{pack}.first-meeting.hello.days"
    for command in (("sync",), ("sync", "--dry-run"), ("rules", "check"), ("rules", "set", name, "any")):
        told = met_ina.run(*command, now=MONDAY)
        assert told.code == 10, (command, told)
        assert f"{file}{words}" in told.err + told.out, (command, told)
        assert "Traceback" not in told.err
        assert standing(met_ina) == stands, command
    assert [mark.id for mark in read_marks(met_ina.feed_path)] != []


def standing(house: House) -> dict[Path, bytes]:
    """Everything that must not change: the feed and all packs; and the ledger's follow-ups."""
    files = [house.feed_path, *sorted((house.folder / "rules").iterdir())]
    with house.ledger() as ledger:
        rows = repr(ledger.rows("SELECT * FROM followup ORDER BY id")).encode()
    return {**{path: path.read_bytes() for path in files}, house.folder / "ledger": rows}


def test_set_mends_what_it_can_name_in_a_broken_pack(met_ina: House) -> None:
    met_ina.pack("professional", BROKEN["bad span"][0].decode())
    assert met_ina.run("sync", now=MONDAY).code == 10
    assert met_ina.run("rules", "set", f"{HELLO}.after", "2 working days", now=MONDAY).code == 0
    assert met_ina.run("sync", now=MONDAY).code == 0
    assert agenda(met_ina)["hello"]["start"] == "2026-04-15T09:00:00+01:00"


def refused(told: Told, code: int) -> None:
    assert told.code == code
    assert told.out == ""
    assert told.err
    assert "Traceback" not in told.err


def test_refusals_leave_no_folder_and_no_file(house: House) -> None:
    refused(house.run("rules", "set", f"{HELLO}.after", "tomorrow"), 10)
    refused(house.run("rules", "set", "professional.first-meeting.hullo.after", "2 days"), 2)
    refused(house.run("rules", "set", "amateur.first-meeting.hello.after", "2 days"), 2)
    refused(house.run("rules", "unset", "professional.nothing"), 2)
    refused(house.run("rules", "show", "amateur"), 2)
    refused(house.run("rules", "new", "Über"), 2)
    assert sorted(path.name for path in house.folder.iterdir()) == ["config.toml"]


def test_why_follows_a_changed_rule(house: House) -> None:
    house.met(Ev("m1", "2026-04-13T10:00", [INA], extra=["LOCATION:https://meet.google.com/abc-defg-hij"]), now=MONDAY)
    assert house.run("rules", "set", "professional.first-meeting.when.place", "in-person", now=MONDAY).code == 0
    assert house.run("sync", now=MONDAY).code == 0
    assert agenda(house) == {}
    assert "in-person" in house.run("why", INA, now=MONDAY).out
