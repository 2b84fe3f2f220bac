"""Finding repetitions among the rows that are left: of two that are the same, or nearly so, the first stays.

Nothing is held in memory but a byte for each row: keys and bands are grouped on the disk, and sketches are read where
two rows are to be compared.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from .chunks import Chunks
from .grouping import Groups, group_starts
from .settings import Near
from .sketches import bands_of

KEPT, EXACT, NEAR = 0, 1, 2
_NEIGHBOURS = 2  # in a band, rows are compared with so many of the first, and so many right before them
_PAIRS_AT_ONCE = 16_384
_KEYS = np.dtype([("key", "<u8"), ("rest", "<u8"), ("row", "<i8")])
_BANDS = np.dtype([("key", "<u8"), ("row", "<i8")])
_PAIRS = np.dtype([("key", "<u8"), ("earlier", "<i8")])
Rows = npt.NDArray[np.int64]


@dataclass(frozen=True, order=True)
class Repetition:
    """A row that repeats an earlier one. priority: those with the least are shown in the report."""

    priority: int
    row: int
    of: int
    similarity: float


@dataclass
class Found:
    """What became of each row, and some of the repetitions.

    fates: KEPT, EXACT or NEAR for each row. similarities: near duplicates by percent of similarity.
    """

    fates: npt.NDArray[np.uint8]
    similarities: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(101, np.int64))
    exact: list[Repetition] = field(default_factory=list)
    near: list[Repetition] = field(default_factory=list)


class Finder:
    """Finds the repetitions among the rows of chunks."""

    def __init__(self, chunks: Chunks, folder: Path, seed: int, samples: int) -> None:
        """folder: for files, which are removed again."""
        self._chunks, self._folder, self._seed, self._samples = chunks, folder, seed, samples
        self.found = Found(np.zeros(chunks.total, np.uint8))

    def find_exact(self) -> None:
        """Rows with the same key. Raises OutputError."""
        with Groups(self._folder / "keys", _KEYS, self._chunks.total) as groups:
            for header in self._chunks.headers:
                keys = self._chunks.rows(header, ["key"]).column("key")
                records = np.empty(header.count, _KEYS)
                both = np.frombuffer(b"".join(keys.to_pylist()), "<u8").reshape(-1, 2)
                records["key"], records["rest"] = both[:, 0], both[:, 1]
                records["row"] = np.arange(header.first, header.first + header.count)
                groups.add(records)
            for part in groups.sorted_parts():
                starts = group_starts(part[["key", "rest"]])
                repeats = np.flatnonzero(starts < np.arange(len(part)))
                rows, firsts = part["row"][repeats], part["row"][starts[repeats]]
                self.found.fates[rows] = EXACT
                self.found.exact = self._sampled(self.found.exact, rows, firsts, np.ones(len(rows)))

    def find_near(self, settings: Near) -> None:
        """Rows whose sketches agree as often as the threshold says. Raises OutputError."""
        total = max(1, self._chunks.total)
        spread = np.uint64((2**64 - 1) // total)  # makes row numbers keys that fill all parts alike, in their order
        most = total * settings.bands * 2 * _NEIGHBOURS
        with Groups(self._folder / "pairs", _PAIRS, most) as pairs:
            for later, earlier in self._candidates(settings):
                records = np.empty(len(later), _PAIRS)
                records["key"], records["earlier"] = later.astype(np.uint64) * spread, earlier
                pairs.add(records)
            for part in pairs.sorted_parts():
                unique = part[np.concatenate([[True], part[1:] != part[:-1]])] if len(part) else part
                self._decide((unique["key"] // spread).astype(np.int64), unique["earlier"], settings.threshold)

    def _candidates(self, settings: Near) -> Iterator[tuple[Rows, Rows]]:
        """Pairs of a later and an earlier row that share a band."""
        with Groups(self._folder / "bands", _BANDS, self._chunks.total * settings.bands) as groups:
            for header in self._chunks.headers:
                left = np.flatnonzero(self.found.fates[header.first : header.first + header.count] == KEPT)
                bands = bands_of(self._chunks.sketches(header)[left], settings)
                records = np.empty(bands.size, _BANDS)
                records["key"], records["row"] = bands.ravel(), np.repeat(left + header.first, settings.bands)
                groups.add(records)
            for part in groups.sorted_parts():
                rows, starts = part["row"], group_starts(part["key"])
                at = np.arange(len(part))
                for distance in range(1, _NEIGHBOURS + 1):
                    later = at[at - distance >= starts]
                    yield rows[later], rows[later - distance]
                for place in range(_NEIGHBOURS):
                    later = at[at > starts + place + _NEIGHBOURS]  # nearer ones came already
                    yield rows[later], rows[starts[later] + place]

    def _decide(self, later: Rows, earlier: Rows, threshold: float) -> None:
        """Drops later rows that are like an earlier one that stays; they come in ascending order."""
        for begin in range(0, len(later), _PAIRS_AT_ONCE):
            second, first = later[begin : begin + _PAIRS_AT_ONCE], earlier[begin : begin + _PAIRS_AT_ONCE]
            rows, where = np.unique(np.concatenate([second, first]), return_inverse=True)
            sketches = self._chunks.sketches_of(rows.tolist())
            similar = (sketches[where[: len(second)]] == sketches[where[len(second) :]]).mean(axis=1)
            close = np.flatnonzero(similar >= threshold)
            dropped: list[int] = []
            for at in close.tolist():
                if self.found.fates[second[at]] == KEPT and self.found.fates[first[at]] == KEPT:
                    self.found.fates[second[at]] = NEAR
                    dropped.append(at)
            np.add.at(self.found.similarities, (similar[dropped] * 100).astype(np.int64), 1)
            self.found.near = self._sampled(self.found.near, second[dropped], first[dropped], similar[dropped])

    def _sampled(
        self, kept: list[Repetition], rows: Rows, of: Rows, similar: npt.NDArray[np.float64]
    ) -> list[Repetition]:
        """Those with the least priorities of what was sampled before and of these."""
        mixed = (rows.astype(np.uint64) + np.uint64(self._seed)) * np.uint64(0x9E3779B97F4A7C15)
        priority = mixed ^ (mixed >> np.uint64(31))
        least = np.argsort(priority, kind="stable")[: self._samples]
        new = [Repetition(int(priority[at]), int(rows[at]), int(of[at]), float(similar[at])) for at in least.tolist()]
        return heapq.nsmallest(self._samples, [*kept, *new])
