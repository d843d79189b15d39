"""What a command shows, before it is known where: texts with a meaning, in rows and columns.

What is shown comes from invitations that anybody may have sent, so no control character
of theirs reaches the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Literal, NamedTuple

Tone = Literal["", "strong", "dim", "good", "warn", "bad", "new"]
"""What a text means; its colour follows from it."""

GAP = 2
"""Blanks between two columns."""

# C0 and C1 controls, and the marks that turn the direction of text around.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_BLANKS_OR_WORD = re.compile(r" +|[^ ]+")


class Cell(NamedTuple):
    """A text with its meaning."""

    text: str
    tone: Tone = ""


class Column(NamedTuple):
    """A column of a table. One that is not ``whole`` may be broken into several lines where the
    terminal is narrow; one that is ``below`` then moves under the first that is neither. No text
    is ever cut off."""

    title: str = ""
    tone: Tone = ""
    whole: bool = False
    below: bool = False


Row = Sequence[str | Cell]


@dataclass(frozen=True)
class Group:
    """Rows under a heading. In a pipe ``key`` becomes the first field of each of them."""

    heading: str
    rows: Sequence[Row]
    key: str = ""


def clean(text: str) -> str:
    """The text on one line and without anything that a terminal would obey."""
    return harmless(text).strip()


def harmless(text: str) -> str:
    """The same with the blanks at its ends kept, which may be part of a layout."""
    return _UNSAFE.sub(" ", text)


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes up."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(each) else 1 + (east_asian_width(each) in "WF") for each in text)


def wrapped(cells: Sequence[Cell], width: int) -> Iterator[Cell]:
    """Break a line between words where it is wider than the terminal; what follows is indented."""
    plain = "".join(cell.text for cell in cells)
    if width_of(plain) <= width:
        yield from cells
        return
    indent = len(plain) - len(plain.lstrip(" ")) + GAP
    pieces = [Cell(text, tone) for words, tone in cells for text in _BLANKS_OR_WORD.findall(words)]
    column = 0
    for place, (text, tone) in enumerate(pieces):
        if text.startswith(" ") and column > indent:
            # A word may go on in the next piece, with another meaning.
            word = takewhile(lambda piece: not piece.text.startswith(" "), pieces[place + 1 :])
            if column + len(text) + sum(width_of(piece.text) for piece in word) > width:
                yield Cell("\n" + " " * indent)
                column = indent
                continue
        yield Cell(text, tone)
        column += width_of(text)


def aligned(groups: Sequence[Group]) -> Iterator[str]:
    """Lines with two blanks or more between the fields; a field that is empty in all is left out."""
    rows = [
        [group.key, *(clean(cell if isinstance(cell, str) else cell.text) for cell in row)]
        for group in groups
        for row in group.rows
    ]
    if not rows:
        return
    widths = [max(map(width_of, fields)) for fields in zip(*rows, strict=True)]
    for row in rows:
        fields = [text + " " * (width - width_of(text)) for text, width in zip(row, widths, strict=True) if width]
        yield (" " * GAP).join(fields).rstrip()
