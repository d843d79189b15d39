"""Reminders that are answered from any calendar app: two clicks, nothing before the second, and a way back."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from datetime import date

import icalendar
import pytest

from calsync.outputs.answering import Expired, admitted, ticket
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING, Reply, Served, serving
from tests.world import Ev

BASE = "https://nudges.example"
NOOR, TOMAS = "noor@juniper.example", "tomas@fjord.example"


@pytest.fixture
def linked(met: House) -> Iterator[Served]:
    """The same house, with an address outside; after a sync, its reminders carry links."""
    met.sections["serve"] = f'base_url = "{BASE}"'
    assert met.sync(EVENING).exit_code == 0
    with serving(met) as running:
        yield running


def description(house: House, who: str, step: str = "hello") -> str:
    """What the feed says to somebody, as a calendar app shows it."""
    for event in icalendar.Calendar.from_ical(house.feed_path.read_bytes()).walk("VEVENT"):
        if str(event["X-CALSYNC-RULE"]).endswith(f"/{step}") and who in str(event["DESCRIPTION"]):
            return str(event["DESCRIPTION"])
    raise AssertionError(f"no {step} for {who} in the feed")


def link(house: House, who: str, word: str, step: str = "hello") -> str:
    found = re.search(rf"^{word}: {BASE}(/\S+)$", description(house, who, step), re.MULTILINE)
    assert found
    return found[1]


def place(path: str) -> str:
    return path.rpartition("/")[0]


def state(house: House, who: str, step: str = "hello") -> str:
    (entry,) = [e for e in house.agenda(EVENING, everything=True) if e.emails[0] == who and e.followup.step == step]
    return entry.state.value


def starts(house: House, who: str) -> str:
    return next(start for address, step, start in house.open(EVENING) if (address, step) == (who, "hello"))


def last_day(house: House, who: str) -> date:
    """The end of the window of the first step."""
    return next(e.followup.last_day for e in house.agenda(EVENING) if (e.emails[0], e.followup.step) == (who, "hello"))


def press(served: Served, path: str, **form: str) -> Reply:
    """Press a button, and follow the way back to the page."""
    got = served.ask(place(path), "POST", form)
    assert got.status == 303, got.text
    return served.ask(got.headers["location"])


def hidden(reply: Reply, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', reply.text)
    assert found
    return html.unescape(found[1])


def test_no_feed_carries_a_link_that_leads_nowhere(met: House) -> None:
    assert "Answer" not in description(met, NOOR)


def test_a_feed_that_shows_little_carries_no_link(met: House) -> None:
    met.sections["serve"] = f'base_url = "{BASE}"'
    met.outputs = met.outputs + 'details = "names"\n'
    assert met.sync(EVENING).exit_code == 0
    assert BASE.encode() not in met.feed_path.read_bytes()


def test_links_stay_the_same_from_night_to_night(linked: Served) -> None:
    before = linked.house.feed_path.read_bytes()
    assert linked.house.sync("2026-05-13 02:00").exit_code == 0
    assert linked.house.feed_path.read_bytes() == before


@pytest.mark.parametrize("word", ["Done", "Tomorrow", "Next week", "Another day", "Not now", "Stop"])
def test_opening_a_link_changes_nothing(linked: Served, word: str) -> None:
    path = link(linked.house, NOOR, word)
    before = linked.house.agenda(EVENING, everything=True)
    for method in ("GET", "HEAD", "GET"):
        got = linked.ask(path, method, Purpose="prefetch")
        assert got.status == 200
    assert "Noor Haddad" in got.text
    assert linked.house.agenda(EVENING, everything=True) == before


def test_done_takes_two_clicks_and_the_feed_agrees(linked: Served) -> None:
    path = link(linked.house, NOOR, "Done")
    assert 'value="done"' in linked.ask(path).text
    after = press(linked, path, do="done")
    assert "✓ Done" in after.text
    assert state(linked.house, NOOR) == "done"
    assert "✓" in linked.ask(linked.feed_path()).text
    assert linked.house.sync("2026-05-13 02:00").exit_code == 0
    assert (state(linked.house, NOOR), state(linked.house, TOMAS)) == ("done", "written")


def test_the_same_button_twice_is_the_same_as_once(linked: Served) -> None:
    path = link(linked.house, NOOR, "Not now")
    press(linked, path, do="dismiss")
    once = linked.house.run("why", NOOR, "--json", now=EVENING).json
    again = press(linked, path, do="dismiss")
    assert "Dismissed" in again.text
    assert linked.house.run("why", NOOR, "--json", now=EVENING).json == once
    press(linked, path, do="done")
    assert state(linked.house, NOOR) == "dismissed"


@pytest.mark.parametrize(("answer", "becomes"), [("done", "done"), ("dismiss", "dismissed")])
def test_an_answer_can_be_taken_back(linked: Served, answer: str, becomes: str) -> None:
    path = link(linked.house, TOMAS, "Done")
    before = starts(linked.house, TOMAS)
    after = press(linked, path, do=answer)
    assert state(linked.house, TOMAS) == becomes
    assert 'value="undo"' in after.text
    press(linked, path, do="undo")
    assert state(linked.house, TOMAS) == "written"
    assert starts(linked.house, TOMAS) == before
    assert "Tomas" in description(linked.house, TOMAS)
    # The link of before the change, which a slow app still shows, speaks of the same reminder.
    press(linked, path, do="done")
    assert state(linked.house, TOMAS) == "done"


def test_an_answer_of_long_ago_is_not_taken_back(linked: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    path = link(linked.house, TOMAS, "Done")
    press(linked, path, do="done")
    monkeypatch.setenv("CALSYNC_NOW", "2026-05-14T18:00:00+00:00")
    assert 'value="undo"' not in linked.ask(path).text
    press(linked, path, do="undo")
    assert state(linked.house, TOMAS) == "done"


@pytest.mark.parametrize(("word", "do", "day"), [("Tomorrow", "tomorrow", 13), ("Next week", "next-week", 18)])
def test_a_reminder_moves_and_can_be_put_back(linked: Served, word: str, do: str, day: int) -> None:
    path = link(linked.house, NOOR, word)
    before, until = starts(linked.house, NOOR), last_day(linked.house, NOOR)
    after = press(linked, path, do=do)
    assert starts(linked.house, NOOR) == f"2026-05-{day} {before[-5:]}"
    press(linked, path, do="undo", back=hidden(after, "back"))
    assert (starts(linked.house, NOOR), last_day(linked.house, NOOR)) == (before, until)
    assert linked.house.sync("2026-05-13 02:00").exit_code == 0
    assert (starts(linked.house, NOOR), last_day(linked.house, NOOR)) == (before, until)


def test_a_link_moves_a_reminder_to_a_day_that_is_chosen(linked: Served) -> None:
    path = link(linked.house, NOOR, "Another day")
    asked = linked.ask(path)
    assert 'type="date" name="day" min="2026-05-13" max="2027-05-13" required' in asked.text
    before = starts(linked.house, NOOR)
    after = press(linked, path, do="day", day="2026-06-30")
    assert "Tuesday 30 June" in after.text
    assert starts(linked.house, NOOR) == f"2026-06-30 {before[-5:]}"
    press(linked, path, do="undo", back=hidden(after, "back"))
    assert starts(linked.house, NOOR) == before


def test_a_forged_way_back_moves_nothing(linked: Served) -> None:
    path = link(linked.house, NOOR, "Next week")
    after = press(linked, path, do="next-week")
    moved = starts(linked.house, NOOR)
    other = link(linked.house, TOMAS, "Next week")
    elsewhere = starts(linked.house, TOMAS)
    press(linked, other, do="undo", back=hidden(after, "back"))
    number, _, rest = hidden(after, "back").partition(".")
    press(linked, path, do="undo", back=f"{int(number) + 900}.{rest}")
    assert (starts(linked.house, NOOR), starts(linked.house, TOMAS)) == (moved, elsewhere)


def test_stop_ends_all_of_one_person_and_can_be_undone(linked: Served) -> None:
    path = link(linked.house, NOOR, "Stop")
    who = hidden(linked.ask(path), "who")
    after = press(linked, path, do="stop", who=who)
    assert linked.house.nudged(EVENING) == {TOMAS}
    assert "No more follow-ups with Noor Haddad" in after.text
    press(linked, path, do="resume", who=who)
    assert linked.house.nudged(EVENING) == {NOOR, TOMAS}


def test_nobody_but_the_reminders_own_people_can_be_stopped_by_it(linked: Served) -> None:
    got = linked.ask(place(link(linked.house, NOOR, "Stop")), "POST", {"do": "stop", "who": TOMAS})
    assert got.status == 400
    assert linked.house.nudged(EVENING) == {NOOR, TOMAS}


def test_a_link_answers_for_everybody_in_its_reminder(linked: Served) -> None:
    linked.house.put(Ev("both", "2026-05-12 11:00", ["uma@delta.example", "vik@delta.example"]))
    assert linked.house.sync(EVENING).exit_code == 0
    press(linked, link(linked.house, "uma@delta.example", "Done"), do="done")
    assert {state(linked.house, f"{name}@delta.example") for name in ("uma", "vik")} == {"done"}


def test_the_command_line_and_a_link_agree(linked: Served) -> None:
    path = link(linked.house, NOOR, "Done")
    assert linked.house.run("done", NOOR, now=EVENING).code == 0
    assert "✓ Done" in linked.ask(path).text


def test_a_ticket_admits_to_one_reminder_until_its_day_is_over() -> None:
    key = bytes(32)
    shown = ticket(key, "abc123", date(2026, 6, 30))
    assert admitted(key, shown, date(2026, 6, 30)) == "abc123"
    with pytest.raises(Expired):
        admitted(key, shown, date(2026, 7, 1))
    for wrong in (shown[:-1], shown.replace("abc123", "abc124"), shown.swapcase(), "", ".", "..", f"{shown}é"):
        assert admitted(key, wrong, date(2026, 6, 1)) is None
    assert admitted(bytes(31) + b"\1", shown, date(2026, 6, 1)) is None


def test_a_link_that_is_over_says_so(linked: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    path = link(linked.house, NOOR, "Done")
    monkeypatch.setenv("CALSYNC_NOW", "2026-07-30T18:00:00+00:00")
    assert linked.ask(path).status == 410
    assert linked.ask(place(path), "POST", {"do": "done"}).status == 410
    assert state(linked.house, NOOR) == "written"
