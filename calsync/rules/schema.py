"""The form of a pack: what a habit of following up can say.

A pack is a TOML file; these models are its grammar, and the only place that knows it.
They are values: reading files is :mod:`calsync.rules.load`'s, deciding whether a rule
applies is :mod:`calsync.rules.match`'s.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from calsync.rules.values import (
    ANY_OF,
    AtHours,
    ChannelName,
    DomainGlob,
    Duration,
    DurationRange,
    Every,
    Group,
    GroupRange,
    Id,
    SourceName,
    SpanText,
    Tag,
    TitlePattern,
)
from calsync.toml_problems import Wrong

__all__ = ["DurationRange", "GroupRange", "Message", "Pack", "PackFile", "Rule", "Step", "Touch", "When"]

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

    meeting: Annotated[tuple[Literal["first", "again", "any"], ...], ANY_OF] = Field(
        ("first",), description="the first with the person, one with somebody known, or either"
    )
    group: Annotated[tuple[Group, ...], ANY_OF] = Field((), description="how many other humans take part")
    role: Annotated[tuple[Role, ...], ANY_OF] = Field((), description="whether the person organised the meeting")
    mine: Annotated[tuple[Role, ...], ANY_OF] = Field((), description="whether you organised it")
    relationship: Annotated[tuple[Literal["work", "personal"], ...], ANY_OF] = Field(
        (), description="the kind of tie that the source brings"
    )
    tags: Annotated[tuple[Tag, ...], ANY_OF] = Field((), description="a #word in title or description, without the #")
    domain: Annotated[tuple[DomainGlob, ...], ANY_OF] = Field(
        (), description="a glob for the domain of an address of theirs"
    )
    title: Annotated[tuple[TitlePattern, ...], ANY_OF] = Field(
        (), description="a glob for the whole, or /regex/ for a part"
    )
    calendar: Annotated[tuple[SourceName, ...], ANY_OF] = Field((), description="the source's name in the config")
    duration: Annotated[tuple[Duration, ...], ANY_OF] = Field((), description="how long the meeting is")
    place: Annotated[tuple[Place, ...], ANY_OF] = Field((), description="whether you met in person or online")
    recurring: Annotated[tuple[bool, ...], ANY_OF] = Field((), description="whether the meeting is part of a series")
    all_day: Annotated[tuple[bool, ...], ANY_OF] = Field((False,), description="whether it lasts whole days")
    depth: Annotated[tuple[Literal["brief", "normal", "deep"], ...], ANY_OF] = Field(
        (), description="how close it brings people"
    )


class Message(Table):
    """A draft to send: templates of :mod:`calsync.rules.drafts`."""

    subject: str = Field("", description="a template for the subject, one line")
    body: str = Field(description="the text of the message")


class Touch(Table):
    """What every touch has: its form, its hours and days, and its words.

    ``at`` is None for the user's working hours. ``message`` names one of the pack's
    messages, or holds one.
    """

    channel: ChannelName | None = Field(None, description='the form of the touch, such as "email"')
    at: AtHours | None = Field(None, description="the hours of the day; your working hours where left out")
    days: Literal["working", "any"] = Field("working", description="whether weekends and holidays will do too")
    title: str = Field("", description="a template for the reminder's title; that of the channel where left out")
    message: str | Message | None = Field(None, description="a draft: the name of a [message.NAME], or a table")
    priority: int = Field(0, description="the higher goes first where places are short")


class Step(Touch):
    """One touch after a meeting: when, and what makes it needless.

    ``after`` and ``window`` are counted from the local day on which the meeting ended
    (``after`` in hours: from its end).
    """

    id: Id = Field(description="its name for ever: small letters, digits and hyphens")
    after: SpanText = Field(description='a span such as "1 working day"')
    window: SpanText = Field(description='a span such as "3 working days"')
    channel: ChannelName = Field(description='a form of touch such as "email"')
    unless: Annotated[tuple[Literal["met", "booked"], ...], Field(strict=False)] = Field(
        ("met",), description="what makes it needless: you met again, or another meeting is booked"
    )

    @field_validator("id")
    @classmethod
    def _no_cadence(cls, value: str) -> str:
        if value == "every":
            raise Wrong('"every" is what the touch of a cadence is called; choose another id')
        return value


class Rule(Touch):
    """One habit: either steps after a meeting, or a cadence (``every``).

    A cadence is counted from the last meeting, for people with a tier or an interval of
    their own; ``every`` is then ``"tier"`` or a span, and the keys of its touch
    (``channel`` and so on) stand in the rule itself.
    """

    id: Id = Field(description="its name for ever: small letters, digits and hyphens")
    summary: str = Field("", description="one sentence for people; it appears in the reminder")
    when: When = Field(default_factory=When, description="the conditions; all must hold")
    step: Annotated[tuple[Step, ...], Field(strict=False)] = Field((), description="the touches after a meeting")
    every: Every | None = Field(None, description='instead of steps, a cadence: "tier" or a span such as "60 days"')
    window: SpanText | None = Field(None, description="with every only: how long after the due day it makes sense")

    @property
    def steps(self) -> tuple[Step, ...]:
        return self.step

    @property
    def first_step(self) -> Step | None:
        """The step that is due first, of several at once the first in the file; a cadence has none."""
        return min(self.steps, key=lambda step: step.after.in_years, default=None)

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

    summary: str = Field("", description="one sentence for people")
    extends: str | None = Field(None, description="the pack that this one builds on; its own name: the shipped one")
    message: dict[str, Message] = Field(default_factory=dict, description="drafts by name")
    rule: tuple[Rule, ...] = Field(strict=False, min_length=1, description="a [[rule]] table with an id")


class Pack(NamedTuple):
    """A pack by its name. ``files`` is its own file and then those that it extends."""

    name: str
    summary: str
    extends: str | None
    rules: tuple[Rule, ...]
    messages: dict[str, Message]
    files: tuple[Path, ...] = ()
