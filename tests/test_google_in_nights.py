"""Whole nights in Google Calendar, read and written: what the user does there is their last word."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from calsync.ledger.ledger import Ledger
from calsync.model import State
from calsync.report import Report
from tests.google_server import GoogleServer, StoredCalendar
from tests.world import ME, World, at

TOFINO = "noa@tofino.example"


class Nights(World):
    """A world whose calendar, source and output, is at Google; its days are in October 2026."""

    server: GoogleServer

    def sync(self, now: str, *, allow: int | None = None, dry_run: bool = False) -> Report:
        self.server.calls.clear()
        self.server.now = at(now)
        return super().sync(now, allow=allow, dry_run=dry_run)

    def puts(self, start: str, *guests: str, now: str, calendar: str = "primary", **more: Any) -> str:
        self.server.now = at(now)
        people = [{"email": ME, "responseStatus": "accepted"}]
        people += [{"email": guest, "responseStatus": "accepted"} for guest in guests]
        return self.server.calendar(calendar).put(summary="Plans", attendees=people, **hour(start), **more)

    @property
    def own(self) -> StoredCalendar:
        return self.server.calendar("Follow-ups")

    def states(self, now: str) -> dict[str, tuple[State, str]]:
        """State and cause of every follow-up, by step."""
        told = self.agenda(now, everything=True)
        return {each.followup.step: (each.followup.state, each.followup.cause) for each in told}

    def soonest(self) -> str:
        standing = self.own.standing
        return min(standing, key=lambda id_: str(standing[id_]["start"]))


def hour(start: str) -> dict[str, Any]:
    begin = datetime.fromisoformat(f"{start}+00:00")
    zone = {"timeZone": "Europe/London"}
    end = begin.replace(hour=begin.hour + 1)
    return {"start": {"dateTime": begin.isoformat(), **zone}, "end": {"dateTime": end.isoformat(), **zone}}


@pytest.fixture
def nights(tmp_path: Path) -> Iterator[Nights]:
    with GoogleServer(user=ME, zone="Europe/London") as server:
        access = f'type = "google"\nendpoint = "{server.endpoint}"\nauth = "none"\n'
        made = Nights(
            tmp_path,
            sources=(),
            top=f'[[source]]\nname = "work"\n{access}',
            outputs=f'[[output]]\nname = "there"\n{access}',
        )
        made.server = server
        yield made


def test_a_first_meeting_brings_reminders_and_the_next_night_two_questions(nights: Nights) -> None:
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    report = nights.sync("2026-10-06 18:00")
    assert report.exit_code == 0
    assert len(nights.own.standing) == 3
    assert nights.sync("2026-10-06 20:00").is_quiet
    assert [call.method for call in nights.server.calls] == ["events.list", "events.list"]
    assert not nights.server.writes


def test_moved_is_snoozed_deleted_is_dismissed_ticked_is_done(nights: Nights) -> None:
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    hello, meet, check_in = sorted(nights.own.standing, key=lambda id_: str(nights.own.standing[id_]["start"]))
    nights.own.change(hello, **hour("2026-10-08 15:00"))
    nights.own.delete(meet)
    nights.own.change(check_in, summary="✓ wrote already")
    nights.sync("2026-10-06 20:00")
    states = nights.states("2026-10-06 20:00")
    assert states["hello"][0] is State.WRITTEN
    assert [start for _, step, start in nights.open("2026-10-06 20:00")] == ["2026-10-08 16:00"]
    assert states["meet"] == (State.DISMISSED, "you deleted it in there")
    assert states["check-in"][0] is State.DONE
    for night in ("2026-10-07 02:00", "2026-10-08 02:00"):
        nights.sync(night)
        assert not nights.server.writes


def test_an_insert_that_arrived_unheard_and_was_deleted_by_the_user_stays_deleted(nights: Nights) -> None:
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    nights.server.lose(method="events.insert")
    nights.server.fail(403, "forbidden", method="events.insert", times=99)
    assert nights.sync("2026-10-06 18:00").exit_code == 3
    nights.server.heal()
    (id_,) = nights.own.standing
    nights.own.delete(id_)
    nights.sync("2026-10-07 02:00")
    nights.sync("2026-10-08 02:00")
    assert id_ not in nights.own.standing
    with Ledger(nights.config().ledger) as ledger:
        told = ledger.rows("SELECT state, cause FROM followup WHERE reminder = ?", id_)
    assert told == [("dismissed", "you deleted it in there")]


def test_a_night_that_fails_half_way_goes_on_where_it_stopped(nights: Nights) -> None:
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    nights.server.fail(403, "forbidden", method="events.insert", after=1, times=1)
    assert nights.sync("2026-10-06 18:00").exit_code == 3
    assert len(nights.own.standing) == 1
    assert nights.sync("2026-10-06 20:00").exit_code == 0
    assert len(nights.own.standing) == 3


def test_a_meeting_that_leaves_the_calendar_takes_its_reminders_along(nights: Nights) -> None:
    id_ = nights.puts("2026-10-08 10:00", TOFINO, now="2026-10-01 08:00")
    nights.puts("2026-10-09 10:00", now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    assert len(nights.own.standing) == 3
    nights.server.calendar().delete(id_)
    nights.sync("2026-10-07 18:00")
    assert not nights.own.standing


def test_a_meeting_moved_to_another_day_moves_its_reminders(nights: Nights) -> None:
    id_ = nights.puts("2026-10-08 10:00", TOFINO, now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    nights.server.calendar().change(id_, **hour("2026-10-13 10:00"))
    nights.sync("2026-10-07 18:00")
    starts = sorted(str(each["start"]["dateTime"])[:10] for each in nights.own.standing.values())
    assert starts[0] == "2026-10-14"
    assert len(starts) == 3


def test_what_cannot_be_read_withdraws_nothing(nights: Nights) -> None:
    nights.puts("2026-10-08 10:00", TOFINO, now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    nights.puts("2026-10-09 10:00", now="2026-10-06 19:00")
    nights.server.fail(403, "forbidden", method="events.list", where=lambda call: "timeMin" in call.asked)
    assert nights.sync("2026-10-07 18:00").exit_code == 3
    assert len(nights.own.standing) == 3


def test_calsyncs_own_reminders_are_no_meetings_where_source_and_output_are_one(nights: Nights) -> None:
    nights.outputs += 'calendar = "primary"\n'
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    report = nights.sync("2026-10-07 02:00")
    assert report.sources[0].skipped == {"calsync's own reminder": 3}
    assert report.is_quiet
    assert len(nights.server.calendar().standing) == 4
    assert list(nights.server.account.calendars) == [ME]


def test_a_series_that_is_moved_as_a_whole_was_not_held_on_other_days_before(nights: Nights) -> None:
    rule = ["RRULE:FREQ=WEEKLY;COUNT=9"]
    series = nights.puts("2026-10-05 10:00", TOFINO, now="2026-10-01 08:00", recurrence=rule)
    for night in ("2026-10-05 18:00", "2026-10-07 02:00"):
        nights.sync(night)
    hello = nights.states("2026-10-07 02:00")["hello"]
    nights.server.calendar().change(series, **hour("2026-10-06 11:00"))
    for night in ("2026-10-07 20:00", "2026-10-08 02:00"):
        nights.sync(night)
        assert nights.states(night)["hello"] == hello
    with Ledger(nights.config().ledger) as ledger:
        until = int(at("2026-10-20 00:00").timestamp())
        query = "SELECT recurrence_id FROM event WHERE ends < ? AND gone IS NULL ORDER BY starts"
        held = [day for (day,) in ledger.rows(query, until)]
    assert held == ["20261005T100000Z", "20261013T110000Z"]


def test_an_occurrence_of_the_past_that_is_edited_alone_is_still_that_one(nights: Nights) -> None:
    rule = ["RRULE:FREQ=WEEKLY;COUNT=9"]
    series = nights.puts("2026-10-05 10:00", TOFINO, now="2026-10-01 08:00", recurrence=rule)
    nights.sync("2026-10-05 18:00")
    nights.server.calendar().change(f"{series}_20261005T100000Z", **hour("2026-10-05 14:00"))
    nights.sync("2026-10-07 02:00")
    with Ledger(nights.config().ledger) as ledger:
        told = ledger.rows("SELECT recurrence_id, starts FROM event ORDER BY starts LIMIT 1")
    assert told == [("20261005T100000Z", int(at("2026-10-05 14:00").timestamp()))]


def test_a_calendar_that_the_user_deleted_is_made_anew_when_they_say_so(nights: Nights) -> None:
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    nights.server.delete_calendar("Follow-ups")
    report = nights.sync("2026-10-07 02:00")
    assert report.exit_code == 3
    assert "calsync outputs reset there" in report.troubles[0].remedy
    from calsync.ledger.copies import forget_written

    with Ledger(nights.config().ledger) as ledger, ledger.atomic():
        forget_written(ledger, "there")
    assert nights.sync("2026-10-07 04:00").exit_code == 0
    assert len(nights.own.standing) == 3


def test_a_dead_sign_in_is_told_with_its_own_exit_code_and_holds_up_no_other(nights: Nights) -> None:
    nights.outputs += '[[output]]\nname = "feed"\ntype = "ics"\npath = "followups.ics"\n'
    nights.server.fail(401, "authError", times=99)
    report = nights.sync("2026-10-07 02:00")
    assert report.exit_code == 11
    assert {trouble.what for trouble in report.troubles} == {"source", "output"}
    assert nights.feed_path.exists()


def test_without_the_ledger_the_reminders_are_taken_over_as_they_stand(nights: Nights) -> None:
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    hello, meet, _ = sorted(nights.own.standing, key=lambda id_: str(nights.own.standing[id_]["start"]))
    nights.own.change(hello, summary="✓ wrote")
    nights.own.change(meet, **hour("2026-10-22 15:00"))
    nights.sync("2026-10-06 20:00")
    before = nights.own.standing
    for path in nights.folder.glob("ledger.db*"):
        path.unlink()
    assert nights.sync("2026-10-07 02:00").exit_code == 0
    assert nights.own.standing == before
    assert nights.states("2026-10-07 02:00")["hello"][0] is State.DONE
    assert ("meet", "2026-10-22 16:00") in [(step, start) for _, step, start in nights.open("2026-10-07 02:00")]
    assert nights.sync("2026-10-08 02:00").is_quiet
    assert not nights.server.writes


@pytest.mark.parametrize("calendar", ["primary", "team@group.calendar.google.com", "Touches"])
def test_an_output_that_is_pointed_at_another_calendar_takes_nothing_for_deleted(nights: Nights, calendar: str) -> None:
    nights.server.add("team@group.calendar.google.com", summary="Team")
    nights.puts("2026-10-06 10:00", TOFINO, now="2026-10-01 08:00")
    nights.sync("2026-10-06 18:00")
    agenda = nights.open("2026-10-06 18:00")
    before = nights.own.standing
    outputs = nights.outputs
    nights.outputs += f'calendar = "{calendar}"\n'
    report = nights.sync("2026-10-06 20:00")
    assert [note for note in report.notes if "another calendar" in note]
    assert nights.open("2026-10-06 20:00") == agenda
    assert before.keys() <= nights.server.calendar(calendar).standing.keys()
    assert nights.own.standing == before
    nights.outputs = outputs
    nights.sync("2026-10-06 22:00")
    assert nights.open("2026-10-06 22:00") == agenda
    assert nights.own.standing == before
    assert not nights.server.writes
