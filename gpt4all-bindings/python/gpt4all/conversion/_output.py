"""Files that appear under their name when they are complete, and leave nothing behind otherwise."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from .._errors import CancellationError, InvalidArgumentError, LLModelError, LLModelIOError

Progress = Callable[[float], "bool | None"]


def report(progress: Progress | None, fraction: float) -> None:
    """Reports how far the work is. Raises CancellationError if the function wants no more of it."""
    if progress is not None and progress(min(1.0, max(0.0, fraction))) is False:
        raise CancellationError("the conversion was cancelled")


def part_of(progress: Progress | None, begin: float, end: float) -> Progress | None:
    """A function that reports 0 to 1 as `begin` to `end`."""
    if progress is None:
        return None
    return lambda fraction: progress(begin + (end - begin) * fraction)


def refuse_to_overwrite(path: Path, force: bool) -> None:
    """Raises InvalidArgumentError if something has the name already, LLModelIOError if there is no folder for it."""
    if path.is_dir():
        raise InvalidArgumentError(f"{path} is a folder; name the file to write", {"path": str(path)})
    if path.exists() and not force:
        raise InvalidArgumentError(
            f"{path} already exists; force=True (--force on the command line) overwrites it", {"path": str(path)}
        )
    if not path.parent.is_dir():
        raise LLModelIOError(f"{path} cannot be written: there is no folder {path.parent}", {"path": str(path)})


@contextlib.contextmanager
def temporary(path: Path) -> Iterator[Path]:
    """A name beside `path` for a file that is removed at the end, whatever happens."""
    name = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        yield name
    finally:
        name.unlink(missing_ok=True)


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """A name beside `path` to write to; it becomes `path` if the block ends well, and is removed if not.

    Raises LLModelIOError for an error of the file system.
    """
    with temporary(path) as part, io_errors(path):
        yield part
        os.replace(part, path)


@contextlib.contextmanager
def io_errors(path: Path) -> Iterator[None]:
    """Turns OSError into LLModelIOError that names the file."""
    try:
        yield
    except LLModelError:
        raise  # some are OSErrors, too
    except OSError as error:
        reason = error.strerror or str(error)
        raise LLModelIOError(f"{path} cannot be written: {reason}", {"path": str(path)}) from error


def check_space(path: Path, needed: int) -> None:
    """Raises LLModelIOError if the disk that `path` is to be on has less than `needed` bytes free."""
    free = shutil.disk_usage(path.parent).free
    if free < needed:
        raise LLModelIOError(
            f"{path} cannot be written: it takes {needed / 1e9:.2f} GB, temporary files included, but the "
            f"disk has {free / 1e9:.2f} GB free",
            {"path": str(path), "needed_bytes": needed, "free_bytes": free},
        )
