"""Events as compact text, and back.

Fifty thousand events with all their guests must fit into a file that can be copied as
one blob, so names and zones are kept once and pointed to by number.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo
from typing import Any

from calsync.ledger.ledger import Ledger, seconds
from calsync.model import Answer, Attendee, Event, Recurrence
from calsync.people.addresses import canonical
from calsync.timing.zones import tzinfo as zone_of

_ANSWERS = (Answer.NONE, Answer.ACCEPTED, Answer.TENTATIVE, Answer.DECLINED, Answer.DELEGATED)
_ANSWER_CODE = {answer: code for code, answer in enumerate(_ANSWERS)}
_KINDS = ("individual", "group", "resource", "room", "unknown")
_KIND_CODE = {kind: code for code, kind in enumerate(_KINDS)}
_REMEMBERED = 50_000
_ALL_DAY, _ONLINE, _CANCELLED, _OPAQUE, _PRIVATE, _OMITTED, _ZONED = 1, 2, 4, 8, 16, 32, 64


_quoted = json.encoder.encode_basestring_ascii
_dumps = json.JSONEncoder(separators=(",", ":")).encode


def may_repeat(text: str) -> bool:
    """Whether an event is a series, as far as a glance at its text can tell; never wrongly no."""
    return text.endswith("]]")


def named_in(text: str) -> set[int]:
    """The numbers of the addresses that an event's text names."""
    fields = json.loads(text)
    guests = {guest >> 6 for guest in (fields[6] if len(fields) > 6 else None) or () if isinstance(guest, int)}
    return guests | ({fields[5]} if len(fields) > 5 and isinstance(fields[5], int) else set())


def _repeat_text(recurrence: Recurrence) -> str:
    return _dumps(
        [
            recurrence.rules,
            [seconds(date) for date in recurrence.dates],
            [seconds(date) for date in recurrence.excluded],
            [[seconds(start), seconds(end)] for start, end in recurrence.periods],
        ]
    )


def _zone_name(event: Event) -> str:
    return event.zone or getattr(event.start.tzinfo, "key", None) or "UTC"


