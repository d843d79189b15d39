"""Contact cards: who is on them, and under which number they answer."""

from __future__ import annotations

from pathlib import Path

import pytest

from calsync.sources.contacts import Card, read_cards


def cards(folder: Path, *lines: str) -> list[Card]:
    path = folder / "people.vcf"
    path.write_text("\r\n".join(["BEGIN:VCARD", *lines, "END:VCARD", ""]), encoding="utf-8")
    return read_cards(path)


PHONES = {
    "plain": (["TEL:+44 20 7946 0123"], ("+442079460123",)),
    "the mobile first": (
        ["TEL;TYPE=WORK,VOICE:+44 20 7946 0123", "TEL;TYPE=CELL:+44 7700 900123"],
        ("+447700900123", "+442079460123"),
    ),
    "then the preferred one": (
        ["TEL;HOME:020 7946 0001", "TEL;TYPE=home,pref:020 7946 0002"],
        ("02079460002", "02079460001"),
    ),
    "a preferred mobile before the other": (
        ["TEL;TYPE=cell:07700 900001", "TEL;TYPE=cell;PREF=1:07700 900002"],
        ("07700900002", "07700900001"),
    ),
    "version 4": (['TEL;VALUE=uri;TYPE="voice,work":tel:+1-418-656-9254;ext=102'], ("+14186569254;ext=102",)),
    "with a group": (["item1.TEL;type=pref:+352 621 123 456", "item1.X-ABLabel:Luxembourg"], ("+352621123456",)),
    "folded": (["TEL;TYPE=CELL:+44 77", " 00 900123"], ("+447700900123",)),
    "no fax and no pager": (["TEL;TYPE=FAX,WORK:+44 20 7946 0999", "TEL;PAGER:+44 20 7946 0998"], ()),
    "a fax that also talks": (["TEL;TYPE=VOICE,FAX:+44 20 7946 0997"], ("+442079460997",)),
    "nonsense": (["TEL:call my office", "TEL:"], ()),
    "twice the same": (["TEL:+44 20 7946 0123", "TEL;TYPE=HOME:+44 (0)20 79460123"], ("+442079460123",)),
}


@pytest.mark.parametrize("kind", PHONES)
def test_a_card_tells_the_number_to_use_first(kind: str, tmp_path: Path) -> None:
    lines, phones = PHONES[kind]
    [card] = cards(tmp_path, "VERSION:3.0", "FN:Priya Nair", *lines, "EMAIL:priya@initech.example")
    assert card == Card("Priya Nair", ("priya@initech.example",), phones)


def test_a_number_never_slips_onto_the_next_card(tmp_path: Path) -> None:
    found = cards(
        tmp_path,
        *("FN:No Address", "TEL:+44 20 7946 0001", "END:VCARD"),
        *("BEGIN:VCARD", "FN:Olu Ade", "EMAIL:olu@globex.example"),
    )
    assert found == [Card("Olu Ade", ("olu@globex.example",))]
