"""The last pass: writes the rows that stay, and counts what became of each."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ..manifest import Output
from ..storage import make_folder, whole_file
from . import reasons
from .chunks import Chunks, Header, Sample, Tally
from .duplicates import EXACT, KEPT, Found, Repetition
from .examine import bucket_of, shown
from .settings import Curate

TRAIN, HELD_OUT = "train", "held-out"
_SCHEMA = pa.schema(
    [
        ("messages", pa.list_(pa.struct([("role", pa.string()), ("content", pa.string())]))),
        ("source", pa.string()),
        ("file", pa.string()),
        ("row", pa.int64()),
        ("language", pa.string()),
    ]
)
_ROWS_PER_GROUP = 2048
_CHARACTERS_PER_GROUP = 4 << 20


@dataclass
class Counts:
    """What became of all rows.

    by_source: what was counted of each source. lengths, languages: of the rows that stay.
    rows: how many were written, by part.
    """

    by_source: list[Tally]
    kept: list[int]
    lengths: Counter[int] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    rows: Counter[str] = field(default_factory=Counter)


class _Part:
    """The files of one part of the result, each of them whole or not there."""

    def __init__(self, folder: Path, name: str, largest: int) -> None:
        self._folder, self._name, self._largest = folder, name, largest
        self._open = ExitStack()
        self._writer: pq.ParquetWriter | None = None
        self._in_file = self._characters = 0
        self._waiting: list[dict[str, Any]] = []
        self.written: list[tuple[Path, int]] = []

    def __enter__(self) -> _Part:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def add(self, row: dict[str, Any], characters: int) -> None:
        """Takes a row, of so many characters."""
        self._waiting.append(row)
        self._characters += characters
        full = len(self._waiting) >= min(_ROWS_PER_GROUP, self._largest - self._in_file)
        if full or self._characters >= _CHARACTERS_PER_GROUP:
            self._flush()

    def end(self) -> None:
        """Writes what is left; each part has a file, even without rows."""
        if self._waiting or not self.written:
            self._flush()
        self._close()

    def _flush(self) -> None:
        if self._writer is None:
            path = self._folder / f"{self._name}-{len(self.written):05}.parquet"
            file: IO[bytes] = self._open.enter_context(whole_file(path))
            self._writer = self._open.enter_context(pq.ParquetWriter(file, _SCHEMA, compression="zstd"))
            self.written.append((path, 0))
        self._writer.write_table(pa.Table.from_pylist(self._waiting, _SCHEMA))
        self._in_file += len(self._waiting)
        self.written[-1] = (self.written[-1][0], self._in_file)
        self._waiting, self._characters = [], 0
        if self._in_file >= self._largest:
            self._close()

    def _close(self) -> None:
        self._open.close()
        self._writer, self._in_file = None, 0


def write_result(
    settings: Curate,
    chunks: Chunks,
    found: Found,
    names: Sequence[Sequence[str]],
    folder: Path,
    advance: Callable[[int], None],
) -> tuple[Counts, list[Output]]:
    """Writes the files of the result. Raises OutputError.

    advance: is told how many more rows are done.
    """
    data = folder / "data"
    make_folder(data)
    counts = Counts([Tally() for _ in settings.sources], [0] * len(settings.sources))
    quoted = _Quoted(found)
    with ExitStack() as open_:
        train = open_.enter_context(_Part(data, TRAIN, settings.rows_per_file))
        parts = {TRAIN: train}
        if settings.held_out:
            parts[HELD_OUT] = open_.enter_context(_Part(data, HELD_OUT, settings.rows_per_file))
        for header in chunks.headers:
            source, file = settings.sources[header.source].name, names[header.source][header.file]
            tally = counts.by_source[header.source]
            tally.add(chunks.tally(header), settings.samples)
            for number, row in _rows(chunks, header):
                fate = int(found.fates[number])
                quoted.take(number, row, source, file)
                if fate != KEPT:
                    tally.dropped[reasons.EXACT_DUPLICATE if fate == EXACT else reasons.NEAR_DUPLICATE] += 1
                    continue
                part = HELD_OUT if is_held_out(row["key"], settings) else TRAIN
                messages = orjson.loads(row["messages"])
                parts[part].add(
                    {
                        "messages": messages,
                        "source": source,
                        "file": file,
                        "row": row["row"],
                        "language": row["language"],
                    },
                    row["characters"],
                )
                counts.rows[part] += 1
                counts.kept[header.source] += 1
                counts.languages[row["language"]] += 1
                counts.lengths[bucket_of(row["characters"])] += 1
            advance(header.count)
        for each in parts.values():
            each.end()
    for reason, samples in quoted.samples().items():
        counts.by_source[0].samples[reason] = samples
    return counts, [Output.of(path, folder, rows) for each in parts.values() for path, rows in each.written]


def is_held_out(key: bytes, settings: Curate) -> bool:
    """Whether a row is held out: decided by its text and the seed, and so the same wherever it stands."""
    digest = hashlib.blake2b(key, digest_size=8, salt=settings.seed.to_bytes(8, "big")).digest()
    return int.from_bytes(digest, "big") < settings.held_out * 2**64


def _rows(chunks: Chunks, header: Header) -> Iterator[tuple[int, dict[str, Any]]]:
    batch = chunks.rows(header)
    for begin in range(0, batch.num_rows, _ROWS_PER_GROUP):
        yield from enumerate(batch.slice(begin, _ROWS_PER_GROUP).to_pylist(), header.first + begin)


class _Quoted:
    """The texts of repetitions that the report shows, beside those that they repeat."""

    def __init__(self, found: Found) -> None:
        self._by_reason = {reasons.EXACT_DUPLICATE: found.exact, reasons.NEAR_DUPLICATE: found.near}
        pairs = [*found.exact, *found.near]
        self._wanted = {number for each in pairs for number in (each.row, each.of)}
        self._texts: dict[int, tuple[str, str, int, str]] = {}

    def take(self, number: int, row: dict[str, Any], source: str, file: str) -> None:
        if number in self._wanted:
            text = "\n".join(message["content"] for message in orjson.loads(row["messages"]))
            self._texts[number] = source, file, row["row"], shown(text)

    def samples(self) -> dict[str, list[Sample]]:
        return {reason: [self._sample(each) for each in found] for reason, found in self._by_reason.items() if found}

    def _sample(self, each: Repetition) -> Sample:
        source, file, row, text = self._texts[each.row]
        of_source, of_file, of_row, of_text = self._texts[each.of]
        alike = "the same" if each.similarity == 1 else f"{each.similarity:.0%} alike"
        return Sample(
            each.priority, source, file, row, text, f"{alike}: {of_source}, {of_file}, row {of_row:,}: {of_text}"
        )
