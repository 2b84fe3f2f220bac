"""For how long a request is worked on: until its client goes away, or its time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from .._errors import CancellationError
from .errors import RequestError
from .workers.worker import Answer

Gone = Callable[[], Coroutine[Any, Any, None]]


class Patience:
    """Ends what one task of asyncio does for a request: its waiting for a model and for its turn, then the answer.

    gone: returns when the client has gone away; None: it cannot. seconds: what the request may take; None: any time.

    Used as an asynchronous context manager, in which the task works; it raises CancellationError for a client that went
    away while the request waited, and RequestError 504 when the time was up by then. The answer gets the same errors.
    """

    def __init__(self, gone: Gone | None, seconds: float | None) -> None:
        self._gone = gone or _never
        self._seconds = seconds
        self._why: Exception | None = None
        self._answer: Answer | None = None

    def given(self, answer: Answer) -> None:
        """The request is being answered from now on."""
        self._answer = answer

    async def __aenter__(self) -> Patience:
        self._task = asyncio.current_task()
        self._watch = asyncio.create_task(self._wait())
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: object) -> None:
        self._watch.cancel()
        if isinstance(error, asyncio.CancelledError) and self._answer is None and self._why is not None:
            uncancel = getattr(self._task, "uncancel", None)  # Python 3.11
            if uncancel is None or uncancel() == 0:
                raise self._why from None

    async def _wait(self) -> None:
        try:
            await asyncio.wait_for(self._gone(), self._seconds)
        except asyncio.TimeoutError:
            self._why = RequestError(504, f"the request took more than {self._seconds:g} s", code="timeout")
        else:
            self._why = CancellationError("the client went away")
        if self._answer is not None:
            self._answer.end(self._why)
        elif self._task is not None:
            self._task.cancel()


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
