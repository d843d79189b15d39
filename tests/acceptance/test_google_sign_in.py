"""Nights in which Google wants the user to sign in again, through the real command line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from calsync.google import scopes
from calsync.google.tokens import SignIn, keep, token_file
from tests.acceptance.conftest import House
from tests.google_server import GoogleServer
from tests.google_tokens import ACCESS, REFRESH, TokenServer, refused
from tests.world import Ev

INES, RUI = "ines@lisboa.example", "rui@brisa.example"


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    with GoogleServer(user="sam@northwind.example") as server:
        server.tokens = {ACCESS: {each.rpartition("/")[2] for each in scopes.DEFAULT}}
        server.calendar().put(
            summary="Harbour walk",
            start={"dateTime": "2026-03-10T09:00:00Z"},
            end={"dateTime": "2026-03-10T10:00:00Z"},
            attendees=[
                {"email": "sam@northwind.example", "self": True, "responseStatus": "accepted"},
                {"email": RUI, "displayName": "Rui Vale", "responseStatus": "accepted"},
            ],
        )
        yield server


@pytest.fixture
def mixed(house: House, google: GoogleServer, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house with a calendar at Google and one in a file, which has a meeting with Ines."""
    monkeypatch.setenv("XDG_DATA_HOME", str(house.folder / "data"))
    house.sources = (("work", "work"),)
    house.top = ""
    house.sections["me"] = f'[[source]]\nname = "far"\ntype = "google"\nendpoint = "{google.endpoint}"'
    house.put(Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"))
    return house


def sign_in(tokens: TokenServer, granted: tuple[str, ...] = scopes.DEFAULT) -> None:
    at = tokens.url
    keep(SignIn("client-7", "client-secret-sloe", REFRESH, f"{at}/auth", f"{at}/token", granted, "2026-03-01"))


def test_a_sign_in_is_enough_for_the_night(mixed: House) -> None:
    with TokenServer() as tokens:
        sign_in(tokens)
        told = mixed.run("sync")
    assert (told.code, told.err) == (0, "")
    assert mixed.nudged() == {INES, RUI}


def test_without_a_sign_in_the_night_is_exit_11_and_the_others_go_through(mixed: House) -> None:
    told = mixed.run("sync")
    assert told.code == 11
    assert "not signed in with Google" in told.err
    assert "calsync login google --client-secret FILE" in told.err
    assert mixed.nudged() == {INES}
    assert mixed.feed_path.exists()


def test_a_dead_sign_in_is_exit_11_and_costs_nothing(mixed: House) -> None:
    with TokenServer() as tokens:
        sign_in(tokens)
        mixed.run("sync")
        tokens.answers = [refused("invalid_grant")]
        mixed.put(
            Ev("ines", "2026-03-10T10:00", [INES], title="Roadmap"),
            Ev("eva", "2026-03-11T10:00", ["eva@porto.example"], title="Draft"),
        )
        told = mixed.run("sync", now="2026-03-11 18:00")
        quiet = mixed.run("--quiet", "sync", now="2026-03-11 19:00")
        status = mixed.run("status", now="2026-03-11 19:00")
    assert told.code == quiet.code == 11
    assert "the sign-in of 2026-03-01" in told.err
    assert "calsync login google" in quiet.err
    assert "seven days" in quiet.err
    assert mixed.nudged("2026-03-11 18:00") == {INES, RUI, "eva@porto.example"}
    said = "".join(f"{each.out}{each.err}" for each in (told, quiet, status))
    assert not [each for each in (REFRESH, ACCESS, "client-secret-sloe") if each in said]


def test_an_output_without_the_permission_it_needs_names_it_and_the_feed_goes_on(
    mixed: House, google: GoogleServer
) -> None:
    mixed.outputs += (
        f'\n[[output]]\nname = "cal"\ntype = "google"\nendpoint = "{google.endpoint}"\ncalendar = "primary"'
    )
    with TokenServer() as tokens:
        sign_in(tokens)
        told = mixed.run("sync")
    assert told.code == 11
    assert "write events into calendars that you own (calendar.events.owned)" in told.err
    assert "boxes ticked" in told.err
    assert RUI.partition("@")[0] in mixed.feed_path.read_text()
    assert {call.method.rpartition(".")[2] for call in google.calls} == {"list"}


def test_no_secret_is_in_anything_that_calsync_says_or_keeps_elsewhere(mixed: House) -> None:
    with TokenServer() as tokens:
        sign_in(tokens)
        said = mixed.spoken() + mixed.run("doctor").out
    secrets = (REFRESH, ACCESS, "client-secret-sloe")
    files = [each for each in mixed.folder.rglob("*") if each.is_file() and each != token_file()]
    assert Path(mixed.folder / "ledger.db") in files
    assert not [each for each in secrets if each in said]
    assert not [(file, each) for file in files for each in secrets if each.encode() in file.read_bytes()]
