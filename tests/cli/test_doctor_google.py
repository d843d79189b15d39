"""``calsync doctor`` and ``status`` with Google: what a sync would stumble over tonight."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from calsync.cli.checks_google import look_at_source
from calsync.config import GoogleSource
from calsync.google import scopes
from calsync.google.calendars import mark_of
from tests.google_server import GoogleServer
from tests.google_tokens import ACCESS, REFRESH, TokenServer, key_file, refused

if TYPE_CHECKING:
    from tests.cli.conftest import Home

USER = "rui@brisa.example"


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    with GoogleServer(user=USER) as server:
        server.tokens = {ACCESS: {each.rpartition("/")[2] for each in (*scopes.DEFAULT, scopes.EXISTING)}}
        yield server


@pytest.fixture
def tokens() -> Iterator[TokenServer]:
    with TokenServer() as server:
        yield server


def names(home: Home, google: GoogleServer, source: str = "", output: str = "") -> Home:
    keys = f'type = "google"\nendpoint = "{google.endpoint}"\n'
    text = f'ledger = "l.db"\n[me]\nemails = ["{USER}"]\ntimezone = "Europe/Lisbon"\n'
    text += f'[[source]]\nname = "in"\n{keys}{source}\n[[output]]\nname = "out"\n{keys}{output}\n'
    home.config.write_text(text)
    return home


def token_file(home: Home) -> Path:
    return home.folder / ".local" / "share" / "calsync" / "google-token.json"


def sign_in(home: Home, tokens: TokenServer, *granted: str) -> None:
    file = token_file(home)
    file.parent.mkdir(parents=True, exist_ok=True)
    told = {"client_id": "c", "client_secret": "sloe", "refresh_token": REFRESH, "auth_uri": f"{tokens.url}/auth"}
    told |= {"token_uri": f"{tokens.url}/token", "made": "2026-10-25"}
    file.write_text(json.dumps({**told, "scopes": granted or [*scopes.DEFAULT, scopes.EXISTING]}))
    file.chmod(0o600)


def findings(home: Home) -> tuple[int, dict[str, dict[str, Any]]]:
    """The worst that is found of each source and output, by its name."""
    done = home.run("doctor", "--json", CALSYNC_NOW=datetime.now(UTC).isoformat())
    order = ["ok", "warning", "failed"]
    found: dict[str, dict[str, Any]] = {}
    for each in done.json["checks"]:
        name = each["check"].partition(" ")[2]
        if name and "never" not in each["message"] and "so far" not in each["message"]:
            if name not in found or order.index(each["finding"]) > order.index(found[name]["finding"]):
                found[name] = each
            assert REFRESH not in each["message"]
    return done.code, found


def test_an_account_that_is_well_has_nothing_but_ticks(home: Home, google: GoogleServer, tokens: TokenServer) -> None:
    google.add("team", summary="Team")
    sign_in(home, tokens)
    code, found = findings(names(home, google, 'calendars = ["primary", "Team"]'))
    assert (code, {each["finding"] for each in found.values()}) == (0, {"ok"})
    shown = home.run("doctor", CALSYNC_NOW=datetime.now(UTC).isoformat()).out
    assert "signed in since 2026-10-25 with 4 permissions" in shown
    assert "lets calsync read the calendar Team" in shown
    assert "the first sync makes its calendar Follow-ups" in shown
    assert {call.method.rpartition(".")[2] for call in google.calls} == {"list"}


def test_its_own_calendar_is_known_by_its_mark(home: Home, google: GoogleServer, tokens: TokenServer) -> None:
    google.add("a7@group.calendar.google.com", summary="Renamed", description=mark_of("Follow-ups"))
    sign_in(home, tokens)
    assert "write to its own calendar Follow-ups" in names(home, google).run("doctor").out


def test_a_missing_sign_in_is_exit_11(home: Home, google: GoogleServer) -> None:
    code, found = findings(names(home, google))
    assert code == 11
    assert "login google --client-secret" in found["in"]["remedy"]
    shown = home.run("status", "--json").json
    assert shown["google"]["trouble"] == "not signed in with Google yet"
    assert "Not signed in with Google yet: calsync login google" in home.run("status").out


def test_a_dead_sign_in_is_exit_11(home: Home, google: GoogleServer, tokens: TokenServer) -> None:
    sign_in(home, tokens)
    tokens.answers = [refused("invalid_grant")]
    code, found = findings(names(home, google))
    assert code == 11
    assert "seven days" in found["in"]["remedy"]


def test_a_missing_permission_is_named_where_it_is_needed(
    home: Home, google: GoogleServer, tokens: TokenServer
) -> None:
    sign_in(home, tokens, *scopes.DEFAULT)
    code, found = findings(names(home, google, output='calendar = "primary"'))
    assert code == 11
    assert "calendar.events.owned" in found["out"]["message"]
    assert found["in"]["finding"] == "ok"


def test_a_calendar_that_is_not_there_or_cannot_be_used_is_told(
    home: Home, google: GoogleServer, tokens: TokenServer
) -> None:
    google.add("busy@brisa.example", role="freeBusyReader")
    google.add("theirs@brisa.example", role="reader")
    sign_in(home, tokens)
    code, found = findings(names(home, google, 'calendars = ["Teem"]', 'calendar = "theirs@brisa.example"'))
    assert code == 3
    assert "no calendar is called 'Teem'" in found["in"]["message"]
    assert "may only read" in found["out"]["message"]
    _, found = findings(names(home, google, 'calendars = ["busy@brisa.example"]'))
    assert found["in"]["finding"] == "warning"
    assert "busy, and nothing else" in found["in"]["message"]


def test_a_switched_off_api_is_told_with_the_switch(home: Home, google: GoogleServer, tokens: TokenServer) -> None:
    google.fail(403, "accessNotConfigured", times=99)
    sign_in(home, tokens)
    code, found = findings(names(home, google))
    assert code == 3
    assert "Enable it" in found["in"]["remedy"]


def test_a_key_that_others_may_read_is_told(home: Home, google: GoogleServer, tokens: TokenServer) -> None:
    file = key_file(home.folder / "key.json", f"{tokens.url}/token")
    keys = f'service_account = "key.json"\nsubject = "{USER}"'
    code, found = findings(names(home, google, keys, keys))
    assert (code, found["in"]["finding"]) == (0, "ok")
    file.chmod(0o644)
    code, found = findings(home)
    assert (code, found["in"]["finding"]) == (0, "warning")
    assert "chmod 600" in found["in"]["remedy"]
    assert home.run("status", "--json").json["google"] is None


def test_status_tells_since_when_one_is_signed_in(home: Home, google: GoogleServer, tokens: TokenServer) -> None:
    sign_in(home, tokens)
    names(home, google)
    home.run("sync")
    assert "signed in since Sun 25 Oct" in home.run("status").out


@pytest.mark.parametrize(("minutes", "word"), [(-9, "9 minutes behind"), (75, "75 minutes ahead of")])
def test_clocks_that_differ_are_told(google: GoogleServer, minutes: int, word: str) -> None:
    google.tokens = {}
    settings = GoogleSource(name="in", type="google", endpoint=google.endpoint, auth="none")
    now = google.clock()
    assert len(list(look_at_source(settings, now))) == 1
    found = list(look_at_source(settings, now + timedelta(minutes=minutes)))
    assert word in found[-1].message
    assert found[-1].remedy
