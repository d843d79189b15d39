"""All that can be done on the page, as somebody does it: with the keyboard and by hand, large and small."""

from __future__ import annotations

import re
import shutil
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from calsync.asking.agenda import entries
from calsync.config import load
from calsync.ledger.ledger import Ledger
from tests.web.browser.conftest import (
    DESK,
    EVERY_TWO,
    MORNING,
    PASSWORD,
    PHONE,
    PLAIN,
    Look,
    Site,
    Visit,
    running,
    visiting,
)


def state(site: Site, who: str, step: str = "hello") -> str:
    """The state of somebody's follow-up in the ledger."""
    config = load(site.config)
    with Ledger(config.ledger) as ledger:
        shown = entries(ledger, config, datetime.fromisoformat(MORNING), everything=True)
    return next(each.state.value for each in shown if who in each.emails[0] and each.followup.step == step)


def test_the_printed_link_signs_in_also_where_the_browser_trusts_nothing(
    chromium: Browser, sample: Path, tmp_path: Path
) -> None:
    shutil.copytree(sample, tmp_path / "demo")
    with running(tmp_path / "demo", PLAIN) as site, visiting(chromium, site, DESK, signed_in=False) as visit:
        visit.go(site.sign_in)
        visit.page.get_by_role("button", name="Sign in on this device").click()
        visit.card("Ines Carvalho").get_by_role("button", name="Done").click()
        expect(visit.told()).to_contain_text("done.")
        # Where there is no https, there is no clipboard either: the draft is marked instead.
        visit.page.get_by_role("button", name="Copy").first.click()
        expect(visit.card("Sanna Virtanen")).to_contain_text("Marked: copy it now")
        assert "Hello Sanna and Tomasz" in visit.page.evaluate("getSelection().toString()")
        # Chromium only says that some protections need https.
        visit.complaints = [each for each in visit.complaints if "Opener-Policy" not in each]


def test_signing_in_and_out(chromium: Browser, site: Site, look: Look) -> None:
    with visiting(chromium, site, look, signed_in=False) as visit:
        visit.go("/")
        visit.fill(visit.page.get_by_label("Password"), PASSWORD)
        visit.use(visit.page.get_by_role("button", name="Sign in"))
        expect(visit.page.get_by_role("heading", level=1)).to_have_text("Wednesday 13 May")
        visit.go("/health")
        visit.use(visit.page.get_by_role("button", name="Sign out"))
        expect(visit.page).to_have_url(re.compile("/login$"))
        visit.go("/people")
        expect(visit.page).to_have_url(re.compile("/login$"))


@pytest.mark.parametrize("look", EVERY_TWO, ids=lambda look: look.name)
def test_an_answer_is_one_press_and_so_is_its_undo(visit: Visit) -> None:
    visit.go("/")
    for button, who, words in (
        ("Done", "Ines Carvalho", "done"),
        ("Not now", "Nora Haugen", "dismissed"),
        ("Tomorrow", "Yuki Arai", "moved to Thursday 14 May"),
        ("Next week", "Priya Raman", "moved to Monday 18 May"),
    ):
        visit.use(visit.card(who).get_by_role("button", name=button))
        expect(visit.told()).to_contain_text(f"{words}.")
        visit.shot(f"told-{button}")
        expect(visit.card(who)).to_have_count(0)
        visit.use(visit.told().get_by_role("button", name="Undo"))
        expect(visit.card(who)).to_have_count(1)
        expect(visit.told()).to_have_count(0)


def test_a_reminder_moves_to_a_day_that_is_chosen(visit: Visit) -> None:
    visit.go("/")
    card = visit.card("Yuki Arai")
    visit.use(card.get_by_text("Another day"))
    if visit.look.hand == "keyboard":
        visit.reach(card.get_by_label("Move it to"))
        visit.page.keyboard.type("06052026")
    else:
        card.get_by_label("Move it to").fill("2026-06-05")
    visit.use(card.get_by_role("button", name="Move"))
    expect(visit.told()).to_contain_text("moved to Friday 5 June")
    visit.use(visit.told().get_by_role("button", name="Undo"))
    expect(visit.card("Yuki Arai")).to_have_count(1)


