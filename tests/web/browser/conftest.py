"""The page in a real browser: Debian's Chromium, at ``calsync serve`` as it runs, on the sample calendar.

A look is a size, a colour scheme and a way of using it. With CALSYNC_SHOTS=FOLDER the pages are also kept as
pictures, to be looked at.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.peers.judges import PEERS, require

ROOT = Path(__file__).parents[3]
MORNING = "2026-05-13T08:40:00+01:00"
"""A Wednesday on which five reminders are due."""

HOST = "nudges.localhost"
"""Another name of this machine, which a browser trusts as if it were reached by https."""

PLAIN = "nudges.example"
"""Leads to this machine in the browser alone, which trusts it as little as any other without https."""

PASSWORD = "heron-lamp-42"

LARGEST = 50_000


@dataclass(frozen=True)
class Look:
    """How somebody uses the page; ``hand`` is "mouse" (a finger on a telephone) or "keyboard"."""

    size: str
    scheme: str
    hand: str

    @property
    def name(self) -> str:
        return f"{self.size}-{self.scheme}-{self.hand}"


PHONE, DESK = Look("phone", "dark", "mouse"), Look("desk", "light", "keyboard")
EVERY_TWO = (PHONE, DESK, Look("phone", "light", "keyboard"), Look("desk", "dark", "mouse"))
"""Of size, scheme and hand, any two meet in one of these."""

_SIZES: dict[str, dict[str, Any]] = {
    "phone": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True},
    "desk": {"viewport": {"width": 1280, "height": 900}},
}


@dataclass
class Site:
    """A running server: where it is, the path of the link that signs in once, and its config."""

    port: int
    sign_in: str
    config: Path
    host: str
    cookies: list[Any] = field(default_factory=list)

    @property
    def address(self) -> str:
        return f"http://{self.host}:{self.port}"


@contextmanager
def running(folder: Path, host: str = HOST) -> Iterator[Site]:
    """Run ``calsync serve`` on a copy of the sample calendar."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = folder / "config.toml"
    serve = f'[serve]\nbase_url = "http://{host}:{port}"\npassword_file = "password"\n'
    config.write_text(f"{config.read_text()}\n{serve}")
    (folder / "password").write_text(f"{PASSWORD}\n")
    words = [sys.executable, "-u", "-m", "calsync", "--config", str(config), "serve", "--port", str(port)]
    with subprocess.Popen(words, env=_env(), stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout
            link = next(found[0] for line in child.stdout if (found := re.search(r"/login\?key=\S+", line)))
            yield Site(port, link, config, host)
        finally:
            child.terminate()


def run(*words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of calsync as the user would."""
    command = [sys.executable, "-m", "calsync", *words]
    return subprocess.run(command, env=_env(), capture_output=True, text=True, timeout=60, check=False)


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "CALSYNC_NOW": MORNING, "PYTHONDONTWRITEBYTECODE": "1"}


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that ``calsync demo`` makes."""
    folder = tmp_path_factory.mktemp("sample") / "demo"
    told = run("demo", str(folder))
    assert told.returncode == 0, told.stderr
    return folder


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = require(Path(os.environ.get("CALSYNC_CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"))
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking", f"--host-resolver-rules=MAP {PLAIN} 127.0.0.1"]
        browser = playwright.chromium.launch(executable_path=found, args=arguments)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The accessibility checker, as a script."""
    return require(PEERS / "node_modules" / "axe-core" / "axe.min.js").read_text()


@pytest.fixture(scope="session")
def site(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The server of all tests but few: each leaves it as it found it."""
    folder = tmp_path_factory.mktemp("site") / "demo"
    shutil.copytree(sample, folder)
    with running(folder) as started:
        assert run("--config", str(started.config), "--quiet", "sync").returncode == 0
        yield started


BARRIERS = """async () => {
  const found = await axe.run(document, { resultTypes: ["violations"] });
  return found.violations.map(each => `${each.id}: ${each.nodes.map(node => node.html).join(" | ")}`);
}"""
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
_SMALL = """() => [...document.querySelectorAll("button, .button, nav a, summary, select, input:not([type=hidden])")]
  .filter(each => each.checkVisibility() && each.getBoundingClientRect().height < 24).map(each => each.outerHTML)"""
_STEPS = """target => {
  const all = [...document.querySelectorAll("a[href], button, input, select, summary, [tabindex='0']")]
    .filter(each => each.checkVisibility() && !each.disabled && each.type !== "hidden");
  const here = document.activeElement;
  if (here === target) return 0;
  const before = all.filter(each => here.compareDocumentPosition(each) & 2 && !each.contains(here)).length;
  const from = all.includes(here) ? all.indexOf(here) : here === document.body ? -1 : before - 1;
  return all.indexOf(target) - from;
}"""
"""How often Tab has to be pressed, by the order of the page."""


@dataclass
class Visit:
    """Somebody at the page, and what their browser had to say about it."""

    look: Look
    site: Site
    page: Page
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> None:
        self.page.goto(f"{self.site.address}{path}")

    def use(self, what: Locator) -> None:
        """Press a button or follow a link, by hand or by nothing but the keyboard."""
        if self.look.hand == "keyboard":
            self.reach(what)
            self.page.keyboard.press("Enter")
        elif self.look.size == "phone":
            what.tap()
        else:
            what.click()

    def reach(self, what: Locator) -> None:
        """Go with the Tab key to something; it must be on the way, and seen to have the focus."""
        for _ in range(4):  # a control of several parts, as for a date, takes a Tab for each
            steps = what.evaluate(_STEPS)
            for _ in range(abs(steps)):
                self.page.keyboard.press("Tab" if steps > 0 else "Shift+Tab")
            if what.evaluate("each => each === document.activeElement"):
                break
        expect(what).to_be_focused()
        assert what.evaluate("each => getComputedStyle(each).outlineStyle") != "none", f"no focus is seen on {what}"

    def fill(self, what: Locator, text: str) -> None:
        if self.look.hand == "keyboard":
            self.reach(what)
            self.page.keyboard.press("Control+a")
            self.page.keyboard.type(text)
        else:
            what.fill(text)

    def card(self, title: str) -> Locator:
        return self.page.locator("article.card").filter(has_text=title)

    def told(self) -> Locator:
        """What was just answered, with the button that undoes it."""
        return self.page.locator(".told[role=status]")

    def check(self, axe: str, name: str) -> None:
        """The page as it stands now: no barrier, nothing beyond its frame, nothing too small to hit."""
        self.shot(name)
        self.page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
        self.shot(f"{name}-open")
        self.page.evaluate(axe)
        assert self.page.evaluate(BARRIERS) == []
        assert not self.page.evaluate(WIDER), "it is wider than the window"
        assert self.page.evaluate(_SMALL) == []

    def shot(self, name: str) -> None:
        if folder := os.environ.get("CALSYNC_SHOTS"):
            self.page.screenshot(path=f"{folder}/{name}-{self.look.name}.png", full_page=True)


@contextmanager
def visiting(
    browser: Browser, site: Site, look: Look, *, script: bool = True, signed_in: bool = True
) -> Iterator[Visit]:
    """Open the page. Whatever it asks of others, or its own rules forbid, is a failure."""
    context = browser.new_context(color_scheme=look.scheme, java_script_enabled=script, **_SIZES[look.size])  # type: ignore[arg-type]
    context.set_default_timeout(10_000)
    page = context.new_page()
    visit = Visit(look, site, page)
    page.on("console", lambda told: visit.complaints.append(told.text) if told.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    page.on("request", lambda asked: _own(visit, asked.url))
    page.on("response", lambda got: _small(visit, got))
    try:
        if signed_in:
            _sign_in(context, visit)
        yield visit
    finally:
        context.close()
    assert visit.complaints == []


def _sign_in(context: BrowserContext, visit: Visit) -> None:
    if visit.site.cookies:
        context.add_cookies(visit.site.cookies)
        return
    visit.go(visit.site.sign_in)
    visit.page.get_by_role("button", name="Sign in on this device").click()
    visit.page.wait_for_url(f"{visit.site.address}/")
    visit.site.cookies = context.cookies()


def _own(visit: Visit, url: str) -> None:
    if not url.startswith(f"{visit.site.address}/"):
        visit.complaints.append(f"asked {url}")


def _small(visit: Visit, got: Any) -> None:
    length = int(got.headers.get("content-length", 0))
    if length > LARGEST:
        visit.complaints.append(f"{got.url} has {length} bytes")


@pytest.fixture(params=(PHONE, DESK), ids=lambda look: look.name)
def look(request: pytest.FixtureRequest) -> Look:
    chosen = request.param
    assert isinstance(chosen, Look)
    return chosen


@pytest.fixture
def visit(chromium: Browser, site: Site, look: Look) -> Iterator[Visit]:
    """Somebody who has signed in, in each of the looks."""
    with visiting(chromium, site, look) as opened:
        yield opened
