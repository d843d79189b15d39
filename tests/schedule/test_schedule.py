"""``calsync schedule``: the nightly sync by whatever the machine has, and nothing else touched."""

from __future__ import annotations

import os
import plistlib
import shlex
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.acceptance.conftest import House
from tests.peers.judges import require_program
from tests.schedule_programs import machine_with

NIGHT = "2026-05-12 18:00"
THEIRS = (
    b"# backups\nMAILTO=sam@northwind.example\n\n0 4 * * 1 /usr/bin/backup --all 100\\% # calsync\n@reboot  /bin/true\n"
)
WAYS = {"systemd": ("systemctl", "loginctl"), "launchd": ("launchctl",), "cron": ("crontab",)}


@pytest.fixture
def house(tmp_path: Path) -> House:
    (tmp_path / "with blank & 100%").mkdir()
    house = House(tmp_path / "with blank & 100%")
    house.put()
    return house


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_each_way_installs_shows_and_removes_and_leaves_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    machine = machine_with(tmp_path, monkeypatch, *WAYS[way])
    before = machine.everything()
    installed = house.run("schedule", "install", "--at", "3:15", now=NIGHT)
    assert installed.code == 0, installed.err
    assert f"{way} runs calsync sync every night at 03:15" in installed.out
    (shown,) = house.run("schedule", "show", "--json", now=NIGHT).json
    assert (shown["by"], shown["at"], shown["trouble"]) == (way, "03:15", "")
    assert shown["next"] == ("2026-05-13T03:15:00+01:00" if way == "systemd" else "2026-05-13T04:15:00+01:00")
    assert house.run("schedule", "remove", now=NIGHT).code == 0
    left = {place: text for place, text in machine.everything().items() if "/loaded/" not in place}
    assert left == before
    assert house.run("schedule", "show", "--json", now=NIGHT).json == []
    assert house.run("schedule", "remove", now=NIGHT).out == "No nightly sync was scheduled.\n"


