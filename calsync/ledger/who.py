"""What the user said of people: links, tiers, zones, whom to stop, ignore or let in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from calsync.ledger.ledger import Ledger, seconds
from calsync.people.addresses import canonical
from calsync.people.identity import Identities

KEYS = ("tier", "every", "timezone", "stopped", "ignored", "human", "accepted", "name", "phone", "known")


def links(ledger: Ledger) -> list[tuple[str, str]]:
    """Return the pairs of addresses that the user said are one person."""
    return [(one, other) for one, other in ledger.rows("SELECT one, other FROM link WHERE same ORDER BY one, other")]


def distinct(ledger: Ledger) -> set[tuple[str, str]]:
    """Return the pairs of addresses that the user said are two people."""
    return {(one, other) for one, other in ledger.rows("SELECT one, other FROM link WHERE NOT same")}


def link(ledger: Ledger, one: str, other: str, *, same: bool) -> None:
    first, second = sorted((canonical(one), canonical(other)))
    ledger.connection.execute("INSERT OR REPLACE INTO link VALUES (?, ?, ?)", (first, second, int(same)))


def unlink(ledger: Ledger, address: str) -> int:
    """Take an address out of all merges. Returns how many links that undid."""
    own = canonical(address)
    return ledger.connection.execute("DELETE FROM link WHERE same AND (one = ?1 OR other = ?1)", (own,)).rowcount


def said(ledger: Ledger) -> dict[str, dict[str, str]]:
    """Return all that the user said, by canonical address and key."""
    found: dict[str, dict[str, str]] = {}
    for address, key, value in ledger.rows("SELECT address, key, value FROM person"):
        found.setdefault(address, {})[key] = value
    return found


def said_at(ledger: Ledger, keys: Iterable[str]) -> dict[tuple[str, str], int]:
    """Return when the user said words of these keys (epoch seconds), by canonical address and key;
    those are left out of which the ledger does not know it."""
    wanted = list(keys)
    query = "SELECT address, key, said FROM person WHERE said IS NOT NULL AND key IN (SELECT value FROM json_each(?))"
    return {(address, key): at for address, key, at in ledger.in_list(query, wanted)}


def say(ledger: Ledger, address: str, key: str, value: str | None, at: datetime | None = None) -> None:
    """Keep a word about an address, with the time at which it was said; None takes it back."""
    own = canonical(address)
    if value is None:
        ledger.connection.execute("DELETE FROM person WHERE address = ? AND key = ?", (own, key))
    else:
        ledger.connection.execute(
            "INSERT OR REPLACE INTO person (address, key, value, said) VALUES (?, ?, ?, ?)",
            (own, key, value, None if at is None else seconds(at)),
        )


def accept_meetings(ledger: Ledger, uids: Iterable[str]) -> None:
    ledger.connection.executemany("INSERT OR IGNORE INTO accepted VALUES (?)", [(uid,) for uid in uids])


def accepted_meetings(ledger: Ledger) -> frozenset[str]:
    return frozenset(uid for (uid,) in ledger.rows("SELECT uid FROM accepted"))


def namesakes(ledger: Ledger, names: Iterable[str]) -> dict[str, set[str]]:
    """Return for each full name, folded, the canonical addresses that go by it."""
    wanted = {folded for name in names if " " in (folded := fold(name))}
    if not wanted:
        return {}
    found: dict[str, set[str]] = {}
    for own, name in ledger.rows("SELECT canonical, name FROM address WHERE name LIKE '% %'"):
        if (folded := fold(name)) in wanted:
            found.setdefault(folded, set()).add(own)
    return found


def fold(name: str) -> str:
    """Return a name for comparison: "Lovelace, Ada" and "ada lovelace" are equal."""
    family, comma, given = (part.strip() for part in name.partition(","))
    plain = f"{given} {family}" if comma and given and "," not in given else name
    return " ".join(plain.casefold().split())


def spellings(ledger: Ledger, persons: Iterable[str]) -> dict[str, list[tuple[str, str, int]]]:
    """Return for canonical addresses their spellings, each with its name and when it was used last
    (epoch seconds), the latest first."""
    query = (
        "SELECT canonical, address, name, coalesce(used, 0) AS used FROM address"
        " WHERE canonical IN (SELECT value FROM json_each(?)) ORDER BY used DESC, address"
    )
    found: dict[str, list[tuple[str, str, int]]] = {}
    for own, address, name, used in ledger.in_list(query, sorted({canonical(p) for p in persons})):
        found.setdefault(own, []).append((address, name, used))
    return found


def described(
    own: Iterable[str],
    spelled: dict[str, list[tuple[str, str, int]]],
    said: dict[str, dict[str, str]],
) -> tuple[str, tuple[str, ...]]:
    """The name and addresses of a person, the address used last first."""
    own = list(own)
    pairs = sorted((p for address in own for p in spelled.get(address, ())), key=lambda p: (-p[2], p[0]))
    given = [words["name"] for a in own if "name" in (words := said.get(a, {}))]
    name = next(iter([*given, *(name for _, name, _ in pairs if name)]), "")
    unseen = [address for address in own if address not in spelled]
    return name, tuple(dict.fromkeys([*(address for address, _, _ in pairs), *unseen]))


def describe(ledger: Ledger, identities: Identities, people: Iterable[str]) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Return the name and the addresses of people, the address used last first."""
    linked = {person: identities.addresses(person) for person in people}
    spelled = spellings(ledger, (address for own in linked.values() for address in own))
    words = said(ledger)
    return {person: described(own, spelled, words) for person, own in linked.items()}
