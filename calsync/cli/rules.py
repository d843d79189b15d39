"""``calsync rules``: what the packs say, whether they are sound, and changing them.

Timing is the heart of the program, so its habits are shown in plain words and changed
with one line; nobody has to learn TOML to move a reminder by a day.
"""

from __future__ import annotations

import typer

from calsync.cli import rule_check, rule_show, trying, tuning
from calsync.cli.suggesting import suggest

app = typer.Typer(no_args_is_help=True, help="What the rules say, and changing them.")


def register(parent: typer.Typer) -> None:
    # The commands in the order in which --help lists them.
    app.command("list")(rule_show.list_)
    app.command("show")(rule_show.show)
    app.command("check")(rule_check.check)
    app.command("set")(tuning.set_)
    app.command("unset")(tuning.unset)
    app.command("new")(tuning.new)
    app.command("try")(trying.try_)
    app.command("compare")(trying.compare)
    app.command("suggest")(suggest)
    app.command("schema", hidden=True)(tuning.schema)
    parent.add_typer(app, name="rules")
