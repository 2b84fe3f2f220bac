"""Tells all open pages that something changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from .schemas.state import Change

WAITING = 1000
"""How many changes may wait for one page."""


class Bus:
    """For one event loop; publish() may be called by any thread."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[Change | None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._closed = False

    def start(self) -> None:
        """To be called by the loop."""
        self._loop = asyncio.get_running_loop()

    def publish(self, type: str, id: str | None = None) -> None:
        """type: one of Change's."""
        change = Change.model_validate({"type": type, "id": id})
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._put, change)

    def close(self) -> None:
        """Ends all streams."""
        self._closed = True
        self._put(None)

    def _put(self, change: Change | None) -> None:
        for queue in self._queues:
            if change is None or queue.qsize() < WAITING:
                queue.put_nowait(change)

    async def follow(self) -> AsyncIterator[Change]:
        """Changes from now on."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue()
        if self._closed:
            return
        self._queues.add(queue)
        try:
            while (change := await queue.get()) is not None:
                yield change
        finally:
            self._queues.discard(queue)
