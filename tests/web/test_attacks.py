"""A table of attacks: none of them changes anything, and none is told anything."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from calsync.web import guard
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING, Served, serving, two_newcomers
from tests.world import at

BASE = "https://nudges.example"
FOREIGN = "https://evil.example"


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """One server for the whole table: whatever an attack changes, the next one finds."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CALSYNC_NOW", at(EVENING).isoformat())
        house = House(tmp_path_factory.mktemp("attacked"), sections={"serve": f'base_url = "{BASE}"'})
        two_newcomers(house)
        with serving(house) as running:
            assert running.sign_in().status == 303
            yield running


@pytest.fixture
def open_house(attacked: Served, monkeypatch: pytest.MonkeyPatch) -> Served:
    """A server with links in its reminders, and somebody who has signed in."""
    monkeypatch.setenv("CALSYNC_NOW", at(EVENING).isoformat())
    return replace(attacked, cookies=dict(attacked.cookies))


def ticket(served: Served) -> str:
    """The place to which the answers to Noor's first reminder go."""
    unfolded = served.house.feed_path.read_bytes().decode().replace("\r\n ", "")
    found = re.search(rf"Noor Haddad.*?Done: {BASE}(/a/[\w.-]+)/done", unfolded, re.DOTALL)
    assert found
    return found[1]


def everything(served: Served) -> list[object]:
    """All that an attack could change: follow-ups, reminders, people, tokens."""
    with served.house.ledger() as ledger:
        tables = ("followup", "reminder", "person", "accepted", "link", "feed_token", "change")
        return [ledger.rows(f"SELECT * FROM {table} ORDER BY 1") for table in tables]


def is_silent(text: str) -> bool:
    return not any(word in text for word in ("Noor", "Tomas", "juniper", "VEVENT", "Traceback", "sqlite", 'File "'))


WRONG_PLACES = [
    "/feed/.ics",
    "/feed/../calsync.db",
    "/feed/..%2f..%2fledger.db",
    "/feed/%2e%2e/%2e%2e/etc/passwd.ics",
    "/feed/....//....//etc/passwd.ics",
    "/feed/%00.ics",
    "/feed/' OR 1=1 --.ics".replace(" ", "%20"),
    "/feed/%ff%fe.ics",
    "/feed/null.ics",
    f"/feed/{'A' * 4000}.ics",
    "/feed",
    "/a/",
    "/a/..",
    "/a/x.y.z/done",
    "/a/%00.%00.%00",
    "/a/" + "9" * 3000,
    "/a/ab.ffffffffffffffffffffffff.AAAAAAAAAAAAAAAAAAAAAA/done",
    "/style.css/../../config.toml",
    "/pages/base.html",
    "/.git/config",
    "/config.toml",
    "//evil.example/%2e%2e",
    "/login/../feed",
    "/docs",
    "/openapi.json",
]


@pytest.mark.parametrize("path", WRONG_PLACES)
def test_a_wrong_place_is_nothing_and_says_nothing(open_house: Served, path: str) -> None:
    before = everything(open_house)
    open_house.cookies = {}
    for method in ("GET", "POST", "HEAD"):
        got = open_house.ask(path, method, {"do": "done"} if method == "POST" else None)
        assert got.status in (404, 405, 429)
        assert is_silent(got.text)
    assert everything(open_house) == before


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "CONNECT"])
@pytest.mark.parametrize("path", ["/", "/say", "/login", "feed", "ticket"])
def test_a_method_that_is_not_meant_changes_nothing(open_house: Served, method: str, path: str) -> None:
    where = {"feed": open_house.feed_path(), "ticket": ticket(open_house)}.get(path, path)
    before = everything(open_house)
    got = open_house.ask(where, method, {"do": "done"})
    assert got.status in (400, 404, 405)
    assert is_silent(got.text)
    assert everything(open_house) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": FOREIGN},
        {"Origin": "null"},
        {"Sec_Fetch_Site": "cross-site", "Origin": FOREIGN},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Host": "evil.example"},
        {"Host": f"127.0.0.1.{'evil.example'}"},
        {"Host": ""},
        {"Host": "nudges.example@evil.example"},
    ],
)
@pytest.mark.parametrize("path", ["ticket", "/say", "/logout", "/login", "/rules/try"])
def test_another_site_can_send_no_form(open_house: Served, path: str, headers: dict[str, str]) -> None:
    where = ticket(open_house) if path == "ticket" else path
    key = re.search(r'name="key" value="([^"]*)"', open_house.ask("/health").text)
    assert key
    before = everything(open_house)
    sent = {"do": "stop", "who": "noor@juniper.example", "key": key[1]}
    got = open_house.ask(where, "POST", sent | ({"do": "done"} if path == "ticket" else {}), **headers)
    assert got.status in (400, 403, 421)
    assert is_silent(got.text)
    assert "set-cookie" not in got.headers
    assert everything(open_house) == before


