"""Tiny models of the three architectures with random weights, by the names and shapes of 2023's files.

A weight has torch's shape, (outputs, inputs). They say nothing sensible but take every path that a large model takes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from .vocabulary import Vocabulary, gptj_vocabulary, llama_vocabulary, mpt_vocabulary

Array = npt.NDArray[np.float32]


@dataclass
class LegacyModel:
    """What a file of 2023 holds, before it is quantised."""

    architecture: str  # "llama", "gptj" or "mpt"
    width: int  # n_embd
    heads: int
    layers: int
    feed_forward: int
    vocabulary: Vocabulary
    weights: dict[str, Array]
    context: int = 2048  # LLaMA's files do not say it
    rotated: int = 0  # n_rot: components of a head that RoPE turns. LLaMA: all of them; MPT: none
    multiple: int = 0  # LLaMA's n_mult, of which feed_forward is a multiple
    alibi_bias_max: float = 8.0  # MPT alone
    clip_qkv: float = 0.0  # MPT alone; 0 is none


class _Random:
    """Normally distributed weights from numpy's legacy generator, whose stream is frozen for all versions."""

    def __init__(self, seed: int) -> None:
        self._random = np.random.RandomState(seed)

    def matrix(self, rows: int, columns: int, gain: float = 1.0) -> Array:
        """Scaled so that a product with a vector of unit variance has the variance gain²."""
        values: Array = (self._random.standard_normal((rows, columns)) * gain / np.sqrt(columns)).astype(np.float32)
        return values

    def around(self, centre: float, size: int, spread: float = 0.1) -> Array:
        values: Array = (centre + spread * self._random.standard_normal(size)).astype(np.float32)
        return values


def tiny_llama(size: int = 512, width: int = 256, heads: int = 4, layers: int = 2) -> LegacyModel:
    """A LLaMA with K-quants' widths, as n_mult 256 makes them. Engines of its time want 32 layers."""
    random = _Random(1)
    written = (0.5 / layers) ** 0.5  # however many layers there are, they add as much to the residual stream
    multiple = 256 if width % 256 == 0 else 64
    feed_forward = -(-(2 * 4 * width // 3) // multiple) * multiple
    weights = {
        "tok_embeddings.weight": random.matrix(size, width, width**0.5),
        "norm.weight": random.around(1, width),
        "output.weight": random.matrix(size, width, 2),
    }
    for layer in range(layers):
        block = f"layers.{layer}."
        weights[block + "attention_norm.weight"] = random.around(1, width)
        for name, gain in (("wq", 1.0), ("wk", 1.0), ("wv", 1.0), ("wo", written)):
            weights[f"{block}attention.{name}.weight"] = random.matrix(width, width, gain)
        weights[block + "ffn_norm.weight"] = random.around(1, width)
        weights[block + "feed_forward.w1.weight"] = random.matrix(feed_forward, width)
        weights[block + "feed_forward.w2.weight"] = random.matrix(width, feed_forward, written)
        weights[block + "feed_forward.w3.weight"] = random.matrix(feed_forward, width)
    return LegacyModel(
        "llama",
        width,
        heads,
        layers,
        feed_forward,
        llama_vocabulary(size),
        weights,
        rotated=width // heads,
        multiple=multiple,
    )


def tiny_gptj(size: int = 512, width: int = 64, heads: int = 4, layers: int = 4) -> LegacyModel:
    """A GPT-J whose RoPE turns half of each head."""
    random = _Random(2)
    weights = {
        "transformer.wte.weight": random.matrix(size, width, width**0.5),
        "transformer.ln_f.weight": random.around(1, width),
        "transformer.ln_f.bias": random.around(0, width),
        "lm_head.weight": random.matrix(size, width, 2),
        "lm_head.bias": random.around(0, size, 0.5),
    }
    for layer in range(layers):
        block = f"transformer.h.{layer}."
        weights[block + "ln_1.weight"] = random.around(1, width)
        weights[block + "ln_1.bias"] = random.around(0, width)
        for name, gain in (("q_proj", 1.5), ("k_proj", 1.5), ("v_proj", 1.0), ("out_proj", 1.0)):
            weights[f"{block}attn.{name}.weight"] = random.matrix(width, width, gain)
        weights[block + "mlp.fc_in.weight"] = random.matrix(4 * width, width, 1.5)
        weights[block + "mlp.fc_in.bias"] = random.around(0, 4 * width)
        weights[block + "mlp.fc_out.weight"] = random.matrix(width, 4 * width)
        weights[block + "mlp.fc_out.bias"] = random.around(0, width)
    rotated = width // heads // 2
    return LegacyModel("gptj", width, heads, layers, 4 * width, gptj_vocabulary(size), weights, rotated=rotated)


def tiny_mpt(width: int = 64, heads: int = 4, layers: int = 4, padding: int = 48, clip_qkv: float = 0.0) -> LegacyModel:
    """An MPT; its output layer is its embedding, which has rows for `padding` tokens that the vocabulary lacks."""
    random = _Random(3)
    vocabulary = mpt_vocabulary()
    weights = {
        "transformer.wte.weight": random.matrix(len(vocabulary) + padding, width, width**0.5),
        "transformer.norm_f.weight": random.around(0.3, width, 0.03),
    }
    for layer in range(layers):
        block = f"transformer.blocks.{layer}."
        weights[block + "norm_1.weight"] = random.around(1, width)
        weights[block + "norm_2.weight"] = random.around(1, width)
        weights[block + "attn.Wqkv.weight"] = random.matrix(3 * width, width, 1.5)
        weights[block + "attn.out_proj.weight"] = random.matrix(width, width)
        weights[block + "ffn.up_proj.weight"] = random.matrix(4 * width, width, 1.5)
        weights[block + "ffn.down_proj.weight"] = random.matrix(width, 4 * width)
    return LegacyModel("mpt", width, heads, layers, 4 * width, vocabulary, weights, clip_qkv=clip_qkv)
