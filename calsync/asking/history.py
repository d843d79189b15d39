"""What the ledger knows of first meetings and what became of them.

People are judged as on the night after their first meeting: whoever a night would not have
taken for a newcomer is not learned from. The ledger is only read, some hundred people at a
time, so that a long history needs little memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from calsync.learning.acquaintances import Acquaintance
from calsync.learning.survival import Watched
from calsync.ledger import promises
from calsync.ledger.ledger import moment, seconds
from calsync.night.desk import Desk
from calsync.people.meetings import Meeting
from calsync.people.newcomers import Candidate, Night, Verdicts, met_after, view
from calsync.situation import facts_of
from calsync.timing.spans import Span

RUN_IN = timedelta(days=182)
"""Whoever first appears so soon after the records begin may be an old acquaintance: half a year,
or a quarter of the records where these are short."""

_AT_A_TIME = 200
# As far ahead as needed to see that a series goes on.
_SERIES_AHEAD = timedelta(days=63)


@dataclass(frozen=True)
class History:
    """First meetings, and the days they were taken from: the records begin on ``records``, first
    meetings count from ``since`` on, and ``until`` is the day of the last sync. ``left_out`` counts
    by reason the people met in that time who are not learned from."""

    people: tuple[Acquaintance, ...]
    records: date
    since: date
    until: date
    left_out: dict[str, int]


def history(desk: Desk, last: Span | None = None) -> History | None:
    """Return whom the user met first within the last ``last`` (at most ``people.history``, which is
    the default), watched until the last sync. None before the first sync."""
    synced = desk.last_sync()
    if synced is None:
        return None
    until = min(desk.now, synced)
    earliest = moment(desk.ledger.value("SELECT min(known_from) FROM address")) or until
    records = max(desk.config.people.history.before(desk.now, desk.zone), earliest)
    since = records + min(RUN_IN, max(until - records, timedelta()) / 4)
    if last is not None:
        since = max(since, last.before(desk.now, desk.zone))
    since = since.astimezone(desk.zone)
    night = replace(
        desk.night(desk.started(promises.followups(desk.ledger))),
        select="tagged" if desk.config.people.select == "tagged" else "everyone",
    )
    people: list[Acquaintance] = []
    left_out: Counter[str] = Counter()
    for group in _in_groups(_met_between(desk, since, until)):
        own = replace(desk)  # what it has read is let go with it
        addresses = {address for person in group for address in own.circle.identities.addresses(person)}
        meetings = own.meetings(own.seen.of_people(addresses), since, until + _SERIES_AHEAD)
        by_person = _by_person(group, meetings)
        for person in group:
            found = _acquaintance(own, person, by_person[person], night, since, until)
            if isinstance(found, Acquaintance):
                people.append(found)
            elif found:
                left_out[found] += 1
    begun, counted, ended = (at.astimezone(desk.zone).date() for at in (records, since, until))
    return History(tuple(people), begun, counted, ended, dict(left_out.most_common()))


def _met_between(desk: Desk, since: datetime, until: datetime) -> list[str]:
    """The people of whom an address became known then, in that order."""
    query = "SELECT canonical FROM address WHERE known_from >= ? AND known_from <= ? ORDER BY known_from, canonical"
    rows = desk.ledger.rows(query, seconds(since), seconds(until))
    return list(dict.fromkeys(desk.circle.identities.of(own) for (own,) in rows))


def _in_groups(people: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(people), _AT_A_TIME):
        yield people[start : start + _AT_A_TIME]


def _by_person(people: Iterable[str], meetings: Iterable[Meeting]) -> dict[str, list[Meeting]]:
    found: dict[str, list[Meeting]] = {person: [] for person in people}
    for meeting in meetings:
        for part in meeting.judgement.parts:
            if part.person in found:
                found[part.person].append(meeting)
    return found


def _acquaintance(
    desk: Desk, person: str, meetings: list[Meeting], night: Night, since: datetime, until: datetime
) -> Acquaintance | str:
    """What became of a first meeting, or why it is not learned from; empty where there was none then."""
    today = view(person, meetings, night)
    first, counting = today.first, today.counting
    if first is None or not since <= first.end <= until:
        return ""
    then = replace(
        night,
        now=first.end,
        since=desk.config.people.lookback.before(first.end, desk.zone),
        until=desk.config.people.lookahead.after(first.end, desk.zone),
    )
    seen = view(person, meetings, then)
    candidate = next((each for each in seen.candidates if each.kind == "first"), None)
    if seen.verdict is not Verdicts.NEWCOMER or candidate is None or candidate.meeting.key != first.key:
        return "; ".join(seen.reasons)
    if first.event.recurrence is not None or any(m.uid == first.uid and m.key != first.key for m in counting):
        return "you met in a series, which brings its people together again by itself"
    return _watched(desk, candidate, counting, night, until)


def _watched(
    desk: Desk, candidate: Candidate, counting: Sequence[Meeting], night: Night, until: datetime
) -> Acquaintance:
    first = candidate.meeting
    day = desk.mine.day_of(first.end, first.start)
    again = met_after(counting, first.start, day, replace(night, now=until), lambda m: desk.mine.day_of(m.end, m.start))
    ended = desk.mine.day_of(again.end, again.start) if again else until.astimezone(desk.zone).date()
    return Acquaintance(
        first.start,
        first.end,
        facts_of(candidate, desk.circle),
        Watched(max((ended - day).days, 0), again is not None, first.key),
        (candidate.person, first.key) in night.started,
    )
