"""The ``fields`` parameter: what a client wants of an answer, such as ``items(id,start/dateTime),nextPageToken``."""

from __future__ import annotations

import re
from typing import Any

from tests.google_server.document import Refused, document

Mask = dict[str, "Mask"]
"""What is kept of an object; an empty mask keeps everything below."""

_WORD = re.compile(r"[\w*]+")


def read(text: str, schema: str) -> Mask:
    """The mask that a text means; Refused where it does not parse or names what the schema has not."""
    mask, rest = _several(text.replace(" ", ""))
    if rest:
        raise _wrong(text)
    _check(mask, {"$ref": schema}, text)
    return mask


def cut(value: Any, mask: Mask) -> Any:
    if not mask or "*" in mask:
        return value
    if isinstance(value, list):
        return [cut(each, mask) for each in value]
    if isinstance(value, dict):
        return {name: cut(each, mask[name]) for name, each in value.items() if name in mask}
    return value


def _several(text: str) -> tuple[Mask, str]:
    mask: Mask = {}
    while True:
        name, below, text = _one(text)
        mask.setdefault(name, {}).update(below)
        if not text.startswith(","):
            return mask, text
        text = text[1:]


def _one(text: str) -> tuple[str, Mask, str]:
    found = _WORD.match(text)
    if not found:
        raise _wrong(text)
    name, text = found.group(), text[found.end() :]
    if text.startswith("/"):
        below_name, below, text = _one(text[1:])
        return name, {below_name: below}, text
    if text.startswith("("):
        mask, text = _several(text[1:])
        if not text.startswith(")"):
            raise _wrong(text)
        return name, mask, text[1:]
    return name, {}, text


def _check(mask: Mask, described: dict[str, Any], text: str) -> None:
    if "$ref" in described:
        described = document()["schemas"][described["$ref"]]
    if described.get("type") == "array":
        _check(mask, described["items"], text)
        return
    for name, below in mask.items():
        known = described.get("properties", {}).get(name) or described.get("additionalProperties")
        if name != "*" and known is None:
            raise _wrong(f"{name} in {text}")
        if known is not None and below:
            _check(below, known, text)


def _wrong(text: str) -> Refused:
    return Refused(400, "invalidParameter", f"Invalid field selection {text}")