def test_installing_again_changes_nothing_and_another_time_replaces_the_first(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    machine = machine_with(tmp_path, monkeypatch, *WAYS[way])
    house.run("schedule", "install", now=NIGHT)
    first = machine.everything()
    assert house.run("schedule", "install", now=NIGHT).code == 0
    assert machine.everything() == first
    assert house.run("schedule", "install", "--at", "22:05", now=NIGHT).code == 0
    assert machine.everything().keys() == first.keys()
    (shown,) = house.run("schedule", "show", "--json", now=NIGHT).json
    assert shown["at"] == "22:05"


def test_a_dry_run_shows_all_and_writes_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    machine = machine_with(tmp_path, monkeypatch, *WAYS[way])
    before = machine.everything()
    told = house.run("schedule", "install", "--at", "04:45", "--dry-run", now=NIGHT)
    assert machine.everything() == before
    house.run("schedule", "install", "--at", "04:45", now=NIGHT)
    for place, text in machine.everything().items():
        if place.endswith((".service", ".timer", ".plist")) and "/state/" not in place and ".wants/" not in place:
            assert f"# {place}\n{text.decode()}" in told.out
        elif place.endswith("crontab"):
            assert f"# crontab\n{text.decode()}" in told.out


def test_other_lines_of_a_crontab_stay_byte_by_byte(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "crontab")
    machine.crontab.write_bytes(THEIRS)
    house.run("schedule", "install", now=NIGHT)
    assert machine.crontab.read_bytes().startswith(THEIRS)
    machine.crontab.write_bytes(machine.crontab.read_bytes() + b"5 5 * * * /bin/after \xff\n")
    house.run("schedule", "install", "--at", "1:01", now=NIGHT)
    lines = machine.crontab.read_bytes().splitlines()
    assert (len(lines), lines[-2].split()[:2]) == (7, [b"1", b"1"])
    house.run("schedule", "remove", now=NIGHT)
    assert machine.crontab.read_bytes() == THEIRS + b"5 5 * * * /bin/after \xff\n"


def test_a_crontab_that_cannot_be_read_is_not_replaced(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "crontab")
    program = tmp_path / "bin" / "crontab"
    program.write_text("#!/bin/sh\necho 'sam is not allowed to use crontab' >&2\nexit 1\n")
    machine.crontab.write_bytes(THEIRS)
    told = house.run("schedule", "install", now=NIGHT)
    assert told.code == 2
    assert "not allowed to use crontab" in told.err
    assert machine.crontab.read_bytes() == THEIRS


def test_the_line_in_a_crontab_runs_the_sync_of_this_config(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As cron would: by a shell, after each escaped percent sign became one."""
    machine = machine_with(tmp_path, monkeypatch, "crontab")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    house.run("schedule", "install", now=NIGHT)
    (line,) = machine.crontab.read_text().splitlines()
    command = line.split(maxsplit=5)[5].replace("\\%", "%")
    env = {"HOME": str(machine.home), "PATH": "/usr/bin:/bin"}
    done = subprocess.run(["/bin/sh", "-c", command], cwd="/", env=env, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert house.feed_path.exists()


@pytest.mark.parametrize(
    ("programs", "other", "way"), [("crontab systemctl", "cron", "systemd"), ("crontab launchctl", "cron", "launchd")]
)
def test_the_best_that_the_machine_has_is_taken_and_no_other_starts_it_as_well(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, programs: str, other: str, way: str
) -> None:
    machine = machine_with(tmp_path, monkeypatch, *programs.split())
    machine.crontab.write_bytes(THEIRS)
    house.run("schedule", "install", "--with", other, now=NIGHT)
    assert machine.crontab.read_bytes() != THEIRS
    told = house.run("schedule", "install", now=NIGHT)
    assert f"{other} does not start it any more." in told.out
    assert machine.crontab.read_bytes() == THEIRS
    assert [each["by"] for each in house.run("schedule", "show", "--json", now=NIGHT).json] == [way]


def test_where_nothing_can_start_it_the_user_is_told_what_else_to_do(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine_with(tmp_path, monkeypatch)
    told = house.run("schedule", "install", now=NIGHT)
    assert told.code == 2
    assert "no systemd for its users, no launchd and no crontab" in told.err
    assert "serve --sync-at" in told.err
    assert house.run("schedule", "show", now=NIGHT).out.startswith("No nightly sync is scheduled")


@pytest.mark.parametrize("way", WAYS)
def test_a_way_that_the_machine_has_not_is_said(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    machine_with(tmp_path, monkeypatch)
    told = house.run("schedule", "install", "--with", way, now=NIGHT)
    assert told.code == 2
    assert "Leave --with out" in told.err


def test_a_systemd_that_does_not_listen_to_this_user_is_none(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "systemctl", "crontab")
    (machine.folder / "no-bus").touch()
    assert "cron runs calsync sync" in house.run("schedule", "install", now=NIGHT).out


def test_an_install_that_fails_half_way_leaves_nothing(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "systemctl")
    program = tmp_path / "bin" / "systemctl"
    program.write_text(
        program.read_text().replace('elif verb == "restart":', 'elif verb == "restart" and sys.exit("Job failed"):')
    )
    told = house.run("schedule", "install", now=NIGHT)
    assert told.code == 2
    assert "Job failed" in told.err
    assert not list(machine.units.rglob("*.timer")) + list(machine.units.rglob("*.service"))


def test_a_broken_config_is_found_before_anything_is_written(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "crontab")
    house.sections["limits"] = "per_dya = 3"
    assert house.run("schedule", "install", now=NIGHT).code == 10
    assert not machine.crontab.exists()


def test_two_configs_have_a_nightly_sync_each(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    machine_with(tmp_path, monkeypatch, *WAYS[way])
    (tmp_path / "other").mkdir()
    other = House(tmp_path / "other")
    house.run("schedule", "install", "--at", "1:00", now=NIGHT)
    other.run("schedule", "install", "--at", "5:00", now=NIGHT)
    house.run("schedule", "remove", now=NIGHT)
    (left,) = other.run("schedule", "show", "--json", now=NIGHT).json
    assert left["at"] == "05:00"


def test_the_default_config_has_the_plain_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = machine_with(tmp_path, monkeypatch, "systemctl")
    folder = machine.home / ".config" / "calsync"
    folder.mkdir(parents=True)
    house = House(folder)
    house.put()
    house.run("schedule", "install", now=NIGHT)
    assert sorted(path.name for path in machine.units.glob("calsync*")) == ["calsync.service", "calsync.timer"]


def test_show_tells_how_the_last_sync_went(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with(tmp_path, monkeypatch, "crontab")
    house.run("schedule", "install", now=NIGHT)
    assert "none so far" in house.run("schedule", "show", now=NIGHT).out
    house.run("sync", now="2026-05-12 02:30")
    assert "done" in house.run("schedule", "show", now=NIGHT).out
    (house.folder / "work.ics").unlink()
    house.run("sync", now="2026-05-12 03:30")
    told = house.run("schedule", "show", now=NIGHT).out
    assert "today 04:30" in told
    assert "partly done (exit code 3): " in told


@pytest.mark.parametrize(
    ("result", "trouble"),
    [("Result=exit-code\nExecMainStatus=203", "could not run it"), ("Result=exit-code\nExecMainStatus=3", "")],
)
def test_a_start_that_never_reached_calsync_is_told(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, result: str, trouble: str
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "systemctl")
    house.run("schedule", "install", now=NIGHT)
    (machine.folder / "result").write_text(result)
    (shown,) = house.run("schedule", "show", "--json", now=NIGHT).json
    assert trouble in shown["trouble"]
    assert bool(shown["trouble"]) == bool(trouble)


def test_a_timer_that_somebody_stopped_is_told(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    machine = machine_with(tmp_path, monkeypatch, "systemctl")
    house.run("schedule", "install", now=NIGHT)
    for each in (machine.folder / "active").iterdir():
        each.unlink()
    assert "the timer does not run" in house.run("schedule", "show", now=NIGHT).out
    house.run("schedule", "install", now=NIGHT)
    assert "the timer does not run" not in house.run("schedule", "show", now=NIGHT).out


@pytest.mark.parametrize("lingers", [True, False])
def test_who_must_be_signed_in_is_told_how_not_to(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lingers: bool
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "systemctl", "loginctl")
    if lingers:
        (machine.folder / "lingers").touch()
    told = house.run("schedule", "install", now=NIGHT)
    assert ("loginctl enable-linger" in told.err) != lingers


@pytest.mark.parametrize(("zone", "differs"), [("America/Chicago", True), ("Europe/London", False), ("UTC", True)])
def test_cron_is_said_to_go_by_another_clock_where_it_does(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, differs: bool
) -> None:
    machine_with(tmp_path, monkeypatch, "crontab", zone=zone)
    time.tzset()
    try:
        told = house.run("schedule", "install", now="2026-01-15 12:00")
    finally:
        monkeypatch.undo()
        time.tzset()
    assert ("goes by this machine's clock" in told.err) == differs


def test_what_the_environment_told_calsync_is_told_to_the_nightly_sync_too(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    machine = machine_with(tmp_path, monkeypatch, *WAYS[way])
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data $x"))
    house.run("schedule", "install", now=NIGHT)
    written = b"".join(machine.everything().values()).decode()
    if way == "launchd":
        (agent,) = [text for place, text in machine.everything().items() if place.endswith(".plist")]
        assert plistlib.loads(agent)["EnvironmentVariables"]["XDG_DATA_HOME"] == f"{tmp_path}/data $x"
    else:
        expected = {"systemd": f'Environment="XDG_DATA_HOME={tmp_path}/data $x"', "cron": "XDG_DATA_HOME='"}
        assert expected[way] in written
    assert "PATH=" not in written


def test_a_folder_that_was_named_from_here_is_found_at_night_too(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "crontab")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", f"src{os.pathsep}/opt/more")
    house.run("schedule", "install", now=NIGHT)
    assert f"PYTHONPATH={tmp_path}/src{os.pathsep}/opt/more " in machine.crontab.read_text()


def test_a_password_command_finds_its_program_at_night(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = machine_with(tmp_path, monkeypatch, "crontab")
    house.outputs += (
        '[[output]]\nname = "dav"\ntype = "caldav"\nurl = "http://127.0.0.1:1/"\nusername = "sam"\n'
        'password_command = "pass show cal"\n'
    )
    house.run("schedule", "install", now=NIGHT)
    assert f"PATH={os.environ['PATH']}" in machine.crontab.read_text()


@pytest.mark.peer
def test_systemd_finds_nothing_wrong_with_the_units(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = require_program("systemd-analyze")
    machine = machine_with(tmp_path, monkeypatch, "systemctl")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / 'a "b" 50% $HOME \\n'))
    house.run("schedule", "install", now=NIGHT)
    units = [str(path) for path in sorted(machine.units.glob("calsync*"))]
    env = {"HOME": str(machine.home), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)}
    done = subprocess.run([program, "verify", "--user", "--man=no", *units], capture_output=True, text=True, env=env)
    mine = [line for line in done.stderr.splitlines() if "calsync" in line]
    assert (len(units), mine) == (2, [])
    service = (machine.units / units[0]).read_text()
    start = next(line for line in service.splitlines() if line.startswith("ExecStart="))
    words = [word.replace("%%", "%").replace("$$", "$") for word in shlex.split(start.removeprefix("ExecStart="))]
    assert words == [sys.executable, "-m", "calsync", "--config", str(house.path), "--quiet", "sync"]


@pytest.mark.peer
def test_cron_finds_nothing_wrong_with_the_line(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = require_program("crontab")
    machine = machine_with(tmp_path, monkeypatch, "crontab")
    machine.crontab.write_bytes(THEIRS)
    house.run("schedule", "install", now=NIGHT)
    judged = subprocess.run([program, "-n", str(machine.crontab)], capture_output=True, text=True)
    assert judged.returncode == 0, judged.stderr
    machine.crontab.write_bytes(THEIRS + b"61 2 * * * /bin/true\n")
    assert subprocess.run([program, "-n", str(machine.crontab)], capture_output=True).returncode
