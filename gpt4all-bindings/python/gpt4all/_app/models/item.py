"""One download, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ... import models
from ..._errors import LLModelError
from ..._server.errors import failure_of
from ...models import ChecksumError, DiskFullError, OfflineError, UnreachableError
from ..schemas.base import Error
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


REMEDIES = (
    "Try again; what has come so far is kept.",
    "Choose another model or another quantisation of it.",
    "Import the model from a file that was downloaded in another way.",
)


def download_error(error: LLModelError) -> Error:
    """What went wrong, and three things to do about it."""
    failure = failure_of(error)
    first, second, third = REMEDIES
    code = failure.code or "download_failed"
    if isinstance(error, DiskFullError):
        code, first = "disk_full", "Free some space, and try again; what has come so far is kept."
        second = "Choose a smaller model or a smaller quantisation of it."
        third = "Have models kept on another disk, with the environment variable GPT4ALL_CACHE."
    elif isinstance(error, OfflineError):
        code, first = "offline", "Unset GPT4ALL_OFFLINE and HF_HUB_OFFLINE, and start the application again."
    elif isinstance(error, UnreachableError):
        code, first = "unreachable", "Look at the connection to the internet, and try again."
    elif isinstance(error, ChecksumError):
        code, first = "checksum", "Try again; what was damaged has been deleted."
    return Error(message=error.message, code=code, param=None, remedies=[first, second, third])
