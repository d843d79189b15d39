"""The words of a reminder: its title and the draft to send.

Titles and messages are templates, so that one habit fits everyone it is kept with. They
come from files that people share, so the language is small and cannot be made slow:
these variables, ``if``/``else``, comparisons, and the filters capitalize, default, lower,
title, trim, truncate and upper. No loops, no calls, no assignments.

======== ==========================================================================
people   the people of the reminder: "Ana Lima, Bo Chen and Cy Dee"
first_names  their first names: "Ana, Bo and Cy"
name     the full name of the one person, or of the first of several
meeting  the title of the meeting, or "our meeting" where it has none or is private
date     the day of the meeting: "Tuesday 10 November"
place    where it was; empty where nobody wrote it down
me       my own name; empty where the config has none
slots    in a draft: three times when I am free, a line each
======== ==========================================================================

Most templates need variables alone. Those are filled in here, because importing the
template engine costs more than the rest of a quiet night.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from calsync.rules.channels import ARRANGED, form_of
from calsync.rules.schema import Message, Pack, Touch

if TYPE_CHECKING:
    from jinja2 import Environment
    from jinja2.nodes import Template as Tree

TITLE_LENGTH = 200
BODY_LENGTH = 4_000
TEMPLATE_LENGTH = 4_000

FILTERS = ("capitalize", "default", "lower", "title", "trim", "truncate", "upper")
_NODES = {
    *("Output", "TemplateData", "Name", "If", "CondExpr", "Compare", "Operand", "And", "Or", "Not"),
    *("Const", "Filter", "Concat", "Keyword"),
}
_VARIABLE = re.compile(r"\{\{\s*([a-z_]+)\s*\}\}")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_HONORIFIC = re.compile(r"(?:dr|prof|mr|mrs|ms|mx)\.?\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Words:
    """What the variables of a template stand for; see the module for their meaning."""

    people: str
    first_names: str
    name: str
    meeting: str
    date: str
    place: str = ""
    me: str = ""
    slots: str = ""


NAMES = tuple(field.name for field in fields(Words))


@dataclass(frozen=True, slots=True)
class Draft:
    """A message ready to be sent by the user. ``subject`` is one line."""

    subject: str
    body: str


class TemplateError(ValueError):
    """A template that cannot be used; ``line`` counts from the template's first line."""

    def __init__(self, sentence: str, line: int = 1) -> None:
        super().__init__(sentence)
        self.line = line


def words_for(
    names: Sequence[str], *, meeting: str, day: date, place: str = "", me: str = "", slots: str = ""
) -> Words:
    """The words for people of these display names, who met me on ``day``, a local date.

    Somebody without a name is called by the address given instead.
    """
    names = [_in_order(name) for name in names]
    return Words(
        people=_joined(names),
        first_names=_joined([first_name(name) for name in names]),
        name=names[0] if names else "",
        meeting=meeting.strip() or "our meeting",
        date=f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]}",
        place=place.strip(),
        me=me.strip(),
        slots=slots,
    )


def title_of(step: Touch, words: Words, *, first_contact: bool = False) -> str:
    """The reminder's title, without symbol: one line of at most 200 characters.

    A step without a title gets that of its channel, and so does a call that would be the first
    contact: whatever its step says, it is proposed and not made. Raises TemplateError.
    """
    channel = step.channel
    own = "" if first_contact and channel in ARRANGED else step.title
    template = own or (form_of(channel, first_contact=first_contact).title if channel else "{{ people }}")
    return _line(render(template, words))


def draft_of(pack: Pack, step: Touch, words: Words, *, first_contact: bool = False) -> Draft | None:
    """The draft of a step, that of its channel where it has no message. Raises TemplateError."""
    message = message_of(pack, step)
    if message is None:
        if step.channel is None:
            return None
        form = form_of(step.channel, first_contact=first_contact)
        message = Message(subject=form.subject, body=form.body)
    return Draft(_line(render(message.subject, words)), render(message.body, words).strip()[:BODY_LENGTH])


def message_of(pack: Pack, step: Touch) -> Message | None:
    """The message that a step names or holds."""
    return pack.messages[step.message] if isinstance(step.message, str) else step.message


def render(template: str, words: Words) -> str:
    """The template with its variables filled in, exactly as Jinja would fill them in.

    Text is cut at 4,000 characters. Raises TemplateError for bad syntax, an unknown
    variable, or anything that the small language leaves out.
    """
    values = asdict(words)
    if len(template) <= TEMPLATE_LENGTH and _is_simple(template):
        text = re.sub(r"\r\n|\r", "\n", template)
        text = text.removesuffix("\n")
        return _VARIABLE.sub(lambda match: values[match[1]], text)[:BODY_LENGTH]
    from jinja2 import TemplateError as JinjaError

    tree = parse(template)
    try:
        return _environment().from_string(tree).render(values)[:BODY_LENGTH]
    except (JinjaError, TypeError, ValueError, AssertionError, ArithmeticError, RecursionError) as error:
        raise TemplateError(f"cannot be filled in: {error or type(error).__name__}") from None


def parse(template: str) -> Tree:
    """The template's tree, checked to stay inside the small language. Raises TemplateError."""
    from jinja2 import TemplateSyntaxError, nodes

    if len(template) > TEMPLATE_LENGTH:
        raise TemplateError(f"expected at most {TEMPLATE_LENGTH:,} characters, found {len(template):,}")
    try:
        tree = _environment().parse(template)
    except TemplateSyntaxError as error:
        raise TemplateError(f"not a valid template: {error.message}", error.lineno) from None
    except RecursionError:
        raise TemplateError("not a valid template: nested too deeply") from None
    for node in tree.find_all(nodes.Node):
        if isinstance(node, nodes.Name) and node.name not in NAMES:
            from calsync.toml_problems import nearest

            hint = nearest(node.name, NAMES) or f"; known are {', '.join(NAMES)}"
            raise TemplateError(f'unknown variable "{node.name}"{hint}', node.lineno)
        if isinstance(node, nodes.Filter) and node.name not in FILTERS:
            raise TemplateError(f'no filter "{node.name}" here; known are {", ".join(FILTERS)}', node.lineno)
        if type(node).__name__ not in _NODES:
            word = type(node).__name__.lower()
            raise TemplateError(f'no "{word}" here: templates have variables, if and filters', node.lineno)
    return tree


def _is_simple(template: str) -> bool:
    known = all(match[1] in NAMES for match in _VARIABLE.finditer(template))
    # A brace beside a variable changes how Jinja reads it, as in "{{{ name }}}".
    return known and not re.search(r"[{}]", _VARIABLE.sub("", template))


@lru_cache(maxsize=1)
def _environment() -> Environment:
    from jinja2 import StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
    environment.globals = {}
    kept: dict[str, Any] = {name: environment.filters[name] for name in FILTERS}
    environment.filters = kept
    return environment


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= TITLE_LENGTH else line[: TITLE_LENGTH - 1].rstrip() + "…"


def _joined(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _in_order(name: str) -> str:
    """``Lovelace, Ada`` as she would be addressed: ``Ada Lovelace``."""
    family, comma, given = (part.strip() for part in name.partition(","))
    return f"{given} {family}" if comma and family and given and "," not in given else name.strip()


def first_name(name: str) -> str:
    """What to call somebody in a greeting; an address where there is no name."""
    name = _in_order(name)
    plain = re.sub(r"\s*[(\[].*?[)\]]\s*", " ", name).strip() or name
    if "@" in plain:
        return plain
    plain = _HONORIFIC.sub("", plain, count=1) or plain
    return plain.split()[0] if plain.split() else plain
