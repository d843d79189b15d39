"""``calsync serve`` and ``calsync feed``: who may reach what, said before anything listens."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from calsync.web.serving import is_loopback
from tests.acceptance.conftest import House
from tests.web.conftest import EVENING
from tests.world import at

ROOT = Path(__file__).parents[2]


def test_the_address_of_a_feed_stays_until_it_is_replaced(met: House) -> None:
    first = met.run("feed", "url", now=EVENING)
    assert first.code == 0
    assert first.out.startswith("http://127.0.0.1:8765/feed/")
    assert met.run("feed", "url", now=EVENING).out == first.out
    replaced = met.run("feed", "rotate", now=EVENING)
    assert replaced.out != first.out
    assert "anew" in replaced.err
    assert met.run("feed", "url", now=EVENING).out == replaced.out


def test_the_address_is_the_one_that_the_outside_uses(met: House) -> None:
    met.sections["serve"] = 'base_url = "https://nudges.example/"'
    assert met.run("feed", "url", now=EVENING).out.startswith("https://nudges.example/feed/")


def test_the_address_may_be_a_path_below_another_site(met: House) -> None:
    met.sections["serve"] = 'base_url = "https://home.example/~sam/follow-ups/"'
    assert met.run("feed", "url", now=EVENING).out.startswith("https://home.example/~sam/follow-ups/feed/")


def test_the_address_can_be_had_in_the_form_that_makes_apps_subscribe(met: House) -> None:
    plain = met.run("feed", "url", now=EVENING).out
    assert met.run("feed", "url", "--webcal", now=EVENING).out == plain.replace("http://", "webcal://")


def test_the_picture_for_telephones_holds_the_address(met: House) -> None:
    import segno

    told = met.run("feed", "url", "--qr", now=EVENING)
    address, *drawn = told.out.splitlines()
    assert address.startswith("webcal://127.0.0.1")
    assert "serve.base_url" in told.err
    # Two rows of squares in each line, the light ones as blocks; two squares of margin all around.
    upper = [[each in "█▀" for each in line] for line in drawn]
    lower = [[each in "█▄" for each in line] for line in drawn]
    rows = [row for pair in zip(upper, lower, strict=True) for row in pair]
    expected = [[not dark for dark in row] for row in segno.make(address, error="m", micro=False).matrix]
    assert [row[2:-2] for row in rows[2 : 2 + len(expected)]] == expected
    assert all(rows[0])
    assert met.run("feed", "url", "--qr", now=EVENING).out == told.out


def test_with_an_outside_address_the_picture_needs_no_warning(met: House) -> None:
    met.sections["serve"] = 'base_url = "https://nudges.example"'
    told = met.run("feed", "url", "--qr", now=EVENING)
    assert told.out.startswith("webcal://nudges.example/feed/")
    assert told.err == ""


def test_of_several_feeds_rotate_wants_a_name(met: House) -> None:
    met.outputs += '[[output]]\nname = "second"\ntype = "ics"\npath = "second.ics"\n'
    told = met.run("feed", "rotate", now=EVENING)
    assert told.code == 2
    assert "feed, second" in told.err
    assert met.run("feed", "rotate", "second", now=EVENING).code == 0
    assert [line.split()[0] for line in met.run("feed", "url", now=EVENING).out.splitlines()] == ["feed", "second"]


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ("", ("serve.base_url", "serve.password_file")),
        ('base_url = "https://nudges.example"', ("serve.password_file",)),
        ('password_file = "secret"', ("serve.base_url",)),
    ],
)
def test_nobody_listens_beyond_this_machine_without_a_lock(met: House, settings: str, missing: tuple[str, ...]) -> None:
    met.sections["serve"] = settings
    told = met.run("serve", "--host", "0.0.0.0", now=EVENING)
    assert told.code == 10
    for key in ("serve.base_url", "serve.password_file"):
        assert (f"{key}: needed" in told.err) == (key in missing)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_this_machine_is_known_by_all_its_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.7.7", "nudges.example", ""])
def test_what_others_can_reach_is_not_taken_for_this_machine(host: str) -> None:
    assert not is_loopback(host)


def test_a_port_that_is_taken_is_said_in_one_sentence(met: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        told = met.run("serve", "--port", str(taken.getsockname()[1]), now=EVENING)
    assert told.code == 2
    assert "cannot listen on 127.0.0.1" in told.err
    assert "--port" in told.err


@pytest.mark.parametrize(
    "address",
    [
        *("https://nudges.example?x", "https://a b.example", "https://nudges.example/a//b", "nudges.example/follow"),
        *(
            "https://nudges.example/%22",
            "https://nudges.example/a/#b",
            "https://sam@nudges.example/",
            "https:///follow",
        ),
    ],
)
def test_what_can_be_no_base_url_is_refused(met: House, address: str) -> None:
    met.sections["serve"] = f'base_url = "{address}"'
    told = met.run("status", now=EVENING)
    assert told.code == 10
    assert "serve.base_url" in told.err


def test_serve_runs_until_it_is_interrupted_and_tells_no_secret(met: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    path = met.run("feed", "url", now=EVENING).out.strip().partition(":8765")[2]
    env = {**os.environ, "PYTHONPATH": str(ROOT), "CALSYNC_NOW": at(EVENING).isoformat()}
    words = [sys.executable, "-m", "calsync", "--config", str(met.path), "serve", "--port", str(port)]
    child = subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as got:
                    assert got.read() == met.feed_path.read_bytes()
                break
            except OSError:
                assert child.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
    finally:
        child.kill()
    assert f"http://127.0.0.1:{port}" in out
    assert path not in out + err
    assert "Traceback" not in err