class Codec:
    """Translates between events and the ledger's text, through the address and zone tables."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._ids: dict[str, int] = {}
        self._people: dict[int, tuple[str, str]] = {}
        self._all_loaded = False
        self.names: dict[int, str] = {}
        self._guests: dict[Attendee, str] = {}
        self._zones: dict[str, int] = {name: id_ for id_, name in ledger.rows("SELECT id, name FROM zone")}
        self._zone_names: dict[int, str] = {id_: name for name, id_ in self._zones.items()}
        self._tz: dict[int, tzinfo] = {}

    def load_addresses(self) -> None:
        """Read all addresses at once, for work that touches most of them."""
        for id_, address, name in self._ledger.rows("SELECT id, address, name FROM address"):
            self._ids[address] = id_
            self._people[id_] = (address, name)
        self._all_loaded = True

    def address_id(self, attendee: Attendee) -> int:
        """Return the number of an address, giving it one when it is new; its latest name is kept."""
        address, name, _, _ = attendee
        id_ = self._ids.get(address)
        if id_ is None:
            found: tuple[int, str] | None = None
            if not self._all_loaded:
                found = self._ledger.connection.execute(
                    "SELECT id, name FROM address WHERE address = ?", (address,)
                ).fetchone()
            if found is None:
                cursor = self._ledger.connection.execute(
                    "INSERT INTO address (address, canonical, name) VALUES (?, ?, ?)",
                    (address, canonical(address), name),
                )
                found = (cursor.lastrowid or 0, name)
            id_ = self._ids[address] = found[0]
            self._people[id_] = (address, found[1])
        if name and self._people[id_][1] != name and name.lower() != address:
            self._people[id_] = (address, name)
            self.names[id_] = name
        return id_

    def encode(self, event: Event, starts: int, ends: int) -> str:
        """Return an event as text (JSON). All that it names have a number afterwards. ``starts`` and
        ``ends`` are its start and end in epoch seconds."""
        flags = (
            event.all_day * _ALL_DAY
            + event.online * _ONLINE
            + event.cancelled * _CANCELLED
            + event.opaque * _OPAQUE
            + event.private * _PRIVATE
            + event.attendees_omitted * _OMITTED
            + bool(event.zone) * _ZONED
        )
        known = self._guests
        guests = ",".join([known.get(guest) or self._guest_text(guest) for guest in event.attendees])
        host = event.organizer
        organizer = "null"
        if host is not None:
            organizer = str(self.address_id(host)) if host.address else _dumps([host.name])
        created = seconds(event.created) if event.created else 0
        repeat = f",{_repeat_text(event.recurrence)}" if event.recurrence is not None else ""
        return (
            f"[{starts},{ends},{self._zone_id(_zone_name(event))},{flags},{_quoted(event.title)},{organizer},[{guests}],"
            f"{_quoted(event.place)},{_quoted(event.url)},{_dumps(event.tags) if event.tags else 0},"
            f"{0 if event.kind == 'default' else _quoted(event.kind)},{created}{repeat}]"
        )

    def number(self, address: str) -> int:
        """The number of an address that was given one before."""
        return self._ids[address]

    def _guest_text(self, guest: Attendee) -> str:
        code = _ANSWER_CODE[guest.answer] * 8 + _KIND_CODE.get(guest.kind, 4)
        if not guest.address:
            return _dumps([guest.name, code])
        text = str(self.address_id(guest) * 64 + code)
        if len(self._guests) < _REMEMBERED:
            self._guests[guest] = text
        return text

    def decode(self, rows: Iterable[tuple[str, str, str]], *, with_people: bool = True) -> list[Event]:
        """Return events from (uid, recurrence id, text), for those who need their times alone
        without the people in them."""
        parsed = [(uid, rid, json.loads(text)) for uid, rid, text in rows]
        if not with_people:
            return [self._event(uid, rid, [*fields[:5], None, None, *fields[7:]]) for uid, rid, fields in parsed]
        wanted: set[int] = set()
        for _, _, fields in parsed:
            if len(fields) > 5 and isinstance(fields[5], int):
                wanted.add(fields[5])
            if len(fields) > 6:
                wanted.update(guest >> 6 for guest in fields[6] if isinstance(guest, int))
        missing = [id_ for id_ in wanted if id_ not in self._people]
        if missing:
            query = "SELECT id, address, name FROM address WHERE id IN (SELECT value FROM json_each(?))"
            for id_, address, name in self._ledger.in_list(query, missing):
                self._people[id_] = (address, name)
        return [self._event(uid, rid, fields) for uid, rid, fields in parsed]

    def _event(self, uid: str, rid: str, fields: list[Any]) -> Event:
        fields = fields + [None] * (13 - len(fields))
        start, end, zone_id, flags, title, host, guests, place, url, tags, kind, created, repeat = fields
        tz = self._tzinfo(zone_id)

        def at(value: int) -> datetime:
            return datetime.fromtimestamp(value, tz)

        organizer = None
        if isinstance(host, int):
            organizer = Attendee(*self._people[host])
        elif isinstance(host, list):
            organizer = Attendee("", *host)
        recurrence = None
        if repeat:
            rules, dates, excluded, periods = repeat
            recurrence = Recurrence(
                tuple(rules),
                tuple(map(at, dates)),
                tuple(map(at, excluded)),
                tuple((at(a), at(b)) for a, b in periods),
            )
        return Event(
            uid,
            rid,
            at(start),
            at(end),
            bool(flags & _ALL_DAY),
            str(title or ""),
            str(place or ""),
            str(url or ""),
            bool(flags & _ONLINE),
            bool(flags & _CANCELLED),
            bool(flags & _OPAQUE),
            bool(flags & _PRIVATE),
            tuple(tags or ()),
            organizer,
            tuple(map(self._guest, guests or ())),
            bool(flags & _OMITTED),
            str(kind or "default"),
            self._zone_names[zone_id] if flags & _ZONED else "",
            datetime.fromtimestamp(created, UTC) if created else None,
            recurrence,
        )

    def _guest(self, guest: int | list[Any]) -> Attendee:
        if isinstance(guest, int):
            code = guest & 63
            address, name = self._people[guest >> 6]
        else:
            address, name, code = "", str(guest[0]), int(guest[1])
        return Attendee(address, name, _ANSWERS[code >> 3], _KINDS[code & 7])

    def _zone_id(self, name: str) -> int:
        id_ = self._zones.get(name)
        if id_ is None:
            cursor = self._ledger.connection.execute("INSERT INTO zone (name) VALUES (?)", (name,))
            id_ = self._zones[name] = int(cursor.lastrowid or 0)
            self._zone_names[id_] = name
        return id_

    def _tzinfo(self, zone_id: int) -> tzinfo:
        tz = self._tz.get(zone_id)
        if tz is None:
            name = self._zone_names[zone_id]
            tz = self._tz[zone_id] = UTC if name == "UTC" else zone_of(name)
        return tz
