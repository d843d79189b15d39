"""Files and folders: what counts as whole, as changed, and as trouble."""

from __future__ import annotations

import os
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from calsync.errors import SourceError
from calsync.sources import files
from calsync.sources.base import Seen
from calsync.sources.ics import IcsSource
from tests.sources.calendars import HOME, Taken, calendar, take, taken_from, vevent


def settle(*files: Path) -> None:
    """Make files look as if they had been written long ago."""
    for file in files:
        os.utime(file, ns=(time.time_ns() - 10**12,) * 2)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b"<!DOCTYPE html><title>Sign in</title>", "web page"),
        (b"PK\x03\x04 a workbook", "not an iCalendar file"),
        (b"BEGIN:VCARD\r\nFN:Ana\r\nEND:VCARD\r\n", "not an iCalendar file"),
    ],
)
def test_what_is_no_calendar_is_an_error_and_not_an_empty_calendar(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        taken_from(tmp_path, content)
    assert "calendar.ics" in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("cut", [1, 14, 15, 16, 30, 60, 100])
def test_a_calendar_cut_short_is_not_used_at_all(tmp_path: Path, cut: int) -> None:
    whole = calendar(vevent(), vevent(uid="two")).rstrip()
    taken = taken_from(tmp_path, whole[:-cut])
    assert taken.items == []
    assert not taken.reading.whole
    assert "cut short" in taken.reading.trouble


def test_one_bad_file_of_a_folder_costs_its_own_events(tmp_path: Path) -> None:
    (tmp_path / "good.ics").write_bytes(calendar(vevent(uid="good")))
    (tmp_path / "cut.ics").write_bytes(calendar(vevent(uid="cut"))[:-20])
    (tmp_path / "page.ics").write_bytes(b"<html>")
    taken = take(tmp_path)
    assert [event.uid for event in taken.events] == ["good"]
    assert not taken.reading.whole
    assert "cut.ics is cut short" in taken.reading.trouble


def test_a_folder_is_read_one_level_deep_without_hidden_and_foreign_files(tmp_path: Path) -> None:
    for place in ("a.ics", "work/b.ICS", ".hidden.ics", ".git/c.ics", "work/deep/d.ics", "notes.txt"):
        file = tmp_path / place
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(calendar(vevent(uid=place)))
    assert sorted(event.uid for event in take(tmp_path).events) == ["a.ics", "work/b.ICS"]


def test_an_empty_folder_is_a_whole_calendar_without_events(tmp_path: Path) -> None:
    taken = take(tmp_path)
    assert taken.items == []
    assert taken.reading.whole


def test_what_is_neither_file_nor_folder_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(SourceError, match="neither a file nor a folder"):
        take(tmp_path / "pipe")


def test_a_path_that_the_system_cannot_open_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    loop = tmp_path / "loop.ics"
    loop.symlink_to(loop)
    for path in (loop, tmp_path / ("x" * 300), tmp_path / "nothing" / "here.ics"):
        with pytest.raises(SourceError) as caught:
            take(path)
        assert caught.value.remedy


def test_a_file_of_a_folder_that_cannot_be_opened_costs_its_own_events(tmp_path: Path) -> None:
    (tmp_path / "good.ics").write_bytes(calendar(vevent()))
    (tmp_path / "gone.ics").write_bytes(calendar(vevent(uid="gone")))
    reading = IcsSource("work", path=tmp_path, home=HOME).read(Seen())
    (tmp_path / "gone.ics").unlink()
    taken = Taken(reading)
    assert len(taken.events) == 1
    assert not taken.reading.whole


def test_a_file_rewritten_within_one_tick_of_the_clock_is_seen_as_changed(tmp_path: Path) -> None:
    file = tmp_path / "calendar.ics"
    file.write_bytes(calendar(vevent("SUMMARY:one")))
    stamp = file.stat().st_mtime_ns
    seen = take(file).seen
    file.write_bytes(calendar(vevent("SUMMARY:two")))
    os.utime(file, ns=(stamp, stamp))
    assert [event.title for event in take(file, seen=seen).events] == ["two"]


def test_a_file_touched_but_not_changed_is_unchanged(tmp_path: Path) -> None:
    seen = taken_from(tmp_path, calendar(vevent())).seen
    settle(tmp_path / "calendar.ics")
    assert take(tmp_path / "calendar.ics", seen=seen).reading.unchanged


def test_a_file_at_rest_is_known_by_its_stamps_without_being_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "_SETTLED_NS", 100_000_000)
    file = tmp_path / "calendar.ics"
    file.write_bytes(calendar(vevent()))
    time.sleep(0.2)
    seen = take(file).seen

    def opened(self: Path, *arguments: object, **options: object) -> None:
        raise AssertionError(f"{self} was opened")

    monkeypatch.setattr(Path, "open", opened)
    assert IcsSource("work", path=file, home=HOME).read(seen).unchanged


