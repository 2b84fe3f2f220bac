"""`gpt4all worker`, in a process of its own as on another machine."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from conftest import child_environment


class Process:
    """`gpt4all worker`, on a port of its own. prefix: what runs it, such as `ip netns exec`."""

    def __init__(self, *options: str, host: str = "127.0.0.1", port: int = 0, prefix: tuple[str, ...] = ()) -> None:
        command = [sys.executable, "-m", "gpt4all", "worker", "--host", host, "--port", str(port)]
        self.process = subprocess.Popen(
            [*prefix, *command, "--device", "cpu", "--threads", "1", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=child_environment(),
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        if not said.startswith("listening on "):
            pytest.fail(f"the worker did not start: {said}{self.process.communicate(timeout=30)[1]}")
        self.name = said.removeprefix("listening on ").strip()

    @property
    def port(self) -> int:
        return int(self.name.rpartition(":")[2])

    def end(self, number: int) -> tuple[int, str]:
        """Its exit code and what it said, after a signal."""
        self.process.send_signal(number)
        _, said = self.process.communicate(timeout=30)
        return self.process.returncode, said


@contextmanager
def running(*options: str, host: str = "127.0.0.1", port: int = 0, prefix: tuple[str, ...] = ()) -> Iterator[Process]:
    worker = Process(*options, host=host, port=port, prefix=prefix)
    try:
        yield worker
    finally:
        if worker.process.poll() is None:
            worker.end(signal.SIGKILL)
