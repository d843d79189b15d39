"""What trying rules on one's own past tells, counted by hand."""

from __future__ import annotations

import os
import sqlite3
from datetime import date
from pathlib import Path

import pytest

from calsync.errors import ConfigError
from calsync.ledger.ledger import Ledger
from calsync.ledger.schema import MIGRATIONS, migrate
from calsync.rules.edit import set_value
from calsync.rules.load import load_packs
from calsync.simulate.findings import Share
from calsync.simulate.page import page
from calsync.simulate.told import as_json
from calsync.simulate.trial import Candidate, Trial, try_rules
from calsync.sync import known_packs
from calsync.timing.spans import Span
from tests.world import Ev, World, at

NOW = "2026-06-30 20:00"
OLD = Ev("old", "2025-01-08T10:00", ["old@friends.example"])


def met(uid: str, day: str, *guests: str, created: str = "", title: str = "Chat", extra: tuple[str, ...] = ()) -> Ev:
    """A meeting at ten, written down on ``created`` or a week before."""
    written = (created or str(date.fromordinal(date.fromisoformat(day).toordinal() - 7))).replace("-", "")
    return Ev(uid, f"{day}T10:00", guests, title=title, extra=(f"CREATED:{written}T080000Z", *extra))


def tried(world: World, *changes: tuple[str, str], last: str = "3 months") -> Trial:
    config = world.config()
    present = Candidate("now", known_packs(config))
    other = None
    if changes:
        instead: dict[Path, str] = {}
        for name, value in changes:
            change = set_value(name, value, config.rules_dir, instead)
            assert change.after is not None
            instead[change.path] = change.after
        other = Candidate("tried", load_packs(config.rules.packs, config.rules_dir, instead))
    found = try_rules(config, at(NOW), Span.parse(last), present, other)
    assert isinstance(found, Trial), found
    return found


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Uma was met on Tuesday 14 April and again on 5 May, Tom on Friday 17 April and not again."""
    world = World(tmp_path, zone="Europe/Paris")
    world.put(
        OLD,
        met("uma", "2026-04-14", "uma@hooli.example"),
        met("tom", "2026-04-17", "tom@stark.example"),
        met("uma-2", "2026-05-05", "uma@hooli.example"),
    )
    world.sync(NOW)
    return world


def test_each_step_is_reminded_of_once_unless_they_met_before(world: World) -> None:
    found = tried(world)
    counts = {step.key[2]: (step.followups, step.reminded, step.met) for step in found.present.steps}
    assert counts == {"hello": (2, 2, 0), "meet": (2, 2, 0), "check-in": (2, 1, 1)}
    assert found.present.reminders == 5
    assert found.present.people == 2
    days = [(each.person, each.key[2], each.day.isoformat()) for each in found.present.reminded]
    assert days == [
        ("uma@hooli.example", "hello", "2026-04-15"),
        ("tom@stark.example", "hello", "2026-04-20"),
        ("uma@hooli.example", "meet", "2026-04-28"),
        ("tom@stark.example", "meet", "2026-05-01"),
        ("tom@stark.example", "check-in", "2026-05-29"),
    ]


def test_shares_and_waits_are_those_of_the_reminders(world: World) -> None:
    own = tried(world).present
    assert own.ideal == Share(5, 5)
    assert own.median_days == 14
    # Uma's three follow-ups were followed by the meeting of 5 May: two of them within their windows.
    assert own.met_at_all == Share(3, 6)
    assert own.met_in_window == Share(2, 6)
    assert own.busiest_day == (date(2026, 4, 15), 1)
    assert own.busiest_week == (date(2026, 4, 27), 2)
    assert own.weeks[date(2026, 5, 4)] == 0
    assert sum(own.weeks.values()) == 5


def test_a_change_that_changes_nothing_shows_no_difference(world: World) -> None:
    found = tried(world, ("professional.first-meeting.hello.title", "Write to {{ people }}"))
    assert found.difference is not None
    assert found.difference.is_none
    assert found.others is not None
    assert found.others.reminded == found.present.reminded


def test_a_later_day_moves_the_reminder_of_everybody(world: World) -> None:
    found = tried(world, ("professional.first-meeting.hello.after", "2 working days"))
    own = found.difference
    assert own is not None
    assert (own.added, own.lost, own.more, own.fewer, own.moved) == ((), (), 0, 0, 2)


def test_a_narrower_rule_names_whom_it_loses(world: World) -> None:
    found = tried(world, ("professional.first-meeting.when.domain", "stark.example"))
    own = found.difference
    assert own is not None
    assert [(each.emails, each.reminders, each.first) for each in own.lost] == [
        (("uma@hooli.example",), 2, date(2026, 4, 15))
    ]
    assert own.added == ()
    assert own.fewer == 2


def test_what_was_written_down_late_is_seen_late(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put(OLD, met("pam", "2026-05-12", "pam@vela.example", created="2026-05-14"))
    world.sync(NOW)
    found = tried(world)
    hello = next(step for step in found.present.steps if step.key[2] == "hello")
    assert hello.waited == (3,)
    assert hello.ideal == Share(0, 1)
    assert found.known.late == 1
    assert any("written down only after" in note for note in found.notes)


def test_what_nobody_recorded_is_guessed_and_said(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put(OLD, Ev("pam", "2026-05-12T10:00", ["pam@vela.example"]), met("lou", "2026-05-19", "lou@vela.example"))
    world.sync(NOW)
    known = tried(world).known
    assert (known.events, known.guessed, known.written_down, known.seen) == (2, 1, 1, 0)


def test_what_a_sync_saw_appear_is_known_from_then(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.put(OLD)
    world.sync("2026-05-01 02:00")
    world.put(OLD, met("pam", "2026-05-12", "pam@vela.example", created="2026-05-04"))
    world.sync("2026-05-13 12:00")
    world.sync(NOW)
    found = tried(world)
    assert (found.known.seen, found.known.guessed) == (1, 0)
    assert next(step for step in found.present.steps if step.key[2] == "hello").waited == (2,)


def test_what_the_user_said_of_people_holds_throughout(world: World) -> None:
    from calsync.ledger import who

    with world.ledger() as ledger, ledger.atomic():
        who.say(ledger, "uma@hooli.example", "stopped", "yes")
    assert {each.person for each in tried(world).present.reminded} == {"tom@stark.example"}


def test_a_longer_past_than_there_is_begins_where_the_calendar_begins(world: World) -> None:
    found = tried(world, last="9 years")
    assert found.first == date(2025, 1, 8)
    assert any("go back to 8 January 2025 only" in note for note in found.notes)


def test_nothing_is_written_not_even_beside_the_ledger(world: World) -> None:
    def standing() -> dict[str, tuple[int, bytes]]:
        return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in world.folder.iterdir()}

    config = world.config()
    before = standing()
    present = Candidate("now", known_packs(config))
    try_rules(config, at(NOW), Span(3, "months"), present, present)
    assert standing() == before


def test_a_ledger_that_nobody_may_write_to_can_be_replayed(world: World) -> None:
    config = world.config()
    config.ledger.chmod(0o400)
    os.chmod(world.folder, 0o500)
    try:
        assert tried_with(world).present.reminders == 5
    finally:
        os.chmod(world.folder, 0o700)


def tried_with(world: World) -> Trial:
    from calsync.config import load

    config = load(world.folder / "config.toml")
    found = try_rules(config, at(NOW), Span(3, "months"), Candidate("now", known_packs(config)))
    assert isinstance(found, Trial)
    return found


def test_a_ledger_of_an_older_form_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "old.db"
    connection = sqlite3.connect(path, isolation_level=None)
    migrate(connection, path, MIGRATIONS[:1])
    connection.execute("INSERT INTO source (name) VALUES ('work')")
    connection.close()
    before = path.read_bytes()
    with Ledger.in_memory(path) as copy:
        assert copy.value("PRAGMA user_version") == len(MIGRATIONS)
        assert copy.value("SELECT name FROM source") == "work"
        copy.connection.execute("DELETE FROM source")
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["old.db"]


def test_a_copy_holds_what_an_open_ledger_has_not_put_into_its_file_yet(tmp_path: Path) -> None:
    with Ledger(tmp_path / "open.db") as ledger:
        with ledger.atomic():
            ledger.remember("last sync", "1767225600")
        with Ledger.in_memory(ledger.path) as copy:
            assert copy.note("last sync") == "1767225600"


def test_what_is_no_ledger_is_said_to_be_none(tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(b"not a database, but long enough to be looked at as one" * 30)
    with pytest.raises(ConfigError, match=r"notes\.db: cannot be read as the ledger"):
        Ledger.in_memory(path)


def test_a_short_history_is_said_to_be_short(tmp_path: Path) -> None:
    world = World(tmp_path)
    config_packs = Candidate("now", known_packs(world.config()))
    assert "No sync so far" in str(try_rules(world.config(), at(NOW), Span(1, "years"), config_packs))
    world.put(met("new", "2026-06-25", "new@vela.example"))
    world.sync(NOW)
    said = try_rules(world.config(), at(NOW), Span(1, "years"), config_packs)
    assert isinstance(said, str)
    assert said.startswith("Too little history")


def test_the_json_holds_all_that_the_page_shows(world: World) -> None:
    told = as_json(tried(world, ("professional.first-meeting.hello.after", "2 working days")), ["x=y"])
    assert told["set"] == ["x=y"]
    assert told["present"]["reminders"] == 5
    assert told["present"]["weeks"][0] == {"monday": "2026-03-30", "reminders": 0}
    assert {"day": "2026-04-15", "reminders": 1} in told["present"]["days"]
    assert told["tried"]["on_ideal_day"] == {"number": 5, "of": 5, "share": 1.0}
    assert told["difference"]["followups_on_another_day"] == 2
    assert [step["step"] for step in told["present"]["steps"]] == ["hello", "meet", "check-in"]


def test_every_name_in_the_json_is_in_the_manual(world: World) -> None:
    def names(value: object) -> set[str]:
        if isinstance(value, dict):
            return set(value) | {name for each in value.values() for name in names(each)}
        return {name for each in value for name in names(each)} if isinstance(value, list) else set()

    told = as_json(tried(world, ("professional.first-meeting.when.domain", "stark.example")))
    manual = (Path(__file__).parents[2] / "docs" / "trying.md").read_text("utf-8")
    missing = {name for name in names(told) if f"`{name}`" not in manual}
    assert "followups_lost" in names(told)
    assert missing == set()


def test_the_page_loads_nothing_and_names_no_meeting(tmp_path: Path) -> None:
    world = World(tmp_path)
    guest = "ATTENDEE;CN=Zoe <b>Bold</b>;PARTSTAT=ACCEPTED:mailto:zoe@vela.example"
    world.put(
        OLD,
        met("open", "2026-05-12", "pam@vela.example", title="Merger talks"),
        Ev("shut", "2026-05-20T10:00", [guest], title="Divorce", extra=("CLASS:PRIVATE", "CREATED:20260501T000000Z")),
    )
    world.sync(NOW)
    text = page(tried(world, ("professional.first-meeting.when.domain", "none.example")), ["a=<script>"])
    assert "Merger" not in text
    assert "Divorce" not in text
    assert "<script" not in text
    assert "Zoe &lt;b&gt;Bold" in text
    assert "http" not in text.replace("http-equiv", "")
    assert "url(" not in text
    assert text.count("<svg") == text.count('role="img"') == 4  # weeks, twice the days, and steps of one alone
    assert text.count("<title>") > 5
