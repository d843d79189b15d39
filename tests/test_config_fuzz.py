"""Whatever stands in a config or a pack, the answer is a value or a list of problems."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calsync.config import load
from calsync.errors import ConfigError
from calsync.rules.check import check_templates
from calsync.rules.load import load_packs

CONFIG: dict[str, Any] = {
    "ledger": "a.db",
    "me": {
        "emails": ["a@b.example"],
        "timezone": "UTC",
        "working_days": ["mon"],
        "holidays": "DE",
        "colleagues": [],
    },
    "source": [
        {"name": "a", "path": "a.ics"},
        {"name": "b", "type": "google", "calendars": ["x"], "endpoint": "http://localhost/", "auth": "none"},
        {"name": "c", "type": "caldav", "url": "https://c.example", "username": "u", "password_file": "p"},
    ],
    "output": [
        {"name": "o", "path": "o.ics", "alarm": "none"},
        {"name": "p", "type": "google", "calendar": "F"},
    ],
    "people": {"lookback": "1 day", "ignore": ["*@x.example"], "aliases": [["a@b.example", "c@d.example"]]},
    "rules": {"packs": ["personal"]},
    "limits": {"per_day": 1},
    "serve": {"port": 1, "base_url": ""},
}
PACK: dict[str, Any] = {
    "summary": "s",
    "extends": "personal",
    "message": {"m": {"subject": "s", "body": "b"}},
    "rule": [
        {
            "id": "r",
            "when": {
                "group": "1..2",
                "title": "x*",
                "tags": ["a"],
                "duration": "..1 hour",
                "domain": "a.example",
            },
            "step": [{"id": "s", "after": "1 day", "window": "2 days", "channel": "email", "message": "m"}],
        },
        {"id": "k", "every": "tier", "channel": "call"},
        {"id": "first-meeting", "step": [{"id": "hello", "at": "09:00-10:00", "unless": ["met"]}]},
    ],
}
TEXT = st.sampled_from(
    ["", "x", "none", "../..", "~nobody/x", "{{ x", "/(a/", "0 days", "9..1", "\x00", "é 😀", "a" * 300]
)
VALUES = st.recursive(
    st.one_of(TEXT, st.text(max_size=8), st.integers(), st.booleans(), st.floats()),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["id", "name", "x y"]), inner)
    ),
    max_leaves=5,
)


def toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(key)} = {toml(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(toml(inner) for inner in value) + "]"
    if isinstance(value, str):
        text = json.dumps(value, ensure_ascii=False).replace("\x7f", "")
        return text.encode("utf-8", "replace").decode()
    return {"NaN": "nan", "Infinity": "inf", "-Infinity": "-inf"}.get(json.dumps(value), json.dumps(value))


def places(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [place for key, value in items for place in [(*at, key), *places(value, (*at, key))]]


def changed(data: Any, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    copy = data.copy()
    copy[place[0]] = changed(data[place[0]], place[1:], value)
    return copy


def document(data: dict[str, Any]) -> str:
    return "".join(f"{json.dumps(key)} = {toml(value)}\n" for key, value in data.items())


@pytest.fixture(scope="module")
def folder() -> Any:
    with tempfile.TemporaryDirectory() as path:
        yield Path(path)


def test_the_files_are_right_before_they_are_changed(folder: Path) -> None:
    (folder / "config.toml").write_text(document(CONFIG), "utf-8")
    (folder / "mine.toml").write_text(document(PACK), "utf-8")
    assert load(folder / "config.toml").me.timezone == "UTC"
    assert check_templates(load_packs(["mine"], folder)[0]) == []


FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))


def complaints(call: Callable[[], object]) -> list[str]:
    try:
        call()
    except ConfigError as error:
        return error.problems
    return []


@FUZZ
@given(st.sampled_from(places(CONFIG)), VALUES)
def test_any_value_anywhere_in_a_config_is_taken_or_named(folder: Path, place: tuple[Any, ...], value: Any) -> None:
    (folder / "config.toml").write_text(document(changed(CONFIG, place, value)), "utf-8")
    for problem in complaints(lambda: load(folder / "config.toml")):
        assert re.match(r".*/config\.toml:\d+: \S", problem)


@FUZZ
@given(st.sampled_from(places(PACK)), VALUES)
def test_any_value_anywhere_in_a_pack_is_taken_or_named(folder: Path, place: tuple[Any, ...], value: Any) -> None:
    (folder / "mine.toml").write_text(document(changed(PACK, place, value)), "utf-8")
    for problem in complaints(lambda: [check_templates(pack) for pack in load_packs(["mine"], folder)]):
        assert re.match(r".*/mine\.toml:\d+: ", problem)


@FUZZ
@given(st.binary(max_size=60))
def test_any_bytes_are_a_config_or_a_problem(folder: Path, data: bytes) -> None:
    (folder / "config.toml").write_bytes(data)
    assert complaints(lambda: load(folder / "config.toml"))
