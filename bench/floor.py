"""The least that a command of this kind costs: two options read by typer, one table drawn by rich.

typer reads options with pydantic, which it imports only when a command runs; so importing
typer alone says too little.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

app = typer.Typer()


@app.command()
def floor(
    days: Annotated[int | None, typer.Option()] = None, config: Annotated[Path | None, typer.Option()] = None
) -> None:
    table = Table("days", "config")
    table.add_row(str(days), str(config))
    Console().print(table)


if __name__ == "__main__":
    app()
