"""Where models lie, and which names may be used there."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath

from .errors import InvalidNameError

STATE = ".gpt4all"
"""The folder beside the models that holds what downloads need: partial files, locks, records."""

LONGEST_NAME = 200
"""Bytes. File systems take 255, and partial files add to the name."""

# Names that are devices on Windows, with any extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|conin\$|conout\$)(\..*)?", re.IGNORECASE | re.DOTALL)
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


def cache_folder() -> Path:
    """The folder of everything that is kept for the user: $GPT4ALL_CACHE, or ~/.cache/gpt4all."""
    named = os.environ.get("GPT4ALL_CACHE")
    return Path(named).expanduser() if named else Path.home() / ".cache" / "gpt4all"


def models_folder() -> Path:
    """The folder that models are downloaded into: `models` in cache_folder()."""
    return cache_folder() / "models"


def search_folders() -> list[Path]:
    """Where a bare file name is looked for: models_folder(), and the folder that older releases used."""
    return list(dict.fromkeys([models_folder(), cache_folder(), Path.home() / ".cache" / "gpt4all"]))


def safe_file_name(name: str) -> str:
    """`name`, if it is one that every file system takes and that stays in its folder.

    Raises InvalidNameError otherwise.
    """
    reason = _what_is_wrong(name)
    if reason:
        raise InvalidNameError(f"{name!r} cannot be a model's file name: {reason}", {"name": name})
    return name


def safe_relative_path(path: str) -> Path:
    """A path with / between names that are all safe. Raises InvalidNameError."""
    parts = path.split("/")
    for part in parts:
        safe_file_name(part)
    return Path(PurePosixPath(*parts))


def _what_is_wrong(name: str) -> str:
    if not name or name.strip(". ") == "":
        return "it is empty or made of dots"
    found = _FORBIDDEN.search(name)
    if found:
        return f"it contains {found.group()!r}"
    if name != name.strip() or name.endswith("."):
        return "it starts or ends with a space, or ends with a dot"
    if name.startswith("."):
        return "it starts with a dot"
    if _DEVICES.fullmatch(name):
        return "it is the name of a device on Windows"
    try:
        length = len(name.encode())
    except UnicodeEncodeError:
        return "it is not valid Unicode"
    if length > LONGEST_NAME:
        return f"it is longer than {LONGEST_NAME} bytes"
    return ""
