"""Reads what the library made of a file of 2023: the tensors of a GGUF, as old files name and order them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import numpy.typing as npt
from gguf.quants import dequantize

from .gptj_files import gguf_name as gptj_name
from .tiny_models import LegacyModel

Array = npt.NDArray[np.float32]

_LLAMA = {
    "attention_norm": "attn_norm",
    "attention.wq": "attn_q",
    "attention.wk": "attn_k",
    "attention.wv": "attn_v",
    "attention.wo": "attn_output",
    "ffn_norm": "ffn_norm",
    "feed_forward.w1": "ffn_gate",
    "feed_forward.w2": "ffn_down",
    "feed_forward.w3": "ffn_up",
}
_MPT = {
    "norm_1": "attn_norm",
    "norm_2": "ffn_norm",
    "attn.Wqkv": "attn_qkv",
    "attn.out_proj": "attn_output",
    "ffn.up_proj": "ffn_up",
    "ffn.down_proj": "ffn_down",
}
_OTHERS = {
    "tok_embeddings": "token_embd",
    "norm": "output_norm",
    "output": "output",
    "transformer.wte": "token_embd",
    "transformer.norm_f": "output_norm",
}


@dataclass
class Translation:
    """A GGUF, decoded."""

    metadata: dict[str, Any]
    weights: dict[str, Array]  # by the old names
    types: dict[str, str]  # such as Q4_0, by the old names
    added: dict[str, Array]  # tensors that the old file does not have, by the new names


def gguf_name(architecture: str, name: str) -> str:
    """GGUF's name of an old file's tensor."""
    if architecture == "gptj":
        return gptj_name(name)
    stem, _, ending = name.rpartition(".")
    if stem in _OTHERS:
        return f"{_OTHERS[stem]}.{ending}"
    layer, part = stem.removeprefix("transformer.").split(".", 2)[1:]
    return f"blk.{layer}.{(_LLAMA if architecture == 'llama' else _MPT)[part]}.{ending}"


def interleaved(values: Array, heads: int, rotated: int) -> Array:
    """Rows of q or k in GPT-J's order: phi2, as which it runs, has the two of a rotated pair half of them apart."""
    split = values.reshape(heads, -1, values.shape[-1])
    turned = split.copy()
    turned[:, 0:rotated:2], turned[:, 1:rotated:2] = split[:, : rotated // 2], split[:, rotated // 2 : rotated]
    return turned.reshape(values.shape)


def read(path: Path, model: LegacyModel) -> Translation:
    """Decodes the GGUF that was made of a file with this model."""
    reader = gguf.GGUFReader(path)
    tensors = {tensor.name: tensor for tensor in reader.tensors}
    weights, types = {}, {}
    for name in model.weights:
        tensor = tensors.pop(gguf_name(model.architecture, name))
        values: Array = dequantize(tensor.data, tensor.tensor_type)
        if model.architecture == "gptj" and name.endswith(("q_proj.weight", "k_proj.weight")):
            values = interleaved(values, model.heads, model.rotated)
        weights[name], types[name] = values, tensor.tensor_type.name
    # of lists of tokens, which the gguf package takes long to read, only the length
    metadata = {
        name: len(field.data) if name.startswith("tokenizer.") else field.contents()
        for name, field in reader.fields.items()
    }
    return Translation(
        metadata,
        weights,
        types,
        {name: dequantize(tensor.data, tensor.tensor_type) for name, tensor in tensors.items()},
    )
