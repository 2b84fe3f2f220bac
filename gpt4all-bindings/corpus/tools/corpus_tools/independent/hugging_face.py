"""The weights of GGUF files by the names, and in the order of rows, that transformers has for them."""

from __future__ import annotations

import numpy as np

from .model_files import Array, ModelFile
from .values import NotCoveredError

# The parts of a GGUF layer and what transformers calls them.
LLAMA_LAYER = {
    "attn_norm": "input_layernorm",
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
}
GPTJ_LAYER = {
    "attn_norm": "ln_1",
    "attn_q": "attn.q_proj",
    "attn_k": "attn.k_proj",
    "attn_v": "attn.v_proj",
    "attn_output": "attn.out_proj",
    "ffn_up": "mlp.fc_in",
    "ffn_down": "mlp.fc_out",
}
MPT_LAYER = {
    "attn_norm": "norm_1",
    "attn_qkv": "attn.Wqkv",
    "attn_output": "attn.out_proj",
    "ffn_norm": "norm_2",
    "ffn_up": "ffn.up_proj",
    "ffn_down": "ffn.down_proj",
}


def family(file: ModelFile) -> str:
    """The architecture that the weights come from: that of the file, unless it says that another one runs as it."""
    return str(file.value("gpt4all.source.architecture", file.architecture))


def state(file: ModelFile, weights: dict[str, Array]) -> dict[str, Array]:
    """What transformers' causal model of the file's family calls the weights. Raises NotCoveredError."""
    make = {"llama": llama_state, "gptj": gptj_state, "mpt": mpt_state}.get(family(file))
    if make is None:
        raise NotCoveredError(f"the weights of {family(file)} are not known here")
    return make(file, weights)


def interleave_undone(weight: Array, heads: int) -> Array:
    """The rows of a q or k projection in transformers' order.

    RoPE turns pairs of components. A GGUF of the LLaMA architecture keeps a head's pairs next to each other, (0, 1),
    (2, 3) …, as Meta's weights do; transformers pairs the first half with the second: (0, n/2), (1, n/2 + 1) ….
    """
    rows, columns = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, columns).swapaxes(1, 2).reshape(rows, columns)


def interleave_again(weight: Array, heads: int, rotated: int) -> Array:
    """The rows of a q or k projection of GPT-J, whose pairs are next to each other, from those of phi2, which pairs the
    first half with the second. `rotated` rows of each head are turned."""
    heads_rows = weight.reshape(heads, -1, weight.shape[1])
    turned, rest = heads_rows[:, :rotated], heads_rows[:, rotated:]
    pairs = turned.reshape(heads, 2, rotated // 2, -1).swapaxes(1, 2).reshape(turned.shape)
    return np.concatenate([pairs, rest], axis=1).reshape(weight.shape)


def llama_state(file: ModelFile, weights: dict[str, Array]) -> dict[str, Array]:
    heads = file.parameter("attention.head_count")
    kv_heads = file.parameter("attention.head_count_kv", heads)
    made = {
        "model.embed_tokens.weight": weights["token_embd.weight"],
        "model.norm.weight": weights["output_norm.weight"],
        "lm_head.weight": weights.get("output.weight", weights["token_embd.weight"]),
    }
    for layer in range(file.parameter("block_count")):
        for ours, theirs in LLAMA_LAYER.items():
            weight = weights[f"blk.{layer}.{ours}.weight"]
            if ours in ("attn_q", "attn_k"):
                weight = interleave_undone(weight, heads if ours == "attn_q" else kv_heads)
            made[f"model.layers.{layer}.{theirs}.weight"] = weight
    return made


def gptj_state(file: ModelFile, weights: dict[str, Array]) -> dict[str, Array]:
    heads, rotated = file.parameter("attention.head_count"), file.parameter("rope.dimension_count")
    made = {
        "transformer.wte.weight": weights["token_embd.weight"],
        "transformer.ln_f.weight": weights["output_norm.weight"],
        "transformer.ln_f.bias": weights["output_norm.bias"],
        "lm_head.weight": weights["output.weight"],
        "lm_head.bias": weights["output.bias"],
    }
    for layer in range(file.parameter("block_count")):
        for ours, theirs in GPTJ_LAYER.items():
            weight, bias = (weights[f"blk.{layer}.{ours}.{ending}"] for ending in ("weight", "bias"))
            if ours in ("attn_q", "attn_k"):
                weight = interleave_again(weight, heads, rotated)
            made[f"transformer.h.{layer}.{theirs}.weight"] = weight
            if not theirs.startswith("attn."):
                made[f"transformer.h.{layer}.{theirs}.bias"] = bias
            elif bias.any():
                raise NotCoveredError(f"GPT-J has no bias where blk.{layer}.{ours} has one")
    return made


def mpt_state(file: ModelFile, weights: dict[str, Array]) -> dict[str, Array]:
    made = {
        "transformer.wte.weight": weights["token_embd.weight"],
        "transformer.norm_f.weight": weights["output_norm.weight"],
    }
    for layer in range(file.parameter("block_count")):
        for ours, theirs in MPT_LAYER.items():
            made[f"transformer.blocks.{layer}.{theirs}.weight"] = weights[f"blk.{layer}.{ours}.weight"]
    return made
