"""A download, and what its client is told of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from ... import models
from ...models import DownloadError, OfflineError, ProgressInfo
from ..errors import RequestError, failure_of
from ..logs import log_failure
from . import failures
from .answers import line

PHASES = {
    "waiting": "waiting for another download of this model",
    "checking": "checking what is there already",
    "extracting": "extracting",
    "converting": "converting",
    "verifying": "verifying sha256 digest",
}


class Download:
    """One model, in a thread. It ends when nobody listens any more, and the next one goes on from there.

    done: called when the model is there.
    """

    def __init__(self, name: str, done: Callable[[], None]) -> None:
        self._name = name
        self._done = done
        self._news: asyncio.Queue[ProgressInfo | None] = asyncio.Queue()
        self._left = threading.Event()
        self._task: asyncio.Task[Path] | None = None
        self._first: ProgressInfo | None = None
        entry = models.find(name)
        self._digest = f"sha256:{entry.sha256}" if entry is not None and entry.sha256 else None

    async def begin(self) -> None:
        """Returns when there is something to tell. Raises LLModelError, RequestError if it fails before."""
        loop = asyncio.get_running_loop()

        def note(progress: ProgressInfo) -> bool:
            loop.call_soon_threadsafe(self._news.put_nowait, progress)
            return not self._left.is_set()

        self._task = asyncio.create_task(asyncio.to_thread(models.pull, self._name, progress=note))
        self._task.add_done_callback(self._ended)
        try:
            self._first = await self._news.get()
        except BaseException:
            self._left.set()
            raise
        if self._first is None:
            self.check()

    def _ended(self, task: asyncio.Task[Path]) -> None:
        if not task.cancelled() and task.exception() is None:
            self._done()
        self._news.put_nowait(None)

    async def lines(self) -> AsyncIterator[bytes]:
        """Ollama's lines, to the end."""
        yield line({"status": "pulling manifest"})
        try:
            progress = self._first
            while progress is not None:
                yield line(self._told(progress))
                progress = await self._news.get()
            self.check()
        except Exception as error:
            log_failure(error)
            yield line(failures.body(failure_of(error), ""))
        else:
            yield line({"status": "success"})
        finally:
            self._left.set()

    def check(self) -> None:
        """Raises LLModelError, RequestError if it has failed."""
        assert self._task is not None
        try:
            self._task.result()
        except OfflineError:
            raise
        except DownloadError as error:
            raise RequestError(502, error.message, kind="server_error", code="download_failed") from None

    def _told(self, progress: ProgressInfo) -> dict[str, Any]:
        told: dict[str, Any] = {"status": PHASES.get(progress.phase, f"pulling {self._name}")}
        if self._digest is not None:
            told["digest"] = self._digest
        if progress.total_bytes is not None:
            told |= {"total": progress.total_bytes, "completed": progress.done_bytes}
        return told
