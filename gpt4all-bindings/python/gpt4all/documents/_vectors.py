"""Vectors of one embedding model, in files, and the search for the nearest.

Up to EXACT vectors, every one is compared in full. Above, the signs of their numbers are: that is 1 bit for each, and
the best of those are compared in full.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

    Floats = NDArray[numpy.float32]
    Integers = NDArray[numpy.int64]
    Mask = NDArray[numpy.bool_]

EXACT = 100_000
RESCORED = 1000
_ROWS = 65_536  # that are compared at a time


class VectorFile:
    """The vectors in their slots: in float16, and their signs. Only one process writes.

    dim: numbers in a vector.
    exact: up to how many are compared in full.
    """

    def __init__(self, folder: Path, name: str, dim: int, *, exact: int = EXACT) -> None:
        self.dim = dim
        self._exact = exact
        self._halves = folder / f"{name}.f16"
        self._signs = folder / f"{name}.bits"
        self._code = (dim + 63) // 64 * 8
        self._floats: Any = None
        self._codes: Any = None

    def __len__(self) -> int:
        """How many slots there are."""
        try:
            return min(self._halves.stat().st_size // (self.dim * 2), self._signs.stat().st_size // self._code)
        except FileNotFoundError:
            return 0

    def write(self, slots: Sequence[int], vectors: Any) -> None:
        """Puts vectors into slots, which may lie behind the last. They are on the disk when this returns."""
        import numpy

        rows = numpy.asarray(vectors, dtype=numpy.float32).reshape(len(slots), self.dim)
        self._put(self._halves, slots, rows.astype(numpy.float16), self.dim * 2)
        self._put(self._signs, slots, self._encoded(rows), self._code)
        self._floats = self._codes = None

    def read(self, slots: Any) -> Floats:
        """The vectors in some slots. They are not mapped: each page that is looked at would count as memory."""
        import numpy

        width = self.dim * 2
        data = bytearray()
        with self._halves.open("rb", buffering=0) as file:
            for slot in map(int, slots):
                file.seek(slot * width)
                data += file.read(width)
        found: Floats = numpy.frombuffer(data, numpy.float16).reshape(-1, self.dim).astype(numpy.float32)
        return found

    def similarities(self, slots: Any, query: Any) -> Floats:
        """How similar the vectors in some slots are to one of length 1."""
        import numpy

        found: Floats = self.read(slots) @ numpy.asarray(query, dtype=numpy.float32)
        return found

    def nearest(self, query: Any, count: int, allowed: Mask | None = None) -> tuple[Integers, Floats]:
        """The slots of the vectors most similar to one of length 1, the best first, and their similarities.

        allowed: for each slot whether it may be found; slots behind its end may not.
        """
        import numpy

        size = len(self) if allowed is None else min(len(self), len(allowed))
        wanted = numpy.asarray(query, dtype=numpy.float32)
        candidates = numpy.arange(size) if allowed is None else numpy.flatnonzero(allowed[:size])
        if not len(candidates):
            return candidates, numpy.zeros(0, numpy.float32)
        if size > self._exact:
            candidates = self._nearest_signs(wanted, size, candidates, max(RESCORED, count))
            scores = self.read(candidates) @ wanted
        else:
            # Not by @, whose threads wait for each other as soon as another program runs.
            scores = numpy.einsum("ij,j->i", self._in_memory(size), wanted)[candidates]
        best = _largest(scores, count)
        return candidates[best], scores[best]

    def _nearest_signs(self, query: Floats, size: int, candidates: Integers, count: int) -> Integers:
        import numpy

        codes = self._codes_in_memory(size)
        wanted = self._encoded(query.reshape(1, -1)).view(numpy.uint64)[0]
        differing = numpy.empty(len(candidates), numpy.int32)
        whole = len(candidates) == size
        for begin in range(0, len(candidates), _ROWS):
            end = min(begin + _ROWS, len(candidates))
            rows = codes[begin:end] if whole else codes[candidates[begin:end]]
            differing[begin:end] = numpy.bitwise_count(rows ^ wanted).sum(axis=1, dtype=numpy.int32)
        nearest: Integers = candidates[_largest(-differing, count)]
        return nearest

    def _encoded(self, rows: Floats) -> Any:
        import numpy

        packed = numpy.packbits(rows > 0, axis=1)
        return numpy.pad(packed, ((0, 0), (0, self._code - packed.shape[1])))

    def _in_memory(self, size: int) -> Any:
        if self._floats is None or len(self._floats) != size:
            import numpy

            floats = numpy.empty((size, self.dim), numpy.float32)
            with self._halves.open("rb") as file:
                for begin in range(0, size, _ROWS):
                    rows = floats[begin : begin + _ROWS]
                    rows[:] = numpy.fromfile(file, numpy.float16, rows.size).reshape(rows.shape)
            self._floats = floats
        return self._floats

    def _codes_in_memory(self, size: int) -> Any:
        if self._codes is None or len(self._codes) != size:
            import numpy

            self._floats = None
            codes = numpy.fromfile(self._signs, dtype=numpy.uint64, count=size * self._code // 8)
            self._codes = codes.reshape(size, self._code // 8)
        return self._codes

    @staticmethod
    def _put(path: Path, slots: Sequence[int], rows: Any, width: int) -> None:
        with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            for slot, row in zip(slots, rows, strict=True):
                file.seek(slot * width)
                file.write(row.tobytes())
            file.flush()
            os.fsync(file.fileno())


def _largest(scores: Any, count: int) -> Any:
    """Where the largest are, in descending order."""
    import numpy

    if count < len(scores):
        best = numpy.argpartition(scores, -count)[-count:]
        return best[numpy.argsort(-scores[best], kind="stable")]
    return numpy.argsort(-scores, kind="stable")
