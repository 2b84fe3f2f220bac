"""A request's way to its model: by name, in its turn, for as long as its client waits."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

from fastapi import Request

from .._errors import CancellationError
from .access.keys import hashed, key_of
from .admission import Admission
from .errors import RequestError
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
        self.pool = Pool(Options(settings.memory_budget, settings.keep_alive, settings.open, pinned))
        self._queues: dict[str, Admission] = {}

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
        async with self.pool.use(model.path, keep_alive) as worker:
            async with self.queue(model, worker).turn(client_of(request)):
                answer = worker.submit(operation, body)
                watch = asyncio.create_task(self._watch(request, answer))
                try:
                    yield answer
                finally:
                    watch.cancel()
                    answer.close()

    async def _watch(self, request: Request, answer: Answer) -> None:
        """Ends the answer when nobody waits for it any more."""
        try:
            await asyncio.wait_for(_gone(request), self.settings.request_seconds)
        except asyncio.TimeoutError:
            answer.end(
                RequestError(504, f"the request took more than {self.settings.request_seconds:g} s", code="timeout")
            )
        else:
            answer.end(CancellationError("the client went away"))


def client_of(request: Request) -> str:
    """Whose turn it is: a key's, or an address's."""
    key = key_of(dict(request.scope["headers"]))
    return hashed(key) if key else request.client.host if request.client else ""


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


def now() -> int:
    """Seconds since 1970."""
    return int(time.time())
