"""Answers that are being written: Stream gives the pieces of one as they come, and then the whole of it."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Generator, Iterator
from inspect import GEN_RUNNING, getgeneratorstate
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ._errors import BusyError, CancellationError, ClosedError
from ._task import Event, OpenModel, Task
from ._uncopyable import Uncopyable

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from ._operations import Operation

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


def as_event(item: str | Event) -> Event:
    """A bare str is text of the first choice."""
    return Event("text", 0, item) if isinstance(item, str) else item


class Source(Protocol[T_co]):
    """What an answer comes from: one request, or several with calls of functions between them.

    items() is iterated over once, on one thread; text of the first choice comes as a bare str. cancel() and close() may
    be called from any thread and at any time. Both stop what runs; after close() nothing more is given.
    """

    def start(self) -> None: ...
    def items(self) -> Generator[str | Event, None, None]: ...
    def cancel(self) -> None: ...
    def close(self) -> None: ...
    @property
    def result(self) -> T_co: ...


class Request(Generic[T]):
    """The Source that is one request."""

    def __init__(self, model: OpenModel, operation: Operation[T]) -> None:
        self._model = model
        self._operation = operation
        self._task: Task | None = None
        self._cancelled = False
        self._result: T | None = None

    def start(self) -> None:
        """Submits the request, unless that was done. Raises LLModelError."""
        if self._task is None:
            if self._cancelled:
                raise CancellationError("the request was cancelled before it began")
            self._task = Task(self._model, self._operation.name, self._operation.request)
            if self._cancelled:  # meanwhile, from another thread
                self._task.cancel()

    def items(self) -> Generator[str | Event, None, None]:
        self.start()
        assert self._task is not None
        return self._task.items()

    def cancel(self) -> None:
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    def close(self) -> None:
        self._cancelled = True
        if self._task is not None:
            self._task.close()

    @property
    def result(self) -> T:
        if self._result is None:
            if self._task is None or not self._task.done:
                raise CancellationError("the answer was abandoned: its stream was closed")
            self._result = self._operation.build(self._task.answer, self._task.floats)
        return self._result


def finish(source: Source[T]) -> T:
    """Waits for the end and returns the whole answer."""
    try:
        for _ in source.items():
            pass
    finally:
        source.close()
    return source.result


class Stream(Uncopyable, Iterator[str], Generic[T]):
    """An answer that is being written: iterate over it for the text, piece by piece; `result` is the whole answer.

    It is an iterator: next() returns one piece, and you can leave a loop and resume it later. The request runs until
    its end, or until close(), the end of a `with` block or the loss of the last reference to the stream; `text` is the
    text so far. With several choices (`n` above 1), iterating yields the text of the first, and events() yields
    everything. One thread at a time may iterate; cancel() and close() may be called from any.
    """

    def __init__(self, source: Source[T]) -> None:
        self._source = source
        source.start()
        self._pieces: list[str] = []
        self._items = source.items()
        self._failure: Exception | None = None
        self._finished = self._ended = False
        # A stream that is dropped ends what runs for it, though the request may be known elsewhere.
        weakref.finalize(self, source.close).atexit = False

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        while True:
            item = self._next()
            if item.__class__ is str:
                return item

    def events(self) -> Iterator[Event]:
        """Everything that arrives: text, reasoning, pieces of tool calls, progress."""
        return map(as_event, iter(self._next, None))

    def _next(self) -> Any:
        """The next item, which is never None. Raises StopIteration after the last."""
        if self._failure is not None:
            raise self._failure
        if self._ended:
            if self._finished:
                raise StopIteration
            raise ClosedError("the stream was closed; make the request again")
        try:
            item = next(self._items)
        except StopIteration:
            self._finished = True
            self._end()
            raise
        except Exception as error:
            if getgeneratorstate(self._items) == GEN_RUNNING:
                raise BusyError("two threads are iterating over one stream; give each its own stream") from None
            self._failure = error
            self._end()
            raise
        except BaseException:  # Ctrl-C
            self._end()
            raise
        if item.__class__ is str:
            self._pieces.append(item)
        return item

    def _end(self) -> None:
        self._ended = True
        self._source.close()
        self._items.close()

    @property
    def text(self) -> str:
        """The first choice's text, as far as it has been iterated over."""
        return "".join(self._pieces)

    @property
    def result(self) -> T:
        """Waits for the end and returns the whole answer. Raises the error that the request failed with, and
        CancellationError if the stream was closed early."""
        if not self._ended:
            for _ in self:
                pass
        if self._failure is not None:
            raise self._failure
        return self._source.result

    def cancel(self) -> None:
        """Stops the request; may be called from any thread. The loop over this stream ends with CancellationError."""
        self._source.cancel()

    def close(self) -> None:
        """Cancels the request if it is still running, and releases it. Safe to call at any time, and more than once."""
        self._ended = True
        self._source.close()
        with contextlib.suppress(ValueError):  # another thread is in it, and will leave it now
            self._items.close()

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
