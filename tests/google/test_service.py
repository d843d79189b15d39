"""Google's own client, signed in as a config says, and what becomes of a sign-in that is no good."""

from __future__ import annotations

import base64
import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calsync.errors import SignInError
from calsync.google import scopes
from calsync.google.account import Account, account_of
from calsync.google.service import service_of
from calsync.google.tokens import SignIn, keep, kept, token_file
from tests.google_server import GoogleServer
from tests.google_tokens import ACCESS, REFRESH, TokenServer, granted, key_file, refused

CLIENT_SECRET = "client-secret-sloe"
SECRETS = (REFRESH, ACCESS, CLIENT_SECRET)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def google() -> Iterator[GoogleServer]:
    with GoogleServer(user="rui@brisa.example") as server:
        server.tokens = {ACCESS: {each.rpartition("/")[2] for each in scopes.DEFAULT}}
        yield server


def signed_in(tokens: TokenServer, granted_scopes: tuple[str, ...] = scopes.DEFAULT) -> None:
    at = tokens.url
    keep(SignIn("client-7", CLIENT_SECRET, REFRESH, f"{at}/auth", f"{at}/token", granted_scopes, "2026-10-25"))


def calendars(account: Account) -> list[str]:
    service: Any = service_of(account)
    try:
        return [each["id"] for each in service.calendarList().list().execute()["items"]]
    finally:
        service.close()


def test_without_a_sign_in_the_client_asks_another_server(google: GoogleServer) -> None:
    google.tokens = {}
    for endpoint in (google.endpoint, google.endpoint.removesuffix("/"), f"http://127.0.0.1:{google.port}"):
        assert calendars(Account(endpoint, auth="none")) == ["rui@brisa.example"]


def test_the_users_sign_in_is_exchanged_for_one_that_the_api_takes(google: GoogleServer) -> None:
    with TokenServer() as tokens:
        signed_in(tokens)
        assert calendars(Account(google.endpoint, needed=scopes.DEFAULT)) == ["rui@brisa.example"]
        ((path, asked),) = tokens.asked
    assert path == "/token"
    assert asked["grant_type"] == "refresh_token"
    assert asked["refresh_token"] == REFRESH
    assert asked["client_secret"] == CLIENT_SECRET


def test_a_new_token_from_google_takes_the_old_ones_place(google: GoogleServer) -> None:
    with TokenServer((200, granted(refresh_token="1//refresh-new"))) as tokens:
        signed_in(tokens)
        calendars(Account(google.endpoint))
    assert kept().refresh_token == "1//refresh-new"
    assert kept().made == "2026-10-25"


@pytest.mark.parametrize(
    ("code", "said", "remedy"),
    [
        ("invalid_grant", "the sign-in of 2026-10-25 any more", "seven days"),
        ("invalid_client", "the client that you signed in with", "--client-secret"),
        ("admin_policy_enforced", "admin_policy_enforced", "login google"),
    ],
)
def test_a_dead_sign_in_says_the_way_back_and_no_secret(
    google: GoogleServer, caplog: pytest.LogCaptureFixture, code: str, said: str, remedy: str
) -> None:
    caplog.set_level(logging.DEBUG)
    with TokenServer(refused(code, f"Bad {REFRESH}")) as tokens:
        signed_in(tokens)
        with pytest.raises(SignInError, match=said) as caught:
            calendars(Account(google.endpoint))
    assert remedy in caught.value.remedy
    assert "calsync login google" in caught.value.remedy
    told = f"{caught.value!r} {caught.value.__cause__!r} {caught.value.remedy} {caplog.text}"
    assert not [each for each in SECRETS if each in told]
    assert google.calls == []


def test_a_sign_in_that_google_cannot_renew_just_now_is_not_called_dead(google: GoogleServer) -> None:
    from google.auth.exceptions import TransportError

    with TokenServer((400, {"error": "temporarily_unavailable"})) as tokens:
        signed_in(tokens)
        with pytest.raises(TransportError):
            calendars(Account(google.endpoint))


def test_a_permission_that_is_missing_is_named_before_anything_is_asked(google: GoogleServer) -> None:
    with TokenServer() as tokens:
        signed_in(tokens, (scopes.READ, scopes.LIST))
        assert calendars(Account(google.endpoint, needed=scopes.to_read()))
        asked = len(google.calls)
        with pytest.raises(SignInError, match=r"make calendars of calsync's own.*calendar\.app\.created") as caught:
            calendars(Account(google.endpoint, needed=scopes.to_write("Follow-ups")))
    assert "boxes ticked" in caught.value.remedy
    assert len(google.calls) == asked


