"""Who an event names: ORGANIZER and ATTENDEE lines (RFC 5545 §3.8.4.1 and .3).

The address is what tells people apart, and calendars write it in many places.
"""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import unquote

from calsync.model import Answer, Attendee
from calsync.sources.values import parameters_of, property_of

_ANSWERS = {
    "ACCEPTED": Answer.ACCEPTED,
    "TENTATIVE": Answer.TENTATIVE,
    "DECLINED": Answer.DECLINED,
    "DELEGATED": Answer.DELEGATED,
}
_KINDS = frozenset(("individual", "group", "resource", "room", "unknown"))
_ANGLED = re.compile(r"<([^<>\s]+@[^<>\s]+)>")
_LATE_SCHEME = re.compile(r":(?=mailto:)", re.IGNORECASE)


@lru_cache(maxsize=8192)
def attendee_of(line: str) -> Attendee:
    """Who stands in an unfolded ATTENDEE or ORGANIZER line. Remembers some of them: most
    people come again."""
    _, parameters, value = property_of(line)
    parameters, value = colon_in_a_bare_name(parameters, value)
    given = parameters_of(parameters) if parameters else {}
    address = address_in(value)
    contact = address_in(given.get("EMAIL", ""))
    if contact and (not address or relay_address(address)):
        address = contact
    kind = given.get("CUTYPE", "").strip().lower()
    if kind not in _KINDS:
        kind = "unknown" if kind else "individual"
    name = given.get("CN", "")
    return Attendee(
        address,
        " ".join(name.split()).strip("\"' ") if name else "",
        _ANSWERS.get(given.get("PARTSTAT", "").strip().upper(), Answer.NONE),
        kind,
    )


def address_in(value: str) -> str:
    """The lower-case address in a calendar user address: ``mailto:a@b``, ``MAILTO:a@b``,
    ``a@b``, ``Ana <a@b>``; empty for ``mailto:``, ``invalid:nomail``, ``urn:uuid:…``,
    ``/principal/…`` and anything else that is no address."""
    value = value.strip().strip("\"'")
    scheme, colon, rest = value.partition(":")
    if colon:
        if scheme.strip().lower() != "mailto":
            return ""
        value = "".join(unquote(rest.partition("?")[0]).split())
    angled = _ANGLED.search(value)
    value = (angled[1] if angled else value).strip(" \t\"'<>").lower()
    before, at, after = value.rpartition("@")
    if not (before and at and after) or not value.isprintable() or " " in value or "/" in after:
        return ""
    return value


def relay_address(address: str) -> bool:
    """iCloud hides people behind addresses that only it can deliver to, and gives the
    person's own in EMAIL."""
    return address.endswith("@imip.me.com")


def colon_in_a_bare_name(parameters: str, value: str) -> tuple[str, str]:
    """``CN=Room: Blue;PARTSTAT=ACCEPTED:mailto:blue@…`` without quotes: the first colon
    is part of the name; the value begins at ``mailto:``."""
    late = _LATE_SCHEME.search(value)
    if late and value[:7].lower() != "mailto:":
        return f"{parameters}:{value[: late.start()]}", value[late.end() :]
    return parameters, value
