"""The desk of a night in the past: the same as tonight's, but with what was known then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from calsync.night.desk import Desk
from calsync.people.meetings import Meeting, Recorded, meetings_of
from calsync.simulate.recall import Recall


@dataclass
class PastDesk(Desk):
    """A desk that works out the meetings of a UID once for all nights on which they look the same."""

    recall: Recall = field(init=False)
    _worked_out: dict[tuple[str, int], list[Meeting]] = field(init=False, default_factory=dict)

    def of_uid(self, uid: str, records: Sequence[Recorded]) -> list[Meeting]:
        key = (uid, self.recall.version.get(uid, 0))
        if key not in self._worked_out:
            self._worked_out[key] = meetings_of(records, self.sources, self.judge, *self.recall.span)
        return self._worked_out[key]

    def meetings(self, records: Mapping[str, list[Recorded]], since: datetime, until: datetime) -> list[Meeting]:
        if since < self.recall.span[0]:
            return super().meetings(records, since, until)
        return self._without_copies([m for uid in sorted(records) for m in self.of_uid(uid, records[uid])])
