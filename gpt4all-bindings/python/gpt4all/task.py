"""Running requests: Task gives the events of one as they come, Stream the pieces of an answer and then its result."""

from __future__ import annotations

import array
import json
import os
import threading
import time
import weakref
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from ._declarations import EVENT_KINDS, STATUS
from ._errors import CancellationError, ClosedError
from ._library import encode

if TYPE_CHECKING:
    from types import TracebackType

    from .model import Model

T = TypeVar("T")

EventKind = Literal["started", "progress", "text", "reasoning", "tool_call", "embedding", "logprobs", "result", "done"]

# How long one wait in C may last. Python serves Ctrl-C only between waits.
POLL_MS = 100

_TIMEOUT = STATUS["timeout"]
_KINDS = {value: name for name, value in EVENT_KINDS.items()}
_TEXTS = frozenset(("text", "reasoning"))
_FLOATS = frozenset(("embedding", "logprobs"))


@dataclass(slots=True)
class Event:
    """One thing that a running request tells.

    kind: what it is.
    index: which choice, input or row of the request it belongs to, from 0.
    data: a str for text and reasoning, array("f") for embedding and logprobs, a dict for progress, tool_call and
        result, None for started and done.
    """

    kind: EventKind
    index: int
    data: Any


class Task:
    """A request that runs in the engine. Iterate over it for its events; the last is "done".

    cancel() may be called from any thread, all else from one thread at a time. Leaving the loop early, or dropping the
    task, cancels it.
    """

    def __init__(self, model: Model, operation: str, request: object) -> None:
        self._library = library = model._library
        self._model = model  # keeps the model open for as long as the task is used
        cell = library.ffi.new("llmodel_task **")
        library.call(library.c.llmodel_submit, model._use(), operation.encode("ascii"), encode(request), cell)
        self._handle = cell[0]
        self._pid = os.getpid()
        self._event = library.ffi.new("llmodel_event *")
        self._error = library.ffi.new("llmodel_error **")
        self._done = False
        self._closing = False
        # Whoever holds it may be in llmodel_next(), or frees the task and then holds it for ever.
        self._turn = threading.Lock()
        self._release = weakref.finalize(self, library.release, library.c.llmodel_task_free, self._pid, self._handle)
        # At exit the model is closed, which ends its tasks; a daemon thread may still wait for this one.
        self._release.atexit = False

    @property
    def done(self) -> bool:
        """Whether the last event was given."""
        return self._done

    @property
    def closed(self) -> bool:
        """Whether the task was closed; one that was iterated over to its end is."""
        return self._closing

    def next(self, timeout: float | None = None) -> Event | None:
        """Waits up to `timeout` seconds (None: without limit) for the next event. None if there was none in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            wait = POLL_MS
            if deadline is not None:
                wait = max(0, min(wait, round((deadline - time.monotonic()) * 1000)))
            event = self._next(wait)
            if event is not None or (deadline is not None and time.monotonic() >= deadline):
                return event

    def _next(self, timeout_ms: int) -> Event | None:
        if not self._turn.acquire(blocking=False):
            if self._closing:
                raise ClosedError("the task was closed")
            raise RuntimeError("two threads wait for one task; give each thread a task of its own")
        try:
            if os.getpid() != self._pid:
                raise ClosedError("the task belongs to the process that forked this one; open the model again here")
            status = self._library.c.llmodel_next(self._handle, timeout_ms, self._event, self._error)
            if status == _TIMEOUT:
                return None
            self._library.check(status, self._error)
            return self._read()
        finally:
            self._turn.release()
            if self._closing:
                self._free_if_idle()

    def _read(self) -> Event:
        event = self._event
        kind: Any = _KINDS.get(event.kind, "none")
        data: Any = None
        if event.size:
            data = self._library.ffi.buffer(event.data, event.size)[:]
        if kind in _TEXTS:
            data = data.decode("utf-8") if data else ""
        elif kind in _FLOATS:
            data = array.array("f", data or b"")
        elif data is not None:
            data = json.loads(data)
        if kind == "done":
            self._done = True
        return Event(kind, event.index, data)

    def __iter__(self) -> Iterator[Event]:
        """The events up to and with "done". Leaving early cancels."""
        try:
            while not self._done:
                event = self._next(POLL_MS)
                if event is not None:
                    yield event
        finally:
            self.close()

    def result(self) -> Any:
        """Waits for the end and returns the result's JSON, skipping all other events. Raises LLModelError."""
        result = None
        for event in self:
            if event.kind == "result":
                result = event.data
        return result

    def cancel(self) -> None:
        """Stops the request. A thread that waits for it gets CancellationError. Harmless at any time."""
        if os.getpid() == self._pid:
            self._library.c.llmodel_cancel(self._handle)

    def close(self) -> None:
        """Cancels the request if it still runs, and releases it. Harmless at any time and from any thread."""
        self._closing = True
        self.cancel()
        self._free_if_idle()

    def _free_if_idle(self) -> None:
        # Where another thread is in llmodel_next(), it wakes with the cancelling and frees in our place.
        if self._turn.acquire(blocking=False):
            self._release()

    def __enter__(self) -> Task:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Stream(Generic[T]):
    """An answer that is being written: iterate for its text, piece by piece; `result` is the whole of it.

    Leaving the loop early cancels the request, and `text` is what had come until then. With several choices
    (`n` above 1) iterating gives the first one's text, and events() everything.
    """

    def __init__(self, task: Task, build: Callable[[Any], T]) -> None:
        self._task = task
        self._build = build
        self._pieces: list[str] = []
        self._result: T | None = None
        self._failure: Exception | None = None

    def __iter__(self) -> Iterator[str]:
        events = self.events()
        try:
            for event in events:
                if event.kind == "text" and event.index == 0 and event.data:
                    yield event.data
        finally:
            events.close()

    def events(self) -> Generator[Event, None, None]:
        """Everything that comes: text, reasoning, pieces of tool calls, progress. Leaving early cancels."""
        try:
            for event in self._task:
                if event.kind == "text" and event.index == 0:
                    self._pieces.append(event.data)
                elif event.kind == "result":
                    self._result = self._build(event.data)
                yield event
        except Exception as error:
            self._failure = error
            raise
        finally:
            self._task.close()

    @property
    def text(self) -> str:
        """The first choice's text as far as it was iterated over."""
        return "".join(self._pieces)

    @property
    def result(self) -> T:
        """Waits for the end and returns the whole answer. Raises what the request failed with, and CancellationError
        if the loop was left early."""
        if self._result is None and self._failure is None and not self._task.closed:
            for _ in self.events():
                pass
        if self._failure is not None:
            raise self._failure
        if self._result is None:
            raise CancellationError("the answer was not waited for: its stream was closed or left early")
        return self._result

    def cancel(self) -> None:
        """Stops the request, from any thread. The loop over this stream ends with CancellationError."""
        self._task.cancel()

    def close(self) -> None:
        """Cancels the request if it still runs, and releases it. Harmless at any time."""
        self._task.close()

    def __enter__(self) -> Stream[T]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
