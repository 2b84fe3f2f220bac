"""When folders are to be looked through. What the system tells is only a hint: it misses network drives and more."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_STEP_MS = 200  # how soon it ends when it shall


class Either:
    """Set when one of two events is."""

    def __init__(self, one: threading.Event, other: threading.Event) -> None:
        self._one, self._other = one, other

    def is_set(self) -> bool:
        return self._one.is_set() or self._other.is_set()


def times_to_look(folders: Sequence[Path], seconds: float, stop: Either) -> Iterator[None]:
    """Yields at once, then whenever something in the folders changed or the time is over, until it shall stop."""
    there = [folder for folder in folders if folder.is_dir()]
    try:
        from watchfiles import watch
    except ImportError:
        there = []
    if not there:
        while not stop.is_set():
            yield
            end = time.monotonic() + seconds
            while not stop.is_set() and time.monotonic() < end:
                time.sleep(min(_STEP_MS / 1000, max(end - time.monotonic(), 0)))
        return
    # The first step begins to watch, so that what changes while folders are looked through is told afterwards.
    end = 0.0
    for changes in watch(*there, stop_event=stop, rust_timeout=_STEP_MS, yield_on_timeout=True, raise_interrupt=True):
        if stop.is_set():
            return
        if changes or time.monotonic() >= end:
            yield
            end = time.monotonic() + seconds
