"""Does this meeting count, and who in it (product §3).

An event is judged by what it says alone, never by the clock, so that one judgement
holds for every occurrence of a series and every night. Whether an occurrence is over,
and who is new, is the business of :mod:`calsync.people.newcomers`.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from calsync.model import Answer, Attendee, Event
from calsync.people.addresses import canonical, domain_of, not_human, within
from calsync.people.identity import Identities

# Above this size somebody who never answered is not taken to have been there.
SMALL_GROUP = 6


class Verdict(IntEnum):
    """What a meeting is worth, from nothing to everything."""

    OUT = 0
    UNANSWERED = 1
    COUNTS = 2


class Standing(NamedTuple):
    """What an address is to me: ``kind`` is me, person, colleague, ignored or not-human;
    ``why`` is the reason that it does not count, as a phrase."""

    person: str
    kind: str
    why: str


class Part(NamedTuple):
    """Somebody's part in a meeting. ``why`` is empty when the person counts."""

    person: str
    address: str
    name: str
    role: str
    answer: Answer
    why: str

    @property
    def counts(self) -> bool:
        return not self.why


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an event is worth and who in it counts.

    ``reasons`` are sentences for ``calsync why``. ``group`` is the number of humans other
    than me who neither declined nor delegated. ``mine`` is my role: organizer or attendee.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    group: int
    mine: str
    parts: tuple[Part, ...]

    def part_of(self, person: str) -> Part | None:
        for part in self.parts:
            if part.person == person:
                return part
        return None


@dataclass(frozen=True)
class Policy:
    """The user's choices that decide what counts (product §2, [people])."""

    group_max: int = 20
    unanswered: str = "ask"
    private_events: str = "hide-title"
    select: str = "everyone"


class Circle:
    """Who is who around me: my own addresses, my colleagues, whom to ignore, who is whom."""

    def __init__(
        self,
        me: Iterable[str],
        colleague_domains: Iterable[str] = (),
        ignore: Iterable[str] = (),
        identities: Identities | None = None,
        humans: Iterable[str] = (),
    ) -> None:
        self.identities = identities or Identities()
        self.me = frozenset(canonical(address) for address in me)
        self.colleague_domains = frozenset(d.lower().lstrip("@") for d in colleague_domains)
        globs = [glob.strip().lower() for glob in ignore if glob.strip()]
        self._ignored = frozenset(canonical(glob) for glob in globs if not any(c in glob for c in "*?["))
        wild = [fnmatch.translate(glob) for glob in globs if any(c in glob for c in "*?[")]
        self._ignored_pattern = re.compile("|".join(wild)) if wild else None
        self._humans = frozenset(canonical(address) for address in humans)
        self._standings: dict[tuple[str, str], Standing] = {}

    def is_me(self, address: str) -> bool:
        return self.standing(address).kind == "me"

    def standing(self, address: str, kind: str = "individual") -> Standing:
        """Say what an address is to me; ``kind`` is its CUTYPE."""
        known = self._standings.get((address, kind))
        if known is None:
            known = self._standings[address, kind] = self._stand(address, kind)
        return known

    def _stand(self, address: str, kind: str) -> Standing:
        own = canonical(address)
        person = self.identities.of(own)
        linked = (own, *(a for a in self.identities.addresses(own) if a != own))
        if any(a in self.me for a in linked):
            return Standing(person, "me", "you")
        if own not in self._humans:
            why = not_human(address, kind)
            if why:
                return Standing(person, "not-human", why)
        for a in linked:
            if a in self._ignored or (self._ignored_pattern and self._ignored_pattern.match(a)):
                return Standing(person, "ignored", "ignored by you")
        if self._ignored_pattern and self._ignored_pattern.match(address):
            return Standing(person, "ignored", "ignored by you")
        domain = domain_of(own)
        if within(domain, self.colleague_domains):
            return Standing(person, "colleague", f"a colleague ({domain})")
        return Standing(person, "person", "")


def _taking_part(event: Event, unlisted_organizer: bool) -> list[tuple[Attendee, bool]]:
    """Everybody an event names, each with whether they organised it.

    A source that lists the organizer among the guests whenever they take part (Google) says by
    leaving them out that they do not.
    """
    organizer = event.organizer
    if organizer is None:
        return [(attendee, False) for attendee in event.attendees]
    host = canonical(organizer.address)
    named = [(attendee, canonical(attendee.address) == host) for attendee in event.attendees]
    if unlisted_organizer and organizer.address and not any(is_host for _, is_host in named):
        named.insert(0, (organizer._replace(answer=Answer.ACCEPTED), True))
    return named