def test_a_file_changed_while_it_is_read_is_not_whole(tmp_path: Path) -> None:
    file = tmp_path / "calendar.ics"
    file.write_bytes(calendar(vevent(), vevent(uid="two")))
    reading = IcsSource("work", path=file, home=HOME).read(Seen())
    steps = iter(reading)
    next(steps)
    file.write_bytes(calendar(vevent(uid="three"), vevent("SUMMARY:longer", uid="two")))
    list(steps)
    assert not reading.whole
    assert "changed while it was read" in reading.trouble


def test_a_file_that_goes_away_before_it_is_read_is_trouble_and_no_traceback(tmp_path: Path) -> None:
    file = tmp_path / "calendar.ics"
    file.write_bytes(calendar(vevent()))
    reading = IcsSource("work", path=file, home=HOME).read(Seen())
    file.unlink()
    taken = Taken(reading)
    assert taken.items == []
    assert not reading.whole


def test_another_home_zone_reads_everything_again(tmp_path: Path) -> None:
    text = calendar(vevent(start="DTSTART:20260310T100000"))
    seen = taken_from(tmp_path, text).seen
    taken = taken_from(tmp_path, text, home="Asia/Tokyo", seen=seen)
    assert [event.start.utcoffset() for event in taken.events] == [timedelta(hours=9)]


def test_a_validator_of_another_kind_is_not_believed(tmp_path: Path) -> None:
    text = calendar(vevent())
    context = taken_from(tmp_path, text).reading.context
    since = datetime(2026, 1, 1, tzinfo=UTC)
    for strange in ("[]", "{", '"x"', "null", '{"since": "never"}'):
        assert len(taken_from(tmp_path, text, since=since, seen=Seen(strange, context)).events) == 1


def test_pieces_may_come_as_any_collection(tmp_path: Path) -> None:
    text = calendar(vevent(), vevent(uid="two"))
    seen = taken_from(tmp_path, text).seen._replace(validator="")
    for kind in (list, tuple, set, frozenset):
        assert len(taken_from(tmp_path, text, seen=seen._replace(pieces=kind(seen.pieces))).same) == 2


def test_a_source_needs_either_a_path_or_a_url() -> None:
    with pytest.raises(ValueError, match="either"):
        IcsSource("work", home=HOME)


def test_sources_can_be_read_at_the_same_time(tmp_path: Path) -> None:
    texts = {zone: calendar(vevent(start="DTSTART:20260110T100000")) for zone in ("Asia/Tokyo", "America/New_York")}
    hours: dict[str, set[object]] = {zone: set() for zone in texts}

    def work(zone: str) -> None:
        folder = tmp_path / zone.replace("/", "-")
        folder.mkdir()
        for _ in range(20):
            for event in taken_from(folder, texts[zone], home=zone).events:
                hours[zone].add(event.start.utcoffset())

    threads = [threading.Thread(target=work, args=(zone,)) for zone in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [len(found) for found in hours.values()] == [1, 1]
