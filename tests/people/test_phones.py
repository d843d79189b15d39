"""A number is kept as a telephone dials it, and nothing is added to what was written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.people.phones import dialled


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("+44 20 7946 0123", "+442079460123"),
        ("+44 (0)20 7946-0123", "+442079460123"),
        ("(+1) 418.656.9254", "+14186569254"),
        ("tel:+1-418-656-9254;ext=102", "+14186569254;ext=102"),
        ("+49 30 901820 ext. 7", "+4930901820;ext=7"),
        ("030/901820 x7", "030901820;ext=7"),
        ("020 7946 0123", "02079460123"),
        ("020\u00a07946\u20110123", "02079460123"),
        ("0044 20 7946 0123", "00442079460123"),
        ("(0)20 7946 0123", "02079460123"),
        ("tel:7042;phone-context=northwind.example", "7042"),
        ("112", "112"),
    ],
)
def test_a_number_is_kept_as_it_is_dialled_and_no_country_is_made_up(written: str, kept: str) -> None:
    assert dialled(written) == kept
    assert dialled(kept) == kept


@pytest.mark.parametrize(
    "written",
    ["", "12", "1-800-FLOWERS", "ask Ana", "+", "++44 20 7946", "+44 20 7946 0123 4567 89", "*21#", "07700,,9001",
     "٠٢٠٧٩٤٦", "1" * 16],
)  # fmt: skip
def test_what_nobody_can_dial_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match="expected a telephone number"):
        dialled(written)


@given(st.text("0123456789 ()+-./;extЖ", max_size=24))
def test_whatever_is_kept_has_the_form_of_the_standard(written: str) -> None:
    try:
        kept = dialled(written)
    except ValueError:
        return
    number, _, extension = kept.partition(";ext=")
    assert 3 <= len(number.removeprefix("+")) <= 15
    assert set(number.removeprefix("+")) <= set("0123456789")
    assert set(extension) <= set("0123456789")
    assert dialled(kept) == kept
