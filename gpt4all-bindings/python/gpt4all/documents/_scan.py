"""Which files there are in a folder, and which of them changed."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ._errors import Reason
from ._parsers.formats import format_of
from ._store import Store

SKIPPED = ("node_modules", "__pycache__", "venv", "build", "target", "dist")  # folders of what is made, not written
KEPT_SECONDS = 30 * 24 * 3600  # how long what a vanished file said is kept, in case it comes back

READY = "ready"
PENDING = "pending"
UNREADABLE = "unreadable"
MISSING = "missing"


@dataclass(frozen=True)
class Entry:
    """A file as it is found. message: why it is left out, if it is."""

    relpath: str
    size: int
    mtime_ns: int
    reason: Reason | None = None
    message: str | None = None


def entries(folder: Path, rules: Sequence[str]) -> Iterator[Entry]:
    """The files below a folder. Hidden ones, and those that the rules exclude, are not mentioned.

    rules: patterns as in .gitignore.
    """
    excluded = _spec(rules)
    root = folder.resolve()
    for where, folders, names in os.walk(root):
        base = Path(where).relative_to(root)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and name not in SKIPPED and not excluded(f"{(base / name).as_posix()}/")
        )
        for name in sorted(names):
            relpath = (base / name).as_posix()
            if name.startswith(".") or excluded(relpath):
                continue
            if (entry := _entry(root, relpath)) is not None:
                yield entry


def _spec(rules: Sequence[str]) -> Any:
    if not rules:
        return lambda _: False
    from pathspec import GitIgnoreSpec

    return GitIgnoreSpec.from_lines(rules).match_file


def _entry(root: Path, relpath: str) -> Entry | None:
    path = root / relpath
    try:
        relpath.encode("utf-8")
        state = path.lstat()
        if path.is_symlink():
            if path.resolve().is_relative_to(root):
                return None  # what it leads to is found by itself
            return Entry(relpath, 0, 0, Reason.INACCESSIBLE, "it is a link that leads out of the folder")
    except UnicodeEncodeError:
        shown = relpath.encode("utf-8", "replace").decode()
        return Entry(shown, 0, 0, Reason.INACCESSIBLE, "its name is not UTF-8; rename it")
    except OSError as error:
        return Entry(relpath, 0, 0, Reason.INACCESSIBLE, error.strerror or str(error))
    if format_of(path.name) is None:
        kind = f"*{path.suffix}" if path.suffix else path.name
        return Entry(relpath, state.st_size, state.st_mtime_ns, Reason.UNSUPPORTED, f"files named {kind} are not read")
    return Entry(relpath, state.st_size, state.st_mtime_ns)


def scan(store: Store, folder: int) -> bool:
    """Compares a folder with what is known of it: new and changed files become pending, vanished ones missing.

    Returns whether the folder is there; if it is not, as of a disk that is not connected, nothing changes. Nor does it
    if its collection is removed meanwhile.
    """
    rows = store.rows("SELECT path, rules FROM folders WHERE id = ?", (folder,))
    if not rows or not Path(rows[0][0]).is_dir():
        return False
    path, rules = rows[0]
    known = {
        row[0]: row[1:]
        for row in store.rows("SELECT relpath, size, mtime_ns, state FROM files WHERE folder_id = ?", (folder,))
    }
    changes = []
    for entry in entries(Path(path), json.loads(rules)):
        before = known.pop(entry.relpath, None)
        if before is not None and before[:2] == (entry.size, entry.mtime_ns) and before[2] != MISSING:
            continue
        state = PENDING if entry.reason is None else UNREADABLE
        reason = entry.reason.value if entry.reason else None
        changes.append((folder, entry.relpath, entry.size, entry.mtime_ns, state, reason, entry.message))
    now = time.time()
    with store.change() as connection:
        if not store.rows("SELECT 1 FROM folders WHERE id = ?", (folder,)):
            return False
        connection.executemany(
            "INSERT INTO files (folder_id, relpath, size, mtime_ns, state, reason, message) "
            "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (folder_id, relpath) DO UPDATE SET size = excluded.size, "
            "mtime_ns = excluded.mtime_ns, state = excluded.state, reason = excluded.reason, "
            "message = excluded.message, missing_since = NULL",
            changes,
        )
        connection.executemany(
            "UPDATE files SET state = 'missing', reason = NULL, message = NULL, missing_since = ? "
            "WHERE folder_id = ? AND relpath = ? AND state != 'missing'",
            [(now, folder, relpath) for relpath in known],
        )
        connection.execute("DELETE FROM files WHERE folder_id = ? AND missing_since < ?", (folder, now - KEPT_SECONDS))
        connection.execute("UPDATE folders SET last_scan = ? WHERE id = ?", (now, folder))
    return True
