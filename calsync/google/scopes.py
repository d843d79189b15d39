"""Which permissions a config needs of Google, and no more than those.

calsync promises never to touch an event of the user's. By default that is not left to calsync:
the permissions asked for let it read, and write only into calendars that it made itself.
"""

from __future__ import annotations

from collections.abc import Iterable

_ROOT = "https://www.googleapis.com/auth/"
READ = f"{_ROOT}calendar.events.readonly"
OWN = f"{_ROOT}calendar.app.created"
LIST = f"{_ROOT}calendar.calendarlist.readonly"
EXISTING = f"{_ROOT}calendar.events.owned"

DEFAULT = (READ, OWN, LIST)
"""To read events, to find calendars by name, and to keep calsync's own calendar."""

MEANING = {
    READ: "see the events of your calendars",
    OWN: "make calendars of calsync's own, and write only there",
    LIST: "see the list of your calendars",
    EXISTING: "write events into calendars that you own",
}
"""What each permission lets calsync do, in the words of Google's page."""

_WIDER = {
    f"{_ROOT}calendar": frozenset(MEANING),
    f"{_ROOT}calendar.readonly": frozenset((READ, LIST)),
    f"{_ROOT}calendar.events": frozenset((READ, EXISTING)),
    f"{_ROOT}calendar.calendarlist": frozenset((LIST,)),
}
"""Permissions that include others."""


def is_existing(calendar: str) -> bool:
    """Whether an output's ``calendar`` is one that the user keeps, ``primary`` or an id, and not
    the name of one of calsync's own."""
    return calendar == "primary" or "@" in calendar


def to_read() -> tuple[str, ...]:
    """What a source needs."""
    return READ, LIST


def to_write(calendar: str) -> tuple[str, ...]:
    """What an output needs that writes into ``calendar``: a name of calsync's own, ``primary`` or an id."""
    return (EXISTING,) if is_existing(calendar) else (OWN, LIST)


def missing(needed: Iterable[str], granted: Iterable[str]) -> tuple[str, ...]:
    """Those of ``needed`` that ``granted`` neither holds nor includes, in the order of MEANING."""
    held = set(granted)
    for each in tuple(held):
        held |= _WIDER.get(each, frozenset())
    wanted = set(needed)
    return tuple(each for each in MEANING if each in wanted - held)


def described(scopes: Iterable[str]) -> str:
    """Permissions for a sentence: what each means, and its short name."""
    return "; ".join(f"{MEANING.get(each, 'use')} ({each.removeprefix(_ROOT)})" for each in scopes)
