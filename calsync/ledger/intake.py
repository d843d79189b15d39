"""What a source shows tonight becomes what the ledger knows.

Only what changed is written. What is missing from a source that was read whole is
cancelled when it was still to come, and changes nothing when it is past.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from datetime import datetime
from functools import cached_property

from calsync.ledger.codec import Codec
from calsync.ledger.judged import Judged, settle, takes_time
from calsync.ledger.ledger import Ledger, seconds
from calsync.ledger.past import PAST, keeps_past
from calsync.ledger.promises import hide_title
from calsync.model import Event
from calsync.people.judging import Judgement, Verdict
from calsync.people.meetings import PRIVATE
from calsync.timing.recurrence import last_possible_end

_EVENT = (
    "INSERT INTO event (id, source, uid, recurrence_id, digest, starts, ends, introduces, gone, busy, data, seen)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, NULL, ?, ?, ?)"
)
_UPDATE = (
    "UPDATE event SET digest = ?, starts = ?, ends = ?, introduces = ?, gone = NULL, busy = ?, data = ? WHERE id = ?"
)
_BATCH = 4_000


class Pieces(Set[bytes]):
    """The digests of a source's events, read when the first of them is asked for: on most nights
    nobody asks."""

    def __init__(self, ledger: Ledger, source: int) -> None:
        self._ledger = ledger
        self._source = source

    @cached_property
    def _ids(self) -> dict[bytes, int]:
        query = "SELECT digest, id FROM event WHERE source = ? AND digest != ?"
        return dict(self._ledger.rows(query, self._source, PAST))

    def id_of(self, digest: bytes) -> int:
        return self._ids[digest]

    def __contains__(self, digest: object) -> bool:
        return digest in self._ids

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._ids)

    def __len__(self) -> int:
        return len(self._ids)


class Intake:
    """One reading of one source, written to the ledger piece by piece.

    Use inside a transaction: :meth:`take` each event, then :meth:`finish`.
    """

    def __init__(self, ledger: Ledger, source: str, judged: Judged, now: datetime) -> None:
        self._ledger = ledger
        self._db = ledger.connection
        self._judged = judged
        self._source = source
        self._now = seconds(now)
        self._codec = Codec(ledger)
        self._db.execute("INSERT OR IGNORE INTO source (name) VALUES (?)", (source,))
        self._id = int(ledger.value("SELECT id FROM source WHERE name = ?", source))
        self.pieces = Pieces(ledger, self._id)
        self._is_first = not ledger.value("SELECT 1 FROM event WHERE source = ? LIMIT 1", self._id)
        self._seen = None if self._is_first else self._now
        self._next = int(ledger.value("SELECT coalesce(max(id), 0) FROM event")) + 1
        self._touched: set[int] = set()
        self._fresh: set[int] = set()
        self._placed: dict[tuple[str, str], int] = {}
        self._events: list[tuple[object, ...]] = []
        self._attendances: list[int] = []  # address, event and whether it counts, packed into one number
        self._series: set[str] = set()
        self._used: dict[int, int] = {}
        self._changed_people: set[int] = set()
        self._known: dict[int, int] = {}
        self._never: dict[str, bool] = {}  # colleagues and the like, who count nowhere: nobody asks for theirs
        if self._is_first:
            self._codec.load_addresses()

    def keep(self, digest: bytes) -> None:
        """An event that stands in the source as it stood before."""
        self._touched.add(self.pieces.id_of(digest))

    def take(self, digest: bytes, event: Event) -> None:
        """An event that is new or changed. Of two with one identity the first is taken."""
        key = (event.uid, event.recurrence_id)
        id_ = self._placed.get(key)
        if id_ is None and not self._is_first:
            id_ = self._ledger.value(
                "SELECT id FROM event WHERE source = ? AND uid = ? AND recurrence_id = ? AND digest != ?",
                self._id,
                *key,
                PAST,
            )
        if id_ is not None and id_ in self._touched:
            return
        judgement = self._judged.of(event, self._source)
        is_new = id_ is None
        if id_ is None or keeps_past(self._ledger, self._codec, id_, event, judgement, self._now):
            is_new = True
            id_, self._next = self._next, self._next + 1
        else:
            self._forget_attendance(id_)
        self._touched.add(id_)
        self._placed[key] = id_
        if event.recurrence_id or (event.recurrence is not None and not self._is_first):
            self._series.add(event.uid)
        if event.private and not self._is_first and self._judged.policy.private_events != "use":
            hide_title(self._ledger, *key, PRIVATE)
        starts, ends = seconds(event.start), seconds(event.end)
        introduces = self._judged.introduces(event, judgement, ends=ends)
        text = self._codec.encode(event, starts, ends)
        self._note_people(id_, judgement, introduces, starts)
        busy = int(takes_time(event, judgement))
        last: int | None = ends
        if event.recurrence is not None:
            last_end = last_possible_end(event, ())
            last = seconds(last_end) if last_end is not None else None
        if is_new:
            self._fresh.add(id_)
            row = (id_, self._id, *key, digest, starts, last, introduces, busy, text, self._seen)
            self._events.append(row)
            if len(self._events) >= _BATCH:
                self._flush()
        else:
            self._db.execute(_UPDATE, (digest, starts, last, introduces, busy, text, id_))

    def finish(self, *, whole: bool) -> int:
        """Settle what is missing, and who is known since when. Returns how many upcoming events
        were found to be cancelled by their absence."""
        self._flush()
        self._flush_attendances()
        cancelled = 0
        if not self._is_first:
            self._return_of_the_missing()
            self._forget_retold_past(whole=whole)
            if whole:
                cancelled = self._missing()
        self._settle_series()
        self._settle_people()
        return cancelled

    def _note_people(self, id_: int, judgement: Judgement, introduces: int | None, starts: int) -> None:
        """Note who takes part, once the event's addresses have their numbers."""
        number_of = self._codec.number
        is_out = judgement.verdict is Verdict.OUT
        used, known, never = self._used, self._known, self._never
        for part in judgement.parts:
            address = part.address
            number = number_of(address)
            if used.get(number, 0) < starts:
                used[number] = starts
            if part.why:
                if address not in never:
                    never[address] = self._judged.circle.standing(address).kind != "person"
                if never[address]:
                    continue
            counts = not (is_out or part.why)
            self._attendances.append(number << 33 | id_ << 1 | counts)
            if not self._is_first:
                self._changed_people.add(number)
            elif counts and introduces is not None and known.get(number, introduces) >= introduces:
                known[number] = introduces

    def _forget_attendance(self, id_: int) -> None:
        for text in self._ledger.rows("SELECT uid, recurrence_id, data FROM event WHERE id = ?", id_):
            (event,) = self._codec.decode([text])
            named = [*event.attendees, *([event.organizer] if event.organizer else [])]
            for attendee in named:
                if attendee.address:
                    number = self._codec.address_id(attendee._replace(name=""))
                    self._db.execute("DELETE FROM attendance WHERE address = ? AND event = ?", (number, id_))
                    self._changed_people.add(number)

    def _flush(self) -> None:
        self._db.executemany(_EVENT, self._events)
        self._events.clear()

    def _flush_attendances(self) -> None:
        # In the order of its key, a table is filled from left to right, several times as fast.
        self._attendances.sort()
        self._db.executemany(
            "INSERT OR REPLACE INTO attendance VALUES (?, ?, ?)",
            ((packed >> 33, packed >> 1 & 0xFFFFFFFF, packed & 1) for packed in self._attendances),
        )
        self._attendances.clear()

    def _return_of_the_missing(self) -> None:
        back = self._ledger.rows("SELECT id FROM event WHERE source = ? AND gone IS NOT NULL", self._id)
        for (id_,) in back:
            if id_ in self._touched:
                self._db.execute("UPDATE event SET gone = NULL WHERE id = ?", (id_,))
                self._reconsider(id_)

    def _forget_retold_past(self, *, whole: bool) -> None:
        """Some calendars list each occurrence by itself, and none of the series. Moved as a whole, a
        series shows other occurrences in the past as well, which nobody held: what was over when it
        was last read stays as it was read then."""
        read_at = self._ledger.value("SELECT read_at FROM source WHERE id = ?", self._id)
        if read_at is None:
            return
        query = "SELECT id, recurrence_id, ends <= ? FROM event WHERE source = ? AND uid = ?"
        for uid in sorted(self._series):
            rows = self._ledger.rows(query, read_at, self._id, uid)
            if any(not recurrence_id for _, recurrence_id, _ in rows):
                continue
            over = {id_ for id_, _, is_over in rows if is_over}
            known = over - self._fresh
            if known and not (whole and known <= self._touched):
                for id_ in sorted(over & self._fresh):
                    self._forget_attendance(id_)
                    self._db.execute("DELETE FROM event WHERE id = ?", (id_,))

    def _missing(self) -> int:
        rows = self._ledger.rows(
            "SELECT id, uid, recurrence_id, starts, ends, introduces FROM event WHERE source = ? AND gone IS NULL",
            self._id,
        )
        missing = [row for row in rows if row[0] not in self._touched]
        if not missing:
            return 0
        adopted = self._adopt_changed_uids([row[0] for row in missing])
        present = {row[1] for row in rows if row[0] in self._touched and not row[2]}
        cancelled = 0
        for id_, uid, recurrence_id, starts, ends, introduces in missing:
            if id_ in adopted or (ends is not None and ends <= self._now):
                continue
            cancelled += 1
            if recurrence_id and uid in present and starts > self._now:
                self._forget_attendance(id_)
                self._db.execute("DELETE FROM event WHERE id = ?", (id_,))
                continue
            known = introduces if introduces is not None and introduces <= self._now else None
            self._db.execute("UPDATE event SET gone = ?, introduces = ? WHERE id = ?", (self._now, known, id_))
            self._reconsider(id_)
        return cancelled

    def _adopt_changed_uids(self, missing: list[int]) -> set[int]:
        """Some servers give an event a new UID at every fetch. A new event with the start, end,
        title and organizer of one that is missing is that one, and keeps its first UID."""
        if not self._fresh or not missing:
            return set()
        by_content: dict[object, list[tuple[int, str]]] = {}
        for id_, uid, content in self._contents(missing):
            by_content.setdefault(content, []).append((id_, uid))
        adopted: set[int] = set()
        for id_, _, content in self._contents(sorted(self._fresh)):
            known = by_content.get(content)
            if not known:
                continue
            old, uid = known.pop(0)
            adopted.add(old)
            self._db.execute(
                "UPDATE event SET uid = ?1, seen = (SELECT seen FROM event WHERE id = ?2) WHERE id = ?3",
                (uid, old, id_),
            )
            self._forget_attendance(old)
            self._db.execute("DELETE FROM event WHERE id = ?", (old,))
        return adopted

    def _contents(self, ids: list[int]) -> Iterable[tuple[int, str, object]]:
        query = (
            "SELECT id, uid, recurrence_id, data FROM event WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"
        )
        rows = list(self._ledger.in_list(query, ids))
        events = self._codec.decode((uid, rid, data) for _, uid, rid, data in rows)
        for (id_, uid, rid, _), event in zip(rows, events, strict=True):
            host = event.organizer.address if event.organizer else ""
            yield id_, uid, (rid, event.start, event.end, event.title, host, event.recurrence)

    def _reconsider(self, id_: int) -> None:
        query = "SELECT uid, recurrence_id, data FROM event WHERE id = ?"
        for event in self._codec.decode(self._ledger.rows(query, id_)):
            self._reconsider_named(event)

    def _settle_series(self) -> None:
        """A series whose first occurrences were edited makes people known later than it starts."""
        for uid in sorted(self._series):
            rows = self._ledger.rows(
                "SELECT uid, recurrence_id, data, id FROM event WHERE source = ? AND uid = ? AND digest != ?",
                self._id,
                uid,
                PAST,
            )
            events = self._codec.decode(row[:3] for row in rows)
            masters = [(e, row[3]) for e, row in zip(events, rows, strict=True) if not e.recurrence_id]
            edits = [e for e in events if e.recurrence_id]
            for master, id_ in masters:
                judgement = self._judged.of(master, self._source)
                introduces = self._judged.introduces(master, judgement, edits)
                self._db.execute("UPDATE event SET introduces = ? WHERE id = ?", (introduces, id_))
                self._reconsider_named(master)

    def _reconsider_named(self, event: Event) -> None:
        for attendee in (*event.attendees, *([event.organizer] if event.organizer else [])):
            if attendee.address:
                self._changed_people.add(self._codec.address_id(attendee._replace(name="")))

    def _settle_people(self) -> None:
        if self._is_first:
            others = {n for (n,) in self._ledger.rows("SELECT id FROM address WHERE known_from IS NOT NULL")}
            self._changed_people |= self._known.keys() & others
            self._db.executemany(
                "UPDATE address SET known_from = ? WHERE id = ?",
                [(known, number) for number, known in self._known.items()],
            )
        settle(self._ledger, self._changed_people)
        self._db.executemany(
            "UPDATE address SET used = ?1 WHERE id = ?2 AND (used IS NULL OR used < ?1)",
            [(start, number) for number, start in self._used.items()],
        )
        self._db.executemany("UPDATE address SET name = ? WHERE id = ?", [(n, i) for i, n in self._codec.names.items()])
