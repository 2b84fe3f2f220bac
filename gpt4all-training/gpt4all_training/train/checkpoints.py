"""Checkpoints that are whole: each gets a mark once all of it is on the disk, and only with that is it gone on from."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import orjson

from ..storage import write_whole

_MARK = "complete.json"
_NAME = re.compile(r"checkpoint-(\d+)")


def mark_complete(checkpoint: Path) -> None:
    """Says that a checkpoint is whole. Raises OutputError."""
    sizes = {}
    for path in sorted(each for each in checkpoint.rglob("*") if each.is_file()):
        with path.open("rb") as file:
            os.fsync(file.fileno())
        sizes[path.relative_to(checkpoint).as_posix()] = path.stat().st_size
    write_whole(checkpoint / _MARK, orjson.dumps(sizes))


def last_complete(folder: Path) -> Path | None:
    """The last whole checkpoint in a folder; None if there is none. What is not whole is removed."""
    steps = {}
    for path in folder.iterdir() if folder.is_dir() else ():
        if match := _NAME.fullmatch(path.name):
            if _is_complete(path):
                steps[int(match[1])] = path
            else:
                shutil.rmtree(path)
    return steps[max(steps)] if steps else None


def _is_complete(checkpoint: Path) -> bool:
    try:
        sizes = orjson.loads((checkpoint / _MARK).read_bytes())
    except (OSError, ValueError):
        return False
    return all((checkpoint / name).is_file() and (checkpoint / name).stat().st_size == sizes[name] for name in sizes)
