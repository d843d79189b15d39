"""why: what was decided of a person or a meeting, and because of what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Tone, counted, day_and_time
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.asking.cadences import CadenceAsked, CadenceTold
    from calsync.asking.explain import MeetingTold, PersonTold, RuleTold

_MEETINGS = 8
_INDENT = " " * 14
_TONES: dict[str, Tone] = {"newcomer": "new", "known": "good", "held": "warn", "excluded": "dim"}
_WORDS = {
    "newcomer": "a newcomer",
    "known": "known already",
    "held": "held in the inbox",
    "excluded": "excluded",
    "not found": "not met yet",
}


def register(app: typer.Typer) -> None:
    app.command()(why)


def why(
    ctx: typer.Context,
    text: Annotated[str, typer.Argument(metavar="PERSON|TITLE", help="An address, part of a name, or of a title.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Tell what was decided of a person or a meeting, and because of what: calsync why Ada"""
    from calsync.asking.explain import not_found, people_meant, tell_meetings, tell_person
    from calsync.sync import desk_of

    state = state_of(ctx)
    with state.ledger() as ledger:
        desk = desk_of(state.config(), ledger, state.now())
        found = people_meant(desk, text)
        if len(found) == 1:
            told = tell_person(desk, found[0])
            if as_json:
                state.terminal.json(told.as_json())
            else:
                _person(state, told)
            return
        meetings = tell_meetings(desk, text) if not found else []
        if len(found) > 1:
            names = "\n  ".join(each.called for each in found[:12])
            more = f"\n  … and {len(found) - 12} more" if len(found) > 12 else ""
            raise UsageError(
                f"{text!r} may be several people:\n  {names}{more}", "Give an address or more of the name."
            )
        if as_json:
            shape = not_found(text)
            if meetings:
                shape |= {"meetings": [each.as_json() for each in meetings]}
            state.terminal.json(shape)
        if not meetings:
            raise UsageError(
                f"nobody and no meeting is known as {text!r}",
                "Give an address, part of a name, or part of a title that the last sync has seen.",
            )
        if not as_json:
            _titles(state, meetings)


def _person(state: State, told: PersonTold) -> None:
    terminal = state.terminal
    now = state.local_now()
    verdict = told.verdict.value
    terminal.line(
        Cell(told.found.called, "strong"),
        " is ",
        Cell(_WORDS[verdict], _TONES.get(verdict, "")),
        f": {'; '.join(told.reasons)}.",
    )
    others = told.found.addresses[1:]
    if others:
        terminal.line(f"Also known as {', '.join(others)}.")
    for note in told.notes:
        terminal.line(Cell("Note: ", "warn"), f"{note}.")
    _followups(state, told)
    if told.start is not None:
        _rules(state, "Rules, in the order they are asked", told.rules)
    if told.cadence is not None:
        terminal.line()
        terminal.line(Cell("Keeping in touch", "strong"))
        terminal.line(f"  {cadence_in_words(told.cadence, now)}")
        _rules(state, "", told.cadence.rules)
    if told.meetings:
        terminal.line()
        terminal.line(Cell(_naming(len(told.meetings)), "strong"))
        shown = sorted(told.meetings, key=lambda each: each.start, reverse=True)
        limit = len(shown) if state.verbose else _MEETINGS
        for meeting in shown[:limit]:
            _meeting(state, meeting, now)
        if len(shown) > limit:
            terminal.line(Cell(f"  … and {len(shown) - limit} earlier; calsync --verbose why … shows them", "dim"))


def _naming(number: int) -> str:
    return "1 meeting names them" if number == 1 else f"{number:,} meetings name them"


