"""Which clock a calendar meant by its TZID.

A series repeats by the wall clock of the place where it was written, so an hour in the
wrong zone is an hour in the wrong day. Calendars name zones in many ways: as the IANA
database does, as Windows does, as the list box of a mail program did in 2003, or by a
name of their own that only the VTIMEZONE beside it explains (RFC 5545 §3.6.5). Here a
TZID becomes a *zone*: an IANA key, or the text of that VTIMEZONE. Two files may give one
TZID two definitions, so nothing is remembered by TZID; a definition is its whole text.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo, available_timezones

_UTC_NAMES = frozenset(
    {"utc", "gmt", "z", "zulu", "uct", "universal", "greenwich", "gmt0", "gmt+0", "gmt-0"}
    | {"etc/utc", "etc/gmt", "etc/zulu", "etc/uct", "etc/universal", "etc/greenwich"}
    | {"etc/gmt0", "etc/gmt+0", "etc/gmt-0", "coordinated_universal_time"}
)
_NOT_PLACES = frozenset({"localtime", "posixrules", "factory"})
_CONTINENTS = frozenset(
    {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"} | {"Indian", "Pacific"}
)
_LONGEST = 255  # a TZID may hold anything; no zone has a longer name
_LOCATION = re.compile(r"^X-LIC-LOCATION(?:;[^:\r\n]*)?:([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_PREFIX = re.compile(
    r"\(?(?:UTC|GMT)\s*(?:(?P<sign>[+-])(?P<hours>\d{1,2})(?:[:.]?(?P<minutes>\d\d))?)?(?:\)|$)\s*",
    re.IGNORECASE,
)

# Entries of Windows' list box that name no city.
_LIST_BOX = {
    "eastern time (us & canada)": "America/New_York",
    "central time (us & canada)": "America/Chicago",
    "mountain time (us & canada)": "America/Denver",
    "pacific time (us & canada)": "America/Los_Angeles",
    "pacific time (us & canada); tijuana": "America/Los_Angeles",
    "atlantic time (canada)": "America/Halifax",
    "arizona": "America/Phoenix",
    "alaska": "America/Anchorage",
    "hawaii": "Pacific/Honolulu",
    "newfoundland": "America/St_Johns",
    "indiana (east)": "America/Indiana/Indianapolis",
    "saskatchewan": "America/Regina",
    "central america": "America/Guatemala",
    "greenland": "America/Nuuk",
    "azores": "Atlantic/Azores",
    "cabo verde is.": "Atlantic/Cape_Verde",
    "west central africa": "Africa/Lagos",
    "chennai, kolkata, mumbai, new delhi": "Asia/Kolkata",
    "mumbai": "Asia/Kolkata",
    "new delhi": "Asia/Kolkata",
    "beijing": "Asia/Shanghai",
    "bern": "Europe/Zurich",
    "edinburgh": "Europe/London",
    "cardiff": "Europe/London",
    "abu dhabi": "Asia/Dubai",
    "islamabad": "Asia/Karachi",
    "hanoi": "Asia/Bangkok",
    "osaka": "Asia/Tokyo",
    "canberra": "Australia/Sydney",
    "wellington": "Pacific/Auckland",
    "fiji": "Pacific/Fiji",
    "st. petersburg": "Europe/Moscow",
    "brasilia": "America/Sao_Paulo",
}


def resolve(tzid: str, vtimezones: Mapping[str, str]) -> str | None:
    """The zone that ``tzid`` means: an IANA key (``"UTC"`` for all names of UTC), or the
    text of the file's VTIMEZONE, or None where nobody can tell.

    Tried in this order: an IANA name, in any case, also at the end of a longer one
    (``/mozilla.org/20050126_1/Europe/Berlin``); a Windows name; the VTIMEZONE of that
    TZID in ``vtimezones`` (TZID to text), as the IANA zone that its X-LIC-LOCATION names
    where there is one; last, a name that looks like an entry of a list box
    (``(UTC+01:00) Amsterdam, Berlin, …``), an offset (``UTC+01``) or a misspelt key
    (``Europe_Berlin``). Such a guess also replaces a VTIMEZONE that agrees with it. A
    VTIMEZONE that cannot be read counts as missing. Never raises.
    """
    name = _plain(tzid)
    if not name:
        return None
    known = _iana(name) or _windows(name)
    if known is not None:
        return known
    text = vtimezones.get(tzid) or _same_name(name, vtimezones)
    if text is None:
        return _guess(name)
    return _defined(name, text) or _guess(name)


@lru_cache(maxsize=512)
def tzinfo(zone: str) -> dt.tzinfo:
    """The clock of a zone as :func:`resolve` returns it. Raises ValueError for any other
    text. The same zone gives the same object; other zones, even of one TZID, another."""
    if zone == "UTC":
        return dt.UTC
    if is_vtimezone(zone):
        from calsync.timing.vtimezone import read

        return read(zone)
    try:
        return ZoneInfo(zone)
    except (KeyError, OSError, ValueError) as trouble:
        raise ValueError(f"{zone[:80]!r} is no zone") from trouble


def is_vtimezone(zone: str) -> bool:
    """Whether a zone is the text of a VTIMEZONE and not an IANA key."""
    return zone.startswith("BEGIN:VTIMEZONE")


def _plain(tzid: str) -> str:
    """``tzid`` without the quotes, backslashes and blanks that writers leave on it."""
    return tzid.replace("\\", "").strip(" \t\r\n\"'")[:_LONGEST]


def _same_name(name: str, vtimezones: Mapping[str, str]) -> str | None:
    """A TZID is quoted in a parameter and backslashed in a property: compare it plain."""
    wanted = name.casefold()
    return next((text for tzid, text in vtimezones.items() if _plain(tzid).casefold() == wanted), None)


@lru_cache(maxsize=1)
def _keys() -> dict[str, str]:
    """All IANA keys by their lower-case form. Read from the list in the tzdata package:
    asking zoneinfo opens every file of the system's database."""
    from importlib.util import find_spec

    package = find_spec("tzdata")
    listed: Iterable[str] = ()
    if package is not None and package.origin:
        with suppress(OSError):
            listed = Path(package.origin).with_name("zones").read_text(encoding="ascii").split()
    listed = listed or available_timezones()
    return {key.lower(): key for key in listed if key.lower() not in _NOT_PLACES}


