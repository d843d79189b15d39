"""What ``calsync doctor`` looks at: each check a value, with the next step where one is due.

A program that runs unattended fails unseen. These checks look at all that it depends on and
at what the ledger remembers of its runs, and change nothing.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from calsync.cli.terminal import counted, soon
from calsync.errors import CalsyncError, ConfigError

if TYPE_CHECKING:
    from calsync.cli.checks_caldav import Looked
    from calsync.config import Config
    from calsync.ledger.ledger import Ledger

Finding = Literal["ok", "warning", "failed"]

_STALE = timedelta(days=2)
_REASONS = 6


@dataclass(frozen=True)
class Check:
    """One thing looked at. ``exit_code`` is what a failed one means for the run."""

    what: str
    finding: Finding
    message: str
    remedy: str = ""
    exit_code: int = 0

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"check": self.what, "finding": self.finding, "message": self.message, "remedy": self.remedy}


def settings(path: Path) -> tuple[Config | None, list[Check]]:
    """Look at the config; return it where it can be used."""
    from calsync.config import load

    try:
        config = load(path)
    except ConfigError as error:
        return None, [
            Check("config", "failed", problem, error.remedy if problem == error.problems[-1] else "", 10)
            for problem in error.problems
        ]
    sources, outputs = counted(len(config.sources), "source"), counted(len(config.outputs), "output")
    return config, [Check("config", "ok", f"{config.path}: {sources}, {outputs}")]


def checks(config: Config, now: datetime) -> Iterator[Check]:
    """Look at everything else that the config names. ``now`` is in the user's zone."""
    yield from _packs(config)
    yield Check("time zone", "ok", f"{config.me.timezone}, where it is {now:%H:%M} on {now:%A} {now.day} {now:%B}")
    yield _holidays(config, now)
    yield from _ledger(config, now)
    yield from _servers(config, now)
    yield from _google(config, now)


def _servers(config: Config, now: datetime) -> Iterator[Check]:
    from calsync.config import CaldavOutput, CaldavSource

    dav = [each for each in (*config.sources, *config.outputs) if isinstance(each, CaldavSource | CaldavOutput)]
    if not dav:
        return
    from calsync.cli.checks_caldav import look_at_output, look_at_source

    told: set[str] = set()
    for settings in dav:
        if isinstance(settings, CaldavSource):
            what, looks = f"source {settings.name}", look_at_source(settings, now)
        else:
            was_written = _was_written(config, settings.name)
            what, looks = f"output {settings.name}", look_at_output(settings, now, was_written=was_written)
        yield from _found(what, looks, told)


def _google(config: Config, now: datetime) -> Iterator[Check]:
    from calsync.config import GoogleOutput, GoogleSource

    if not any(each.type == "google" for each in (*config.sources, *config.outputs)):
        return
    from calsync.cli.checks_google import look_at_output, look_at_source

    told: set[str] = set()
    for settings in (*config.sources, *config.outputs):
        if isinstance(settings, GoogleSource):
            yield from _found(f"source {settings.name}", look_at_source(settings, now), told)
        elif isinstance(settings, GoogleOutput):
            was_written = _was_written(config, settings.name)
            looks = look_at_output(settings, now, was_written=was_written)
            yield from _found(f"output {settings.name}", looks, told)


def _found(what: str, looks: Iterator[Looked], told: set[str]) -> Iterator[Check]:
    for each in looks:
        finding: Finding = "ok" if each.is_well else "failed" if each.exit_code else "warning"
        if finding == "warning" and each.message in told:
            continue  # once is enough of a server that is read and written
        told.add(each.message)
        yield Check(what, finding, each.message, each.remedy, each.exit_code)


def _was_written(config: Config, output: str) -> bool:
    if not config.ledger.exists():
        return False
    from calsync.ledger.copies import written
    from calsync.ledger.ledger import Ledger

    try:
        with Ledger(config.ledger) as ledger:
            return any(each.content is not None for each in written(ledger, output).values())
    except CalsyncError:
        return False  # which is told where the ledger is looked at


def _packs(config: Config) -> Iterator[Check]:
    from calsync.rules.check import check_templates
    from calsync.rules.load import load_packs

    try:
        packs = load_packs(config.rules.packs, config.rules_dir)
    except ConfigError as error:
        for problem in error.problems:
            yield Check("rules", "failed", problem, error.remedy if problem == error.problems[-1] else "", 10)
        return
    problems = [problem for pack in packs for problem in check_templates(pack)]
    for problem in problems:
        yield Check("rules", "failed", problem, "Correct that template; calsync doctor looks again.", 10)
    if not packs:
        yield Check("rules", "warning", "no pack is in use, so nobody gets a follow-up", "Name some in [rules] packs.")
    elif not problems:
        names = ", ".join(pack.name for pack in packs)
        yield Check("rules", "ok", f"{names}: {counted(sum(len(p.rules) for p in packs), 'rule')}, templates checked")


def _holidays(config: Config, now: datetime) -> Check:
    code = config.me.holidays
    if not code:
        return Check("holidays", "ok", "none set: every working day counts (me.holidays, such as GB-ENG)")
    from holidays import country_holidays

    country, _, part = code.partition("-")
    days = country_holidays(country, subdiv=part or None, years=(now.year, now.year + 1))
    coming = min((day for day in days if day >= now.date()), default=None)
    if coming is None:
        return Check("holidays", "warning", f"{code}: no holiday is known from today on", "Install a newer calsync.")
    return Check("holidays", "ok", f"{code}: the next is {days[coming]}, {coming:%A} {coming.day} {coming:%B}")


