"""Puts what is written on the disk while it is written, so that a crash costs a moment of it at most."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

SECONDS = 0.4
"""How often: at most a second may be lost, writing included."""


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
                await asyncio.to_thread(self._keep, seen)
                self._kept = seen
