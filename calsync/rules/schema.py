"""The form of a pack: what a habit of following up can say.

A pack is a TOML file; these models are its grammar, and the only place that knows it.
They are values: reading files is :mod:`calsync.rules.load`'s, deciding whether a rule
applies is :mod:`calsync.rules.match`'s.
"""

from __future__ import annotations

import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator

from calsync.model import Channel
from calsync.rules.patterns import check_title
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


_ANY_OF = BeforeValidator(_listed)
Id = Annotated[str, PlainValidator(_id)]
SpanText = Annotated[Span, PlainValidator(_span)]
AtHours = Annotated[tuple[time, time], PlainValidator(_at)]
ChannelName = Annotated[Channel, PlainValidator(_channel)]
Place = Literal["in-person", "online"]
Role = Literal["organizer", "attendee"]


class Table(BaseModel):
    """A table of a pack: no unknown keys, no silent conversion, no change after loading."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, defer_build=True)


class When(Table):
    """The conditions of a rule. All must hold; several values of one key mean any of them.

    An empty tuple means that the key does not matter. Two keys count even when they are
    left out: ``meeting`` is then ``first`` and ``all_day`` false, so that a rule never
    fires for old friends or birthdays by omission.
    """

    meeting: Annotated[tuple[Literal["first", "again", "any"], ...], _ANY_OF] = ("first",)
    group: Annotated[tuple[Annotated[GroupRange, PlainValidator(_group)], ...], _ANY_OF] = ()
    role: Annotated[tuple[Role, ...], _ANY_OF] = ()
    mine: Annotated[tuple[Role, ...], _ANY_OF] = ()
    relationship: Annotated[tuple[Literal["work", "personal"], ...], _ANY_OF] = ()
    tags: Annotated[tuple[Annotated[str, PlainValidator(_tag)], ...], _ANY_OF] = ()
    domain: Annotated[tuple[Annotated[str, PlainValidator(_domain)], ...], _ANY_OF] = ()
    title: Annotated[tuple[Annotated[str, PlainValidator(_title)], ...], _ANY_OF] = ()
    calendar: Annotated[tuple[Annotated[str, PlainValidator(_source)], ...], _ANY_OF] = ()
    duration: Annotated[tuple[Annotated[DurationRange, PlainValidator(_duration)], ...], _ANY_OF] = ()
    place: Annotated[tuple[Place, ...], _ANY_OF] = ()
    recurring: Annotated[tuple[bool, ...], _ANY_OF] = ()
    all_day: Annotated[tuple[bool, ...], _ANY_OF] = (False,)
    depth: Annotated[tuple[Literal["brief", "normal", "deep"], ...], _ANY_OF] = ()


class Message(Table):
    """A draft to send: templates of :mod:`calsync.rules.drafts`."""

    subject: str = ""
    body: str = Field(description="the text of the message")


class Touch(Table):
    """What every touch has: its form, its hours and days, and its words.

    ``at`` is None for the user's working hours. ``message`` names one of the pack's
    messages, or holds one.
    """

    channel: ChannelName | None = None
    at: AtHours | None = None
    days: Literal["working", "any"] = "working"
    title: str = ""
    message: str | Message | None = None
    priority: int = 0


class Step(Touch):
    """One touch after a meeting: when, and what makes it needless.

    ``after`` and ``window`` are counted from the local day on which the meeting ended
    (``after`` in hours: from its end).
    """

    id: Id
    after: SpanText = Field(description='a span such as "1 working day"')
    window: SpanText = Field(description='a span such as "3 working days"')
    channel: ChannelName = Field(description='a form of touch such as "email"')
    unless: Annotated[tuple[Literal["met", "booked"], ...], Field(strict=False)] = ("met",)


class Rule(Touch):
    """One habit: either steps after a meeting, or a cadence (``every``).

    A cadence is counted from the last meeting, for people with a tier or an interval of
    their own; ``every`` is then ``"tier"`` or a span, and the keys of its touch
    (``channel`` and so on) stand in the rule itself.
    """

    id: Id
    summary: str = ""
    when: When = Field(default_factory=When)
    step: Annotated[tuple[Step, ...], Field(strict=False)] = ()
    every: Annotated[Span | Literal["tier"], PlainValidator(_every)] | None = None
    window: SpanText | None = None

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.step

    @model_validator(mode="after")
    def _steps_or_cadence(self) -> Self:
        if self.every is None:
            if not self.step:
                raise Wrong('needs [[rule.step]] tables, or every = "tier"')
            of_cadence = {"window", *Touch.model_fields} & self.model_fields_set
            if of_cadence:
                raise Wrong("belongs into a [[rule.step]], or needs every beside it", min(of_cadence))
        elif self.step:
            raise Wrong("a rule has either steps or every, not both", "every")
        elif self.channel is None:
            raise Wrong("required with every, and missing", "channel")
        return self


class PackFile(Table):
    """A pack as its file says it, ``extends`` already merged in."""

    summary: str = ""
    extends: str | None = None
    message: dict[str, Message] = Field(default_factory=dict)
    rule: tuple[Rule, ...] = Field(strict=False, min_length=1, description="a [[rule]] table with an id")


class Pack(NamedTuple):
    """A pack by its name. ``files`` is its own file and then those that it extends."""

    name: str
    summary: str
    extends: str | None
    rules: tuple[Rule, ...]
    messages: dict[str, Message]
    files: tuple[Path, ...] = ()