def test_of_several_one_can_be_answered_for(visit: Visit) -> None:
    visit.go("/")
    visit.use(visit.card("Tomasz Wilk").get_by_text("Answer for one person"))
    visit.use(visit.card("Tomasz Wilk").get_by_role("button", name="Done: Tomasz Wilk"))
    expect(visit.told()).to_contain_text("done.")
    assert (state(visit.site, "tomasz"), state(visit.site, "sanna")) == ("done", "written")
    visit.use(visit.told().get_by_role("button", name="Undo"))
    expect(visit.card("Tomasz Wilk")).to_have_count(1)


def test_the_week_is_turned_and_a_reminder_opened(visit: Visit) -> None:
    visit.go("/week")
    visit.use(visit.page.get_by_role("link", name="The week after"))
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("18 May to 24 May")
    visit.use(visit.page.get_by_role("link", name="Kwame Asante"))
    expect(visit.page.get_by_role("heading", level=1)).to_contain_text("Email Kwame Asante")
    expect(visit.page.get_by_text("provisional", exact=True)).to_be_visible()
    visit.shot("reminder")
    visit.use(visit.page.get_by_role("link", name="Its week"))
    expect(visit.page.get_by_role("heading", level=1)).to_have_text("18 May to 24 May")


def test_who_is_held_can_be_sent_away_and_called_back(visit: Visit) -> None:
    visit.go("/held")
    who = visit.page.locator("article h2").inner_text()
    visit.use(visit.page.get_by_role("button", name=f"Never: {who}"))
    expect(visit.told()).to_contain_text("is ignored from now on")
    visit.use(visit.told().get_by_role("button", name="Undo"))
    expect(visit.page.get_by_role("button", name=f"Let in: {who}")).to_have_count(1)


def test_somebody_is_found_kept_in_touch_with_and_stopped(visit: Visit) -> None:
    visit.go("/people")
    visit.fill(visit.page.get_by_label("Name or address"), "kwame")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_text("1 person.")).to_be_visible()
    visit.use(visit.page.get_by_role("link", name="Kwame Asante"))
    tier = visit.page.get_by_label("Keep in touch")
    if visit.look.hand == "keyboard":
        visit.reach(tier)
        visit.page.keyboard.type("B")
    else:
        tier.select_option("B")
    visit.use(visit.page.get_by_role("button", name="Set"))
    expect(tier).to_have_value("B")
    visit.use(visit.page.get_by_role("button", name="Stop following up"))
    expect(visit.told()).to_contain_text("Kwame Asante: no more follow-ups.")
    visit.shot("stopped")
    visit.use(visit.told().get_by_role("button", name="Undo"))
    expect(visit.told()).to_have_count(0)


def test_rules_are_tried_with_a_change(visit: Visit) -> None:
    visit.go("/rules")
    visit.use(visit.page.get_by_role("link", name="Try a change"))
    visit.page.get_by_label("How far back").select_option("three months")
    visit.fill(visit.page.get_by_label("Which value").first, "professional.first-meeting.hello.after")
    visit.fill(visit.page.get_by_label("Its new value").first, "2 working days")
    visit.page.keyboard.press("Escape")  # the list of suggestions
    visit.use(visit.page.get_by_role("button", name="Replay"))
    expect(visit.page.get_by_role("img", name="Reminders by week")).to_be_visible(timeout=30_000)
    expect(visit.page.get_by_text("on another day.")).to_be_visible()
    visit.shot("tried")
    visit.use(visit.page.get_by_role("link", name="Rules"))
    expect(visit.page.get_by_role("heading", name="What they asked of you")).to_be_visible()
    visit.shot("rules-chart")


