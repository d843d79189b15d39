from __future__ import annotations

import hashlib
import os
import random
import signal
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from calsync.errors import OutputError
from calsync.files import content, replace, write_if_different

as_root = os.geteuid() == 0

WRITER = """
import hashlib, sys
from pathlib import Path
from calsync.files import replace
n = 0
print("ready", flush=True)
while True:
    n += 1
    body = str(n).encode() * 60_000
    replace(Path(sys.argv[1]), hashlib.sha256(body).hexdigest().encode() + body)
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def left_overs(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if name.endswith(".calsync-tmp")]


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    replace(path, b"one")
    replace(path, b"two")
    assert path.read_bytes() == b"two"
    assert os.listdir(tmp_path) == ["feed.ics"]


def test_a_reader_that_has_the_old_file_open_keeps_reading_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    replace(path, b"old version")
    with path.open("rb") as reader:
        assert reader.read(3) == b"old"
        replace(path, b"new and longer version")
        assert reader.read() == b" version"


def test_a_new_file_can_be_read_by_a_web_server_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        replace(tmp_path / "feed.ics", b"x")
        replace(tmp_path / "token.json", b"x", mode=0o600)
    finally:
        os.umask(before)
    assert mode(tmp_path / "feed.ics") == 0o644
    assert mode(tmp_path / "token.json") == 0o600


def test_an_existing_file_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    path.touch()
    path.chmod(0o640)
    replace(path, b"x")
    assert mode(path) == 0o640


@pytest.mark.skipif(not as_root, reason="only root can give a file to somebody else")
def test_an_existing_file_keeps_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    path.touch()
    os.chown(path, 4321, 8765)
    replace(path, b"x")
    assert (path.stat().st_uid, path.stat().st_gid) == (4321, 8765)


def test_a_link_is_followed_and_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "www").mkdir()
    link = tmp_path / "feed.ics"
    link.symlink_to("www/public.ics")
    replace(link, b"x")
    assert link.is_symlink()
    assert (tmp_path / "www" / "public.ics").read_bytes() == b"x"
    assert left_overs(tmp_path) == []


def test_missing_folders_are_created(tmp_path: Path) -> None:
    replace(tmp_path / "a" / "b" / "feed.ics", b"x")
    assert (tmp_path / "a" / "b" / "feed.ics").read_bytes() == b"x"


def test_a_file_with_the_same_content_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    assert write_if_different(path, b"x")
    os.utime(path, ns=(10**18, 10**18))
    assert not write_if_different(path, b"x")
    assert path.stat().st_mtime_ns == 10**18
    assert write_if_different(path, b"y")
    assert path.read_bytes() == b"y"


def test_content_is_the_bytes_or_none(tmp_path: Path) -> None:
    assert content(tmp_path / "feed.ics") is None
    replace(tmp_path / "feed.ics", b"")
    assert content(tmp_path / "feed.ics") == b""


def test_the_longest_name_a_disk_allows_can_be_written(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)
    replace(path, b"x")
    assert path.read_bytes() == b"x"


def test_each_refusal_names_the_path_and_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "loop").symlink_to("loop")
    os.mkfifo(tmp_path / "pipe")
    for name in ("file/feed.ics", "folder", "loop", "pipe", "n" * 300):
        path = tmp_path / name
        for write in (replace, write_if_different):
            with pytest.raises(OutputError) as caught:
                write(path, b"x")
            assert str(path) in str(caught.value)
            assert caught.value.remedy
            assert caught.value.exit_code == 3


def test_a_folder_without_write_permission_is_refused() -> None:
    """In a process of its own that gives up root's rights, where it has them."""
    program = """
import os, sys
from pathlib import Path
from calsync.errors import OutputError
from calsync.files import replace
if os.geteuid() == 0:
    os.setgroups([])
    os.setuid(65534)
try:
    replace(Path(sys.argv[1]), b"x")
except OutputError as error:
    sys.exit(f"{error} / {error.remedy}")
"""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "feed.ics"
        path.write_bytes(b"old")
        Path(folder).chmod(0o555)
        run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
        Path(folder).chmod(0o755)
        assert run.stderr.startswith(f"{path}: not allowed to write there / Give yourself write permission")
        assert path.read_bytes() == b"old"


def test_a_disk_that_fills_up_costs_nothing_that_was_there(tmp_path: Path) -> None:
    """A limit on the size of files stands in for the full disk."""
    path = tmp_path / "feed.ics"
    replace(path, b"old")
    program = """
import resource, signal, sys
from pathlib import Path
from calsync.errors import OutputError
from calsync.files import replace
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
try:
    replace(Path(sys.argv[1]), b"n" * 100_000)
except OutputError as error:
    sys.exit(f"{error.exit_code} {error}")
"""
    run = subprocess.run([sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=False)
    assert f"3 {path}" in run.stderr
    assert path.read_bytes() == b"old"
    assert left_overs(tmp_path) == []


def test_a_killed_writer_leaves_one_whole_version_and_the_next_cleans_up(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    replace(path, hashlib.sha256(b"").hexdigest().encode())
    chance = random.Random(7)
    found_left_over = 0
    for _ in range(25):
        with subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) as writer:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
            time.sleep(chance.uniform(0, 0.05))
            writer.send_signal(signal.SIGKILL)
        data = path.read_bytes()
        assert hashlib.sha256(data[64:]).hexdigest().encode() == data[:64]
        found_left_over += bool(left_overs(tmp_path))
        if chance.random() < 0.5:
            assert not write_if_different(path, data)
        else:
            replace(path, data)
        assert left_overs(tmp_path) == []
    assert found_left_over, "no kill hit a write: the test would prove nothing"


def test_a_living_writers_file_is_not_taken_for_a_left_over(tmp_path: Path) -> None:
    path = tmp_path / "feed.ics"
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE) for _ in range(2)]
    try:
        for writer in writers:
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"ready\n"
        time.sleep(0.7)
        assert [writer.poll() for writer in writers] == [None, None]
        data = path.read_bytes()
        assert hashlib.sha256(data[64:]).hexdigest().encode() == data[:64]
    finally:
        for writer in writers:
            writer.kill()
            writer.communicate()
