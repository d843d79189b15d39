"""Proposed times in words: for me beside the draft, and in the draft for those who get it.

Two people who read "10:00" in two zones have made no appointment. So a time is told in
mine, and in theirs wherever that shows another hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from calsync.timing.offers import Offer

Whose = Sequence[tuple[str, tzinfo | None]]
"""First names, each with the zone where it is known."""

ANY_DAY = "- any day that suits you"
"""Stands in a draft where I am never free."""


def for_me(offer: Offer, minutes: int, mine: tzinfo, people: Whose) -> str:
    """The times under a heading, such as ``Tue 17 March, 10:00 (11:00 for Ana, Europe/Berlin)``."""
    if not offer.times:
        return f"Your next two weeks have no {minutes} minutes free for this: propose a later day."
    lines = [f"You are free ({minutes} minutes each):"]
    for start, _ in offer.times:
        own = start.astimezone(mine)
        theirs = [f"{_beside(own, there)} for {name}, {there.tzinfo}" for name, there in _elsewhere(own, people)]
        lines.append(f"{_day(own)}, {own:%H:%M}" + (f" ({'; '.join(theirs)})" if theirs else ""))
    if not offer.in_their_day:
        lines.append("None of your free hours lies between 09:00 and 18:00 of their day; these come closest.")
    return "\n".join(lines)


def for_them(offer: Offer | None, mine: tzinfo, people: Whose) -> str:
    """The times as lines of a letter to these people: one person's own time first."""
    if offer is None or not offer.times:
        return ANY_DAY
    lines = []
    for start, _ in offer.times:
        own = start.astimezone(mine)
        elsewhere = [there for _, there in _elsewhere(own, people)]
        if not elsewhere:
            lines.append(f"- {_day(own)}, {own:%H:%M}")
        elif len(people) == 1:
            there = elsewhere[0]
            lines.append(f"- {_day(there)}, {there:%H:%M} your time ({_beside(there, own)} mine)")
        else:
            zones = dict.fromkeys(f"{_beside(own, there)} {there.tzinfo}" for there in elsewhere)
            lines.append(f"- {_day(own)}, {own:%H:%M} {mine} ({', '.join(zones)})")
    return "\n".join(lines)


def _elsewhere(own: datetime, people: Whose) -> list[tuple[str, datetime]]:
    """Those whose clock shows another hour than mine at that moment, with what it shows."""
    there = [(name, own.astimezone(zone)) for name, zone in people if zone is not None]
    return [(name, local) for name, local in there if local.utcoffset() != own.utcoffset()]


def _beside(one: datetime, other: datetime) -> str:
    """A time told next to another: with its day only where that differs."""
    return f"{other:%H:%M}" if one.date() == other.date() else f"{_day(other)}, {other:%H:%M}"


def _day(local: datetime) -> str:
    return f"{local:%a} {local.day} {local:%B}"
