"""Answers that are being written, for asyncio: AsyncStream gives the pieces as they come, and awaited the whole."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import contextvars
import weakref
from collections import deque
from collections.abc import AsyncIterator, Callable, Generator
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from . import _stream, _waiters
from ._errors import BusyError, CancellationError, ClosedError
from ._stream import Source, as_event
from ._task import Event
from ._uncopyable import Uncopyable

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

T = TypeVar("T")


class _End:
    """What follows the last item: the end, or what the source failed with."""

    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


class _Mailbox:
    """What a thread of the pool puts in and an event loop takes out."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._items: deque[str | Event | _End] = deque()
        self._told = False  # the loop was told and has not looked yet
        self._waiter: asyncio.Future[None] | None = None

    def put(self, item: str | Event | _End) -> None:
        """On any thread. Wakes the loop once for all that it has not seen yet."""
        self._items.append(item)
        if not self._told:
            self._told = True
            with contextlib.suppress(RuntimeError):  # the loop was closed: nobody is waiting any more
                self._loop.call_soon_threadsafe(self._wake)

    def _wake(self) -> None:
        self._told = False
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def get(self) -> str | Event | _End:
        while not self._items:
            if self._waiter is not None:
                raise BusyError("two tasks are waiting for one stream; give each its own stream")
            self._waiter = self._loop.create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return self._items.popleft()


def _pump(source: Source[Any], mailbox: _Mailbox) -> None:
    """Moves what a source gives into a mailbox. On a thread of the pool."""
    failure: BaseException | None = None
    try:
        for item in source.items():
            mailbox.put(item)
    except BaseException as error:
        failure = error
    finally:
        source.close()
        mailbox.put(_End(failure))


async def finish(source: Source[T]) -> T:
    """Waits for the end and returns the whole answer. Cancelling the wait cancels the request."""
    return await run(lambda: _stream.finish(source), source.close)


async def run(work: Callable[[], T], cancel: Callable[[], None] = lambda: None) -> T:
    """Does `work` on a thread of the pool. `cancel` is to end it early where the wait for it is cancelled."""
    future: concurrent.futures.Future[T] = concurrent.futures.Future()
    context = contextvars.copy_context()

    def on_thread() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(context.run(work))
            except BaseException as error:
                future.set_exception(error)

    _waiters.submit(on_thread)
    try:
        return await asyncio.wrap_future(future)
    except asyncio.CancelledError:
        cancel()
        raise


class AsyncStream(Uncopyable, AsyncIterator[str], Generic[T]):
    """An answer that is being written: `async for` yields its text piece by piece; `await stream` returns the whole
    answer.

    It is an iterator: anext() returns one piece, and you can leave a loop and resume it later. The request runs until
    its end, or until close(), the end of an `async with` block or the loss of the last reference to the stream;
    cancelling the asyncio task that waits for a piece also closes the stream. `text` is the text so far. With several
    choices (`n` above 1), iterating yields the text of the first, and events() yields everything.
    """

    def __init__(self, source: Source[T]) -> None:
        self._source = source
        self._pieces: list[str] = []
        self._failure: BaseException | None = None
        self._finished = self._ended = False
        self._mailbox = mailbox = _Mailbox(asyncio.get_running_loop())
        context = contextvars.copy_context()
        _waiters.submit(lambda: context.run(_pump, source, mailbox))
        # The thread knows the mailbox only, so that a stream that is dropped ends what runs for it.
        weakref.finalize(self, source.close).atexit = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while True:
            item = await self._next()
            if isinstance(item, str):
                return item

    def events(self) -> AsyncIterator[Event]:
        """Everything that arrives: text, reasoning, pieces of tool calls, progress."""
        return _Events(self)

    async def _next(self) -> str | Event:
        """The next item. Raises StopAsyncIteration after the last."""
        if self._finished:
            raise StopAsyncIteration
        if self._failure is not None:
            raise self._failure
        if self._ended:
            raise ClosedError("the stream was closed; make the request again")
        try:
            item = await self._mailbox.get()
        except asyncio.CancelledError:
            self.close()
            raise
        if isinstance(item, str):
            self._pieces.append(item)
        elif isinstance(item, _End):
            self._ended = True
            self._failure = item.failure
            if item.failure is not None:
                raise item.failure
            self._finished = True
            raise StopAsyncIteration
        return item

    def __await__(self) -> Generator[Any, None, T]:
        return self._whole().__await__()

    async def _whole(self) -> T:
        with contextlib.suppress(StopAsyncIteration):
            while not self._ended:
                await self._next()
        if self._failure is not None:
            raise self._failure
        if not self._finished:
            raise CancellationError("the answer was abandoned: its stream was closed")
        return self._source.result

    @property
    def text(self) -> str:
        """The first choice's text, as far as it has been iterated over."""
        return "".join(self._pieces)

    @property
    def result(self) -> T:
        """The whole answer, once the loop has ended. `await stream` waits for it."""
        if self._failure is not None:
            raise self._failure
        if not self._finished:
            raise CancellationError("the answer is not complete yet: iterate to the end, or await the stream")
        return self._source.result

    def cancel(self) -> None:
        """Stops the request; may be called from any thread. The loop over this stream ends with CancellationError."""
        self._source.cancel()

    def close(self) -> None:
        """Cancels the request if it is still running, and releases it. Safe to call at any time, and more than once."""
        self._ended = True
        self._source.close()

    async def aclose(self) -> None:
        """As close()."""
        self.close()

    async def __aenter__(self) -> AsyncStream[T]:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Events(AsyncIterator[Event]):
    """Not an asynchronous generator, which would have to be closed by whoever leaves its loop."""

    def __init__(self, stream: AsyncStream[Any]) -> None:
        self._stream = stream

    async def __anext__(self) -> Event:
        return as_event(await self._stream._next())
