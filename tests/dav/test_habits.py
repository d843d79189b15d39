"""What CalDAV servers do in their own ways, and what calsync makes of each."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from calsync.dav.account import Account
from calsync.dav.calendars import calendars
from calsync.dav.etags import is_condition, of_content, strong
from calsync.dav.server import DavError, Patience, Server
from calsync.errors import OutputError, SignInError
from calsync.outputs.caldav import CaldavOutput
from tests import dav_habits as habits
from tests.dav_habits import Asked, Door, Reply
from tests.dav_servers import PASSWORD, USER, DavServer, Radicale
from tests.outputs.reminders import HELLO

LISBON = ZoneInfo("Europe/Lisbon")
NEWER = replace(HELLO, title="✉ Email Ana Lima: nice to meet you", sequence=3)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    made = Radicale(tmp_path_factory.mktemp("radicale"))
    yield made
    made.close()


class House:
    """A calendar behind a door, as an output sees it and as the server has it."""

    names = itertools.count()

    def __init__(self, server: DavServer) -> None:
        self.server = server
        self.door = Door(server)
        self.place = f"/sam/habits-{next(self.names)}/"
        server.made(self.place, calendar=True)
        self.waits: list[float] = []
        self.opened: list[CaldavOutput] = []
        self.output = self.again()

    def again(self, place: str = "", *, is_new: bool = True) -> CaldavOutput:
        patience = Patience(seconds=10, wait=self.waits.append)
        url = self.door.url + (place or self.place)
        self.opened.append(CaldavOutput("dav", Account(url), home=LISBON, patience=patience, is_new=is_new))
        return self.opened[-1]

    def path(self, name: str = f"calsync-{HELLO.id}") -> str:
        return f"{self.place}{name}.ics"

    def text(self, path: str = "") -> str:
        status, text = self.server.ask("GET", path or self.path())
        return re.sub(r"\r?\n[ \t]", "", text.decode()) if status == 200 else ""

    def verbs(self) -> list[str]:
        return [each.method for each in self.door.asked]

    def close(self) -> None:
        for each in self.opened:
            each.close()
        self.door.close()


@pytest.fixture
def house(server: DavServer) -> Iterator[House]:
    made = House(server)
    yield made
    made.close()


# Etags


@pytest.mark.parametrize("told", ['"a1b"', 'W/"a1b"', '"a1b-gzip"', 'W/"a1b-gzip"', '"a1b;gzip"', "a1b", ' "a1b" '])
def test_an_etag_is_the_same_however_it_was_weakened_on_the_way(told: str) -> None:
    assert strong(told) == '"a1b"'
    assert strong("") == ""
    assert is_condition(strong(told))
    assert not is_condition(of_content(b"x"))


@pytest.mark.parametrize("after", [habits.weakens_etags, habits.drops_etags], ids=lambda each: each.__name__)
def test_weak_or_missing_etags_do_not_keep_calsync_from_changing_its_own(house: House, after: habits.After) -> None:
    house.door.after = after
    etag = house.output.create(HELLO).etag
    assert etag
    stands = house.again().standing({HELLO.id: etag})
    assert stands[HELLO.id].content is None
    changed = house.output.change(NEWER, stands[HELLO.id].etag)
    assert changed.what == "done"
    assert "Email Ana Lima" in house.text()
    assert house.output.remove(HELLO.id, changed.etag).what == "done"
    assert house.text() == ""


@pytest.mark.parametrize("after", [habits.weakens_etags, habits.drops_etags], ids=lambda each: each.__name__)
def test_weak_or_missing_etags_do_not_let_calsync_overwrite_an_edit(house: House, after: habits.After) -> None:
    house.door.after = after
    etag = house.output.create(HELLO).etag
    mine = house.text().replace(HELLO.title, "Mine now")
    assert "Mine now" in mine
    house.server.ask("PUT", house.path(), mine.encode(), {"Content-Type": "text/calendar"})
    assert house.output.change(NEWER, etag).what == "changed"
    assert house.output.remove(HELLO.id, etag).what == "changed"
    assert "Mine now" in house.text()
    stands = house.again().standing({HELLO.id: etag})[HELLO.id]
    assert stands.content is not None
    assert stands.content.title == "Mine now"


# Servers that rewrite


def test_what_a_server_rewrote_is_no_word_of_the_user(house: House) -> None:
    house.door.before, house.door.after = habits.rewrites, habits.tells_no_etag_of_what_it_rewrote
    etag = house.output.create(HELLO).etag
    assert "X-CALSYNC-ID" not in house.text()
    assert "COMMENT:stored" in house.text()
    assert house.again().standing({HELLO.id: etag})[HELLO.id].content is None


def test_a_move_is_heard_on_a_server_that_dropped_every_mark(house: House) -> None:
    house.door.before, house.door.after = habits.rewrites, habits.tells_no_etag_of_what_it_rewrote
    etag = house.output.create(HELLO).etag
    moved = re.sub(r"DTSTART[^\r\n]*", "DTSTART:20270105T100000Z", house.text())
    moved = re.sub(r"DTEND[^\r\n]*", "DTEND:20270105T101500Z", moved)
    house.server.ask("PUT", house.path(), moved.encode(), {"Content-Type": "text/calendar"})
    content = house.again().standing({HELLO.id: etag})[HELLO.id].content
    assert content is not None
    assert content.start == datetime(2027, 1, 5, 10, tzinfo=UTC)


def test_a_move_between_writing_and_looking_is_not_taken_for_the_servers_manner(house: House) -> None:
    house.door.after = habits.tells_no_etag_of_what_it_rewrote

    def before(asked: Asked) -> Reply | None:
        if asked.method == "GET":
            moved = re.sub(r"DTSTART[^\r\n]*", "DTSTART:20260301T100000Z", house.text())
            house.server.ask("PUT", house.path(), moved.encode(), {"Content-Type": "text/calendar"})
        return None

    house.door.before = before
    etag = house.output.create(HELLO).etag
    house.door.before = lambda asked: None
    assert house.again().standing({HELLO.id: etag})[HELLO.id].content is not None


# Addresses


def test_addresses_in_another_case_and_encoding_are_calsyncs_own(house: House) -> None:
    house.door.before, house.door.after = habits.in_any_case, habits.in_capitals
    etag = house.output.create(HELLO).etag
    output = house.again()
    assert output.standing({HELLO.id: etag})[HELLO.id].etag == etag
    assert output.change(NEWER, etag).what == "done"
    assert house.door.asked[-1].path.endswith(f"CALSYNC-{HELLO.id.upper()}.ics")
    assert "Email Ana Lima" in house.text()


def moves_to_another_address(house: House) -> str:
    """What a program does that drags an event to another calendar and back."""
    text, elsewhere = house.text(), house.path("7A1C-44")
    house.server.delete(house.path())
    house.server.ask("PUT", elsewhere, text.encode(), {"Content-Type": "text/calendar"})
    return elsewhere


def test_a_reminder_that_stands_at_another_address_is_not_taken_for_deleted(house: House) -> None:
    etag = house.output.create(HELLO).etag
    elsewhere = moves_to_another_address(house)
    output = house.again()
    stands = output.standing({HELLO.id: etag})
    assert list(stands) == [HELLO.id]
    assert output.change(NEWER, stands[HELLO.id].etag).what == "done"
    assert "Email Ana Lima" in house.text(elsewhere)
    assert house.text() == ""


def test_what_is_gone_is_looked_for_once_and_a_quiet_night_asks_nothing_more(house: House) -> None:
    etag = house.output.create(HELLO).etag
    house.server.delete(house.path())
    output = house.again()
    house.door.asked.clear()
    assert output.standing({HELLO.id: etag}) == {}
    assert house.verbs().count("REPORT") == 1
    house.door.asked.clear()
    assert output.standing({}) == {}
    assert "REPORT" not in house.verbs()


def test_a_server_that_cannot_look_for_a_uid_does_not_stop_the_night(house: House) -> None:
    etag = house.output.create(HELLO).etag
    house.server.delete(house.path())
    house.door.before = lambda asked: Reply(403) if asked.method == "REPORT" else None
    assert house.again().standing({HELLO.id: etag}) == {}


def test_a_uid_that_is_taken_at_another_address_is_not_written_twice(house: House) -> None:
    house.output.create(HELLO)
    moves_to_another_address(house)
    assert house.again().create(NEWER).what == "changed"
    assert house.text() == ""


# Refusals


@pytest.mark.parametrize("status", [400, 403, 405, 409, 413, 415, 422])
def test_one_that_is_not_taken_is_told_with_the_servers_reason(house: House, status: int) -> None:
    error = b'<?xml version="1.0"?><d:error xmlns:d="DAV:"><c:valid-calendar-data xmlns:c="urn:x"/></d:error>'
    house.door.before = lambda asked: Reply(status, error) if asked.method == "PUT" else None
    outcome = house.output.create(HELLO)
    assert outcome.what == "refused"
    assert outcome.why == f"127.0.0.1 does not take it ({status}, valid-calendar-data)"


def test_a_calendar_that_goes_while_it_is_written_is_told(house: House) -> None:
    assert house.output.standing({}) == {}
    house.server.delete(house.place)
    with pytest.raises(OutputError, match="is gone") as caught:
        house.output.create(HELLO)
    assert caught.value.remedy == "calsync outputs reset dav makes it anew."


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavServer]:
    made = Radicale(tmp_path_factory.mktemp("locked"), password=PASSWORD)
    yield made
    made.close()


class Fresh:
    """An account without a calendar of calsync's, behind a door."""

    def __init__(self, server: DavServer) -> None:
        self.server, self.door = server, Door(server)
        patience = Patience(seconds=10, wait=lambda seconds: None)
        self.output = CaldavOutput(
            "dav", Account(f"{self.door.url}/", USER, typed=PASSWORD), home=LISBON, patience=patience
        )

    def made(self) -> list[str]:
        _, said = self.server.ask("PROPFIND", "/sam/", b"", {"Depth": "1"})
        return sorted(set(re.findall(r"/sam/(calsync-follow-ups[^/<]*)/", said.decode())))

    def close(self) -> None:
        self.output.close()
        self.door.close()
        for name in self.made():
            self.server.delete(f"/sam/{name}/")