def test_a_link_in_a_reminder_answers_from_a_calendar_app(visit: Visit, axe: str) -> None:
    """Without any session, as in the browser of a telephone that never signed in."""
    feed = (visit.site.config.parent / "followups.ics").read_bytes().decode().replace("\r\n ", "")
    event = next(each for each in feed.split("BEGIN:VEVENT") if "SUMMARY:☕ Propose a coffee to Yuki Arai" in each)
    link = re.search(rf"Another day: {re.escape(visit.site.address)}(/a/[\w.-]+)/day", event)
    assert link
    visit.page.context.clear_cookies()
    for word in ("day", "stop"):
        visit.go(f"{link[1]}/{word}")
        visit.check(axe, f"link-{word}")
    visit.go(f"{link[1]}/day")
    before = state(visit.site, "yuki", "meet")
    visit.page.get_by_label("Move it to").fill("2026-07-01")
    visit.use(visit.page.get_by_role("button", name="Move"))
    expect(visit.told()).to_contain_text("Moved.")
    expect(visit.page.get_by_text("Wednesday 1 July")).to_be_visible()
    visit.use(visit.told().get_by_role("button", name="Undo"))
    expect(visit.page.get_by_text("Tuesday 26 May")).to_be_visible()
    visit.go(f"{link[1]}/done")
    visit.use(visit.page.get_by_role("button", name="Done", exact=True))
    expect(visit.told()).to_contain_text("✓ Done.")
    assert state(visit.site, "yuki", "meet") == "done"
    visit.use(visit.told().get_by_role("button", name="Undo"))
    expect(visit.told()).to_have_count(0)
    assert state(visit.site, "yuki", "meet") == before


def test_everything_works_without_a_script(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, PHONE, script=False) as visit:
        visit.go("/")
        expect(visit.page.get_by_role("button", name="Copy")).to_have_count(0)
        card = visit.card("Priya Raman")
        card.get_by_text("Another day").click()
        card.get_by_label("Move it to").fill("2026-06-08")
        card.get_by_role("button", name="Move").click()
        expect(visit.told()).to_contain_text("moved to Monday 8 June")
        visit.told().get_by_role("button", name="Undo").click()
        expect(visit.card("Priya Raman")).to_have_count(1)
        visit.go("/people?q=priya")
        expect(visit.page.get_by_role("link", name="Priya Raman")).to_have_count(1)
        visit.go("/rules/try")
        visit.page.get_by_label("How far back").select_option("three months")
        visit.page.get_by_role("button", name="Replay").click()
        expect(visit.page.get_by_role("img", name="Reminders by week")).to_be_visible(timeout=30_000)


def test_keys_go_from_card_to_card_and_answer(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, DESK) as visit:
        keys, page = visit.page.keyboard, visit.page
        visit.go("/")
        keys.press("d")
        expect(page.locator("article.card")).to_have_count(5)  # no card has the focus: nothing is answered
        for key in "jjjk":
            keys.press(key)
        expect(visit.card("Yuki Arai")).to_be_focused()
        keys.press("d")
        expect(visit.told()).to_contain_text("Yuki Arai: nice to meet you: done.")
        expect(page.locator("article.card")).to_have_count(4)
        keys.press("u")
        expect(page.locator("article.card")).to_have_count(5)
        keys.press("j")
        keys.press("a")
        expect(visit.card("Sanna Virtanen").get_by_label("Move it to")).to_be_focused()
        visit.go("/")
        keys.press("4")
        expect(page.get_by_role("heading", level=1)).to_have_text("People")
        keys.press("/")
        keys.type("d?j")
        expect(page.get_by_label("Name or address")).to_have_value("d?j")
        visit.go("/")
        keys.press("?")
        page.get_by_role("button", name="Turn keys off").click()
        keys.press("Escape")
        keys.press("j")
        keys.press("d")
        page.reload()
        keys.press("j")
        keys.press("d")
        expect(page.locator("article.card")).to_have_count(5)


def test_a_draft_is_copied(chromium: Browser, site: Site) -> None:
    with visiting(chromium, site, DESK) as visit:
        visit.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visit.go("/")
        visit.page.get_by_role("button", name="Copy").first.click()
        expect(visit.card("Sanna Virtanen")).to_contain_text("Copied")
        assert visit.page.evaluate("navigator.clipboard.readText()").startswith("Hello Sanna and Tomasz")
