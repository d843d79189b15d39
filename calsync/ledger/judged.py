"""How the events of the ledger are judged, and judged anew when the user's choices change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import islice

from calsync.ledger.codec import Codec
from calsync.ledger.ledger import Ledger, seconds
from calsync.ledger.promises import hide_title
from calsync.model import Event
from calsync.people.judging import Circle, Judgement, Policy, Verdict, judge
from calsync.people.meetings import PRIVATE
from calsync.people.newcomers import FOLLOW
from calsync.timing.recurrence import first_occurrences

_BATCH = 4_000
# An edited first occurrence hides the next ones only that far.
_EDITED_AT_MOST = 500


class Judged:
    """How events are judged tonight: by who is who, and by the user's choices."""

    def __init__(self, circle: Circle, policy: Policy, unlisted_organizer: Callable[[str], bool]) -> None:
        self.circle = circle
        self.policy = policy
        self.unlisted_organizer = unlisted_organizer

    def of(self, event: Event, source: str) -> Judgement:
        return judge(event, self.circle, self.policy, unlisted_organizer=self.unlisted_organizer(source))

    def introduces(
        self, event: Event, judgement: Judgement, edited: Iterable[Event] = (), ends: int | None = None
    ) -> int | None:
        """Return the end of the first occurrence that makes people known, as epoch seconds; ``ends``
        is the event's end where that is known already."""
        if judgement.verdict is Verdict.OUT or event.all_day:
            return None
        if self.policy.select == "tagged" and FOLLOW not in event.tags:
            return None
        if event.recurrence is None:
            return seconds(event.end) if ends is None else ends
        edits = list(edited)
        if not edits and not event.recurrence.excluded:
            return seconds(event.end)  # DTSTART is the first of a series (RFC 5545 §3.8.5.3)
        for first in islice(first_occurrences(event, edits), _EDITED_AT_MOST):
            if first.event is event:
                return seconds(first.end)
        return None


def takes_time(event: Event, judgement: Judgement) -> bool:
    """Whether an event is busy time: opaque, timed, and not declined or left unanswered by me."""
    return event.opaque and not event.all_day and not event.cancelled and not judgement.free


def settle(ledger: Ledger, people: Iterable[int]) -> None:
    """Work out anew since when addresses are known."""
    ledger.connection.executemany(
        "UPDATE address SET known_from = (SELECT min(e.introduces) FROM attendance a"
        " JOIN event e ON e.id = a.event WHERE a.address = ?1 AND a.counts) WHERE id = ?1",
        [(number,) for number in sorted(people)],
    )


def rejudge(ledger: Ledger, judged: Judged) -> None:
    """Judge every event again, after a change of the user's choices or of who is who."""
    codec = Codec(ledger)
    codec.load_addresses()
    names = dict(ledger.rows("SELECT id, name FROM source"))
    db = ledger.connection
    edits: dict[tuple[int, str], list[Event]] = {}
    last = 0
    for source, uid, rid, data in ledger.rows(
        "SELECT source, uid, recurrence_id, data FROM event WHERE recurrence_id != ''"
    ):
        edits.setdefault((source, uid), []).extend(codec.decode([(uid, rid, data)]))
    while True:
        rows = ledger.rows(
            "SELECT uid, recurrence_id, data, id, source, gone FROM event WHERE id > ? ORDER BY id LIMIT ?",
            last,
            _BATCH,
        )
        if not rows:
            break
        last = rows[-1][3]
        events, counts = [], []
        for event, (uid, _, _, id_, source, gone) in zip(codec.decode(row[:3] for row in rows), rows, strict=True):
            if event.private and judged.policy.private_events != "use":
                hide_title(ledger, event.uid, event.recurrence_id, PRIVATE)
            judgement = judged.of(event, names[source])
            introduces = judged.introduces(event, judgement, edits.get((source, uid), ()))
            if gone is not None and introduces is not None and introduces > gone:
                introduces = None
            busy = takes_time(event, judgement)
            events.append((introduces, int(busy), id_))
            counting = {p.address for p in judgement.parts if p.counts and judgement.verdict is not Verdict.OUT}
            named = (*event.attendees, *([event.organizer] if event.organizer else []))
            for address in {a.address for a in named if a.address}:
                attendee = next(a for a in named if a.address == address)
                counts.append((codec.address_id(attendee), id_, int(address in counting)))
        db.executemany("UPDATE event SET introduces = ?, busy = ? WHERE id = ?", events)
        db.executemany("INSERT OR REPLACE INTO attendance VALUES (?, ?, ?)", counts)
    settle(ledger, [id_ for (id_,) in ledger.rows("SELECT id FROM address")])
