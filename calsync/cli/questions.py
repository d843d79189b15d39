"""Questions on a terminal: asked until the answer can be used."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from calsync.cli.terminal import Cell, Terminal
from calsync.errors import UsageError


def answer(terminal: Terminal, question: str, default: str | None, read: Callable[[str], Any]) -> Any:
    """Ask until the answer can be read. ``default`` None means that there has to be one."""
    brackets = f" [{default}]" if default else ""
    while True:
        text = input(f"{question}{brackets}: ").strip() or (default or "")
        if not text and default is None:
            terminal.line(Cell("  This one is needed.", "warn"))
            continue
        try:
            return read(text)
        except (ValueError, UsageError) as error:
            remedy = getattr(error, "remedy", "")
            terminal.line(Cell(f"  {error}{f'. {remedy}' if remedy else ''}", "warn"))


def one_of(*words: str) -> Callable[[str], str]:
    """Reads one of these words, or as much of it as tells it from the others. Raises ValueError."""

    def read(text: str) -> str:
        matching = [each for each in words if each.startswith(text.lower())]
        if len(matching) != 1:
            raise ValueError(f"answer {', '.join(words[:-1])} or {words[-1]}")
        return matching[0]

    return read


def secret(question: str) -> str:
    """A password, which is not shown while it is typed."""
    from getpass import getpass

    return getpass(f"{question}: ")
