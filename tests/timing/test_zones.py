"""A TZID means the clock its writer had in mind, and no TZID costs more than its own event."""

from __future__ import annotations

import copy
import datetime as dt
import io
import pickle
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo, available_timezones

import pytest
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Timezone

from calsync.timing.zones import is_vtimezone, resolve, tzinfo

BERLIN_RULES = """BEGIN:VTIMEZONE
TZID:{tzid}
BEGIN:DAYLIGHT
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
END:DAYLIGHT
BEGIN:STANDARD
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
END:STANDARD
END:VTIMEZONE
"""


def fixed(offset: str, tzid: str = "Office") -> str:
    return (
        f"BEGIN:VTIMEZONE\r\nTZID:{tzid}\r\nBEGIN:STANDARD\r\nDTSTART:19700101T000000\r\n"
        f"TZOFFSETFROM:{offset}\r\nTZOFFSETTO:{offset}\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n"
    )


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("Europe/Berlin", "Europe/Berlin"),
        ("europe/BERLIN", "Europe/Berlin"),
        ('"Europe/Berlin"', "Europe/Berlin"),
        (" Europe/Berlin ", "Europe/Berlin"),
        ("America/Los Angeles", "America/Los_Angeles"),
        ("US/Eastern", "US/Eastern"),
        ("EST5EDT", "EST5EDT"),
        ("/freeassociation.sourceforge.net/Tzfile/Europe/Berlin", "Europe/Berlin"),
        ("/freeassociation.sourceforge.net/Europe/Berlin", "Europe/Berlin"),
        ("/mozilla.org/20050126_1/America/Argentina/Buenos_Aires", "America/Argentina/Buenos_Aires"),
        ("/citadel.org/20210210_1/UTC", "UTC"),
        ("posix/Europe/Vaduz", "Europe/Vaduz"),
        ("right/Europe/Berlin", "Europe/Berlin"),  # not its leap seconds
        *((name, "UTC") for name in ("UTC", "utc", "GMT", "Z", "Etc/UTC", "Etc/GMT", "Zulu", "GMT+0")),
        ("Coordinated Universal Time", "UTC"),
    ],
)
def test_an_iana_name_is_known_in_every_dress(tzid: str, zone: str) -> None:
    assert resolve(tzid, {}) == zone


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("W. Europe Standard Time", "Europe/Berlin"),
        ("w. europe standard time", "Europe/Berlin"),
        ("Eastern Standard Time", "America/New_York"),
        ("Eastern Daylight Time", "America/New_York"),
        ("GMT Standard Time", "Europe/London"),
        ("India Standard Time", "Asia/Kolkata"),
        ("UTC-11", "Etc/GMT+11"),
    ],
)
def test_a_windows_name_is_the_zone_that_cldr_says(tzid: str, zone: str) -> None:
    found = resolve(tzid, {})
    assert found is not None
    assert tzinfo(found).utcoffset(dt.datetime(2026, 7, 1)) == ZoneInfo(zone).utcoffset(dt.datetime(2026, 7, 1))
    assert tzinfo(found).utcoffset(dt.datetime(2026, 1, 1)) == ZoneInfo(zone).utcoffset(dt.datetime(2026, 1, 1))


@pytest.mark.parametrize(
    ("tzid", "zone"),
    [
        ("(UTC+01:00) Amsterdam, Berlin, Bern, Rome, Stockholm, Vienna", "Europe/Amsterdam"),
        (r"(UTC+07:00) Bangkok\, Hanoi\, Jakarta", "Asia/Bangkok"),
        ("(UTC-05:00) Eastern Time (US & Canada)", "America/New_York"),
        ("(UTC-05:00) Eastern Time (US and Canada)", "America/New_York"),
        ("(GMT+10:00) Canberra, Melbourne, Sydney", "Australia/Sydney"),
        ("(GMT) Greenwich Mean Time : Dublin, Edinburgh, Lisbon, London", "Europe/Dublin"),
        ("(UTC) Coordinated Universal Time", "UTC"),
        ("Europe_Berlin", "Europe/Berlin"),
        ("US-Eastern", "US/Eastern"),
        ("UTC+01", "Etc/GMT-1"),
        ("(GMT -08:00)", "Etc/GMT+8"),
    ],
)
def test_a_name_from_a_list_box_is_guessed(tzid: str, zone: str) -> None:
    assert resolve(tzid, {}) == zone


