"""From the first sign-in to the first reminder, at a Google that others wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Home
from tests.emulate import TOKEN, USER, Emulate, emulate
from tests.google_browser import Login, client_file, consented, opened
from tests.google_server.client import service

__all__ = ["emulate"]
pytestmark = pytest.mark.peer

EVA, RUI = "eva@brisa.example", "rui@brisa.example"
EVENING = "2026-03-10T19:00:00+00:00"


@pytest.fixture
def signed_in(home: Home, emulate: Emulate) -> Home:
    """A home that reads the calendar called "one" and just signed in, through Google's own page."""
    home.config.write_text(
        f'[me]\nemails = ["{USER}"]\ntimezone = "Europe/Lisbon"\nholidays = ""\n'
        f'[[source]]\nname = "work"\ntype = "google"\nendpoint = "{emulate.endpoint}"\ncalendars = ["one"]\n'
        '[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\n'
    )
    client = client_file(home.folder, emulate.url)
    with Login(home, "--client-secret", str(client)) as login:
        opened(consented(login.page))
        done = login.ends()
    assert done.code == 0, done.err
    return home


def meets(emulate: Emulate, who: str, day: int) -> str:
    """A meeting that another program of the user's puts into the calendar; its id."""
    guests = [{"email": each, "responseStatus": "accepted"} for each in (USER, who)]
    event: dict[str, Any] = {
        "summary": "Harbour plans",
        "start": {"dateTime": f"2026-03-{day:02}T10:00:00Z"},
        "end": {"dateTime": f"2026-03-{day:02}T10:45:00Z"},
        "attendees": guests,
    }
    with service(emulate.endpoint, token=TOKEN) as client:
        return str(client.events().insert(calendarId="one", body=event).execute()["id"])


def deletes(emulate: Emulate, id_: str) -> None:
    with service(emulate.endpoint, token=TOKEN) as client:
        client.events().delete(calendarId="one", eventId=id_).execute()


def promised(home: Home) -> set[tuple[str, str]]:
    return {(row["person"]["emails"][0], row["step"]) for row in home.run("agenda", "--json", CALSYNC_NOW=EVENING).json}


def test_the_first_evening_after_signing_in(signed_in: Home, emulate: Emulate) -> None:
    steps = ("hello", "meet", "check-in")
    meets(emulate, EVA, 10)
    later = meets(emulate, RUI, 12)
    first = signed_in.run("sync", CALSYNC_NOW=EVENING)
    assert (first.code, first.err) == (0, "")
    assert promised(signed_in) == {(who, step) for who in (EVA, RUI) for step in steps}
    feed = Path(signed_in.feed).read_bytes()
    again = signed_in.run("--quiet", "sync", CALSYNC_NOW=EVENING)
    assert (again.code, again.out, again.err) == (0, "", "")
    assert Path(signed_in.feed).read_bytes() == feed
    deletes(emulate, later)
    assert signed_in.run("sync", CALSYNC_NOW=EVENING).code == 0
    assert promised(signed_in) == {(EVA, step) for step in steps}
