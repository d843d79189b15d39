"""``calsync rules check``: everything that is wrong with the packs, and what is only odd."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, counted
from calsync.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from calsync.config import Config
    from calsync.rules.reach import Around
    from calsync.rules.schema import Pack

_PLACE = re.compile(r"(?:(.+?):(\d+)(?::\d+)?: )?(?:([\w.-]+): )?(.*)", re.DOTALL)


@dataclass
class Checked:
    """What was found in one pack. A finding is a line and its remedy."""

    name: str
    used: bool = True
    rules: int = 0
    broken: list[tuple[str, str]] = field(default_factory=list)
    odd: list[tuple[str, str]] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"name": self.name, "problems": _as_json(self.broken), "warnings": _as_json(self.odd)}


def check(
    ctx: typer.Context,
    packs: Annotated[
        list[str] | None, typer.Argument(metavar="PACK", help="Only these; else those in use and your own.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Look for what is wrong in the packs, and for what is odd.

    Each problem is told with its file, line and key; with one of them the exit code is 10, and a sync would write
    nothing. Warnings, such as a rule that can never match, change nothing.

    \b
    Example:
      calsync rules check
    """
    from calsync.rules.layers import available, unknown

    state = state_of(ctx)
    config = state.config()
    known = available(config.rules_dir)
    if missing := [name for name in packs or () if name not in known]:
        raise UsageError(unknown(missing[0], known), "calsync rules list shows them all.")
    own = [name for name, path in known.items() if path.parent == config.rules_dir]
    names = list(dict.fromkeys(packs or (*config.rules.packs, *own)))
    found = checked(config, names, asked=bool(packs))
    state.exit_code = 10 if any(each.broken for each in found) else 0
    if as_json:
        state.terminal.json({"packs": [each.as_json() for each in found], "exit_code": state.exit_code})
        return
    _show(state, found)


def checked(config: Config, names: list[str], *, asked: bool = False) -> list[Checked]:
    """Look at the packs of these names, as they would be used with this config. Where the user
    ``asked`` for none of them and chose none, it is no news that a shipped one has nothing to do."""
    from calsync.rules.advice import NO_RULE, advise
    from calsync.rules.check import check_templates
    from calsync.rules.layers import REMEDY
    from calsync.rules.load import lines_for, load_packs

    folder = config.rules_dir
    around = around_of(config)
    in_use = _loaded(config, list(config.rules.packs))
    found: list[Checked] = []
    for name in names:
        each = Checked(name, name in config.rules.packs)
        found.append(each)
        try:
            (pack,) = load_packs([name], folder)
        except ConfigError as error:
            each.broken = [(_placed(problem, config), "") for problem in error.problems]
            remedy = "Correct the file and check again." if error.remedy == REMEDY else error.remedy
            each.broken[-1] = (each.broken[-1][0], remedy)
            continue
        each.rules = len(pack.rules)
        each.broken = [(problem, "Correct that template.") for problem in check_templates(pack)]
        chosen = asked or "packs" in config.rules.model_fields_set or pack.files[0].parent == folder
        for advice in advise(pack, in_use, around):
            if not chosen and advice.sentence.endswith(NO_RULE):
                continue
            (line,) = lines_for(pack, [advice.problem])
            each.odd.append((line, advice.remedy))
        each.odd.sort(key=lambda finding: _place_of(finding[0]))
    return found


def around_of(config: Config) -> Around:
    """What of the config bears on rules."""
    from calsync.config import IcsOutput
    from calsync.people.addresses import own_domains
    from calsync.rules.reach import Around

    colleagues = config.colleagues if config.colleagues is not None else own_domains(config.me.emails)
    return Around(
        sources={source.name: source.relationship for source in config.sources},
        colleagues=frozenset(colleagues),
        working_hours=config.me.working_hours,
        group_max=config.people.group_max,
        touches=config.limits.touches,
        feeds=tuple(each.name for each in config.outputs if isinstance(each, IcsOutput)),
    )


def _placed(problem: str, config: Config) -> str:
    """A name that is no pack is a problem of the config, at the line that names it."""
    if not problem.startswith("rules.packs:"):
        return problem
    from calsync.toml_lines import lines, nearest_line

    found = lines(config.path.read_text("utf-8-sig"))
    return f"{config.path}:{nearest_line(found, ('rules', 'packs'))}: {problem}"


def said_in(finding: str) -> str:
    """A finding without its file and line."""
    match = _PLACE.fullmatch(finding)
    return f"{match[3]}: {match[4]}" if match else finding


def _loaded(config: Config, names: list[str]) -> list[Pack]:
    """Those that load, in their order."""
    from calsync.rules.load import load_packs

    loaded: list[Pack] = []
    for name in names:
        try:
            loaded += load_packs([name], config.rules_dir)
        except ConfigError:
            continue
    return loaded


def _show(state: State, found: list[Checked]) -> None:
    terminal = state.terminal
    if not found:
        terminal.line("No pack is in use, so nobody gets a follow-up: name some in [rules] packs.")
    for each in found:
        if each.broken:
            what = counted(len(each.broken), "problem")
            so = "a sync would write nothing" if each.used else "it cannot be used"
            terminal.line(Cell("✗", "bad"), " ", Cell(each.name, "strong"), f": {what}; {so}")
        elif not state.quiet:
            warned = f", {counted(len(each.odd), 'warning')}" if each.odd else ", sound"
            mark = Cell("!", "warn") if each.odd else Cell("✓", "good")
            terminal.line(mark, " ", Cell(each.name, "strong"), f": {counted(each.rules, 'rule')}{warned}")
        for kind, tone, findings in (("", "bad", each.broken), ("warning: ", "warn", each.odd)):
            for line, remedy in findings:
                terminal.line("    ", Cell(kind, "warn" if tone == "warn" else "bad"), line)
                if remedy:
                    terminal.line("        ", Cell(remedy, "dim"))


def _place_of(line: str) -> tuple[str, int]:
    match = _PLACE.fullmatch(line)
    return (match[1] or "", int(match[2] or 0)) if match else ("", 0)


def _as_json(findings: list[tuple[str, str]]) -> list[dict[str, Any]]:
    told = []
    for line, remedy in findings:
        match = _PLACE.fullmatch(line)
        file, number, key, sentence = match.groups() if match else (None, None, None, line)
        told.append(
            {
                "file": file,
                "line": int(number) if number else None,
                "key": key or "",
                "message": sentence,
                "remedy": remedy,
            }
        )
    return told
