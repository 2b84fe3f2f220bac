"""GPT4All: a Model that is found by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ._library import Progress
from .model import Model, Path
from .models import DEFAULT_MODEL, models_folder, resolve

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from . import types

__all__ = ["DEFAULT_MODEL", "GPT4All", "find_model", "models_folder"]

find_model = resolve


class GPT4All(Model):
    """A Model opened by its path, or by its bare name if it lies in the cache folder. Else the same."""

    def __init__(
        self, path_or_name: Path, *, progress: Progress | None = None, **options: Unpack[types.OpenOptions]
    ) -> None:
        super().__init__(resolve(path_or_name), progress=progress, **options)
