"""What of the meetings seen a night needs.

Most people are old acquaintances, known from a meeting long past; nothing of theirs can
start a follow-up. So a night reads only the events of the people whose standing is open,
and all of those, which leads to the same decisions as reading everything.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from calsync.ledger.codec import Codec, may_repeat, named_in
from calsync.ledger.ledger import Ledger, moment, seconds
from calsync.ledger.past import PAST
from calsync.people.meetings import Recorded, SourceFacts
from calsync.timing.recurrence import occurrences


def source_order(ledger: Ledger, configured: Sequence[SourceFacts]) -> tuple[tuple[SourceFacts, ...], dict[int, int]]:
    """Return the facts of all sources that the ledger knows, those of the config first and in its
    order, and the place of each by its number in the ledger."""
    facts = list(configured)
    places: dict[int, int] = {}
    position = {fact.name: at for at, fact in enumerate(facts)}
    for id_, name in ledger.rows("SELECT id, name FROM source ORDER BY id"):
        if name not in position:
            position[name] = len(facts)
            facts.append(SourceFacts(name))
        places[id_] = position[name]
    return tuple(facts), places


def addresses_in_question(ledger: Ledger, since: datetime, until: datetime, *, known_too: bool) -> set[str]:
    """Return the canonical addresses whose meetings may start follow-ups: those that count
    somewhere and are not known from before ``since``. With ``known_too`` also old acquaintances
    met between ``since`` and ``until``."""
    found = {
        row[0]
        for row in ledger.rows(
            "SELECT canonical FROM address a WHERE (known_from IS NULL OR known_from >= ?)"
            " AND EXISTS (SELECT 1 FROM attendance t WHERE t.address = a.id AND t.counts)",
            seconds(since),
        )
    }
    if known_too:
        query = (
            "SELECT DISTINCT a.canonical FROM event e JOIN attendance t ON t.event = e.id AND t.counts"
            " JOIN address a ON a.id = t.address WHERE (e.ends IS NULL OR e.ends >= ?) AND e.starts <= ?"
        )
        found |= {row[0] for row in ledger.rows(query, seconds(since), seconds(until))}
    return found


def known_before(ledger: Ledger, addresses: Iterable[str], since: datetime) -> bool:
    """Whether one of a person's addresses is known from a meeting that ended before ``since``."""
    for address in addresses:
        query = "SELECT 1 FROM address WHERE canonical = ? AND known_from < ?"
        if ledger.value(query, address, seconds(since)):
            return True
    return False


class Trail(NamedTuple):
    """An event or series that may count with a person: by a canonical address, and its first start
    and last end in epoch seconds; the end is None for an endless series."""

    address: str
    uid: str
    starts: int
    ends: int | None
    repeats: bool


