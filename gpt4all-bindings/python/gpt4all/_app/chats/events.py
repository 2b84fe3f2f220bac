"""The events of one job, for whoever follows it, from any of them on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from ..._server.streaming import compact
from ..codes import Notice


def event(data: dict[str, Any]) -> bytes:
    """A server-sent event with its number, from which a browser that lost the connection goes on."""
    return b"id: %d\ndata: %s\n\n" % (data["seq"], compact(data))


class Events:
    """What happened so far, and what is to come. For one event loop."""

    def __init__(self) -> None:
        self._events: list[bytes] = []
        self._ended = False
        self._changed = asyncio.Event()

    def add(self, type: str, **members: Any) -> None:
        """Adds an event."""
        self._events.append(event({"seq": len(self._events), "type": type, **members}))
        self._wake()

    def notice(self, code: Notice, message: str, total: int | None = None) -> None:
        """Adds one that says something about the answer. message: in English. total: the number that it names."""
        self.add("notice", code=code.code, message=message, **({} if total is None else {"total": total}))

    def end(self) -> None:
        """There will be no more."""
        self._ended = True
        self._wake()

    def _wake(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def follow(self, first: int) -> AsyncIterator[bytes]:
        """The events from that number on, as they come."""
        place = max(first, 0)
        while True:
            changed = self._changed
            if place < len(self._events):
                come = self._events[place:]
                place += len(come)
                yield b"".join(come)
            elif self._ended:
                return
            else:
                await changed.wait()
