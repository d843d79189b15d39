"""The feeds as a server hands them out: the file that the last good sync wrote, and nothing newer.

Calendar apps ask often and at any moment. So a feed is read and compressed once for each time that
its file changes, never rendered for a request, and a sync that runs meanwhile is not waited for.
"""

from __future__ import annotations

import gzip
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from hashlib import blake2b
from pathlib import Path
from sqlite3 import DatabaseError
from typing import Literal

from calsync import files
from calsync.config import Config, IcsOutput
from calsync.errors import CalsyncError
from calsync.ledger.doors import FeedToken, feed_tokens
from calsync.outputs.feed import is_ours

_TYPE = "text/calendar; charset=utf-8"

Stamp = tuple[int, int, int] | None


@dataclass(frozen=True, slots=True)
class Edition:
    """One state of a feed, in both the forms in which it is sent. ``tag`` stands for the plain bytes."""

    plain: bytes
    packed: bytes
    tag: str
    modified: datetime

    @classmethod
    def of(cls, content: bytes, modified: datetime) -> Edition:
        digest = blake2b(content, digest_size=16).hexdigest()
        return cls(content, gzip.compress(content, mtime=0), digest, modified.replace(microsecond=0))


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back; the body stays away where only the headers were asked for."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class ServedFeed:
    """The file of one output; what was good last is kept, whatever becomes of the file."""

    path: Path
    _seen: Stamp = None
    _edition: Edition | None = None

    def edition(self) -> Edition | None:
        """Return the last good state of the feed, None where there was none so far."""
        stamp = _stamp(self.path)
        if stamp is not None and stamp != self._seen:
            content = _good(self.path)
            if content is not None:
                changed = datetime.fromtimestamp(stamp[0] / 1e9, UTC)
                self._edition, self._seen = Edition.of(content, changed), stamp
        return self._edition


def _stamp(path: Path) -> Stamp:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_mtime_ns, told.st_size, told.st_ino


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

    def __post_init__(self) -> None:
        self._feeds = {each.name: ServedFeed(each.path) for each in self.config.outputs if isinstance(each, IcsOutput)}

    def named(self, token: str) -> ServedFeed | Literal["gone"] | None:
        """Return the feed of a token, ``gone`` for a token that was good once, None for any other.

        All tokens are compared whole, so that the time it takes tells nothing of them.
        """
        self._look_again()
        asked = token.encode("utf-8", "surrogatepass")
        found: FeedToken | None = None
        for each in self._tokens:
            if hmac.compare_digest(each.token.encode(), asked):
                found = each
        if found is None:
            return None
        return "gone" if found.retired else self._feeds.get(found.output, "gone")

    def _look_again(self) -> None:
        """Read the tokens anew when the ledger changed; while it cannot be read, the known ones stay."""
        path = self.config.ledger
        seen = _stamp(path), _stamp(path.with_name(f"{path.name}-wal"))
        if seen == self._seen or seen[0] is None:
            return
        try:
            self._tokens = feed_tokens(path)
        except DatabaseError:
            return
        self._seen = seen


def answer(edition: Edition, asked: Mapping[str, str]) -> Answer:
    """Return what a request for a feed is answered; ``asked`` are its headers, names in lower case.

    A client that holds this very state already gets 304 (RFC 9110 §13): by its tag, or by its date
    where it names no tag. The two forms have a tag each, as strong tags must.
    """
    packed = _takes_gzip(asked.get("accept-encoding", ""))
    headers = {
        "ETag": f'"{edition.tag}-gz"' if packed else f'"{edition.tag}"',
        "Last-Modified": format_datetime(edition.modified, usegmt=True),
        "Cache-Control": "private, no-cache",
        "Vary": "Accept-Encoding",
    }
    if _is_held(edition, asked):
        return Answer(304, headers)
    headers |= {"Content-Type": _TYPE, "Content-Disposition": 'inline; filename="follow-ups.ics"'}
    if packed:
        headers["Content-Encoding"] = "gzip"
    return Answer(200, headers, edition.packed if packed else edition.plain)


def _is_held(edition: Edition, asked: Mapping[str, str]) -> bool:
    if (tags := asked.get("if-none-match")) is not None:
        held = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return not held.isdisjoint({"*", f'"{edition.tag}"', f'"{edition.tag}-gz"'})
    try:
        since = parsedate_to_datetime(asked.get("if-modified-since", ""))
    except (TypeError, ValueError):
        return False
    return since.tzinfo is not None and edition.modified <= since


def _takes_gzip(accepted: str) -> bool:
    for each in accepted.lower().split(","):
        name, _, weight = each.partition(";")
        if name.strip() in ("gzip", "*"):
            try:
                return float(weight.strip().removeprefix("q=") or "1") > 0
            except ValueError:
                return False
    return False
