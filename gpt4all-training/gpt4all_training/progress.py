"""Showing on stderr how far a step is, and how long it will take."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any, Protocol

from tqdm import tqdm


class Progress(Protocol):
    """Is told how far a step is."""

    def begin(self, what: str, total: int, unit: str) -> None:
        """Something with so many units begins; 0 if nobody can say how many."""

    def advance(self, units: int) -> None:
        """So many more are done."""


class Silent:
    """Shows nothing."""

    def begin(self, what: str, total: int, unit: str) -> None:
        """Something begins."""

    def advance(self, units: int) -> None:
        """More is done."""


class Bars:
    """Bars with the time left on a terminal; a line for each thing that begins elsewhere."""

    def __init__(self) -> None:
        self._bar: Any = None

    def __enter__(self) -> Bars:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._end()

    def begin(self, what: str, total: int, unit: str) -> None:
        """Ends the bar before, and shows another."""
        self._end()
        if sys.stderr.isatty() and total:
            self._bar = tqdm(desc=what, total=total, unit=unit, unit_scale=True, dynamic_ncols=True, file=sys.stderr)
        else:
            print(f"{what} …", file=sys.stderr, flush=True)

    def advance(self, units: int) -> None:
        """Moves the bar on."""
        if self._bar is not None:
            self._bar.update(units)

    def _end(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
