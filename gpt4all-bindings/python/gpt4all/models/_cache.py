"""What was downloaded: listing it, checking it, removing it, and clearing away what downloads left behind."""

from __future__ import annotations

import contextlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .._errors import checked_text, real_number, told_as_llmodel_errors
from .._library import PathLike, path_text
from ._catalogue import CatalogueEntry, find
from ._errors import DownloadError, InvalidArgumentError, ModelNotFoundError
from ._files import disk_errors, file_digest, locked, read_json
from ._folders import STATE, cache_folder, find_local, models_folder, search_folders
from ._names import parse, split_names
from ._records import Record
from ._settings import ProgressCallback, Reporter

STALE_SECONDS = 7 * 24 * 3600
_SUFFIXES = (".gguf", ".bin")
_STATE_SUFFIX = re.compile(r"(\.archive)?(\.part|\.part\.json|\.extracted|\.json|\.lock)(\.new)?$")


@dataclass(frozen=True)
class CachedModel:
    """A model's file in the cache.

    name: the name that resolve() knows it by.
    size: in bytes.
    sha256: the hash recorded when it was downloaded, or else the catalogue's; None if neither is known.
    source: where it came from; None if it was not downloaded by this package.
    """

    name: str
    path: Path
    size: int
    sha256: str | None
    source: str | None
    entry: CatalogueEntry | None


@dataclass(frozen=True)
class Verification:
    """The outcome of verify(). ok: None if there is no known hash to compare the file with.

    expected and found: hashes in hexadecimal, of the kind that `algorithm` names.
    """

    path: Path
    ok: bool | None
    algorithm: str
    expected: str | None
    found: str


@dataclass(frozen=True)
class Pruned:
    """What prune() removed, and how many bytes that freed."""

    paths: tuple[Path, ...]
    freed_bytes: int


def list_cached(*, folder: PathLike | None = None) -> list[CachedModel]:
    """The models in `folder`, or by default in models_folder() and the folder of older releases, sorted by name."""
    tops = _tops(folder)
    found = {path: path.relative_to(top).as_posix() for top in reversed(tops) for path in _model_files(top)}
    models = [_cached(path, name) for path, name in found.items()]
    return sorted((model for model in models if model is not None), key=lambda model: model.name.casefold())


def verify(
    named: PathLike, *, folder: PathLike | None = None, progress: ProgressCallback | None = None
) -> Verification:
    """Reads a model's whole file and compares its hash with the recorded one, or else with the catalogue's.

    Raises ModelNotFoundError if it is not on this machine.
    """

    path = _local(named, folder)
    record, entry = Record.of(path), find(path.name)
    algorithm, expected = "sha256", record.sha256 if record else None
    if expected is None and entry is not None:
        algorithm, expected = ("sha256", entry.sha256) if entry.sha256 or not entry.md5 else ("md5", entry.md5)
    try:
        found = file_digest(path, algorithm, Reporter(progress, path.name))
    except OSError as error:
        raise DownloadError(f"{path} cannot be read: {error}", {"path": str(path)}) from error
    return Verification(path, None if expected is None else found == expected, algorithm, expected, found)


def remove(named: PathLike, *, folder: PathLike | None = None) -> list[Path]:
    """Deletes a model from the cache, with everything that belongs to it and all parts of a split one. Returns the
    deleted files.

    Raises ModelNotFoundError if it does not exist, InvalidArgumentError for a file that is not in the cache, and
    DownloadError while it is being downloaded.
    """
    path = _local(named, folder)
    places = _tops(folder)
    if not any(_is_below(path, place) for place in places):
        raise InvalidArgumentError(f"{path} is not in the cache ({places[0]}), so it stays", {"path": str(path)})
    paths = [one for name in split_names(path.name) if (one := path.with_name(name)).is_file()]
    for one in paths:
        _remove_one(one)
    return paths


def discard(named: str, *, folder: PathLike | None = None) -> None:
    """Deletes what an unfinished download of a model left behind. What is complete stays.

    Raises ModelNotFoundError if there is no such name, and DownloadError while it is being downloaded.
    """
    from filelock import Timeout

    reference = parse(checked_text(named, "named"))
    if reference is None:
        raise ModelNotFoundError(f"there is no model {named!r} that could be downloaded")
    for part in reference.parts():
        path = (Path(folder) if folder else models_folder()) / part.relative
        record = path.parent / STATE / f"{path.name}.json"
        left = [one for one in _state_files(path.parent / STATE).get(path.name, []) if one != record]
        if not left:
            continue
        try:
            with locked(path, None), disk_errors(path):
                for one in left:
                    one.unlink(missing_ok=True)
        except Timeout as error:
            raise DownloadError(f"{path} is being downloaded; stop the download first", {"path": str(path)}) from error


def _remove_one(path: Path) -> None:
    from filelock import Timeout

    try:
        with locked(path, None), disk_errors(path):
            path.unlink()
            for left in _state_files(path.parent / STATE).get(path.name, []):
                left.unlink(missing_ok=True)
    except Timeout as error:
        raise DownloadError(f"{path} is being downloaded; stop the download first", {"path": str(path)}) from error