def _ledger(config: Config, now: datetime) -> Iterator[Check]:
    if not config.ledger.exists():
        yield Check("ledger", "warning", f"{config.ledger}: not there yet", "Run calsync sync once.")
        yield from _feeds(config, None, now)
        return
    yield from _lock(config)
    from calsync.ledger.ledger import Ledger

    try:
        with Ledger(config.ledger) as ledger:
            damage = [str(row[0]) for row in ledger.rows("PRAGMA quick_check(5)")]
            if damage != ["ok"]:
                raise CalsyncError(
                    f"{config.ledger}: damaged: {'; '.join(damage)}",
                    "Move the file away and sync again: reminders in the feed are found by their marks.",
                )
            size = config.ledger.stat().st_size / 1_000_000
            events = counted(int(ledger.value("SELECT count(*) FROM event")), "event")
            yield Check("ledger", "ok", f"{config.ledger}: sound, {events}, {size:,.1f} MB")
            yield from _runs(ledger, now)
            yield from _sources(config, ledger, now)
            yield from _feeds(config, ledger, now)
    except CalsyncError as error:
        yield Check("ledger", "failed", str(error), error.remedy, 3)


def _lock(config: Config) -> Iterator[Check]:
    from calsync.errors import BusyError
    from calsync.sync import only_run

    try:
        with only_run(config):
            return
    except BusyError:
        yield Check("lock", "warning", "another run is active just now", "If none is, end the one that hangs.")


def _runs(ledger: Ledger, now: datetime) -> Iterator[Check]:
    from calsync.ledger.ledger import moment

    row = ledger.rows("SELECT at, exit_code FROM run ORDER BY id DESC LIMIT 1")
    last = moment(int(ledger.note("last sync"))) if ledger.note("last sync") else None
    if not row or last is None:
        yield Check("last sync", "warning", "none went through so far", "Run calsync sync.")
        return
    told = soon(last.astimezone(now.tzinfo), now)
    code = int(row[0][1])
    if now - last > _STALE:
        yield Check(
            "last sync",
            "warning",
            f"{told}, which is long ago",
            "Let it run every night, for instance from cron.",
        )
    elif code not in (0, 3):
        yield Check("last sync", "warning", f"{told}; a later one ended with exit code {code}", "Run calsync sync.")
    else:
        yield Check("last sync", "ok", told)


def _sources(config: Config, ledger: Ledger, now: datetime) -> Iterator[Check]:
    from calsync.ledger.ledger import moment
    from calsync.night.reading import NOBODY_NAMED

    query = "SELECT id, read_at, failed_since, trouble, remedy, total, named FROM source WHERE name = ?"
    for settings in config.sources:
        what = f"source {settings.name}"
        row = ledger.rows(query, settings.name)
        if not row:
            yield Check(what, "warning", "never read so far", "Run calsync sync.")
            continue
        id_, read_at, failed_since, trouble, remedy, total, named = row[0]
        since = moment(failed_since)
        if since is not None:
            failing = f"failing since {soon(since.astimezone(now.tzinfo), now)}: {trouble}"
            yield Check(what, "failed", failing, remedy, 3)
        elif total and not named:
            words, _, advice = NOBODY_NAMED.format(total=total).partition(". ")
            yield Check(what, "warning", f"{words}.", advice)
        elif read_at is None:
            yield Check(what, "warning", "never read whole so far", "Run calsync sync.")
        else:
            people = f"{named:,} of them with people"
            yield Check(what, "ok", f"{counted(total, 'event')}, {people}")
        yield from _skipped(ledger, what, id_)


def _skipped(ledger: Ledger, what: str, source: int) -> Iterator[Check]:
    rows = ledger.rows(
        "SELECT reason, number, example FROM skipped WHERE source = ? ORDER BY number DESC, reason", source
    )
    for reason, number, example in rows[:_REASONS]:
        where = f" (for example {example})" if example else ""
        yield Check(what, "warning", f"{counted(number, 'event')} with trouble: {reason}{where}")
    if more := sum(row[1] for row in rows[_REASONS:]):
        yield Check(
            what,
            "warning",
            f"{counted(more, 'event')} with other trouble",
            "calsync --verbose sync lists it.",
        )


def _feeds(config: Config, ledger: Ledger | None, now: datetime) -> Iterator[Check]:
    from calsync.config import IcsOutput
    from calsync.ledger.ledger import moment

    for settings in config.outputs:
        what = f"output {settings.name}"
        row = (
            ledger.rows("SELECT failed_since, trouble, remedy FROM output WHERE name = ?", settings.name)
            if ledger
            else []
        )
        since = moment(row[0][0]) if row else None
        if row and since is not None:
            failing = f"failing since {soon(since.astimezone(now.tzinfo), now)}: {row[0][1]}"
            yield Check(what, "failed", failing, row[0][2], 3)
        elif isinstance(settings, IcsOutput):
            yield _feed(what, settings.path)
        elif row:
            yield Check(what, "ok", f"a {settings.type} calendar")
        else:
            yield Check(what, "warning", "not written so far", "Run calsync sync.")


def _feed(what: str, path: Path) -> Check:
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return Check(what, "warning", f"{path}: not there yet", "Run calsync sync.")
    except OSError as error:
        return Check(what, "failed", f"{path}: {(error.strerror or str(error)).lower()}", "Check the path.", 3)
    if not os.access(path.parent, os.W_OK):
        return Check(what, "failed", f"{path}: its folder cannot be written", "Give yourself write permission.", 3)
    if not mode & stat.S_IROTH:
        return Check(
            what,
            "warning",
            f"{path}: only you can read it, so a web server that runs as somebody else cannot serve it",
            f"If one should: chmod o+r {path}",
        )
    closed = next((each for each in path.parents if not each.stat().st_mode & stat.S_IXOTH), None)
    private = f"; others cannot reach it, because {closed} is private" if closed else ""
    return Check(what, "ok", f"{path}{private}")
