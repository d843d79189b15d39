"""Each page as it looks: readable for everybody, within its frame, with nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser

from tests.web.browser.conftest import BARRIERS, DESK, PHONE, WIDER, Look, Site, Visit, visiting

PAGES = {
    "today": "/",
    "week": "/week",
    "held": "/held",
    "people": "/people",
    "nobody": "/people?q=zzz",
    "person": "/person?who=sanna@larkspur.example",
    "rules": "/rules",
    "try": "/rules/try",
    "health": "/health",
    "missing": "/person?who=nobody@nowhere.example",
}


def test_no_page_has_a_barrier_or_is_wider_than_its_window(visit: Visit, axe: str) -> None:
    for name, path in PAGES.items():
        visit.go(path)
        visit.check(axe, name)
        if name == "missing":
            assert [each for each in visit.complaints if "404" in each]
            visit.complaints.clear()


def test_the_way_in_has_no_barrier(chromium: Browser, site: Site, look: Look, axe: str) -> None:
    with visiting(chromium, site, look, signed_in=False) as visit:
        visit.go("/")
        assert visit.page.url.endswith("/login")
        visit.check(axe, "login")
        visit.go("/login?key=anything")
        visit.check(axe, "login-key")


def test_the_dialog_of_the_keys_has_no_barrier(chromium: Browser, site: Site, axe: str) -> None:
    with visiting(chromium, site, DESK) as visit:
        visit.go("/")
        visit.page.keyboard.press("?")
        assert visit.page.locator("dialog").is_visible()
        visit.check(axe, "keys")
        visit.page.keyboard.press("Escape")
        assert not visit.page.locator("dialog").is_visible()


def test_the_checks_can_fail(chromium: Browser, site: Site, axe: str) -> None:
    with visiting(chromium, site, PHONE) as visit:
        visit.go("/held")
        visit.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=https://evil.example/x>')")
        visit.page.evaluate("document.querySelector('h1').style.color = 'var(--line)'")
        visit.page.evaluate("document.querySelector('h1').style.width = '900px'")
        visit.page.evaluate(axe)
        found: list[Any] = visit.page.evaluate(BARRIERS)
        assert {each.partition(":")[0] for each in found} >= {"color-contrast", "image-alt"}
        assert visit.page.evaluate(WIDER)
        assert any("evil.example" in each for each in visit.complaints)
        visit.complaints.clear()
