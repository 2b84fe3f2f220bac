"""Answers that are being written: Stream gives the pieces of one as they come, and then the whole of it."""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ._errors import CancellationError, ClosedError
from .task import Event, Task

if TYPE_CHECKING:
    from types import TracebackType

    from .model import Model
    from .operations import Operation

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


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

    def __init__(self, model: Model, operation: Operation[T]) -> None:
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
                raise CancellationError("the answer was not waited for: its stream was closed or left early")
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


class Stream(Generic[T]):
    """An answer that is being written: iterate for its text, piece by piece; `result` is the whole of it.

    Leaving the loop early cancels the request, and `text` is what had come until then. With several choices
    (`n` above 1) iterating gives the first one's text, and events() everything. One thread at a time may iterate;
    cancel() and close() may be called from any.
    """

    def __init__(self, source: Source[T]) -> None:
        self._source = source
        source.start()
        self._pieces: list[str] = []
        self._items = source.items()
        self._failure: Exception | None = None
        self._finished = self._ended = False

    def __iter__(self) -> Iterator[str]:
        keep = self._pieces.append
        items = self._begin()
        try:
            for item in items:
                if item.__class__ is str:
                    keep(item)
                    yield item
            self._finished = True
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._end()

    def events(self) -> Generator[Event, None, None]:
        """Everything that comes: text, reasoning, pieces of tool calls, progress. Leaving early cancels."""
        items = self._begin()
        try:
            for item in items:
                if item.__class__ is str:
                    self._pieces.append(item)
                    yield Event("text", 0, item)
                else:
                    yield item
            self._finished = True
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._end()

    def _begin(self) -> Generator[Any, None, None]:
        if self._failure is not None:
            raise self._failure
        if self._ended and not self._finished:
            raise ClosedError("the stream was closed or left early; make the request again")
        return self._items

    def _end(self) -> None:
        self._ended = True
        self._source.close()
        self._items.close()

    @property
    def text(self) -> str:
        """The first choice's text as far as it was iterated over."""
        return "".join(self._pieces)

    @property
    def result(self) -> T:
        """Waits for the end and returns the whole answer. Raises what the request failed with, and CancellationError
        if the loop was left early."""
        if not self._ended:
            for _ in self:
                pass
        if self._failure is not None:
            raise self._failure
        return self._source.result

    def cancel(self) -> None:
        """Stops the request, from any thread. The loop over this stream ends with CancellationError."""
        self._source.cancel()

    def close(self) -> None:
        """Cancels the request if it still runs, and releases it. Harmless at any time."""
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
