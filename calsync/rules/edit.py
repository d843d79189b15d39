"""Changing one value of a pack: what the user's file would say, and whether that is sound.

What is shipped stays as shipped. A change goes into the user's own file, which is made
where there is none, extends the shipped pack, and holds only what differs. Nothing is
written here: a change is a text, to be looked at, tried out, or put into its place.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from copy import deepcopy
from pathlib import Path
from typing import Any, NamedTuple

from calsync.errors import ConfigError
from calsync.rules.check import check_templates
from calsync.rules.layers import Texts, available, layer_at, layers_of, merged, shipped_dir, value_at
from calsync.rules.load import load_packs
from calsync.rules.names import Name, resolve, value_of
from calsync.rules.toml_text import CannotEdit, append_table, drop, put
from calsync.toml_lines import KeyPath

_UNWRITTEN = "Nothing was written."
_PLACE = re.compile(r"(.*?):\d+(?::\d+)?: (.*)", re.DOTALL)


class Change(NamedTuple):
    """One changed value. ``before`` and ``after`` are the texts of the user's file ``path``;
    None stands for no file. ``old`` and ``new`` are what the pack says with all that it
    extends; None stands for a key that is left out."""

    name: Name
    path: Path
    before: str | None
    after: str | None
    old: Any
    new: Any

    @property
    def is_none(self) -> bool:
        """Whether all stays as it is."""
        return self.before == self.after


def set_value(dotted: str, text: str, user_dir: Path, instead: Texts | None = None) -> Change:
    """The change that gives a value the text that the user typed.

    ``instead`` holds texts that stand for files, so that changes can be added up. Raises
    UsageError for a name that means nothing, and ConfigError where the pack, or another of
    the user's that builds on it, would not be sound.
    """
    name = resolve(dotted, user_dir, instead)
    path = user_dir / f"{name.pack}.toml"
    before = _text_at(path, instead)
    old = _merged_value(name, user_dir, instead)
    new = value_of(name, text)
    start = fresh_text(name.pack) if before is None else before
    after = _with(start, name, new, path)
    change = Change(name, path, before, after, old, new)
    if _sound(change, user_dir, instead):
        return change
    return change._replace(after=before, new=old)


def unset_value(dotted: str, user_dir: Path, instead: Texts | None = None) -> Change:
    """The change that takes a value out of the user's file, and what is empty without it.

    ``after`` is None where nothing of the file is left but what calsync wrote. Raises as
    :func:`set_value` does.
    """
    name = resolve(dotted, user_dir, instead)
    path = user_dir / f"{name.pack}.toml"
    before = _text_at(path, instead)
    old = _merged_value(name, user_dir, instead)
    if before is None or value_at(layer_at(path, instead).data, name.path) is None:
        return Change(name, path, before, before, old, old)
    after: str | None = _without(before, name, path)
    change = Change(name, path, before, after, old, None)
    _sound(change, user_dir, instead)
    standing = {**(instead or {}), path: after or ""}
    change = change._replace(new=_merged_value(name, user_dir, standing))
    if after is not None and after.strip() == fresh_text(name.pack).strip():
        change = change._replace(after=None)
    return change


def problems_of(name: str, user_dir: Path | None, instead: Texts | None = None) -> list[str]:
    """All that is wrong with a pack, its templates included, each as ``file:line: key: sentence``."""
    try:
        (pack,) = load_packs([name], user_dir, instead)
    except ConfigError as error:
        return error.problems
    return check_templates(pack, instead)


def fresh_text(pack: str) -> str:
    """A user's file for a shipped pack, before anything in it is changed."""
    return (
        f'# What you changed in the pack "{pack}". All that is not here stays as it is shipped;\n'
        f"# calsync rules show {pack} shows the whole.\n"
        f'extends = "{pack}"\n'
    )


def _text_at(path: Path, instead: Texts | None) -> str | None:
    if (instead and path in instead) or path.is_file():
        return layer_at(path, instead).text
    return None


def _merged_value(name: Name, user_dir: Path, instead: Texts | None) -> Any:
    return value_at(merged(layers_of(name.pack, user_dir, instead)), name.path)


