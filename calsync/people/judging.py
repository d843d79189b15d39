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
_REMEMBERED = 50_000


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


class Judgement(NamedTuple):
    """What an event is worth and who in it counts.

    ``reasons`` are sentences for ``calsync why``. ``group`` is the number of humans other
    than me who neither declined nor delegated. ``mine`` is my role: organizer or attendee;
    ``free`` says that my own answer leaves my time free: declined, delegated, or never given.
    """

    verdict: Verdict
    reasons: tuple[str, ...]
    group: int
    mine: str
    parts: tuple[Part, ...]
    free: bool = False

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
        self._standings: dict[str, Standing] = {}
        self.guests: dict[Attendee, tuple[Standing, Part]] = {}

    def is_me(self, address: str) -> bool:
        return self.standing(address).kind == "me"

    def standing(self, address: str, kind: str = "individual") -> Standing:
        """Say what an address is to me; ``kind`` is its CUTYPE."""
        known = self._standings.get(address) if kind == "individual" else None
        if known is None:
            known = self._stand(address, kind)
            if kind == "individual":
                self._standings[address] = known
        return known

    def guest(self, attendee: Attendee) -> tuple[Standing, Part]:
        """Say what a guest is to me, and their part in a meeting of few that somebody else hosts.
        Remembers it: most guests come again."""
        known = self.guests.get(attendee)
        if known is None:
            address, name, answer, kind = attendee
            who = self.standing(address, kind)
            why = who.why or _ABSENT.get(answer, "")
            known = (who, Part(who.person, address, name, "attendee", answer, why))
            if len(self.guests) < _REMEMBERED:
                self.guests[attendee] = known
        return known

    def _stand(self, address: str, kind: str) -> Standing:
        own = canonical(address)
        person = self.identities.of(own)
        linked = (own, *(a for a in self.identities.addresses(own) if a != own))
        if any(a in self.me for a in linked):
            return Standing(person, "me", "you")
        if self._humans.isdisjoint(linked):
            why = not_human(address, kind)
            if why:
                return Standing(person, "not-human", why)
        for a in linked:
            if a in self._ignored or (self._ignored_pattern and self._ignored_pattern.match(a)):
                return Standing(person, "ignored", "ignored by you")
        if self._ignored_pattern and self._ignored_pattern.match(address):
            return Standing(person, "ignored", "ignored by you")
        for domain in map(domain_of, linked):
            if within(domain, self.colleague_domains):
                return Standing(person, "colleague", f"a colleague ({domain})")
        return Standing(person, "person", "")


_ACCEPTED, _TENTATIVE, _DECLINED, _DELEGATED, _NONE = (
    Answer.ACCEPTED,
    Answer.TENTATIVE,
    Answer.DECLINED,
    Answer.DELEGATED,
    Answer.NONE,
)
_COLDNESS = {_ACCEPTED: 0, _TENTATIVE: 1, _DECLINED: 2, _DELEGATED: 3, _NONE: 4}


def judge(event: Event, circle: Circle, policy: Policy, *, unlisted_organizer: bool = True) -> Judgement:
    """Judge an event by product §3: what it is worth, and who in it counts.

    ``unlisted_organizer`` tells that in this source an organizer who is not among the guests takes
    part all the same; a source that lists them whenever they do says by leaving them out that they
    do not. An all-day event is judged like any other; that it counts only for rules that say so is
    left to the caller.
    """
    organizer = event.organizer
    host = circle.standing(organizer.address) if organizer is not None and organizer.address else None
    host_person = host.person if host is not None else None
    organised = host.kind == "me" if host is not None else organizer is None or not organizer.name
    mine: Answer = _NONE
    listed = False
    group = 0
    guest, known = circle.guest, circle.guests
    guests: dict[str, tuple[Standing, Part]] = {}
    for attendee in event.attendees:
        address, name, answer, kind = attendee
        if not address:
            if name and kind == "individual" and answer is not _DECLINED and answer is not _DELEGATED:
                group += 1
            continue
        found = known.get(attendee) or guest(attendee)
        person, what, _ = found[0]
        if what == "me":
            listed = True
            if _COLDNESS[answer] < _COLDNESS[mine]:
                mine = answer
        elif person not in guests or _COLDNESS[answer] < _COLDNESS[guests[person][1].answer]:
            guests[person] = found
    if unlisted_organizer and host is not None and host.kind != "me" and host.person not in guests:
        assert organizer is not None
        guests = {host.person: guest(organizer._replace(answer=_ACCEPTED, kind="individual"))} | guests

    for who, part in guests.values():
        if who.kind != "not-human" and part.answer is not _DECLINED and part.answer is not _DELEGATED:
            group += 1
    parts = []
    for who, part in guests.values():
        if who.person == host_person:
            part = Part(part.person, part.address, part.name, "organizer", part.answer, part.why)
        elif group > SMALL_GROUP and part.answer is _NONE and not part.why:
            why = f"never answered, and the group of {group} is larger than {SMALL_GROUP}"
            part = Part(part.person, part.address, part.name, part.role, part.answer, why)
        parts.append(part)
    verdict, reasons = _worth(event, policy, group, organised, mine, listed)
    free = mine in (_DECLINED, _DELEGATED) if organised else mine not in (_ACCEPTED, _TENTATIVE)
    return Judgement(verdict, reasons, group, "organizer" if organised else "attendee", tuple(parts), free)


_ABSENT = {_DECLINED: "declined", _DELEGATED: "delegated it to somebody else"}
_ORGANISED = Verdict.COUNTS, ("you organised it",)
_ANSWERED = {answer: (Verdict.COUNTS, (f"you answered: {answer.value}",)) for answer in (_ACCEPTED, _TENTATIVE)}


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
        return _ORGANISED
    if answer in _ANSWERED:
        return _ANSWERED[answer]
    if answer is not _NONE:
        return Verdict.OUT, (f"you {answer.value} it",)
    silence = "you never answered it" if listed else "it lists you nowhere and somebody else organised it"
    if policy.unanswered == "count":
        return Verdict.COUNTS, (silence, 'unanswered is "count"')
    if policy.unanswered == "skip":
        return Verdict.OUT, (silence, 'unanswered is "skip"')
    return Verdict.UNANSWERED, (silence,)
