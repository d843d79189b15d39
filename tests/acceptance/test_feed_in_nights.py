"""Product §7 in whole nights: what a calendar that subscribes to the feed gets to see."""

from __future__ import annotations

import os
import re
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.acceptance.conftest import House
from tests.world import Ev, at

LIV, MAX = "liv@hooli.example", "max@umbrella.example"
KEEP = Ev("keep", "2026-01-05T09:00", [])
NIGHT = "2026-06-10 20:00"


def met(day: str = "2026-06-10", uid: str = "first", guests: object = (LIV,), **more: object) -> Ev:
    return Ev(uid, f"{day}T09:00", guests, **more)  # type: ignore[arg-type]


def text(path: Path) -> str:
    """A feed with its folded lines joined (RFC 5545 §3.1)."""
    return path.read_bytes().decode().replace("\r\n ", "").replace("\r\n\t", "")


def events(path: Path) -> dict[str, dict[str, str]]:
    """The events of a feed by UID, each property with its parameters cut off."""
    found = {}
    for block in re.findall(r"BEGIN:VEVENT\r\n(.*?)END:VEVENT", text(path), re.DOTALL):
        lines = dict(re.findall(r"^([A-Z-]+)[^:\r\n]*:(.*?)\r?$", block, re.MULTILINE))
        found[lines["UID"]] = lines
    return found


def hello(house: House) -> dict[str, str]:
    (one,) = [e for e in events(house.feed_path).values() if e.get("X-CALSYNC-RULE", "").endswith("/hello")]
    return one


def test_a_feed_is_there_after_every_completed_sync_even_with_nothing_in_it(house: House) -> None:
    house.put(KEEP)
    assert house.run("sync", now=NIGHT).code == 0
    assert events(house.feed_path) == {}
    assert text(house.feed_path).startswith("BEGIN:VCALENDAR\r\n")
    house.feed_path.unlink()
    house.run("sync", now=NIGHT)
    assert house.feed_path.exists()


def test_a_feed_is_there_after_a_sync_whose_only_source_failed(house: House) -> None:
    assert house.run("sync", now=NIGHT).code == 3
    assert house.feed_path.exists()


def test_a_feed_that_was_lost_or_torn_is_whole_again_after_the_next_sync(house: House) -> None:
    house.put(KEEP, met())
    house.sync(NIGHT)
    whole = house.feed_path.read_bytes()
    house.feed_path.unlink()
    house.sync("2026-06-10 21:00")
    assert house.feed_path.read_bytes() == whole
    house.feed_path.write_bytes(whole[:900])
    house.sync("2026-06-10 22:00")
    assert house.feed_path.read_bytes() == whole


def test_every_event_has_the_properties_that_the_product_names(house: House) -> None:
    house.put(KEEP, met(title="Kick-off", extra=["URL:https://meet.example/x", "LOCATION:Room 5"]))
    house.sync(NIGHT)
    assert len(events(house.feed_path)) == 3
    for uid, event in events(house.feed_path).items():
        assert re.fullmatch(r"[\x21-\x7e]+@calsync", uid)
        assert event["X-CALSYNC-ID"] + "@calsync" == uid
        assert re.fullmatch(r"professional/first-meeting/(hello|meet|check-in)", event["X-CALSYNC-RULE"])
        assert "first" in event["X-CALSYNC-MEETING"]
        assert event["CATEGORIES"] == "Follow-up"
        assert event["TRANSP"] == "TRANSPARENT"
        assert event["URL"] == "https://meet.example/x"
        for name in ("DTSTART", "DTEND", "DTSTAMP", "LAST-MODIFIED"):
            assert re.fullmatch(r"\d{8}T\d{6}Z", event[name]), name
        assert event["DTSTAMP"] == "20260610T200000Z"
        for word in ("Kick-off", "Room 5", LIV, "10 June 2026"):
            assert word in event["DESCRIPTION"]
        assert not event["SUMMARY"][0].isascii()
    assert not re.search(r"^(ATTENDEE|ORGANIZER|METHOD)", text(house.feed_path), re.MULTILINE)


def test_nobody_is_invited_whatever_the_titles_say(house: House) -> None:
    nasty = "x\\nATTENDEE:mailto:victim@hooli.example\\nBEGIN:VEVENT"
    house.put(KEEP, met(title=nasty, guests=[f'ATTENDEE;CN="A\\nORGANIZER:mailto:b@c.example":mailto:{LIV}']))
    house.sync(NIGHT)
    assert not re.search(r"^(ATTENDEE|ORGANIZER|METHOD)", text(house.feed_path), re.MULTILINE)
    assert text(house.feed_path).count("\r\nBEGIN:VEVENT") == 3


