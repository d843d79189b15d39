"""Real CalDAV servers on this machine, and a proxy that breaks what passes through it."""

from __future__ import annotations

import http.client
import http.server
import importlib.util
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

USER, PASSWORD = "sam", "cr4b-apple"


def python_with(module: str) -> str:
    """An interpreter that has a server: this one, or that of the peers. Without one, or without
    the caldav package itself, the test is skipped, unless CALSYNC_REQUIRE_PEERS is set."""
    peers = Path(os.environ.get("CALSYNC_PEERS") or Path(__file__).parents[1] / ".peers")
    own = peers / module / "bin" / "python"
    missing = "" if importlib.util.find_spec("caldav") else 'pip install "calsync[caldav]"'
    if not missing and importlib.util.find_spec(module):
        return sys.executable
    if not missing and own.exists():
        return str(own)
    why = f"needs {missing or f'{module}: run tests/peers/install'}"
    if os.environ.get("CALSYNC_REQUIRE_PEERS"):
        pytest.fail(why)
    pytest.skip(why)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class DavServer:
    """A server in a process of its own, with one calendar for events at ``calendar``."""

    home = "/sam/"

    def __init__(self, folder: Path, *, password: str = "") -> None:
        self.folder = folder
        self.password = password
        self.port = free_port()
        self.calendar = f"{self.home}work/"
        folder.mkdir(parents=True, exist_ok=True)
        command = self.command()
        self._log = (folder / "log").open("wb")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=self._log)
        self._wait()
        self.made(self.home)
        self.made(self.calendar, calendar=True)

    def command(self) -> list[str]:
        raise NotImplementedError

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def made(self, path: str, *, calendar: bool = False) -> None:
        kind = '<c:calendar xmlns:c="urn:ietf:params:xml:ns:caldav"/>' if calendar else ""
        body = f'<mkcol xmlns="DAV:"><set><prop><resourcetype><collection/>{kind}</resourcetype></prop></set></mkcol>'
        status, _ = self.ask("MKCOL", path, body.encode(), {"Content-Type": "application/xml"})
        assert status in (201, 405, 409), (status, path)

    def put(self, name: str, content: bytes) -> None:
        status, said = self.ask("PUT", f"{self.calendar}{name}", content, {"Content-Type": "text/calendar"})
        assert status in (200, 201, 204), (status, said)

    def delete(self, path: str) -> None:
        status, said = self.ask("DELETE", path)
        assert status in (200, 204), (status, said)

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        given = dict(headers or {})
        if self.password:
            import base64

            given["Authorization"] = f"Basic {base64.b64encode(f'{USER}:{self.password}'.encode()).decode()}"
        try:
            connection.request(method, path, body, given)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                assert self._process.poll() is None, (self.folder / "log").read_text()
                time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._log.close()


class Radicale(DavServer):
    def command(self) -> list[str]:
        auth = ["--auth-type", "none"]
        if self.password:
            users = self.folder / "users"
            users.write_text(f"{USER}:{self.password}\n")
            auth = ["--auth-type", "htpasswd", "--auth-htpasswd-filename", str(users)]
            auth += ["--auth-htpasswd-encryption", "plain", "--auth-delay", "0"]
        hosts = ["--server-hosts", f"127.0.0.1:{self.port}"]
        storage = ["--storage-filesystem-folder", str(self.folder / "store")]
        return [python_with("radicale"), "-m", "radicale", "--config", "", *hosts, *storage, *auth]


class Xandikos(DavServer):
    home = "/sam/calendars/"

    def command(self) -> list[str]:
        where = ["-d", str(self.folder / "store"), "-l", "127.0.0.1", "-p", str(self.port)]
        return [python_with("xandikos"), "-m", "xandikos", "serve", "--defaults", *where,
                "--current-user-principal", "/sam/"]  # fmt: skip


METHODS = (
    *("GET", "PUT", "DELETE", "POST", "PATCH", "OPTIONS"),
    *("PROPFIND", "PROPPATCH", "REPORT", "MKCALENDAR", "MKCOL"),
)

Fault = Callable[[str, str, int, bytes], "tuple[int, bytes] | None"]
"""Given method, path, status and body of an answer, what is answered instead; None tears the
connection, after the server did what it was asked."""


class HasPort(Protocol):
    @property
    def port(self) -> int: ...


class Proxy:
    """Passes requests on to a server on this machine and keeps them in ``asked``. ``fault`` may change
    answers; ``status`` is answered to everything without asking the server."""

    def __init__(self, server: HasPort) -> None:
        self.asked: list[tuple[str, str]] = []
        self.fault: Fault | None = None
        self.status = 0
        self.headers: dict[str, str] = {}
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def relay(self) -> None:
                proxy.asked.append((self.command, self.path))
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                instead = proxy.passes(self.command, self.path)
                if instead is not None:
                    self.answer(instead, b"", proxy.headers) if instead else self.tear()
                    return
                onward = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
                left_out = ("connection", "accept-encoding", "content-length", "transfer-encoding")
                headers = {k: v for k, v in self.headers.items() if k.lower() not in left_out}
                onward.request(self.command, self.path, body, headers)
                answer = onward.getresponse()
                status, content = answer.status, answer.read()
                kept = {k: v for k, v in answer.getheaders() if k.lower() not in (*left_out, "date", "server")}
                onward.close()
                changed = proxy.returns(self.command, self.path, status, content)
                if changed is None:
                    self.tear()
                    return
                status, content = changed
                self.answer(status, content, kept)

            def tear(self) -> None:
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)

            def answer(self, status: int, content: bytes, headers: dict[str, str]) -> None:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        for method in METHODS:
            setattr(Handler, f"do_{method}", Handler.relay)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def passes(self, method: str, path: str) -> int | None:
        """Asked before the server is: None lets the request pass, a status is answered instead, and 0
        tears the connection."""
        return self.status or None

    def returns(self, method: str, path: str, status: int, body: bytes) -> tuple[int, bytes] | None:
        """Asked when the server has done it: what is answered; None tears the connection."""
        return (status, body) if self.fault is None else self.fault(method, path, status, body)

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
