"""GPT4All: a Model that is found by its name."""

from __future__ import annotations

import os
import pathlib
from typing import TYPE_CHECKING

from ._errors import ModelNotFoundError
from ._library import Progress
from .model import Model, Path

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from . import types

DEFAULT_MODEL = "SmolLM2-135M-Instruct-Q4_1.gguf"


def models_folder() -> pathlib.Path:
    """Where downloaded models lie: $GPT4ALL_CACHE/models, or ~/.cache/gpt4all/models."""
    cache = os.environ.get("GPT4ALL_CACHE")
    return (pathlib.Path(cache) if cache else pathlib.Path.home() / ".cache" / "gpt4all") / "models"


def find_model(path_or_name: Path) -> pathlib.Path:
    """The file that a path, or the name of a file in models_folder() with or without ".gguf", stands for.

    Raises ModelNotFoundError, which lists where it looked.
    """
    given = pathlib.Path(path_or_name)
    tried = [given]
    if given.name == os.fspath(path_or_name):
        tried.append(models_folder() / given)
        if given.suffix != ".gguf":
            tried.append(models_folder() / f"{given.name}.gguf")
    for path in tried:
        if path.is_file():
            return path
    where = ", ".join(str(path) for path in tried)
    raise ModelNotFoundError(
        f"there is no model {os.fspath(path_or_name)!r}; looked at {where}", {"tried": [str(path) for path in tried]}
    )


class GPT4All(Model):
    """A Model opened by its path, or by its bare name if it lies in the cache folder. Else the same."""

    def __init__(
        self, path_or_name: Path, *, progress: Progress | None = None, **options: Unpack[types.OpenOptions]
    ) -> None:
        super().__init__(find_model(path_or_name), progress=progress, **options)
