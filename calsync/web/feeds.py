"""The feeds as a server hands them out: what the last good sync wrote, and nothing newer.

Calendar apps ask often and at any moment. So a feed is read and packed once for each time that it
changes, apart from the requests, and what is sent are bytes that lie ready: a request renders nothing,
packs nothing, and waits for no sync.
"""

from __future__ import annotations

import asyncio
import gzip
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from pathlib import Path
from sqlite3 import DatabaseError
from typing import Literal

from calsync import files
from calsync.config import Config, IcsOutput
from calsync.errors import CalsyncError
from calsync.ledger.doors import FeedToken, feed_tokens
from calsync.night.reprinting import Reprint, reprint, written_tag
from calsync.outputs.feed import digest_of, is_ours

PATIENCE = 1.0
"""So many seconds a request waits for news of a feed of which an older state is at hand."""

Stamp = tuple[int, int, int] | None
Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Form:
    """One of the forms in which an edition is sent, with all headers but those that every answer has."""

    body: bytes
    tag: bytes
    held: Headers
    sent: Headers


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of a feed, ready to be sent. ``tag`` is a digest of its plain bytes.

    The two forms have a tag each, as strong tags must (RFC 9110 §8.8.1).
    """

    tag: str
    modified: datetime
    plain: Form
    packed: Form

    @classmethod
    def of(cls, content: bytes, modified: datetime) -> Edition:
        digest = digest_of(content)
        modified = modified.replace(microsecond=0)
        # Whoever asks just after a sync waits for this: the quickest level takes a third of the time of the usual one.
        packed = gzip.compress(content, compresslevel=1, mtime=0)
        coded = (b"content-encoding", b"gzip")
        return cls(
            digest,
            modified,
            _form(content, f'"{digest}"', modified),
            _form(packed, f'"{digest}-gz"', modified, coded),
        )


def _form(body: bytes, tag: str, modified: datetime, *more: tuple[bytes, bytes]) -> Form:
    held = [
        (b"etag", tag.encode()),
        (b"last-modified", format_datetime(modified, usegmt=True).encode()),
        (b"cache-control", b"private, no-cache"),
        (b"vary", b"Accept-Encoding"),
    ]
    sent = [
        *held,
        (b"content-type", b"text/calendar; charset=utf-8"),
        (b"content-disposition", b'inline; filename="follow-ups.ics"'),
        (b"content-length", str(len(body)).encode()),
        *more,
    ]
    return Form(body, tag.encode(), held, sent)


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back for a feed."""

    status: int
    headers: Headers
    body: bytes = b""


@dataclass
class Refreshed:
    """Something that is looked at again in a thread, once for all who want to know, when ``due`` says so."""

    due: Callable[[], bool]
    look: Callable[[], None]
    _looking: asyncio.Future[None] | None = None

    async def fresh(self, patience: float | None) -> None:
        """Return when all that was there at the call has been seen, or after so many seconds."""
        if (before := self._looking) is not None:  # it may have begun before the newest came
            await asyncio.wait([before], timeout=patience)
            if not before.done():
                return
        if self._looking is None:
            if not self.due():
                return
            self._looking = asyncio.get_running_loop().run_in_executor(None, self.look)
            self._looking.add_done_callback(self._done)
        await asyncio.wait([self._looking], timeout=patience)

    def _done(self, looked: asyncio.Future[None]) -> None:
        self._looking = None
        if not looked.cancelled():
            looked.exception()  # what is known already is served in spite of any


@dataclass
class ServedFeed:
    """The feed of one output: its file; the ledger where that is gone; what was good last, whatever happens."""

    config: Config
    settings: IcsOutput
    current: Edition | None = None
    _seen: tuple[Stamp, ...] | None = None
    _news: Refreshed = field(init=False)

    def __post_init__(self) -> None:
        self._news = Refreshed(lambda: self._stamps() != self._seen, self._look)

    async def edition(self) -> Edition | None:
        """Return the last good state of the feed, None where there was none so far."""
        await self._news.fresh(PATIENCE if self.current else None)
        return self.current

    def _stamps(self) -> tuple[Stamp, ...]:
        """What would be different if there were news; the ledger matters only where the file is of no use."""
        told = _stamp(self.settings.path)
        if self._seen is not None and len(self._seen) == 1 and told == self._seen[0]:
            return self._seen
        return (told, *ledger_stamps(self.config.ledger))

    def _look(self) -> None:
        seen = self._stamps()
        content = _good(self.settings.path)
        if content is not None and seen[0] is not None:
            changed = datetime.fromtimestamp(seen[0][0] / 1e9, UTC)
            self.current, self._seen = Edition.of(content, changed), seen[:1]
            return
        self._seen = seen
        if (found := self._reprinted()) is not None:
            self.current = Edition.of(found.content, found.written)

    def _reprinted(self) -> Reprint | None:
        """The feed out of the ledger, None where that tells nothing better than what is at hand."""
        try:
            tag = written_tag(self.config.ledger, self.settings.name)
            if self.current is not None and tag in ("", self.current.tag):
                return None
            found = reprint(self.config, self.settings)
        except (CalsyncError, DatabaseError, OSError, ValueError):
            return None
        # In the midst of a sync the ledger is ahead of what was written: nothing to replace a good feed with.
        return found if found is not None and (self.current is None or found.is_as_written) else None


