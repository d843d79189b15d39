"""What was known when.

The ledger holds calendars as they are now; a replay needs them as they were. An event is
known from when a sync first saw it; what stood there before the first sync, from when it was
written down, or else, a guess, from as long before its start as calsync looks ahead. From
then on it has the form and the answers that it ended with: nobody recorded the others.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from calsync.ledger.codec import Codec
from calsync.ledger.judged import Judged, takes_time
from calsync.ledger.ledger import Ledger, moment, seconds
from calsync.ledger.past import PAST
from calsync.ledger.seen import Seen, Trail
from calsync.model import Event, Occurrence
from calsync.people.judging import Judgement, Verdict
from calsync.people.meetings import Recorded
from calsync.simulate.doubles import doubles
from calsync.timing.recurrence import occurrences
from calsync.timing.spans import Span

_DAY = timedelta(days=1)


class Remembered:
    """One event of the ledger: what it is worth, and from when it was known (``known``, epoch seconds;
    ``seen`` where a sync recorded that, ``guessed`` where nobody did). ``flips`` is when its form
    became an old one."""

    __slots__ = ("counts", "ends", "event", "flips", "gone", "guessed", "judgement", "known", "people", "place", "seen")

    def __init__(
        self,
        place: int,
        event: Event,
        judgement: Judgement,
        *,
        known: int,
        seen: bool,
        guessed: bool,
        gone: int | None,
        ends: int | None,
    ) -> None:
        self.place, self.event, self.judgement = place, event, judgement
        self.known, self.seen, self.guessed = known, seen, guessed
        self.gone, self.ends = gone, ends
        self.flips: int | None = None
        self.people = frozenset(part.person for part in judgement.parts)
        counting = () if judgement.verdict is Verdict.OUT else judgement.parts
        self.counts = frozenset(part.person for part in counting if part.counts)


class Recall(Seen):
    """The events of a ledger as they were known at one night after another.

    ``names`` are the sources by their place; ``zone`` and ``lookahead`` are for the guess;
    ``since`` and ``until`` bound the nights, and what must be known of series around them.
    """

    def __init__(
        self,
        ledger: Ledger,
        places: dict[int, int],
        names: Sequence[str],
        judged: Judged,
        lookahead: Span,
        span: tuple[datetime, datetime],
    ) -> None:
        super().__init__(ledger, places)
        self._judged = judged
        self.span = span
        read = self._read(ledger, places, names, lookahead)
        self._by_uid: dict[str, list[Remembered]] = {}
        for each in read:
            self._by_uid.setdefault(each.event.uid, []).append(each)
        self.all = sorted(read, key=lambda each: each.known)
        self._doubles = doubles(self._by_uid) if len(set(places.values())) > 1 else {}
        self._turns = sorted(
            {(at, each.event.uid) for each in read for at in (each.gone, each.flips) if at is not None}
        )
        self._taken: dict[tuple[str, int], list[tuple[datetime, datetime]]] = {}
        self.rewind()

    def rewind(self) -> None:
        """Forget everything: before the first night."""
        self._now, self._next, self._turned = -1, 0, 0
        self._uids: dict[str, set[str]] = {}
        self._shown: dict[str, list[Recorded]] = {}
        self._first: dict[str, int] = {}
        self._counted: set[str] = set()
        self.version: dict[str, int] = {}
        self._busy: list[tuple[datetime, datetime]] = []
        self._spans: dict[str, list[tuple[datetime, datetime]]] = {}
        self._longest = _DAY

    def _read(self, ledger: Ledger, places: dict[int, int], names: Sequence[str], lookahead: Span) -> list[Remembered]:
        rows = ledger.rows("SELECT uid, recurrence_id, data, source, gone, digest, seen, ends FROM event ORDER BY id")
        zone = self.span[0].tzinfo
        assert zone is not None
        found: list[Remembered] = []
        old: list[Remembered] = []
        for event, row in zip(Codec(ledger).decode(row[:3] for row in rows), rows, strict=True):
            _, _, _, source, gone, digest, seen, ends = row
            known, guessed = seen, False
            if known is None and event.created is not None:
                known = seconds(event.created)
            if known is None:
                known, guessed = seconds(lookahead.before(event.start, zone)), True
            known = known if gone is None else min(known, gone)
            place = places[source]
            judgement = self._judged.of(event, names[place])
            each = Remembered(
                place, event, judgement, known=known, seen=seen is not None, guessed=guessed, gone=gone, ends=ends
            )
            found.append(each)
            if digest == PAST:
                old.append(each)
        forms = {id(each) for each in old}
        later: dict[tuple[str, int], list[int]] = {}
        for each in found:
            if id(each) not in forms:
                later.setdefault((each.event.uid, each.place), []).append(each.known)
        for each in old:
            gone = each.gone or 0
            following = (known for known in later.get((each.event.uid, each.place), ()) if known > gone)
            each.flips = min(following, default=gone + 1)
        return found

    def reveal(self, now: datetime) -> set[str]:
        """Go on to ``now``. Returns whom something that became known, went missing or took another
        form may concern."""
        self._now = at = seconds(now)
        changed: set[str] = set()
        while self._next < len(self.all) and self.all[self._next].known <= at:
            each = self.all[self._next]
            self._next += 1
            uid = each.event.uid
            changed.add(uid)
            for person in each.people:
                self._uids.setdefault(person, set()).add(uid)
            self._counted |= each.counts
        while self._turned < len(self._turns) and self._turns[self._turned][0] <= at:
            changed.add(self._turns[self._turned][1])
            self._turned += 1
        touched: set[str] = set()
        for uid in changed:
            self.version[uid] = self.version.get(uid, 0) + 1
            known = self._known(uid)
            self._shown[uid] = [self._as_seen(each) for each in known]
            touched.update(person for each in known for person in each.people)
            self._take_time(uid, known)
        for uid in changed:
            self._introduce(uid)
        return touched

    def _known(self, uid: str) -> list[Remembered]:
        return [each for each in self._by_uid.get(uid, ()) if each.known <= self._now]

    def _as_seen(self, each: Remembered) -> Recorded:
        if each.flips is not None:
            is_old = each.flips <= self._now
            return Recorded(each.place, each.event, moment(each.gone) if is_old else None, is_old)
        gone = each.gone is not None and each.gone <= self._now
        return Recorded(each.place, each.event, moment(each.gone) if gone else None)

    def _introduced(self, each: Remembered, known: Sequence[Remembered]) -> int | None:
        edits = [o.event for o in known if o.event.recurrence_id and o.place == each.place]
        own = [] if each.event.recurrence_id else edits
        first = self._judged.introduces(each.event, each.judgement, own)
        if first is not None and each.gone is not None and each.gone <= self._now and first > each.gone:
            return None
        return first

    def _introduce(self, uid: str) -> None:
        """Since when the people of a UID are known; worked out anew where it may have become later."""
        known = self._known(uid)
        plain = len(known) == 1 and known[0].gone is None
        for each in known:
            first = self._introduced(each, known)
            for person in each.counts:
                if not plain:
                    self._first.pop(person, None)
                elif first is not None and self._first.get(person, first) >= first:
                    self._first[person] = first
        if not plain:
            for person in {person for each in known for person in each.counts}:
                firsts = [first for other in self._uids.get(person, ()) for first in self._firsts(other, person)]
                if firsts:
                    self._first[person] = min(firsts)

    def _firsts(self, uid: str, person: str) -> list[int]:
        known = self._known(uid)
        introduced = [self._introduced(each, known) for each in known if person in each.counts]
        return [first for first in introduced if first is not None]

    def is_new(self, person: str, since: datetime) -> bool:
        """Whether somebody counts somewhere and is not known from a meeting that ended before ``since``."""
        return person in self._counted and self._first.get(person, self._now + 1_000_000_000) >= seconds(since)

    def is_near(self, person: str, since: datetime, until: datetime) -> bool:
        """Whether somebody counts in an event between two moments."""
        low, high = seconds(since), seconds(until)
        return any(
            person in each.counts and (each.ends is None or each.ends >= low) and seconds(each.event.start) <= high
            for uid in self._uids.get(person, ())
            for each in self._known(uid)
        )

    def people(self) -> set[str]:
        """Everybody whom a known event names."""
        return set(self._uids)

    def uids(self, person: str) -> set[str]:
        return self._uids.get(person, set())

    def people_of(self, uid: str) -> set[str]:
        """Everybody in the known events of a UID."""
        return {person for each in self._known(uid) for person in each.people}

    def copies(self, uids: Iterable[str]) -> set[str]:
        """The UIDs under which another source may hold the same meetings."""
        if not self._doubles:
            return set()
        return {other for uid in uids for other in self._doubles.get(uid, ())}

    def of_people(self, addresses: Iterable[str]) -> dict[str, list[Recorded]]:
        found: set[str] = set()
        for address in addresses:
            found |= self._uids.get(self._judged.circle.identities.of(address), set())
        return self.of_uids(found)

    def of_uids(self, uids: Iterable[str]) -> dict[str, list[Recorded]]:
        return {uid: self._shown[uid] for uid in uids if uid in self._shown}

    def trails(self, addresses: Iterable[str], until: datetime) -> list[Trail]:
        latest = seconds(until)
        owners = {self._judged.circle.identities.of(address): address for address in sorted(addresses, reverse=True)}
        return [
            Trail(address, uid, starts, each.ends, each.event.recurrence is not None or each.flips is not None)
            for person, address in owners.items()
            for uid in self._uids.get(person, ())
            for each in self._known(uid)
            if person in each.counts and (starts := seconds(each.event.start)) <= latest
        ]

    def _take_time(self, uid: str, known: Sequence[Remembered]) -> None:
        for span in self._spans.pop(uid, ()):
            del self._busy[bisect_left(self._busy, span)]
        key = (uid, self.version[uid])
        if key not in self._taken:
            self._taken[key] = [
                span
                for place in {each.place for each in known}
                for span in self._time_of([each for each in known if each.place == place and not self._is_old(each)])
            ]
        if spans := self._taken[key]:
            self._spans[uid] = spans
            for span in spans:
                insort(self._busy, span)
                self._longest = max(self._longest, span[1] - span[0])

    def _time_of(self, group: Sequence[Remembered]) -> Iterator[tuple[datetime, datetime]]:
        """The time that the events of one UID in one source take up, in UTC."""
        by_event = {id(each.event): each for each in group if takes_time(each.event, each.judgement)}
        if not by_event:
            return
        masters = [each.event for each in group if not each.event.recurrence_id]
        edits = [each.event for each in group if each.event.recurrence_id]
        master = masters[-1] if masters else None
        if master is not None and master.recurrence is None and not edits:  # most events
            found = iter((Occurrence(master, master.start, master.end),))
        else:
            found = occurrences(master, edits, *self.span)
        for one in found:
            taken = by_event.get(id(one.event))
            if taken is None or one.end <= one.start:
                continue
            if taken.gone is None or taken.gone > self._now or seconds(one.start) < taken.gone:
                yield one.start.astimezone(UTC), one.end.astimezone(UTC)

    def _is_old(self, each: Remembered) -> bool:
        return each.flips is not None and each.flips <= self._now

    def busy(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        first = bisect_left(self._busy, (since.astimezone(UTC) - self._longest,))
        last = bisect_left(self._busy, (until.astimezone(UTC),))
        # Overlapping spans as one: the same time is taken, and there is far less of it to look at.
        merged: list[tuple[datetime, datetime]] = []
        begin = end = since.astimezone(UTC)
        for span in self._busy[first:last]:
            if span[0] > end:
                if end > begin:
                    merged.append((begin, end))
                begin, end = span
            elif span[1] > end:
                end = span[1]
        return [*merged, (begin, end)] if end > begin else merged
