"""Starts and ends as Google keeps them: a day, or a moment with a zone; and the occurrences of a series."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from tests.google_server.document import Json, Refused

MOST = 730
"""Where a series has no end and the question neither, Google stops somewhere as well."""


def zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise Refused(400, "invalid", f"Invalid time zone definition {name}.") from None


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def instant(when: Json, home: tzinfo) -> datetime:
    """The moment at which a start or end lies; a day begins in the calendar's own zone."""
    if "date" in when:
        return datetime.combine(date.fromisoformat(when["date"]), datetime.min.time(), home).astimezone(UTC)
    return moment(when["dateTime"]).astimezone(UTC)


def stored(when: Json, home: str, place: str) -> Json:
    """A start or end as it is kept; Refused unless it is one day or one moment."""
    when = {name: value for name, value in when.items() if value is not None}
    if ("date" in when) == ("dateTime" in when):
        raise Refused(400, "invalid", f"Invalid {place}: either date or dateTime")
    if "date" in when:
        return {"date": when["date"]}
    read = moment(when["dateTime"])
    own = when.get("timeZone")
    if read.tzinfo is None:
        if not own:
            raise Refused(400, "required", f"Missing time zone definition for {place} time.")
        read = read.replace(tzinfo=zone(own))
    elif own:
        zone(own)
    return {"dateTime": read.astimezone(UTC).isoformat(), "timeZone": own or home}


def shown(when: Json, response: tzinfo) -> Json:
    """A start or end as an answer has it: in the zone of the answer, whatever zone it was written in."""
    if "date" in when:
        return dict(when)
    text = moment(when["dateTime"]).astimezone(response).replace(microsecond=0).isoformat()
    return {"dateTime": text.replace("+00:00", "Z"), "timeZone": when["timeZone"]}


def suffix(when: Json, home: tzinfo) -> str:
    """What the id of an occurrence ends in."""
    if "date" in when:
        return str(when["date"]).replace("-", "")
    return f"{instant(when, home):%Y%m%dT%H%M%SZ}"


def occurrences(series: Json, home: str, until: datetime | None) -> Iterator[tuple[Json, Json]]:
    """Start and end of each occurrence that begins before ``until``, in order."""
    from dateutil.rrule import rruleset, rrulestr

    start, end = series["start"], series["end"]
    all_day = "date" in start
    at = zone(start.get("timeZone", home))
    first = moment(start["date"]) if all_day else moment(start["dateTime"]).astimezone(at).replace(tzinfo=None)
    length = instant(end, ZoneInfo("UTC")) - instant(start, ZoneInfo("UTC"))
    rules: Any = rruleset()
    rules.rdate(first)
    for line in series["recurrence"]:
        name, _, text = line.partition(":")
        kind = name.partition(";")[0].upper()
        if kind == "RRULE":
            local = re.sub(r"UNTIL=(\d{8}T\d{6})Z", lambda found: "UNTIL=" + _local(found.group(1), at), text)
            rules.rrule(rrulestr(local, dtstart=first))
        elif kind in ("EXDATE", "RDATE"):
            for each in text.split(","):
                read = datetime.strptime(each.rstrip("Z")[:15], "%Y%m%dT%H%M%S" if "T" in each else "%Y%m%d")
                if each.endswith("Z"):
                    read = read.replace(tzinfo=UTC).astimezone(at).replace(tzinfo=None)
                getattr(rules, kind.lower())(read)
        else:
            raise Refused(400, "invalid", f"Invalid recurrence rule {line}.")
    for number, each in enumerate(rules):
        if all_day:
            days = timedelta(days=length.days)
            begins, ends = {"date": f"{each:%Y-%m-%d}"}, {"date": f"{each + days:%Y-%m-%d}"}
        else:
            at_once = each.replace(tzinfo=at).astimezone(UTC)
            own = start.get("timeZone", home)
            begins = {"dateTime": at_once.isoformat(), "timeZone": own}
            ends = {"dateTime": (at_once + length).isoformat(), "timeZone": own}
        if (until is not None and instant(begins, zone(home)) >= until) or (until is None and number >= MOST):
            return
        yield begins, ends


def _local(text: str, at: tzinfo) -> str:
    read = datetime.strptime(text, "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    return f"{read.astimezone(at):%Y%m%dT%H%M%S}"
