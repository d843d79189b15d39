"""The times that tonight's reminders propose.

A time that was proposed may be in somebody's hands, so it stays as it was told until my
calendar or the reminder itself takes it away; and once the reminder's hour has come,
nothing changes any more. My busy time is read only where something changed there: on
a quiet night a trace of it is enough to know that all is as it was.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import NamedTuple

from calsync.ids import digest_id
from calsync.ledger import promises
from calsync.ledger.ledger import moment, seconds
from calsync.model import Slot
from calsync.night.desk import Desk
from calsync.timing.offers import Offer, Offering, Span, choose, looked_at, still_holds


class Proposal(NamedTuple):
    """A reminder that proposes times to people in ``zones``; ``settled`` says that it was done."""

    slot: Slot
    offering: Offering
    zones: tuple[tzinfo, ...] = ()
    settled: bool = False


class _Kept(NamedTuple):
    """What was offered, what that rested on, and the trace of my busy time when it last held."""

    offer: Offer
    ground: str
    trace: str


def offers(desk: Desk, proposals: Sequence[Proposal]) -> dict[str, Offer]:
    """The times to propose, by the id of the reminder; new ones are written down."""
    before = {id_: _read(text) for id_, text in promises.offers(desk.ledger, [p.slot.id for p in proposals]).items()}
    found: dict[str, Offer] = {}
    coming: list[Proposal] = []
    for proposal in proposals:
        kept = before.get(proposal.slot.id)
        # After a lost ledger the calendar tells about the same again, also of what is past.
        if kept is not None and (proposal.settled or proposal.slot.start <= desk.now):
            found[proposal.slot.id] = kept.offer
        else:
            coming.append(proposal)
    if not coming:
        return found
    windows = {p.slot.id: looked_at(p.slot.start, desk.zone) for p in coming}
    traces = desk.seen.traces(*_around(list(windows.values())))
    changed: list[tuple[Proposal, str, str]] = []
    for proposal in coming:
        id_, kept = proposal.slot.id, before.get(proposal.slot.id)
        ground = _ground(desk, proposal)
        since, until = (seconds(each) for each in windows[id_])
        trace = digest_id(*(each for lo, hi, each in traces if lo < until and (hi is None or hi > since)))
        if kept is not None and (kept.ground, kept.trace) == (ground, trace):
            found[id_] = kept.offer
        else:
            changed.append((proposal, ground, trace))
    if changed:
        busy = desk.seen.busy(*_around([windows[p.slot.id] for p, _, _ in changed]))
        for proposal, ground, trace in changed:
            offer = _offer(desk, proposal, before.get(proposal.slot.id), ground, busy)
            found[proposal.slot.id] = offer
            promises.put_offer(desk.ledger, proposal.slot.id, _written(_Kept(offer, ground, trace)))
    return found


def _offer(desk: Desk, proposal: Proposal, kept: _Kept | None, ground: str, busy: Sequence[Span]) -> Offer:
    if kept is not None and kept.ground == ground and kept.offer.times and still_holds(kept.offer, busy):
        return kept.offer
    return choose(proposal.slot.start, proposal.offering, desk.mine, busy, proposal.zones)


def _ground(desk: Desk, proposal: Proposal) -> str:
    """All that decides an offer, my busy time apart."""
    me = desk.config.me
    mine = (me.timezone, me.working_hours, sorted(me.working_days), me.holidays)
    return digest_id(seconds(proposal.slot.start), proposal.offering, mine, sorted(map(str, proposal.zones)))


def _around(windows: Sequence[Span]) -> tuple[datetime, datetime]:
    return min(since for since, _ in windows), max(until for _, until in windows)


def _read(text: str) -> _Kept | None:
    if not text:
        return None
    ground, trace, in_their_day, times = json.loads(text)
    spans = tuple((start, end) for one, other in times if (start := moment(one)) and (end := moment(other)))
    return _Kept(Offer(spans, bool(in_their_day)), ground, trace)


def _written(kept: _Kept) -> str:
    times = [[seconds(start), seconds(end)] for start, end in kept.offer.times]
    return json.dumps([kept.ground, kept.trace, kept.offer.in_their_day, times])
