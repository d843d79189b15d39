"""What trying rules on a past costs: ``calsync rules try`` over the last year, as whole processes.

``python bench/replay.py`` uses a calendar of 20,000 events over four years, about 5,000 of
them in the year that is replayed; with ``--set`` two years run, one for each set of rules.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.run import HERE, NOW, Stage, generated, measure, versions

CHANGE = "professional.first-meeting.hello.after=2 working days"


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure a replay of the last year.")
    parser.add_argument("--events", type=int, default=20_000, help="over four years (default 20000)")
    parser.add_argument("--runs", type=int, default=3, help="how often each command runs (default 3)")
    parser.add_argument("--data", type=Path, default=HERE / "data", help="where the calendars are kept")
    given = parser.parse_args()
    given.data.mkdir(parents=True, exist_ok=True)
    calendar = generated(given.data, given.events, 0)
    print(versions())
    with tempfile.TemporaryDirectory(prefix="calsync-bench-") as folder:
        stage = Stage(Path(folder), calendar)
        env = stage.environment(NOW)
        if measure(stage.command("sync"), stage.log, env).code:
            print(stage.log.read_text(errors="replace"))
            return 1
        for what, words in (("the rules as they are", ()), ("one change beside them", ("--set", CHANGE))):
            command = stage.command("rules", "try", *words)
            runs = [measure(command, stage.log, env) for _ in range(given.runs)]
            if any(run.code for run in runs):
                print(stage.log.read_text(errors="replace"))
                return 1
            seconds = [run.seconds for run in runs]
            peak = max(run.peak for run in runs)
            print(f"{what}: least {min(seconds):.1f} s, median {statistics.median(seconds):.1f} s, {peak:.0f} MiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
