"""download_model() of older releases, on top of the package's own downloads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import quote

import requests
from tqdm import tqdm

from .. import models
from .._errors import ModelNotFoundError
from ..models import ProgressInfo, UnreachableError
from ..models._names import safe_file_name

BASE_URL = "https://gpt4all.io/models/gguf/"
"""Where older releases had every model."""


class NoConnectionError(UnreachableError, requests.exceptions.ConnectionError):
    """There is no connection, also by the name under which programs of older releases catch it."""


def fetch(file: str, folder: Path, *, url: str | None, size: int | None, md5: str | None, sha256: str | None) -> Path:
    """Downloads `file` into `folder`, checked before it gets its name. Raises DownloadError and ModelNotFoundError."""
    if not folder.is_dir():
        raise ModelNotFoundError(
            f"there is no folder {str(folder)!r} for models; create it, or give another model_path",
            {"path": str(folder)},
        )
    entry = models.find(file)
    with _Bars() as bars, _also_of_requests():
        if url is None and entry is None and "://" in file:
            return models.pull(file, folder=folder, sha256=sha256, progress=bars)
        address = url or (entry.file if entry else BASE_URL + quote(file))
        path = folder / safe_file_name(entry.file if entry and url is None else file)
        return models.download(address, path, size=size, sha256=sha256, md5=md5, progress=bars)


@contextmanager
def _also_of_requests() -> Iterator[None]:
    try:
        yield
    except UnreachableError as error:
        raise NoConnectionError(error.message, error.detail) from error


class _Bars:
    """A progress bar for each phase of a download."""

    def __init__(self) -> None:
        self._phase: str | None = None
        self._bar: Any = None

    def __call__(self, progress: ProgressInfo) -> None:
        if progress.phase != self._phase:
            self._close()
            self._phase = progress.phase
            self._bar = tqdm(desc=progress.phase.capitalize(), total=progress.total_bytes, unit="iB", unit_scale=True)
        self._bar.total = progress.total_bytes
        self._bar.update(progress.done_bytes - self._bar.n)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()

    def __enter__(self) -> _Bars:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()
