"""Before anything is planned: what the user said in the calendars that calsync writes to."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from calsync.config import CaldavOutput, Config, GoogleOutput, IcsOutput, Output
from calsync.errors import CalsyncError
from calsync.ids import digest_id
from calsync.ledger.copies import own_calendar, points_elsewhere, remember_calendar, was_reset, written
from calsync.ledger.ledger import Ledger
from calsync.night.calendars import Heard, listen, obey
from calsync.outputs.base import CalendarOutput
from calsync.timing.spans import Span
from calsync.will import Standing, Will

ELSEWHERE = (
    "output {name} writes into another calendar from now on; what stands in the earlier one stays there, "
    "and calsync reads no more answers from it"
)


@dataclass
class Ears:
    """What was found in each calendar, by the output's name; the errors of those that told nothing;
    and what was heard of reminders: what the user did to them, or that they were found. ``notes`` are
    for the user."""

    calendars: dict[str, CalendarOutput] = field(default_factory=dict)
    standing: dict[str, Mapping[str, Standing]] = field(default_factory=dict)
    deaf: dict[str, CalsyncError] = field(default_factory=dict)
    heard: list[Heard] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def elsewhere(self, output: str) -> frozenset[str]:
        """The reminders that the user answered in another output."""
        return frozenset(each.reminder for each in self.heard if each.output != output and each.will is not Will.FOUND)

    def found(self, output: str) -> dict[str, Standing]:
        """The reminders that stand in an output though nothing was known of them."""
        ids = {each.reminder for each in self.heard if each.output == output and each.will is Will.FOUND}
        return {id_: stands for id_, stands in self.standing.get(output, {}).items() if id_ in ids}


def hear(config: Config, ledger: Ledger, now: datetime, stack: ExitStack, allow: int = 0) -> Ears:
    """Listen to every calendar that the user can edit too, and obey. One that cannot be read says
    nothing and does not hold up the others. Connections are closed with ``stack``. ``allow``: so many
    reminders may be gone from one calendar at once, because the user says that they deleted them."""
    ears = Ears()
    for settings in config.outputs:
        with ledger.atomic():
            if points_elsewhere(ledger, settings.name, _target(settings)):
                ears.notes.append(ELSEWHERE.format(name=settings.name))
        try:
            if (calendar := _calendar_of(settings, config, ledger, stack)) is not None:
                ears.calendars[settings.name] = calendar
        except CalsyncError as error:
            ears.deaf[settings.name] = error
    with ledger.atomic():
        for name, calendar in ears.calendars.items():
            try:
                heard, ears.standing[name] = listen(calendar, ledger, allow)
                ears.heard += heard
            except CalsyncError as error:
                ears.deaf[name] = error
        obey(ledger, ears.heard, now)
    return ears


def length(span: Span) -> timedelta:
    """How long before its start an alarm sounds; a day counts 24 hours."""
    elapsed = span.elapsed()
    return timedelta(days=span.amount * (7 if span.unit == "weeks" else 1)) if elapsed is None else elapsed


def _target(settings: Output) -> str:
    """What tells the calendar of an output apart from others, whatever else is set for it."""
    if isinstance(settings, IcsOutput):
        return "a feed"
    if isinstance(settings, CaldavOutput):
        return digest_id("caldav", settings.url.rstrip("/"), settings.username)
    account = (settings.endpoint, settings.service_account, settings.subject)
    return digest_id("google", *account, settings.calendar)


def _calendar_of(settings: Output, config: Config, ledger: Ledger, stack: ExitStack) -> CalendarOutput | None:
    """The calendar that an output's settings describe; None for a feed, in which nobody answers."""
    if isinstance(settings, IcsOutput):
        return None
    alarm = None if settings.alarm is None else length(settings.alarm)
    is_new = all(each.content is None for each in written(ledger, settings.name).values())
    if isinstance(settings, CaldavOutput):
        return _on_caldav(settings, config, alarm, is_new, stack)
    return _at_google(settings, config, ledger, alarm, is_new, stack)


def _on_caldav(
    settings: CaldavOutput, config: Config, alarm: timedelta | None, is_new: bool, stack: ExitStack
) -> CalendarOutput:
    from calsync.dav.account import account_of
    from calsync.outputs.caldav import CaldavOutput as Caldav

    opened = Caldav(
        settings.name,
        account_of(settings),
        home=config.me.zone,
        kind=settings.kind,
        details=settings.details,
        alarm=alarm,
        is_new=is_new,
    )
    stack.callback(opened.close)
    return opened


def _at_google(
    settings: GoogleOutput, config: Config, ledger: Ledger, alarm: timedelta | None, is_new: bool, stack: ExitStack
) -> CalendarOutput:
    from calsync.google.account import account_of
    from calsync.outputs.google import GoogleOutput as Google

    def remember(id_: str) -> None:
        with ledger.atomic():
            remember_calendar(ledger, settings.name, id_)

    opened = Google(
        settings.name,
        account_of(settings),
        settings.calendar,
        home=config.me.zone,
        details=settings.details,
        alarm=alarm,
        known_as=own_calendar(ledger, settings.name),
        remember=remember,
        is_new=is_new,
        is_reset=was_reset(ledger, settings.name),
    )
    stack.callback(opened.close)
    return opened
