"""``calsync serve``: the feeds at an address that any calendar app can subscribe to, and the page."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import time
from typing import TYPE_CHECKING, Annotated

import typer

from calsync.cli.options import State, state_of
from calsync.cli.terminal import Cell

if TYPE_CHECKING:
    from calsync.config import Config


def register(app: typer.Typer) -> None:
    app.command("serve")(serve)


def serve(
    ctx: typer.Context,
    host: Annotated[
        str | None, typer.Option(metavar="HOST", show_default=False, help="Listen here instead of serve.host.")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, metavar="PORT", show_default=False, help="Instead of serve.port."),
    ] = None,
    sync_at: Annotated[
        str | None,
        typer.Option("--sync-at", metavar="HH:MM", show_default=False, help="Sync every night as well, at this time."),
    ] = None,
) -> None:
    """Serve the feeds, the links in reminders and a page of your own, until you press Ctrl-C.

    It hands out what the last sync wrote. With --sync-at it starts that sync itself; otherwise have
    calsync schedule do so. The config is read once, at the start.

    \b
    Example:
      calsync serve --port 9000
    """
    from calsync.schedule.hours import clock_time
    from calsync.web.serving import address_of, check_access, is_loopback, listening

    state = state_of(ctx)
    config = state.config()
    at = None if sync_at is None else clock_time(sync_at, "--sync-at")
    _needs_the_extra()
    host, port = host or config.serve.host, port or config.serve.port
    check_access(config, host)
    from calsync.web.serving import doorkeeper, server

    with listening(host, port) as opened:
        address = address_of(config.serve, host, port)
        door = doorkeeper(config)
        if not state.quiet:
            state.terminal.line("calsync serves at    ", Cell(address, "strong"))
            state.terminal.line("Sign in once with   ", f"{address}/login?key={door.one_time}")
            state.terminal.line(Cell("calsync feed url prints where to subscribe. Ctrl-C ends it.", "dim"))
            if not is_loopback(host) and not config.serve.base_url.startswith("https://"):
                state.terminal.warning("serve.base_url is not https: whoever is on the way can read the feeds")
        sys.stdout.flush()  # where it goes to a journal, that is read while it runs
        ready = server(config, host, port, door)
        with _nightly(state, config, at):
            ready.run(sockets=[opened])


@contextmanager
def _nightly(state: State, config: Config, at: time | None) -> Iterator[None]:
    """Sync at that time every night while the server runs."""
    if at is None:
        yield
        return
    from calsync.web.answering import present
    from calsync.web.nightly import Nightly

    def say(code: int, line: str) -> None:
        if code:
            state.terminal.note(line)
        elif not state.quiet:
            state.terminal.line(line)
            sys.stdout.flush()

    nightly = Nightly(config, at, present, say)
    nightly.start()
    try:
        yield
    finally:
        nightly.stop()


def _needs_the_extra() -> None:
    from importlib.util import find_spec

    from calsync.errors import UsageError
    from calsync.web.serving import EXTRA

    if not (find_spec("starlette") and find_spec("uvicorn")):
        raise UsageError("calsync serve needs two libraries that are not installed", EXTRA)
