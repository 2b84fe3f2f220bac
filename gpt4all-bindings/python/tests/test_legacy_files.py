"""Every kind of model file of 2023 with every type: its translation holds what the file says, and runs as it ran.

The files are those of the corpus's own writer (corpus_tools/legacy), which knows nothing of the library.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from corpus_tools.legacy.blocks import Layout, TensorType
from corpus_tools.legacy.gptj_files import write_gptj
from corpus_tools.legacy.llama_files import write_llama
from corpus_tools.legacy.ours import least_cosine, logits, sequence
from corpus_tools.legacy.reference import cosine
from corpus_tools.legacy.reference import logits as reference_logits
from corpus_tools.legacy.tensors import FILE_TYPES, Array, Types, as_stored, decoded
from corpus_tools.legacy.tiny_models import LegacyModel, tiny_gptj, tiny_llama, tiny_mpt
from corpus_tools.legacy.translated import Translation, read
from corpus_tools.legacy.variants import VARIANTS, Variant, model_for, tiny_model, variant

import gpt4all

pytestmark = pytest.mark.usefixtures("library")

CASES = [pytest.param(each, kind, id=f"{each.name}-{kind.name}") for each in VARIANTS for kind in each.types]
RUNS_AS = {"llama": "llama", "gptj": "phi2", "mpt": "mpt"}
REMOVED = (TensorType.Q4_2, TensorType.Q4_3)
# What a removed type may become, and how far, relative to the weights' size, its values may then be from the file's.
ROUNDING = {
    ("Q4_2", "F32"): 0,
    ("Q4_2", "F16"): 3e-4,
    ("Q4_2", "Q6_K"): 5e-3,
    ("Q4_2", "Q8_0"): 7e-3,
    ("Q4_3", "F32"): 0,
    ("Q4_3", "F16"): 3e-4,
    ("Q4_3", "Q8_0"): 7e-3,
}


def expected(values: Array, kind: TensorType, layout: Layout) -> Array:
    """What a tensor's translation holds: the values of the file, but with scales in half precision, as GGUF's are.

    The codes of layouts A and B are those of C, so that encoding in C gives just that.
    """
    return as_stored(values, kind, layout if kind in REMOVED else Layout.C)


def check_weights(translation: Translation, model: LegacyModel, types: Types, layout: Layout) -> None:
    for name, values in model.weights.items():
        kind, found, became = types.of(name, values), translation.weights[name], translation.types[name]
        wanted = expected(values, kind, layout)
        if kind in REMOVED:
            error = np.sqrt(((found - wanted) ** 2).mean() / (wanted**2).mean())
            assert error <= ROUNDING[kind.name, became], name
        else:
            assert became == kind.name, name
            assert np.array_equal(found, wanted), name
    for name, zeros in translation.added.items():
        assert name.endswith(".bias"), name
        assert not zeros.any(), name


def check_file(path: Path, model: LegacyModel, types: Types, layout: Layout) -> None:
    """The logits of the file as it is, and the weights of the translation that opening it put into the cache."""
    cache, tokens = path.parent / f"{path.name}-cache", sequence(model.vocabulary)
    exact = reference_logits(model, decoded(model.weights, types, layout), tokens)
    assert cosine(logits(path, tokens, cache), exact) >= least_cosine(types.most)
    (made,) = cache.rglob("*.gguf")
    translation = read(made, model)
    assert translation.metadata["general.architecture"] == RUNS_AS[model.architecture]
    assert translation.metadata["gpt4all.source.architecture"] == model.architecture
    check_weights(translation, model, types, layout)


@pytest.mark.parametrize(("kind_of_file", "kind"), CASES)
def test_each_kind_of_file_with_each_type(kind_of_file: Variant, kind: TensorType, tmp_path: Path) -> None:
    model, types = model_for(kind_of_file, kind), Types(kind)
    path = kind_of_file.write(tmp_path / "old.bin", model, types)[0]
    check_file(path, model, kind_of_file.settle(types), kind_of_file.layout)


@pytest.mark.parametrize("name", ["llama-ggml-2-parts", "gptj-a", "gptj-gguf", "mpt-ggmm"])
def test_converting_writes_what_opening_does(name: str, tmp_path: Path) -> None:
    model, types = model_for(variant(name), TensorType.Q4_0), Types(TensorType.Q4_0)
    path = variant(name).write(tmp_path / "old.bin", model, types)[0]
    result = gpt4all.convert(path, tmp_path / "out.gguf")
    gpt4all.Model(path, cache_dir=str(tmp_path / "cache"), n_ctx=64).close()
    (made,) = (tmp_path / "cache").rglob("*.gguf")
    opened, converted = read(made, model), read(tmp_path / "out.gguf", model)
    assert opened.metadata == converted.metadata
    check_weights(converted, model, variant(name).settle(types), variant(name).layout)
    assert (result["architecture"], result["runs_as"]) == (model.architecture, RUNS_AS[model.architecture])
    assert result["input_bytes"] == sum(part.stat().st_size for part in tmp_path.glob("old.bin*"))
    assert result["output_bytes"] == (tmp_path / "out.gguf").stat().st_size


@pytest.mark.parametrize("kind", REMOVED)
def test_removed_types_in_rows_of_256_and_as_asked(kind: TensorType, tmp_path: Path) -> None:
    model, types = tiny_model("llama", 256), Types(kind)
    (path,) = variant("llama-ggjt1").write(tmp_path / "old.bin", model, types)
    check_file(path, model, types, Layout.A)
    out = tmp_path / "exact.gguf"
    gpt4all.convert(path, out, q4_2_type="F32", q4_3_type="F32")
    translation = read(out, model)
    assert set(translation.types.values()) == {"F32"}
    check_weights(translation, model, types, Layout.A)


def test_several_types_in_a_file(tmp_path: Path) -> None:
    model = tiny_model("llama", 256)
    halves = {"tok_embeddings.weight": TensorType.F16, "output.weight": TensorType.F16}
    some_f16 = Types(TensorType.Q4_1, halves)
    (path,) = write_llama(tmp_path / "some-f16.bin", model, "ggjt1", some_f16, file_type=4)
    check_file(path, model, some_f16, Layout.A)
    k_quants = Types(TensorType.Q4_K, {"output.weight": TensorType.Q6_K})
    (path,) = write_llama(tmp_path / "k.bin", model, "ggjt3", k_quants)
    check_file(path, model, k_quants, Layout.C)


def test_tensors_in_any_order_and_llm_rs_file_types(tmp_path: Path) -> None:
    model = tiny_model("llama", 64)
    turned = replace(model, weights=dict(sorted(model.weights.items(), key=lambda item: item[0][::-1])))
    types = Types(TensorType.Q5_1)
    number = 2000 + FILE_TYPES[TensorType.Q5_1]
    (path,) = write_llama(tmp_path / "old.bin", turned, "ggjt3", types, file_type=number)
    check_file(path, turned, types, Layout.C)


def test_the_lora_file_of_gpt4all_whose_last_token_is_missing(tmp_path: Path) -> None:
    model = tiny_llama(32001, width=64, layers=1)
    model.vocabulary.tokens[32000] = b"<pad>"
    (path,) = write_llama(tmp_path / "gpt4all-lora-quantized.bin", model, "ggml", Types(TensorType.Q4_0), implied=1)
    check_file(path, model, Types(TensorType.Q4_0), Layout.A)
    with gpt4all.Model(path, cache_dir=str(tmp_path / "cache"), n_ctx=64) as opened:
        assert opened.detokenize([32000]) == "<pad>"


def test_four_parts(tmp_path: Path) -> None:
    model, types = tiny_llama(width=256, heads=8, layers=1), Types(TensorType.Q4_0)
    paths = write_llama(tmp_path / "ggml-model-q4_0.bin", model, "ggmf1", types, parts=4)
    assert [path.name for path in paths] == [f"ggml-model-q4_0.bin{end}" for end in ("", ".1", ".2", ".3")]
    check_file(paths[0], model, types, Layout.A)


def test_the_masks_that_some_gptj_files_have_are_left_out(tmp_path: Path) -> None:
    model = tiny_gptj(layers=2)
    masks = {
        "transformer.h.0.attn.bias": np.tril(np.ones((64, 64), np.float32)),
        "transformer.h.0.attn.masked_bias": np.array([-1e9], np.float32),
    }
    types = Types(TensorType.F16)
    with_masks = replace(model, context=64, weights={**model.weights, **masks})
    (path,) = write_gptj(tmp_path / "old.bin", with_masks, Layout.A, types)
    check_file(path, replace(model, context=64), types, Layout.A)


def test_mpt_that_clips(tmp_path: Path) -> None:
    model, types = tiny_mpt(clip_qkv=0.8), Types(TensorType.F16)
    assert cosine_of_clipping(model) < 0.999
    (path,) = variant("mpt-c").write(tmp_path / "old.bin", model, types)
    check_file(path, model, types, Layout.C)


def cosine_of_clipping(model: LegacyModel) -> float:
    """How alike logits are to those without clipping: not very, or clipping would not be tested."""
    tokens = sequence(model.vocabulary)
    return cosine(
        reference_logits(model, model.weights, tokens),
        reference_logits(replace(model, clip_qkv=0.0), model.weights, tokens),
    )
