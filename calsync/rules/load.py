"""Reading packs: what the files of a pack say together, and what is wrong with it.

Shipped packs serve everyone, a user's own pack replaces or extends them. A pack that
cannot be read whole is not used at all: a follow-up that never comes because of a typo
is the one fault nobody would notice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from calsync.errors import ConfigError
from calsync.rules.layers import BY_ID, REMEDY, Layer, Texts, available, by_id, layer_at, layers_of, merged, shipped_dir
from calsync.rules.schema import Pack, PackFile
from calsync.toml_lines import KeyPath
from calsync.toml_problems import Problem, in_file_order, lines_of, nearest, of_validation, shown

__all__ = ["available", "lines_for", "load_packs", "shipped_dir"]


def load_packs(names: Sequence[str], user_dir: Path | None, instead: Texts | None = None) -> tuple[Pack, ...]:
    """The packs of these names, in this order, checked whole.

    ``user_dir`` is the folder of the user's own packs, which replace shipped ones of the
    same name; it need not exist. ``instead`` holds texts that stand for files, to see what
    a change would mean. Raises ConfigError with all problems of all packs, each as
    ``file:line: rule.step.key: sentence``. Templates are not looked into here, see
    :func:`calsync.rules.check.check_templates`.
    """
    packs: list[Pack] = []
    problems: list[str] = []
    remedies: list[str] = []
    for name in dict.fromkeys(names):
        try:
            packs.append(_load(name, user_dir, instead))
        except ConfigError as error:
            problems += error.problems
            remedies.append(error.remedy)
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)), remedies[0] if len(remedies) == 1 else REMEDY)
    return tuple(packs)


def lines_for(pack: Pack, problems: Iterable[Problem], instead: Texts | None = None) -> list[str]:
    """Problems found in a loaded pack, each with the file and line it comes from."""
    layers = [layer_at(path, instead) for path in pack.files]
    return _lines(layers, merged(layers), problems)


def _load(name: str, user_dir: Path | None, instead: Texts | None) -> Pack:
    layers = layers_of(name, user_dir, instead)
    data = merged(layers)
    found = [line for layer in layers for line in _nameless(layer)]
    try:
        file = PackFile.model_validate(data)
    except ValidationError as error:
        # What has no id is left out of the merge: do not ask for rules or steps that are there.
        problems = [each for each in of_validation(error, PackFile) if not (found and _asks_for_more(each))]
        raise ConfigError(in_file_order(found + _lines(layers, data, problems)), REMEDY) from None
    found += _lines(layers, data, _unknown_messages(file))
    if found:
        raise ConfigError(in_file_order(found), REMEDY)
    return Pack(name, file.summary, file.extends, file.rule, file.message, tuple(each.path for each in layers))


def _asks_for_more(problem: Problem) -> bool:
    return problem.path == ("rule",) or problem.sentence.startswith("needs [[rule.step]]")


def _nameless(layer: Layer) -> list[str]:
    problems = list(_without_id(layer.data))
    if not problems:
        return []
    from calsync.toml_lines import lines, nearest_line

    found = lines(layer.text)
    return lines_of(problems, lambda path: f"{layer.path}:{nearest_line(found, path)}", layer.data)


def _without_id(table: Mapping[str, Any], at: KeyPath = ()) -> Iterator[Problem]:
    """Rules and steps of one file that have no id of their own to be found by."""
    for key in BY_ID:
        listed = table.get(key)
        seen: set[str] = set()
        for number, each in enumerate(listed if isinstance(listed, list) else []):
            path = (*at, key, number)
            if not isinstance(each, dict):
                yield Problem(path, f"expected a table, found {shown(each)}")
                continue
            identity = each.get("id")
            if identity is None:
                yield Problem((*path, "id"), "required, and missing")
            elif not isinstance(identity, str):
                yield Problem((*path, "id"), f"expected text in quotes, found {shown(identity)}")
            elif identity in seen:
                yield Problem((*path, "id"), f"another {key} here has the id {shown(identity)} too")
            else:
                seen.add(identity)
            yield from _without_id(each, path)


def _unknown_messages(file: PackFile) -> Iterator[Problem]:
    for number, rule in enumerate(file.rule):
        places: list[tuple[KeyPath, object]] = [(("rule", number, "message"), rule.message)]
        for at, step in enumerate(rule.steps):
            places.append((("rule", number, "step", at, "message"), step.message))
        for path, message in places:
            if isinstance(message, str) and message not in file.message:
                hint = nearest(message, file.message) or f"; known are {', '.join(file.message) or 'none'}"
                yield Problem(path, f"there is no [message.{message}] in this pack{hint}")


def _lines(layers: Sequence[Layer], data: Mapping[str, Any], problems: Iterable[Problem]) -> list[str]:
    problems = list(problems)
    if not problems:
        return []
    from calsync.toml_lines import lines

    found: list[tuple[Path, dict[KeyPath, int]]] = []
    for layer in layers:
        numbers: dict[KeyPath, int] = {}
        for path, line in lines(layer.text).items():
            numbers.setdefault(by_id(path, layer.data), line)
        found.append((layer.path, numbers))

    def place(path: KeyPath) -> str:
        wanted = by_id(path, data)
        for length in range(len(wanted), 0, -1):
            for file, numbers in found:
                if wanted[:length] in numbers:
                    return f"{file}:{numbers[wanted[:length]]}"
        return f"{found[0][0]}:1"

    return lines_of(problems, place, data)
