"""Whatever the bytes are, reading them ends, raises nothing strange and stays small."""

from __future__ import annotations

import gc
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.errors import SourceError
from calsync.sources.base import Found, Reading, Seen
from calsync.sources.ics import IcsSource
from calsync.sources.lines import blocks, parts
from tests.sources.calendars import DATA, HOME, Taken, calendar, take, taken_from, vevent

SMALL = settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
SAMPLES = [file.read_bytes() for file in sorted(DATA.glob("*.ics"))]
FRAGMENTS = st.sampled_from(
    [
        *(
            b"BEGIN:VEVENT\r\n",
            b"END:VEVENT\r\n",
            b"BEGIN:VALARM\n",
            b"END:VCALENDAR\r\n",
            b"BEGIN:VCALENDAR\r\n",
        ),
        *(
            b"BEGIN:VTIMEZONE\r\n",
            b"DTSTART:",
            b"\r\n ",
            b"\r",
            b'"',
            b";",
            b":",
            b"\\",
            b"\x00",
            b"\xff\xfe",
        ),
        *(b"99999999", b"DTSTART;TZID=x:00010101T000000\r\n", b"DURATION:P9999999999W\r\n"),
        b"RRULE:FREQ=DAILY;COUNT=99999999999\r\n",
    ]
)


def read_calmly(folder: Path, content: bytes) -> None:
    file = folder / "any.ics"
    file.write_bytes(content)
    try:
        taken = take(file, since=datetime(2026, 1, 1, tzinfo=UTC))
    except SourceError as trouble:
        remedy = trouble.remedy
    else:
        remedy = "none needed"
        check(taken)
    assert remedy


def check(taken: Taken) -> None:
    assert taken.reading.whole != bool(taken.reading.trouble)
    for event in taken.events:
        assert event.start.tzinfo is not None
        assert event.end.tzinfo is not None
        assert event.uid


@SMALL
@given(st.binary(max_size=400))
def test_any_bytes_in_a_calendar_are_read_without_a_traceback(tmp_path: Path, content: bytes) -> None:
    read_calmly(tmp_path, content)
    read_calmly(tmp_path, b"BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + content + b"\nEND:VEVENT\nEND:VCALENDAR\n")


@SMALL
@given(st.sampled_from(SAMPLES), st.data())
def test_mutated_calendars_are_read_without_a_traceback(tmp_path: Path, sample: bytes, data: st.DataObject) -> None:
    content = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 6))):
        place = data.draw(st.integers(0, len(content)))
        width = data.draw(st.integers(0, 12))
        content[place : place + width] = data.draw(FRAGMENTS | st.binary(max_size=6))
    read_calmly(tmp_path, bytes(content))


@SMALL
@given(st.sampled_from(SAMPLES), st.integers(0, 4000))
def test_no_truncated_calendar_is_ever_taken_for_a_whole_one(tmp_path: Path, sample: bytes, length: int) -> None:
    cut = sample.rstrip()[:length]
    read_calmly(tmp_path, cut)
    if len(cut) < len(sample.rstrip()):
        try:
            reading = IcsSource("x", path=tmp_path / "any.ics", home=HOME).read(Seen())
        except SourceError:
            return
        assert list(reading) == []
        assert not reading.whole


@SMALL
@given(st.sampled_from(SAMPLES), st.integers(24, 90))
def test_the_borders_of_blocks_are_nowhere_to_be_seen(sample: bytes, size: int) -> None:
    import io

    from calsync.sources import lines

    def look() -> list[tuple[bytes, bytes, int, str]]:
        wanted = (b"VEVENT", b"VTIMEZONE", b"VCALENDAR")
        found = [(p.name, p.data, p.calendar, p.fault) for p in parts(io.BytesIO(sample), wanted)]
        calendars = b"".join(data for name, data, _, _ in found if name == b"VCALENDAR")
        return [(b"VCALENDAR", calendars, 0, ""), *(part for part in found if part[0] != b"VCALENDAR")]

    whole = look()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "_CHUNK", size)
        assert look() == whole


def test_line_numbers_are_those_of_the_file(tmp_path: Path) -> None:
    from calsync.sources import lines

    events = [vevent(f"SUMMARY:{'long ' * 30}\r\n folded", uid="", start="") for _ in range(30)]
    content = calendar(*events)
    expected = [n for n, line in enumerate(content.split(b"\r\n"), 1) if line == b"BEGIN:VEVENT"]
    for size in (60, 1000, 1 << 19):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(lines, "_CHUNK", size)
            skipped = taken_from(tmp_path, content).skipped
        assert [int(one.where.rpartition(" ")[2]) for one in skipped] == expected


def test_a_line_without_end_does_not_fill_the_memory() -> None:
    class Endless:
        left = 200

        def read(self, size: int) -> bytes:
            self.left -= 1
            return b"x" * size if self.left else b""

    tracemalloc.start()
    found = list(blocks(Endless()))  # type: ignore[arg-type]
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sum(len(block.raw) for block in found) < 4_000_000
    assert peak < 20_000_000


def test_an_event_with_endless_lines_is_skipped_as_too_large(tmp_path: Path) -> None:
    huge = vevent(*(f"X-NOTE:{'y' * 60}" for _ in range(70_000)), uid="huge")
    taken = taken_from(tmp_path, calendar(huge, vevent(uid="good")))
    assert [event.uid for event in taken.events] == ["good"]
    assert taken.reading.skipped == {"it is larger than 4 MB": 1}


def peak_of(path: Path, count: int) -> int:
    """The peak of memory, in bytes, while a calendar of ``count`` events streams by."""
    people = [f"ATTENDEE;CN=Person {n};PARTSTAT=ACCEPTED:mailto:person{n}@acme.example" for n in range(6)]
    with path.open("wb") as file:
        file.write(b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n")
        for number in range(count):
            text = vevent(f"SUMMARY:Meeting {number}", f"DESCRIPTION:{'words ' * 120}", *people, uid=f"{number}")
            file.write(text.encode() + b"\r\n")
        file.write(b"END:VCALENDAR\r\n")
    gc.collect()
    tracemalloc.start()
    reading: Reading = IcsSource("work", path=path, home=HOME).read(Seen())
    found = sum(type(item) is Found for item in reading)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == count
    return peak


def test_memory_does_not_grow_with_the_calendar(tmp_path: Path) -> None:
    peak_of(tmp_path / "warm.ics", 10)  # the caches and imports
    small, large = peak_of(tmp_path / "small.ics", 2_000), peak_of(tmp_path / "large.ics", 10_000)
    assert large < small * 1.3
    assert large < (tmp_path / "large.ics").stat().st_size / 1.5
