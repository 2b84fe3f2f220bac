"""Who is next: a bounded number of requests runs in a model, the others wait, and all clients take turns."""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict, deque
from collections.abc import AsyncIterator

from .errors import RequestError


class Admission:
    """A queue for one model.

    limit: requests that may run at once. max_waiting: requests that may wait; a further one is refused.
    """

    def __init__(self, limit: int, max_waiting: int) -> None:
        self._limit = limit
        self._max_waiting = max_waiting
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()  # by client, next first
        self.running = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return sum(len(queue) for queue in self._waiting.values())

    @contextlib.asynccontextmanager
    async def turn(self, client: str) -> AsyncIterator[None]:
        """Waits until this client's request may run. Raises RequestError 429 if too many wait already."""
        await self._enter(client)
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, client: str) -> None:
        if self.running < self._limit and not self._waiting:
            self.running += 1
            return
        if self.waiting >= self._max_waiting:
            raise RequestError(
                429,
                f"{self.waiting} requests are waiting for this model already; try again later",
                kind="rate_limit_error",
                code="rate_limit_exceeded",
                headers={"Retry-After": str(max(1, self.waiting // max(1, self._limit)))},
            )
        place = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(client, deque()).append(place)
        try:
            await place
        except BaseException:
            if place.done() and not place.cancelled():
                self._leave()  # it was its turn already
            else:
                self._forget(client, place)
            raise

    def _forget(self, client: str, place: asyncio.Future[None]) -> None:
        queue = self._waiting.get(client)
        if queue is not None and place in queue:
            queue.remove(place)
            if not queue:
                del self._waiting[client]

    def _leave(self) -> None:
        self.running -= 1
        while self._waiting and self.running < self._limit:
            client, queue = self._waiting.popitem(last=False)
            place = queue.popleft()
            if queue:
                self._waiting[client] = queue  # behind all others
            if not place.done():
                self.running += 1
                place.set_result(None)
