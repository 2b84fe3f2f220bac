"""A request's way to its model: by name, in its turn, for as long as its client waits."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from fastapi import Request

from .access.keys import hashed, key_of
from .admission import Admission
from .logs import logger
from .metrics import Metrics, ModelState
from .patience import Gone, Patience
from .settings import ServerSettings
from .store import Store, StoredModel
from .workers.pool import Options, Pool
from .workers.worker import Answer, Worker

# More than there are slots, so that one that becomes free does not wait for the next request to come over.
AHEAD = 2


class Inference:
    """The models of a server, and the queues before them."""

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.store = Store()
        pinned = frozenset(str(self.store.find(name).path) for name in settings.pin)
        workers = {str(self.store.find(name).path): split for name, split in settings.workers.items()}
        self.pool = Pool(Options(settings.memory_budget, settings.keep_alive, settings.open, workers, pinned))
        self.metrics = Metrics()
        self.metrics.watch(self.states, lambda: self.pool.crashes)
        self.preloaded = False
        self._queues: dict[str, Admission] = {}

    async def preload(self) -> None:
        """Opens the models that are to be open from the start. Raises LLModelError, RequestError."""
        for name in self.settings.preload:
            await self.pool.preload(self.store.find(name).path)
            logger.info("%s is open", name)
        self.preloaded = True

    def crashing(self) -> list[str]:
        """Models that are to be open from the start, and have crashed so often that they are not opened for a while."""
        paths = {str(self.store.find(name).path): name for name in self.settings.preload}
        return [name for path, name in paths.items() if self.pool.is_crashing(path)]

    def states(self) -> Iterator[ModelState]:
        """The models that are open, and what waits for them."""
        for slot in self.pool.slots:
            assert slot.worker is not None
            queue = self._queues.get(slot.path)
            yield ModelState(
                Path(slot.path).name,
                queue.running if queue else 0,
                queue.waiting if queue else 0,
                resident_bytes(slot.worker.pid),
            )

    @property
    def busy(self) -> bool:
        """Whether a model works for somebody. For any thread."""
        return any(queue.running for queue in list(self._queues.values()))

    def queue(self, model: StoredModel, worker: Worker) -> Admission:
        """The queue before a model, with as many places as it was opened with."""
        queue = self._queues.get(str(model.path))
        if queue is None:
            slots = worker.info.get("opened", {}).get("n_parallel", 1)
            queue = self._queues[str(model.path)] = Admission(slots + AHEAD, self.settings.max_waiting)
        return queue

    @contextlib.asynccontextmanager
    async def ask(
        self,
        request: Request,
        model: StoredModel,
        operation: str,
        body: Mapping[str, Any],
        keep_alive: float | None = None,
    ) -> AsyncIterator[Answer]:
        """Puts an operation to a model. When the client goes away, or its time is up, the answer ends.

        Raises LLModelError if the model cannot be opened; RequestError 429 if too many wait.
        """
        async with self.work(client_of(request), model, operation, body, keep_alive, partial(_gone, request)) as answer:
            yield answer

    @contextlib.asynccontextmanager
    async def work(
        self,
        client: str,
        model: StoredModel,
        operation: str,
        body: Mapping[str, Any],
        keep_alive: float | None = None,
        gone: Gone | None = None,
    ) -> AsyncIterator[Answer]:
        """As ask(), for a client that need not wait.

        client: whose turn it is, as of client_of(). gone: returns when the client has gone away; None: it cannot.
        """
        async with (
            Patience(gone, self.settings.request_seconds) as patience,
            self.pool.use(model.path, keep_alive) as worker,
            self.queue(model, worker).turn(client),
        ):
            answer = worker.submit(operation, body)
            patience.given(answer)
            try:
                yield answer
            finally:
                answer.close()
                self.metrics.note(model.id, answer)


def client_of(request: Request) -> str:
    """Whose turn it is: a key's, or an address's."""
    key = key_of(dict(request.scope["headers"]))
    return hashed(key) if key else request.client.host if request.client else ""


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def resident_bytes(pid: int) -> int | None:
    """The memory that a process occupies, where the system tells."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
    except OSError:
        return None
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def now() -> int:
    """Seconds since 1970."""
    return int(time.time())
