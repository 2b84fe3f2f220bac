"""Telling how far a download is, and stopping it when the listener says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from .errors import CancellationError

Phase = Literal["waiting", "checking", "downloading", "extracting", "converting", "verifying"]

_INTERVAL = 0.05  # seconds between two calls of the same phase


@dataclass(frozen=True)
class ProgressInfo:
    """How far a download is.

    phase: "waiting" for another process that fetches the same file, "checking" what an earlier run left,
        "downloading", "extracting" or "converting" what came in a package, "verifying" a file that is here.
    total_bytes: None as long as it is not known.
    """

    done_bytes: int
    total_bytes: int | None
    phase: Phase


ProgressCallback = Callable[[ProgressInfo], "bool | None"]
"""Called while a model is downloaded; if it returns False, the download ends with CancellationError."""


class Reporter:
    """Passes progress on, not too often. Raises CancellationError once the listener returns False."""

    def __init__(self, callback: ProgressCallback | None, what: str) -> None:
        self._callback = callback
        self._what = what
        self._last: tuple[Phase | None, float] = (None, 0.0)

    def __call__(self, phase: Phase, done: int, total: int | None) -> None:
        if self._callback is None:
            return
        now = time.monotonic()
        last_phase, last_time = self._last
        if phase == last_phase and now - last_time < _INTERVAL and done != total:
            return
        self._last = (phase, now)
        if self._callback(ProgressInfo(done, total, phase)) is False:
            raise CancellationError(f"the download of {self._what} was cancelled; the next one goes on from there")

    def sleep(self, seconds: float, phase: Phase, done: int, total: int | None) -> None:
        """Waits, while the listener may still cancel."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self(phase, done, total)
            time.sleep(min(left, 0.1))