def prune(*, folder: PathLike | None = None, older_than_seconds: float = STALE_SECONDS) -> Pruned:
    """Deletes leftovers of downloads that have not been touched for that long: partial files, locks, records of deleted
    files, and folders that this leaves empty. Running downloads are left alone. If no folder is given, translations of
    model files that were deleted or changed are deleted too, and rearranged weights of models that were not opened for
    that long.
    """
    tops = _tops(folder)
    removed: list[tuple[Path, int]] = []
    before = time.time() - real_number(older_than_seconds, "older_than_seconds")
    for below in [below for top in tops for below in _folders_of(top)]:
        for name, files in _state_files(below / STATE).items():
            removed += _prune_one(below / name, files, before)
        removed += [_unlinked(path) for path in below.glob("*.gguf.part") if path.stat().st_mtime < before]
    if folder is None:
        removed += [_unlinked(path) for path in (*stale_translations(before), *unused_panels(before))]
    for top in tops:
        _remove_empty_folders(top)
    return Pruned(tuple(path for path, _ in removed), sum(size for _, size in removed))


def _prune_one(target: Path, files: list[Path], before: float) -> list[tuple[Path, int]]:
    """Deletes what is left of one download, unless it is young, or running."""
    from filelock import Timeout

    record = target.parent / STATE / f"{target.name}.json"
    left = [path for path in files if path != record or not target.exists()]
    if not left or any(path.stat().st_mtime > before for path in left if path.exists()):
        return []
    try:
        with locked(target, None):
            return [_unlinked(path) for path in left if path.exists()]
    except (Timeout, DownloadError):  # running, or in a folder that cannot be written
        return []


def _unlinked(path: Path) -> tuple[Path, int]:
    size = path.stat().st_size
    with contextlib.suppress(PermissionError):  # Windows keeps a lock that is held
        path.unlink(missing_ok=True)
    return path, size


def _state_files(state: Path) -> dict[str, list[Path]]:
    """The files that downloads left in such a folder, by the name of the model they are for."""
    found: dict[str, list[Path]] = {}
    for path in sorted(state.iterdir()) if state.is_dir() else []:
        name = _STATE_SUFFIX.sub("", path.name)
        if name != path.name:
            found.setdefault(name, []).append(path)
    return found


def _tops(folder: PathLike | None) -> list[Path]:
    """The folders to look into. Raises LLModelIOError for one that no file system can have, or that is closed to us."""
    top, *others = search_folders() if folder is None else [Path(path_text(folder))]
    with told_as_llmodel_errors("looking into", top):
        top.is_dir()
    # A service has no access to anybody's home, where older releases kept models.
    return [top, *(other for other in others if os.access(other, os.R_OK | os.X_OK))]


def _folders_of(top: Path) -> Iterator[Path]:
    """The folders that downloads put models in: the top one, and those below hf and url."""
    yield top
    for kind in (top / "hf", top / "url"):
        for below in (kind, *sorted(kind.rglob("*"))):
            if below.is_dir() and below.name != STATE:
                yield below


def _model_files(top: Path) -> Iterator[Path]:
    for below in _folders_of(top):
        if below.is_dir():
            yield from (path for path in sorted(below.iterdir()) if path.suffix in _SUFFIXES and path.is_file())


def _remove_empty_folders(top: Path) -> None:
    for below in sorted(_folders_of(top), reverse=True):
        for path in (below / STATE, below if below != top else None):
            if path is not None:
                with contextlib.suppress(OSError):  # not empty, or not there
                    path.rmdir()


def _cached(path: Path, name: str) -> CachedModel | None:
    try:
        size = path.stat().st_size
    except OSError:
        return None
    record, entry = Record.of(path), find(path.name)
    known = record.sha256 if record else entry.sha256 if entry else None
    return CachedModel(name, path, size, known, record.source if record else None, entry)


def _local(named: PathLike, folder: PathLike | None) -> Path:
    reference = parse(named) if isinstance(named, str) else None
    path, tried = find_local(named, reference, Path(folder) if folder else None)
    if path is None:
        where = ", ".join(str(one) for one in tried)
        raise ModelNotFoundError(f"there is no model {os.fspath(named)!r} on this machine; looked in {where}")
    return path


def _is_below(path: Path, folder: Path) -> bool:
    return path.resolve().is_relative_to(folder.resolve())


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


def unused_panels(before: float, folder: Path | None = None) -> Iterator[Path]:
    """The files of weights rearranged for the CPU that were not used since `before`, in seconds since 1970: the library
    takes the time of each use. One that is in use may go; whoever has it keeps it in memory.

    folder: the cache's own if not given.
    """
    folder = folder or cache_folder() / "panels"
    for pattern in ("*.panels", "*.part"):
        yield from (path for path in sorted(folder.glob(pattern)) if _is_older(path, before))


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
