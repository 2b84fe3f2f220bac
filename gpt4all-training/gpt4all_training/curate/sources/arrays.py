"""A JSON file that is one long array of rows, as Alpaca and ShareGPT came; read piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

import ijson

from ...errors import SourceError
from .lines import open_stream
from .record import Place, Record

_BLOCK = 1 << 16
_DEEPEST = 100
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def is_array(path: Path) -> bool:
    """Whether a JSON file begins as an array does. Raises OSError."""
    with open_stream(path) as file:
        return file.read(4096).removeprefix(_BYTE_ORDER_MARK).lstrip().startswith(b"[")


class _Limited:
    """A file for the parser, which would otherwise take a row of any size into memory."""

    def __init__(self, file: BinaryIO, path: Path, largest: int) -> None:
        self._file, self._path, self._largest = file, path, largest
        self._since_row = self.rows = 0
        self._began = False

    def read(self, size: int = -1) -> bytes:
        """The next block. The parser asks with 0 for whether it gets bytes."""
        if size == 0:
            return b""
        if self._since_row > self._largest + 2 * _BLOCK:
            remedy = "Raise `largest_row`, or take the row out of the file"
            problem = f"has more than {self._largest:,} bytes"
            raise SourceError(problem, file=self._path, row=self.rows + 1, remedy=remedy)
        block = self._file.read(_BLOCK)
        self._since_row += len(block)
        if not self._began:
            self._began = True
            return block.removeprefix(_BYTE_ORDER_MARK)
        return block

    def row_ended(self) -> int:
        """The parser has a whole row; returns how many bytes were read for it, in whole blocks."""
        size = self._since_row
        self.rows += 1
        self._since_row = 0
        return size


def read(path: Path, start: Place, largest: int) -> Iterator[Record]:
    """The rows behind a place; what is before it is parsed again. Raises SourceError."""
    with open_stream(path) as file:
        limited = _Limited(file, path, largest)
        try:
            for value, deep in _values(limited):
                size = limited.row_ended()
                if limited.rows > start.row:
                    yield _record(limited.rows, value, size, deep)
        except (ijson.JSONError, UnicodeDecodeError, ValueError) as error:
            what = " ".join(str(error).split())[:200] or type(error).__name__
            remedy = "Nothing behind it can be read: correct it, or get the file again if it is cut off"
            row = limited.rows + 1
            raise SourceError(f"is not valid JSON: {what}", file=path, row=row, remedy=remedy) from error


def _values(file: _Limited) -> Iterator[tuple[Any, bool]]:
    """The values in the array, each with whether it is too deep, in which case it is none.

    Not by ijson.items, to which each level costs the names of all those above it.
    """
    depth, deep, builder = 0, False, ijson.ObjectBuilder()
    for event, value in ijson.basic_parse(file, use_float=True, buf_size=_BLOCK):
        if event in ("start_map", "start_array"):
            depth += 1
            deep = deep or depth > _DEEPEST
        elif event in ("end_map", "end_array"):
            depth -= 1
        if depth == 0 or (depth == 1 and event == "start_array"):
            continue  # the array itself
        if not deep:
            builder.event(event, value)
        if depth == 1:
            yield (None if deep else builder.value), deep
            deep, builder = False, ijson.ObjectBuilder()


def _record(row: int, value: Any, size: int, deep: bool) -> Record:
    problem = f"is nested more than {_DEEPEST:,} deep" if deep else ""
    remedy = "Correct the row, or set the source's `unreadable` to drop" if deep else ""
    return Record(row, Place(row, row), value, size, problem, remedy)
