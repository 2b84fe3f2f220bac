"""From what a user names to a file on this machine."""

from __future__ import annotations

import difflib
import os
from pathlib import Path

from ._catalogue import catalogue
from ._local import PathLike, find_local
from ._reference import parse
from .errors import ModelNotFoundError

DEFAULT_MODEL = "SmolLM2-135M-Instruct-Q4_1.gguf"
DEFAULT_EMBEDDING_MODEL = "all-MiniLM-L6-v2.gguf2.f16.gguf"


def resolve(named: PathLike, *, folder: PathLike | None = None) -> Path:
    """The file of the model that `named` stands for.

    named: a path; the name of a file in `folder`, in models_folder() or in the folder of older releases, with or
    without ".gguf"; a name or alias of the catalogue; hf://owner/repo/file[@revision]; an https:// address.

    Raises ModelNotFoundError, which lists where it looked, and InvalidNameError.
    """
    text = os.fspath(named)
    reference = parse(text)
    path, tried = find_local(named, reference, Path(folder) if folder else None)
    if path is not None:
        return path
    raise ModelNotFoundError(_not_found(text, tried), {"tried": [str(path) for path in tried]})


def _not_found(text: str, tried: list[Path]) -> str:
    message = f"there is no model {text!r}; looked at {', '.join(str(path) for path in tried)}"
    names = {name.casefold(): name for entry in catalogue() for name in entry.names}
    close = difflib.get_close_matches(text.casefold(), names, n=3)
    return f"{message}. Did you mean {' or '.join(repr(names[name]) for name in close)}?" if close else message
