"""What is told of a model file of 2023 is its own, and not that of its translation."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_tools.legacy.blocks import Layout, TensorType, block_length, block_size
from corpus_tools.legacy.tensors import Types
from corpus_tools.legacy.variants import model_for, variant

import gpt4all

pytestmark = pytest.mark.usefixtures("library")


@pytest.mark.parametrize(
    ("name", "kind"),
    [("llama-ggjt1", TensorType.Q4_2), ("llama-ggjt1", TensorType.Q4_3), ("gptj-a", TensorType.Q4_2),
     ("gptj-a", TensorType.Q4_0), ("mpt-c", TensorType.Q8_0), ("gptj-gguf", TensorType.F16)],
    ids=str,
)  # fmt: skip
def test_type_and_parameters_are_those_of_the_file(name: str, kind: TensorType, tmp_path: Path) -> None:
    kind_of_file, model = variant(name), model_for(variant(name), kind)
    path = kind_of_file.write(tmp_path / "model.bin", model, Types(kind))[0]
    count = sum(values.size for values in model.weights.values())
    bits = 0.0
    for values in model.weights.values():
        layout = kind_of_file.layout if isinstance(kind_of_file.layout, Layout) else Layout.C
        each = 4 if values.ndim == 1 else block_size(kind, layout) / block_length(kind)
        bits += 8 * each * values.size
    cache = str(tmp_path / "cache")
    before = gpt4all.inspect(path, cache_dir=cache)
    with gpt4all.Model(path, cache_dir=cache, n_ctx=64) as opened:
        for known in (before, opened.info(), gpt4all.inspect(path, cache_dir=cache)):
            assert known["quantization"] == kind.name
            assert known["n_params"] == count
            assert known["n_tensors"] == len(model.weights)
            assert known["bits_per_weight"] == pytest.approx(bits / count)