@pytest.mark.parametrize(
    "tzid",
    [
        "",
        " ",
        "Office",
        "Customized Time Zone",
        "localtime",
        "Factory",
        "Europe",
        "Europe/",
        "../../etc/passwd",
        "/etc/localtime",
        "GMT+5:30x",
        "UTC+05:30",
        "\0",
        "Berlin\0",
        "/",
        "a" * 10_000,
        "zone.tab",
        "leapseconds",
    ],
)
def test_an_unknown_name_is_nothing(tzid: str) -> None:
    assert resolve(tzid, {}) is None


@given(st.text(max_size=40), st.text(max_size=200))
@settings(max_examples=200)
def test_no_text_raises_anything(tzid: str, text: str) -> None:
    for definition in (text, fixed("+0100") + text, "BEGIN:VTIMEZONE\n" + text + "\nEND:VTIMEZONE"):
        zone = resolve(tzid, {tzid: definition})
        assert zone is None or tzinfo(zone).utcoffset(dt.datetime(2026, 1, 1)) is not None


def test_iana_comes_before_windows_before_the_file() -> None:
    assert resolve("Europe/Berlin", {"Europe/Berlin": fixed("+0900")}) == "Europe/Berlin"
    assert resolve("Tokyo Standard Time", {"Tokyo Standard Time": fixed("-0900")}) == "Asia/Tokyo"
    text = fixed("-0900")
    assert resolve("Office", {"Office": text, "Home": fixed("+0900")}) == text.strip()


def test_a_definition_comes_before_a_guess_that_it_contradicts() -> None:
    own = fixed("+0900", "Europe_Berlin")
    assert resolve("Europe_Berlin", {"Europe_Berlin": own}) == own.strip()
    same = BERLIN_RULES.format(tzid="Europe_Berlin")
    assert resolve("Europe_Berlin", {"Europe_Berlin": same}) == "Europe/Berlin"


def test_a_definition_that_names_its_place_is_that_place() -> None:
    text = fixed("+0900").replace("BEGIN:STANDARD", "X-LIC-LOCATION:Europe/Berlin\r\nBEGIN:STANDARD", 1)
    assert resolve("Office", {"Office": text}) == "Europe/Berlin"
    nowhere = text.replace("Europe/Berlin", "Europe/Nowhere")
    assert is_vtimezone(resolve("Office", {"Office": nowhere}) or "")


def test_a_definition_is_found_however_its_name_is_quoted() -> None:
    text = fixed("+0130", r"Office\, 2nd floor")
    for tzid in ("Office, 2nd floor", '"Office, 2nd floor"', "OFFICE, 2ND FLOOR"):
        zone = resolve(tzid, {r"Office\, 2nd floor": text})
        assert tzinfo(zone or "").utcoffset(dt.datetime(2026, 1, 1)) == dt.timedelta(hours=1, minutes=30)


