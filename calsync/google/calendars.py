"""Which calendar is meant: by its id, its name, or calsync's own mark in it.

A name says little: several calendars may have it, and anybody may call one Follow-ups. So a name
must be unique, and calsync's own calendar is known by what calsync wrote into its description.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from calsync.google.asking import Google, GoogleError
from calsync.google.scopes import is_existing
from calsync.toml_problems import nearest

PRIMARY = "primary"


class Listed(NamedTuple):
    """A calendar as the account's list shows it; ``name`` is the user's own for it, ``role`` Google's
    word for what the account may do in it."""

    id: str
    name: str
    description: str = ""
    role: str = ""
    is_primary: bool = False


def mark_of(name: str) -> str:
    """What stands in the description of a calendar that calsync made under a name, whatever it is
    called by now."""
    return f"Written by calsync ({name}). Move, delete or tick a reminder: calsync reads it."


def listed(google: Google) -> list[Listed]:
    """All calendars of an account, hidden ones too. Raises as :meth:`Google.ask` does."""
    pages = google.pages(
        lambda api, token: api.calendarList().list(
            pageToken=token,
            showHidden=True,
            maxResults=250,
            fields="nextPageToken,items(id,summary,summaryOverride,description,accessRole,primary,deleted)",
        )
    )
    return [_listed(each) for page in pages for each in page.get("items") or () if not each.get("deleted")]


def _listed(entry: Mapping[str, Any]) -> Listed:
    name = str(entry.get("summaryOverride") or entry.get("summary") or "")
    description, role = str(entry.get("description") or ""), str(entry.get("accessRole") or "")
    return Listed(str(entry["id"]), name, description, role, bool(entry.get("primary")))


def chosen(google: Google, names: Iterable[str]) -> dict[str, str | GoogleError]:
    """The ids of calendars by what the config calls them, ids or names, in that order; for a name that
    no calendar has, or several, the error that says so and lists the nearest.

    Raises as :meth:`Google.ask` does.
    """
    names = list(names)
    there = [] if all(map(is_existing, names)) else listed(google)
    return {name: name if is_existing(name) else _named(name, there) for name in names}


def _named(name: str, there: list[Listed]) -> str | GoogleError:
    same = [each for each in there if each.name == name]
    same = same or [each for each in there if each.name.casefold() == name.casefold()]
    if len(same) == 1:
        return same[0].id
    if same:
        ids = ", ".join(each.id for each in same)
        return GoogleError(f"{len(same)} calendars are called {name!r}: {ids}", "Name one of these ids instead.")
    return GoogleError(
        f"no calendar is called {name!r}{nearest(name, [each.name for each in there])}",
        f"The account has: {', '.join(each.name for each in there) or 'none'}.",
    )
