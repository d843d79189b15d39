"""Who is one and the same human.

Addresses are linked by the user (aliases, ``people merge``) or by a contact card, and
never by a guess: an equal name is only a hint. A person is named by the first address,
in alphabetical order, of all that are linked.
"""

from __future__ import annotations

from collections.abc import Iterable

from calsync.people.addresses import canonical


class Identities:
    """The links between addresses, as a partition: each address belongs to one person."""

    def __init__(self, links: Iterable[Iterable[str]] = ()) -> None:
        self._parent: dict[str, str] = {}
        self._members: dict[str, list[str]] = {}
        for link in links:
            self._join([canonical(a) for a in link if a])
        for address in list(self._parent):
            self._members.setdefault(self._root(address), []).append(address)
        self._name = {root: min(members) for root, members in self._members.items()}

    def _root(self, address: str) -> str:
        parent = self._parent.get(address)
        if parent is None or parent == address:
            return address
        root = self._root(parent)
        self._parent[address] = root
        return root

    def _join(self, addresses: list[str]) -> None:
        for address in addresses:
            self._parent.setdefault(address, address)
        for address in addresses[1:]:
            self._parent[self._root(address)] = self._root(addresses[0])

    def person(self, address: str) -> str:
        """Return the person behind an address (any spelling)."""
        return self.of(canonical(address))

    def of(self, canonical_address: str) -> str:
        """As :meth:`person`, for an address that is canonical already."""
        if canonical_address not in self._parent:
            return canonical_address
        return self._name[self._root(canonical_address)]

    def addresses(self, person: str) -> tuple[str, ...]:
        """Return all canonical addresses linked with one, itself included, sorted."""
        if person not in self._parent:
            return (person,)
        return tuple(sorted(self._members[self._root(person)]))
