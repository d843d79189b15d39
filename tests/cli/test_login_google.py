"""``calsync login google`` and ``logout``: the whole way through a foreign Google's pages and back."""

from __future__ import annotations

import json
import socket
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from calsync.config import load
from calsync.errors import CalsyncError, SignInError, UsageError
from calsync.google import scopes
from calsync.google.client import Client
from calsync.google.signing_in import SigningIn
from tests.dav_servers import free_port
from tests.emulate import USER, Emulate, emulate
from tests.google_browser import Login, asked, client_file, consented, denied, opened
from tests.google_tokens import TokenServer, refused

if TYPE_CHECKING:
    from tests.cli.conftest import Home, Outcome

__all__ = ["emulate"]
pytestmark = pytest.mark.peer

HEAD = '# mine\n[me]\nemails = ["sam@northwind.example"]\ntimezone = "Europe/Lisbon"\n'


@pytest.fixture
def own(home: Home, emulate: Emulate) -> Home:
    """A home whose config reads from the foreign Google."""
    names(home, emulate)
    return home


def names(home: Home, emulate: Emulate, output: str = "") -> None:
    keys = f'type = "google"\nendpoint = "{emulate.endpoint}"\n'
    text = f'{HEAD}[[source]]\nname = "work"\n{keys}'
    if output:
        text += f'[[output]]\nname = "back"\n{keys}calendar = "{output}"\n'
    home.config.write_text(text)


def token_file(home: Home) -> Path:
    return home.folder / ".local" / "share" / "calsync" / "google-token.json"


def kept(home: Home) -> Any:
    return json.loads(token_file(home).read_text())


def signed_in(home: Home, emulate: Emulate, *words: str) -> Outcome:
    with Login(home, "--client-secret", str(client_file(home.folder, emulate.url)), *words) as login:
        status, text, _ = opened(consented(login.page))
        assert (status, "go back to the terminal" in text) == (200, True)
        return login.ends()


def keeps_secrets(home: Home, done: Outcome) -> None:
    told = done.out + done.err
    for secret in ("client-secret-sloe", "google_", *(kept(home).get(n) for n in ("refresh_token",))):
        assert secret not in told


def short(scope: str) -> str:
    return scope.rpartition("/")[2]


def test_the_user_consents_in_the_browser_and_calsync_keeps_what_google_gives(own: Home, emulate: Emulate) -> None:
    client = client_file(own.folder, emulate.url)
    with Login(own, "--client-secret", str(client)) as login:
        words = asked(login.page)
        assert urlsplit(words["redirect_uri"]).hostname == "127.0.0.1"
        assert (words["code_challenge_method"], len(words["code_challenge"])) == ("S256", 43)
        assert (words["access_type"], words["prompt"]) == ("offline", "consent")
        assert set(words["scope"].split()) == set(scopes.DEFAULT)
        opened(consented(login.page))
        done = login.ends()
    assert done.code == 0, done.err
    assert f"Signed in with Google as {USER}" in done.out
    assert "see the events of your calendars" in done.out
    assert token_file(own).stat().st_mode & 0o777 == 0o600
    assert set(kept(own)["scopes"]) == set(scopes.DEFAULT)
    assert kept(own)["made"] == "2026-03-10"
    keeps_secrets(own, done)


def test_the_client_is_needed_once(own: Home, emulate: Emulate) -> None:
    done = own.run("login", "google")
    assert done.code == 2
    assert "--client-secret FILE" in done.err
    assert signed_in(own, emulate).code == 0
    before = kept(own)["refresh_token"]
    with Login(own) as login:
        opened(consented(login.page))
        assert login.ends().code == 0
    assert kept(own)["refresh_token"] != before


def test_a_config_that_writes_into_an_existing_calendar_asks_for_that_right(own: Home, emulate: Emulate) -> None:
    names(own, emulate, "primary")
    with Login(own, "--client-secret", str(client_file(own.folder, emulate.url))) as login:
        assert set(asked(login.page)["scope"].split()) == {*scopes.DEFAULT, scopes.EXISTING}


