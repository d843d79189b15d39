"""What is wrong with a TOML file, in the words of the person who wrote it.

Config and packs promise the same: every problem of a file at once, each with the file,
the line, the key, what was expected and the nearest valid name. This module turns TOML's
and the schema's own complaints into such sentences, so that both keep the promise alike.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin

from calsync.errors import ConfigError
from calsync.toml_lines import KeyPath

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError
    from pydantic.fields import FieldInfo


class Problem(NamedTuple):
    """One thing that is wrong: at which key, and the sentence that says so."""

    path: KeyPath
    sentence: str


class Wrong(ValueError):
    """A value, or a combination of keys, that cannot be; ``key`` names the one to look at."""

    def __init__(self, sentence: str, key: str = "") -> None:
        super().__init__(sentence)
        self.key = key


def read(path: Path, remedy_if_missing: str, longest: int = 0) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file and what it says; a UTF-8 byte order mark is ignored.

    Raises ConfigError when the file is missing, unreadable, not TOML, or has more than
    ``longest`` bytes, where that is given.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(longest + 1 if longest else -1)
        if longest and len(content) > longest:
            sentence = f"{path}:1: larger than {longest:,} bytes, which no pack is"
            raise ConfigError([sentence], "Move that file away, or split it.")
        text = content.decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([f"{path}: there is no such file"], remedy_if_missing) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([f"{path}:{line}: not UTF-8 text"], "Save the file as UTF-8.") from None
    except OSError as error:
        trouble = (error.strerror or str(error)).lower()
        raise ConfigError([f"{path}: cannot be read: {trouble}"], "Check the path and its permissions.") from None
    return text, understood(path, text)


def understood(path: Path, text: str) -> dict[str, Any]:
    """What a TOML text says. Raises ConfigError, naming ``path``, when it is not TOML."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([f"{path}:{_syntax(str(error), text)}"], "Correct that line and try again.") from None
    except RecursionError:
        raise ConfigError([f"{path}:1: nested too deeply"], "Take some of its brackets away.") from None


def nearest(word: str, names: Iterable[str]) -> str:
    """``; did you mean "lookback"?`` for the name closest to ``word``, or nothing."""
    import difflib

    known = {name.casefold(): name for name in names}
    close = difflib.get_close_matches(word.casefold(), known, n=1, cutoff=0.6)
    return f'; did you mean "{known[close[0]]}"?' if close else ""


def one_of(words: Iterable[str]) -> str:
    """``"full", "names" or "busy"``."""
    quoted = [f'"{word}"' for word in words]
    return " or ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)


def shown(value: object) -> str:
    """A value as it looks in TOML, short enough for a message."""
    match value:
        case bool():
            text = str(value).lower()
        case str():
            text = '"' + value.replace("\n", "\\n") + '"'
        case dict():
            text = "a table"
        case list() | tuple():
            text = "[" + ", ".join(shown(item) for item in value[:4]) + (", …]" if len(value) > 4 else "]")
        case _:
            text = str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def of_validation(error: ValidationError, model: type[BaseModel]) -> list[Problem]:
    """The schema's complaints as problems, in the order of the schema."""
    found: list[Problem] = []
    for detail in error.errors(include_url=False):
        place = _place(model, detail["loc"])
        path = place.path
        wrong = detail.get("ctx", {}).get("error")
        if isinstance(wrong, Wrong) and wrong.key:
            path = (*path, wrong.key)
        elif detail["type"] == "union_tag_invalid":
            path = (*path, "type")
        sentence = _sentence(detail, place)
        if sentence:
            found.append(Problem(path, sentence))
    return found


def label(path: KeyPath, data: object) -> str:
    """A key path as a person would say it: ``source.work.path``, ``first-meeting.hello.after``.

    An element of a list of tables goes by its ``name``, or by its ``id`` alone without
    the word for the list; else by its place, counted from 1.
    """
    words: list[str] = []
    for key in path:
        inner = _step_into(data, key)
        if isinstance(key, str):
            words.append(key if key.isprintable() else shown(key))
        elif not isinstance(data, list):
            pass  # the schema takes a single value as a list of one
        elif name := _called(inner, "id"):
            words[-1:] = [name]
        else:
            words.append(_called(inner, "name") or str(key + 1))
        data = inner
    return ".".join(words)


def _called(table: object, key: str) -> str:
    name = table.get(key) if isinstance(table, Mapping) else None
    return name if isinstance(name, str) and name.isprintable() and len(name) <= 60 else ""


def _step_into(data: object, key: str | int) -> object:
    if isinstance(key, str) and isinstance(data, Mapping):
        return data.get(key)
    if isinstance(key, int) and isinstance(data, list | tuple) and key < len(data):
        return data[key]
    return None


