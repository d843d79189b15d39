"""Real clients subscribe to what ``calsync serve`` serves: every reminder arrives, and nothing twice."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.conftest import House
from tests.peers.judges import HERE, PEERS, judge, require, require_program
from tests.peers.test_feed_subscribers import run
from tests.web.conftest import EVENING, Served, serving, two_newcomers
from tests.world import Ev, at

pytestmark = pytest.mark.peer

ILSE = Ev("ilse", "2026-05-12 16:00", ['ATTENDEE;CN="Ilse Maas";PARTSTAT=ACCEPTED:mailto:ilse@polder.example'])


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    monkeypatch.setenv("CALSYNC_NOW", at(EVENING).isoformat())
    (tmp_path / "house").mkdir()
    house = House(tmp_path / "house")
    two_newcomers(house)
    with serving(house) as running:
        yield running


def address(served: Served) -> str:
    return served.here + served.feed_path()


def curl(*words: str) -> str:
    """What curl says of the answer: status, bytes of the body, content coding."""
    program = require_program("curl")
    shown = "%{http_code} %{size_download} %header{content-encoding}"
    done = subprocess.run([program, "-s", "-w", shown, *words], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout.strip()


def test_vdirsyncer_follows_the_served_feed_sync_by_sync(served: Served, tmp_path: Path) -> None:
    program = require(PEERS / "vdirsyncer" / "bin" / "vdirsyncer")
    items, config = tmp_path / "items", tmp_path / "vdirsyncer.conf"
    items.mkdir()
    config.write_text(
        f'[general]\nstatus_path = "{tmp_path}/status/"\n'
        '[pair feed]\na = "remote"\nb = "local"\ncollections = null\nconflict_resolution = "a wins"\n'
        f'[storage remote]\ntype = "http"\nurl = "{address(served)}"\n'
        f'[storage local]\ntype = "filesystem"\npath = "{items}/"\nfileext = ".ics"\n'
    )

    def fetched() -> dict[str, str]:
        run(program, "-c", config, "sync", "--force-delete", home=tmp_path)
        texts = [item.read_text() for item in items.iterdir()]
        return {text.split("X-CALSYNC-ID:")[1].split()[0]: text for text in texts}

    run(program, "-c", config, "discover", home=tmp_path)
    first = fetched()
    assert len(first) == served.house.feed_path.read_bytes().count(b"BEGIN:VEVENT") > 2
    assert fetched() == first
    served.house.put(ILSE)
    served.house.sync(EVENING)
    assert any("Ilse" in text for text in fetched().values())


def test_khal_lists_what_is_served(served: Served, tmp_path: Path) -> None:
    program = require(PEERS / "khal" / "bin" / "khal")
    (tmp_path / "calendar").mkdir()
    feed, config = tmp_path / "fetched.ics", tmp_path / "khal.conf"
    assert curl("--compressed", "-o", str(feed), address(served)).endswith(" gzip")
    config.write_text(
        f"[calendars]\n[[followups]]\npath = {tmp_path}/calendar\n"
        "[locale]\nlocal_timezone = UTC\ndefault_timezone = UTC\n"
        "timeformat = %H:%M\ndateformat = %Y-%m-%d\nlongdateformat = %Y-%m-%d\n"
        "datetimeformat = %Y-%m-%d %H:%M\nlongdatetimeformat = %Y-%m-%d %H:%M\n"
        f"[sqlite]\npath = {tmp_path}/khal.db\n"
    )
    run(program, "-c", config, "import", "--batch", "-a", "followups", feed, home=tmp_path)
    form = ["--format", "{title}", "--day-format", ""]
    shown = run(program, "-c", config, "list", *form, "2026-05-12", "120d", home=tmp_path)
    titles = [entry.title for entry in served.house.agenda(EVENING)]
    assert sorted(line for line in shown.splitlines() if line.strip()) == sorted(titles)


@pytest.mark.parametrize("name", ["ical.js", "libical", "icalendar"])
def test_readers_take_every_reminder_out_of_what_is_served(served: Served, tmp_path: Path, name: str) -> None:
    feed = tmp_path / "fetched.ics"
    curl("-o", str(feed), address(served))
    with judge(name) as reader:
        verdict = reader.read(feed)
    assert not verdict.errors
    assert len(verdict.events) == feed.read_bytes().count(b"BEGIN:VEVENT") > 2


def test_icaljs_fetches_it_over_http_by_itself(served: Served) -> None:
    """As an app in a browser would: fetch asks for gzip, and asks again by the tag it was given."""
    require(PEERS / "node_modules" / "ical.js")
    program = HERE / "icaljs_subscriber.mjs"
    done = subprocess.run(
        ["node", str(program), str(PEERS), address(served)], capture_output=True, text=True, timeout=60, check=True
    )
    told = json.loads(done.stdout)
    assert told["again"] == 304
    assert told["type"] == "text/calendar; charset=utf-8"
    assert len(told["uids"]) == served.house.feed_path.read_bytes().count(b"BEGIN:VEVENT")
    assert told["changed"] == 0


def test_curl_asks_only_for_what_it_does_not_hold(served: Served, tmp_path: Path) -> None:
    feed, tag, where = tmp_path / "feed.ics", tmp_path / "tag", address(served)
    whole = served.house.feed_path.read_bytes()
    assert curl("-o", str(feed), "-R", "--etag-save", str(tag), where) == f"200 {len(whole)}"
    assert feed.read_bytes() == whole
    assert curl("-o", str(feed), "-z", str(feed), where) == "304 0"
    assert curl("-o", str(feed), "--etag-compare", str(tag), where) == "304 0"
    assert curl("-I", "-o", str(tmp_path / "head"), where) == "200 0"
    packed = tmp_path / "feed.gz"
    answered = curl("-o", str(packed), "-H", "Accept-Encoding: gzip", where).split()
    assert (answered[0], answered[2]) == ("200", "gzip")
    assert gzip.decompress(packed.read_bytes()) == whole
    served.house.put(ILSE)
    served.house.sync(EVENING)
    newer = served.house.feed_path.read_bytes()
    assert newer != whole
    assert curl("-o", str(feed), "--etag-compare", str(tag), where) == f"200 {len(newer)}"
