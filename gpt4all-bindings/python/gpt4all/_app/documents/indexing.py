"""Keeping collections up to date, in a thread of the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from ..._errors import LLModelError
from ..._server.errors import Failure, RequestError, failure_of
from ..._server.logs import logger
from ...documents import Collection as Known
from ...documents import Documents, Progress
from ..failures import error_of
from ..schemas.base import Error
from ..schemas.documents import Collection, FileStates, IndexingState

TELL_SECONDS = 0.5
WORTH_SECONDS = 0.05
STALE = 10
"""How many times as long as counting takes what was counted is told: it takes a second for a million chunks."""

AGAIN_SECONDS = 60.0  # after a failure, unless somebody asks before


class Indexing:
    """Watches all collections that are not paused.

    changed: called with a collection's name when there is something to tell, not too often.
    """

    def __init__(self, documents: Documents, changed: Callable[[str], None]) -> None:
        self._documents = documents
        self._changed = changed
        self._told = 0.0
        self._phases: dict[str, Progress] = {}
        self._counted: tuple[float, list[Known]] = (0.0, [])
        self._counting = threading.Lock()
        self._failure: Error | None = None
        self._wanted = threading.Event()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="indexing", daemon=True)

    def start(self) -> None:
        """Begins, and goes on with what was interrupted."""
        self._thread.start()

    def go_on(self) -> None:
        """Tries again at once what has failed, after somebody changed something."""
        self.renew()
        self._wanted.set()

    def close(self) -> None:
        """Ends after the file or batch that it is at."""
        self._closed = True
        self._wanted.set()
        while self._thread.is_alive():
            self._documents.pause()  # again, should it only just have begun to watch
            self._thread.join(0.1)

    def _work(self) -> None:
        while not self._closed:
            self._wanted.clear()
            try:
                self._documents.watch(progress=self._note)
            except Exception as error:  # whatever it is: what is found already can be searched all the same
                if self._closed:
                    return
                level = logger.info if isinstance(error, RequestError) else logger.error
                level("documents cannot be indexed: %s", error)
                self._failure = _told(error)
                self._phases.clear()
                for collection in self._documents.collections():
                    self._changed(collection.name)
                self._wanted.wait(AGAIN_SECONDS)
            else:
                # The documents were asked to end what they do, for example to change the model.
                self._wanted.wait(0.1)

    def _note(self, progress: Progress) -> None:
        self._failure = None
        before = self._phases.get(progress.collection)
        self._phases[progress.collection] = progress
        now = time.monotonic()
        if now - self._told >= TELL_SECONDS or before is None or progress.files_done == progress.files:
            self._told = now
            self._changed(progress.collection)

    def collections(self) -> list[Collection]:
        """All of them, as the page gets them, which asks often while something is indexed."""
        with self._counting:
            until, known = self._counted
            if time.monotonic() >= until:
                begun = time.monotonic()
                known = self._documents.collections()
                now = time.monotonic()
                took = now - begun
                # What takes no time is not kept: whoever has changed something wants to see it.
                self._counted = (now + STALE * took if took > WORTH_SECONDS else 0.0, known)
        return [self._shown(each) for each in known]

    def renew(self) -> None:
        """Has collections() count again, as something else than indexing has changed them."""
        self._counted = (0.0, [])

    def renamed(self, before: str, after: str) -> None:
        """To be told when a collection has another name."""
        if before in self._phases:
            self._phases[after] = self._phases.pop(before)
        self.renew()

    def _shown(self, known: Known) -> Collection:
        job, progress = known.indexing, self._phases.get(known.name)
        state, error = str(job.state), None if job.error is None else _failed(job.error)
        if state == "interrupted":
            state = "running"  # it is taken up by itself
        if state == "running" and progress is not None and progress.phase == "waiting":
            state = "waiting"
        if self._failure is not None and state != "paused":
            # Before any file was read, such as that the model is missing.
            state, error = "failed", self._failure
        running = state in ("running", "waiting")
        return Collection(
            name=known.name,
            folders=[str(folder) for folder in known.folders],
            embed_model=known.embed_model,
            states=FileStates.model_validate(dict(known.states)),
            chunks=known.chunks,
            embedded=known.embedded,
            indexing=IndexingState.model_validate(
                {
                    "state": state,
                    "done": job.files_done,
                    "total": job.files,
                    "file": job.path if running and job.path else None,
                    "chunks_per_second": job.chunks_per_second,
                    "seconds_left": job.seconds_left if running else None,
                    "error": error,
                }
            ),
        )


def _told(error: Exception) -> Error:
    """What the page is told of an error that ended the indexing."""
    known = failure_of(error) if isinstance(error, (LLModelError, RequestError)) else None
    if known is None or known.code is None:
        return _failed(str(error) or type(error).__name__)
    return error_of(known)


def _failed(message: str) -> Error:
    """One of which no more is known than what it says, as the database keeps it."""
    return error_of(Failure(500, message, "server_error", "indexing_failed"))