@lru_cache(maxsize=1)
def _cities() -> dict[str, str]:
    """IANA keys by their last part in lower case: ``berlin`` → ``Europe/Berlin``."""
    places = (key for key in _keys().values() if key.split("/")[0] in _CONTINENTS and "/" in key)
    return {key.rsplit("/", 1)[1].replace("_", " ").lower(): key for key in places} | _LIST_BOX


@lru_cache(maxsize=1024)
def _iana(name: str) -> str | None:
    """The IANA key that ``name`` is, or ends with (RFC 5545 §3.8.3.1: a leading slash
    marks a name that some registry gave out)."""
    parts = name.lower().replace(" ", "_").strip("/").split("/")
    if "/".join(parts) in _UTC_NAMES:
        return "UTC"
    ends = ["/".join(parts[-length:]) for length in (3, 2) if len(parts) >= length]
    if len(parts) == 1 or name.startswith("/"):
        ends.append(parts[-1])
    for end in ends:
        if end in _UTC_NAMES:
            return "UTC"
        if end in _keys():
            return _keys()[end]
    return None


@lru_cache(maxsize=1)
def _windows_names() -> dict[str, str]:
    """CLDR's windowsZones mapping as icalendar carries it, by lower-case Windows name.

    Importing icalendar for one table would cost more than a quiet night, so the module
    that holds it is loaded from its file alone.
    """
    from importlib.util import find_spec, module_from_spec, spec_from_file_location

    package = find_spec("icalendar")
    for folder in (package.submodule_search_locations or ()) if package else ():
        path = Path(folder, "timezone", "windows_to_olson.py")
        spec = spec_from_file_location("_windows_to_olson", path) if path.is_file() else None
        if spec is not None and spec.loader is not None:
            module = module_from_spec(spec)
            spec.loader.exec_module(module)
            return {name.lower(): key for name, key in module.WINDOWS_TO_OLSON.items()}
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

    return {name.lower(): key for name, key in WINDOWS_TO_OLSON.items()}


@lru_cache(maxsize=1024)
def _windows(name: str) -> str | None:
    """The IANA key of a Windows zone name, the summer form of the name included."""
    lowered = name.lower()
    key = _windows_names().get(lowered) or _windows_names().get(lowered.replace(" daylight time", " standard time"))
    return _iana(key) if key else None


@lru_cache(maxsize=256)
def _defined(name: str, text: str) -> str | None:
    """The zone that a VTIMEZONE defines: the IANA zone that it names (X-LIC-LOCATION), or
    that its TZID hints at and its offsets agree with; else the text. None if unreadable."""
    place = _LOCATION.search(text)
    named = _iana(_plain(place[1])) if place else None
    if named is not None:
        return named
    text = "BEGIN" + text.strip("\ufeff \t\r\n")[5:]  # names of components have no case
    try:
        clock = tzinfo(text)
    except ValueError:
        return None
    guess = _guess(name)
    return guess if guess is not None and _agree(tzinfo(guess), clock) else text


def _agree(one: dt.tzinfo, other: dt.tzinfo) -> bool:
    """Whether two clocks show the same time in the middle of each month of some years."""
    moments = [dt.datetime(year, month, 15, 12) for year in (2018, 2024) for month in range(1, 13)]
    return all(one.utcoffset(moment) == other.utcoffset(moment) for moment in moments)


@lru_cache(maxsize=1024)
def _guess(name: str) -> str | None:
    """The IANA key that ``name`` most likely means: see the end of :func:`resolve`."""
    for mark in "_-.":
        key = _iana(name.replace(mark, "/", 1)) if mark in name else None
        if key is not None:
            return key
    prefix = _PREFIX.match(name)
    words = name[prefix.end() :] if prefix else name
    words = words.removeprefix("Greenwich Mean Time").strip(" :").lower().replace("us and canada", "us & canada")
    for place in (words, *re.split(r"\s*[,;/]\s*", words)):
        if place in _cities():
            return _cities()[place]
    if not prefix or int(prefix["minutes"] or 0) or int(prefix["hours"] or 0) > 14:
        return None
    hours = int(prefix["hours"] or 0) * (-1 if prefix["sign"] == "+" else 1)
    return _keys().get(f"etc/gmt{hours:+d}") if hours else "UTC"
