"""What ``calsync serve`` does with a feed of 2,000 reminders under load, beside a bare Starlette application.

``python bench/serve.py`` lets a real sync make the feed, serves it by ``calsync serve`` and the same bytes by ten
lines of Starlette on the same uvicorn, and asks both in turn with wrk: idle, and while one sync after the other runs.
The bare one looks at nothing and compares nothing, so it is what this machine can do just then.
"""

from __future__ import annotations

import argparse
import gzip
import http.client
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.run import HERE, NOW, versions

CONFIG = """\
ledger = "calsync.db"

[me]
name = "Sam Lee"
emails = ["sam@northwind.example"]
timezone = "Europe/London"

[[source]]
name = "work"
type = "ics"
path = "work.ics"

[[output]]
name = "feed"
type = "ics"
path = "followups.ics"

[limits]
per_day = 80
per_week = 400
brake = 5000

[serve]
base_url = "http://127.0.0.1:{port}"
"""
EVENT = """\
BEGIN:VEVENT\r
UID:first-{number}@northwind.example\r
DTSTAMP:20260101T000000Z\r
DTSTART:{start:%Y%m%dT%H%M%SZ}\r
DTEND:{end:%Y%m%dT%H%M%SZ}\r
SUMMARY:Introduction {number}{mark}\r
LOCATION:Meeting room {room}\r
ORGANIZER:mailto:sam@northwind.example\r
ATTENDEE;PARTSTAT=ACCEPTED;CN=Guest {number}:mailto:guest{number}@firm{number}.example\r
END:VEVENT\r
"""
PEER = """\
import sys
from pathlib import Path
import uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

folder = Path(sys.argv[2])
plain, packed = (folder / "plain").read_bytes(), (folder / "packed").read_bytes()

async def feed(request):
    if "if-none-match" in request.headers:
        return Response(status_code=304, headers={"ETag": request.headers["if-none-match"]})
    if "accept-encoding" in request.headers:
        return Response(packed, media_type="text/calendar", headers={"Content-Encoding": "gzip"})
    return Response(plain, media_type="text/calendar")

app = Starlette(routes=[Route("/{rest:path}", feed)])
uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="error")
"""


class Load(NamedTuple):
    """What wrk saw: answers a second, the slowest of a hundred in milliseconds, what went wrong; and how many
    milliseconds of CPU the server needed for an answer."""

    rate: float
    slow: float
    wrong: int
    cpu: float = 0.0


def calendar(people: int, mark: str = "") -> bytes:
    """A calendar in which that many people were met one by one over the last working days."""
    events = []
    for number in range(people):
        start = NOW - timedelta(days=1 + number % 9, hours=number % 8 + 4 - 14, minutes=-15 * (number % 4))
        events.append(
            EVENT.format(number=number, start=start, end=start + timedelta(minutes=30), mark=mark, room=number % 20)
        )
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//bench//EN\r\n" + "".join(events) + "END:VCALENDAR\r\n"
    ).encode()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


