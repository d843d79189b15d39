"""One pass over everything: read, recognise, plan, promise, write, mark.

The only orchestration there is. What is promised is committed before anything is
written, so a crash can only lead to trying the same ids again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from calsync.arrange import Arranged, Diary, arrange
from calsync.config import Config
from calsync.errors import BrakeError, BusyError, ConfigError
from calsync.ids import digest_id
from calsync.ledger.ledger import Ledger, seconds
from calsync.model import OPEN, FollowUp, State, of_cadence
from calsync.night.adoption import as_they_stand, marks_of, remember_marks, tell_of_adopted, without_tier
from calsync.night.desk import Desk
from calsync.night.gather import Gathered, gather
from calsync.night.hearing import Ears, hear
from calsync.night.promise import promise
from calsync.night.publish import publish
from calsync.night.reading import Progress, cards_of, circle_of, judged_of, keep_judgements, read_sources
from calsync.night.resting import keep_resting
from calsync.outputs.base import Mark
from calsync.plan import Plan, plan
from calsync.report import Report
from calsync.rules.layers import REMEDY
from calsync.rules.load import load_packs
from calsync.rules.schema import Pack
from calsync.timing.placement import Caps


class _Undo(Exception):
    """Takes back everything that a dry run did to the ledger."""


@contextmanager
def only_run(config: Config) -> Iterator[None]:
    """Hold the ledger for one run. Raises BusyError where another run is active."""
    from filelock import FileLock, Timeout

    lock = FileLock(config.ledger.with_name(f"{config.ledger.name}.lock"))
    try:
        config.ledger.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            "another run of calsync is active with this ledger", "Wait until it is done, then run this again."
        ) from None
    except OSError as error:
        raise ConfigError(
            [f"{config.path}: ledger: {config.ledger} cannot be used: {error.strerror or error}"],
            "Choose another path for the ledger, or see to that folder.",
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _ledger(config: Config, *, dry_run: bool) -> Iterator[Ledger]:
    """Open the ledger for one run; a dry run before the first real one leaves no file behind."""
    if dry_run and not config.ledger.exists():
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="calsync-") as folder, Ledger(Path(folder) / "ledger.db") as ledger:
            yield ledger
    else:
        with only_run(config), Ledger(config.ledger) as ledger:
            yield ledger


def known_packs(config: Config) -> tuple[Pack, ...]:
    """Load the packs that the config names. Raises ConfigError with all problems of all packs; for
    a name that is none with the config's line."""
    try:
        return load_packs(config.rules.packs, config.rules_dir)
    except ConfigError as error:
        from calsync.toml_lines import lines, nearest_line

        found = lines(config.path.read_text(encoding="utf-8-sig"))
        where = f"{config.path}:{nearest_line(found, ('rules', 'packs'))}"
        problems = [f"{where}: {each}" if each.startswith("rules.packs:") else each for each in error.problems]
        raise ConfigError(problems, error.remedy) from None


def packs_of(config: Config, ledger: Ledger | None = None) -> tuple[Pack, ...]:
    """Load the packs. Templates are checked when a pack's bytes are new to the ledger, because
    that costs more than the rest of a quiet night."""
    packs = known_packs(config)
    problems: list[str] = []
    for pack in packs:
        content = digest_id(*(path.read_bytes() for path in pack.files))
        if ledger is not None and ledger.note(f"pack {pack.name}") == content:
            continue
        from calsync.rules.check import check_templates

        found = check_templates(pack)
        problems += found
        if not found and ledger is not None:
            ledger.remember(f"pack {pack.name}", content)
    if problems:
        raise ConfigError(problems, REMEDY)
    return packs


def desk_of(config: Config, ledger: Ledger, now: datetime, report: Report | None = None) -> Desk:
    """Lay out the ledger for one night, as it was last seen."""
    cards = cards_of(config, report)
    return Desk(config, ledger, now, circle_of(config, ledger, cards), packs_of(config, ledger), cards)


def sync(
    config: Config,
    now: datetime,
    *,
    dry_run: bool = False,
    allow: int | None = None,
    progress: Progress | None = None,
    report: Report | None = None,
) -> Report:
    """Do one pass. ``allow`` replaces the brake for this run, and lets so many reminders be gone from a
    calendar at once; ``report`` is filled in as it goes, so that what happened before an error can be
    told too.

    Raises ConfigError for broken packs, BusyError where another run is active and BrakeError
    where too many would start; then no output was touched.
    """
    known_packs(config)
    with _ledger(config, dry_run=dry_run) as ledger:
        report = report or Report(now, dry_run=dry_run)
        try:
            if not dry_run:
                _pass(config, ledger, now, allow, report, progress)
            else:
                with ledger.atomic():
                    _pass(config, ledger, now, allow, report, progress)
                    raise _Undo
        except _Undo:
            return report
        except BrakeError as error:
            if not dry_run:
                _record(ledger, now, error.exit_code, report)
            raise
        _record(ledger, now, report.exit_code, report)
        return report


