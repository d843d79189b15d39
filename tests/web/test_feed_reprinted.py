"""A feed whose file is gone is served out of the ledger: the very bytes that the sync wrote."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from calsync.config import IcsOutput
from calsync.night.reprinting import reprint, written_tag
from calsync.outputs.feed import digest_of
from calsync.web import feed_door
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING, serving, two_newcomers
from tests.world import Ev, at

SEVERAL = "".join(
    f'[[output]]\nname = "{name}"\ntype = "ics"\npath = "{name}.ics"\n{more}\n'
    for name, more in (("feed", ""), ("few", 'details = "names"'), ("loud", 'alarm = "10 minutes"'))
)


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """What a sync wrote into three feeds, one of them with links."""
    monkeypatch.setenv("CALSYNC_NOW", at(EVENING).isoformat())
    house = House(tmp_path, outputs=SEVERAL, sections={"serve": 'base_url = "https://nudges.example"'})
    two_newcomers(house)
    return {path.stem: path.read_bytes() for path in tmp_path.glob("*.ics") if path.stem != "work"}


def again(folder: Path) -> House:
    return House(folder, outputs=SEVERAL, sections={"serve": 'base_url = "https://nudges.example"'})


@pytest.mark.parametrize("harm", ["gone", "torn", "foreign"])
def test_after_a_restart_without_its_file_a_feed_is_what_it_was(
    tmp_path: Path, written: dict[str, bytes], harm: str
) -> None:
    house = again(tmp_path)
    for name, content in written.items():
        path = tmp_path / f"{name}.ics"
        if harm == "gone":
            path.unlink()
        else:
            path.write_bytes(content[:-30] if harm == "torn" else b"<html>")
    with serving(house) as served:
        for name, content in written.items():
            got = served.ask(served.feed_path(name))
            assert (got.status, got.body) == (200, content)
            assert got.headers["etag"] == f'"{digest_of(content)}"'
    assert b"Answer\\nDone: https://nudges.example/a/" in written["feed"].replace(b"\r\n ", b"")
    assert len(written) == 3


def test_days_later_the_ledger_still_tells_the_feed_of_the_last_sync(
    tmp_path: Path, written: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "feed.ics").unlink()
    monkeypatch.setenv("CALSYNC_NOW", at("2026-07-30 09:00").isoformat())
    with serving(again(tmp_path)) as served:
        assert served.ask(served.feed_path()).body == written["feed"]


def test_trouble_that_the_feed_tells_of_is_in_it_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALSYNC_NOW", at(EVENING).isoformat())
    house = House(tmp_path)
    two_newcomers(house)
    (tmp_path / "work.ics").unlink()
    for day in ("2026-05-13", "2026-05-15", "2026-05-17"):
        assert house.sync(f"{day} 02:00").exit_code == 3
    told = house.feed_path.read_bytes()
    assert b"calsync needs attention" in told
    house.feed_path.unlink()
    with serving(house) as served:
        assert served.ask(served.feed_path()).body == told


def test_a_sync_that_is_writing_is_not_waited_for_even_without_the_file(
    tmp_path: Path, written: dict[str, bytes]
) -> None:
    (tmp_path / "feed.ics").unlink()
    house = again(tmp_path)
    with serving(house) as served:
        path = served.feed_path()
        writer = sqlite3.connect(house.config().ledger, isolation_level=None)
        try:
            writer.execute("BEGIN IMMEDIATE")
            writer.execute("UPDATE reminder SET title = 'half a sync'")
            assert served.ask(path).body == written["feed"]
        finally:
            writer.execute("ROLLBACK")
            writer.close()


def test_a_server_without_the_file_follows_the_syncs_of_another_machine(
    tmp_path: Path, written: dict[str, bytes]
) -> None:
    house, away = again(tmp_path), tmp_path / "away.ics"
    with serving(house) as served:
        path = served.feed_path()
        (tmp_path / "feed.ics").replace(away)
        assert served.ask(path).body == written["feed"]
        # What that machine writes lies where this server cannot see it.
        guest = 'ATTENDEE;CN="Ilse Maas";PARTSTAT=ACCEPTED:mailto:ilse@polder.example'
        house.put(Ev("ilse", "2026-05-12 16:00", [guest]))
        house.sync(EVENING)
        (tmp_path / "feed.ics").replace(away)
        got = served.ask(path)
    assert b"Ilse" in got.body
    assert got.body == away.read_bytes()


def test_what_is_promised_but_not_yet_written_does_not_replace_a_good_feed(
    tmp_path: Path, written: dict[str, bytes]
) -> None:
    house = again(tmp_path)
    with serving(house) as served:
        path = served.feed_path()
        assert served.ask(path).body == written["feed"]
        (tmp_path / "feed.ics").unlink()
        with house.ledger() as ledger:
            ledger.connection.execute("UPDATE reminder SET title = 'Half a sync'")
        assert served.ask(path).body == written["feed"]
        settings = next(each for each in house.config().outputs if isinstance(each, IcsOutput))
        found = reprint(house.config(), settings)
        assert found is not None
        assert b"Half a sync" in found.content
        assert not found.is_as_written


def test_a_feed_that_was_never_written_is_not_made_up(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.put()
    config = house.config()
    settings = next(each for each in config.outputs if isinstance(each, IcsOutput))
    assert reprint(config, settings) is None
    with house.ledger():
        pass
    assert reprint(config, settings) is None
    assert written_tag(config.ledger, settings.name) == ""


def test_a_large_feed_arrives_whole_though_it_is_sent_in_pieces(
    tmp_path: Path, written: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    content = written["feed"]
    house = again(tmp_path)
    with serving(house) as served:
        for piece in (1, 7, len(content) - 1, len(content), len(content) + 1):
            monkeypatch.setattr(feed_door, "PIECE", piece)
            assert served.ask(served.feed_path()).body == content, piece
            assert served.ask(served.feed_path(), "HEAD").body == b""
