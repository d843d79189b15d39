"""kill -9 while calsync writes into a calendar on a real server: nothing twice, nothing lost.

One limit remains, and it is held here too: calsync wrote a reminder, was killed before it could note
that, and the user deleted the reminder before the next run. Then nothing tells that it ever stood there.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from calsync.cli.main import run
from calsync.dav.account import Account
from calsync.dav.server import Patience
from calsync.ledger import promises
from calsync.ledger.ledger import Ledger
from calsync.night.calendars import bring, listen
from calsync.outputs.caldav import CaldavOutput
from calsync.will import Will
from tests.outputs.reminders import NOW as BEFORE
from tests.outputs.reminders import many
from tests.outputs.rigs import LISBON, RadicaleRig, servers_end
from tests.trouble import CALM, KILLED, Kind, Trouble, ended, forked
from tests.world import Ev, World, at

REPO = Path(__file__).parents[2]
NOW = "2027-05-11T18:00:00+00:00"
PEOPLE = ("eva@faro.example", "rui@braga.example", "zoe@evora.example", "ivo@beja.example")
KILLS = 100


class Stage:
    """A small calendar, calsync as a program of its own, and a server behind a line of ours."""

    def __init__(self, folder: Path) -> None:
        self.rig = RadicaleRig(folder)
        self.world = World(folder, zone="Europe/Lisbon", outputs=self.rig.toml)
        self.world.config()
        self.meetings = [Ev(f"k{n}", f"2027-05-{7 + n:02}T10:00", [who]) for n, who in enumerate(PEOPLE[:3])]
        self.put()

    def put(self) -> None:
        self.world.put(Ev("old", "2026-01-08T10:00", ["known@coimbra.example"]), *self.meetings)

    def program(self) -> int:
        """``calsync sync`` in this process, which was forked with everything imported."""
        self._alone()
        sys.argv = ["calsync", *self._words()]
        os.environ["CALSYNC_NOW"] = NOW
        try:
            run()
        except SystemExit as end:
            return int(end.code or 0)

    def program_anew(self) -> int:
        """Become ``calsync sync``: the process is the same and everything in it is new."""
        self._alone()
        environment = {**os.environ, "CALSYNC_NOW": NOW, "PYTHONPATH": str(REPO)}
        os.execve(sys.executable, [sys.executable, "-m", "calsync", *self._words()], environment)

    def _words(self) -> list[str]:
        return ["--config", str(self.world.folder / "config.toml"), "sync"]

    def _alone(self) -> None:
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)

    def sync(self, trouble: Trouble = CALM, *, anew: bool = False) -> int:
        return self.rig.run(self.program_anew if anew else self.program, trouble)

    def sync_killed_after(self, seconds: float) -> int:
        child = forked(self.program, self.world.folder)
        clock = threading.Timer(seconds, os.kill, (child, signal.SIGKILL))
        clock.start()
        code = ended(child, self.world.folder)
        clock.cancel()
        clock.join()
        return code

    def wanted(self) -> set[str]:
        with self.world.ledger() as ledger:
            return {each.id for each in promises.reminders(ledger, at("2027-05-11 18:01"), at("2027-07-31 18:00"))}

    def places(self, but: Collection[str]) -> Counter[tuple[str, ...]]:
        """How many reminders there are of each meeting and step, as their own marks say."""
        found: Counter[tuple[str, ...]] = Counter()
        for id_, each in self.rig.seen().items():
            assert isinstance(each.whole, tuple)
            if id_ in but:
                continue
            lines = each.whole[0].splitlines()
            found[tuple(sorted(line for line in lines if line.startswith(("X-CALSYNC-RULE", "X-CALSYNC-MEET"))))] += 1
        return found


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    made = Stage(tmp_path)
    yield made
    made.rig.close()


@pytest.fixture(scope="module", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    servers_end()


def test_killed_a_hundred_times_nothing_is_there_twice_and_nothing_is_lost(stage: Stage) -> None:
    assert stage.sync(anew=True) == 0
    began = time.monotonic()
    assert stage.sync() == 0
    whole = time.monotonic() - began
    others = stage.rig.others()
    chance = random.Random(20270511)
    killed, runs = 0, 0
    left: dict[str, object] = {}
    gone: set[str] = set()
    while killed < KILLS:
        runs += 1
        assert runs < 2 * KILLS, f"only {killed} of {runs} runs were killed"
        for each in stage.meetings:
            each.title = f"Round {runs}"
        stage.meetings[0].extra = ["STATUS:CANCELLED"] if runs % 4 == 0 else ()
        if runs == KILLS // 4:
            stage.meetings.append(Ev("k3", "2027-05-12T15:00", [PEOPLE[3]]))
        stage.put()
        if runs % 2:
            kind = Kind.KILLED_BEFORE if chance.random() < 0.4 else Kind.KILLED_AFTER
            code = stage.sync(Trouble(kind, chance.randint(1, 12)), anew=runs % 10 == 1)
        else:
            code = stage.sync_killed_after(chance.uniform(0.1, 1.0) * whole)
        assert code in (0, KILLED)
        killed += code == KILLED
        assert max(stage.places(left).values()) == 1
        seen = stage.rig.seen()
        assert not gone & seen.keys()
        assert {id_: seen[id_].whole for id_ in left} == left
        if runs % 25 == 0:
            # What calsync knows to stand there, the user may delete at any time.
            assert stage.sync() == 0
            which, another = sorted(stage.rig.seen().keys() - left.keys())[:2]
            stage.rig.deletes(which)
            gone.add(which)
            stage.rig.retitles(another, f"Mine since round {runs}")
            left[another] = stage.rig.seen()[another].whole
    stage.meetings[0].extra = ()
    stage.put()
    assert stage.sync() == 0
    seen = stage.rig.seen()
    assert stage.wanted() <= seen.keys()
    assert not gone & seen.keys()
    assert {id_: seen[id_].whole for id_ in left} == left
    assert max(stage.places(left).values()) == 1
    assert stage.rig.others() == others
    before = stage.rig.line.writes[:]
    assert stage.sync() == 0
    assert stage.rig.line.writes == before


def first_written(stage: Stage, kind: Kind, later: int = 0) -> str:
    """Kill runs, each a request further on, until the first reminder stands there; its id."""
    for number in range(1, 12):
        assert stage.sync(Trouble(kind, number)) == KILLED
        if there := stage.rig.seen():
            (id_,) = there
            return id_
    raise AssertionError("no run wrote anything")


def test_what_was_written_but_not_noted_and_then_deleted_returns_once_and_no_more(stage: Stage) -> None:
    id_ = first_written(stage, Kind.KILLED_AFTER)
    stage.rig.deletes(id_)
    assert stage.sync() == 0
    assert id_ in stage.rig.seen()
    stage.rig.deletes(id_)
    for _ in range(2):
        assert stage.sync() == 0
        assert id_ not in stage.rig.seen()


def test_what_was_noted_before_the_kill_and_then_deleted_never_returns(stage: Stage) -> None:
    id_ = first_written(stage, Kind.KILLED_BEFORE)
    stage.rig.deletes(id_)
    for _ in range(2):
        assert stage.sync() == 0
        assert id_ not in stage.rig.seen()


def test_what_was_written_but_not_noted_and_seen_by_a_run_since_never_returns(stage: Stage) -> None:
    id_ = first_written(stage, Kind.KILLED_AFTER)
    assert stage.sync(Trouble(Kind.KILLED_BEFORE, 4)) == KILLED
    stage.rig.deletes(id_)
    for _ in range(2):
        assert stage.sync() == 0
        assert id_ not in stage.rig.seen()


def test_an_answer_that_was_lost_is_asked_for_again_the_same_night(tmp_path: Path) -> None:
    rig = RadicaleRig(tmp_path)
    patience = Patience(seconds=10, attempts=2, wait=lambda seconds: None)
    output = CaldavOutput("there", Account(f"{rig.line.url}{rig.place}"), home=LISBON, patience=patience)
    with Ledger(tmp_path / "ledger.db") as ledger, closing(output), closing(rig):
        _, stands = listen(output, ledger)
        rig.loses_an_answer()
        assert bring(output, ledger, many(3), stands, BEFORE).created == 3
        assert rig.seen().keys() == {each.id for each in many(3)}
        for each in many(3):
            rig.deletes(each.id)
        heard, stands = listen(output, ledger)
        assert [each.will for each in heard] == [Will.DELETED] * 3
        assert not bring(output, ledger, many(3), stands, BEFORE)
        assert not rig.seen()
