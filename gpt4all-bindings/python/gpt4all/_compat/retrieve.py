"""Finding and downloading models as older releases did it, on top of the catalogue and its downloads."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import models
from .._errors import ModelNotFoundError
from .._library import path_text
from ..models._errors import FolderError
from ..models._folders import find_local, is_file
from ..models._names import parse
from .prompts import DEFAULT_PROMPT_TEMPLATE

Row = dict[str, Any]
Download = Callable[..., Any]

default_folder: Callable[[], str | os.PathLike[str]] = models.cache_folder
"""Tells where models given by name are. gpt4all.gpt4all puts its DEFAULT_MODEL_DIRECTORY here."""


def rows() -> list[Row]:
    """Every model of the catalogue, with the keys that the old catalogue's rows had."""
    return [entry.legacy_row() for entry in models.catalogue()]


def with_extension(name: str) -> str:
    """The file name that a model's name stands for."""
    return name if name.endswith((".bin", ".gguf")) else f"{name}.gguf"


def retrieve(name: str, folder: Path, *, default: bool, download: Download | None, verbose: bool) -> Row:
    """The row of a model with the "path" of its file.

    default: whether `folder` is the default one. A default folder is made when it is needed, and files are looked for
        in the other places where they may lie, too; a folder that was named must exist, and is the only one.
    download: called with (file name, folder, verbose=…) for a file that is not there; None if that is not wanted.
    """
    name, folder = path_text(name), Path(path_text(folder))
    entry = models.find(name)
    file = entry.file if entry else with_extension(name)
    # what release 2.8.2 gave where its catalogue said nothing
    row: Row = {"systemPrompt": "", "promptTemplate": DEFAULT_PROMPT_TEMPLATE, **(entry.legacy_row() if entry else {})}
    row["promptTemplate"] = row["promptTemplate"].replace("%1", "{0}", 1).replace("%2", "{1}", 1)
    if not default and not _is_there(folder):
        raise ModelNotFoundError(
            f"there is no folder {str(folder)!r} for models; create it, or give another model_path",
            {"path": str(folder)},
        )
    found = _find(name, file, folder, anywhere=default)
    if found is not None:
        _say(f"Found model file at {str(found)!r}", verbose)
    elif download is None:
        raise ModelNotFoundError(
            f"there is no model {str(folder / file)!r}; allow_download=True would download it",
            {"path": str(folder / file)},
        )
    else:
        if default:
            _make(folder)
        found = Path(download(file if entry or "://" not in name else name, folder, verbose=verbose))
    row["path"] = str(found)
    return row


def download(
    file: str,
    folder: Path,
    *,
    verbose: bool,
    url: str | None,
    size: int | None,
    md5: str | None,
    sha256: str | None,
) -> Path:
    """Downloads a model into a folder, with progress on stderr, and returns the file.

    url: None for the sources of the catalogue, or else for where older releases had every model.
    """
    from .download import fetch  # needs requests and tqdm, which programs that only open files do not

    path = fetch(file, folder, url=url, size=size, md5=md5, sha256=sha256)
    _say(f"Model downloaded to {str(path)!r}", verbose)
    return path


def _find(name: str, file: str, folder: Path, *, anywhere: bool) -> Path | None:
    if "://" not in name:
        for candidate in (folder / file, folder / with_extension(name), folder / name):
            if is_file(candidate):
                return candidate
    return find_local(name, parse(name), folder)[0] if anywhere else None


def _is_there(folder: Path) -> bool:
    try:
        return folder.exists()
    except OSError:  # a name that is too long
        return False


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(
            f"the folder {folder} for models cannot be created: {error}", {"path": str(folder)}
        ) from error


def _say(text: str, verbose: bool) -> None:
    if verbose:
        print(text, file=sys.stderr)
