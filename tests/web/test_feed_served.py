"""A feed over HTTP: cheap to ask for again, never a mixture, never anybody else's."""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
import time
from pathlib import Path

import pytest

from calsync.ledger.doors import new_feed_token
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING, Served, serving
from tests.world import Ev, at

TWO_FEEDS = """[[output]]
name = "mine"
type = "ics"
path = "mine.ics"

[[output]]
name = "shared"
type = "ics"
path = "shared.ics"
details = "busy"
"""


def test_the_feed_is_the_file_that_the_sync_wrote(served: Served) -> None:
    got = served.ask(served.feed_path())
    assert got.status == 200
    assert got.body == served.house.feed_path.read_bytes()
    assert got.headers["content-type"] == "text/calendar; charset=utf-8"
    assert got.headers["cache-control"] == "private, no-cache"


def test_the_feed_is_sent_small_to_those_who_can_unpack_it(served: Served) -> None:
    plain = served.ask(served.feed_path())
    packed = served.ask(served.feed_path(), Accept_Encoding="br, gzip;q=0.8")
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "content-encoding" not in served.ask(served.feed_path(), Accept_Encoding="gzip;q=0").headers


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_what_a_client_holds_already_is_not_sent_again(served: Served, encoding: str) -> None:
    path = served.feed_path()
    first = served.ask(path, Accept_Encoding=encoding)
    for condition in (
        {"If_None_Match": first.headers["etag"]},
        {"If_None_Match": f'"other", W/{first.headers["etag"]}'},
        {"If_Modified_Since": first.headers["last-modified"]},
    ):
        again = served.ask(path, Accept_Encoding=encoding, **condition)
        assert (again.status, again.body) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    for condition in (
        {"If_None_Match": '"other"', "If_Modified_Since": first.headers["last-modified"]},
        {"If_Modified_Since": "Mon, 01 Jan 2001 00:00:00 GMT"},
        {"If_Modified_Since": "yesterday"},
    ):
        assert served.ask(path, Accept_Encoding=encoding, **condition).status == 200


def test_curl_asks_again_by_its_own_etag_file(served: Served, tmp_path: Path) -> None:
    tag, where = tmp_path / "tag", served.here + served.feed_path()
    curl = [
        "curl",
        "-s",
        "--compressed",
        "-w",
        "%{http_code}",
        "-o",
        str(tmp_path / "got.ics"),
        "--etag-save",
        str(tag),
    ]
    first = subprocess.run([*curl, where], capture_output=True, text=True, timeout=30)
    again = subprocess.run([*curl, "--etag-compare", str(tag), where], capture_output=True, text=True, timeout=30)
    assert (first.stdout, again.stdout) == ("200", "304")


def test_head_tells_what_get_would_without_a_body(served: Served) -> None:
    got, head = served.ask(served.feed_path()), served.ask(served.feed_path(), "HEAD")
    assert (head.status, head.body) == (200, b"")
    for name in ("etag", "last-modified", "content-length", "content-type"):
        assert head.headers[name] == got.headers[name]


def test_a_new_sync_is_in_the_next_answer(served: Served) -> None:
    first = served.ask(served.feed_path())
    guest = 'ATTENDEE;CN="Ilse Maas";PARTSTAT=ACCEPTED:mailto:ilse@polder.example'
    served.house.put(Ev("ilse", "2026-05-12 16:00", [guest]))
    assert served.house.sync(EVENING).exit_code == 0
    again = served.ask(served.feed_path(), If_None_Match=first.headers["etag"])
    assert again.status == 200
    assert b"Ilse" in again.body


@pytest.mark.parametrize("harm", ["torn", "foreign", "gone"])
def test_the_last_good_feed_is_served_whatever_happens_to_the_file(served: Served, harm: str) -> None:
    good = served.ask(served.feed_path())
    file = served.house.feed_path
    if harm == "gone":
        file.unlink()
    else:
        file.write_bytes(good.body[:-40] if harm == "torn" else b"<html>")
    again = served.ask(served.feed_path())
    assert (again.status, again.body) == (200, good.body)


def test_before_the_first_sync_a_client_is_told_to_come_back(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.put()
    with serving(house) as served:
        got = served.ask(served.feed_path())
    assert (got.status, got.headers["retry-after"]) == (503, "300")


def test_a_running_sync_is_not_waited_for(served: Served) -> None:
    path = served.feed_path()
    good = served.ask(path)
    writer = sqlite3.connect(served.house.config().ledger, isolation_level=None)
    try:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE meta SET value = 'x' WHERE key = 'nothing'")
        began = time.monotonic()
        again = served.ask(path)
        assert (again.status, again.body) == (200, good.body)
        assert time.monotonic() - began < 2
    finally:
        writer.execute("ROLLBACK")
        writer.close()


def test_asking_for_a_feed_leaves_no_trace_in_the_ledger(served: Served) -> None:
    path, ledger = served.feed_path(), served.house.config().ledger
    before = ledger.stat()
    assert [served.ask(path).status for _ in range(3)] == [200] * 3
    assert (ledger.stat().st_mtime_ns, ledger.stat().st_size) == (before.st_mtime_ns, before.st_size)


def test_an_address_that_was_replaced_is_gone_and_a_wrong_one_never_was(served: Served) -> None:
    old = served.feed_path()
    assert served.ask(old).status == 200
    with served.house.ledger() as ledger:
        new_feed_token(ledger, "feed", at(EVENING))
    assert served.ask(old).status == 410
    assert served.ask(served.feed_path()).status == 200
    wrong = served.ask(f"/feed/{'A' * 32}.ics")
    assert wrong.status == 404
    assert b"VCALENDAR" not in wrong.body


def test_each_feed_has_an_address_of_its_own_and_shows_what_it_may(tmp_path: Path) -> None:
    house = House(tmp_path, outputs=TWO_FEEDS)
    house.put(Ev("noor", "2026-05-12 10:00", ["noor@juniper.example"]))
    assert house.sync(EVENING).exit_code == 0
    with serving(house) as served:
        mine, shared = served.ask(served.feed_path("mine")), served.ask(served.feed_path("shared"))
    assert b"noor" in mine.body
    assert b"noor" not in shared.body
    assert b"SUMMARY:Follow-up" in shared.body


def test_somebody_who_guesses_has_to_wait_and_the_owner_does_not(served: Served) -> None:
    answers = [served.ask(f"/feed/{number:032}.ics").status for number in range(25)]
    assert answers == [404] * 20 + [429] * 5
    assert served.ask(served.feed_path()).status == 200
