"""Threads that wait for the engine in place of an event loop.

A wait in C occupies a thread. Each answer that is under way has one of at most LIMIT threads, which are kept for the
next answer for a while and then end. They are daemons: what they wait for at the end of a program is cancelled by the
closing of its model.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading
from collections.abc import Callable, Iterator

# Twice as many as a model has slots at most; further answers wait for a thread, as they would for a slot.
LIMIT = 128

# How long a thread that has nothing to do stays, in seconds.
IDLE_SECONDS = 5.0

Work = Callable[[], object]


class Waiters:
    """A bounded pool of threads."""

    def __init__(self, limit: int = LIMIT, idle_seconds: float = IDLE_SECONDS) -> None:
        self._limit = limit
        self._idle_seconds = idle_seconds
        self._lock = threading.Lock()
        self._work: queue.SimpleQueue[Work] = queue.SimpleQueue()
        self._pending = 0  # work that no thread has taken yet
        self._idle = 0
        self._threads = 0
        self._blocked = 0

    @property
    def threads(self) -> int:
        """How many there are now."""
        return self._threads

    def submit(self, work: Work) -> None:
        """Runs `work`, which must not raise, on a thread: now, or as soon as one is free."""
        with self._lock:
            self._work.put(work)
            self._pending += 1
            self._grow()

    @contextlib.contextmanager
    def blocked(self) -> Iterator[None]:
        """While a thread waits for what needs another of these threads, such as a tool that asks the model."""
        with self._lock:
            self._blocked += 1
            self._grow()
        try:
            yield
        finally:
            with self._lock:
                self._blocked -= 1

    def _grow(self) -> None:
        if self._pending > self._idle and self._threads - self._blocked < self._limit:
            self._threads += 1
            threading.Thread(target=self._run, name="gpt4all-waiter", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._lock:
                self._idle += 1
            try:
                work = self._work.get(timeout=self._idle_seconds)
            except queue.Empty:
                with self._lock:
                    self._idle -= 1
                    # What was put in after the time was up counted on this thread.
                    if self._pending <= self._idle:
                        self._threads -= 1
                        return
                    continue
            with self._lock:
                self._idle -= 1
                self._pending -= 1
            work()
            del work  # what it holds must not live until the next


waiters = Waiters()


def _after_fork() -> None:
    """A child has none of its parent's threads."""
    global waiters
    waiters = Waiters()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def submit(work: Work) -> None:
    """Runs `work` on a thread of the process's pool."""
    waiters.submit(work)


def blocked() -> contextlib.AbstractContextManager[None]:
    """As Waiters.blocked(), of the process's pool."""
    return waiters.blocked()
