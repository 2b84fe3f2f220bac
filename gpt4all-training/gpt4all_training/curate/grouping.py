"""Bringing records together that have a key in common, however many there are: on the disk, a part at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

from ..errors import unwritten
from ..storage import make_folder

Records = npt.NDArray[np.void]
_PART = 32 << 20  # bytes that a part should have, as it is sorted in memory
_MOST_PARTS = 4096


class Groups:
    """Records, each put into the part that its key belongs to. Use it in a `with`, which removes the files."""

    def __init__(self, folder: Path, kind: npt.DTypeLike, expected: int) -> None:
        """Makes the folder, in place of what an earlier run left.

        kind: NumPy's type of a record, which begins with an unsigned 64-bit `key`.
        expected: how many records there will be, about.
        """
        self.kind: np.dtype[Any] = np.dtype(kind)
        wanted = -(-expected * self.kind.itemsize // _PART)
        self.parts = 1 << max(0, min(wanted, _MOST_PARTS) - 1).bit_length()
        self._folder = folder

    def __enter__(self) -> Groups:
        shutil.rmtree(self._folder, ignore_errors=True)
        make_folder(self._folder)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, records: Records) -> None:
        """Takes more records. Raises OutputError."""
        shift = np.uint64(64 - (self.parts.bit_length() - 1))
        part = records["key"] >> shift if self.parts > 1 else np.zeros(len(records), np.uint64)
        order = np.argsort(part, kind="stable")
        begins = np.searchsorted(part[order], np.arange(self.parts + 1, dtype=np.uint64))
        try:
            for number in np.flatnonzero(np.diff(begins)).tolist():
                # opened each time, as there may be more parts than a process may have files open
                with self._path(number).open("ab") as file:
                    file.write(records[order[begins[number] : begins[number + 1]]].tobytes())
        except OSError as error:
            raise unwritten(error, self._folder) from error

    def sorted_parts(self) -> Iterator[Records]:
        """The records of each part, by key and the fields behind it. Nothing can be added any more."""
        for path in filter(Path.exists, map(self._path, range(self.parts))):
            records = np.fromfile(path, self.kind)
            path.unlink()
            yield records[np.lexsort([records[name] for name in reversed(self.kind.names or ())])]

    def _path(self, part: int) -> Path:
        return self._folder / f"{part:04}"


def group_starts(keys: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """For each of several sorted keys, where the group begins in which it is."""
    if not len(keys):
        return np.zeros(0, np.int64)
    new = np.concatenate([[True], keys[1:] != keys[:-1]])
    return np.maximum.accumulate(np.where(new, np.arange(len(keys)), 0))
