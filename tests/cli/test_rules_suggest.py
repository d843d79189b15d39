"""How ``calsync rules suggest`` looks on a terminal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Home


@pytest.fixture(scope="module")
def long_kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with four years of a busy calendar, after its first sync."""
    from bench.generate import NOW, write
    from bench.run import CONFIG
    from calsync.config import load
    from calsync.sync import sync

    folder = tmp_path_factory.mktemp("long")
    write(folder / "work.ics", 2_000)
    (folder / "config.toml").write_text(CONFIG)
    assert sync(load(folder / "config.toml"), NOW, allow=500).exit_code == 0
    return folder


@pytest.fixture
def busy(long_kept: Path) -> Home:
    return Home(long_kept)


@pytest.mark.parametrize("columns", [80, 120])
def test_the_curve_and_its_steps_fit_the_terminal(busy: Home, plain: Callable[[str], str], columns: int) -> None:
    shown = plain(busy.on_terminal("--quiet", "rules", "suggest", columns=columns).out).splitlines()
    assert max(map(len, shown)) <= columns
    assert any("━" in line for line in shown)
    (axis,) = [line for line in shown if "24 weeks" in line][:1]
    marks = next(line for line in shown if "▲ hello" in line)
    assert axis.index("0 ") == marks.index("▲ hello")
    (row,) = [line.split() for line in shown if line.startswith("check-in ")]
    assert row[1:3] == ["6", "weeks"]


def test_the_line_rises_from_left_to_right(busy: Home, plain: Callable[[str], str]) -> None:
    shown = plain(busy.on_terminal("--quiet", "rules", "suggest").out).splitlines()
    bottom = next(place for place, line in enumerate(shown) if "└" in line)
    rows = [line[8:] for line in shown[bottom - 9 : bottom]]
    heights = [
        next((9 - at for at, row in enumerate(rows) if row[column : column + 1] == "━"), 0) for column in range(52)
    ]
    assert all(heights)
    assert heights == sorted(heights)
    assert heights[0] == 1


def test_a_narrow_terminal_gets_no_broken_curve(busy: Home, plain: Callable[[str], str]) -> None:
    shown = plain(busy.on_terminal("--quiet", "rules", "suggest", columns=50).out)
    assert "━" not in shown
    assert "professional.first-meeting" in shown


def test_a_pipe_gets_plain_lines(busy: Home) -> None:
    told = busy.run("rules", "suggest")
    assert told.code == 0
    assert "━" not in told.out
    assert "\x1b" not in told.out
    (row,) = [line for line in told.lines if line.startswith("professional.first-meeting  meet ")]
    assert row.split()[2:4] == ["2", "weeks"]
