"""The part that all files of 2023 have alike: their tensors, one after the other."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from .blocks import Layout, TensorType, decode, encode

Array = npt.NDArray[np.float32]

# The number that a header gives the type of most tensors (ftype).
FILE_TYPES = {
    TensorType.F32: 0,
    TensorType.F16: 1,
    TensorType.Q4_0: 2,
    TensorType.Q4_1: 3,
    TensorType.Q4_2: 5,
    TensorType.Q4_3: 6,
    TensorType.Q8_0: 7,
    TensorType.Q5_0: 8,
    TensorType.Q5_1: 9,
    TensorType.Q2_K: 10,
    TensorType.Q3_K: 12,
    TensorType.Q4_K: 15,
    TensorType.Q5_K: 17,
    TensorType.Q6_K: 18,
}
ALIGNMENT = 32


@dataclass
class Types:
    """The types of a file's tensors: vectors are F32, matrices `most`, if `others` does not name them."""

    most: TensorType
    others: Mapping[str, TensorType] = field(default_factory=dict)

    def of(self, name: str, values: Array) -> TensorType:
        return TensorType.F32 if values.ndim == 1 else self.others.get(name, self.most)


def as_stored(values: Array, kind: TensorType, layout: Layout) -> Array:
    """The values that are left of these when they are encoded."""
    rows = values.reshape(1, -1) if values.ndim == 1 else values
    return decode(encode(rows, kind, layout), kind, layout).reshape(values.shape)


def decoded(weights: Mapping[str, Array], types: Types, layout: Layout) -> dict[str, Array]:
    """What a file with these weights says."""
    return {name: as_stored(values, types.of(name, values), layout) for name, values in weights.items()}


def write_tensor(file: BinaryIO, name: str, values: Array, kind: TensorType, layout: Layout, aligned: bool) -> None:
    """Dimensions, length of the name, type, extents from the contiguous one on, name, and the data.

    aligned: the data begin at a multiple of 32 bytes of the file, as `ggjt` has it.
    """
    file.write(struct.pack("<3i", values.ndim, len(name.encode()), kind))
    file.write(struct.pack(f"<{values.ndim}i", *reversed(values.shape)))
    file.write(name.encode())
    if aligned:
        file.write(bytes(-file.tell() % ALIGNMENT))
    rows = values.reshape(1, -1) if values.ndim == 1 else values
    file.write(encode(rows, kind, layout).tobytes())


def write_text(file: BinaryIO, text: bytes, mark: int = 0) -> None:
    """A token: its length, to which GPT4All's MPT files add a mark, and its bytes."""
    file.write(struct.pack("<I", len(text) | mark))
    file.write(text)