def test_two_definitions_of_one_name_do_not_mix() -> None:
    one, two = (resolve("Office", {"Office": fixed(offset)}) for offset in ("+0900", "-0500"))
    assert one is not None
    assert two is not None
    moment = dt.datetime(2026, 1, 1)
    assert tzinfo(one).utcoffset(moment) == dt.timedelta(hours=9)
    assert tzinfo(two).utcoffset(moment) == dt.timedelta(hours=-5)
    assert resolve("Office", {}) is None


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda text: "",
        lambda text: "BEGIN:VTIMEZONE",
        lambda text: "BEGIN:VTIMEZONE\nTZID:Office\nEND:VTIMEZONE",
        lambda text: text.replace("TZOFFSETTO:+0130", "TZOFFSETTO:soon"),
        lambda text: text.replace("TZOFFSETTO:+0130", "TZOFFSETTO:+9930"),
        lambda text: text.replace("TZOFFSETTO:+0130\r\n", ""),
        lambda text: text.replace("19700101T000000", "19701301T000000"),
        lambda text: text.replace("DTSTART:19700101T000000\r\n", ""),
        lambda text: text.replace("END:STANDARD", "END:DAYLIGHT"),
        lambda text: text.replace("DTSTART", "RRULE:FREQ=SECONDLY\r\nDTSTART"),
        lambda text: text.replace("DTSTART", "RRULE:FREQ=DAILY\r\nDTSTART"),
        lambda text: text.replace("DTSTART", "RRULE:FREQ=YEARLY;BYDAY=MO,TU,WE;BYHOUR=1,2,3\r\nDTSTART"),
        lambda text: text.replace("DTSTART", "RRULE:gibberish\r\nDTSTART"),
        lambda text: text.replace("DTSTART", "X-PAD:" + "x" * 200_000 + "\r\nDTSTART"),
        lambda text: text.replace("DTSTART", "RDATE:yesterday\r\nDTSTART"),
    ],
)
def test_a_broken_definition_counts_as_missing(spoilt) -> None:  # type: ignore[no-untyped-def]
    text = spoilt(fixed("+0130"))
    began = perf_counter()
    assert resolve("Office", {"Office": text}) is None
    assert resolve("Europe_Berlin", {"Europe_Berlin": text}) == "Europe/Berlin"
    assert perf_counter() - began < 5  # an absurd rule is not walked through
    with pytest.raises(ValueError, match=r"."):
        tzinfo(text)


def test_only_a_zone_has_a_clock() -> None:
    for name in ("", "Office", "Europe", "../Berlin", "\0"):
        with pytest.raises(ValueError, match="is no zone"):
            tzinfo(name)


def test_a_zone_has_one_clock_that_can_be_kept_and_compared() -> None:
    text = resolve("Office", {"Office": fixed("+0130")})
    assert text is not None
    for zone in ("UTC", "Europe/Berlin", text):
        clock = tzinfo(zone)
        assert tzinfo(zone) is clock
        assert pickle.loads(pickle.dumps(clock)) == clock
        assert copy.deepcopy(clock) == clock
        assert len({clock, tzinfo(zone)}) == 1


def test_the_clock_of_a_definition_is_that_of_its_place() -> None:
    clock, berlin = tzinfo(BERLIN_RULES.format(tzid="Office")), ZoneInfo("Europe/Berlin")
    moment = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
    while moment.year < 2040:
        one, other = moment.astimezone(clock), moment.astimezone(berlin)
        assert (one.replace(tzinfo=None), one.fold) == (other.replace(tzinfo=None), other.fold)
        assert one.tzname() == other.tzname()
        assert one.dst() == other.dst()
        assert one.astimezone(dt.UTC) == moment
        moment += dt.timedelta(hours=7)


@given(st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2037, 1, 1)), st.sampled_from((0, 1)))
def test_local_times_of_a_definition_are_read_as_those_of_its_place(wall: dt.datetime, fold: int) -> None:
    clock, berlin = tzinfo(BERLIN_RULES.format(tzid="Office")), ZoneInfo("Europe/Berlin")
    wall = wall.replace(fold=fold)
    assert clock.utcoffset(wall) == berlin.utcoffset(wall)


