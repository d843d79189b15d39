"""Who may do what: bearer tokens, and the scopes that the document names for each method."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from tests.google_server.document import Method, Refused
from tests.google_server.stored import StoredCalendar

_REALM = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}


def granted(method: Method, tokens: Mapping[str, Collection[str]], header: str) -> Collection[str] | None:
    """The scopes of the token in an Authorization header that allow the method; None where nobody is asked."""
    if not tokens:
        return None
    token = header.removeprefix("Bearer ")
    if token not in tokens:
        raise Refused(401, "authError", "Invalid Credentials", headers=_REALM)
    return method.scopes & set(tokens[token])


def check(method: Method, scopes: Collection[str], calendar: StoredCalendar | None) -> None:
    """Refused unless one of the scopes reaches this calendar: some reach only what the program itself made, only
    what the user owns, or only what is public."""
    for scope in scopes:
        if calendar is None or _reaches(scope, calendar):
            return
    raise Refused(403, "insufficientPermissions", "Request had insufficient authentication scopes.")


def _reaches(scope: str, calendar: StoredCalendar) -> bool:
    if scope == "calendar.app.created":
        return calendar.by_app
    if scope.startswith("calendar.events.owned"):
        return calendar.role == "owner"
    return not scope.startswith(("calendar.events.public", "calendar.events.freebusy"))
