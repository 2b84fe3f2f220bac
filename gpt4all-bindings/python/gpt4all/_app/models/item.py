"""One download, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ... import models
from ..._errors import LLModelError
from ..._server.errors import failure_of
from ...models import ChecksumError, DiskFullError, OfflineError, UnreachableError
from ..codes import Remedy
from ..schemas.base import Error, RemedyCode
from ..schemas.models import Download, DownloadState

Wish = Literal["pause", "remove", "close"]


@dataclass
class Item:
    """One of them. source: the file that is taken instead of a download; sent: whether the page sends it in pieces.
    wish: what it shall end for."""

    id: str
    model: str
    source: str | None = None
    sent: bool = False
    state: DownloadState = "queued"
    received: int = 0
    total: int | None = None
    error: Error | None = None
    wish: Wish | None = None
    speed: float | None = None
    since: tuple[float, int] = (0.0, 0)

    @property
    def name(self) -> str:
        """For people."""
        if self.source is not None:
            return Path(self.source).name
        entry = models.find(self.model)
        return entry.name if entry else self.model.removeprefix("hf://")

    @property
    def is_whole(self) -> bool:
        """Whether all of it has come."""
        return self.received == self.total

    def told(self) -> Download:
        left = None
        if self.speed and self.total is not None and self.state == "running":
            left = max(self.total - self.received, 0) / self.speed
        return Download(
            id=self.id,
            name=self.name,
            state=self.state,
            received=self.received,
            total=self.total,
            bytes_per_second=self.speed if self.state == "running" else None,
            seconds_left=left,
            error=self.error,
        )


def download_error(error: Exception) -> Error:
    """What went wrong, and three things to do about it."""
    first, second, third = Remedy.TRY_AGAIN_KEPT, Remedy.CHOOSE_OTHER_QUANTIZATION, Remedy.IMPORT_DOWNLOADED
    message = error.message if isinstance(error, LLModelError) else f"it failed: {error}"
    code = failure_of(error).code or "download_failed"
    if isinstance(error, DiskFullError):
        code, first = "disk_full", Remedy.FREE_SPACE_DOWNLOAD
        second = Remedy.CHOOSE_SMALLER_DOWNLOAD
        third = Remedy.MOVE_MODELS
    elif isinstance(error, OfflineError):
        code, first = "offline", Remedy.UNSET_OFFLINE
    elif isinstance(error, UnreachableError):
        code, first = "unreachable", Remedy.LOOK_AT_CONNECTION
    elif isinstance(error, ChecksumError):
        code, first = "checksum", Remedy.TRY_AGAIN_DELETED
    told = Error(message=message, code=code, param=None, remedies=[])
    return told.with_remedies(map(RemedyCode.of, (first, second, third)))
