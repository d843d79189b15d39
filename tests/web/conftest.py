"""A server as it runs, and somebody who asks it over real HTTP."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import pytest

from calsync.ledger.doors import feed_token
from calsync.web.serving import doorkeeper, listening, server
from tests.acceptance.conftest import House
from tests.world import Ev, at

EVENING = "2026-05-12 18:00"
"""A Tuesday."""


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


@dataclass
class Served:
    """A house, and a server of it that listens on this machine."""

    house: House
    port: int
    one_time: str = ""
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def here(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def ask(
        self, path: str, method: str = "GET", form: dict[str, str] | bytes | None = None, /, **headers: str
    ) -> Reply:
        """Send a request as it stands: nothing is followed, nothing tidied."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            sent.setdefault("Cookie", "; ".join(f"{name}={value}" for name, value in self.cookies.items()))
        body = form if isinstance(form, bytes) else None if form is None else urlencode(form).encode()
        if body is not None:
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        try:
            line.putrequest(method, path, skip_host="Host" in sent, skip_accept_encoding=True)
            for name, value in sent.items():
                line.putheader(name, value)
            if body is not None:
                line.putheader("Content-Length", str(len(body)))
            line.endheaders(body)
            got = line.getresponse()
            return Reply(got.status, {k.lower(): v for k, v in got.getheaders()}, got.read())
        finally:
            line.close()

    def sign_in(self, **form: str) -> Reply:
        """Sign in, by the one-time key where nothing else is said, and keep the session."""
        got = self.ask("/login", "POST", form or {"key": self.one_time})
        name, _, value = got.headers.get("set-cookie", "").partition(";")[0].partition("=")
        if value:
            self.cookies = {name: value}
        return got

    def feed_path(self, output: str = "feed") -> str:
        with self.house.ledger() as ledger:
            return f"/feed/{feed_token(ledger, output, at(EVENING))}.ics"


@contextmanager
def serving(house: House) -> Iterator[Served]:
    opened = listening("127.0.0.1", 0)
    port, config = opened.getsockname()[1], house.config()
    door = doorkeeper(config)
    running = server(config, "127.0.0.1", port, door)
    thread = threading.Thread(target=running.run, kwargs={"sockets": [opened]}, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield Served(house, port, door.one_time)
    finally:
        running.should_exit = True
        thread.join(10)
        opened.close()


def two_newcomers(house: House) -> None:
    """Let Noor and Tomas be met on the day of :data:`EVENING`, and sync."""
    house.put(
        Ev("noor", "2026-05-12 10:00", ['ATTENDEE;CN="Noor Haddad";PARTSTAT=ACCEPTED:mailto:noor@juniper.example']),
        Ev("tomas", "2026-05-12 14:00", ['ATTENDEE;CN="Tomas Berg";PARTSTAT=ACCEPTED:mailto:tomas@fjord.example']),
    )
    assert house.sync(EVENING).exit_code == 0


@pytest.fixture
def met(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house in which Noor and Tomas were met this morning, after a sync."""
    monkeypatch.setenv("CALSYNC_NOW", at(EVENING).isoformat())
    house = House(tmp_path)
    two_newcomers(house)
    return house


@pytest.fixture
def served(met: House) -> Iterator[Served]:
    with serving(met) as running:
        yield running
