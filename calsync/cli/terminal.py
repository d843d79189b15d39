"""How things look: a table on a terminal, plain lines in a pipe, a bar while it takes long.

What is shown comes from invitations that anybody may have sent, so no control character
of theirs reaches the terminal. The table library is loaded only where a table is drawn.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TextIO

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Tone = Literal["", "strong", "dim", "good", "warn", "bad", "new"]
"""What a text means; its colour follows from it."""

_RICH = {"strong": "bold", "dim": "dim", "good": "green", "warn": "yellow", "bad": "red", "new": "cyan"}
_ANSI = {"strong": "1", "dim": "2", "good": "32", "warn": "33", "bad": "31", "new": "36"}
# C0 and C1 controls, and the marks that turn the direction of text around.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_WORDS = re.compile(r"( *)([^ ]+|$)")
_GAP = 2


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
    return _UNSAFE.sub(" ", text).strip()


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
        cells = [Cell(_UNSAFE.sub(" ", text), tone) for text, tone in cells]
        if not _is_terminal(stream):
            return "".join(text for text, _ in cells).rstrip()
        return "".join(
            f"\x1b[{_ANSI[tone]}m{text}\x1b[0m" if self._color and tone and text else text
            for text, tone in _wrapped(cells, shutil.get_terminal_size().columns)
        )

    def table(self, columns: Sequence[Column | str], rows: Sequence[Row], indent: int = 0) -> None:
        """Show rows: a table on a terminal, aligned lines without titles in a pipe."""
        self.groups(columns, [Group("", rows)], indent)

    def steps(self, steps: Sequence[tuple[str, str]]) -> None:
        """Show commands to try, each with what it does."""
        self.table([Column(tone="new"), Column(tone="dim", below=True)], steps, indent=2)

    def groups(self, columns: Sequence[Column | str], groups: Sequence[Group], indent: int = 2) -> None:
        """Show rows under headings, all with the same columns."""
        made = [Column(each) if isinstance(each, str) else each for each in columns]
        if not self.is_interactive:
            for line in _aligned(groups):
                print(" " * indent * (not groups[0].key) + line, file=sys.stdout)
            return
        _draw(self._console(), made, groups, indent)

    def _console(self) -> Console:
        from rich.console import Console

        return Console(
            file=sys.stdout, color_system="auto" if self._color else None, highlight=False, soft_wrap=False
        )

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[str, int], None]]:
        """Show a bar on stderr for work that lasts longer than half a second.

        Yields a function that is told what is being read and how much of it was. Nothing is shown
        where stderr is no terminal, or with ``--quiet``.
        """
        if self.quiet or not _is_terminal(sys.stderr):
            yield lambda name, number: None
            return
        bar = _Bar(title, self._color)
        try:
            yield bar.told
        finally:
            bar.stop()


class _Bar:
    """A bar without a known end, that appears by itself once it has been waited for."""

    def __init__(self, title: str, color: bool, patience: float = 0.5) -> None:
        import threading

        self._words = title
        self._color = color
        self._lock = threading.Lock()
        self._stopped = False
        self._shown: Any = None
        self._timer = threading.Timer(patience, self._show)
        self._timer.daemon = True
        self._timer.start()

    def told(self, name: str, number: int) -> None:
        self._words = f"Reading {clean(name)}: {number:,} events" if number else f"Reading {clean(name)}"
        if (shown := self._shown) is not None:
            shown.update(0, description=self._words)

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._stopped = True
            if self._shown is not None:
                self._shown.stop()

    def _show(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        with self._lock:
            if self._stopped:
                return
            console = Console(file=sys.stderr, color_system="auto" if self._color else None, highlight=False)
            bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=24),
                TimeElapsedColumn(),
                console=console,
                transient=True,
            )
            bar.add_task(self._words, total=None)
            bar.start()
            self._shown = bar


def _wrapped(cells: Sequence[Cell], width: int) -> Iterator[Cell]:
    """Break a line between words where it is wider than the terminal; what follows is indented."""
    plain = "".join(cell.text for cell in cells)
    if width_of(plain) <= width:
        yield from cells
        return
    indent = len(plain) - len(plain.lstrip(" ")) + _GAP
    column = 0
    for text, tone in cells:
        words = []
        for blanks, word in _WORDS.findall(text):
            size = width_of(blanks) + width_of(word)
            if column + size > width and column > indent and blanks:
                blanks, size, column = f"\n{' ' * indent}", width_of(word), indent
            words.append(blanks + word)
            column += size
        yield Cell("".join(words), tone)


def _aligned(groups: Sequence[Group]) -> Iterator[str]:
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
        yield (" " * _GAP).join(fields).rstrip()


def width_of(text: str) -> int:
    """How many columns of a terminal a text takes up."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(each) else 1 + (east_asian_width(each) in "WF") for each in text)


