"""Files that are no downloads: copied from elsewhere on this machine, or sent by the page."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from ... import models
from ..._model import inspect
from ...models._files import check_space, disk_errors, file_digest, locked, rename, state_file
from ...models._records import Record
from ...models._settings import Reporter

_BLOCK = 1 << 20


def copy(source: Path, report: Reporter) -> None:
    """A copy gets its name when it is whole, and is recorded with its hash, as a download is."""
    target = models.models_folder() / source.name
    with locked(target, report):
        part, digest, done = state_file(target, ".part"), hashlib.sha256(), 0
        size = source.stat().st_size
        check_space(part.parent, size, source.name)
        try:
            with disk_errors(target), source.open("rb") as read, part.open("wb") as write:
                while block := read.read(_BLOCK):
                    write.write(block)
                    digest.update(block)
                    done += len(block)
                    report("downloading", done, size)
            with disk_errors(target):
                shutil.copymode(source, part)
                Record(done, digest.hexdigest(), str(source)).write(target)
                rename(part, target)
        finally:
            part.unlink(missing_ok=True)


def part_of(name: str) -> Path:
    """Where a file that is sent lies until it is whole."""
    return state_file(models.models_folder() / name, ".part")


def come(name: str) -> int:
    """How much there is of one."""
    try:
        return part_of(name).stat().st_size
    except OSError:
        return 0


def append(name: str, size: int, offset: int, data: bytes) -> None:
    """The next piece of one, of `size` bytes in all. Raises DownloadError."""
    target = models.models_folder() / name
    with locked(target, Reporter(None, name)), disk_errors(target):
        check_space(part_of(name).parent, size - offset, name)
        with part_of(name).open("wb" if offset == 0 else "r+b") as write:
            write.truncate(offset)
            write.seek(offset)
            write.write(data)


def take_over(name: str, report: Reporter) -> None:
    """Gives one that is whole its name, if it is a model. Raises LLModelError."""
    target, part = models.models_folder() / name, part_of(name)
    with locked(target, report):
        inspect(part)
        sha256 = file_digest(part, "sha256", report)
        with disk_errors(target):
            Record(part.stat().st_size, sha256, "sent by the page").write(target)
            rename(part, target)
