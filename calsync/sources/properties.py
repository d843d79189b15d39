"""The lines of a VEVENT that calsync reads, by name; all others are passed over."""

from __future__ import annotations

from typing import NamedTuple

from calsync.sources.values import property_of

MEETING_LINKS = frozenset(
    (
        "X-GOOGLE-CONFERENCE",
        "X-MICROSOFT-SKYPETEAMSMEETINGURL",
        "X-MICROSOFT-ONLINEMEETINGCONFLINK",
        "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    )
)
_ONE = frozenset(
    (
        *("UID", "RECURRENCE-ID", "DTSTART", "DTEND", "DURATION", "SUMMARY", "LOCATION", "DESCRIPTION"),
        *("URL", "STATUS", "TRANSP", "CLASS", "ORGANIZER", "CREATED", "X-CALSYNC-ID", "X-FUNAMBOL-ALLDAY"),
        *("X-MICROSOFT-CDO-ALLDAYEVENT", "X-MICROSOFT-CDO-BUSYSTATUS"),
        *MEETING_LINKS,
    )
)
_MANY = frozenset(("RRULE", "RDATE", "EXDATE", "CONFERENCE"))
_WANTED = _ONE | _MANY | {"ATTENDEE"}
_GUEST = frozenset(("ATTENDEE;", "ATTENDEE:"))
_PASSED_OVER, _TAKEN_ONCE, _TAKEN_OFTEN, _LOOKED_AT = range(4)

Line = tuple[str, str]


class Properties(NamedTuple):
    """By upper-case name: ``one``, the first line of each property that may stand once, and
    ``many``, those that may stand often; as parameters and value, both as written.
    ``attendees`` and ``organizer`` (empty if there is none) are whole lines."""

    one: dict[str, Line]
    many: dict[str, list[Line]]
    attendees: list[str]
    organizer: str

    def word(self, name: str) -> str:
        """The upper-case value of a property; empty without it."""
        return self.one[name][1].strip().upper() if name in self.one else ""


def properties_of(text: str) -> Properties:
    """The wanted properties in unfolded lines. What is no property line is passed over."""
    one: dict[str, Line] = {}
    many: dict[str, list[Line]] = {}
    attendees: list[str] = []
    organizer = ""
    for line in text.split("\n"):
        if line[:9] in _GUEST and ":" in line:  # most lines of most events
            attendees.append(line)
            continue
        head, colon, value = line.partition(":")
        known = _HEADS.get(head)
        name, parameters, use = _learned(head) if known is None else known
        if use == _PASSED_OVER or not colon:
            continue
        if use == _LOOKED_AT:
            if name == "ATTENDEE":
                attendees.append(line)
                continue
            if name == "ORGANIZER":
                organizer = organizer or line
                continue
            _, parameters, value = property_of(line)
            use = _TAKEN_OFTEN if name in _MANY else _TAKEN_ONCE
        if use == _TAKEN_OFTEN:
            many.setdefault(name, []).append((parameters, value))
        elif name not in one:
            one[name] = (parameters, value)
    return Properties(one, many, attendees, organizer)


def _learned(head: str) -> tuple[str, str, int]:
    """What stands before the first colon of a line, and what to do with that line. Most of them
    come again, and are remembered."""
    name, _, parameters = head.partition(";")
    name = name.strip().upper()
    if name not in _WANTED:
        known = ("", "", _PASSED_OVER)
    elif name in ("ATTENDEE", "ORGANIZER") or '"' in parameters:
        known = (name, parameters, _LOOKED_AT)
    else:
        known = (name, parameters, _TAKEN_OFTEN if name in _MANY else _TAKEN_ONCE)
    if len(_HEADS) < 2000 and len(head) < 80:
        _HEADS[head] = known
    return known


_HEADS: dict[str, tuple[str, str, int]] = {}