def _draw(console: Console, columns: Sequence[Column], groups: Sequence[Group], indent: int) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    space = console.width - indent
    cells = [
        [[_styled(cell, column) for cell, column in zip(row, columns, strict=True)] for row in group.rows]
        for group in groups
    ]
    titles = [Text(column.title, style="dim") for column in columns]
    wide = _widths(columns, titles, cells)
    if sum(wide) + _GAP * (len(wide) - 1) > space and any(column.below for column in columns):
        kept = [place for place, column in enumerate(columns) if not column.below]
        cells = [[_stacked(row, columns) for row in rows] for rows in cells]
        columns, titles = [columns[place] for place in kept], [titles[place] for place in kept]
        wide = _widths(columns, titles, cells)
    widths = _narrowed(wide, columns, space)
    for number, (group, rows) in enumerate(zip(groups, cells, strict=True)):
        if group.heading:
            if number:
                console.print()
            console.print(Text(clean(group.heading), style="bold"), soft_wrap=True)
        table = Table.grid(padding=(0, _GAP, 0, 0))
        for width in widths:
            table.add_column(width=width, overflow="fold")
        if any(title.plain for title in titles) and not number:
            table.add_row(*titles)
        for row in rows:
            table.add_row(*row)
        console.print(Padding(table, (0, 0, 0, indent)))


def _styled(cell: str | Cell, column: Column) -> Text:
    from rich.text import Text

    text, tone = (cell, "") if isinstance(cell, str) else cell
    return Text(clean(text), style=_RICH.get(tone or column.tone, ""))


def _stacked(row: Sequence[Text], columns: Sequence[Column]) -> list[Text]:
    """The row with what may stand below moved under its main text."""
    from rich.text import Text

    main = next(place for place, column in enumerate(columns) if not column.whole and not column.below)
    below = [text for text, column in zip(row, columns, strict=True) if column.below and text.plain]
    stacked = Text.assemble(row[main], "\n", Text(" · ").join(below)) if below else row[main]
    return [
        stacked if place == main else text
        for place, (text, column) in enumerate(zip(row, columns, strict=True))
        if not column.below
    ]


def _widths(
    columns: Sequence[Column], titles: Sequence[Text], cells: Sequence[Sequence[Sequence[Text]]]
) -> list[int]:
    """How wide each column is by its longest line."""
    from rich.cells import cell_len

    widths = [title.cell_len for title in titles]
    for row in (row for rows in cells for row in rows):
        for place, text in enumerate(row):
            widths[place] = max(widths[place], *map(cell_len, text.plain.split("\n")))
    return widths


def _narrowed(widths: Sequence[int], columns: Sequence[Column], space: int) -> list[int]:
    """Where the columns are too wide for the terminal, the widest that may be broken give way."""
    narrowed = list(widths)
    least = [width if column.whole else min(width, 10) for column, width in zip(columns, widths, strict=True)]
    for _ in range(sum(narrowed) + _GAP * (len(narrowed) - 1) - space):
        loose = [place for place in range(len(narrowed)) if narrowed[place] > least[place]]
        if not loose:
            break
        narrowed[max(loose, key=lambda place: narrowed[place])] -= 1
    return narrowed


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
    near = _NEAR.get((day - today) // timedelta(days=1))
    return f"{near.capitalize()}, {words}" if near else words


_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def counted(number: int, one: str, many: str = "") -> str:
    """ "1 event", "1,204 events"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"
