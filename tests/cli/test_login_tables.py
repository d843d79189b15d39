"""Tables that are added to a config: whatever stands in the file already stays as it is."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from calsync.cli.first_config import Answers, config_text
from calsync.cli.login_tables import ConfigText, free_name
from calsync.config import load
from calsync.demo_calendar import sample_config
from calsync.errors import UsageError

ROOT = Path(__file__).parents[2]
TABLE = {"name": "porto", "type": "caldav", "url": "https://dav.porto.example/", "username": "ana", "keyring": True}
KEYS: dict[str, Any] = {"same": ("type", "url", "username"), "ways": ("keyring", "password_file")}
FIRST = config_text(
    Answers("Ana", ["ana@porto.example"], "Europe/Lisbon", "a.ics", "work", "PT", Path("followups.ics"))
)
LISTED = """\
source = [
  { name = "a", path = "a.ics" },  # mine
]
[me]
emails = ["ana@porto.example"]
timezone = "Europe/Lisbon"
"""


@pytest.mark.parametrize(
    "text",
    [
        (ROOT / "config.example.toml").read_text("utf-8"),
        (ROOT / "config.example.toml").read_text("utf-8").replace("\n", "\r\n"),
        FIRST,
        FIRST.rstrip("\n"),
        sample_config(),
        LISTED,
    ],
    ids=["example", "windows", "first", "no last line end", "demo", "listed"],
)
def test_every_line_stays_and_in_its_order(text: str, tmp_path: Path) -> None:
    config = ConfigText(tmp_path / "config.toml", text)
    config.put_table("source", TABLE, **KEYS, if_new={"relationship": "personal"})
    config.put_table("output", {**TABLE, "kind": "todo"}, **KEYS)
    config.check()
    before, after = tomllib.loads(text), tomllib.loads(config.text)
    assert after["source"] == [*before["source"], {**TABLE, "relationship": "personal"}]
    assert after["output"] == [*before.get("output", []), {**TABLE, "kind": "todo"}]
    left = iter(line.rstrip(",\n\r") for line in config.text.splitlines())
    assert all(line.rstrip(",\n\r") in left for line in text.splitlines())
    config.write()
    again = ConfigText(config.path, config.path.read_bytes().decode())
    again.put_table("source", TABLE, **KEYS, if_new={"relationship": "personal"})
    assert again.text == config.text
    assert len(load(config.path).sources) == len(before["source"]) + 1


def test_another_way_to_the_password_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    config = ConfigText(tmp_path / "config.toml", FIRST)
    config.put_table("source", TABLE, **KEYS)
    changed = {key: value for key, value in TABLE.items() if key != "keyring"} | {"password_file": "pw"}
    config.put_table("source", changed, **KEYS)
    assert tomllib.loads(config.text)["source"][1:] == [changed]
    assert [is_new for _, _, is_new in config.told] == [True, False]


def test_a_file_written_in_a_way_that_cannot_be_added_to_is_told_with_the_table(tmp_path: Path) -> None:
    config = ConfigText(tmp_path / "config.toml", 'source = "no list"\n')
    with pytest.raises(UsageError, match="cannot add to") as caught:
        config.put_table("source", TABLE, **KEYS)
    assert 'url = "https://dav.porto.example/"' in caught.value.remedy


def test_a_name_that_is_taken_gets_a_number() -> None:
    assert free_name("dav", []) == "dav"
    assert free_name("dav", ["dav", "dav-2"]) == "dav-3"
