"""``calsync login``: an account is tested, and the config gets the tables that name it."""

from __future__ import annotations

import typer

from calsync.cli.login_caldav import caldav
from calsync.cli.login_google import google

app = typer.Typer(help="Sign in to a calendar account and put it into the config.", no_args_is_help=True)
app.command("google")(google)
app.command("caldav")(caldav)


def register(parent: typer.Typer) -> None:
    parent.add_typer(app, name="login")


@app.callback()
def _group() -> None:
    """Sign in to a calendar account and put it into the config."""
