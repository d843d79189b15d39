"""The .ics feed: reminders as a file that any calendar app can subscribe to.

Calendar apps are fussy in silence. One badly folded line and a big one drops the whole
feed; one missing stamp and it skips the edit; one stamp that moves by itself and it
downloads everything anew. So the feed holds few properties, all times in UTC, and its
bytes are a function of the reminders alone. The icalendar library writes it. A quiet
night costs less than importing that library, so each write leaves a receipt; while the
reminders and the file are still those of the receipt, nothing is rendered.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

from calsync import files
from calsync.errors import CalsyncError, OutputError
from calsync.ids import digest_id
from calsync.model import Reminder
from calsync.outputs.base import ATTENTION, Attention, Details, Mark, Written

if TYPE_CHECKING:
    from icalendar import Component

KEPT = timedelta(days=30)
EDITION = 1
"""Grows with every change of how a feed is written, so that feeds of before are written anew."""

_MARK = b"\nPRODID:-//calsync//"
_FOLD = re.compile(rb"\r\n[ \t]")
_BLOCK = re.compile(rb"BEGIN:VEVENT\r\nUID:(.*?)\r\nDTSTAMP.*?\r\nEND:VEVENT\r\n", re.DOTALL)


@dataclass(frozen=True, slots=True)
class FeedOutput:
    """An iCalendar file that is replaced whole, and only when it has to be."""

    name: str
    path: Path
    details: Details = "full"
    alarm: timedelta | None = None
    calendar_name: str = "Follow-ups"
    attention: Attention | None = None

    def write(self, reminders: Sequence[Reminder], now: datetime) -> Written:
        """Make the feed hold ``reminders``, those apart that ended over 30 days before
        ``now``. Where nothing is different, the file's bytes and time stamp stay.

        Raises :class:`~calsync.errors.OutputError` where the file cannot be replaced, or
        is not a feed of calsync's.
        """
        return self.rewrite(reminders, now, "")[0]

    def rewrite(self, reminders: Sequence[Reminder], now: datetime, receipt: str) -> tuple[Written, str]:
        """Like :meth:`write`, but do not even render where ``receipt``, as the last write
        returned it, says that the outcome would be the file as it stands. Empty: always render.

        The receipt holds a digest of all that the feed's bytes depend on, and one of the bytes.
        The file itself is compared, not its size and time: reading it costs next to nothing, and
        a copy or a backup put in its place can have the old times.
        """
        old = files.content(self.path) or b""
        kept = _kept(reminders, now)
        inputs = digest_id(EDITION, self.details, self.alarm, self.calendar_name, self.attention, *map(repr, kept))
        if receipt == _receipt(inputs, old):
            return Written(unchanged=len(kept)), receipt
        if old and not is_ours(old):
            raise OutputError(
                f"{self.path}: the file there is no feed of calsync's, and calsync never touches what it did not make",
                f"Move that file away, or give output {self.name} another path.",
            )
        new = self.rendered(reminders, now)
        files.write_if_different(self.path, new)
        return _difference(old, new), _receipt(inputs, new)

    def rendered(self, reminders: Sequence[Reminder], now: datetime) -> bytes:
        """Return what :meth:`write` would write at ``now``."""
        return render(
            _kept(reminders, now),
            details=self.details,
            alarm=self.alarm,
            calendar_name=self.calendar_name,
            attention=self.attention,
        )

    def standing(self, reminders: Sequence[Reminder]) -> frozenset[str]:
        """Return the ids of the reminders that stand in the file just as they would be written,
        stamps included."""
        old = _blocks(files.content(self.path) or b"")
        new = _blocks(render(reminders, details=self.details, alarm=self.alarm))
        uids = {reminder.id: f"{reminder.id}@calsync".encode() for reminder in reminders}
        return frozenset(id_ for id_, uid in uids.items() if uid in old and old[uid] == new.get(uid))


def _kept(reminders: Sequence[Reminder], now: datetime) -> list[Reminder]:
    kept = (reminder for reminder in reminders if reminder.end >= now - KEPT)
    return sorted(kept, key=lambda reminder: (reminder.start, reminder.id))


def _receipt(inputs: str, content: bytes) -> str:
    return f"{inputs} {digest_of(content)}"


def digest_of(content: bytes) -> str:
    """A digest of a feed's bytes."""
    return blake2b(content, digest_size=16).hexdigest()


