"""A curve on a terminal: a line, the mist of its uncertainty, and the steps that lie on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil
from typing import NamedTuple

from calsync.cli.cells import Cell
from calsync.learning.steps import HORIZON, RuleLesson
from calsync.learning.survival import Curve

_ROWS = 9
_COLUMNS = 52
_LABEL = 7
WIDTH = _LABEL + _COLUMNS + 2
"""The columns of a terminal that a curve needs."""

_TICK_WEEKS = 4


class _Column(NamedTuple):
    low: float
    value: float
    high: float


def curve_drawn(curve: Curve, rule: RuleLesson) -> Iterator[list[Cell]]:
    """The lines of a picture of the first half year: the share met again, its interval as a mist,
    each step under its day, and under that the days between which the returns lie."""
    columns = [_Column(*_ordered(curve, day)) for day in map(_day_of, range(_COLUMNS))]
    top = min(1.0, max(0.1, ceil(max(column.high for column in columns) * 10) / 10))
    for row in range(_ROWS, 0, -1):
        label = f"{top:.0%}" if row == _ROWS else f"{top / 2:.0%}" if row == (_ROWS + 1) // 2 else ""
        yield [Cell(f"{label.replace('%', ' %'):>{_LABEL - 1}} │", "dim"), *_row(columns, row, top)]
    yield [Cell(f"{'0 %':>{_LABEL - 1}} └" + _axis(), "dim")]
    yield [Cell(" " * (_LABEL + 1) + _weeks(), "dim")]
    for line in _placed([(_column_of(step.day), f"▲ {step.id}") for step in rule.steps if step.day <= HORIZON]):
        yield [Cell(" " * (_LABEL + 1)), Cell(line, "new")]
    days = [_column_of(reached.day) for reached in rule.quarters if reached.day is not None]
    if len(days) == len(rule.quarters) > 0:
        yield [Cell(" " * (_LABEL + 1) + " " * days[0]), Cell(_span_of(days), "good")]


def _day_of(column: int) -> int:
    """The last day of a column, which stands for half a week."""
    return (column + 1) * 7 // 2


def _column_of(day: int) -> int:
    return min(max(day * 2 - 1, 0) // 7, _COLUMNS - 1)


def _ordered(curve: Curve, day: int) -> tuple[float, float, float]:
    share = curve.share(day)
    return (share.low, share.value, share.high) if share else (2.0, 2.0, 0.0)


def _row(columns: Sequence[_Column], row: int, top: float) -> Iterator[Cell]:
    """One row; neighbours of one kind in one cell."""
    bottom, ceiling = (row - 1) / _ROWS * top, row / _ROWS * top
    kinds = []
    for low, value, high in columns:
        on_line = bottom < value <= ceiling or (row == 1 and value == 0)
        kinds.append("━" if on_line else "░" if low < ceiling and high > bottom else " ")
    start = 0
    for place in range(1, len(kinds) + 1):
        if place == len(kinds) or kinds[place] != kinds[start]:
            yield Cell("".join(kinds[start:place]), "strong" if kinds[start] == "━" else "dim")
            start = place


def _axis() -> str:
    return "".join("┴" if column and column % (2 * _TICK_WEEKS) == 0 else "─" for column in range(_COLUMNS))


def _weeks() -> str:
    ticks = [(2 * week, str(week)) for week in range(0, 24, _TICK_WEEKS)]
    return _placed([*ticks, (48, "24 weeks")])[0]


def _span_of(columns: Sequence[int]) -> str:
    first, half, last = columns
    line = "".join("●" if at == half else "─" for at in range(first + 1, last))
    return f"├{line}┤" if last > first else "●"


def _placed(texts: Sequence[tuple[int, str]]) -> list[str]:
    """Lines with each text at its column, on the first line where there is room."""
    lines: list[str] = []
    for column, text in texts:
        for place, line in enumerate(lines):
            if len(line) < column or not line:
                lines[place] = line.ljust(column) + text
                break
        else:
            lines.append(" " * column + text)
    return lines
