"""What the user did to a reminder in their calendar, told from what stands there.

A calendar that can be edited is an answer sheet: a reminder dragged elsewhere, deleted, ticked off or
rewritten is the user's word, and calsync obeys it for good. But a calendar also differs from what
calsync meant because an answer of its server was lost on the way, or because the server writes texts
in its own manner. Nobody said anything then. So three things are compared, never two: what was last
known to stand there, what was being written when the line went dead, and what stands there now.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime
from enum import Enum
from typing import NamedTuple

_TICKED = re.compile(r"\s*(?:[✓✔☑✅]|x\s|done\b)", re.IGNORECASE)

TOO_MANY = 10
"""So many reminders that vanish at once, and all there were, are a calendar that was lost."""


class Content(NamedTuple):
    """What the user sees of a reminder. ``done``: it is ticked off, in its title or otherwise."""

    start: datetime
    end: datetime
    title: str
    description: str
    done: bool


class Standing(NamedTuple):
    """A reminder as it stands in an output. ``content`` is None where its etag is one that was
    known already; ``modified`` is when it was last changed, where the output tells.

    ``rule`` (``pack/rule/step``), ``meeting`` and ``sequence`` are what calsync's mark in it says,
    as far as the output's detail shows them: by them a reminder is known again if the ledger is lost.
    """

    etag: str
    content: Content | None
    modified: datetime | None = None
    rule: str = ""
    meeting: str = ""
    sequence: int = 0


class Written(NamedTuple):
    """What calsync knows of a reminder in one output.

    ``content`` last stood there for sure, under ``etag``; ``trying`` was on its way, and how that
    ended is not known. None for either: there is none. ``removing``: calsync was about to remove
    it. ``touched``: the user changed it, and so it is theirs.
    """

    etag: str = ""
    content: Content | None = None
    trying: Content | None = None
    removing: bool = False
    touched: bool = False


class Will(Enum):
    NOTHING = "as calsync left it"
    ABSENT = "not there, and never was for sure"
    REMOVED = "removed, by calsync"
    DELETED = "deleted"
    MOVED = "moved"
    DONE = "ticked off"
    EDITED = "rewritten"
    FOUND = "there, though nothing is known of it"


class Step(Enum):
    """What calsync may do to a reminder in an output."""

    LEAVE = "leave"
    CREATE = "create"
    CHANGE = "change"
    REMOVE = "remove"


def will_of(known: Written, stands: Standing | None) -> Will:
    """What the user did, since calsync last looked."""
    if stands is None:
        # It was asked to go, and it went: the answer was lost, not the reminder.
        if known.removing:
            return Will.REMOVED
        # It was there, calsync did not remove it, so somebody did.
        if known.content is not None:
            return Will.DELETED
        # The first writing may never have arrived; to write it again is the lesser evil.
        return Will.ABSENT
    # The etag is that of the last look, so nobody has been here.
    if stands.content is None:
        return Will.NOTHING
    ours = [each for each in (known.content, known.trying) if each is not None]
    # Another etag, the same content: the server rewrote it, or the answer to calsync was lost.
    if any(same(stands.content, each) for each in ours):
        return Will.NOTHING
    # calsync made it and knows nothing of it: the ledger was lost. It is taken over as it stands.
    if not ours:
        return Will.FOUND
    # A tick ends the follow-up, whatever else was changed with it.
    if stands.content.done and not any(each.done for each in ours):
        return Will.DONE
    # A time that calsync did not choose is the user's choice, and the text may be too.
    if all((each.start, each.end) != (stands.content.start, stands.content.end) for each in ours):
        return Will.MOVED
    # The same time and no tick: only the words are theirs.
    return Will.EDITED


def step_for(
    wanted: Content | None, known: Written, stands: Standing | None, now: datetime, *, carried: bool = False
) -> Step:
    """What has to be done for an output to hold ``wanted`` (None: to hold nothing), once the user's
    will was heard. ``carried``: the user just answered the same reminder in another output."""
    if stands is None:
        # What the user deleted never returns, what calsync removed is gone, and nothing is written into the past.
        if wanted is None or wanted.end <= now or known.content is not None or known.removing:
            return Step.LEAVE
        return Step.CREATE
    there = stands.content or known.content
    # Nobody knows what stands there, so nobody may change it.
    if there is None:
        return Step.LEAVE
    # What the user changed is theirs, until they say something else elsewhere; and never their words.
    if known.touched and not (carried and (wanted is None or _same_words(there, wanted))):
        return Step.LEAVE
    if wanted is None:
        # What is past stays as a memory; what is done stays as a tick.
        return Step.REMOVE if there.start > now and not there.done else Step.LEAVE
    return Step.LEAVE if same(there, wanted) else Step.CHANGE


def same(one: Content, other: Content) -> bool:
    """Whether two contents say the same, however a server spaces its lines."""
    times = (one.start, one.end, one.done) == (other.start, other.end, other.done)
    return times and _plain(one.title) == _plain(other.title) and _plain(one.description) == _plain(other.description)


def ticked(title: str) -> bool:
    """Whether a title says that it is done: it begins with ``✓``, ``x `` or ``done``."""
    return bool(_TICKED.match(title))


def lost_at_once(before: Collection[str], there: Collection[str]) -> bool:
    """Whether so much vanished at one time that a server's failure is likelier than a user's wish:
    an emptied calendar must not empty the ledger."""
    return len(before) >= TOO_MANY and not set(before) & set(there)


def _same_words(one: Content, other: Content) -> bool:
    """Whether two contents have the same title, but for a tick."""
    return _TICKED.sub("", _plain(one.title)).strip() == _TICKED.sub("", _plain(other.title)).strip()


def _plain(text: str) -> str:
    return " ".join(text.split())
