"""Product §5 in whole nights: the day and the hour that a user finds in the feed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from calsync.asking.answers import say, snooze
from calsync.model import State
from tests.world import Ev, World, at

NIA, RAJ, UMA, VIC = "nia@hooli.example", "raj@umbrella.example", "uma@aperture.example", "vic@stark.example"

ONE_STEP = """\
summary = "A pack of one step."
[[rule]]
id = "met"
when = {{ meeting = "first" }}
  [[rule.step]]
  id = "note"
  {keys}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Somebody in Berlin who works from nine to five."""
    world = World(tmp_path, zone="Europe/Berlin")
    world.sections["me"] = 'working_hours = "09:00-17:00"\nholidays = ""'
    return world


def use_step(world: World, **keys: str) -> None:
    """Follow a user's pack of one step."""
    given = {"after": "2 days", "window": "9 days", "channel": "card"} | keys
    lines = [f'{key} = "{value}"' for key, value in given.items()]
    rules = world.folder / "rules"
    rules.mkdir(exist_ok=True)
    (rules / "mine.toml").write_text(ONE_STEP.format(keys="\n  ".join(lines)), encoding="utf-8")
    world.sections["rules"] = 'packs = ["mine"]'


def starts(world: World, now: str) -> list[str]:
    return [start for _, _, start in world.open(now)]


def place_one(world: World, meeting: str, now: str, *others: Ev, **keys: str) -> str:
    """Meet Nia (UTC) for ``minutes``, sync, and return where the one reminder stands on my clock."""
    minutes = int(keys.pop("minutes", "30"))
    use_step(world, **keys)
    world.put(Ev("first", meeting, [NIA], minutes=minutes), *others)
    world.sync(now)
    (start,) = starts(world, now)
    return start


@pytest.mark.parametrize(
    ("after", "days", "ends"),
    [
        ("1 working day", "working", "2026-05-18 09:00"),
        ("1 day", "working", "2026-05-18 09:00"),
        ("1 day", "any", "2026-05-16 09:00"),
        ("4 working days", "working", "2026-05-21 09:00"),
        ("3 days", "working", "2026-05-18 09:00"),
        ("1 week", "working", "2026-05-22 09:00"),
        ("1 month", "working", "2026-06-15 09:00"),
        ("1 month", "any", "2026-06-15 09:00"),
        ("P2D", "any", "2026-05-17 09:00"),
    ],
)
def test_the_ideal_day_is_the_meeting_day_and_after_and_moves_on_never_back(
    world: World, after: str, days: str, ends: str
) -> None:
    assert place_one(world, "2026-05-15T08:00", "2026-05-15 20:00", after=after, window="2 months", days=days) == ends


def test_a_holiday_is_no_working_day_and_a_plain_day_moves_on_over_it(world: World) -> None:
    world.sections["me"] = 'holidays = "DE-BY"'  # Ascension on 14 May, Whit Monday on 25 May 2026
    assert place_one(world, "2026-05-13T08:00", "2026-05-13 20:00", after="1 working day") == "2026-05-15 09:00"
    use_step(world, after="3 days")
    world.put(Ev("second", "2026-05-22T08:00", [RAJ]), Ev("first", "2026-05-13T08:00", [NIA]))
    world.sync("2026-05-22 20:00")
    assert (RAJ, "note", "2026-05-26 09:00") in world.open("2026-05-22 20:00")


def test_days_any_takes_holidays_and_weekends_as_they_come(world: World) -> None:
    world.sections["me"] = 'holidays = "DE-BY"'
    place = place_one(world, "2026-05-13T08:00", "2026-05-13 20:00", after="1 day", days="any")
    assert place == "2026-05-14 09:00"


def test_my_own_working_days_decide(world: World) -> None:
    world.sections["me"] = 'working_days = ["sun", "mon", "tue", "wed", "thu"]'
    assert place_one(world, "2026-05-14T08:00", "2026-05-14 20:00", after="1 working day") == "2026-05-17 09:00"


def test_a_window_does_not_move_and_its_last_day_is_the_last(world: World) -> None:
    """Met on a Friday: two days are Sunday, moved to Monday; the window of three days is Monday."""
    all_monday = Ev("busy", "2026-05-18T07:00", [], minutes=8 * 60)
    place = place_one(
        world, "2026-05-15T08:00", "2026-05-15 20:00", all_monday, after="2 days", window="3 days", at="10:00-11:00"
    )
    assert place == "2026-05-18 10:00"


