"""From what a user names to a file on this machine, downloaded if need be."""

from __future__ import annotations

import dataclasses
import difflib
from pathlib import Path

from .._errors import checked_text
from .._library import PathLike, path_text
from ._catalogue import catalogue
from ._errors import ModelNotFoundError, OfflineError
from ._folders import find_local, is_folder, models_folder
from ._names import Reference, parse, safe_file_name
from ._records import Wanted
from ._settings import ProgressCallback, Reporter, Settings

DEFAULT_MODEL = "SmolLM2-135M-Instruct-Q4_1.gguf"
"""The model that commands take where none is named."""

DEFAULT_EMBEDDING_MODEL = "all-MiniLM-L6-v2.gguf2.f16.gguf"
"""The model that Embed4All and `gpt4all embed` take where none is named."""


def resolve(
    named: PathLike,
    *,
    folder: PathLike | None = None,
    allow_download: bool = True,
    offline: bool | None = None,
    progress: ProgressCallback | None = None,
    settings: Settings | None = None,
) -> Path:
    """The file of the model that `named` stands for; it is downloaded if it is not on this machine and that is allowed.

    named: a path; the name of a file in `folder`, in models_folder() or in the folder of older releases, with or
        without ".gguf"; a name or alias from the catalogue; hf://owner/repo/file[@revision]; or an https:// address.
    offline: None means as set by $GPT4ALL_OFFLINE or $HF_HUB_OFFLINE.

    The other arguments are those of pull(). An existing file is used as it is; verify() checks it.

    Raises ModelNotFoundError, which lists where it looked; OfflineError, a subclass, if a download would have helped;
    InvalidNameError; DownloadError.
    """
    text = path_text(named)
    place = Path(folder).expanduser() if folder else None
    reference = parse(text) if isinstance(named, str) else None
    path, tried = find_local(named, reference, place)
    if path is not None:
        return path
    if reference is not None and allow_download:
        return _pull(reference, place, _with_offline(settings, offline), progress)
    raise ModelNotFoundError(_not_found(text, tried, reference), {"tried": [str(path) for path in tried]})


def pull(
    named: str,
    *,
    folder: PathLike | None = None,
    offline: bool | None = None,
    progress: ProgressCallback | None = None,
    force: bool = False,
    sha256: str | None = None,
    settings: Settings | None = None,
) -> Path:
    """Downloads a model, unless a valid file of it exists, and returns its path.

    named: a name from the catalogue, hf://owner/repo/file[@revision] or an https:// address. All parts of a split model
        are fetched, and the first is returned.
    folder: where to put it, created if needed; models_folder() by default.
    progress: called with a ProgressInfo, at most about twenty times per second; if it returns False, the download ends
        with CancellationError. What was downloaded by then is kept, and the next call resumes from there.
    force: download it even if it exists.
    sha256: what the file at an address must have.

    Safe to call from several processes and threads at once: one downloads and the others wait.

    Raises ModelNotFoundError if there is no such name, OfflineError, InvalidNameError, InsecureURLError, DownloadError.
    """
    reference = parse(checked_text(named, "named"))
    if reference is None:
        raise ModelNotFoundError(_not_found(named, [], None))
    place = Path(folder).expanduser() if folder else None
    return _pull(reference, place, _with_offline(settings, offline), progress, force=force, sha256=sha256)


def download(
    address: str,
    path: PathLike,
    *,
    size: int | None = None,
    sha256: str | None = None,
    md5: str | None = None,
    offline: bool | None = None,
    progress: ProgressCallback | None = None,
    force: bool = False,
    settings: Settings | None = None,
) -> Path:
    """Downloads one file to a path of your choice, unless a valid file exists there, and returns the path.

    address: https://…, hf://owner/repo/file[@revision], or a name from the catalogue.
    size: in bytes.
    sha256, md5: in hexadecimal. Whatever is given is checked before the file gets its final name.

    The other arguments, and the errors, are those of pull().
    """
    target = Path(path).expanduser()
    safe_file_name(target.name)
    reference = parse(address)
    if reference is None:
        raise ModelNotFoundError(_not_found(address, [], None))
    wanted = Wanted.of(target, reference.entry, size=size, sha256=sha256, md5=md5)
    _get(reference, wanted, _with_offline(settings, offline), progress, force=force)
    return target


def _with_offline(settings: Settings | None, offline: bool | None) -> Settings:
    settings = settings or Settings()
    return settings if offline is None else dataclasses.replace(settings, offline=offline)


def _pull(
    reference: Reference,
    folder: Path | None,
    settings: Settings,
    progress: ProgressCallback | None,
    *,
    force: bool = False,
    sha256: str | None = None,
) -> Path:
    parts = reference.parts()
    paths = [(folder or models_folder()) / part.relative for part in parts]
    for part, path in zip(parts, paths, strict=True):
        _get(part, Wanted.of(path, part.entry, sha256=sha256), settings, progress, force=force)
    return paths[0]


def _get(
    reference: Reference, wanted: Wanted, settings: Settings, progress: ProgressCallback | None, *, force: bool
) -> None:
    """Sees that one file is there."""
    report = Reporter(progress, wanted.path.name)
    # Before the lock is taken, since the folder may be one that cannot be written to.
    if not force and wanted.is_there(report):
        return
    if settings.offline:
        raise OfflineError(
            f"{wanted.path} does not exist, and downloads are switched off; unset GPT4ALL_OFFLINE and HF_HUB_OFFLINE, "
            "or put the file there",
            {"path": str(wanted.path)},
        )
    # Not at the top: programs that only open files need neither requests nor filelock.
    from ._download import Download

    Download(reference, wanted, settings, report).run(force=force)


def _not_found(text: str, tried: list[Path], reference: Reference | None) -> str:
    looked = f"; looked in {', '.join(str(path) for path in tried)}" if tried else ""
    if reference is not None:
        return f"{text!r} is not on this machine, and may not be downloaded{looked}"
    message = f"there is no model {text!r}{looked}"
    if is_folder(Path(text).expanduser()):
        return (
            f"{message}. This is a folder: name the .gguf file in it, or make one of a folder of Hugging Face's with "
            "`gpt4all convert`"
        )
    names = {name.casefold(): name for entry in catalogue() for name in entry.names}
    close = difflib.get_close_matches(text.casefold(), names, n=3)
    return f"{message}. Did you mean {' or '.join(repr(names[name]) for name in close)}?" if close else message