def test_unchanged_content_leaves_bytes_and_time_alone_over_many_nights(house: House) -> None:
    house.put(KEEP, met(), met("2026-06-24", "later", [MAX]))
    house.sync(NIGHT)
    os.utime(house.feed_path, ns=(10**18, 10**18))
    before = house.feed_path.read_bytes()
    for night in range(11, 15):
        house.sync(f"2026-06-{night} 02:00")
        assert house.feed_path.read_bytes() == before
        assert house.feed_path.stat().st_mtime_ns == 10**18


def test_a_change_in_the_source_that_nobody_sees_changes_nothing(house: House) -> None:
    house.put(KEEP, met())
    house.sync(NIGHT)
    before = house.feed_path.read_bytes()
    house.put(KEEP, met(extra=["SEQUENCE:7", "LAST-MODIFIED:20260610T210000Z", "X-FOO:bar", "PRIORITY:3"]))
    house.sync("2026-06-10 22:00")
    assert house.feed_path.read_bytes() == before


def test_stamps_move_with_the_content_of_their_own_event_and_only_then(house: House) -> None:
    house.put(KEEP, met(), met("2026-06-09", "second", [MAX]))
    house.sync(NIGHT)
    before = events(house.feed_path)
    house.put(KEEP, met(title="Another title"), met("2026-06-09", "second", [MAX]))
    house.sync("2026-06-11 03:00")
    after = events(house.feed_path)
    assert after.keys() == before.keys()
    for uid in after:
        if "second" in after[uid]["X-CALSYNC-MEETING"]:
            assert after[uid] == before[uid]
        else:
            assert int(after[uid]["SEQUENCE"]) == int(before[uid]["SEQUENCE"]) + 1
            assert after[uid]["DTSTAMP"] == after[uid]["LAST-MODIFIED"] == "20260611T030000Z"


def test_sequence_never_falls_back_not_even_when_the_text_does(house: House) -> None:
    sequences = []
    for number, title in enumerate(("One", "Two", "One", "Two", "One")):
        house.put(KEEP, met(title=title))
        house.sync(f"2026-06-10 2{number}:00" if number < 4 else "2026-06-11 01:00")
        sequences.append(int(hello(house)["SEQUENCE"]))
    assert sequences == [0, 1, 2, 3, 4]


def test_a_snooze_and_a_tick_are_changes_with_a_higher_sequence(house: House) -> None:
    house.put(KEEP, met())
    house.sync(NIGHT)
    house.run("snooze", LIV, "2026-06-12 15:00", now="2026-06-10 20:10")
    assert (hello(house)["DTSTART"], hello(house)["SEQUENCE"]) == ("20260612T140000Z", "1")
    house.run("done", LIV, now="2026-06-10 20:20")
    assert hello(house)["SUMMARY"].startswith("✓ ")
    assert hello(house)["SEQUENCE"] == "2"


