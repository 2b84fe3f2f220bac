"""GPT-J from a Hugging Face folder: what the file holds, and what becomes of folders with something wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import gguf
import ml_dtypes
import numpy as np
import pytest
from safetensors.numpy import save_file

import gpt4all
import hugging_face_folders as hf
from gpt4all.conversion import convert_folder

TEXT = "hello world, hello <|endoftext|>déjà vu <|extratoken_1|> 12\n"


@pytest.fixture
def folder(tmp_path: Path, library: str) -> Path:
    return hf.write_gptj(tmp_path / "tiny-gpt-j")


def tensors_of(path: Path) -> dict[str, Any]:
    """What a file holds, as arrays in F32."""
    found = {}
    for tensor in gguf.GGUFReader(path).tensors:
        shape = tuple(int(length) for length in reversed(tensor.shape))
        found[tensor.name] = gguf.quants.dequantize(tensor.data, tensor.tensor_type).reshape(shape)
    return found


def rotated(values: hf.Array) -> hf.Array:
    """The rows of q or k as phi2 wants them: of each head's first ROTATED, the even ones before the odd ones."""
    heads = values.reshape(hf.HEADS, -1, values.shape[1])
    turned, rest = heads[:, : hf.ROTATED], heads[:, hf.ROTATED :]
    return np.concatenate([turned[:, ::2], turned[:, 1::2], rest], axis=1).reshape(values.shape)


@pytest.mark.parametrize(("type", "rounding"), [("F32", np.float32), ("F16", np.float16), ("BF16", ml_dtypes.bfloat16)])
def test_the_file_holds_the_weights(folder: Path, tmp_path: Path, type: str, rounding: Any) -> None:
    out = tmp_path / "out.gguf"
    result = convert_folder(folder, out, type=type)
    assert result["architecture"] == "GPTJForCausalLM"
    assert result["output_bytes"] == out.stat().st_size
    assert result["input_bytes"] == (folder / "model.safetensors").stat().st_size
    given, found = hf.gptj_tensors(), tensors_of(out)
    matrices = {"attn.q_proj": "attn_q", "attn.k_proj": "attn_k", "attn.v_proj": "attn_v",
                "attn.out_proj": "attn_output", "mlp.fc_in": "ffn_up", "mlp.fc_out": "ffn_down"}  # fmt: skip
    expected = {
        "token_embd.weight": given["transformer.wte.weight"],
        "output.weight": given["lm_head.weight"],
        "output.bias": given["lm_head.bias"],
        "output_norm.weight": given["transformer.ln_f.weight"],
        "output_norm.bias": given["transformer.ln_f.bias"],
    }
    for layer in range(hf.LAYERS):
        for ending in ("weight", "bias"):
            expected[f"blk.{layer}.attn_norm.{ending}"] = given[f"transformer.h.{layer}.ln_1.{ending}"]
        for source, target in matrices.items():
            values = given[f"transformer.h.{layer}.{source}.weight"]
            expected[f"blk.{layer}.{target}.weight"] = rotated(values) if target in ("attn_q", "attn_k") else values
            bias = given.get(f"transformer.h.{layer}.{source}.bias", np.zeros(hf.WIDTH, np.float32))
            expected[f"blk.{layer}.{target}.bias"] = bias
    assert set(found) == set(expected)
    for name, values in expected.items():
        wanted = values if values.ndim == 1 else values.astype(rounding).astype(np.float32)
        assert np.array_equal(found[name], wanted), name


