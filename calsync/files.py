"""Writing files that other programs read while we write.

A web server, a calendar program or a sync tool may open a feed at any moment, and the
power may fail at any moment. So a file is replaced whole: the bytes go to a hidden
file in the same folder, reach the disk, and take the old file's place in one step.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
import time
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path

from calsync.errors import OutputError

try:
    from fcntl import LOCK_EX, LOCK_NB, flock
except ImportError:  # pragma: no cover - not POSIX: stale files go by their age alone
    flock = None  # type: ignore[assignment]

_STALE_SECONDS = 3600


def data_dir() -> Path:
    """The user's data directory for calsync, by the platform's convention; it need not exist."""
    from platformdirs import user_data_path

    return user_data_path("calsync", appauthor=False)


def replace(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put ``data`` at ``path``, whole or not at all.

    A reader sees the old bytes or the new ones, never a mixture; after a crash too. A
    symlink is followed: what it points to is replaced and the link stays. An existing
    file keeps its permissions and, where allowed, its owner; a new one gets ``mode``
    whatever the umask, because a server that runs as somebody else has to read it.
    Missing parent folders are created. Left-overs of killed writers are removed.

    Raises :class:`~calsync.errors.OutputError`, naming path and remedy, and then leaves
    no temporary file and the old content in place.
    """
    try:
        target = _target(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_stale(target)
        _replace(target, data, mode)
    except OSError as error:
        raise _refused(path, error) from error


def write_if_different(path: Path, data: bytes, mode: int = 0o644) -> bool:
    """Like :func:`replace`, but a file that holds ``data`` already is left alone, time
    stamp included. Says whether it wrote."""
    try:
        target = _target(path)
        if _content(target) == data:
            _remove_stale(target)
            return False
    except OSError as error:
        raise _refused(path, error) from error
    replace(path, data, mode)
    return True


def content(path: Path) -> bytes | None:
    """What is in the file, or None where there is none.

    Raises :class:`~calsync.errors.OutputError` for what cannot be read or is not an
    ordinary file.
    """
    try:
        return _content(_target(path))
    except OSError as error:
        raise _refused(path, error) from error


def _target(path: Path) -> Path:
    target = Path(os.path.realpath(path))
    with suppress(FileNotFoundError):
        kind = target.lstat().st_mode
        if stat.S_ISLNK(kind):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        if stat.S_ISDIR(kind):
            raise OSError(errno.EISDIR, os.strerror(errno.EISDIR))
        if not stat.S_ISREG(kind):
            raise OSError(errno.EINVAL, "not an ordinary file")
    return target


def _content(target: Path) -> bytes | None:
    try:
        return target.read_bytes()
    except FileNotFoundError:
        return None


def _replace(target: Path, data: bytes, mode: int) -> None:
    descriptor, temporary = _open_temporary(target)
    try:
        try:
            _take_permissions(descriptor, target, mode)
            with os.fdopen(descriptor, "wb", closefd=False) as stream:
                stream.write(data)
            os.fsync(descriptor)
            # The descriptor, and with it the lock, is held until the name is ours.
            temporary.replace(target)
        finally:
            os.close(descriptor)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _sync_folder(target.parent)


def _open_temporary(target: Path) -> tuple[int, Path]:
    while True:
        temporary = target.parent / f"{_prefix(target)}{secrets.token_hex(6)}.calsync-tmp"
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            if flock is None:
                return descriptor, temporary
            flock(descriptor, LOCK_EX)
            # Another writer may have taken it for a left-over before it was locked.
            if os.fstat(descriptor).st_nlink:
                return descriptor, temporary
        except OSError:
            return descriptor, temporary  # a file system without locks
        os.close(descriptor)


def _prefix(target: Path) -> str:
    return f".{blake2b(os.fsencode(target.name), digest_size=6).hexdigest()}-"


def _take_permissions(descriptor: int, target: Path, mode: int) -> None:
    try:
        old = target.stat()
    except FileNotFoundError:
        os.fchmod(descriptor, mode)
        return
    new = os.fstat(descriptor)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        with suppress(OSError):
            os.fchown(descriptor, old.st_uid, old.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(old.st_mode) & 0o777)


def _remove_stale(target: Path) -> None:
    """Remove what killed writers of this very file left; a living writer holds a lock."""
    with suppress(OSError):
        for left in target.parent.glob(f"{_prefix(target)}*.calsync-tmp"):
            with suppress(OSError):
                if _abandoned(left):
                    left.unlink()


def _abandoned(left: Path) -> bool:
    if flock is None:
        return time.time() - left.stat().st_mtime > _STALE_SECONDS
    descriptor = os.open(left, os.O_RDONLY | os.O_CLOEXEC)
    try:
        flock(descriptor, LOCK_EX | LOCK_NB)
    except OSError:
        return time.time() - left.stat().st_mtime > _STALE_SECONDS
    finally:
        os.close(descriptor)
    return True


def _sync_folder(folder: Path) -> None:
    # Some network file systems refuse this; the content itself is on the disk already.
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refused(path: Path, error: OSError) -> OutputError:
    folder = path.parent
    match error.errno:
        case errno.EACCES | errno.EPERM | errno.EROFS:
            return OutputError(
                f"{path}: not allowed to write there",
                f"Give yourself write permission in the folder {folder}, or choose another path.",
            )
        case errno.ENOSPC | errno.EDQUOT:
            return OutputError(
                f"{path}: no space left; the old file stays as it is",
                f"Free some space on the disk that holds {folder}, then run it again.",
            )
        case errno.EISDIR:
            return OutputError(f"{path}: a folder stands there", "Name a file in it instead.")
        case errno.ENOTDIR | errno.EEXIST:
            return OutputError(f"{path}: a part of the path is a file, not a folder", "Choose another path.")
        case errno.ELOOP:
            return OutputError(f"{path}: a link that points to itself", "Remove the link, or choose another path.")
        case _:
            return OutputError(f"{path}: {error.strerror or error}", "Choose another path, or see to that folder.")
