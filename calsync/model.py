"""The vocabulary that every room of the house shares.

Everything here is a value: no I/O, no clock, no configuration. All datetimes are
aware. An event is what a calendar wrote down; an occurrence is one time it takes
place; a reminder is what calsync writes back.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple


class Answer(StrEnum):
    """How somebody answered an invitation (PARTSTAT, RFC 5545 §3.2.12).

    Values that mean nothing for a meeting, and unknown ones, are ``NONE``.
    """

    ACCEPTED = "accepted"
    TENTATIVE = "tentative"
    DECLINED = "declined"
    DELEGATED = "delegated"
    NONE = "none"


class Attendee(NamedTuple):
    """Somebody or something that an event names.

    ``address`` is lower-case, without ``mailto:``; empty where the calendar gives
    none. ``kind`` is the lower-case CUTYPE (RFC 5545 §3.2.3): individual, group,
    resource, room or unknown. ``name`` is CN with quotes and outer blanks removed.
    """

    address: str
    name: str = ""
    answer: Answer = Answer.NONE
    kind: str = "individual"


class Recurrence(NamedTuple):
    """The repeat rules of a series (RFC 5545 §3.8.5), as written.

    ``rules`` holds the values of the RRULE lines; ``dates`` and ``excluded`` are
    RDATE and EXDATE as aware datetimes; ``periods`` are the ends of those RDATEs that
    were periods, by their start.
    """

    rules: tuple[str, ...] = ()
    dates: tuple[datetime, ...] = ()
    excluded: tuple[datetime, ...] = ()
    periods: tuple[tuple[datetime, datetime], ...] = ()


@dataclass(slots=True)
class Event:
    """One VEVENT (or one Google event): a single event, the master of a series, or one
    moved or edited occurrence of a series.

    ``recurrence_id`` is empty for a single event and for a master; else the original
    start of the occurrence: ``YYYYMMDDTHHMMSSZ`` in UTC, or ``YYYYMMDD`` when all-day.
    ``start`` and ``end`` carry the zone in which they were written, because a series
    repeats by that zone's wall clock; ``end`` is exclusive. An all-day event starts and
    ends at midnight of the user's own zone. ``zone`` names the IANA zone (or holds the
    VTIMEZONE text where no IANA zone fits) of ``start``; it is empty for times written
    in UTC or without a zone.
    """

    uid: str
    recurrence_id: str
    start: datetime
    end: datetime
    all_day: bool = False
    title: str = ""
    place: str = ""
    url: str = ""
    online: bool = False
    cancelled: bool = False
    opaque: bool = True
    private: bool = False
    tags: tuple[str, ...] = ()
    organizer: Attendee | None = None
    attendees: tuple[Attendee, ...] = ()
    attendees_omitted: bool = False
    kind: str = "default"
    zone: str = ""
    created: datetime | None = None
    recurrence: Recurrence | None = None


class Occurrence(NamedTuple):
    """One time an event takes place. ``recurrence_id`` as in :class:`Event`; empty for
    an event that does not repeat."""

    event: Event
    start: datetime
    end: datetime
    recurrence_id: str = ""


class Skipped(NamedTuple):
    """An event that could not be used: why, and where it stands.

    ``reason`` is a short sentence that is the same for all events with that trouble, so
    that it can be counted; ``where`` is a file name with a line, or an event's UID.
    """

    reason: str
    where: str = ""


class Channel(StrEnum):
    """The form of a touch."""

    EMAIL = "email"
    MESSAGE = "message"
    CALL = "call"
    VIDEO = "video"
    COFFEE = "coffee"
    LUNCH = "lunch"
    MEETING = "meeting"
    VISIT = "visit"
    CARD = "card"
    GIFT = "gift"


class State(StrEnum):
    """Where a follow-up stands in its life (product words)."""

    PROVISIONAL = "provisional"
    PLANNED = "planned"
    WRITTEN = "written"
    HELD = "held"
    WAITING = "waiting"
    DONE = "done"
    DISMISSED = "dismissed"
    MET = "met"
    WITHDRAWN = "withdrawn"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Reminder:
    """What appears in a calendar: the follow-ups of one meeting and one step.

    ``title`` is the SUMMARY at full detail, symbol and ``✓`` included; ``names`` are the
    people and ``step`` the words for the step, for outputs that show less. ``rule`` is
    ``pack/rule/step``; ``meeting`` the meeting's key. ``sequence``, ``stamped`` and
    ``modified`` change only when the content does.
    """

    id: str
    start: datetime
    end: datetime
    title: str
    description: str
    names: tuple[str, ...]
    step: str
    rule: str
    meeting: str
    url: str = ""
    done: bool = False
    sequence: int = 0
    stamped: datetime | None = field(default=None, compare=False)
    modified: datetime | None = field(default=None, compare=False)


OPEN = frozenset({State.PROVISIONAL, State.PLANNED, State.WRITTEN})
"""The states in which a follow-up asks something of the user."""

ANSWERED = frozenset({State.DONE, State.DISMISSED})
"""The states that the user chose; nothing ever changes them."""


EVERY = "every"
"""The step of every cadence: one touch that comes again and again, in rounds."""


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One step promised for one person.

    ``address`` is the canonical address under which the person was met; ``meeting`` the
    meeting's key, and ``meeting_start`` and ``meeting_end`` its times as they held when it was
    over. ``round`` grows when the meeting moves to another day. In a cadence the meeting is the
    last one, empty where there was none, and ``round`` grows with each touch. ``last_day`` is the end of the
    window, worked out when ``timing``, the digest of what decides it, last changed. ``reminder``
    is the id of the reminder that carries it, empty where there is none.
    """

    id: str
    address: str
    name: str
    meeting: str
    uid: str
    meeting_title: str
    meeting_start: datetime
    meeting_end: datetime
    source: str
    pack: str
    rule: str
    step: str
    round: int
    state: State
    cause: str
    last_day: date
    reminder: str = ""
    timing: str = ""
    channel: str = ""


def of_cadence(followup: FollowUp) -> bool:
    """Whether a follow-up speaks of a person alone, and not of a meeting."""
    return followup.step == EVERY


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a reminder in my days, and whose it is.

    ``turn`` grows each time a reminder that calsync removed returns, so that it returns with a
    new id. ``alone`` is the address of the one person that was split off from a reminder for
    several; ``timing`` the digest of what decided the place; ``moved`` says that the user chose
    the time; ``removed`` when it left the outputs.
    """

    id: str
    meeting: str
    rule: str
    step: str
    round: int
    turn: int
    alone: str
    start: datetime
    end: datetime
    channel: Channel
    timing: str
    moved: bool = False
    removed: datetime | None = None
