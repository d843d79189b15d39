"""Step one of the night: every source into the ledger, each on its own.

A source that fails keeps its meetings as last seen and does not hold up the others.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from calsync.config import CaldavSource, Config, IcsSource
from calsync.errors import CalsyncError, SourceError
from calsync.ids import digest_id
from calsync.ledger import who
from calsync.ledger.intake import Intake
from calsync.ledger.judged import Judged, rejudge
from calsync.ledger.ledger import Ledger, seconds
from calsync.people.addresses import own_domains
from calsync.people.identity import Identities
from calsync.people.judging import Circle, Policy
from calsync.people.meetings import SourceFacts
from calsync.report import Report, SourceReport, Trouble
from calsync.sources.base import Found, Reading, Same, Seen, Source
from calsync.sources.contacts import Card, read_cards

Progress = Callable[[str, int], None]
"""Told a source's name and how many of its events were read so far."""

NOBODY_NAMED = (
    "none of its {total} events names anybody, so nobody can be met in it. Published calendar addresses "
    "often leave the guests out: use a full export, CalDAV or the Google account instead."
)


def source_facts(config: Config) -> tuple[SourceFacts, ...]:
    """What recognition needs of the sources, in config order."""
    return tuple(SourceFacts(s.name, s.relationship, s.type != "google") for s in config.sources)


def cards_of(config: Config, report: Report | None = None) -> list[Card]:
    """Read the contact cards; a file that cannot be read is a failed source."""
    cards: list[Card] = []
    for path in config.people.contacts:
        try:
            cards += read_cards(path)
        except CalsyncError as error:
            if report is not None:
                report.troubles.append(Trouble("source", path.name, str(error), error.remedy))
    return cards


def circle_of(config: Config, ledger: Ledger, cards: Sequence[Card] = ()) -> Circle:
    """Who is who, from the config, the contact cards and what the user said."""
    said = who.said(ledger)
    links: list[Sequence[str]] = [
        *config.people.aliases,
        *(card.addresses for card in cards),
        *who.links(ledger),
    ]
    ignored = [address for address, words in said.items() if "ignored" in words]
    domains = config.colleagues if config.colleagues is not None else own_domains(config.me.emails)
    return Circle(
        config.me.emails,
        domains,
        (*config.people.ignore, *ignored),
        Identities(links),
        [address for address, words in said.items() if "human" in words],
    )


def policy_of(config: Config) -> Policy:
    people = config.people
    return Policy(people.group_max, people.unanswered, people.private_events, people.select)


def judged_of(config: Config, circle: Circle) -> Judged:
    unlisted = {facts.name: facts.unlisted_organizer for facts in source_facts(config)}
    return Judged(circle, policy_of(config), lambda name: unlisted.get(name, True))


def keep_judgements(config: Config, ledger: Ledger, judged: Judged, cards: Sequence[Card]) -> None:
    """Judge everything anew if the user's choices changed since the last time."""
    said = who.said(ledger)
    fingerprint = digest_id(
        config.me.emails,
        sorted(judged.circle.colleague_domains),
        config.people.ignore,
        config.people.aliases,
        sorted(tuple(sorted(card.addresses)) for card in cards if len(card.addresses) > 1),
        who.links(ledger),
        sorted((a, k) for a, words in said.items() for k in words if k in ("ignored", "human")),
        judged.policy,
        source_facts(config),
    )
    if ledger.note("judged by") == fingerprint:
        return
    with ledger.atomic():
        if ledger.note("judged by"):
            rejudge(ledger, judged)
        ledger.remember("judged by", fingerprint)


def open_source(config: Config, index: int, now: datetime) -> Source:
    """Open a source of the config; nothing is read yet."""
    settings = config.sources[index]
    if isinstance(settings, IcsSource):
        from calsync.sources.ics import IcsSource as Ics

        since = config.people.history.before(now, config.me.zone)
        return Ics(settings.name, path=settings.path, url=settings.url, home=config.me.timezone, since=since)
    if isinstance(settings, CaldavSource):
        from calsync.dav.account import account_of
        from calsync.sources.caldav import CaldavSource as Caldav

        since = config.people.history.before(now, config.me.zone)
        return Caldav(settings.name, account_of(settings), home=config.me.timezone, since=since)
    from calsync.google.account import account_of as google_account_of
    from calsync.sources.google import GoogleSource as Google

    soon = max(config.limits.horizon.after(now, config.me.zone), config.people.lookahead.after(now, config.me.zone))
    return Google(
        settings.name,
        google_account_of(settings),
        settings.calendars,
        home=config.me.timezone,
        me=config.me.emails,
        now=now,
        since=config.people.history.before(now, config.me.zone),
        until=soon,
    )


def read_sources(
    config: Config,
    ledger: Ledger,
    judged: Judged,
    now: datetime,
    report: Report,
    progress: Progress | None = None,
) -> None:
    """Read all sources into the ledger; failures go into the report."""
    for index, settings in enumerate(config.sources):
        try:
            source = open_source(config, index, now)
            read_source(source, ledger, judged, now, report, progress)
        except CalsyncError as error:
            _failed(ledger, settings.name, str(error), error.remedy, now)
            report.troubles.append(Trouble("source", settings.name, str(error), error.remedy, max(error.exit_code, 3)))
    _leave_out_removed(config, ledger, now)


