"""Small folders as Hugging Face has them, to be converted: a GPT-J with random weights, and adapters of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

Array = npt.NDArray[np.float32]
Tensors = dict[str, Array]

LAYERS, WIDTH, HEADS, ROTATED, CONTEXT = 2, 64, 4, 8, 128
MERGES = ["h e", "l l", "he ll", "hell o", "Ġ w", "o r", "Ġw or", "l d", "Ġwor ld"]
END = "<|endoftext|>"
EXTRA = "<|extratoken_1|>"


def byte_characters() -> list[str]:
    """The characters of byte-level BPE, in the order of GPT-2's vocabulary."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(code) for code in printable] + [chr(0x100 + index) for index in range(256 - len(printable))]


TOKENS = [*byte_characters(), *(merge.replace(" ", "") for merge in MERGES), END, EXTRA]
VOCABULARY = len(TOKENS) + 2  # two rows that no token has, as real models have them
LAYER_SHAPES = {
    "ln_1.weight": (WIDTH,),
    "ln_1.bias": (WIDTH,),
    **{f"attn.{part}_proj.weight": (WIDTH, WIDTH) for part in ("q", "k", "v", "out")},
    "mlp.fc_in.weight": (4 * WIDTH, WIDTH),
    "mlp.fc_in.bias": (4 * WIDTH,),
    "mlp.fc_out.weight": (WIDTH, 4 * WIDTH),
    "mlp.fc_out.bias": (WIDTH,),
}


def gptj_config(**changes: Any) -> dict[str, Any]:
    config = {
        "architectures": ["GPTJForCausalLM"],
        "model_type": "gptj",
        "vocab_size": VOCABULARY,
        "n_positions": CONTEXT,
        "n_embd": WIDTH,
        "n_layer": LAYERS,
        "n_head": HEADS,
        "n_inner": None,
        "rotary_dim": ROTATED,
        "layer_norm_epsilon": 1e-5,
        "activation_function": "gelu_new",
        "bos_token_id": TOKENS.index(END),
        "eos_token_id": TOKENS.index(END),
        "tie_word_embeddings": False,
    }
    return {**config, **changes}


def gptj_tensors(seed: int = 1) -> Tensors:
    random = np.random.RandomState(seed)
    shapes: dict[str, tuple[int, ...]] = {
        "transformer.wte.weight": (VOCABULARY, WIDTH),
        "transformer.ln_f.weight": (WIDTH,),
        "transformer.ln_f.bias": (WIDTH,),
        "lm_head.weight": (VOCABULARY, WIDTH),
        "lm_head.bias": (VOCABULARY,),
    }
    for layer in range(LAYERS):
        shapes.update({f"transformer.h.{layer}.{part}": shape for part, shape in LAYER_SHAPES.items()})
    tensors = {name: random.standard_normal(shape).astype(np.float32) * 0.2 for name, shape in shapes.items()}
    for name in tensors:
        if "ln_" in name and name.endswith("weight"):
            tensors[name] += 1
    return tensors


def tokenizer(**changes: Any) -> dict[str, Any]:
    base = {text: index for index, text in enumerate(TOKENS[:-1])}
    added = [(TOKENS.index(END), END, True), (TOKENS.index(EXTRA), EXTRA, False)]
    described = {
        "version": "1.0",
        "added_tokens": [
            {"id": index, "content": text, "special": special, "normalized": False, "lstrip": False, "rstrip": False,
             "single_word": False}
            for index, text, special in added
        ],
        "normalizer": None,
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
        "model": {"type": "BPE", "vocab": base, "merges": [merge.split(" ") for merge in MERGES]},
    }  # fmt: skip
    return {**described, **changes}


def write_json(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")


def write_gptj(folder: Path, tensors: Tensors | None = None, **changes: Any) -> Path:
    """A whole folder. changes: to config.json."""
    folder.mkdir(exist_ok=True)
    write_json(folder / "config.json", gptj_config(**changes))
    write_json(folder / "tokenizer.json", tokenizer())
    save_file(tensors or gptj_tensors(), folder / "model.safetensors", {"format": "pt"})
    return folder


def write_parts(folder: Path, tensors: Tensors) -> None:
    """Two files and an index in place of one file."""
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, held in parts.items():
        save_file({name: tensors[name] for name in held}, folder / file, {"format": "pt"})
    index = {"weight_map": {name: file for file, held in parts.items() for name in held}}
    write_json(folder / "model.safetensors.index.json", index)


def write_lora(folder: Path, tensors: Tensors, base: str | None = None, **changes: Any) -> Path:
    """An adapter as PEFT saves it."""
    folder.mkdir()
    config = {"peft_type": "LORA", "r": 4, "lora_alpha": 8, "bias": "none", "base_model_name_or_path": base}
    write_json(folder / "adapter_config.json", {**config, **changes})
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    return folder


def lora_tensors(parts: list[str], rank: int = 4, seed: int = 2) -> Tensors:
    """Both halves for each part, such as "transformer.h.0.attn.q_proj"."""
    random, whole = np.random.RandomState(seed), gptj_tensors()
    halves: Tensors = {}
    for part in parts:
        outputs, inputs = whole[f"{part}.weight"].shape
        halves[f"base_model.model.{part}.lora_A.weight"] = random.standard_normal((rank, inputs)).astype(np.float32)
        halves[f"base_model.model.{part}.lora_B.weight"] = random.standard_normal((outputs, rank)).astype(np.float32)
    return {name: values * 0.1 for name, values in halves.items()}
