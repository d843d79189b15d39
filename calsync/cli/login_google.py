"""``calsync login google``: from the user's own OAuth client to a sign-in that lasts.

Nothing is kept before Google has let calsync do what the config needs, and the config is added to
only where the user says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.login_asking import Use
from calsync.cli.login_browser import pasted, sent_back
from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column
from calsync.errors import SignInError, UsageError

if TYPE_CHECKING:
    from calsync.cli.login_tables import ConfigText
    from calsync.google.calendars import Listed
    from calsync.google.client import Client
    from calsync.google.tokens import SignIn

_EXAMPLE = "calsync login google --client-secret ~/Downloads/client_secret.json"
_ROLES = {"owner": "change everything", "writer": "change events", "reader": "read", "freeBusyReader": "see free/busy"}


def google(
    ctx: typer.Context,
    client_secret: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your own OAuth client, as Google lets you download it.", show_default=False),
    ] = None,
    port: Annotated[
        int,
        typer.Option(
            metavar="PORT", min=0, max=65535, help="Wait at this port, for an ssh tunnel.", show_default=False
        ),
    ] = 0,
    paste: Annotated[
        bool, typer.Option("--paste", help="No browser here: paste back the address it was sent to.")
    ] = False,
    timeout: Annotated[int, typer.Option(min=1, metavar="SECONDS", help="How long to wait for you.")] = 300,
    use: Annotated[
        Use | None,
        typer.Option("--as", help="Put it into the config, to read from, to write to, or both.", show_default=False),
    ] = None,
    email: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Yours, for a first config; repeat it.", show_default=False),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Yours, for a first config, such as Europe/London.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
) -> None:
    """Sign in with Google, to read and write Google calendars.

    Opens Google's page in your browser and keeps what Google gives in a file that only you can read. It asks for the
    right to read events and to write into a calendar of calsync's own; for more only if the config needs more.
    docs/google.md shows how to get the client's file. It is needed the first time.

    \b
    Examples:
      calsync login google --client-secret client_secret.json
      calsync login google --paste
      ssh -L 8085:127.0.0.1:8085 server calsync login google --port 8085
    """
    from calsync.cli.login_tables import opened
    from calsync.google.signing_in import SigningIn
    from calsync.google.tokens import keep

    state = state_of(ctx)
    config = opened(state.config_path.expanduser().absolute())
    wanted = _wanted(config)
    signing_in = SigningIn(_client(client_secret), wanted.asked)
    words = (pasted if paste else sent_back)(state, signing_in, port, timeout)
    sign_in = signing_in.finish(words, state.now().date())
    _check_granted(state, wanted, sign_in)
    file = keep(sign_in)
    found = _listed(wanted, sign_in)
    if use := _use(state, wanted, use, as_json=as_json):
        put_into(config, use, found, email or (), timezone)
    if as_json:
        state.terminal.json(_told(sign_in, found, config))
    elif not state.quiet:
        _show(state, sign_in, found, file, config)


@dataclass(frozen=True)
class _Wanted:
    """What the config needs of Google: ``asked`` of the user, ``needed`` for it to work."""

    asked: tuple[str, ...]
    needed: tuple[str, ...]
    endpoint: str
    is_named: bool


def _wanted(config: ConfigText) -> _Wanted:
    from calsync.config import GoogleOutput, GoogleSource, load
    from calsync.google.account import account_of
    from calsync.google.scopes import DEFAULT, MEANING

    told = load(config.path) if config.text else None
    tables = (*told.sources, *told.outputs) if told else ()
    accounts = [account_of(each) for each in tables if isinstance(each, GoogleSource | GoogleOutput)]
    users = [each for each in accounts if each.is_users]
    needed = {scope for each in users for scope in each.needed} or set(DEFAULT)
    asked = needed | set(DEFAULT)
    return _Wanted(
        tuple(each for each in MEANING if each in asked),
        tuple(each for each in MEANING if each in needed),
        next((each.endpoint for each in users if each.endpoint), ""),
        bool(accounts),
    )


def _client(file: Path | None) -> Client:
    from calsync.google.client import client_in, client_of
    from calsync.google.tokens import kept, token_file

    if file is not None:
        return client_in(file.expanduser())
    if not token_file().exists():
        raise UsageError(
            "the first time, the file of your own OAuth client is needed: --client-secret FILE",
            f"docs/google.md shows how to get it. For example: {_EXAMPLE}",
        )
    try:
        return client_of(kept())
    except SignInError as error:
        raise UsageError(f"{error}, so --client-secret FILE is needed", f"For example: {_EXAMPLE}") from None


def _check_granted(state: State, wanted: _Wanted, sign_in: SignIn) -> None:
    """Raise SignInError where the user left out what the config needs."""
    from calsync.google.scopes import described, missing

    if lacking := missing(wanted.needed, sign_in.scopes):
        raise SignInError(
            f"Google was not told to let calsync {described(lacking)}; nothing was kept",
            "Run it again, and on Google's page tick all boxes.",
        )
    if lacking := missing(wanted.asked, sign_in.scopes):
        state.terminal.warning(f"calsync may not {described(lacking)}; your config does without it")


def _listed(wanted: _Wanted, sign_in: SignIn) -> list[Listed]:
    """The calendars of whoever signed in, their own first: a sign-in can be perfect, and Google's
    Calendar API switched off in the project of the client."""
    from calsync.google.account import Account
    from calsync.google.asking import LATER, Google, GoogleError, Patience
    from calsync.google.calendars import listed
    from calsync.google.scopes import LIST, missing

    if missing((LIST,), sign_in.scopes):
        return []
    google = Google(Account(wanted.endpoint), Patience(attempts=2))
    try:
        return sorted(listed(google), key=lambda each: (not each.is_primary, each.name.casefold()))
    except GoogleError as error:
        remedy = "Look again later with calsync doctor." if error.remedy == LATER else error.remedy
        raise GoogleError(f"you are signed in, and that is kept; but {error}", remedy) from None
    finally:
        google.close()


def _use(state: State, wanted: _Wanted, use: Use | None, *, as_json: bool) -> Use | None:
    """What the config is to use the account for; None leaves the config alone."""
    from calsync.cli.questions import answer, one_of

    if use is not None or wanted.is_named or as_json or not state.terminal.can_ask:
        return use
    question = "Put it into the config to read meetings (source), write reminders (output), both, or none"
    word = answer(state.terminal, question, "both", one_of(*Use, "none"))
    return None if word == "none" else Use(word)


def put_into(
    config: ConfigText, use: Use, found: Sequence[Listed], emails: Sequence[str], timezone: str | None
) -> None:
    """Name the account in the config, and make a first one where there is none. Raises UsageError where
    that takes more than is known."""
    from calsync.cli.login_tables import begin

    if not config.text:
        addresses = [each.lower() for each in emails or [_who(found)] if "@" in each]
        begin(config, addresses, timezone, f"{_EXAMPLE} --as both")
    same = ("type", "service_account", "subject", "auth")
    if use is not Use.OUTPUT and not _has(config, "source"):
        table = {"name": "google", "type": "google", "calendars": ["primary"]}
        config.put_table("source", table, same=same, ways=(), if_new={"relationship": "work"})
    if use is not Use.SOURCE and not _has(config, "output"):
        config.put_table("output", {"name": "google", "type": "google"}, same=same, ways=())
    if config.told:
        config.check()
        config.write()


def _has(config: ConfigText, kind: str) -> bool:
    """Whether the config reads from, or writes to, the user's own account already."""
    tables = config.data.get(kind, ())
    return any(each.get("type") == "google" and "service_account" not in each for each in tables)


