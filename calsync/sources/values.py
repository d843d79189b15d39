"""The values of iCalendar properties: parameters, texts, dates, durations (RFC 5545 §3.1-3.3).

Only what calsync needs, and as the calendars of this world write it rather than as the
standard asks. Each function takes the text after unfolding; those that cannot make sense
of it raise ValueError or OverflowError.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

_HEAD = re.compile(r'[^":]*(?:"[^"]*"[^":]*)*:')
_PARAMETER = re.compile(r'(?:"[^"]*"?|[^;"])+')
_CARET = re.compile(r"\^([n'^])")
_CARETS = {"n": "\n", "'": '"', "^": "^"}
_BLANKS = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_DURATION = re.compile(r"([+-]?)P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", re.IGNORECASE)
_STAMP = re.compile(r"(\d{4})(\d\d)(\d\d)(?:[T ](\d\d)(\d\d)(\d\d)?(Z?))?", re.IGNORECASE)
_ADDRESS_SCHEME = re.compile(r":(?=(?:mailto|urn|https?|invalid):)", re.IGNORECASE)


def property_of(line: str) -> tuple[str, str, str]:
    """Name, parameters as written, and value of a line; an empty name where it is none."""
    head, colon, value = line.partition(":")
    if not colon:
        return "", "", ""
    if '"' in head:
        whole = _HEAD.match(line)
        if whole:
            head, value = line[: whole.end() - 1], line[whole.end() :]
        else:
            head, value = value_after_a_lost_quote(line)
    name, _, parameters = head.partition(";")
    return name, parameters, value


def value_after_a_lost_quote(line: str) -> tuple[str, str]:
    """``ATTENDEE;CN="Ana:mailto:ana@acme.example``: a quote that is never closed would
    swallow the value, so the value begins at its scheme, else at the first colon."""
    parts = _ADDRESS_SCHEME.split(line, maxsplit=1)
    if len(parts) == 1:
        parts = line.split(":", 1)
    return parts[0], parts[1]


def parameters_of(text: str) -> dict[str, str]:
    """The parameters by upper-case name, without quotes, RFC 6868 undone.

    An unquoted ``CN=Lee; Sam`` is one name: what follows a semicolon and has no ``=``
    belongs to the value before it.
    """
    found: dict[str, str] = {}
    last = ""
    for part in _PARAMETER.findall(text) if '"' in text else text.split(";"):
        name, equals, value = part.partition("=")
        if equals:
            last = name.strip().upper()
            found.setdefault(last, value)
        elif last and part.strip():
            found[last] += ";" + part
    for name, value in found.items():
        if '"' in value:
            found[name] = value = value.replace('"', "")
        if "^" in value:
            found[name] = _CARET.sub(lambda match: _CARETS[match[1]], value)
    return found


def text_of(value: str) -> str:
    """A TEXT value with its escapes undone (RFC 5545 §3.3.11)."""
    if "\\" not in value:
        return value
    if "\\\\" not in value:
        return value.replace("\\n", "\n").replace("\\N", "\n").replace("\\", "")
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value)


def one_line(text: str) -> str:
    """The text on one line, without control characters and doubled blanks."""
    if text.isprintable() and "  " not in text:
        return text.strip()
    return _BLANKS.sub(" ", text).strip()


def stamp_of(value: str) -> datetime | date:
    """A DATE, or a DATE-TIME that is naive unless written in UTC (RFC 5545 §3.3.4-5).

    Also takes ISO 8601 with hyphens, colons and offsets, a time without seconds, a leap
    second, and 24:00 as the midnight that ends the day.
    """
    value = value.strip(' \t"')
    try:
        if len(value) == 8:
            return date.fromisoformat(value)
        return datetime.fromisoformat(value)
    except ValueError:
        return unusual_stamp(value)


def unusual_stamp(value: str) -> datetime | date:
    """``20260310T100060Z``, ``20260310T240000``, ``20260310T1000Z``, ``2026-03-10``."""
    match = _STAMP.fullmatch(value.replace("-", "").replace(":", ""))
    if not match:
        raise ValueError("no date")
    day = date(int(match[1]), int(match[2]), int(match[3]))
    if match[4] is None:
        return day
    hour, minute, second = int(match[4]), int(match[5]), int(match[6] or 0)
    if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
        raise ValueError("no time")
    text = f"{day.isoformat()}T{hour % 24:02}:{minute:02}:{min(second, 59):02}{'+00:00' if match[7] else ''}"
    return datetime.fromisoformat(text) + timedelta(days=hour // 24)


def duration_of(value: str) -> tuple[timedelta, timedelta]:
    """A DURATION as (days, time): days are counted on the wall clock, time as it elapses
    (RFC 5545 §3.3.6). Negative ones are negative in both."""
    match = _DURATION.fullmatch(value.strip())
    if not match or not any(match.groups()[1:]):
        raise ValueError("no duration")
    weeks, days, hours, minutes, seconds = (int(number or 0) for number in match.groups()[1:])
    sign = -1 if match[1] == "-" else 1
    return (
        sign * timedelta(days=days + 7 * weeks),
        sign * timedelta(hours=hours, minutes=minutes, seconds=seconds),
    )
