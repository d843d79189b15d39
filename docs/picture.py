"""Draw docs/agenda.svg, the picture in the README: the demo at a fixed moment, as a terminal shows it.

A picture that somebody drew by hand shows what the program once did. This one is run, and a
test runs it again and compares. It names no font to fetch: whoever opens the README asks no
third party for anything.

    python docs/picture.py
"""

from __future__ import annotations

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "agenda.svg"
NOW = "2026-03-11T08:00:00+00:00"
COLUMNS = 104
SHOWN: tuple[tuple[str, ...], ...] = (("agenda", "--days", "7"), ("why", "Priya"))

_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
# Rich's own frame fetches web fonts; this one is the same window without them.
_FRAME = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>calsync agenda and calsync why, in a terminal</title>
<style>
.{unique_id}-matrix {{
  font-family: FONTS;
  font-size: {char_height}px;
  line-height: {line_height}px;
}}
.{unique_id}-title {{
  font-family: FONTS;
  font-size: 18px;
}}
{styles}
</style>
<defs>
<clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" />
</clipPath>
{lines}
</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
""".replace("FONTS", _FONTS)


def in_a_terminal(*arguments: str, environment: dict[str, str], columns: int = COLUMNS) -> str:
    """What ``calsync`` writes to a terminal of that width, colours included."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 60, columns, 0, 0))
    command = [sys.executable, "-m", "calsync", *arguments]
    run = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, env=environment, cwd=ROOT)
    os.close(theirs)
    written = b""
    with suppress(OSError):  # Linux says so when the other end is closed
        while piece := os.read(ours, 65536):
            written += piece
    os.close(ours)
    text = written.decode().replace("\r\n", "\n")
    if run.wait():
        raise SystemExit(f"{' '.join(command)} ended with {run.returncode}:\n{text}")
    return text


def screen() -> str:
    """What a user sees who asks the demo for the things to show, prompts included."""
    with TemporaryDirectory() as folder:
        demo = str(Path(folder) / "demo")
        environment = {
            "CALSYNC_NOW": NOW,
            "COLUMNS": str(COLUMNS),
            "HOME": folder,
            "LANG": "C.UTF-8",
            "PATH": os.environ.get("PATH", ""),
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "TERM": "xterm-256color",
        }
        in_a_terminal("demo", demo, environment=environment)
        shown = []
        for words in SHOWN:
            said = in_a_terminal("--config", f"{demo}/config.toml", *words, environment=environment)
            shown.append(f"\x1b[32m$\x1b[0m calsync {' '.join(words)}\n{said.rstrip()}\n")
    return "\n".join(shown)


def drawing(ansi: str) -> str:
    """The text as an SVG picture of a terminal, the same bytes for the same text."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.style import Style
    from rich.terminal_theme import TerminalTheme
    from rich.text import Text

    theme = TerminalTheme(
        (24, 27, 33),
        (222, 226, 232),
        [
            *((24, 27, 33), (240, 113, 120), (126, 200, 130), (230, 190, 110)),
            *((110, 170, 250), (200, 150, 240), (100, 200, 210), (222, 226, 232)),
        ],
    )
    text = Text.from_ansi(ansi)
    for place, character in enumerate(text.plain):
        # Rich gives a run of text the width of its characters, but an emoji takes two places:
        # in a run of its own it cannot pull its neighbours out of line.
        if cell_len(character) == 2:
            text.stylize(Style(bold=False, dim=False), place, place + 1)
    with open(os.devnull, "w", encoding="utf-8") as nowhere:
        console = Console(
            record=True,
            width=COLUMNS,
            file=nowhere,
            force_terminal=True,
            color_system="truecolor",
            legacy_windows=False,
            _environ={},
        )
        console.print(text, soft_wrap=True)
        svg = console.export_svg(title="calsync", theme=theme, code_format=_FRAME, unique_id="calsync")
    without_line_ends = re.sub(r"<text [^>]*>\n</text>", "", svg)
    return re.sub(r"[ \t]+\n", "\n", without_line_ends)


if __name__ == "__main__":
    PICTURE.write_text(drawing(screen()), encoding="utf-8")
    print(f"Written: {PICTURE}")
