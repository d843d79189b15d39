"""The grammar for editors says what the program says."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from calsync.rules.json_schema import schema, schema_text
from calsync.rules.load import available, load_packs
from calsync.rules.schema import PackFile, Rule, Step, When
from calsync.rules.starter import starter
from calsync.timing.spans import Span
from tests.rules.test_load import LEAST, ONE_MISTAKE, STEP, written

PAGE = Path(__file__).parents[2] / "docs" / "pack.schema.json"
VALIDATOR = Draft7Validator(schema())

BEYOND = {
    "rule twice",  # that ids differ, that a message is there, and that hours are in order
    "step twice",
    "hours",
    "group",
    "slow pattern",
    "syntax",
}
"""Mistakes that a grammar of single values cannot see."""


def is_valid(text: str) -> bool:
    return VALIDATOR.is_valid(tomllib.loads(text))


def test_the_page_in_docs_is_the_one_that_is_made() -> None:
    assert PAGE.read_text("utf-8") == schema_text(), "run: calsync rules schema > docs/pack.schema.json"
    Draft7Validator.check_schema(json.loads(schema_text()))


@pytest.mark.parametrize("name", sorted(available(None)))
def test_every_shipped_pack_is_valid(name: str) -> None:
    assert is_valid(available(None)[name].read_text("utf-8"))


def test_every_key_is_described() -> None:
    tables: dict[str, Any] = schema()["$defs"]
    for name, model in (("Rule", Rule), ("Step", Step), ("When", When)):
        assert set(tables[name]["properties"]) == set(model.model_fields)
        for key, each in tables[name]["properties"].items():
            assert each["description"], (name, key)
    assert set(schema()["properties"]) == set(PackFile.model_fields)


@pytest.mark.parametrize("mistake", sorted(set(ONE_MISTAKE) - BEYOND))
def test_what_the_program_refuses_an_editor_marks(mistake: str) -> None:
    assert not is_valid(ONE_MISTAKE[mistake][0])


def test_a_pack_that_extends_another_need_not_say_everything() -> None:
    override = '[[rule]]\nid = "first-meeting"\n[[rule.step]]\nid = "hello"\nafter = "2 days"\n'
    override += '[message.hello]\nsubject = "x"\n'
    assert is_valid('extends = "professional"\n' + override)
    assert not is_valid(override)
    assert not is_valid('extends = "professional"\n' + override.replace("after", "aftr"))


def test_new_packs_are_valid_from_the_start(tmp_path: Path) -> None:
    for text in (starter("salon", None, tmp_path), starter("salon", "personal", tmp_path)):
        assert is_valid(text)
        (pack,) = load_packs(["salon"], written(tmp_path, salon=text))
        assert pack.summary


@given(st.integers(0, 99), st.sampled_from(["minute", "Hour", "day", "working day", "WEEK", "months", "years"]))
def test_every_span_that_is_read_is_valid(amount: int, unit: str) -> None:
    for text in (f"{amount} {unit}", f"  {amount}  {unit}s".replace("ss", "s"), f"P{amount}D", f"pt{amount}h"):
        Span.parse(text)
        assert is_valid(LEAST.replace('"1 day"', json.dumps(text))), text


@pytest.mark.parametrize("text", ["", "day", "1 dya", "P", "PT", "one day", "1"])
def test_what_is_no_span_is_not_valid(text: str) -> None:
    assert not is_valid(LEAST.replace('"1 day"', json.dumps(text)))
    with pytest.raises(ValueError, match="expected"):
        Span.parse(text)


@pytest.mark.parametrize(
    ("when", "valid"),
    [
        ('group = ["1..2", 5]', True),
        ('group = "1..x"', False),
        ("group = -1", False),
        ('depth = ["deep"]', True),
        ('depth = "shallow"', False),
        ("tags = []", False),
        ('domain = "a@b.example"', False),
        ("recurring = true", True),
        ('recurring = "yes"', False),
        ('duration = "..20 minutes"', True),
    ],
)
def test_a_condition_is_valid_as_a_value_or_a_list(when: str, valid: bool) -> None:
    text = f'[[rule]]\nid = "r"\nwhen = {{ {when} }}\n' + STEP
    assert is_valid(text) == valid
