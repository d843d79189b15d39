"""What every output promises. A new output joins by a line in ``OUTPUTS``."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from calsync.outputs.base import Output, Written
from calsync.outputs.feed import FeedOutput, read_marks
from calsync.outputs.memory import MemoryOutput
from tests.outputs.reminders import HELLO, NOW, many


class Place(NamedTuple):
    output: Output
    held: Callable[[], dict[str, int]]  # id: SEQUENCE, as found there


def feed(folder: Path) -> Place:
    output = FeedOutput("feed", folder / "followups.ics")
    return Place(output, lambda: {mark.id: mark.sequence for mark in read_marks(output.path)})


def memory(folder: Path) -> Place:
    output = MemoryOutput()
    return Place(output, lambda: {key: reminder.sequence for key, reminder in output.reminders.items()})


OUTPUTS = [feed, memory]


@pytest.fixture(params=OUTPUTS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    made: Place = request.param(tmp_path)
    return made


def test_what_is_written_is_there(place: Place) -> None:
    assert place.output.write(many(3), NOW) == Written(created=3)
    assert place.held() == {reminder.id: reminder.sequence for reminder in many(3)}


def test_the_same_again_changes_nothing(place: Place) -> None:
    place.output.write(many(3), NOW)
    again = place.output.write(many(3), NOW + timedelta(days=1))
    assert again == Written(unchanged=3)
    assert not again


def test_the_order_does_not_matter(place: Place) -> None:
    place.output.write(many(3), NOW)
    assert place.output.write(many(3)[::-1], NOW) == Written(unchanged=3)


def test_a_changed_reminder_is_changed_and_no_other(place: Place) -> None:
    first, second, third = many(3)
    place.output.write([first, second, third], NOW)
    moved = replace(second, start=second.start + timedelta(hours=1), end=second.end + timedelta(hours=1), sequence=3)
    assert place.output.write([first, moved, third], NOW) == Written(changed=1, unchanged=2)
    assert place.held()[second.id] == 3


def test_what_is_left_out_is_removed(place: Place) -> None:
    first, second, third = many(3)
    place.output.write([first, second, third], NOW)
    assert place.output.write([third], NOW) == Written(removed=2, unchanged=1)
    assert place.held() == {third.id: third.sequence}


def test_nothing_can_be_written_and_filled_again(place: Place) -> None:
    assert place.output.write([], NOW) == Written()
    assert place.output.write([HELLO], NOW) == Written(created=1)
    assert place.output.write([], NOW) == Written(removed=1)
    assert place.held() == {}


def test_two_reminders_with_one_id_are_refused_and_nothing_changes(place: Place) -> None:
    place.output.write(many(2), NOW)
    with pytest.raises(ValueError, match="one id"):
        place.output.write([HELLO, HELLO], NOW)
    assert len(place.held()) == 2


def test_an_output_knows_its_name(place: Place) -> None:
    assert place.output.name in ("feed", "memory")
