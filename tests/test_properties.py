"""What holds for any calendar, any history of nights and any user."""

from __future__ import annotations

import tempfile
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from calsync.asking import answers
from calsync.asking.finding import one_person
from calsync.errors import UsageError
from calsync.ledger import promises
from calsync.model import OPEN, FollowUp, Slot, State
from tests.world import ME, Ev, World, at

END = datetime(2026, 3, 18, 18)
PEOPLE = [f"{name}@{firm}.example" for name in ("ivo", "jun", "kai", "lea") for firm in ("hooli", "stark")]
OLD = "olga@acme.example"
FRIEND = Ev("friend", "2024-05-06T10:00", [OLD])


FOLDERS: list[Path | None] = [None]
"""Where worlds are made; the last one counts."""


@pytest.fixture(autouse=True, scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    FOLDERS.append(tmp_path_factory.mktemp("worlds"))


@st.composite
def meetings(draw: st.DrawFn, uid: str, start: st.SearchStrategy[datetime]) -> Ev:
    guests = draw(st.lists(st.sampled_from([*PEOPLE, OLD]), min_size=0, max_size=8, unique=True))
    answers_ = draw(st.lists(st.sampled_from(["ACCEPTED", "TENTATIVE", "NEEDS-ACTION", "DECLINED"]),
                             min_size=len(guests), max_size=len(guests)))  # fmt: skip
    organizer = draw(st.sampled_from([ME, ME, *guests]))
    mine = draw(st.sampled_from(["ACCEPTED", "TENTATIVE", "NEEDS-ACTION", "DECLINED"]))
    extra = draw(
        st.sampled_from([(), (), (), ("STATUS:CANCELLED",), ("RRULE:FREQ=WEEKLY;COUNT=3",), ("TRANSP:TRANSPARENT",)])
    )
    when = draw(start)
    all_day = draw(st.integers(0, 9)) == 0
    return Ev(
        uid,
        f"{when:%Y-%m-%d}" if all_day else f"{when:%Y-%m-%dT%H:%M}",
        list(zip(guests, answers_, strict=True)),
        minutes=draw(st.sampled_from([0, 15, 45, 90, 24 * 60])),
        title=draw(st.sampled_from(["Intro", "Chat #nofollowup", "Review"])),
        organizer=organizer,
        mine=None if organizer == ME else mine,
        extra=extra,
        all_day=all_day,
    )


def moments(first: datetime, last: datetime) -> st.SearchStrategy[datetime]:
    quarters = int((last - first).total_seconds() // 900)
    return st.integers(0, quarters).map(lambda n: first + n * timedelta(minutes=15))


@st.composite
def calendars(draw: st.DrawFn) -> list[Ev]:
    """Meetings within lookback and lookahead of the last night, and an old friend."""
    within = moments(END - timedelta(days=12), END + timedelta(days=10))
    before = moments(END - timedelta(days=400), END - timedelta(days=20))
    number = draw(st.integers(1, 8))
    start = [within if draw(st.integers(0, 4)) else before for _ in range(number)]
    drawn = [draw(meetings(f"m{i}", start[i])) for i in range(number)]
    # Copies under other UIDs are one meeting, named by the first source in config order: places matter.
    assume(len({(e.start, e.minutes, e.title, e.organizer) for e in drawn}) == number)
    return [FRIEND, *drawn]


def a_world(sources: tuple[tuple[str, str], ...] = (("work", "work"),)) -> World:
    world = World(Path(tempfile.mkdtemp(dir=FOLDERS[-1])), sources=sources)
    world.sections["limits"] = "per_day = 2\nper_week = 6\nbrake = 99"
    return world


def plan_of(world: World) -> set[tuple[object, ...]]:
    return {
        (e.id, e.emails, e.followup.uid, e.followup.rule, e.followup.step, e.state, e.start, e.cause)
        for e in world.agenda(f"{END}", everything=True)
    }


@settings(max_examples=15)
@given(st.data())
def test_the_order_and_the_places_of_events_do_not_matter(data: st.DataObject) -> None:
    events = data.draw(calendars())
    one = a_world()
    one.put(*events)
    one.sync(f"{END}")

    other = a_world()
    other.put(*data.draw(st.permutations(events)))
    other.sync(f"{END}")
    assert plan_of(other) == plan_of(one)

    split = a_world((("left", "work"), ("right", "work")))
    left = data.draw(st.sets(st.sampled_from([event.uid for event in events])))
    split.put(*(event for event in events if event.uid in left), source="left")
    split.put(*(event for event in reversed(events) if event.uid not in left), source="right")
    split.sync(f"{END}")
    assert plan_of(split) == plan_of(one)


@settings(max_examples=15)
@given(calendars(), st.lists(moments(END - timedelta(days=9), END), max_size=4).map(sorted))
def test_any_history_of_syncs_ends_in_the_same_who_rule_and_step_as_one(
    events: list[Ev], nights: list[datetime]
) -> None:
    found = []
    for history in ([], nights):
        world = a_world()
        world.put(*events)
        for night in [*history, END]:
            world.sync(f"{night}")
        found.append(
            {
                (e.emails, e.followup.uid, e.followup.rule, e.followup.step)
                for e in world.agenda(f"{END}", everything=True)
                if e.state is not State.WITHDRAWN
            }
        )
        before = (world.feed_path.read_bytes(), world.feed_path.stat().st_mtime_ns, plan_of(world))
        assert world.sync(f"{END}").is_quiet
        assert (world.feed_path.read_bytes(), world.feed_path.stat().st_mtime_ns, plan_of(world)) == before
    assert found[0] == found[1]


class Crash(BaseException):
    """The power failed."""


CRASHES = ("calsync.sync.publish", "calsync.files._replace", "calsync.night.publish.seconds")


class Life(RuleBasedStateMachine):
    """A user, a calendar that changes under them, and nights of which some are cut short."""

    def __init__(self) -> None:
        super().__init__()
        self.world = a_world()
        self.events: dict[str, Ev] = {}
        self.now = datetime(2026, 3, 9, 18)
        self.answered: dict[tuple[str, str, str, str], State] = {}
        self.stopped: set[str] = set()
        self.over_the_cap = False
        self.synced = False
        self.number = 0

    def put(self) -> None:
        self.world.put(FRIEND, *self.events.values())

    @initialize()
    def begin(self) -> None:
        self.put()

    @rule(data=st.data(), people=st.sets(st.sampled_from([*PEOPLE[:5], OLD]), min_size=1, max_size=3))
    def meet(self, data: st.DataObject, people: set[str]) -> None:
        start = data.draw(moments(self.now - timedelta(days=5), self.now + timedelta(days=12)))
        self.number += 1
        self.events[f"e{self.number}"] = Ev(f"e{self.number}", f"{start:%Y-%m-%dT%H:%M}", sorted(people))
        self.put()

    @precondition(lambda self: self.events)
    @rule(data=st.data(), change=st.sampled_from(["move", "cancel", "revive", "delete", "decline", "rename"]))
    def edit(self, data: st.DataObject, change: str) -> None:
        uid = data.draw(st.sampled_from(sorted(self.events)))
        event = self.events[uid]
        if change == "move":
            start = data.draw(moments(self.now - timedelta(days=5), self.now + timedelta(days=12)))
            event.start = f"{start:%Y-%m-%dT%H:%M}"
        elif change == "cancel":
            event.extra = ["STATUS:CANCELLED"]
        elif change == "revive":
            event.extra = []
        elif change == "delete":
            del self.events[uid]
        elif change == "decline":
            event.guests = [(guest[0] if isinstance(guest, tuple) else guest, "DECLINED") for guest in event.guests]
        else:
            event.title = data.draw(st.sampled_from(["One", "Two"]))
        self.put()

    @rule(hours=st.sampled_from([0, 1, 9, 24, 24, 72, 200]))
    def sync(self, hours: int) -> None:
        self.now += timedelta(hours=hours)
        report = self.world.sync(f"{self.now}")
        assert report.exit_code == 0
        self.synced = True
        self.over_the_cap = self.over_the_cap or any("over the cap" in note for note in report.notes)
        assert self.world.sync(f"{self.now}").is_quiet
        self.check()

    @rule(point=st.sampled_from(CRASHES))
    def crash(self, point: str) -> None:
        try:
            with patch(point, side_effect=Crash):
                self.world.sync(f"{self.now}")
        except Crash:
            self.over_the_cap = True  # the note went down with the run

    @precondition(lambda self: self.synced)
    @rule(who=st.sampled_from(PEOPLE[:5]), answer=st.sampled_from(["done", "dismiss", "snooze", "stop", "resume"]),
          days=st.integers(1, 20))  # fmt: skip
    def answer(self, who: str, answer: str, days: int) -> None:
        now = f"{self.now}"
        with self.world.ledger() as ledger:
            desk = self.world.desk(ledger, now)
            try:
                if answer in ("done", "dismiss"):
                    state = State.DONE if answer == "done" else State.DISMISSED
                    for entry in answers.finish(desk, who, state, "so said the user"):
                        row = entry.followup
                        self.answered[row.address, row.uid, row.rule, row.step] = state
                elif answer == "snooze":
                    answers.snooze(desk, who, f"{days} days")
                else:
                    person = one_person(ledger, desk.circle.identities, who)
                    answers.say(desk, person, "stopped", "yes" if answer == "stop" else None)
                    (self.stopped.add if answer == "stop" else self.stopped.discard)(who)
            except UsageError:
                return
            report = self.world.carry_out(ledger, now)
            self.over_the_cap = self.over_the_cap or any("over the cap" in note for note in report.notes)
        self.check()

    def check(self) -> None:
        now, marks = at(f"{self.now}"), self.world.feed()
        with self.world.ledger() as ledger:
            rows, slots = promises.followups(ledger), promises.slots(ledger)
        standing = [slot for slot in slots if slot.removed is None]
        self.check_answers(rows)
        for row in rows:
            assert not (row.state in OPEN and row.address == OLD), row
            assert not (row.state in OPEN and row.address in self.stopped), row
            assert row.state is not State.WRITTEN or row.reminder in {slot.id for slot in standing}, row
        carried = {row.reminder for row in rows if row.state in OPEN or row.state is State.DONE}
        for mark in marks:
            assert mark.start <= now or mark.id in carried, mark
        self.check_caps(standing)

    def check_answers(self, rows: list[FollowUp]) -> None:
        open_ = Counter((r.address, r.uid, r.rule, r.step) for r in rows if r.state in OPEN)
        assert not open_.keys() & self.answered.keys()
        assert not open_ or max(open_.values()) == 1
        for key, state in self.answered.items():
            assert state in {r.state for r in rows if (r.address, r.uid, r.rule, r.step) == key}

    def check_caps(self, standing: list[Slot]) -> None:
        own = [slot for slot in standing if not slot.moved]
        days = Counter(slot.start.date() for slot in own)
        weeks = Counter(slot.start.date().isocalendar()[:2] for slot in own)
        assert self.over_the_cap or not days or (max(days.values()) <= 2 and max(weeks.values()) <= 6)

    @invariant()
    def no_uid_stands_twice_and_no_feed_is_torn(self) -> None:
        if not self.world.feed_path.exists():
            return
        text = self.world.feed_path.read_bytes()
        assert text.endswith(b"END:VCALENDAR\r\n")
        uids = [line for line in text.splitlines() if line.startswith(b"UID:")]
        assert len(uids) == len(set(uids)) == len(self.world.feed())


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=12, stateful_step_count=12, deadline=None)
