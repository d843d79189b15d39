"""The way through the user's browser and back.

Google's page opens in their browser; on a machine without one, its address is copied to a browser
elsewhere, and the way back is a tunnel (``--port``) or the clipboard (``--paste``).
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from calsync.cli.options import State
from calsync.cli.terminal import counted
from calsync.errors import SignInError, UsageError

if TYPE_CHECKING:
    from calsync.google.signing_in import SigningIn

_PASTED_TO = 47111


def sent_back(state: State, signing_in: SigningIn, port: int, timeout: int) -> dict[str, str]:
    """Google's answer, as the browser brings it to this machine."""
    from calsync.google.redirect import Waiting

    with Waiting(signing_in.state, port) as waiting:
        page = signing_in.page(waiting.url)
        opened = state.terminal.can_ask and _open(page)
        note = state.terminal.note
        note("Google's page opens in your browser. If it does not:" if opened else "Open this page in your browser:")
        _show_address(page)
        if not opened and not port:
            note("Is the browser on another machine? End this with Ctrl-C and use --paste, or --port with a tunnel.")
        words = waiting.answer(timeout)
    if words is None:
        raise _too_late(timeout)
    return words


def pasted(state: State, signing_in: SigningIn, port: int, timeout: int) -> dict[str, str]:
    """Google's answer, as the user copies it from a browser that could not bring it."""
    import select

    note = state.terminal.note
    note("Open this page in a browser, on any machine:")
    _show_address(signing_in.page(f"http://127.0.0.1:{port or _PASTED_TO}/"))
    note(
        "At the end the browser shows an error, because nothing answers at 127.0.0.1 there. That is fine: "
        "copy the address of that error page, and paste it here."
    )
    if sys.stdin is None:
        raise UsageError("nothing can be pasted: standard input is closed", "Run it in a terminal.")
    print("Address: ", end="", file=sys.stderr, flush=True)
    try:
        waits, _, _ = select.select([sys.stdin], [], [], timeout)
    except (OSError, ValueError):
        waits = [sys.stdin]  # nothing that can be waited for, so nothing that keeps one waiting
    if not waits:
        note("")
        raise _too_late(timeout)
    return signing_in.pasted(sys.stdin.readline())


def _show_address(page: str) -> None:
    """An address to be copied: on a line that is not wrapped, whatever the terminal's width."""
    print(f"\n{page}\n", file=sys.stderr, flush=True)


def _too_late(timeout: int) -> SignInError:
    return SignInError(
        f"nobody signed in within {counted(timeout, 'second')}", "Run it again; --timeout gives more time."
    )


def _open(page: str) -> bool:
    """Open the page in a browser with a window; says whether there is one."""
    import webbrowser

    if sys.platform != "darwin" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False  # a browser in the terminal would take it over
    try:
        return webbrowser.open(page)
    except (webbrowser.Error, OSError):
        return False
