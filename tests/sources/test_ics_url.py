"""Calendars behind an address, fetched from real servers on this machine."""

from __future__ import annotations

import gzip
import http.server
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from email.utils import formatdate

import pytest

from calsync.errors import SourceError
from calsync.sources.base import Seen
from calsync.sources.download import Limits
from calsync.sources.ics import IcsSource
from tests.sources.calendars import HOME, Taken, calendar, vevent

TEXT = calendar(vevent())
SECRET = "s3cr3t-t0ken"

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


def answer(status: int = 200, body: bytes = TEXT, *, length: int | None = None, **headers: str) -> Answer:
    """A plain answer; underscores in header names stand for hyphens."""

    def send(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name.replace("_", "-"), value)
        request.send_header("Content-Length", str(len(body) if length is None else length))
        request.end_headers()
        request.wfile.write(body)

    return send


class Server:
    """Gives the ``answers`` in turn, the last one again and again; keeps what was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []
        self.waits: list[float] = []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                server.asked.append({name.lower(): value for name, value in self.headers.items()})
                server.paths.append(self.path)
                send = server.answers[0]
                if len(server.answers) > 1:
                    server.answers.pop(0)
                try:
                    send(self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *arguments: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def read(self, *answers: Answer, seen: Seen | None = None, scheme: str = "http", **limits: object) -> Taken:
        self.answers = list(answers)
        url = f"{scheme}://127.0.0.1:{self.port}/{SECRET}/basic.ics?key={SECRET}"
        bounds = replace(Limits(wait=self.waits.append), **limits)  # type: ignore[arg-type]
        return Taken(IcsSource("work", url=url, home=HOME, limits=bounds).read(seen or Seen()))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    yield made
    made.close()


def test_a_calendar_is_fetched_and_read(server: Server) -> None:
    taken = server.read(answer())
    assert len(taken.events) == 1
    assert taken.reading.whole
    assert server.asked[0]["user-agent"].startswith("calsync/")
    assert "gzip" in server.asked[0]["accept-encoding"]


def test_webcal_on_this_machine_is_plain_http(server: Server) -> None:
    assert len(server.read(answer(), scheme="webcal").events) == 1


def test_an_etag_is_asked_with_and_304_means_unchanged(server: Server) -> None:
    seen = server.read(answer(ETag='"one"')).seen
    reading = server.read(answer(304, b""), seen=seen).reading
    assert server.asked[-1]["if-none-match"] == '"one"'
    assert reading.unchanged
    assert reading.validator == seen.validator


def test_a_modification_time_is_asked_with_where_there_is_no_etag(server: Server) -> None:
    stamp = formatdate(0, usegmt=True)
    seen = server.read(answer(Last_Modified=stamp)).seen
    assert server.read(answer(304, b""), seen=seen).reading.unchanged
    assert server.asked[-1]["if-modified-since"] == stamp


def test_the_same_content_is_unchanged_where_the_server_knows_nothing_of_etags(server: Server) -> None:
    seen = server.read(answer()).seen
    assert server.read(answer(), seen=seen).reading.unchanged


def test_another_reader_asks_without_condition(server: Server) -> None:
    seen = server.read(answer(ETag='"one"')).seen
    assert len(server.read(answer(), seen=seen._replace(context="older")).events) == 1
    assert "if-none-match" not in server.asked[-1]


@pytest.mark.parametrize("coding", ["gzip", "x-gzip"])
def test_a_compressed_calendar_is_unpacked(server: Server, coding: str) -> None:
    assert len(server.read(answer(body=gzip.compress(TEXT), Content_Encoding=coding)).events) == 1


def test_a_small_answer_that_unpacks_to_gigabytes_is_stopped(server: Server) -> None:
    bomb = gzip.compress(b"\r\n" * 30_000_000)
    with pytest.raises(SourceError, match="sent more than 5 MB"):
        server.read(answer(body=bomb, Content_Encoding="gzip"), octets=5_000_000)


def test_a_large_answer_is_stopped(server: Server) -> None:
    with pytest.raises(SourceError, match="sent more than"):
        server.read(answer(body=b"x" * 2_000_000), octets=1_000_000)


def test_redirects_are_followed(server: Server) -> None:
    assert len(server.read(answer(301, b"", Location="/b"), answer(307, b"", Location="c"), answer()).events) == 1
    assert server.paths[1:] == ["/b", "/c"]


def test_redirects_without_end_are_stopped(server: Server) -> None:
    with pytest.raises(SourceError, match="without end"):
        server.read(answer(302, b"", Location="/again"))
    assert len(server.paths) == 6


@pytest.mark.parametrize("target", ["ftp://127.0.0.1/x", "http://[broken", "file:///etc/passwd"])
def test_a_redirect_to_no_web_address_is_an_error(server: Server, target: str) -> None:
    with pytest.raises(SourceError, match="address that is none"):
        server.read(answer(302, b"", Location=target))


def test_a_password_in_the_address_goes_to_its_own_host_only(server: Server) -> None:
    other = Server()
    try:
        server.answers = [answer(302, b"", Location=f"http://localhost:{other.port}/x")]
        other.answers = [answer()]
        url = f"http://sam:p%40ss@127.0.0.1:{server.port}/x"
        Taken(IcsSource("work", url=url, home=HOME).read(Seen()))
        assert server.asked[0]["authorization"] == "Basic c2FtOnBAc3M="
        assert "authorization" not in other.asked[0]
    finally:
        other.close()


@pytest.mark.parametrize("status", [401, 403, 404, 410, 400, 418, 304])
def test_a_refusal_is_final_and_has_a_remedy(server: Server, status: int) -> None:
    with pytest.raises(SourceError) as caught:
        server.read(answer(status, b""))
    assert str(status) in str(caught.value)
    assert caught.value.remedy
    assert len(server.paths) == 1


def test_a_login_page_is_an_error_with_a_remedy(server: Server) -> None:
    with pytest.raises(SourceError, match="web page") as caught:
        server.read(answer(body=b"\n<html>Sign in</html>", Content_Type="text/html"))
    assert "Copy the address" in caught.value.remedy


def test_messages_name_the_host_and_never_the_secret(server: Server) -> None:
    for bad in (
        answer(404, b""), answer(503, b""), answer(body=b"<html>"), answer(302, b"", Location="ftp://x/s3cr3t-t0ken"),
        answer(length=10**6), answer(302, b"", Location=f"/{SECRET}"),
    ):  # fmt: skip
        with pytest.raises(SourceError) as caught:
            server.read(bad)
        assert "127.0.0.1" in str(caught.value)
        assert SECRET not in str(caught.value) + caught.value.remedy
    taken = server.read(answer(body=TEXT[:-20]))
    assert "cut short" in taken.reading.trouble
    assert SECRET not in taken.reading.trouble
    taken = server.read(answer(body=calendar(vevent(uid="", start=""))))
    assert SECRET not in taken.skipped[0].where


def test_a_server_out_of_order_is_asked_again(server: Server) -> None:
    assert len(server.read(answer(503, b""), answer(500, b""), answer()).events) == 1
    assert server.waits == [1.0, 2.0]


def test_a_server_that_stays_out_of_order_is_an_error(server: Server) -> None:
    with pytest.raises(SourceError, match="503"):
        server.read(answer(503, b""))
    assert len(server.paths) == 4


def test_the_wait_that_a_server_asks_for_is_kept_within_bounds(server: Server) -> None:
    server.read(answer(429, b"", Retry_After="7"), answer(503, b"", Retry_After="9999"), answer())
    assert server.waits == [7.0, 20.0]


def test_a_wait_that_would_take_too_long_is_not_begun(server: Server) -> None:
    with pytest.raises(SourceError, match="429"):
        server.read(answer(429, b"", Retry_After="15"), answer(), seconds=10.0)
    assert server.waits == []


def test_a_torn_connection_is_tried_again(server: Server) -> None:
    taken = server.read(answer(body=TEXT[:50], length=len(TEXT)), answer())
    assert len(taken.events) == 1
    assert len(server.paths) == 2


def test_a_connection_torn_in_the_middle_of_chunks_is_tried_again(server: Server) -> None:
    def torn(request: http.server.BaseHTTPRequestHandler) -> None:
        request.protocol_version = "HTTP/1.1"
        request.send_response(200)
        request.send_header("Transfer-Encoding", "chunked")
        request.end_headers()
        request.wfile.write(b"20\r\n" + TEXT[:32] + b"\r\n40\r\nhalf of it")
        request.close_connection = True

    assert len(server.read(torn, answer()).events) == 1


def test_a_torn_compressed_answer_is_tried_again(server: Server) -> None:
    packed = gzip.compress(TEXT)
    torn = answer(body=packed[:-12], Content_Encoding="gzip")
    assert len(server.read(torn, answer(body=b"rubbish", Content_Encoding="gzip"), answer()).events) == 1


def test_an_answer_torn_without_a_sign_is_cut_short(server: Server) -> None:
    def torn(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        request.wfile.write(TEXT[:-20])

    taken = server.read(torn)
    assert taken.items == []
    assert not taken.reading.whole


def test_a_server_that_says_nothing_is_left_in_time(server: Server) -> None:
    release = threading.Event()

    def silent(request: http.server.BaseHTTPRequestHandler) -> None:
        release.wait(5)

    begun = time.monotonic()
    with pytest.raises(SourceError):
        server.read(silent, seconds=0.3)
    release.set()
    assert time.monotonic() - begun < 4


def test_a_server_that_drips_is_left_in_time(server: Server) -> None:
    stop = threading.Event()

    def drip(request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.end_headers()
        while not stop.wait(0.02):
            request.wfile.write(b"x")

    begun = time.monotonic()
    with pytest.raises(SourceError, match="took longer"):
        server.read(drip, seconds=0.4)
    stop.set()
    assert time.monotonic() - begun < 4


def test_nobody_listening_is_an_error_with_a_remedy(server: Server) -> None:
    server.close()
    with pytest.raises(SourceError, match=r"127\.0\.0\.1 .*cannot be reached") as caught:
        server.read(answer(), attempts=2)
    assert caught.value.remedy
    assert server.waits == [1.0]


@pytest.mark.parametrize("url", ["ftp://acme.example/x", "work.ics", "https://", "http://[", "", "http://a:b/"])
def test_what_is_no_web_address_is_an_error(url: str) -> None:
    with pytest.raises(SourceError, match="no web address"):
        IcsSource("work", url=url, home=HOME).read(Seen())