def test_the_file_opens_and_says_what_it_is(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.gguf"
    convert_folder(folder, out, type="F32", name="Tiny GPT-J")
    fields = gguf.GGUFReader(out).fields
    assert fields["gpt4all.source.architecture"].contents() == "gptj"
    assert fields["general.architecture"].contents() == "phi2"
    assert fields["general.name"].contents() == "Tiny GPT-J"
    assert fields["tokenizer.ggml.tokens"].contents()[-2:] == [f"[PAD{hf.VOCABULARY - 2}]", f"[PAD{hf.VOCABULARY - 1}]"]
    with gpt4all.Model(out) as model:
        pieces = ["hello", "Ġworld", ",", "Ġ", "hello", "Ġ", "<|endoftext|>"]
        ids = model.tokenize(TEXT, parse_special=True)
        assert ids[: len(pieces)] == [hf.TOKENS.index(piece) for piece in pieces]
        assert hf.TOKENS.index(hf.EXTRA) in ids
        assert model.detokenize(ids, special=True) == TEXT
        assert len(model.complete("hello", max_tokens=4, temperature=0).text) > 0


def test_every_way_to_store_the_weights_gives_the_same_file(folder: Path, tmp_path: Path) -> None:
    convert_folder(folder, tmp_path / "one.gguf", type="F16", name="x")
    hf.write_parts(folder, hf.gptj_tensors())
    convert_folder(folder, tmp_path / "parts.gguf", type="F16", name="x")
    assert (tmp_path / "one.gguf").read_bytes() == (tmp_path / "parts.gguf").read_bytes()
    other = hf.write_gptj(tmp_path / "other")
    (other / "tokenizer.json").unlink()
    hf.write_json(other / "vocab.json", {text: index for index, text in enumerate(hf.TOKENS[:-1])})
    (other / "merges.txt").write_text("#version: 0.2\n" + "\n".join(hf.MERGES) + "\n", encoding="utf-8")
    hf.write_json(other / "added_tokens.json", {hf.EXTRA: hf.TOKENS.index(hf.EXTRA)})
    convert_folder(other, tmp_path / "old.gguf", type="F16", name="x")
    assert (tmp_path / "one.gguf").read_bytes() == (tmp_path / "old.gguf").read_bytes()


def test_a_folder_that_was_changed_is_read_anew(folder: Path, tmp_path: Path) -> None:
    convert_folder(folder, tmp_path / "out.gguf", type="F32")
    other = hf.gptj_tensors(seed=5)
    save_file(other, folder / "model.safetensors")
    convert_folder(folder, tmp_path / "out.gguf", type="F32", force=True)
    assert np.array_equal(tensors_of(tmp_path / "out.gguf")["output.weight"], other["lm_head.weight"])


def test_bf16_weights_are_read(folder: Path, tmp_path: Path) -> None:
    rounded = {name: values.astype(ml_dtypes.bfloat16) for name, values in hf.gptj_tensors().items()}
    save_file(rounded, folder / "model.safetensors")
    convert_folder(folder, tmp_path / "out.gguf", type="BF16")
    wanted = rounded["transformer.wte.weight"].astype(np.float32)
    assert np.array_equal(tensors_of(tmp_path / "out.gguf")["token_embd.weight"], wanted)


@pytest.mark.parametrize("type", ["Q8_0", "Q4_0", "Q4_K_M"])
def test_straight_to_a_quantised_type(folder: Path, tmp_path: Path, type: str) -> None:
    seen: list[float] = []
    result = convert_folder(folder, tmp_path / "out.gguf", type=type.lower(), progress=seen.append)
    assert result["type"] == type
    assert seen == sorted(seen)
    assert (seen[0], seen[-1]) == (0.0, 1.0)
    convert_folder(folder, tmp_path / "whole.gguf", type="F32")
    gpt4all.quantize(tmp_path / "whole.gguf", tmp_path / "after.gguf", type=type)  # type: ignore[arg-type]
    assert (tmp_path / "out.gguf").read_bytes() == (tmp_path / "after.gguf").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["after.gguf", "out.gguf", "tiny-gpt-j", "whole.gguf"]


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "heads": ({"n_head": 5}, "not a multiple"),
    "odd": ({"rotary_dim": 7}, "odd"),
    "rotated": ({"rotary_dim": 9999}, "rotary_dim is 9999"),
    "absent": ({"rotary_dim": None}, "rotary_dim is None"),
    "layers": ({"n_layer": 3}, "transformer.h.2.ln_1.weight is in none of"),
    "width": ({"n_embd": 128}, r"has the shape \[\d+, 64\], but the config needs \[\d+, 128\]"),
    "vocabulary": ({"vocab_size": hf.VOCABULARY + 1}, "transformer.wte.weight"),
    "huge": ({"n_layer": 10**9}, "n_layer is 1000000000"),
    "text": ({"n_layer": "2"}, "n_layer is '2'"),
    "true": ({"n_layer": True}, "n_layer is True"),
    "epsilon": ({"layer_norm_epsilon": 0.0}, "layer_norm_epsilon"),
}


@pytest.mark.parametrize("changes", WRONG.values(), ids=WRONG)
def test_a_config_that_cannot_be_is_refused(folder: Path, tmp_path: Path, changes: tuple[dict[str, Any], str]) -> None:
    hf.write_json(folder / "config.json", hf.gptj_config(**changes[0]))
    with pytest.raises(gpt4all.InvalidModelError, match=changes[1]):
        convert_folder(folder, tmp_path / "out.gguf")
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


def test_what_phi2_does_not_compute_is_refused(folder: Path, tmp_path: Path) -> None:
    hf.write_json(folder / "config.json", hf.gptj_config(activation_function="relu"))
    with pytest.raises(gpt4all.UnsupportedError, match="relu"):
        convert_folder(folder, tmp_path / "out.gguf")


def test_weights_that_f16_cannot_hold_are_refused(folder: Path, tmp_path: Path) -> None:
    tensors = hf.gptj_tensors()
    tensors["lm_head.weight"][0, 0] = 70000
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(gpt4all.UnsupportedError, match="BF16"):
        convert_folder(folder, tmp_path / "out.gguf", type="F16")
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]
    convert_folder(folder, tmp_path / "out.gguf", type="BF16")


