"""Files and folders as downloads need them: a folder for state, whole writes, a lock, typed errors."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .._errors import LLModelError
from ._errors import DiskFullError, FolderError
from ._folders import STATE
from ._settings import Reporter

_POLL = 0.1  # seconds

_FULL = {
    errno.ENOSPC: "the disk is full; free some space and try again",
    errno.EDQUOT: "your quota is used up; free some space and try again",
    errno.EFBIG: "its file system, or a limit on your account, does not allow files of this size",
}


def state_folder(path: Path) -> Path:
    """The folder that holds what the download of `path` needs."""
    return path.parent / STATE


def state_file(path: Path, suffix: str) -> Path:
    """A file of that download, such as its ".part"."""
    return state_folder(path) / (path.name + suffix)


@contextlib.contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turns errors of the file system into DiskFullError or FolderError."""
    try:
        yield
    except LLModelError:
        raise  # some are OSErrors, too
    except OSError as error:
        made: DiskFullError | FolderError
        if error.errno in _FULL:
            made = DiskFullError(f"{path} cannot be written: {_FULL[error.errno]}", {"path": str(path)})
        else:
            reason = f"{error.strerror or error}; choose another folder with $GPT4ALL_CACHE or folder="
            made = FolderError(f"{path} cannot be written: {reason}", {"path": str(path)})
        made.errno = error.errno
        raise made from error


def check_space(folder: Path, needed: int, what: str) -> None:
    """Raises DiskFullError if the disk of `folder` has less than `needed` bytes free."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise DiskFullError(
            f"{what} needs {_size(needed)} but {folder} has {_size(free)} free; free some, or choose another folder",
            {"needed_bytes": needed, "free_bytes": free, "path": str(folder)},
        )


def _size(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 10**9 else f"{count / 1e6:.1f} MB"


def file_digest(path: Path, algorithm: str, report: Reporter | None = None) -> str:
    """The hash of a file's content, in hexadecimal. Raises OSError."""
    digest, done = hashlib.new(algorithm, usedforsecurity=False), 0
    with path.open("rb") as file:
        total = os.fstat(file.fileno()).st_size
        while block := file.read(1 << 20):
            digest.update(block)
            done += len(block)
            if report:
                report("verifying", done, total)
    return digest.hexdigest()


def sync(descriptor: int) -> None:
    """Has the file's content written to the disk itself."""
    if sys.platform == "darwin":
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def rename(source: Path, target: Path) -> None:
    """Gives a finished file its name, replacing what has it, so that it survives a power cut."""
    source.replace(target)
    if os.name == "posix":
        descriptor = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Writes a small file, whole or not at all. Only under the download's lock, so that one name for it will do."""
    new = path.with_name(f"{path.name}.new")
    try:
        with new.open("w", encoding="utf-8") as out:
            json.dump(value, out, indent=1)
            out.flush()
            sync(out.fileno())
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any]:
    """Reads such a file; what is missing or damaged counts as empty."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


@contextlib.contextmanager
def locked(path: Path, report: Reporter | None) -> Iterator[None]:
    """Holds the lock of the download of `path`, whose folder is made. Waits while another process has it.

    report: None does not wait, but raises Timeout.
    """
    from filelock import FileLock, Timeout  # not at the top: programs that only open files do without

    with disk_errors(path):
        state_folder(path).mkdir(parents=True, exist_ok=True)
    lock = FileLock(state_file(path, ".lock"))
    while True:
        try:
            lock.acquire(timeout=_POLL * 5 if report else 0, poll_interval=_POLL)
            break
        except Timeout:
            if report is None:
                raise
            report("waiting", 0, None)
        except OSError:
            with disk_errors(path):
                raise
    try:
        yield
    finally:
        lock.release()
