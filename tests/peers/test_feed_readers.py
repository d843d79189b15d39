"""Four foreign readers take any feed of ours without complaint, and find in it what we
put there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from calsync.model import Reminder
from calsync.outputs.base import Attention, Details
from calsync.outputs.feed import render
from tests.outputs import strategies
from tests.outputs.reminders import HELLO, many
from tests.peers.judges import COMMANDS, Judge, judge

pytestmark = pytest.mark.peer

ATTENTION = Attention("work.ics; could not be read,\nrun: calsync doctor", datetime(2026, 3, 10, 9, tzinfo=UTC))
FIXED = {
    "empty": render([]),
    "one": render([HELLO]),
    "names": render([HELLO], details="names"),
    "busy": render([HELLO], details="busy", alarm=timedelta()),
    "many": render(many(500)),
    "alarm": render(many(3), alarm=timedelta(minutes=10)),
    "alarm-at-start": render(many(3), alarm=timedelta()),
    "without-length": render([replace(HELLO, end=HELLO.start)]),
    "attention": render(many(2), attention=ATTENTION),
    "attention-alone": render([], details="busy", attention=ATTENTION),
}


@pytest.fixture(scope="module", params=COMMANDS)
def reader(request: pytest.FixtureRequest) -> Iterator[Judge]:
    with judge(request.param) as running:
        yield running


@pytest.mark.parametrize("name", FIXED)
def test_a_reader_takes_the_feed(reader: Judge, tmp_path: Path, name: str) -> None:
    path = tmp_path / f"{name}.ics"
    path.write_bytes(FIXED[name])
    verdict = reader.read(path)
    assert verdict.errors == []
    assert len(verdict.events) == FIXED[name].count(b"BEGIN:VEVENT")


def test_a_reader_finds_the_text_as_it_was(reader: Judge, tmp_path: Path) -> None:
    title = '✉ Zoë Müller, 李小龙; \\o/ "שלום" 👩\u200d👩\u200d👧: \\n C:\\New \\\\N' + " and so on" * 30
    body = "First; line,\n\n  second \\ line\twith a tab\nthird: 👍 " + "wörd" * 200
    path = tmp_path / "texts.ics"
    path.write_bytes(render([replace(HELLO, title=title, description=body)]))
    verdict = reader.read(path)
    assert verdict.errors == []
    assert verdict.events == {"5f1c9ad2e0b7@calsync": ("20260311T090000Z", "20260311T091500Z", title, body)}


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(strategies.feeds, strategies.details, strategies.alarms)
def test_a_reader_takes_any_feed(
    reader: Judge, tmp_path: Path, reminders: list[Reminder], details: Details, alarm: timedelta | None
) -> None:
    path = tmp_path / "any.ics"
    path.write_bytes(render(reminders, details=details, alarm=alarm))
    verdict = reader.read(path)
    assert verdict.errors == []
    assert {uid: times[:2] for uid, times in verdict.events.items()} == {
        f"{reminder.id}@calsync": (stamp(reminder.start), stamp(reminder.end)) for reminder in reminders
    }


def test_the_readers_do_complain(reader: Judge, tmp_path: Path) -> None:
    path = tmp_path / "broken.ics"
    path.write_bytes(FIXED["one"].replace(b"DTSTART:20260311T090000Z", b"DTSTART:yesterday"))
    assert reader.read(path).errors


def stamp(time: datetime) -> str:
    return f"{time.astimezone(UTC):%Y%m%dT%H%M%SZ}"
