"""The follow-ups as they are shown: soonest first, each with its person and its meeting."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from calsync.config import Config
from calsync.ledger import promises, who
from calsync.ledger.ledger import Ledger
from calsync.model import OPEN, FollowUp, Slot, State, of_cadence
from calsync.people.identity import Identities

_LEFT = frozenset({State.WAITING, State.MET, State.DISMISSED, State.WITHDRAWN})


@dataclass(frozen=True)
class Entry:
    """One follow-up for showing. ``start`` and ``end`` are in the user's zone, None where there
    is no slot; ``name`` is empty where nobody knows it."""

    followup: FollowUp
    person: str
    name: str
    emails: tuple[str, ...]
    start: datetime | None
    end: datetime | None
    timezone: str
    title: str
    meeting_start: datetime

    @property
    def id(self) -> str:
        return self.followup.id

    @property
    def state(self) -> State:
        return self.followup.state

    @property
    def provisional(self) -> bool:
        return self.followup.state is State.PROVISIONAL

    @property
    def channel(self) -> str:
        return self.followup.channel

    @property
    def meeting_title(self) -> str:
        return self.followup.meeting_title

    @property
    def cause(self) -> str:
        return self.followup.cause

    @property
    def called(self) -> str:
        return self.name or (self.emails[0] if self.emails else "")

    def as_json(self, *, with_cause: bool = False) -> dict[str, Any]:
        """Return the follow-up in the form of product §8; the meeting of a cadence is the last one, None
        where there was none."""
        row = self.followup
        entry: dict[str, Any] = {
            "id": row.id,
            "reminder": row.reminder or None,
            "person": {"name": self.name, "emails": list(self.emails)},
            "state": row.state.value,
            "provisional": self.provisional,
            "start": _iso(self.start),
            "end": _iso(self.end),
            "timezone": self.timezone,
            "channel": row.channel,
            "pack": row.pack,
            "rule": row.rule,
            "step": row.step,
            "title": self.title,
            "meeting": {
                "uid": row.uid,
                "title": row.meeting_title,
                "start": _iso(self.meeting_start),
                "source": row.source,
            }
            if row.meeting
            else None,
        }
        if with_cause:
            entry["cause"] = row.cause
        return entry


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat(timespec="seconds")


def identities_of(config: Config, ledger: Ledger) -> Identities:
    """Return who is who by the config, the contact cards and the user's word."""
    links: list[Sequence[str]] = [*config.people.aliases, *who.links(ledger)]
    if config.people.contacts:
        from calsync.night.reading import cards_of

        links += [card.addresses for card in cards_of(config)]
    return Identities(links)


def entries(
    ledger: Ledger, config: Config, now: datetime, *, days: int | None = None, everything: bool = False
) -> list[Entry]:
    """Return the open follow-ups, with ``everything`` those in other states too.

    ``days`` keeps those that start by the end of the local day that many days ahead. A written
    one is open until its window ends.
    """
    today = now.astimezone(config.me.zone).date()
    if everything:
        rows = promises.followups(ledger)
    else:
        rows = promises.followups(
            ledger,
            "state IN ('provisional', 'planned') OR (state = 'written' AND last_day >= ?)",
            today.isoformat(),
        )
    shown = shown_as_entries(ledger, config, rows)
    if days is not None:
        last = today + timedelta(days=days)
        shown = [entry for entry in shown if entry.start is not None and entry.start.date() <= last]
    return shown


def in_inbox(ledger: Ledger, config: Config) -> list[Entry]:
    """Return who waits for the user's word, a line for each person and meeting, the oldest first."""
    waiting: dict[tuple[str, str], Entry] = {}
    for entry in shown_as_entries(ledger, config, promises.followups(ledger, "state = 'held'")):
        waiting.setdefault((entry.person, entry.followup.meeting), entry)
    return sorted(waiting.values(), key=lambda entry: (entry.meeting_start, entry.called))


def shown_as_entries(
    ledger: Ledger, config: Config, rows: Iterable[FollowUp], identities: Identities | None = None
) -> list[Entry]:
    """Return follow-ups with all that is shown of them, soonest first, those without a slot last."""
    rows = list(rows)
    identities = identities or identities_of(config, ledger)
    zone = config.me.zone
    ids = json.dumps(sorted({row.reminder for row in rows if row.reminder}))
    open_ = {
        reminder
        for (reminder,) in ledger.rows(
            "SELECT DISTINCT reminder FROM followup WHERE state IN ('provisional', 'planned', 'written')"
            " AND reminder IN (SELECT value FROM json_each(?))",
            ids,
        )
    }
    slots = {slot.id: slot for slot in promises.slots(ledger, "id IN (SELECT value FROM json_each(?))", ids)}
    titles = dict(ledger.rows("SELECT id, title FROM reminder WHERE id IN (SELECT value FROM json_each(?))", ids))
    people = {row.address: identities.person(row.address) for row in rows}
    linked = {person: identities.addresses(person) for person in people.values()}
    spelled = who.spellings(ledger, (address for own in linked.values() for address in own))
    said = who.said(ledger)
    described = {person: who.described(own, spelled, said) for person, own in linked.items()}
    result = []
    for row in rows:
        person = people[row.address]
        name, emails = described[person]
        slot = _standing(row, slots, open_)
        result.append(
            Entry(
                row,
                person,
                name or row.name,
                emails or (row.address,),
                slot.start.astimezone(zone) if slot else None,
                slot.end.astimezone(zone) if slot else None,
                config.me.timezone,
                _title(row, titles, open_) or f"{_words(row)}: {name or row.name or row.address}",
                row.meeting_start.astimezone(zone),
            )
        )
    far = datetime.max.replace(tzinfo=zone)
    result.sort(key=lambda entry: (entry.start is None, entry.start or far, entry.id))
    return result


def _title(row: FollowUp, titles: Mapping[str, str], open_: Collection[str]) -> str:
    """Return the title of its reminder; none where that now names only the others in it."""
    has_left = row.state in (*_LEFT, State.DONE) and row.reminder in open_
    return "" if has_left else titles.get(row.reminder, "")


def _words(row: FollowUp) -> str:
    tick = "✓ " if row.state is State.DONE else ""
    return tick + (row.rule if of_cadence(row) else row.step).replace("-", " ")


def _standing(row: FollowUp, slots: dict[str, Slot], open_: Collection[str]) -> Slot | None:
    """Return where a follow-up stands. One that has left a reminder that is open for the others in it
    stands nowhere."""
    slot = slots.get(row.reminder)
    if slot is None or (slot.removed is not None and row.state not in OPEN):
        return None
    return None if row.state in _LEFT and row.reminder in open_ else slot
