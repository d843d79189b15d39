"""The one clock, and what may stand in for it.

Everything that calsync decides depends on the moment, so that moment is read once for each
run, here, and handed on. ``CALSYNC_NOW`` stands in for it: to look at another day, or to test.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from calsync.errors import UsageError

VARIABLE = "CALSYNC_NOW"


def now(env: Mapping[str, str]) -> datetime:
    """The present moment in UTC, or the one that ``CALSYNC_NOW`` names (ISO 8601 with offset).

    Raises UsageError where the variable holds no such moment; it is never ignored.
    """
    named = env.get(VARIABLE, "").strip()
    if not named:
        return datetime.now(UTC)
    remedy = f"Write a date, a time and an offset, such as {VARIABLE}=2026-03-10T02:00:00+00:00."
    try:
        moment = datetime.fromisoformat(named)
    except ValueError:
        raise UsageError(f"{VARIABLE}: {named!r} is no ISO 8601 time", remedy) from None
    if moment.tzinfo is None:
        raise UsageError(f"{VARIABLE}: {named!r} has no offset from UTC", remedy)
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise UsageError(f"{VARIABLE}: {named!r} is out of range", remedy) from None
