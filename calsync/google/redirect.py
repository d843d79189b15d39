"""Waiting at an address of this machine for Google to send the browser back.

Anything may knock at a port: another tab, a browser that opens connections in advance, a page that
guesses. Only a request with the state of this very sign-in is heard; the others change nothing.
"""

from __future__ import annotations

import errno
import hmac
import html
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from threading import Thread
from types import TracebackType
from urllib.parse import parse_qs, urlsplit

from calsync.errors import UsageError

_PAGE = (
    '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>calsync</title><style>body{{font:1.1rem/1.5 system-ui,sans-serif;max-width:32rem;margin:20vh auto;"
    "padding:0 1.5rem;color-scheme:light dark}}</style><h1>{title}</h1><p>{text}</p></html>"
)


def answer_in(address: str, state: str) -> dict[str, str] | None:
    """What Google says in a redirected address: ``code``, or ``error``; None where it is not the answer
    to the sign-in of that ``state``."""
    try:
        said = parse_qs(urlsplit(address.strip()).query)
    except ValueError:
        return None
    words = {name: each[0] for name, each in said.items()}
    if not hmac.compare_digest(words.get("state", "").encode(), state.encode()):
        return None
    return words if "code" in words or "error" in words else None


class Waiting:
    """Listens at ``url`` on this machine alone until Google's answer to the sign-in of ``state`` comes.

    ``port`` 0 takes any that is free. Raises UsageError where the port cannot be had.
    """

    def __init__(self, state: str, port: int = 0) -> None:
        answers: Queue[dict[str, str]] = Queue()
        self._answers = answers

        class Handler(BaseHTTPRequestHandler):
            timeout = 30

            def do_GET(self) -> None:
                words = answer_in(self.path, state)
                if words is None:
                    self._say(404, "Nothing here", "calsync waits for an answer from Google at this address.")
                elif "error" in words:
                    self._say(200, "Not signed in", "Google says no. The terminal shows what to do.")
                else:
                    self._say(200, "Thank you", "Google has answered. Close this page and go back to the terminal.")
                if words is not None:
                    answers.put(words)

            def _say(self, status: int, title: str, text: str) -> None:
                data = _PAGE.format(title=html.escape(title), text=html.escape(text)).encode()
                self.send_response(status)
                for name, value in (
                    ("Content-Type", "text/html; charset=utf-8"),
                    ("Content-Length", str(len(data))),
                    ("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"),
                    ("Referrer-Policy", "no-referrer"),
                    ("Cache-Control", "no-store"),
                    ("Connection", "close"),
                ):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *words: object) -> None:
                """Its own log would show the code."""

        try:
            self._server = _Server(("127.0.0.1", port), Handler)
        except OSError as error:
            taken = error.errno == errno.EADDRINUSE
            raise UsageError(
                f"port {port} {'is taken' if taken else f'cannot be used: {error.strerror or error}'}",
                "Choose another with --port, or leave it out.",
            ) from None
        self.url = f"http://127.0.0.1:{self._server.server_port}/"
        Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()

    def answer(self, seconds: float) -> dict[str, str] | None:
        """Google's answer; None where none came in time."""
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            return None

    def __enter__(self) -> Waiting:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that went away is nobody's trouble."""
