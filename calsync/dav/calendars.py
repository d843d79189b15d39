"""The calendars of an account, from whatever address the user had at hand.

People copy the address of a server, of their principal (RFC 3744 §2), of the home of their
calendars (RFC 4791 §6.2.1) or of one calendar; all of them lead to the same place.
"""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from calsync.dav.answers import CS, C, D, Resource, absolute
from calsync.dav.refusals import DavError, lasting
from calsync.dav.server import Server
from calsync.errors import SignInError

_ABOUT = (
    "<d:resourcetype/><d:displayname/><d:sync-token/><cs:getctag/>"
    "<c:calendar-home-set/><c:calendar-description/><c:supported-calendar-component-set/>"
    "<d:current-user-privilege-set/>"
)
_WRITING = frozenset(f"{D}{name}" for name in ("all", "write", "write-content", "bind"))
_NO_DAV_HERE = frozenset((200, 301, 302, 303, 307, 308, 400, 403, 404, 405, 410, 415, 501))


class Calendar(NamedTuple):
    """``tag`` changes whenever something in it does, and ``token`` is one to be told the difference by
    (RFC 6578); empty where the server has no such thing. ``holds`` names its kinds of components
    (VEVENT, VTODO); empty where the server tells none.
    ``writable`` is false only where the server says so."""

    url: str
    name: str
    tag: str
    holds: frozenset[str]
    description: str = ""
    writable: bool = True
    token: str = ""

    @property
    def label(self) -> str:
        """What to call it: its name, else the last word of its address."""
        return self.name or self.folder

    @property
    def folder(self) -> str:
        """The last word of its address."""
        return unquote(urlsplit(self.url).path.rstrip("/").rpartition("/")[2])


def calendars(server: Server, holding: str = "VEVENT") -> list[Calendar]:
    """The calendar at the account's address, else all calendars of the account that hold such
    components, in a fixed order. Raises DavError where there is none to be found."""
    found = [each for each in _found(server) if not each.holds or holding in each.holds]
    if not found:
        raise nothing_there(server)
    return sorted(set(found))


def everything(server: Server) -> list[Calendar]:
    """All calendars of the account, whatever they hold, in the order of their names; none where it has
    a place for them and no calendar so far. Raises DavError where there is nothing of the kind."""
    found = sorted(set(_found(server)), key=lambda each: (each.label.lower(), each.url))
    if not found and not homes(server):
        raise nothing_there(server)
    return found


def nothing_there(server: Server) -> DavError:
    return DavError(
        f"{server.host} shows no calendar at this address",
        "Name the address of one calendar as url, as the server's settings show it.",
    )


def _found(server: Server) -> list[Calendar]:
    url = absolute(server.account.url, "")
    start = _start(server, url)
    if start is not None and f"{C}calendar" in start.kinds():
        return [_calendar(start)]
    homes = _homes(server, url, start)
    if homes:
        return [each for home in homes for each in _in(server, home)]
    if start is None:
        raise lasting(server.host, 404)
    return _in_open_house(server, url)


def _start(server: Server, url: str) -> Resource | None:
    """What stands at the account's address; None where it is the bare address of a host, at which many
    servers show nothing but a web page. A calendar that is named and not there is not looked for
    elsewhere: what is elsewhere is something else."""
    try:
        found = next(iter(server.about(url, _ABOUT)), None)
        if found is not None and found.status >= 400:  # Xandikos tells of a 404 inside of its answer
            raise lasting(server.host, found.status)
    except DavError as error:
        if error.status not in _NO_DAV_HERE or urlsplit(url).path.rstrip("/"):
            raise
        return None
    return found


def at_the_address(server: Server) -> Calendar | None:
    """The calendar at the account's very address; None where that is the address of something else."""
    start = _start(server, absolute(server.account.url, ""))
    return _calendar(start) if start is not None and f"{C}calendar" in start.kinds() else None


