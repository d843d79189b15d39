"""The sample's last and coming working days: who is new, who only looks it, and which hours
are taken. All offsets are working days, so that the story holds whatever day it is told on."""

from __future__ import annotations

from calsync.demo_calendar.cast import (
    ACQUAINTANCES,
    BEN,
    BRIGHTWATER,
    FREYA,
    MARGARET,
    MAYA,
    PROJECTOR,
    ROOM,
    guest,
)
from calsync.demo_calendar.days import BERLIN, NEW_YORK, Days, at
from calsync.demo_calendar.writing import CalendarText, online
from calsync.model import Answer, Attendee

_HANNAH = guest("Hannah Fischer", "kranich.example")
_FOCUS = "Focus: Larkspur model"


def write_last_days(work: CalendarText, days: Days) -> None:
    """First meetings, one met again since, refusals, a webinar, a vendor to forget."""
    _introductions(work, days)
    _look_alikes(work, days)


def _introductions(work: CalendarText, days: Days) -> None:
    yesterday, before = days.working(-1), days.working(-2)
    ines = guest("Ines Carvalho", "lumenpay.example")
    about = "Ines is building a payments team in Lisbon and asked for references.\n#followup"
    title, call = "Intro: Ines Carvalho (Lumenpay)", online("ines")
    work.add("ines", title, at(yesterday, 11, 30), 30, [ines], organizer=ines, about=about, lines=call)

    priya = guest("Priya Raman", "fieldnotes.example")
    silent = [
        guest(name, "fieldnotes.example", Answer.NONE)
        for name in ("Oskar Blom", "Talia Benady", "Jun Park", "Wanda Kruger")
    ]
    table = [priya, MAYA, *ACQUAINTANCES[3:6], *silent]
    title, where = "Fieldnotes conference: speakers' dinner", ["LOCATION:The Copper Kettle\\, 4 Quay Street"]
    work.add("dinner", title, at(yesterday, 19), 150, table, organizer=priya, lines=where)

    client = [guest("Tomasz Wilk", "larkspur.example"), guest("Sanna Virtanen", "larkspur.example")]
    title, about = "Kick-off: Larkspur (pricing study)", "Scope, people, dates; then a look at the data."
    work.add("larkspur", title, at(before, 11, 30), 60, [*client, MAYA, ROOM, PROJECTOR], about=about)

    title, start = "Hannah / Sam: getting acquainted", at(days.working(-4), 14, zone=BERLIN)
    work.add("hannah-1", title, start, 45, [_HANNAH], organizer=_HANNAH)

    mateo = guest("Mateo Ibarra", "puntonorte.example")
    work.add("mateo-1", "Coffee with Mateo Ibarra", at(days.working(-6), 11, 30), 45, [mateo])
    work.add("mateo-2", "Mateo: the draft", at(days.working(-3), 16), 30, [mateo], organizer=mateo)


def _look_alikes(work: CalendarText, days: Days) -> None:
    """Meetings that introduce nobody, each for another reason."""
    again = MARGARET._replace(address="Margaret+calendar@Tidewell.example")
    third = days.working(-3)
    work.add("margaret", "Margaret Osei: renewal", at(third, 13), 45, [again, BEN], organizer=again)

    todd = guest("Todd Barlow", "copierland.example")
    about, start = "Only to compare prices. #nofollowup", at(days.working(-4), 16)
    work.add("vendor", "Demo: copier leasing", start, 30, [todd], organizer=todd, about=about)

    bruno, start = guest("Bruno Sala", "vertigo.example"), at(days.working(-5), 11, 30)
    work.add("growth", "Growth workshop", start, 60, [bruno], organizer=bruno, mine=Answer.DECLINED)

    hall = guest("Harbour Hall", "harbourhall.example", local="info")
    start = at(days.working(-5), 13)
    work.add("hall", "Venue visit: Harbour Hall", start, 60, [hall, FREYA], organizer=hall)

    host = guest("Claudia Renner", "skillcast.example")
    audience = [
        guest(f"{first} {last}", "skillcast.example", local=f"{first}.{last}".lower())
        for first in (
            "Ada",
            "Bo",
            "Cleo",
            "Dario",
            "Esme",
            "Finn",
            "Gita",
            "Hal",
            "Iris",
            "Joel",
            "Kaja",
            "Lars",
        )
        for last in ("Abbott", "Brandao", "Castle", "Dorn", "Eklund")
    ]
    title, start, call = "Webinar: procurement law in an hour", at(days.working(-6), 16), online("webinar")
    work.add("webinar", title, start, 60, [host, *audience[1:]], organizer=host, lines=call)

    petra = guest("Petra Novak", "fieldnotes.example")
    free, day = ["TRANSP:TRANSPARENT"], days.working(-1)
    work.add("conference", "Fieldnotes conference", day, 24 * 60, [petra], organizer=petra, lines=free)


def write_coming_days(work: CalendarText, days: Days) -> None:
    """First meetings to come, one invitation without an answer, and time that is not free."""
    for offset in (1, 2, 4):
        work.add(f"focus-{offset}", _FOCUS, at(days.working(offset), 9, 30), 90)
    clinic = ["CLASS:PRIVATE", "LOCATION:Riverside Clinic"]
    work.add("physio", "Physiotherapy", at(days.working(1), 13), 45, lines=clinic)
    out = ["X-MICROSOFT-CDO-BUSYSTATUS:OOF", "TRANSP:OPAQUE"]
    work.add("train", "Out of office: on the train to Leeds", at(days.working(2), 13), 270, lines=out)

    kwame = guest("Kwame Asante", "adomi.example")
    robot = Attendee("notifications@calendly.com", "Calendly")
    title, start, call = "Kwame Asante and Sam Lee", at(days.working(3), 12, zone=NEW_YORK), online("kwame")
    work.add("kwame", title, start, 30, [kwame], organizer=robot, about="Booked by Kwame Asante.", lines=call)

    title, start = "Hannah / Sam: second look", at(days.working(4), 12, 30, BERLIN)
    work.add("hannah-2", title, start, 45, [_HANNAH], organizer=_HANNAH)

    ravi = guest("Ravi Pillai", "brightwater.example", Answer.DECLINED)
    fifth = days.working(5)
    work.add("access", "Brightwater: data access", at(fifth, 11, 30), 45, [BRIGHTWATER[0], ravi])

    leila = guest("Leila Haddad", "qasr.example")
    title = "Could we talk about an audit?"
    work.add("audit", title, at(fifth, 13), 30, [leila], organizer=leila, mine=Answer.NONE)

    old = ACQUAINTANCES[7]
    title, start = f"Catch-up with {old.name}", at(days.working(6), 13)
    work.add("old", title, start, 60, [old], lines=["CLASS:PRIVATE"])
