"""Most of an old calendar is passed over at a glance; nothing that may still matter is."""

from __future__ import annotations

import pytest

from calsync.sources.calendar_text import surely_older

DAY = b"20230310"
OLD = b"\nUID:a\nDTSTART:20220310T100000Z\nDTEND:20220310T110000Z"


def test_an_event_that_ended_long_ago_is_passed_over() -> None:
    assert surely_older(OLD, DAY)
    assert surely_older(b"\nDTSTART;TZID=Europe/London:20220310T100000\nDTEND;TZID=Europe/London:20220310T110000", DAY)


@pytest.mark.parametrize(
    "lines",
    [
        OLD + b"\nRRULE:FREQ=WEEKLY",
        OLD + b"\nrrule:FREQ=WEEKLY",
        OLD + b"\nRDATE:20260310T100000Z",
        OLD + b"\nRECURRENCE-ID:20260310T100000Z",
        OLD.replace(b"DTEND:2022", b"DTEND:2023"),
        OLD.replace(b"\nDTEND:20220310T110000Z", b""),
        OLD.replace(b"\nDTEND:20220310T110000Z", b"\nDURATION:P600D"),
        OLD.replace(b"DTSTART:", b'DTSTART;TZID="A:20220101":'),
        OLD.replace(b"DTSTART:20220310", b"DTSTART:yesterday"),
        OLD.replace(b"\nDTSTART:20220310T100000Z", b""),
        b"",
    ],
)
def test_what_repeats_or_has_no_plain_old_end_gets_a_closer_look(lines: bytes) -> None:
    assert not surely_older(lines, DAY)
