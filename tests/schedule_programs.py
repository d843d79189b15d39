"""Programs that stand in for the machine's schedulers, and refuse what the real ones refuse.

They keep what they are told in a folder of the test's, which ``CALSYNC_STAND_IN`` names, and never touch the
machine's own.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

_CRONTAB = """
path = folder / "crontab"
words = sys.argv[1:]
if words == ["-l"]:
    if not path.exists():
        sys.exit("no crontab for sam")
    sys.stdout.buffer.write(path.read_bytes())
elif words == ["-"]:
    new = sys.stdin.buffer.read()
    if new and not new.endswith(b"\\n"):
        sys.exit("new crontab file is missing newline before EOF, can't install.")
    for line in new.splitlines():
        if line.strip() and not line.startswith(b"#") and not re.match(rb"(\\S+ ){5}\\S|@\\w+ |\\w+ *=", line):
            sys.exit("errors in crontab file, can't install.")
    path.write_bytes(new)
elif words == ["-r"]:
    path.unlink()
else:
    sys.exit("usage error: unrecognized option")
"""
_SYSTEMCTL = """
words = [word for word in sys.argv[1:] if not word.startswith("--")]
assert sys.argv[1] == "--user", sys.argv
units = Path(os.environ["XDG_CONFIG_HOME"]) / "systemd" / "user"
wanted = units / "timers.target.wants"
loaded, active = folder / "loaded", folder / "active"
loaded.mkdir(exist_ok=True)
active.mkdir(exist_ok=True)
verb, unit = words[0], words[-1]
if (folder / "no-bus").exists():
    sys.exit("Failed to connect to bus: No medium found")
if verb == "daemon-reload":
    for each in loaded.iterdir():
        each.unlink()
    for each in units.glob("*.*"):
        if each.is_file():
            (loaded / each.name).write_bytes(each.read_bytes())
elif verb == "enable":
    if not (units / unit).exists():
        sys.exit(f"Failed to enable unit: Unit file {unit} does not exist.")
    wanted.mkdir(exist_ok=True)
    (wanted / unit).unlink(missing_ok=True)
    (wanted / unit).symlink_to(units / unit)
elif verb == "restart":
    if not (loaded / unit).exists():
        sys.exit(f"Failed to restart {unit}: Unit {unit} not found.")
    (active / unit).write_bytes((loaded / unit).read_bytes())
elif verb == "disable":
    (wanted / unit).unlink(missing_ok=True)
    (active / unit).unlink(missing_ok=True)
elif verb == "is-active":
    sys.exit(0 if (active / unit).exists() else 3)
elif verb == "show":
    result = folder / "result"
    print(result.read_text() if result.exists() else "Result=success\\nExecMainStatus=0")
elif verb == "clean":
    (folder / f"stamp-{unit}").unlink(missing_ok=True)
elif verb == "reset-failed":
    (folder / "result").unlink(missing_ok=True)
else:
    assert verb == "show-environment", words
"""
_LOGINCTL = 'print("yes" if (folder / "lingers").exists() else "no")\n'
_LAUNCHCTL = """
import plistlib
verb, place = sys.argv[1:3]
loaded = folder / "agents"
loaded.mkdir(exist_ok=True)
if verb == "bootstrap":
    agent = plistlib.loads(Path(sys.argv[3]).read_bytes())
    if (loaded / agent["Label"]).exists():
        sys.exit("Bootstrap failed: 5: Input/output error")
    (loaded / agent["Label"]).write_bytes(Path(sys.argv[3]).read_bytes())
else:
    assert place.startswith(f"gui/{os.getuid()}/")
    agent = loaded / place.rpartition("/")[2]
    if not agent.exists():
        sys.exit("Boot-out failed: 3: No such process")
    if verb == "bootout":
        agent.unlink()
    else:
        assert verb == "print"
"""
PROGRAMS = {"crontab": _CRONTAB, "systemctl": _SYSTEMCTL, "loginctl": _LOGINCTL, "launchctl": _LAUNCHCTL}


@dataclass
class Machine:
    """A machine with some of these programs, and a home of its own."""

    folder: Path
    home: Path

    @property
    def crontab(self) -> Path:
        return self.folder / "crontab"

    @property
    def units(self) -> Path:
        return self.home / ".config" / "systemd" / "user"

    def everything(self) -> dict[str, bytes]:
        """All files that there are, by their places."""
        kept = [*self.folder.rglob("*"), *self.home.rglob("*")]
        return {str(path): path.read_bytes() for path in kept if path.is_file()}


def machine_with(folder: Path, monkeypatch: pytest.MonkeyPatch, *programs: str, zone: str = "UTC") -> Machine:
    """Make that machine, and let the test run on it; nothing else is on its PATH."""
    state, home, path = folder / "state", folder / "home", folder / "bin"
    for each in (state, home, path):
        each.mkdir()
    for name in programs:
        text = f"#!{sys.executable}\nimport os, re, sys\nfrom pathlib import Path\nfolder = Path({str(state)!r})\n"
        (path / name).write_text(text + PROGRAMS[name])
        (path / name).chmod(0o755)
    monkeypatch.setenv("PATH", str(path))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USER", "sam")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    monkeypatch.setenv("TZ", zone)
    if "launchctl" in programs:
        monkeypatch.setattr(sys, "platform", "darwin")
    assert os.environ["HOME"] == str(home)
    return Machine(state, home)