@pytest.mark.parametrize("fold", [0, 1])
def test_gaps_and_doubled_hours_of_a_definition_are_those_of_its_place(fold: int) -> None:
    clock, berlin = tzinfo(BERLIN_RULES.format(tzid="Office")), ZoneInfo("Europe/Berlin")
    for day in (dt.datetime(2026, 3, 29), dt.datetime(2026, 10, 25)):
        for minute in range(0, 300, 10):
            wall = (day + dt.timedelta(minutes=minute)).replace(fold=fold)
            assert clock.utcoffset(wall) == berlin.utcoffset(wall), wall


@pytest.mark.parametrize("key", ["America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Europe/Dublin"])
def test_definitions_that_icalendar_writes_are_read_as_dateutil_does(key: str) -> None:
    made = Timezone.from_tzid(key, first_date=dt.date(2005, 1, 1), last_date=dt.date(2030, 1, 1))
    text = made.to_ical().decode()
    clock, oracle = tzinfo(text), tzical(io.StringIO(text)).get()
    for step in range(0, 3 * 365 * 24, 7):
        moment = dt.datetime(2015, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=step)
        assert moment.astimezone(clock).utcoffset() == moment.astimezone(oracle).utcoffset()


def test_a_definition_like_outlooks_holds_for_ever() -> None:
    text = BERLIN_RULES.format(tzid="Office").replace("19810329", "16010101").replace("19961027", "16010101")
    clock = tzinfo(text)
    for year in (1950, 2026, 2099):
        assert clock.utcoffset(dt.datetime(year, 7, 1)) == dt.timedelta(hours=2)
        assert clock.utcoffset(dt.datetime(year, 1, 1)) == dt.timedelta(hours=1)
    for edge in (dt.datetime.min, dt.datetime.max):
        assert clock.utcoffset(edge) is not None


def test_until_of_a_definition_is_in_utc() -> None:
    text = BERLIN_RULES.format(tzid="Office").replace("BYDAY=-1SU", "BYDAY=-1SU;UNTIL=20261025T010000Z")
    clock = tzinfo(text)
    assert clock.utcoffset(dt.datetime(2026, 12, 1)) == dt.timedelta(hours=1)
    assert clock.utcoffset(dt.datetime(2027, 7, 1)) == dt.timedelta(hours=1)


def test_every_zone_of_the_database_means_itself() -> None:
    listed = {key for key in available_timezones() if "/" in key and not key.startswith("Etc/")}
    assert {key for key in listed if resolve(key.upper(), {}) != key} <= {"Etc/Unknown"}


def test_definitions_of_the_corpus_are_read_or_refused(corpus: Path) -> None:
    read = refused = 0
    for path in sorted(corpus.glob("*/*.ics")):
        text = re.sub(r"\r?\n[ \t]", "", path.read_bytes().decode("utf-8", "replace"))
        for definition in re.findall(r"BEGIN:VTIMEZONE.*?END:VTIMEZONE", text, re.DOTALL):
            try:
                clock = tzinfo(definition)
            except ValueError:
                refused += 1
                continue
            read += 1
            hours = [dt.datetime(2026, 1, 1) + dt.timedelta(days=day) for day in range(0, 365, 30)]
            assert all(isinstance(clock.utcoffset(hour), dt.timedelta) for hour in hours)
            moments = [hour.replace(tzinfo=dt.UTC).astimezone(clock) for hour in hours]
            assert all(later > sooner for sooner, later in pairwise(moments))
    assert read > 300
    assert refused < read / 20


def test_knowing_an_iana_name_needs_no_library() -> None:
    script = (
        "import sys\n"
        "from calsync.timing.zones import resolve, tzinfo\n"
        "assert tzinfo(resolve('europe/berlin', {})).key == 'Europe/Berlin'\n"
        "assert resolve('W. Europe Standard Time', {}) == 'Europe/Berlin'\n"
        "print(*{name.split('.')[0] for name in sys.modules})\n"
    )
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert not {"dateutil", "icalendar", "pendulum", "pytz"} & set(loaded.split())
