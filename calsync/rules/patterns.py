"""Patterns that a rule may use for titles and domains.

They come from files that people share, and run against every title of a calendar, so a
pattern that could take for ever is refused when the pack is loaded, not met at night.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import translate
from functools import lru_cache
from importlib import import_module
from typing import Any

LONGEST = 200
"""Characters of a pattern, and of a title that is looked at."""

_MOST_OPEN = 3
_MOST_CHOICES = 8


def check_title(pattern: str) -> str:
    """What is wrong with a title pattern (a glob, or ``/regex/``) in half a sentence; empty if nothing is."""
    if len(pattern) > LONGEST:
        return f"expected a pattern of at most {LONGEST} characters"
    source = _regex(pattern)
    if source is None:
        return ""
    try:
        re.compile(source, re.IGNORECASE)
        parsed = import_module("re._parser").parse(source, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        return f"expected a regular expression between slashes: {error}"
    nested, open_ended, choices = _costs(parsed)
    if nested or open_ended > _MOST_OPEN or choices > _MOST_CHOICES:
        return "expected a regular expression that is always fast: few .*, no repeats of repeats or alternatives"
    return ""


def title_matches(pattern: str, title: str) -> bool:
    """Whether a title fits. A glob speaks of the whole title, ``/regex/`` of any part of
    it; neither minds upper and lower case. Titles count to their 200th character."""
    return _compiled(pattern)(title[:LONGEST]) is not None


def domain_matches(pattern: str, domain: str) -> bool:
    """Whether a domain fits a glob. ``acme.example`` is that domain alone; subdomains fit
    only where the glob asks for them, as in ``*.acme.example``."""
    return _compiled(pattern.strip("/"))(domain.rstrip(".")) is not None


def _regex(pattern: str) -> str | None:
    is_regex = len(pattern) > 2 and pattern.startswith("/") and pattern.endswith("/")
    return pattern[1:-1] if is_regex else None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    source = _regex(pattern)
    if source is not None:
        return re.compile(source, re.IGNORECASE).search
    return re.compile(translate(pattern.strip()), re.IGNORECASE).match


def _costs(parsed: Iterable[Any]) -> tuple[bool, int, int]:
    """Whether a repeat holds another or alternatives, how many repeats are open-ended,
    and how many places have two ways: the three causes of slow regular expressions."""
    nested, open_ended, choices = False, 0, 0
    for name, argument in parsed:
        match str(name):
            case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
                least, most, body = argument
                inner_nested, inner_open, inner_choices = _costs(body)
                nested |= inner_nested or (int(most) > 1 and inner_open + inner_choices > 0)
                open_ended += inner_open + (1 if int(most) - int(least) > 1 else 0)
                choices += inner_choices + (1 if int(most) - int(least) == 1 else 0)
            case "BRANCH":
                choices += 1
                for inner in (_costs(branch) for branch in argument[1]):
                    nested, open_ended, choices = nested | inner[0], open_ended + inner[1], choices + inner[2]
            case "GROUPREF" | "GROUPREF_EXISTS":
                nested = True
            case _:
                for inner in (_costs(body) for body in _bodies(argument)):
                    nested, open_ended, choices = nested | inner[0], open_ended + inner[1], choices + inner[2]
    return nested, open_ended, choices


def _bodies(argument: Any) -> Iterator[Any]:
    if type(argument).__name__ == "SubPattern":
        yield argument
    elif isinstance(argument, tuple):
        for part in argument:
            yield from _bodies(part)