def _sound(change: Change, user_dir: Path, instead: Texts | None) -> bool:
    """Whether the change makes a difference. Raises ConfigError where it does harm."""
    assert change.after is not None
    name, standing = change.name, {**(instead or {}), change.path: change.after}
    found = problems_of(name.pack, user_dir, standing)
    known = {_said(line): line for line in problems_of(name.pack, user_dir, instead)}
    if found:
        ours = ".".join(word for word in name.path if word not in ("rule", "step"))
        told = []
        for line in found:
            said = _said(line)
            mine = said not in known and (said.startswith((f"{ours}:", f"{ours}.")) or change.before is None)
            # What was wrong before is told with the line where it stands, not where it would stand.
            told.append(f"{name.pack}.{said}" if mine else known.get(said, line))
        raise ConfigError(told, _UNWRITTEN)
    others = [pack for pack, file in available(user_dir).items() if file.parent != shipped_dir() and pack != name.pack]
    for other in others:
        before = set(map(_said, problems_of(other, user_dir, instead)))
        if new := [line for line in problems_of(other, user_dir, standing) if _said(line) not in before]:
            raise ConfigError(new, f"The pack {other} builds on {name.pack}. {_UNWRITTEN}")
    if known:
        return True
    (was,), (now,) = (load_packs([name.pack], user_dir, texts) for texts in (instead, standing))
    return (was.summary, was.rules, was.messages) != (now.summary, now.rules, now.messages)


def _said(line: str) -> str:
    """A problem without its file and line."""
    match = _PLACE.fullmatch(line)
    return match[2] if match else line


def _with(text: str, name: Name, value: Any, file: Path) -> str:
    expected = _merge_in(tomllib.loads(text), name.path, value)
    try:
        path: KeyPath = ()
        for place, word in enumerate(name.path[:-1]):
            path, text = _stepped(text, path, word, name.path[place - 1] if place else "")
        return _checked(put(text, (*path, name.key), value), expected, name, file)
    except CannotEdit:
        raise _by_hand(text, name, file) from None


def _stepped(text: str, path: KeyPath, word: str, before: str) -> tuple[KeyPath, str]:
    """One word further along a path, to a table that is made where it is missing."""
    if before not in ("rule", "step") or len(path) % 2 == 0:
        return (*path, word), text
    listed = _at(tomllib.loads(text), path)
    ids = [each.get("id") for each in listed] if isinstance(listed, list) else []
    if word not in ids:
        text = append_table(text, path, {"id": word})
        ids.append(word)
    return (*path, ids.index(word)), text


def _without(text: str, name: Name, file: Path) -> str:
    data = tomllib.loads(text)
    path = _numbered(data, name.path)
    expected = deepcopy(data)
    del _at(expected, path[:-1])[path[-1]]
    try:
        text = _checked(drop(text, path), expected, name, file)
    except CannotEdit:
        raise _by_hand(text, name, file) from None
    # A table that says nothing any more goes as well, if something stands below it.
    inherits = isinstance(data.get("extends"), str)
    for length in range(len(path) - 1, 0, -1):
        left = _at(tomllib.loads(text), path[:length])
        is_element = isinstance(path[length - 1], int)
        if left in ({}, []) or (inherits and is_element and isinstance(left, dict) and set(left) == {"id"}):
            text = drop(text, path[:length])
    return text


def _checked(text: str, expected: Mapping[str, Any], name: Name, file: Path) -> str:
    """The text, if it says what it should. No form of TOML may make a change of one value one of two."""
    try:
        if tomllib.loads(text) == expected:
            return text
    except tomllib.TOMLDecodeError:
        pass
    raise _by_hand(text, name, file)


def _by_hand(text: str, name: Name, file: Path) -> ConfigError:
    from calsync.toml_lines import lines, nearest_line

    line = nearest_line(lines(text), _numbered(tomllib.loads(text), name.path))
    sentence = "written in a way that cannot be changed from here"
    return ConfigError([f"{file}:{line}: {name.text}: {sentence}"], f"Change it in the file. {_UNWRITTEN}")


def _merge_in(data: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    """The data with a value at a path by ids; tables that are missing are made."""
    table: Any = data
    for place, word in enumerate(path[:-1]):
        if isinstance(table, list):
            found = next((each for each in table if isinstance(each, dict) and each.get("id") == word), None)
            if found is None:
                found = {"id": word}
                table.append(found)
            table = found
        else:
            of_ids = word in ("rule", "step") and place in (0, 2)
            table = table.setdefault(word, [] if of_ids else {}) if isinstance(table, dict) else {}
    if isinstance(table, dict):
        table[path[-1]] = value
    return data


def _numbered(data: Any, path: tuple[str, ...]) -> KeyPath:
    result: list[str | int] = []
    for word in path:
        if isinstance(data, list):
            ids = [each.get("id") if isinstance(each, dict) else None for each in data]
            if word not in ids:
                break
            result.append(ids.index(word))
            data = data[ids.index(word)]
        else:
            result.append(word)
            data = data.get(word) if isinstance(data, dict) else None
    return tuple(result)


def _at(data: Any, path: KeyPath) -> Any:
    for key in path:
        try:
            data = data[key]
        except (KeyError, IndexError, TypeError):
            return None
    return data