@pytest.fixture
def fresh(locked: DavServer) -> Iterator[Fresh]:
    made = Fresh(locked)
    yield made
    made.close()


@pytest.mark.parametrize("status", [403, 405, 501])
def test_a_server_that_lets_no_program_make_a_calendar_is_told_with_the_way_by_hand(fresh: Fresh, status: int) -> None:
    fresh.door.before = lambda asked: Reply(status) if asked.method == "MKCALENDAR" else None
    assert fresh.output.standing({}) == {}
    with pytest.raises(OutputError, match="lets no program make a calendar") as caught:
        fresh.output.create(HELLO)
    assert "calsync login caldav --as output --into Follow-ups" in caught.value.remedy
    assert fresh.made() == []


@pytest.mark.parametrize("status", [403, 405, 409])
def test_an_address_that_is_taken_by_what_was_thrown_away_is_left_for_another(fresh: Fresh, status: int) -> None:
    taken = "/sam/calsync-follow-ups/"
    fresh.door.before = lambda asked: Reply(status) if (asked.method, asked.path) == ("MKCALENDAR", taken) else None
    assert fresh.output.create(HELLO).what == "done"
    assert fresh.made() == ["calsync-follow-ups-2"]
    again = CaldavOutput("dav", Account(f"{fresh.door.url}/", USER, typed=PASSWORD), home=LISBON, is_new=False)
    assert list(again.standing({})) == [HELLO.id]
    again.close()