def written_digest(receipt: str) -> str:
    """Return the digest of the bytes that a receipt is for, empty for none."""
    return receipt.rpartition(" ")[2]


def render(
    reminders: Sequence[Reminder],
    *,
    details: Details = "full",
    alarm: timedelta | None = None,
    calendar_name: str = "Follow-ups",
    attention: Attention | None = None,
) -> bytes:
    """The feed as bytes, the same for the same reminders in any order.

    ``alarm`` is how long before the start an alarm sounds; zero is at the start, None is
    no alarm. ``details``: full; names (people and step); busy (that there is a follow-up).
    Raises ValueError for a time without zone and for two reminders with one id.
    """
    ids = {reminder.id for reminder in reminders}
    if len(ids) != len(reminders):
        raise ValueError("two reminders with one id in a feed")
    from calsync.outputs.vcalendar import vcalendar

    content: bytes = vcalendar(reminders, details, alarm, calendar_name, attention).to_ical(sorted=False)
    return content


def is_ours(content: bytes) -> bool:
    """Whether these bytes begin as a feed that calsync made, torn ones included."""
    return content.startswith(b"BEGIN:VCALENDAR") and _MARK in content[:1000]


def read_marks(path: Path) -> list[Mark]:
    """The reminders in a feed of calsync's, by their marks, in order of start: what is
    left to adopt when the ledger is lost.

    A missing, torn, unreadable or foreign file holds none.
    """
    try:
        content = files.content(path) or b""
    except CalsyncError:
        return []
    if not is_ours(content) or not content.rstrip().endswith(b"END:VCALENDAR"):
        return []
    import icalendar

    try:
        calendar = icalendar.Calendar.from_ical(content)
    except ValueError:
        return []
    marks = [mark for event in calendar.walk("VEVENT") if (mark := _mark(event)) is not None]
    return sorted(marks, key=lambda mark: (mark.start, mark.id))


def _difference(old: bytes, new: bytes) -> Written:
    """What the step from one feed to another means, in reminders."""
    before, after = _blocks(old), _blocks(new)
    unchanged = sum(before.get(uid) == block for uid, block in after.items())
    created = len(after.keys() - before.keys())
    return Written(
        created=created,
        changed=len(after) - created - unchanged,
        removed=len(before.keys() - after.keys()),
        unchanged=unchanged,
    )


def _blocks(feed: bytes) -> dict[bytes, bytes]:
    # Where a long line is folded is up to the library, and means nothing.
    blocks = {match[1]: match[0] for match in _BLOCK.finditer(_FOLD.sub(b"", feed))}
    blocks.pop(f"{ATTENTION}@calsync".encode(), None)
    return blocks


def _mark(event: Component) -> Mark | None:
    identity = str(event.get("X-CALSYNC-ID", ""))
    if not identity or identity == ATTENTION:
        return None
    try:
        start = _utc(event, "DTSTART")
        stamped = _utc(event, "DTSTAMP")
        title = str(event.get("SUMMARY", ""))
        return Mark(
            id=identity,
            rule=str(event.get("X-CALSYNC-RULE", "")),
            meeting=str(event.get("X-CALSYNC-MEETING", "")),
            start=start,
            end=_utc(event, "DTEND") if "DTEND" in event else start,
            sequence=int(event.get("SEQUENCE", 0)),
            stamped=stamped,
            modified=_utc(event, "LAST-MODIFIED") if "LAST-MODIFIED" in event else stamped,
            title=title,
            done=title.startswith("✓"),
        )
    except (KeyError, TypeError, ValueError):
        return None  # not as we wrote it, so not ours to adopt


def _utc(event: Component, name: str) -> datetime:
    value = event.decoded(name)
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise ValueError(name)
    return value.astimezone(UTC)
