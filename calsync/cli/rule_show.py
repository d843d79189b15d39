"""``calsync rules list`` and ``show``: which packs there are, and what one of them says."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column, Row, counted
from calsync.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from calsync.rules.layers import Layer
    from calsync.rules.origins import Value
    from calsync.rules.schema import Pack, Rule, Touch

_MARKS = "*+^~#"


def list_(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """List the packs there are, those in use first.

    \b
    Example:
      calsync rules list
    """
    from calsync.rules.layers import available
    from calsync.rules.load import load_packs

    state = state_of(ctx)
    config = state.config()
    known = available(config.rules_dir)
    used = list(config.rules.packs)
    told: list[dict[str, Any]] = []
    for name in (*used, *(name for name in known if name not in used)):
        each: dict[str, Any] = {"name": name, "used": name in used, "own": _is_own(known.get(name), config.rules_dir)}
        try:
            (pack,) = load_packs([name], config.rules_dir)
            each |= {"extends": pack.extends, "rules": len(pack.rules), "summary": pack.summary, "broken": False}
        except ConfigError:
            each |= {"extends": None, "rules": None, "summary": "", "broken": True}
        told.append(each | {"file": str(known[name]) if name in known else None})
    if as_json:
        state.terminal.json(told)
        return
    rows: list[Row] = []
    for each in told:
        rules = counted(each["rules"], "rule") if each["rules"] is not None else ""
        words = Cell("broken: calsync rules check tells why", "bad") if each["broken"] else Cell(each["summary"])
        used_word = Cell("in use" if each["used"] else "", "good")
        rows.append((each["name"], used_word, words, Cell(_kind(each), "dim"), Cell(rules, "dim")))
    columns = [Column("Pack", "strong", whole=True), Column("", whole=True), Column("Summary")]
    state.terminal.table([*columns, Column("", below=True), Column("", below=True)], rows)


def show(
    ctx: typer.Context,
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Its name, as calsync rules list shows it.")],
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    as_toml: Annotated[bool, typer.Option("--toml", help="As one pack file that extends nothing.")] = False,
) -> None:
    """Show what a pack says in words, and what of it is yours.

    A mark behind a value tells that a file of yours says it, and overrides what is shipped.

    \b
    Example:
      calsync rules show professional
    """
    from calsync.rules.layers import available, layers_of, unknown
    from calsync.rules.load import load_packs
    from calsync.rules.origins import values_of, whole_text

    state = state_of(ctx)
    config = state.config()
    known = available(config.rules_dir)
    if pack not in known:
        raise UsageError(unknown(pack, known), "calsync rules list shows them all.")
    if as_json and as_toml:
        raise UsageError("choose one of --json and --toml")
    (loaded,) = load_packs([pack], config.rules_dir)
    layers = layers_of(pack, config.rules_dir)
    values = values_of(layers)
    if as_toml:
        print(whole_text(pack, layers), end="")  # as it is, however narrow the terminal
    elif as_json:
        state.terminal.json(_as_json(loaded, layers, values, pack in config.rules.packs))
    else:
        _Sheet(state, loaded, values).show(pack in config.rules.packs)


def _is_own(file: Path | None, folder: Path) -> bool:
    return file is not None and file.parent == folder


def _kind(pack: Mapping[str, Any]) -> str:
    if not pack["own"]:
        return "shipped" if pack["file"] else "missing"
    if not pack["extends"]:
        return "yours"
    return "yours over the shipped one" if pack["extends"] == pack["name"] else f"yours over {pack['extends']}"


def _as_json(pack: Pack, layers: list[Layer], values: list[Value], used: bool) -> dict[str, Any]:
    from calsync.rules.layers import merged
    from calsync.rules.wordings import condition_words

    data = merged(layers)
    rules = []
    for raw, rule in zip(data["rule"], pack.rules, strict=True):
        own = {key: value for key, value in raw.items() if key != "step"}
        words = dict(condition_words(rule))
        rules.append({**own, "when": raw.get("when", {}), "conditions": words, "steps": raw.get("step", [])})
    return {
        "name": pack.name,
        "summary": pack.summary,
        "used": used,
        "extends": pack.extends,
        "files": [str(layer.path) for layer in layers],
        "rules": rules,
        "messages": data.get("message", {}),
        "values": [
            {
                "name": f"{pack.name}.{each.dotted}",
                "value": each.value,
                "file": str(each.file),
                "overrides": each.beneath,
            }
            for each in values
        ],
    }


class _Sheet:
    """One pack on a page; a mark behind a value tells the file that says it."""

    def __init__(self, state: State, pack: Pack, values: list[Value]) -> None:
        self.state, self.terminal, self.pack = state, state.terminal, pack
        self.files = pack.files
        self.places = {value.path: self.files.index(value.file) for value in values}

    def show(self, used: bool) -> None:
        title = Cell("in use", "good") if used else Cell("not in use", "warn")
        self.terminal.line(Cell(self.pack.name, "strong"), ": ", title)
        if self.pack.summary:
            self.terminal.line(self.pack.summary + self._mark(("summary",)))
        for number, file in enumerate(self.files):
            which = f"{self._sign(number)} is" if self._sign(number) else "the rest is"
            self.terminal.line(Cell(f"{which} from {file}" if len(self.files) > 1 else str(file), "dim"))
        for rule in self.pack.rules:
            self.terminal.line()
            self._rule(rule)
        if self.pack.messages:
            self.terminal.line()
            self._messages()

    def _rule(self, rule: Rule) -> None:
        from calsync.rules.wordings import condition_words

        at = ("rule", rule.id)
        summary = f": {rule.summary}{self._mark((*at, 'summary'))}" if rule.summary else ""
        self.terminal.line(Cell(rule.id, "strong"), summary)
        conditions = [wanted + self._mark((*at, "when", key)) for key, wanted in condition_words(rule)]
        self.terminal.line(Cell("when ", "dim"), "; ".join(conditions))
        rows: list[Row] = []
        for step in rule.steps:
            path = (*at, "step", step.id)
            unless = f"unless {', '.join(step.unless)}" if step.unless else "in any case"
            unless += self._mark((*path, "unless"))
            times = [str(getattr(step, key)) + self._mark((*path, key)) for key in ("after", "window")]
            rows.append((step.id, *times, *self._touch(step, path, unless)))
        titles = ("After", "Window", "At", "Channel") if rule.steps else ("Window", "At", "Channel")
        columns = [Column(title, whole=True) for title in titles]
        if rule.every is not None:
            every = ("every tier" if rule.every == "tier" else f"every {rule.every}") + self._mark((*at, "every"))
            window = str(rule.window) + self._mark((*at, "window")) if rule.window else ""
            rows.append((every, window, *self._touch(rule, at, "")))
        self.terminal.table(
            [Column("Step" if rule.steps else "", "new"), *columns, Column("", "dim", below=True)], rows
        )

    def _touch(self, touch: Touch, path: tuple[str, ...], unless: str) -> tuple[str, str, str]:
        from calsync.rules.channels import FORMS
        from calsync.timing.spans import format_hours

        at = format_hours(touch.at) if touch.at else "working hours"
        channel = f"{FORMS[touch.channel].symbol} {touch.channel.value}" if touch.channel else ""
        notes = [unless] if unless else []
        if touch.days == "any" or self._mark((*path, "days")):
            days = "any day" if touch.days == "any" else "working days"
            notes.insert(0, days + self._mark((*path, "days")))
        if touch.priority:
            notes.append(f"priority {touch.priority}" + self._mark((*path, "priority")))
        if touch.message is not None and touch.message != path[-1]:
            draft = f"draft {touch.message}" if isinstance(touch.message, str) else "a draft of its own"
            notes.append(draft + self._mark((*path, "message")))
        return at + self._mark((*path, "at")), channel + self._mark((*path, "channel")), " · ".join(notes)

    def _messages(self) -> None:
        self.terminal.line(Cell("Drafts", "strong"))
        rows: list[Row] = []
        for name, message in self.pack.messages.items():
            path = ("message", name)
            body = " ".join(message.body.split())
            rows.append(
                (
                    name,
                    message.subject + self._mark((*path, "subject")),
                    Cell(_cut(body, 60) + self._mark((*path, "body")), "dim"),
                )
            )
        self.terminal.table([Column("", "new", whole=True), Column(""), Column("", below=True)], rows)

    def _mark(self, path: tuple[str, ...]) -> str:
        places = [place for at, place in self.places.items() if at[: len(path)] == path]
        return self._sign(min(places)) if places else ""

    def _sign(self, number: int) -> str:
        return "" if number == len(self.files) - 1 else _MARKS[min(number, len(_MARKS) - 1)]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1].rstrip() + "…"
