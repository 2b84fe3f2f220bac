"""The program of a worker: `python -m gpt4all._server.workers.child`. It opens one model and answers requests to it."""

from __future__ import annotations

import base64
import json
import os
import signal
import sys
import threading
import time
from typing import Any, BinaryIO

from ..._errors import CancellationError
from ..._model import Model
from ..._task import Event, Task
from ..._waiters import Waiters
from .echo import Echo
from .frames import BROKEN, MODEL, describe, encode, encode_text
from .paired import paired, wants_logprobs

# More than a queue of the server lets in, so that none waits for a thread where it could wait for a slot.
MAX_THREADS = 512

# The model has to be opened again; the exit code says that this is no crash. As EX_TEMPFAIL of sysexits.h.
REOPEN = 75


class Writer:
    """The output, for all threads.

    A batch gives all running answers a token at the same moment. What comes while one thread writes is written by that
    thread, all of it at once: so the others need not wait, and the server wakes for many tokens instead of for each.
    """

    def __init__(self, output: int) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._lines: list[bytes] = []
        self._writing = False

    def __call__(self, id: int, kind: str, index: int, data: object) -> None:
        self.put(encode((id, kind, index, data)))

    def put(self, line: bytes) -> None:
        """Writes a line, or leaves it to the thread that is writing."""
        with self._lock:
            self._lines.append(line)
            if self._writing:
                return
            self._writing = True
        try:
            while lines := self._taken():
                while lines:
                    lines = lines[os.write(self._output, lines) :]
        except BaseException:
            self._writing = False
            raise

    def flush(self) -> None:
        """Waits until everything is written."""
        while self._writing:
            time.sleep(0.001)

    def _taken(self) -> memoryview:
        """What is to be written; when there is nothing, nobody is writing any more."""
        with self._lock:
            lines, self._lines = self._lines, []
            self._writing = bool(lines)
        return memoryview(b"".join(lines))


class Server:
    """Answers requests until the input ends."""

    def __init__(self, model: Model, write: Writer) -> None:
        self._model = model
        self._write = write
        self._echo = Echo(model)
        self._threads = Waiters(MAX_THREADS)
        self._lock = threading.Lock()
        self._tasks: dict[int, Task | None] = {}  # by id; None until it is submitted
        self._unusable = False

    def run(self, lines: BinaryIO) -> None:
        for line in lines:
            message = json.loads(line)
            if "cancel" in message:
                self._cancel(message["cancel"])
            else:
                self._begin(message["id"], message["operation"], message["request"])

    def _begin(self, id: int, operation: str, request: dict[str, Any]) -> None:
        with self._lock:
            self._tasks[id] = None
        self._threads.submit(lambda: self._answer(id, operation, request))

    def _cancel(self, id: int) -> None:
        with self._lock:
            task = self._tasks.pop(id, None)
        if task is not None:
            task.cancel()

    def _answer(self, id: int, operation: str, request: dict[str, Any]) -> None:
        try:
            if operation == "echo":
                self._write(id, "result", 0, self._echo.result(request, lambda task: self._note(id, task)))
            else:
                task = self._submitted(id, operation, request)
                if wants_logprobs(request):
                    self._give_paired(id, task)
                else:
                    self._give(id, task)
        except BaseException as error:
            described = describe(error)
            self._write(id, "failed", 0, described)
            if described["detail"].get("reopen"):
                # The others notice by themselves that another machine that has a part of the model was lost.
                self._unusable = True
                if "worker" not in described["detail"]:
                    # The engine's threads may be stuck, so that nothing here could be ended in order.
                    self._write.flush()
                    os._exit(BROKEN)
        finally:
            with self._lock:
                self._tasks.pop(id, None)
                if self._unusable and not self._tasks:
                    os._exit(REOPEN)  # the main thread is reading, and nobody would be answered any more

    def _submitted(self, id: int, operation: str, request: dict[str, Any]) -> Task:
        task = self._model.submit(operation, request)
        self._note(id, task)
        return task

    def _note(self, id: int, task: Task) -> None:
        """So that it can be cancelled. Raises CancellationError if it was, before it could be."""
        with self._lock:
            if id in self._tasks:
                self._tasks[id] = task
                return
        task.close()
        raise CancellationError("the request was cancelled before it began")

    def _give(self, id: int, task: Task) -> None:
        put = self._write.put
        for item in task.items():
            if isinstance(item, str):
                put(encode_text(id, item))
            elif item.kind not in ("started", "done", "result"):
                self._write(id, item.kind, item.index, _as_json(item))
        self._write(id, "result", 0, task.answer)

    def _give_paired(self, id: int, task: Task) -> None:
        for event, logprobs in paired(task.items()):
            if event.kind not in ("started", "done", "result"):
                self._write.put(encode((id, event.kind, event.index, event.data, logprobs)))
        self._write(id, "result", 0, task.answer)


def _as_json(event: Event) -> object:
    if event.kind not in ("embedding", "logprobs"):
        return event.data
    floats = event.data
    if sys.byteorder == "big":
        floats = floats[:]
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode("ascii")


def _channel() -> Writer:
    """Takes standard output for frames: what anybody else prints goes to standard error."""
    output = os.dup(1)
    os.dup2(2, 1)
    return Writer(output)


def main() -> int:
    """Runs until the input ends. Returns 1 if the model cannot be opened."""
    # The server is told by the terminal itself, and ends its workers when they have nothing left to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    write = _channel()
    lines = sys.stdin.buffer
    start = json.loads(lines.readline())
    try:
        model = Model(
            start["path"], progress=lambda fraction: write(MODEL, "progress", 0, fraction), **start["options"]
        )
    except BaseException as error:
        write(MODEL, "failed", 0, describe(error))
        return 1
    with model:
        write(MODEL, "ready", 0, model.info())
        Server(model, write).run(lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