def test_a_box_that_was_unticked_is_named_and_nothing_is_kept(own: Home, emulate: Emulate) -> None:
    names(own, emulate, "Follow-ups")

    def untick(form: dict[str, str]) -> dict[str, str]:
        return {**form, "scope": f"{scopes.READ} {scopes.LIST}"}

    with Login(own, "--client-secret", str(client_file(own.folder, emulate.url))) as login:
        opened(consented(login.page, untick))
        done = login.ends()
    assert done.code == 11
    assert "calendar.app.created" in done.err
    assert "calendar.events.readonly" not in done.err.partition("Google was not told")[2]
    assert "tick all boxes" in done.err
    assert not token_file(own).exists()


def test_a_box_that_the_config_does_without_may_stay_unticked(own: Home, emulate: Emulate) -> None:
    with Login(own, "--client-secret", str(client_file(own.folder, emulate.url))) as login:
        opened(consented(login.page, lambda form: {**form, "scope": f"{scopes.READ} {scopes.LIST}"}))
        done = login.ends()
    assert done.code == 0
    assert "calendar.app.created" in done.err
    assert set(kept(own)["scopes"]) == {scopes.READ, scopes.LIST}


def test_a_user_who_cancels_is_told_so(own: Home, emulate: Emulate) -> None:
    with Login(own, "--client-secret", str(client_file(own.folder, emulate.url))) as login:
        opened(denied(login.page))
        done = login.ends()
    assert done.code == 11
    assert "cancelled" in done.err
    assert not token_file(own).exists()


def test_only_the_answer_to_this_sign_in_is_heard(own: Home, emulate: Emulate) -> None:
    with Login(own, "--client-secret", str(client_file(own.folder, emulate.url))) as login:
        back = asked(login.page)["redirect_uri"]
        silent = socket.create_connection(("127.0.0.1", urlsplit(back).port or 0))  # as browsers do in advance
        for knock in ("", "favicon.ico", "?code=stolen", "?code=stolen&state=other", "?error=x&state=%C3%A9"):
            assert opened(f"{back}{knock}")[0] == 404
        opened(consented(login.page))
        assert login.ends().code == 0
        silent.close()


def test_a_code_that_google_does_not_know_is_refused(own: Home, emulate: Emulate) -> None:
    with Login(own, "--client-secret", str(client_file(own.folder, emulate.url))) as login:
        words = asked(login.page)
        opened(f"{words['redirect_uri']}?code=guessed&state={words['state']}")
        done = login.ends()
    assert done.code == 11
    assert "invalid_grant" in done.err
    assert not token_file(own).exists()


@pytest.mark.parametrize("name", ["auth_uri", "token_uri"])
def test_nothing_is_told_to_an_address_that_others_can_listen_at(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("OAUTHLIB_INSECURE_TRANSPORT", raising=False)
    client = {"auth_uri": "https://127.0.0.1:9/a", "token_uri": "https://127.0.0.1:9/t", name: "http://127.0.0.1:9/x"}
    signing_in = SigningIn(Client("id", "sloe", **client), scopes.DEFAULT)

    def sign_in() -> None:
        signing_in.page("http://127.0.0.1:1/")
        signing_in.finish({"code": "x"}, date(2026, 3, 10))

    with pytest.raises(CalsyncError) as caught:
        sign_in()
    assert name in f"{caught.value} {caught.value.remedy}"
    assert "https://" in f"{caught.value} {caught.value.remedy}"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (refused("invalid_client"), "Download the client's file anew"),
        (refused("invalid_grant"), "good once"),
        ((200, {"access_token": "ya29.medlar", "expires_in": 9, "scope": " ".join(scopes.DEFAULT)}), "one hour only"),
        ((200, {}), "did not accept"),
        ((503, {}), "did not accept"),
    ],
)
def test_an_answer_without_a_lasting_sign_in_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, answer: tuple[int, dict[str, Any]], said: str
) -> None:
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    with TokenServer(answer) as google:
        signing_in = SigningIn(Client("id", "sloe", f"{google.url}/auth", f"{google.url}/token"), scopes.DEFAULT)
        signing_in.page("http://127.0.0.1:1/")
        with pytest.raises(SignInError) as caught:
            signing_in.finish({"code": "4/0-quince"}, date(2026, 3, 10))
    told = f"{caught.value} {caught.value.remedy}"
    assert said in told
    assert not [each for each in ("sloe", "medlar", "quince") if each in told]


