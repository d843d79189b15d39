"""``calsync logout``: gives back what signing in gave, at the other end and on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.errors import SignInError, UsageError

if TYPE_CHECKING:
    from calsync.config import CaldavOutput, CaldavSource, Config

_EVERYWHERE = ("google", "caldav")


def register(app: typer.Typer) -> None:
    app.command("logout")(logout)


def logout(
    ctx: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(
            metavar="google|caldav|NAME",
            help="All accounts of that type, or that of one source or output. Default: all.",
            show_default=False,
        ),
    ] = None,
) -> None:
    """Sign out of accounts.

    Google is told to forget the sign-in, and its file is removed. A CalDAV password is removed from the system's
    keyring, or from the file that calsync made for it. The config stays as it is.

    \b
    Examples:
      calsync logout google
      calsync logout
    """
    state = state_of(ctx)
    told = False
    for sentence in _out_of(state, name):
        told = True
        if not state.quiet:
            state.terminal.line(sentence)
    if not told and not state.quiet:
        state.terminal.line("Nothing to sign out of: calsync keeps no sign-in and no password.")


def _out_of(state: State, name: str | None) -> Iterator[str]:
    if name == "google":
        yield from _google(state)
        return
    config = state.config() if name is not None or state.config_path.exists() else None
    if name is None:
        yield from _google(state)
    if config is None:
        return
    tables = (*config.sources, *config.outputs)
    named = [each for each in tables if name in (None, each.type, each.name)]
    if name not in (None, *_EVERYWHERE) and not named:
        from calsync.toml_problems import nearest

        names = sorted({each.name for each in tables})
        raise UsageError(
            f"nothing is called {name!r}{nearest(name or '', names)}", f"There are: google, caldav, {', '.join(names)}."
        )
    if name is not None and any(each.type == "google" and each.service_account is None for each in named):
        yield from _google(state)
    yield from _caldav(config, [each for each in named if each.type == "caldav"])


def _google(state: State) -> Iterator[str]:
    from calsync.google.revoking import revoke
    from calsync.google.tokens import forget, kept, token_file

    if not token_file().exists():
        return
    try:
        is_revoked = revoke(kept())
    except SignInError:
        is_revoked = False  # nothing in the file can be given back
    forget()
    if is_revoked:
        yield "Signed out of Google: the sign-in is revoked, and its file is removed."
        return
    yield f"Signed out of Google on this machine: {token_file()} is removed."
    state.exit_code = 3
    state.terminal.warning(
        "Google could not be told to revoke the sign-in",
        "Do it yourself at https://myaccount.google.com/connections",
    )


def _caldav(config: Config, tables: list[CaldavSource | CaldavOutput]) -> Iterator[str]:
    from calsync.dav.account import account_of

    done: set[str] = set()
    for each in tables:
        account = account_of(each)
        if each.keyring and account.key not in done:
            done.add(account.key)
            if _out_of_the_keyring(account.key):
                yield f"The system's keyring has no password of {account.key} any more."
        elif each.password_file is not None and str(each.password_file) not in done:
            done.add(str(each.password_file))
            yield from _file(config, each.name, each.password_file)


def _out_of_the_keyring(key: str) -> bool:
    from calsync.dav.account import KEYRING

    try:
        import keyring
    except ImportError:
        return False
    try:
        keyring.delete_password(KEYRING, key)
    except Exception:
        # There is none, or the keyring gives no access: as many errors as there are desktops.
        return False
    return True


def _file(config: Config, name: str, file: Path) -> Iterator[str]:
    if not file.exists():
        return
    if file != config.folder / f"{name}-password":
        yield f"{file} stays: it is a file of your own."
        return
    try:
        file.unlink()
    except OSError as error:
        raise UsageError(f"{file}: it cannot be removed: {error.strerror or error}", "Remove it yourself.") from None
    yield f"{file} is removed."
