"""Files of 2023 whose weights cannot be those of a model: in an arrangement that is not stated, or not finite."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from corpus_tools.legacy.blocks import Layout, TensorType, block_size, encode
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.variants import model_for, variant

import gpt4all

pytestmark = pytest.mark.usefixtures("library")

SCALES = {TensorType.Q4_0: 4, TensorType.Q4_1: 8}  # bytes in front of a block's codes


def by_planes(blocks: bytes, kind: TensorType, columns: int) -> bytes:
    """Rows as llama.cpp had them before 2023-03-17: all minima, then all scales, then all codes."""
    size = block_size(kind, Layout.A)
    rows = np.frombuffer(blocks, np.uint8).reshape(-1, columns // 32, size)
    planes = [rows[:, :, at : at + 4] for at in range(SCALES[kind] - 4, -1, -4)] + [rows[:, :, SCALES[kind] :]]
    return np.concatenate([plane.reshape(len(rows), -1) for plane in planes], axis=1).tobytes()


def refused(path: Path) -> gpt4all.LLModelError:
    with pytest.raises(gpt4all.InvalidModelError) as caught:
        gpt4all.Model(path, cache_dir=str(path.parent / "cache"), n_ctx=64).close()
    assert str(path) in str(caught.value)
    assert not list((path.parent / "cache").rglob("*.gguf"))
    return caught.value


@pytest.mark.parametrize("kind", SCALES, ids=lambda kind: kind.name)
def test_blocks_by_planes_are_refused(kind: TensorType, tmp_path: Path) -> None:
    kind_of_file = variant("llama-ggml")
    model = model_for(kind_of_file, kind)
    path = tmp_path / "planes.bin"
    kind_of_file.write(path, model, Types(kind))
    data = path.read_bytes()
    for values in model.weights.values():
        if values.ndim == 2:
            blocks = encode(values, kind, Layout.A).tobytes()
            assert blocks in data
            data = data.replace(blocks, by_planes(blocks, kind, values.shape[1]))
    path.write_bytes(data)
    error = refused(path)
    assert "arranged" in str(error)
    assert error.detail["tensor"] in model.weights


@pytest.mark.parametrize("kind", [TensorType.F32, TensorType.F16, TensorType.Q5_0, TensorType.Q5_1, TensorType.Q6_K])
@pytest.mark.parametrize("name", ["llama-ggjt3", "gptj-gguf"])
def test_weights_that_are_copied_must_be_finite(name: str, kind: TensorType, tmp_path: Path) -> None:
    kind_of_file = variant(name)
    model = model_for(kind_of_file, kind)
    path = tmp_path / "infinite.bin"
    kind_of_file.write(path, model, Types(kind))
    data = path.read_bytes()
    values = next(values for values in list(model.weights.values())[3:] if values.ndim == 2)
    block = encode(values, kind, Layout.C).tobytes()[: block_size(kind, Layout.C) * 2]
    if block not in data:  # rows of GPT-J's queries and keys are in another order in a GGUF
        block = block[: len(block) // 2]
    infinite = struct.pack("<e", float("inf")) if kind != TensorType.F32 else struct.pack("<f", float("inf"))
    end = len(block) // 2
    first = end - len(infinite) if kind in (TensorType.F32, TensorType.Q6_K) else 0
    changed = block[:first] + infinite + block[first + len(infinite) :]
    assert data.count(block) == 1
    path.write_bytes(data.replace(block, changed))
    assert refused(path).detail["tensor"]
