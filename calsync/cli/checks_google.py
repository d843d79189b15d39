"""What ``calsync doctor`` looks at with Google: whether tonight's sync would get through.

It asks the questions that a sync begins with, one event at the most, and changes nothing there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from calsync.cli.checks_caldav import SKEW, Looked
from calsync.cli.terminal import counted
from calsync.errors import CalsyncError

if TYPE_CHECKING:
    from calsync.config import GoogleOutput, GoogleSource
    from calsync.google.account import Account
    from calsync.google.asking import Google, Patience

_MAY_WRITE = ("owner", "writer")


def look_at_source(settings: GoogleSource, now: datetime, patience: Patience | None = None) -> Iterator[Looked]:
    """Whether the calendars of a source can be read."""
    from calsync.google.account import account_of
    from calsync.google.calendars import chosen

    def source(google: Google) -> Iterator[Looked]:
        for name, id_ in chosen(google, settings.calendars).items():
            if not isinstance(id_, str):
                yield Looked(str(id_), id_.remedy, id_.exit_code, False)
            elif _role(google, id_) == "freeBusyReader":
                yield Looked(
                    f"of the calendar {name} {google.who} shows when you are busy, and nothing else",
                    "Let whoever owns it share its details with you, or leave it out.",
                    is_well=False,
                )
            else:
                yield Looked(f"{google.who} lets calsync read the calendar {name}")

    yield from _looked(account_of(settings), now, patience, source)


def look_at_output(
    settings: GoogleOutput, now: datetime, *, was_written: bool, patience: Patience | None = None
) -> Iterator[Looked]:
    """Whether an output can be written. ``was_written``: reminders stood in it once, so that its
    calendar has to be there."""
    from calsync.google.account import account_of
    from calsync.google.calendars import listed, mark_of
    from calsync.google.scopes import is_existing

    name = settings.calendar

    def output(google: Google) -> Iterator[Looked]:
        if is_existing(name):
            if _role(google, name) in _MAY_WRITE:
                yield Looked(f"{google.who} lets calsync write to the calendar {name}")
            else:
                yield Looked(
                    f"{google.who}: calsync may only read the calendar {name}",
                    "Let whoever owns it allow you to write, or name another one as calendar.",
                    3,
                    False,
                )
        elif any(mark_of(name) in each.description for each in listed(google)):
            yield Looked(f"{google.who} lets calsync write to its own calendar {name}")
        elif was_written:
            yield Looked(
                f"calsync's own calendar {name} is gone",
                f"calsync outputs reset {settings.name} makes it anew.",
                3,
                False,
            )
        else:
            yield Looked(f"{google.who} lets calsync in; the first sync makes its calendar {name}")

    yield from _looked(account_of(settings), now, patience, output)


def _looked(
    account: Account, now: datetime, patience: Patience | None, questions: Callable[[Google], Iterator[Looked]]
) -> Iterator[Looked]:
    from calsync.google.asking import Google, Patience

    google = Google(account, patience or Patience(attempts=2))
    try:
        yield from _signed_in(account)
        yield from questions(google)
        yield from _clocks(google, now)
    except CalsyncError as error:
        yield Looked(str(error), error.remedy, error.exit_code, False)
    finally:
        google.close()


def _signed_in(account: Account) -> Iterator[Looked]:
    """With what calsync shows itself to Google. Raises SignInError where that is nothing."""
    if account.service_account is not None:
        yield from _key(account.service_account, account.subject)
    elif account.is_users:
        from calsync.google.tokens import kept

        sign_in = kept()
        yield Looked(f"signed in since {sign_in.made or 'long ago'} with {counted(len(sign_in.scopes), 'permission')}")


def _key(file: Path, subject: str) -> Iterator[Looked]:
    try:
        mode = file.stat().st_mode & 0o777
    except OSError:
        return  # which is told when it is read
    if mode & 0o077:
        yield Looked(
            f"{file}: others on this computer may read the service account's key (mode {mode:03o})",
            f"Close it to them with chmod 600 {file}",
            is_well=False,
        )
    else:
        yield Looked(f"a service account{f' stands in for {subject}' if subject else ''}")


def _role(google: Google, id_: str) -> str:
    """What the account may do in a calendar, in Google's word."""
    answer = google.ask(lambda api: api.events().list(calendarId=id_, maxResults=1, fields="accessRole"))
    return str(answer.get("accessRole", ""))


def _clocks(google: Google, now: datetime) -> Iterator[Looked]:
    """The clock of this computer against Google's, which a service account's key goes by."""
    if google.at is not None and abs(apart := now - google.at) > SKEW:
        word = "ahead of" if apart > SKEW else "behind"
        yield Looked(
            f"this computer's clock is {counted(round(abs(apart).total_seconds() / 60), 'minute')} {word} Google's",
            "Set it by the network (timedatectl set-ntp true); a sign-in can fail by it.",
            is_well=False,
        )
