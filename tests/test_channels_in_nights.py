"""Whole nights: what a reminder offers to do, and that it says the same until something changed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import icalendar
import pytest

from calsync.model import Channel
from tests.world import Ev, World

NORA, RUI = "nora@globex.example", "rui@initech.example"
NAMED_NORA = f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Nora Berg:mailto:{NORA}"
MET = Ev("m1", "2026-09-08T13:00", [NAMED_NORA])  # a Tuesday; the coffee is due on Tuesday the 22nd
NIGHT = "2026-09-08 20:00"
PACK = """
[[rule]]
id = "first"
[[rule.step]]
id = "touch"
after = "2 weeks"
window = "5 weeks"
channel = "{channel}"
[[rule.step]]
id = "later"
after = "6 weeks"
window = "9 weeks"
channel = "{later}"
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path, zone="Europe/Dublin", sections={"rules": 'packs = ["own"]'})


def use(world: World, channel: str, later: str = "email") -> None:
    folder = world.folder / "rules"
    folder.mkdir(exist_ok=True)
    (folder / "own.toml").write_text(PACK.format(channel=channel, later=later), encoding="utf-8")


def say(world: World, address: str, key: str, value: str) -> None:
    from calsync.ledger import who

    with world.ledger() as ledger, ledger.atomic():
        who.say(ledger, address, key, value)


def events(world: World) -> list[Any]:
    found = icalendar.Calendar.from_ical(world.feed_path.read_bytes()).walk("VEVENT")
    return sorted(found, key=lambda event: event["DTSTART"].dt)


def text(world: World, place: int = 0) -> str:
    return str(events(world)[place]["DESCRIPTION"])


def times(world: World, place: int = 0) -> list[str]:
    """The lines under "You are free"."""
    lines = text(world, place).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("You are free"))
    return lines[start + 1 : lines.index("", start)]


def links(world: World, place: int = 0) -> list[str]:
    lines = text(world, place).splitlines()
    return [line for line in lines if any(f"{scheme}:" in line for scheme in ("mailto", "tel", "sms"))]


@pytest.mark.parametrize(
    ("channel", "minutes", "first"),
    [("coffee", 45, "Thu 24 September, 10:00"), ("lunch", 60, "Thu 24 September, 12:00"),
     ("meeting", 60, "Thu 24 September, 10:00")],
)  # fmt: skip
def test_a_proposal_names_three_times_at_which_i_am_free(world: World, channel: str, minutes: int, first: str) -> None:
    use(world, channel)
    world.put(MET, Ev("b", "2026-09-25T07:00", minutes=600, title="Secret dentist"))
    world.sync(NIGHT)
    found = times(world)
    assert f"You are free ({minutes} minutes each):" in text(world)
    assert found[0] == first
    assert [line[:6] for line in found] == ["Thu 24", "Mon 28", "Tue 29"]
    assert all(f"- {line}" in text(world) for line in found)  # in the draft as well
    assert "dentist" not in text(world)
    assert links(world)[0].startswith(f"mailto:{NORA}?subject=")


def test_times_are_told_in_their_zone_too_and_keep_to_their_day(world: World) -> None:
    use(world, "coffee")
    world.put(MET)
    world.sync(NIGHT)
    say(world, NORA, "timezone", "America/New_York")
    world.sync("2026-09-09 20:00")
    assert times(world) == [
        "Thu 24 September, 14:00 (09:00 for Nora, America/New_York)",
        "Fri 25 September, 14:00 (09:00 for Nora, America/New_York)",
        "Mon 28 September, 14:00 (09:00 for Nora, America/New_York)",
    ]
    assert "- Thu 24 September, 09:00 your time (14:00 mine)" in text(world)


