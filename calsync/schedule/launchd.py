"""launchd: an agent of the user's own on a Mac. What was missed asleep is made up for on waking."""

from __future__ import annotations

import os
import plistlib
import shutil
import sys
from contextlib import suppress
from datetime import time
from pathlib import Path
from typing import Any
from xml.parsers.expat import ExpatError

from calsync import files
from calsync.errors import CalsyncError, UsageError
from calsync.schedule.base import Entry, Job, Plan, asked, told


class Launchd:
    """A property list in the user's LaunchAgents."""

    name = "launchd"

    def is_there(self) -> bool:
        return sys.platform == "darwin" and shutil.which("launchctl") is not None

    def plan(self, job: Job) -> Plan:
        path = self._path(job.name)
        text = plistlib.dumps(self._agent(job), sort_keys=False).decode().expandtabs(2)
        return Plan(((str(path), text),), (("launchctl", "bootstrap", self._domain, str(path)),))

    def install(self, job: Job) -> None:
        plan, is_new = self.plan(job), self.entry(job.name) is None
        asked(["launchctl", "bootout", f"{self._domain}/{job.name}"])  # one that runs keeps its old times
        try:
            for place, text in plan.texts:
                files.write_if_different(Path(place), text.encode())
            for words in plan.commands:
                told(words)
        except CalsyncError as error:
            if is_new:
                self.remove(job.name)
            raise UsageError(str(error), error.remedy) from error

    def entry(self, name: str) -> Entry | None:
        path = self._path(name)
        try:
            agent = plistlib.loads(path.read_bytes())
        except OSError:
            return None
        except (plistlib.InvalidFileException, ExpatError, ValueError):
            return Entry(str(path), None, trouble="the file is damaged: calsync schedule install writes it anew")
        runs = asked(["launchctl", "print", f"{self._domain}/{name}"]).returncode == 0
        trouble = "" if runs else "the agent is not loaded: calsync schedule install loads it"
        return Entry(str(path), _time(agent), trouble=trouble)

    def remove(self, name: str) -> bool:
        path = self._path(name)
        if not path.exists():
            return False
        asked(["launchctl", "bootout", f"{self._domain}/{name}"])
        try:
            path.unlink(missing_ok=True)
            self._log(name).unlink(missing_ok=True)
        except OSError as error:
            raise UsageError(f"{path}: cannot be removed: {error.strerror}") from error
        return True

    def advice(self) -> str:
        return ""

    def _agent(self, job: Job) -> dict[str, Any]:
        agent: dict[str, Any] = {
            "Label": job.name,
            "ProgramArguments": list(job.words),
            "StartCalendarInterval": {"Hour": job.at.hour, "Minute": job.at.minute},
            "ProcessType": "Background",
            "StandardOutPath": str(self._log(job.name)),
            "StandardErrorPath": str(self._log(job.name)),
        }
        return agent | ({"EnvironmentVariables": dict(sorted(job.env.items()))} if job.env else {})

    @property
    def _domain(self) -> str:
        return f"gui/{os.getuid()}"

    def _path(self, name: str) -> Path:
        return Path.home() / "Library" / "LaunchAgents" / f"{name}.plist"

    def _log(self, name: str) -> Path:
        return Path.home() / "Library" / "Logs" / f"{name}.log"


def _time(agent: Any) -> time | None:
    with suppress(AttributeError, KeyError, TypeError, ValueError):
        when = agent["StartCalendarInterval"]
        if when.keys() == {"Hour", "Minute"}:
            return time(when["Hour"], when["Minute"])
    return None
