from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.outputs.icalendar_text import legal, web_address
from tests.outputs.strategies import with_surrogates


@given(with_surrogates, st.booleans())
def test_a_legal_text_is_one_line_for_readers_of_any_kind_and_can_be_encoded(value: str, lines: bool) -> None:
    text = legal(value, lines=lines)
    assert legal(text, lines=lines) == text
    for line in text.split("\n") if lines else [text]:
        assert len(f"x{line}x".splitlines()) == 1
        assert line.encode().decode() == line


@pytest.mark.parametrize(
    ("value", "line", "lines"),
    [
        ("a, b; c\\d", "a, b; c\\d", "a, b; c\\d"),
        ("one\r\ntwo\nthree\rfour\u2028five", "one two three four five", "one\ntwo\nthree\nfour\nfive"),
        ("a\n\nb\n", "a  b", "a\n\nb"),
        ("bell\x07 tab\t. nul\x00", "bell tab\t. nul", "bell tab\t. nul"),
        ("half \ud83d", "half \ufffd", "half \ufffd"),
        ("no character \uffff", "no character", "no character"),
        (" \x00 ", "", ""),
    ],
)
def test_a_text_is_cleaned_and_not_escaped(value: str, line: str, lines: str) -> None:
    assert legal(value) == line
    assert legal(value, lines=True) == lines


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
def test_a_web_address_is_in_ascii_or_nothing(value: str, written: str) -> None:
    assert web_address(value) == written
