"""Times that hold on a machine where other things run: the best of three rounds."""

from __future__ import annotations

import time
from collections.abc import Callable

ROUNDS = 3


def best_of_three(work: Callable[[], object]) -> float:
    """The seconds of the quickest round."""
    times = []
    for _ in range(ROUNDS):
        begun = time.monotonic()
        work()
        times.append(time.monotonic() - begun)
    return min(times)


def in_one_of_three(holds: Callable[[], bool]) -> bool:
    """Whether something holds in at least one round."""
    return any(holds() for _ in range(ROUNDS))
