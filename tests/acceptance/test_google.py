"""Whole nights with a Google account, read from and written to, through the real command line."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from calsync.google import asking
from calsync.google.scopes import DEFAULT
from calsync.google.tokens import SignIn, keep
from tests.acceptance.conftest import House, Told
from tests.google_server import Call, GoogleServer, StoredCalendar
from tests.google_tokens import ACCESS, REFRESH, TokenServer
from tests.world import ME, Ev, at

FIRST = "2026-03-10 18:00"
"""A Tuesday evening in Lisbon."""
LATER = "2026-03-10 20:00"
INES, BEN, ANA = "ines@lisboa.example", "ben@porto.example", "ana@coimbra.example"
TEAM = "team@group.calendar.google.com"
MADE = frozenset({"calendars.insert", "calendarList.list"})
"""What has no calendar in its address."""


class Google(House):
    """A house whose one source and one output are calendars of a Google account."""

    server: GoogleServer

    def config_is(self, *, calendars: str = '["primary"]', calendar: str = "", feed: bool = False) -> None:
        there = f'type = "google"\nendpoint = "{self.server.endpoint}"\nauth = "none"\n'
        self.zone = "Europe/Lisbon"
        self.sources = ()
        self.outputs = f'[[source]]\nname = "work"\n{there}calendars = {calendars}\n'
        self.outputs += f'[[output]]\nname = "there"\n{there}'
        self.outputs += f'calendar = "{calendar}"\n' if calendar else ""
        self.outputs += '[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\n' if feed else ""

    def night(self, now: str = FIRST) -> Told:
        self.server.now = at(now)
        return self.run("sync", now=now)

    def meets(self, who: str, start: str, title: str = "Roadmap", calendar: str = "primary", **more: Any) -> str:
        guests = [{"email": address, "responseStatus": "accepted"} for address in (ME, who)]
        begins, ends = at(start), at(start) + timedelta(minutes=45)
        return self.server.calendar(calendar).put(
            summary=title,
            start={"dateTime": begins.isoformat()},
            end={"dateTime": ends.isoformat()},
            attendees=guests,
            **more,
        )

    @property
    def own(self) -> StoredCalendar:
        return self.server.calendar("Follow-ups")

    def steps(self) -> dict[str, str]:
        """The ids of the reminders in calsync's own calendar by step."""
        marks = {id_: event["extendedProperties"]["private"].values() for id_, event in self.own.standing.items()}
        return {str(mark).rpartition("/")[2]: id_ for id_, found in marks.items() for mark in found if "/" in str(mark)}

    def state(self, step: str, now: str = LATER) -> str:
        rows = [row for row in self.run("agenda", "--all", "--json", now=now).json if row["step"] == step]
        return str(rows[0]["state"])


