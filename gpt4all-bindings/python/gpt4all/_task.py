"""A running request: Task gives its events as they come."""

from __future__ import annotations

import array
import json
import os
import threading
import time
import weakref
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from ._declarations import EVENT_KINDS, STATUS
from ._errors import BusyError, ClosedError
from ._library import Library, encode
from ._uncopyable import Uncopyable

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

EventKind = Literal[
    "started",
    "progress",
    "text",
    "reasoning",
    "tool_call",
    "token_logprobs",
    "embedding",
    "logprobs",
    "result",
    "done",
    "tool_result",
]
"""What an Event reports."""

# How long one wait in C may last, in milliseconds. Python serves Ctrl-C only between waits.
POLL_MS = 100

_TIMEOUT = STATUS["timeout"]
_TEXT = EVENT_KINDS["text"]
_KINDS = {value: name for name, value in EVENT_KINDS.items()}


@dataclass(slots=True)
class Event:
    """One thing that a running request reports.

    kind: what it is. "tool_result" comes from run_tools() and sessions; all others from the engine.
    index: which choice, input or row of the request it belongs to, from 0.
    data: a str for text and reasoning, array("f") for embedding and logprobs, a dict for progress, tool_call,
        token_logprobs, result and tool_result, None for started and done.
    """

    kind: EventKind
    index: int
    data: Any


class OpenModel(Protocol):
    """What a request needs of the model that it is put to."""

    @property
    def _library(self) -> Library: ...
    def _use(self) -> Any:
        """The handle, if it can be used here and now. Raises ClosedError."""


class Task(Uncopyable, Iterator[Event]):
    """A request that runs in the engine, and an iterator over its events; the last is "done".

    cancel() and close() may be called from any thread, everything else from one thread at a time. You can leave a loop
    and resume it later; closing or dropping the task cancels it.
    """

    def __init__(self, model: OpenModel, operation: str, request: object) -> None:
        self._library = library = model._library
        self._model = model  # keeps the model open for as long as the task is used
        cell = library.ffi.new("llmodel_task **")
        name = operation.encode("utf-8", "replace") if isinstance(operation, str) else b""
        library.call(library.c.llmodel_submit, model._use(), name, encode(request), cell)
        self._handle = cell[0]
        self._pid = os.getpid()
        self._event = library.ffi.new("llmodel_event *")
        self._error = library.ffi.new("llmodel_error **")
        self._done = False
        self._closing = False
        self._answer: Any = None
        self._floats: dict[int, array.array[float]] = {}
        # Whoever holds it iterates, and may be in llmodel_next(), or frees the task and then holds it for ever.
        self._turn = threading.Lock()
        self._release = weakref.finalize(self, library.release, library.c.llmodel_task_free, self._pid, self._handle)
        # At exit the model is closed, which ends its tasks; a daemon thread may still wait for this one.
        self._release.atexit = False

    @property
    def done(self) -> bool:
        """Whether the last event has been returned."""
        return self._done

    @property
    def closed(self) -> bool:
        """Whether the task is closed; it is once it has been iterated over to its end."""
        return self._closing

    @property
    def answer(self) -> Any:
        """The result's JSON, once it has arrived; else None."""
        return self._answer

    @property
    def floats(self) -> list[array.array[float]]:
        """The vectors and rows received so far, by their index."""
        return [self._floats[index] for index in sorted(self._floats)]

    def forget_floats(self) -> None:
        """Drops the vectors and rows received so far, for whoever takes them from the events: a row of
        log-probabilities is as long as the vocabulary."""
        self._floats.clear()

    def next(self, timeout: float | None = None) -> Event | None:
        """Waits up to `timeout` seconds (None: without limit) for the next event. Returns None if there was none in
        time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            wait = POLL_MS
            if deadline is not None:
                wait = max(0, min(wait, round((deadline - time.monotonic()) * 1000)))
            self._take_turn()
            try:
                status = self._library.c.llmodel_next(self._handle, wait, self._event, self._error)
                if status == 0:
                    return self._read()
                if status != _TIMEOUT:
                    self._library.check(status, self._error)
            finally:
                self._turn.release()
                if self._closing:
                    self._free_if_idle()
            if deadline is not None and time.monotonic() >= deadline:
                return None

    def items(self) -> Generator[str | Event, None, None]:
        """The events up to and with "done", a text of the first choice as a bare str. Leaving early cancels.

        Every instruction here is taken from the threads that compute, once for each token: text, nearly all that
        comes, therefore takes the shortest way, and the turn is taken once for all.
        """
        event, error, handle = self._event, self._error, self._handle
        next_, buffer = self._library.c.llmodel_next, self._library.ffi.buffer
        self._take_turn()
        try:
            while not self._done:
                status = next_(handle, POLL_MS, event, error)
                if status == 0:
                    if event.kind == _TEXT and event.index == 0 and event.size:
                        yield str(buffer(event.data, event.size), "utf-8")
                    else:
                        yield self._read()
                elif status != _TIMEOUT:
                    self._library.check(status, error)
                elif self._closing:
                    raise self._refusal()
        finally:
            self._turn.release()
            self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        if self._done:
            self.close()
            raise StopIteration
        try:
            event = self.next()
        except BusyError:
            raise
        except BaseException:
            self.close()
            raise
        assert event is not None, "without a limit the wait ends with an event"
        return event

    def _take_turn(self) -> None:
        if os.getpid() != self._pid or not self._turn.acquire(blocking=False):
            raise self._refusal()

    def _refusal(self) -> Exception:
        """Why llmodel_next() may not be called now."""
        if os.getpid() != self._pid:
            return ClosedError("the task belongs to the process that forked this one; open the model again here")
        if self._closing:
            return ClosedError("the task was closed")
        return BusyError("two threads are waiting for one task; give each thread its own task")

    def _read(self) -> Event:
        event = self._event
        kind: Any = _KINDS.get(event.kind, "none")
        data: Any = None
        if event.size:
            data = self._library.ffi.buffer(event.data, event.size)[:]
        if kind in ("text", "reasoning"):
            data = data.decode("utf-8") if data else ""
        elif kind in ("embedding", "logprobs"):
            data = self._floats[event.index] = array.array("f", data or b"")
        elif data is not None:
            data = json.loads(data)
        if kind == "result":
            self._answer = data
        elif kind == "done":
            self._done = True
        return Event(kind, event.index, data)

    def result(self) -> Any:
        """Waits for the end and returns the result's JSON, skipping all other events. Raises LLModelError."""
        for _ in self.items():
            pass
        return self._answer

    def cancel(self) -> None:
        """Stops the request. A thread that is waiting for it gets CancellationError. Safe to call at any time."""
        self._library.release(self._library.c.llmodel_cancel, self._pid, self._handle)

    def close(self) -> None:
        """Cancels the request if it is still running, and releases it. Safe to call at any time, more than once, and
        from any thread."""
        self._closing = True
        self.cancel()
        self._free_if_idle()

    def _free_if_idle(self) -> None:
        # Whoever iterates wakes with the cancelling, and frees in our place when the loop is over.
        if self._turn.acquire(blocking=False):
            self._release()

    def __enter__(self) -> Task:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
