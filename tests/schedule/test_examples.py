"""The unit and the container file that the manual offers."""

from __future__ import annotations

import re
import shlex
import subprocess
import tomllib
from pathlib import Path

import pytest

from tests.peers.judges import require_program

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "examples" / "calsync-serve.service"
CONTAINER = (ROOT / "examples" / "Containerfile").read_text()


def typed(words: list[str]) -> None:
    from typer.main import get_command

    from calsync.cli.main import app

    assert Path(words[0]).name == "calsync"
    command, name, rest = get_command(app), "calsync", words[1:]
    context = command.make_context(name, rest)
    left = [*getattr(context, "_protected_args", ()), *context.args]
    own, inner, rest = command.resolve_command(context, left)  # type: ignore[attr-defined]
    inner.make_context(own, rest, parent=context)


def test_the_unit_starts_a_command_that_there_is() -> None:
    (line,) = re.findall(r"^ExecStart=(.+)$", UNIT.read_text(), re.MULTILINE)
    typed(shlex.split(line))


def test_the_container_starts_a_command_that_there_is_and_copies_what_there_is() -> None:
    (line,) = re.findall(r"^CMD \[(.+)\]$", CONTAINER, re.MULTILINE)
    typed([word.strip().strip('"') for word in line.split(",")])
    for copied in re.findall(r"^COPY (.+) \S+$", CONTAINER, re.MULTILINE):
        for name in copied.split():
            assert (ROOT / name).exists(), name
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    (named,) = re.findall(r"'\.\[(.+)\]'", CONTAINER)
    assert set(named.split(",")) <= extras.keys()


@pytest.mark.peer
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    program = require_program("systemd-analyze")
    here = tmp_path / "calsync" / ".venv" / "bin" / "calsync"
    here.parent.mkdir(parents=True)
    here.write_text("#!/bin/sh\n")
    here.chmod(0o755)
    env = {"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "XDG_RUNTIME_DIR": str(tmp_path)}
    text = UNIT.read_text().replace("%h", str(tmp_path))
    copy = tmp_path / UNIT.name
    copy.write_text(text)
    for broken, wrong in ((text, False), (text.replace("Restart=on-failure", "Restart=maybe"), True)):
        copy.write_text(broken)
        words = [program, "verify", "--user", "--man=no", str(copy)]
        said = subprocess.run(words, capture_output=True, text=True, env=env).stderr
        assert bool([line for line in said.splitlines() if "calsync" in line]) == wrong, said
