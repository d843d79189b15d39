"""kill -9 at named points and at random ones: one more sync, and all is as if nothing had happened.

A real process is killed, because what matters is what the disk holds afterwards.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from calsync.errors import CalsyncError
from calsync.ledger.ledger import Ledger
from calsync.ledger.schema import MIGRATIONS, migrate
from calsync.outputs.feed import read_marks
from tests.world import Ev, World

REPO = Path(__file__).parents[1]
EVENING, NEXT = "2026-03-10T18:00:00+00:00", "2026-03-11T02:00:00+00:00"

WRAPPER = """\
import os, pathlib, signal, sys

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def after(call):
    def both(*words, **more):
        call(*words, **more)
        die()
    return both

point = sys.argv.pop(1)
if point == "while the source is read":
    import calsync.ledger.intake as intake
    intake.Intake.finish = die
elif point == "after the source is read":
    import calsync.sync as sync
    sync.read_sources = after(sync.read_sources)
elif point == "in the middle of the promise":
    import calsync.ledger.promises as promises
    promises.put_slots = after(promises.put_slots)
elif point == "after the promise, before the write":
    import calsync.sync as sync
    sync.publish = die
elif point == "after the stamps, before the write":
    import calsync.outputs.feed as feed
    feed.FeedOutput.rewrite = die
elif point == "in the middle of the file":
    os.fsync = die
elif point == "before the file has its name":
    pathlib.Path.replace = die
elif point == "after the file has its name":
    import calsync.files as files
    files._sync_folder = die
elif point == "after the write, before the mark":
    import calsync.outputs.feed as feed
    feed.FeedOutput.rewrite = after(feed.FeedOutput.rewrite)
elif point == "after everything":
    import calsync.sync as sync
    sync._record = die
else:
    sys.exit(f"no such point: {point}")