def test_a_calendar_whose_making_was_answered_badly_is_not_made_twice(fresh: Fresh) -> None:
    fails = [Reply(502)]
    fresh.door.after = lambda asked, reply: fails.pop() if fails and asked.method == "MKCALENDAR" else reply
    assert fresh.output.create(HELLO).what == "done"
    assert fresh.made() == ["calsync-follow-ups"]
    assert [each.method for each in fresh.door.asked].count("MKCALENDAR") == 2


SAID = {
    405: "does not speak CalDAV",
    409: "something else is in the way",
    412: "something else there",
    413: "too large",
    423: "locked",
    429: "asked too often",
    503: "overloaded",
    507: "no space left",
}


@pytest.mark.parametrize("status", SAID)
def test_every_refusal_is_a_sentence_with_its_number_and_a_next_step(house: House, status: int) -> None:
    house.door.before = lambda asked: Reply(status)
    asking = Server(Account(house.door.url + house.place), Patience(seconds=5, wait=house.waits.append))
    with pytest.raises(DavError, match=f"{SAID[status]}.*[(]{status}[)]") as caught:
        asking.about(house.door.url + house.place, "<d:getetag/>")
    assert caught.value.remedy
    assert caught.value.status == status
    assert len(house.waits) == (3 if status in (423, 429, 503) else 0)
    asking.close()


# Pauses


@pytest.mark.parametrize("status", [423, 429, 502, 503])
def test_a_pause_that_the_server_asks_for_is_kept(house: House, status: int) -> None:
    answers = [Reply(status, b"", {"Retry-After": "31"})]
    house.door.before = lambda asked: answers.pop() if answers else None
    assert house.output.standing({}) == {}
    assert house.waits == [31.0]


def test_a_pause_until_a_moment_is_kept(house: House) -> None:
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=40), usegmt=True)
    answers = [Reply(429, b"", {"Retry-After": until})]
    house.door.before = lambda asked: answers.pop() if answers else None
    house.output.standing({})
    assert len(house.waits) == 1
    assert 25 < house.waits[0] <= 40


