"""When a night's sync is due, by the clock on the wall.

02:30 is 02:30 in summer and winter. On the night on which the clocks skip that hour it is due as long
after midnight as ever; on the night on which the hour comes twice, the first time.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from calsync.errors import UsageError

_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")
_DAY = timedelta(days=1)


def clock_time(text: str, option: str) -> time:
    """Read "02:30". Raises UsageError, which names the option."""
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise UsageError(f"{option}: expected a time of day such as 02:30, not {text!r}")
    return time(int(match[1]), int(match[2]))


def on_day(day: date, at: time, zone: tzinfo | None) -> datetime:
    """Return the moment in UTC; ``zone`` is None for the machine's own clock."""
    local = datetime.combine(day, at)
    return (local.astimezone() if zone is None else local.replace(tzinfo=zone)).astimezone(UTC)


def next_due(now: datetime, at: time, zone: tzinfo | None) -> datetime:
    """Return the first moment after ``now`` at which a sync is due, in UTC."""
    today = now.astimezone(zone).date()
    return next(due for days in range(-1, 3) if (due := on_day(today + days * _DAY, at, zone)) > now)


def last_due(now: datetime, at: time, zone: tzinfo | None) -> datetime:
    """Return the last moment at which a sync was due, ``now`` included, in UTC."""
    today = now.astimezone(zone).date()
    return next(due for days in range(1, -3, -1) if (due := on_day(today + days * _DAY, at, zone)) <= now)


def is_machines_clock(now: datetime, at: time, zone: tzinfo) -> bool:
    """Whether the machine's own clock shows the same time as ``zone``, in summer and winter."""
    today = now.astimezone(zone).date()
    return all(
        on_day(today + days * _DAY, at, zone) == on_day(today + days * _DAY, at, None) for days in (0, 91, 182, 273)
    )
