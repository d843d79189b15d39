"""When meetings take place (product §3, zones), with the program running in many zones."""

from __future__ import annotations

import pytest

from tests.acceptance.conftest import House
from tests.world import Ev

ANA = "ana@globex.example"

SYDNEY_AS_TEXT = """BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:STANDARD
DTSTART:19700405T030000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU
TZOFFSETFROM:+1100
TZOFFSETTO:+1000
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:19701004T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=1SU
TZOFFSETFROM:+1000
TZOFFSETTO:+1100
END:DAYLIGHT
END:VTIMEZONE"""


def text(start: str, end: str, *, header: str = "", zones: str = "") -> str:
    return "\n".join(
        line
        for line in [
            "BEGIN:VCALENDAR",
            "VERSION:2.0",
            "PRODID:-//test//EN",
            header,
            zones,
            "BEGIN:VEVENT",
            "UID:m",
            "DTSTAMP:20260101T000000Z",
            start,
            end,
            "SUMMARY:Intro",
            f"ATTENDEE;PARTSTAT=ACCEPTED:mailto:{ANA}",
            "END:VEVENT",
            "END:VCALENDAR",
        ]
        if line
    )


def told(house: House, written: str, now: str) -> str:
    """When the meeting starts, as agenda --json tells it."""
    house.put_text(written)
    assert house.run("sync", now=now).code == 0
    starts = {entry["meeting"]["start"] for entry in house.run("agenda", "--all", "--json", now=now).json}
    assert len(starts) == 1
    return str(starts.pop())


@pytest.mark.parametrize(
    ("zone", "tzid", "start"),
    [
        ("Europe/London", "America/New_York", "2026-07-01T15:00:00+01:00"),
        ("Asia/Kolkata", "Europe/Berlin", "2026-07-01T13:30:00+05:30"),
        ("America/St_Johns", "America/St_Johns", "2026-07-01T10:00:00-02:30"),
        ("Australia/Lord_Howe", "UTC", "2026-07-01T20:30:00+10:30"),
        ("Pacific/Apia", "Pacific/Pago_Pago", "2026-07-02T10:00:00+13:00"),
        ("Europe/London", "Eastern Standard Time", "2026-07-01T15:00:00+01:00"),
        ("Europe/London", "W. Europe Standard Time", "2026-07-01T09:00:00+01:00"),
        ("Europe/London", "India Standard Time", "2026-07-01T05:30:00+01:00"),
        ("Europe/London", "/freeassociation.sourceforge.net/Europe/Athens", "2026-07-01T08:00:00+01:00"),
    ],
)
def test_a_tzid_is_an_iana_name_or_a_windows_name(house: House, zone: str, tzid: str, start: str) -> None:
    house.zone = zone
    written = text(f'DTSTART;TZID="{tzid}":20260701T100000', f'DTEND;TZID="{tzid}":20260701T103000')
    assert told(house, written, "2026-07-02 00:00") == start


def test_a_tzid_is_the_files_vtimezone_where_it_is_neither(house: House) -> None:
    written = text(
        "DTSTART;TZID=Our Office:20260701T100000",
        "DTEND;TZID=Our Office:20260701T103000",
        zones=SYDNEY_AS_TEXT.format(tzid="Our Office"),
    )
    assert told(house, written, "2026-07-01 18:00") == "2026-07-01T01:00:00+01:00"


@pytest.mark.parametrize(
    ("tzid", "start"),
    [("Europe/Paris", "2026-07-01T09:00:00+01:00"), ("Tokyo Standard Time", "2026-07-01T02:00:00+01:00")],
)
def test_iana_and_windows_names_go_before_the_files_vtimezone(house: House, tzid: str, start: str) -> None:
    written = text(
        f"DTSTART;TZID={tzid}:20260701T100000",
        f"DTEND;TZID={tzid}:20260701T103000",
        zones=SYDNEY_AS_TEXT.format(tzid=tzid),
    )
    assert told(house, written, "2026-07-01 18:00") == start


