"""The files of collections, and what is on the disk in their place now."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ._errors import Reason

COLUMNS = (
    "f.id, k.name, o.path, f.relpath, f.size, f.mtime_ns, f.state, f.reason, f.message, t.title, t.format, t.pages, "
    "t.sha256 FROM files f JOIN folders o ON o.id = f.folder_id JOIN collections k ON k.id = o.collection_id "
    "LEFT JOIN contents t ON t.id = f.content_id"
)


@dataclass(frozen=True)
class File:
    """A file of a collection.

    id: never given to another file.
    size, mtime_ns: as it was found last.
    state: "ready", "pending", "unreadable" or "missing".
    reason, message: why it is unreadable.
    title, format, pages, sha256: of what was read of it; None, as pages, where the format has none.
    """

    id: int
    collection: str
    path: Path
    size: int
    mtime_ns: int
    state: str
    reason: Reason | None
    message: str | None
    title: str | None
    format: str | None
    pages: int | None
    sha256: str | None

    def compared(self, sha256: str | None = None) -> Literal["same", "changed", "missing"]:
        """What is in its place now, compared with what was read of it.

        sha256: what to compare with instead, such as that of a passage found earlier.
        """
        wanted = sha256 or self.sha256
        try:
            found = self.path.stat()
            if wanted == self.sha256 and (found.st_size, found.st_mtime_ns) == (self.size, self.mtime_ns):
                return "same"
            with self.path.open("rb") as file:
                return "same" if digest(file) == wanted else "changed"
        except OSError:
            return "missing"


def file_of(row: Sequence[Any]) -> File:
    """Of a row with COLUMNS."""
    id, collection, folder, relpath, size, mtime_ns, state, reason, *others = row
    cause = Reason(reason) if reason else None
    return File(id, collection, Path(folder) / relpath, size, mtime_ns, state, cause, *others)


def digest(file: Any) -> str:
    """The SHA-256 of what is left to read."""
    found = hashlib.sha256()
    while piece := file.read(1 << 20):
        found.update(piece)
    return found.hexdigest()
