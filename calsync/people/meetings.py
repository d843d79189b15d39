"""Events become meetings: one occurrence each, merged over all sources.

The same event in two calendars is one meeting. It counts if it counts in any of them,
and takes its relationship and its source's name from the first such in config order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from itertools import islice
from typing import NamedTuple

from calsync.model import Answer, Event, Occurrence
from calsync.people.judging import Judgement, Part, Verdict
from calsync.timing.recurrence import first_occurrences, occurrences

PRIVATE = "Private meeting"
"""Stands for the title of a private meeting wherever one is shown."""

NO_FOLLOW = "nofollowup"
"""The tag that makes a meeting's people known and starts nothing."""

# How far into a series the first occurrence that nobody edited is looked for.
_EDITED_AT_MOST = 500


class SourceFacts(NamedTuple):
    """What recognition needs to know of a source; their order is the config's."""

    name: str
    relationship: str = "work"
    unlisted_organizer: bool = True


class Recorded(NamedTuple):
    """An event as last seen: the position of its source in the config, and since when it is
    missing there. An occurrence that starts after ``gone`` never takes place. ``past`` marks the
    form that an event had before it was changed: it tells only of what was over by then."""

    source: int
    event: Event
    gone: datetime | None = None
    past: bool = False


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
        for record, occurrence in _with_past(by_source[position], since, until):
            found.setdefault(occurrence.recurrence_id, []).append((record, occurrence))
    meetings = [_merged(copies, sources, judge) for copies in found.values()]
    meetings.sort(key=lambda meeting: (meeting.start, meeting.key))
    return meetings


def _with_past(records: list[Recorded], since: datetime, until: datetime) -> Iterable[tuple[Recorded, Occurrence]]:
    """The occurrences in one source, those included that only an old form still tells of. One that
    the new form names otherwise keeps its first name, so that it stays the same meeting."""
    forms = [record for record in records if record.past]
    live = [record for record in records if not record.past]
    if not forms:
        return _occurrences(live, since, until)
    found = list(_occurrences(live, since, until))
    overrides = [record for record in live if record.event.recurrence_id]
    for form in sorted(forms, key=lambda each: (each.gone is not None, each.gone), reverse=True):
        told = [
            occurrence
            for record, occurrence in _occurrences([form, *overrides], since, until)
            if record is form and (form.gone is None or occurrence.end <= form.gone)
        ]
        names = {occurrence.recurrence_id for occurrence in told}
        for occurrence in told:
            _rename(found, occurrence, names)
            found.append((form, occurrence))
    return found


def _rename(found: list[tuple[Recorded, Occurrence]], past: Occurrence, names: set[str]) -> None:
    """Give an occurrence of the new form the name it had in the old one: the one with that start,
    else one of that day whose own name the old form does not know."""
    if any(known.recurrence_id == past.recurrence_id for _, known in found):
        return
    free = [at for at, (_, known) in enumerate(found) if known.recurrence_id not in names]
    same_start = [at for at in free if found[at][1].start == past.start]
    same_day = [
        at for at in free if found[at][1].start.date() == past.start.astimezone(found[at][1].start.tzinfo).date()
    ]
    for at in (same_start or same_day)[:1]:
        record, known = found[at]
        found[at] = (record, known._replace(recurrence_id=past.recurrence_id))


def _occurrences(records: list[Recorded], since: datetime, until: datetime) -> Iterator[tuple[Recorded, Occurrence]]:
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


def _merged(copies: list[tuple[Recorded, Occurrence]], sources: tuple[SourceFacts, ...], judge: Judge) -> Meeting:
    """One meeting of all its copies: the first that is worth most and names somebody, and in it the
    people of all that are worth as much."""
    judged = [(judge(record), record, occurrence) for record, occurrence in copies]
    judged.sort(key=lambda each: (each[1].past, -each[0].verdict, not each[0].group, each[1].source))
    judgement, record, occurrence = judged[0]
    event = occurrence.event
    if len(judged) > 1:
        live = [(each, other.event) for each, copy, other in judged if not copy.past]
        group = max([judgement.group, *(e.group for e, _ in live if e.verdict is judgement.verdict)])
        judgement = _with_people_of(judgement, [each for each, _, _ in judged])._replace(group=group)
        event = _marked(event, [each for _, each in live])
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


def _with_people_of(judgement: Judgement, copies: Iterable[Judgement]) -> Judgement:
    """The judgement with the people whom only other copies name, or know to have answered."""
    parts = {part.person: part for part in judgement.parts}
    for copy in copies:
        for part in copy.parts if copy.verdict is judgement.verdict else ():
            known = parts.get(part.person)
            if known is None or (part.counts and known.answer is Answer.NONE and not known.counts):
                parts[part.person] = part
    return judgement._replace(parts=tuple(parts.values()))


def _marked(event: Event, copies: Iterable[Event]) -> Event:
    """The event, private if a copy is, and with every copy's word against follow-ups."""
    copies = list(copies)
    if any(copy.private for copy in copies) and not event.private:
        event = replace(event, private=True)
    if any(NO_FOLLOW in copy.tags for copy in copies) and NO_FOLLOW not in event.tags:
        event = replace(event, tags=(*event.tags, NO_FOLLOW))
    return event


Content = tuple[datetime, datetime, str, str]


def same_under_other_uids(meetings: Iterable[Meeting]) -> list[list[Meeting]]:
    """Return the meetings of different sources that are one in spite of their UIDs: same start, end,
    title and organizer, and somebody in common."""
    alike: dict[Content, list[Meeting]] = {}
    for meeting in meetings:
        host = meeting.event.organizer.address if meeting.event.organizer else ""
        alike.setdefault((meeting.start, meeting.end, meeting.title, host), []).append(meeting)
    found = []
    for group in alike.values():
        if len(group) > 1 and len({meeting.source.name for meeting in group}) == len(group):
            people = [{part.person for part in meeting.judgement.parts} for meeting in group]
            if set.intersection(*people):
                found.append(group)
    return found


def as_one(group: Sequence[Meeting], order: Callable[[Meeting], int], key: Meeting) -> Meeting:
    """One meeting of several copies under different UIDs; ``order`` is the config's order of their
    sources, ``key`` the copy whose name it keeps."""
    best = min(group, key=lambda m: (-m.judgement.verdict, not m.judgement.group, order(m)))
    judgement = _with_people_of(best.judgement, [meeting.judgement for meeting in group])
    event = _marked(best.event, [meeting.event for meeting in group])
    return replace(best, key=key.key, uid=key.uid, recurring=key.recurring, event=event, judgement=judgement)
