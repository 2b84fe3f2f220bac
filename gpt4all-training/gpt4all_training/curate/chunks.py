"""What the first pass leaves on the disk, chunk by chunk: the rows that are left, their sketches, and what was counted.

A chunk's file of rows is written last and gets its name at once, so that a chunk is either done or to be done again.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from ..errors import OutputError
from ..storage import UNFINISHED, make_folder, whole_file
from .sketches import KEY_BYTES, Sketches
from .sources import Place

_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("language", pa.string()),
        ("characters", pa.int64()),
        ("key", pa.binary(KEY_BYTES)),
        ("messages", pa.binary()),
    ]
)
_COMPRESSED = pa.ipc.IpcWriteOptions(compression="zstd")
_TALLY = b"tally"


@dataclass
class Sample:
    """A dropped row for the report.

    priority: those with the least are shown; it depends on the seed and the row's place alone.
    detail: more of why it was dropped.
    """

    priority: int
    source: str
    file: str
    row: int
    text: str
    detail: str = ""


@dataclass
class Tally:
    """What was counted over some rows.

    read: how many rows there were. dropped: how many were dropped, by reason. repaired: how many chats lost turns.
    lengths: rows by twice the logarithm of their characters, of all conversations. languages: rows by language.
    tasks: contaminated rows by task. samples: dropped rows by reason.
    """

    read: int = 0
    repaired: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    lengths: Counter[int] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[Sample]] = field(default_factory=dict)

    def as_data(self) -> dict[str, Any]:
        """As JSON has it."""
        samples = {reason: [vars(each) for each in some] for reason, some in self.samples.items()}
        # not dataclasses.asdict, which takes a Counter's items for what is to be counted
        return {
            **{name: dict(value) if isinstance(value, Counter) else value for name, value in vars(self).items()},
            "samples": samples,
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> Tally:
        """From what as_data made."""
        return cls(
            read=data["read"],
            repaired=data["repaired"],
            dropped=Counter(data["dropped"]),
            lengths=Counter({int(bucket): count for bucket, count in data["lengths"].items()}),
            languages=Counter(data["languages"]),
            tasks=Counter(data["tasks"]),
            samples={reason: [Sample(**each) for each in some] for reason, some in data["samples"].items()},
        )

    def add_sample(self, reason: str, sample: Sample, most: int) -> None:
        """Keeps the sample if it is among those to be shown."""
        kept = self.samples.setdefault(reason, [])
        kept.append(sample)
        kept.sort(key=lambda each: (each.priority, each.source, each.file, each.row))
        del kept[most:]

    def add(self, other: Tally, most: int) -> None:
        """Counts what another counted, too."""
        self.read += other.read
        self.repaired += other.repaired
        for mine, its in (
            (self.dropped, other.dropped),
            (self.languages, other.languages),
            (self.tasks, other.tasks),
        ):
            mine.update(its)
        self.lengths.update(other.lengths)
        for reason, samples in other.samples.items():
            for sample in samples:
                self.add_sample(reason, sample, most)


@dataclass
class Kept:
    """A row that is left."""

    row: int
    language: str
    characters: int
    key: bytes
    messages: list[dict[str, str]]


@dataclass
class Chunk:
    """Some successive rows of a file.

    source, file: which of the sources, and which of its files, from 0. after: the place behind them.
    last: whether the file ends there.
    """

    source: int
    file: int
    after: Place
    last: bool
    tally: Tally
    rows: list[Kept]
    sketches: Sketches | None = None


@dataclass(frozen=True)
class Header:
    """A chunk on the disk, without its rows. first: the number of its first row that is left, among all."""

    number: int
    source: int
    file: int
    after: Place
    last: bool
    first: int
    count: int


class Chunks:
    """The chunks in a folder."""

    def __init__(self, folder: Path, hashes: int) -> None:
        """Finds those that are done.

        hashes: how many a sketch has; 0 if there are none.
        """
        self._folder, self._hashes = folder, hashes
        make_folder(folder)
        for left in folder.glob(f"*{UNFINISHED}"):
            left.unlink(missing_ok=True)
        self.headers: list[Header] = []
        while (path := self._rows(len(self.headers))).is_file():
            tally, count = self._metadata(path)
            self._append(tally, count)

    @property
    def total(self) -> int:
        """How many rows are left in all."""
        return self.headers[-1].first + self.headers[-1].count if self.headers else 0

    def add(self, chunk: Chunk) -> None:
        """Writes a chunk. Raises OutputError."""
        number = len(self.headers)
        if chunk.sketches is not None:
            with whole_file(self._sketches(number)) as file:
                file.write(chunk.sketches.tobytes())
        about = {
            "source": chunk.source,
            "file": chunk.file,
            "after": list(chunk.after),
            "last": chunk.last,
            "tally": chunk.tally.as_data(),
        }
        metadata = {_TALLY: orjson.dumps(about, option=orjson.OPT_NON_STR_KEYS)}
        columns = [
            [each.row for each in chunk.rows],
            [each.language for each in chunk.rows],
            [each.characters for each in chunk.rows],
            [each.key for each in chunk.rows],
            [orjson.dumps(each.messages) for each in chunk.rows],
        ]
        arrays = [pa.array(column, kind) for column, kind in zip(columns, _SCHEMA.types, strict=True)]
        batch = pa.record_batch(arrays, schema=_SCHEMA.with_metadata(metadata))
        with (
            whole_file(self._rows(number)) as file,
            pa.ipc.new_file(file, batch.schema, options=_COMPRESSED) as writer,
        ):
            writer.write_batch(batch)
        self._append(about, len(chunk.rows))

    def tally(self, header: Header) -> Tally:
        """What was counted over a chunk's rows."""
        return Tally.from_data(self._metadata(self._rows(header.number))[0]["tally"])

    def rows(self, header: Header, columns: Sequence[str] | None = None) -> Any:
        """A chunk's rows, as a batch of Arrow's, with all columns or some."""
        included = [_SCHEMA.get_field_index(name) for name in columns or ()]
        options = pa.ipc.IpcReadOptions(included_fields=included or None)
        with pa.OSFile(str(self._rows(header.number))) as file:
            return pa.ipc.open_file(file, options=options).get_batch(0)

    def sketches(self, header: Header) -> Sketches:
        """A chunk's sketches."""
        return np.fromfile(self._sketches(header.number), np.uint32).reshape(header.count, self._hashes)

    def sketches_of(self, rows: Sequence[int]) -> Sketches:
        """The sketches of rows, given by their ascending numbers among all that are left."""
        found = np.empty((len(rows), self._hashes), np.uint32)
        size = 4 * self._hashes
        for header, begin, end in self._runs(rows):
            handle = os.open(self._sketches(header.number), os.O_RDONLY)
            try:
                for at in range(begin, end):
                    piece = os.pread(handle, size, (rows[at] - header.first) * size)
                    found[at] = np.frombuffer(piece, np.uint32)
            finally:
                os.close(handle)
        return found

    def _runs(self, rows: Sequence[int]) -> Iterator[tuple[Header, int, int]]:
        """The chunks of ascending rows, each with which of the rows are its own."""
        firsts = np.array([header.first for header in self.headers], np.int64)
        chunk = np.searchsorted(firsts, rows, side="right") - 1
        begins = np.flatnonzero(np.diff(chunk, prepend=-1))
        for begin, end in zip(begins.tolist(), [*begins[1:].tolist(), len(rows)], strict=True):
            yield self.headers[int(chunk[begin])], begin, end

    def _append(self, about: dict[str, Any], count: int) -> None:
        number, first = len(self.headers), self.total
        after = Place(*about["after"])
        self.headers.append(Header(number, about["source"], about["file"], after, about["last"], first, count))

    def _metadata(self, path: Path) -> tuple[dict[str, Any], int]:
        try:
            with pa.OSFile(str(path)) as file:
                reader = pa.ipc.open_file(file)
                return orjson.loads(reader.schema.metadata[_TALLY]), reader.get_batch(0).num_rows
        except (pa.ArrowException, OSError, KeyError, TypeError, ValueError) as error:
            remedy = "Remove the folder `work` in the output folder, and start again"
            raise OutputError(f"is damaged: {error}", file=path, remedy=remedy) from error

    def _rows(self, number: int) -> Path:
        return self._folder / f"{number:08}.arrow"

    def _sketches(self, number: int) -> Path:
        return self._folder / f"{number:08}.sketches"
