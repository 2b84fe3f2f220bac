"""Writing conversations as tokens, in a stream, into Arrow files that are mapped into memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from ..errors import SourceError
from ..storage import make_folder, whole_file, write_whole
from .encoding import IGNORED, Encoder

_SCHEMA = pa.schema([("input_ids", pa.list_(pa.int32())), ("labels", pa.list_(pa.int32()))])
_ROWS = 512


@dataclass
class Counts:
    """What became of the conversations of a part.

    used: those that are trained on, or measured with; cut: how many of these were too long.
    without_answer: left out, as all of the answer was cut off. with_special_tokens: left out, as their text has what
    the model takes for the end of a message. tokens, answer_tokens: of those that are used. by_source: used, of each.
    """

    read: int = 0
    used: int = 0
    cut: int = 0
    without_answer: int = 0
    with_special_tokens: int = 0
    tokens: int = 0
    answer_tokens: int = 0
    by_source: Counter[str] = field(default_factory=Counter)


def encode_part(
    paths: Sequence[Path], encoder: Encoder, out: Path, most: int | None, advance: Callable[[int], None]
) -> Counts:
    """Writes a part's conversations to a file, unless an earlier run has. Raises SourceError, OutputError.

    most: how many are taken, at most.
    """
    told = out.with_suffix(".json")
    if told.is_file():  # it is written after the other
        return Counts(**orjson.loads(told.read_bytes()))
    make_folder(out.parent)
    counts = Counts()
    with whole_file(out) as file, pa.ipc.new_stream(file, _SCHEMA) as writer:
        for batch in _encoded(paths, encoder, most, counts):
            writer.write_batch(pa.RecordBatch.from_pylist(batch, _SCHEMA))
            advance(len(batch))
    write_whole(told, orjson.dumps(vars(counts)))
    return counts


def _encoded(
    paths: Sequence[Path], encoder: Encoder, most: int | None, counts: Counts
) -> Iterator[list[dict[str, list[int]]]]:
    batch: list[dict[str, list[int]]] = []
    for row in _rows(paths):
        if most is not None and counts.used >= most:
            break
        counts.read += 1
        if encoder.has_special(row["messages"]):
            counts.with_special_tokens += 1
            continue
        found = encoder.encode(row["messages"])
        # the first token is predicted from nothing
        answer_tokens = sum(label != IGNORED for label in found.labels[1:])
        if not answer_tokens:
            counts.without_answer += 1
            continue
        counts.used += 1
        counts.cut += found.cut
        counts.tokens += len(found.tokens)
        counts.answer_tokens += answer_tokens
        counts.by_source[row["source"]] += 1
        batch.append({"input_ids": found.tokens, "labels": found.labels})
        if len(batch) == _ROWS:
            yield batch
            batch = []
    if batch:
        yield batch


def _rows(paths: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                for batch in file.iter_batches(_ROWS, columns=["messages", "source"]):
                    yield from batch.to_pylist()
        except (pa.ArrowException, KeyError, OSError) as error:
            raise SourceError(f"cannot be read: {error}", file=path, remedy="Curate again") from error
