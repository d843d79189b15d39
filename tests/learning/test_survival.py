"""The estimator, against published figures, other ways to the same number, and the truth."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calsync.learning.survival import Curve, Reached, Share, Watched, curve_of

# Weeks in remission of leukaemia patients under 6-MP, and under placebo (Freireich et al., Blood 1963).
TREATED = [Watched(weeks, True) for weeks in (6, 6, 6, 7, 10, 13, 16, 22, 23)]
TREATED += [Watched(weeks, False) for weeks in (6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35)]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]

people = st.lists(st.builds(Watched, st.integers(0, 40), st.booleans()), max_size=40)


def share(curve: Curve, day: int) -> Share:
    found = curve.share(day)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("week", "remaining", "error", "low", "high"),
    [
        (6, 0.857, 0.0764, 0.620, 0.952),
        (7, 0.807, 0.0869, 0.563, 0.923),
        (10, 0.753, 0.0963, 0.503, 0.889),
        (13, 0.690, 0.1068, 0.432, 0.849),
        (16, 0.627, 0.1141, 0.368, 0.805),
        (22, 0.538, 0.1282, 0.268, 0.747),
        (23, 0.448, 0.1346, 0.188, 0.680),
    ],
)
def test_the_remissions_of_1963_come_out_as_published(
    week: int, remaining: float, error: float, low: float, high: float
) -> None:
    curve = curve_of(TREATED)
    (point,) = [point for point in curve.points if point.day == week]
    assert point.unmet == pytest.approx(remaining, abs=0.0005)
    assert point.unmet * sqrt(point.spread) == pytest.approx(error, abs=0.00006)
    met = share(curve, week)
    assert 1 - met.high == pytest.approx(low, abs=0.0006)
    assert 1 - met.low == pytest.approx(high, abs=0.0006)


def test_the_median_remission_has_no_upper_end() -> None:
    assert curve_of(TREATED).reached(0.5) == Reached(23, 13, None)
    assert curve_of(TREATED).reached(0.9) == Reached(None, None, None)


def test_where_everybody_was_watched_to_the_end_the_curve_is_a_plain_count() -> None:
    curve = curve_of(Watched(weeks, True) for weeks in PLACEBO)
    for week in range(30):
        assert share(curve, week).value == pytest.approx(sum(each <= week for each in PLACEBO) / len(PLACEBO))
    assert curve.reached(0.5).day == 8


@given(people)
def test_the_curve_is_what_handing_on_the_unknown_gives(watched: list[Watched]) -> None:
    """Efron's way: whoever is lost hands their weight on to all who were watched for longer."""
    # Who is met on the day on which others are lost sight of comes first.
    order = sorted(watched, key=lambda each: (each.days, not each.met))
    weights = [1 / len(order)] * len(order) if order else []
    met_by: dict[int, float] = {}
    total = 0.0
    for place, each in enumerate(order):
        if each.met:
            total += weights[place]
            met_by[each.days] = total
            continue
        behind = len(order) - place - 1
        for later in range(place + 1, len(order)):
            weights[later] += weights[place] / behind
    curve = curve_of(watched)
    assert {point.day: 1 - point.unmet for point in curve.points} == pytest.approx(met_by)


@given(people, st.randoms(use_true_random=False))
def test_the_order_of_the_people_does_not_matter(watched: list[Watched], shuffle: random.Random) -> None:
    mixed = list(watched)
    shuffle.shuffle(mixed)
    assert curve_of(mixed) == curve_of(watched)


@given(people, st.integers(1, 40))
def test_shares_rise_stay_between_nothing_and_all_and_lie_in_their_intervals(
    watched: list[Watched], horizon: int
) -> None:
    curve = curve_of(watched)
    for of in (curve.share, curve.within(horizon).share):
        known = [found for day in range(horizon + 1) if (found := of(day)) is not None]
        for found in known:
            assert 0 <= found.low <= found.value + 1e-9
            assert found.value - 1e-9 <= found.high <= 1
        values = [found.value for found in known]
        assert values == sorted(values)


@given(people, st.integers(0, 40))
def test_to_be_surer_takes_a_wider_interval(watched: list[Watched], day: int) -> None:
    curve = curve_of(watched)
    usual, surer = curve.share(day), curve.share(day, 0.99)
    if usual is not None and surer is not None:
        assert surer.low <= usual.low
        assert usual.high <= surer.high
        assert surer.value == usual.value


@given(people, st.floats(0.01, 0.99))
def test_a_day_that_is_reached_lies_between_its_limits(watched: list[Watched], part: float) -> None:
    curve = curve_of(watched)
    for found in (curve.reached(part), curve.within(30).reached(part)):
        if found.day is not None:
            assert found.low is not None
            assert found.low <= found.day
            assert found.high is None or found.day <= found.high


def test_whoever_was_met_for_the_first_time_today_changes_nothing() -> None:
    today = [Watched(0, False)] * 30
    curve, with_them = curve_of(TREATED), curve_of([*TREATED, *today])
    assert with_them.points == curve.points
    assert with_them.people == curve.people + 30


def test_nothing_is_said_beyond_the_longest_watch() -> None:
    curve = curve_of(TREATED)
    assert curve.share(35) is not None
    assert curve.share(36) is None
    assert curve.weight(36) == 1
    assert curve.weight(23) == pytest.approx(0.448 / 6, abs=0.001)


