"""Who is measured, and how one run of each is started, watched and read."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
LONGEST_RUN_S = 600


class RunFailed(Exception):  # noqa: N818
    """A contender did not do what it was asked."""


@dataclass(frozen=True)
class Plan:
    """What a contender is to do: open a model, then answer each step's requests, which are sent at once."""

    model: Path
    options: dict[str, Any]
    steps: list[list[dict[str, Any]]] = field(default_factory=list)

    def write(self, folder: Path) -> Path:
        """As JSON, for a worker."""
        path = folder / "plan.json"
        path.write_text(json.dumps({"model": str(self.model), "options": self.options, "steps": self.steps}))
        return path


@dataclass
class Run:
    """What one run of a contender gave."""

    ready_s: float  # from the start of the process until the model was open
    whole_s: float | None  # until the process had ended; None for a server, which does not end by itself
    peak_rss: int  # bytes
    steps: list[dict[str, Any]]

    def answer(self, step: int) -> dict[str, Any]:
        """The only answer of a step."""
        only: dict[str, Any] = self.steps[step]["answers"][0]
        return only


class _Process:
    """A child whose peak memory is told when it has ended; it is killed if it takes too long."""

    def __init__(self, command: Sequence[str], cwd: Path, **streams: Any) -> None:
        self.started = time.perf_counter()
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 - outlives this function
        self._child = subprocess.Popen(command, cwd=cwd, stderr=self.errors, **streams)
        self.stdout = self._child.stdout
        self._watchdog = threading.Timer(LONGEST_RUN_S, self.end, (signal.SIGKILL,))
        self._watchdog.daemon = True
        self._watchdog.start()

    def wait(self) -> tuple[int, int]:
        """The exit code and the peak of resident memory in bytes."""
        _, status, usage = os.wait4(self._child.pid, 0)
        self._watchdog.cancel()
        self._child.returncode = os.waitstatus_to_exitcode(status)
        return self._child.returncode, usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)

    def end(self, number: int) -> None:
        """Asks the process to end, if it has not."""
        if self._child.returncode is None:  # not send_signal(), which reaps a process that has ended by itself
            os.kill(self._child.pid, number)

    def said(self) -> str:
        """The end of what it wrote to stderr, with paths of this repository from its root."""
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace").replace(f"{HERE.parents[1]}/", "")[-800:]


class Contender(ABC):
    """Something that answers requests."""

    parallel = True  # whether it can answer several at once

    def __init__(self, name: str) -> None:
        self.name = name

    @abstractmethod
    def run(self, plan: Plan) -> Run:
        """Carries the plan out in a process of its own. Raises RunFailed."""


