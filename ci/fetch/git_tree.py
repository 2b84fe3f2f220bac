"""The hash that git gives a folder, computed from the files as they lie on disk.

Checking what was written, instead of asking git what it believes it holds, does not depend on git's configuration, on
attributes that change files on their way out, or on the soundness of a repository that somebody else made.
Format: https://git-scm.com/book/en/v2/Git-Internals-Git-Objects
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path


def _object(kind: str, data: bytes) -> bytes:
    return hashlib.sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).digest()


def _entry(path: str) -> tuple[bytes, bytes] | None:
    """Mode and hash of one name; None for an empty folder, which git does not record."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        return b"120000", _object("blob", os.fsencode(os.readlink(path)))
    if stat.S_ISDIR(mode):
        digest = _tree(path)
        return (b"40000", digest) if digest else None
    with open(path, "rb") as handle:
        return (b"100755" if mode & stat.S_IXUSR else b"100644"), _object("blob", handle.read())


def _tree(folder: str) -> bytes | None:
    rows: list[tuple[bytes, bytes]] = []
    for name in os.listdir(folder):
        found = _entry(os.path.join(folder, name))
        if found:
            mode, digest = found
            raw = os.fsencode(name)
            # git sorts a folder as if its name ended in a slash
            rows.append((raw + b"/" if mode == b"40000" else raw, mode + b" " + raw + b"\0" + digest))
    return _object("tree", b"".join(row for _, row in sorted(rows))) if rows else None


def tree_hash(folder: Path) -> str:
    """The git tree hash of `folder`, in hexadecimal; nothing in it is ignored."""
    digest = _tree(str(folder))
    return (digest if digest else _object("tree", b"")).hex()


def files_below(folder: Path) -> Iterator[str]:
    """Every file and symbolic link under `folder`, as paths relative to it."""
    for where, folders, names in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(where, name))]
        for name in names + links:
            yield os.path.relpath(os.path.join(where, name), folder)


def same_file(left: Path, right: Path) -> bool:
    """Whether two paths are files, or links, of the same kind, content and executable bit."""
    try:
        a, b = left.lstat(), right.lstat()
        if stat.S_IFMT(a.st_mode) != stat.S_IFMT(b.st_mode):
            return False
        if stat.S_ISLNK(a.st_mode):
            return os.readlink(left) == os.readlink(right)
        same_kind = stat.S_ISREG(a.st_mode) and (a.st_mode & stat.S_IXUSR) == (b.st_mode & stat.S_IXUSR)
        return same_kind and a.st_size == b.st_size and left.read_bytes() == right.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return False
