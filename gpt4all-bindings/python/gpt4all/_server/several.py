"""Several answers, streamed as if they were choices of one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import replace

from .workers.frames import Frame
from .workers.worker import Answer

Ask = AbstractAsyncContextManager[Answer]


class Several:
    """The frames of several answers as they come, each with the index of its choice among all choices.

    choices: how many each of them has. Used as an asynchronous context manager, at whose end whatever is still being
    answered is cancelled. The first that fails is raised, and fails them all.
    """

    def __init__(self, asks: Sequence[Ask], choices: int) -> None:
        self._asks = asks
        self._choices = choices
        self._left = len(asks)
        self._come: asyncio.Queue[list[Frame] | Exception] = asyncio.Queue()

    async def __aenter__(self) -> Several:
        self._tasks = [
            asyncio.create_task(self._pass_on(ask, place * self._choices)) for place, ask in enumerate(self._asks)
        ]
        return self

    async def __aexit__(self, *_: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def batch(self) -> list[Frame]:
        """As of one answer."""
        while self._left:
            come = await self._come.get()
            if isinstance(come, Exception):
                raise come
            if come:
                return come
            self._left -= 1
        return []

    async def _pass_on(self, ask: Ask, first: int) -> None:
        try:
            async with ask as answer:
                while frames := await answer.batch():
                    self._come.put_nowait([_counted_on(frame, first) for frame in frames])
        except Exception as error:
            self._come.put_nowait(error)
        else:
            self._come.put_nowait([])


def _counted_on(frame: Frame, first: int) -> Frame:
    if frame.kind != "result":
        return replace(frame, index=first + frame.index)
    choices = [{**choice, "index": first + choice["index"]} for choice in frame.data["choices"]]
    return replace(frame, data={**frame.data, "choices": choices})
