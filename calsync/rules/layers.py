"""The files that a pack is made of: its own, then the one that it extends, and so on.

A user's pack says only what should differ, so what a pack means stands in several files.
Here is which file a name stands for, and how the upper file lies over the lower one:
tables key by key, rules and steps by their id.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from calsync.errors import ConfigError
from calsync.toml_lines import KeyPath
from calsync.toml_problems import Problem, lines_of, nearest, read, shown, understood

BY_ID = ("rule", "step")
LONGEST = 250_000
"""Bytes of a pack; the longest shipped one has a fiftieth of that."""

REMEDY = "Correct the pack and try again; `calsync rules check` looks at all of them."
_ID = re.compile(r"[a-z0-9-]+")

Texts = Mapping[Path, str]
"""Texts that stand for files, to see what a change would mean before it is written."""


class Layer(NamedTuple):
    """One file of a pack: its text, and what that says."""

    path: Path
    text: str
    data: dict[str, Any]


def shipped_dir() -> Path:
    """The folder of the shipped packs: inside an installed package, else the checkout's ``rules/``."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "packs"
    return inside if inside.is_dir() else package.parent / "rules"


def available(user_dir: Path | None) -> dict[str, Path]:
    """Every pack that can be named, by name, with its file; a user's own stands for a shipped one."""
    found: dict[str, Path] = {}
    for folder in (shipped_dir(), user_dir):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            if _ID.fullmatch(path.stem) and path.is_file():
                found[path.stem] = path
    return dict(sorted(found.items()))


def layers_of(name: str, user_dir: Path | None, instead: Texts | None = None) -> list[Layer]:
    """The pack's own file, then the one that it extends, and so on.

    ``instead`` holds texts for files that are read from there. Raises ConfigError for a
    name that no file has, a file that cannot be read, and a circle.
    """
    instead = instead or {}
    found: list[Layer] = []
    path = _path(name, user_dir, instead)
    if path is None:
        known = available(user_dir)
        raise ConfigError([f"rules.packs: {unknown(name, known)}"], "Name known packs in config.toml.")
    while True:
        if path in [layer.path for layer in found]:
            raise _wrong_parent(found[-1], "extends itself in a circle")
        found.append(layer_at(path, instead))
        parent = found[-1].data.get("extends")
        if not isinstance(parent, str):
            return found
        # What is shipped stays as shipped: only a user's pack can build on a user's pack,
        # and one that extends its own name means the shipped one.
        shipped_only = path.parent == shipped_dir() or parent == path.stem
        folder = None if shipped_only else user_dir
        own = path
        path = _path(parent, folder, instead)
        if path is None or path == own:
            sentence = "extends itself" if path == own else unknown(parent, available(folder))
            raise _wrong_parent(found[-1], sentence)


def layer_at(path: Path, instead: Texts | None = None) -> Layer:
    """One file, read. Raises ConfigError."""
    if instead and path in instead:
        return Layer(path, instead[path], understood(path, instead[path]))
    return Layer(path, *read(path, REMEDY, LONGEST))


def merged(layers: Sequence[Layer]) -> dict[str, Any]:
    """What the files say together; ``extends`` is that of the uppermost."""
    result: dict[str, Any] = {}
    for layer in reversed(layers):
        result.pop("extends", None)
        result = _over(result, layer.data)
    return result


def by_id(path: KeyPath, data: object) -> KeyPath:
    """The same path with ids in place of numbers, which mean the same in every file of a pack."""
    result: list[str | int] = []
    for key in path:
        if isinstance(key, str):
            data = data.get(key) if isinstance(data, Mapping) else None
        else:
            data = data[key] if isinstance(data, list) and key < len(data) else None
        identity = data.get("id") if isinstance(key, int) and isinstance(data, Mapping) else None
        result.append(identity if isinstance(identity, str) else key)
    return tuple(result)


def value_at(data: object, path: Sequence[str | int]) -> Any:
    """What stands at a path whose rules and steps go by their ids; None where nothing does."""
    for key in path:
        if isinstance(data, Mapping):
            data = data.get(key)
        elif isinstance(data, list):
            data = next((each for each in data if isinstance(each, Mapping) and each.get("id") == key), None)
        else:
            return None
    return data


def unknown(name: str, known: Iterable[str]) -> str:
    """ "there is no pack …", with the nearest name or all of them."""
    names = list(known)
    return f"there is no pack {shown(name)}" + (nearest(name, names) or f"; known are {', '.join(names)}")


def _path(name: str, user_dir: Path | None, instead: Texts) -> Path | None:
    for folder in (user_dir, shipped_dir()):
        if folder is not None and _ID.fullmatch(name):
            path = folder / f"{name}.toml"
            if path in instead or path.is_file():
                return path
    return None


def _wrong_parent(layer: Layer, sentence: str) -> ConfigError:
    from calsync.toml_lines import lines, nearest_line

    line = nearest_line(lines(layer.text), ("extends",))
    return ConfigError(lines_of([Problem(("extends",), sentence)], lambda _: f"{layer.path}:{line}", {}), REMEDY)


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``below`` with what ``above`` says."""
    result = dict(below)
    for key, value in above.items():
        if key in BY_ID and isinstance(value, list):
            old = result.get(key)
            result[key] = _over_by_id(old if isinstance(old, list) else [], value)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = _over(result[key], value)
        else:
            result[key] = _over({}, value) if isinstance(value, dict) else value
    return result


def _over_by_id(below: Sequence[Any], above: Sequence[Any]) -> list[Any]:
    result = list(below)
    place = {each["id"]: number for number, each in enumerate(result) if isinstance(each, dict)}
    for each in above:
        identity = each.get("id") if isinstance(each, dict) else None
        if not isinstance(identity, str):
            continue
        if identity in place:
            result[place[identity]] = _over(result[place[identity]], each)
        else:
            place[identity] = len(result)
            result.append(_over({}, each))
    return result
