"""Product §8 at the real command line: shapes, exit codes, and who goes before whom."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.conftest import House
from tests.world import Ev, at

LIV, MAX = "liv@hooli.example", "max@umbrella.example"
NIGHT = "2026-03-10T18:00:00+00:00"
REPO = Path(__file__).parents[2]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d")
KEEP = Ev("keep", "2026-01-05T09:00", [])
ENTRY = [
    *("id", "reminder", "person", "state", "provisional", "start", "end", "timezone"),
    *("channel", "pack", "rule", "step", "title", "meeting"),
]


def met(uid: str = "m1", start: str = "2026-03-10T10:00", guests: object = (LIV,), **more: object) -> Ev:
    return Ev(uid, start, guests, **more)  # type: ignore[arg-type]


def named(name: str, address: str) -> str:
    return f"ATTENDEE;CN={name};PARTSTAT=ACCEPTED:mailto:{address}"


def calsync(house: House, *words: str, now: str = NIGHT, **more: Any) -> subprocess.CompletedProcess[str]:
    """Run ``python -m calsync`` as cron would: no terminal, standard input closed."""
    house.write()
    env = {**os.environ, "CALSYNC_NOW": now, "PYTHONPATH": str(REPO)} | more.pop("env", {})
    command = [sys.executable, "-m", "calsync", "--config", str(house.path), *words]
    return subprocess.run(
        command, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=60, **more
    )


def agenda(house: House, *words: str, now: str = NIGHT) -> list[dict[str, Any]]:
    told = house.run("agenda", "--json", *words, now=now)
    assert told.code == 0
    return list(told.json)


def steps(house: House, *words: str, now: str = NIGHT) -> list[tuple[str, str]]:
    return [(entry["step"], entry["state"]) for entry in agenda(house, *words, now=now)]


def test_agenda_json_has_exactly_the_promised_shape(house: House) -> None:
    house.put(KEEP, met(title="Intro", guests=[named("Liv Berg", "Liv@Hooli.EXAMPLE")]))
    house.run("sync", now=NIGHT)
    first, *rest = agenda(house)
    assert list(first) == ENTRY
    assert first["id"]
    assert first["reminder"]
    assert first["reminder"] + "@calsync" in house.feed_path.read_text(encoding="utf-8")
    assert {key: value for key, value in first.items() if key not in ("id", "reminder")} == {
        "person": {"name": "Liv Berg", "emails": [LIV]},
        "state": "written",
        "provisional": False,
        "start": "2026-03-11T09:00:00+00:00",
        "end": "2026-03-11T09:15:00+00:00",
        "timezone": "Europe/London",
        "channel": "email",
        "pack": "professional",
        "rule": "first-meeting",
        "step": "hello",
        "title": first["title"],
        "meeting": {"uid": "m1", "title": "Intro", "start": "2026-03-10T10:00:00+00:00", "source": "work"},
    }
    assert "Liv Berg" in first["title"]
    assert [entry["step"] for entry in rest] == ["meet", "check-in"]
    assert rest[-1]["start"] == "2026-04-21T09:00:00+01:00"


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("America/New_York", "2026-03-11T09:00:00-04:00"),
        ("Asia/Kolkata", "2026-03-11T09:00:00+05:30"),
        ("UTC", "2026-03-11T09:00:00+00:00"),
    ],
)
def test_times_in_json_have_seconds_and_the_offset_of_my_zone(house: House, zone: str, start: str) -> None:
    house.zone = zone
    house.put(KEEP, met(start="2026-03-10T13:00"))
    house.run("sync", now=NIGHT)
    assert agenda(house)[0]["start"] == start
    assert agenda(house)[0]["timezone"] == zone
    assert all(TIME.fullmatch(entry[key]) for entry in agenda(house) for key in ("start", "end"))


def test_what_has_no_slot_has_null_times(house: House) -> None:
    house.people["select"] = "ask"
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    assert agenda(house) == []
    entries = agenda(house, "--all")
    assert {entry["state"] for entry in entries} == {"held"}
    assert all(entry["start"] is None and entry["end"] is None for entry in entries)
    assert all(entry["reminder"] is None for entry in entries)
    assert all(list(entry) == ENTRY for entry in entries)


def test_who_has_left_a_reminder_for_several_has_null_times(house: House) -> None:
    """The others still meet it there; for the one who waits there is nothing to see."""
    house.put(KEEP, met(guests=[LIV, MAX]), met("again", "2026-03-30T10:00", [LIV]))
    house.run("sync", now=NIGHT)
    starts = {(e["person"]["emails"][0], e["step"]): (e["state"], e["start"]) for e in agenda(house, "--all")}
    assert starts[LIV, "meet"] == starts[LIV, "check-in"] == ("waiting", None)
    house.put(KEEP, met(guests=[LIV, MAX]))
    house.run("sync", now=NIGHT)
    house.put(KEEP, met(guests=[LIV, MAX]), met("again", "2026-03-30T10:00", [LIV]))
    house.run("sync", now=NIGHT)
    house.run("dismiss", LIV, now=NIGHT)
    starts = {(e["person"]["emails"][0], e["step"]): (e["state"], e["start"]) for e in agenda(house, "--all")}
    assert starts[LIV, "hello"] == ("dismissed", None)
    assert starts[LIV, "meet"] == starts[LIV, "check-in"] == ("waiting", None)
    assert starts[MAX, "hello"] == ("written", "2026-03-11T09:00:00+00:00")
    assert {state for (who, _), (state, start) in starts.items() if who == MAX and start} == {"written"}


def test_what_one_of_several_has_done_is_told_by_their_own_name(house: House) -> None:
    house.put(KEEP, met(guests=[named("Liv Berg", LIV), named("Max Roth", MAX)]))
    house.run("sync", now=NIGHT)
    house.run("done", LIV, now=NIGHT)
    titles = {
        (e["person"]["emails"][0], e["state"]): e["title"] for e in agenda(house, "--all") if e["step"] == "hello"
    }
    assert titles == {(LIV, "done"): "✓ hello: Liv Berg", (MAX, "written"): "✉ Email Max Roth: nice to meet you"}
    assert "Max" not in house.run("why", LIV, now=NIGHT).out.split("because")[0]


def test_a_provisional_follow_up_says_so_in_state_and_flag(house: House) -> None:
    house.put(KEEP, met(start="2026-03-12T10:00"))
    house.run("sync", now=NIGHT)
    assert {(entry["state"], entry["provisional"]) for entry in agenda(house)} == {("provisional", True)}


def test_emails_are_in_lower_case_with_the_one_used_last_first(house: House) -> None:
    house.people["aliases"] = [[LIV, "LB@Home.example"]]
    house.put(KEEP, met(), met("m2", "2026-03-10T15:00", ["LB@Home.Example"]))
    house.run("sync", now=NIGHT)
    assert agenda(house)[0]["person"]["emails"] == ["lb@home.example", LIV]


def test_agenda_is_sorted_and_days_narrows_and_all_widens_it(house: House) -> None:
    house.put(KEEP, met(), met("m2", "2026-03-09T10:00", [MAX]), met("m3", "2026-03-12T10:00", ["z@hooli.example"]))
    house.run("sync", now=NIGHT)
    entries = agenda(house)
    assert [e["start"] for e in entries] == sorted(e["start"] for e in entries)
    assert len(entries) == 9
    assert [e["start"][:10] for e in agenda(house, "--days", "3")] == ["2026-03-11", "2026-03-11", "2026-03-13"]
    house.run("dismiss", LIV, now=NIGHT)
    house.run("done", MAX, now=NIGHT)
    assert len(agenda(house)) == 7
    assert len(agenda(house, "--all")) == 9
    assert {e["state"] for e in agenda(house, "--all")} == {"written", "provisional", "done", "dismissed"}


def test_a_written_one_is_open_until_its_window_ends(house: House) -> None:
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    assert "hello" in [step for step, _ in steps(house, now="2026-03-13T23:59:00+00:00")]
    assert "hello" not in [step for step, _ in steps(house, now="2026-03-14T00:01:00+00:00")]


def test_agenda_before_the_first_sync_is_an_empty_list(house: House) -> None:
    assert agenda(house) == []
    assert house.run("agenda", now=NIGHT).code == 0


def test_why_json_has_exactly_the_promised_shape(house: House) -> None:
    house.put(KEEP, met(title="Intro"), met("m0", "2026-03-09T10:00", [(LIV, "DECLINED")], title="Declined"))
    house.run("sync", now=NIGHT)
    told = house.run("why", LIV, "--json", now=NIGHT).json
    assert {"person", "verdict", "meetings", "followups"} <= told.keys()
    assert told["person"] == {"name": "", "emails": [LIV]}
    assert told["verdict"] == "newcomer"
    assert [(m["uid"], m["title"], m["start"], m["counts"]) for m in told["meetings"]] == [
        ("m0", "Declined", "2026-03-09T10:00:00+00:00", False),
        ("m1", "Intro", "2026-03-10T10:00:00+00:00", True),
    ]
    assert all(m["reasons"] and all(isinstance(r, str) for r in m["reasons"]) for m in told["meetings"])
    assert [list(entry) for entry in told["followups"]] == [[*ENTRY, "cause"]] * 3
    without = [{k: v for k, v in entry.items() if k != "cause"} for entry in told["followups"]]
    assert without == agenda(house)
    assert all(entry["cause"] for entry in told["followups"])


def test_why_tells_each_verdict(house: House) -> None:
    house.people["ignore"] = ["spam@hooli.example"]
    house.put(
        KEEP,
        met(guests=[LIV, "spam@hooli.example", "old@hooli.example"]),
        met("m0", "2024-03-10T10:00", ["old@hooli.example"]),
        met("m2", "2026-03-10T12:00", [], organizer=MAX, mine="NEEDS-ACTION"),
    )
    house.run("sync", now=NIGHT)
    assert house.verdicts(LIV, "spam@hooli.example", "old@hooli.example", MAX) == [
        "newcomer",
        "excluded",
        "known",
        "held",
    ]


def test_why_about_nobody_is_exit_2_and_still_json(house: House) -> None:
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    told = house.run("why", "nobody@hooli.example", "--json", now=NIGHT)
    assert told.code == 2
    assert (told.json["verdict"], told.json["meetings"], told.json["followups"]) == ("not found", [], [])


def test_why_takes_part_of_a_title_too(house: House) -> None:
    house.put(KEEP, met(title="Budget round 7"))
    house.run("sync", now=NIGHT)
    told = house.run("why", "budget ROUND", "--json", now=NIGHT)
    assert told.code == 0
    assert [m["uid"] for m in told.json["meetings"]] == ["m1"]
    assert told.json["verdict"] in ("newcomer", "known", "excluded", "held", "not found")


@pytest.mark.parametrize("command", ["done", "dismiss", "snooze"])
def test_ids_from_agenda_are_accepted_whole_short_and_as_uid(house: House, command: str) -> None:
    house.put(KEEP, met(), met("m2", "2026-03-09T10:00", [MAX]))
    house.run("sync", now=NIGHT)
    ids = [entry["id"] for entry in agenda(house)[:3]]
    reminder = agenda(house)[3]["reminder"]
    when = ["2026-03-16 10:00"] if command == "snooze" else []
    for id_ in (ids[0], ids[1][:8], reminder + "@calsync"):
        assert house.run(command, id_, *when, now=NIGHT).code == 0, id_
    changed = [e for e in agenda(house, "--all") if e["state"] != "written" or e["start"].startswith("2026-03-16")]
    assert len(changed) == 3


def test_answers_take_the_next_open_follow_up_of_a_person(house: House) -> None:
    house.put(KEEP, met(guests=[named("Liv Berg", LIV)]))
    house.run("sync", now=NIGHT)
    assert house.run("done", "berg", now=NIGHT).code == 0
    assert steps(house) == [("meet", "written"), ("check-in", "written")]
    assert house.run("dismiss", LIV.upper(), now=NIGHT).code == 0
    assert steps(house) == [("check-in", "written")]
    assert house.run("snooze", "liv berg", "2026-05-01 10:00", now=NIGHT).code == 0
    assert agenda(house)[0]["start"] == "2026-05-01T10:00:00+01:00"
    assert house.run("done", LIV, now=NIGHT).code == 0
    assert house.run("done", LIV, now=NIGHT).code == 2
    assert dict(steps(house, "--all")) == {"hello": "done", "meet": "dismissed", "check-in": "done"}


@pytest.mark.parametrize("words", [("done",), ("dismiss",), ("snooze", "tomorrow"), ("stop",), ("resume",), ("why",)])
def test_nobody_or_several_people_are_exit_2_and_several_are_listed(house: House, words: tuple[str, ...]) -> None:
    command, *more = words
    house.put(KEEP, met(guests=[named("Kim Ode", LIV), named("Kim Lund", MAX)]))
    house.run("sync", now=NIGHT)
    several = house.run(command, "kim", *more, now=NIGHT)
    assert several.code == 2
    assert LIV in several.err
    assert MAX in several.err
    assert house.run(command, "nobody", *more, now=NIGHT).code == 2
    assert house.run(command, "nobody@hooli.example", *more, now=NIGHT).code == 2
    assert len(agenda(house)) == 6


@pytest.mark.parametrize(
    ("when", "start"),
    [
        ("tomorrow", "2026-03-11T09:00:00+00:00"),
        ("3 days", "2026-03-13T09:00:00+00:00"),
        ("1 week", "2026-03-17T09:00:00+00:00"),
        ("next week", "2026-03-16T09:00:00+00:00"),
        ("friday", "2026-03-13T09:00:00+00:00"),
        ("2026-04-02", "2026-04-02T09:00:00+01:00"),
        ("2026-04-02 15:30", "2026-04-02T15:30:00+01:00"),
        ("2026-04-02T15:30", "2026-04-02T15:30:00+01:00"),
        ("2026-04-02T15:30:00", "2026-04-02T15:30:00+01:00"),
        ("2026-04-02T15:30:00+00:00", "2026-04-02T16:30:00+01:00"),
        ("2026-04-02T15:30:00Z", "2026-04-02T16:30:00+01:00"),
        ("2 hours", "2026-03-10T20:00:00+00:00"),
        ("4 working days", "2026-03-16T09:00:00+00:00"),
    ],
)
def test_snooze_understands_days_and_times(house: House, when: str, start: str) -> None:
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    assert house.run("snooze", LIV, when, now=NIGHT).code == 0
    (hello,) = [entry for entry in agenda(house) if entry["step"] == "hello"]
    assert hello["start"] == start
    assert hello["state"] == "written"


@pytest.mark.parametrize("when", ["yesterday", "2026-03-01", "2026-03-10 10:00", "someday", "2026-13-40", "25:99"])
def test_snooze_into_the_past_or_into_nonsense_is_exit_2_and_changes_nothing(house: House, when: str) -> None:
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    before = agenda(house)
    assert house.run("snooze", LIV, when, now=NIGHT).code == 2
    assert agenda(house) == before


def test_a_snoozed_one_stays_there_and_open_past_its_window(house: House) -> None:
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    house.run("snooze", LIV, "2026-03-20 10:00", now=NIGHT)
    for night in ("2026-03-16T02:00:00+00:00", "2026-03-20T02:00:00+00:00"):
        assert house.run("sync", now=night).code == 0
        assert agenda(house, now=night)[0]["start"] == "2026-03-20T10:00:00+00:00"


def test_dry_run_writes_nothing_at_all(house: House) -> None:
    house.put(KEEP, met())
    house.write()
    before_any = sorted(path.name for path in house.folder.iterdir())
    told = house.run("sync", "--dry-run", "--json", now=NIGHT).json
    assert sorted(path.name for path in house.folder.iterdir()) == before_any
    assert [d["kind"] for d in told["differences"]] == ["create"] * 3
    assert told["dry_run"] is True
    assert not house.feed_path.exists()
    assert agenda(house, "--all") == []
    house.run("sync", now=NIGHT)
    feed = house.feed_path.read_bytes()
    house.put(KEEP)
    house.put(KEEP, met("m2", "2026-03-10T12:00", [MAX]))
    before = agenda(house, "--all")
    assert house.run("sync", "--dry-run", now=NIGHT).code == 0
    assert house.feed_path.read_bytes() == feed
    assert agenda(house, "--all") == before


def crowd(number: int) -> list[Ev]:
    return [
        met(f"c{i}", f"2026-03-{1 + i % 10:02}T{8 + i // 10:02}:00", [f"p{i}@hooli.example"]) for i in range(number)
    ]


@pytest.mark.parametrize(("people", "code"), [(25, 0), (26, 12)])
def test_the_brake_of_25(house: House, people: int, code: int) -> None:
    house.put(KEEP, *crowd(people))
    told = house.run("sync", now=NIGHT)
    assert told.code == code
    assert house.feed_path.exists() == (code == 0)
    if code:
        assert "26" in told.err
        assert "--allow" in told.err
        assert house.run("sync", "--dry-run", now=NIGHT).code == 12
        assert house.run("sync", "--allow", "25", now=NIGHT).code == 12
        assert house.run("sync", "--allow", "26", now=NIGHT).code == 0
        assert len({entry["person"]["emails"][0] for entry in agenda(house)}) == 26
        assert house.run("sync", now=NIGHT).code == 0


def test_the_brake_leaves_an_old_feed_as_it_is(house: House) -> None:
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    before = house.feed_path.read_bytes()
    house.put(KEEP, *crowd(30))
    assert house.run("sync", now=NIGHT).code == 12
    assert house.feed_path.read_bytes() == before
    assert len(agenda(house)) == 3


def test_letting_a_full_inbox_start_at_once_is_braked_too(house: House) -> None:
    house.people["select"] = "ask"
    house.put(KEEP, *crowd(30))
    assert house.run("sync", now=NIGHT).code == 0
    house.people["select"] = "everyone"
    assert house.run("sync", now=NIGHT).code == 12
    assert agenda(house) == []


def test_accepting_one_of_the_inbox_starts_that_one_at_once(house: House) -> None:
    house.people["select"] = "ask"
    house.put(KEEP, *crowd(30))
    house.run("sync", now=NIGHT)
    assert house.run("inbox", "accept", "p3@hooli.example", now=NIGHT).code == 0
    assert {entry["person"]["emails"][0] for entry in agenda(house)} == {"p3@hooli.example"}
    assert house.run("sync", now=NIGHT).code == 0


def test_sync_says_nothing_when_nothing_changed_and_quiet_is_set(house: House) -> None:
    house.put(KEEP, met())
    loud = calsync(house, "--quiet", "sync")
    assert loud.returncode == 0
    assert "Email liv@hooli.example" in loud.stdout
    again = calsync(house, "--quiet", "sync")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    later = calsync(house, "--quiet", "sync", now="2026-03-10T20:00:00+00:00")
    assert (later.returncode, later.stdout, later.stderr) == (0, "", "")
    assert calsync(house, "sync").stdout != ""


def test_sync_never_asks_not_even_with_nothing_at_its_standard_input(house: House) -> None:
    house.put(KEEP, *crowd(30))
    house.write()
    env = {**os.environ, "CALSYNC_NOW": NIGHT, "PYTHONPATH": str(REPO)}
    command = f'exec "{sys.executable}" -m calsync --config "{house.path}" sync <&- '
    told = subprocess.run(["/bin/sh", "-c", command], env=env, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 12
    assert "Traceback" not in told.stderr


def test_without_a_terminal_there_are_no_colours_and_no_bars(house: House) -> None:
    house.put(KEEP, met())
    for words in (("sync",), ("agenda",), ("why", LIV), ("status",)):
        told = calsync(house, *words)
        assert told.returncode == 0, told.stderr
        assert "\x1b" not in told.stdout + told.stderr


def break_config(house: House) -> None:
    house.top = "colour = 3"


def break_pack(house: House) -> None:
    house.pack("mine", 'summary = "x"\n[[rule]]\nid = "a"\nwhne = {}\n')
    house.packs = ["mine"]


def lose_source(house: House) -> None:
    (house.folder / "work.ics").unlink()


@pytest.mark.parametrize(
    ("trouble", "code"), [(break_config, 10), (break_pack, 10), (lose_source, 3)], ids=["config", "pack", "source"]
)
def test_each_kind_of_trouble_has_its_exit_code_and_leaves_what_is_there(house: House, trouble: Any, code: int) -> None:
    house.put(KEEP, met())
    assert calsync(house, "sync").returncode == 0
    before = house.feed_path.read_bytes()
    trouble(house)
    told = calsync(house, "sync")
    assert told.returncode == code
    assert told.stderr
    assert "Traceback" not in told.stderr
    assert house.feed_path.read_bytes() == before


@pytest.mark.parametrize(
    "words",
    [("snyc",), ("sync", "--allow", "x"), ("agenda", "--days", "x"), ("agenda", "--dasy", "3"), ("done",)],
)
def test_wrong_usage_is_exit_2(house: House, words: tuple[str, ...]) -> None:
    house.put(KEEP, met())
    assert calsync(house, *words).returncode == 2


@pytest.mark.parametrize("now", ["yesterday", "2026-03-10T18:00:00"])
def test_an_impossible_clock_is_exit_2_and_never_ignored(house: House, now: str) -> None:
    house.put(KEEP, met())
    assert calsync(house, "sync", now=now).returncode == 2
    assert not house.feed_path.exists()


@pytest.mark.parametrize("ledger", ["work.ics/ledger.db", "work.ics", "."])
def test_a_ledger_that_cannot_be_one_is_exit_10_and_no_bug(house: House, ledger: str) -> None:
    house.put(KEEP, met())
    house.write()
    text = house.path.read_text(encoding="utf-8").replace('ledger = "ledger.db"', f'ledger = "{ledger}"')
    house.path.write_text(text, encoding="utf-8")
    before = (house.folder / "work.ics").read_bytes()
    for command in (("sync",), ("done", LIV)):
        told = house.run(*command, now=NIGHT, write=False)
        assert told.code == 10, told.err
    assert (house.folder / "work.ics").read_bytes() == before


def test_a_config_that_is_not_there_is_exit_10(house: House, tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": str(REPO)}
    command = [sys.executable, "-m", "calsync", "--config", str(tmp_path / "none.toml"), "sync"]
    told = subprocess.run(command, env=env, capture_output=True, text=True, check=False, timeout=60)
    assert told.returncode == 10
    assert "none.toml" in told.stderr


def lock(house: House) -> Any:
    from calsync.sync import only_run

    return only_run(house.config())


def test_another_run_that_is_active_is_exit_13_and_comes_before_the_brake_and_a_failed_source(house: House) -> None:
    house.put(KEEP, *crowd(30))
    house.sources = (("work", "work"), ("home", "personal"))
    with lock(house):
        assert calsync(house, "sync").returncode == 13
    assert calsync(house, "sync").returncode == 12


def test_config_comes_before_another_run_and_usage_before_config(house: House) -> None:
    house.put(KEEP, met())
    with lock(house):
        break_pack(house)
        assert calsync(house, "sync").returncode == 10
        break_config(house)
        assert calsync(house, "sync").returncode == 10
        assert calsync(house, "sync", "--allow", "many").returncode == 2


def test_the_brake_comes_before_a_failed_source_and_both_are_told(house: House) -> None:
    house.sources = (("work", "work"), ("home", "personal"))
    house.put(KEEP, *crowd(30))
    told = house.run("sync", now=NIGHT)
    assert told.code == 12
    assert "home" in told.err
    assert not house.feed_path.exists()


def test_a_source_and_an_output_that_fail_hold_up_no_other_and_are_both_told(house: House) -> None:
    house.sources = (("work", "work"), ("home", "personal"))
    house.outputs += '[[output]]\nname = "blocked"\ntype = "ics"\npath = "in-the-way/b.ics"\n'
    (house.folder / "in-the-way").write_text("")
    house.put(KEEP, met())
    told = house.run("sync", "--json", now=NIGHT)
    assert told.code == 3
    assert {(t["what"], t["name"]) for t in told.json["troubles"]} == {("source", "home"), ("output", "blocked")}
    assert "home" in told.err
    assert "blocked" in told.err
    assert len(agenda(house)) == 3
    assert house.feed_path.read_bytes().count(b"BEGIN:VEVENT") == 3


def test_an_answer_while_a_sync_runs_is_kept(house: House) -> None:
    house.put(KEEP, met())
    house.run("sync", now=NIGHT)
    with lock(house):
        assert house.run("done", LIV, now=NIGHT).code == 0
    house.run("sync", now=NIGHT)
    assert ("hello", "done") in steps(house, "--all")
    assert "✓" in house.feed_path.read_text(encoding="utf-8")


def test_a_config_is_found_by_its_variable_and_paths_in_it_are_relative_to_it(house: House, tmp_path: Path) -> None:
    house.put(KEEP, met())
    house.write()
    env = {**os.environ, "CALSYNC_NOW": NIGHT, "PYTHONPATH": str(REPO), "CALSYNC_CONFIG": str(house.path)}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    told = subprocess.run(
        [sys.executable, "-m", "calsync", "sync", "--json"],
        env=env, cwd=elsewhere, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert told.returncode == 0
    assert json.loads(told.stdout)["exit_code"] == 0
    assert house.feed_path.exists()
    assert list(elsewhere.iterdir()) == []


def test_the_first_of_several_exit_codes_wins() -> None:
    from calsync.report import exit_code

    assert [exit_code(codes) for codes in ([3, 11], [11, 12, 3], [12, 13], [13, 10], [10, 2], [2, 1], [])] == [
        11,
        12,
        13,
        10,
        2,
        1,
        0,
    ]
    assert at(NIGHT).isoformat() == NIGHT
