"""Reading packs: which file a name stands for, what it extends, and what is wrong with it.

Shipped packs serve everyone, a user's own pack replaces or extends them. A pack that
cannot be read whole is not used at all: a follow-up that never comes because of a typo
is the one fault nobody would notice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from calsync.errors import ConfigError
from calsync.rules.schema import Pack, PackFile
from calsync.toml_lines import KeyPath
from calsync.toml_problems import Problem, in_file_order, lines_of, nearest, of_validation, read, shown

_ID = re.compile(r"[a-z0-9-]+")
_REMEDY = "Correct the pack and try again; `calsync doctor` looks at all of them."
_BY_ID = ("rule", "step")


class _File(NamedTuple):
    path: Path
    data: dict[str, Any]


def load_packs(names: Sequence[str], user_dir: Path | None) -> tuple[Pack, ...]:
    """The packs of these names, in this order, checked whole.

    ``user_dir`` is the folder of the user's own packs, which replace shipped ones of the
    same name; it need not exist. Raises ConfigError with all problems of all packs, each
    as ``file:line: rule.step.key: sentence``. Templates are not looked into here, see
    :func:`calsync.rules.check.check_templates`.
    """
    packs: list[Pack] = []
    problems: list[str] = []
    for name in dict.fromkeys(names):
        try:
            packs.append(_load(name, user_dir))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)), _REMEDY)
    return tuple(packs)


def available(user_dir: Path | None) -> dict[str, Path]:
    """Every pack that can be named, by name, with its file; a user's own stands for a shipped one."""
    found: dict[str, Path] = {}
    for folder in (shipped_dir(), user_dir):
        for path in sorted(folder.glob("*.toml")) if folder is not None else ():
            if _ID.fullmatch(path.stem):
                found[path.stem] = path
    return dict(sorted(found.items()))


def shipped_dir() -> Path:
    """The folder of the shipped packs: inside an installed package, else the checkout's ``rules/``."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "packs"
    return inside if inside.is_dir() else package.parent / "rules"


def lines_for(pack: Pack, problems: Iterable[Problem]) -> list[str]:
    """Problems found in a loaded pack, each with the file and line it comes from."""
    chain = [_File(path, read(path, "")[1]) for path in pack.files]
    return _lines(chain, _merged(chain), problems)


def _load(name: str, user_dir: Path | None) -> Pack:
    chain = _chain(name, user_dir)
    merged = _merged(chain)
    found = [line for file in chain for line in _nameless(file)]
    try:
        file = PackFile.model_validate(merged)
    except ValidationError as error:
        # What has no id is left out of the merge: do not ask for rules or steps that are there.
        problems = [each for each in of_validation(error, PackFile) if not (found and _asks_for_more(each))]
        raise ConfigError(in_file_order(found + _lines(chain, merged, problems)), _REMEDY) from None
    found += _lines(chain, merged, _unknown_messages(file))
    if found:
        raise ConfigError(in_file_order(found), _REMEDY)
    return Pack(name, file.summary, file.extends, file.rule, file.message, tuple(each.path for each in chain))


def _asks_for_more(problem: Problem) -> bool:
    return problem.path == ("rule",) or problem.sentence.startswith("needs [[rule.step]]")


def _chain(name: str, user_dir: Path | None) -> list[_File]:
    """The pack's own file, then the one that it extends, and so on."""
    chain: list[_File] = []
    path = _path(name, user_dir)
    if path is None:
        known = available(user_dir)
        raise ConfigError([f"rules.packs: {_unknown(name, known)}"], "Name known packs in config.toml.")
    while True:
        if path in [file.path for file in chain]:
            circle = Problem(("extends",), "extends itself in a circle")
            raise ConfigError(_lines(chain[-1:], {}, [circle]), _REMEDY)
        chain.append(_File(path, read(path, _REMEDY)[1]))
        parent = chain[-1].data.get("extends")
        if not isinstance(parent, str):
            return chain
        # What is shipped stays as shipped: only a user's pack can build on a user's pack,
        # and one that extends its own name means the shipped one.
        shipped_only = path.parent == shipped_dir() or parent == path.stem
        folder = None if shipped_only else user_dir
        own = path
        path = _path(parent, folder)
        if path is None or path == own:
            known = available(folder)
            sentence = "extends itself" if path == own else _unknown(parent, known)
            raise ConfigError(_lines(chain[-1:], {}, [Problem(("extends",), sentence)]), _REMEDY)


def _path(name: str, user_dir: Path | None) -> Path | None:
    for folder in (user_dir, shipped_dir()):
        if folder is not None and _ID.fullmatch(name) and (folder / f"{name}.toml").is_file():
            return folder / f"{name}.toml"
    return None


def _unknown(name: str, known: Iterable[str]) -> str:
    names = list(known)
    return f"there is no pack {shown(name)}" + (nearest(name, names) or f"; known are {', '.join(names)}")


def _merged(chain: Sequence[_File]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for file in reversed(chain):
        merged.pop("extends", None)
        merged = _over(merged, file.data)
    return merged


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """``below`` with what ``above`` says: tables key by key, rules and steps by id."""
    result = dict(below)
    for key, value in above.items():
        if key in _BY_ID and isinstance(value, list):
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


def _nameless(file: _File) -> list[str]:
    problems = list(_without_id(file.data))
    if not problems:
        return []
    from calsync.toml_lines import lines, nearest_line

    found = lines(read(file.path, "")[0])
    return lines_of(problems, lambda path: f"{file.path}:{nearest_line(found, path)}", file.data)


def _without_id(table: Mapping[str, Any], at: KeyPath = ()) -> Iterator[Problem]:
    """Rules and steps of one file that have no id of their own to be found by."""
    for key in _BY_ID:
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


def _lines(chain: Sequence[_File], data: Mapping[str, Any], problems: Iterable[Problem]) -> list[str]:
    problems = list(problems)
    if not problems:
        return []
    from calsync.toml_lines import lines

    found: list[tuple[Path, dict[KeyPath, int]]] = []
    for file in chain:
        numbers: dict[KeyPath, int] = {}
        for path, line in lines(read(file.path, "")[0]).items():
            numbers.setdefault(_by_id(path, file.data), line)
        found.append((file.path, numbers))

    def place(path: KeyPath) -> str:
        wanted = _by_id(path, data)
        for length in range(len(wanted), 0, -1):
            for file, numbers in found:
                if wanted[:length] in numbers:
                    return f"{file}:{numbers[wanted[:length]]}"
        return f"{found[0][0]}:1"

    return lines_of(problems, place, data)


def _by_id(path: KeyPath, data: object) -> KeyPath:
    """The same path with ids in place of numbers, which mean the same in every file of a chain."""
    result: list[str | int] = []
    for key in path:
        if isinstance(key, str):
            data = data.get(key) if isinstance(data, Mapping) else None
        else:
            data = data[key] if isinstance(data, list) and key < len(data) else None
        identity = data.get("id") if isinstance(key, int) and isinstance(data, Mapping) else None
        result.append(identity if isinstance(identity, str) else key)
    return tuple(result)
