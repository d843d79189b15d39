"""What the plan of a night is made from, and what it promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo

from calsync.model import OPEN, FollowUp, State, of_cadence
from calsync.people.addresses import domain_of
from calsync.people.judging import Circle
from calsync.people.meetings import PRIVATE, Meeting, ended_day
from calsync.people.newcomers import Candidate, Night, View
from calsync.rules.match import Facts
from calsync.rules.schema import Pack, Rule, Step
from calsync.timing.spans import Span
from calsync.timing.working_time import WorkingTime

Key = tuple[str, str]
"""A person and a meeting's key."""


@dataclass(frozen=True)
class Tie:
    """A person with whom the user chose to keep in touch.

    ``tier`` is A, B, C or D, empty where there is none; ``every`` an interval of their own;
    ``since`` the local day on which the user said so. ``counting`` are timed meetings that count
    with them, by start: at least the last one that is over, one before it where there is one,
    and the next one that begins within the horizon. ``repeats`` says that a series with them goes on.
    """

    person: str
    tier: str = ""
    every: Span | None = None
    since: date = date(1970, 1, 2)
    counting: tuple[Meeting, ...] = ()
    repeats: bool = False


@dataclass(frozen=True)
class Situation:
    """All that the plan depends on.

    ``views`` are the people whose standing matters tonight; ``promised`` all follow-ups of
    theirs in the ledger, and those of others that share a reminder with them, which stay as
    they are. ``facts`` are what rules saw of a meeting when it was over, because later edits
    change only the text. ``meetings`` are the meetings of the promised by their key.
    ``last_sync`` tells what was over when calsync looked last; ``places`` are the starts of
    reminders by id, and ``moved_to`` the days to which the user moved some. ``ties`` are all
    people with a tier or an interval of their own, whether or not they have a view tonight, and
    ``answered`` the local days on which follow-ups of cadences were done or dismissed, by id.
    """

    night: Night
    zone: tzinfo
    mine: WorkingTime
    packs: Sequence[Pack]
    circle: Circle
    views: Mapping[str, View]
    promised: Sequence[FollowUp]
    facts: Mapping[Key, Facts]
    meetings: Mapping[str, Meeting]
    horizon: datetime
    last_sync: datetime | None = None
    touches: int = 3
    hide_title: bool = True
    stopped: frozenset[str] = frozenset()
    places: Mapping[str, datetime] | None = None
    moved_to: Mapping[str, date] | None = None
    ties: Mapping[str, Tie] = field(default_factory=dict)
    answered: Mapping[str, date] = field(default_factory=dict)

    def person(self, followup: FollowUp) -> str:
        return self.circle.identities.of(followup.address)

    def day_of(self, meeting: Meeting) -> date:
        return ended_day(meeting.start, meeting.end, self.zone)

    def title(self, meeting: Meeting) -> str:
        """The meeting's title as it may be shown."""
        return PRIVATE if self.hide_title and meeting.event.private else meeting.title

    def was_over(self, followup: FollowUp) -> bool:
        """Whether the meeting was over when calsync looked last."""
        return self.last_sync is not None and followup.meeting_end <= self.last_sync


@dataclass(frozen=True)
class Promise:
    """A follow-up as it should stand after tonight, with what its place depends on.

    ``step`` is None for one that no rule asks for any more. ``due`` is the day that a cadence
    means, allowed or not, None for a step after a meeting; ``interval`` its length in days.
    """

    followup: FollowUp
    step: Step | None = None
    rule: Rule | None = None
    step_index: int = 0
    group: int = 0
    due: date | None = None
    interval: int = 0


def has_started(followup: FollowUp) -> bool:
    """Whether follow-ups of a meeting started: whether this one ever asked something of the user. One
    that only waited in the inbox, or was missed before it was seen, did not; nor does a cadence,
    which starts from no meeting."""
    if of_cadence(followup):
        return False
    return bool(followup.reminder) or followup.state in OPEN or followup.state in (State.WAITING, State.MET)


def facts_of(candidate: Candidate, circle: Circle) -> Facts:
    """Return what rules can ask of a person and a meeting (product §4, ``when``)."""
    meeting, part = candidate.meeting, candidate.part
    event = meeting.event
    duration = meeting.end - meeting.start
    place = "online" if event.online else "in-person"
    addresses = (part.address, *circle.identities.addresses(candidate.person))
    return Facts(
        meeting=candidate.kind,
        group=meeting.judgement.group,
        role=part.role,
        mine=meeting.judgement.mine,
        relationship=meeting.source.relationship,
        tags=event.tags,
        domains=tuple(dict.fromkeys(d for d in map(domain_of, addresses) if d)),
        title=event.title,
        calendar=meeting.source.name,
        duration=duration,
        place=place,
        recurring=meeting.recurring,
        all_day=event.all_day,
    )
