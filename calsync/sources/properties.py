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
_PASSED_OVER = {""}
"""What stood before the first colon of lines that were not wanted: most of them come again."""

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
        if head in _PASSED_OVER:
            continue
        name, _, parameters = head.partition(";")
        if name not in _WANTED:
            name = name.strip().upper()
            if name not in _WANTED:
                if len(_PASSED_OVER) < 1000 and len(head) < 80:
                    _PASSED_OVER.add(head)
                continue
        if not colon:
            continue
        if name == "ATTENDEE":
            attendees.append(line)
        elif name == "ORGANIZER":
            organizer = organizer or line
        else:
            if '"' in parameters:
                _, parameters, value = property_of(line)
            if name in _MANY:
                many.setdefault(name, []).append((parameters, value))
            elif name not in one:
                one[name] = (parameters, value)
    return Properties(one, many, attendees, organizer)
