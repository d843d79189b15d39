"""The user's browser at Google's pages, and the user: it opens, fills in, presses and follows."""

from __future__ import annotations

import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

if TYPE_CHECKING:
    from tests.cli.conftest import Home, Outcome

Choice = Callable[[dict[str, str]], dict[str, str]]
"""What the user changes in Google's form before they press the button."""


class _Form(HTMLParser):
    action = ""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}

    def handle_starttag(self, tag: str, attributes: Sequence[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attributes}
        if tag == "form":
            self.action = named["action"]
        elif tag == "input" and named.get("name"):
            self.fields[named["name"]] = named.get("value", "")


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def opened(url: str, form: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """The status, the text and the address one is sent on to."""
    data = urlencode(form).encode() if form is not None else None
    try:
        with urllib.request.build_opener(_Stay).open(url, data, 20) as answer:
            return answer.status, answer.read().decode(), ""
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), urljoin(url, error.headers.get("Location", ""))


def asked(page: str) -> dict[str, str]:
    """What calsync asks of Google in the address of its page."""
    return {name: each[0] for name, each in parse_qs(urlsplit(page).query).items()}


def consented(page: str, choice: Choice = lambda form: form) -> str:
    """The address to which Google sends the browser once the user has consented."""
    status, text, _ = opened(page)
    assert status == 200, text
    form = _Form()
    form.feed(text)
    status, _, back = opened(urljoin(page, form.action), choice(form.fields))
    assert status == 302
    return back


def denied(page: str) -> str:
    """The address to which Google sends the browser of a user who pressed Cancel."""
    words = asked(page)
    return f"{words['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': words['state']})}"


class Login:
    """``calsync login google`` as it runs, as far as the address of Google's page."""

    def __init__(self, home: Home, *words: str, **env: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "calsync", "login", "google", *words],
            cwd=home.folder,
            env=home.environment(OAUTHLIB_INSECURE_TRANSPORT="1", **env),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stderr is not None
        self._told = ""
        self.page = ""
        for line in self._process.stderr:
            self._told += line
            if line.startswith("http"):
                self.page = line.strip()
                break

    def ends(self, typed: str = "") -> Outcome:
        from tests.cli.conftest import Outcome

        out, err = self._process.communicate(typed, timeout=60)
        return Outcome(self._process.returncode, out, self._told + err)

    def __enter__(self) -> Login:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        with suppress(subprocess.TimeoutExpired, ValueError):
            self._process.communicate(timeout=10)


def client_file(folder: Path, url: str, kind: str = "installed") -> Path:
    """A client's file as Google gives it, whose addresses are those of ``url``."""
    import json

    told = {"client_id": "117-plum.apps.example", "client_secret": "client-secret-sloe", "project_id": "p"}
    addresses = {"auth_uri": f"{url}/o/oauth2/v2/auth", "token_uri": f"{url}/oauth2/token"}
    file = folder / "client_secret.json"
    file.write_text(json.dumps({kind: {**told, **addresses, "redirect_uris": ["http://localhost"]}}))
    return file
