"""Writes GPT-J files: those of ggml's example, which GPT4All's models were, and GGUF of the architecture `gptj`."""

from __future__ import annotations

import struct
from pathlib import Path

import gguf
import numpy as np

from .blocks import Layout, TensorType, encode
from .tensors import FILE_TYPES, Types, write_tensor, write_text
from .tiny_models import LegacyModel
from .vocabulary import byte_characters

MAGIC = 0x67676D6C
VERSIONS = {Layout.A: 0, Layout.B: 1, Layout.C: 2}  # GGML_QNT_VERSION: thousands of the header's file type
_ONCE_TRANSPOSED = ("q_proj", "k_proj", "v_proj", "out_proj", "fc_in")

# GGUF's names for the parts of a layer, and for what is outside of layers
GGUF_LAYER = {
    "ln_1": "attn_norm",
    "attn.q_proj": "attn_q",
    "attn.k_proj": "attn_k",
    "attn.v_proj": "attn_v",
    "attn.out_proj": "attn_output",
    "mlp.fc_in": "ffn_up",
    "mlp.fc_out": "ffn_down",
}
GGUF_OTHERS = {"transformer.wte": "token_embd", "transformer.ln_f": "output_norm", "lm_head": "output"}


def write_gptj(path: Path, model: LegacyModel, layout: Layout, types: Types, *, transposed: bool = False) -> list[Path]:
    """Writes the model as ggml's example did.

    transposed: as before March 29, 2023, when five matrices of each layer had their inputs and outputs exchanged.
    """
    if transposed and types.most > TensorType.F16:
        raise ValueError("files with transposed matrices were F32 or F16")
    number = VERSIONS[layout] * 1000 + FILE_TYPES[types.most]
    with path.open("wb") as file:
        size = len(model.vocabulary)
        sizes = (size, model.context, model.width, model.heads, model.layers, model.rotated, number)
        file.write(struct.pack("<I7ii", MAGIC, *sizes, size))
        for token in model.vocabulary.tokens:
            write_text(file, token)
        for name, values in model.weights.items():
            turned = transposed and values.ndim == 2 and any(word in name for word in _ONCE_TRANSPOSED)
            kept = np.ascontiguousarray(values.T) if turned else values
            write_tensor(file, name, kept, types.of(name, values), layout, aligned=False)
    return [path]


def gguf_name(name: str) -> str:
    """GGUF's name of one of the example's tensors."""
    stem, _, ending = name.rpartition(".")
    if stem in GGUF_OTHERS:
        return f"{GGUF_OTHERS[stem]}.{ending}"
    _, _, layer, part = stem.split(".", 3)
    return f"blk.{layer}.{GGUF_LAYER[part]}.{ending}"


def write_gguf(path: Path, model: LegacyModel, types: Types) -> list[Path]:
    """Writes the model as GGUF of the architecture `gptj`, as GPT4All 2.5 read it: rows of q and k in GPT-J's order."""
    writer = gguf.GGUFWriter(path, "gptj")
    writer.add_name("Tiny GPT-J (random weights)")
    writer.add_context_length(model.context)
    writer.add_embedding_length(model.width)
    writer.add_block_count(model.layers)
    writer.add_feed_forward_length(model.feed_forward)
    writer.add_head_count(model.heads)
    writer.add_layer_norm_eps(1e-5)
    writer.add_rope_dimension_count(model.rotated)
    writer.add_file_type(FILE_TYPES[types.most])
    writer.add_quantization_version(2)
    characters = byte_characters()
    tokens, special = model.vocabulary.tokens, model.vocabulary.special
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([
        token.decode() if index in special else "".join(characters[byte] for byte in token)
        for index, token in enumerate(tokens)
    ])  # fmt: skip
    writer.add_token_types([3 if index in special else 1 for index in range(len(tokens))])
    writer.add_token_merges([
        " ".join("".join(characters[byte] for byte in part) for part in pair) for pair in model.vocabulary.merges
    ])  # fmt: skip
    writer.add_bos_token_id(min(special))
    writer.add_eos_token_id(min(special))
    for name, values in model.weights.items():
        kind = types.of(name, values)
        if kind <= TensorType.F16:
            writer.add_tensor(gguf_name(name), values.astype(np.float16 if kind == TensorType.F16 else np.float32))
        else:
            data = encode(values, kind, Layout.C)
            writer.add_tensor(gguf_name(name), data, raw_dtype=gguf.GGMLQuantizationType(kind))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return [path]