def read_source(
    source: Source, ledger: Ledger, judged: Judged, now: datetime, report: Report, progress: Progress | None
) -> None:
    """Read one source into the ledger. Raises SourceError where its meetings stay as last seen."""
    with ledger.atomic() as db, _no_collector():
        row = ledger.rows("SELECT validator, context, total, named FROM source WHERE name = ?", source.name)
        validator, context, total_before, named_before = row[0] if row else ("", "", 0, 0)
        intake = Intake(ledger, source.name, judged, now)
        reading = source.read(Seen(validator, context, intake.pieces))
        if reading.unchanged:
            db.execute(
                "UPDATE source SET read_at = ?, failed_since = NULL, trouble = '', remedy = '' WHERE name = ?",
                (seconds(now), source.name),
            )
            report.sources.append(_unchanged(ledger, source.name, total_before, named_before))
            _warn_if_nobody(report, source.name, total_before, named_before)
            return
        for number, item in enumerate(reading):
            if isinstance(item, Found):
                intake.take(item.digest, item.event)
            elif isinstance(item, Same):
                intake.keep(item.digest)
            if progress is not None and number % 500 == 0:
                progress(source.name, number)
        emptied = reading.whole and not reading.total and total_before
        cancelled = intake.finish(whole=reading.whole and not emptied)
        if reading.whole and not emptied:
            _remember(ledger, source.name, reading, now)
    report.sources.append(
        SourceReport(
            source.name,
            False,
            reading.total,
            reading.named,
            reading.skipped,
            reading.noted,
            reading.examples,
            cancelled,
        )
    )
    report.warnings += [f"source {source.name}: {warning}" for warning in reading.warnings]
    _warn_if_nobody(report, source.name, reading.total, reading.named)
    if emptied:
        raise SourceError(
            f"it has no event any more, where it had {total_before}; its meetings stay as last seen",
            "If you really emptied it, remove the source from the config.",
        )
    if not reading.whole:
        trouble = reading.trouble or "it could not be read whole; its meetings stay as last seen"
        raise SourceError(trouble, reading.remedy)


@contextmanager
def _no_collector() -> Iterator[None]:
    """Reading leaves no cycles behind, and looking for some again and again takes a twentieth of a
    first sync."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _remember(ledger: Ledger, name: str, reading: Reading, now: datetime) -> None:
    db = ledger.connection
    db.execute(
        "UPDATE source SET validator = ?, context = ?, read_at = ?, failed_since = NULL, trouble = '',"
        " remedy = '', total = ?, named = ? WHERE name = ?",
        (reading.validator, reading.context, seconds(now), reading.total, reading.named, name),
    )
    id_ = ledger.value("SELECT id FROM source WHERE name = ?", name)
    db.execute("DELETE FROM skipped WHERE source = ?", (id_,))
    counts = {**reading.noted, **reading.skipped}
    db.executemany(
        "INSERT INTO skipped VALUES (?, ?, ?, ?)",
        [(id_, reason, n, reading.examples.get(reason, "")) for reason, n in counts.items()],
    )


def _unchanged(ledger: Ledger, name: str, total: int, named: int) -> SourceReport:
    rows = ledger.rows(
        "SELECT reason, number, example FROM skipped JOIN source ON source.id = source WHERE name = ?", name
    )
    skipped = {reason: number for reason, number, _ in rows}
    return SourceReport(name, True, total, named, skipped, {}, {reason: example for reason, _, example in rows})


def _warn_if_nobody(report: Report, name: str, total: int, named: int) -> None:
    if total and not named:
        report.warnings.append(f"source {name}: {NOBODY_NAMED.format(total=total)}")


def _failed(ledger: Ledger, name: str, trouble: str, remedy: str, now: datetime) -> None:
    with ledger.atomic() as db:
        db.execute("INSERT OR IGNORE INTO source (name) VALUES (?)", (name,))
        db.execute(
            "UPDATE source SET failed_since = coalesce(failed_since, ?), trouble = ?, remedy = ? WHERE name = ?",
            (seconds(now), trouble, remedy, name),
        )


def _leave_out_removed(config: Config, ledger: Ledger, now: datetime) -> None:
    """What was still to come in a source that the user took out of the config is no longer to come."""
    configured = {source.name for source in config.sources}
    for id_, name in ledger.rows("SELECT id, name FROM source"):
        if name not in configured:
            ledger.connection.execute(
                "UPDATE event SET gone = ?1 WHERE source = ?2 AND gone IS NULL AND (ends IS NULL OR ends > ?1)",
                (seconds(now), id_),
            )
            ledger.connection.execute(
                "UPDATE source SET validator = '', failed_since = NULL, trouble = '' WHERE id = ?", (id_,)
            )
