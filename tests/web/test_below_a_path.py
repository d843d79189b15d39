"""calsync below a path of another site: every link, form and redirect stays below it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.acceptance.conftest import House
from tests.web.conftest import EVENING, Served, serving

ROOT = "/people/nudges"
HOST = {"Host": "home.example"}


@pytest.fixture
def below(met: House) -> Iterator[Served]:
    met.sections["serve"] = f'base_url = "https://home.example{ROOT}"'
    assert met.sync(EVENING).exit_code == 0
    with serving(met) as running:
        yield running


@pytest.mark.parametrize("cut", [True, False], ids=["the proxy cuts it off", "the proxy passes it on"])
def test_whoever_follows_what_is_shown_stays_below_the_path(below: Served, cut: bool) -> None:
    before = "" if cut else ROOT
    assert below.ask(f"{before}/", **HOST).headers["location"] == f"{ROOT}/login"
    signed_in = below.ask(f"{before}/login", "POST", {"key": below.one_time}, **HOST)
    assert (signed_in.status, signed_in.headers["location"]) == (303, f"{ROOT}/")
    name, _, value = signed_in.headers["set-cookie"].partition(";")[0].partition("=")
    below.cookies = {name: value}
    seen, waiting = set[str](), [f"{ROOT}/"]
    while waiting:
        place = waiting.pop()
        seen.add(place)
        assert place.startswith(f"{ROOT}/"), place
        got = below.ask(before + place.removeprefix(ROOT), **HOST)
        assert got.status == 200, place
        if not got.headers["content-type"].startswith("text/html"):
            continue
        for found in re.findall(r'\s(?:href|src|action|formaction)="([^"]*)"', got.text):
            link = found.replace("&amp;", "&").partition("#")[0]
            if re.match(r"[a-z]+:|\?", link) or not link:
                continue  # mailto:, webcal:, or the page itself
            assert link.startswith(f"{ROOT}/"), (place, link)
            if link not in seen | set(waiting) and not re.search(r"/(say|logout|a/)|[?&]of=", link):
                waiting.append(link)
    assert len(seen) > 6


def test_the_links_in_reminders_and_their_answers_stay_below_the_path(below: Served) -> None:
    text = below.house.feed_path.read_bytes().replace(b"\r\n ", b"").decode()
    link = re.search(rf"Done: https://home\.example({ROOT}/a/[\w.-]+)/done", text)
    assert link
    shown = below.ask(f"{link[1]}/done", **HOST)
    assert f'action="{link[1]}"' in shown.text
    answered = below.ask(link[1], "POST", {"do": "done"}, **HOST)
    assert answered.status == 303, answered.text
    assert answered.headers["location"].startswith(f"{ROOT}/a/")
    assert below.ask(answered.headers["location"], **HOST).status == 200


@pytest.mark.parametrize("before", ["", ROOT])
def test_the_feed_is_there_below_the_path(below: Served, before: str) -> None:
    got = below.ask(before + below.feed_path(), **HOST)
    assert got.body == below.house.feed_path.read_bytes()


def test_the_path_is_cut_off_once_and_only_whole(below: Served) -> None:
    for path in (f"{ROOT}{ROOT}/login", f"{ROOT}x/login", ROOT):
        assert below.ask(path, **HOST).status == 404
