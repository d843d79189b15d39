"""When an event takes place: a series and its exceptions as single occurrences.

A calendar keeps a series as one event with rules, dates and exclusions (RFC 5545 §3.8.5)
and each moved or edited occurrence as another event that names the one it stands for.
Everything behind this module knows occurrences only. A series repeats by the wall clock
of the zone in which it was written, so 09:00 stays 09:00 when the clocks change.

A rule that cannot be used costs its repetitions, never the event and never the run.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from operator import itemgetter

from calsync.model import Event, Occurrence, Recurrence
from calsync.timing.rrule import Unusable, parse
from calsync.timing.series import Series, Timed, shifted, utc

_DAY = dt.timedelta(days=1)
_IN_ORDER = itemgetter(0, 1)


def occurrences(
    master: Event | None,
    overrides: Sequence[Event],
    since: dt.datetime,
    until: dt.datetime,
    limit: int = 20_000,
) -> Iterator[Occurrence]:
    """The occurrences of one UID that touch the span from ``since`` to ``until``, in order
    of their start: those that begin before ``until`` and end after ``since``, and those
    without length that begin in it.

    ``master`` is the series or the single event; ``overrides`` are its occurrences that
    were moved, edited or cancelled. Each override stands for the occurrence with its
    ``recurrence_id`` and appears once, at its own time, cancelled or not, and also where
    the series has no such occurrence or excludes it. At most ``limit`` occurrences, the
    earliest. Starts and ends are in the zone of the event; local times that do not exist
    are read with the offset from before the gap, of those that exist twice the first is
    meant (§3.3.5). A rule that cannot be used repeats nothing, see :func:`problem`.
    """
    low, high = utc(since), utc(until)

    def touching(items: Iterable[Timed]) -> Iterator[Timed]:
        return (item for item in items if item[0] < high and (item[0] >= low or item[2].end > low))

    found = [*touching(_standing(overrides))]
    if master is not None:
        series = Series(master, overrides)
        walls = series.walls(series.wall(low, -_DAY - series.duration), series.wall(high, _DAY))
        found += islice(touching(series.placed(walls)), max(limit, 0))
    found.sort(key=_IN_ORDER)
    for _, _, occurrence in found[: max(limit, 0)]:
        yield occurrence


def first_occurrences(master: Event | None, overrides: Sequence[Event]) -> Iterator[Occurrence]:
    """All occurrences of one UID from the very first on, in order, as by
    :func:`occurrences`. Lazy: taking the first few costs the same for every series. May
    be endless for all practical purposes."""
    streams: list[Iterable[Timed]] = [sorted(_standing(overrides), key=_IN_ORDER)]
    if master is not None:
        series = Series(master, overrides)
        streams.append(series.placed(series.walls(dt.datetime.min, dt.datetime.max)))
    for _, _, occurrence in merge(*streams, key=_IN_ORDER):
        yield occurrence


def last_possible_end(master: Event | None, overrides: Sequence[Event]) -> dt.datetime | None:
    """A moment, in UTC, after which no occurrence of one UID lies; None for a series
    without end. Cheap, and never too early; it may be somewhat late."""
    ends = [utc(max(event.start, event.end)) for event in overrides]
    if master is not None:
        series = Series(master, ())
        recurrence = master.recurrence or Recurrence()
        lasts = [utc(master.start), *map(utc, recurrence.dates)]
        for rule in series.rules:
            last = series.last_start(rule)
            if last is None:
                return None
            lasts.append(last)
        spare = _DAY if master.all_day else dt.timedelta(0)  # days have 23 to 25 hours
        ends.append(shifted(max(lasts), series.duration + spare))
        ends += [utc(end) for _, end in recurrence.periods]
    return max(ends, default=None)


def problem(master: Event) -> str | None:
    """Why the first unusable rule of a series is not used, in one short sentence that is
    the same for all such rules; None where all are used."""
    for text in master.recurrence.rules if master.recurrence else ():
        try:
            parse(text)
        except Unusable as trouble:
            return str(trouble)
    return None


def _standing(overrides: Sequence[Event]) -> list[Timed]:
    """The overrides as occurrences; of several for one occurrence the last."""
    latest = {event.recurrence_id or f"{place}": event for place, event in enumerate(overrides)}
    return [
        (utc(event.start), name, Occurrence(event, event.start, event.end, name))
        for event in latest.values()
        for name in (event.recurrence_id,)
    ]
