"""``python -m calsync``: the same as ``calsync``."""

from __future__ import annotations

from calsync.cli.main import run

if __name__ == "__main__":
    run()
