"""What is drawn on a terminal: tables, and a bar while it takes long.

The only place that loads the table library, and itself loaded only for that.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from calsync.cli.cells import GAP, Cell, Column, Group, clean

_RICH = {"strong": "bold", "dim": "dim", "good": "green", "warn": "yellow", "bad": "red", "new": "cyan"}


def draw(columns: Sequence[Column], groups: Sequence[Group], *, color: bool) -> None:
    """Write a table to stdout, as wide as it has to be and the terminal allows."""
    console = Console(file=sys.stdout, color_system="auto" if color else None, highlight=False)
    indent = GAP if any(group.heading for group in groups) else 0
    space = console.width - indent
    cells = [
        [[_styled(cell, column) for cell, column in zip(row, columns, strict=True)] for row in group.rows]
        for group in groups
    ]
    titles = [Text(column.title, style="dim") for column in columns]
    wide = _widths(columns, titles, cells)
    if sum(wide) + GAP * (len(wide) - 1) > space and any(column.below for column in columns):
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
        table = Table.grid(padding=(0, GAP, 0, 0))
        for width in widths:
            table.add_column(width=width, overflow="fold")
        if any(title.plain for title in titles) and not number:
            table.add_row(*titles)
        for row in rows:
            table.add_row(*row)
        console.print(Padding(table, (0, 0, 0, indent), expand=False))


def _styled(cell: str | Cell, column: Column) -> Text:
    text, tone = (cell, "") if isinstance(cell, str) else cell
    return Text(clean(text), style=_RICH.get(tone or column.tone, ""))


def _stacked(row: Sequence[Text], columns: Sequence[Column]) -> list[Text]:
    """The row with what may stand below moved under its main text."""
    main = next(place for place, column in enumerate(columns) if not column.whole and not column.below)
    below = [text for text, column in zip(row, columns, strict=True) if column.below and text.plain]
    stacked = Text.assemble(row[main], "\n", Text(" · ").join(below)) if below else row[main]
    return [
        stacked if place == main else text
        for place, (text, column) in enumerate(zip(row, columns, strict=True))
        if not column.below
    ]


def _widths(columns: Sequence[Column], titles: Sequence[Text], cells: Sequence[Sequence[Sequence[Text]]]) -> list[int]:
    """How wide each column is by its longest line."""
    widths = [title.cell_len for title in titles]
    for row in (row for rows in cells for row in rows):
        for place, text in enumerate(row):
            widths[place] = max(widths[place], *map(cell_len, text.plain.split("\n")))
    return widths


def _narrowed(widths: Sequence[int], columns: Sequence[Column], space: int) -> list[int]:
    """Where the columns are too wide for the terminal, the widest that may be broken give way."""
    narrowed = list(widths)
    least = [width if column.whole else min(width, 10) for column, width in zip(columns, widths, strict=True)]
    for _ in range(sum(narrowed) + GAP * (len(narrowed) - 1) - space):
        loose = [place for place in range(len(narrowed)) if narrowed[place] > least[place]]
        if not loose:
            break
        narrowed[max(loose, key=lambda place: narrowed[place])] -= 1
    return narrowed


Words = Callable[[str, int], str]
"""Says how far a long work is: what is at hand, and how much of it is done."""


def _read(name: str, number: int) -> str:
    return f"Reading {name}: {number:,} events" if number else f"Reading {name}"


class Bar:
    """A bar without a known end, that appears by itself once it has been waited for."""

    def __init__(self, title: str, color: bool, patience: float = 0.5, words: Words | None = None) -> None:
        self._words = title
        self._in_words = words or _read
        self._color = color
        self._lock = threading.Lock()
        self._stopped = False
        self._shown: Any = None
        self._timer = threading.Timer(patience, self._show)
        self._timer.daemon = True
        self._timer.start()

    def told(self, name: str, number: int) -> None:
        self._words = self._in_words(clean(name), number)
        if (shown := self._shown) is not None:
            shown.update(0, description=self._words)

    def stop(self) -> None:
        self._timer.cancel()
        with self._lock:
            self._stopped = True
            if self._shown is not None:
                self._shown.stop()

    def _show(self) -> None:
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
