"""Importance matrices: what a text tells of a model's weights, beside what NumPy makes of the first of them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

import gpt4all
from cli_helpers import Gpt4all, as_json, cache
from cli_helpers import gpt4all as command
from conftest import TINY_MODELS
from gpt4all import Model, quality

__all__ = ["cache", "command"]

TEXT = "".join(f"The house number {i * i} is old, and its garden is green in spring. " for i in range(60))
N_CTX, CHUNKS = 64, 3
EXPERTS, USED = 4, 2
EPSILON = 1e-5  # of the tiny model's norms

Arrays = Mapping[str, Any]


def tensors(path: Path) -> Arrays:
    return {tensor.name: np.array(tensor.data) for tensor in gguf.GGUFReader(path).tensors}


def field(path: Path, name: str) -> Any:
    return gguf.GGUFReader(path).fields[name].contents()


def mixture_of_experts(source: Path, path: Path) -> None:
    """The tiny model with experts of random weights in place of each feed-forward network."""
    random = np.random.default_rng(1)
    reader, writer = gguf.GGUFReader(source), gguf.GGUFWriter(path, "llama")
    for name, found in reader.fields.items():
        if not name.startswith("GGUF.") and name != "general.architecture":
            kind, items = found.types[0], found.types[-1] if len(found.types) > 1 else None
            writer.add_key_value(name, found.contents(), kind, items)
    writer.add_expert_count(EXPERTS)
    writer.add_expert_used_count(USED)
    for tensor in reader.tensors:
        if "ffn_norm" in tensor.name or "ffn_" not in tensor.name:
            writer.add_tensor(tensor.name, np.array(tensor.data))
            continue
        values = random.standard_normal((EXPERTS, *tensor.data.shape), dtype=np.float32) / 8
        writer.add_tensor(tensor.name.replace(".weight", "_exps.weight"), values)
        if "ffn_gate" in tensor.name:
            router = random.standard_normal((EXPERTS, tensor.data.shape[1]), dtype=np.float32)
            writer.add_tensor(tensor.name.replace("ffn_gate", "ffn_gate_inp"), router)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def test_first_weights_see_what_numpy_computes(tiny_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "imatrix.gguf"
    told = gpt4all.imatrix(tiny_path, out, text=TEXT, n_ctx=N_CTX, chunks=CHUNKS, dataset="houses")
    assert (told["chunks"], told["n_ctx"], told["tokens"]) == (CHUNKS, N_CTX, CHUNKS * N_CTX)
    found, weights = tensors(out), tensors(tiny_path)
    assert len(found) == 2 * told["weights"]
    with Model(tiny_path) as model:
        tokens = np.array(model.tokenize(TEXT, add_special=True)[: CHUNKS * N_CTX])
    tokens[::N_CTX] = tokens[0]  # each stretch begins as a text does
    embedded = weights["token_embd.weight"][tokens].astype("float64")
    scale = np.sqrt((embedded**2).mean(axis=1, keepdims=True) + EPSILON)
    expected = ((embedded / scale * weights["blk.0.attn_norm.weight"]) ** 2).sum(axis=0)
    for name in ("q", "k", "v"):
        sums = found[f"blk.0.attn_{name}.weight.in_sum2"]
        assert sums.ravel() == pytest.approx(expected, rel=1e-5)
        assert found[f"blk.0.attn_{name}.weight.counts"].ravel().tolist() == [len(tokens)]
    assert field(out, "general.type") == "imatrix"
    assert field(out, "imatrix.datasets") == ["houses"]
    assert field(out, "imatrix.chunk_count") == CHUNKS
    assert field(out, "imatrix.chunk_size") == N_CTX


def test_each_expert_is_measured(tiny_path: Path, tmp_path: Path) -> None:
    model, out = tmp_path / "moe.gguf", tmp_path / "imatrix.gguf"
    mixture_of_experts(tiny_path, model)
    told = gpt4all.imatrix(model, out, text=TEXT, n_ctx=N_CTX, chunks=CHUNKS)
    found = tensors(out)
    idle = 0
    for layer in range(2):
        router = found[f"blk.{layer}.ffn_gate_inp.weight.in_sum2"].ravel()
        for name in ("gate", "up", "down"):
            weight = f"blk.{layer}.ffn_{name}_exps.weight"
            counts = found[f"{weight}.counts"].ravel()
            assert counts.shape == (EXPERTS,)
            assert counts.sum() == USED * CHUNKS * N_CTX
            idle += int((counts == 0).sum())
            if name != "down":  # each token goes as it is to as many experts
                assert found[f"{weight}.in_sum2"].sum(axis=0) == pytest.approx(USED * router, rel=1e-4)
    assert told["idle_experts"] == idle
    small = tmp_path / "small.gguf"
    assert gpt4all.quantize(model, small, type="Q4_0", imatrix=str(out))["type"] == "Q4_0"
    with Model(small) as opened:
        assert opened.complete("the house", max_tokens=2).text


def test_progress_can_cancel(tiny_path: Path, tmp_path: Path) -> None:
    out, steps = tmp_path / "imatrix.gguf", list[float]()
    gpt4all.imatrix(tiny_path, out, text=TEXT, n_ctx=N_CTX, chunks=1, progress=steps.append)
    assert steps == sorted(steps)
    assert steps[-1] == 1
    out.unlink()
    with pytest.raises(gpt4all.CancellationError):
        gpt4all.imatrix(tiny_path, out, text=TEXT, n_ctx=N_CTX, progress=lambda done: done < 0.5)

    def interrupt(done: float) -> None:
        if done > 0.5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        gpt4all.imatrix(tiny_path, out, text=TEXT, n_ctx=N_CTX, progress=interrupt)
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_serve_is_refused(tiny_path: Path, tmp_path: Path) -> None:
    out = tmp_path / "imatrix.gguf"
    for wrong in ({}, {"text": "short"}, {"file": str(tmp_path)}, {"text": TEXT, "n_ctx": 100_000}):
        with pytest.raises(gpt4all.InvalidArgumentError):
            gpt4all.imatrix(tiny_path, out, **wrong)
    with pytest.raises(gpt4all.ModelNotFoundError):
        gpt4all.imatrix(tmp_path / "none.gguf", out, text=TEXT)
    with pytest.raises(gpt4all.InvalidModelError):
        gpt4all.imatrix(TINY_MODELS / "broken" / "truncated.gguf", out, text=TEXT)
    assert not out.exists()


def test_command(command: Gpt4all, tmp_path: Path, library: str) -> None:
    model = str(TINY_MODELS / "trained" / "shakespeare-llama-q8_0.gguf")
    out, text = tmp_path / "imatrix.gguf", tmp_path / "prose.txt"
    text.write_text(TEXT, encoding="utf-8")
    arguments = ["imatrix", model, str(out), "--n-ctx", "64", "--chunks", "2"]
    assert command(*arguments).returncode == 2, "there is no text"
    known = as_json(command(*arguments, "--text", str(text), "--json"))
    assert (known["dataset"], known["tokens"]) == ("prose.txt", 128)
    refused = command(*arguments, "--text", str(text))
    assert refused.returncode == 1
    assert "--force" in refused.stderr
    again = command(*arguments, "--text", str(text), "--force", "--threads", "1", "--device", "cpu")
    assert again.returncode == 0
    assert f"{known['weights']} weights, 128 tokens" in again.stdout
    assert "folder" in command(*arguments, "--force", "--text", str(tmp_path)).stderr

    small = tmp_path / "small.gguf"
    quantize = ["quantize", "--allow-requantize", "--imatrix", str(out), model, str(small), "Q2_K_S"]
    assert as_json(command(*quantize, "--json"))["type"] == "Q2_K_S"


@pytest.mark.timeout(600)  # the smallest types are searched for, which takes long where others compute, too
def test_sweep_tries_types_that_need_a_matrix(tiny_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "IQ1_S" not in quality.default_types(False)
    assert set(quality.default_types(True)) == {*quality.DEFAULT_TYPES, *quality.IMATRIX_TYPES}
    wide, out = TINY_MODELS / "trained" / "shakespeare-llama-q8_0.gguf", tmp_path / "imatrix.gguf"
    gpt4all.imatrix(wide, out, text=TEXT, n_ctx=N_CTX)
    monkeypatch.setattr(quality._sweep, "DEFAULT_TYPES", ("Q8_0",))
    quick = ("Q2_K_S", "IQ2_XXS")  # the tables of all of them take half a minute
    monkeypatch.setattr(quality._sweep, "IMATRIX_TYPES", quick)
    found = quality.sweep(wide, tmp_path / "sweep", chunks=1, imatrix=str(out), allow_requantize=True)
    assert [model.quantization for model in found.models] == ["Q8_0", *quick]
