"""Reading the files of a source, one row after the other, from any place at which an earlier run stopped."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import SourceError
from . import arrays, lines, tables
from .record import Place, Record

__all__ = ["FORMATS", "Place", "Record", "read"]

FORMATS = {
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "json",
    ".parquet": "parquet",
    ".arrow": "arrow",
    ".feather": "arrow",
}


def read(path: Path, form: str, start: Place, largest: int, columns: frozenset[str]) -> Iterator[Record]:
    """The rows of a file behind a place.

    form: jsonl, json, parquet or arrow; auto goes by the name.
    largest: the most bytes of a row.
    columns: those to read, where others can be left out.

    Raises SourceError if the file, or what is behind some row of it, cannot be read at all. A row that cannot be read
    has its problem in its record.
    """
    form = _by_name(path) if form == "auto" else form
    try:
        if form == "json" and not arrays.is_array(path):
            form = "jsonl"  # as it is often named
        if form == "jsonl":
            yield from lines.read(path, start, largest)
        elif form == "json":
            yield from arrays.read(path, start, largest)
        else:
            reader = tables.parquet if form == "parquet" else tables.arrow
            yield from tables.read(path, reader, start, largest, columns)
    except OSError as error:
        problem = error.strerror or str(error)
        raise SourceError(f"cannot be read: {problem}", file=path, remedy=_remedy(error)) from error


def _remedy(error: OSError) -> str:
    if error.errno is None:  # what a decompressor says
        return "The file may be cut off or damaged: get it again"
    return "Correct `files`, or make the file readable"


def _by_name(path: Path) -> str:
    endings = [ending.lower() for ending in path.suffixes if ending.lower() not in lines.COMPRESSIONS]
    if endings and endings[-1] in FORMATS:
        return FORMATS[endings[-1]]
    remedy = f"Set the source's `format`, or give it one of the endings {', '.join(FORMATS)}"
    raise SourceError("the name does not say in which format it is", file=path, remedy=remedy)