def test_a_code_that_somebody_else_asked_for_is_refused(own: Home, emulate: Emulate) -> None:
    """PKCE: the code is good only with the secret of the run that opened the page."""
    client = client_file(own.folder, emulate.url)
    with Login(own, "--client-secret", str(client)) as login, Login(own, "--client-secret", str(client)) as other:
        code = asked(consented(other.page))["code"]
        words = asked(login.page)
        opened(f"{words['redirect_uri']}?code={code}&state={words['state']}")
        done = login.ends()
    assert done.code == 11
    assert not token_file(own).exists()


def test_a_machine_without_a_browser_takes_the_address_from_the_clipboard(own: Home, emulate: Emulate) -> None:
    client = client_file(own.folder, emulate.url)
    with Login(own, "--client-secret", str(client), "--paste") as login:
        done = login.ends(f"  {consented(login.page)}\n")
    assert done.code == 0, done.err
    assert f"Signed in with Google as {USER}" in done.out
    assert set(kept(own)["scopes"]) == set(scopes.DEFAULT)
    keeps_secrets(own, done)


def test_anything_else_from_the_clipboard_is_refused(own: Home, emulate: Emulate) -> None:
    with Login(own, "--client-secret", str(client_file(own.folder, emulate.url)), "--paste") as login:
        done = login.ends("4/0Aa-code-alone\n")
    assert done.code == 2
    assert "Copy the whole of it" in done.err
    assert not token_file(own).exists()


@pytest.mark.parametrize(
    "typed", ["", "\n", "http://127.0.0.1/?code=x&state=wrong", "http://127.0.0.1/?state={}", "http://[", "?code=x"]
)
def test_only_an_address_with_this_state_and_a_code_is_an_answer(typed: str) -> None:
    signing_in = SigningIn(Client("id", "sloe"), scopes.DEFAULT)
    with pytest.raises(UsageError):
        signing_in.pasted(typed.format(signing_in.state))
    assert signing_in.pasted(f" http://127.0.0.1:1/?state={signing_in.state}&code=x ")["code"] == "x"


@pytest.mark.parametrize("words", [(), ("--paste",)])
def test_there_is_a_time_limit(own: Home, emulate: Emulate, words: tuple[str, ...]) -> None:
    client = client_file(own.folder, emulate.url)
    with Login(own, "--client-secret", str(client), "--timeout", "1", *words) as login:
        assert login._process.stdout is not None
        assert login._process.wait(60) == 11
        done = login.ends()
    assert "nobody signed in within 1 second" in done.err


def test_the_port_can_be_chosen_and_one_that_is_taken_says_so(own: Home, emulate: Emulate) -> None:
    client = client_file(own.folder, emulate.url)
    port = free_port()
    with Login(own, "--client-secret", str(client), "--port", str(port)) as login:
        assert asked(login.page)["redirect_uri"] == f"http://127.0.0.1:{port}/"
        with Login(own, "--client-secret", str(client), "--port", str(port)) as second:
            done = second.ends()
    assert done.code == 2
    assert f"port {port} is taken" in done.err


def test_for_programs_the_result_is_json_and_nothing_else(own: Home, emulate: Emulate) -> None:
    done = signed_in(own, emulate, "--json")
    told = done.json
    assert told["account"] == USER
    assert {short(each) for each in told["scopes"]} == {short(each) for each in scopes.DEFAULT}
    assert (USER, "owner") in [(each["name"], each["role"]) for each in told["calendars"]]
    keeps_secrets(own, done)


def test_the_account_can_be_put_into_the_config(own: Home, emulate: Emulate) -> None:
    done = signed_in(own, emulate, "--as", "both")
    assert done.code == 0, done.err
    config = load(own.config)
    assert [each.type for each in config.sources] == ["google"], "it was there already"
    assert [(each.type, each.name) for each in config.outputs] == [("google", "google")]
    assert own.config.read_text().startswith("# mine\n")
    before = own.config.read_text()
    assert signed_in(own, emulate, "--as", "both").code == 0
    assert own.config.read_text() == before