class Seen:
    """Reads events back from the ledger, as they were last seen."""

    def __init__(self, ledger: Ledger, places: dict[int, int]) -> None:
        self._ledger = ledger
        self._places = places
        self._codec = Codec(ledger)
        self._last_busy: tuple[datetime, datetime, list[tuple[datetime, datetime]]] | None = None

    def of_people(self, addresses: Iterable[str]) -> dict[str, list[Recorded]]:
        """Return all events that name one of these canonical addresses, with all that share
        their UIDs, by UID."""
        query = (
            "SELECT DISTINCT e.uid FROM address a JOIN attendance t ON t.address = a.id"
            " JOIN event e ON e.id = t.event WHERE a.canonical IN (SELECT value FROM json_each(?))"
        )
        return self.of_uids(uid for (uid,) in self._ledger.in_list(query, sorted(set(addresses))))

    def naming(self, addresses: Iterable[str]) -> dict[str, list[Recorded]]:
        """Return the same for people who count nowhere, whose meetings are not noted: by a look at
        every event, which takes its time."""
        query = "SELECT id FROM address WHERE canonical IN (SELECT value FROM json_each(?))"
        wanted = {id_ for (id_,) in self._ledger.in_list(query, sorted(set(addresses)))}
        rows = self._ledger.connection.execute("SELECT uid, data FROM event") if wanted else ()
        return self.of_uids(uid for uid, data in rows if not wanted.isdisjoint(named_in(data)))

    def of_uids(self, uids: Iterable[str]) -> dict[str, list[Recorded]]:
        query = (
            "SELECT uid, recurrence_id, data, source, gone, digest FROM event"
            " WHERE uid IN (SELECT value FROM json_each(?)) ORDER BY id"
        )
        rows = list(self._ledger.in_list(query, sorted(set(uids))))
        by_uid: dict[str, list[Recorded]] = {}
        for event, row in zip(self._codec.decode(row[:3] for row in rows), rows, strict=True):
            by_uid.setdefault(event.uid, []).append(
                Recorded(self._places[row[3]], event, moment(row[4]), row[5] == PAST)
            )
        return by_uid

    def of_title(self, text: str) -> dict[str, list[Recorded]]:
        """Return events whose title holds ``text``, whatever the case, by UID."""
        found: set[str] = set()
        wanted = text.casefold()
        for uid, rid, data in self._ledger.rows("SELECT uid, recurrence_id, data FROM event"):
            (event,) = self._codec.decode([(uid, rid, data)])
            if wanted in event.title.casefold():
                found.add(uid)
        return self.of_uids(found)

    def marks_of(self, addresses: Iterable[str]) -> list[Any]:
        """Return all events in which one of these canonical addresses may count, with those that share
        their UIDs: the address, and what changes with the event."""
        query = (
            "SELECT a.canonical, other.id, other.digest, other.gone, other.seen FROM address a"
            " JOIN attendance t ON t.address = a.id AND t.counts JOIN event e ON e.id = t.event"
            " JOIN event other ON other.uid = e.uid WHERE a.canonical IN (SELECT value FROM json_each(?))"
        )
        return self._ledger.rows(query, json.dumps(sorted(addresses)))

    def begins_after(self, addresses: Iterable[str], since: datetime) -> dict[str, datetime]:
        """Return when the first event after a moment begins in which one of these may count."""
        query = (
            "SELECT a.canonical, min(e.starts) FROM address a JOIN attendance t ON t.address = a.id AND t.counts"
            " JOIN event e ON e.id = t.event WHERE e.starts > ?1 AND a.canonical IN (SELECT value FROM json_each(?2))"
            " GROUP BY a.canonical"
        )
        rows = self._ledger.rows(query, seconds(since), json.dumps(sorted(addresses)))
        return {address: datetime.fromtimestamp(at, UTC) for address, at in rows}

    def trails(self, addresses: Iterable[str], until: datetime) -> list[Trail]:
        """Return all events beginning by then in which one of these canonical addresses may count."""
        query = (
            "SELECT a.canonical, e.uid, e.starts, e.ends, e.data, e.digest FROM address a"
            " JOIN attendance t ON t.address = a.id AND t.counts JOIN event e ON e.id = t.event"
            " WHERE e.starts <= ?1 AND a.canonical IN (SELECT value FROM json_each(?2))"
        )
        return [
            Trail(address, uid, starts, ends, may_repeat(data) or digest == PAST)
            for address, uid, starts, ends, data, digest in self._ledger.rows(
                query, seconds(until), json.dumps(sorted(addresses))
            )
        ]

    def traces(self, since: datetime, until: datetime) -> list[tuple[int, int | None, str]]:
        """Return a trace of each event or series that may take up my time between two moments: its
        first start and its last end in epoch seconds, and a text that changes with its times.

        Where all traces are as they were, so is :meth:`busy`, at a fraction of the cost.
        """
        query = (
            "SELECT uid, starts, ends, hex(digest), gone, busy, source FROM event WHERE uid IN (SELECT uid FROM event"
            " WHERE busy AND starts < ? AND (ends IS NULL OR ends > ?)) ORDER BY uid, id"
        )
        found: list[tuple[int, int | None, str]] = []
        for _, group in groupby(self._ledger.rows(query, seconds(until), seconds(since)), key=itemgetter(0)):
            rows = list(group)
            ends = [row[2] for row in rows]
            found.append((min(row[1] for row in rows), None if None in ends else max(ends), repr(rows)))
        return found

    def busy(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        """Return my busy time, in UTC and in order: opaque, timed events of all sources that I have
        not declined or left unanswered. Remembers the last answer, for a night asks twice."""
        first, last, spans = self._last_busy or (until, since, [])
        if not (first <= since and until <= last):
            spans = self._read_busy(since, until)
            self._last_busy = (since, until, spans)
        return [span for span in spans if span[0] < until and span[1] > since]

    def _read_busy(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        # Not DISTINCT, for which SQLite would walk through the whole table.
        query = "SELECT uid FROM event WHERE busy AND starts < ? AND (ends IS NULL OR ends > ?)"
        uids = sorted({uid for (uid,) in self._ledger.rows(query, seconds(until), seconds(since))})
        if not uids:
            return []
        query = (
            "SELECT uid, source, recurrence_id, data, gone, busy, starts, ends FROM event"
            " WHERE length(digest) > 0 AND uid IN (SELECT value FROM json_each(?)) ORDER BY uid, source"
        )
        spans: list[tuple[datetime, datetime]] = []
        for _, rows in groupby(self._ledger.in_list(query, uids), key=itemgetter(0, 1)):
            group = list(rows)
            _, _, rid, data, gone, busy, starts, ends = group[0]
            if len(group) == 1 and gone is None and not rid and not may_repeat(data):
                if busy and ends > starts:  # most events: their times stand beside them
                    spans.append((datetime.fromtimestamp(starts, UTC), datetime.fromtimestamp(ends, UTC)))
            else:
                spans += self._busy_in_series(group, since, until)
        spans.sort()
        return spans

    def _busy_in_series(
        self, group: Sequence[Any], since: datetime, until: datetime
    ) -> Iterator[tuple[datetime, datetime]]:
        events = self._codec.decode(((uid, rid, data) for uid, _, rid, data, *_ in group), with_people=False)
        facts = {id(event): (row[4], row[5]) for event, row in zip(events, group, strict=True)}
        masters = [event for event in events if not event.recurrence_id]
        edits = [event for event in events if event.recurrence_id]
        for one in occurrences(masters[-1] if masters else None, edits, since, until):
            gone, is_busy = facts[id(one.event)]
            if is_busy and (gone is None or seconds(one.start) < gone) and one.end > one.start:
                yield one.start.astimezone(UTC), one.end.astimezone(UTC)
