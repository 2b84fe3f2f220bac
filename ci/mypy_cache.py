"""What mypy has found out, kept in the user's cache: a fresh clone that begins with it is checked in seconds.

mypy looks at a file again whose content is another, wherever the clone lies.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ci.common import BUILD, cache_root, file_lock

IN_USE = BUILD / "mypy-cache"


def _kept() -> Path:
    return cache_root() / "mypy"


def _replace(folder: Path, source: Path) -> None:
    """Makes a folder a copy of another, or leaves it as it is if that ends half-way."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial, old = (folder.with_name(f"{folder.name}.{kind}-{os.getpid()}") for kind in ("new", "old"))
    try:
        shutil.copytree(source, partial)
        if folder.exists():
            folder.rename(old)
        partial.rename(folder)
    finally:
        for left in (partial, old):
            shutil.rmtree(left, ignore_errors=True)


def begin() -> None:
    """Brings what was kept, where this clone has nothing yet."""
    if IN_USE.exists() or not _kept().is_dir():
        return
    with file_lock(_kept().with_suffix(".lock"), "what mypy has found out"):
        _replace(IN_USE, _kept())


def keep() -> None:
    """Keeps what this clone has, for others."""
    with file_lock(_kept().with_suffix(".lock"), "what mypy has found out"):
        _replace(_kept(), IN_USE)