def _syntax(message: str, text: str) -> str:
    place = re.search(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)$", message)
    lines = text.rstrip().split("\n")
    line, column = len(lines), len(lines[-1]) + 1
    if place is not None:
        message = message[: place.start()]
        if place.group(1):
            line, column = int(place.group(1)), int(place.group(2))
    hint = ""
    if message.startswith("Invalid value"):
        hint = "; text stands in quotes, lists in [ ]"
    elif message.startswith("Cannot overwrite") or "twice" in message:
        hint = "; the same key or table is set twice"
    elif message.startswith(("Unclosed", "Illegal character", "Expected newline")):
        hint = "; look for a missing quote or bracket in this line or the one before"
    return f"{line}:{column}: not valid TOML: {message[:1].lower()}{message[1:]}{hint}"


_WORDS: dict[str, str] = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "bool_type": "true or false",
    "tuple_type": "a list in [ ]",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "union_tag_not_found": "a table",
}


class _Place(NamedTuple):
    """Where the schema complains: the key path without the schema's own marks, the model of
    the table that holds the key, and the models that the table could have been."""

    path: KeyPath
    owner: type[BaseModel] | None
    choices: dict[str, type[BaseModel]]

    def names(self) -> list[str]:
        return list(_fields(self.owner))

    def expected(self) -> str:
        field = _fields(self.owner).get(str(self.path[-1]))
        return f"; expected {field.description}" if field is not None and field.description else ""

    def kinds_with(self, key: str) -> list[str]:
        return [kind for kind, model in self.choices.items() if key in _fields(model)]


def _sentence(detail: Mapping[str, Any], place: _Place) -> str:
    kind, value, context = detail["type"], detail["input"], detail.get("ctx", {})
    key = place.path[-1] if place.path else ""
    match kind:
        case "extra_forbidden":
            if kinds := place.kinds_with(str(key)):
                return f"a key for type = {one_of(kinds)}; known here: {', '.join(place.names())}"
            hint = nearest(str(key), place.names())
            return f"unknown key{hint or '; known here: ' + ', '.join(place.names())}"
        case "missing":
            return f"required, and missing{place.expected()}"
        case "literal_error":
            return _choice(re.findall(r"'([^']*)'", context["expected"]), value)
        case "union_tag_invalid":
            return _choice(re.findall(r"'([^']*)'", context["expected_tags"]), context["tag"])
        case "greater_than_equal":
            return f"expected {context['ge']} or more, found {shown(value)}"
        case "less_than_equal":
            return f"expected {context['le']} or less, found {shown(value)}"
        case "too_short":
            return f"at least one is required{place.expected()}" if not value else ""
        case "value_error":
            return str(context["error"])
        case "tuple_type" if isinstance(value, Mapping):
            return f"expected a list, found a table; did you mean [[{key}]], with two brackets?"
        case _ if kind in _WORDS:
            return f"expected {_WORDS[kind]}, found {shown(value)}"
        case _:
            return f"{detail['msg'][:1].lower()}{detail['msg'][1:]}, found {shown(value)}"


def _choice(words: list[str], value: object) -> str:
    hint = nearest(value, words) if isinstance(value, str) else ""
    return f"expected {one_of(words)}, found {shown(value)}{hint}"


def _place(model: type[BaseModel], loc: tuple[str | int, ...]) -> _Place:
    path: list[str | int] = []
    owner: type[BaseModel] | None = model
    choices: dict[str, type[BaseModel]] = {}
    by_name = False  # the next key is a name of the user's own choice
    for step, key in enumerate(loc):
        if isinstance(key, str) and key in choices and isinstance(loc[step - 1], int):
            owner = choices[key]
            continue
        path.append(key)
        if by_name:
            by_name = False
        elif isinstance(key, str) and step < len(loc) - 1:
            field = _fields(owner).get(key)
            models = list(_models(field.annotation)) if field is not None else []
            owner = models[0] if len(models) == 1 else None
            by_name = field is not None and get_origin(field.annotation) is dict
            several = models if len(models) > 1 else []
            choices = {str(each.model_fields["type"].default): each for each in several}
    return _Place(tuple(path), owner, choices)


def _fields(model: type[BaseModel] | None) -> dict[str, FieldInfo]:
    return model.model_fields if model is not None else {}


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    from pydantic import BaseModel

    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    for inner in get_args(annotation):
        yield from _models(inner)


def lines_of(problems: Iterable[Problem], place: Callable[[KeyPath], str], data: object) -> list[str]:
    """One line for each problem, in file order; ``place`` tells ``config.toml:12`` for a key path."""
    return in_file_order(f"{place(path)}: {label(path, data)}: {sentence}" for path, sentence in problems)


def in_file_order(lines: Iterable[str]) -> list[str]:
    """Lines that begin with ``file:number: ``, by file and number, each once."""

    def order(line: str) -> tuple[str, int]:
        match = re.match(r"(.*?):(\d+): ", line)
        return (match[1], int(match[2])) if match else ("", 0)

    return sorted(dict.fromkeys(lines), key=order)