def test_integers_are_refused(folder: Path, tmp_path: Path) -> None:
    tensors: dict[str, Any] = hf.gptj_tensors()
    tensors["lm_head.weight"] = tensors["lm_head.weight"].astype(np.int8)
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(gpt4all.UnsupportedError, match=r"lm_head\.weight.* I8"):
        convert_folder(folder, tmp_path / "out.gguf")


def _truncate(folder: Path) -> None:
    path = folder / "model.safetensors"
    path.write_bytes(path.read_bytes()[:-100])


def _noise(folder: Path) -> None:
    (folder / "model.safetensors").write_bytes(b"\xff" * 100)


def _pointer(folder: Path) -> None:
    (folder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")


def _index_elsewhere(folder: Path) -> None:
    hf.write_json(folder / "model.safetensors.index.json", {"weight_map": {"a": "../secret.safetensors"}})


def _index_empty(folder: Path) -> None:
    hf.write_json(folder / "model.safetensors.index.json", {"weight_map": {}})


def _twice(folder: Path) -> None:
    hf.write_parts(folder, hf.gptj_tensors())
    save_file(hf.gptj_tensors(), folder / "model-00001-of-00002.safetensors")


def _no_json(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "gptj"')


def _no_object(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("[1, 2]")


def _deep(folder: Path) -> None:
    (folder / "tokenizer.json").write_text("[" * 200_000)


def _id_too_large(folder: Path) -> None:
    vocabulary = {**hf.tokenizer()["model"]["vocab"], "far": 10**9}
    hf.write_json(folder / "tokenizer.json", hf.tokenizer(model={"vocab": vocabulary, "merges": ["a b"]}))


def _same_text(folder: Path) -> None:
    changed = hf.tokenizer()
    changed["added_tokens"][1]["content"] = "hello"
    hf.write_json(folder / "tokenizer.json", changed)


def _no_pair(folder: Path) -> None:
    hf.write_json(folder / "tokenizer.json", hf.tokenizer(model={"vocab": {"a": 0}, "merges": ["a b c"]}))


DAMAGED = {
    _truncate: "incomplete metadata",
    _noise: "header too large",
    _pointer: "git lfs pull",
    _index_elsewhere: "not a file next to it",
    _index_empty: "no weight_map",
    _twice: "both in",
    _no_json: "config.json is not JSON",
    _no_object: "not hold a JSON object",
    _deep: "not JSON",
    _id_too_large: "1000000000",
    _same_text: "'hello' under two ids",
    _no_pair: "not a pair",
}


@pytest.mark.parametrize("damage", DAMAGED, ids=lambda damage: damage.__name__)
def test_damaged_files_are_refused(folder: Path, tmp_path: Path, damage: Any) -> None:
    damage(folder)
    with pytest.raises(gpt4all.InvalidModelError, match=DAMAGED[damage]):
        convert_folder(folder, tmp_path / "out.gguf")
    assert [path.name for path in tmp_path.iterdir()] == [folder.name]


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_missing_files_are_named(folder: Path, tmp_path: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(gpt4all.ModelNotFoundError, match=name):
        convert_folder(folder, tmp_path / "out.gguf")


def test_a_part_that_is_missing_is_named(folder: Path, tmp_path: Path) -> None:
    hf.write_parts(folder, hf.gptj_tensors())
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(gpt4all.ModelNotFoundError, match="00002-of-00002"):
        convert_folder(folder, tmp_path / "out.gguf")


def test_another_kind_of_tokenizer_is_refused(folder: Path, tmp_path: Path) -> None:
    for changes in ({"model": {"type": "Unigram"}}, {"pre_tokenizer": {"type": "Whitespace"}}):
        hf.write_json(folder / "tokenizer.json", hf.tokenizer(**changes))
        with pytest.raises(gpt4all.UnsupportedError):
            convert_folder(folder, tmp_path / "out.gguf")


def test_tied_embeddings_are_written_twice(folder: Path, tmp_path: Path) -> None:
    tensors = hf.gptj_tensors()
    del tensors["lm_head.weight"]
    hf.write_gptj(folder, tensors, tie_word_embeddings=True)
    convert_folder(folder, tmp_path / "out.gguf", type="F32")
    found = tensors_of(tmp_path / "out.gguf")
    assert np.array_equal(found["output.weight"], found["token_embd.weight"])


def test_the_json_of_the_result(folder: Path, tmp_path: Path) -> None:
    result = convert_folder(folder, tmp_path / "out.gguf")
    assert set(json.loads(json.dumps(result))) == {"path", "architecture", "type", "input_bytes", "output_bytes", "ms"}
    assert result["type"] == "F16"