def test_a_first_config_is_made_from_what_google_tells(home: Home) -> None:
    from calsync.cli.login_asking import Use
    from calsync.cli.login_google import put_into
    from calsync.cli.login_tables import ConfigText
    from calsync.google.calendars import Listed

    config = ConfigText(home.config)
    found = [Listed("Rui@Brisa.example", "Rui", is_primary=True), Listed("team", "Team")]
    put_into(config, Use.BOTH, found, (), "Europe/Lisbon")
    made = load(home.config)
    assert (made.me.emails, made.me.timezone) == (("rui@brisa.example",), "Europe/Lisbon")
    assert [each.type for each in (*made.sources, *made.outputs)] == ["google", "google"]


def test_a_google_that_is_away_after_the_sign_in_does_not_cost_it(own: Home, emulate: Emulate) -> None:
    own.config.write_text(own.config.read_text().replace(f":{emulate.port}/", ":9/"))
    done = signed_in(own, emulate)
    assert done.code == 3
    assert "you are signed in, and that is kept" in done.err
    assert "calsync doctor" in done.err
    assert set(kept(own)["scopes"]) == set(scopes.DEFAULT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "cannot be read"),
        ("sloe", "no JSON"),
        ("[]", "no client file"),
        ('{"installed": {"client_id": "sloe"}}', "no client file"),
        ('{"type": "service_account", "private_key": "sloe"}', "needs no login"),
        ('{"web": {"client_id": "a", "client_secret": "sloe"}}', "Web application"),
    ],
)
def test_a_file_that_is_no_desktop_client_is_told_by_what_it_is(home: Home, text: str | None, said: str) -> None:
    file = home.folder / "file.json"
    if text is not None:
        file.write_text(text)
    done = home.run("login", "google", "--client-secret", str(file))
    assert done.code == 2
    assert said in done.err
    assert "sloe" not in done.err + done.out


def test_logout_revokes_the_sign_in_and_removes_its_file(own: Home, emulate: Emulate) -> None:
    signed_in(own, emulate)
    old = token_file(own).read_text()
    done = own.run("logout", "google")
    assert (done.code, done.err) == (0, "")
    assert "revoked" in done.out
    assert not token_file(own).exists()
    token_file(own).write_text(old)
    token_file(own).chmod(0o600)
    status, text, _ = opened(
        f"{emulate.url}/oauth2/token",
        {"grant_type": "refresh_token", "refresh_token": json.loads(old)["refresh_token"]},
    )
    assert (status, json.loads(text)["error"]) == (400, "invalid_grant")
    token_file(own).unlink()
    assert "Nothing to sign out of" in own.run("logout").out


def test_logout_of_a_google_that_is_away_says_where_to_revoke_it(own: Home, emulate: Emulate) -> None:
    signed_in(own, emulate)
    told = kept(own)
    token_file(own).write_text(json.dumps({**told, "token_uri": "http://127.0.0.1:9/token"}))
    done = own.run("logout", "work")
    assert done.code == 3
    assert "myaccount.google.com/connections" in done.err
    assert told["refresh_token"] not in done.out + done.err
    assert not token_file(own).exists()


def test_logout_removes_the_password_that_calsync_kept_and_no_other(home: Home) -> None:
    made, mine = home.folder / "dav-password", home.folder / "mine"
    text = HEAD
    for name, file in (("dav", made), ("other", mine)):
        file.write_text("s3cret\n")
        file.chmod(0o600)
        text += f'[[source]]\nname = "{name}"\ntype = "caldav"\nurl = "https://dav.lisboa.example/{name}"\n'
        text += f'username = "ines"\npassword_file = "{file.name}"\n'
    home.config.write_text(text)
    assert home.run("logout", "nothing").code == 2
    assert made.exists()
    done = home.run("logout", "caldav")
    assert done.code == 0
    assert not made.exists()
    assert mine.exists()
    assert f"{mine} stays" in done.out
