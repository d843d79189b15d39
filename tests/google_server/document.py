"""Google's description of its own interface, read as law: routes, parameters, bodies, answers, permissions.

It is the copy that google-api-python-client carries, so it is no invention of these tests.
"""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest

Json = dict[str, Any]

_LISTED = re.compile(r'^\s*- "([\w.]+)"', re.MULTILINE)


class Refused(Exception):
    """An error as Google answers it: an HTTP status, a reason for programs and a message for people."""

    def __init__(self, status: int, reason: str, message: str, *, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message
        self.headers = dict(headers or {})

    def body(self) -> Json:
        domain = "usageLimits" if "imit" in self.reason or "uota" in self.reason else "global"
        one = {"domain": domain, "reason": self.reason, "message": self.message}
        return {"error": {"errors": [one], "code": self.status, "message": self.message}}


class Method(NamedTuple):
    """One entry of the document, such as ``events.list``."""

    name: str
    verb: str
    pattern: re.Pattern[str]
    parameters: Mapping[str, Json]
    takes: str  # the schema of the body, or ""
    gives: str  # the schema of the answer, or ""
    scopes: frozenset[str]  # the last words of their addresses: "calendar.events.readonly"


@functools.cache
def document() -> Json:
    """The document, or a skipped test (in CI a failed one) where the library is missing."""
    found = importlib.util.find_spec("googleapiclient")
    if found is None or found.origin is None:
        why = 'needs pip install "calsync[google]"'
        if os.environ.get("CALSYNC_REQUIRE_PEERS"):
            pytest.fail(why)
        pytest.skip(why)
    path = Path(found.origin).parent / "discovery_cache" / "documents" / "calendar.v3.json"
    loaded: Json = json.loads(path.read_text("utf-8"))
    return loaded


@functools.cache
def methods() -> tuple[Method, ...]:
    return tuple(
        Method(
            f"{resource}.{name}",
            each["httpMethod"],
            re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", re.escape(each["path"]))),
            document()["parameters"] | each.get("parameters", {}),
            each.get("request", {}).get("$ref", ""),
            each.get("response", {}).get("$ref", ""),
            frozenset(scope.rpartition("/")[2] for scope in each["scopes"]),
        )
        for resource, holds in document()["resources"].items()
        for name, each in holds["methods"].items()
    )


def route(verb: str, path: str) -> tuple[Method, dict[str, str]]:
    """The method at a path below the base, with the path's parameters."""
    for method in methods():
        found = method.pattern.fullmatch(path)
        if found and method.verb == verb:
            return method, {name: unquote(value) for name, value in found.groupdict().items()}
    raise Refused(400, "badRequest", f"the document has no {verb} {path}")


def parameters(method: Method, given: Mapping[str, Sequence[str]], in_path: Mapping[str, str]) -> Json:
    """The parameters as values: booleans, integers, lists where they may be repeated; Refused if one is illegal."""
    read: Json = dict(in_path)
    for name, texts in given.items():
        described = method.parameters.get(name)
        if described is None or described["location"] != "query":
            raise Refused(400, "invalidParameter", f"{method.name} has no parameter {name}")
        if len(texts) > 1 and not described.get("repeated"):
            raise Refused(400, "invalidParameter", f"{name} may be given once")
        values = [_parameter(name, described, text) for text in texts]
        read[name] = values if described.get("repeated") else values[0]
    for name, described in method.parameters.items():
        if described.get("required") and name not in read:
            raise Refused(400, "required", f"{method.name} needs {name}")
    return read


def _parameter(name: str, described: Json, text: str) -> Any:
    value: Any = text
    if described["type"] == "boolean":
        if text not in ("true", "false"):
            raise Refused(400, "invalidParameter", f"{name} is true or false, not {text!r}")
        value = text == "true"
    elif described["type"] == "integer":
        if not re.fullmatch(r"-?\d+", text):
            raise Refused(400, "invalidParameter", f"{name} is a whole number, not {text!r}")
        value = int(text)
    for wrong in _check(described)(value):
        raise Refused(400, "invalidParameter", f"{name}{wrong}")
    if described.get("format") == "date-time" and datetime.fromisoformat(text).tzinfo is None:
        raise Refused(400, "invalidParameter", f"{name} needs an offset, as in 2026-05-04T10:00:00Z")
    return value


def body(method: Method, given: Any) -> Json:
    """The body as given, or Refused where a field is unknown or of another type. Null means: take it away."""
    if not method.takes:
        if given is not None:
            raise Refused(400, "badRequest", f"{method.name} takes no body")
        return {}
    if not isinstance(given, dict):
        raise Refused(400, "parseError", f"{method.name} takes an object")
    for wrong in wrong_in(method.takes, given, null=True):
        raise Refused(400, "invalid", wrong)
    for name, described in document()["schemas"][method.takes]["properties"].items():
        needed = described.get("annotations", {}).get("required", ())
        if f"calendar.{method.name}" in needed and given.get(name) is None:
            raise Refused(400, "required", f"Missing {name}.")
    read: Json = given
    return read


def wrong_in(schema: str, value: Any, *, null: bool = False) -> list[str]:
    """What does not fit a schema of the document, each with its place; ``null``: it may stand for anything."""
    return [f"{schema}{wrong}" for wrong in _named(schema, null)(value)]


Check = Callable[[Any], list[str]]
"""What is wrong with a value, each as its place in it and a sentence."""


@functools.cache
def _named(schema: str, null: bool) -> Check:
    return _check(document()["schemas"][schema], null)


def _check(described: Json, null: bool = False) -> Check:
    """The check that a description means. It is made once, for a list has thousands of events."""
    if "$ref" in described:
        name = described["$ref"]
        return lambda value: _named(name, null)(value)
    kind = described.get("type", "any")
    if kind == "object":
        check = _check_object(described, null)
    elif kind == "array":
        check = _check_list(_check(described["items"]))
    else:
        check = _check_plain(described, _TYPES[kind], kind)
    return (lambda value: [] if value is None else check(value)) if null else check


def _check_object(described: Json, null: bool) -> Check:
    fields = {name: _check(each, null) for name, each in described.get("properties", {}).items()}
    others = _check(described["additionalProperties"], null) if "additionalProperties" in described else None

    def check(value: Any) -> list[str]:
        if not isinstance(value, dict):
            return [f" is an object, not {value!r}"]
        found = []
        for name, each in value.items():
            known = fields.get(name, others)
            if known is None:
                found.append(f" has no field {name}")
            elif wrong := known(each):
                found += [f".{name}{one}" for one in wrong]
        return found

    return check


def _check_list(item: Check) -> Check:
    def check(value: Any) -> list[str]:
        if not isinstance(value, list):
            return [f" is a list, not {value!r}"]
        return [f"[{number}]{one}" for number, each in enumerate(value) for one in item(each)]

    return check


def _check_plain(described: Json, types: type | tuple[type, ...], kind: str) -> Check:
    allowed = frozenset(described.get("enum") or _listed(described.get("description", "")))
    form = _FORMS.get(described.get("format", ""))
    low, high = (int(described[end]) if end in described else None for end in ("minimum", "maximum"))

    def fits(value: object) -> bool:
        return isinstance(value, types) and (value.__class__ is not bool or kind == "boolean")

    def check(value: Any) -> list[str]:
        if not fits(value):
            return [f" is a {kind}, not {value!r}"]
        if allowed and value not in allowed:
            return [f" is one of {', '.join(sorted(allowed))}, not {value!r}"]
        if low is not None and value < low:
            return [f" is at least {low}, not {value}"]
        if high is not None and value > high:
            return [f" is at most {high}, not {value}"]
        if form is not None and not form[0](value):
            return [f" is {form[1]}, not {value!r}"]
        return []

    return check


_TYPES: dict[str, type | tuple[type, ...]] = {
    "string": str,
    "integer": int,
    "boolean": bool,
    "number": (int, float),
    "any": object,
}


@functools.cache
def _listed(description: str) -> tuple[str, ...]:
    """The values listed after "Possible values are" in a description; most are given in words only."""
    _, listed, after = description.partition("ossible values are")
    return tuple(_LISTED.findall(after)) if listed else ()


def _is_moment(text: str) -> bool:
    try:
        return "T" in text and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _is_date(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_FORMS: dict[str, tuple[Callable[[str], bool], str]] = {
    "date-time": (_is_moment, "a time such as 2026-05-04T10:00:00Z"),
    "date": (_is_date, "a date such as 2026-05-04"),
}