def test_a_second_night_writes_nothing_though_other_days_filled_up(world: World) -> None:
    use(world, "coffee")
    world.put(MET)
    world.sync(NIGHT)
    before = (world.feed_path.read_bytes(), world.feed_path.stat().st_mtime_ns)
    around = [Ev("a", "2026-09-24T11:00", minutes=120), Ev("b", "2026-09-23T08:00", minutes=500)]
    for night, calendar in enumerate([[MET], [MET, *around], [MET, *around], [MET]], start=9):
        world.put(*calendar)
        world.sync(f"2026-09-{night:02} 20:00")
        assert (world.feed_path.read_bytes(), world.feed_path.stat().st_mtime_ns) == before


def test_times_that_were_told_stay_though_an_earlier_one_became_free(world: World) -> None:
    use(world, "coffee")
    world.put(MET, Ev("busy", "2026-09-24T08:00", minutes=540))
    world.sync(NIGHT)
    told = times(world)
    assert told[0].startswith("Fri 25")
    world.put(MET, Ev("busy", "2026-09-24T08:00", minutes=540, extra=["STATUS:CANCELLED"]))
    world.sync("2026-09-09 20:00")
    assert times(world) == told


def test_a_time_that_was_taken_is_told_anew_once(world: World) -> None:
    use(world, "coffee")
    world.put(MET)
    world.sync(NIGHT)
    assert times(world)[0] == "Thu 24 September, 10:00"
    taken = Ev("t", "2026-09-24T08:30", minutes=60)
    world.put(MET, taken)
    world.sync("2026-09-09 20:00")
    assert times(world)[0] == "Thu 24 September, 10:30"
    assert [event["SEQUENCE"] for event in events(world)] == [1, 0]
    world.sync("2026-09-10 20:00")
    assert [event["SEQUENCE"] for event in events(world)] == [1, 0]


def test_one_occurrence_of_a_series_that_moves_onto_a_time_takes_it(world: World) -> None:
    use(world, "coffee")
    weekly = Ev("w", "2026-09-03T15:30", minutes=60, extra=["RRULE:FREQ=WEEKLY"])
    world.put(MET, weekly)
    world.sync(NIGHT)
    assert times(world)[0] == "Thu 24 September, 10:00"
    moved = Ev("w", "2026-09-24T09:00", minutes=60, extra=["RECURRENCE-ID:20260924T153000Z"])
    world.put(MET, weekly, moved)
    world.sync("2026-09-09 20:00")
    assert times(world)[0] == "Thu 24 September, 11:00"


def test_an_occurrence_that_takes_place_after_all_takes_its_time_back(world: World) -> None:
    use(world, "coffee")
    weekly = Ev("w", "2026-09-03T09:00", minutes=60, extra=["RRULE:FREQ=WEEKLY"])
    off = Ev("w", "2026-09-24T09:00", minutes=60, extra=["RECURRENCE-ID:20260924T090000Z", "TRANSP:TRANSPARENT"])
    world.put(MET, weekly, off)
    world.sync(NIGHT)
    assert times(world)[0] == "Thu 24 September, 10:00"
    world.put(MET, weekly)
    world.sync("2026-09-09 20:00")
    assert times(world)[0] == "Thu 24 September, 11:00"


def test_once_the_hour_of_a_reminder_has_come_its_times_never_change(world: World) -> None:
    use(world, "coffee")
    world.put(MET)
    world.sync(NIGHT)
    told = times(world)
    world.put(MET, Ev("t", "2026-09-24T08:00", minutes=540), Ev("u", "2026-09-25T08:00", minutes=540))
    world.sync("2026-09-22 20:00")
    assert times(world) == told
    assert events(world)[0]["SEQUENCE"] == 0
    say(world, NORA, "name", "Nora B.")  # the text is told anew, its times are not
    world.sync("2026-09-22 21:00")
    assert times(world) == told
    assert events(world)[0]["SEQUENCE"] == 1


def test_after_a_lost_ledger_the_times_are_those_that_were_told(world: World) -> None:
    use(world, "coffee")
    world.put(MET)
    world.sync(NIGHT)
    before = world.feed_path.read_bytes()
    for file in world.folder.glob("ledger.db*"):
        file.unlink()
    world.sync("2026-09-22 20:00")  # the hour of the coffee has come
    assert world.feed_path.read_bytes() == before


