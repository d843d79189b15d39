"""What calendars write beside the standard, one habit a function.

Each looks for evidence in the event itself and leaves an event without it alone. The
habits that concern bytes, values and people stand with these: ``lines``, ``values`` and
``named``.
"""

from __future__ import annotations

import hashlib
import quopri
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo

from calsync.sources.values import parameters_of
from calsync.sources.written import Written

Properties = Mapping[str, tuple[str, str]]
"""The first line of each property by name: its parameters and its value, as written."""

OUTLOOK = frozenset(
    (
        "X-FUNAMBOL-ALLDAY",
        "X-MICROSOFT-CDO-ALLDAYEVENT",
        "X-MICROSOFT-CDO-BUSYSTATUS",
        "X-MICROSOFT-SKYPETEAMSMEETINGURL",
        "X-MICROSOFT-ONLINEMEETINGCONFLINK",
        "X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
    )
)
"""The properties by which the habits of Outlook and Exchange are known."""

_CALLED_OFF = ("canceled:", "cancelled:")


def all_day_by_flag(found: Properties, start: datetime, end: datetime) -> bool:
    """Outlook writes a day as midnight to midnight in some zone, and says so in
    X-MICROSOFT-CDO-ALLDAYEVENT (or X-FUNAMBOL-ALLDAY)."""
    flag = found.get("X-MICROSOFT-CDO-ALLDAYEVENT") or found.get("X-FUNAMBOL-ALLDAY")
    if flag is None or flag[1].strip().upper() not in ("TRUE", "1"):
        return False
    midnights = start.time() == end.time() == datetime.min.time()
    return midnights and (end.date() - start.date()).days >= 1


def end_without_zone(start: Written, end: Written) -> datetime:
    """Some write the zone with DTSTART and leave it out of DTEND; a DATE as the end of a
    time has none either. Both are in the zone of the start."""
    if end.floating or end.is_date:
        return end.moment.replace(tzinfo=start.moment.tzinfo)
    return end.moment


def day_in_utc(moment: datetime, home: tzinfo) -> datetime:
    """Apple writes the excluded days of an all-day series as local midnights, in UTC."""
    if moment.tzinfo is UTC and moment.time() != datetime.min.time():
        return moment.astimezone(home)
    return moment


def free_in_outlook(found: Properties) -> bool:
    """Exchange says in X-MICROSOFT-CDO-BUSYSTATUS that a time is free, whatever TRANSP says."""
    return _busy_status(found) in ("FREE", "WORKINGELSEWHERE")


def out_of_office_in_outlook(found: Properties, names_somebody: bool) -> bool:
    """Exchange marks absences as OOF. A meeting with others is a meeting even so: many
    mark visits to a customer that way."""
    return _busy_status(found) == "OOF" and not names_somebody


def called_off_in_title(found: Properties, title: str) -> bool:
    """Outlook leaves a meeting that its organizer called off in the guest's calendar until
    the guest removes it, and says so only in the title."""
    return title.lower().startswith(_CALLED_OFF) and any(name.startswith("X-MICROSOFT-") for name in found)


def invented_uid(start: datetime, end: datetime, title: str, organizer: str) -> str:
    """A UID for an event without one, the same at every reading."""
    meaning = "\n".join((start.isoformat(), end.isoformat(), title, organizer))
    return hashlib.blake2b(meaning.encode("utf-8", "replace"), digest_size=12).hexdigest() + "-without-uid"


def quoted_printable(parameters: str, value: str) -> str:
    """vCalendar 1.0 writes texts as ``SUMMARY;ENCODING=QUOTED-PRINTABLE:Caf=C3=A9``."""
    given = parameters_of(parameters)
    if given.get("ENCODING", "").upper() != "QUOTED-PRINTABLE":
        return value
    octets = quopri.decodestring(value.encode("utf-8", "replace"))
    try:
        return octets.decode(given.get("CHARSET") or "utf-8")
    except (LookupError, ValueError):
        return octets.decode("latin-1")


def bytes_of_windows(octets: bytes) -> str:
    """UTF-8; else what older Windows programs write without saying so; never fails."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        return octets.decode("cp1252")
    except UnicodeDecodeError:
        return octets.decode("latin-1")


def _busy_status(found: Properties) -> str:
    status = found.get("X-MICROSOFT-CDO-BUSYSTATUS")
    return status[1].strip().upper() if status else ""
