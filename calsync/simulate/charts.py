"""Charts as inline SVG, small enough to be made by hand: bars by week, a year of days, steps in time.

Colours come from the page's style by class, so that a chart is readable in light, in dark and
on paper. Each mark says in a ``title`` what it stands for, for a pointer and for a reader of
the page aloud.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from html import escape
from math import sqrt

from calsync.rules.schema import Step
from calsync.simulate.findings import Figures, StepFigures
from calsync.timing.spans import Span, format_hours

_WIDTH = 920
_LEFT = 34
_LEVELS = 4
_DAYS_OF = {"days": 1.0, "working days": 1.0, "weeks": 7.0, "months": 30.4, "years": 365.25}
_STEP_LABEL = 250


def weeks(runs: Sequence[Figures], names: Sequence[str], per_week: int) -> str:
    """Reminders by week as bars, those of each run side by side, with the cap as a line."""
    mondays = list(runs[0].weeks)
    peak = max([*(max(run.weeks.values(), default=0) for run in runs), 1])
    top = max(peak, per_week if per_week <= 2 * peak else peak)
    height, low = 190, 210
    room = (_WIDTH - _LEFT) / len(mondays)
    bar = max(1.0, (room - min(3.0, room / 4)) / len(runs))

    def at(value: float) -> float:
        return low - value / top * height

    parts = [_grid(at, top)]
    for number, monday in enumerate(mondays):
        for which, (run, name) in enumerate(zip(runs, names, strict=True)):
            value = run.weeks.get(monday, 0)
            if value:
                x = _LEFT + number * room + which * bar
                over = " over" if value > per_week else ""
                told = f"{'' if len(runs) == 1 else f'{name}, '}week of {day_words(monday)}: {value}"
                parts.append(
                    f'<rect class="run{which}{over}" x="{x:.1f}" y="{at(value):.1f}" width="{bar:.1f}"'
                    f' height="{low - at(value):.1f}" rx="1"><title>{escape(told)}</title></rect>'
                )
    if per_week <= top:
        parts.append(f'<line class="cap" x1="{_LEFT}" x2="{_WIDTH}" y1="{at(per_week):.1f}" y2="{at(per_week):.1f}"/>')
        parts.append(f'<text class="cap" x="{_WIDTH}" y="{at(per_week) - 5:.1f}">at most {per_week} a week</text>')
    parts += _months(mondays, room, low + 18)
    label = f"Reminders by week, at most {peak} in one week"
    return _svg(label, _WIDTH, low + 26, parts)


def _grid(at: Callable[[float], float], top: int) -> str:
    step = max(1, -(-top // 4))
    return "".join(
        f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH}" y1="{at(value):.1f}" y2="{at(value):.1f}"/>'
        f'<text class="axis" x="{_LEFT - 8}" y="{at(value) + 4:.1f}">{value}</text>'
        for value in range(0, top + 1, step)
    )


def _months(mondays: Sequence[date], room: float, y: float, left: float = _LEFT) -> list[str]:
    parts, free = [], -100.0
    for number, monday in enumerate(mondays):
        if number and monday.month == mondays[number - 1].month:
            continue
        x = left + number * room
        text = f"{monday:%b}" if monday.month > 1 else f"{monday:%Y}"
        if x >= free and (number or monday.day <= 14):
            parts.append(f'<text class="month" x="{x:.1f}" y="{y:.1f}">{text}</text>')
            free = x + 34
    return parts


def days(run: Figures, first: date, last: date, per_day: int) -> str:
    """Every day as a square, a week as a column, the darker the more reminders."""
    monday = first - timedelta(days=first.weekday())
    count = (last - monday).days // 7 + 1
    room = min(24.0, (_WIDTH - _LEFT) / count)
    size = room - max(1.0, room / 7)
    parts = [
        f'<text class="axis" x="{_LEFT - 8}" y="{row * room + size * 0.8:.1f}">{word}</text>'
        for row, word in ((0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun"))
    ]
    mondays = [monday + timedelta(weeks=week) for week in range(count)]
    for week, start in enumerate(mondays):
        for row in range(7):
            day = start + timedelta(days=row)
            if not first <= day <= last:
                continue
            number = run.days.get(day, 0)
            over = " over" if number > per_day else ""
            title = f"<title>{day_words(day)}: {_reminders(number)}</title>" if number else ""
            parts.append(
                f'<rect class="day l{_level(number, per_day)}{over}" x="{_LEFT + week * room:.1f}" y="{row * room:.1f}"'
                f' width="{size:.1f}" height="{size:.1f}" rx="2">{title}</rect>'
            )
    parts += _months(mondays, room, 7 * room + 14)
    label = f"Reminders by day, {run.reminders} in all"
    return _svg(label, _LEFT + count * room, 7 * room + 22, parts)


def _level(number: int, per_day: int) -> int:
    """0 for no reminder, 4 for a full day."""
    return 0 if not number else min(_LEVELS, 1 + (number - 1) * _LEVELS // max(per_day, 1))


def steps(run: Figures) -> str:
    """Each step on a line of days since the meeting: its span from ideal day to the end of its window,
    and where the reminders fell."""
    shown = [step for step in run.steps if step.plan is not None]
    if not shown:
        return ""
    last = max(max([*step.waited, _window(step.plan)]) for step in shown if step.plan is not None)
    last = max(7.0, last * 1.04)
    row, left = 46, _STEP_LABEL
    scale = (_WIDTH - left - 14) / sqrt(last)

    def at(day: float) -> float:
        # The first days matter most: a square-root scale gives them room.
        return left + sqrt(max(day, 0.0)) * scale

    low = row * len(shown) + 6
    parts = []
    for tick in (0, 1, 3, 7, 14, 28, 42, 63, 91, 182, 365):
        if tick <= last:
            parts.append(f'<line class="grid" x1="{at(tick):.1f}" x2="{at(tick):.1f}" y1="4" y2="{low}"/>')
            parts.append(f'<text class="tick" x="{at(tick):.1f}" y="{low + 16}">{_ticked(tick)}</text>')
    for number, step in enumerate(shown):
        assert step.plan is not None
        parts += _step(step, step.plan, number * row, at)
    return _svg("Days from the meeting to the reminder, step by step", _WIDTH, low + 24, parts)


def _step(step: StepFigures, plan: Step, top: float, at: Callable[[float], float]) -> list[str]:
    middle = top + 24
    begin, end = at(_earliest(plan.after)), at(_window(plan))
    hours = f", {format_hours(plan.at)}" if plan.at else ""
    pack, rule, name = step.key
    parts = [
        f'<text class="step" x="0" y="{middle - 3}">{escape(name)}</text>',
        f'<text class="small" x="0" y="{middle + 12}">{escape(pack)} · {escape(rule)}</text>',
        f'<rect class="window" x="{begin:.1f}" y="{middle - 12}" width="{max(end - begin, 4):.1f}" height="24" rx="5">'
        f"<title>after {plan.after}, until {plan.window}{hours}</title></rect>",
        f'<line class="ideal" x1="{begin:.1f}" x2="{begin:.1f}" y1="{middle - 14}" y2="{middle + 14}"/>',
    ]
    counts: dict[int, int] = {}
    for day in step.waited:
        counts[day] = counts.get(day, 0) + 1
    most = max(counts.values(), default=1)
    for day, number in sorted(counts.items()):
        radius = 2.5 + 7.5 * sqrt(number / most)
        told = f"{_reminders(number)} {_after(day)}"
        parts.append(
            f'<circle class="fell" cx="{at(day):.1f}" cy="{middle}" r="{radius:.1f}"><title>{told}</title></circle>'
        )
    return parts


def _after(day: int) -> str:
    return "on the day of the meeting" if not day else f"{day} day{'s' * (day != 1)} after the meeting"


def _ticked(day: int) -> str:
    if day == 0:
        return "meeting"
    return f"{day} d" if day < 7 else f"{day // 7} w"


def _earliest(span: Span) -> float:
    """How many days a span has where no weekend falls into it."""
    elapsed = span.elapsed()
    return elapsed.total_seconds() / 86_400 if elapsed is not None else span.amount * _DAYS_OF[span.unit]


def _latest(span: Span) -> float:
    """How many days a span has with its weekends."""
    return _earliest(span) + (2 * -(-span.amount // 5) if span.unit == "working days" else 0)


def _window(plan: Step | None) -> float:
    return 0.0 if plan is None else max(_latest(plan.window), _earliest(plan.after))


def _reminders(number: int) -> str:
    return f"{number:,} reminder{'s' * (number != 1)}"


def day_words(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def _svg(label: str, width: float, height: float, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
