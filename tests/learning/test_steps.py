"""What is said of the steps, on histories whose truth is known."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calsync.learning.acquaintances import LEAST_PEOPLE, LEAST_RETURNS, Acquaintance, strata
from calsync.learning.steps import HORIZON, RuleLesson, lessons, rounded
from calsync.learning.survival import Watched
from calsync.rules.load import load_packs
from calsync.rules.match import Facts
from calsync.rules.schema import Pack
from calsync.timing.spans import Span
from calsync.timing.working_time import WorkingTime

TODAY = datetime(2027, 5, 12, 15, tzinfo=UTC)
MINE = WorkingTime(UTC)
SHIPPED = load_packs(["professional", "personal"], None)

Draw = Callable[[random.Random], float]


def someone(days_ago: int, back: float | None, *, group: int = 2, relationship: str = "work") -> Acquaintance:
    """Somebody met so many days ago who came, or will come, back after ``back`` days."""
    began = TODAY - timedelta(days=days_ago)
    role = "organizer" if group > 6 else "attendee"
    facts = Facts("first", group, role, "organizer", relationship, "Talk", "cal", timedelta(minutes=30), "online")
    met = back is not None and back <= days_ago
    return Acquaintance(began, began + timedelta(minutes=30), facts, Watched(int(back or 0) if met else days_ago, met))


def people(draw: Draw, number: int = 150, seed: int = 3, returning: float = 0.6, **facts: object) -> list[Acquaintance]:
    pick = random.Random(seed)
    return [
        someone(
            pick.randrange(900),
            max(1, round(draw(pick))) if pick.random() < returning else None,
            **facts,  # type: ignore[arg-type]
        )
        for _ in range(number)
    ]


def replace_company(person: Acquaintance, company: str) -> Acquaintance:
    return replace(person, watched=person.watched._replace(company=company))


def at_once(pick: random.Random) -> float:
    return pick.uniform(3, 10)


def next_day(pick: random.Random) -> float:
    return 1


def in_spring(pick: random.Random) -> float:
    return pick.uniform(90, 160)


def in_a_month(pick: random.Random) -> float:
    return pick.expovariate(0.693147 / 30)


def told(everybody: Sequence[Acquaintance], packs: Sequence[Pack] = SHIPPED, rule: str = "first-meeting") -> RuleLesson:
    found, _ = lessons(everybody, packs, MINE)
    return next(each for each in found if each.rule == rule)


def says(lesson: RuleLesson) -> dict[str, str]:
    return {step.id: step.says for step in lesson.steps}


def proposed(lesson: RuleLesson) -> dict[str, dict[str, str]]:
    return {each.step: dict(each.settings) for each in lesson.proposals}


def own_pack(folder: Path, steps: str, when: str = 'meeting = "first"') -> tuple[Pack, ...]:
    (folder / "own.toml").write_text(f'[[rule]]\nid = "habit"\nwhen = {{ {when} }}\n{steps}', "utf-8")
    return load_packs(["own"], folder)


def step(id_: str, after: str, window: str, more: str = "") -> str:
    return f'[[rule.step]]\nid = "{id_}"\nafter = "{after}"\nwindow = "{window}"\nchannel = "email"\n{more}\n'


def test_a_nudge_among_the_returns_stays() -> None:
    lesson = told(people(in_a_month))
    assert says(lesson) == {"hello": "courtesy", "meet": "fits", "check-in": "follows"}
    assert lesson.proposals == ()


def test_a_nudge_that_comes_when_most_have_returned_comes_sooner() -> None:
    lesson = told(people(at_once, 200))
    assert says(lesson)["meet"] == "late"
    (change,) = lesson.proposals
    assert change.step == "meet"
    ((key, value),) = change.settings
    assert key == "after"
    assert value in ("8 days", "9 days")
    assert "three quarters are back by day" in change.reason


def test_a_nudge_whose_window_is_over_before_anybody_returns_comes_later_with_its_window() -> None:
    lesson = told(people(in_spring, 200))
    assert says(lesson)["meet"] == "early"
    change = lesson.proposals[0]
    assert [key for key, _ in change.settings] == ["window", "after"]
    after, window = (Span.parse(dict(change.settings)[key]) for key in ("after", "window"))
    assert after.unit == window.unit == "weeks"
    assert 14 <= after.amount <= 17
    assert window.amount == after.amount + 2


def test_what_follows_a_nudge_keeps_its_distance() -> None:
    changes = proposed(told(people(in_spring, 200)))
    meet, follow = (Span.parse(changes[name]["after"]).amount for name in ("meet", "check-in"))
    assert follow - meet == 4


def test_a_note_within_the_week_is_a_matter_of_manners() -> None:
    for draw in (at_once, in_spring):
        work = told(people(draw, 200))
        thanks = told(people(draw, 200, group=9), rule="met-the-organizer")
        assert says(work)["hello"] == says(thanks)["thanks"] == "courtesy"
        assert "hello" not in proposed(work)
        assert thanks.proposals == ()


def test_a_nudge_never_moves_so_near_to_the_note_before_it_that_it_crowds() -> None:
    lesson = told(people(lambda pick: pick.uniform(1, 4), 200))
    assert says(lesson)["meet"] == "crowded"
    assert lesson.proposals == ()


@pytest.mark.parametrize(("number", "returning"), [(LEAST_PEOPLE - 1, 1.0), (60, 0.05)])
def test_too_few_meetings_say_nothing(number: int, returning: float) -> None:
    lesson = told(people(at_once, number, returning=returning))
    assert lesson.people.curve is None
    assert lesson.people.met < LEAST_RETURNS or lesson.people.people < LEAST_PEOPLE
    assert lesson.unsaid == "too few meetings to say"
    assert lesson.proposals == ()
    assert all(each.met is None for each in lesson.steps)


def test_many_people_of_a_few_dinners_say_nothing() -> None:
    guests = [replace_company(someone(400 + day, 20), f"dinner {day}") for day in range(9) for _ in range(6)]
    others = [someone(500, None) for _ in range(40)]
    assert told([*guests, *others]).people.curve is None
    tenth = [replace_company(someone(600, 30), "dinner 10")]
    assert told([*guests, *others, *tenth]).people.curve is not None


def test_a_short_history_says_nothing_of_half_a_year() -> None:
    recent = [someone(days, 5 if days % 2 else None) for days in range(20, 160)]
    lesson = told(recent)
    assert lesson.people.curve is not None
    assert lesson.unsaid.startswith("too short a history to say")
    assert lesson.proposals == ()
    assert lesson.steps[0].met is not None
    assert lesson.steps[0].returned is None


def test_where_nearly_everybody_returned_few_are_left_and_all_is_said() -> None:
    lesson = told([someone(400, 40 if number < 50 else None) for number in range(52)])
    assert lesson.unsaid == ""
    assert lesson.quarters[1].day == 40


def test_a_wide_interval_moves_nothing() -> None:
    returns = (30, 31, 32, 33, *range(70, 182, 7))
    lesson = told([someone(500, days) for days in returns] + [someone(500, None) for _ in range(48)])
    assert says(lesson)["meet"] == "unsure"
    assert lesson.proposals == ()
    narrow = told([someone(500, days) for days in range(70, 182)] + [someone(500, None) for _ in range(90)])
    assert says(narrow)["meet"] == "early"


def test_a_window_that_ended_before_its_step_is_put_right_with_it(tmp_path: Path) -> None:
    packs = own_pack(tmp_path, step("coffee", "4 weeks", "1 week"))
    changes = proposed(told(people(at_once, 200), packs, "habit"))["coffee"]
    assert Span.parse(changes["window"]).after(TODAY, UTC) > Span.parse(changes["after"]).after(TODAY, UTC)


def test_the_people_of_one_rule_say_nothing_of_another() -> None:
    everybody = [*people(in_spring, 200), *people(in_a_month, 200, seed=4, relationship="personal")]
    found, _ = lessons(everybody, SHIPPED, MINE)
    changed = {(each.pack, each.rule) for each in found if each.proposals}
    assert changed == {("professional", "first-meeting")}
    assert [each.people.people for each in found if each.people.people] == [200, 200]


def test_a_rule_that_is_also_for_old_friends_is_left_alone(tmp_path: Path) -> None:
    packs = own_pack(tmp_path, step("coffee", "2 weeks", "3 weeks"), 'meeting = "any"')
    lesson = told(people(in_spring, 200), packs, "habit")
    assert lesson.unsaid.startswith("it is not for first meetings alone")
    assert lesson.proposals == ()


def test_a_step_that_comes_though_you_have_met_is_left_alone(tmp_path: Path) -> None:
    packs = own_pack(tmp_path, step("report", "2 weeks", "3 weeks", "unless = []"))
    lesson = told(people(in_spring, 200), packs, "habit")
    assert says(lesson) == {"report": ""}
    assert lesson.proposals == ()


def test_a_nudge_never_becomes_a_matter_of_manners(tmp_path: Path) -> None:
    packs = own_pack(tmp_path, step("coffee", "3 weeks", "5 weeks"))
    assert proposed(told(people(next_day, 200), packs, "habit")) == {"coffee": {"after": "7 days"}}


def test_weekends_are_seen_in_the_usual_day_of_a_step(tmp_path: Path) -> None:
    packs = own_pack(tmp_path, step("note", "5 working days", "10 working days"))
    (only,) = told(people(in_a_month), packs, "habit").steps
    assert (only.day, only.last_day) == (7, 14)


def test_the_more_rules_are_judged_the_surer_each_must_be() -> None:
    work = people(in_a_month)
    _, alone = lessons(work, SHIPPED, MINE)
    _, beside = lessons([*work, *people(in_a_month, seed=9, relationship="personal")], SHIPPED, MINE)
    assert alone == pytest.approx(0.95)
    assert beside == pytest.approx(0.975)


@pytest.mark.parametrize("until", [112, 18.67])
def test_a_nudge_in_its_place_is_hardly_ever_moved_by_chance(until: float) -> None:
    # "meet" lies from day 14 to 28: a quarter of those who come back by day 112 have, or three by day 18.
    def draw(pick: random.Random) -> float:
        return pick.uniform(0.5, until + 0.5)

    moved = [says(told(people(draw, 120, seed)))["meet"] not in ("fits", "unsure") for seed in range(80)]
    assert sum(moved) <= 5


def test_a_nudge_far_out_of_place_is_nearly_always_found() -> None:
    found = sum(bool(told(people(in_spring, 120, seed)).proposals) for seed in range(40))
    assert found >= 38


def test_people_say_days_up_to_a_fortnight_and_then_weeks() -> None:
    assert [str(rounded(days)) for days in (1, 9, 13, 14, 17, 18, 60)] == [
        "1 day",
        "9 days",
        "13 days",
        "2 weeks",
        "2 weeks",
        "3 weeks",
        "9 weeks",
    ]


spans = st.sampled_from(["1 working day", "4 days", "9 days", "2 weeks", "1 month", "5 weeks", "11 weeks", "36 hours"])


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(spans, spans), min_size=1, max_size=4),
    st.sampled_from([at_once, next_day, in_spring, in_a_month]),
    st.integers(0, 200),
    st.integers(0, 99),
)
def test_every_proposal_is_a_sound_step(
    tmp_path_factory: pytest.TempPathFactory, times: list[tuple[str, str]], draw: Draw, number: int, seed: int
) -> None:
    text = "".join(step(f"s{place}", *each) for place, each in enumerate(times))
    packs = own_pack(tmp_path_factory.mktemp("packs"), text)
    lesson = told(people(draw, number, seed), packs, "habit")
    by_id = {each.id: each for each in lesson.steps}
    for step_id, settings_ in proposed(lesson).items():
        before = by_id[step_id]
        after = Span.parse(settings_["after"])
        window = Span.parse(settings_.get("window", before.window))
        begin = TODAY
        assert begin < after.after(begin, UTC) < window.after(begin, UTC)
        assert 7 <= (after.after(begin, UTC) - begin).days <= HORIZON
        assert before.day >= 7


def test_everyone_is_divided_in_three_ways_and_nobody_gets_lost() -> None:
    everybody = [
        *people(in_a_month, 40),
        *people(in_a_month, 30, group=9),
        *people(at_once, 20, relationship="personal"),
    ]
    parts = strata(everybody)
    for kind in ("everyone", "relationship", "group", "depth"):
        assert sum(each.people for each in parts if each.kind == kind) == 90
    assert [each.name for each in parts if each.kind == "group"] == ["2 or 3 others", "7 or more others"]


def test_what_does_not_divide_is_not_told_twice() -> None:
    assert [each.kind for each in strata(people(at_once, 50))] == ["everyone"]
