"""A pack in plain words: what a rule waits for, and what counts where a key is left out."""

from __future__ import annotations

from calsync.rules.match import conditions
from calsync.rules.names import Name
from calsync.rules.schema import Rule

_DEFAULTS = {
    "at": "your working hours",
    "days": '"working"',
    "title": "that of the channel",
    "message": "none",
    "subject": "empty",
    "priority": "0",
    "unless": '["met"]',
    "summary": "empty",
    "meeting": '"first"',
    "all_day": "false",
    "window": "a share of the interval",
}


def default_words(name: Name) -> str:
    """What counts where a key is left out, in brackets: ``(your working hours)``."""
    if name.is_condition and name.key not in ("meeting", "all_day"):
        return "(any)"
    return f"({_DEFAULTS.get(name.key, 'not set')})"


def condition_words(rule: Rule) -> list[tuple[str, str]]:
    """What each condition of a rule wants, in the order of the manual, so that it reads as a sentence.

    ``all_day`` is left out where it says what it says by itself.
    """
    words = {"place": "{}", "relationship": "a {} calendar", "tags": "tagged {}", "domain": "an address at {}"}
    words |= {"title": "a title like {}", "calendar": "from {}", "duration": "{}", "depth": "{} depth"}
    return [
        (key, words.get(key, "{}").format(wanted))
        for key, wanted in conditions(rule)
        if key != "all_day" or rule.when.all_day != (False,)
    ]
