"""``calsync sync`` as seen by its user."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Home


def test_a_sync_tells_each_change_and_sums_up(sample: Home) -> None:
    done = sample.run("sync")
    assert (done.code, done.err) == (0, "")
    changes = [line for line in done.lines if line.startswith("+ ")]
    assert len(changes) == sample.feed.read_text().count("BEGIN:VEVENT")
    assert any("Email Kwame Asante: nice to meet you" in line for line in changes)
    assert "Read 110 events from 2 sources" in done.out
    assert str(sample.feed) in done.out


def test_the_second_sync_says_that_nothing_changed(synced: Home) -> None:
    done = synced.run("sync")
    assert (done.code, done.out, done.err) == (0, "Nothing changed.\n", "")


def test_a_quiet_sync_that_changes_nothing_prints_nothing(synced: Home) -> None:
    done = synced.process("--quiet", "sync")
    assert (done.code, done.out, done.err) == (0, "", "")


def test_a_quiet_sync_still_tells_what_changed(sample: Home) -> None:
    done = sample.run("--quiet", "sync")
    assert done.lines
    assert all(line.startswith(("+ ", "note: ")) for line in done.lines)


def test_a_dry_run_shows_the_same_and_writes_nothing(sample: Home) -> None:
    dry = sample.run("sync", "--dry-run")
    assert "nothing was written" in dry.out
    assert not sample.feed.exists()
    wet = sample.run("sync")
    assert [line for line in dry.lines if line.startswith("+")] == [line for line in wet.lines if line.startswith("+")]


def test_a_deleted_feed_is_not_called_nothing(synced: Home) -> None:
    synced.feed.unlink()
    done = synced.run("sync")
    assert synced.feed.exists()
    assert "Nothing changed" not in done.out
    assert str(synced.feed) in done.out


def test_what_is_taken_back_is_told_with_its_cause(synced: Home) -> None:
    title = "SUMMARY:Kwame Asante and Sam Lee"
    synced.edit(
        "work.ics",
        lambda lines: [f"{title}\r\nSTATUS:CANCELLED" if line == title else line for line in lines],
    )
    done = synced.run("sync")
    removed = [line for line in done.lines if line.startswith("- ")]
    assert removed
    assert all("Kwame" in line and line.endswith(")") for line in removed)


def test_the_report_is_there_for_programs(sample: Home) -> None:
    report = sample.run("sync", "--json").json
    assert report["exit_code"] == 0
    assert report["dry_run"] is False
    assert {each["kind"] for each in report["differences"]} == {"create"}


def test_too_many_newcomers_stop_it_before_anything_is_written(sample: Home) -> None:
    done = sample.process("sync", "--allow", "2")
    assert done.code == 12
    assert done.out == ""
    assert "--allow" in done.err
    assert not sample.feed.exists()


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_allow_takes_a_number_of_people(sample: Home, number: str) -> None:
    done = sample.run("sync", "--allow", number)
    assert done.code == 2
    assert not sample.feed.exists()


def test_a_failed_source_is_told_on_stderr_and_holds_up_nothing(synced: Home) -> None:
    (synced.folder / "personal.ics").unlink()
    done = synced.process("--quiet", "sync")
    assert (done.code, done.out) == (3, "")
    trouble, remedy = done.err.splitlines()
    assert trouble.startswith("source personal: ")
    assert remedy


def test_verbose_tells_what_each_source_held(sample: Home) -> None:
    sample.break_an_event("work.ics")
    done = sample.run("--verbose", "sync")
    assert "source work: " in done.out
    assert "source personal: " in done.out
    assert any("1 skipped: " in line and "for example" in line for line in done.lines)


def test_a_calendar_that_names_nobody_is_told_loudly(sample: Home) -> None:
    sample.name_nobody("personal.ics")
    done = sample.run("sync")
    assert done.code == 0
    assert "warning: source personal: none of its 6 events names anybody" in done.err


def test_two_runs_at_once_are_exit_13(synced: Home) -> None:
    from calsync.config import load
    from calsync.sync import only_run

    with only_run(load(synced.config)):
        done = synced.process("sync")
    assert done.code == 13
    assert "another run" in done.err


def test_on_a_terminal_changes_are_coloured_and_no_name_is_cut(sample: Home, plain: Callable[[str], str]) -> None:
    shown = sample.on_terminal("sync", columns=60).out
    assert "\x1b[32m" in shown
    assert all(len(line) <= 60 for line in plain(shown).splitlines() if "/" not in line)
    assert "…" not in shown
    words = " ".join(plain(shown).split())
    assert "Email Sanna Virtanen and Tomasz Wilk: nice to meet you" in words
