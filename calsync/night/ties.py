"""The people with whom the user chose to keep in touch, and when they were last met.

There may be hundreds of them, each met dozens of times, and nearly nothing of that matters
tonight: only the last meeting, and the next. So the latest events are read first, and older
ones only of those for whom the latest do not settle it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from calsync.ledger import who
from calsync.ledger.ledger import moment, seconds
from calsync.ledger.seen import Trail
from calsync.night.desk import Desk
from calsync.people.meetings import Meeting
from calsync.people.newcomers import Night
from calsync.situation import Tie
from calsync.timing.spans import Span

_KEYS = ("tier", "every")
_LONG_AGO = datetime(1970, 1, 2, tzinfo=UTC)
_DEPTHS = ((2, timedelta(days=35)), (10, timedelta(days=400)), (1_000_000, timedelta(days=36_500)))
"""How many of a person's past events are read, and how far back those that repeat."""


def ties_of(desk: Desk, night: Night, people: Collection[str]) -> dict[str, Tie]:
    """Return those of ``people`` with a tier or an interval of their own, by person, with their last
    meetings and the next."""
    found = chosen_ties(desk, people)
    open_ = found.keys() - desk.people_with("stopped")
    trails: dict[str, list[Trail]] = {person: [] for person in sorted(open_)}
    addresses = {a: person for person in trails for a in desk.circle.identities.addresses(person)}
    for trail in desk.seen.trails(addresses, desk.horizon):
        person = addresses[trail.address]
        trails[person].append(trail)
        if trail.repeats and (trail.ends is None or trail.ends > seconds(desk.now)):
            found[person] = replace(found[person], repeats=True)
    left = {person: own for person, own in trails.items() if own}
    for number, reach in _DEPTHS:
        settled = _met(desk, night, left, number, reach)
        for person, counting in settled.items():
            found[person] = replace(found[person], counting=counting)
            del left[person]
        if not left:
            break
    return found


@dataclass(frozen=True)
class _Word:
    at: int
    address: str
    value: str


def chosen(desk: Desk) -> set[str]:
    """Return everybody who has a tier or an interval of their own."""
    return {desk.person(address) for address, said in desk.said.items() if not said.keys().isdisjoint(_KEYS)}


def chosen_ties(desk: Desk, people: Collection[str]) -> dict[str, Tie]:
    """Return those of ``people`` who have a tier or an interval of their own, by person, as the user
    said; of two words on addresses of one person the later."""
    said_at = who.said_at(desk.ledger, _KEYS)
    words: dict[str, dict[str, list[_Word]]] = {}
    for address, said in desk.said.items():
        if said.keys().isdisjoint(_KEYS) or (person := desk.person(address)) not in people:
            continue
        for key in _KEYS:
            if key in said:
                word = _Word(said_at.get((address, key)) or 0, address, said[key])
                words.setdefault(person, {}).setdefault(key, []).append(word)
    found: dict[str, Tie] = {}
    for person, own in words.items():
        latest = {key: max(all_, key=lambda word: (word.at, word.address)).value for key, all_ in own.items()}
        since = moment(min(word.at for all_ in own.values() for word in all_)) or _LONG_AGO
        every = Span.parse(latest["every"]) if "every" in latest else None
        day = max(since, _LONG_AGO).astimezone(desk.zone).date()
        found[person] = Tie(person, latest.get("tier", ""), every, day)
    return found


def _met(
    desk: Desk, night: Night, trails: dict[str, list[Trail]], number: int, reach: timedelta
) -> dict[str, tuple[Meeting, ...]]:
    """Return the meetings of those people for whom so many past events settle which was the last."""
    now = seconds(desk.now)
    since = max(desk.now - reach, _LONG_AGO)
    read: set[str] = set()
    unread: dict[str, float] = {}  # until when something may have been that was not read
    for person, own in trails.items():
        past = sorted((t for t in own if t.ends is not None and t.ends <= now), key=lambda t: -(t.ends or 0))
        latest = past[:number] + [t for t in own if t.ends is None or t.ends > now]
        read |= {trail.uid for trail in latest}
        bound = float(past[number].ends or 0) if len(past) > number else 0.0
        before = [min(t.ends or now, seconds(since)) for t in latest if t.repeats and t.starts < seconds(since)]
        unread[person] = max([bound, *before])
    met: dict[str, list[Meeting]] = {person: [] for person in trails}
    for meeting in desk.meetings(desk.seen.of_uids(read), since, desk.horizon + timedelta(days=1)):
        for part in meeting.judgement.parts:
            own_ = met.get(part.person)
            if own_ is not None and not meeting.all_day and meeting.counts_for(part.person, night.accepted):
                own_.append(meeting)
    return {
        person: _lately(desk, counting)
        for person, counting in met.items()
        if not unread[person] or _is_settled(desk, counting, unread[person])
    }


def _is_settled(desk: Desk, counting: Iterable[Meeting], unread: float) -> bool:
    over = [meeting.end for meeting in counting if meeting.end <= desk.now]
    return len(over) > 1 and seconds(max(over)) >= unread


def _lately(desk: Desk, counting: Iterable[Meeting]) -> tuple[Meeting, ...]:
    over = sorted((m for m in counting if m.end <= desk.now), key=lambda m: (m.end, m.key))[-2:]
    coming = sorted((m for m in counting if m.end > desk.now), key=lambda m: (m.start, m.key))[:1]
    return tuple(sorted([*over, *coming], key=lambda m: (m.start, m.key)))
