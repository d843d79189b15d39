"""``calsync rules try`` and ``compare``, as they are typed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.cli.conftest import Home

SLOWER = "professional.first-meeting.hello.after=3 working days"


def test_trying_tells_the_weeks_the_totals_and_the_steps_in_a_pipe(synced: Home) -> None:
    done = synced.run("rules", "try", "--last", "6 months")
    assert done.code == 0
    words = [line.split() for line in done.lines]
    weeks = [each for each in words if each[0] == "week"]
    assert len(weeks) in (26, 27)
    assert all(len(each) == 3 and each[2].isdigit() for each in weeks)
    (total,) = [each for each in words if each[:2] == ["total", "reminders"]]
    assert int(total[2]) == sum(int(each[2]) for each in weeks) > 0
    assert any(each[0] == "step" and each[1] == "professional.first-meeting.hello" for each in words)
    assert "Nobody answers in a replay" in done.out


def test_trying_changes_nothing(synced: Home) -> None:
    before = {path.name: path.read_bytes() for path in synced.folder.iterdir() if path.is_file()}
    assert synced.run("rules", "try", "--set", SLOWER).code == 0
    assert {path.name: path.read_bytes() for path in synced.folder.iterdir() if path.is_file()} == before
    assert not (synced.folder / "rules").exists()


def test_the_json_of_a_trial_stands_beside_that_of_the_change(synced: Home) -> None:
    told = synced.run("rules", "try", "--last", "P6M", "--set", SLOWER, "--json").json
    assert told["enough"] is True
    assert told["asked"] == "6 months"
    assert told["set"] == [SLOWER]
    assert told["present"]["name"] == "now"
    assert told["tried"]["name"] == "tried"
    assert told["difference"]["followups_on_another_day"] > 0
    assert sum(week["reminders"] for week in told["present"]["weeks"]) == told["present"]["reminders"]


def test_rules_as_they_are_differ_in_nothing_from_themselves(synced: Home) -> None:
    told = synced.run("rules", "compare", "professional,personal", "professional,personal", "--json").json
    assert told["difference"]["none"] is True
    assert told["present"]["reminders"] == told["tried"]["reminders"] > 0
    words = synced.run("rules", "compare", "professional", "professional").out
    assert "No difference" in words


def test_comparing_names_both_packs_and_whom_one_of_them_leaves_out(synced: Home) -> None:
    told = synced.run("rules", "compare", "professional,personal", "personal", "--json").json
    assert [told["present"]["packs"], told["tried"]["packs"]] == [["professional", "personal"], ["personal"]]
    assert told["difference"]["people_lost"]
    assert told["difference"]["people_added"] == []


def test_the_page_is_written_where_it_was_asked_for(synced: Home) -> None:
    done = synced.run("rules", "try", "--html", "page.html")
    assert done.code == 0
    assert "page.html" in done.lines[-1]
    text = (synced.folder / "page.html").read_text("utf-8")
    assert text.startswith("<!doctype html>")
    assert text.rstrip().endswith("</html>")


@pytest.mark.parametrize("columns", [80, 120])
def test_the_chart_fits_the_terminal(synced: Home, columns: int, plain: Callable[[str], str]) -> None:
    done = synced.on_terminal("rules", "try", "--set", SLOWER, columns=columns)
    shown = [line.split("\r")[-1] for line in plain(done.out).splitlines()]
    assert done.code == 0
    assert max(map(len, shown)) <= columns
    assert any("█" in line for line in shown)
    titles = [line for line in shown if "Reminders per week" in line]
    assert len(titles) == (2 if columns == 80 else 1)
    assert any("→" in line for line in shown)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("try", "--set", "professional.first-meeting.helo.after=3 days"), 2, 'did you mean "hello"'),
        (("try", "--set", "professional.first-meeting.hello.after"), 2, "gives no value"),
        (("try", "--set", "professional.first-meeting.hello.after=soon"), 10, "expected a number and a unit"),
        (("try", "--set", "profesional.first-meeting.hello.after=3 days"), 2, 'did you mean "professional"'),
        (("try", "--last", "a while"), 2, "--last"),
        (("try", "--last", "3 hours"), 2, "a day or more"),
        (("compare", "professional", "personel"), 2, 'did you mean "personal"'),
        (("compare", "professional"), 2, "B"),
    ],
)
def test_what_cannot_be_tried_is_said_with_the_code_of_its_kind(
    synced: Home, words: tuple[str, ...], code: int, said: str
) -> None:
    done = synced.run("rules", *words)
    assert (done.code, done.out) == (code, "")
    assert said in done.err


def test_before_the_first_sync_there_is_nothing_to_try(sample: Home) -> None:
    done = sample.run("rules", "try")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("No sync so far")
    assert sample.run("rules", "try", "--json").json == {"enough": False, "why": done.out.strip()}


def test_a_page_that_cannot_be_written_is_said_so(synced: Home) -> None:
    (synced.folder / "file").write_text("in the way")
    done = synced.run("rules", "try", "--html", "file/page.html")
    assert done.code == 3
    assert "file" in done.err


def test_a_value_of_a_pack_that_is_not_in_use_changes_nothing_and_is_said(synced: Home) -> None:
    done = synced.run("rules", "try", "--set", "sales.first-meeting.summary=Mine")
    assert done.code == 0
    assert "--set changes nothing in the packs in use" in done.err
    assert "No difference" in done.out
