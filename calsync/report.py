"""What happened in a run, for people and for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from calsync.model import FollowUp, Slot

PRECEDENCE = (1, 2, 10, 13, 12, 11, 3)
"""Which exit code tells most when there are several (product §8)."""


def exit_code(codes: Sequence[int]) -> int:
    """Return the one exit code that stands for several; 0 where there is none."""
    return next((code for code in PRECEDENCE if code in codes), 0)


@dataclass(frozen=True)
class Trouble:
    """One source or output that failed: ``what`` is "source" or "output"."""

    what: str
    name: str
    message: str
    remedy: str = ""
    exit_code: int = 3


@dataclass(frozen=True)
class SourceReport:
    """How one source was read. ``skipped`` and ``noted`` count events by reason."""

    name: str
    unchanged: bool
    total: int
    named: int
    skipped: Mapping[str, int]
    noted: Mapping[str, int]
    examples: Mapping[str, str]
    cancelled: int = 0


@dataclass(frozen=True)
class Difference:
    """One reminder that a sync creates, changes or removes. ``kind`` is create, change or remove."""

    kind: str
    reminder: str
    title: str
    start: datetime
    end: datetime
    cause: str = ""


@dataclass
class Report:
    """One pass: what was read, decided and written."""

    at: datetime
    dry_run: bool = False
    sources: list[SourceReport] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    starting: list[str] = field(default_factory=list)
    changed: list[tuple[FollowUp, Slot | None]] = field(default_factory=list)
    written: dict[str, dict[str, int]] = field(default_factory=dict)
    held: int = 0

    @property
    def exit_code(self) -> int:
        return exit_code([trouble.exit_code for trouble in self.troubles])

    @property
    def is_quiet(self) -> bool:
        """Whether there is nothing to tell: nothing changed and nothing failed."""
        return not (self.differences or self.troubles or self.changed)

    def as_json(self) -> dict[str, Any]:
        """Return the report for ``sync --json``; times are ISO 8601 with an offset."""
        return {
            "at": self.at.isoformat(timespec="seconds"),
            "dry_run": self.dry_run,
            "exit_code": self.exit_code,
            "starting": self.starting,
            "differences": [
                {
                    "kind": each.kind,
                    "reminder": each.reminder,
                    "title": each.title,
                    "start": each.start.isoformat(timespec="seconds"),
                    "end": each.end.isoformat(timespec="seconds"),
                    "cause": each.cause,
                }
                for each in self.differences
            ],
            "sources": [
                {
                    "name": each.name,
                    "unchanged": each.unchanged,
                    "events": each.total,
                    "named": each.named,
                    "skipped": dict(each.skipped),
                    "noted": dict(each.noted),
                }
                for each in self.sources
            ],
            "outputs": self.written,
            "troubles": [
                {"what": each.what, "name": each.name, "message": each.message, "remedy": each.remedy}
                for each in self.troubles
            ],
            "warnings": self.warnings,
            "notes": self.notes,
            "held": self.held,
        }
