"""When a model that crashes is opened again: at once, then after longer and longer."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..._errors import InternalError

FIRST_SECONDS = 1.0
MOST_SECONDS = 60.0
FORGET_SECONDS = 300.0


class CrashingError(InternalError):
    """A model has crashed several times, and is not opened again yet.

    detail: "retry_after", in seconds.
    """


class BackOff:
    """Counts the crashes of one model. The first is forgiven; crashes that lie FORGET_SECONDS apart are forgotten."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._crashes = 0
        self._last = 0.0

    def crashed(self) -> None:
        """Its process ended unexpectedly."""
        now = self._clock()
        self._crashes = 1 if now - self._last > FORGET_SECONDS else self._crashes + 1
        self._last = now

    @property
    def seconds(self) -> float:
        """How long from now it is not to be opened."""
        if self._crashes < 2:
            return 0.0
        pause = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** (self._crashes - 2))
        return max(0.0, self._last + pause - self._clock())

    def check(self, path: str) -> None:
        """Raises CrashingError while it is not to be opened."""
        seconds = self.seconds
        if seconds > 0:
            raise CrashingError(
                f"{Path(path).name} has crashed {self._crashes} times; it is opened again in {seconds:.0f} s",
                {"retry_after": seconds},
            )