@pytest.mark.parametrize("key", ["", "x", "0" * 22, "é"])
@pytest.mark.parametrize("path", ["/say", "/logout", "/rules/try"])
def test_a_form_without_the_key_of_this_session_is_refused(open_house: Served, path: str, key: str) -> None:
    before = everything(open_house)
    got = open_house.ask(path, "POST", {"do": "stop", "who": "noor@juniper.example", "key": key})
    assert got.status == 403
    assert everything(open_house) == before


def test_the_form_key_of_one_session_is_no_good_in_another(open_house: Served, met: House) -> None:
    found = re.search(r'name="key" value="([^"]*)"', open_house.ask("/health").text)
    assert found
    with serving(met) as other:
        assert other.sign_in().status == 303
        assert other.cookies != open_house.cookies
        got = other.ask("/say", "POST", {"do": "stop", "who": "noor@juniper.example", "key": found[1]})
    assert got.status == 403


@pytest.mark.parametrize(
    "cookie", ["", "x", "..", "ffffffff.00.AAAA", "7fffffff.aa.AAAAAAAAAAAAAAAAAAAAAA", "a" * 4000]
)
def test_a_made_up_session_opens_nothing(open_house: Served, cookie: str) -> None:
    for made_up in (cookie, f"{open_house.cookies['calsync'][:-1]}", f"f{open_house.cookies['calsync']}"):
        got = open_house.ask("/", Cookie=f"calsync={made_up}")
        assert got.status == 303
        assert is_silent(got.text)


def test_a_ticket_for_one_reminder_is_no_session_and_no_other_ticket(open_house: Served) -> None:
    place = ticket(open_house)
    signed = place.rpartition("/")[2]
    assert open_house.ask("/", Cookie=f"calsync={signed}").status == 303
    reminder, until, mark = signed.split(".")
    with open_house.house.ledger() as ledger:
        other = ledger.value("SELECT id FROM reminder WHERE id != ?", reminder)
    open_house.cookies = {}
    before = everything(open_house)
    for forged in (f"{other}.{until}.{mark}", f"{reminder}.{int(until, 16) + 400:x}.{mark}", f"{reminder}..{mark}"):
        assert open_house.ask(f"/a/{forged}", "POST", {"do": "done"}).status in (404, 429)
    assert everything(open_house) == before


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"do=",
        b"do=delete",
        b"do=done%00",
        b"do=stop",
        b"do=stop&who=%27%20OR%201=1",
        b"do=undo&back=0.0.AAAAAAAAAAAAAAAAAAAAAA",
        b"do=undo&back=99999999999999999999.1.x",
        b"do=done&one=somebody",
        b"\xff\xfe\x00",
        b'{"do": "done"}',
        b"&".join(b"x=%d" % number for number in range(500)),
    ],
)
def test_a_malformed_answer_changes_nothing(open_house: Served, sent: bytes) -> None:
    before = everything(open_house)
    got = open_house.ask(ticket(open_house), "POST", sent)
    assert got.status in (303, 400, 410)
    assert everything(open_house) == before


@pytest.mark.parametrize("path", ["ticket", "/say", "/login", "/logout"])
def test_an_oversized_form_is_refused_before_it_is_read(open_house: Served, path: str) -> None:
    before = everything(open_house)
    where = ticket(open_house) if path == "ticket" else path
    got = open_house.ask(where, "POST", b"do=done&x=" + b"y" * 200_000)
    assert got.status == 413
    assert everything(open_house) == before


@pytest.mark.parametrize(
    "raw",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 60_000 + b"\r\n\r\n",
        b"GET " + b"/a" * 40_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://evil.example/ HTTP/1.1\r\nHost: evil.example\r\n\r\n",
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
        b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
    ],
    ids=["long header", "long path", "not http", "no such version", "foreign name", "two lengths", "bad chunk"],
)
def test_a_request_that_is_none_is_refused_and_the_server_lives_on(open_house: Served, raw: bytes) -> None:
    with socket.create_connection(("127.0.0.1", open_house.port), timeout=10) as line:
        line.sendall(raw + b"\r\n\r\n")
        answer = line.recv(4000)
    assert re.match(rb"HTTP/1.1 (?:4\d\d|303) ", answer)
    assert is_silent(answer.decode("latin-1"))
    assert open_house.ask("/").status == 200


def test_a_form_that_never_ends_is_given_up_and_holds_up_nobody(
    open_house: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "SLOWEST", 0.5)
    before = everything(open_house)
    head = f"POST {ticket(open_house)} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\ndo=done".encode()
    with socket.create_connection(("127.0.0.1", open_house.port), timeout=10) as line:
        line.sendall(head)
        assert open_house.ask("/").status == 200
        assert line.recv(4000).startswith(b"HTTP/1.1 408 ")
    assert everything(open_house) == before


