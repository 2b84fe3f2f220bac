"""Where models lie on this machine, and finding one there. Never touches the network."""

from __future__ import annotations

import os
from pathlib import Path

from .._library import PathLike, path_text
from ._names import Reference

STATE = ".gpt4all"
"""The folder beside the models that holds what downloads need: partial files, locks, records."""


def cache_folder() -> Path:
    """The folder for everything kept for the user: $GPT4ALL_CACHE, or ~/.cache/gpt4all."""
    named = os.environ.get("GPT4ALL_CACHE")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "gpt4all"


def models_folder() -> Path:
    """The folder that models are downloaded into: `models` in cache_folder()."""
    return cache_folder() / "models"


def search_folders() -> list[Path]:
    """Where bare file names are looked up: models_folder(), and the folder that older releases used."""
    return list(dict.fromkeys([models_folder(), cache_folder(), Path.home() / ".cache" / "gpt4all"]))


def find_local(named: PathLike, reference: Reference | None, folder: Path | None) -> tuple[Path | None, list[Path]]:
    """The file that `named` stands for, or None, and every path that was tried.

    A path stands for itself. A bare name is looked for in `folder`, then as a path, then where downloads go, each time
    also with ".gguf" behind it and by the catalogue's file name.
    """
    text = path_text(named)
    tried: list[Path] = []
    if "://" in text:
        assert reference is not None
        candidates = [place / reference.relative for place in _places(folder)]
    else:
        candidates = _candidates(text, reference, folder, bare=isinstance(named, str))
    for path in dict.fromkeys(candidates):
        tried.append(path)
        if is_file(path):
            return path, tried
    return None, tried


def _candidates(text: str, reference: Reference | None, folder: Path | None, *, bare: bool) -> list[Path]:
    given = Path(text).expanduser()
    inside = not given.is_absolute() and ".." not in given.parts
    names = [text] if text.endswith((".gguf", ".bin")) else [text, f"{text}.gguf"]
    found = [folder / name for name in names] if folder and inside else []
    found.append(given)
    if inside and (bare or given.name == text):
        for place in _places(folder):
            found += [place / name for name in names]
            if reference:
                found.append(place / reference.relative)
    return found


def _places(folder: Path | None) -> list[Path]:
    return [folder, *search_folders()] if folder else search_folders()


def is_file(path: Path) -> bool:
    """Whether it is a file; a path that cannot be one is not."""
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name too long for the file system, or with a NUL
        return False


def is_folder(path: Path) -> bool:
    """Whether it is a folder; a path that cannot be one is not."""
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
