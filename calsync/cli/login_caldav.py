"""``calsync login caldav``: from an address and a password to tables in the config that work.

Nothing is written before the server has let calsync in, and a password that was typed goes into
the system's keyring or a file of its owner's alone, never into the config.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from calsync.cli.login_asking import Given, Kind, Relationship, Use, ask_account, ask_password, ask_tables
from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell, Column
from calsync.errors import SignInError, UsageError

if TYPE_CHECKING:
    from calsync.cli.login_tables import ConfigText
    from calsync.dav.account import Account
    from calsync.dav.calendars import Calendar

_EXAMPLE = "calsync login caldav --url https://dav.example/ --username sam --password-command 'pass show dav'"
_SAME = ("type", "url", "username")
_WAYS = ("password_command", "password_file", "keyring", "ca_file")
_HOLDS = {"VEVENT": "events", "VTODO": "tasks"}
_COMPONENTS = {Kind.EVENT: "VEVENT", Kind.TODO: "VTODO"}
_ATTEMPTS = 3


def caldav(
    ctx: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="The server, your account on it, or one calendar.", show_default=False),
    ] = None,
    username: Annotated[str | None, typer.Option(help="Your name on the server.", show_default=False)] = None,
    password_command: Annotated[
        str | None, typer.Option(metavar="COMMAND", help="Prints the password.", show_default=False)
    ] = None,
    password_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Holds the password, or shall hold it.", show_default=False),
    ] = None,
    keyring: Annotated[bool, typer.Option("--keyring", help="The system's keyring holds it, or shall.")] = False,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read it from standard input, and keep it as said.")
    ] = False,
    ca_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The certificate of a private authority.", show_default=False),
    ] = None,
    use: Annotated[
        Use | None, typer.Option("--as", help="What to use it for. Default: both.", show_default=False)
    ] = None,
    calendar: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Read this calendar alone; repeat it for more.", show_default=False),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Write into this calendar, not one of calsync's own.", show_default=False),
    ] = None,
    kind: Annotated[Kind, typer.Option(help="Write reminders as events or as tasks.")] = Kind.EVENT,
    relationship: Annotated[
        Relationship | None, typer.Option(help="What kind of tie it brings.", show_default=False)
    ] = None,
    name: Annotated[str | None, typer.Option(help="What to call it in the config.", show_default=False)] = None,
    email: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="Yours, for a first config; repeat it.", show_default=False),
    ] = None,
    timezone: Annotated[
        str | None, typer.Option(help="Yours, for a first config, such as Europe/London.", show_default=False)
    ] = None,
    only_list: Annotated[bool, typer.Option("--list", help="Test it and list its calendars; write nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the result as JSON.")] = False,
) -> None:
    """Sign in to a CalDAV account, and write it into the config.

    Tests address and password, lists the calendars, and adds a source to read from and an output to write to.
    On a terminal it asks for what is missing. A password that you type goes into the system's keyring, or into a
    file that only you can read.

    \b
    Examples:
      calsync login caldav
      calsync login caldav --url https://dav.example/ --username sam --keyring --as source
    """
    from calsync.cli.login_password import keep
    from calsync.cli.login_tables import ConfigText, begin, opened

    state = state_of(ctx)
    config = opened(state.config_path.expanduser().absolute())
    asking = state.terminal.can_ask and not password_stdin and not as_json
    given = Given(url or "", username, password_command or "", password_file, keyring, ca_file)
    if password_stdin:
        given.password = _piped()
    if asking:
        ask_account(state.terminal, given)
    account, found, addresses = _tested(state, given, asking=asking)
    if not as_json:
        _show(state, account, found)
    if only_list:
        if as_json:
            state.terminal.json(_told(account, found))
        return
    if asking:
        use, calendar, relationship = ask_tables(state.terminal, found, use, calendar, relationship)
    if not config.text:
        begin(config, [each.lower() for each in email or addresses or _as_address(account)], timezone, _EXAMPLE)
    wish = _Wish(
        use or Use.BOTH,
        [_named(found, each, "--calendar", "VEVENT").url for each in calendar or ()] or [account.url],
        _named(found, into, "--into", _COMPONENTS[kind], writable=True).url if into else account.url,
        kind,
        relationship,
        name or _name_of(account),
    )
    trial = ConfigText(config.path, config.text)
    _put(trial, wish, {"username": account.username, "keyring": True} if account.username else {})
    trial.check()
    keys, kept = keep(given, account, config.path.parent, wish.name)
    _put(config, wish, keys)
    config.check()
    config.write()
    if as_json:
        state.terminal.json({**_told(account, found), "config": str(config.path), "tables": config.told_for_programs()})
    else:
        _next_steps(state, config, kept)


@dataclass(frozen=True)
class _Wish:
    """What the config is to say of the account."""

    use: Use
    reading: Sequence[str]
    writing: str
    kind: Kind
    relationship: Relationship | None
    name: str


def _put(config: ConfigText, wish: _Wish, keys: Mapping[str, Any]) -> None:
    if wish.use is not Use.OUTPUT:
        tie = {"relationship": wish.relationship.value} if wish.relationship else {}
        for url in wish.reading:
            table = {"name": wish.name, "type": "caldav", "url": url, **keys, **tie}
            config.put_table("source", table, same=_SAME, ways=_WAYS, if_new={"relationship": "work"})
    if wish.use is not Use.SOURCE:
        table = {"name": wish.name, "type": "caldav", "url": wish.writing, **keys, "kind": wish.kind.value}
        config.put_table("output", table, same=_SAME, ways=_WAYS)


def _piped() -> str:
    line = sys.stdin.readline(4096).rstrip("\r\n") if sys.stdin else ""
    if not line:
        raise UsageError("--password-stdin: nothing came in", "The first line of standard input must be the password.")
    return line


def _tested(state: State, given: Given, *, asking: bool) -> tuple[Account, list[Calendar], list[str]]:
    """The account, its calendars, and the addresses by which its server knows the user. A password
    that is wrong, or not yet where it shall be kept, is asked for."""
    from calsync.cli.login_password import account_from
    from calsync.dav.calendars import everything, own_addresses
    from calsync.dav.server import Server

    for attempt in range(_ATTEMPTS):
        account = account_from(given, _EXAMPLE)
        server = Server(account)
        try:
            return account, everything(server), own_addresses(server)
        except SignInError as error:
            if not asking or given.password_command or not given.username or attempt + 1 == _ATTEMPTS:
                raise
            state.terminal.line(Cell(f"  {error}. {error.remedy}", "warn"))
            ask_password(state.terminal, given)
        finally:
            server.close()
    raise AssertionError("the last attempt returns or raises")


def _named(found: Sequence[Calendar], wanted: str, flag: str, holding: str, *, writable: bool = False) -> Calendar:
    """The calendar of that name or address. Raises UsageError where there is none, or it cannot be used."""
    from calsync.toml_problems import nearest

    matching = [each for each in found if wanted.rstrip("/") in (each.label, each.folder, each.url.rstrip("/"))]
    names = sorted({each.label for each in found})
    if len(matching) > 1:
        raise UsageError(f"{flag}: several calendars are called {wanted!r}", "Name one by its address.")
    if not matching:
        hint = nearest(wanted, names)
        raise UsageError(f"{flag}: no calendar is called {wanted!r}{hint}", f"There are: {', '.join(names) or 'none'}.")
    if matching[0].holds and holding not in matching[0].holds:
        raise UsageError(f"{flag}: {wanted!r} holds no {_HOLDS[holding]}", "Name another one.")
    if writable and not matching[0].writable:
        raise UsageError(f"{flag}: you may only read {wanted!r}", "Name one of your own.")
    return matching[0]


def _name_of(account: Account) -> str:
    """What to call an account: the middle of its host's name (icloud of caldav.icloud.com)."""
    words = account.host.split(".")
    return "caldav" if len(words) < 2 or words[-1].isdigit() or ":" in account.host else words[-2]


