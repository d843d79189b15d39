"""iCalendar's text layer: escaping, folding and the forms of values (RFC 5545 §3.1, §3.3).

The feed needs a dozen properties and bytes that never differ without cause, every night,
and importing a whole iCalendar library costs more than a quiet night does. So the few
rules of the text layer stand here, and foreign readers judge the result in the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

MOST_OCTETS = 75

# Besides CR and LF, these end a line for readers that split lines the Unicode way.
_LINE_ENDS = re.compile("\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]")
# RFC 5545 forbids all controls but the tab; lone surrogates and noncharacters are no text.
_ILLEGAL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\ufffe\uffff]")
_SURROGATES = re.compile("[\ud800-\udfff]")
_UNSAFE_IN_URI = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]")


def text(value: str, *, lines: bool = False) -> str:
    """A TEXT value (RFC 5545 §3.3.11): legal characters only, escaped.

    With ``lines``, line ends survive as ``\\n``; else they become blanks. Blanks and
    line ends at either end go.
    """
    parts = [_ILLEGAL.sub("", part) for part in _LINE_ENDS.split(value)]
    joined = _SURROGATES.sub("\ufffd", ("\n" if lines else " ").join(parts).strip())
    return joined.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,").replace("\n", "\\n")


def uri(value: str) -> str:
    """A URI value (RFC 5545 §3.3.13) in ASCII; empty for what is no web address."""
    if not re.match(r"https?://[^\s/]", value, re.IGNORECASE) or len(value) > 2000:
        return ""

    def quoted(match: re.Match[str]) -> str:
        octets = match[0].encode("utf-8", "replace")
        return "".join(f"%{octet:02X}" for octet in octets)

    return _UNSAFE_IN_URI.sub(quoted, _ILLEGAL.sub("", "".join(_LINE_ENDS.split(value.strip()))))


def moment(value: datetime) -> str:
    """A DATE-TIME in UTC (RFC 5545 §3.3.5, form 2), whole seconds."""
    if value.tzinfo is None:
        raise ValueError(f"{value} has no time zone")
    utc = value.astimezone(UTC)
    return f"{utc.year:04}{utc:%m%dT%H%M%S}Z"


def duration(value: timedelta) -> str:
    """A DURATION (RFC 5545 §3.3.6); no time at all is ``PT0S``."""
    seconds = round(value.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    days, rest = divmod(seconds, 86400)
    if days and not rest:
        return f"{sign}P{days}D"
    hours, rest = divmod(rest, 3600)
    minutes, seconds = divmod(rest, 60)
    day = f"{days}D" if days else ""
    parts = [(hours, "H"), (minutes, "M"), (seconds, "S")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    while len(parts) > 1 and not parts[-1][0]:
        parts.pop()
    return f"{sign}P{day}T{''.join(f'{number}{unit}' for number, unit in parts)}"


def folded(lines: Iterable[str]) -> bytes:
    """The content lines as they stand in a file: CRLF ends, folded to at most 75 octets
    on character borders, UTF-8 (RFC 5545 §3.1)."""
    return b"".join(_fold(line.encode()) for line in lines)


def _fold(line: bytes) -> bytes:
    if len(line) <= MOST_OCTETS:
        return line + b"\r\n"
    pieces = []
    room = MOST_OCTETS
    while len(line) > room:
        cut = room
        while line[cut] & 0xC0 == 0x80:
            cut -= 1
        pieces.append(line[:cut])
        line = line[cut:]
        room = MOST_OCTETS - 1  # a continuation starts with a blank
    return b"\r\n ".join([*pieces, line]) + b"\r\n"
