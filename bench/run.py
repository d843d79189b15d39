"""calsync beside icalendar's bare parse of the same file, in one run on one machine.

``python bench/run.py`` writes the calendars into bench/data/, runs each command as a whole
process and prints one table for each size. Figures of one run compare with each other; figures
from two machines, or from a busy and a quiet hour, do not.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
NOW = datetime.fromisoformat("2026-03-10T02:00:00+00:00")
CHANGED = 50
BASE = [sys.executable, str(HERE / "floor.py")]
PEER = [
    sys.executable,
    "-c",
    "import icalendar, sys; icalendar.Calendar.from_ical(open(sys.argv[1], 'rb').read())",
]
CONFIG = """\
ledger = "calsync.db"

[me]
name = "Sam Lee"
emails = ["sam@northwind.example"]
timezone = "Europe/London"

[[source]]
name = "work"
type = "ics"
path = "work.ics"

[[output]]
name = "feed"
type = "ics"
path = "followups.ics"
"""


class Measured(NamedTuple):
    """``peak`` is the largest resident set in MiB; ``code`` the exit code."""

    seconds: float
    peak: float
    code: int


class Row(NamedTuple):
    """What was measured, each run of it, and a remark: what it left behind, or why it failed."""

    what: str
    runs: list[Measured]
    remark: str = ""


def measure(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> Measured:
    """Run ``command`` to its end in the repository; what it prints goes to ``log``."""
    alone = [sys.executable, "-I", "-S", str(HERE / "measure.py"), str(log), *command]
    done = subprocess.run(alone, env=env, cwd=HERE.parent, check=True, capture_output=True, text=True)
    return Measured(*json.loads(done.stdout))


def repeat(
    what: str,
    command: Sequence[str],
    runs: int,
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    prepare: Callable[[], object] = lambda: None,
) -> Row:
    """Measure ``runs`` times, after ``prepare`` each; a failure ends it and says why."""
    print(f"  {what} …", file=sys.stderr)
    done = []
    for _ in range(runs):
        prepare()
        measured = measure(command, log, env)
        if measured.code:
            said = log.read_text(errors="replace").strip().splitlines() or [""]
            return Row(what, [], f"failed with exit code {measured.code}: {said[-1]}")
        done.append(measured)
    return Row(what, done)


class Stage:
    """A folder in which calsync lives: config, calendar, ledger and feed, and nothing of the user's."""

    def __init__(self, folder: Path, calendar: Path) -> None:
        self.home, self._saved, self.log = folder / "home", folder / "saved", folder / "log.txt"
        self.home.mkdir()
        (self.home / "config.toml").write_text(CONFIG)
        self.place(calendar, days_old=3)

    def command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "calsync", "--config", str(self.home / "config.toml"), *words]

    def environment(self, now: datetime) -> dict[str, str]:
        """For a run that takes place at ``now``."""
        own = {f"XDG_{kind}_HOME": str(self.home / "xdg") for kind in ("CONFIG", "DATA", "STATE", "CACHE")}
        return os.environ | own | {"CALSYNC_NOW": now.isoformat(), "NO_COLOR": "1"}

    def place(self, calendar: Path, days_old: int) -> None:
        """Put a calendar where calsync reads it, as a new file of that age."""
        new = self.home / "new"
        shutil.copyfile(calendar, new)
        stamp = min(time.time(), NOW.timestamp()) - days_old * 86400
        os.utime(new, (stamp, stamp))
        new.replace(self.home / "work.ics")

    def forget(self) -> None:
        """Back to the moment before the first sync; the calendar stays."""
        for path in self.home.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            elif path.name not in ("config.toml", "work.ics"):
                path.unlink()

    def save(self) -> None:
        """Keep what the first sync left behind."""
        shutil.copytree(self.home, self._saved, ignore=shutil.ignore_patterns("config.toml", "work.ics"))

    def restore(self, calendar: Path | None = None) -> None:
        """Back to the moment after the first sync; with ``calendar``, a newer file is in place."""
        self.forget()
        shutil.copytree(self._saved, self.home, dirs_exist_ok=True)
        if calendar:
            self.place(calendar, days_old=1)

    def reminders(self) -> str:
        """How many reminders the feed holds."""
        feed = self.home / "followups.ics"
        count = feed.read_bytes().count(b"BEGIN:VEVENT") if feed.exists() else 0
        return f"{count} reminders in the feed"