def test_a_letter_of_any_channel_can_ask_for_times(world: World) -> None:
    use(world, "email")
    pack = (world.folder / "rules" / "own.toml").read_text()
    message = 'message = { body = "Hi {{ first_names }}, how about{% if slots %}\\n{{ slots }}{% endif %}" }'
    (world.folder / "rules" / "own.toml").write_text(pack.replace('"email"\n', f'"email"\n{message}\n', 1))
    world.put(MET)
    world.sync(NIGHT)
    assert "You are free (60 minutes each):" in text(world)
    assert "how about\n- Thu 24 September, 10:00\n" in text(world)
    assert "You are free" not in text(world, 1)


def test_a_cadence_that_proposes_a_coffee_looks_at_its_times_each_night(world: World) -> None:
    use(world, "email")
    pack = '[[rule]]\nid = "c"\nwhen = { meeting = "any" }\nevery = "tier"\nchannel = "coffee"\n'
    (world.folder / "rules" / "own.toml").write_text(pack, encoding="utf-8")
    met = Ev("m1", "2026-08-20T13:00", [NAMED_NORA])
    world.put(met)
    world.sync("2026-09-06 20:00")
    say(world, NORA, "tier", "A")  # every 21 days: Thursday 10 September
    world.sync("2026-09-06 21:00")
    assert times(world)[0] == "Mon 14 September, 10:00"
    world.sync("2026-09-07 20:00")
    world.put(met, Ev("t", "2026-09-14T08:30", minutes=90))
    world.sync("2026-09-08 20:00")
    assert times(world)[0] == "Mon 14 September, 11:00"


def test_a_reminder_that_moves_proposes_times_after_its_new_day(world: World) -> None:
    from calsync.asking.answers import snooze

    use(world, "coffee")
    world.put(MET)
    world.sync(NIGHT)
    with world.ledger() as ledger:
        snooze(world.desk(ledger, NIGHT), NORA, "2026-09-30 11:00")
        world.carry_out(ledger, NIGHT)
    assert times(world)[0] == "Fri 2 October, 10:00"


def test_two_full_weeks_are_told_as_such_and_the_letter_still_makes_sense(world: World) -> None:
    use(world, "coffee")
    world.put(MET, *(Ev(f"d{day}", f"2026-{day}T06:00", minutes=720) for day in
                     [f"09-{n}" for n in range(23, 31)] + [f"10-{n:02}" for n in range(1, 20)]))  # fmt: skip
    world.sync(NIGHT)
    assert "no 45 minutes free" in text(world)
    assert "- any day that suits you" in text(world)


@pytest.mark.parametrize("channel", ["call", "video"])
def test_a_first_contact_is_never_a_call_out_of_the_blue(world: World, channel: str) -> None:
    use(world, channel, later="call")
    world.put(MET)
    world.sync(NIGHT)
    say(world, NORA, "phone", "+353861234567")
    world.sync("2026-09-09 20:00")
    first, later = events(world)
    assert "Propose a" in first["SUMMARY"]
    assert "Nora Berg" in first["SUMMARY"]
    assert "first contact" in text(world)
    assert len(times(world)) == 3
    assert [link.partition(":")[0] for link in links(world)] == ["sms", "mailto"]
    assert later["SUMMARY"] == "📞 Call Nora Berg"
    assert "first contact" not in text(world, 1)
    assert links(world, 1) == ["tel:+353861234567"]


def test_the_first_contact_is_the_step_that_comes_first_wherever_it_stands_in_the_file(world: World) -> None:
    use(world, "call", later="email")
    pack = (world.folder / "rules" / "own.toml").read_text()
    (world.folder / "rules" / "own.toml").write_text(
        pack.replace('"6 weeks"', '"3 days"').replace('"9 weeks"', '"5 days"')
    )
    world.put(MET)
    world.sync(NIGHT)
    assert [str(event["SUMMARY"]) for event in events(world)] == ["✉ Email Nora Berg", "📞 Call Nora Berg"]


