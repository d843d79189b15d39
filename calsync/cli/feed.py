"""``calsync feed``: where the .ics feeds are, as files and as addresses, to subscribe to them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.errors import UsageError

if TYPE_CHECKING:
    from calsync.config import IcsOutput

app = typer.Typer(help="Where the .ics feeds are.", no_args_is_help=True)


def register(parent: typer.Typer) -> None:
    parent.add_typer(app, name="feed")


@app.callback()
def _group() -> None:
    """Where the .ics feeds are."""


OneOrAll = Annotated[str | None, typer.Argument(metavar="OUTPUT", help="The output's name; all of them if left out.")]


@app.command("path")
def path(
    ctx: typer.Context,
    output: OneOrAll = None,
) -> None:
    """Print the file of each .ics output, to subscribe to it.

    \b
    Example:
      calsync feed path
    """
    state = state_of(ctx)
    for each in feeds(state, output):
        state.terminal.line(str(each.path))


@app.command("url")
def url(
    ctx: typer.Context,
    output: OneOrAll = None,
    webcal: Annotated[
        bool, typer.Option("--webcal", help="As webcal://…, which makes many calendar apps subscribe.")
    ] = False,
    qr: Annotated[bool, typer.Option("--qr", help="As a picture that a telephone's camera reads.")] = False,
) -> None:
    """Print the address of each feed that calsync serve offers. It is a secret: it lets anybody read.

    \b
    Examples:
      calsync feed url
      calsync feed url --qr
    """
    from calsync.config_values import host_of
    from calsync.ledger.doors import feed_token
    from calsync.web.serving import is_loopback

    state = state_of(ctx)
    wanted = feeds(state, output)
    if qr:
        _needs_segno()
    with state.ledger() as ledger:
        tokens = [feed_token(ledger, each.name, state.now()) for each in wanted]
    for each, token in zip(wanted, tokens, strict=True):
        address = _address(state, token)
        if webcal or qr:
            address = f"webcal://{address.partition('://')[2]}"
        state.terminal.line(f"{each.name}  {address}" if len(wanted) > 1 else address)
        if qr:
            _draw(address)
    if qr and is_loopback(host_of(_address(state, "")) or ""):
        state.terminal.note("Only this machine reaches that address: serve.base_url is how others do.")


@app.command("rotate")
def rotate(
    ctx: typer.Context,
    output: Annotated[
        str | None, typer.Argument(metavar="OUTPUT", help="The output's name; needed where there are several.")
    ] = None,
) -> None:
    """Give a feed a new address; the old one is good for nothing from now on.

    \b
    Example:
      calsync feed rotate
    """
    from calsync.ledger.doors import new_feed_token

    state = state_of(ctx)
    wanted = feeds(state, output)
    if len(wanted) > 1:
        names = ", ".join(each.name for each in wanted)
        raise UsageError("there are several feeds", f"Say which one gets a new address: {names}.")
    with state.ledger() as ledger:
        token = new_feed_token(ledger, wanted[0].name, state.now())
    state.terminal.line(_address(state, token))
    state.terminal.note("Subscribe to it anew in every app; the old address answers that it is gone.")


def _draw(address: str) -> None:
    """Draw it with half blocks, the light parts as blocks: most terminals are dark."""
    import segno

    segno.make(address, error="m", micro=False).terminal(out=sys.stdout, compact=True, border=2)


def _needs_segno() -> None:
    from importlib.util import find_spec

    from calsync.web.serving import EXTRA

    if not find_spec("segno"):
        raise UsageError("calsync feed url --qr needs a library that is not installed", EXTRA)


def _address(state: State, token: str) -> str:
    from calsync.web.serving import address_of

    serve = state.config().serve
    return f"{address_of(serve, serve.host, serve.port)}/feed/{token}.ics"


def feeds(state: State, name: str | None) -> list[IcsOutput]:
    """The .ics outputs of the config, or the one of that name. Raises UsageError for none."""
    from calsync.config import IcsOutput
    from calsync.toml_problems import nearest

    outputs = state.config().outputs
    found = [each for each in outputs if isinstance(each, IcsOutput) and name in (None, each.name)]
    if found:
        return found
    names = [each.name for each in outputs if isinstance(each, IcsOutput)]
    if name is None:
        raise UsageError("no output is an .ics feed", 'Add an [[output]] of type = "ics" to the config.')
    if any(each.name == name for each in outputs):
        raise UsageError(f"output {name!r} is a calendar that calsync writes to, not an .ics feed")
    known = f"The .ics outputs are: {', '.join(names)}." if names else "There is no .ics output."
    raise UsageError(f"there is no output {name!r}{nearest(name, names)}", known)