from calsync.cli.main import run
run()
"""
POINTS = [line.split('"')[1] for line in WRAPPER.splitlines() if 'point == "' in line]


def environment(now: str) -> dict[str, str]:
    return {**os.environ, "CALSYNC_NOW": now, "PYTHONPATH": str(REPO)}


def started(world: World, *before: str, now: str) -> subprocess.Popen[bytes]:
    world.config()
    command = [sys.executable, *before, "--config", str(world.folder / "config.toml"), "sync"]
    return subprocess.Popen(command, env=environment(now), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def synced(world: World, now: str) -> None:
    assert started(world, "-m", "calsync", now=now).wait(60) == 0


def crowd(extra: int = 0) -> list[Ev]:
    known = [Ev(f"h{i}", f"2024-{1 + i % 12:02}-{1 + i % 28:02}T10:00", [f"h{i}@acme.example"]) for i in range(80)]
    fresh = [Ev(f"m{i}", f"2026-03-{1 + i:02}T10:00", [f"p{i}@globex.example"]) for i in range(8 + extra)]
    return [*known, *fresh]


def world_in(folder: Path) -> World:
    folder.mkdir()
    world = World(folder)
    world.put(*crowd())
    return world


def evening_before(folder: Path) -> World:
    """A world that was synced in the evening, and has something to tell the next night."""
    world = world_in(folder)
    world.sync(EVENING)
    changed = crowd(2)
    changed[-1].title, changed[-4].extra = "Renamed", ["STATUS:CANCELLED"]
    world.put(*changed)
    return world


def assert_whole(world: World) -> None:
    """The feed is the old one or the new one, and the ledger opens and is sound."""
    if world.feed_path.exists():
        content = world.feed_path.read_bytes()
        assert content.startswith(b"BEGIN:VCALENDAR\r\n")
        assert content.endswith(b"END:VCALENDAR\r\n")
        ids = [mark.id for mark in read_marks(world.feed_path)]
        assert len(ids) == len(set(ids)) == content.count(b"BEGIN:VEVENT") > 0
    with world.ledger() as ledger:
        assert ledger.value("PRAGMA integrity_check") == "ok"


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_a_named_point_one_more_sync_gives_the_same_feed(tmp_path: Path, point: str) -> None:
    spared = evening_before(tmp_path / "spared")
    spared.sync(NEXT)
    world = evening_before(tmp_path / "killed")
    before = world.feed_path.read_bytes()
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(WRAPPER)
    assert started(world, str(wrapper), point, now=NEXT).wait(60) == -signal.SIGKILL
    assert world.feed_path.read_bytes() in (before, spared.feed_path.read_bytes())
    assert_whole(world)
    world.sync(NEXT)
    assert world.feed_path.read_bytes() == spared.feed_path.read_bytes() != before
    assert world.open(NEXT) == spared.open(NEXT)
    assert world.sync(NEXT).is_quiet
    assert list(world.folder.glob(".*calsync-tmp")) == []


@pytest.mark.parametrize("point", ["after the promise, before the write", "in the middle of the file"])
def test_killed_on_the_first_night_of_all_it_still_comes_to_the_same(tmp_path: Path, point: str) -> None:
    spared = world_in(tmp_path / "spared")
    spared.sync(EVENING)
    world = world_in(tmp_path / "killed")
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(WRAPPER)
    assert started(world, str(wrapper), point, now=EVENING).wait(60) == -signal.SIGKILL
    assert not world.feed_path.exists()
    world.sync(EVENING)
    assert world.feed_path.read_bytes() == spared.feed_path.read_bytes()


def test_killed_at_random_moments_the_feed_is_never_torn_and_ends_the_same(tmp_path: Path) -> None:
    spared = evening_before(tmp_path / "spared")
    spared.sync(NEXT)
    began = time.monotonic()
    synced(evening_before(tmp_path / "measured"), NEXT)
    whole = time.monotonic() - began
    world = evening_before(tmp_path / "killed")
    chance = random.Random(20260311)
    for _ in range(4):
        run = started(world, "-m", "calsync", now=NEXT)
        time.sleep(chance.uniform(0.2, 1.0) * whole)
        run.kill()
        run.wait(60)
        assert_whole(world)
    world.sync(NEXT)
    assert world.feed_path.read_bytes() == spared.feed_path.read_bytes()
    assert world.open(NEXT) == spared.open(NEXT)


def test_a_killed_run_leaves_no_lock_behind(tmp_path: Path) -> None:
    world = evening_before(tmp_path / "killed")
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(WRAPPER)
    started(world, str(wrapper), POINTS[1], now=NEXT).wait(60)
    synced(world, NEXT)


def test_an_answer_that_was_given_survives_a_kill_before_the_feed_is_written(tmp_path: Path) -> None:
    world = evening_before(tmp_path / "killed")
    wrapper = tmp_path / "wrapper.py"
    wrapper.write_text(WRAPPER)
    command = [sys.executable, str(wrapper), "after the stamps, before the write", "--config"]
    command += [str(world.folder / "config.toml"), "dismiss", "p0@globex.example"]
    assert subprocess.run(command, env=environment(EVENING), check=False, timeout=60).returncode == -signal.SIGKILL
    world.sync(NEXT)
    rows = [e for e in world.agenda(NEXT, everything=True) if e.emails[0] == "p0@globex.example"]
    assert sorted(e.state.value for e in rows).count("dismissed") == 1


def forms_of(path: Path) -> tuple[int, list[str]]:
    with sqlite3.connect(path) as db:
        (version,) = db.execute("PRAGMA user_version").fetchone()
        columns = [row[1] for row in db.execute("PRAGMA table_info(meta)")]
    db.close()
    return version, columns


def filled_ledger(folder: Path) -> Path:
    path = folder / "ledger.db"
    with Ledger(path) as ledger:
        ledger.remember("a word", "kept")
    return path


ONE_MORE = (*MIGRATIONS, "ALTER TABLE meta ADD COLUMN extra TEXT NOT NULL DEFAULT '';")
BROKEN = (*MIGRATIONS, "ALTER TABLE meta ADD COLUMN extra TEXT NOT NULL DEFAULT ''; INSERT INTO nowhere VALUES (1);")


def test_a_ledger_that_holds_something_is_copied_before_a_migration(tmp_path: Path) -> None:
    path = filled_ledger(tmp_path)
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, path, ONE_MORE)
    assert db.execute("SELECT value, extra FROM meta WHERE key = 'a word'").fetchall() == [("kept", "")]
    db.close()
    (copy,) = tmp_path.glob("ledger.db.before-*")
    assert forms_of(path) == (len(ONE_MORE), ["key", "value", "extra"])
    assert forms_of(copy) == (len(MIGRATIONS), ["key", "value"])
    with sqlite3.connect(copy) as old:
        assert old.execute("SELECT value FROM meta WHERE key = 'a word'").fetchone() == ("kept",)
    old.close()


def test_a_new_ledger_is_made_without_a_copy(tmp_path: Path) -> None:
    filled_ledger(tmp_path)
    assert list(tmp_path.glob("*before*")) == []


def test_a_migration_that_fails_leaves_the_old_form_and_can_be_tried_again(tmp_path: Path) -> None:
    path = filled_ledger(tmp_path)
    db = sqlite3.connect(path, isolation_level=None)
    with pytest.raises(sqlite3.Error):
        migrate(db, path, BROKEN)
    assert not db.in_transaction
    db.close()
    assert forms_of(path) == (len(MIGRATIONS), ["key", "value"])
    db = sqlite3.connect(path, isolation_level=None)
    migrate(db, path, ONE_MORE)
    db.close()
    assert forms_of(path) == (len(ONE_MORE), ["key", "value", "extra"])


def test_a_kill_inside_a_migration_leaves_the_old_form(tmp_path: Path) -> None:
    path = filled_ledger(tmp_path)
    script = tmp_path / "migrating.py"
    script.write_text(
        "import os, pathlib, signal, sqlite3, sys\n"
        "from calsync.ledger.schema import MIGRATIONS, migrate\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "db = sqlite3.connect(path, isolation_level=None)\n"
        "db.create_function('die', 0, lambda: os.kill(os.getpid(), signal.SIGKILL))\n"
        "grow = \"ALTER TABLE meta ADD COLUMN extra TEXT NOT NULL DEFAULT ''; SELECT die();\"\n"
        "migrate(db, path, (*MIGRATIONS, grow))\n"
    )
    killed = subprocess.run([sys.executable, str(script), str(path)], env=environment(EVENING), check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert forms_of(path) == (len(MIGRATIONS), ["key", "value"])
    with Ledger(path) as ledger:
        assert ledger.note("a word") == "kept"


def test_a_ledger_of_a_newer_calsync_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    world = world_in(tmp_path / "world")
    world.sync(EVENING)
    path = world.config().ledger
    db = sqlite3.connect(path)
    db.execute("PRAGMA user_version = 99")
    db.commit()
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    before, feed = path.read_bytes(), world.feed_path.read_bytes()
    with pytest.raises(CalsyncError) as caught:
        world.sync(NEXT)
    assert "newer" in str(caught.value)
    assert caught.value.remedy
    run = subprocess.run(
        [sys.executable, "-m", "calsync", "--config", str(world.folder / "config.toml"), "sync"],
        env=environment(NEXT), capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert run.returncode == 10
    assert caught.value.remedy in run.stderr
    assert path.read_bytes() == before
    assert world.feed_path.read_bytes() == feed


@pytest.mark.parametrize("content", [b"this is no database at all, only text" * 50, b"\x00" * 4096])
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "ledger.db"
    path.write_bytes(content)
    with pytest.raises(CalsyncError) as caught:
        Ledger(path)
    assert caught.value.exit_code == 10
    assert caught.value.remedy
    assert path.read_bytes() == content
