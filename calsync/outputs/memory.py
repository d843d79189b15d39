"""An output that keeps its reminders in memory: for tests, and for plans nobody keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calsync.model import Reminder
from calsync.outputs.base import Written


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
