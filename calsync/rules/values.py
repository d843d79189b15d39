"""The kinds of values in a pack: ids, spans, hours, ranges and patterns.

Each kind reads what a person wrote, says in their words what is wrong with it, and
describes itself to editors as JSON Schema does.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Literal, NamedTuple

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from calsync.model import Channel
from calsync.rules.patterns import LONGEST, check_title
from calsync.timing.spans import Span, parse_duration_range, parse_hours, parse_range
from calsync.toml_problems import Wrong, nearest, one_of, shown

_ID = re.compile(r"[a-z0-9-]+")


class GroupRange(NamedTuple):
    """How many others take part; None leaves an end open, both ends are included."""

    least: int | None
    most: int | None


class DurationRange(NamedTuple):
    """How long a meeting lasts; None leaves an end open, both ends are included."""

    least: timedelta | None
    most: timedelta | None


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise Wrong(f'expected small letters, digits and hyphens such as "first-meeting", found {shown(value)}')
    return value


def _span(value: object) -> Span:
    expected = 'expected a span such as "1 working day", "3 days" or "2 weeks"'
    if not isinstance(value, str):
        raise Wrong(f"{expected}, found {shown(value)}")
    try:
        return Span.parse(value)
    except ValueError as error:
        raise Wrong(str(error)) from None


def _every(value: object) -> Span | Literal["tier"]:
    if value == "tier":
        return "tier"
    if not isinstance(value, str):
        raise Wrong(f'expected "tier" or a span such as "60 days", found {shown(value)}')
    try:
        span = Span.parse(value)
    except ValueError:
        raise Wrong(
            f'expected "tier" or a span such as "60 days", found {shown(value)}{nearest(value, ["tier"])}'
        ) from None
    if span.amount < 1 or span.unit in ("minutes", "hours"):
        raise Wrong(f"expected a cadence of a day or more, found {shown(value)}")
    return span


def _at(value: object) -> tuple[time, time]:
    expected = 'expected hours such as "09:00-11:00"'
    if not isinstance(value, str):
        raise Wrong(f"{expected}, found {shown(value)}")
    try:
        return parse_hours(value)
    except ValueError as error:
        raise Wrong(str(error)) from None


def _channel(value: object) -> Channel:
    words = [channel.value for channel in Channel]
    if not isinstance(value, str) or value not in words:
        hint = nearest(value, words) if isinstance(value, str) else ""
        raise Wrong(f"expected {one_of(words)}, found {shown(value)}{hint}")
    return Channel(value)


def _group(value: object) -> GroupRange:
    expected = 'expected a number of people such as "1..6", "7.." or 3'
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise Wrong(f"{expected}, found {shown(value)}")
    try:
        return GroupRange(*parse_range(str(value)))
    except ValueError as error:
        raise Wrong(str(error)) from None


def _duration(value: object) -> DurationRange:
    expected = 'expected a duration such as "..20 minutes", "30..60 minutes" or "1 hour.."'
    if not isinstance(value, str):
        raise Wrong(f"{expected}, found {shown(value)}")
    try:
        return DurationRange(*parse_duration_range(value))
    except ValueError as error:
        raise Wrong(str(error)) from None


def _tag(value: object) -> str:
    text = value.strip().removeprefix("#").lower() if isinstance(value, str) else ""
    if not text or re.search(r"\s", text):
        raise Wrong(f'expected a tag such as "conference", found {shown(value)}')
    return text


def _domain(value: object) -> str:
    text = value.strip().lower() if isinstance(value, str) else ""
    if not text or "@" in text or re.search(r"\s", text):
        hint = f'; did you mean "{text.rpartition("@")[2]}"?' if "@" in text else ""
        raise Wrong(f'expected a domain such as "*.acme.example", found {shown(value)}{hint}')
    return text


def _title(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f'expected a pattern such as "intro*" or "/intro|demo/", found {shown(value)}')
    trouble = check_title(value)
    if trouble:
        raise Wrong(f"{trouble}, found {shown(value)}")
    return value


def _source(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong(f"expected the name of a source, found {shown(value)}")
    return value.strip()


def _listed(value: object) -> tuple[object, ...]:
    if isinstance(value, list | tuple):
        if not value:
            raise Wrong("expected a value or a list of some; leave the key out to allow any")
        return tuple(value)
    return (value,)


def _any_case(words: str) -> str:
    """A pattern for words in capitals or not, with any blanks between them."""
    return "".join(r"\s+" if each == " " else f"[{each.upper()}{each}]" for each in words)


_UNITS = "|".join(_any_case(unit) for unit in ("minute", "hour", "day", "working day", "week", "month", "year"))
_ISO = r"[Pp](?=[0-9Tt])(?:[0-9]+[YyMmWwDd])*(?:[Tt](?:[0-9]+[HhMmSs])+)?"
_SPAN_PATTERN = rf"^\s*(?:[0-9]+\s*(?:{_UNITS})[Ss]?|{_ISO})\s*$"
_RANGE_PATTERN = r"^\s*(?:[0-9]+\s*(?:\.\.\s*[0-9]*)?|\.\.\s*[0-9]+)\s*$"
_HOURS_PATTERN = r"^\s*[0-9]{1,2}:[0-9]{2}\s*[-\u2013]\s*[0-9]{1,2}:[0-9]{2}\s*$"
_SPAN = {"type": "string", "pattern": _SPAN_PATTERN, "examples": ["1 working day", "3 days", "2 weeks"]}

ANY_OF = BeforeValidator(_listed)
"""A value or a list of some, any of which will do."""

Id = Annotated[
    str, PlainValidator(_id), WithJsonSchema({"type": "string", "pattern": "^[a-z0-9-]+$", "examples": ["hello"]})
]
SpanText = Annotated[Span, PlainValidator(_span), WithJsonSchema(_SPAN)]
Every = Annotated[Span | Literal["tier"], PlainValidator(_every), WithJsonSchema({"anyOf": [{"const": "tier"}, _SPAN]})]
AtHours = Annotated[
    tuple[time, time],
    PlainValidator(_at),
    WithJsonSchema({"type": "string", "pattern": _HOURS_PATTERN, "examples": ["09:00-11:00"]}),
]
ChannelName = Annotated[
    Channel, PlainValidator(_channel), WithJsonSchema({"enum": [channel.value for channel in Channel]})
]
Group = Annotated[
    GroupRange,
    PlainValidator(_group),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0},
                {"type": "string", "pattern": _RANGE_PATTERN, "examples": ["1..6", "7.."]},
            ]
        }
    ),
]
Duration = Annotated[
    DurationRange,
    PlainValidator(_duration),
    WithJsonSchema({"type": "string", "pattern": "[0-9]", "examples": ["..20 minutes", "1 hour.."]}),
]
Tag = Annotated[
    str, PlainValidator(_tag), WithJsonSchema({"type": "string", "pattern": r"^\s*#?\S+\s*$", "examples": ["expo"]})
]
DomainGlob = Annotated[
    str,
    PlainValidator(_domain),
    WithJsonSchema({"type": "string", "pattern": r"^\s*[^@\s]+\s*$", "examples": ["*.acme.example"]}),
]
TitlePattern = Annotated[
    str,
    PlainValidator(_title),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": LONGEST, "examples": ["intro*", "/intro|demo/"]}),
]
SourceName = Annotated[
    str, PlainValidator(_source), WithJsonSchema({"type": "string", "pattern": r"\S", "examples": ["work"]})
]
