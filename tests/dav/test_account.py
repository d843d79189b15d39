"""The ways to a password, and to whom it is given."""

from __future__ import annotations

import shlex
import sys
import types
from pathlib import Path

import pytest

from calsync.dav.account import Account
from calsync.dav.answers import absolute
from calsync.dav.trust import trusted
from calsync.errors import SignInError

URL = "https://dav.lisboa.example/ines/"


def printing(text: str, code: int = 0) -> str:
    program = f"import sys; print({text!r}); print('locked', file=sys.stderr); sys.exit({code})"
    return shlex.join([sys.executable, "-c", program])


def test_a_command_prints_the_password_as_its_first_line() -> None:
    assert Account(URL, "ines", password_command=printing("s3 cret\nurl: x")).password() == "s3 cret"


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (printing("x", 3), "failed with exit code 3: locked"),
        (printing(""), "printed nothing"),
        ("/no/such/program show", "cannot be run"),
        ("pass 'show", "cannot be run"),
    ],
)
def test_a_command_that_gives_no_password_is_told_with_a_remedy(command: str, said: str) -> None:
    with pytest.raises(SignInError, match=said) as caught:
        Account(URL, "ines", password_command=command).password()
    assert caught.value.remedy
    assert caught.value.exit_code == 11


def test_a_command_gets_no_shell() -> None:
    command = shlex.join([sys.executable, "-c", "import sys; print(sys.argv[1])", "$HOME;`id`"])
    assert Account(URL, "ines", password_command=command).password() == "$HOME;`id`"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602])
def test_a_password_file_that_others_may_use_is_refused(tmp_path: Path, mode: int) -> None:
    file = tmp_path / "pass word"
    file.write_text("s3cret\n")
    file.chmod(mode)
    with pytest.raises(SignInError, match="others on this computer") as caught:
        Account(URL, "ines", password_file=file).password()
    assert f"chmod 600 '{file}'" in caught.value.remedy
    file.chmod(0o600)
    assert Account(URL, "ines", password_file=file).password() == "s3cret"


def test_a_password_file_that_is_missing_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(SignInError, match="cannot be read"):
        Account(URL, "ines", password_file=tmp_path / "none").password()
    file = tmp_path / "empty"
    file.touch(mode=0o600)
    with pytest.raises(SignInError, match="no password in it"):
        Account(URL, "ines", password_file=file).password()


def test_the_keyring_is_asked_for_this_account(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {("calsync", "ines@dav.lisboa.example"): "s3cret"}
    stand_in = types.ModuleType("keyring")
    stand_in.get_password = lambda service, key: kept.get((service, key))  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "keyring", stand_in)
    assert Account(URL, "ines", keyring=True).password() == "s3cret"
    with pytest.raises(SignInError, match="holds no password of ana@") as caught:
        Account(URL, "ana", keyring=True).password()
    assert "keyring set calsync ana@dav.lisboa.example" in caught.value.remedy


@pytest.mark.parametrize(
    ("home", "url", "is_trusted"),
    [
        (URL, "https://dav.lisboa.example/else/", True),
        ("https://caldav.icloud.com/", "https://p42-caldav.icloud.com:443/1/calendars/", True),
        ("https://caldav.icloud.com/", "http://p42-caldav.icloud.com/1/", False),
        (URL, "https://lisboa.example.evil.example/", False),
        (URL, "http://dav.lisboa.example/ines/", False),
        ("https://lisboa.example/", "https://porto.example/", False),
        ("https://dav.lisboa.example/", "https://cloud.lisboa.example/", False),
        ("https://lisboa.co.uk/", "https://porto.co.uk/", False),
        ("https://caldav.icloud.com/", "https://icloud.com.porto.example/", False),
        ("https://ines:s3cret@dav.lisboa.example/", "https://dav.lisboa.example/x", True),
        ("http://127.0.0.1:5232/", "http://127.0.0.1:9/", False),
    ],
)
def test_the_password_goes_to_the_server_that_the_user_named(home: str, url: str, is_trusted: bool) -> None:
    assert trusted(home, url) is is_trusted


@pytest.mark.parametrize(
    "spelling", ["a%40b.ics", "a@b.ics", "/ines/a%40b.ics", "https://DAV.lisboa.example/ines/a@b.ics"]
)
def test_an_address_has_one_spelling(spelling: str) -> None:
    assert absolute(URL, spelling) == "https://dav.lisboa.example/ines/a@b.ics"