def _stamp(path: Path) -> Stamp:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino


def ledger_stamps(path: Path) -> tuple[Stamp, Stamp]:
    """What is different as soon as anything was written into a ledger."""
    return _stamp(path), _stamp(path.with_name(f"{path.name}-wal"))


def _good(path: Path) -> bytes | None:
    """The feed as it stands; None for a file that is torn, foreign or unreadable."""
    try:
        content = files.content(path)
    except CalsyncError:
        return None
    whole = content is not None and is_ours(content) and content.rstrip().endswith(b"END:VCALENDAR")
    return content if whole else None


@dataclass
class Feeds:
    """All feeds of a config, found by their tokens."""

    config: Config
    _feeds: dict[str, ServedFeed] = field(init=False)
    _tokens: list[FeedToken] = field(default_factory=list)
    _seen: tuple[Stamp, Stamp] = (None, None)
    _news: Refreshed = field(init=False)

    def __post_init__(self) -> None:
        outputs = [each for each in self.config.outputs if isinstance(each, IcsOutput)]
        self._feeds = {each.name: ServedFeed(self.config, each) for each in outputs}
        self._news = Refreshed(lambda: ledger_stamps(self.config.ledger) != self._seen, self._look)

    async def named(self, token: str) -> ServedFeed | Literal["gone"] | None:
        """Return the feed of a token, ``gone`` for a token that was good once, None for any other.

        All tokens are compared whole, so that the time it takes tells nothing of them. While the ledger
        cannot be read, the known ones stay.
        """
        await self._news.fresh(PATIENCE)
        asked = token.encode("utf-8", "surrogatepass")
        found: FeedToken | None = None
        for each in self._tokens:
            if hmac.compare_digest(each.token.encode(), asked):
                found = each
        if found is None:
            return None
        return "gone" if found.retired else self._feeds.get(found.output, "gone")

    def _look(self) -> None:
        seen = ledger_stamps(self.config.ledger)
        if seen[0] is not None:
            self._tokens = feed_tokens(self.config.ledger)
        self._seen = seen


def answer(edition: Edition, asked: dict[bytes, bytes]) -> Answer:
    """Return what a request for a feed is answered; ``asked`` are its headers, names in lower case.

    A client that holds this very state already gets 304 (RFC 9110 §13): by its tag, or by its date
    where it names no tag.
    """
    form = edition.packed if _takes_gzip(asked.get(b"accept-encoding", b"")) else edition.plain
    if _is_held(edition, asked):
        return Answer(304, form.held)
    return Answer(200, form.sent, form.body)


def _is_held(edition: Edition, asked: dict[bytes, bytes]) -> bool:
    if (tags := asked.get(b"if-none-match")) is not None:
        held = {tag.strip().removeprefix(b"W/") for tag in tags.split(b",")}
        return not held.isdisjoint({b"*", edition.plain.tag, edition.packed.tag})
    try:
        since = parsedate_to_datetime(asked.get(b"if-modified-since", b"").decode("latin-1"))
    except (TypeError, ValueError):
        return False
    return since.tzinfo is not None and edition.modified <= since


def _takes_gzip(accepted: bytes) -> bool:
    for each in accepted.lower().split(b","):
        name, _, weight = each.partition(b";")
        if name.strip() in (b"gzip", b"*"):
            try:
                return float(weight.strip().removeprefix(b"q=") or b"1") > 0
            except ValueError:
                return False
    return False


__all__ = ["Answer", "Edition", "Feeds", "ServedFeed", "answer"]
