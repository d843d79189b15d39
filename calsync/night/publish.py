"""The last steps of the night: what is promised goes into every output.

An output that fails keeps what is in it and does not hold up the others. Of each
feed the ledger keeps the receipt of its last write, so that a quiet night renders none.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from calsync.config import Config, IcsOutput
from calsync.config import Output as OutputSettings
from calsync.errors import CalsyncError
from calsync.ids import digest_id
from calsync.ledger import promises
from calsync.ledger.copies import written_whole
from calsync.ledger.doors import signing_key
from calsync.ledger.ledger import Ledger, seconds
from calsync.model import Reminder
from calsync.night.calendars import bring
from calsync.night.hearing import Ears, length
from calsync.outputs.answering import with_links
from calsync.outputs.base import Attention
from calsync.outputs.feed import KEPT, FeedOutput
from calsync.report import Report, Trouble

FAILING_TOO_LONG = timedelta(days=3)
_FAR = datetime(9000, 1, 1, tzinfo=UTC)


def content_digest(reminder: Reminder, settings: OutputSettings) -> str:
    """Return a digest of what one output shows of a reminder; its stamps move only with it."""
    shown: tuple[object, ...] = (reminder.id, reminder.start, reminder.end, settings.details, settings.alarm)
    if settings.details == "full":
        shown += (reminder.title, reminder.description, reminder.rule, reminder.meeting, reminder.url)
    elif settings.details == "names":
        shown += (reminder.names, reminder.step, reminder.rule)
    return digest_id(*shown, reminder.done)


def publish(config: Config, ledger: Ledger, now: datetime, report: Report, ears: Ears | None = None) -> None:
    """Write every output; failures go into the report. ``ears`` is what was heard before
    planning, without which no calendar that the user can edit too is written.

    Those that failed before come first, so that no other tells of trouble that is over.
    """
    ears = ears or Ears()
    shown = shown_at(config, ledger, now)
    failing = {name for (name,) in ledger.rows("SELECT name FROM output WHERE failed_since IS NOT NULL")}
    for settings in sorted(config.outputs, key=lambda settings: settings.name not in failing):
        try:
            if settings.name in ears.deaf:
                raise ears.deaf[settings.name]
            if settings.name in ears.calendars:
                there = ears.standing[settings.name].keys()
                stay = [each for each in _beyond(config, ledger, now) if each.id in there and each not in shown]
                _bring(settings, ledger, now, [*shown, *stay], ears, report)
            elif isinstance(settings, IcsOutput):
                said = answerable(config, ledger, settings, shown)
                _write(settings, ledger, now, said, attention_of(config, ledger, now, settings.name), report)
        except CalsyncError as error:
            _failed(ledger, settings.name, str(error), error.remedy, now)
            report.troubles.append(Trouble("output", settings.name, str(error), error.remedy, max(error.exit_code, 3)))


def shown_at(config: Config, ledger: Ledger, now: datetime) -> list[Reminder]:
    """Return the reminders that outputs hold when they are written at ``now``."""
    horizon = config.limits.horizon.after(now, config.me.zone)
    return promises.reminders(ledger, now - KEPT - timedelta(days=1), horizon)


def _beyond(config: Config, ledger: Ledger, now: datetime) -> list[Reminder]:
    """Return the reminders after the horizon. None is written there, but one that stands in a calendar and was
    put off to there moves, and does not go."""
    return promises.reminders(ledger, config.limits.horizon.after(now, config.me.zone), _FAR)


def receipt_key(output: str) -> str:
    """Under what the ledger keeps the receipt of a feed's last write."""
    return f"feed {output}"


def answerable(
    config: Config, ledger: Ledger, settings: OutputSettings, shown: Sequence[Reminder]
) -> Sequence[Reminder]:
    """Return the reminders as an output tells them: with links that take an answer, if calsync can be
    reached from outside and the output shows descriptions at all."""
    if not config.serve.base_url or settings.details != "full":
        return shown
    key = signing_key(ledger)
    return [with_links(reminder, config.serve.base_url, key) for reminder in shown]