def at(server: Server, url: str) -> Calendar | None:
    """The calendar at an address; None where there is none."""
    found = _first(server, url)
    return _calendar(found) if found is not None and f"{C}calendar" in found.kinds() else None


def homes(server: Server) -> list[str]:
    """Where the account's calendars are, and new ones can be made."""
    url = absolute(server.account.url, "")
    return _homes(server, url, _start(server, url))


def own_addresses(server: Server) -> list[str]:
    """The mail addresses by which the server knows the user (RFC 6638 §2.4.1), the preferred one first;
    none where it tells none."""
    url = absolute(server.account.url, "")
    principal = principal_of(server, url) or principal_of(server, urljoin(url, "/.well-known/caldav"))
    about = _first(server, principal, "<c:calendar-user-address-set/>") if principal else None
    found = about.properties.get(f"{C}calendar-user-address-set") if about is not None else None
    links = sorted(found.iter(f"{D}href"), key=lambda each: each.get("preferred") != "1") if found is not None else []
    texts = [(each.text or "").strip() for each in links]
    mailed = [text[len("mailto:") :].lower() for text in texts if text.lower().startswith("mailto:")]
    return list(dict.fromkeys(mailed))


def _homes(server: Server, url: str, start: Resource | None) -> list[str]:
    found = start.links(f"{C}calendar-home-set") if start is not None else []
    if not found:
        principal = principal_of(server, url) if start is not None else ""
        principal = principal or principal_of(server, urljoin(url, "/.well-known/caldav"))
        about = _first(server, principal) if principal else None
        found = about.links(f"{C}calendar-home-set") if about is not None else []
    return list(dict.fromkeys(found))


def principal_of(server: Server, url: str) -> str:
    """Who I am to the server; empty where it does not say. A server that was opened to everybody
    may want a password for this one question (Radicale does), which is then no answer either."""
    try:
        about = _first(server, url, "<d:current-user-principal/>")
    except SignInError:
        if server.account.username:
            raise
        return ""
    return about.link(f"{D}current-user-principal") if about is not None else ""


def _first(server: Server, url: str, names: str = _ABOUT) -> Resource | None:
    """What the server says of an address itself; None where there is nothing that can be asked."""
    try:
        listed = server.about(url, names)
    except DavError as error:
        if error.status in (404, 405, 410, 501):
            return None
        raise
    return listed[0] if listed and listed[0].status < 400 else None


def in_home(server: Server, home: str) -> list[Calendar]:
    """All calendars in a home, whatever they hold."""
    return _in(server, home)


def _in(server: Server, home: str) -> list[Calendar]:
    return [_calendar(each) for each in server.about(home, _ABOUT, depth=1) if f"{C}calendar" in each.kinds()]


def _in_open_house(server: Server, url: str) -> list[Calendar]:
    """A server without accounts (Radicale without authentication) knows no principal of mine: the
    calendars are those at the address, and those in the folders there."""
    listed = server.about(url, _ABOUT, depth=1)
    found = [_calendar(each) for each in listed if f"{C}calendar" in each.kinds()]
    for each in listed:
        is_folder = f"{D}collection" in each.kinds() and f"{C}calendar" not in each.kinds()
        if is_folder and each.url.rstrip("/") != url.rstrip("/"):
            found += _in(server, each.url)
    return found


def _calendar(found: Resource) -> Calendar:
    held = found.properties.get(f"{C}supported-calendar-component-set")
    names = frozenset(each.get("name", "").upper() for each in held) if held is not None else frozenset()
    return Calendar(
        found.url,
        found.text(f"{D}displayname"),
        found.text(f"{CS}getctag") or found.text(f"{D}sync-token"),
        names - {""},
        found.text(f"{C}calendar-description"),
        _writable(found),
        found.text(f"{D}sync-token"),
    )


def _writable(found: Resource) -> bool:
    told = found.properties.get(f"{D}current-user-privilege-set")
    if told is None or not len(told):
        return True
    return any(each.tag in _WRITING for privilege in told for each in privilege)