def _pass(
    config: Config,
    ledger: Ledger,
    now: datetime,
    allow: int | None,
    report: Report,
    progress: Progress | None,
) -> None:
    packs = packs_of(config, ledger)
    cards = cards_of(config, report)
    circle = circle_of(config, ledger, cards)
    judged = judged_of(config, circle)
    keep_judgements(config, ledger, judged, cards)
    read_sources(config, ledger, judged, now, report, progress)
    with ExitStack() as connections:
        ears = hear(config, ledger, now, connections, allow or 0)
        report.notes += ears.notes
        desk = Desk(config, ledger, now, circle, packs, cards)
        replan(desk, report, allow=allow, ears=ears)
        if not report.dry_run:
            publish(config, ledger, now, report, ears)
            ledger.remember("last sync", str(seconds(now)))


def replan(
    desk: Desk, report: Report, *, allow: int | None = None, start: bool = True, ears: Ears | None = None
) -> None:
    """Plan the night and promise what comes of it; without ``start`` nobody new starts. ``ears`` are
    what was found in the calendars, for a ledger that was lost.

    Raises BrakeError before anything is promised.
    """
    ears = ears or Ears()
    marks = marks_of(desk, ears)
    gathered = gather(desk, marks)
    planned = plan(gathered.situation)
    if not start:
        planned = _without_starting(planned, gathered)
    elif not marks:
        _brake(desk, planned, allow)
    arranged = arrange(planned.promises, diary_of(desk, gathered))
    if marks:
        arranged = as_they_stand(arranged, marks, desk.now, desk.zone)
        planned = _without_adopted(desk, planned, arranged, marks)
        _brake(desk, planned, allow)
    with desk.ledger.atomic():
        promise(desk, gathered, planned, arranged, report)
        keep_resting(desk, gathered.situation)
        if marks:
            remember_marks(desk, arranged, ears)
            report.notes += [note] if (note := without_tier(desk, arranged)) else []
            tell_of_adopted(report, marks)


def _without_adopted(desk: Desk, planned: Plan, arranged: Arranged, marks: Sequence[Mark]) -> Plan:
    """Whoever stands in an output already does not start tonight."""
    found = {mark.id for mark in marks}
    adopted = {desk.person(row.address) for row in arranged.followups if row.reminder in found}
    return replace(planned, starting=tuple(each for each in planned.starting if each not in adopted))


def _without_starting(planned: Plan, gathered: Gathered) -> Plan:
    known = {row.id: row for row in gathered.situation.promised}
    night = gathered.situation.night

    def is_let_in(row: FollowUp) -> bool:
        if row.state is not State.HELD:
            return True
        return gathered.situation.person(row) in night.accepted_people or row.uid in night.accepted

    kept = tuple(
        promise
        for promise in planned.promises
        if of_cadence(promise.followup)  # whom the user chose by name need not wait for the night
        or (
            promise.followup.id in known
            and (promise.followup.state not in OPEN or is_let_in(known[promise.followup.id]))
        )
    )
    started = {(gathered.situation.person(p.followup), p.followup.meeting) for p in kept}
    return replace(planned, promises=kept, facts={k: v for k, v in planned.facts.items() if k in started}, starting=())


def _brake(desk: Desk, planned: Plan, allow: int | None) -> None:
    limit = desk.config.limits.brake if allow is None else allow
    number = len(planned.starting)
    if number > limit:
        raise BrakeError(
            f"this sync would start follow-ups for {number} people, more than "
            + (f"--allow {allow}" if allow is not None else f"the brake of {limit}"),
            f"Look at them with calsync sync --dry-run --allow {number};"
            f" if all is well, calsync sync --allow {number}.",
        )


def diary_of(desk: Desk, gathered: Gathered) -> Diary:
    """My days as a night finds them: what stands in them, and how much they may hold."""
    limits = desk.config.limits
    zones = {
        row.address: gathered.zones[person][0]
        for row in gathered.situation.promised
        if (person := desk.person(row.address)) in gathered.zones
    }
    for person, (zone, _) in gathered.zones.items():
        for address in desk.circle.identities.addresses(person):
            zones[address] = zone
    return Diary(
        desk.now,
        desk.horizon,
        desk.mine,
        Caps(limits.per_day, limits.per_week),
        gathered.slots,
        desk.seen.busy,
        zones,
    )


def _record(ledger: Ledger, now: datetime, code: int, report: Report) -> None:
    import json

    with ledger.atomic() as db:
        summary = {
            "troubles": [t.message for t in report.troubles],
            "notes": report.notes,
            "held": report.held,
        }
        db.execute(
            "INSERT INTO run (at, exit_code, report) VALUES (?, ?, ?)",
            (seconds(now), code, json.dumps(summary)),
        )
        db.execute("DELETE FROM run WHERE id <= (SELECT max(id) FROM run) - 400")
