"""Showing what is being done: numbered steps, one updating line of progress, logs of everything that was printed."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

from ci.common import BUILD, LABEL, Failure, in_words, say

TIMES = BUILD / "times.json"
# Tests start Python a thousand times. Without what it compiled the last time, each start takes twice as long or more;
# whoever wants no files of it beside the sources has none there.
COMPILED = {"PYTHONPYCACHEPREFIX": str(BUILD / "pycache")}
QUIET_SECONDS = 20.0  # between two lines of progress where no terminal can show one that changes

Progress = Callable[[str], "str | None"]

_running: set[Callable[[], None]] = set()
"""What ends each command that runs now."""

_ended = threading.Event()


def end_all() -> None:
    """Ends every command of run_logged() and run_captured(), in whatever thread it was called, and starts no more."""
    _ended.set()
    for end in tuple(_running):
        end()


def _start(command: Sequence[str], cwd: Path, variables: Mapping[str, str]) -> subprocess.Popen[str]:
    if _ended.is_set():
        raise Failure(f"{command[0]} is not started, as the run was interrupted")
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    try:
        return subprocess.Popen(
            command, cwd=cwd, env={**COMPILED, **inherited, **variables}, text=True, errors="replace",
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        raise Failure(f"{command[0]} cannot be started: {error}") from error


def _end(process: subprocess.Popen[str]) -> None:
    # asked first: ninja passes it on to the compilers, which are not of its process group
    for number, grace in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 1.0)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(grace)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextlib.contextmanager
def _ended_with_all(end: Callable[[], None]) -> Iterator[None]:
    _running.add(end)
    try:
        yield
    except BaseException:
        end()
        raise
    finally:
        _running.discard(end)


class Line:
    """One line that changes on a terminal, and now and then a new line where there is none."""

    def __init__(self) -> None:
        self.terminal = sys.stderr.isatty() and not os.environ.get("CI") and not LABEL.get()
        self._said = time.monotonic()
        self._shown = ""

    def show(self, text: str) -> None:
        """Shows how far things are."""
        if text == self._shown:
            return
        if self.terminal:
            self._shown = text
            print("\r\x1b[K      " + text, end="", file=sys.stderr, flush=True)
        elif time.monotonic() - self._said >= QUIET_SECONDS:
            self._said = time.monotonic()
            self._shown = text
            say("      " + text)

    def clear(self) -> None:
        """Makes room for an ordinary line."""
        if self.terminal and self._shown:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
        self._shown = ""


def remembered(name: str) -> float | None:
    """How many seconds a step took on this machine the last time that it had something to do."""
    try:
        value = json.loads(TIMES.read_text(encoding="utf-8")).get(name)
    except (OSError, ValueError, AttributeError):
        return None
    return float(value) if isinstance(value, (int, float)) else None


def remember(name: str, seconds: float) -> None:
    """Keeps a step's time for the next estimate."""
    with contextlib.suppress(OSError):
        try:
            times = json.loads(TIMES.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            times = {}
        TIMES.parent.mkdir(parents=True, exist_ok=True)
        partial = TIMES.with_suffix(f".{os.getpid()}")
        partial.write_text(json.dumps({**times, name: round(seconds, 1)}, indent=1, sort_keys=True) + "\n")
        partial.replace(TIMES)


class Steps:
    """Announces numbered steps and says how long each took."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._number = 0

    @contextlib.contextmanager
    def step(self, text: str, expected: str = "") -> Iterator[None]:
        """One step; `expected` says how long it will take, if it is worth saying."""
        self._number += 1
        say(f"[{self._number}/{self._count}] {text}" + (f" ({expected})" if expected else ""))
        start = time.monotonic()
        yield
        took = time.monotonic() - start
        if took >= 2:
            say(f"      done in {in_words(took)}")


def run_logged(
    command: Sequence[str],
    log: Path,
    *,
    cwd: Path,
    variables: Mapping[str, str] | None = None,
    progress: Progress | None = None,
    timeout: float | None = None,
) -> int:
    """Runs a command with its output in `log`, showing what `progress` makes of each line; returns the exit code.

    A command that runs longer than `timeout` seconds is ended, with what it started, and counts as 124.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    line_shown = Line()
    expired = threading.Event()
    with log.open("a", buffering=1, encoding="utf-8", errors="replace") as out:
        out.write("$ " + " ".join(command) + "\n")
        process = _start(command, cwd, variables or {})
        end = partial(_end, process)

        def expire() -> None:
            expired.set()
            end()

        timer = threading.Timer(timeout, expire) if timeout else None
        if timer:
            timer.start()
        try:
            with _ended_with_all(end):
                assert process.stdout is not None
                for line in process.stdout:
                    out.write(line)
                    text = progress(line) if progress else None
                    if text:
                        line_shown.show(text)
                process.wait()
        finally:
            line_shown.clear()
            if timer:
                timer.cancel()
    return 124 if expired.is_set() else process.returncode


def run_captured(command: Sequence[str], cwd: Path) -> tuple[int, str]:
    """Runs a command; returns its exit code and what it printed."""
    process = _start(command, cwd, {})
    with _ended_with_all(partial(_end, process)):
        output, _ = process.communicate()
    return process.returncode, output


def ninja_progress() -> Progress:
    """Makes one short line of ninja's many; expects NINJA_STATUS to be "[%f/%t] "."""
    start = time.monotonic()
    pattern = re.compile(r"^\[(\d+)/(\d+)\] (?:Building \w+ object |Linking \w+ (?:\w+ )*library |)(\S*)")

    def progress(line: str) -> str | None:
        match = pattern.match(line)
        if not match:
            return None
        done, total = int(match[1]), int(match[2])
        elapsed = time.monotonic() - start
        text = f"{100 * done // max(total, 1)}% ({done} of {total} steps"
        if done and elapsed > 10:
            text += f", about {in_words(elapsed * (total - done) / done)} left"
        return text + f") {Path(match[3]).name[:50]}"

    return progress


def tail(log: Path, lines: int = 40) -> str:
    """The end of a log, for an error message."""
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
