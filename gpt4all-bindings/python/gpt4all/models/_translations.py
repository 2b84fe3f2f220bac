"""Clearing away translations of model files of 2023, which the library keeps in the cache (docs/models.md)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ._files import read_json
from ._folders import cache_folder


def stale_translations(before: float, folder: Path | None = None) -> Iterator[Path]:
    """The files that nothing needs: translations of files that are gone or changed, their records and locks, and what
    was half done.

    before: what was made after it, in seconds since 1970, is left alone.
    folder: the cache's own if not given.
    """
    folder = folder or cache_folder() / "translated"
    if not folder.is_dir():
        return
    needed: set[str] = set()
    for record in sorted(folder.glob("*.json")):
        content = read_json(record)
        if _is_alive(content.get("files")) or not _is_older(record, before):
            needed.add(str(content.get("translation")))
            continue
        yield record
        lock = record.with_suffix(".lock")
        if lock.exists():
            yield lock
    for pattern in ("*.gguf", "*.part"):
        for path in sorted(folder.glob(pattern)):
            if path.name not in needed and _is_older(path, before):
                yield path


def _is_alive(files: Any) -> bool:
    """Whether the files of a record are those that were translated."""
    if not isinstance(files, list) or not files:
        return False
    try:
        return all(_identity(Path(file["path"])) == {**file, "path": None} for file in files)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _identity(path: Path) -> dict[str, Any]:
    found = path.stat()
    return {
        "path": None,
        "device": found.st_dev,
        "inode": found.st_ino,
        "size": found.st_size,
        "modified_ns": found.st_mtime_ns,
    }


def _is_older(path: Path, before: float) -> bool:
    try:
        return path.stat().st_mtime < before
    except OSError:
        return False
