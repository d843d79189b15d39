"""How a trial of rules looks on a terminal: a chart of the weeks, and what to make of it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

from calsync.cli.options import State
from calsync.cli.terminal import Cell, Column, Group, Row, counted

if TYPE_CHECKING:
    from calsync.simulate.findings import Figures, Share, StepFigures
    from calsync.simulate.trial import Someone, Trial

_BLOCKS = " ▁▂▃▄▅▆▇█"
_HEIGHT = 6
_WIDEST = 60
_SHOWN = 8
_AXIS = 4


def show(state: State, trial: Trial, changes: Sequence[str]) -> None:
    """Tell a trial: a chart and tables on a terminal, plain lines in a pipe."""
    terminal = state.terminal
    runs = [trial.present, *([trial.others] if trial.others is not None else [])]
    for each in changes:
        terminal.line(Cell("tried with ", "dim"), each)
    nights = counted(trial.nights, "night")
    terminal.line(Cell(f"{nights}, from {_day(trial.first)} to {_day(trial.last)}", "strong"))
    _weeks(state, trial, runs)
    _figures(state, trial, runs)
    _steps(state, trial, runs)
    if trial.difference is not None:
        _differences(state, trial)
    _caveats(state, trial)


def _weeks(state: State, trial: Trial, runs: Sequence[Figures]) -> None:
    terminal = state.terminal
    if not terminal.is_interactive:
        rows: list[Row] = [
            ["week", monday.isoformat(), *(str(run.weeks.get(monday, 0)) for run in runs)] for monday in runs[0].weeks
        ]
        terminal.table(["", "", *trial.names], rows)
        return
    mondays = list(runs[0].weeks)
    columns = shutil.get_terminal_size().columns
    beside = len(runs) == 2 and columns >= 2 * (_AXIS + len(mondays)) + 4
    per_bar = -(-len(mondays) // min(_WIDEST, columns - _AXIS - 2))
    wide = max(1, min(2, (columns - _AXIS - 2) // (len(mondays) * (2 if beside else 1)))) if per_bar == 1 else 1
    peak = max((max(_bars(run.weeks, per_bar), default=0.0) for run in runs), default=0.0)
    unit = "per week" if per_bar == 1 else f"per week, each bar the mean of {per_bar}"
    charts = []
    for name, run in zip(trial.names, runs, strict=True):
        title = f"Reminders {unit}" + (f": {name}" if len(runs) > 1 else "")
        charts.append([title, *_chart(_bars(run.weeks, per_bar), peak, trial.caps[1], mondays[::per_bar], wide)])
    width = max(len(line) for chart in charts for line in chart) + 4
    tones = ("strong", *["new"] * _HEIGHT, "dim", "dim")
    blocks = [charts] if beside else [[chart] for chart in charts]
    for block in blocks:
        terminal.line()
        for lines, tone in zip(zip(*block, strict=True), tones, strict=True):
            text = "".join(f"{line:{width}}" for line in lines[:-1]) + lines[-1]
            terminal.line(Cell(text.rstrip(), tone))  # type: ignore[arg-type]


def _bars(weeks: Mapping[date, int], per_bar: int) -> list[float]:
    numbers = list(weeks.values())
    groups = [numbers[at : at + per_bar] for at in range(0, len(numbers), per_bar)]
    return [sum(group) / len(group) for group in groups]


def _chart(bars: Sequence[float], peak: float, cap: int, mondays: Sequence[date], wide: int) -> list[str]:
    """Columns of blocks, the highest as high as the chart; the cap is a dotted line where it is in sight."""
    top = max(1, round(peak + 0.499))
    at_cap = round((cap / top) * _HEIGHT + 0.5) if cap <= top else 0
    lines = []
    for row in range(_HEIGHT, 0, -1):
        label = f"{top}" if row == _HEIGHT else ("0" if row == 1 else "")
        if row == at_cap and row not in (1, _HEIGHT):
            label = f"{cap}"
        cells = []
        for value in bars:
            eighths = round(value / top * _HEIGHT * 8) - (row - 1) * 8
            if value and row == 1:
                eighths = max(eighths, 1)
            block = _BLOCKS[max(0, min(8, eighths))]
            cells.append((block if block != " " else ("┄" if row == at_cap else " ")) * wide)
        lines.append(f"{label:>{_AXIS - 1}} {''.join(cells)}".rstrip())
    lines.append(" " * _AXIS + "─" * (len(bars) * wide))
    lines.append(" " * _AXIS + _months(mondays, wide))
    return lines


def _months(mondays: Sequence[date], wide: int) -> str:
    """The months under the bars, each where its first Monday stands."""
    line, before = "", -1
    for number, monday in enumerate(mondays):
        at = number * wide
        if monday.month != before and at >= len(line):
            name = f"{monday:%b}" if monday.month > 1 else f"{monday:%Y}"
            if number or monday.day <= 14:
                line = f"{line:{at}}{name} "
        before = monday.month
    return line.rstrip()


def _figures(state: State, trial: Trial, runs: Sequence[Figures]) -> None:
    per_day, per_week = trial.caps
    rows: list[Row] = [
        ["reminders", *(f"{run.reminders:,}" for run in runs)],
        ["people", *(f"{run.people:,}" for run in runs)],
        ["busiest day", *(_most(run.busiest_day, "") for run in runs)],
        ["busiest week", *(_most(run.busiest_week, "week of ") for run in runs)],
        [f"days over {per_day}", *(_bad(run.days_over) for run in runs)],
        [f"weeks over {per_week}", *(_bad(run.weeks_over) for run in runs)],
        ["on the ideal day", *(_share(run.ideal) for run in runs)],
        ["days after the meeting", *(_median(run.median_days) for run in runs)],
        ["met again in the window", *(_share(run.met_in_window) for run in runs)],
        ["met again at all", *(_share(run.met_at_all) for run in runs)],
    ]
    if any(run.busy for run in runs):
        rows.append(["placed without free time", *(f"{run.busy:,}" for run in runs)])
    if any(run.brakes for run in runs):
        rows.append(["nights the brake would stop", *(_bad(run.brakes) for run in runs)])
    if state.terminal.is_interactive:
        state.terminal.line()
    else:
        rows = [["total", *row] for row in rows]
    titles = trial.names if len(runs) > 1 else ("",)
    first = [Column("")] if not state.terminal.is_interactive else []
    state.terminal.table([*first, Column("", "dim", whole=True), *(Column(title) for title in titles)], rows)


def _steps(state: State, trial: Trial, runs: Sequence[Figures]) -> None:
    own = [{step.key: step for step in run.steps} for run in runs]
    keys = list(dict.fromkeys(key for each in own for key in each))
    if not keys:
        return
    titles = ["", "reminders", "ideal day", "days after", "met again"]
    values = (_reminded, _ideal, _waited, _again)
    rows: dict[str, list[Row]] = {}
    for key in keys:
        pack, rule, step = key
        found = [each.get(key) for each in own]
        cells = [_pair([value(each) if each is not None else "-" for each in found]) for value in values]
        if state.terminal.is_interactive:
            rows.setdefault(pack, []).append([f"{rule}.{step}", *cells])
        else:
            rows.setdefault("", []).append(["step", f"{pack}.{rule}.{step}", *cells])
    if state.terminal.is_interactive:
        state.terminal.line()
        columns = [Column(titles[0]), *(Column(title, whole=True) for title in titles[1:])]
        state.terminal.groups(columns, [Group(pack, own_rows) for pack, own_rows in rows.items()])
    else:
        state.terminal.table([Column("")] * 6, rows[""])


def _reminded(own: StepFigures) -> str:
    return f"{own.reminded:,} of {own.followups:,}"


def _ideal(own: StepFigures) -> str:
    return _percent(own.ideal)


def _waited(own: StepFigures) -> str:
    return _median(own.median_days)


def _again(own: StepFigures) -> str:
    return _percent(own.met_at_all)


def _pair(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 or values[0] == values[1] else f"{values[0]} → {values[1]}"


def _differences(state: State, trial: Trial) -> None:
    own = trial.difference
    assert own is not None
    terminal = state.terminal
    if terminal.is_interactive:
        terminal.line()
    now, tried = trial.names
    if own.is_none:
        terminal.line("No difference: both remind of the same people, of the same steps, on the same days.")
        return
    words = [f"{own.more:,} more", f"{own.fewer:,} fewer", f"{own.moved:,} on another day"]
    terminal.line(Cell(f"Follow-ups of {tried} beside {now}: ", "strong"), ", ".join(words))
    _people(state, f"{counted(len(own.added), 'person', 'people')} added", own.added)
    _people(state, f"{counted(len(own.lost), 'person', 'people')} lost", own.lost)


def _people(state: State, heading: str, people: Sequence[Someone]) -> None:
    if not people:
        return
    if not state.terminal.is_interactive:
        word = heading.rsplit(" ", 1)[-1]
        rows: list[Row] = [[word, each.first.isoformat(), _name(each), each.emails[0], each.rule] for each in people]
        state.terminal.table([Column("")] * 5, rows)
        return
    state.terminal.line(Cell(heading, "strong"))
    shown: list[Row] = [[f"  {_day(each.first)}", _name(each), each.rule] for each in people[:_SHOWN]]
    state.terminal.table([Column("", "dim", whole=True), Column(""), Column("", "dim", below=True)], shown)
    if len(people) > _SHOWN:
        state.terminal.line(Cell(f"  +{len(people) - _SHOWN:,} more; --json names them all", "dim"))


def _name(someone: Someone) -> str:
    return someone.name or someone.emails[0]


def _caveats(state: State, trial: Trial) -> None:
    known, terminal = trial.known, state.terminal
    if terminal.is_interactive:
        terminal.line()
    if known.guessed:
        share = _rounded(known.guessed / known.events)
        how = f"{share} have no record of when they were written down and count as known from lookahead on."
    else:
        how = "each has a record of when it was written down or seen first."
    terminal.line(Cell(f"Each night saw what was known then. Of {counted(known.events, 'meeting')}, {how}", "dim"))
    terminal.line(
        Cell(
            "Nobody answers in a replay: nothing is ticked off, moved or dismissed. What you said of people holds"
            " throughout. Meeting again is what happened without these reminders, not because of them.",
            "dim",
        )
    )
    for note in trial.notes:
        terminal.line(Cell(note, "warn"))


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _most(found: tuple[date, int] | None, before: str) -> str:
    return "-" if found is None else f"{found[1]:,} ({before}{_day(found[0])})"


def _bad(number: int) -> Cell:
    return Cell(f"{number:,}", "bad" if number else "")


def _median(days: float | None) -> str:
    return "-" if days is None else f"{days:g}"


def _share(own: Share) -> str:
    return "-" if own.share is None else f"{_rounded(own.share)} ({own.number:,} of {own.of:,})"


def _percent(own: Share) -> str:
    return "-" if own.share is None else _rounded(own.share)


def _rounded(share: float) -> str:
    """A share in percent; little is not nothing, and nearly all is not all."""
    percent = round(100 * share)
    if share and not percent:
        return "<1 %"
    return ">99 %" if share < 1 and percent == 100 else f"{percent} %"
