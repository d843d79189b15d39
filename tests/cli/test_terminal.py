"""How rows look, wide and narrow, on a terminal and in a pipe."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.cli.cells import Cell, Group, aligned, clean, width_of, wrapped
from calsync.cli.terminal import Terminal, counted, day_and_time, day_heading, soon

if TYPE_CHECKING:
    from tests.cli.conftest import Home

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


def test_nothing_that_a_terminal_obeys_survives() -> None:
    assert clean("Dinner\x1b[2J\x07 at\n8\u202e\x9b31m") == "Dinner [2J  at 8 31m"


@given(st.text())
def test_whatever_an_invitation_says_stays_on_one_line(text: str) -> None:
    shown = clean(text)
    assert len(shown.splitlines()) <= 1
    assert "\x1b" not in shown


def test_in_a_pipe_fields_are_aligned_and_empty_columns_left_out() -> None:
    group = Group("ignored", [["1", "", "☕ Zoë"], ["22", "", "x"]], "2026-11-24")
    assert list(aligned([group])) == ["2026-11-24  1   ☕ Zoë", "2026-11-24  22  x"]


def test_wide_characters_count_twice() -> None:
    assert width_of("☕ Zoe\u0308") == 6
    assert width_of("山田") == 4


@given(st.lists(st.text(alphabet="ab é", min_size=1, max_size=30), max_size=6), st.integers(12, 60))
def test_breaking_a_line_loses_no_word_and_keeps_to_the_width(texts: list[str], width: int) -> None:
    cells = [Cell(text + " ") for text in texts]
    shown = "".join(cell.text for cell in wrapped(cells, width))
    assert shown.split() == "".join(cell.text for cell in cells).split()
    longest = max((len(word) for word in shown.split()), default=0)
    leading = max(len(line) - len(line.lstrip(" ")) for line in [*shown.split("\n"), ""])
    assert all(len(line.rstrip()) <= max(width, leading + longest) for line in shown.split("\n"))


def test_times_are_told_in_the_words_of_a_person() -> None:
    assert soon(NOW.replace(hour=9), NOW) == "today 09:00"
    assert soon(NOW + timedelta(days=1, hours=1), NOW) == "tomorrow 09:00"
    assert soon(NOW - timedelta(days=1), NOW) == "yesterday 08:00"
    assert soon(NOW + timedelta(days=2), NOW) == "Wed 25 Nov 08:00"
    assert day_and_time(datetime(2027, 1, 4, 9, 0, tzinfo=UTC), NOW) == "Mon 4 Jan 2027 09:00"


def test_days_are_told_with_their_distance() -> None:
    today = date(2026, 11, 23)
    assert day_heading(date(2026, 11, 23), today) == "Today, Monday 23 November"
    assert day_heading(date(2026, 11, 24), today) == "Tomorrow, Tuesday 24 November"
    assert day_heading(date(2027, 1, 8), today) == "Friday 8 January 2027"


@pytest.mark.parametrize(("number", "words"), [(0, "0 events"), (1, "1 event"), (1204, "1,204 events")])
def test_numbers_agree_with_their_noun(number: int, words: str) -> None:
    assert counted(number, "event") == words


def test_outside_a_terminal_there_are_no_colours_and_no_bar(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    with terminal.progress("Reading") as told:
        told("work", 500)
        terminal.line(Cell("✓", "good"), " done")
        terminal.error("it failed", "Try again.", "source work")
    shown = capsys.readouterr()
    assert shown.out == "✓ done\n"
    assert shown.err == "source work: it failed\nTry again.\n"


SLOW = """
import time
from calsync.cli.terminal import Terminal
with Terminal(quiet={quiet}).progress("Reading") as told:
    told("work", 12_500)
    time.sleep({seconds})
print("done")
"""


def test_work_that_lasts_gets_a_bar_that_goes_away(home: Home, plain: Callable[[str], str]) -> None:
    shown = home.program_on_terminal(SLOW.format(quiet=False, seconds=1.5)).out
    assert "Reading work: 12,500 events" in plain(shown)
    assert shown.endswith("\x1b[2Kdone\n")


@pytest.mark.parametrize(("quiet", "seconds"), [(True, 1), (False, 0.05)])
def test_short_and_quiet_work_shows_no_bar(home: Home, quiet: bool, seconds: float) -> None:
    assert home.program_on_terminal(SLOW.format(quiet=quiet, seconds=seconds)).out == "done\n"
