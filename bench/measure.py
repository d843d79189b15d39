"""One command as a whole process: how long it took, and how much memory it had at its peak.

On Linux a new process inherits the peak of the one that started it, so a large parent would show in
every figure. Each measurement therefore runs in a small interpreter of its own:
``python -I -S measure.py LOG COMMAND…`` writes what the command prints to LOG and prints
``[seconds, peak MiB, exit code]`` (a signal is a negative code).
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(log: str, command: list[str]) -> None:
    streams = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ, file_actions=streams)
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    octets = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    print(json.dumps([seconds, octets / 2**20, os.waitstatus_to_exitcode(status)]))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
