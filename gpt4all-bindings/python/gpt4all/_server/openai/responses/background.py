"""Responses that go on without their client."""

from __future__ import annotations

import asyncio

from ...errors import failure_of
from ...inference import Inference
from ...logs import log_failure
from ...store import StoredModel
from .events import Answering, Events
from .requests import Asked
from .store import Shelf, Stored
from .truncation import fitted


class Background:
    """The responses that are being written."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, client: str, model: StoredModel, asked: Asked, shelf: Shelf) -> Stored:
        """Begins one, and keeps it from now on. client: whose turn it takes."""
        answering = Answering(asked, "queued")
        stored = Stored(answering.response, asked.context, done=False)
        stored.add(answering.begin())
        task = asyncio.create_task(self._run(client, model, asked, answering, stored, shelf))
        stored.task = task
        self._tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            if not answering.done:  # perhaps it had not even begun
                _note(shelf, stored, answering.cancel(), done=True)

        task.add_done_callback(ended)
        shelf.add(stored)
        return stored

    async def cancel(self, stored: Stored) -> None:
        """Ends one, if it has not ended yet, and waits until it has."""
        if stored.task is not None and not stored.done:
            stored.task.cancel()
            await asyncio.wait([stored.task])

    async def close(self) -> None:
        """Ends all."""
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(
        self, client: str, model: StoredModel, asked: Asked, answering: Answering, stored: Stored, shelf: Shelf
    ) -> None:
        try:
            body = await fitted(self._inference, client, model, asked)
            async with self._inference.work(client, model, "chat", body) as answer:
                _note(shelf, stored, answering.start())
                while frames := await answer.batch():
                    events = [event for frame in frames for event in answering.take(frame)]
                    _note(shelf, stored, events, answering.done)
        except Exception as error:
            log_failure(error)
            if not answering.done:
                _note(shelf, stored, answering.fail(failure_of(error)), done=True)


def _note(shelf: Shelf, stored: Stored, events: Events, done: bool = False) -> None:
    shelf.grow(stored, stored.add(events, done))
