"""What a WebDAV server answers about many things at once: 207 Multi-Status (RFC 4918 §13).

Servers differ in prefixes, in how they write an address, in whether they mention what they do
not know. Nothing here depends on any of that.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit
from xml.etree import ElementTree

D = "{DAV:}"
C = "{urn:ietf:params:xml:ns:caldav}"
CS = "{http://calendarserver.org/ns/}"


class CutShort(ValueError):
    """An answer that is no whole XML document."""


class Resource(NamedTuple):
    """One thing on the server: its address, absolute and in one spelling; the properties that it
    has, by their names with namespaces; the status of the thing itself; and its address as the
    server wrote it."""

    url: str
    properties: dict[str, ElementTree.Element]
    status: int = 200
    href: str = ""

    def text(self, name: str) -> str:
        found = self.properties.get(name)
        return (found.text or "").strip() if found is not None else ""

    def link(self, name: str) -> str:
        """The first address in a property, absolute; empty if there is none."""
        links = self.links(name)
        return links[0] if links else ""

    def links(self, name: str) -> list[str]:
        found = self.properties.get(name)
        if found is None:
            return []
        return [absolute(self.url, each.text) for each in found.iter(f"{D}href") if each.text]

    def kinds(self) -> set[str]:
        found = self.properties.get(f"{D}resourcetype")
        return {each.tag for each in found} if found is not None else set()


def resources(content: bytes, base: str) -> list[Resource]:
    """The things that a multi-status answer to a request at ``base`` tells of, in its order.

    Raises CutShort where the answer is not whole.
    """
    try:
        root = ElementTree.fromstring(content)
    except ElementTree.ParseError as error:
        raise CutShort(str(error)) from error
    if root.tag != f"{D}multistatus":
        raise CutShort("no multistatus")
    found = []
    for response in root.iter(f"{D}response"):
        link = response.findtext(f"{D}href")
        if not link:
            continue
        properties: dict[str, ElementTree.Element] = {}
        for part in response.iter(f"{D}propstat"):
            if _code(part.findtext(f"{D}status")) == 200:
                properties.update((each.tag, each) for prop in part.iter(f"{D}prop") for each in prop)
        found.append(Resource(absolute(base, link), properties, _code(response.findtext(f"{D}status")), link.strip()))
    return found


def token_of(content: bytes) -> str:
    """The token that a multi-status answer gives out for the next time (RFC 6578 §6.4); empty if none."""
    try:
        return (ElementTree.fromstring(content).findtext(f"{D}sync-token") or "").strip()
    except ElementTree.ParseError as error:
        raise CutShort(str(error)) from error


def absolute(base: str, link: str) -> str:
    """An address in one spelling, whichever of them a server chose: some write ``@`` and some
    ``%40``, some give the path alone."""
    parts = urlsplit(urljoin(base, link.strip()))
    path = quote(unquote(parts.path), safe="/~!$&'()*+,;=:@")
    return parts._replace(path=path, netloc=parts.netloc.rpartition("@")[2].lower(), query="", fragment="").geturl()


def _code(status: str | None) -> int:
    words = (status or "").split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else 200
