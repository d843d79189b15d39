from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.outputs.icalendar_text import duration, folded, moment, text, uri
from tests.outputs.strategies import with_surrogates


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=300)))
def test_folded_lines_fit_stand_alone_and_unfold_to_what_they_were(lines: list[str]) -> None:
    file = folded(lines)
    for line in file.split(b"\r\n"):
        assert len(line) <= 75
        line.decode()
    assert file.replace(b"\r\n ", b"").decode() == "".join(f"{line}\r\n" for line in lines) or any(
        line.startswith(" ") for line in lines
    )


@given(with_surrogates, st.booleans())
def test_a_text_is_one_line_that_can_be_encoded_for_readers_of_any_kind(value: str, lines: bool) -> None:
    written = text(value, lines=lines)
    assert written.encode().isascii() == written.isascii()
    assert len(f"x{written}x".splitlines()) == 1


@pytest.mark.parametrize(
    ("value", "line", "lines"),
    [
        ("a, b; c\\d", "a\\, b\\; c\\\\d", "a\\, b\\; c\\\\d"),
        ("one\r\ntwo\nthree\rfour\u2028five", "one two three four five", "one\\ntwo\\nthree\\nfour\\nfive"),
        ("a\n\nb\n", "a  b", "a\\n\\nb"),
        ("bell\x07 tab\t. nul\x00", "bell tab\t. nul", "bell tab\t. nul"),
        ("half \ud83d", "half \ufffd", "half \ufffd"),
        ('a: "b"', 'a: "b"', 'a: "b"'),
    ],
)
def test_text_is_escaped_and_cleaned(value: str, line: str, lines: str) -> None:
    assert text(value) == line
    assert text(value, lines=True) == lines


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("https://meet.example/a?b=c,d;e#f", "https://meet.example/a?b=c,d;e#f"),
        ("HTTP://meet.example", "HTTP://meet.example"),
        ('https://meet.example/ü "x"', "https://meet.example/%C3%BC%20%22x%22"),
        ("https://meet.example/%C3%BC", "https://meet.example/%C3%BC"),
        (
            "https://meet.example/\r\nATTENDEE:mailto:a@b.example",
            "https://meet.example/ATTENDEE:mailto:a@b.example",
        ),
        ("javascript:alert(1)", ""),
        ("meet.example/a", ""),
        ("https:///", ""),
        ("", ""),
        ("https://meet.example/" + "a" * 2000, ""),
    ],
)
def test_a_uri_is_a_web_address_in_ascii_or_nothing(value: str, written: str) -> None:
    assert uri(value) == written


def test_a_moment_is_in_utc_and_whole_seconds() -> None:
    tokyo = timezone(timedelta(hours=9))
    assert moment(datetime(2026, 3, 1, 8, 59, 59, 999_999, tokyo)) == "20260228T235959Z"
    assert moment(datetime(987, 3, 1, 12, 0, tzinfo=tokyo)) == "09870301T030000Z"


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="no time zone"):
        moment(datetime(2026, 3, 1))


@pytest.mark.parametrize(
    ("span", "written"),
    [
        (timedelta(), "PT0S"),
        (timedelta(minutes=-10), "-PT10M"),
        (timedelta(hours=-1, minutes=-30), "-PT1H30M"),
        (timedelta(days=-1), "-P1D"),
        (timedelta(days=1, seconds=1), "P1DT1S"),
        (timedelta(hours=2, seconds=5), "PT2H0M5S"),
    ],
)
def test_a_duration_is_as_the_standard_writes_it(span: timedelta, written: str) -> None:
    assert duration(span) == written