@pytest.fixture
def google(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    monkeypatch.setattr(asking, "Patience", partial(asking.Patience, wait=lambda seconds: None))
    with GoogleServer(user=ME, zone="Europe/Lisbon") as server:
        house = Google(tmp_path)
        house.server = server
        server.now = at("2026-03-01 12:00")
        house.config_is()
        yield house
        assert not server.refused, server.refused


@pytest.fixture
def met(google: Google) -> Google:
    """A house that met Ines, and wrote it into a calendar of its own."""
    google.meets(INES, "2026-03-10 10:00")
    told = google.night()
    assert told.code == 0, told.err
    return google


def test_a_meeting_leads_to_reminders_in_a_calendar_of_calsyncs_own(met: Google) -> None:
    assert met.steps().keys() == {"hello", "meet", "check-in"}
    for event in met.own.standing.values():
        assert event["visibility"] == "private"
        assert event["transparency"] == "transparent"
        assert event["reminders"] == {"useDefault": False, "overrides": [{"method": "popup", "minutes": 0}]}
        assert "attendees" not in event


def test_the_plan_is_that_of_the_same_meeting_in_a_file(met: Google, tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    house = House(tmp_path / "file", zone="Europe/Lisbon")
    house.met(Ev("ines", "2026-03-10T10:00", [INES], minutes=45, title="Roadmap"), now=FIRST)
    wanted = [(row["step"], row["start"], row["title"]) for row in house.run("agenda", "--json", now=FIRST).json]
    assert [(row["step"], row["start"], row["title"]) for row in met.run("agenda", "--json", now=FIRST).json] == wanted
    assert sorted(at(event["start"]["dateTime"]) for event in met.own.standing.values()) == [
        at(start) for _, start, _ in wanted
    ]


def test_nothing_is_written_but_calsyncs_own_and_nobody_is_told(met: Google) -> None:
    met.server.calendar().change(met.meets(BEN, "2026-03-10 12:00"), summary="Budget")
    met.own.delete(met.steps()["meet"])
    before = met.server.calendar().standing
    assert met.night(LATER).code == 0
    assert met.server.calendar().standing == before
    writes = [call for call in met.server.writes if call.method not in MADE]
    assert {call.calendar for call in writes} == {met.own.id}
    assert {call.asked.get("sendUpdates") for call in writes} == {"none"}
    assert all(not {"attendees", "organizer"} & call.body.keys() for call in writes)
    assert [call.method for call in met.server.writes if call.method in MADE] == ["calendars.insert"]
    assert all(call.headers.get("if-match") for call in writes if call.method != "events.insert")


def test_a_night_with_nothing_new_costs_at_most_two_requests_for_each_calendar(google: Google) -> None:
    team = google.server.add(TEAM, summary="Team", role="reader", zone="Europe/Lisbon")
    google.config_is(calendars=f'["primary", "{TEAM}"]')
    google.meets(INES, "2026-03-10 10:00")
    google.meets(BEN, "2026-03-10 12:00", calendar="Team")
    assert google.night().code == 0
    assert google.night("2026-03-10 19:00").code == 0
    google.server.calls.clear()
    me = google.server.user
    for now in (LATER, "2026-03-10 22:00", "2026-03-11 03:00"):
        assert google.night(now).code == 0
        asked = Counter(me if call.calendar == "primary" else call.calendar for call in google.server.calls)
        assert asked.keys() <= {me, team.id, google.own.id}
        assert max(asked.values()) <= 2
        assert google.server.writes == []
        google.server.calls.clear()


def test_weeks_of_quiet_nights_are_quiet(met: Google) -> None:
    """The window moves, and what changed is too long ago to be asked for."""
    most = 0
    for day in range(1, 50, 3):
        met.server.calls.clear()
        assert met.night(f"{at(FIRST) + timedelta(days=day):%Y-%m-%d %H:%M}").code == 0
        asked = Counter(call.calendar for call in met.server.calls)
        most += max(asked.values()) > 2
    assert most == 0


def test_every_page_is_read_though_some_are_short_or_empty(google: Google) -> None:
    google.server.pages = (0, 1, 0, 2)
    for number in range(5):
        google.meets(f"guest{number}@porto.example", f"2026-03-10 {8 + number:02}:00", f"Talk {number}")
    assert google.night().code == 0
    people = {row["person"]["emails"][0] for row in google.run("agenda", "--json", now=FIRST).json}
    assert people == {f"guest{number}@porto.example" for number in range(5)}
    standing = google.own.standing
    assert google.night(LATER).code == 0
    assert google.own.standing == standing


def test_a_meeting_that_disappears_takes_its_reminders_with_it(google: Google) -> None:
    id_ = google.meets(INES, "2026-03-12 10:00")
    google.meets(BEN, "2026-03-12 12:00")
    assert google.night().code == 0
    assert len(google.own.standing) == 6
    google.server.calendar().delete(id_)
    assert google.night(LATER).code == 0
    assert len(google.own.standing) == 3
    assert google.nudged(LATER) == {BEN}


def test_a_cancelled_occurrence_of_a_series_is_no_meeting(google: Google) -> None:
    when = {"timeZone": "Europe/Lisbon"}
    guests = [{"email": INES, "responseStatus": "accepted"}, {"email": ME, "responseStatus": "accepted"}]
    id_ = google.server.calendar().put(
        summary="Jour fixe",
        start=when | {"dateTime": "2026-03-12T10:00:00Z"},
        end=when | {"dateTime": "2026-03-12T11:00:00Z"},
        recurrence=["RRULE:FREQ=WEEKLY;COUNT=3"],
        attendees=guests,
    )
    google.server.calendar().delete(f"{id_}_20260312T100000Z")
    assert google.night().code == 0
    starts = {row["meeting"]["start"][:10] for row in google.run("agenda", "--json", now=FIRST).json}
    assert starts == {"2026-03-19"}


@pytest.mark.parametrize(
    ("deed", "state"),
    [
        (lambda own, id_: own.delete(id_), "dismissed"),
        (lambda own, id_: own.change(id_, summary="✓ sent"), "done"),
        (lambda own, id_: own.change(id_, summary="x sent"), "done"),
    ],
)
def test_what_the_user_says_in_google_is_heard_and_stands(
    met: Google, deed: Callable[[StoredCalendar, str], None], state: str
) -> None:
    id_ = met.steps()["hello"]
    deed(met.own, id_)
    said = met.own.event(id_)
    for now in (LATER, "2026-03-11 20:00"):
        assert met.night(now).code == 0
        assert met.state("hello", now) == state
        assert met.own.event(id_) == said


def test_a_reminder_moved_in_google_is_put_off_to_there_in_every_output(google: Google) -> None:
    google.config_is(feed=True)
    google.meets(INES, "2026-03-10 10:00")
    assert google.night().code == 0
    id_ = google.steps()["hello"]
    moved = {"dateTime": "2026-03-13T15:30:00+00:00"}
    google.own.change(id_, start=moved, end={"dateTime": "2026-03-13T15:45:00+00:00"})
    said = google.own.event(id_)
    assert google.night(LATER).code == 0
    assert google.own.event(id_) == said
    assert at("2026-03-13 15:30") in {mark.start for mark in google.feed()}


def test_a_reminder_moved_to_a_whole_day_stays_as_the_user_put_it(met: Google) -> None:
    id_ = met.steps()["meet"]
    met.own.change(id_, start={"date": "2026-03-27", "dateTime": None}, end={"date": "2026-03-28", "dateTime": None})
    said = met.own.event(id_)
    assert met.night(LATER).code == 0
    assert met.own.event(id_) == said
    rows = [row for row in met.run("agenda", "--json", now=LATER).json if row["step"] == "meet"]
    assert rows[0]["start"][:10] == "2026-03-27"


def test_another_etag_alone_is_no_edit(google: Google) -> None:
    id_ = google.meets(INES, "2026-03-12 10:00")
    google.meets(BEN, "2026-03-12 12:00")
    assert google.night().code == 0
    for each in google.own.standing:
        google.own.touch(each)
    google.server.calendar().delete(id_)
    assert google.night(LATER).code == 0
    assert google.nudged(LATER) == {BEN}
    assert len(google.own.standing) == 3


def test_a_colour_that_the_user_gave_stays_when_calsync_changes_the_words(met: Google) -> None:
    id_ = met.steps()["meet"]
    met.own.change(id_, colorId="11")
    (meeting,) = met.server.calendar().standing
    met.server.calendar().change(meeting, summary="Regatta")
    assert met.night(LATER).code == 0
    event = met.own.event(id_)
    assert "Regatta" in event["description"]
    assert event["colorId"] == "11"


def test_one_calendar_that_fails_holds_up_no_other_and_is_read_the_next_night(google: Google) -> None:
    google.server.add(TEAM, summary="Team", zone="Europe/Lisbon")
    google.config_is(calendars=f'["primary", "{TEAM}"]')
    google.meets(INES, "2026-03-10 10:00", calendar="Team")
    assert google.night("2026-03-10 17:00").code == 0
    google.meets(BEN, "2026-03-10 12:00")
    google.meets(ANA, "2026-03-10 14:00", calendar="Team")
    google.server.fail(500, "backendError", times=99, where=lambda call: call.calendar == TEAM)
    told = google.night()
    assert told.code == 3
    assert "Traceback" not in told.err
    assert google.nudged() == {INES, BEN}
    assert len(google.own.standing) == 6
    google.server.heal()
    assert google.night(LATER).code == 0
    assert google.nudged(LATER) == {INES, BEN, ANA}


@pytest.mark.parametrize(
    "fails",
    [
        lambda server: server.fail(403, "quotaExceeded", method="events.insert", after=2, times=99),
        lambda server: server.fail(403, "forbidden", method="events.insert", after=2, times=99),
        lambda server: server.fail(
            429, "rateLimitExceeded", method="events.insert", after=2, times=99, retry_after=3600
        ),
        lambda server: server.fail(503, "backendError", method="events.insert", after=2, times=99),
        lambda server: server.drop(method="events.insert", after=2, times=99),
        lambda server: server.lose(method="events.insert", after=2, times=99),
    ],
)
def test_what_did_not_go_through_is_written_the_next_night_once(
    google: Google, fails: Callable[[GoogleServer], None]
) -> None:
    for number in range(2):
        google.meets(f"guest{number}@porto.example", f"2026-03-10 {8 + number:02}:00", f"Talk {number}")
    fails(google.server)
    told = google.night()
    assert told.code == 3
    assert "Traceback" not in told.err
    google.server.heal()
    assert google.night(LATER).code == 0
    assert len(google.own.standing) == 6
    assert len({event["summary"] + event["start"]["dateTime"] for event in google.own.standing.values()}) == 6
    before = google.own.standing
    assert google.night("2026-03-10 22:00").code == 0
    assert google.own.standing == before


@pytest.mark.parametrize("torn", ["lose", "drop", "cut"])
def test_a_line_that_breaks_once_costs_nothing(google: Google, torn: str) -> None:
    google.meets(INES, "2026-03-10 10:00")
    getattr(google.server, torn)(times=1, method="events.insert")
    assert google.night().code == 0
    assert len(google.own.standing) == 3


@pytest.mark.parametrize("is_bare", [False, True])
def test_what_was_written_without_an_answer_and_deleted_by_the_user_never_returns(
    google: Google, is_bare: bool
) -> None:
    google.meets(INES, "2026-03-10 10:00")
    google.server.lose(times=99, method="events.insert")
    assert google.night().code == 3
    google.server.heal()
    (id_,) = google.own.standing
    google.own.bare_tombstones = is_bare
    google.own.delete(id_)
    for now in (LATER, "2026-03-10 21:00", "2026-03-10 22:00"):
        assert google.night(now).code == 0
    assert id_ not in google.own.standing
    assert len(google.own.standing) == 2
    rows = google.run("agenda", "--all", "--json", now="2026-03-10 22:00").json
    assert sorted(row["state"] for row in rows) == ["dismissed", "written", "written"]


def test_a_lost_answer_makes_no_second_calendar(google: Google) -> None:
    google.meets(INES, "2026-03-10 10:00")
    google.server.lose(times=1, method="calendars.insert")
    google.night()
    google.server.heal()
    assert google.night(LATER).code == 0
    assert [each.summary for each in google.server.account.calendars.values()].count("Follow-ups") == 1
    assert len(google.own.standing) == 3


def test_an_answer_cut_short_is_no_empty_calendar(met: Google) -> None:
    """The library underneath keeps silent about an answer that it cannot read."""
    met.meets(BEN, "2026-03-12 12:00")
    assert met.night("2026-03-10 19:00").code == 0
    before = met.own.standing
    assert len(before) == 6
    met.meets(ANA, "2026-03-12 14:00")
    for where in ("timeMin", "updatedMin", "privateExtendedProperty"):
        met.server.cut(times=99, where=lambda call, where=where: where in call.asked)  # type: ignore[misc]
        assert met.night(LATER).code == 3, where
        met.server.heal()
        assert met.own.standing.items() >= before.items()


def test_a_calendar_that_the_user_deleted_is_no_dismissal_and_can_be_made_anew(met: Google) -> None:
    met.server.delete_calendar("Follow-ups")
    told = met.night(LATER)
    assert told.code == 3
    assert "outputs reset there" in " ".join(told.err.split())
    assert met.state("hello") == "written"
    assert met.run("outputs", "reset", "there", now=LATER).code == 0
    assert met.night("2026-03-10 21:00").code == 0
    assert met.steps().keys() == {"hello", "meet", "check-in"}


def test_a_calendar_of_the_same_name_is_not_calsyncs(google: Google) -> None:
    theirs = google.server.add("choir@group.calendar.google.com", summary="Follow-ups", zone="Europe/Lisbon")
    google.meets(INES, "2026-03-10 10:00")
    assert google.night().code == 0
    assert theirs.standing == {}
    assert [each.summary for each in google.server.account.calendars.values()].count("Follow-ups") == 2
    assert theirs.id not in {call.calendar for call in google.server.calls}


def test_in_the_users_own_calendar_only_calsyncs_events_are_touched_and_none_is_a_meeting(google: Google) -> None:
    google.config_is(calendar="primary")
    id_ = google.meets(INES, "2026-03-10 10:00")
    theirs = google.server.calendar().event(id_)
    for now in (FIRST, LATER, "2026-03-13 18:00"):
        assert google.night(now).code == 0
    assert len(google.server.calendar().standing) == 4
    assert google.server.calendar().event(id_) == theirs
    assert id_ not in {call.event for call in google.server.writes}
    assert google.nudged("2026-03-13 18:00") == {INES}


def test_reminders_outlive_the_ledger(met: Google) -> None:
    met.own.change(met.steps()["meet"], summary="Lunch instead")
    before = met.own.standing
    assert met.night("2026-03-10 19:00").code == 0
    (met.folder / "ledger.db").unlink()
    for now in (LATER, "2026-03-10 21:00"):
        assert met.night(now).code == 0
    assert met.own.standing == before
    assert [each.summary for each in met.server.account.calendars.values()].count("Follow-ups") == 1


def test_what_the_user_said_in_google_outlives_the_ledger(met: Google) -> None:
    steps = met.steps()
    moved = {"dateTime": "2026-03-26T15:30:00+00:00"}
    met.own.change(steps["meet"], start=moved, end={"dateTime": "2026-03-26T16:00:00+00:00"})
    met.own.change(steps["hello"], summary="✓ sent")
    before = met.own.standing
    assert met.night("2026-03-10 19:00").code == 0
    (met.folder / "ledger.db").unlink()
    for now in (LATER, "2026-03-10 21:00"):
        assert met.night(now).code == 0
        rows = {row["step"]: row for row in met.run("agenda", "--all", "--json", now=now).json}
        assert rows["meet"]["start"] == "2026-03-26T15:30:00+00:00"
        assert rows["hello"]["state"] == "done"
        assert rows["check-in"]["state"] == "written"
    assert met.own.standing == before


@pytest.fixture
def signed_in(google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Google]:
    """A house whose user signed in with the permissions that calsync asks for by itself, which the server holds to."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with TokenServer() as signing:
        keep(
            SignIn(
                "client", "secret-medlar", REFRESH, token_uri=f"{signing.url}/token", scopes=DEFAULT, made="2026-03-01"
            )
        )
        google.server.tokens = {ACCESS: {scope.rpartition("/")[2] for scope in DEFAULT}}
        google.config_is(calendars='["primary", "Team"]', feed=True)
        google.outputs = google.outputs.replace('auth = "none"\n', "")
        google.server.add(TEAM, summary="Team", role="reader", zone="Europe/Lisbon")
        google.meets(INES, "2026-03-10 10:00", calendar="Team")
        yield google


def test_the_permissions_asked_for_are_enough_for_everything(signed_in: Google) -> None:
    assert signed_in.night().code == 0
    assert signed_in.steps().keys() == {"hello", "meet", "check-in"}
    signed_in.own.change(signed_in.steps()["hello"], summary="✓ sent")
    signed_in.server.calendar("Team").delete(next(iter(signed_in.server.calendar("Team").standing)))
    signed_in.meets(BEN, "2026-03-10 12:00")
    assert signed_in.night(LATER).code == 0
    (signed_in.folder / "ledger.db").unlink()
    assert signed_in.night("2026-03-10 21:00").code == 0
    assert 403 not in {call.status for call in signed_in.server.calls}


def test_a_sign_in_that_google_forgot_is_code_11_and_the_feed_goes_through(signed_in: Google) -> None:
    signed_in.server.tokens = {"another": set()}
    told = signed_in.night()
    assert told.code == 11
    assert "calsync login google" in told.err
    assert not {"secret-medlar", REFRESH, ACCESS} & set(told.err.split())
    assert signed_in.feed_path.exists()
    signed_in.server.tokens = {ACCESS: {scope.rpartition("/")[2] for scope in DEFAULT}}
    assert signed_in.night(LATER).code == 0
    assert len(signed_in.own.standing) == 3


def test_a_permission_taken_back_in_the_account_is_code_11(signed_in: Google) -> None:
    assert signed_in.night().code == 0
    signed_in.server.tokens = {ACCESS: {"calendar.events.readonly", "calendar.calendarlist.readonly"}}
    signed_in.meets(BEN, "2026-03-10 12:00")
    told = signed_in.night(LATER)
    assert told.code == 11
    assert "login google" in told.err


def crowd(server: GoogleServer, number: int) -> None:
    """So many meetings of the last three years, with a hundred people."""
    calendar = server.calendar()
    for each in range(number):
        start = at("2023-04-01 08:00") + timedelta(minutes=each * 70)
        guests = [ME, f"guest{each % 100}@porto.example", f"guest{each % 97}@lisboa.example"]
        calendar.put(
            summary=f"Meeting {each}",
            description="Agenda, and a link to join by. " * 20,
            start={"dateTime": start.isoformat()},
            end={"dateTime": (start + timedelta(minutes=30)).isoformat()},
            attendees=[{"email": guest, "responseStatus": "accepted"} for guest in guests],
        )


def memory_of_a_first_night(google: Google, folder: Path, number: int) -> int:
    """The most memory, in MB, that the first night of a fresh calsync takes with so many events."""
    crowd(google.server, number)
    google.folder = folder
    folder.mkdir()
    google.write()
    program = (
        "import resource, sys; from calsync.cli.main import app\n"
        "try: app(sys.argv[1:])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    google.server.now = at(FIRST)
    done = subprocess.run(
        [sys.executable, "-c", program, "--config", str(google.path), "--quiet", "sync", "--allow", "1000"],
        env={**os.environ, "CALSYNC_NOW": at(FIRST).isoformat()},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout.split()[-1]) // (2**20 if sys.platform == "darwin" else 2**10)


def test_a_first_night_of_20000_events_takes_hardly_more_memory_than_one_of_1000(
    google: Google, tmp_path: Path
) -> None:
    little = memory_of_a_first_night(google, tmp_path / "little", 1000)
    assert google.server.refused == []
    with GoogleServer(user=ME, zone="Europe/Lisbon") as crowded:
        google.server = crowded
        google.config_is()
        crowded.now = at("2026-03-01 12:00")
        much = memory_of_a_first_night(google, tmp_path / "much", 20000)
        assert sum(call.method == "events.list" for call in crowded.calls) > 8
    assert much < little + 60


def test_a_request_is_seen_as_it_was_sent(met: Google) -> None:
    """That what these tests look at is there at all."""
    call: Call = next(call for call in met.server.writes if call.method == "events.insert")
    assert call.headers["user-agent"]
    assert call.body["id"] in met.own.standing
