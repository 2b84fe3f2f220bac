"""JSONL: a JSON object on each line, in UTF-8, compressed or not."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

import orjson
import pyarrow as pa

from ...errors import SourceError
from .record import Place, Record

COMPRESSIONS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".zstd": "zstd", ".lz4": "lz4"}
_BLOCK = 1 << 20
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def read(path: Path, start: Place, largest: int) -> Iterator[Record]:
    """The rows behind a place. Raises SourceError if it is no such file at all, OSError if it cannot be read."""
    with open_stream(path) as file:
        if start.offset == 0 and (mark := _beginning(file)) in _UTF_16:
            code = "UTF-16LE" if mark == _UTF_16[0] else "UTF-16BE"
            remedy = f"Convert it: iconv -f {code} -t UTF-8"
            raise SourceError("is in UTF-16, not UTF-8", file=path, row=1, remedy=remedy)
        _skip(file, start.offset)
        offset, row = start
        while line := file.readline(largest + 1):
            whole = line.endswith(b"\n") or len(line) <= largest
            length = len(line) + (0 if whole else _rest_of_line(file))
            row, offset = row + 1, offset + length
            if whole and not line.strip():
                continue
            yield _record(line, row, Place(offset, row), largest if not whole else None)


def open_stream(path: Path) -> BinaryIO:
    """A file's bytes as they were before it was compressed. Raises OSError."""
    compression = COMPRESSIONS.get(path.suffix.lower())
    if compression is None:
        return path.open("rb")
    return cast(BinaryIO, io.BufferedReader(pa.input_stream(str(path), compression=compression), _BLOCK))


def _beginning(file: BinaryIO) -> bytes:
    return cast(io.BufferedReader, file).peek(2)[:2]


def _skip(file: BinaryIO, count: int) -> None:
    if file.seekable():
        file.seek(count)
        return
    while count and (block := file.read(min(count, _BLOCK))):
        count -= len(block)


def _rest_of_line(file: BinaryIO) -> int:
    length = 0
    while piece := file.readline(_BLOCK):
        length += len(piece)
        if piece.endswith(b"\n"):
            break
    return length


def _record(line: bytes, row: int, after: Place, exceeded: int | None) -> Record:
    if exceeded is not None:
        problem = f"has more than {exceeded:,} bytes"
        return Record(row, after, None, 0, problem, "Raise `largest_row`, or set the source's `unreadable` to drop")
    if row == 1:
        line = line.removeprefix(_BYTE_ORDER_MARK)
    try:
        return Record(row, after, orjson.loads(line), len(line))
    except orjson.JSONDecodeError as error:
        problem, remedy = _explained(line, error)
        return Record(row, after, None, 0, problem, remedy)


def _explained(line: bytes, error: orjson.JSONDecodeError) -> tuple[str, str]:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as wrong:
        remedy = "Convert the file, for example with iconv -f WINDOWS-1252 -t UTF-8, or set `unreadable` to drop"
        return f"is not UTF-8 (byte 0x{line[wrong.start]:02X} at {wrong.start:,})", remedy
    problem = f"is not valid JSON: {error.msg} at character {error.pos:,}"
    if not line.endswith(b"\n"):
        return f"{problem}, and the file ends there", "It may be cut off: get it again, or set `unreadable` to drop"
    return problem, "Correct the row, or set the source's `unreadable` to drop"
