"""The shipped packs, held against believable meetings: who gets which touch, when and how.

Each table is the whole agenda after one night. The days were counted by hand from the packs.
"""

from __future__ import annotations

from pathlib import Path

from tests.world import Ev, World

GUESTS = [f"guest{number}@initech.example" for number in range(1, 20)]
Row = tuple[str, str, str, str, str]


def agenda(folder: Path, packs: str, now: str, *events: Ev, relationship: str = "work", me: str = "") -> list[Row]:
    """(person, rule, step, start in my zone, channel), by person and time."""
    source = "work" if relationship == "work" else "home"
    sections = {"me": me, "rules": f"packs = [{packs}]", "limits": 'per_day = 20\nper_week = 60\nhorizon = "200 days"'}
    world = World(folder, zone="Europe/Dublin", sections=sections, sources=[(source, relationship)])
    world.put(*events, source=source)
    world.sync(now)
    return sorted(
        (
            e.emails[0].partition("@")[0],
            e.followup.rule,
            e.followup.step,
            f"{e.start:%a %d %b %H:%M}",
            e.followup.channel,
        )
        for e in world.agenda(now)
        if e.start is not None
    )


def shown(rows: list[Row]) -> list[str]:
    order = {step: place for place, step in enumerate(STEPS)}
    return [" | ".join(row) for row in sorted(rows, key=lambda row: (row[0], order[row[2]]))]


STEPS = ("hello", "thanks", "word", "meet", "invite-back", "catch-up", "check-in", "answer", "see-again")


def hosted(uid: str, start: str, who: str, minutes: int = 150, title: str = "Supper", also: tuple[str, ...] = ()) -> Ev:
    return Ev(uid, start, [who, *also], minutes, title, organizer=who, mine="ACCEPTED")


def test_sales_writes_the_next_day_proposes_after_three_and_lets_go_after_seven(tmp_path: Path) -> None:
    rows = agenda(
        tmp_path,
        '"sales"',
        "2026-04-30 20:00",
        Ev("thu", "2026-04-30T09:00", ["ida@globex.example"], title="Product demo"),
        Ev("fri", "2026-04-24T14:00", ["jon@globex.example"], minutes=60),
        Ev("fair", "2026-04-29T08:00", GUESTS[:9], minutes=240, organizer="host@fair.example", mine="ACCEPTED"),
        Ev("crowd", "2026-04-28T08:00", [f"c{n}@crowd.example" for n in range(25)]),
        me='holidays = "IE"',  # Monday 4 May is one
    )
    assert shown(rows) == [
        "host | met-the-organizer | thanks | Fri 01 May 09:00 | email",
        "ida | first-meeting | hello | Fri 01 May 09:15 | email",
        "ida | first-meeting | meet | Thu 07 May 09:00 | meeting",
        "ida | first-meeting | check-in | Mon 18 May 09:00 | email",
        "jon | first-meeting | meet | Fri 01 May 09:30 | meeting",
        "jon | first-meeting | check-in | Tue 12 May 09:00 | email",
    ]


def test_networking_follows_how_close_you_came(tmp_path: Path) -> None:
    rows = agenda(
        tmp_path,
        '"networking"',
        "2026-06-12 20:00",
        Ev("talk", "2026-06-12T09:00", ["ida@globex.example"], minutes=50),
        Ev("word", "2026-06-11T09:00", ["jon@globex.example"], minutes=15),
        hosted("table", "2026-06-10T17:00", "kit@club.example", also=("lou@club.example",)),
        Ev("round", "2026-06-10T08:00", GUESTS[:9], minutes=120, organizer="moe@forum.example", mine="ACCEPTED"),
    )
    assert shown(rows) == [
        "ida | conversation | hello | Mon 15 Jun 09:45 | email",
        "ida | conversation | meet | Fri 26 Jun 09:00 | coffee",
        "ida | conversation | check-in | Fri 24 Jul 09:00 | email",
        "jon | in-passing | hello | Mon 15 Jun 09:00 | email",
        "jon | in-passing | check-in | Thu 06 Aug 09:00 | email",
        "kit | hosted | thanks | Mon 15 Jun 10:00 | card",
        "kit | hosted | invite-back | Wed 01 Jul 09:00 | lunch",
        "lou | conversation | hello | Mon 15 Jun 09:15 | email",
        "lou | conversation | meet | Wed 24 Jun 09:00 | coffee",
        "lou | conversation | check-in | Wed 22 Jul 09:00 | email",
        "moe | met-the-organizer | thanks | Mon 15 Jun 09:30 | email",
    ]