def test_a_call_to_somebody_known_needs_no_appointment(world: World) -> None:
    use(world, "call")
    pack = (world.folder / "rules" / "own.toml").read_text()
    (world.folder / "rules" / "own.toml").write_text(
        pack.replace('id = "first"', 'id = "r"\nwhen = { meeting = "again" }')
    )
    world.put(Ev("m0", "2026-03-03T13:00", [NORA]), MET)
    world.sync(NIGHT)
    assert events(world)[0]["SUMMARY"] == "📞 Call Nora Berg"


def test_without_a_number_a_call_says_how_to_give_one(world: World) -> None:
    use(world, "email", later="call")
    world.put(MET)
    world.sync(NIGHT)
    assert f"calsync people set {NORA} --phone" in text(world, 1)
    assert links(world, 1) == []


def test_a_number_comes_from_a_contact_card_unless_i_gave_another(world: World) -> None:
    use(world, "email", later="call")
    world.put(MET)
    world.sync(NIGHT)  # once on a card, people are known; what had started goes on
    (world.folder / "friends.vcf").write_text(
        f"BEGIN:VCARD\r\nFN:Nora Berg\r\nTEL;TYPE=CELL:086 123 4567\r\nEMAIL:{NORA}\r\nEND:VCARD\r\n", encoding="utf-8"
    )
    world.sections["people"] = 'contacts = ["friends.vcf"]'
    world.sync("2026-09-09 20:00")
    assert links(world, 1) == ["tel:0861234567"]
    say(world, NORA, "phone", "+353861234567")
    world.sync("2026-09-10 20:00")
    assert links(world, 1) == ["tel:+353861234567"]


def test_a_message_to_several_has_a_link_for_each_with_their_own_greeting(world: World) -> None:
    use(world, "message")
    rui = f"ATTENDEE;PARTSTAT=ACCEPTED;CN=Rui Faria:mailto:{RUI}"
    world.put(Ev("m1", "2026-09-08T13:00", [NAMED_NORA, rui]))
    world.sync(NIGHT)
    say(world, NORA, "phone", "+353861234567")
    say(world, RUI, "phone", "+351211234567;ext=4")
    world.sync("2026-09-09 20:00")
    nora, second = links(world)
    assert nora.startswith("Nora Berg: sms:+353861234567?body=Hi%20Nora%2C")
    assert second.startswith("Rui Faria: sms:+351211234567?body=Hi%20Rui%2C")
    assert "Hi Nora and Rui," in text(world)


@pytest.mark.parametrize("details", ["names", "busy"])
def test_a_reserved_output_shows_no_number_no_draft_and_no_time(world: World, details: str) -> None:
    use(world, "message", later="coffee")
    world.outputs = f'[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\ndetails = "{details}"\n'
    world.put(MET)
    world.sync(NIGHT)
    say(world, NORA, "phone", "+353861234567")
    world.sync("2026-09-09 20:00")
    written = world.feed_path.read_text(encoding="utf-8").replace("\r\n ", "")
    assert len(events(world)) == 2
    for word in ("353861234567", "sms:", "mailto:", "Hi Nora", "You are free", "DESCRIPTION"):
        assert word not in written


@pytest.mark.parametrize("channel", list(Channel))
def test_every_channel_has_its_symbol_its_length_and_a_draft_in_the_feed(world: World, channel: Channel) -> None:
    from calsync.rules.channels import FORMS

    use(world, "email", later=channel.value)
    world.put(MET)
    world.sync(NIGHT)
    event = events(world)[1]
    form = FORMS[channel]
    assert str(event["SUMMARY"]).startswith(f"{form.symbol} ")
    assert event["DTEND"].dt - event["DTSTART"].dt == form.length
    assert "\nDraft\n" in text(world, 1)
    assert "Nora" in text(world, 1).partition("\nDraft\n")[2]