def _who(found: Sequence[Listed]) -> str:
    """The address of whoever signed in: Google calls their own calendar by it."""
    own = next((each for each in found if each.is_primary), None)
    return "" if own is None else own.id if "@" in own.id else own.name


def _told(sign_in: SignIn, found: Sequence[Listed], config: ConfigText) -> dict[str, object]:
    return {
        "account": _who(found) or None,
        "signed_in": sign_in.made,
        "scopes": list(sign_in.scopes),
        "calendars": [{"id": each.id, "name": each.name, "role": each.role} for each in found],
        "config": str(config.path),
        "tables": config.told_for_programs(),
    }


def _show(state: State, sign_in: SignIn, found: Sequence[Listed], file: Path, config: ConfigText) -> None:
    import shlex

    from calsync.config import find
    from calsync.google.scopes import MEANING

    terminal = state.terminal
    who = f" as {_who(found)}" if found else ""
    terminal.line(Cell("✓", "good"), f" Signed in with Google{who}. calsync may")
    for scope in sign_in.scopes:
        if scope in MEANING:
            terminal.line(f"  - {MEANING[scope]}")
    terminal.line(f"{file} holds the sign-in, and only you can read it.")
    if found:
        terminal.line()
        columns = [Column("Calendar", "strong"), Column("You may"), Column("Id", below=True)]
        terminal.table(columns, [[each.name, _ROLES.get(each.role, each.role), Cell(each.id, "dim")] for each in found])
    for kind, name, is_new in config.told:
        terminal.line(f"{config.path}: {kind} {name} {'added' if is_new else 'brought up to date'}.")
    terminal.line()
    terminal.line("Next:")
    named = "calsync" if find(None, {}) == config.path else f"calsync --config {shlex.quote(str(config.path))}"
    terminal.steps([(f"{named} sync --dry-run", "shows what calsync would do"), (f"{named} sync", "does it")])
