"""systemd: a timer of the user's own. It knows time zones, and makes up for a night that was missed."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress
from datetime import time
from pathlib import Path

from calsync import files
from calsync.errors import CalsyncError, UsageError
from calsync.schedule.base import Entry, Job, Plan, asked, told

_SYSTEMCTL = ("systemctl", "--user")
_WHEN = re.compile(r"^OnCalendar=\*-\*-\* (\d\d):(\d\d):00(?: (\S+))?$", re.MULTILINE)


class Systemd:
    """Units in the user's folder; ``systemctl --user`` starts and stops them."""

    name = "systemd"

    def is_there(self) -> bool:
        return shutil.which("systemctl") is not None and asked([*_SYSTEMCTL, "show-environment"]).returncode == 0

    def plan(self, job: Job) -> Plan:
        service, timer = self._units(job.name)
        commands = (
            (*_SYSTEMCTL, "daemon-reload"),
            (*_SYSTEMCTL, "enable", "--quiet", timer.name),
            (*_SYSTEMCTL, "restart", timer.name),
        )
        return Plan(((str(service), _service(job)), (str(timer), _timer(job))), commands)

    def install(self, job: Job) -> None:
        plan, is_new = self.plan(job), self.entry(job.name) is None
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
        service, timer = self._units(name)
        try:
            text = timer.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return None
        when = _WHEN.search(text)
        at = time(int(when[1]), int(when[2])) if when else None
        zone = (when[3] or "") if when else ""
        return Entry(str(timer), at, zone, self._trouble(service, timer), leaves_out=True)

    def _trouble(self, service: Path, timer: Path) -> str:
        if asked([*_SYSTEMCTL, "is-active", "--quiet", timer.name]).returncode:
            return "the timer does not run: calsync schedule install starts it"
        shown = asked([*_SYSTEMCTL, "show", "--property=Result,ExecMainStatus", service.name]).stdout.decode()
        values = dict(line.partition("=")[::2] for line in shown.splitlines())
        result, code = values.get("Result", "success"), values.get("ExecMainStatus", "")
        if result == "success" or (result == "exit-code" and code not in ("203", "127", "126")):
            return ""  # what a sync says of itself is in the ledger
        return f"systemd could not run it ({result}): journalctl --user -u {service.name} tells why"

    def remove(self, name: str) -> bool:
        service, timer = self._units(name)
        if not (service.exists() or timer.exists()):
            return False
        asked([*_SYSTEMCTL, "disable", "--now", "--quiet", timer.name])
        asked([*_SYSTEMCTL, "clean", "--what=state", timer.name])
        with suppress(OSError):
            (self._folder / "timers.target.wants" / timer.name).unlink(missing_ok=True)
        for unit in (timer, service):
            try:
                unit.unlink(missing_ok=True)
            except OSError as error:
                raise UsageError(f"{unit}: cannot be removed: {error.strerror}") from error
        asked([*_SYSTEMCTL, "daemon-reload"])
        asked([*_SYSTEMCTL, "reset-failed", service.name])
        return True

    def advice(self) -> str:
        user = os.environ.get("USER") or str(os.getuid())
        lingers = asked(["loginctl", "show-user", user, "--property=Linger", "--value"])
        if lingers.returncode or lingers.stdout.strip() == b"yes":
            return ""
        return "It runs while you are signed in; for every night: loginctl enable-linger"

    @property
    def _folder(self) -> Path:
        return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "systemd" / "user"

    def _units(self, name: str) -> tuple[Path, Path]:
        return self._folder / f"{name}.service", self._folder / f"{name}.timer"


def _service(job: Job) -> str:
    env = "".join(f"Environment={_quoted(f'{key}={value}', dollar='$')}\n" for key, value in sorted(job.env.items()))
    return (
        "# Written by calsync schedule install; calsync schedule remove takes it away.\n"
        "[Unit]\nDescription=calsync: the nightly sync\n\n"
        f"[Service]\nType=oneshot\n{env}ExecStart={' '.join(map(_quoted, job.words))}\n"
    )


def _timer(job: Job) -> str:
    return (
        "# Written by calsync schedule install; calsync schedule remove takes it away.\n"
        "[Unit]\nDescription=calsync: every night\n\n"
        f"[Timer]\nOnCalendar=*-*-* {job.at:%H:%M}:00 {job.zone}\nPersistent=true\n\n"
        "[Install]\nWantedBy=timers.target\n"
    )


def _quoted(word: str, dollar: str = "$$") -> str:
    """A word as systemd reads it: neither split nor expanded (systemd.syntax, systemd.service)."""
    escaped = word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", dollar)
    return f'"{escaped}"'
