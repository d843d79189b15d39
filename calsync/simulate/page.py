"""A trial as one page that can be kept, printed and shown: no script, nothing loaded from anywhere.

It names people and steps, and no meeting: whoever shows it to a colleague shows no title of
their calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from html import escape

from calsync.simulate import charts
from calsync.simulate.charts import day_words
from calsync.simulate.findings import Figures, Share, StepFigures
from calsync.simulate.style import STYLE
from calsync.simulate.trial import Difference, Someone, Trial

_NOTHING = "–"


def page(trial: Trial, changes: Sequence[str] = ()) -> str:
    """The page, as HTML."""
    runs = [trial.present, *([trial.others] if trial.others is not None else [])]
    title = "Follow-ups, replayed"
    if len(runs) > 1:
        title += ": a change, tried" if changes else f": {trial.names[0]} and {trial.names[1]}"
    span = f"{trial.nights:,} nights, {day_words(trial.first)} to {day_words(trial.last)}"
    changed = "".join(f"<li><code>{escape(each)}</code></li>" for each in changes)
    body = [
        f"<header><h1>{escape(title)}</h1><p>{span}. What these rules would have asked, night by night.</p>",
        f'<ul class="changes" aria-label="Tried with">{changed}</ul>' if changed else "",
        _legend(trial) if len(runs) > 1 else "",
        "</header>",
        _tiles(trial, runs),
        _section("Reminders by week", _scroll(charts.weeks(runs, trial.names, trial.caps[1])) + _weeks(trial, runs)),
        _section("Reminders by day", _days(trial, runs)),
        _section("When reminders fell", _timelines(trial, runs)),
        _section("Rules and steps", _steps(trial, runs)),
        _section("What changes", _difference(trial.difference, trial.names)) if trial.difference else "",
        _section("How to read this", _caveats(trial)),
        "<footer>Made by calsync from the user's own calendars. Everything is in this file.</footer>",
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f'<meta name="color-scheme" content="light dark">\n<title>{escape(title)}</title>\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(filter(None, body))
        + "\n</main>\n</body>\n</html>\n"
    )


def _section(heading: str, content: str) -> str:
    return f"<section><h2>{heading}</h2>{content}</section>"


def _scroll(chart: str) -> str:
    return f'<div class="chart" tabindex="0">{chart}</div>'


def _legend(trial: Trial) -> str:
    keys = "".join(f'<span class="key k{at}"></span>{escape(name)} ' for at, name in enumerate(trial.names))
    return f'<p class="legend">{keys}</p>'


def _tiles(trial: Trial, runs: Sequence[Figures]) -> str:
    tiles: list[tuple[str, Callable[[Figures], str]]] = [
        ("reminders", lambda run: f"{run.reminders:,}"),
        ("people", lambda run: f"{run.people:,}"),
        ("in the busiest week", lambda run: f"{run.busiest_week[1] if run.busiest_week else 0:,}"),
        ("on the ideal day", lambda run: _percent(run.ideal)),
        ("days after the meeting (median)", lambda run: _number(run.median_days)),
        ("met again in the window", lambda run: _percent(run.met_in_window)),
        ("met again at all", lambda run: _percent(run.met_at_all)),
        (f"days over {trial.caps[0]}, weeks over {trial.caps[1]}", lambda run: f"{run.days_over}, {run.weeks_over}"),
    ]
    cells = []
    for label, value in tiles:
        values = "".join(
            f'<span class="value v{at}"><span class="sr">{escape(trial.names[at])}: </span>{value(run)}</span>'
            for at, run in enumerate(runs)
        )
        cells.append(f'<div class="tile"><dd>{values}</dd><dt>{label}</dt></div>')
    return f'<dl class="tiles">{"".join(cells)}</dl>'


def _weeks(trial: Trial, runs: Sequence[Figures]) -> str:
    rows = [[day_words(monday), *(f"{run.weeks.get(monday, 0)}" for run in runs)] for monday in runs[0].weeks]
    table = _table(["Week of", *(trial.names if len(runs) > 1 else ["Reminders"])], rows)
    return f"<details><summary>The same as a table</summary>{table}</details>"


def _days(trial: Trial, runs: Sequence[Figures]) -> str:
    parts = []
    for name, run in zip(trial.names, runs, strict=True):
        most = run.busiest_day
        words = f"Busiest: {day_words(most[0])}, {most[1]}. " if most else ""
        words += f"{run.days_over} days over {trial.caps[0]}." if run.days_over else f"No day over {trial.caps[0]}."
        heading = f"<h3>{escape(name)}</h3>" if len(runs) > 1 else ""
        chart = charts.days(run, trial.first, trial.last, trial.caps[0])
        parts.append(f'{heading}{_scroll(chart)}<p class="note">{words}</p>')
    key = "".join(f'<span class="day-key l{level}"></span>' for level in range(5))
    return "".join(parts) + f'<p class="note">none {key} a full day</p>'


def _timelines(trial: Trial, runs: Sequence[Figures]) -> str:
    parts = []
    for at, (name, run) in enumerate(zip(trial.names, runs, strict=True)):
        heading = f"<h3>{escape(name)}</h3>" if len(runs) > 1 else ""
        chart = _scroll(charts.steps(run)) if run.steps else "<p>No step promised anything.</p>"
        parts.append(f'{heading}<div class="of{at}">{chart}</div>')
    words = (
        "The band reaches from the day that a step is meant for to the end of its window, a weekend included."
        " A dot is a day on which reminders fell, the larger the more; the table below has the medians."
    )
    return "".join(parts) + f'<p class="note">{words}</p>'


def _steps(trial: Trial, runs: Sequence[Figures]) -> str:
    own = [{step.key: step for step in run.steps} for run in runs]
    keys = list(dict.fromkeys(key for each in own for key in each))
    if not keys:
        return "<p>No rule promised anything.</p>"
    columns: list[tuple[str, Callable[[StepFigures], str]]] = [
        ("Follow-ups", lambda step: f"{step.followups:,}"),
        ("Reminded", lambda step: f"{step.reminded:,}"),
        ("Met first", lambda step: f"{step.met:,}"),
        ("Seen too late", lambda step: f"{step.missed:,}"),
        ("Ideal day", lambda step: _percent(step.ideal)),
        ("Median days", lambda step: _number(step.median_days)),
        ("Met in window", lambda step: _percent(step.met_in_window)),
        ("Met at all", lambda step: _percent(step.met_at_all)),
    ]
    rows = []
    for key in keys:
        found = [each.get(key) for each in own]
        cells = [_pair([value(each) if each is not None else _NOTHING for each in found]) for _, value in columns]
        rows.append([f"{key[2]} ({key[0]}, {key[1]})", *cells])
    note = '<p class="note">Where two values stand, the first is of now.</p>' if len(runs) > 1 else ""
    return f'<div class="chart" tabindex="0">{_table(["Step", *(title for title, _ in columns)], rows)}</div>{note}'


def _pair(values: Sequence[str]) -> str:
    return values[0] if len(set(values)) == 1 else " → ".join(values)


def _difference(own: Difference, names: Sequence[str]) -> str:
    if own.is_none:
        return "<p>Nothing: both remind of the same people, of the same steps, on the same days.</p>"
    words = (
        f"<p>Beside <b>{escape(names[0])}</b>, <b>{escape(names[1])}</b> has {own.more:,} follow-ups more and"
        f" {own.fewer:,} fewer, and {own.moved:,} on another day.</p>"
    )
    return words + _people("added", own.added) + _people("lost", own.lost)


def _people(word: str, people: Sequence[Someone]) -> str:
    if not people:
        return f"<p>Nobody would be {word}.</p>"
    rows = [[each.name or each.emails[0], day_words(each.first), f"{each.reminders}", each.rule] for each in people]
    table = _table(["Who", "First reminder", "Reminders", "Rule"], rows)
    number = f"{len(people):,} {'person' if len(people) == 1 else 'people'}"
    return f"<details{' open' * (len(people) <= 12)}><summary>{number} {word}</summary>{table}</details>"


def _caveats(trial: Trial) -> str:
    known = trial.known
    share = f"{round(100 * known.guessed / known.events)} %" if known.events else "none"
    lines = [
        "Each night saw only what was known then. The first one is quiet about the past, as a first sync is.",
        f"Of {known.events:,} meetings, {known.seen:,} were seen to appear by a sync, {known.written_down:,} count from"
        f" when they were written down, and {known.guessed:,} ({share}), of which nobody recorded that, from as long"
        " before as calsync looks ahead. All have the answers that they ended with.",
        "Nobody answers in a replay: nothing is ticked off, moved or dismissed. What you said of people holds"
        " throughout.",
        "Meeting again is what happened without these reminders, and is no effect of them.",
        *trial.notes,
    ]
    return "<ul>" + "".join(f"<li>{escape(line)}</li>" for line in lines) + "</ul>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    titles = "".join(f'<th scope="col">{escape(each)}</th>' for each in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(each)}</td>" for each in row[1:]) + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table>"


def _percent(own: Share) -> str:
    return _NOTHING if own.share is None else f"{round(100 * own.share)} %"


def _number(value: float | None) -> str:
    return _NOTHING if value is None else f"{value:g}"