def feed_of(settings: IcsOutput, attention: Attention | None = None) -> FeedOutput:
    """Return the feed that an output's settings describe."""
    alarm = None if settings.alarm is None else length(settings.alarm)
    return FeedOutput(settings.name, settings.path, settings.details, alarm, attention=attention)


def _write(
    settings: IcsOutput,
    ledger: Ledger,
    now: datetime,
    shown: Sequence[Reminder],
    attention: Attention | None,
    report: Report,
) -> None:
    with ledger.atomic():
        stamped = promises.stamped(
            ledger, settings.name, shown, lambda reminder: content_digest(reminder, settings), now
        )
    output = feed_of(settings, attention)
    key = receipt_key(settings.name)
    before = ledger.note(key)
    written, receipt = output.rewrite(stamped, now, before)
    report.written[settings.name] = dict(written._asdict())
    with ledger.atomic():
        if receipt != before:
            ledger.remember(key, receipt)
        _went_well(ledger, settings.name, now)


def _bring(
    settings: OutputSettings, ledger: Ledger, now: datetime, shown: Sequence[Reminder], ears: Ears, report: Report
) -> None:
    name = settings.name
    with ledger.atomic():
        stamped = promises.stamped(ledger, name, shown, lambda reminder: content_digest(reminder, settings), now)
    stands, elsewhere, found = ears.standing[name], ears.elsewhere(name), ears.found(name)
    tally = bring(ears.calendars[name], ledger, stamped, stands, now, elsewhere, found)
    report.written[name] = dict(tally._asdict())
    with ledger.atomic():
        written_whole(ledger, name)
        _went_well(ledger, name, now)


def _went_well(ledger: Ledger, name: str, now: datetime) -> None:
    ledger.connection.execute(
        "INSERT INTO output (name, written_at) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET"
        " written_at = ?2, failed_since = NULL, trouble = '', remedy = ''",
        (name, seconds(now)),
    )


def _failed(ledger: Ledger, name: str, trouble: str, remedy: str, now: datetime) -> None:
    with ledger.atomic() as db:
        db.execute(
            "INSERT INTO output (name, failed_since, trouble, remedy) VALUES (?1, ?2, ?3, ?4)"
            " ON CONFLICT (name) DO UPDATE SET"
            " failed_since = coalesce(failed_since, ?2), trouble = ?3, remedy = ?4",
            (name, seconds(now), trouble, remedy),
        )


def attention_of(config: Config, ledger: Ledger, now: datetime, output: str) -> Attention | None:
    """Nobody reads the log of a nightly run; what fails for days is told in the calendar.

    ``output`` is the one that it will be read in: that one works, then.
    """
    limit = seconds(now - FAILING_TOO_LONG)
    named = {
        "source": {each.name for each in config.sources},
        "output": {each.name for each in config.outputs},
    }
    named["output"].discard(output)
    failing = [
        (f"{what} {name}", since, trouble, remedy)
        for what, names in named.items()
        for name, since, trouble, remedy in ledger.rows(
            f"SELECT name, failed_since, trouble, remedy FROM {what} WHERE failed_since <= ? ORDER BY name",
            limit,
        )
        if name in names
    ]
    if not failing:
        return None
    lines = []
    for name, since, trouble, remedy in failing:
        local = datetime.fromtimestamp(since, config.me.zone)
        day = f"{local:%A} {local.day} {local:%B %Y}"
        lines.append("\n".join(filter(None, (f"{name} has failed since {day}: {trouble}", remedy))))
    today = now.astimezone(config.me.zone).date()
    return Attention("\n".join(lines), datetime.combine(today, config.me.working_hours[0], config.me.zone))


__all__ = ["attention_of", "content_digest", "feed_of", "publish", "receipt_key", "shown_at"]