def _as_address(account: Account) -> list[str]:
    return [account.username] if "@" in account.username else []


def _show(state: State, account: Account, found: Sequence[Calendar]) -> None:
    if state.quiet:
        return
    from calsync.dav.own import is_own

    terminal = state.terminal
    if terminal.is_interactive:
        who = f" as {account.username}" if account.username else ""
        terminal.line(Cell("✓", "good"), f" {account.host} lets calsync in{who}.")
        terminal.line()
    rows: list[list[str | Cell]] = []
    for number, each in enumerate(found, 1):
        holds = ", ".join(_HOLDS[kind] for kind in ("VEVENT", "VTODO") if not each.holds or kind in each.holds)
        access = "calsync's own" if is_own(each) else "read and write" if each.writable else "read only"
        rows.append([str(number), each.label, holds or "other things", access, Cell(each.url, "dim")])
    if rows:
        columns = [
            Column(whole=True),
            Column("Calendar", "strong"),
            Column("Holds"),
            Column("You may"),
            Column("Address", below=True),
        ]
        terminal.table(columns, rows)
    else:
        terminal.line("It has no calendar so far.")
    if terminal.is_interactive:
        terminal.line()


def _told(account: Account, found: Sequence[Calendar]) -> dict[str, Any]:
    calendars = [
        {"name": each.label, "url": each.url, "holds": sorted(each.holds), "writable": each.writable} for each in found
    ]
    return {"url": account.url, "username": account.username, "calendars": calendars}


def _next_steps(state: State, config: ConfigText, kept: str) -> None:
    import shlex

    from calsync.config import find

    terminal = state.terminal
    if state.quiet:
        return
    for kind, name, is_new in config.told:
        terminal.line(f"{config.path}: {kind} {name} {'added' if is_new else 'brought up to date'}.")
    if kept:
        terminal.line(kept)
    terminal.line()
    terminal.line("Next:")
    named = "calsync" if find(None, {}) == config.path else f"calsync --config {shlex.quote(str(config.path))}"
    terminal.steps([(f"{named} sync --dry-run", "shows what calsync would do"), (f"{named} sync", "does it")])