def test_a_window_never_ends_before_the_moved_day(world: World) -> None:
    place = place_one(world, "2026-05-15T08:00", "2026-05-15 20:00", after="1 day", window="2 days")
    assert place == "2026-05-18 09:00"
    world.sync("2026-05-18 20:00")
    assert [e.state for e in world.agenda("2026-05-18 20:00")] == [State.WRITTEN]
    world.sync("2026-05-19 02:00")
    assert world.agenda("2026-05-19 02:00") == []


def test_at_first_then_working_hours_then_the_next_day(world: World) -> None:
    keys = {"after": "1 day", "window": "3 days", "at": "10:00-11:00"}
    met, now = "2026-05-11T08:00", "2026-05-11 20:00"
    assert place_one(world, met, now, **keys) == "2026-05-12 10:00"
    for path in world.folder.glob("ledger.db*"):
        path.unlink()
    world.feed_path.unlink()
    at_busy = Ev("b1", "2026-05-12T08:00", [], minutes=60)
    assert place_one(world, met, now, at_busy, **keys) == "2026-05-12 09:00"
    for path in world.folder.glob("ledger.db*"):
        path.unlink()
    world.feed_path.unlink()
    day_busy = Ev("b1", "2026-05-12T07:00", [], minutes=8 * 60)
    assert place_one(world, met, now, day_busy, **keys) == "2026-05-13 10:00"


def test_last_comes_the_first_day_searched_at_the_start_of_at(world: World) -> None:
    solid = Ev("b", "2026-05-11T00:00", [], minutes=10 * 24 * 60)
    report_now = "2026-05-11 20:00"
    place = place_one(world, "2026-05-11T08:00", report_now, solid, after="1 day", window="3 days", at="10:00-11:00")
    assert place == "2026-05-12 10:00"


def test_a_span_starts_on_a_quarter_hour_and_lies_wholly_inside_at(world: World) -> None:
    busy = Ev("b", "2026-05-12T08:00", [], minutes=40)  # 10:00-10:40
    keys = {"after": "1 day", "window": "3 days", "at": "10:00-11:00"}
    assert place_one(world, "2026-05-11T08:00", "2026-05-11 20:00", busy, **keys) == "2026-05-12 10:45"
    use_step(world, **keys, channel="call")  # half an hour does not fit behind it
    world.put(Ev("first", "2026-05-11T08:00", [NIA]), busy)
    world.sync("2026-05-11 21:00")
    assert starts(world, "2026-05-11 21:00") == ["2026-05-12 09:00"]


def test_a_second_reminder_does_not_overlap_the_first(world: World) -> None:
    use_step(world, channel="call")
    world.put(
        Ev("a", "2026-05-11T08:00", [NIA]), Ev("b", "2026-05-11T12:00", [RAJ]), Ev("c", "2026-05-11T15:00", [UMA])
    )
    world.sync("2026-05-11 20:00")
    assert starts(world, "2026-05-11 20:00") == ["2026-05-13 09:00", "2026-05-13 09:30", "2026-05-13 10:00"]


@pytest.mark.parametrize(
    ("event", "is_busy"),
    [
        (Ev("b", "2026-05-13T07:00", [], minutes=60), True),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, organizer=None), True),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, extra=["TRANSP:TRANSPARENT"]), False),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, extra=["STATUS:CANCELLED"]), False),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, extra=["STATUS:TENTATIVE"]), True),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, organizer=VIC, mine="ACCEPTED"), True),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, organizer=VIC, mine="TENTATIVE"), True),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, organizer=VIC, mine="DECLINED"), False),
        (Ev("b", "2026-05-13T07:00", [], minutes=60, organizer=VIC, mine="NEEDS-ACTION"), False),
        (Ev("b", "2026-05-13", [], all_day=True), False),
        (Ev("b", "2026-05-06T07:00", [], minutes=60, extra=["RRULE:FREQ=WEEKLY"]), True),
        (Ev("b", "2026-05-06T07:00", [], minutes=60, extra=["RRULE:FREQ=WEEKLY", "EXDATE:20260513T070000Z"]), False),
    ],
)
def test_what_is_busy(world: World, event: Ev, is_busy: bool) -> None:
    world.sections["people"] = f'ignore = ["{VIC}"]'
    place = place_one(world, "2026-05-11T08:00", "2026-05-11 20:00", event, at="09:00-12:00")
    assert place == ("2026-05-13 10:00" if is_busy else "2026-05-13 09:00")


