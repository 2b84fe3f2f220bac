"""Writes GGUF files with nothing but the standard library: what a conversion on a user's machine needs, no more."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal

MAGIC = b"GGUF"
VERSION = 3
ALIGNMENT = 32

_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY = 4, 5, 6, 7, 8, 9
_TENSOR_TYPES = {"F32": (0, 4), "F16": (1, 2), "BF16": (30, 2)}

TensorType = Literal["F32", "F16", "BF16"]


@dataclass(frozen=True)
class Tensor:
    """A tensor to be written.

    shape: rows first, as NumPy has it; GGUF itself counts the other way round.
    data: called when its turn comes, so that one tensor at a time is in memory. Little-endian, of the type's size; a
        memoryview must be one of bytes.
    """

    name: str
    shape: Sequence[int]
    type: TensorType
    data: Callable[[], bytes | memoryview]

    @property
    def size(self) -> int:
        """Bytes of the data."""
        count = 1
        for length in self.shape:
            count *= length
        return count * _TENSOR_TYPES[self.type][1]


class Metadata:
    """The key-value pairs of a GGUF file, encoded in the order in which they are set."""

    def __init__(self) -> None:
        self._pairs: list[bytes] = []

    def _set(self, key: str, type_: int, value: bytes) -> None:
        self._pairs.append(_string(key) + struct.pack("<I", type_) + value)

    def uint32(self, key: str, value: int) -> None:
        self._set(key, _UINT32, struct.pack("<I", value))

    def float32(self, key: str, value: float) -> None:
        self._set(key, _FLOAT32, struct.pack("<f", value))

    def boolean(self, key: str, value: bool) -> None:
        self._set(key, _BOOL, struct.pack("<?", value))

    def string(self, key: str, value: str) -> None:
        self._set(key, _STRING, _string(value))

    def strings(self, key: str, values: Sequence[str]) -> None:
        self._set(key, _ARRAY, struct.pack("<IQ", _STRING, len(values)) + b"".join(map(_string, values)))

    def int32s(self, key: str, values: Sequence[int]) -> None:
        self._set(key, _ARRAY, struct.pack(f"<IQ{len(values)}i", _INT32, len(values), *values))

    def encoded(self) -> tuple[int, bytes]:
        """How many pairs there are, and their bytes."""
        return len(self._pairs), b"".join(self._pairs)


def write_gguf(path: Path, metadata: Metadata, tensors: Iterable[Tensor]) -> None:
    """Writes a file and flushes it to the disk. The caller gives it its final name when this has returned.

    Raises ValueError if a tensor's data has another size than its shape says, OSError if the disk is full.
    """
    tensors = list(tensors)
    with path.open("wb") as out:
        _write_header(out, metadata, tensors)
        for tensor in tensors:
            data = tensor.data()
            if len(data) != tensor.size:
                raise ValueError(f"the tensor {tensor.name} has {len(data)} bytes where its shape needs {tensor.size}")
            out.write(data)
            _pad(out)
        out.flush()
        os.fsync(out.fileno())


def _write_header(out: BinaryIO, metadata: Metadata, tensors: Sequence[Tensor]) -> None:
    count, pairs = metadata.encoded()
    out.write(MAGIC + struct.pack("<IQQ", VERSION, len(tensors), count) + pairs)
    offset = 0
    for tensor in tensors:
        dimensions = tuple(reversed(tensor.shape))
        out.write(_string(tensor.name) + struct.pack(f"<I{len(dimensions)}Q", len(dimensions), *dimensions))
        out.write(struct.pack("<IQ", _TENSOR_TYPES[tensor.type][0], offset))
        offset += -(-tensor.size // ALIGNMENT) * ALIGNMENT
    _pad(out)


def _pad(out: BinaryIO) -> None:
    out.write(b"\0" * (-out.tell() % ALIGNMENT))


def _string(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data