def compare(calendar: Path, changed: Path, runs: int, peer_runs: int) -> list[Row]:
    """All rows for one calendar; the first is icalendar's, if it was to run."""
    with tempfile.TemporaryDirectory(prefix="calsync-bench-") as folder:
        stage = Stage(Path(folder), calendar)
        log, now, next_day = stage.log, stage.environment(NOW), stage.environment(NOW + timedelta(days=1))
        sync, agenda = stage.command("sync"), stage.command("agenda")
        rows = [repeat("icalendar: bare parse", [*PEER, str(calendar)], peer_runs, log)] if peer_runs else []
        rows.append(repeat("calsync: first sync", sync, runs, log, env=now, prepare=stage.forget))
        if rows[-1].runs:
            rows[-1] = rows[-1]._replace(remark=stage.reminders())
            stage.save()
            same, again = "calsync: next day, nothing changed", f"calsync: next day, {CHANGED} events changed"
            rows += [
                repeat(same, sync, runs, log, env=next_day, prepare=stage.restore),
                repeat("calsync: agenda", agenda, runs, log, env=now, prepare=stage.restore),
                repeat(
                    "calsync: next day, an equal file put in place", sync, runs, log, env=next_day,
                    prepare=lambda: stage.restore(calendar),
                ),
                repeat(again, sync, runs, log, env=next_day, prepare=lambda: stage.restore(changed)),
            ]  # fmt: skip
            rows[-1] = rows[-1]._replace(remark=rows[-1].remark or stage.reminders())
        return [*rows, repeat("an empty command (typer, rich)", BASE, runs, log)]


def show(title: str, rows: Sequence[Row]) -> None:
    """Print the rows as a Markdown table, each beside icalendar's where that was measured."""
    from rich.box import MARKDOWN
    from rich.console import Console
    from rich.table import Table

    table = Table(title=title, title_justify="left", box=MARKDOWN)
    table.add_column("whole process", no_wrap=True)
    for heading in ("min s", "median s", "peak MiB", "icalendar's time", "icalendar's peak"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("left behind", no_wrap=True)
    peer = next((row for row in rows if row.runs and row.what.startswith("icalendar")), None)
    for row in rows:
        if not row.runs:
            table.add_row(row.what, *["-"] * 5, "failed")
            continue
        seconds, peak = [run.seconds for run in row.runs], max(run.peak for run in row.runs)
        median = statistics.median(seconds)
        ratios = ["", ""]
        if peer:
            longer = statistics.median(run.seconds for run in peer.runs) / median
            larger = max(run.peak for run in peer.runs) / peak
            ratios = [f"{longer:.1f} x", f"{larger:.1f} x"]
        table.add_row(row.what, f"{min(seconds):.2f}", f"{median:.2f}", f"{peak:.0f}", *ratios, row.remark)
    console = Console(width=160)
    console.print(table)
    for row in rows:
        if not row.runs:
            console.print(f"{row.what} {row.remark}", markup=False, highlight=False, soft_wrap=True)
    console.print()


def generated(folder: Path, events: int, changed: int) -> Path:
    """The calendar of that size, written unless it is there already."""
    path = folder / f"{events}{f'-changed-{changed}' if changed else ''}.ics"
    if not path.exists():
        print(f"  writing {path.name} …", file=sys.stderr)
        half = path.with_suffix(".half")
        options = ["--now", NOW.isoformat(), "--changed", str(changed)]
        subprocess.run([sys.executable, str(HERE / "generate.py"), str(events), str(half), *options], check=True)
        half.replace(path)
    return path


def versions() -> str:
    """What is compared, and on what."""

    def of(package: str) -> str:
        try:
            return f"{package} {version(package)}"
        except PackageNotFoundError:
            return f"{package} from the source tree"

    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return f"{of('calsync')}, {of('icalendar')}, Python {platform.python_version()}, {machine}"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure calsync beside icalendar's bare parse.")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 50_000], metavar="EVENTS")
    parser.add_argument("--runs", type=int, default=3, help="how often each command runs (default 3)")
    parser.add_argument("--without-icalendar", action="store_true", help="leave the slow peer out")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the calendars are kept")
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    print(versions())
    failed = False
    for size in given.sizes:
        print(f"{size} events", file=sys.stderr)
        calendar, changed = (generated(given.data, size, changed) for changed in (0, CHANGED))
        peer_runs = 0 if given.without_icalendar else 1 if size > 10_000 else given.runs
        rows = compare(calendar, changed, given.runs, peer_runs)
        show(f"{size:,} events, {calendar.stat().st_size / 1e6:.1f} MB", rows)
        failed = failed or any(not row.runs for row in rows)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
