"""Outputs that keep their reminders in memory: for tests, and for plans nobody keeps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calsync.errors import OutputError
from calsync.model import Reminder
from calsync.outputs.base import Outcome, Written
from calsync.will import Content, Standing, ticked


@dataclass(slots=True)
class MemoryOutput:
    """``reminders`` is what was written last, by id."""

    name: str = "memory"
    reminders: dict[str, Reminder] = field(default_factory=dict)

    def write(self, reminders: Sequence[Reminder], now: datetime) -> Written:
        """Hold exactly ``reminders``. Raises ValueError for two with one id."""
        new = {reminder.id: reminder for reminder in reminders}
        if len(new) != len(reminders):
            raise ValueError("two reminders with one id in an output")
        old, self.reminders = self.reminders, new
        unchanged = sum(old.get(key) == reminder for key, reminder in new.items())
        created = len(new.keys() - old.keys())
        return Written(
            created=created,
            changed=len(new) - created - unchanged,
            removed=len(old.keys() - new.keys()),
            unchanged=unchanged,
        )


@dataclass(slots=True)
class MemoryCalendar:
    """A calendar that is edited from both sides. What ``held`` is, by id: an etag and a content.

    ``lost`` is set to make the next answer get lost: what was asked is done, and nobody is told.
    ``is_deleted`` makes the whole calendar be gone. ``marks`` are rule, meeting and sequence, by id.
    """

    name: str = "calendar"
    held: dict[str, tuple[str, Content]] = field(default_factory=dict)
    lost: bool = False
    is_deleted: bool = False
    marks: dict[str, tuple[str, str, int]] = field(default_factory=dict)
    _edition: int = 0

    def standing(self, known: Mapping[str, str]) -> dict[str, Standing]:
        self._answer()
        return {
            id_: Standing(etag, None if known.get(id_) == etag else content, None, *self.marks.get(id_, ()))
            for id_, (etag, content) in self.held.items()
        }

    def shown(self, reminder: Reminder) -> Content:
        done = reminder.done or ticked(reminder.title)
        return Content(reminder.start, reminder.end, reminder.title, reminder.description, done)

    def create(self, reminder: Reminder) -> Outcome:
        if not self.is_deleted and reminder.id in self.held:
            return Outcome("changed")
        return self._put(reminder)

    def change(self, reminder: Reminder, etag: str) -> Outcome:
        return self._fits(reminder.id, etag) or self._put(reminder)

    def remove(self, id_: str, etag: str) -> Outcome:
        if (refused := self._fits(id_, etag)) is not None:
            return refused
        del self.held[id_]
        self._answer()
        return Outcome("done")

    def edit(self, id_: str, content: Content) -> None:
        """What a user does by hand."""
        self._edition += 1
        self.held[id_] = (f"{self._edition}", content)

    def _put(self, reminder: Reminder) -> Outcome:
        if not self.is_deleted:
            self.edit(reminder.id, self.shown(reminder))
            self.marks[reminder.id] = (reminder.rule, reminder.meeting, reminder.sequence)
        self._answer()
        return Outcome("done", self.held[reminder.id][0])

    def _fits(self, id_: str, etag: str) -> Outcome | None:
        if self.is_deleted or id_ not in self.held:
            return Outcome("gone")
        return None if self.held[id_][0] == etag else Outcome("changed")

    def _answer(self) -> None:
        if self.is_deleted:
            raise OutputError(
                f"the calendar of output {self.name} is gone", f"calsync outputs reset {self.name} makes it anew."
            )
        if self.lost:
            self.lost = False
            raise OutputError("the answer was lost on the way", "calsync tries again at the next sync.")
