from __future__ import annotations

import pytest

from tests.outputs.lint import problems

EVENT = (
    "BEGIN:VEVENT\r\nUID:1@calsync\r\nDTSTAMP:20260301T020000Z\r\nLAST-MODIFIED:20260301T020000Z\r\n"
    "SEQUENCE:0\r\nDTSTART:20260302T090000Z\r\nDTEND:20260302T091500Z\r\nSUMMARY:Hello\r\n"
    "TRANSP:TRANSPARENT\r\nX-CALSYNC-ID:1\r\nEND:VEVENT\r\n"
)
GOOD = f"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n{EVENT}END:VCALENDAR\r\n"


def test_a_good_feed_has_no_problems() -> None:
    assert problems(GOOD.encode()) == []


@pytest.mark.parametrize(
    ("feed", "problem"),
    [
        (GOOD.replace("Hello", "H" * 68), "line of 76 octets"),
        (GOOD.replace("Hello\r\n", "Hello\n"), "bare line end"),
        (GOOD.replace("Hello", "Hel\rlo"), "bare line end"),
        (GOOD.replace(EVENT, EVENT + EVENT), "doubled UID"),
        (GOOD.replace("DTEND:20260302", "DTEND:20260301"), "DTEND before DTSTART"),
        (GOOD.replace(EVENT, ""), "empty calendar"),
        (GOOD.removesuffix("\r\n"), "no line end at the end"),
        (GOOD.replace("Hello", "Hel\x07lo"), "control character"),
        (GOOD.replace("DTSTAMP:20260301T020000Z\r\n", ""), "DTSTAMP missing"),
        (GOOD.replace("VERSION:2.0", "VERSION:2.0\r\nMETHOD:PUBLISH"), "METHOD present"),
        (GOOD.replace("VERSION:2.0", "VERSION:2.0\r\nUID:feed"), "UID of the calendar present"),
        (GOOD.replace("SUMMARY", "ATTENDEE:mailto:ana@acme.example\r\nSUMMARY"), "ATTENDEE present"),
        (GOOD.replace("SUMMARY", "ORGANIZER:mailto:ana@acme.example\r\nSUMMARY"), "ORGANIZER present"),
        (GOOD.replace("DTSTART:20260302T090000Z", "DTSTART:20260302T090000"), "DTSTART is not in UTC"),
        (GOOD.replace("END:VEVENT\r\n", ""), "BEGIN and END do not match"),
        (GOOD.removesuffix("END:VCALENDAR\r\n"), "BEGIN and END do not match"),
    ],
)
def test_each_fault_is_found(feed: str, problem: str) -> None:
    assert problem in problems(feed.encode())


def test_a_fold_inside_a_character_is_found() -> None:
    torn = GOOD.encode().replace(b"Hello", b"Caf\xc3\r\n \xa9")
    assert "line that is not UTF-8 by itself" in problems(torn)