def test_my_other_calendars_are_busy_too(tmp_path: Path) -> None:
    world = World(tmp_path, zone="Europe/Berlin", sources=(("work", "work"), ("club", "personal")))
    use_step(world)
    world.put(Ev("first", "2026-05-11T08:00", [NIA]))
    world.put(Ev("b", "2026-05-13T09:00", [], minutes=90, zone="Europe/Berlin"), source="club")
    world.sync("2026-05-11 20:00")
    assert starts(world, "2026-05-11 20:00") == ["2026-05-13 10:30"]


def test_a_cap_of_a_day_moves_the_rest_to_the_next_day(world: World) -> None:
    world.sections["limits"] = "per_day = 2"
    use_step(world)
    world.put(*(Ev(f"m{i}", f"2026-05-11T0{5 + i}:00", [f"p{i}@hooli.example"]) for i in range(5)))
    world.sync("2026-05-11 20:00")
    days = [start[:10] for start in starts(world, "2026-05-11 20:00")]
    assert days == ["2026-05-13", "2026-05-13", "2026-05-14", "2026-05-14", "2026-05-15"]


def test_a_cap_of_a_week_runs_from_monday_to_sunday_in_my_zone(tmp_path: Path) -> None:
    world = World(tmp_path, zone="Pacific/Auckland")
    world.sections |= {"me": 'working_hours = "09:00-17:00"', "limits": "per_day = 2\nper_week = 3"}
    use_step(world, after="1 day", window="2 weeks", days="any", at="08:00-12:00")
    # In Auckland these are Friday morning, 15 May; UTC still has Thursday.
    times = ("20:00", "20:30", "21:00", "21:30", "22:00", "23:00")
    world.put(*(Ev(f"m{t}", f"2026-05-14T{t}", [f"p{t[:2]}{t[3:]}@hooli.example"], minutes=20) for t in times))
    world.sync("2026-05-15 08:00")
    days = [start[:10] for start in starts(world, "2026-05-15 08:00")]
    # Saturday 16 (two), Sunday 17 (one, the week is full), Monday 18 (two), Tuesday 19 (one).
    assert days == ["2026-05-16", "2026-05-16", "2026-05-17", "2026-05-18", "2026-05-18", "2026-05-19"]


def test_provisional_and_moved_reminders_count_in_the_caps(world: World) -> None:
    world.sections["limits"] = "per_day = 1"
    use_step(world, after="1 day", window="2 weeks")
    soon = Ev("soon", "2026-05-13T08:00", [RAJ])
    world.put(soon, Ev("a", "2026-05-11T08:00", [NIA]))
    world.sync("2026-05-11 20:00")
    assert world.open("2026-05-11 20:00") == [
        (NIA, "note", "2026-05-12 09:00"),
        (RAJ, "note", "2026-05-14 09:00"),
    ]
    with world.ledger() as ledger:
        snooze(world.desk(ledger, "2026-05-11 20:05"), NIA, "2026-05-15 16:00")
        world.carry_out(ledger, "2026-05-11 20:05")
    world.put(soon, Ev("a", "2026-05-11T08:00", [NIA]), Ev("u", "2026-05-13T12:00", [UMA]))
    world.sync("2026-05-13 20:00")
    assert [place for place in world.open("2026-05-13 20:00") if place[0] == UMA] == [(UMA, "note", "2026-05-18 09:00")]


def test_the_more_important_go_first_where_places_are_short(world: World) -> None:
    """One place a day: priority, then the earlier step, then the earlier end of the window."""
    pack = """\
summary = "Two steps on one day, and a rule that matters more."
[[rule]]
id = "vip"
when = { meeting = "first", domain = "stark.example" }
  [[rule.step]]
  id = "card"
  after = "2 days"
  window = "3 weeks"
  channel = "card"
  priority = 5
[[rule]]
id = "rest"
when = { meeting = "first" }
  [[rule.step]]
  id = "one"
  after = "2 days"
  window = "3 weeks"
  channel = "email"
  [[rule.step]]
  id = "two"
  after = "2 days"
  window = "2 weeks"
  channel = "coffee"
"""
    (world.folder / "rules").mkdir()
    (world.folder / "rules" / "mine.toml").write_text(pack, encoding="utf-8")
    world.sections |= {"rules": 'packs = ["mine"]', "limits": "per_day = 1\nper_week = 20"}
    world.put(Ev("a", "2026-05-11T08:00", [NIA]), Ev("b", "2026-05-11T12:00", [VIC]))
    world.sync("2026-05-11 20:00")
    assert world.open("2026-05-11 20:00") == [
        (VIC, "card", "2026-05-13 09:00"),
        (NIA, "one", "2026-05-14 09:00"),
        (NIA, "two", "2026-05-15 09:00"),
    ]


