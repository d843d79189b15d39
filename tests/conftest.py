"""What all tests share: no network but this machine's own, and the corpus of real files."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Tests promise what is right, not how fast this machine happens to be just now.
settings.register_profile(
    "calsync",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("calsync")

_HERE = {"", "localhost", "::1", "::", "0.0.0.0", "testserver"}


def _guard(event: str, arguments: tuple[object, ...]) -> None:
    """Refuse whatever would leave this machine; code that means well sends requests too."""
    if event in ("socket.connect", "socket.sendto"):
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""  # else a Unix socket's path
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    host = host.decode() if isinstance(host, bytes) else host or ""
    if str(host) not in _HERE and not str(host).startswith("127."):
        pytest.fail(f"a test reached for the network: {event} {host}")


sys.addaudithook(_guard)


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of real calendar files, which are never part of this repository."""
    named = os.environ.get("CALSYNC_CORPUS")
    folder = Path(named) if named else Path(__file__).parents[2] / "shared" / "corpus"
    if not folder.is_dir():
        pytest.skip(f"no corpus of real files at {folder} (CALSYNC_CORPUS)")
    return folder
