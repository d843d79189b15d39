"""A server with habits: a real one behind a door at which answers are given, changed or withheld.

What passes is kept as it was asked, headers included, so that a test can tell to whom a password went.
"""

from __future__ import annotations

import hashlib
import http.client
import http.server
import re
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace

from tests.dav_servers import DavServer

_HOP = ("connection", "accept-encoding", "content-length", "transfer-encoding", "date", "server", "host")


@dataclass(frozen=True)
class Asked:
    """One request; the names of headers are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Reply:
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


Before = Callable[[Asked], "Reply | Asked | None"]
"""Answers a request itself, or changes it on its way; None lets it through as it is."""

After = Callable[[Asked, Reply], Reply]
"""Changes what the real server answered."""


class Door:
    """Listens on loopback, over https with ``certificate`` (a PEM file with its key), and asks ``server``
    behind it, if there is one."""

    def __init__(self, server: DavServer | None = None, certificate: str = "", host: str = "127.0.0.1") -> None:
        self.asked: list[Asked] = []
        self.before: Before = lambda asked: None
        self.after: After = lambda asked, reply: reply
        door = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def relay(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                asked = Asked(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
                door.asked.append(asked)
                given = door.before(asked)
                reply = given if isinstance(given, Reply) else door.after(asked, door.passed(given or asked, server))
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                with suppress(BrokenPipeError, ConnectionResetError):
                    self.wfile.write(reply.body)

            def log_message(self, *arguments: object) -> None:
                pass

        for method in ("GET", "PUT", "DELETE", "PROPFIND", "REPORT", "MKCALENDAR", "OPTIONS"):
            setattr(Handler, f"do_{method}", Handler.relay)
        self._server = http.server.ThreadingHTTPServer((host, 0), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{'https' if certificate else 'http'}://{host}:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def passed(self, asked: Asked, server: DavServer | None) -> Reply:
        if server is None:
            return Reply(404)
        onward = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        onward.request(asked.method, asked.path, asked.body, {k: v for k, v in asked.headers.items() if k not in _HOP})
        answer = onward.getresponse()
        reply = Reply(answer.status, answer.read(), {k: v for k, v in answer.getheaders() if k.lower() not in _HOP})
        onward.close()
        return reply

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def wants_digest(user: str, password: str) -> Before:
    """Lets in whoever knows the password, by Digest alone (RFC 7616), and drops what let them in."""
    realm, nonce = "calendars", "c2FsdA"

    def digest(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode()).hexdigest()

    def before(asked: Asked) -> Reply | Asked | None:
        shown = asked.headers.get("authorization", "")
        told = dict(re.findall(r'(\w+)="?([^",]+)"?', shown.removeprefix("Digest ")))
        if shown.startswith("Digest ") and told.get("username") == user:
            secret, deed = digest(user, realm, password), digest(asked.method, told["uri"])
            wanted = digest(secret, nonce, told["nc"], told["cnonce"], "auth", deed)
            if told["response"] == wanted:
                return replace(asked, headers={k: v for k, v in asked.headers.items() if k != "authorization"})
        challenge = f'Digest realm="{realm}", nonce="{nonce}", qop="auth", algorithm=MD5'
        return Reply(401, b"", {"WWW-Authenticate": challenge})

    return before


def drops_etags(asked: Asked, reply: Reply) -> Reply:
    """A server that knows no etags at all."""
    headers = {k: v for k, v in reply.headers.items() if k.lower() != "etag"}
    return Reply(reply.status, re.sub(rb"<(\w+:)?getetag>[^<]*</(\w+:)?getetag>", b"", reply.body), headers)


def weakens_etags(asked: Asked, reply: Reply) -> Reply:
    """A web server in front that compresses: ``W/"a"`` in headers and in listings."""
    headers = {k: f"W/{v}" if k.lower() == "etag" else v for k, v in reply.headers.items()}
    return Reply(reply.status, re.sub(rb"(getetag>)(&quot;|\")", rb"\1W/\2", reply.body), headers)


def rewrites(asked: Asked) -> Asked | None:
    """A server that stores texts in its own manner: other properties of unknown names are dropped, the
    title is spaced anew and a stamp of its own is set."""
    if asked.method != "PUT":
        return None
    text = re.sub(rb"\r?\n[ \t]", b"", asked.body)
    text = re.sub(rb"(?m)^X-[^\n]*\n", b"", text)
    text = re.sub(rb"(?m)^SUMMARY:([^\r\n]*)", rb"SUMMARY: [\1]", text)
    return replace(asked, body=text.replace(b"BEGIN:VALARM", b"COMMENT:stored\r\nBEGIN:VALARM"))


def tells_no_etag_of_what_it_rewrote(asked: Asked, reply: Reply) -> Reply:
    """As RFC 4791 §5.3.4 asks of such a server."""
    if asked.method != "PUT":
        return reply
    return replace(reply, headers={k: v for k, v in reply.headers.items() if k.lower() != "etag"})


def in_capitals(asked: Asked, reply: Reply) -> Reply:
    """Addresses come back in another case and encoding than they were given."""

    def other(match: re.Match[bytes]) -> bytes:
        return match[0].upper().replace(b"CALSYNC-", b"CALSYNC%2D")

    return replace(reply, body=re.sub(rb"calsync-[a-v0-9]+(?=\.ics)", other, reply.body))


def in_any_case(asked: Asked) -> Asked:
    """Such a server finds what it keeps by the address that it gave."""

    def found(address: str) -> str:
        return re.sub(r"CALSYNC(?:%2D|-)[A-V0-9]+", lambda name: name[0].replace("%2D", "-").lower(), address)

    return replace(asked, path=found(asked.path), body=found(asked.body.decode()).encode())


def few_at_a_time(pauses: list[float], each: int = 2) -> Before:
    """Takes ``each`` requests, then asks for a second's pause; whoever waited may go on."""
    left = [each, 0]

    def before(asked: Asked) -> Reply | None:
        if len(pauses) > left[1]:
            left[:] = [each, len(pauses)]
        left[0] -= 1
        return Reply(429, b"", {"Retry-After": "1"}) if left[0] < 0 else None

    return before
