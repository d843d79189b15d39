"""How things look: a table on a terminal, plain lines in a pipe, a bar while it takes long.

The table library is loaded only where a table is drawn.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any, TextIO

from calsync.cli.cells import Cell, Column, Group, Row, Tone, aligned, clean, harmless, width_of, wrapped

__all__ = [
    "Cell",
    "Column",
    "Group",
    "Row",
    "Terminal",
    "Tone",
    "clean",
    "counted",
    "day_and_time",
    "day_heading",
    "soon",
]

_ANSI = {"strong": "1", "dim": "2", "good": "32", "warn": "33", "bad": "31", "new": "36"}


class Terminal:
    """Where a command's words go: results to stdout, troubles and progress to stderr."""

    def __init__(self, *, color: bool = True, quiet: bool = False) -> None:
        self.quiet = quiet
        self._color = color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"

    @property
    def is_interactive(self) -> bool:
        """Whether somebody reads stdout as it comes."""
        return _is_terminal(sys.stdout)

    @property
    def can_ask(self) -> bool:
        """Whether somebody is there to answer a question."""
        return _is_terminal(sys.stdin) and _is_terminal(sys.stdout)

    def line(self, *parts: str | Cell) -> None:
        """Write one line of the result."""
        print(self._joined(parts, sys.stdout), file=sys.stdout)

    def text(self, text: str) -> None:
        """Write a text line by line, leading blanks kept."""
        for each in text.splitlines():
            self.line(each)

    def json(self, value: Any) -> None:
        """Write a value for programs."""
        import json

        print(json.dumps(value, ensure_ascii=False, indent=2), file=sys.stdout)

    def warning(self, message: str, remedy: str = "") -> None:
        """Write something that deserves a look to stderr."""
        self._complain("warning: ", "warn", message, remedy)

    def error(self, message: str, remedy: str = "", what: str = "") -> None:
        """Write what went wrong to stderr, and the next step on a line of its own."""
        self._complain(f"{what}: " if what else "", "bad", message, remedy)

    def note(self, *parts: str | Cell) -> None:
        """Write a line that is not part of the result to stderr."""
        print(self._joined(parts, sys.stderr), file=sys.stderr)

    def _complain(self, prefix: str, tone: Tone, message: str, remedy: str) -> None:
        lines = message.splitlines() or [""]
        for number, each in enumerate(lines):
            # What is listed under a sentence is indented by whoever wrote it.
            blanks = each[: len(each) - len(each.lstrip(" "))]
            first = [Cell(prefix, tone)] if prefix and not number else []
            print(blanks + self._joined([*first, each], sys.stderr), file=sys.stderr)
        if remedy:
            self.note(Cell(remedy, "dim"))

    def _joined(self, parts: Iterable[str | Cell], stream: TextIO | None) -> str:
        cells = [Cell(part) if isinstance(part, str) else part for part in parts]
        cells = [Cell(harmless(text), tone) for text, tone in cells]
        if not _is_terminal(stream):
            return "".join(text for text, _ in cells).rstrip()
        width = shutil.get_terminal_size().columns
        return "".join(self._toned(text, tone, stream) for text, tone in wrapped(cells, width))

    def _toned(self, text: str, tone: Tone, stream: TextIO | None = None) -> str:
        if not (text and tone and self._color and _is_terminal(stream or sys.stdout)):
            return text
        return f"\x1b[{_ANSI[tone]}m{text}\x1b[0m"

    def table(self, columns: Sequence[Column | str], rows: Sequence[Row]) -> None:
        """Show rows: a table on a terminal, aligned lines without titles in a pipe."""
        self.groups(columns, [Group("", rows)])

    def steps(self, steps: Sequence[tuple[str, str]]) -> None:
        """Show commands to try, each with what it does; a command stays on one line, to be copied."""
        widest = max(width_of(command) for command, _ in steps)
        needed = widest + max(width_of(meaning) for _, meaning in steps) + 4
        beside = not self.is_interactive or needed <= shutil.get_terminal_size().columns
        for command, meaning in steps:
            blanks = " " * (widest - width_of(command) + 2) if beside else "\n      "
            print(f"  {self._toned(command, 'new')}{blanks}{self._toned(meaning, 'dim')}", file=sys.stdout)

    def groups(self, columns: Sequence[Column | str], groups: Sequence[Group]) -> None:
        """Show rows under headings, all with the same columns."""
        made = [Column(each) if isinstance(each, str) else each for each in columns]
        if not self.is_interactive:
            for line in aligned(groups):
                print(line, file=sys.stdout)
            return
        from calsync.cli.drawing import draw

        draw(made, groups, color=self._color)

    @contextmanager
    def progress(
        self, title: str, words: Callable[[str, int], str] | None = None
    ) -> Iterator[Callable[[str, int], None]]:
        """Show a bar on stderr for work that lasts longer than half a second.

        Yields a function that is told what is at hand and how much of it is done, which ``words`` puts
        into words, of reading events by default. Nothing is shown where stderr is no terminal, or with
        ``--quiet``.
        """
        if self.quiet or not _is_terminal(sys.stderr):
            yield lambda name, number: None
            return
        from calsync.cli.drawing import Bar

        bar = Bar(title, self._color, words=words)
        try:
            yield bar.told
        finally:
            bar.stop()


def _is_terminal(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False  # closed


def day_and_time(at: datetime, now: datetime) -> str:
    """ "Tue 24 Nov 09:00"; the year is added where it is not this one. Both in the user's zone."""
    year = "" if at.year == now.year else f" {at.year}"
    return f"{at:%a} {at.day} {at:%b}{year} {at:%H:%M}"


def soon(at: datetime, now: datetime) -> str:
    """The same in the words of a person: "today 09:00", "tomorrow 09:00", "Tue 24 Nov 09:00"."""
    word = _NEAR.get((at.date() - now.date()).days)
    return f"{word} {at:%H:%M}" if word else day_and_time(at, now)


def day_heading(day: date, today: date) -> str:
    """ "Tomorrow, Tuesday 24 November"; "Friday 11 December"; "Friday 8 January 2027"."""
    year = "" if day.year == today.year else f" {day.year}"
    words = f"{day:%A} {day.day} {day:%B}{year}"
    near = _NEAR.get((day - today).days)
    return f"{near.capitalize()}, {words}" if near else words


_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 event", "1,204 events"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
