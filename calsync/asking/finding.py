"""Whom does the user mean: an address or a part of a name, an id from the agenda, a day."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from calsync.asking.agenda import Entry
from calsync.errors import UsageError
from calsync.ledger import who
from calsync.ledger.ledger import Ledger
from calsync.ledger.who import describe
from calsync.people.addresses import canonical
from calsync.people.identity import Identities
from calsync.timing.spans import Span

_SHOWN = 12
_ID = re.compile(r"[0-9a-v]{6,24}")


@dataclass(frozen=True)
class Found:
    """A person as the user knows them; ``addresses`` with the one used last first."""

    person: str
    name: str
    addresses: tuple[str, ...]

    @property
    def called(self) -> str:
        """Return "Ana Lima <ana@globex.example>"."""
        address = self.addresses[0] if self.addresses else self.person
        return f"{self.name} <{address}>" if self.name else address


def people_named(ledger: Ledger, identities: Identities, text: str) -> list[Found]:
    """Return the people an address or a part of a name may mean, by name.

    An address means its person alone; a full name means those who bear it, if anybody does.
    """
    wanted = text.strip()
    if "@" in wanted:
        own = canonical(wanted)
        person = identities.of(own)
        query = "SELECT 1 FROM address WHERE canonical = ?1 UNION SELECT 1 FROM person WHERE address = ?1"
        known = any(ledger.value(query, address) for address in identities.addresses(person))
        people = {person} if known else set()
    else:
        people = _by_name(ledger, identities, wanted)
    described = describe(ledger, identities, people)
    found = [Found(person, *described[person]) for person in people]
    return sorted(found, key=lambda each: (each.name.casefold(), each.person))


def _by_name(ledger: Ledger, identities: Identities, text: str) -> set[str]:
    folded = who.fold(text)
    if not folded:
        return set()
    exact: set[str] = set()
    partial: set[str] = set()
    rows = ledger.rows("SELECT canonical, name FROM address")
    rows += [(a, words["name"]) for a, words in who.said(ledger).items() if "name" in words]
    for own, name in rows:
        told = who.fold(name)
        if told == folded:
            exact.add(identities.of(own))
        elif folded in told or folded in name.casefold():
            partial.add(identities.of(own))
    if exact or partial:
        return exact or partial
    return {identities.of(own) for own, _ in rows if folded in own.partition("@")[0]}


def one_person(ledger: Ledger, identities: Identities, text: str) -> Found:
    """Return the one person that is meant. Raises UsageError for nobody or several."""
    found = people_named(ledger, identities, text)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError(
            f"nobody known is called {text!r}",
            "Give an address or part of a name; calsync people list shows everybody.",
        )
    lines = [each.called for each in found[:_SHOWN]]
    if len(found) > _SHOWN:
        lines.append(f"… and {len(found) - _SHOWN} more")
    raise UsageError(
        f"{text!r} may be several people:\n  " + "\n  ".join(lines), "Give an address or more of the name."
    )


def person_or_address(ledger: Ledger, identities: Identities, text: str) -> tuple[str, str]:
    """Return the person that is meant and what to call them; an address that nobody was met under
    yet may be spoken of all the same. Raises UsageError for nobody or several."""
    if "@" in text and not people_named(ledger, identities, text):
        return identities.person(text), text
    found = one_person(ledger, identities, text)
    return found.person, found.called


def by_id(entries: Sequence[Entry], text: str) -> list[Entry]:
    """Return the follow-ups with an id of the agenda, a reminder's or a follow-up's, or with
    one that begins so; none where the text is no id. Raises UsageError where several begin so."""
    wanted = text.strip().lower().removesuffix("@calsync")
    if not _ID.fullmatch(wanted):
        return []
    followups = [entry for entry in entries if entry.id.startswith(wanted)]
    reminders = [entry for entry in entries if entry.followup.reminder.startswith(wanted)]
    if len({entry.id for entry in followups}) > 1 or len({e.followup.reminder for e in reminders}) > 1:
        raise UsageError(f"several follow-ups have an id that begins with {wanted}", "Give more of the id.")
    return followups or reminders


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WHEN = 'tomorrow, "next week", monday, "3 days", 2026-03-14, "2026-03-14 15:00" or 15:00'


def moment_meant(text: str, start: datetime, now: datetime) -> datetime:
    """Return the time that a snooze means; ``start`` (in the user's zone) gives the hour where
    the text gives none. Raises UsageError for what is no time, or is past."""
    local = now.astimezone(start.tzinfo)
    moment = _written_out(text.strip(), start)
    if moment is None:
        day, at = _day_and_hour(" ".join(text.lower().split()), local, start)
        moment = datetime.combine(day, at, start.tzinfo)
    if moment <= local:
        raise UsageError(f"{text!r} is in the past", f"Say when as {WHEN}.")
    return moment


def _written_out(text: str, start: datetime) -> datetime | None:
    """A date and time of ISO 8601, with or without an offset; None for anything else."""
    if ":" not in text:
        return None
    try:
        moment = datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=start.tzinfo)
    return moment.astimezone(start.tzinfo).replace(microsecond=0)


def _day_and_hour(words: str, now: datetime, start: datetime) -> tuple[date, time]:
    today, hour = now.date(), start.timetz().replace(tzinfo=None)
    if match := re.fullmatch(r"(?:(.*?)[ t])?(?:at )?(\d{1,2}):(\d{2})", words):
        if int(match[2]) > 23 or int(match[3]) > 59:
            raise UsageError(f"{words!r} is no time of day", f"Say when as {WHEN}.")
        hour = time(int(match[2]), int(match[3]))
        words = (match[1] or "").strip()
        if not words:
            return (today if datetime.combine(today, hour, now.tzinfo) > now else today + timedelta(days=1)), hour
    if words == "today":
        return today, hour
    if words == "tomorrow":
        return today + timedelta(days=1), hour
    if words == "next week":
        return today + timedelta(days=7 - today.weekday()), hour
    if words == "next month":
        return Span(1, "months").on_calendar(today), hour
    name = words.removeprefix("next ").removeprefix("on ")
    for number, weekday in enumerate(_WEEKDAYS):
        if name and len(name) >= 3 and weekday.startswith(name):
            return today + timedelta(days=(number - today.weekday() - 1) % 7 + 1), hour
    try:
        return date.fromisoformat(words), hour
    except ValueError:
        pass
    try:
        span = Span.parse(words.removeprefix("in "))
    except ValueError:
        raise UsageError(f"{words!r} is no day or time", f"Say when as {WHEN}.") from None
    if (elapsed := span.elapsed()) is not None:
        later = now + elapsed
        return later.date(), later.time().replace(second=0, microsecond=0)
    return span.after(now, now.tzinfo or UTC).date(), hour
