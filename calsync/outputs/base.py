"""What every place that reminders are written to has in common.

An output is told, each time, all the reminders that should be in it. What it makes of
that (a file replaced whole, single events created, changed and removed) is its own
affair; that a repeat changes nothing is the promise of all of them.

The outputs that live in a calendar the user can edit also read the user's answers back
(moved, deleted, ticked off). That is a second, small protocol of its own, because a feed
has nobody to answer in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, NamedTuple, Protocol

from calsync.model import Reminder
from calsync.will import Content, Standing

PRODID = "-//calsync//Follow-ups//EN"
ATTENTION = "attention"
"""The id of the one event that is no reminder."""

Details = Literal["full", "names", "busy"]


class Attention(NamedTuple):
    """Something is wrong and nobody looks at the terminal: shown as an event.

    ``at`` is where in time it stands, and its stamp: the same trouble with the same
    ``at`` is the same bytes. ``message`` (what is wrong, and the next step) appears at
    full detail only, for it may name files, people and meetings.
    """

    message: str
    at: datetime


class Written(NamedTuple):
    """What one write did to an output, in reminders."""

    created: int = 0
    changed: int = 0
    removed: int = 0
    unchanged: int = 0

    def __bool__(self) -> bool:
        """True where anything is different from before."""
        return bool(self.created or self.changed or self.removed)


class Mark(NamedTuple):
    """A reminder as found in an output by calsync's own mark in it.

    ``rule`` (``pack/rule/step``), ``meeting`` and ``title`` are as far as the output's
    detail shows them; empty where it does not.
    """

    id: str
    rule: str
    meeting: str
    start: datetime
    end: datetime
    sequence: int
    stamped: datetime
    modified: datetime
    title: str
    done: bool


class Output(Protocol):
    """A place that reminders are written to."""

    @property
    def name(self) -> str:
        """The output's name in the config."""
        ...

    def write(self, reminders: Sequence[Reminder], now: datetime) -> Written:
        """Make the output hold exactly ``reminders``, in whatever order they come.

        Nothing that calsync did not make is touched. The same reminders again change
        nothing. ``now`` is the aware moment of this sync; no output asks the clock.

        Raises :class:`~calsync.errors.OutputError` where it cannot; what was in the
        output then stays in it.
        """
        ...


class Outcome(NamedTuple):
    """How one conditional request ended: ``done``, and then ``etag`` is what it left there (empty
    where the output does not say); ``changed``: something else stands there than was assumed, and
    it was left alone; ``gone``: it was no longer there; ``deleted``: what was to be created stood
    there before, and was deleted; ``refused``: the calendar does not take this one, and ``why`` is a
    sentence for the user."""

    what: Literal["done", "changed", "gone", "deleted", "refused"]
    etag: str = ""
    why: str = ""


class CalendarOutput(Protocol):
    """A calendar that the user can edit as well, one reminder at a time.

    Every method raises :class:`~calsync.errors.OutputError` where nobody knows how it ended, or
    where the calendar is not there, and SignInError where the account is refused.
    """

    @property
    def name(self) -> str: ...

    def standing(self, known: Mapping[str, str]) -> dict[str, Standing]:
        """All reminders of calsync's in the calendar, by id; events that calsync did not make are not
        among them. ``known`` are those that should be there, with their etags: what still has its etag
        comes without its content."""
        ...

    def shown(self, reminder: Reminder) -> Content:
        """What the user would see of a reminder, at the output's level of detail."""
        ...

    def create(self, reminder: Reminder) -> Outcome:
        """Write a reminder where nothing stands under its id; ``changed`` where something does, and
        ``deleted`` where something did, as far as the output remembers."""
        ...

    def change(self, reminder: Reminder, etag: str) -> Outcome:
        """Replace a reminder that still has this etag."""
        ...

    def remove(self, id_: str, etag: str) -> Outcome:
        """Remove a reminder that still has this etag."""
        ...
