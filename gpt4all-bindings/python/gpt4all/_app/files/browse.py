"""Choosing files and folders, in the home folder and in those that the person names: nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from ..._server.errors import RequestError
from ..schemas.files import Browsed, BrowsedEntry

MOST_ENTRIES = 5000


def roots(folders: Iterable[str]) -> list[Path]:
    """Where one may look: the home folder, and the others that are there. All are resolved."""
    found = [Path.home(), *(path for folder in folders if (path := _absolute(folder)) is not None)]
    return list(dict.fromkeys(path.resolve() for path in found if path.is_dir()))


def _absolute(folder: str) -> Path | None:
    """None for what can be no folder, such as the home of a user that there is not: the others are still roots."""
    try:
        path = Path(folder).expanduser()
        path.is_dir()
    except (OSError, ValueError, RuntimeError):
        return None
    return path if path.is_absolute() else None


def resolved(path: str, allowed: Sequence[Path]) -> Path:
    """Where a path leads, past all links. Raises RequestError 403 outside of the roots, 404 for what is not there."""
    shown = path if len(path) <= 200 else f"{path[:200]}…"
    try:
        given = Path(path).expanduser()
        if not given.is_absolute():
            raise RequestError(400, f"{shown} is not a whole path", code="invalid_request", param="path")
        found = given.resolve()
        # Before looking whether it is there, which would tell what lies elsewhere.
        if not is_inside(found, allowed):
            raise _outside(shown)
        found.stat()
    except (OSError, ValueError, RuntimeError) as error:  # not there, not readable, a NUL in it, links in a circle
        raise RequestError(404, f"{shown} cannot be opened: {_why(error)}", code="not_found", param="path") from None
    return found


def is_inside(path: Path, allowed: Sequence[Path]) -> bool:
    """Whether a resolved path is a root or below one."""
    return any(path.is_relative_to(root) for root in allowed)


def browse(path: str | None, allowed: Sequence[Path]) -> Browsed:
    """What is in a folder; in the first root if none is given. Hidden files, and links that lead out, are left out.

    Raises RequestError 400, 403, 404.
    """
    if not allowed:
        raise RequestError(404, "there is no folder that may be looked into", code="not_found")
    folder = allowed[0] if path is None else resolved(path, allowed)
    if not folder.is_dir():
        raise RequestError(400, f"{folder} is not a folder", code="not_a_folder", param="path")
    try:
        names = sorted(os.listdir(folder), key=str.casefold)
    except OSError as error:
        raise RequestError(
            403, f"{folder} cannot be opened: {_why(error)}", code="not_readable", param="path"
        ) from None
    shown = [name for name in names if not name.startswith(".") and _is_text(name)]
    entries = [entry for name in shown[:MOST_ENTRIES] if (entry := _entry(folder / name, allowed)) is not None]
    entries.sort(key=lambda entry: not entry.folder)
    return Browsed(
        path=str(folder),
        parent=str(folder.parent) if is_inside(folder.parent, allowed) else None,
        roots=[str(root) for root in allowed],
        entries=entries,
        truncated=len(shown) > MOST_ENTRIES,
    )


def _entry(path: Path, allowed: Sequence[Path]) -> BrowsedEntry | None:
    try:
        if path.is_symlink() and not is_inside(path.resolve(), allowed):
            return None
        if path.is_dir():
            return BrowsedEntry(name=path.name, path=str(path), folder=True, size=None)
        if path.is_file():
            return BrowsedEntry(name=path.name, path=str(path), folder=False, size=path.stat().st_size)
    except (OSError, RuntimeError):
        return None
    return None


def _is_text(name: str) -> bool:
    """Whether JSON can have it."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _outside(shown: str) -> RequestError:
    return RequestError(
        403,
        f"{shown} is outside of the folders that the application may look into; add its folder in the settings, under "
        "Further folders",
        code="outside_of_roots",
        param="path",
    )


def _why(error: Exception) -> str:
    return (error.strerror if isinstance(error, OSError) else None) or str(error)
