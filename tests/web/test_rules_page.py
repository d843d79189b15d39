"""The rules on the page: read, and tried on the recorded past, and changed by neither."""

from __future__ import annotations

import html
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from calsync.simulate.trial import try_rules
from calsync.timing.spans import Span
from calsync.web import rules_pages, trials
from calsync.web.trials import Trials, Wish
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING, Reply, Served, serving
from tests.world import Ev, at

NAME = "professional.first-meeting.hello.after"


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    """Somebody who has signed in and has half a year behind them."""
    monkeypatch.setenv("CALSYNC_NOW", at(EVENING).isoformat())
    house = House(tmp_path)
    days = [f"2026-{month:02}-{day:02} 10:00" for month in range(1, 5) for day in (6, 22)]
    written = ["CREATED:20251201T080000Z"]
    house.put(
        *(Ev(f"past{n}", day, [f"guest{n}@birch.example"], extra=written) for n, day in enumerate(days)),
        Ev(
            "hush",
            "2026-03-17 15:00",
            ["hugo@birch.example"],
            title="Divorce lawyer",
            extra=[*written, "CLASS:PRIVATE"],
        ),
    )
    assert house.sync(EVENING).exit_code == 0
    with serving(house) as running:
        assert running.sign_in().status == 303
        yield running


def tried(served: Served, **form: str) -> Reply:
    """Send the form, and look until the replay is over."""
    key = re.search(r'name="key" value="([^"]*)"', served.ask("/rules/try").text)
    assert key
    got = served.ask("/rules/try", "POST", {"key": key[1], "last": "6 months", **form})
    if got.status != 303:
        return got
    for _ in range(200):
        got = served.ask(got.headers.get("location", "/rules/try"))
        if "Replaying" not in got.text:
            return got
        assert got.headers["refresh"]
        time.sleep(0.1)
    raise AssertionError("the replay does not end")


def test_the_rules_are_told_in_words(inside: Served) -> None:
    shown = html.unescape(inside.ask("/rules").text)
    assert "A small meeting with someone new" in shown
    assert "1 working day after" in shown
    assert "good until 3 working days after" in shown
    assert "unless you meet again or another meeting is coming" in shown
    assert "as often as their tier says" in shown


def test_what_the_user_changed_is_marked_and_shown(inside: Served) -> None:
    assert inside.house.run("rules", "set", NAME, "2 working days", now=EVENING).code == 0
    shown = inside.ask("/rules").text
    assert "yours: professional.toml" in shown
    assert "2 working days after" in shown


def test_a_step_leads_to_a_trial_of_another_time(inside: Served) -> None:
    link = re.search(r'href="(/rules/try[^"]*hello[^"]*)"', inside.ask("/rules").text)
    assert link
    shown = inside.ask(html.unescape(link[1])).text
    assert f'value="{NAME}"' in shown
    assert 'value="1 working day"' in shown


def test_rules_that_are_broken_are_told_where(inside: Served) -> None:
    (inside.house.folder / "rules").mkdir(exist_ok=True)
    (inside.house.folder / "rules" / "professional.toml").write_text('extends = "professional"\nnonsense = 1\n')
    got = inside.ask("/rules")
    assert got.status == 200
    assert "professional.toml:2" in got.text
    assert tried(inside).status == 400


def test_the_present_rules_are_replayed_with_a_chart(inside: Served) -> None:
    shown = tried(inside).text
    assert 'aria-label="Reminders by week' in shown
    assert re.search(r"Reminders</th><td>\d", shown)
    assert "people on the same days" not in shown
    assert 'aria-label="Reminders by week' in inside.ask("/rules").text
    assert not re.search(r"\sstyle=", shown)
    assert len(shown) < 50_000


