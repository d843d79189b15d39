"""Which of the machine's schedulers starts the nightly sync, and which job it is."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import time
from typing import Literal

from calsync.config import CaldavOutput, CaldavSource, Config, find
from calsync.errors import UsageError
from calsync.ids import digest_id
from calsync.schedule.base import Entry, Job, Scheduler
from calsync.schedule.cron import Cron
from calsync.schedule.launchd import Launchd
from calsync.schedule.systemd import Systemd

Way = Literal["systemd", "launchd", "cron"]

_CARRIED = ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "PYTHONPATH")


def schedulers() -> tuple[Scheduler, ...]:
    """All that calsync knows how to use, the best first."""
    return Systemd(), Launchd(), Cron()


def chosen(way: Way | None) -> Scheduler:
    """Return the scheduler of that name, or the best that the machine has. Raises UsageError for none."""
    for each in schedulers():
        if way in (None, each.name) and each.is_there():
            return each
    instead = "Install cron, or let calsync serve --sync-at 02:30 do it."
    if way is None:
        raise UsageError("this machine has no systemd for its users, no launchd and no crontab", instead)
    missing = {
        "systemd": "systemctl --user does not answer here",
        "launchd": "launchd is a Mac's",
        "cron": "there is no program crontab here",
    }
    raise UsageError(missing[way], "Leave --with out to use what the machine has.")


def standing(name: str) -> list[tuple[Scheduler, Entry]]:
    """Return the jobs of that name, with who starts each; more than one is one too many."""
    return [(each, entry) for each in schedulers() if (entry := each.entry(name)) is not None]


def job_name(config: Config) -> str:
    """Return what the job of a config is called: each config has one of its own."""
    if config.path == find(None, {}).absolute():
        return "calsync"
    return f"calsync-{digest_id(str(config.path))[:8]}"


def job_of(config: Config, at: time, env: Mapping[str, str] = os.environ) -> Job:
    """Return what is to be started every night: this very calsync, with this config, wherever it is called."""
    carried = [*_CARRIED]
    if any(isinstance(each, CaldavSource | CaldavOutput) and each.password_command for each in _calendars(config)):
        carried.append("PATH")  # at night it is a short one, in which the user's own programs are not found
    words = (sys.executable, "-m", "calsync", "--config", str(config.path), "--quiet", "sync")
    told = {key: _absolute(env[key]) for key in carried if env.get(key)}
    return Job(job_name(config), words, at, config.me.timezone, told)


def _absolute(folders: str) -> str:
    return os.pathsep.join(os.path.abspath(each) for each in folders.split(os.pathsep) if each)


def _calendars(config: Config) -> tuple[object, ...]:
    return (*config.sources, *config.outputs)
