"""Parquet and Arrow (files, streams and Feather), a batch of rows at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ...errors import SourceError
from .record import Place, Record

_ROWS = 1024
_MAGIC_OF_FILES = b"ARROW1"
Reader = Callable[[Path, int, frozenset[str]], Iterator[tuple[int, Any]]]


def read(path: Path, reader: Reader, start: Place, largest: int, columns: frozenset[str]) -> Iterator[Record]:
    """The rows behind a place. Raises SourceError."""
    row = 0
    try:
        for row, batch in reader(path, start.row, columns):
            if row + batch.num_rows > start.row:
                yield from _records(batch, row, start.row, largest)
            row += batch.num_rows
    except (pa.ArrowException, OverflowError, ValueError) as error:
        what = " ".join(str(error).split())[:300]
        remedy = "It may be cut off or damaged: get it again"
        raise SourceError(f"cannot be read: {what}", file=path, row=max(row, start.row) + 1, remedy=remedy) from error


def parquet(path: Path, skip: int, columns: frozenset[str]) -> Iterator[tuple[int, Any]]:
    """The batches of a Parquet file that end behind row `skip`, each with how many rows are before it."""
    # buffer_size: without it, a column of a whole row group would be read at once
    with pq.ParquetFile(str(path), buffer_size=1 << 18, pre_buffer=False) as file:
        names = _wanted(file.schema_arrow, columns)
        before = 0
        for group in range(file.num_row_groups):
            count = file.metadata.row_group(group).num_rows
            if before + count > skip:
                row = before
                for batch in file.iter_batches(_ROWS, row_groups=[group], columns=names):
                    yield row, batch
                    row += batch.num_rows
            before += count


def arrow(path: Path, skip: int, columns: frozenset[str]) -> Iterator[tuple[int, Any]]:
    """The batches of an Arrow file or stream, each with how many rows are before it."""
    with pa.OSFile(str(path)) as file:
        whole = file.read(len(_MAGIC_OF_FILES)) == _MAGIC_OF_FILES
        file.seek(0)
        reader = pa.ipc.open_file(file) if whole else pa.ipc.open_stream(file)
        names = _wanted(reader.schema, columns)
        row = 0
        for batch in map(reader.get_batch, range(reader.num_record_batches)) if whole else reader:
            yield row, batch.select(names)
            row += batch.num_rows


def _wanted(schema: Any, columns: frozenset[str]) -> list[str]:
    return [name for name in dict.fromkeys(schema.names) if name in columns and schema.names.count(name) == 1]


def _records(batch: Any, before: int, skip: int, largest: int) -> Iterator[Record]:
    for begin in range(0, batch.num_rows, _ROWS):  # a batch of an Arrow file may have any number
        part = batch.slice(begin, _ROWS)
        if part.nbytes <= largest and _problem(part) is None:
            values = part.to_pylist()
            size = part.nbytes // max(1, len(values))
            for row, value in enumerate(values, before + begin + 1):
                if row > skip:
                    yield Record(row, Place(row, row), value, size)
        else:
            for row in range(max(before + begin, skip), before + begin + part.num_rows):
                yield _record(part.slice(row - before - begin, 1), row + 1, largest)


def _record(one: Any, row: int, largest: int) -> Record:
    place = Place(row, row)
    if one.nbytes > largest:
        problem = f"has more than {largest:,} bytes"
        return Record(row, place, None, 0, problem, "Raise `largest_row`, or set the source's `unreadable` to drop")
    if (wrong := _problem(one)) is not None:
        return Record(row, place, None, 0, wrong, "Correct the row, or set the source's `unreadable` to drop")
    return Record(row, place, one.to_pylist()[0], one.nbytes)


def _problem(batch: Any) -> str | None:
    """What is wrong with a batch: what a file says of offsets and lengths is followed only once it is checked."""
    try:
        batch.validate(full=True)
    except pa.ArrowInvalid as error:
        return " ".join(str(error).split())[:300]
    return None
