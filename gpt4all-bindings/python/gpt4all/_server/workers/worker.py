"""A worker as its server sees it: a process with an open model, to which requests are put."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from ..._errors import CancellationError, InternalError, LLModelError
from .frames import BROKEN, MODEL, Frame, decode, encode, raised

COMMAND = (sys.executable, "-m", "gpt4all._server.workers.child")
CLOSE_SECONDS = 10.0
STDERR_LINES = 20


class WorkerCrashedError(InternalError):
    """A worker ended while it was needed.

    detail: "exit_code", negative for a signal; "log", the last lines that it wrote.
    """


@dataclass(frozen=True)
class Start:
    """What a worker opens.

    path: the model's file.
    options: those of Model.
    """

    path: str
    options: Mapping[str, Any] = field(default_factory=dict)


class Answer(AsyncIterator[Frame]):
    """The frames of one request; "result" is the last. Raises what the request failed with.

    Leaving it early must be followed by close(), which frees the slot.
    """

    def __init__(self, worker: Worker, id: int) -> None:
        self._worker = worker
        self._id = id
        self._frames: deque[Frame | BaseException] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._ended = False
        self._begun = time.monotonic()
        self.seconds_to_first: float | None = None
        self.outcome = "cancelled"  # or "answered", "refused", "crashed"
        self.usage: dict[str, Any] = {}

    def put(self, item: Frame | BaseException) -> None:
        """From the worker."""
        self._note(item)
        self._frames.append(item)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _note(self, item: Frame | BaseException) -> None:
        """What the metrics ask for."""
        if isinstance(item, WorkerCrashedError):
            self.outcome = "crashed"
        elif isinstance(item, Frame):
            if self.seconds_to_first is None and item.kind != "failed":
                self.seconds_to_first = time.monotonic() - self._begun
            if item.kind == "result":
                self.outcome, self.usage = "answered", item.data.get("usage", {})
            elif item.kind == "failed":
                self.outcome = "crashed" if item.data["detail"].get("reopen") else "refused"

    async def __anext__(self) -> Frame:
        if self._ended and not self._frames:
            raise StopAsyncIteration
        while not self._frames:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        item = self._frames.popleft()
        if isinstance(item, BaseException):
            self._ended = True
            raise item
        if item.kind == "result":
            self._ended = True
        elif item.kind == "failed":
            self._ended = True
            raise raised(item.data)
        return item

    async def batch(self) -> list[Frame]:
        """The next frame, and what has come behind it already. Empty at the end."""
        try:
            frames = [await self.__anext__()]
        except StopAsyncIteration:
            return []
        while self._frames and isinstance(self._frames[0], Frame) and self._frames[0].kind != "failed":
            frames.append(await self.__anext__())
        return frames

    async def result(self) -> Any:
        """Waits for the end, and returns the result's JSON."""
        async for frame in self:
            if frame.kind == "result":
                return frame.data
        raise CancellationError("the answer was closed")

    def end(self, why: BaseException) -> None:
        """Cancels the request; whoever iterates gets `why`."""
        self._worker.forget(self._id)
        self.put(why)

    def close(self) -> None:
        """Cancels the request if it is still running. Safe to call at any time, and more than once."""
        self._ended = True
        self._worker.forget(self._id)


