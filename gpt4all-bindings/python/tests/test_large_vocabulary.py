"""Scores of a model whose vocabulary is as large as that of Gemma 3, of which few rows of logits fit into a batch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import gpt4all

gguf = pytest.importorskip("gguf", reason="the Python package gguf gives a model more tokens")

N_VOCAB = 262_144


@pytest.fixture(scope="module")
def large_path(tiny_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny LLaMA with tokens that are never likely, as their rows of the output matrix point away."""
    path = tmp_path_factory.mktemp("large") / "large.gguf"
    reader = gguf.GGUFReader(tiny_path)
    writer = gguf.GGUFWriter(path, "llama")
    for key, field in reader.fields.items():
        if key.startswith("GGUF.") or key == "general.architecture":
            continue
        value, kind = field.contents(), field.types[0]
        if key in ("tokenizer.ggml.tokens", "tokenizer.ggml.scores", "tokenizer.ggml.token_type"):
            filling = {"tokens": [f"<{at}>" for at in range(len(value), N_VOCAB)], "scores": -1e9, "token_type": 5}
            more = filling[key.rpartition(".")[2]]
            value = [*value, *(more if isinstance(more, list) else [more] * (N_VOCAB - len(value)))]
        elif key == "llama.vocab_size":
            value = N_VOCAB
        writer.add_key_value(key, value, kind, field.types[-1] if kind == gguf.GGUFValueType.ARRAY else None)
    for tensor in reader.tensors:
        data = np.array(tensor.data)
        if tensor.name in ("token_embd.weight", "output.weight"):
            data = np.concatenate([data, np.zeros((N_VOCAB - len(data), data.shape[1]), data.dtype)])
        writer.add_tensor(tensor.name, data)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_scores_are_computed_whatever_the_vocabulary(large_path: Path) -> None:
    inputs = [(f"the {word} is", [" a cat", " the"]) for word in ("king", "dog", "mat", "sun", "x", "y") * 20]
    with gpt4all.Model(large_path, n_ctx=256) as model:
        assert model.info()["n_vocab"] == N_VOCAB
        found = model.score_batch(inputs)
        (alone,) = model.score(inputs[0][0], inputs[0][1][:1])
    assert len(found) == len(inputs)
    assert found[0][0].logprob == pytest.approx(alone.logprob, abs=1e-3)
    assert all(score.logprob < 0 for scores in found for score in scores)