def test_no_important_one_loses_its_only_day_to_one_that_has_a_choice(world: World) -> None:
    """Priority alone would put the free one on Wednesday first; both have a place, so both keep one."""
    pack = """\
summary = "One has a single day, the other a fortnight."
[[rule]]
id = "free"
when = { meeting = "first", domain = "stark.example" }
  [[rule.step]]
  id = "card"
  after = "2 days"
  window = "2 weeks"
  channel = "card"
  priority = 5
[[rule]]
id = "narrow"
when = { meeting = "first" }
  [[rule.step]]
  id = "note"
  after = "2 days"
  window = "2 days"
  channel = "email"
"""
    (world.folder / "rules").mkdir()
    (world.folder / "rules" / "mine.toml").write_text(pack, encoding="utf-8")
    world.sections |= {"rules": 'packs = ["mine"]', "limits": "per_day = 1"}
    world.put(Ev("a", "2026-05-11T08:00", [NIA]), Ev("b", "2026-05-11T12:00", [VIC]))
    report = world.sync("2026-05-11 20:00")
    assert world.open("2026-05-11 20:00") == [(NIA, "note", "2026-05-13 09:00"), (VIC, "card", "2026-05-14 09:00")]
    assert report.notes == []


def test_the_smaller_group_goes_first_among_equals(world: World) -> None:
    world.sections["limits"] = "per_day = 1"
    use_step(world)
    world.put(Ev("crowd", "2026-05-11T08:00", [NIA, RAJ, UMA]), Ev("pair", "2026-05-11T12:00", [VIC]))
    world.sync("2026-05-11 20:00")
    assert world.open("2026-05-11 20:00")[0] == (VIC, "note", "2026-05-13 09:00")


def test_what_does_not_fit_stands_on_the_last_day_of_its_window_and_the_sync_says_so(world: World) -> None:
    world.sections["limits"] = "per_day = 1"
    use_step(world, after="1 day", window="2 days")
    world.put(*(Ev(f"m{i}", f"2026-05-11T0{6 + i}:00", [f"p{i}@hooli.example"]) for i in range(4)))
    report = world.sync("2026-05-11 20:00")
    assert [start[:10] for start in starts(world, "2026-05-11 20:00")] == ["2026-05-12"] + ["2026-05-13"] * 3
    assert sum("over the cap" in note for note in report.notes) == 2


@pytest.mark.parametrize(
    ("now", "place"),
    [
        ("2026-05-12T21:10+02:00", "2026-05-13 09:00"),
        ("2026-05-14T10:20+02:00", "2026-05-14 10:30"),
        ("2026-05-14T16:40+02:00", "2026-05-14 16:45"),
        ("2026-05-14T21:10+02:00", "2026-05-14 21:15"),
        ("2026-05-14T23:45+02:00", "2026-05-14 23:45"),
    ],
)
def test_a_step_seen_late_is_placed_in_what_is_left_of_its_window(world: World, now: str, place: str) -> None:
    """Met on Monday; the window ends on Thursday, 14 May."""
    assert place_one(world, "2026-05-11T08:00", now, after="1 day", window="3 days") == place


@pytest.mark.parametrize("last_day", ["2026-05-14", "2026-05-15"])
def test_one_minute_before_the_window_ends_it_is_placed_and_not_in_the_past(world: World, last_day: str) -> None:
    window = "3 days" if last_day == "2026-05-14" else "4 days"
    now = f"{last_day}T23:59+02:00"
    place = place_one(world, "2026-05-11T08:00", now, after="1 day", window=window)
    assert at(f"{place.replace(' ', 'T')}+02:00") == at(now) + timedelta(minutes=1)


def test_a_window_that_ends_on_a_weekend_seen_only_then_gets_the_next_allowed_day_and_keeps_it(world: World) -> None:
    """Met on Thursday, first seen on Saturday: the window ends on Sunday, Monday is the next allowed day."""
    place = place_one(world, "2026-05-14T08:00", "2026-05-16 10:00", after="1 working day", window="3 days")
    assert place == "2026-05-18 09:00"
    world.sync("2026-05-18 02:00")
    assert starts(world, "2026-05-18 02:00") == [place]
    world.sync("2026-05-19 02:00")
    assert [e.state for e in world.agenda("2026-05-19 02:00", everything=True)] == [State.MISSED]
    assert len(world.feed()) == 1


