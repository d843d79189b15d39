"""``calsync serve --sync-at``: a sync every night, once, whatever else happens to the machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time as clock
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from pathlib import Path

import pytest

from calsync.sync import only_run
from calsync.web.nightly import Nightly, last_run
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING
from tests.world import at

ROOT = Path(__file__).parents[2]


@dataclass
class Nights:
    """A house in Berlin and its nightly sync, at a clock that the test moves."""

    house: House
    now: datetime
    said: list[tuple[int, str]] = field(default_factory=list)
    nightly: Nightly = field(init=False)

    def __post_init__(self) -> None:
        self.restart()

    def restart(self, command: Sequence[str] = ()) -> None:
        self.nightly = Nightly(
            self.house.config(),
            time(2, 30),
            lambda: self.now,
            lambda code, line: self.said.append((code, line)),
            command,
        )

    def look(self, moment: str, monkeypatch: pytest.MonkeyPatch) -> int | None:
        self.now = at(moment)
        monkeypatch.setenv("CALSYNC_NOW", self.now.isoformat())
        return self.nightly.look()


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Nights:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    house = House(tmp_path, zone="Europe/Berlin")
    house.put()
    house.sync("2027-03-20T02:30+01:00")
    return Nights(house, at("2027-03-20T12:00+01:00"))


def test_it_syncs_once_a_night_and_says_one_line(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    looks = ("2027-03-20T23:00+01:00", "2027-03-21T02:29+01:00", "2027-03-21T02:30+01:00", "2027-03-21T02:31+01:00")
    assert [nights.look(moment, monkeypatch) for moment in looks] == [None, None, 0, None]
    assert nights.said == [(0, "Sun 02:30 nightly sync: Nothing changed.")]
    assert last_run(nights.house.config().ledger) == at("2027-03-21T02:30+01:00")


def test_a_machine_that_slept_makes_up_for_it_on_waking_and_not_for_each_night(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = ("2027-03-24T09:12+01:00", "2027-03-24T09:13+01:00", "2027-03-25T02:30+01:00")
    assert [nights.look(moment, monkeypatch) for moment in looks] == [0, None, 0]


def test_clocks_that_change_move_nothing(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    spring = ("2027-03-28T01:59+01:00", "2027-03-28T03:30+02:00", "2027-03-28T12:00+02:00", "2027-03-29T02:30+02:00")
    assert [nights.look(moment, monkeypatch) for moment in spring] == [0, 0, None, 0]
    autumn = ("2027-10-31T02:29+02:00", "2027-10-31T02:30+02:00", "2027-10-31T02:30+01:00", "2027-11-01T02:30+01:00")
    assert [nights.look(moment, monkeypatch) for moment in autumn] == [0, 0, None, 0]


def test_a_server_that_starts_again_does_not_sync_again(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    assert nights.look("2027-03-21T02:30+01:00", monkeypatch) == 0
    nights.restart()
    assert nights.look("2027-03-21T02:40+01:00", monkeypatch) is None


def test_a_sync_that_somebody_else_ran_that_night_counts(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.house.sync("2027-03-21T02:31+01:00")
    assert nights.look("2027-03-21T02:32+01:00", monkeypatch) is None


def test_another_run_is_waited_for_and_told_of_once(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    with only_run(nights.house.config()):
        looks = ("2027-03-21T02:30+01:00", "2027-03-21T02:31+01:00", "2027-03-21T02:36+01:00")
        assert [nights.look(moment, monkeypatch) for moment in looks] == [13, None, 13]
    assert nights.look("2027-03-21T02:42+01:00", monkeypatch) == 0
    assert [code for code, _ in nights.said] == [13, 0]
    assert "another run of calsync is active" in nights.said[0][1]


def test_a_night_that_fails_is_told_with_its_reason_and_the_next_is_tried(
    nights: Nights, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = nights.house.path.read_text()
    nights.house.path.write_text(config.replace("timezone", "timezome"))
    assert nights.look("2027-03-21T02:30+01:00", monkeypatch) == 10
    assert nights.look("2027-03-21T02:31+01:00", monkeypatch) is None
    nights.house.path.write_text(config)
    assert nights.look("2027-03-22T02:30+01:00", monkeypatch) == 0
    assert "exit code 10: " in nights.said[0][1]
    assert "config.toml:3: me.timezone: required" in nights.said[0][1]
    nights.house.path.with_name("work.ics").unlink()
    assert nights.look("2027-03-23T02:30+01:00", monkeypatch) == 3
    assert nights.said[-1][1].startswith("Tue 02:30 nightly sync: exit code 3: source work: ")


def test_a_sync_that_cannot_even_be_started_is_told(nights: Nights, monkeypatch: pytest.MonkeyPatch) -> None:
    nights.restart(["/nowhere/python"])
    assert nights.look("2027-03-21T02:30+01:00", monkeypatch) == 1
    assert "could not be started" in nights.said[0][1]


def test_stopping_does_not_wait_for_a_sync_that_hangs(nights: Nights, tmp_path: Path) -> None:
    began = tmp_path / "began"
    nights.restart([sys.executable, "-c", f"import time; open({str(began)!r}, 'w').close(); time.sleep(600)"])
    nights.now += timedelta(days=1)
    nights.nightly.start()
    deadline = clock.monotonic() + 30
    while not began.exists():
        assert clock.monotonic() < deadline
        clock.sleep(0.02)
    nights.nightly.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "nightly sync"]
    assert nights.said == []


def test_a_server_alone_syncs_serves_and_ends(met: House) -> None:
    """The first look is at the start: whoever begins with a server alone has a feed at once."""
    met.feed_path.unlink()
    with met.ledger() as ledger:
        ledger.connection.execute("DELETE FROM run")
    path = met.run("feed", "url", now=EVENING).out.strip().partition(":8765")[2]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CALSYNC_NOW": at(EVENING).isoformat()}
    words = [sys.executable, "-m", "calsync", "--config", str(met.path), "serve", "--sync-at", "02:30"]
    with subprocess.Popen([*words, "--port", str(free_port())], env=env, stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout is not None
            lines = iter(child.stdout.readline, "")
            here = next(lines).split()[-1]
            told = next(line for line in lines if "nightly sync" in line)
            assert told.startswith("Tue 19:00 nightly sync: ")
            with urllib.request.urlopen(f"{here}{path}", timeout=20) as got:
                assert got.read() == met.feed_path.read_bytes()
            child.send_signal(signal.SIGTERM)
            assert child.wait(20) in (0, -signal.SIGTERM)
        finally:
            child.kill()


def free_port() -> int:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@pytest.mark.parametrize("text", ["25:00", "soon"])
def test_a_time_that_is_none_is_refused_before_anything_listens(met: House, text: str) -> None:
    told = met.run("serve", "--sync-at", text, now=EVENING)
    assert told.code == 2
    assert "--sync-at: expected a time of day" in told.err
