"""Files that are whole or not there: written beside their place, flushed to the disk, and then renamed."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from .errors import OF_A_FULL_DISK, OutputError, unwritten

UNFINISHED = ".unfinished"
_BLOCK = 1 << 20
# By Rust, of which safetensors is made, and by PyTorch's writer of files, which says where it failed in its own source.
_FULL = re.compile(rf"os error ({'|'.join(map(str, OF_A_FULL_DISK))})\)|inline_container\.cc")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[IO[bytes]]:
    """A file to write, which gets its name once all of it is on the disk. Raises OutputError; nothing is left then."""
    beside = path.with_name(path.name + UNFINISHED)
    try:
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
        _flush_folder(path.parent)
    except OSError as error:
        raise unwritten(error, path) from error
    finally:
        with contextlib.suppress(OSError):  # also of whatever else ended the block
            beside.unlink()


def write_whole(path: Path, content: bytes) -> None:
    """Writes a small file. Raises OutputError."""
    with whole_file(path) as file:
        file.write(content)


@contextlib.contextmanager
def room_for_libraries(folder: Path) -> Iterator[None]:
    """For what libraries write into a folder: some have errors of their own for a full disk. Raises DiskFullError."""
    try:
        yield
    except OSError as error:
        if error.errno in OF_A_FULL_DISK:
            raise unwritten(error, Path(error.filename or folder)) from error
        raise
    except Exception as error:
        if _FULL.search(str(error)):
            raise unwritten(OSError(errno.ENOSPC, str(error).strip().splitlines()[-1]), folder) from error
        raise


def make_folder(path: Path) -> None:
    """Makes a folder and those above it, if they are not there. Raises OutputError."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        remedy = "Name a folder as `output`, or move the file away"
        raise OutputError("is a file, not a folder", file=path, remedy=remedy) from error
    except OSError as error:
        raise unwritten(error, path) from error


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's content, in hexadecimal. Raises OSError."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _flush_folder(folder: Path) -> None:
    """Makes a new name in a folder outlive a power cut, where folders can be opened."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
