"""Responses that can be asked for again: in memory, for each API key its own, bounded in number, size and age."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from typing import Any

from ...errors import RequestError
from ...settings import ServerSettings
from ...streaming import compact
from .items import Item


class Stored:
    """A response, with the items that its model reads. Those in the background also keep their events."""

    def __init__(self, response: dict[str, Any], context: list[Item], done: bool = True) -> None:
        self.response = response
        self.context = context
        self.done = done
        self.events: list[bytes] = []  # the place of each is its sequence_number
        self.task: asyncio.Task[None] | None = None
        self.created = 0.0
        self.size = len(compact(context)) + len(compact(response))
        self._changed = asyncio.Event()

    @property
    def id(self) -> str:
        """The response's."""
        id: str = self.response["id"]
        return id

    def add(self, events: list[bytes], done: bool = False) -> int:
        """Adds events, wakes who waits for them, and returns by how many bytes this has grown."""
        self.events += events
        self.done = done
        grown = sum(map(len, events)) + (len(compact(self.response["output"])) if done else 0)
        self.size += grown
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        return grown

    async def follow(self, after: int) -> AsyncIterator[bytes]:
        """The events behind the one of that number, as they come, until the response has ended."""
        place = after + 1
        while True:
            changed = self._changed
            if place < len(self.events):
                yield b"".join(self.events[place:])
                place = len(self.events)
            elif self.done:
                return
            else:
                await changed.wait()


class Shelf:
    """The responses of one API key, oldest first."""

    def __init__(self, settings: ServerSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._stored: OrderedDict[str, Stored] = OrderedDict()
        self._bytes = 0
        self._items: dict[str, Item] | None = None  # by id, until something changes

    @property
    def keeps(self) -> bool:
        """Whether responses can be stored at all."""
        return self._settings.stored_responses > 0

    def check(self, param: str | None = None) -> None:
        """Raises RequestError 400 if none can be stored."""
        if not self.keeps:
            raise RequestError(
                400,
                "this server stores no responses: send the whole conversation as input, and wait for the answer",
                param=param,
                code="unsupported",
            )

    def find(self, id: str, param: str | None = None) -> Stored:
        """Raises RequestError 404 if there is none, or no more; 400 if there can be none."""
        self.check(param)
        self._expire()
        found = self._stored.get(id)
        if found is None:
            raise RequestError(404, f"there is no response {id[:100]!r}, or no more", param=param, code="not_found")
        return found

    def item(self, id: str) -> Item:
        """An item that was read or written by one of the responses that have ended. Raises RequestError 404; 400 if
        responses are not stored."""
        self.check("input")
        self._expire()
        if self._items is None:
            ended = [stored for stored in self._stored.values() if stored.done]
            self._items = {
                item["id"]: item for stored in ended for item in (*stored.context, *stored.response["output"])
            }
        if id in self._items:
            return self._items[id]
        raise RequestError(404, f"there is no item {id[:100]!r}, or no more", param="input", code="not_found")

    def add(self, stored: Stored) -> None:
        """Keeps a response, and lets go of the oldest if there are too many."""
        self._expire()
        self._items = None
        stored.created = self._clock()
        self._stored[stored.id] = stored
        self._bytes += stored.size
        self._make_room(stored)

    def grow(self, stored: Stored, size: int) -> None:
        """Notes that a response has become larger."""
        if self._stored.get(stored.id) is stored:
            self._items = None
            self._bytes += size
            self._make_room(stored)

    def remove(self, stored: Stored) -> None:
        """Lets go of a response; if it is still being written, that ends."""
        self._items = None
        del self._stored[stored.id]
        self._bytes -= stored.size
        if stored.task is not None:
            stored.task.cancel()

    def _expire(self) -> None:
        if self._settings.stored_seconds < 0:
            return
        oldest = self._clock() - self._settings.stored_seconds
        while self._stored and (first := next(iter(self._stored.values()))).created <= oldest:
            self.remove(first)

    def _make_room(self, latest: Stored) -> None:
        """What is still being written goes after what is not, and the latest last: if it alone is too large."""
        settings = self._settings
        while len(self._stored) > settings.stored_responses or self._bytes > settings.stored_bytes:
            others = [stored for stored in self._stored.values() if stored is not latest]
            ended = (stored for stored in others if stored.done)
            self.remove(next(ended, others[0] if others else latest))


class ResponseStore:
    """The shelves. Where no key is asked for, there is one for all."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._shelves: dict[str, Shelf] = {}

    def of(self, key: str | None) -> Shelf:
        """The shelf of a key that was accepted, by its hash."""
        owner = key if self._settings.api_keys and key else ""
        return self._shelves.setdefault(owner, Shelf(self._settings))
