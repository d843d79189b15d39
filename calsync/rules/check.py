"""Looking into the templates of a pack before they are needed.

The template engine is slow to import, so packs are loaded without it; this check runs
when a pack has changed, and when the user asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from calsync.rules.drafts import TemplateError, parse, render, words_for
from calsync.rules.layers import Texts
from calsync.rules.load import lines_for
from calsync.rules.schema import Message, Pack, Touch
from calsync.toml_lines import KeyPath
from calsync.toml_problems import Problem

_SAMPLE = words_for(
    ["Ana Lima", "Bo Chen"],
    meeting="Introduction",
    day=date(2026, 11, 10),
    place="Harbour Café",
    me="Sam Lee",
)


def check_templates(pack: Pack, instead: Texts | None = None) -> list[str]:
    """All templates of a pack that cannot be used, each as ``file:line: key: sentence``.

    Each template is read, and filled in once for invented people. ``instead`` is as in
    :func:`calsync.rules.load.load_packs`.
    """
    problems = []
    for path, template in _templates(pack):
        try:
            parse(template)
            render(template, _SAMPLE)
        except TemplateError as error:
            where = f" (line {error.line} of the text)" if error.line > 1 else ""
            problems.append(Problem(path, f"{error}{where}"))
    return lines_for(pack, problems, instead) if problems else []


def _templates(pack: Pack) -> Iterator[tuple[KeyPath, str]]:
    for name, message in pack.messages.items():
        yield from _of_message(message, ("message", name))
    for number, rule in enumerate(pack.rules):
        at: KeyPath = ("rule", number)
        touches: list[tuple[KeyPath, Touch]] = [(at, rule)]
        touches += [((*at, "step", place), step) for place, step in enumerate(rule.steps)]
        for path, each in touches:
            yield (*path, "title"), each.title
            if isinstance(each.message, Message):
                yield from _of_message(each.message, (*path, "message"))


def _of_message(message: Message, at: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    yield (*at, "subject"), message.subject
    yield (*at, "body"), message.body
