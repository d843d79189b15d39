"""iCalendar text as bytes: lines unfolded, and the file cut into its components.

An .ics file may be larger than the memory calsync allows itself, and it may be torn,
mixed up or full of attachments. So it is read in blocks of whole lines, and only the
borders of components (RFC 5545 §3.6) are looked at here. Folds are undone in the bytes,
because many programs fold inside a UTF-8 character (§3.1).
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Collection, Iterator
from typing import BinaryIO, NamedTuple

_CHUNK = 1 << 19
_LONGEST_LINE = 1 << 21
_LARGEST_PART = 1 << 22
# Some calendars end in END:VCALENDAR and a control character, or worse.
_BORDER = re.compile(
    rb"\n(?:([Bb][Ee][Gg][Ii][Nn])|[Ee][Nn][Dd]):((?i:VCALENDAR)[^\n]*|[A-Za-z][A-Za-z0-9-]*[ \t]*)(?=\n)"
)
_FOLD = re.compile(rb"\n[ \t]")
_RETURNS = re.compile(rb"\r+\n?")
_LONE_RETURN = re.compile(rb"\r(?!\n)")
_BEGIN_EVENT = re.compile(rb"^BEGIN:VEVENT\b", re.IGNORECASE | re.MULTILINE)
_TOP = frozenset((b"VEVENT", b"VTODO", b"VJOURNAL", b"VFREEBUSY", b"VTIMEZONE", b"VAVAILABILITY"))
_NAMES = _TOP | {b"VCALENDAR", b"VALARM", b"STANDARD", b"DAYLIGHT"}
# The beginnings of BEGIN:VCALENDAR, END:VCALENDAR, BEGIN:VTIMEZONE, METHOD and X-WR-TIMEZONE.
_AROUND_EVENTS = re.compile(
    rb"\n[BbEeMmXx](?:(?<=[BbEe])[A-Za-z]+:[Vv][CcTt][AaIi]|(?<=[Mm])[Ee][Tt][Hh]|(?<=[Xx])-[Ww][Rr]-[Tt])"
)


class Block(NamedTuple):
    """Whole lines: ``text`` is unfolded, with ``\\n`` before each line and after the last;
    ``raw`` is what they were made from, whose first line has the number ``line``."""

    text: bytes
    raw: bytes
    line: int


class Part(NamedTuple):
    """One component of a file, or the properties of a calendar itself (VCALENDAR).

    ``data`` has a ``\\n`` before each line and no BEGIN and END. ``calendar`` counts the
    VCALENDARs of the file from 0; -1 is outside of any. ``fault`` says why the part
    cannot be used.
    """

    name: bytes
    data: bytes
    calendar: int
    fault: str = ""
    block: Block | None = None
    ordinal: int = 0

    def line(self) -> int:
        """The line of the file on which this event begins; 0 where it cannot be told."""
        if self.block is None:
            return 0
        for number, match in enumerate(_BEGIN_EVENT.finditer(self.block.raw)):
            if number == self.ordinal:
                return self.block.line + self.block.raw.count(b"\n", 0, match.start())
        return self.block.line


NO_END = "its END:VEVENT is missing"
TOO_LARGE = "it is larger than 4 MB"


def unfold(raw: bytes) -> bytes:
    """Lines end with ``\\n`` alone, and folded lines are one (RFC 5545 §3.1)."""
    if b"\r" in raw:
        # To delete takes half the time of a replacement.
        raw = _RETURNS.sub(b"\n", raw) if _LONE_RETURN.search(raw) else raw.translate(None, b"\r")
    return _FOLD.sub(b"", raw)


def blocks(stream: BinaryIO, events: bool = True) -> Iterator[Block]:
    """The stream in blocks of whole lines; memory stays flat, whatever is in it. Without
    ``events`` those that hold nothing else are left out, which makes a first look cheap."""
    carry, line = b"", 1
    for chunk in _chunks(stream):
        data = carry + chunk
        cut = _last_line_start(data)
        if not cut and len(data) > _LONGEST_LINE:
            # Nothing that calsync reads is that long: an attachment, or not a calendar.
            carry = data[: _LONGEST_LINE // 4] + data[-2:]
            line += data.count(b"\n") - carry.count(b"\n")
            continue
        raw, carry = data[:cut], data[cut:]
        if raw:
            if events or not _only_events(raw):
                yield Block(b"\n" + unfold(raw), raw, line)
            line += raw.count(b"\n")
    if carry:
        yield Block(b"\n" + unfold(carry).rstrip(b"\n") + b"\n", carry, line)


def parts(stream: BinaryIO, wanted: Collection[bytes]) -> Iterator[Part]:
    """The components of a file whose names are in ``wanted``, in order.

    ``VCALENDAR`` stands for the properties of a calendar itself; a part named ``END``
    stands for each END:VCALENDAR. What a VEVENT nests (alarms) is left out. A
    component without its END costs only itself.
    """
    calendar, count = -1, 0
    inside = nested = b""
    keep = False
    data: list[bytes] = []
    size = ordinal = 0
    home: Block | None = None

    def part(fault: str = "") -> Part:
        if size > _LARGEST_PART:
            return Part(inside, b"", calendar, fault or TOO_LARGE, home, ordinal)
        return Part(inside, data[0] if len(data) == 1 else b"".join(data), calendar, fault, home, ordinal)

    for block in blocks(stream, b"VEVENT" in wanted):
        text, last, events = block.text, 0, 0
        for border in _BORDER.finditer(text):
            begins, start = border[1] is not None, border.start()
            name = border[2]
            if name not in _NAMES:
                name = name.strip().upper()
                if name.startswith(b"VCALENDAR"):
                    name = b"VCALENDAR"
            if inside:
                ends = name == inside and not begins
                unclosed = name == b"VCALENDAR" or (begins and name in _TOP)
                if not ends and not unclosed:
                    if not keep or inside == b"VTIMEZONE":
                        continue
                    if nested:
                        if name == nested and not begins:
                            nested, last = b"", border.end()
                    elif begins and name.startswith((b"V", b"X-", b"PARTICIPANT")):
                        size += start - last
                        if size <= _LARGEST_PART:
                            data.append(text[last:start])
                        nested = name
                    continue
                if keep:
                    if not nested:
                        size += start - last
                        if size <= _LARGEST_PART:
                            data.append(text[last:start])
                    yield part("" if ends else NO_END)
                inside = nested = b""
                last = border.end()
                if ends:
                    continue
            elif start > last and calendar >= 0 and b"VCALENDAR" in wanted:
                yield Part(b"VCALENDAR", text[last:start], calendar)
            last = border.end()
            if name == b"VCALENDAR":
                if begins:
                    calendar, count = count, count + 1
                else:
                    yield Part(b"END", b"", calendar)
                    calendar = -1
            elif begins:
                inside, keep, data, size = name, name in wanted, [], 0
                if name == b"VEVENT":
                    home, ordinal = block, events
            if begins and name == b"VEVENT":
                events += 1
        rest = len(text) - 1
        if inside:
            if keep and not nested:
                size += rest - last
                if size <= _LARGEST_PART:
                    data.append(text[last:rest])
        elif rest > last and calendar >= 0 and b"VCALENDAR" in wanted:
            yield Part(b"VCALENDAR", text[last:rest], calendar)
    if inside and keep:
        yield part(NO_END)


def _only_events(raw: bytes) -> bool:
    """Whether nothing in ``raw`` tells anything about the calendar around its events."""
    return not (_AROUND_EVENTS.match(b"\n" + raw[:20]) or _AROUND_EVENTS.search(raw))


def _chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The stream's bytes as UTF-8 (or nearly) with line feeds, without byte order marks."""
    chunk = stream.read(_CHUNK)
    recode = None
    if chunk.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        recode = codecs.getincrementaldecoder("utf-16")("replace")
    bare_returns = False
    first = True
    while chunk:
        piece = recode.decode(chunk).encode("utf-8", "replace") if recode else chunk
        if first:
            piece = piece.removeprefix(codecs.BOM_UTF8).lstrip(b" \t")
            bare_returns = b"\r" in piece and b"\n" not in piece
            first = False
        yield piece.replace(b"\r", b"\n") if bare_returns else piece
        chunk = stream.read(_CHUNK)


def _last_line_start(data: bytes) -> int:
    """Where the last line starts that is no continuation for sure; 0 if none is."""
    end = len(data)
    position = data.rfind(b"\n", 0, end - 1) if end else -1
    while position >= 0:
        if data[position + 1] not in b" \t":
            return position + 1
        position = data.rfind(b"\n", 0, position)
    return 0