def test_a_missing_sign_in_and_one_that_is_no_good_say_so() -> None:
    with pytest.raises(SignInError, match="not signed in") as caught:
        service_of(Account())
    assert caught.value.exit_code == 11
    token_file().parent.mkdir(parents=True)
    for text in ("", "[]", "{}", f'{{"refresh_token": "{REFRESH}", "scopes": [7]}}', f'{{"refresh_token": "{REFRESH}"'):
        token_file().write_text(text)
        token_file().chmod(0o600)
        with pytest.raises(SignInError, match="no sign-in that calsync wrote") as caught:
            service_of(Account())
        assert REFRESH not in f"{caught.value!r}{caught.value.__cause__!r}"


def test_a_sign_in_that_others_may_read_is_not_used() -> None:
    with TokenServer() as tokens:
        signed_in(tokens)
        token_file().chmod(0o640)
        with pytest.raises(SignInError, match="mode 640") as caught:
            service_of(Account())
        assert "chmod 600" in caught.value.remedy
        signed_in(tokens)
    assert token_file().stat().st_mode & 0o777 == 0o600


def test_a_service_account_asks_for_what_is_needed_in_the_name_of_its_subject(
    google: GoogleServer, tmp_path: Path
) -> None:
    with TokenServer() as tokens:
        file = key_file(tmp_path / "key.json", f"{tokens.url}/token")
        needed = scopes.to_write("primary")
        account = Account(google.endpoint, service_account=file, subject="rui@brisa.example", needed=needed)
        assert calendars(account) == ["rui@brisa.example"]
        ((_, asked),) = tokens.asked
    claims = asked["assertion"].split(".")[1]
    told = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    assert told["sub"] == "rui@brisa.example"
    assert told["scope"] == scopes.EXISTING


@pytest.mark.parametrize(
    ("code", "remedy"), [("unauthorized_client", "Domain-wide delegation"), ("invalid_grant", "Check subject")]
)
def test_a_service_account_that_google_refuses_is_told_what_to_do(
    google: GoogleServer, tmp_path: Path, code: str, remedy: str
) -> None:
    with TokenServer(refused(code)) as tokens:
        file = key_file(tmp_path / "key.json", f"{tokens.url}/token")
        needed = scopes.to_read()
        account = Account(google.endpoint, service_account=file, subject="rui@brisa.example", needed=needed)
        with pytest.raises(SignInError, match=r"night@brisa\.iam\.example.*rui@brisa\.example") as caught:
            calendars(account)
    assert remedy in caught.value.remedy
    if code == "unauthorized_client":
        assert ",".join(needed) in caught.value.remedy


@pytest.mark.parametrize(
    "text", [None, "", "{}", "[]", '{"private_key": "sloe", "client_email": "x", "token_uri": "y"}']
)
def test_a_key_that_is_none_is_an_error_without_its_content(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "key.json"
    if text is not None:
        file.write_text(text)
    with pytest.raises(SignInError, match=r"key\.json") as caught:
        service_of(Account(service_account=file))
    assert "sloe" not in f"{caught.value!r}{caught.value.__cause__!r}"
    assert caught.value.remedy


class Keys:
    service_account: Path | None = None
    subject: str | None = None
    endpoint: str | None = None
    auth: str | None = None

    def __init__(self, calendar: str = "") -> None:
        if calendar:
            self.calendar = calendar


def test_a_config_asks_for_the_right_to_write_into_existing_calendars_only_where_it_does() -> None:
    assert account_of(Keys()).needed == (scopes.READ, scopes.LIST)
    assert account_of(Keys("Follow-ups")).needed == (scopes.OWN, scopes.LIST)
    assert account_of(Keys("primary")).needed == (scopes.EXISTING,)
    assert account_of(Keys("c7@group.calendar.google.com")).needed == (scopes.EXISTING,)


def test_wider_permissions_include_the_narrower_ones() -> None:
    everything = ("https://www.googleapis.com/auth/calendar",)
    assert scopes.missing((*scopes.DEFAULT, scopes.EXISTING), everything) == ()
    events = ("https://www.googleapis.com/auth/calendar.events", scopes.LIST)
    assert scopes.missing((*scopes.DEFAULT, scopes.EXISTING), events) == (scopes.OWN,)


def printed(program: str) -> str:
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()


def test_without_the_extra_a_sentence_says_how_to_get_it() -> None:
    program = (
        "import sys; sys.modules['googleapiclient'] = None\n"
        "from calsync.google.account import Account\nfrom calsync.google.service import service_of, NoClient\n"
        "try: service_of(Account('http://127.0.0.1:9/', auth='none'))\n"
        "except NoClient as error: print(error.remedy)"
    )
    assert printed(program) == 'Install it with pip install "calsync[google]".'


def test_nothing_of_google_is_loaded_to_know_an_account() -> None:
    program = (
        "import sys; import calsync.google.account, calsync.google.tokens, calsync.google.service\n"
        "print(sorted(each for each in sys.modules if each.partition('.')[0] in ('google', 'googleapiclient')))"
    )
    assert printed(program) == "[]"
