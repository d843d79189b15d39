"""The grammar of a pack as a JSON Schema, so that editors complete and check one.

It is made from the models that read packs, so it cannot say anything else than they do.
Where it cannot say as much, as of messages that no table defines, it says less.
"""

from __future__ import annotations

import json
from typing import Any

from calsync.rules.schema import PackFile

_DIALECT = "http://json-schema.org/draft-07/schema#"
"""The draft that taplo understands."""

_SENTENCES = {
    "Message": "A draft to send; subject and body are templates.",
    "Rule": "One habit: either steps after a meeting, or a cadence with every.",
    "Step": "One touch after a meeting.",
    "When": "The conditions of a rule. All must hold; a list means any of its values.",
}


def schema() -> dict[str, Any]:
    """The schema. A pack that extends another one need not say what that one says."""
    made = PackFile.model_json_schema()
    tables = made.pop("$defs")
    for name, table in tables.items():
        table["description"] = _SENTENCES[name]
        for key, each in table["properties"].items():
            table["properties"][key] = _any_of(each) if name == "When" else each
    for table in (made, *tables.values()):
        _tidy(table)
    needed = {name: tables[name].pop("required") for name in ("Step", "Message")}
    tables["Step"]["required"] = tables["Rule"]["required"] = ["id"]
    tables["Rule"]["not"] = {"required": ["step", "every"]}
    of_cadence = [key for key in tables["Rule"]["properties"] if key not in ("id", "summary", "when", "step", "every")]
    whole_rule = {
        "anyOf": [{"required": ["step"]}, {"required": ["every", "channel"]}],
        "if": {"required": ["step"]},
        "then": {"properties": {**dict.fromkeys(of_cadence, False), "step": {"minItems": 1}}},
        "properties": {"step": {"items": {"required": needed["Step"]}}},
    }
    whole = {
        "required": made.pop("required"),
        "properties": {
            "rule": {"minItems": 1, "items": whole_rule},
            "message": {"additionalProperties": {"required": needed["Message"]}},
        },
    }
    made["properties"]["rule"].pop("minItems", None)
    return {
        "$schema": _DIALECT,
        "title": "calsync pack",
        "description": "A pack of calsync: habits of following up with people you met.",
        "type": "object",
        "additionalProperties": False,
        "properties": made["properties"],
        "if": {"not": {"required": ["extends"]}},
        "then": whole,
        "$defs": tables,
    }


def schema_text() -> str:
    """The schema as the text of a file."""
    return json.dumps(schema(), indent=2, ensure_ascii=True) + "\n"


def _any_of(condition: dict[str, Any]) -> dict[str, Any]:
    """A condition takes a list, or one value without brackets."""
    item = condition["items"]
    kept: dict[str, Any] = {key: condition[key] for key in ("description", "default") if key in condition}
    if len(kept.get("default", ())) == 1:
        kept["default"] = kept["default"][0]
    return {**kept, "anyOf": [item, {"type": "array", "items": item, "minItems": 1}]}


def _tidy(table: dict[str, Any]) -> None:
    """Leave out what people do not read, and null, which TOML does not have."""
    table.pop("title", None)
    for key, each in table["properties"].items():
        kept = {word: value for word, value in each.items() if word != "title" and value not in (None, [], "", {})}
        choices = [choice for choice in kept.get("anyOf", ()) if choice != {"type": "null"}]
        if choices:
            kept.pop("anyOf")
            kept |= choices[0] if len(choices) == 1 else {"anyOf": choices}
        table["properties"][key] = kept