class Worker(Contender):
    """A program that takes a plan, says "ready", and prints a line of JSON."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        cwd: Path = HERE,
        parallel: bool = True,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(name)
        self._command = list(command)
        self._cwd = cwd
        self.parallel = parallel
        self._environment = {**os.environ, **(environment or {})}

    def run(self, plan: Plan) -> Run:
        with tempfile.TemporaryDirectory() as folder:
            command = [*self._command, str(plan.write(Path(folder)))]
            process = _Process(command, self._cwd, stdout=subprocess.PIPE, text=True, env=self._environment)
            return self.finish(process)

    def finish(self, process: _Process) -> Run:
        """Reads what the worker prints."""
        ready = 0.0
        lines = []
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == "ready":
                ready = time.perf_counter() - process.started
            lines.append(line)
        code, peak = process.wait()
        if code != 0 or not ready or len(lines) < 2:
            raise RunFailed(f"{self.name} ended with {code}: {process.said()}")
        whole = time.perf_counter() - process.started
        return Run(ready, whole, peak, json.loads(lines[-1])["steps"])


class Server(Contender):
    """A program that answers over HTTP, asked by another one."""

    health = "/health"  # what answers once requests can be sent

    def __init__(self, name: str, client: Sequence[str]) -> None:
        super().__init__(name)
        self._client = list(client)

    @abstractmethod
    def command(self, plan: Plan, port: int) -> list[str]:
        """Its command line, with what the plan's options mean to the library."""

    def environment(self, plan: Plan, folder: Path) -> dict[str, str]:
        """Variables that it needs beside this process's. folder: an empty one, for as long as it runs."""
        return {}

    def run(self, plan: Plan) -> Run:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, **self.environment(plan, Path(folder))}
            server = _Process(self.command(plan, port), HERE, stdout=subprocess.DEVNULL, env=environment)
            peak = 0
            try:
                ready = self._wait_until_ready(server, port)
                command = [*self._client, str(plan.write(Path(folder))), str(port)]
                client = _Process(command, HERE, stdout=subprocess.PIPE, text=True)
                result = Worker(f"the client of {self.name}", command).finish(client)
            finally:
                server.end(signal.SIGTERM)
                peak = server.wait()[1]
        return Run(ready, None, peak, result.steps)

    def _wait_until_ready(self, server: _Process, port: int) -> float:
        while time.perf_counter() - server.started < LONGEST_RUN_S:
            with contextlib.suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{self.health}", timeout=5)
                return time.perf_counter() - server.started
            time.sleep(0.002)
        raise RunFailed(f"{self.name} did not become ready: {server.said()}")


class LlamaServer(Server):
    """llama-server."""

    def __init__(self, program: Path, client: Sequence[str]) -> None:
        super().__init__("llama-server", client)
        self._program = program

    def command(self, plan: Plan, port: int) -> list[str]:
        options = plan.options
        return [
            str(self._program), "-m", str(plan.model), "-t", str(options["threads"]), "-tb", str(options["threads"]),
            "-c", str(options["n_ctx"]), "-np", str(options["n_parallel"]), "-b", str(options["n_batch"]),
            "-ub", str(options["n_ubatch"]), "-fa", options["flash_attn"], "-kvu", "--cache-ram", "512", "-ctxcp", "8",
            "--no-warmup", "--no-ui", "--offline", "-fit", "off", "--log-disable", "--host", "127.0.0.1",
            "--port", str(port),
        ]  # fmt: skip


class LlamaBench:
    """llama-bench, which makes its own prompts and reports by itself."""

    name = "llama-bench"

    def __init__(self, program: Path) -> None:
        self._program = program

    def run(
        self, plan: Plan, n_prompt: int, n_gen: int, *, warmup: bool = True, repetitions: int = 1
    ) -> tuple[dict[str, float], Run]:
        """Tokens per second of "prefill" and "decode", whichever is above zero; means of several repetitions."""
        options = plan.options
        command = [
            str(self._program), "-m", str(plan.model), "-p", str(n_prompt), "-n", str(n_gen), "-r",
            str(repetitions),
            "-t", str(options["threads"]), "-b", str(options["n_batch"]), "-ub", str(options["n_ubatch"]),
            "-fa", options["flash_attn"], "-o", "json", *([] if warmup else ["--no-warmup"]),
        ]  # fmt: skip
        process = _Process(command, HERE, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        text = process.stdout.read()
        code, peak = process.wait()
        whole = time.perf_counter() - process.started
        if code != 0:
            raise RunFailed(f"llama-bench ended with {code}: {process.said()}")
        rates = {"prefill" if test["n_prompt"] else "decode": float(test["avg_ts"]) for test in json.loads(text)}
        return rates, Run(0.0, whole, peak, [])


@contextlib.contextmanager
def busy_neighbours(count: int) -> Iterator[None]:
    """So many other processes that compute without pause, bound to no core."""
    code = "while True: pass"
    children = [subprocess.Popen([sys.executable, "-S", "-E", "-c", code]) for _ in range(count)]
    try:
        if children:
            time.sleep(0.3)
        yield
    finally:
        for child in children:
            child.kill()
            child.wait()