def test_a_change_is_tried_beside_them_and_nothing_is_changed(inside: Served) -> None:
    def kept() -> object:
        with inside.house.ledger() as ledger:
            rows = [ledger.rows(f"SELECT * FROM {name} ORDER BY 1") for name in ("followup", "reminder", "person")]
        return rows, sorted(path.name for path in inside.house.folder.rglob("*") if path.suffix == ".toml")

    before = kept()
    shown = html.unescape(tried(inside, name0=NAME, value0="3 working days").text)
    assert re.search(r"0 fewer, [1-9]\d* on another day", shown)
    assert f"calsync rules set {NAME} '3 working days'" in shown
    assert f"{NAME} = 3 working days" in shown
    assert kept() == before


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ({"name0": "professional.first-meting.hello.after", "value0": "2 days"}, "first-meeting"),
        ({"name0": NAME, "value0": "soon"}, "soon"),
        ({"name0": NAME, "value0": ""}, "both a name and a value"),
        ({"name1": "", "value1": "2 days"}, "both a name and a value"),
        ({"name0": "../../etc/passwd", "value0": "1"}, "there is no pack"),
    ],
)
def test_a_change_that_means_nothing_is_told_and_the_form_keeps_it(
    inside: Served, form: dict[str, str], told: str
) -> None:
    got = tried(inside, **form)
    assert got.status == 400
    assert told in re.sub(r".*role=\"alert\">|</div>.*", "", html.unescape(got.text), flags=re.S)
    for value in filter(None, form.values()):
        assert f'value="{value}"' in got.text


def test_a_trial_names_no_private_meeting(inside: Served) -> None:
    shown = tried(inside, name0="professional.first-meeting.when.group", value0="2..6")
    assert "hugo@birch.example" in shown.text
    assert "Divorce" not in shown.text


def test_a_replay_that_takes_too_long_is_stopped(inside: Served) -> None:
    trials = Trials(inside.house.config(), longest=0.0)
    wish = trials.begin(Span.parse("6 months"), (), at(EVENING))
    assert wish.over.wait(30)
    assert "Choose a shorter time" in str(wish.found)


def test_a_newer_wish_ends_the_one_before(inside: Served) -> None:
    trials = Trials(inside.house.config())
    first = trials.begin(Span.parse("6 months"), (), at(EVENING))
    second = trials.begin(Span.parse("90 days"), (), at(EVENING))
    assert first.over.wait(30)
    assert second.over.wait(30)
    assert not isinstance(second.found, str | None)


def test_a_replay_that_is_still_going_on_says_so(inside: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rules_pages, "PATIENCE", 0.0)
    key = re.search(r'name="key" value="([^"]*)"', inside.ask("/rules/try").text)
    assert key
    assert inside.ask("/rules/try", "POST", {"key": key[1], "last": "6 months"}).status == 303
    assert "Reminders by week" in tried(inside).text


def test_a_replay_that_ends_while_its_page_is_made_is_not_missing_from_it(
    inside: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, may_end = threading.Event(), threading.Event()

    def try_slowly(*told: Any) -> Any:
        began.set()
        may_end.wait(10)
        return try_rules(*told)

    def names_while_it_ends(packs: Any) -> Any:
        if began.is_set() and not may_end.is_set():
            may_end.set()
            assert wishes[-1].over.wait(10)
        return names(packs)

    names, begin = rules_pages._names, Trials.begin
    wishes: list[Wish] = []

    def remembered(self: Trials, *told: Any) -> Wish:
        wishes.append(begin(self, *told))
        return wishes[-1]

    monkeypatch.setattr(trials, "try_rules", try_slowly)
    monkeypatch.setattr(rules_pages, "_names", names_while_it_ends)
    monkeypatch.setattr(Trials, "begin", remembered)
    monkeypatch.setattr(rules_pages, "PATIENCE", 0.0)
    key = re.search(r'name="key" value="([^"]*)"', inside.ask("/rules/try").text)
    assert key
    assert inside.ask("/rules/try", "POST", {"key": key[1], "last": "6 months"}).status == 303
    assert began.wait(10)
    page = inside.ask("/rules/try")
    assert "Replaying" in page.text
    assert page.headers["refresh"]
    assert "Reminders by week" in inside.ask("/rules/try").text


def test_only_a_form_of_this_session_begins_a_replay(inside: Served) -> None:
    assert inside.ask("/rules/try", "POST", {"last": "2 years"}).status == 403
    assert "Replaying" not in inside.ask("/rules/try").text
