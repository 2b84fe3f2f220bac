"""Puts what is written on the disk while it is written, so that a crash costs a moment of it at most."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from ..._server.errors import RequestError

SECONDS = 0.4
"""How often: at most a second may be lost, writing included."""

AGAIN_SECONDS = 5.0
"""How often it is looked whether the disk has room by now."""

FULL = 507
"""The status of what the disk has no room for."""


class Keeper:
    """Calls `keep` in a thread whenever `look` says something new. An asynchronous context manager."""

    def __init__(self, look: Callable[[], Any], keep: Callable[[Any], None]) -> None:
        self._look = look
        self._keep = keep
        self._kept: Any = None
        self._ended = asyncio.Event()

    async def __aenter__(self) -> Keeper:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *_: object) -> None:
        """Waits until nothing is being written."""
        self._ended.set()
        await asyncio.shield(self._task)

    async def _run(self) -> None:
        while not self._ended.is_set():
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._ended.wait(), SECONDS)
            if not self._ended.is_set() and (seen := self._look()) != self._kept:
                # A full disk may have room the next time; if it has none at the end, that is told then.
                with contextlib.suppress(RequestError):
                    await asyncio.to_thread(self._keep, seen)
                    self._kept = seen


class Later:
    """What the disk had no room for, which is kept when it has. For one event loop."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Task[None], Callable[[], None]] = {}

    def add(self, keep: Callable[[], None], kept: Callable[[], None]) -> None:
        """keep: called in a thread until it does not raise RequestError with the status FULL any more. kept: called
        then, if it raised nothing."""
        self._waiting[asyncio.create_task(self._run(keep, kept))] = keep

    async def _run(self, keep: Callable[[], None], kept: Callable[[], None]) -> None:
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            try:
                await asyncio.to_thread(keep)
            except RequestError as error:
                if error.failure.status == FULL:
                    continue
            else:
                kept()
            del self._waiting[_current()]
            return

    async def close(self) -> None:
        """Tries once more."""
        waiting, self._waiting = self._waiting, {}
        for task, keep in waiting.items():
            task.cancel()
            with contextlib.suppress(RequestError):
                await asyncio.to_thread(keep)


def _current() -> asyncio.Task[None]:
    task = asyncio.current_task()
    assert task is not None
    return task