class Worker(asyncio.SubprocessProtocol):
    """One process. Made by Worker.start(); closed, or dead, it answers nothing more."""

    def __init__(self, progress: Callable[[float], None] | None) -> None:
        self._progress = progress
        self._transport: asyncio.SubprocessTransport | None = None
        self._input: Any = None
        self._rest = b""
        self._log: deque[str] = deque(maxlen=STDERR_LINES)
        self._answers: dict[int, Answer] = {}
        self._next_id = MODEL
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[dict[str, Any]] = loop.create_future()
        self._exited: asyncio.Future[int] = loop.create_future()
        self.closing = False  # whether it ends because it was told to
        self._spent = False  # whether it ends because its model cannot be used any more
        self.idle_since = time.monotonic()
        self.info: dict[str, Any] = {}

    @classmethod
    async def start(cls, start: Start, progress: Callable[[float], None] | None = None) -> Worker:
        """Starts a process and waits until its model is open. Raises LLModelError; WorkerCrashedError if it dies."""
        loop = asyncio.get_running_loop()
        _, worker = await loop.subprocess_exec(lambda: cls(progress), *COMMAND)
        try:
            worker._input.write(encode({"path": start.path, "options": dict(start.options)}))
            worker.info = await worker._ready
        except BaseException:
            await worker.close(seconds=0)
            raise
        return worker

    @property
    def pid(self) -> int:
        """The process."""
        assert self._transport is not None
        return self._transport.get_pid()

    @property
    def alive(self) -> bool:
        """Whether requests may be put to it."""
        return not self.closing and not self._spent and not self._exited.done()

    @property
    def busy(self) -> int:
        """How many requests it is answering."""
        return len(self._answers)

    @property
    def exited(self) -> asyncio.Future[int]:
        """Done when the process has ended, with its exit code."""
        return self._exited

    def submit(self, operation: str, request: Mapping[str, Any]) -> Answer:
        """Puts a request to the model. Raises WorkerCrashedError if there is no process."""
        if not self.alive:
            raise self._crash()
        self._next_id += 1
        answer = self._answers[self._next_id] = Answer(self, self._next_id)
        try:
            self._input.write(encode({"id": self._next_id, "operation": operation, "request": dict(request)}))
        except RuntimeError:  # uvloop's: the pipe is closed already, and the process not yet known to have ended
            del self._answers[self._next_id]
            raise self._crash() from None
        return answer

    def forget(self, id: int) -> None:
        """Cancels a request, if it is still running."""
        if self._answers.pop(id, None) is not None:
            self._note_idle()
            if self.alive:
                with contextlib.suppress(RuntimeError):  # as above
                    self._input.write(encode({"cancel": id}))

    async def end(self) -> None:
        """Waits for the end of a worker that is not alive, though nobody closed it."""
        assert self._transport is not None
        try:
            await asyncio.wait_for(asyncio.shield(self._exited), CLOSE_SECONDS)
        except asyncio.TimeoutError:
            self._transport.kill()
            await self._exited

    async def close(self, seconds: float = CLOSE_SECONDS) -> None:
        """Cancels what runs, lets the process end, and ends it by force after `seconds`."""
        self.closing = True
        assert self._transport is not None
        if not self._exited.done():
            self._input.close()
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._exited), seconds)
        if not self._exited.done():
            self._transport.kill()
            await self._exited
        self._transport.close()

    def _crash(self) -> WorkerCrashedError:
        code = self._exited.result() if self._exited.done() else None
        how = "was ended" if code is None or self.closing else f"ended unexpectedly, {_why(code)}"
        return WorkerCrashedError(
            f"the model's process {how}; the request was not answered. Please try again",
            {"exit_code": code, "log": list(self._log)},
        )

    def _note_idle(self) -> None:
        if not self._answers:
            self.idle_since = time.monotonic()

    # ------------------------------------------------------------------------------------------ called by asyncio

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance(): uvloop's derives from nothing.
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._input = self._transport.get_pipe_transport(0)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._log.extend(data.decode("utf-8", "replace").splitlines())
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            self._receive(decode(line))

    def _receive(self, frame: Frame) -> None:
        if frame.id == MODEL:
            self._receive_of_model(frame)
            return
        answer = self._answers.get(frame.id)
        if answer is None:
            return  # closed meanwhile
        if frame.kind == "failed" and frame.data["detail"].get("reopen"):
            self._spent = True
        if frame.kind in ("result", "failed"):
            del self._answers[frame.id]
            self._note_idle()
        answer.put(frame)

    def _receive_of_model(self, frame: Frame) -> None:
        if frame.kind == "progress":
            if self._progress is not None:
                self._progress(frame.data)
        elif not self._ready.done():
            if frame.kind == "ready":
                self._ready.set_result(frame.data)
            else:
                self._ready.set_exception(raised(frame.data))

    def process_exited(self) -> None:
        assert self._transport is not None
        code = self._transport.get_returncode()
        self._exited.set_result(-1 if code is None else code)

    def connection_lost(self, error: Exception | None) -> None:
        """All that it wrote has been read."""
        crash: LLModelError = self._crash()
        if not self._ready.done():
            self._ready.set_exception(crash)
            self._ready.exception()  # nobody may be waiting any more
        answers, self._answers = self._answers, {}
        for answer in answers.values():
            answer.put(crash)


def _why(code: int) -> str:
    if code == BROKEN:
        return "as its model had to be opened again"
    if code >= 0:
        return f"with exit code {code}"
    try:
        return f"by signal {signal.Signals(-code).name}"
    except ValueError:
        return f"by signal {-code}"