def test_a_server_that_asks_for_an_hour_is_left_alone_until_the_next_sync(house: House) -> None:
    house.door.before = lambda asked: Reply(503, b"", {"Retry-After": "3600"})
    with pytest.raises(OutputError, match="asks for a pause") as caught:
        house.output.standing({})
    assert (house.waits, len(house.door.asked)) == ([], 1)
    assert "next sync" in caught.value.remedy


def test_a_tiny_rate_limit_is_kept_to_and_everything_is_written(house: House) -> None:
    house.door.before = habits.few_at_a_time(house.waits)
    for number in range(6):
        assert house.output.create(replace(HELLO, id=f"{HELLO.id[:-1]}{number}")).what == "done"
    assert len(house.again().standing({})) == 6
    assert set(house.waits) == {1.0}


def test_a_server_that_asks_for_a_pause_at_every_turn_does_not_hold_the_night_up_for_hours(house: House) -> None:
    turns = itertools.count()
    house.door.before = lambda asked: Reply(429, b"", {"Retry-After": "60"}) if next(turns) % 2 == 0 else None
    asking = Server(Account(house.door.url + house.place), Patience(seconds=5, wait=house.waits.append))
    with pytest.raises(DavError, match="asks for a pause"):
        [asking.about(house.door.url + house.place, "<d:getetag/>") for _ in range(30)]
    assert sum(house.waits) == 900
    asking.close()


# Ways in


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_followed_with_its_method_and_its_body(house: House, status: int) -> None:
    def before(asked: Asked) -> Reply | None:
        if asked.path.startswith("/old/"):
            return Reply(status, b"", {"Location": house.place + asked.path.removeprefix("/old/")})
        return None

    house.door.before = before
    output = house.again("/old/")
    assert output.create(HELLO).what == "done"
    assert HELLO.id in house.text()
    assert list(house.again("/old/").standing({})) == [HELLO.id]


@pytest.mark.parametrize("status", [200, 302, 403, 404, 405, 501])
@pytest.mark.parametrize("on", [301, 307])
def test_a_bare_host_with_a_web_page_is_found_by_its_well_known_address(
    locked: DavServer, status: int, on: int
) -> None:
    door = Door(locked)

    def before(asked: Asked) -> Reply | None:
        if asked.path in ("/", "/welcome"):
            return Reply(200 if asked.path == "/welcome" else status, b"<html>", {"Location": "/welcome"})
        if asked.path == "/.well-known/caldav":
            return Reply(on, b"", {"Location": "/sam/"})
        return None

    door.before = before
    asking = Server(Account(f"{door.url}/", USER, typed=PASSWORD), Patience(seconds=10, attempts=1))
    assert [each.folder for each in calendars(asking)] == ["work"]
    asking.close()
    door.close()


def test_a_server_that_sends_in_circles_is_told(house: House) -> None:
    house.door.before = lambda asked: Reply(302, b"", {"Location": f"{asked.path}x"})
    with pytest.raises(OutputError, match="in circles"):
        house.output.standing({})
    assert len(house.door.asked) == 5


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_password_does_not_follow_a_redirect_to_another_server(house: House, status: int, tmp_path: Path) -> None:
    other = Door()
    other.before = lambda asked: Reply(401, b"", {"WWW-Authenticate": 'Basic realm="x"'})
    house.door.before = lambda asked: Reply(status, b"", {"Location": f"{other.url}/"})
    file = tmp_path / "pw"
    file.write_text(PASSWORD)
    file.chmod(0o600)
    server = Server(Account(f"{house.door.url}/", USER, password_file=file))
    with pytest.raises(DavError, match="another server") as caught:
        server.about(f"{house.door.url}/", "<d:getetag/>")
    assert other.url in caught.value.remedy
    assert other.asked == []
    server.close()
    other.close()


def test_digest_is_spoken_where_the_server_wants_it(house: House, tmp_path: Path) -> None:
    house.door.before = habits.wants_digest("ines", "p3ar tree")
    for typed, let_in in (("p3ar tree", True), ("plum", False)):
        server = Server(Account(house.door.url + house.place, "ines", typed=typed))
        if let_in:
            assert server.about(house.door.url + house.place, "<d:resourcetype/>")
        else:
            with pytest.raises(SignInError, match="refuses the password of ines"):
                server.about(house.door.url + house.place, "<d:resourcetype/>")
        server.close()
    sent = " ".join(each.headers.get("authorization", "") for each in house.door.asked)
    assert "Digest" in sent
    assert "Basic" not in sent
    assert "p3ar" not in sent
