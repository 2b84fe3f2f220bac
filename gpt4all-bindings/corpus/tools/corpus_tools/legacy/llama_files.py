"""Writes LLaMA files: `ggml`, `ggmf` 1, `ggjt` 1 to 3, in one part or more."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

import numpy as np

from .blocks import Layout
from .tensors import FILE_TYPES, Array, Types, write_tensor, write_text
from .tiny_models import LegacyModel

# magic, and the version where there is one
CONTAINERS = {
    "ggml": (0x67676D6C, None),
    "ggmf1": (0x67676D66, 1),
    "ggjt1": (0x67676A74, 1),
    "ggjt2": (0x67676A74, 2),
    "ggjt3": (0x67676A74, 3),
}
LAYOUTS = {
    "ggml": Layout.A,
    "ggmf1": Layout.A,
    "ggjt1": Layout.A,
    "ggjt2": Layout.B,
    "ggjt3": Layout.C,
}
_SPLIT_COLUMNS = ("tok_embeddings", "attention.wo", "feed_forward.w2")  # the other matrices are split by rows


def _part(name: str, values: Array, part: int, parts: int) -> Array:
    if values.ndim == 1:
        return values
    axis = 1 if any(word in name for word in _SPLIT_COLUMNS) else 0
    return np.ascontiguousarray(np.split(values, parts, axis)[part])


def _write_head(file: BinaryIO, model: LegacyModel, container: str, file_type: int, implied: int) -> None:
    magic, version = CONTAINERS[container]
    file.write(struct.pack("<I", magic) if version is None else struct.pack("<2I", magic, version))
    size = len(model.vocabulary)
    sizes = (size, model.width, model.multiple, model.heads, model.layers, model.rotated, file_type)
    file.write(struct.pack("<7i", *sizes))
    for index in range(size - implied):
        write_text(file, model.vocabulary.tokens[index])
        if container != "ggml":
            file.write(struct.pack("<f", model.vocabulary.scores[index]))


def write_llama(
    path: Path,
    model: LegacyModel,
    container: str,
    types: Types,
    *,
    parts: int = 1,
    file_type: int | None = None,
    implied: int = 0,
) -> list[Path]:
    """Writes the model as `path`, `path.1` …, and returns them.

    file_type: the header's, if it is not that of types.most: 4 is Q4_1 with some matrices in F16.
    implied: so many tokens at the end are counted in the header but missing, as `<pad>` in gpt4all-lora-quantized.bin.
    """
    number = FILE_TYPES[types.most] if file_type is None else file_type
    paths = [path if part == 0 else path.with_name(f"{path.name}.{part}") for part in range(parts)]
    for part, target in enumerate(paths):
        with target.open("wb") as file:
            _write_head(file, model, container, number, implied)
            for name, values in model.weights.items():
                piece = _part(name, values, part, parts)
                aligned = container.startswith("ggjt")
                write_tensor(file, name, piece, types.of(name, values), LAYOUTS[container], aligned)
    return paths
