"""Whatever happens, in whatever order: nights, lost answers, crashes, and a user who edits by hand.

The machine knows what the user did last to each reminder, and that is what must hold in the end.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from calsync.errors import OutputError
from calsync.ledger.ledger import Ledger
from calsync.model import Reminder
from calsync.night.calendars import bring, listen
from calsync.outputs.base import Outcome
from calsync.outputs.memory import MemoryCalendar
from calsync.will import Content, Will
from tests.outputs.reminders import NOW, many

IDS = [reminder.id for reminder in many(4)]
WHICH = st.sampled_from(IDS)
HOUR = timedelta(hours=1)


class Crash(Exception):
    """The machine lost its power."""


class Fragile(MemoryCalendar):
    """A calendar that notes every write, and loses the power before or after one of them."""

    crash_in = 0
    crash_before = False

    def create(self, reminder: Reminder) -> Outcome:
        self._power(before=True)
        outcome = MemoryCalendar.create(self, reminder)
        self._power(before=False)
        return outcome

    def change(self, reminder: Reminder, etag: str) -> Outcome:
        self._power(before=True)
        outcome = MemoryCalendar.change(self, reminder, etag)
        self._power(before=False)
        return outcome

    def remove(self, id_: str, etag: str) -> Outcome:
        self._power(before=True)
        outcome = MemoryCalendar.remove(self, id_, etag)
        self._power(before=False)
        return outcome

    def _power(self, *, before: bool) -> None:
        if self.crash_in and before == self.crash_before:
            self.crash_in -= 1
            if not self.crash_in:
                raise Crash


class Nights(RuleBasedStateMachine):
    """``wanted`` is the plan; ``answers`` the user's last word on each reminder; ``theirs`` what they
    left standing in their own form; ``gone`` what they deleted when it stood there for sure."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.ledger = Ledger(Path(self._folder.name) / "ledger.db")
        self.ledger.__enter__()
        self.calendar = Fragile()
        self.wanted = {reminder.id: reminder for reminder in many(4)}
        self.theirs: dict[str, Content] = {}
        self.gone: set[str] = set()
        self.said: dict[str, Will] = {}
        self.heard: dict[str, Will] = {}
        self.sure: set[str] = set()
        self.foreign = Content(NOW, NOW + HOUR, "Dentist", "", False)

    def teardown(self) -> None:
        self.ledger.__exit__(None, None, None)
        self._folder.cleanup()

    @rule(lost=st.booleans(), crash_in=st.integers(0, 3), before=st.booleans())
    def night(self, lost: bool, crash_in: int, before: bool) -> None:
        try:
            with self.ledger.atomic():
                heard, stands = listen(self.calendar, self.ledger)
            for each in heard:
                self.heard[each.reminder] = each.will
                if each.will is Will.MOVED and each.content is not None:
                    old = self.wanted.get(each.reminder)
                    if old is not None:
                        self.wanted[each.reminder] = replace(old, start=each.content.start, end=each.content.end)
                elif each.will is Will.DELETED:
                    self.wanted.pop(each.reminder, None)
            self.sure = set(self.calendar.held)
            self.calendar.lost = lost
            self.calendar.crash_in, self.calendar.crash_before = crash_in, before
            bring(self.calendar, self.ledger, list(self.wanted.values()), stands, NOW)
            self.sure = set(self.calendar.held)
        except (OutputError, Crash):
            pass
        self.calendar.lost, self.calendar.crash_in = False, 0

    @rule(which=WHICH, hours=st.integers(1, 5))
    def the_plan_moves(self, which: str, hours: int) -> None:
        if which in self.wanted and which not in self.theirs:
            old = self.wanted[which]
            self.wanted[which] = replace(old, start=old.start + hours * HOUR, end=old.end + hours * HOUR)

    @rule(which=WHICH, words=st.sampled_from(["one", "two", "three"]))
    def the_plan_finds_other_words(self, which: str, words: str) -> None:
        if which in self.wanted:
            self.wanted[which] = replace(self.wanted[which], description=words)

    @rule(which=WHICH)
    def the_plan_drops_one(self, which: str) -> None:
        self.wanted.pop(which, None)

    @precondition(lambda self: set(self.calendar.held) & self.sure)
    @rule(data=st.data(), hours=st.integers(6, 90))
    def the_user_moves(self, data: st.DataObject, hours: int) -> None:
        which = data.draw(st.sampled_from(sorted(set(self.calendar.held) & self.sure)))
        there = self.calendar.held[which][1]
        self._leaves(which, there._replace(start=there.start + hours * HOUR, end=there.end + hours * HOUR), Will.MOVED)

    @precondition(lambda self: set(self.calendar.held) & self.sure)
    @rule(data=st.data(), title=st.sampled_from(["✓ sent", "done", "Ring instead", "mine"]))
    def the_user_writes(self, data: st.DataObject, title: str) -> None:
        which = data.draw(st.sampled_from(sorted(set(self.calendar.held) & self.sure)))
        there = self.calendar.held[which][1]
        done = title[0] in "✓d"
        self._leaves(which, there._replace(title=title, done=done or there.done), Will.DONE if done else Will.EDITED)

    @precondition(lambda self: set(self.calendar.held) & self.sure)
    @rule(data=st.data())
    def the_user_deletes(self, data: st.DataObject) -> None:
        which = data.draw(st.sampled_from(sorted(set(self.calendar.held) & self.sure)))
        del self.calendar.held[which]
        self.theirs.pop(which, None)
        self.gone.add(which)

    def _leaves(self, which: str, content: Content, will: Will) -> None:
        self.calendar.edit(which, content)
        self.theirs[which] = content
        self.said[which] = will

    @invariant()
    def what_the_user_left_stands_as_they_left_it(self) -> None:
        for which, content in self.theirs.items():
            assert self.calendar.held[which][1] == content

    @invariant()
    def what_the_user_deleted_never_returns(self) -> None:
        assert not self.gone & set(self.calendar.held)

    @invariant()
    def nobody_is_heard_who_said_nothing(self) -> None:
        for which, will in self.heard.items():
            assert which in self.said or which in self.gone, (which, will)
            assert will is not Will.DELETED or which in self.gone

    @rule()
    def a_calm_night_brings_all_that_is_wanted(self) -> None:
        for _ in range(2):
            self._calm()
        for which, reminder in self.wanted.items():
            if which not in self.theirs and which not in self.gone:
                assert self.calendar.held[which][1] == self.calendar.shown(reminder)

    def _calm(self) -> None:
        Nights.night(self, lost=False, crash_in=0, before=False)


TestNights = Nights.TestCase
TestNights.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
