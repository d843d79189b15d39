"""``calsync login caldav``: a real server, real files, and a password that stays where it belongs."""

from __future__ import annotations

import io
import shlex
import stat
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from calsync.config import CaldavOutput, CaldavSource, load
from tests.dav_servers import PASSWORD, USER, Radicale

if TYPE_CHECKING:
    from tests.cli.conftest import Home, Outcome

CONFIG = """\
# mine
ledger = "ledger.db"   # here

[me]
emails = ["ines@lisboa.example"]
timezone = "Europe/Lisbon"

[[source]]   # the old one
name = "old"
path = "old.ics"
#relationship = "personal"

[people]
group_max = 9  # small
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    made = Radicale(tmp_path_factory.mktemp("radicale"), password=PASSWORD)
    made.made("/sam/family/", calendar=True)
    yield made
    made.close()


@pytest.fixture
def own(home: Home) -> Home:
    home.config.write_text(CONFIG)
    return home


def secret(home: Home, text: str = PASSWORD) -> str:
    file = home.folder / "pw"
    file.write_text(f"{text}\n")
    file.chmod(0o600)
    return str(file)


def signs_in(home: Home, server: Radicale, *words: str, way: tuple[str, ...] = ()) -> Outcome:
    way = way or ("--password-file", secret(home))
    return home.run("login", "caldav", "--url", f"{server.url}/", "--username", USER, *way, *words)


def test_the_account_is_written_into_the_config_and_nothing_else_changes(own: Home, server: Radicale) -> None:
    done = signs_in(own, server)
    assert (done.code, done.err) == (0, "")
    text = own.config.read_text()
    source = text.index("\n[[source]]\n")
    assert text[:source] == CONFIG[: CONFIG.index("\n[people]")]
    assert "\n[people]\ngroup_max = 9  # small\n" in text
    config = load(own.config)
    _, source_made = config.sources
    (output_made,) = config.outputs
    assert isinstance(source_made, CaldavSource)
    assert isinstance(output_made, CaldavOutput)
    for made in (source_made, output_made):
        assert (made.name, made.url, made.username) == ("caldav", f"{server.url}/", USER)
        assert made.password_file == own.folder / "pw"
    assert PASSWORD not in text
    assert f"calsync --config {own.config}" in done.out


def test_the_next_sync_works_with_it(own: Home, server: Radicale) -> None:
    (own.folder / "old.ics").write_text("BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\nEND:VCALENDAR\n")
    assert signs_in(own, server).code == 0
    done = own.run("sync")
    assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize(("use", "tables"), [("source", (2, 0)), ("output", (1, 1)), ("both", (2, 1))])
def test_it_is_used_for_what_was_said(own: Home, server: Radicale, use: str, tables: tuple[int, int]) -> None:
    assert signs_in(own, server, "--as", use).code == 0
    text = own.config.read_text()
    assert (text.count("\n[[source]]"), text.count("\n[[output]]")) == tables


def test_single_calendars_become_sources_of_their_own(own: Home, server: Radicale) -> None:
    given = ("--as", "source", "--calendar", "work", "--calendar", "family", "--relationship", "personal")
    assert signs_in(own, server, *given, "--name", "home").code == 0
    made = load(own.config).sources[1:]
    assert [(each.name, each.relationship, getattr(each, "url", "")) for each in made] == [
        ("home", "personal", f"{server.url}/sam/work/"),
        ("home-2", "personal", f"{server.url}/sam/family/"),
    ]


def test_reminders_can_go_into_a_calendar_that_is_there(own: Home, server: Radicale) -> None:
    assert signs_in(own, server, "--as", "output", "--into", "family", "--kind", "todo").code == 0
    (made,) = load(own.config).outputs
    assert isinstance(made, CaldavOutput)
    assert (made.url, made.kind) == (f"{server.url}/sam/family/", "todo")


def test_a_calendar_that_is_not_there_is_told_with_those_that_are(own: Home, server: Radicale) -> None:
    done = signs_in(own, server, "--calendar", "famly")
    assert done.code == 2
    assert "family" in done.err
    assert own.config.read_text() == CONFIG


def test_the_same_account_again_brings_its_tables_up_to_date(own: Home, server: Radicale) -> None:
    signs_in(own, server)
    command = shlex.join([sys.executable, "-c", f"print({PASSWORD!r})"])
    done = signs_in(own, server, way=("--password-command", command))
    assert done.code == 0
    assert "brought up to date" in done.out
    config = load(own.config)
    assert (len(config.sources), len(config.outputs)) == (2, 1)
    for made in (config.sources[1], config.outputs[0]):
        assert getattr(made, "password_command", "") == command
        assert getattr(made, "password_file", "") is None


def test_another_account_gets_another_name(own: Home, server: Radicale) -> None:
    own.config.write_text(CONFIG.replace('"old"', '"caldav"'))
    assert signs_in(own, server, "--as", "source").code == 0
    assert [each.name for each in load(own.config).sources] == ["caldav", "caldav-2"]


def test_a_refused_password_changes_nothing_and_is_not_shown(own: Home, server: Radicale) -> None:
    done = signs_in(own, server, way=("--password-file", secret(own, "old-pear")))
    assert done.code == 11
    assert "app password" in done.err
    assert "old-pear" not in done.out + done.err
    assert own.config.read_text() == CONFIG


def test_a_piped_password_is_kept_in_a_file_of_ones_own(
    own: Home, server: Radicale, monkeypatch: pytest.MonkeyPatch
) -> None:
    from typer.testing import CliRunner

    from calsync.cli.main import app

    monkeypatch.chdir(own.folder)
    words = ["--config", str(own.config), "login", "caldav", "--url", server.url, "--username", USER]
    words += ["--password-stdin", "--password-file", "new/pw"]
    done = CliRunner().invoke(app, words, input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.stderr
    file = own.folder / "new" / "pw"
    assert file.read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in done.stdout + own.config.read_text()
    assert getattr(load(own.config).outputs[0], "password_file", None) == file


def test_a_piped_password_goes_into_the_keyring(own: Home, server: Radicale, monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[tuple[str, str], str] = {}
    stand_in = types.ModuleType("keyring")
    stand_in.get_password = lambda service, key: kept.get((service, key))  # type: ignore[attr-defined]
    stand_in.set_password = lambda service, key, text: kept.update({(service, key): text})  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", stand_in)
    monkeypatch.setattr("calsync.cli.login_caldav.sys.stdin", io.StringIO(f"{PASSWORD}\n"))
    from typer.testing import CliRunner

    from calsync.cli.main import app

    words = ["--config", str(own.config), "login", "caldav", "--url", server.url, "--username", USER, "--keyring"]
    done = CliRunner().invoke(app, [*words, "--password-stdin"], input=f"{PASSWORD}\n")
    assert done.exit_code == 0, done.stderr
    assert kept == {("calsync", f"{USER}@127.0.0.1"): PASSWORD}
    assert load(own.config).outputs[0].keyring is True  # type: ignore[union-attr]
    assert PASSWORD not in own.config.read_text()


def test_a_file_that_others_can_read_gets_no_password(own: Home, server: Radicale) -> None:
    (own.folder / "pw").write_text("pear\n")
    (own.folder / "pw").chmod(0o644)
    done = own.run(
        "login", "caldav", "--url", server.url, "--username", USER, "--password-file", str(own.folder / "pw")
    )
    assert done.code == 11
    assert "chmod 600" in done.err


def test_without_a_config_the_first_one_is_made(home: Home, server: Radicale) -> None:
    done = signs_in(home, server, "--timezone", "Europe/Lisbon")
    assert done.code == 2
    assert "--email" in done.err
    assert not home.config.exists()
    done = signs_in(home, server, "--timezone", "Europe/Lisbon", "--email", "Ines@lisboa.example")
    assert done.code == 0, done.err
    config = load(home.config)
    assert (config.me.emails, config.me.timezone) == (("ines@lisboa.example",), "Europe/Lisbon")
    assert stat.S_IMODE(home.config.stat().st_mode) == 0o600


def test_a_config_that_does_not_load_is_told_first_and_stays(own: Home, server: Radicale) -> None:
    own.config.write_text(CONFIG + "[sevre]\n")
    done = signs_in(own, server)
    assert done.code == 10
    assert "[sevre]" in own.config.read_text()
    assert "caldav" not in own.config.read_text()


def test_what_would_not_load_is_not_written(own: Home, server: Radicale) -> None:
    signs_in(own, server, "--as", "output", "--into", "family")
    before = own.config.read_text().replace("/family/", "/FAMILY/")
    own.config.write_text(before)
    done = signs_in(own, server, "--as", "output", "--into", "family")
    assert done.code == 2
    assert "writes to the same place" in done.err
    assert own.config.read_text() == before


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "--url"),
        (("--url", "http://dav.lisboa.example/"), "https"),
        (("--url", "https://ines:pear@dav.lisboa.example/"), "password"),
        (("--url", "https://dav.lisboa.example/", "--username", "ines"), "--password-command"),
        (("--url", "https://dav.lisboa.example/", "--keyring"), "--username"),
        (("--url", "https://x.example/", "--username", "i", "--keyring", "--password-command", "x"), "Choose one"),
        (("--url", "https://x.example/", "--ca-file", "nowhere.pem"), "no such file"),
    ],
)
def test_flags_that_do_not_do_are_told(own: Home, words: tuple[str, ...], said: str) -> None:
    done = own.run("login", "caldav", *words)
    assert done.code == 2
    assert said in done.err
    assert "pear" not in done.err
    assert own.config.read_text() == CONFIG


def test_programs_get_json_and_a_list_writes_nothing(own: Home, server: Radicale) -> None:
    done = signs_in(own, server, "--list", "--json")
    assert done.code == 0
    assert [each["name"] for each in done.json["calendars"]] == ["sam/family", "sam/work"]
    assert all(each["writable"] for each in done.json["calendars"])
    assert own.config.read_text() == CONFIG
    assert [each["table"] for each in signs_in(own, server, "--json").json["tables"]] == ["source", "output"]


def test_in_a_pipe_each_calendar_is_a_line(own: Home, server: Radicale) -> None:
    done = signs_in(own, server, "--list")
    assert [line.split()[1] for line in done.lines] == ["sam/family", "sam/work"]
    assert done.lines[0].endswith(f"{server.url}/sam/family/")


def test_on_a_terminal_it_asks_for_what_is_missing(own: Home, server: Radicale, plain: Callable[[str], str]) -> None:
    answers = ["nonsense nonsense", server.url, USER, "wrong", PASSWORD, "both", "9", "all", "personal"]
    shown = own.on_terminal("login", "caldav", answers=answers)
    assert shown.code == 0, shown.out
    assert PASSWORD not in shown.out
    assert "refuses the password" in plain(shown.out)
    config = load(own.config)
    (_, source), (output,) = config.sources, config.outputs
    assert source.relationship == "personal"
    assert isinstance(output, CaldavOutput)
    file = Path(str(output.password_file))
    assert file.read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert PASSWORD not in own.config.read_text()


def test_a_file_that_shall_hold_the_password_is_made(own: Home, server: Radicale) -> None:
    words = ("--url", server.url, "--username", USER, "--password-file", "pw", "--as", "output")
    shown = own.on_terminal("login", "caldav", *words, answers=[PASSWORD])
    assert shown.code == 0, shown.out
    assert (own.folder / "pw").read_text() == f"{PASSWORD}\n"
    assert stat.S_IMODE((own.folder / "pw").stat().st_mode) == 0o600
    assert own.run("doctor", "--json").json["checks"][-1]["finding"] in ("ok", "warning")
