"""``calsync rules set``, ``unset`` and ``new``: changing packs with one line.

What is shipped is never touched: changes go into the user's own file of that name, which
is replaced whole, and only when all of it is sound.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.rules.edit import Change

_BOM = b"\xef\xbb\xbf"

Dotted = Annotated[
    str, typer.Argument(metavar="NAME", help="PACK.RULE.STEP.KEY, such as professional.first-meeting.hello.after.")
]


def set_(
    ctx: typer.Context,
    name: Dotted,
    value: Annotated[str, typer.Argument(metavar="VALUE", help='The new value; a list as in ["met", "booked"].')],
) -> None:
    """Change one value of a pack, in a file of your own.

    NAME is PACK.RULE.STEP.KEY; a condition is PACK.RULE.when.KEY, a draft PACK.message.NAME.body, and what a
    rule or pack says of itself PACK.RULE.summary and PACK.summary. A list is written ["met", "booked"] or with
    commas alone. Nothing is written unless the whole pack is sound with it. The next sync follows the new rule.

    \b
    Examples:
      calsync rules set professional.first-meeting.hello.after "2 working days"
      calsync rules set personal.first-meeting.when.group 1..3
    """
    from calsync.rules.edit import set_value

    state = state_of(ctx)
    config = state.config()
    change = set_value(name, value, config.rules_dir)
    if change.is_none:
        state.terminal.line(f"{change.name.text} is {_shown(change, change.old)} already.")
    else:
        odd_before = _odd(state, change.name.pack)
        _write(change)
        _tell(state, change)
        for said, (line, remedy) in _odd(state, change.name.pack).items():
            if said not in odd_before:
                state.terminal.warning(line, remedy)
    _say_if_unused(state, change.name.pack)


def unset(ctx: typer.Context, name: Dotted) -> None:
    """Take a change of yours back; the value is the shipped one again.

    \b
    Example:
      calsync rules unset professional.first-meeting.hello.after
    """
    from calsync.rules.edit import unset_value

    state = state_of(ctx)
    config = state.config()
    change = unset_value(name, config.rules_dir)
    if change.is_none:
        file = f"{change.path} does not set it" if change.before is not None else "you changed nothing in this pack"
        state.terminal.line(f"{change.name.text} stays {_shown(change, change.old)}: {file}.")
        return
    _write(change)
    _tell(state, change)
    if change.after is None:
        state.terminal.line(Cell("Nothing else was in that file, so it is gone.", "dim"))


def new(
    ctx: typer.Context,
    pack: Annotated[str, typer.Argument(metavar="PACK", help="Its name: small letters, digits and hyphens.")],
    extends: Annotated[
        str | None, typer.Option("--extends", metavar="NAME", help="Build on this pack and change some of it.")
    ] = None,
) -> None:
    """Begin a pack of your own, with a comment at each line.

    \b
    Example:
      calsync rules new conferences
    """
    from calsync.files import replace, write_if_different
    from calsync.rules.json_schema import schema_text
    from calsync.rules.starter import SCHEMA_FILE, check_name, starter

    state = state_of(ctx)
    folder = state.config().rules_dir
    check_name(pack, extends, folder)
    path = folder / f"{pack}.toml"
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} is there already", "Choose another name, or change it with calsync rules set.")
    replace(path, starter(pack, extends, folder).encode())
    write_if_different(folder / SCHEMA_FILE, schema_text().encode())
    if not state.quiet:
        state.terminal.line(Cell(str(path), "strong"))
        state.terminal.line(f"Open it in an editor; calsync rules check {pack} looks at it.")
    _say_if_unused(state, pack)


def schema() -> None:
    """Print the grammar of packs as a JSON Schema, for editors that complete and check TOML.

    \b
    Example:
      calsync rules schema > pack.schema.json
    """
    from calsync.rules.json_schema import schema_text

    print(schema_text(), end="")


def _write(change: Change) -> None:
    """Put the new text in the place of the old one, a byte order mark kept."""
    from calsync.files import content, replace

    if change.after is None:
        change.path.unlink(missing_ok=True)
        return
    old = content(change.path) or b""
    replace(change.path, (_BOM if old.startswith(_BOM) else b"") + change.after.encode())


def _tell(state: State, change: Change) -> None:
    if state.quiet:
        return
    old, new = (_shown(change, value) for value in (change.old, change.new))
    state.terminal.line(Cell(change.name.text, "strong"), ": ", Cell(old, "dim"), " → ", Cell(new, "new"))
    state.terminal.line(Cell(f"{'in' if change.after is not None else 'was in'} {change.path}", "dim"))


def _odd(state: State, pack: str) -> dict[str, tuple[str, str]]:
    """What ``rules check`` would warn of in the pack, by what it says apart from the line."""
    from calsync.cli.rule_check import checked, said_in

    (found,) = checked(state.config(), [pack])
    return {said_in(line): (line, remedy) for line, remedy in found.odd}


def _shown(change: Change, value: Any) -> str:
    from calsync.rules.toml_text import literal
    from calsync.rules.wordings import default_words

    if value is None:
        return default_words(change.name)
    text = literal(value)
    lines = text.splitlines()
    return text if len(lines) < 2 else f'"{lines[1]} …" ({len(lines) - 1} lines)'


def _say_if_unused(state: State, pack: str) -> None:
    """A pack that the config does not name decides nothing; say what line would change that."""
    config = state.config()
    if pack in config.rules.packs or _built_on(pack, config.rules.packs, config.rules_dir):
        return
    names = ", ".join(f'"{each}"' for each in (pack, *config.rules.packs))
    state.terminal.warning(
        f"the pack {pack} is not in use", f"To use it, let {config.path} say:  [rules]  packs = [{names}]"
    )


def _built_on(pack: str, used: tuple[str, ...], folder: Path) -> bool:
    from calsync.errors import ConfigError
    from calsync.rules.layers import layers_of

    for name in used:
        try:
            if any(layer.path.stem == pack for layer in layers_of(name, folder)):
                return True
        except ConfigError:
            continue
    return False