def test_nobody_met_among_a_few_is_no_proof_that_nobody_will_be() -> None:
    few, many = (share(curve_of([Watched(50, False)] * number), 20) for number in (5, 200))
    assert few.value == many.value == 0
    assert few.high == pytest.approx(1 - 0.025 ** (1 / 5))
    assert many.high < 0.02


def test_those_who_return_are_judged_like_a_plain_share_where_all_were_watched() -> None:
    days = [3, 5, 5, 9, 12, 20, 33, 41, 41, 60]
    everybody = [Watched(day, True) for day in days] + [Watched(365, False)] * 25
    returns = curve_of(everybody).within(90)
    own = curve_of(Watched(day, True) for day in days)
    assert returns.met == len(days)
    for day in (3, 9, 20, 41):
        alone = share(own, day)
        part = returns.share(day)
        assert part is not None
        assert tuple(part) == pytest.approx(tuple(alone))


def test_those_who_return_are_unknown_where_nobody_did() -> None:
    returns = curve_of([Watched(80, False)] * 40).within(50)
    assert returns.share(20) is None
    assert returns.reached(0.5) == Reached(None, None, None)


def test_people_met_alone_leave_greenwood_as_it_is() -> None:
    alone = [each._replace(company=f"{place}") for place, each in enumerate(TREATED)]
    curve = curve_of([*alone[:-1], *alone[-1:], Watched(3, False, "x"), Watched(4, False, "x")])
    assert curve.companies == len(TREATED) + 1
    # Two lost sight of before anything happened tell nothing of each other.
    assert curve.design == pytest.approx(22 / 21)
    assert curve_of(alone).design == 1


@pytest.mark.parametrize("size", [2, 5])
def test_companies_that_always_come_back_together_count_once(size: int) -> None:
    pick = random.Random(4)
    once = [each._replace(company=f"{place}") for place, each in enumerate(lives(pick, 60))]
    alone, together = curve_of(once), curve_of([each for each in once for _ in range(size)])
    assert together.design == pytest.approx(size * 60 / 59, rel=0.05)
    for day in (10, 60, 150):
        assert tuple(share(together, day)) == pytest.approx(tuple(share(alone, day)), abs=0.01)


def test_nobody_met_of_one_large_company_is_little_news() -> None:
    together = share(curve_of([Watched(50, False, "dinner")] * 6), 20)
    alone = share(curve_of([Watched(50, False)] * 6), 20)
    assert together.high == pytest.approx(1 - 0.025)
    assert together.high > alone.high


def lives(pick: random.Random, number: int) -> list[Watched]:
    """Half return with a median of 20 days, the others never; all are lost sight of within 300 days."""
    found = []
    for _ in range(number):
        until = pick.randrange(1, 300)
        back = int(pick.expovariate(0.693147 / 20)) + 1 if pick.random() < 0.5 else 10_000
        found.append(Watched(min(back, until), back <= until))
    return found


def returned_by(day: int) -> float:
    return 1 - 2 ** (-day / 20)


def covered(holds: Callable[[Curve], bool]) -> float:
    pick = random.Random(19)
    runs = 1_000
    return sum(holds(curve_of(lives(pick, 80))) for _ in range(runs)) / runs


def _holds(found: Share | None, truth: float) -> bool:
    return found is not None and found.low <= truth <= found.high


def _reaches(found: Reached, days: Sequence[int]) -> bool:
    return (found.low or 0) <= days[0] and days[0] <= (found.high or 10_000)


@pytest.mark.parametrize("day", [7, 30, 120])
def test_nineteen_of_twenty_intervals_hold_the_true_share(day: int) -> None:
    truth = 0.5 * returned_by(day)
    assert 0.93 <= covered(lambda curve: _holds(curve.share(day), truth)) <= 0.98


@pytest.mark.parametrize("day", [7, 20, 60])
def test_nineteen_of_twenty_intervals_hold_the_true_share_of_returns(day: int) -> None:
    truth = returned_by(day) / returned_by(182)
    assert 0.93 <= covered(lambda curve: _holds(curve.within(182).share(day), truth)) <= 0.98


@pytest.mark.parametrize("part", [0.25, 0.5, 0.75])
def test_nineteen_of_twenty_intervals_hold_the_true_day(part: float) -> None:
    truth = next(day for day in range(1, 182) if returned_by(day) / returned_by(182) >= part)
    held = covered(lambda curve: _reaches(curve.within(182).reached(part), [truth]))
    assert 0.93 <= held <= 0.99


def test_nineteen_of_twenty_intervals_hold_though_companies_come_back_together() -> None:
    pick = random.Random(31)
    held = 0
    for _ in range(600):
        together = []
        for place, each in enumerate(lives(pick, 60)):
            for _ in range(pick.randrange(1, 6)):
                # Most of a company come when the others do; some go their own way.
                own = each if pick.random() < 0.8 else lives(pick, 1)[0]
                together.append(own._replace(company=f"{place}"))
        held += _holds(curve_of(together).share(30), 0.5 * returned_by(30))
    assert 0.92 <= held / 600 <= 0.98
