"""Workers that stop answering without going away, and such as only compute for long."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import gpt4all
from test_workers import ENDLESS, PROMPT
from worker_process import Process, running

TIMEOUT = 2
"""Seconds, of the option worker_timeout."""

LATEST = 15
"""Seconds after which nothing may wait any more, on a machine that other programs use as well."""


@contextmanager
def stopped(worker: Process) -> Iterator[None]:
    worker.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        worker.process.send_signal(signal.SIGCONT)


def split(path: Path, name: str, **options: Any) -> gpt4all.Model:
    return gpt4all.Model(path, n_ctx=4096, threads=1, workers=[name], worker_timeout=TIMEOUT, **options)


@pytest.fixture
def worker() -> Iterator[Process]:
    with running() as one:
        yield one


def test_a_worker_that_is_stopped_before(worker: Process, tiny_path: Path) -> None:
    before = time.monotonic()
    with stopped(worker), pytest.raises(gpt4all.LLModelIOError, match="does not answer: ") as caught:
        split(tiny_path, worker.name)
    assert caught.value.detail["worker"] == worker.name
    assert time.monotonic() - before < LATEST
    split(tiny_path, worker.name).close()


def test_a_worker_that_stops_while_the_model_is_opened(worker: Process, tiny_path: Path) -> None:
    def progress(_: float) -> bool:
        os.kill(worker.process.pid, signal.SIGSTOP)
        return True

    before = time.monotonic()
    with pytest.raises(gpt4all.LLModelIOError, match="was lost") as caught:
        split(tiny_path, worker.name, progress=progress)
    assert caught.value.detail == {"worker": worker.name, "reopen": True}
    assert time.monotonic() - before < LATEST
    worker.process.send_signal(signal.SIGCONT)
    split(tiny_path, worker.name).close()


def test_a_worker_that_stops_in_the_midst_of_an_answer(worker: Process, tiny_path: Path) -> None:
    with split(tiny_path, worker.name) as model:
        expected = model.complete(PROMPT, temperature=0, max_tokens=8).text
        with model.complete(PROMPT, stream=True, **ENDLESS) as stream:
            next(iter(stream))
            before = time.monotonic()
            with stopped(worker), pytest.raises(gpt4all.LLModelIOError, match="was lost") as caught:
                for _ in stream:
                    pass
        assert caught.value.detail == {"worker": worker.name, "reopen": True}
        assert time.monotonic() - before < LATEST
        with pytest.raises(gpt4all.LLModelIOError, match="open the model again"):
            model.complete(PROMPT)
    with split(tiny_path, worker.name) as again:
        assert again.complete(PROMPT, temperature=0, max_tokens=8).text == expected


def test_an_answer_can_be_cancelled_while_a_worker_is_waited_for(worker: Process, tiny_path: Path) -> None:
    with gpt4all.Model(tiny_path, n_ctx=4096, threads=1, workers=[worker.name], worker_timeout=600) as model:
        with model.complete(PROMPT, stream=True, **ENDLESS) as stream:
            next(iter(stream))
            with stopped(worker):
                caught: list[BaseException] = []

                def read() -> None:
                    try:
                        for _ in stream:
                            pass
                    except gpt4all.CancellationError as error:
                        caught.append(error)

                reader = threading.Thread(target=read)
                reader.start()
                time.sleep(0.5)
                stream.cancel()
                reader.join(LATEST)
                assert not reader.is_alive()
                assert len(caught) == 1
        assert model.complete(PROMPT, max_tokens=4).text


class Detour:
    """A worker at another address, whose first connection can be held up, as if the worker computed for long."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.open = threading.Event()
        self.open.set()
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.name = f"127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection(("127.0.0.1", self.port))
                first, self.connections = self.connections == 0, self.connections + 1
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self.pass_on, args=(source, target, first), daemon=True).start()

    def pass_on(self, source: socket.socket, target: socket.socket, first: bool) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if first:
                    self.open.wait()
                target.sendall(data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)


def test_a_worker_that_computes_for_long_is_waited_for(worker: Process, tiny_path: Path) -> None:
    detour = Detour(worker.port)
    with detour.listener, split(tiny_path, detour.name) as model:
        expected = model.complete(PROMPT, temperature=0, max_tokens=8).text
        assert detour.connections == 1
        detour.open.clear()
        timer = threading.Timer(3 * TIMEOUT, detour.open.set)
        timer.start()
        before = time.monotonic()
        assert model.complete(PROMPT, temperature=0, max_tokens=8).text == expected
        assert time.monotonic() - before >= 2 * TIMEOUT
        assert detour.connections > 2  # it was asked whether it is there
        timer.join()
    assert worker.process.poll() is None
    _, said = worker.end(signal.SIGTERM)
    assert said.count(" connected\n") == 1, said  # of the questions, nothing is said
