"""Events become meetings: one occurrence each, merged over all sources.

The same event in two calendars is one meeting. It counts if it counts in any of them,
and takes its relationship and its source's name from the first such in config order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice
from typing import NamedTuple

from calsync.model import Event, Occurrence
from calsync.people.judging import Judgement, Part, Verdict
from calsync.timing.recurrence import first_occurrences, occurrences

PRIVATE = "Private meeting"
"""Stands for the title of a private meeting wherever one is shown."""

# How far into a series the first occurrence that nobody edited is looked for.
_EDITED_AT_MOST = 500


class SourceFacts(NamedTuple):
    """What recognition needs to know of a source; their order is the config's."""

    name: str
    relationship: str = "work"
    unlisted_organizer: bool = True


class Recorded(NamedTuple):
    """An event as last seen: the position of its source in the config, and since when it is
    missing there. An occurrence that starts after ``gone`` never takes place."""

    source: int
    event: Event
    gone: datetime | None = None


@dataclass(frozen=True, slots=True)
class Meeting:
    """One occurrence in which I and others took part, as judged."""

    key: str
    uid: str
    event: Event
    start: datetime
    end: datetime
    source: SourceFacts
    recurring: bool
    judgement: Judgement

    @property
    def title(self) -> str:
        return self.event.title

    @property
    def all_day(self) -> bool:
        return self.event.all_day

    def part_of(self, person: str) -> Part | None:
        return self.judgement.part_of(person)

    def counts_for(self, person: str, accepted: frozenset[str] = frozenset()) -> bool:
        """Whether the meeting counts (or the user accepted it) and the person counts in it."""
        verdict = self.judgement.verdict
        if verdict is Verdict.OUT or (verdict is Verdict.UNANSWERED and self.uid not in accepted):
            return False
        part = self.part_of(person)
        return part is not None and part.counts


def key_of(uid: str, recurrence_id: str) -> str:
    """Return the key of an occurrence: its UID, and in a series its original start."""
    return f"{uid}/{recurrence_id}" if recurrence_id else uid


def ended_day(start: datetime, end: datetime, zone: tzinfo) -> date:
    """Return the local day on which something ended; midnight belongs to the day before."""
    last = end - timedelta(microseconds=1) if end > start else end
    return last.astimezone(zone).date()


Judge = Callable[[Recorded], Judgement]


def meetings_of(
    records: Iterable[Recorded],
    sources: tuple[SourceFacts, ...],
    judge: Judge,
    since: datetime,
    until: datetime,
) -> list[Meeting]:
    """Return the meetings of one UID that matter: all that touch ``since`` to ``until``, every
    occurrence somebody edited, and the first of each series, in order of start."""
    by_source: dict[int, list[Recorded]] = {}
    for record in records:
        by_source.setdefault(record.source, []).append(record)
    found: dict[str, list[tuple[Recorded, Occurrence]]] = {}
    for position in sorted(by_source):
        for record, occurrence in _occurrences(by_source[position], since, until):
            found.setdefault(occurrence.recurrence_id, []).append((record, occurrence))
    meetings = [_merged(copies, sources, judge) for copies in found.values()]
    meetings.sort(key=lambda meeting: (meeting.start, meeting.key))
    return meetings


def _occurrences(
    records: list[Recorded], since: datetime, until: datetime
) -> Iterator[tuple[Recorded, Occurrence]]:
    masters = [record for record in records if not record.event.recurrence_id]
    overrides = [record for record in records if record.event.recurrence_id]
    master = masters[-1] if masters else None
    by_event = {id(record.event): record for record in records}
    edited = [record.event for record in overrides]
    seen: set[str] = set()

    def fresh(occurrence: Occurrence) -> Iterator[tuple[Recorded, Occurrence]]:
        record = by_event[id(occurrence.event)]
        gone = record.gone
        if occurrence.recurrence_id not in seen and (gone is None or occurrence.start < gone):
            seen.add(occurrence.recurrence_id)
            yield record, occurrence

    if master is not None and master.event.recurrence is not None:
        for first in islice(first_occurrences(master.event, edited), _EDITED_AT_MOST):
            if first.event is master.event:
                yield from fresh(first)
                break
    for occurrence in occurrences(master.event if master else None, edited, since, until):
        yield from fresh(occurrence)
    if master is not None and master.event.recurrence is None and not overrides:
        yield from fresh(Occurrence(master.event, master.event.start, master.event.end))
    for override in overrides:
        event = override.event
        yield from fresh(Occurrence(event, event.start, event.end, event.recurrence_id))


def _merged(
    copies: list[tuple[Recorded, Occurrence]], sources: tuple[SourceFacts, ...], judge: Judge
) -> Meeting:
    judged = [(judge(record), record, occurrence) for record, occurrence in copies]
    judgement, record, occurrence = max(judged, key=lambda each: (each[0].verdict, -each[1].source))
    event = occurrence.event
    return Meeting(
        key_of(event.uid, occurrence.recurrence_id),
        event.uid,
        event,
        occurrence.start,
        occurrence.end,
        sources[record.source],
        bool(occurrence.recurrence_id),
        judgement,
    )
