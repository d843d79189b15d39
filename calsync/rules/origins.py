"""Which file each value of a pack comes from, and the whole pack as one text.

Who builds on somebody else's habits wants to see what they say in the end, and which part
of it is their own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from calsync.rules.layers import BY_ID, Layer, merged, value_at
from calsync.rules.toml_text import key_text, literal


class Value(NamedTuple):
    """One value. ``path`` leads to it by ids, ``file`` says it; ``beneath`` is what it
    overrides in another file, None where it is said once."""

    path: tuple[str, ...]
    value: Any
    file: Path
    beneath: Any

    @property
    def dotted(self) -> str:
        """The name that ``rules set`` takes, without the pack's."""
        kept = [word for place, word in enumerate(self.path) if not (word in BY_ID and place in (0, 2))]
        return ".".join(kept if self.path[0] == "rule" else self.path)


def values_of(layers: Sequence[Layer]) -> list[Value]:
    """Every value of a pack, in the order of the merged whole; ids are names, not values."""
    found: list[Value] = []
    for path, value in _leaves(merged(layers), ()):
        said = [(layer.path, value_at(layer.data, path)) for layer in layers]
        (file, _), *below = [(file, each) for file, each in said if each is not None]
        found.append(Value(path, value, file, below[0][1] if below else None))
    return found


def whole_text(name: str, layers: Sequence[Layer]) -> str:
    """The pack as one TOML text that extends nothing and means the same."""
    data = merged(layers)
    lines = [f"# The pack {name} as it stands, with all that it extends."]
    if "summary" in data:
        lines.append(f"summary = {literal(data['summary'])}")
    for rule in data.get("rule", []):
        lines += ["", "[[rule]]", *_pairs(rule, "")]
        for step in rule.get("step", []):
            lines += ["", "  [[rule.step]]", *_pairs(step, "  ")]
    for message, texts in data.get("message", {}).items():
        lines += ["", f"[message.{key_text(message)}]", *_pairs(texts, "")]
    return "\n".join(lines) + "\n"


def _pairs(table: Mapping[str, Any], indent: str) -> list[str]:
    return [f"{indent}{key_text(key)} = {literal(value)}" for key, value in table.items() if key not in BY_ID]


def _leaves(data: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, value in data.items():
        at = (*path, key)
        if key in BY_ID and isinstance(value, list) and len(path) in (0, 2):
            for each in value:
                yield from _leaves(each, (*at, each["id"]))
        elif isinstance(value, Mapping):
            yield from _leaves(value, at)
        elif key not in ("id", "extends") or path[:1] == ("message",):
            yield at, value
