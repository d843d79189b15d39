"""What holds for every command: options in front, errors, exit codes, streams, start-up."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from calsync import __version__, errors
from calsync.cli.main import SECTIONS, commands
from calsync.cli.options import EXIT_CODES
from calsync.report import PRECEDENCE

if TYPE_CHECKING:
    from tests.cli.conftest import Home

SLOW = {"icalendar", "holidays", "jinja2", "googleapiclient", "caldav", "starlette", "urllib3", "rich"}
PROMISED = [
    *("init", "demo", "sync", "agenda", "inbox", "why", "done", "dismiss", "snooze", "stop", "resume"),
    *("people list", "people show", "people set", "people merge", "people split", "people ignore"),
    *("people duplicates", "people forget", "feed path", "status", "doctor"),
    *("rules list", "rules show", "rules check", "rules set", "rules unset", "rules new"),
]


def test_the_bare_command_prints_its_help(home: Home) -> None:
    bare, asked = home.process(), home.process("--help")
    assert bare.code == asked.code == 0
    assert bare.out == asked.out
    assert bare.out.startswith("Usage: calsync ")


def test_help_lists_every_command_with_a_line_about_it(home: Home) -> None:
    shown = home.run("--help").out
    for name, line in commands():
        assert line, name
        assert re.search(rf"^  {name.split()[0]}  +\S", shown, re.MULTILINE), name


def test_every_listed_command_has_a_place_in_the_help() -> None:
    placed = {name for names in SECTIONS.values() for name in names}
    assert {name.split()[0] for name, _ in commands()} <= placed


@pytest.mark.parametrize("name", PROMISED)
def test_every_promised_command_is_there(name: str) -> None:
    assert name in dict(commands())


def test_the_exit_codes_are_those_of_the_errors() -> None:
    raised = {
        kind.exit_code
        for kind in vars(errors).values()
        if isinstance(kind, type) and issubclass(kind, errors.CalsyncError)
    }
    assert {0, *raised} == set(EXIT_CODES) == {0, *PRECEDENCE}


def test_the_version_is_told(home: Home) -> None:
    assert home.run("--version").out == f"calsync {__version__}\n"


def test_completion_for_the_shell_is_offered(home: Home) -> None:
    assert "--install-completion" in home.run("--help").out
    done = home.process(_CALSYNC_COMPLETE="complete_bash", COMP_WORDS="calsync age", COMP_CWORD="1")
    assert done.out.split() == ["agenda"]


def test_a_misspelt_command_is_a_usage_error_that_names_the_nearest(home: Home) -> None:
    done = home.process("agneda")
    assert done.code == 2
    assert "Did you mean 'agenda'?" in done.err
    assert done.out == ""


def test_an_option_in_the_wrong_place_is_told_its_place(home: Home) -> None:
    done = home.run("sync", "--quiet")
    assert done.code == 2
    assert "--quiet stands before the command" in done.err


def test_quiet_and_verbose_exclude_each_other(home: Home) -> None:
    assert home.run("--quiet", "--verbose", "sync").code == 2


@pytest.mark.parametrize("command", ["sync", "agenda", "status", "doctor"])
def test_a_missing_config_is_exit_10_and_names_the_next_step(home: Home, command: str) -> None:
    done = home.process(command)
    assert done.code == 10
    assert "calsync init" in done.out + done.err


def test_all_problems_of_a_config_are_told_each_on_a_line(sample: Home) -> None:
    sample.config.write_text(sample.config.read_text().replace("London", "Londn").replace("working_hours", "hours"))
    done = sample.run("sync")
    assert done.code == 10
    assert done.out == ""
    problems = [line for line in done.err.splitlines() if line.startswith(f"{sample.config}:")]
    assert len(problems) == 2
    assert not (sample.folder / "calsync.db").exists()


def test_the_option_wins_over_the_environment(sample: Home) -> None:
    done = sample.run("--config", "elsewhere.toml", "agenda")
    assert done.code == 10
    assert "elsewhere.toml" in done.err


@pytest.mark.parametrize("moment", ["2026-03-10T02:00:00", "yesterday", "2026-03-10", "0001-01-01T00:00:00+14:00"])
def test_a_clock_that_makes_no_sense_is_a_usage_error(sample: Home, moment: str) -> None:
    done = sample.run("sync", CALSYNC_NOW=moment)
    assert done.code == 2
    assert "CALSYNC_NOW" in done.err
    assert not sample.feed.exists()


def test_the_clock_can_be_set_with_any_offset(sample: Home) -> None:
    at = [
        sample.run("sync", "--dry-run", "--json", CALSYNC_NOW=now).json["at"]
        for now in ("2026-03-10T02:00:00Z", "2026-03-10T11:00:00+09:00")
    ]
    assert at == ["2026-03-10T02:00:00+00:00"] * 2


def test_a_bug_is_exit_1_in_one_line_that_tells_nothing_of_a_meeting(home: Home) -> None:
    done = broken(home)
    assert done.returncode == 1
    assert done.stderr.startswith("this is a bug: ValueError at ")
    assert len(done.stderr.splitlines()) == 2
    assert "Dinner" not in done.stderr
    assert "Traceback" not in done.stderr


def test_verbose_tells_where_a_bug_is_and_still_nothing_of_a_meeting(home: Home) -> None:
    done = broken(home, "--verbose")
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) > 3
    assert "Dinner" not in done.stderr


def broken(home: Home, *options: str) -> subprocess.CompletedProcess[str]:
    program = (
        "import sys, calsync.config\n"
        "def find(*_):\n    raise ValueError('Dinner with Ana')\n"
        "calsync.config.find = find\n"
        "from calsync.cli.main import run\n"
        f"sys.argv = ['calsync', *{list(options)!r}, 'status']\n"
        "run()\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program], env=home.environment(), capture_output=True, text=True, timeout=60
    )


def test_a_pipe_that_nobody_reads_any_more_is_no_error(synced: Home) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    child = subprocess.Popen(
        [sys.executable, "-m", "calsync", "agenda"],
        env=synced.environment(PYTHONUNBUFFERED="1"),
        stdout=writer,
        stderr=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    os.close(writer)
    _, err = child.communicate(timeout=60)
    assert (child.returncode, err) == (0, "")


def test_it_works_without_any_standard_stream(synced: Home) -> None:
    done = subprocess.run(
        ["/bin/sh", "-c", f"exec {sys.executable} -m calsync sync <&- >&- 2>&-"],
        env=synced.environment(),
        timeout=60,
    )
    assert done.returncode == 0
    assert synced.run("doctor").code == 0


@pytest.mark.parametrize("words", [("--help",), ("sync", "--help"), ("agenda",), ("feed", "path"), ("status",)])
def test_the_usual_looks_import_nothing_slow(synced: Home, words: tuple[str, ...]) -> None:
    loaded = {name.partition(".")[0] for name in synced.modules(*words)}
    assert "typer" in loaded
    assert not loaded & SLOW


def test_help_does_not_even_load_the_config(home: Home) -> None:
    assert not home.modules("--help") & {"pydantic", "sqlite3", "calsync.config"}


def test_a_quiet_night_imports_nothing_slow(synced: Home) -> None:
    loaded = {name.partition(".")[0] for name in synced.modules("--quiet", "sync")}
    assert not loaded & SLOW