def test_a_hundred_requests_that_never_end_keep_nobody_out(open_house: Served) -> None:
    with ExitStack() as stack:
        for _ in range(100):
            line = stack.enter_context(socket.create_connection(("127.0.0.1", open_house.port), timeout=10))
            line.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: ")
        assert open_house.ask("/").status == 200
        assert open_house.ask(open_house.feed_path()).status == 200
    assert open_house.ask("/").status == 200


BREAK = "%0d%0aSet-Cookie:%20calsync=evil%0d%0a%0d%0a<b>evil"


@pytest.mark.parametrize(
    "path",
    [
        f"/{BREAK}",
        f"/login?key={BREAK}",
        f"/people?q={BREAK}",
        f"/person?who={BREAK}@x",
        f"/week?of={BREAK}",
        f"/?did={BREAK}&back={BREAK}&one={BREAK}",
        f"/held?said=ignore&about={BREAK}@x",
        f"/reminder?is={BREAK}",
        f"/rules/try?name={BREAK}&value={BREAK}",
        f"/feed/{BREAK}.ics",
        f"/a/{BREAK}/done",
    ],
)
def test_no_line_break_becomes_a_header_and_no_word_becomes_html(open_house: Served, path: str) -> None:
    got = open_house.ask(path)
    assert got.status in (200, 303, 400, 404, 429)
    assert "calsync=evil" not in got.headers.get("set-cookie", "")
    assert "<b>" not in got.text


@pytest.mark.parametrize("where", ["ticket", "/say", "/rules/try", "/login"])
def test_no_line_break_of_a_form_becomes_a_header(open_house: Served, where: str) -> None:
    place = ticket(open_house) if where == "ticket" else where
    key = re.search(r'name="key" value="([^"]*)"', open_house.ask("/health").text)
    assert key
    evil = "x\r\nSet-Cookie: calsync=evil\r\n\r\n<b>evil"
    sent = dict.fromkeys(("to", "who", "one", "back", "day", "name0", "value0", "last", "password"), evil)
    for do in ("undo", "day", "stop", "tier"):
        got = open_house.ask(place, "POST", sent | {"do": do, "key": key[1] if where != "/login" else evil})
        assert got.status in (303, 400, 403, 409, 410, 429)
        assert "calsync=evil" not in got.headers.get("set-cookie", "")
        assert "<b>" not in got.text


@pytest.mark.parametrize(
    "path",
    [
        "/say?do=stop&who=noor@juniper.example",
        "/logout",
        "/rules/try?last=2+years&name0=professional.first-meeting.hello.after&value0=2+days",
        "/?do=done",
        "/reminder?is=x&do=done",
        "/held?said=accept&about=noor@juniper.example",
        "/people?said=stop&about=noor@juniper.example",
        "/person?who=noor@juniper.example&do=tier&tier=A",
    ],
)
def test_no_link_does_anything_whoever_follows_it(open_house: Served, path: str) -> None:
    before = everything(open_house)
    for method in ("GET", "HEAD"):
        got = open_house.ask(path, method, Purpose="prefetch", Sec_Purpose="prefetch")
        assert got.status in (200, 404, 405)
        assert "set-cookie" not in got.headers
    assert "Replaying" not in open_house.ask("/rules/try").text
    assert "no more follow-ups" not in open_house.ask(path).text
    assert everything(open_house) == before


def test_a_form_that_was_sent_once_changes_nothing_when_it_is_sent_again(open_house: Served) -> None:
    place, before = ticket(open_house), open_house.house.agenda(EVENING)
    moved = open_house.ask(place, "POST", {"do": "day", "day": "2026-06-02"})
    once = everything(open_house)
    assert open_house.ask(place, "POST", {"do": "day", "day": "2026-06-02"}).status == 303
    assert everything(open_house) == once
    back = moved.headers["location"].partition("back=")[2]
    for _ in range(2):
        assert open_house.ask(place, "POST", {"do": "undo", "back": back}).status == 303
    assert open_house.house.agenda(EVENING) == before


@pytest.mark.parametrize("path", ["/", "/login", "/nothing", "/rules", "/held", "feed", "ticket", "/style.css"])
def test_every_answer_tells_the_browser_to_be_careful(open_house: Served, path: str) -> None:
    where = {"feed": open_house.feed_path(), "ticket": ticket(open_house)}.get(path, path)
    headers = open_house.ask(where).headers
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "same-origin"
    assert "server" not in headers
    assert "access-control-allow-origin" not in headers
    assert headers["cache-control"] in ("no-store", "private, no-cache")


def test_the_key_of_the_start_is_not_used_up_by_whoever_looks_at_its_link(met: House) -> None:
    with serving(met) as served:
        for method in ("HEAD", "GET", "GET"):
            assert served.ask(f"/login?key={served.one_time}", method, Purpose="prefetch").status == 200
        assert served.sign_in().status == 303
