"""When folders are to be looked through. What the system tells is only a hint: it misses network drives and more."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_log = logging.getLogger("gpt4all")
_STEP_MS = 200  # how soon it ends when it shall


class Either:
    """Set when one of two events is."""

    def __init__(self, one: threading.Event, other: threading.Event) -> None:
        self._one, self._other = one, other

    def is_set(self) -> bool:
        return self._one.is_set() or self._other.is_set()


def times_to_look(folders: Sequence[Path], seconds: float, stop: Either) -> Iterator[None]:
    """Yields at once, then whenever something in the folders changed or the time is over, until it shall stop."""
    try:
        yield from _when_told([folder for folder in folders if folder.is_dir()], seconds, stop)
    except (ImportError, OSError, RuntimeError) as error:
        # Without the package, or with more folders than the system lets a program watch.
        _log.info(
            "the system does not tell of changed documents, so they are looked for every %g s: %s", seconds, error
        )
        yield from _now_and_then(seconds, stop)


def _when_told(folders: Sequence[Path], seconds: float, stop: Either) -> Iterator[None]:
    if not folders:
        yield from _now_and_then(seconds, stop)
        return
    from watchfiles import watch

    # The first step begins to watch, so that what changes while folders are looked through is told afterwards.
    end = 0.0
    steps = watch(
        *folders,
        stop_event=stop,
        rust_timeout=_STEP_MS,
        yield_on_timeout=True,
        raise_interrupt=True,
        ignore_permission_denied=True,
    )
    for changes in steps:
        if stop.is_set():
            return
        if changes or time.monotonic() >= end:
            yield
            end = time.monotonic() + seconds


def _now_and_then(seconds: float, stop: Either) -> Iterator[None]:
    while not stop.is_set():
        yield
        end = time.monotonic() + seconds
        while not stop.is_set() and time.monotonic() < end:
            time.sleep(min(_STEP_MS / 1000, max(end - time.monotonic(), 0)))
