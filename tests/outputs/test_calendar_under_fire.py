"""Whole nights into calendars that the user edits too, while everything goes wrong that can.

The machine knows what the user did last to each reminder, and nothing of how calsync works: what it
compares is what another program sees in the calendar, and what calsync's own agenda says.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from calsync.ledger import promises
from calsync.model import OPEN, Slot, State
from calsync.sync import sync
from calsync.will import same
from tests.outputs.google_rig import GoogleRig, OwnCalendarRig
from tests.outputs.rigs import MemoryRig, RadicaleRig, Rig, XandikosRig, servers_end
from tests.trouble import CALM, Kind, Trouble, tried
from tests.world import Ev, World

START = datetime(2027, 10, 18, 17, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
WHICH = st.integers(0, 3)
Asked = tuple[str, str, str, str]
"""A person's address, a meeting's key, a rule and a step: what is asked of the user once."""


class UnderFire(RuleBasedStateMachine):
    """``left`` is what the user left standing in their own form, ``gone`` what they deleted, both by id;
    ``over`` is what they ticked or deleted, and what may not be asked of them again."""

    rig_kind: ClassVar[Callable[[Path], Rig]]

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        folder = Path(self._folder.name)
        self.rig = type(self).rig_kind(folder)
        self.world = World(folder, zone="Europe/Lisbon", outputs=self.rig.toml)
        self.config = self.world.config()
        self.now = START
        self.meetings: dict[int, Ev] = {}
        self.left: dict[str, object] = {}
        self.gone: set[str] = set()
        self.deleted: set[Asked] = set()
        self.touched: set[str] = set()
        self.reworded: set[str] = set()
        self.adopted: set[str] = set()
        self.over: set[Asked] = set()
        self.said: dict[str, set[State]] = {}
        self.others = self.rig.others()

    def teardown(self) -> None:
        self.rig.close()
        self._folder.cleanup()

    # What happens in the user's calendar

    @initialize(days=st.lists(st.integers(-5, 3), min_size=1, max_size=3))
    def first_night(self, days: list[int]) -> None:
        for which, day in enumerate(days):
            self._meets(which, day, pair=which == 1)
        self._put()
        self._night(CALM)

    @rule(which=WHICH, day=st.integers(-6, 9), pair=st.booleans())
    def a_meeting_appears_or_moves(self, which: int, day: int, pair: bool) -> None:
        self._meets(which, day, pair)

    @rule(which=WHICH)
    def a_meeting_is_cancelled_or_comes_back(self, which: int) -> None:
        if which in self.meetings:
            old = self.meetings[which]
            old.extra = () if old.extra else ["STATUS:CANCELLED"]

    @rule(which=WHICH)
    def a_meeting_is_deleted(self, which: int) -> None:
        self.meetings.pop(which, None)

    @rule(which=WHICH, title=st.sampled_from(["Coffee", "Budget", "Meeting"]))
    def a_meeting_has_another_title(self, which: int, title: str) -> None:
        if which in self.meetings:
            self.meetings[which].title = title

    @rule(hours=st.integers(1, 40))
    def time_passes(self, hours: int) -> None:
        self.now += hours * HOUR

    def _meets(self, which: int, day: int, pair: bool) -> None:
        start = self.now.replace(hour=9 + 2 * which, minute=0) + timedelta(days=day)
        guests = [f"guest{which}@lisboa.example", f"second{which}@porto.example"][: 1 + pair]
        self.meetings[which] = Ev(f"m{which}", f"{start:%Y-%m-%dT%H:%M}", guests)

    def _put(self) -> None:
        known = Ev("old", "2026-05-04T10:00", ["known@coimbra.example"])
        self.world.put(known, *self.meetings.values())

    # What the user does in calsync's

    @rule(which=st.integers(0, 11), deed=st.sampled_from(["moves", "ticks", "retitles", "rewrites", "deletes"]))
    def the_user(self, which: int, deed: str) -> None:
        if there := sorted(self.rig.seen()):
            self._does(deed, there[which % len(there)])

    def _does(self, deed: str, id_: str) -> None:
        there, (is_sure, asked) = self.rig.seen()[id_], self._known(id_)
        if deed == "moves":
            start = max(there.start, self.now) + 27 * HOUR
            self.rig.moves(id_, start, start + HOUR)
        elif deed == "ticks":
            self.rig.retitles(id_, "x sent it")
        elif deed == "retitles":
            self.rig.retitles(id_, "x rang" if there.title.startswith("x ") else "Ring instead")
        elif deed == "rewrites":
            self.rig.rewrites(id_, "ask about the boat")
        elif deed == "deletes":
            self.rig.deletes(id_)
            self.left.pop(id_, None)
            self._says(id_, State.DISMISSED)
            self.deleted |= asked
            # The one limit: a reminder of which nobody knows whether it was ever written.
            if is_sure:
                self.gone.add(id_)
        if deed != "deletes":
            self.touched.add(id_)
            self.reworded |= {id_} if deed != "moves" else set()
            self.left[id_] = self.rig.seen()[id_].whole
        if deed == "ticks":
            self._says(id_, State.DONE)
        if deed == "ticks" or (deed == "deletes" and is_sure):
            self.over |= asked

    def _says(self, id_: str, state: State) -> None:
        self.said.setdefault(id_, set()).add(state)

    def _known(self, id_: str) -> tuple[bool, set[Asked]]:
        """Whether calsync knows for sure that a reminder stands there, and what it asks of the user."""
        with closing(sqlite3.connect(self.world.folder / "ledger.db")) as db:
            written = db.execute("SELECT content != '', removing FROM written WHERE reminder = ?", (id_,)).fetchone()
            asked = db.execute(
                "SELECT address, meeting, rule, step FROM followup WHERE reminder = ?"
                " AND state IN ('provisional', 'planned', 'written')",
                (id_,),
            ).fetchall()
        is_sure, is_leaving = written or (False, False)
        return bool(is_sure), set() if is_leaving else set(asked)

    # Nights

    @rule(kind=st.sampled_from(list(Kind)), at=st.integers(1, 9))
    def a_night_with_trouble(self, kind: Kind, at: int) -> None:
        self._night(Trouble(kind, at))

    @rule(
        at=st.integers(2, 9), which=st.integers(0, 11), deed=st.sampled_from(["moves", "ticks", "rewrites", "deletes"])
    )
    def a_night_with_a_quick_user(self, at: int, which: int, deed: str) -> None:
        """While calsync has something to change everywhere, the user is at it too."""
        for each in self.meetings.values():
            each.title = f"Talk {at}{which}"
        self._night(Trouble(Kind.USER_IS_QUICKER, at), lambda: self.the_user(which, deed))

    @rule()
    def two_nights_at_once(self) -> None:
        self._put()
        assert self.rig.together(self._sync) <= {0, 13}

    @rule()
    def the_ledger_is_lost(self) -> None:
        """What the user deleted may return then, for nothing tells of it; what stands there stays. Of what
        they only moved nobody knows any more that it was them: it stays there, but its words are calsync's."""
        self._night(CALM)
        before = {id_: each.whole for id_, each in self.rig.seen().items()}
        asked = {place for id_, place in self._places().items() if id_ in before}
        for path in self.world.folder.glob("ledger.db*"):
            path.unlink()
        self.gone.clear()
        self.left = {id_: whole for id_, whole in self.left.items() if id_ in self.reworded}
        self.over -= self.deleted
        self.touched |= before.keys()
        self._night(CALM)
        seen = self.rig.seen()
        assert {id_: seen[id_].whole for id_ in before} == before
        assert not {place for id_, place in self._places().items() if id_ in seen.keys() - before.keys()} & asked
        self.adopted |= before.keys()

    def _places(self) -> dict[str, tuple[str, str, str]]:
        """Meeting, rule and step of the reminders that are wanted, by id."""
        with self.world.ledger() as ledger:
            live = promises.slots(ledger, "removed IS NULL")
        return {slot.id: (slot.meeting, slot.rule, slot.step) for slot in live}

    def _night(self, trouble: Trouble, meanwhile: Callable[[], None] = lambda: None) -> None:
        self._put()
        code = self.rig.run(self._sync, trouble, meanwhile)
        assert code in (0, 3, -9), code
        assert trouble is not CALM or code == 0

    def _sync(self) -> int:
        return sync(self.config, self.now).exit_code

    # What must hold

    @invariant()
    def what_the_user_left_stands_as_they_left_it(self) -> None:
        seen = self.rig.seen()
        assert {id_: seen[id_].whole for id_ in self.left} == self.left

    @invariant()
    def what_the_user_deleted_never_returns(self) -> None:
        assert not self.gone & self.rig.seen().keys()

    @invariant()
    def what_is_not_calsyncs_is_never_touched(self) -> None:
        assert self.rig.others() == self.others

    @invariant()
    def nobody_is_heard_who_said_nothing(self) -> None:
        with closing(sqlite3.connect(self.world.folder / "ledger.db")) as db:
            touched = {id_ for (id_,) in db.execute("SELECT reminder FROM written WHERE touched")}
        assert touched <= self.touched

    @rule()
    def after_two_calm_nights_all_is_as_it_should_be(self) -> None:
        for _ in range(2):
            self._night(CALM)
        seen = self.rig.seen()
        with self.world.ledger() as ledger:
            slots = {slot.id: slot for slot in promises.slots(ledger)}
            wanted = {
                each.id: each
                for each in promises.reminders(ledger, self.now + HOUR / 60, self.now + timedelta(days=80))
            }
        stands = self.rig.again().standing({})
        assert stands.keys() == seen.keys()
        assert not wanted.keys() & self.gone
        for id_, reminder in wanted.items():
            assert id_ in seen, f"{reminder.title} is lost"
            assert reminder.done or id_ in self.adopted or seen[id_].start == reminder.start
            content = stands[id_].content
            assert content is not None
            assert id_ in self.left or id_ in self.adopted or same(content, self.rig.output.shown(reminder))
        theirs = self.left.keys() | self.adopted
        untouched = [id_ for id_, each in seen.items() if id_ not in theirs and each.start > self.now]
        assert wanted.keys() >= set(untouched)
        places = Counter((slots[id_].meeting, slots[id_].rule, slots[id_].step) for id_ in untouched)
        assert max(places.values(), default=1) == 1
        self._agenda_tells_what_the_user_said(slots)

    def _agenda_tells_what_the_user_said(self, slots: dict[str, Slot]) -> None:
        for entry in self.world.agenda(self.now.isoformat(), everything=True):
            row = entry.followup
            if row.state in (State.DISMISSED, State.DONE):
                assert row.state in self.said.get(row.reminder, ()), f"nobody said {row.state} of {row.reminder}"
            elif row.state in OPEN and row.reminder in slots:
                assert (row.address, row.meeting, row.rule, row.step) not in self.over
                if slots[row.reminder].moved:
                    assert row.reminder in self.left


