"""A series laid out in time.

What an event says about its recurrence, with its exceptions, becomes the walls at which
it starts (local times without a zone), and these become occurrences. Each way in which
writers bend RFC 5545 §3.8.5 here is one named function.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from heapq import merge

from calsync.model import Event, Occurrence, Recurrence
from calsync.timing.instances import last_start, starts
from calsync.timing.rrule import Rule, Unusable, parse
from calsync.timing.zones import tzinfo

_MIDNIGHT = dt.time()
_UNSURE = dt.timedelta(hours=27)  # local times this close to UNTIL are compared in UTC
_FIRST = dt.datetime(2, 1, 1)
_LAST = dt.datetime(9998, 12, 31)

Timed = tuple[dt.datetime, str, Occurrence]  # start in UTC, recurrence id


class Series:
    """An event with what its recurrence says, ready to be laid out in time."""

    def __init__(self, master: Event, overrides: Sequence[Event]) -> None:
        recurrence = master.recurrence or Recurrence()
        self.event = master
        self.recurrence = recurrence
        self.zone = _clock(master)
        self.end_zone = self.zone if master.end.tzinfo is master.start.tzinfo else master.end.tzinfo
        self.rules = [rule for rule in map(_parsed, recurrence.rules) if rule is not None]
        if master.all_day:
            self.first = dt.datetime.combine(master.start.date(), _MIDNIGHT)
            length = dt.timedelta(days=(master.end.date() - master.start.date()).days)
        else:
            self.first = _wall(master.start, self.zone)
            length = utc(master.end) - utc(master.start)
        self.duration = max(length, dt.timedelta(0))
        self.gone: set[str] = set()
        self.gone_days: set[dt.date] = set()
        for event in overrides:
            self._replace(event.recurrence_id)
        for excluded in recurrence.excluded:
            if master.all_day:
                self.gone.add(_date_stamp(_day_meant(excluded, self.zone)))
            elif self._excludes_the_day(excluded):
                self.gone_days.add(excluded.date())
            else:
                self.gone.add(_stamp(utc(excluded)))

    def wall(self, moment: dt.datetime, shift: dt.timedelta) -> dt.datetime:
        """The wall clock of the series at ``moment`` (UTC) moved by ``shift``."""
        return _wall(shifted(moment, shift), self.zone)

    def walls(self, low: dt.datetime, high: dt.datetime) -> Iterator[dt.datetime]:
        """The starts of rules and dates from ``low`` to ``high`` by the wall clock, in
        order; a start named twice appears twice."""
        rules = [self._rule_walls(rule, low, high) for rule in self.rules]
        if len(rules) == 1 and not self.recurrence.dates:
            return rules[0]
        if self.event.all_day:
            days = (_day_meant(date, self.zone) for date in self.recurrence.dates)
            dates = [dt.datetime.combine(day, _MIDNIGHT) for day in days]
        else:
            dates = [_wall(date, self.zone) for date in self.recurrence.dates]
        single = sorted(wall for wall in (self.first, *dates) if low <= wall <= high)
        return merge(single, *rules)

    def placed(self, walls: Iterable[dt.datetime]) -> Iterator[Timed]:
        """The occurrences at those starts, without those excluded or overridden."""
        event, zone, end_zone, duration = self.event, self.zone, self.end_zone, self.duration
        gone, gone_days, whole_days = set(self.gone), self.gone_days, event.all_day
        repeats = bool(self.recurrence.rules or self.recurrence.dates)
        ends = {utc(start): end for start, end in self.recurrence.periods}
        before = ""
        for wall in walls:
            moment, stamp, start, end = _laid_out(wall, wall.fold, duration, zone, end_zone, whole_days)
            if stamp == before or stamp in gone or (gone_days and wall.date() in gone_days):
                continue
            before = stamp
            if start.minute != wall.minute or start.hour != wall.hour:
                gone.add(stamp)  # moved out of a gap, perhaps to where the next instance is
            if ends:
                end = ends.get(moment, end)
            yield moment, stamp, Occurrence(event, start, end, stamp if repeats else event.recurrence_id)

    def last_start(self, rule: Rule) -> dt.datetime | None:
        """A moment, in UTC, after which no instance of ``rule`` begins; None if endless."""
        counted = last_start(rule, self.first)
        last = counted and self._moment(counted)
        if rule.until is not None:
            bound, limit = self._until(rule)
            until = limit or self._moment(bound)
            last = until if last is None else min(last, until)
        return None if last is None or last.year >= _LAST.year else last

    def _rule_walls(self, rule: Rule, low: dt.datetime, high: dt.datetime) -> Iterator[dt.datetime]:
        if rule.until is None:
            return starts(rule, self.first, low, high)
        bound, limit = self._until(rule)
        if limit is None:
            return starts(rule, self.first, low, min(high, max(bound, self.first)))
        return self._limited(rule, low, high, bound, limit)

    def _limited(
        self, rule: Rule, low: dt.datetime, high: dt.datetime, bound: dt.datetime, limit: dt.datetime
    ) -> Iterator[dt.datetime]:
        sure = _clipped(bound, -_UNSURE)
        for wall in starts(rule, self.first, low, min(high, max(_clipped(bound, _UNSURE), self.first))):
            if wall < sure or wall == self.first or self._moment(wall) <= limit:
                yield wall

    def _until(self, rule: Rule) -> tuple[dt.datetime, dt.datetime | None]:
        """UNTIL by the wall clock of the series; and in UTC where it is written so.

        It should have the type of DTSTART (§3.3.10), but writers mix them: a mere date
        includes that whole day, and an all-day series ends on the day that is meant.
        """
        assert rule.until is not None
        wall, in_utc, day = rule.until
        moment = wall.replace(tzinfo=dt.UTC)
        if self.event.all_day:
            meant = _day_meant(moment, self.zone) if in_utc else wall.date()
            return dt.datetime.combine(meant, _MIDNIGHT), None
        if in_utc:
            return _wall(moment, self.zone), moment
        return (dt.datetime.combine(wall.date(), dt.time(23, 59, 59)) if day else wall), None

    def _moment(self, wall: dt.datetime) -> dt.datetime:
        return utc(wall.replace(tzinfo=self.zone))

    def _replace(self, recurrence_id: str) -> None:
        """Leave out the occurrence that an override stands for. Writers name it by a date
        in timed series, and by a time in all-day ones: then the day is meant."""
        try:
            if len(recurrence_id) == 8 and not self.event.all_day:
                self.gone_days.add(dt.datetime.strptime(recurrence_id, "%Y%m%d").date())
            elif len(recurrence_id) == 16 and self.event.all_day:
                moment = dt.datetime.strptime(recurrence_id, "%Y%m%dT%H%M%SZ").replace(tzinfo=dt.UTC)
                self.gone.add(_date_stamp(_day_meant(moment, self.zone)))
        except ValueError:
            return
        if recurrence_id:
            self.gone.add(recurrence_id)

    def _excludes_the_day(self, excluded: dt.datetime) -> bool:
        """Whether an EXDATE of a timed series is a mere date, which arrives here as a
        midnight: Exchange and others write that. It then excludes all of its day. A
        midnight at which the series could begin excludes just that (§3.8.5.1)."""
        if excluded.time() != _MIDNIGHT:
            return False
        if any(rule.freq == "HOURLY" or rule.hours for rule in self.rules):
            return False
        starts_at = {self.first.time(), *(_wall(date, self.zone).time() for date in self.recurrence.dates)}
        return _wall(excluded, self.zone).time() not in starts_at


@lru_cache(maxsize=8192)
def _laid_out(
    wall: dt.datetime,
    fold: int,
    length: dt.timedelta,
    zone: dt.tzinfo,
    end_zone: dt.tzinfo | None,
    whole_days: bool,
) -> tuple[dt.datetime, str, dt.datetime, dt.datetime]:
    """An instance as a moment in UTC, its recurrence id, its start and its end. The length
    is exact (§3.8.5.3), that of all-day events a number of days. Remembered, because the
    meetings of a calendar begin at the same few hours of the same days; by ``fold`` too,
    which datetimes leave out when they are compared."""
    local = wall.replace(tzinfo=zone, fold=fold)
    moment = utc(local)
    stamp = _date_stamp(wall) if whole_days else _stamp(moment)
    try:
        finish = utc((wall + length).replace(tzinfo=zone)) if whole_days else moment + length
        return moment, stamp, moment.astimezone(zone), finish.astimezone(end_zone)
    except OverflowError:  # at the end of the calendar nothing lasts
        return moment, stamp, local, local


def _clock(event: Event) -> dt.tzinfo:
    """The clock by which an event repeats: that of its start, or of its ``zone`` where the
    start carries an offset only."""
    clock = event.start.tzinfo or dt.UTC
    if event.zone and not event.all_day and isinstance(clock, dt.timezone):
        try:
            return tzinfo(event.zone)
        except ValueError:
            return clock
    return clock


def _day_meant(moment: dt.datetime, zone: dt.tzinfo) -> dt.date:
    """The day that a time means which stands where an all-day series has dates. Outlook
    writes the date as midnight in UTC; Apple writes a local time, converted to UTC."""
    if str(moment.tzinfo) == "UTC" and moment.time() != _MIDNIGHT:
        return _wall(moment, zone).date()
    return moment.date()


def _parsed(text: str) -> Rule | None:
    try:
        return parse(text)
    except Unusable:
        return None


def utc(moment: dt.datetime) -> dt.datetime:
    """``moment`` in UTC, clipped where the calendar ends."""
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError:
        return moment.replace(tzinfo=dt.UTC)


def _wall(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    """What the clock of ``zone`` shows, without the zone; as written where the moment is
    in that zone, so that a local time that does not exist stays what it is."""
    if moment.tzinfo is not zone:
        with suppress(OverflowError):
            moment = moment.astimezone(zone)
    return moment.replace(tzinfo=None)


def shifted(moment: dt.datetime, shift: dt.timedelta) -> dt.datetime:
    """``moment``, which is in UTC, moved by ``shift``, clipped where the calendar ends."""
    return _clipped(moment.replace(tzinfo=None), shift).replace(tzinfo=dt.UTC)


def _clipped(wall: dt.datetime, shift: dt.timedelta) -> dt.datetime:
    try:
        return min(max(wall + shift, _FIRST), _LAST)
    except OverflowError:
        return _FIRST if shift < dt.timedelta(0) else _LAST


def _stamp(moment: dt.datetime) -> str:
    """A moment in UTC as a recurrence id; twice as fast as strftime, and it is called for
    every occurrence."""
    text = moment.isoformat()
    return f"{text[:4]}{text[5:7]}{text[8:13]}{text[14:16]}{text[17:19]}Z"


def _date_stamp(day: dt.date) -> str:
    return day.isoformat()[:10].replace("-", "")