_WARMEST = (Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED, Answer.DELEGATED)


def _my_answer(answers: list[Answer]) -> Answer:
    return next((answer for answer in _WARMEST if answer in answers), Answer.NONE)


def organised_by_me(event: Event, circle: Circle) -> bool:
    """An event without an organizer in my own calendar is mine."""
    organizer = event.organizer
    if organizer is None or not (organizer.address or organizer.name):
        return True
    return bool(organizer.address) and circle.is_me(organizer.address)


def leaves_me_free(event: Event, circle: Circle) -> bool:
    """Whether my own answer leaves my time free: declined, delegated, or never given."""
    mine = [a.answer for a in event.attendees if a.address and circle.is_me(a.address)]
    if organised_by_me(event, circle):
        return _my_answer(mine) in (Answer.DECLINED, Answer.DELEGATED)
    return _my_answer(mine) not in (Answer.ACCEPTED, Answer.TENTATIVE)


def judge(event: Event, circle: Circle, policy: Policy, *, unlisted_organizer: bool = True) -> Judgement:
    """Judge an event by product §3: what it is worth, and who in it counts.

    An all-day event is judged like any other; that it counts only for rules that say so is left
    to the caller.
    """
    mine: list[Answer] = []
    by_person: dict[str, tuple[Attendee, bool, Standing]] = {}
    nameless = 0
    standing = circle.standing
    for attendee, is_host in _taking_part(event, unlisted_organizer):
        address = attendee.address
        if not address:
            gone = attendee.answer in (Answer.DECLINED, Answer.DELEGATED)
            if attendee.name and attendee.kind == "individual" and not gone:
                nameless += 1
            continue
        who = standing(address, attendee.kind)
        if who.kind == "me":
            mine.append(attendee.answer)
            continue
        before = by_person.get(who.person)
        if before is not None:
            is_host = is_host or before[1]
            if not _warmer(attendee.answer, before[0].answer):
                attendee = before[0]
        by_person[who.person] = (attendee, is_host, who)

    group = nameless
    for attendee, _, who in by_person.values():
        if who.kind != "not-human" and attendee.answer not in (Answer.DECLINED, Answer.DELEGATED):
            group += 1
    organised = organised_by_me(event, circle)
    verdict, reasons = _worth(event, policy, group, organised, _my_answer(mine), bool(mine))
    parts = tuple(
        Part(
            who.person,
            attendee.address,
            attendee.name,
            "organizer" if is_host else "attendee",
            attendee.answer,
            who.why or _why_absent(attendee.answer, is_host, group),
        )
        for attendee, is_host, who in by_person.values()
    )
    return Judgement(verdict, reasons, group, "organizer" if organised else "attendee", parts)


def _warmer(answer: Answer, than: Answer) -> bool:
    order = (*_WARMEST, Answer.NONE)
    return order.index(answer) < order.index(than)


def _why_absent(answer: Answer, is_host: bool, group: int) -> str:
    if answer is Answer.DECLINED:
        return "declined"
    if answer is Answer.DELEGATED:
        return "delegated it to somebody else"
    if answer is Answer.NONE and not is_host and group > SMALL_GROUP:
        return f"never answered, and the group of {group} is larger than {SMALL_GROUP}"
    return ""


def _worth(
    event: Event, policy: Policy, group: int, organised: bool, answer: Answer, listed: bool
) -> tuple[Verdict, tuple[str, ...]]:
    if event.cancelled:
        return Verdict.OUT, ("it was cancelled",)
    if event.kind != "default":
        return Verdict.OUT, (f"an event of type {event.kind} introduces nobody",)
    if event.attendees_omitted:
        return Verdict.OUT, ("the guest list was cut short by the source, so it introduces nobody",)
    if event.private and policy.private_events == "skip":
        return Verdict.OUT, ('it is private, and private_events is "skip"',)
    if group > policy.group_max:
        return Verdict.OUT, (f"{group} others are more than group_max = {policy.group_max}",)
    if organised:
        return Verdict.COUNTS, ("you organised it",)
    if answer in (Answer.ACCEPTED, Answer.TENTATIVE):
        return Verdict.COUNTS, (f"you answered: {answer.value}",)
    if answer is not Answer.NONE:
        return Verdict.OUT, (f"you {answer.value} it",)
    silence = "you never answered it" if listed else "it lists you nowhere and somebody else organised it"
    if policy.unanswered == "count":
        return Verdict.COUNTS, (silence, 'unanswered is "count"')
    if policy.unanswered == "skip":
        return Verdict.OUT, (silence, 'unanswered is "skip"')
    return Verdict.UNANSWERED, (silence,)