def _followups(state: State, told: PersonTold) -> None:
    if not told.followups:
        return
    terminal = state.terminal
    now = state.local_now()
    terminal.line()
    terminal.line(Cell("Follow-ups", "strong"))
    for entry in told.followups:
        when = day_and_time(entry.start, now) if entry.start else "no time"
        tone: Tone = "good" if entry.state in ("written", "planned", "done") else "warn" if entry.provisional else "dim"
        terminal.line(
            "  ",
            Cell(f"{entry.state.value:<12}", tone),
            f"{when}  {entry.title}  ",
            Cell(f"[{entry.id[:8]}]", "dim"),
        )
        row = entry.followup
        last = f"{row.last_day:%a} {row.last_day.day} {row.last_day:%b}"
        because = f"because {entry.cause}" if entry.cause else "because of the rule"
        terminal.line(f"{_INDENT}{because}; rule {row.pack}.{row.rule}, step {row.step}, until {last}")
        changes = (told.changes or {}).get(entry.id, [])
        if state.verbose:
            for at, life, cause in changes:
                local = at.astimezone(now.tzinfo)
                terminal.line(f"{_INDENT}{day_and_time(local, now)}: {life.value}, {cause}")


def cadence_in_words(told: CadenceTold, now: datetime) -> str:
    """ "Due on Monday 4 May 2026: 60 days since you last met on 5 March 2026 (tier B)."."""
    since = f"{told.since.day} {told.since:%B %Y}"
    if told.due is None:
        return f"{told.words[:1].upper()}{told.words[1:]}, since {since}, but nothing comes: {told.quiet}."
    day = f"{told.due:%A} {told.due.day} {told.due:%B %Y}"
    was = "Due" if told.due >= now.date() else "Was due"
    text = f"{was} on {day}: {told.because}."
    if told.quiet:
        return f"Quiet: {told.quiet}."
    if told.waits:
        return f"Waits: {told.waits}. {text}"
    if told.next is not None and told.next.date() != told.due:
        return f"{text} Its reminder stands on {day_and_time(told.next, now)}."
    return text


def _rules(state: State, heading: str, rules: Sequence[RuleTold | CadenceAsked]) -> None:
    if not rules:
        return
    terminal = state.terminal
    if heading:
        terminal.line()
        terminal.line(Cell(heading, "strong"))
    for rule in rules:
        name = f"{rule.pack}.{rule.rule}"
        if rule.decides:
            terminal.line("  ", Cell("✓ ", "good"), f"{name}: every condition holds, so it decides")
            for value in rule.overrides:
                from calsync.toml_problems import shown

                said = f"{value.dotted} is {shown(value.value)} in {value.file}, in place of {shown(value.beneath)}"
                terminal.line(Cell(f"      {said}", "dim"))
        elif rule.applies:
            terminal.line("  ", Cell("· ", "dim"), f"{name}: would apply too, but an earlier rule decided")
        else:
            wrong = [each for each in rule.checks if not each.holds]
            words = "; ".join(f"{each.key} is {each.found}, it wants {each.wanted}" for each in wrong)
            terminal.line("  ", Cell("✗ ", "dim"), f"{name}: {words}")


def _meeting(state: State, meeting: MeetingTold, now: object) -> None:
    mark = Cell("✓ ", "good") if meeting.counts else Cell("✗ ", "dim")
    when = day_and_time(meeting.start, state.local_now())
    title = meeting.title or "(no title)"
    source = meeting.meeting.source.name
    state.terminal.line("  ", mark, f"{when}  {title}  ", Cell(f"({source}) {'; '.join(meeting.reasons)}", "dim"))


def _titles(state: State, meetings: list[MeetingTold]) -> None:
    terminal = state.terminal
    limit = len(meetings) if state.verbose else _MEETINGS
    for meeting in meetings[:limit]:
        when = day_and_time(meeting.start, state.local_now())
        group = meeting.meeting.judgement.group
        word = Cell("counts", "good") if meeting.counts else Cell("does not count", "dim")
        terminal.line(
            Cell(meeting.title or "(no title)", "strong"),
            f", {when}: ",
            word,
            f", because {'; '.join(meeting.reasons)}.",
        )
        terminal.line(f"  {counted(group, 'other person', 'other people')} in source {meeting.meeting.source.name}")
        for name, reason in meeting.people:
            terminal.line(
                "  ",
                Cell("✗ " if reason else "✓ ", "dim" if reason else "good"),
                f"{name}{': ' + reason if reason else ''}",
            )
    if len(meetings) > limit:
        terminal.line(Cell(f"… and {len(meetings) - limit} more; calsync --verbose why … shows them", "dim"))
