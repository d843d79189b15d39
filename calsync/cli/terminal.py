"""How things look: a table on a terminal, plain lines in a pipe, a bar while it takes long.

What is shown comes from invitations that anybody may have sent, so no control character
of theirs reaches the terminal. The table library is loaded only where a table is drawn.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TextIO

if TYPE_CHECKING:
    from rich.console import Console

Tone = Literal["", "strong", "dim", "good", "warn", "bad", "new"]
"""What a text means; its colour follows from it."""

_RICH = {"strong": "bold", "dim": "dim", "good": "green", "warn": "yellow", "bad": "red", "new": "cyan"}
_ANSI = {"strong": "1", "dim": "2", "good": "32", "warn": "33", "bad": "31", "new": "36"}
# C0 and C1 controls, and the marks that turn the direction of text around.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]+")
_GAP = 2


class Cell(NamedTuple):
    """A text with its meaning."""

    text: str
    tone: Tone = ""


class Column(NamedTuple):
    """A column of a table. One that is not ``whole`` may be broken into several lines where the
    terminal is narrow; no text is ever cut off."""

    title: str = ""
    tone: Tone = ""
    whole: bool = False


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
        """Write a text of our own as it stands, line by line."""
        for each in text.splitlines():
            self.line_as_is(each)

    def line_as_is(self, text: str) -> None:
        """Write a line whose leading blanks matter."""
        print(_UNSAFE.sub(" ", text).rstrip(), file=sys.stdout)

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
        color = self._color and _is_terminal(stream)
        written = []
        for part in parts:
            text = _UNSAFE.sub(" ", part if isinstance(part, str) else part.text)
            tone = "" if isinstance(part, str) else part.tone
            written.append(f"\x1b[{_ANSI[tone]}m{text}\x1b[0m" if color and tone and text else text)
        return "".join(written).rstrip() if not color else "".join(written)

    def table(self, columns: Sequence[Column | str], rows: Sequence[Row]) -> None:
        """Show rows: a table on a terminal, tab-separated lines without titles in a pipe."""
        self.groups(columns, [Group("", rows)])

    def groups(self, columns: Sequence[Column | str], groups: Sequence[Group]) -> None:
        """Show rows under headings, all with the same columns."""
        made = [Column(each) if isinstance(each, str) else each for each in columns]
        if not self.is_interactive:
            for group in groups:
                for row in group.rows:
                    fields = [clean(cell if isinstance(cell, str) else cell.text) for cell in row]
                    print("\t".join([group.key, *fields] if group.key else fields), file=sys.stdout)
            return
        _draw(self._console(), made, groups)

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


def _draw(console: Console, columns: Sequence[Column], groups: Sequence[Group]) -> None:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    titled = any(column.title for column in columns)
    indent = 2 if any(group.heading for group in groups) else 0
    widths = _widths(columns, [row for group in groups for row in group.rows], console.width - indent)
    for number, group in enumerate(groups):
        if group.heading:
            if number:
                console.print()
            console.print(Text(clean(group.heading), style="bold"), soft_wrap=True)
        table = Table.grid(padding=(0, _GAP, 0, 0))
        for column, width in zip(columns, widths, strict=True):
            table.add_column(width=width, overflow="fold", no_wrap=False)
        if titled and not number:
            table.add_row(*(Text(column.title, style="dim") for column in columns))
        for row in group.rows:
            cells = [Cell(each) if isinstance(each, str) else each for each in row]
            tones = [cell.tone or column.tone for cell, column in zip(cells, columns, strict=True)]
            texts = (Text(clean(c.text), style=_RICH.get(tone, "")) for c, tone in zip(cells, tones, strict=True))
            table.add_row(*texts)
        console.print(Padding(table, (0, 0, 0, indent)))


def _widths(columns: Sequence[Column], rows: Sequence[Row], space: int) -> list[int]:
    """How wide each column is: as wide as its longest text, and where that is too much for the
    terminal, the widest of those that may be broken give way first."""
    from rich.cells import cell_len

    widths = [cell_len(column.title) for column in columns]
    for row in rows:
        for place, cell in enumerate(row):
            widths[place] = max(widths[place], cell_len(clean(cell if isinstance(cell, str) else cell.text)))
    narrowest = [width if column.whole else min(width, 10) for column, width in zip(columns, widths, strict=True)]
    excess = sum(widths) + _GAP * len(widths) - space
    while excess > 0:
        loose = [place for place in range(len(widths)) if widths[place] > narrowest[place]]
        if not loose:
            break
        widths[max(loose, key=lambda place: widths[place])] -= 1
        excess -= 1
    return widths


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