class House:
    """A folder in which calsync lives, and the server of its feed."""

    def __init__(self, folder: Path, people: int) -> None:
        self.folder, self.port, self.people = folder, free_port(), people
        (folder / "config.toml").write_text(CONFIG.format(port=self.port))

    def fill(self) -> None:
        """Sync as people are met, a hundred at a time: nobody meets a thousand in one night."""
        for number in range(100, self.people + 100, 100):
            (self.folder / "work.ics").write_bytes(calendar(min(number, self.people)))
            self.run("sync", "--allow", "5000")

    def run(self, *words: str) -> str:
        done = subprocess.run(self._command(*words), env=self._env, capture_output=True, text=True, cwd=HERE.parent)
        if done.returncode:
            raise SystemExit(f"calsync {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def _command(self, *words: str) -> list[str]:
        return [sys.executable, "-m", "calsync", "--config", str(self.folder / "config.toml"), *words]

    @property
    def _env(self) -> dict[str, str]:
        return {**os.environ, "CALSYNC_NOW": NOW.isoformat(), "NO_COLOR": "1"}

    def serve(self) -> subprocess.Popen[bytes]:
        words = self._command("--quiet", "serve", "--port", str(self.port))
        return subprocess.Popen(words, env=self._env, cwd=HERE.parent)

    def sync_on_and_on(self, over: threading.Event) -> int:
        """Sync until told to stop, each time with other titles; return how often."""
        rounds = 0
        while not over.is_set():
            rounds += 1
            new = self.folder / "work.new"
            new.write_bytes(calendar(self.people, f" ({rounds})"))
            new.replace(self.folder / "work.ics")
            self.run("--quiet", "sync", "--json")
        return rounds


@contextmanager
def running(server: subprocess.Popen[bytes], port: int) -> Iterator[subprocess.Popen[bytes]]:
    try:
        deadline = time.monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                if server.poll() is not None or time.monotonic() > deadline:
                    raise SystemExit("the server did not start") from None
                time.sleep(0.05)
        yield server
    finally:
        server.send_signal(signal.SIGINT)
        server.wait(20)


def wrk(address: str, seconds: int, lines: int, *headers: str) -> Load:
    """Ask as fast as answers come, over so many connections."""
    words = ["wrk", "-t1", f"-c{lines}", f"-d{seconds}s", "--latency"]
    for each in headers:
        words += ["-H", each]
    told = subprocess.run([*words, address], capture_output=True, text=True, check=True).stdout
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", told)[1])  # type: ignore[index]
    other = re.search(r"Non-2xx or 3xx responses: (\d+)", told)
    failed = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", told)
    wrong = int(other[1]) if other else 0
    wrong += sum(map(int, failed.groups())) if failed else 0
    return Load(rate, _milliseconds(told, "99%"), wrong)


def _milliseconds(told: str, which: str) -> float:
    match = re.search(rf"{which}\s+([\d.]+)(us|ms|s)\b", told)
    assert match
    return float(match[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[match[2]]


def asked(server: int, address: str, seconds: int, lines: int, *headers: str) -> Load:
    """The same, with the CPU time of the server (Linux): it tells more where others use the machine as well."""
    before = _ticks(server)
    load = wrk(address, seconds, lines, *headers)
    return load._replace(cpu=(_ticks(server) - before) / os.sysconf("SC_CLK_TCK") * 1000 / (load.rate * seconds))


def _ticks(process: int) -> int:
    values = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(values[11]) + int(values[12])


def memory(process: int) -> float:
    """The resident set in MiB (Linux)."""
    told = Path(f"/proc/{process}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", told)[1]) / 1024  # type: ignore[index]


def fetched(address: str, **headers: str) -> tuple[bytes, str]:
    place = address.removeprefix("http://")
    host, _, path = place.partition("/")
    line = http.client.HTTPConnection(host, timeout=60)
    line.request("GET", f"/{path}", headers={name.replace("_", "-"): value for name, value in headers.items()})
    got = line.getresponse()
    body = got.read()
    assert got.status == 200, got.status
    line.close()
    return body, got.headers["ETag"]


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure calsync serve beside a bare Starlette application.")
    parser.add_argument("--people", type=int, default=800, help="who were met; two or three reminders each")
    parser.add_argument("--seconds", type=int, default=5, help="how long each asks (default 5)")
    parser.add_argument("--runs", type=int, default=3, help="how often each, in turn (default 3)")
    parser.add_argument("--connections", type=int, default=8, help="at a time (default 8)")
    parser.add_argument("--requests", type=int, default=100_000, help="over which memory is to stay (default 100000)")
    given = parser.parse_args()
    if not shutil.which("wrk"):
        print("wrk is missing: apt install wrk", file=sys.stderr)
        return 1
    print(versions(), flush=True)
    with tempfile.TemporaryDirectory(prefix="calsync-bench-") as name:
        folder = Path(name)
        house = House(folder, given.people)
        house.fill()
        address = house.run("feed", "url").split()[0]
        peer_port = free_port()
        (folder / "peer.py").write_text(PEER)
        with running(house.serve(), house.port) as server:
            plain, _ = fetched(address)
            packed, tag = fetched(address, Accept_Encoding="gzip")
            assert gzip.decompress(packed) == plain
            (folder / "plain").write_bytes(plain)
            (folder / "packed").write_bytes(packed)
            print(
                f"{plain.count(b'BEGIN:VEVENT'):,} reminders, {len(plain):,} bytes, {len(packed):,} packed", flush=True
            )
            head = ("", "answer", "server", "a second", "p99 ms", "CPU ms each", "bare's CPU by ours")
            print(f"| {' | '.join(head)} |\n{'|---' * len(head)}|")
            peer = subprocess.Popen([sys.executable, str(folder / "peer.py"), str(peer_port), str(folder)])
            with running(peer, peer_port):
                bare = f"http://127.0.0.1:{peer_port}/feed"
                there = {"calsync": (server.pid, address), "bare Starlette": (peer.pid, bare)}
                measure(given, "alone", there, tag)
                over, rounds = threading.Event(), [0]
                worker = threading.Thread(target=lambda: rounds.append(house.sync_on_and_on(over)))
                worker.start()
                try:
                    measure(given, "during syncs", there, '"of-before"', changing=True)
                finally:
                    over.set()
                    worker.join()
                print(f"{rounds[-1]} syncs ran meanwhile")
            _, tag = fetched(address, Accept_Encoding="gzip")
            flat(server.pid, address, tag, given)
    return 0


def measure(
    given: argparse.Namespace, when: str, there: dict[str, tuple[int, str]], tag: str, changing: bool = False
) -> None:
    kinds = {
        "304": (f"If-None-Match: {tag}", "Accept-Encoding: gzip"),
        "packed": ("Accept-Encoding: gzip",),
        "plain": (),
    }
    for kind, headers in kinds.items():
        loads: dict[str, list[Load]] = {name: [] for name in there}
        for _ in range(given.runs):
            for name, (server, address) in there.items():
                if changing and kind == "304" and name == "calsync":
                    headers = (f"If-None-Match: {fetched(address, Accept_Encoding='gzip')[1]}", "Accept-Encoding: gzip")
                loads[name].append(asked(server, address, given.seconds, given.connections, *headers))
        own, bare = loads["calsync"], loads["bare Starlette"]
        ratios = " ".join(f"{other.cpu / one.cpu:.2f}" for one, other in zip(own, bare, strict=True))
        for name, seen in loads.items():
            rates = " ".join(f"{each.rate:,.0f}" for each in seen)
            slow = " ".join(f"{each.slow:.1f}" for each in seen)
            cpu = " ".join(f"{each.cpu:.2f}" for each in seen)
            told = f"| {when} | {kind} | {name} | {rates} | {slow} | {cpu} | {ratios if name == 'calsync' else ''} |"
            print(told, *(f"wrong: {each.wrong}" for each in seen if each.wrong), flush=True)


def flat(process: int, address: str, tag: str, given: argparse.Namespace) -> None:
    """Say what the server's memory is before and after so many requests of all kinds."""
    print(f"memory: {memory(process):.1f} MiB", end="")
    asked = 0.0
    while asked < given.requests:
        load = wrk(address, given.seconds, given.connections, f"If-None-Match: {tag}", "Accept-Encoding: gzip")
        some = wrk(address, 1, given.connections, "Accept-Encoding: gzip")
        asked += load.rate * given.seconds + some.rate
        print(f", after {asked:,.0f} requests {memory(process):.1f}", end="", flush=True)
    print()


if __name__ == "__main__":
    sys.exit(main())