def test_reminders_of_the_last_30_days_stay_and_older_ones_leave(house: House) -> None:
    house.put(KEEP, met())
    house.sync(NIGHT)
    start = datetime.strptime(hello(house)["DTSTART"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    house.run("sync", now=(start + timedelta(days=29, hours=20)).isoformat())
    assert hello(house)
    house.run("sync", now=(start + timedelta(days=31)).isoformat())
    assert not [e for e in events(house.feed_path).values() if e["X-CALSYNC-RULE"].endswith("/hello")]


def test_what_lies_behind_the_horizon_enters_when_it_comes_within(house: House) -> None:
    house.sections["limits"] = 'horizon = "41 days"'
    house.put(KEEP, met())
    for now, number in ((NIGHT, 2), ("2026-06-11 02:00", 2), ("2026-06-13 10:00", 3)):
        house.sync(now)
        assert len(events(house.feed_path)) == number, now


@pytest.mark.parametrize("details", ["full", "names", "busy"])
def test_each_level_of_detail_shows_so_much_and_no_more(house: House, details: str) -> None:
    house.outputs = f'[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\ndetails = "{details}"\n'
    house.put(
        KEEP,
        met(
            title="Merger talks",
            guests=[f"ATTENDEE;CN=Liv Berg;PARTSTAT=ACCEPTED:mailto:{LIV}"],
            extra=["LOCATION:Dock 9", "URL:https://meet.example/x"],
        ),
    )
    house.sync(NIGHT)
    shown = text(house.feed_path)
    assert len(events(house.feed_path)) == 3
    secret = ("Merger", "Dock 9", "meet.example", LIV)
    assert all((word in shown) == (details == "full") for word in secret)
    assert ("Liv Berg" in shown) == (details != "busy")
    if details == "busy":
        assert {event["SUMMARY"] for event in events(house.feed_path).values()} == {"Follow-up"}
        assert not any("DESCRIPTION" in event for event in events(house.feed_path).values())
    if details == "names":
        assert all("Liv Berg" in event["SUMMARY"] for event in events(house.feed_path).values())


def test_details_that_change_rewrite_the_same_events(house: House) -> None:
    house.put(KEEP, met())
    house.sync(NIGHT)
    before = events(house.feed_path)
    house.outputs = '[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\ndetails = "busy"\n'
    house.sync("2026-06-10 21:00")
    after = events(house.feed_path)
    assert after.keys() == before.keys()
    assert all(event["SEQUENCE"] == "1" for event in after.values())


def test_no_alarm_by_default_and_one_where_asked_for(house: House) -> None:
    house.put(KEEP, met())
    house.sync(NIGHT)
    assert "VALARM" not in text(house.feed_path)
    house.outputs = '[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\nalarm = "10 minutes"\n'
    house.sync("2026-06-10 21:00")
    assert text(house.feed_path).count("TRIGGER:-PT10M") == 3


@pytest.mark.parametrize("what", ["source", "output"])
def test_after_three_days_of_failing_the_feed_asks_for_attention_and_stops_when_it_is_over(
    house: House, what: str
) -> None:
    if what == "source":
        house.sources = (("work", "work"), ("home", "personal"))
        broken = house.folder / "home.ics"
    else:
        house.outputs += '[[output]]\nname = "other"\ntype = "ics"\npath = "other/b.ics"\n'
        broken = house.folder / "other"
        broken.write_text("in the way")
    house.put(KEEP, met())
    for now, asks in (
        ("06-10 20:00", 0),
        ("06-12 20:00", 0),
        ("06-13 19:00", 0),
        ("06-13 21:00", 1),
        ("06-20 02:00", 1),
    ):
        assert house.run("sync", now=f"2026-{now}").code == 3
        assert text(house.feed_path).count("SUMMARY:calsync needs attention") == asks, now
    if what == "source":
        house.put(KEEP, source="home")
    else:
        broken.unlink()
    assert house.run("sync", now="2026-06-21 02:00").code == 0
    assert "needs attention" not in text(house.feed_path)


def test_attention_is_one_event_and_moves_no_other(house: House) -> None:
    house.put(KEEP, met())
    house.sync(NIGHT)
    before = events(house.feed_path)
    (house.folder / "work.ics").unlink()
    house.sync("2026-06-11 02:00")
    house.sync("2026-06-15 02:00")
    after = events(house.feed_path)
    assert len(after) == len(before) + 1
    assert all(after[uid] == before[uid] for uid in before)


def test_a_feed_can_be_read_by_a_web_server_whatever_the_umask(house: House) -> None:
    house.put(KEEP, met())
    old = os.umask(0o077)
    try:
        house.sync(NIGHT)
    finally:
        os.umask(old)
    assert stat.S_IMODE(house.feed_path.stat().st_mode) == 0o644


def test_a_file_of_somebody_else_is_left_alone(house: House) -> None:
    house.feed_path.write_text("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Mine//EN\r\nEND:VCALENDAR\r\n")
    before = house.feed_path.read_bytes()
    house.put(KEEP, met())
    assert house.run("sync", now=NIGHT).code == 3
    assert house.feed_path.read_bytes() == before


def test_a_private_meeting_shows_its_people_and_nothing_of_itself(house: House) -> None:
    house.put(KEEP, met(title="Divorce lawyer", extra=["CLASS:PRIVATE", "LOCATION:Old Street 1"]))
    house.sync(NIGHT)
    shown = text(house.feed_path)
    assert len(events(house.feed_path)) == 3
    assert "Divorce" not in shown
    assert "Old Street" not in shown


def test_times_are_those_of_the_zone_in_utc(house: House) -> None:
    house.zone = "Asia/Kathmandu"
    house.put(KEEP, met())
    house.sync(NIGHT)
    assert hello(house)["DTSTART"] == "20260611T031500Z"
    assert at("2026-06-11T09:00+05:45") == at("2026-06-11 03:15")
