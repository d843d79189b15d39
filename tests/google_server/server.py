"""The server: HTTP in front of the calendars, a record of every call, and faults on demand."""

from __future__ import annotations

import contextlib
import http.server
import json
import socket
import threading
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from email.message import Message
from typing import Any, Unpack
from urllib.parse import parse_qs, urlsplit

from tests.google_server.account import Account
from tests.google_server.document import Json, Refused, body, document, parameters, route
from tests.google_server.faults import Call, Fault, When
from tests.google_server.stored import StoredCalendar

USER = "sam@northwind.example"


class GoogleServer:
    """A Google Calendar for one user, at ``endpoint``.

    Leaving the ``with`` block fails the test if an answer did not fit the document. Requests that did not are
    answered 400 and kept in ``refused``.

    ``tokens`` are the bearer tokens with the scopes granted to each (the last words of their addresses, such as
    ``calendar.events.readonly``); without any, everybody may do everything. ``pages`` are the sizes of the pages
    of a list, over and over, 0 for an empty one that has a next page; without any, pages are full. ``now`` stands
    in for the clock. ``before`` is called with each request before it is answered, and may edit or raise Refused;
    ``after`` may spoil an answer that the document allows.
    """

    def __init__(self, *, user: str = USER, zone: str = "Europe/Lisbon") -> None:
        self.user = user
        self.zone = zone
        self.now: datetime | None = None
        self.tokens: dict[str, Collection[str]] = {}
        self.before: Callable[[Call], None] = lambda call: None
        self.after: Callable[[Call, Json], None] = lambda call, answer: None
        self.calls: list[Call] = []
        self.refused: list[str] = []
        self.lock = threading.RLock()
        self.account = Account(user, self.clock, self.lock)
        self._faults: list[Fault] = []
        self._open: set[socket.socket] = set()
        self.add(user, zone=zone)
        document()
        server = self

        class Handler(_Handler):
            google = server

        self._http = _Http(("127.0.0.1", 0), Handler)
        self.port = self._http.server_port
        self.endpoint = f"http://127.0.0.1:{self.port}/calendar/v3/"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def __enter__(self) -> GoogleServer:
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self.close()
        if kind is None:
            assert not self.troubles, self.troubles

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        for each in list(self._open):
            _tear(each)

    def calendar(self, id_: str = "primary") -> StoredCalendar:
        """A calendar by its id or, as a user would find it, by its title."""
        with self.lock:
            titled = (each for each in self.account.calendars.values() if each.summary == id_)
            return self.account.named(id_) or next(titled)

    def add(self, id_: str, **known: Any) -> StoredCalendar:
        """One more calendar in the user's list; ``role``, ``zone`` and ``summary`` as StoredCalendar has them."""
        with self.lock:
            return self.account.add(id_, **known)

    def delete_calendar(self, id_: str) -> None:
        """The user deletes a whole calendar."""
        with self.lock:
            del self.account.calendars[self.calendar(id_).id]

    def fail(self, status: int, reason: str, *, retry_after: int | None = None, **when: Unpack[When]) -> None:
        """The next calls are answered with an error and not done."""
        headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
        refused = Refused(status, reason, f"{reason}, because the test wants it", headers=headers)
        self._faults.append(Fault("answer", refused, **when))

    def drop(self, **when: Unpack[When]) -> None:
        """The connection breaks before the next calls are done."""
        self._faults.append(Fault("drop", **when))

    def lose(self, **when: Unpack[When]) -> None:
        """The next calls are done, and the connection breaks before the answer."""
        self._faults.append(Fault("lose", **when))

    def wait(self, seconds: float, **when: Unpack[When]) -> None:
        """The next calls are answered late."""
        self._faults.append(Fault("wait", seconds=seconds, **when))

    def cut(self, **when: Unpack[When]) -> None:
        """Of the next answers only the first half comes."""
        self._faults.append(Fault("cut", **when))

    def heal(self) -> None:
        """No more faults."""
        self._faults.clear()

    def expire_sync_tokens(self) -> None:
        for each in self.account.calendars.values():
            each.revision += 1
            each.oldest_token = each.revision

    @property
    def pages(self) -> tuple[int, ...]:
        return self.account.pages

    @pages.setter
    def pages(self, sizes: tuple[int, ...]) -> None:
        self.account.pages = sizes

    @property
    def troubles(self) -> list[str]:
        """Answers that did not fit the document, and what this server cannot do."""
        return self.account.troubles

    @property
    def writes(self) -> list[Call]:
        return [call for call in self.calls if call.is_write]

    def clock(self) -> datetime:
        """The time here, which is in its answers as well."""
        return self.now or datetime.now(UTC)

    def answer(
        self, verb: str, target: str, content: bytes, headers: Message
    ) -> tuple[int, bytes, dict[str, str]] | None:
        """Status, body and headers of an answer; None where the connection is torn instead."""
        at = urlsplit(target)
        sent = {name.lower(): value for name, value in headers.items()}
        call = Call("", "", "", {}, {}, sent, 0)
        lost = False
        try:
            path = at.path.removeprefix(urlsplit(self.endpoint).path)
            try:
                method, in_path = route(verb, path)
                call = call._replace(method=method.name, calendar=in_path.get("calendarId", ""))
                call = call._replace(event=in_path.get("eventId", ""))
                asked = parameters(method, parse_qs(at.query, keep_blank_values=True), in_path)
                given = body(method, json.loads(content) if content else None)
            except (Refused, ValueError) as error:
                self.refused.append(f"{verb} {target}: {error}")
                raise error if isinstance(error, Refused) else Refused(400, "parseError", "Parse Error") from error
            call = call._replace(asked=asked, body=given)
            with self.lock:
                self.before(call)
                fault = next((fault for fault in self._faults if fault.befalls(call)), None)
            if fault is not None and fault.kind == "drop":
                return None
            if fault is not None and fault.refused is not None:
                raise fault.refused
            if fault is not None and fault.kind == "wait":
                time.sleep(fault.seconds)
            lost = fault is not None and fault.kind == "lose"
            torn = fault is not None and fault.kind == "cut"
            with self.lock:
                status, found = self.account.does(method, asked, given, sent, self.tokens)
                self.after(call, found)
            call = call._replace(status=0 if lost else status)
            if lost:
                return None
            text = b"" if status == 204 else json.dumps(found).encode()
            return status, text[: len(text) // 2] if torn else text, {}
        except Refused as error:
            call = call._replace(status=0 if lost else error.status)
            return None if lost else (error.status, json.dumps(error.body()).encode(), error.headers)
        finally:
            self.calls.append(call)


class _Http(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no news, anything else is a fault of this server."""
        import sys

        error = sys.exc_info()[1]
        if not isinstance(error, ConnectionError | ValueError):
            super().handle_error(request, client_address)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    google: GoogleServer

    def setup(self) -> None:
        super().setup()
        self.google._open.add(self.connection)

    def finish(self) -> None:
        self.google._open.discard(self.connection)
        super().finish()

    def respond(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            answered = self.google.answer(self.command, self.path, content, self.headers)
        except Exception as error:
            self.google.troubles.append(f"{self.command} {self.path}: {error!r}")
            answered = 500, json.dumps({"error": {"code": 500, "message": repr(error)}}).encode(), {}
        if answered is None:
            self.close_connection = True
            _tear(self.connection)
            return
        status, text, headers = answered
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status not in (204, 304):
            self.send_header("Content-Type", "application/json; charset=UTF-8")
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if status not in (204, 304):
            self.wfile.write(text)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(self.google.clock().timestamp() if timestamp is None else timestamp)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = respond

    def log_message(self, *arguments: object) -> None:
        pass


def _tear(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it may be gone already
        connection.shutdown(socket.SHUT_RDWR)
