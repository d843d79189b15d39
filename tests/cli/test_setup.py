"""``calsync init`` and ``calsync demo``: the first minutes."""

from __future__ import annotations

import stat
import tomllib
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from calsync.cli.first_config import country_of, zone_here
from calsync.config import load

if TYPE_CHECKING:
    from tests.cli.conftest import Home

GIVEN = ("--email", "sam@northwind.example", "--timezone", "Europe/London", "--calendar", "work.ics")


def test_flags_make_a_config_that_works(sample: Home) -> None:
    target = sample.folder / "new" / "config.toml"
    done = sample.run(
        *("--config", str(target), "init", "--name", 'Sam "S" Lee', *GIVEN, "--email", "sam@lee.example"),
        *("--relationship", "personal", "--holidays", "GB-ENG", "--output", "out.ics"),
    )
    assert (done.code, done.err) == (0, "")
    config = load(target)
    assert config.me.name == 'Sam "S" Lee'
    assert config.me.emails == ("sam@northwind.example", "sam@lee.example")
    assert config.me.holidays == "GB-ENG"
    (source,) = config.sources
    assert (source.relationship, getattr(source, "path", None)) == ("personal", sample.folder / "work.ics")
    assert getattr(config.outputs[0], "path", None) == sample.folder / "out.ics"
    assert f"--config {target} sync" in done.out
    assert sample.run("--config", str(target), "sync").code == 0


def test_an_address_is_taken_as_it_is_and_the_file_kept_private(home: Home) -> None:
    address = "webcal://calendar.example/private/work.ics"
    assert home.run("init", *GIVEN[:-1], address).code == 0
    assert tomllib.loads(home.config.read_text())["source"][0]["url"] == address
    assert stat.S_IMODE(home.config.stat().st_mode) == 0o600


def test_without_a_terminal_missing_flags_are_named(home: Home) -> None:
    done = home.run("init", TZ="UTC")
    assert done.code == 2
    assert "--email" in done.err
    assert "--calendar" in done.err
    assert not home.config.exists()


def test_a_config_that_is_there_is_not_overwritten(sample: Home) -> None:
    before = sample.config.read_text()
    done = sample.run("init", *GIVEN)
    assert done.code == 2
    assert "--force" in done.err
    assert sample.config.read_text() == before
    assert sample.run("init", *GIVEN, "--force").code == 0
    assert sample.config.read_text() != before


@pytest.mark.parametrize(
    ("flag", "value", "hint"),
    [
        ("--timezone", "Europe/Londn", "Europe/London"),
        ("--email", "sam", "an address"),
        ("--holidays", "GB-ENK", "GB-ENG"),
        ("--calendar", "wrok.ics", "no such file"),
        ("--output", "work.ics", "output"),
    ],
)
def test_a_wrong_flag_is_told_and_nothing_is_written(sample: Home, flag: str, value: str, hint: str) -> None:
    sample.config.unlink()
    done = sample.run("init", *GIVEN, flag, value)
    assert done.code == 2
    assert hint in done.err
    assert not sample.config.exists()


def test_on_a_terminal_it_asks_and_asks_again(sample: Home, plain: Callable[[str], str]) -> None:
    sample.config.unlink()
    answers = [
        "Sam Lee",
        "sam@",
        "sam@northwind.example sam@lee.example",
        "",
        "",
        "nowhere.ics",
        "work.ics",
        "p",
    ]
    shown = sample.on_terminal("init", answers=answers, TZ="Europe/Berlin")
    assert shown.code == 0, shown.out
    config = load(sample.config)
    assert config.me.emails == ("sam@northwind.example", "sam@lee.example")
    assert (config.me.timezone, config.me.holidays) == ("Europe/Berlin", "DE")
    assert config.sources[0].relationship == "personal"
    assert "nowhere.ics: there is no such file" in " ".join(plain(shown.out).split())


def test_a_question_that_is_not_answered_leaves_nothing(home: Home) -> None:
    shown = home.on_terminal("init", answers=["\x04"])
    assert shown.code == 130
    assert "Traceback" not in shown.out
    assert not home.config.exists()


def test_the_country_of_a_zone_is_guessed() -> None:
    assert country_of("Europe/London") == "GB"
    assert country_of("America/Sao_Paulo") == "BR"
    assert country_of("Nowhere/Else") == ""


@pytest.mark.parametrize(("named", "zone"), [("Asia/Tokyo", "Asia/Tokyo"), (":Europe/Paris", "Europe/Paris")])
def test_the_zone_of_the_machine_is_guessed(named: str, zone: str) -> None:
    assert zone_here({"TZ": named}) == zone


def test_the_demo_shows_it_all_in_a_folder_of_its_own(home: Home) -> None:
    done = home.run("demo")
    assert (done.code, done.err) == (0, "")
    folder = home.folder / "calsync-demo"
    assert sorted(path.name for path in home.folder.iterdir()) == ["calsync-demo"]
    assert "Email Kwame Asante: nice to meet you" in done.out
    assert str(folder / "followups.ics") in done.out
    assert home.run("--config", "calsync-demo/config.toml", "sync").out == "Nothing changed.\n"


def test_the_demo_can_be_run_again_later(home: Home) -> None:
    assert home.run("demo", "try").code == 0
    assert home.run("--config", "try/config.toml", "done", "kwame@adomi.example").code == 0
    again = home.run("demo", "try", CALSYNC_NOW="2026-03-12T02:00:00Z")
    assert again.code == 0
    assert "Email Kwame Asante: nice to meet you" in again.out


def test_the_next_steps_of_the_demo_work(home: Home) -> None:
    shown = home.run("demo").out
    steps = [line.split("  ")[1] for line in shown.splitlines() if line.startswith("  calsync --config")]
    assert len(steps) == 3
    for step in steps:
        assert home.run(*step.split()[1:]).code == 0, step


def test_the_demo_leaves_a_folder_of_somebody_else_alone(home: Home) -> None:
    folder = home.folder / "mine"
    folder.mkdir()
    (folder / "config.toml").write_text("mine")
    done = home.run("demo", "mine")
    assert done.code == 2
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("config.toml", "mine")]
