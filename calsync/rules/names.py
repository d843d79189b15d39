"""The names of single values: ``professional.first-meeting.hello.after``.

Whoever changes one number should not have to open a file. A name says which value is
meant, wherever in the files of the pack it stands or would stand; one that is off is told
the nearest that is right.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from calsync.errors import UsageError
from calsync.rules.layers import Texts, available, layers_of, merged, unknown, value_at
from calsync.rules.schema import Message, Rule, Step, When
from calsync.toml_problems import nearest, shown

STEP_KEYS = tuple(key for key in Step.model_fields if key != "id")
RULE_KEYS = tuple(key for key in Rule.model_fields if key not in ("id", "when", "step"))
WHEN_KEYS = tuple(When.model_fields)
MESSAGE_KEYS = tuple(Message.model_fields)

_FORM = "A value is called PACK.RULE.STEP.KEY, such as professional.first-meeting.hello.after."
_TRUTHS = {"true": True, "false": False}


class Name(NamedTuple):
    """A value of a pack. ``path`` leads to it, rules and steps by their ids."""

    text: str
    pack: str
    path: tuple[str, ...]

    @property
    def key(self) -> str:
        return self.path[-1]

    @property
    def is_condition(self) -> bool:
        return self.path[0] == "rule" and self.path[2] == "when"


def resolve(text: str, user_dir: Path | None, instead: Texts | None = None) -> Name:
    """What a dotted name means. ``instead`` is as in :func:`calsync.rules.load.load_packs`.

    ``PACK.summary``, ``PACK.message.NAME.KEY``, ``PACK.RULE.KEY``, ``PACK.RULE.when.KEY``,
    ``PACK.RULE.STEP.KEY``. Raises UsageError with the nearest valid name, and ConfigError
    where the pack is no TOML.
    """
    pack, _, rest = text.strip().partition(".")
    known = available(user_dir)
    if pack not in known and not (instead and any(path.stem == pack for path in instead)):
        raise UsageError(unknown(pack, known), _FORM)
    if not rest:
        raise UsageError(f"{shown(pack)} is a whole pack; name a value in it", _FORM)
    path = _path(pack, rest.split("."), merged(layers_of(pack, user_dir, instead)))
    return Name(text.strip(), pack, path)


def value_of(name: Name, text: str) -> Any:
    """What the user typed, as the key takes it: text, a number, true or false, or a list.

    A list is written as in TOML, ``["met", "booked"]``, or with commas alone. What cannot
    be read stays text, for the schema to say what was expected. Raises UsageError for what
    is no text at all.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise UsageError(f"the value for {name.text} is not UTF-8 text") from None
    listed = name.key == "unless" or name.is_condition
    toml = _as_toml(text)
    if listed and isinstance(toml, list):
        return toml
    if isinstance(toml, str) or (name.key == "message" and isinstance(toml, dict)):
        return [toml] if name.key == "unless" else toml
    # A pattern may hold commas of its own.
    if listed and name.key != "title" and ("," in text or name.key == "unless"):
        return [_scalar(name, part.strip()) for part in text.split(",") if part.strip()]
    return _scalar(name, text)


def _scalar(name: Name, text: str) -> Any:
    if name.key in ("recurring", "all_day"):
        return _TRUTHS.get(text.strip().lower(), text)
    if name.key in ("priority", "group") and re.fullmatch(r"[+-]?[0-9]{1,9}", text.strip()):
        return int(text)
    return text


def _as_toml(text: str) -> Any:
    if not text.strip().startswith(("[", "{", '"', "'")):
        return None
    try:
        return tomllib.loads(f"value = {text.strip()}").get("value")
    except (tomllib.TOMLDecodeError, RecursionError):
        return None


def _path(pack: str, words: list[str], data: Mapping[str, Any]) -> tuple[str, ...]:
    rules = _ids(data.get("rule"))
    first = words[0]
    if first == "summary" and len(words) == 1:
        return ("summary",)
    if first == "message" and first not in rules:
        return _message_path(pack, words, data)
    if first not in rules:
        raise _none("rule", first, pack, [*rules, "summary", "message"], rules)
    return ("rule", first, *_rule_path(f"{pack}.{first}", words[1:], value_at(data, ("rule", first))))


def _message_path(pack: str, words: list[str], data: Mapping[str, Any]) -> tuple[str, ...]:
    messages = data.get("message")
    names = [*messages] if isinstance(messages, Mapping) else []
    if len(words) < 3:
        which = f"{pack}.message.NAME.subject" if not names else f"{pack}.message.{names[0]}.subject"
        raise UsageError(f"{shown('.'.join([pack, *words]))} is not a single value", f"Name one such as {which}.")
    name, key = ".".join(words[1:-1]), words[-1]
    if name not in names:
        raise _none("message", name, pack, names, names)
    if key not in MESSAGE_KEYS:
        raise _none("key", key, f"{pack}.message.{name}", MESSAGE_KEYS, MESSAGE_KEYS)
    return ("message", name, key)


def _rule_path(rule: str, words: list[str], table: Any) -> tuple[str, ...]:
    """The rest of a path, inside one rule."""
    steps = _ids(table.get("step"))
    listed = f"Its steps are {', '.join(steps)}." if steps else f"Its keys are {', '.join(RULE_KEYS)}."
    if not words:
        raise UsageError(f"{shown(rule)} is a whole rule; name a value in it", listed)
    first, rest = words[0], words[1:]
    if "id" in (first, *rest):
        raise UsageError(
            f"the id in {shown('.'.join([rule, *words]))} is never changed",
            "Done and dismissed follow-ups are remembered by it; a new id is a new rule or step, made in the file.",
        )
    if first == "when":
        return ("when", *_one_key(f"{rule}.when", rest, WHEN_KEYS))
    if first in steps:
        return ("step", first, *_one_key(f"{rule}.{first}", rest, STEP_KEYS))
    if first in RULE_KEYS and (table.get("every") is not None or first in ("summary", "every") or not steps):
        return _one_key(rule, words, RULE_KEYS)
    if first in STEP_KEYS:
        raise UsageError(f"{shown(first)} in {rule} belongs to a step", listed)
    if first in WHEN_KEYS:
        raise UsageError(f"{shown(first)} in {rule} is a condition", f"Name it as {rule}.when.{first}.")
    raise _none("step or key" if steps else "key", first, rule, [*steps, "when", *RULE_KEYS], [*steps, "summary"])


def _one_key(table: str, words: list[str], keys: Iterable[str]) -> tuple[str, ...]:
    known = list(keys)
    if not words:
        raise UsageError(f"{shown(table)} is not a single value", f"Its keys are {', '.join(known)}.")
    if words[0] not in known:
        raise _none("key", words[0], table, known, known)
    if len(words) == 1:
        return (words[0],)
    if words[0] == "message" and len(words) == 2 and words[1] in MESSAGE_KEYS:
        return (words[0], words[1])
    raise UsageError(f"{shown('.'.join([table, *words]))} goes too deep", f"{table}.{words[0]} is a value itself.")


def _none(kind: str, word: str, where: str, near: Iterable[str], known: Iterable[str]) -> UsageError:
    hint = nearest(word, near) or f"; known are {', '.join(known) or 'none'}"
    return UsageError(f"there is no {kind} {shown(word)} in {where}{hint}", _FORM)


def _ids(listed: Any) -> list[str]:
    tables = [each for each in listed if isinstance(each, Mapping)] if isinstance(listed, list) else []
    return [each["id"] for each in tables if isinstance(each.get("id"), str)]
