"""``calsync agenda``: what is to be done, for people and for programs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Home

KEYS = [
    *("id", "reminder", "person", "state", "provisional", "start", "end", "timezone"),
    *("channel", "pack", "rule", "step", "title", "meeting"),
]


def test_before_the_first_sync_it_says_what_to_do(sample: Home) -> None:
    shown = sample.on_terminal("agenda")
    assert shown.code == 0
    assert "No sync so far: calsync sync" in shown.out
    assert not (sample.folder / "calsync.db").exists()
    assert sample.run("agenda", "--json").json == []


def test_json_lists_follow_ups_soonest_first(synced: Home) -> None:
    found = synced.run("agenda", "--json").json
    assert len(found) > 10
    assert all(list(each) == KEYS for each in found)
    starts = [datetime.fromisoformat(each["start"]) for each in found]
    assert starts == sorted(starts)
    assert {each["state"] for each in found} <= {"provisional", "planned", "written"}


def test_days_keep_what_starts_by_the_end_of_that_day(synced: Home) -> None:
    everything = synced.run("agenda", "--json").json
    near = synced.run("agenda", "--days", "3", "--json").json
    last = (datetime.fromisoformat("2026-03-10T02:00:00+00:00") + timedelta(days=3)).date()
    assert near == [each for each in everything if datetime.fromisoformat(each["start"]).date() <= last]
    assert 0 < len(near) < len(everything)


def test_all_adds_the_other_states(synced: Home) -> None:
    states = {each["state"] for each in synced.run("agenda", "--all", "--json").json}
    assert "held" in states


def test_negative_days_are_a_usage_error(synced: Home) -> None:
    assert synced.run("agenda", "--days", "-1").code == 2


def test_in_a_pipe_there_is_one_plain_line_for_each_reminder(synced: Home) -> None:
    done = synced.run("agenda")
    reminders = {each["reminder"] for each in synced.run("agenda", "--json").json}
    assert len(done.lines) == len(reminders)
    assert all(line.startswith("2026-") for line in done.lines)
    assert not set(done.out) & set("\x1b│─┃━")


@pytest.mark.parametrize("columns", [60, 80, 140, 200])
def test_on_a_terminal_it_fits_and_no_name_is_cut(synced: Home, plain: Callable[[str], str], columns: int) -> None:
    shown = plain(synced.on_terminal("agenda", columns=columns).out)
    assert all(len(line) <= columns for line in shown.splitlines())
    words = " ".join(shown.split())
    for each in synced.run("agenda", "--json").json:
        for name in each["title"].split():
            assert name in words
    assert "…" not in shown


def test_days_are_headings_in_the_words_of_a_person(synced: Home, plain: Callable[[str], str]) -> None:
    shown = plain(synced.on_terminal("agenda").out)
    assert "Wednesday 11 March" in shown
    assert "Tomorrow, Wednesday 11 March" in shown


def test_no_color_means_none(synced: Home) -> None:
    assert "\x1b[" in synced.on_terminal("agenda").out
    assert "\x1b[" not in synced.on_terminal("--no-color", "agenda").out
    assert "\x1b[" not in synced.on_terminal("agenda", NO_COLOR="1").out


def test_the_beginning_of_an_id_answers_a_follow_up(synced: Home) -> None:
    first = synced.run("agenda").lines[0]
    done = synced.run("done", first.split()[-1])
    assert done.code == 0
    assert first not in synced.run("agenda").lines


def test_a_title_cannot_drive_the_terminal(sample: Home) -> None:
    calendar = sample.folder / "work.ics"
    calendar.write_bytes(calendar.read_bytes().replace(b"SUMMARY:", b"SUMMARY:\x1b]0;owned\x07"))
    sample.run("sync")
    assert "\x1b]0;" not in sample.on_terminal("agenda").out
    assert "\x1b" not in sample.run("agenda").out
