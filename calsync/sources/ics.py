"""Calendars as .ics: a file, a folder of them (a vdir), or an address to fetch one from.

The file is somebody else's and may be rewritten at any moment, so nothing is believed of
it that its bytes do not say: it counts as unchanged by its stamps only where those are
older than the reading they stand for, else by its content.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from calsync.errors import SourceError
from calsync.sources.base import Item, Reading, Seen
from calsync.sources.files import calendar_files, content_of, stamps_of, unreadable

if TYPE_CHECKING:
    from calsync.sources.calendar_text import Survey
    from calsync.sources.download import Limits

_COPY = "Copy the address again from the calendar's settings."
READER = "ics 1"
"""Changes whenever the same bytes would be read to another event than before."""


class IcsSource:
    """Reads a ``path`` or a ``url``; ``home`` is the user's IANA zone.

    Single events that ended before ``since``, and series that cannot recur after it, are
    left out. ``limits`` bound what an address may cost.
    """

    def __init__(
        self,
        name: str,
        *,
        path: Path | str | None = None,
        url: str | None = None,
        home: str,
        since: datetime | None = None,
        limits: Limits | None = None,
    ) -> None:
        if (path is None) == (url is None):
            raise ValueError("an ics source has either a path or a url")
        self.name = name
        self.path = None if path is None else Path(path)
        self.url = url
        self.home = home
        self.since = since
        self.limits = limits

    def read(self, seen: Seen) -> Reading:
        """What the calendar holds now. Raises SourceError where there is none to be had.

        A calendar that is cut short, and a file of a folder that cannot be read, give a
        reading that is not whole; no event of theirs is used.
        """
        context = f"{READER} {self.home}"
        if seen.context != context:
            seen = Seen(context=context)
        before = _parts_of(seen.validator)
        if not reaches(before.get("since"), self.since):
            before = {}
        if self.path is None:
            return self._read_url(seen, before)
        return self._read_path(self.path, seen, before)

    def _read_path(self, path: Path, seen: Seen, before: dict[str, str]) -> Reading:
        files = calendar_files(path)
        stamps, settled = stamps_of(files)
        if before.get("stamps") == stamps:
            return Reading(validator=seen.validator, context=seen.context, unchanged=True)
        content = content_of(files)
        validator = self._validator(content=content, stamps=stamps if settled else "")
        if before.get("content") == content:
            return Reading(validator=validator, context=seen.context, unchanged=True)
        known = _set(seen.pieces)

        def items(reading: Reading) -> Iterator[Item]:
            for file in files:
                try:
                    with file.open("rb") as stream:
                        yield from self._events(stream, surveyed, reading, known, file.name, str(file))
                except OSError as trouble:
                    reading.incomplete(str(unreadable(file, trouble)))
            try:
                changed = stamps_of(calendar_files(path))[0] != stamps
            except SourceError:
                changed = True
            if changed:
                reading.incomplete(f"{path} was changed while it was read")
            reading.complete(validator)

        surveyed = None if path.is_dir() else self._survey_file(path)
        return Reading(items, context=seen.context)

    def _read_url(self, seen: Seen, before: dict[str, str]) -> Reading:
        from calsync.sources.download import Limits, fetch

        assert self.url is not None
        fetched = fetch(self.url, before.get("etag", ""), before.get("modified", ""), self.limits or Limits())
        if fetched is None:
            return Reading(validator=seen.validator, context=seen.context, unchanged=True)
        content = content_of([fetched.body])
        validator = self._validator(content=content, etag=fetched.etag, modified=fetched.modified)
        if before.get("content") == content:
            fetched.body.close()
            return Reading(validator=validator, context=seen.context, unchanged=True)
        known = _set(seen.pieces)
        try:
            surveyed = self._survey(fetched.body, fetched.host, _COPY)
        except SourceError:
            fetched.body.close()
            raise

        def items(reading: Reading) -> Iterator[Item]:
            with closing(fetched.body) as stream:
                stream.seek(0)
                yield from self._events(stream, surveyed, reading, known, fetched.host, fetched.host)
            reading.complete(validator)

        return Reading(items, context=seen.context)

    def _survey_file(self, file: Path) -> Survey:
        try:
            with file.open("rb") as stream:
                return self._survey(stream, str(file), "Export the calendar again, or correct the path.")
        except OSError as trouble:
            raise unreadable(file, trouble) from trouble

    def _survey(self, stream: BinaryIO, called: str, remedy: str) -> Survey:
        """The survey of a source that is one text. One that is no calendar is an error: it
        must not be taken for an empty one."""
        from calsync.sources.calendar_text import survey

        surveyed = survey(stream, self.home)
        if not surveyed.calendars:
            raise SourceError(f"{called} {surveyed.fault}", remedy)
        return surveyed

    def _events(
        self,
        stream: BinaryIO,
        surveyed: Survey | None,
        reading: Reading,
        known: AbstractSet[bytes],
        label: str,
        called: str,
    ) -> Iterator[Item]:
        from calsync.sources.calendar_text import items, survey

        if surveyed is None:
            surveyed = survey(stream, self.home)
            stream.seek(0)
        if surveyed.fault:
            reading.incomplete(f"{called} {surveyed.fault}")
        else:
            yield from items(stream, surveyed, reading, label=label, since=self.since, known=known)

    def _validator(self, **parts: str) -> str:
        parts["since"] = self.since.isoformat() if self.since else "ever"
        return json.dumps({name: value for name, value in parts.items() if value})


def _parts_of(validator: str) -> dict[str, str]:
    try:
        parts = json.loads(validator or "{}")
    except ValueError:
        return {}
    return {str(name): str(value) for name, value in parts.items()} if isinstance(parts, dict) else {}


def reaches(before: object, since: datetime | None) -> bool:
    """Whether a reading from ``before`` on covers what is asked for: a longer history
    needs the whole calendar again, although it did not change."""
    if before is None or before == "ever":
        return before is not None
    try:
        return since is not None and datetime.fromisoformat(str(before)) <= since
    except (ValueError, TypeError):
        return False


def _set(pieces: Iterable[bytes]) -> AbstractSet[bytes]:
    return pieces if isinstance(pieces, AbstractSet) else frozenset(pieces)