@pytest.mark.parametrize("parameter", ["", ";TZID=Nowhere At All"])
def test_a_time_without_a_zone_or_with_an_unknown_one_is_in_x_wr_timezone(house: House, parameter: str) -> None:
    written = text(
        f"DTSTART{parameter}:20260701T100000",
        f"DTEND{parameter}:20260701T103000",
        header="X-WR-TIMEZONE:Asia/Tokyo",
    )
    assert told(house, written, "2026-07-01 18:00") == "2026-07-01T02:00:00+01:00"


@pytest.mark.parametrize("parameter", ["", ";TZID=Nowhere At All"])
@pytest.mark.parametrize("zone", ["Asia/Kathmandu", "America/St_Johns", "Pacific/Chatham"])
def test_else_it_is_in_mine(house: House, parameter: str, zone: str) -> None:
    house.zone = zone
    written = text(f"DTSTART{parameter}:20260701T100000", f"DTEND{parameter}:20260701T103000")
    assert told(house, written, "2026-07-02 18:00").startswith("2026-07-01T10:00:00")


@pytest.mark.parametrize(
    ("zone", "start", "now", "hello"),
    [
        # Tuesday 22:30 in London is Wednesday in Kolkata.
        ("Asia/Kolkata", "2026-03-10T22:30", "2026-03-10 23:30", "2026-03-12T09:00:00+05:30"),
        # Friday 23:00 UTC is Saturday in Apia: the next working day is Monday.
        ("Pacific/Apia", "2026-03-13T11:30", "2026-03-13 13:00", "2026-03-16T09:00:00+13:00"),
        # Saturday 02:00 UTC is Friday evening in St John's.
        ("America/St_Johns", "2026-03-14T01:00", "2026-03-14 02:00", "2026-03-16T09:00:00-02:30"),
        # The clocks of Lord Howe go back by half an hour on 5 April 2026.
        ("Australia/Lord_Howe", "2026-04-03T02:00", "2026-04-03 03:00", "2026-04-06T09:00:00+10:30"),
        # A leap day.
        ("Europe/London", "2028-02-28T10:00", "2028-02-28 18:00", "2028-02-29T09:00:00+00:00"),
        # The end of a year.
        ("Pacific/Kiritimati", "2026-12-30T23:00", "2026-12-31 01:00", "2027-01-01T09:00:00+14:00"),
        # New York goes to summer time on Sunday.
        ("America/New_York", "2026-03-06T15:00", "2026-03-06 18:00", "2026-03-09T09:00:00-04:00"),
    ],
)
def test_the_next_working_day_is_that_of_my_own_zone(house: House, zone: str, start: str, now: str, hello: str) -> None:
    house.zone = zone
    house.put(Ev("m", start, [ANA]))
    house.sync(now)
    entries = house.run("agenda", "--json", now=now).json
    assert [entry["start"] for entry in entries if entry["step"] == "hello"] == [hello]
    assert {entry["timezone"] for entry in entries} == {zone}


def test_a_meeting_over_midnight_counts_from_the_day_on_which_it_ended(house: House) -> None:
    house.put(
        Ev("m", "2026-03-10T23:00", [ANA], minutes=90), Ev("n", "2026-03-12T23:00", ["bo@hooli.example"], minutes=60)
    )
    house.sync("2026-03-13 02:00")
    with house.ledger() as ledger:
        from calsync.ledger import promises

        hello = {row.meeting: row.last_day.isoformat() for row in promises.followups(ledger, "step = 'hello'")}
    assert hello == {"m": "2026-03-16", "n": "2026-03-17"}


def test_a_series_keeps_its_wall_clock_in_its_own_zone(house: House) -> None:
    house.zone = "Europe/Berlin"
    house.put(Ev("s", "2026-03-03T09:00", [ANA], zone="America/New_York", extra=["RRULE:FREQ=WEEKLY;COUNT=8"]))
    house.sync("2026-03-03 18:00")
    starts = [each["start"] for each in house.run("why", ANA, "--json", now="2026-03-03 18:00").json["meetings"]]
    assert starts[:5] == [
        "2026-03-03T15:00:00+01:00",
        "2026-03-10T14:00:00+01:00",
        "2026-03-17T14:00:00+01:00",
        "2026-03-24T14:00:00+01:00",
        "2026-03-31T15:00:00+02:00",
    ]