def test_a_minute_after_the_window_it_is_missed_and_not_written(world: World) -> None:
    use_step(world, after="1 day", window="3 days")
    world.put(Ev("first", "2026-05-11T08:00", [NIA]))
    world.sync("2026-05-15T00:01+02:00")
    assert [e.state for e in world.agenda("2026-05-15T00:01+02:00", everything=True)] == [State.MISSED]
    assert world.feed() == []


def set_zone(world: World, address: str, zone: str, now: str) -> None:
    with world.ledger() as ledger:
        say(world.desk(ledger, now), address, "timezone", zone)


@pytest.mark.parametrize(
    ("channel", "place"),
    [
        ("call", "2026-05-13 15:00"),  # nine in New York
        ("video", "2026-05-13 15:00"),
        ("message", "2026-05-13 15:00"),
        ("visit", "2026-05-13 15:00"),
        ("email", "2026-05-13 09:00"),
        ("card", "2026-05-13 09:00"),
        ("lunch", "2026-05-13 09:00"),
    ],
)
def test_what_reaches_people_at_once_lies_inside_their_day(world: World, channel: str, place: str) -> None:
    """Raj's zone is that of the invitation he sent."""
    use_step(world, channel=channel)
    world.put(Ev("m", "2026-05-11T04:00", [], organizer=RAJ, mine="ACCEPTED", zone="America/New_York"))
    world.sync("2026-05-11 20:00")
    assert starts(world, "2026-05-11 20:00") == [place]


def test_a_zone_that_the_user_sets_overrules_the_inferred_one(world: World) -> None:
    use_step(world, channel="call", at="09:00-20:00")
    world.put(Ev("nobody", "2026-05-01T08:00", []))
    world.sync("2026-05-10 20:00")
    set_zone(world, NIA, "Asia/Tokyo", "2026-05-10 20:00")
    set_zone(world, RAJ, "America/Los_Angeles", "2026-05-10 20:00")
    invitation = Ev("m", "2026-05-11T16:00", [], organizer=RAJ, mine="ACCEPTED", zone="Asia/Tokyo")
    world.put(Ev("nobody", "2026-05-01T08:00", []), invitation, Ev("n", "2026-05-11T12:00", [NIA]))
    world.sync("2026-05-11 20:00")
    assert world.open("2026-05-11 20:00") == [
        (NIA, "note", "2026-05-13 09:00"),  # 16:00 in Tokyo
        (RAJ, "note", "2026-05-13 18:00"),  # 09:00 in Los Angeles
    ]


def test_where_no_slot_suits_their_day_that_wish_is_dropped_and_the_sync_says_so(world: World) -> None:
    use_step(world, channel="call", window="4 days")
    world.put(Ev("m", "2026-05-11T09:00", [], organizer=RAJ, mine="ACCEPTED", zone="Pacific/Honolulu"))
    report = world.sync("2026-05-11 22:00")  # nine in Honolulu is 21:00 in Berlin
    assert starts(world, "2026-05-11 22:00") == ["2026-05-13 09:00"]
    assert len(report.notes) == 1
    assert "their day" in report.notes[0]


@pytest.mark.parametrize(
    ("zone", "met", "now", "offset"),
    [
        ("Europe/Berlin", "2026-03-27T10:00", "2026-03-27 20:00", 2),  # forward on 29 March
        ("Europe/Berlin", "2026-10-23T10:00", "2026-10-23 20:00", 1),  # back on 25 October
        ("America/New_York", "2026-03-06T15:00", "2026-03-06 23:00", -4),  # forward on 8 March
        ("Australia/Lord_Howe", "2026-10-02T01:00", "2026-10-02 08:00", 11),  # half an hour on 4 October
    ],
)
def test_nine_stays_nine_over_a_change_of_the_clocks(
    tmp_path: Path, zone: str, met: str, now: str, offset: int
) -> None:
    world = World(tmp_path, zone=zone)
    assert place_one(world, met, now, after="3 days").endswith("09:00")
    (entry,) = world.agenda(now)
    assert entry.start is not None
    assert entry.start.utcoffset() == timedelta(hours=offset)
    assert entry.start.date().isoformat() > now[:10]


