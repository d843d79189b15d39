"""Two command line calendars subscribe to our feeds, and every reminder arrives."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from calsync.model import Reminder
from calsync.outputs.feed import FeedOutput
from tests.outputs.reminders import HELLO, NOW, many
from tests.peers.judges import PEERS, require

pytestmark = pytest.mark.peer


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[FeedOutput, str]]:
    """A feed, and where a web server on this machine serves it."""
    folder = tmp_path / "www"
    output = FeedOutput("feed", folder / "followups.ics")
    output.write([], NOW)
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield output, f"http://127.0.0.1:{server.server_port}/followups.ics"
        server.shutdown()
        thread.join()


def run(*command: str | Path, home: Path) -> str:
    """The program's output; its failure is the test's."""
    done = subprocess.run(
        [str(word) for word in command],
        check=False,
        capture_output=True,
        encoding="utf-8",
        env={"HOME": str(home), "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"},
        timeout=120,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_vdirsyncer_fetches_every_reminder_as_an_item_and_each_change(
    served: tuple[FeedOutput, str], tmp_path: Path
) -> None:
    program = require(PEERS / "vdirsyncer" / "bin" / "vdirsyncer")
    output, address = served
    items = tmp_path / "items"
    config = tmp_path / "vdirsyncer.conf"
    config.write_text(
        f'[general]\nstatus_path = "{tmp_path}/status/"\n'
        '[pair feed]\na = "remote"\nb = "local"\ncollections = null\nconflict_resolution = "a wins"\n'
        f'[storage remote]\ntype = "http"\nurl = "{address}"\n'
        f'[storage local]\ntype = "filesystem"\npath = "{items}/"\nfileext = ".ics"\n'
    )
    items.mkdir()

    def fetched(reminders: list[Reminder]) -> dict[str, str]:
        output.write(reminders, NOW)
        run(program, "-c", config, "sync", "--force-delete", home=tmp_path)
        texts = [item.read_text() for item in items.iterdir()]
        return {text.split("X-CALSYNC-ID:")[1].split()[0]: text for text in texts}

    run(program, "-c", config, "discover", home=tmp_path)
    first, second, third = many(3)
    assert fetched([first]).keys() == {first.id}
    before = fetched([first, second, third])
    assert before.keys() == {first.id, second.id, third.id}
    inodes = {item.name: item.stat().st_mtime_ns for item in items.iterdir()}
    assert fetched([third, second, first]) == before
    assert {item.name: item.stat().st_mtime_ns for item in items.iterdir()} == inodes
    assert fetched([second]).keys() == {second.id}
    assert fetched(many(300)).keys() == {reminder.id for reminder in many(300)}


def test_khal_imports_and_lists_every_reminder(served: tuple[FeedOutput, str], tmp_path: Path) -> None:
    program = require(PEERS / "khal" / "bin" / "khal")
    output, _ = served
    (tmp_path / "calendar").mkdir()
    config = tmp_path / "khal.conf"
    config.write_text(
        f"[calendars]\n[[followups]]\npath = {tmp_path}/calendar\n"
        "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\n"
        "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        f"[sqlite]\npath = {tmp_path}/khal.db\n"
    )
    form = ["--format", "{start} {end-time} {title}", "--day-format", ""]

    def listed(reminders: list[Reminder]) -> list[str]:
        output.write(reminders, NOW)
        run(program, "-c", config, "import", "--batch", "-a", "followups", output.path, home=tmp_path)
        shown = run(program, "-c", config, "list", *form, "2026-03-01", "60d", home=tmp_path)
        return [line for line in shown.splitlines() if line.strip()]

    assert listed([]) == []
    assert listed(many(5)) == [
        f"{reminder.start:%Y-%m-%d %H:%M} {reminder.end:%H:%M} {HELLO.title}" for reminder in many(5)
    ]
