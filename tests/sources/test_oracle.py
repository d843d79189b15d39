"""The lean reader against icalendar, on real files and on generated ones.

Where the two differ on purpose the reason stands here, next to what it excuses.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
from hypothesis import given
from hypothesis import strategies as st
from icalendar.timezone import tzp

from calsync.errors import SourceError
from calsync.model import Answer, Event, Skipped
from calsync.sources.base import Found, Reading
from calsync.sources.calendar_text import items, survey
from tests.sources.calendars import HOME, Taken, take

DIFFERENT = (
    "event_dt_mixed_awareness.ics",  # a TZID beside a time in UTC, which icalendar believes (§3.2.19)
    "tz_windows_format.ics",  # a VTIMEZONE that contradicts its Windows name; calsync takes the name
)


def by_icalendar(text: bytes) -> list[Any] | None:
    """The VEVENTs that icalendar finds; None where it gives the whole file up."""
    tzp.use_default()  # else one file's VTIMEZONE is believed of the next
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = icalendar.Calendar.from_ical(text, multiple=True)
        except Exception:
            return None
        return [event for calendar in found for event in calendar.walk("VEVENT")]


def differences(theirs: Any, ours: Event) -> Iterator[str]:
    title = " ".join(str(theirs.get("SUMMARY", "")).split())
    if "\ufffd" not in title and title != ours.title:  # it knows no code pages
        yield f"title {title!r} {ours.title!r}"
    uid = str(theirs.get("UID", "")).strip()
    if uid and uid != ours.uid:
        yield f"uid {uid!r} {ours.uid!r}"
    if (str(theirs.get("STATUS", "")).upper() == "CANCELLED") != ours.cancelled:
        yield "status"
    yield from people(theirs, ours)
    yield from times(theirs, ours)


def people(theirs: Any, ours: Event) -> Iterator[str]:
    listed = theirs.get("ATTENDEE", [])
    listed = listed if isinstance(listed, list) else [listed]
    if len(listed) != len(ours.attendees):
        yield f"{len(listed)} attendees and {len(ours.attendees)}"
    for one, other in zip(listed, ours.attendees, strict=False):
        value = "".join(str(one).lower().split())
        if value.startswith("mailto:") and "@" in value and value[7:] != other.address:
            yield f"address {value!r} {other.address!r}"
        answer = str(one.params.get("PARTSTAT", "")).lower()
        if (answer if answer in set(Answer) else "none") != other.answer:
            yield f"answer {answer!r} {other.answer!r}"


def times(theirs: Any, ours: Event) -> Iterator[str]:
    try:
        start, end = theirs.start, theirs.end
    except Exception:
        return  # it refuses mixtures that calsync reads: two DTSTART, a DATE and a time, DTEND and DURATION
    if not isinstance(start, datetime):
        end = end if end > start else start + timedelta(days=1)  # a day lasts one day
        if (start, end) != (ours.start.date(), ours.end.date()) or not ours.all_day:
            yield f"day {start} {end} {ours.start} {ours.end}"
    elif start.tzinfo is None:
        if ours.zone == "" and start != ours.start.replace(tzinfo=None):
            yield f"floating start {start} {ours.start}"
    elif not ours.all_day and ours.start.utcoffset() is not None:
        if instant(start) != instant(ours.start):
            yield f"start {start} {ours.start}"
        if end.tzinfo is not None and instant(end) != instant(ours.end):
            yield f"end {end} {ours.end}"


def instant(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def test_every_file_of_the_corpus_is_read_as_icalendar_reads_it(corpus: Path) -> None:
    compared, wrong = 0, []
    files = sorted(corpus.rglob("*.ics"))
    assert len(files) > 700
    for file in files:
        theirs = by_icalendar(file.read_bytes())
        try:
            taken = take(file)
        except SourceError:
            if theirs:
                wrong.append(f"{file.name}: {len(theirs)} events are not found")
            continue
        if theirs is None or file.name.endswith(DIFFERENT):
            continue
        events = [item for item in taken.items if isinstance(item, (Found, Skipped))]
        if theirs and len(theirs) != len(events):
            wrong.append(f"{file.name}: {len(theirs)} events and {len(events)}")
            continue
        for one, item in zip(theirs, events, strict=False):
            if isinstance(item, Found) and item.event.zone.startswith("BEGIN:") is False:
                compared += 1
                wrong += [f"{file.name}: {word}" for word in differences(one, item.event)]
    assert wrong == []
    assert compared > 1500


def test_every_file_of_the_corpus_is_read_and_every_event_accounted_for(corpus: Path) -> None:
    """Nothing raises, and nothing is lost: each BEGIN:VEVENT is an event or a reason."""
    reasons: set[str] = set()
    found = 0
    for file in sorted(corpus.rglob("*.ics")):
        taken: Taken | None = None
        with contextlib.suppress(SourceError):
            taken = take(file)
        if taken is None:
            assert b"BEGIN:VEVENT" not in file.read_bytes(), file
            continue
        assert taken.reading.whole or taken.reading.trouble, file
        assert taken.reading.total == len(taken.events) + sum(taken.reading.skipped.values())
        reasons |= set(taken.reading.skipped)
        found += len(taken.events)
        for event in taken.events:
            assert event.start.tzinfo is not None
            assert event.start <= event.end
    assert found > 1800
    assert reasons == {
        "it has no start",
        "its start is unreadable",
        "its end is unreadable",
        "its dates are out of range",
        "it ends before it starts",
    }


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), max_size=120)
NAMES = st.text(st.characters(categories=("L", "Nd", "Zs"), include_characters="',;:.-"), max_size=40)
WORDS = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=12)
ADDRESSES = st.builds("{}@{}.example".format, WORDS, WORDS)
ZONES = st.sampled_from(["Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"])
DATES = st.dates(date(1971, 1, 1), date(2037, 1, 1))
LENGTHS = st.timedeltas(timedelta(0), timedelta(days=400)).map(
    lambda length: timedelta(seconds=length // timedelta(seconds=1))
)


@st.composite
def vevents(draw: st.DrawFn) -> icalendar.Event:
    event = icalendar.Event()
    event.add("uid", draw(WORDS))
    event.add("summary", draw(TEXTS))
    event.add("description", draw(TEXTS))
    day = draw(DATES)
    if draw(st.booleans()):
        event.add("dtstart", day)
        if draw(st.booleans()):
            event.add("dtend", day + timedelta(days=draw(st.integers(1, 40))))
    else:
        time = draw(st.times()).replace(microsecond=0)
        start = datetime.combine(day, time, ZoneInfo(draw(ZONES)))
        event.add("dtstart", start)
        if draw(st.booleans()):
            event.add("duration", draw(LENGTHS))
        else:
            event.add("dtend", (start.astimezone(UTC) + draw(LENGTHS)).astimezone(start.tzinfo))
    for address in draw(st.lists(ADDRESSES, max_size=8)):
        attendee = icalendar.vCalAddress(draw(st.sampled_from(["mailto:", "MAILTO:"])) + address)
        attendee.params["CN"] = draw(NAMES)
        attendee.params["PARTSTAT"] = draw(st.sampled_from(["ACCEPTED", "DECLINED", "NEEDS-ACTION", "DELEGATED"]))
        event.add("attendee", attendee)
    event.add("status", draw(st.sampled_from(["CONFIRMED", "CANCELLED", "TENTATIVE"])))
    return event


@given(st.lists(vevents(), min_size=1, max_size=4))
def test_generated_events_are_read_as_icalendar_reads_them(events: list[icalendar.Event]) -> None:
    calendar = icalendar.Calendar()
    calendar.add("version", "2.0")
    for event in events:
        calendar.add_component(event)
    text = calendar.to_ical()
    theirs = by_icalendar(text)
    assert theirs is not None
    stream = io.BytesIO(text)
    surveyed = survey(stream, HOME)
    stream.seek(0)
    ours = list(items(stream, surveyed, Reading(), label="x", since=None, known=frozenset()))
    assert len(ours) == len(theirs)
    for one, item in zip(theirs, ours, strict=True):
        if isinstance(item, Skipped):
            # On the night of a change of clocks an end may come before its start on the wall.
            assert item.reason == "it ends before it starts"
            assert one.end.replace(tzinfo=None) < one.start.replace(tzinfo=None)
            continue
        assert isinstance(item, Found)
        assert list(differences(one, item.event)) == []
