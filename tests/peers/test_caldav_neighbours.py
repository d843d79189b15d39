"""Other programs at the same server: they read what calsync wrote, and calsync sees what they add."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.dav_servers import Radicale
from tests.peers.judges import PEERS, require
from tests.peers.test_feed_subscribers import run
from tests.world import Ev, World, calendar

pytestmark = pytest.mark.peer

NOW, LATER = "2027-05-11 18:00", "2027-05-11 20:00"
EVA, RUI = "eva@faro.example", "rui@braga.example"


class Neighbour:
    """vdirsyncer keeps a folder and the server alike; khal looks at that folder and writes into it."""

    def __init__(self, folder: Path, server: Radicale) -> None:
        self.home = folder
        self.items = folder / "items"
        self.vdirsyncer = require(PEERS / "vdirsyncer" / "bin" / "vdirsyncer")
        self.khal = require(PEERS / "khal" / "bin" / "khal")
        self.items.mkdir(parents=True)
        (folder / "vdirsyncer.conf").write_text(
            f'[general]\nstatus_path = "{folder}/status/"\n'
            '[pair all]\na = "remote"\nb = "local"\ncollections = ["from a"]\n'
            f'[storage remote]\ntype = "caldav"\nurl = "{server.url}{server.home}"\n'
            f'username = "sam"\npassword = "none"\n'
            f'[storage local]\ntype = "filesystem"\npath = "{self.items}/"\nfileext = ".ics"\n'
        )
        (folder / "khal.conf").write_text(
            f"[calendars]\n[[followups]]\npath = {self.items}/calsync-follow-ups\n[[work]]\npath = {self.items}/work\n"
            "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\n"
            "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
            "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
            f"[sqlite]\npath = {folder}/khal.db\n"
        )

    def discovers(self) -> None:
        for path in ("work", "calsync-follow-ups"):
            (self.items / path).mkdir(exist_ok=True)
        run(self.vdirsyncer, "-c", self.home / "vdirsyncer.conf", "discover", home=self.home)

    def syncs(self) -> None:
        run(self.vdirsyncer, "-c", self.home / "vdirsyncer.conf", "sync", home=self.home)

    def lists(self, which: str) -> list[str]:
        form = ["--format", "{start} {title}", "--day-format", ""]
        words: list[str | Path] = ["-c", self.home / "khal.conf", "list", "-a", which, *form, "2027-05-01", "90d"]
        return [line for line in run(self.khal, *words, home=self.home).splitlines() if line.strip()]

    def imports(self, event: Ev) -> None:
        file = self.home / "invitation.ics"
        file.write_bytes(calendar([event]))
        run(self.khal, "-c", self.home / "khal.conf", "import", "--batch", "-a", "work", file, home=self.home)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Radicale]:
    made = Radicale(tmp_path_factory.mktemp("radicale"))
    yield made
    made.close()


@pytest.fixture
def world(tmp_path: Path, server: Radicale) -> Iterator[World]:
    """Meetings are read from the server, and reminders go there."""
    home = f"{server.url}{server.home}"
    made = World(tmp_path, zone="Europe/Lisbon", sources=())
    made.top = ""
    made.outputs = (
        f'[[source]]\nname = "work"\ntype = "caldav"\nurl = "{home}work/"\n'
        f'[[output]]\nname = "there"\ntype = "caldav"\nurl = "{home}"\n'
    )
    server.put("plan.ics", calendar([Ev("plan", "2027-05-11T10:00", [EVA], title="Plan")]))
    assert made.sync(NOW).exit_code == 0
    yield made
    for path in (f"{server.home}calsync-follow-ups/", f"{server.home}work/"):
        server.ask("DELETE", path)
    server.made(server.calendar, calendar=True)


def test_khal_and_vdirsyncer_show_every_reminder_as_it_was_written(
    world: World, server: Radicale, tmp_path: Path
) -> None:
    neighbour = Neighbour(tmp_path / "neighbour", server)
    neighbour.discovers()
    neighbour.syncs()
    expected = [f"{entry.start:%Y-%m-%d}" for entry in world.agenda(NOW) if entry.start]
    assert len(expected) == 3
    assert [line.split()[0] for line in neighbour.lists("followups")] == expected
    assert all(EVA in line for line in neighbour.lists("followups"))


def test_a_meeting_that_khal_wrote_and_vdirsyncer_brought_is_seen_at_the_next_sync(
    world: World, server: Radicale, tmp_path: Path
) -> None:
    neighbour = Neighbour(tmp_path / "neighbour", server)
    neighbour.discovers()
    neighbour.syncs()
    neighbour.imports(Ev("coast", "2027-05-11T15:00", [RUI], title="Coast"))
    neighbour.syncs()
    assert world.sync(LATER).exit_code == 0
    assert {row[0] for row in world.open(LATER)} == {EVA, RUI}
    neighbour.syncs()
    assert sum(RUI in line for line in neighbour.lists("followups")) == 3


def test_what_the_user_does_in_khals_folder_is_heard(world: World, server: Radicale, tmp_path: Path) -> None:
    neighbour = Neighbour(tmp_path / "neighbour", server)
    neighbour.discovers()
    neighbour.syncs()
    folder = neighbour.items / "calsync-follow-ups"
    hello, meet = (next(f for f in folder.iterdir() if f"/{step}" in f.read_text()) for step in ("hello", "meet"))
    hello.unlink()
    meet.write_text(meet.read_text().replace("SUMMARY:", "SUMMARY:✓ "))
    neighbour.syncs()
    assert world.sync(LATER).exit_code == 0
    states = {entry.followup.step: entry.state.value for entry in world.agenda(LATER, everything=True)}
    assert (states["hello"], states["meet"], states["check-in"]) == ("dismissed", "done", "written")