def test_a_written_one_stays_when_busy_time_hours_holidays_and_caps_change(world: World) -> None:
    place = place_one(world, "2026-05-11T08:00", "2026-05-11 20:00")
    before = world.feed_path.read_bytes()
    world.sections |= {"me": 'working_hours = "12:00-20:00"\nworking_days = ["mon"]\nholidays = "DE"'}
    world.sections |= {"limits": "per_day = 1\nper_week = 1"}
    world.put(Ev("first", "2026-05-11T08:00", [NIA]), Ev("b", "2026-05-13T00:00", [], minutes=600))
    world.sync("2026-05-11 21:00")
    assert starts(world, "2026-05-11 21:00") == [place]
    assert world.feed_path.read_bytes() == before


def test_changing_a_rule_plans_untouched_future_reminders_anew_under_their_uid(world: World) -> None:
    use_step(world)
    world.put(
        Ev("a", "2026-05-11T08:00", [NIA]), Ev("b", "2026-05-11T12:00", [RAJ]), Ev("c", "2026-05-06T12:00", [UMA])
    )
    world.sync("2026-05-08 20:00")
    world.sync("2026-05-11 20:00")
    with world.ledger() as ledger:
        snooze(world.desk(ledger, "2026-05-11 20:05"), RAJ, "2026-05-15 16:00")
        world.carry_out(ledger, "2026-05-11 20:05")
    before = {mark.id: mark for mark in world.feed()}
    places = {a: s for a, _, s in world.open("2026-05-11 20:05")}
    use_step(world, after="4 days", channel="email")
    world.sync("2026-05-11 21:00")
    after = {mark.id: mark for mark in world.feed()}
    assert after.keys() == before.keys()
    now = {a: s for a, _, s in world.open("2026-05-11 21:00")}
    assert (places[NIA], now[NIA]) == ("2026-05-13 09:00", "2026-05-15 09:00")
    assert now[RAJ] == places[RAJ] == "2026-05-15 16:00"
    assert now[UMA] == places[UMA] == "2026-05-11 09:00"  # its time has come: it stays in the past
    changed = [after[i] for i in after if after[i].start != before[i].start]
    assert len(changed) == 1
    assert changed[0].sequence > before[changed[0].id].sequence


def test_a_change_of_words_alone_moves_nothing(world: World) -> None:
    place = place_one(world, "2026-05-11T08:00", "2026-05-11 20:00", title="Write to {{ people }}")
    (before,) = world.feed()
    use_step(world, title="Send {{ people }} a card")
    world.put(Ev("first", "2026-05-11T08:00", [NIA]), Ev("b", "2026-05-13T00:00", [], minutes=600))
    world.sync("2026-05-11 21:00")
    (after,) = world.feed()
    assert starts(world, "2026-05-11 21:00") == [place]
    assert (after.id, after.start) == (before.id, before.start)
    assert "card" in after.title
    assert after.sequence > before.sequence


def test_hours_count_from_the_end_of_the_meeting_and_not_from_midnight(world: World) -> None:
    place = place_one(world, "2026-05-11T08:00", "2026-05-11 09:00", minutes="50", after="3 hours", window="8 hours")
    assert place == "2026-05-11 14:00"  # ended at 10:50, on the next quarter hour after 13:50


def test_hours_past_my_day_go_to_the_next_day_that_the_window_allows(world: World) -> None:
    place = place_one(world, "2026-05-11T13:00", "2026-05-11 14:00", minutes="60", after="4 hours", window="30 hours")
    assert place == "2026-05-12 09:00"


def test_a_meeting_that_ends_at_midnight_belongs_to_the_day_it_filled(world: World) -> None:
    place = place_one(world, "2026-05-11T20:00", "2026-05-12 02:00", minutes="120", after="1 working day")
    assert place == "2026-05-12 09:00"  # 22:00-24:00 on Monday in Berlin


def test_a_meeting_over_midnight_counts_from_the_day_it_ended(world: World) -> None:
    place = place_one(world, "2026-05-11T20:00", "2026-05-12 02:00", minutes="180", after="1 working day")
    assert place == "2026-05-13 09:00"


def test_the_local_day_decides_not_the_day_of_utc(tmp_path: Path) -> None:
    world = World(tmp_path, zone="America/Los_Angeles")
    place = place_one(world, "2026-05-12T01:00", "2026-05-12 02:00", after="1 day")  # Monday, 18:00
    assert place == "2026-05-12 09:00"
