"""One row of a file, and the place behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A place in a file.

    offset: where to read on: a byte in JSONL, a row in other formats.
    row: how many rows were before it.
    """

    offset: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class Record:
    """A row.

    row: its number in the file, from 1.
    after: the place behind it.
    value: what it holds.
    size: about how many bytes it takes.
    problem: why it could not be read; empty if it could.
    remedy: what to do about that.
    """

    row: int
    after: Place
    value: Any
    size: int
    problem: str = ""
    remedy: str = ""
