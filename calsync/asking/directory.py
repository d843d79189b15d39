"""Everybody the ledger knows, and what the user may say of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any
from zoneinfo import available_timezones

from calsync.asking.finding import Found
from calsync.cadence import TIERS
from calsync.errors import UsageError
from calsync.ledger import promises, who
from calsync.ledger.ledger import moment, seconds
from calsync.ledger.who import describe
from calsync.night.desk import Desk
from calsync.people.addresses import canonical
from calsync.people.phones import dialled
from calsync.timing.spans import Span

_CHOICES = ("tier", "every")


@dataclass(frozen=True)
class Known:
    """One person of the ledger. ``met`` is when the latest meeting with them that is over began,
    ``next`` when the next one does; ``said`` what the user said of them."""

    person: str
    name: str
    addresses: tuple[str, ...]
    met: datetime | None
    next: datetime | None
    followups: int
    said: dict[str, str]

    @property
    def called(self) -> str:
        return self.name or self.addresses[0]

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "emails": list(self.addresses),
            "last_met": self.met.isoformat(timespec="seconds") if self.met else None,
            "next_meeting": self.next.isoformat(timespec="seconds") if self.next else None,
            "open_followups": self.followups,
            **{key: value for key, value in sorted(self.said.items()) if key != "name"},
        }


def everybody(desk: Desk) -> list[Known]:
    """Return all people who count somewhere, or of whom the user said something, the one met last first."""
    people: dict[str, list[str]] = {}
    rows = desk.ledger.rows(
        "SELECT DISTINCT canonical FROM address a WHERE EXISTS"
        " (SELECT 1 FROM attendance t WHERE t.address = a.id AND t.counts)"
    )
    for own in {row[0] for row in rows} | desk.said.keys():
        people.setdefault(desk.circle.identities.of(own), []).append(own)
    return _known(desk, people)


def _known(desk: Desk, people: Iterable[str]) -> list[Known]:
    people = sorted(people)
    times = _times(desk)
    described = describe(desk.ledger, desk.circle.identities, people)
    opened: dict[str, int] = {}
    for row in promises.followups(desk.ledger, "state IN ('provisional', 'planned', 'written')"):
        person = desk.person(row.address)
        opened[person] = opened.get(person, 0) + 1
    found = []
    for person in people:
        own = desk.circle.identities.addresses(person)
        name, addresses = described[person]
        met = max((t[0] for a in own if (t := times.get(a)) and t[0]), default=None)
        ahead = min((t[1] for a in own if (t := times.get(a)) and t[1]), default=None)
        said: dict[str, str] = {}
        for address in own:
            said |= desk.said.get(address, {})
        found.append(Known(person, name, addresses, _at(desk, met), _at(desk, ahead), opened.get(person, 0), said))
    long_ago = desk.now.replace(year=1)
    found.sort(key=lambda each: each.called.casefold())
    found.sort(key=lambda each: each.met or each.next or long_ago, reverse=True)
    return found


def _at(desk: Desk, at: int | None) -> datetime | None:
    told = moment(at)
    return told.astimezone(desk.zone) if told else None


def _times(desk: Desk) -> dict[str, tuple[int | None, int | None]]:
    """Return for each address when it was met last and when it is met next, single events and the
    ends of series alone: close enough for a list."""
    now = seconds(desk.now)
    return {
        own: (met, ahead)
        for own, met, ahead in desk.ledger.rows(
            "SELECT a.canonical, max(CASE WHEN e.starts <= ?1 THEN CASE WHEN e.recurrence_id = '' AND"
            " (e.ends IS NULL OR e.ends > ?1) AND e.introduces IS NOT NULL AND e.introduces < ?1"
            " THEN e.introduces ELSE min(e.starts, ?1) END END),"
            " min(CASE WHEN e.starts > ?1 AND e.gone IS NULL THEN e.starts END) FROM address a"
            " JOIN attendance t ON t.address = a.id AND t.counts"
            " JOIN event e ON e.id = t.event GROUP BY a.canonical",
            now,
        )
    }


def set_words(desk: Desk, person: str, words: dict[str, str | None]) -> dict[str, str | None]:
    """Keep what the user says of a person, and return it as it is kept. Raises UsageError for an
    impossible value."""
    kept = {key: checked(key, value) for key, value in words.items()}
    addresses = desk.circle.identities.addresses(desk.person(person))
    at = chosen_at(desk, addresses)
    with desk.ledger.atomic():
        for key, value in kept.items():
            for address in addresses:
                who.say(desk.ledger, address, key, None)
            if value is not None:
                who.say(desk.ledger, addresses[0], key, value, at if key in _CHOICES else desk.now)
    return kept


def chosen_at(desk: Desk, addresses: Iterable[str]) -> datetime:
    """When the user chose to keep in touch: to say it otherwise later does not begin it anew."""
    known = who.said_at(desk.ledger, _CHOICES)
    said = [known[address, key] for address in addresses for key in _CHOICES if (address, key) in known]
    return (moment(min(said)) if said else None) or desk.now


def checked(key: str, value: str | None) -> str | None:
    """Return what the user says of a person in the form in which it is kept. Raises UsageError for an
    impossible value."""
    if value is None:
        return None
    if key == "tier":
        if value.upper() not in TIERS:
            raise UsageError(f"{value!r} is no tier", "The tiers are A, B, C and D; none takes it away.")
        return value.upper()
    if key == "every":
        try:
            span = Span.parse(value)
        except ValueError as error:
            raise UsageError(f"{value!r} is no span: {error}", 'Say it like "60 days" or "3 months".') from None
        if span.amount < 1 or span.unit in ("minutes", "hours"):
            raise UsageError(f"{value!r} is too often", 'The least is a day; say it like "60 days".')
        return str(span)
    if key == "phone":
        try:
            return dialled(value)
        except ValueError as error:
            raise UsageError(str(error), "Begin with + and the country code, so that it works from anywhere.") from None
    if key == "timezone" and value not in available_timezones():
        from calsync.toml_problems import nearest

        hint = nearest(value, available_timezones())
        raise UsageError(f"{value!r} is no time zone{hint}", 'Zones are named like "America/New_York".')
    return value


def merge(desk: Desk, one: Found, other: Found) -> None:
    """Say that two people are one."""
    if one.person == other.person:
        raise UsageError(f"{one.called} and {other.called} are one person already")
    with desk.ledger.atomic():
        who.link(desk.ledger, one.person, other.person, same=True)


def split(desk: Desk, found: Found, address: str | None) -> list[str]:
    """Take merged addresses apart, one of them or all, for good; return those that stand alone now.

    Raises UsageError where the link is not calsync's to undo.
    """
    own = [canonical(address)] if address else list(desk.circle.identities.addresses(found.person))
    if address and own[0] not in desk.circle.identities.addresses(found.person):
        raise UsageError(f"{address} is no address of {found.called}")
    with desk.ledger.atomic():
        undone = sum(who.unlink(desk.ledger, each) for each in own)
        if not undone:
            linked = len(desk.circle.identities.addresses(found.person)) > 1
            raise UsageError(
                f"{found.called} was not merged with calsync people merge",
                "Their addresses are linked by aliases in the config or by a contact card." if linked else "",
            )
        # Who takes two people apart has said that they are two: duplicates need not ask that again.
        everybody_in = desk.circle.identities.addresses(found.person)
        for one, other in combinations(everybody_in, 2):
            if one in own or other in own:
                who.link(desk.ledger, one, other, same=False)
    return own


def duplicates(desk: Desk) -> list[tuple[Found, Found]]:
    """Return pairs of people with one full name and different addresses that the user was not asked about."""
    by_name: dict[str, set[str]] = {}
    for own, name in desk.ledger.rows(
        "SELECT canonical, name FROM address a WHERE name LIKE '% %' AND EXISTS"
        " (SELECT 1 FROM attendance t WHERE t.address = a.id AND t.counts)"
    ):
        by_name.setdefault(who.fold(name), set()).add(desk.circle.identities.of(own))
    apart = who.distinct(desk.ledger)
    pairs = [
        (one, other)
        for people in by_name.values()
        for one in sorted(people)
        for other in sorted(people)
        if one < other and (one, other) not in apart
    ]
    described = describe(desk.ledger, desk.circle.identities, {p for pair in pairs for p in pair})
    return [(Found(a, *described[a]), Found(b, *described[b])) for a, b in sorted(pairs)]


def keep_apart(desk: Desk, one: Found, other: Found) -> None:
    """Say that two people of one name are two."""
    with desk.ledger.atomic():
        who.link(desk.ledger, one.person, other.person, same=False)


def forget(desk: Desk, found: Found) -> int:
    """Erase what calsync keeps of a person: follow-ups with their history, words, links and name.

    Their meetings stay in the calendar and will be read again, so they are ignored from then on.
    Returns how many follow-ups were erased.
    """
    addresses = desk.circle.identities.addresses(found.person)
    rows = [row for row in promises.followups(desk.ledger) if desk.person(row.address) == found.person]
    with desk.ledger.atomic() as db:
        for row in rows:
            db.execute("DELETE FROM change WHERE followup = ?", (row.id,))
            db.execute("DELETE FROM followup WHERE id = ?", (row.id,))
            if row.reminder and not desk.ledger.value("SELECT 1 FROM followup WHERE reminder = ?", row.reminder):
                db.execute("DELETE FROM reminder WHERE id = ?", (row.reminder,))
                db.execute("DELETE FROM mark WHERE reminder = ?", (row.reminder,))
        for address in addresses:
            who.unlink(desk.ledger, address)
            db.execute("DELETE FROM link WHERE one = ?1 OR other = ?1", (address,))
            db.execute("DELETE FROM person WHERE address = ?", (address,))
            db.execute("DELETE FROM facts WHERE address = ?", (address,))
            db.execute("UPDATE address SET name = '' WHERE canonical = ?", (address,))
            who.say(desk.ledger, address, "ignored", "yes")
    return len(rows)