def test_fundraising_thanks_at_once_and_takes_its_time(tmp_path: Path) -> None:
    rows = agenda(
        tmp_path,
        '"fundraising"',
        "2026-12-24 20:00",
        Ev("talk", "2026-12-24T10:00", ["ida@globex.example"], minutes=60),
        Ev("word", "2026-12-23T15:00", ["jon@globex.example"], minutes=20),
        hosted("visit", "2026-12-20T14:00", "kit@estate.example", title="Evening at the estate"),
        Ev("gala", "2026-12-22T18:00", GUESTS[:12], minutes=180, organizer="moe@gala.example", mine="ACCEPTED"),
        me='holidays = "GB-WLS"',  # 25 December and, for the Saturday after it, Monday 28
    )
    assert shown(rows) == [
        "ida | conversation | hello | Tue 29 Dec 09:45 | email",
        "ida | conversation | meet | Thu 14 Jan 09:00 | meeting",
        "ida | conversation | check-in | Thu 18 Feb 09:00 | email",
        "jon | in-passing | hello | Tue 29 Dec 09:15 | email",
        "jon | in-passing | check-in | Wed 17 Feb 09:00 | email",
        "kit | hosted | thanks | Tue 29 Dec 09:00 | card",
        "kit | hosted | invite-back | Mon 11 Jan 09:00 | lunch",
        "moe | met-the-organizer | thanks | Tue 29 Dec 09:30 | email",
    ]


def test_hiring_cares_for_candidates_and_leaves_the_rest_to_the_next_pack(tmp_path: Path) -> None:
    rows = agenda(
        tmp_path,
        '"hiring", "professional"',
        "2026-09-18 20:00",
        Ev("a", "2026-09-18T09:00", ["ida@mail.example"], title="Interview: backend engineer"),
        Ev("b", "2026-09-17T09:00", ["jon@mail.example"], title="Screening call", minutes=20),
        Ev("b2", "2026-09-24T09:00", ["jon@mail.example"], title="Interview, second round", minutes=20),
        Ev("c", "2026-09-17T13:00", ["kit@globex.example"], title="Catching up on plans"),
    )
    assert shown(rows) == [
        "ida | candidate | thanks | Mon 21 Sep 09:15 | email",
        "ida | candidate | word | Fri 25 Sep 09:00 | email",
        "ida | candidate | answer | Fri 09 Oct 09:00 | email",
        "jon | candidate | thanks | Mon 21 Sep 09:00 | email",
        "kit | first-meeting | hello | Mon 21 Sep 09:30 | email",
        "kit | first-meeting | meet | Thu 01 Oct 09:00 | coffee",
        "kit | first-meeting | check-in | Thu 29 Oct 09:00 | email",
    ]


def test_close_ties_thanks_hosts_and_helpers_and_calls_after_a_good_evening(tmp_path: Path) -> None:
    rows = agenda(
        tmp_path,
        '"close-ties", "personal"',
        "2026-10-18 21:00",
        hosted("dinner", "2026-10-17T18:00", "ida@home.example"),
        Ev("walk", "2026-10-16T15:00", ["jon@home.example"], minutes=90, title="A walk by the sea"),
        Ev(
            "hand", "2026-10-15T15:00", ["kit@home.example"], minutes=180, extra=["DESCRIPTION:moved the piano #helped"]
        ),
        Ev("chat", "2026-10-15T09:00", ["lou@home.example"], minutes=20, title="Coffee at the corner"),
        Ev("party", "2026-10-10T18:00", GUESTS[:11], minutes=240, organizer="moe@home.example", mine="ACCEPTED"),
        relationship="personal",
    )
    assert shown(rows) == [
        "ida | hosted | thanks | Mon 19 Oct 09:00 | card",
        "ida | hosted | catch-up | Sat 14 Nov 17:00 | call",
        "jon | time-together | hello | Mon 19 Oct 17:00 | message",
        "jon | time-together | catch-up | Fri 06 Nov 17:00 | call",
        "jon | time-together | see-again | Fri 04 Dec 09:00 | coffee",
        "kit | helped | thanks | Mon 19 Oct 09:15 | gift",
        "lou | first-meeting | hello | Mon 19 Oct 17:15 | message",
        "lou | first-meeting | catch-up | Thu 12 Nov 09:00 | call",
    ]