@pytest.fixture(scope="module", autouse=True)
def _servers_end() -> Iterator[None]:
    yield
    servers_end()


def _warm(kind: Any, folder: Path) -> None:
    """Whatever is imported late is imported before the first run is forked."""
    rig = kind(folder)
    world = World(folder, outputs=rig.toml)
    world.put(Ev("warm", "2027-10-15T10:00", ["guest@lisboa.example"]))
    assert rig.run(lambda: tried(lambda: world.sync(START.isoformat()).exit_code)) == 0
    if kind is not MemoryRig:
        assert world.sync(START.isoformat()).exit_code == 0
    rig.close()


RIGS = ((MemoryRig, 20), (RadicaleRig, 4), (XandikosRig, 3), (GoogleRig, 3), (OwnCalendarRig, 2))
"""Each with the number of stories that it is told; a story over HTTP takes seconds."""


@pytest.mark.parametrize(("kind", "examples"), RIGS, ids=[kind.__name__ for kind, _ in RIGS])
def test_no_trouble_makes_a_duplicate_a_loss_or_a_word_of_the_user_unheard(
    kind: Any, examples: int, tmp_path: Path
) -> None:
    _warm(kind, tmp_path)
    machine = type(kind.__name__, (UnderFire,), {"rig_kind": kind})
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=25, deadline=None, phases=[Phase.generate]),
    )
