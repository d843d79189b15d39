"""The .ics files of a source, and whether they are the same as the last time."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from calsync.errors import SourceError

_SETTLED_NS = 3_000_000_000  # the coarsest file systems stamp in steps of two seconds
_CHUNK = 1 << 20


def calendar_files(path: Path) -> list[Path]:
    """The file itself; of a folder all ``.ics`` files in it and in the folders in it,
    hidden ones left out, in a fixed order. Raises SourceError where there is none to read."""
    try:
        mode = path.stat().st_mode
        if stat.S_ISREG(mode):
            return [path]
        if not stat.S_ISDIR(mode):
            raise SourceError(f"{path} is neither a file nor a folder", "Correct the path in the config.")
        files = []
        for entry in _visible(path):
            if entry.is_dir():
                files += [inner.path for inner in _visible(entry.path) if _is_calendar(inner)]
            elif _is_calendar(entry):
                files.append(entry.path)
    except OSError as trouble:
        raise unreadable(path, trouble) from trouble
    return [Path(file) for file in files]


def stamps_of(files: Sequence[Path]) -> tuple[str, bool]:
    """A digest of the files' names, sizes and stamps; and whether these are *settled*: a
    file that is written twice within one tick of its file system's clock shows the same
    stamps for two contents, so only stamps older than that may be trusted."""
    digest = hashlib.blake2b(digest_size=16)
    latest = 0
    for file in files:
        try:
            found = file.stat()
        except OSError as trouble:
            digest.update(f"{file}\n{trouble.errno}\n".encode("utf-8", "surrogateescape"))
            continue
        latest = max(latest, found.st_mtime_ns, found.st_ctime_ns)
        line = f"{file}\n{found.st_mtime_ns} {found.st_ctime_ns} {found.st_size} {found.st_ino}\n"
        digest.update(line.encode("utf-8", "surrogateescape"))
    # The file system's own clock, whatever time the user asked calsync to plan for.
    return digest.hexdigest(), latest < time.time_ns() - _SETTLED_NS


def content_of(sources: Sequence[Path | BinaryIO]) -> str:
    """A digest of all names and contents; files that cannot be read are part of it."""
    digest = hashlib.blake2b(digest_size=16)
    for source in sources:
        if not isinstance(source, Path):
            source.seek(0)
            _update(digest, source)
            source.seek(0)
            continue
        digest.update(f"\n{source}\n".encode("utf-8", "surrogateescape"))
        try:
            with source.open("rb") as stream:
                _update(digest, stream)
        except OSError as trouble:
            digest.update(f"\0{trouble.errno}".encode())
    return digest.hexdigest()


def unreadable(path: Path, trouble: OSError) -> SourceError:
    """What to say of a file or folder that the system does not let calsync read."""
    if isinstance(trouble, FileNotFoundError):
        return SourceError(f"{path} does not exist", "Correct the path, or bring the file back.")
    if isinstance(trouble, PermissionError):
        return SourceError(f"{path} may not be read", "Give your user permission to read it.")
    return SourceError(f"{path} cannot be read: {trouble.strerror or trouble}", "Check the disk.")


def _visible(folder: str | Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted((e for e in entries if not e.name.startswith(".")), key=lambda entry: entry.name)


def _is_calendar(entry: os.DirEntry[str]) -> bool:
    return entry.name.lower().endswith(".ics") and entry.is_file()


def _update(digest: hashlib.blake2b, stream: BinaryIO) -> None:
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
