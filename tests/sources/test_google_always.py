"""Whatever happens in a Google calendar, and whatever the clocks say: what calsync knows of it after a night is what
a first reading would find."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from calsync.errors import SourceError
from calsync.google.account import Account
from calsync.google.asking import Patience
from calsync.model import Event
from calsync.sources.base import Found, Same, Seen
from calsync.sources.google import GoogleSource
from tests.google_server import GoogleServer
from tests.sources.calendars import HOME

START = datetime(2026, 9, 21, 7, tzinfo=UTC)
HOUR = timedelta(hours=1)
TEAM = "team@group.calendar.google.com"
WHICH = st.integers(0, 5)


def at(moment: datetime) -> dict[str, str]:
    return {"dateTime": moment.isoformat(), "timeZone": "Europe/Lisbon"}


class Nights(RuleBasedStateMachine):
    """``kept`` is what the ledger would hold: events by their digest. ``skew`` is how far calsync's clock is off."""

    def __init__(self) -> None:
        super().__init__()
        self.google = GoogleServer(zone="Europe/Lisbon")
        self.google.pages = (5, 0, 9)
        self.google.now = START
        self.calendars = [self.google.calendar(), self.google.add(TEAM, zone="Europe/Lisbon")]
        self.kept: dict[bytes, Event] = {}
        self.seen = Seen()
        self.skew = timedelta()

    def teardown(self) -> None:
        self.google.close()
        assert not self.google.troubles
        assert not self.google.refused

    @property
    def now(self) -> datetime:
        return self.google.clock()

    @initialize(skew=st.sampled_from([timedelta(), -26 * HOUR, -2 * HOUR, timedelta(minutes=-20), HOUR, 26 * HOUR]))
    def clocks(self, skew: timedelta) -> None:
        self.skew = skew

    @rule(minutes=st.sampled_from([0, 1, 29, 61, 24 * 60, 9 * 24 * 60, 40 * 24 * 60]))
    def time_passes(self, minutes: int) -> None:
        self.google.now = self.now + timedelta(minutes=minutes)

    @rule(which=WHICH, hours=st.integers(-400, 900), calendar=st.integers(0, 1))
    def somebody_meets(self, which: int, hours: int, calendar: int) -> None:
        start = self.now.replace(minute=0) + hours * HOUR
        guests = [{"email": f"guest{which}@lisboa.example"}]
        self.calendars[calendar].put(summary=f"{which}", start=at(start), end=at(start + HOUR), attendees=guests)

    @rule(hours=st.integers(-200, 200), calendar=st.integers(0, 1))
    def somebody_meets_every_week(self, hours: int, calendar: int) -> None:
        start = self.now.replace(minute=30) + hours * HOUR
        rule_ = ["RRULE:FREQ=WEEKLY;COUNT=5"]
        self.calendars[calendar].put(summary="weekly", start=at(start), end=at(start + HOUR), recurrence=rule_)

    @rule(which=WHICH, calendar=st.integers(0, 1), deed=st.sampled_from(["retitles", "moves", "cancels", "deletes"]))
    def somebody_changes(self, which: int, calendar: int, deed: str) -> None:
        there = self.calendars[calendar]
        ids = sorted(there.standing)
        if not ids:
            return
        id_ = ids[which % len(ids)]
        event = there.event(id_)
        if "recurrence" in event and which % 2:
            id_ = str(there.expanded(event, None)[which % 5]["id"])
        start = self.now.replace(minute=15) + (which + 1) * 9 * HOUR
        if deed == "retitles":
            there.change(id_, summary=f"{event['summary']}!")
        elif deed == "moves":
            there.change(id_, start=at(start), end=at(start + HOUR))
        elif deed == "cancels" or there.found(id_)["status"] != "cancelled":
            there.change(id_, status="cancelled") if deed == "cancels" else there.delete(id_)

    @rule(calendar=st.integers(0, 1))
    def the_bin_is_emptied(self, calendar: int) -> None:
        self.calendars[calendar].empty_the_bin()

    @rule()
    def somebody_undoes_a_deletion(self) -> None:
        for calendar in self.calendars:
            deleted = [id_ for id_, event in calendar.held.items() if event["status"] == "cancelled"]
            if deleted:
                calendar.restore(deleted[-1])

    @rule(where=st.sampled_from(["timeMin", "updatedMin"]), after=st.integers(0, 2))
    def a_night_in_which_google_fails(self, where: str, after: int) -> None:
        self.google.fail(500, "backendError", times=9, after=after, where=lambda call: where in call.asked)
        try:
            self._reads()
        except SourceError:
            pass
        finally:
            self.google.heal()

    @rule()
    @precondition(lambda self: self.google.calendar().standing)
    def a_night(self) -> None:
        assert self._reads()
        fresh = {item.digest: item.event for item in self._source().read(Seen()) if isinstance(item, Found)}
        assert self._in_the_window(self.kept) == self._in_the_window(fresh)

    @rule()
    def a_night_that_asks_little_where_nothing_happened(self) -> None:
        self._reads()
        self.google.calls.clear()
        assert self._source().read(self.seen).unchanged
        assert len([call for call in self.google.calls if "pageToken" not in call.asked]) == 2

    def _reads(self) -> bool:
        """One night, as the ledger takes it in; whether all was read."""
        reading = self._source().read(self.seen)
        if reading.unchanged:
            return True
        found: dict[bytes, Event] = {}
        for item in reading:
            if isinstance(item, Found):
                found[item.digest] = item.event
            elif isinstance(item, Same):
                found[item.digest] = self.kept[item.digest]
        if reading.whole:
            self.kept = found
            self.seen = Seen(reading.validator, reading.context, frozenset(found))
        return reading.whole

    def _source(self) -> GoogleSource:
        now = self.now + self.skew
        return GoogleSource(
            "work",
            Account(endpoint=self.google.endpoint, auth="none"),
            ["primary", TEAM],
            home=HOME,
            me=[self.google.user],
            now=now,
            since=now - timedelta(days=30),
            until=now + timedelta(days=30),
            patience=Patience(attempts=1, wait=lambda seconds: None),
        )

    def _in_the_window(self, events: dict[bytes, Event]) -> list[Any]:
        low, high = self.now + self.skew - timedelta(days=30), self.now + self.skew + timedelta(days=30)
        return sorted(
            (each.uid, each.start, each.title) for each in events.values() if low < each.end and each.start < high
        )


def test_after_any_night_calsync_knows_what_a_first_reading_would_find() -> None:
    run_state_machine_as_test(Nights, settings=settings(max_examples=8, stateful_step_count=15, deadline=None))
