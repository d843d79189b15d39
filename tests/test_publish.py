from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from calsync.config import Config, load
from calsync.ledger import promises
from calsync.ledger.ledger import Ledger, seconds
from calsync.model import Channel, Reminder, Slot
from calsync.night.publish import publish
from calsync.outputs.feed import is_ours, read_marks
from calsync.report import Report
from tests.outputs.lint import problems

NOW = datetime(2026, 3, 10, 2, 0, tzinfo=UTC)
NIGHT = timedelta(days=1)
HELLO = Reminder(
    id="5f1c9ad2e0b7",
    start=datetime(2026, 3, 11, 9, 0, tzinfo=UTC),
    end=datetime(2026, 3, 11, 9, 15, tzinfo=UTC),
    title="✉ Email Ana Lima: nice to meet you",
    description="You met in Lisbon.",
    names=("Ana Lima",),
    step="hello",
    rule="professional/first-meeting/hello",
    meeting="intro-77@acme.example",
)
CALL = replace(
    HELLO,
    id="6a2dabe3f1c8",
    start=HELLO.start + timedelta(days=14),
    end=HELLO.end + timedelta(days=14),
    title="☎ Call Ana Lima",
    step="call",
    rule="professional/first-meeting/call",
)


class Home:
    """One user's config, ledger and outputs, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = self.configured('[[output]]\nname = "feed"\npath = "feed.ics"\n')
        self.ledger = Ledger(self.config.ledger)

    def configured(self, outputs: str) -> Config:
        path = self.folder / "config.toml"
        path.write_text(
            'ledger = "calsync.db"\n[me]\nemails = ["sam@northwind.example"]\ntimezone = "Europe/London"\n'
            f'[[source]]\nname = "work"\npath = "work.ics"\n{outputs}'
        )
        self.config = load(path)
        return self.config

    def promise(self, *reminders: Reminder) -> None:
        """Put reminders into the ledger, as a sync does before it publishes."""
        with self.ledger.atomic():
            for each in reminders:
                pack, rule, step = each.rule.split("/")
                slot = Slot(each.id, each.meeting, rule, step, 0, 0, "", each.start, each.end, Channel.EMAIL, "")
                promises.put_slots(self.ledger, [slot])
                promises.put_words(self.ledger, each, "", pack)

    def fail(self, source: str, since: datetime) -> None:
        """Let a source fail since then."""
        self.ledger.connection.execute(
            "INSERT OR REPLACE INTO source (name, failed_since, trouble, remedy) VALUES (?, ?, ?, ?)",
            (source, seconds(since), "secret.ics: cannot be read.", "Look after it."),
        )

    def night(self, now: datetime = NOW) -> Report:
        report = Report(now)
        publish(self.config, self.ledger, now, report)
        return report

    def path(self, name: str = "feed") -> Path:
        return self.folder / f"{name}.ics"

    def bytes(self, name: str = "feed") -> bytes:
        content = self.path(name).read_bytes()
        assert problems(content) == []
        return content

    def sequences(self, name: str = "feed") -> dict[str, int]:
        return {mark.id: mark.sequence for mark in read_marks(self.path(name))}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    home = Home(tmp_path)
    yield home
    home.ledger.close()


def counts(created: int = 0, changed: int = 0, removed: int = 0, unchanged: int = 0) -> dict[str, int]:
    return {"created": created, "changed": changed, "removed": removed, "unchanged": unchanged}


def test_what_is_promised_is_in_the_feed_after_the_night(home: Home) -> None:
    home.promise(HELLO, CALL)
    report = home.night()
    assert report.written == {"feed": counts(created=2)}
    assert report.exit_code == 0
    assert home.sequences() == {HELLO.id: 0, CALL.id: 0}


def test_a_feed_is_there_after_the_first_night_even_with_nothing_in_it(home: Home) -> None:
    assert home.night().written == {"feed": counts()}
    assert b"VEVENT" not in home.bytes()


def test_an_unchanged_night_leaves_bytes_and_time_and_imports_no_calendar_library(home: Home) -> None:
    home.promise(HELLO, CALL)
    home.night()
    before = home.bytes()
    os.utime(home.path(), ns=(10**18, 10**18))
    inode = home.path().stat().st_ino
    program = dedent(f"""
        import sys
        from datetime import datetime
        from pathlib import Path
        from calsync.config import load
        from calsync.ledger.ledger import Ledger
        from calsync.night.publish import publish
        from calsync.report import Report
        config = load(Path({str(home.config.path)!r}))
        report = Report(datetime.fromisoformat({(NOW + NIGHT).isoformat()!r}))
        with Ledger(config.ledger) as ledger:
            publish(config, ledger, report.at, report)
        assert report.written == {{"feed": {counts(unchanged=2)}}}, report.written
        heavy = {{"icalendar", "dateutil", "jinja2", "holidays", "urllib3"}} & set(sys.modules)
        assert not heavy, heavy
    """)
    subprocess.run([sys.executable, "-c", program], check=True, cwd=Path(__file__).parents[1])
    assert home.bytes() == before
    assert (home.path().stat().st_mtime_ns, home.path().stat().st_ino) == (10**18, inode)


def test_a_night_that_crashed_before_it_noted_its_feed_leaves_that_feed_alone(home: Home) -> None:
    home.promise(HELLO)
    home.night()
    home.ledger.connection.execute("DELETE FROM meta WHERE key = 'feed feed'")
    os.utime(home.path(), ns=(10**18, 10**18))
    assert home.night(NOW + NIGHT).written == {"feed": counts(unchanged=1)}
    assert home.path().stat().st_mtime_ns == 10**18


def test_a_deleted_feed_comes_back_just_as_it_was(home: Home) -> None:
    home.promise(HELLO, CALL)
    home.night()
    before = home.bytes()
    home.path().unlink()
    assert home.night(NOW + NIGHT).written == {"feed": counts(created=2)}
    assert home.bytes() == before


def test_an_altered_feed_is_written_anew(home: Home) -> None:
    home.promise(HELLO, CALL)
    home.night()
    before, stat = home.bytes(), home.path().stat()
    home.path().write_bytes(before.replace(b"Ana Lima", b"Eve Lima"))
    os.utime(home.path(), ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert home.night(NOW + NIGHT).written == {"feed": counts(changed=2)}
    assert home.bytes() == before


def test_a_file_of_somebody_else_in_its_place_is_left_alone_and_told(home: Home) -> None:
    home.promise(HELLO)
    home.night()
    home.path().write_bytes(b"dear diary")
    report = home.night(NOW + NIGHT)
    assert report.exit_code == 3
    assert [(each.what, each.name) for each in report.troubles] == [("output", "feed")]
    assert "never touches what it did not make" in report.troubles[0].message
    assert home.path().read_bytes() == b"dear diary"


def test_an_output_that_fails_does_not_hold_up_another_and_recovers(home: Home) -> None:
    home.configured('[[output]]\nname = "bad"\npath = "bad.ics"\n[[output]]\nname = "good"\npath = "good.ics"\n')
    home.path("bad").mkdir()
    home.promise(HELLO)
    report = home.night()
    assert report.exit_code == 3
    (trouble,) = report.troubles
    assert (trouble.what, trouble.name, trouble.exit_code) == ("output", "bad", 3)
    assert trouble.remedy
    assert report.written == {"good": counts(created=1)}
    assert home.sequences("good") == {HELLO.id: 0}
    assert home.night(NOW + NIGHT).exit_code == 3
    assert home.ledger.value("SELECT failed_since FROM output WHERE name = 'bad'") == seconds(NOW)

    home.path("bad").rmdir()
    report = home.night(NOW + 2 * NIGHT)
    assert (report.exit_code, report.written["bad"]) == (0, counts(created=1))
    assert home.ledger.value("SELECT failed_since FROM output WHERE name = 'bad'") is None


def test_a_source_that_fails_for_three_days_is_told_in_the_feed_until_it_works(home: Home) -> None:
    home.promise(HELLO)
    home.fail("work", NOW)
    home.night(NOW + 3 * NIGHT - timedelta(seconds=1))
    assert b"attention" not in home.bytes()
    assert home.night(NOW + 3 * NIGHT).written == {"feed": counts(unchanged=1)}
    told = home.bytes().replace(b"\r\n ", b"").decode()
    assert told.count("SUMMARY:calsync needs attention") == 1
    assert "source work has failed since Tuesday 10 March 2026: secret.ics: cannot be read.\\nLook after it." in told
    assert "DTSTART:20260313T090000Z" in told
    home.ledger.connection.execute("UPDATE source SET failed_since = NULL")
    home.night(NOW + 4 * NIGHT)
    assert b"attention" not in home.bytes()


def test_attention_of_a_night_is_not_stamped_with_the_morning_to_come(home: Home) -> None:
    home.fail("work", NOW - 4 * NIGHT)
    home.night(datetime(2026, 3, 13, 1, 30, tzinfo=UTC))
    told = home.bytes().decode()
    assert "DTSTART:20260313T090000Z" in told
    assert "DTSTAMP:20260313T000000Z" in told
    assert "LAST-MODIFIED:20260313T000000Z" in told


def test_attention_is_the_same_bytes_all_day(home: Home) -> None:
    home.fail("work", NOW - 4 * NIGHT)
    home.night()
    os.utime(home.path(), ns=(10**18, 10**18))
    home.night(NOW + timedelta(hours=20))
    assert home.path().stat().st_mtime_ns == 10**18


@pytest.mark.parametrize("details", ["names", "busy"])
def test_attention_tells_no_more_than_the_reminders_do(home: Home, details: str) -> None:
    home.configured(f'[[output]]\nname = "feed"\npath = "feed.ics"\ndetails = "{details}"\n')
    home.fail("work", NOW - 4 * NIGHT)
    home.night()
    assert b"needs attention" in home.bytes()
    assert b"secret" not in home.bytes()


def test_an_output_that_fails_for_three_days_is_told_in_the_others_and_never_in_itself(home: Home) -> None:
    home.configured('[[output]]\nname = "good"\npath = "good.ics"\n[[output]]\nname = "bad"\npath = "bad.ics"\n')
    home.path("bad").mkdir()
    home.night()
    home.night(NOW + 3 * NIGHT)
    assert b"output bad has failed since Tuesday 10 March" in home.bytes("good").replace(b"\r\n ", b"")
    home.path("bad").rmdir()
    home.night(NOW + 4 * NIGHT)
    assert b"attention" not in home.bytes("bad")
    assert b"attention" not in home.bytes("good")


def test_trouble_with_an_output_that_was_taken_out_of_the_config_is_over(home: Home) -> None:
    home.configured('[[output]]\nname = "feed"\npath = "feed.ics"\n[[output]]\nname = "bad"\npath = "bad.ics"\n')
    home.path("bad").mkdir()
    home.night()
    home.configured('[[output]]\nname = "feed"\npath = "feed.ics"\n')
    home.night(NOW + 5 * NIGHT)
    assert b"attention" not in home.bytes()


def test_sequence_and_stamps_move_with_the_content_alone(home: Home) -> None:
    home.promise(HELLO, CALL)
    home.night()
    before = {mark.id: mark for mark in read_marks(home.path())}
    home.promise(replace(HELLO, description="You met in Porto."))
    assert home.night(NOW + NIGHT).written == {"feed": counts(changed=1, unchanged=1)}
    after = {mark.id: mark for mark in read_marks(home.path())}
    assert after[CALL.id] == before[CALL.id]
    assert (before[HELLO.id].sequence, after[HELLO.id].sequence) == (0, 1)
    assert (after[HELLO.id].stamped, after[HELLO.id].modified) == (NOW + NIGHT, NOW + NIGHT)
    assert home.night(NOW + 2 * NIGHT).written == {"feed": counts(unchanged=2)}
    assert {mark.id: mark for mark in read_marks(home.path())} == after


def test_sequence_rises_only_in_outputs_that_show_the_difference(home: Home) -> None:
    home.configured(
        "".join(
            f'[[output]]\nname = "{name}"\npath = "{name}.ics"\ndetails = "{name}"\n'
            for name in ("full", "names", "busy")
        )
    )

    def after(change: Reminder, nights: int) -> tuple[int, ...]:
        home.promise(change)
        home.night(NOW + nights * NIGHT)
        return tuple(home.sequences(name)[HELLO.id] for name in ("full", "names", "busy"))

    assert after(HELLO, 0) == (0, 0, 0)
    quiet = home.bytes("busy")
    reworded = replace(HELLO, title="✉ Email Ana Lima", description="You met in Porto.")
    assert after(reworded, 1) == (1, 0, 0)
    named = replace(reworded, names=("Ana Lima", "Bo Chen"), title="✉ Email Ana Lima and Bo Chen")
    assert after(named, 2) == (2, 1, 0)
    assert home.bytes("busy") == quiet
    moved = replace(named, start=named.start + timedelta(hours=1), end=named.end + timedelta(hours=1))
    assert after(moved, 3) == (3, 2, 1)
    assert after(moved, 4) == (3, 2, 1)


def test_another_detail_or_alarm_is_in_the_feed_the_next_night(home: Home) -> None:
    home.promise(HELLO)
    home.night()
    home.configured('[[output]]\nname = "feed"\npath = "feed.ics"\ndetails = "busy"\nalarm = "10 minutes"\n')
    assert home.night(NOW + NIGHT).written == {"feed": counts(changed=1)}
    assert b"Ana" not in home.bytes()
    assert b"TRIGGER:-PT10M" in home.bytes()
    assert home.sequences() == {HELLO.id: 1}


@pytest.mark.parametrize(
    ("alarm", "trigger"),
    [
        ("0 minutes", b"TRIGGER:PT0S\r\n"),
        ("90 minutes", b"TRIGGER:-PT1H30M\r\n"),
        ("2 hours", b"TRIGGER:-PT2H\r\n"),
        ("0 days", b"TRIGGER:PT0S\r\n"),
        ("1 day", b"TRIGGER:-P1D\r\n"),
        ("1 week", b"TRIGGER:-P7D\r\n"),
    ],
)
def test_an_alarm_of_any_unit_sounds(home: Home, alarm: str, trigger: bytes) -> None:
    home.configured(f'[[output]]\nname = "feed"\npath = "feed.ics"\nalarm = "{alarm}"\n')
    home.promise(HELLO)
    home.night()
    assert trigger in home.bytes()


def test_reminders_leave_the_feed_thirty_days_after_their_end(home: Home) -> None:
    home.promise(HELLO, CALL)
    home.night()
    assert home.night(HELLO.end + timedelta(days=30)).written == {"feed": counts(unchanged=2)}
    gone = home.night(HELLO.end + timedelta(days=30, seconds=1))
    assert gone.written == {"feed": counts(removed=1, unchanged=1)}
    assert home.sequences() == {CALL.id: 0}


def test_reminders_beyond_the_horizon_are_not_yet_in_the_feed(home: Home) -> None:
    later = timedelta(days=90)
    home.promise(HELLO, replace(CALL, start=HELLO.start + later, end=HELLO.end + later))
    home.night()
    assert home.sequences() == {HELLO.id: 0}
    assert home.night(NOW + 2 * NIGHT).written == {"feed": counts(created=1, unchanged=1)}


def test_a_removed_reminder_leaves_the_feed_and_the_last_one_leaves_it_empty(home: Home) -> None:
    home.promise(HELLO)
    home.night()
    home.ledger.connection.execute("UPDATE reminder SET removed = ?", (seconds(NOW),))
    assert home.night(NOW + NIGHT).written == {"feed": counts(removed=1)}
    assert is_ours(home.bytes())
    assert b"VEVENT" not in home.bytes()
