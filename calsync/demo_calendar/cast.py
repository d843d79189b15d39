"""The people of the sample calendar, all invented."""

from __future__ import annotations

from calsync.model import Answer, Attendee


def guest(name: str, domain: str, answer: Answer = Answer.ACCEPTED, local: str = "") -> Attendee:
    """Somebody at ``domain``; the first name is the mailbox unless ``local`` says otherwise."""
    return Attendee(f"{local or name.split()[0].lower()}@{domain}", name, answer)


ME = guest("Sam Lee", "northwind.example")
ME_AT_HOME = guest("Sam Lee", "lee.example")

# Colleagues, and what an office has.
MAYA = guest("Maya Lindqvist", "northwind.example")
BEN = guest("Ben Hartley", "northwind.example")
CHIDI = guest("Chidi Okafor", "northwind.example")
FREYA = guest("Freya Holm", "northwind.example")
ROOM = Attendee("room-thames@northwind.example", "Room Thames (8)", Answer.ACCEPTED, "room")
PROJECTOR = Attendee("c_18tide@resource.calendar.google.com", "Projector 2", Answer.ACCEPTED, "resource")

# Customers with a standing meeting.
BRIGHTWATER = (
    guest("Dev Chandra", "brightwater.example"),
    guest("Łucja Zielińska", "brightwater.example", local="lucja"),
    guest("Owen Price", "brightwater.example", Answer.TENTATIVE),
)
ROSA = guest("Rosa Delgado", "hudsonbay.example")
KENJI = guest("Kenji Watanabe", "sakuraworks.example")

# Friends.
AMARA = guest("Amara Nwosu", "nwosu.example")
LEO = guest("Leo Marchetti", "marchetti.example")
IFEOMA = guest("Ifeoma Eze", "eze.example", Answer.NONE)
GRETA = guest("Greta Vogel", "vogelfrei.example")
MARGARET = guest("Margaret Osei", "tidewell.example")

# Met at work over the last year; none of them may pass for new.
ACQUAINTANCES = (
    MARGARET,
    GRETA,
    guest("Anouk Visser", "polderlicht.example"),
    guest("Rafael Teixeira", "maresia.example"),
    guest("Ingrid Solberg", "fjordline.example"),
    guest("Tariq Aziz", "minaret.example"),
    guest("Chloé Dubois", "atelierdubois.example", local="chloe"),
    guest("Viktor Hristov", "balkanika.example"),
    guest("Mei Chen", "jadebridge.example"),
    guest("Samuel Adeyemi", "lagoonlabs.example"),
    guest("Elif Kaya", "bosphorus.example"),
    guest("Patrick Byrne", "shannonside.example"),
    guest("Lena Brandt", "nordlicht.example"),
    guest("Arjun Mehta", "monsoon.example"),
    guest("Sofia Rossi", "cantiere.example"),
    guest("Noah Cohen", "carmelworks.example"),
    guest("Zoë Papadaki", "aegea.example", local="zoe"),
    guest("Hugo Lefèvre", "rivegauche.example"),
    guest("Amina Diallo", "teranga.example"),
    guest("Erik Nyberg", "malmstrom.example"),
    guest("Paula Reyes", "altiplano.example"),
    guest("Daniel Kovač", "velebit.example"),
    guest("Grace Kim", "hanriver.example"),
    guest("Fergus Munro", "cairngorm.example"),
)
