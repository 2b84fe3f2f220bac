"""LoRA adapters of GPT-J: applied to the converted model they give what the model with merged weights gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gpt4all
import hugging_face_folders as hf
from gpt4all.conversion import convert_folder

PARTS = ["transformer.h.0.attn.q_proj", "transformer.h.1.attn.k_proj", "transformer.h.0.mlp.fc_in",
         "transformer.h.1.mlp.fc_out", "transformer.h.1.attn.out_proj"]  # fmt: skip
PROMPT, CONTINUATION = [104, 260, 3, 77, 12, 201], [5, 9, 40, 130, 266]


@pytest.fixture
def base(tmp_path: Path, library: str) -> Path:
    return hf.write_gptj(tmp_path / "base")


def rows(path: Path, **options: Any) -> Any:
    """The log-probabilities of every token after each one of a text."""
    with gpt4all.Model(path, **options) as model:
        scores = model.score(PROMPT, [CONTINUATION], logprob_rows="all")
        return np.array([row.logprobs for row in scores.rows])


@pytest.mark.parametrize("stabilised", [False, True])
def test_an_adapter_does_what_it_was_trained_to(base: Path, tmp_path: Path, stabilised: bool) -> None:
    halves = hf.lora_tensors(PARTS)
    adapter = hf.write_lora(tmp_path / "adapter", halves, str(base), use_rslora=stabilised)
    result = convert_folder(adapter, tmp_path / "lora.gguf")
    assert result["architecture"] == "GPTJForCausalLM adapter"
    assert result["type"] == "F32"
    merged, scale = hf.gptj_tensors(), 8 / (2 if stabilised else 4)
    for part in PARTS:
        a, b = (halves[f"base_model.model.{part}.lora_{half}.weight"] for half in "AB")
        merged[f"{part}.weight"] += scale * (b @ a)
    convert_folder(base, tmp_path / "base.gguf", type="F32")
    convert_folder(hf.write_gptj(tmp_path / "merged", merged), tmp_path / "merged.gguf", type="F32")
    plain, wanted = rows(tmp_path / "base.gguf"), rows(tmp_path / "merged.gguf")
    found = rows(tmp_path / "base.gguf", lora=[{"path": str(tmp_path / "lora.gguf")}])
    assert np.abs(found - wanted).max() < 2e-3
    assert np.abs(plain - wanted).max() > 0.1


def test_an_adapter_of_another_model_is_refused(base: Path, tmp_path: Path) -> None:
    halves = hf.lora_tensors(PARTS)
    one_half = dict(list(halves.items())[:1])
    other = {name.replace("q_proj", "qkv_proj"): values for name, values in halves.items()}
    narrow = {name: values[..., :7] for name, values in halves.items()}
    deep = {name.replace("h.1.", "h.7."): values for name, values in halves.items()}
    for number, (tensors, error, words) in enumerate([
        (one_half, gpt4all.InvalidModelError, "lacks half of blk.0.attn_q.weight.lora"),
        (other, gpt4all.UnsupportedError, "qkv_proj"),
        (narrow, gpt4all.InvalidModelError, "has the shape"),
        (deep, gpt4all.UnsupportedError, "h.7."),
    ]):  # fmt: skip
        adapter = hf.write_lora(tmp_path / f"adapter-{number}", tensors)
        with pytest.raises(error, match=words):
            convert_folder(adapter, tmp_path / "lora.gguf", base=base)
    assert not list(tmp_path.glob("*.gguf"))


@pytest.mark.parametrize(
    "changes",
    [{"peft_type": "IA3"}, {"use_dora": True}, {"bias": "all"}, {"rank_pattern": {"q_proj": 2}}, {"lora_alpha": "8"}],
    ids=str,
)
def test_what_is_no_plain_lora_is_refused(base: Path, tmp_path: Path, changes: dict[str, Any]) -> None:
    adapter = hf.write_lora(tmp_path / "adapter", hf.lora_tensors(PARTS), **changes)
    with pytest.raises((gpt4all.UnsupportedError, gpt4all.InvalidModelError), match=next(iter(changes))):
        convert_folder(adapter, tmp_path / "lora.gguf", base=base)


def test_the_model_of_an_adapter_has_to_be_known(base: Path, tmp_path: Path) -> None:
    adapter = hf.write_lora(tmp_path / "adapter", hf.lora_tensors(PARTS), "somebody/some-model")
    with pytest.raises(gpt4all.InvalidArgumentError, match=r"somebody/some-model.*--base"):
        convert_folder(adapter, tmp_path / "lora.gguf")
    with pytest.raises(gpt4all.InvalidArgumentError, match="cannot be Q8_0"):
        convert_folder(adapter, tmp_path / "lora.gguf", base=base, type="Q8_0")
    with pytest.raises(gpt4all.InvalidArgumentError, match="base is for adapters"):
        convert_folder(base, tmp_path / "model.gguf", base=base)
