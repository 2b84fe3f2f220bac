"""The three architectures computed by numpy in double precision, on whole sequences: what logits are held against.

The weights are those of a file, by its names. Sources of the formulas: ggml's examples gpt-j and mpt, llama.cpp of
May 2023; MPT's GELU is exact, as its makers have it, where ggml's example approximates it. Each function takes token
ids and returns logits of the shape (tokens, vocabulary).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from .tiny_models import LegacyModel

Array = npt.NDArray[np.float32]
Rows = npt.NDArray[np.float64]

RMS_EPSILON = 1e-6
NORM_EPSILON = 1e-5
ROPE_BASE = 10000.0


def logits(model: LegacyModel, weights: Mapping[str, Array], tokens: Sequence[int]) -> Rows:
    """Logits after each of the tokens, with these weights instead of the model's own."""
    double = {name: values.astype(np.float64) for name, values in weights.items()}
    compute = {"llama": _llama, "gptj": _gptj, "mpt": _mpt}[model.architecture]
    return compute(model, double, np.asarray(tokens))


def _layer_norm(x: Rows, weight: Rows, bias: Rows | float = 0.0) -> Rows:
    centred = x - x.mean(axis=-1, keepdims=True)
    normed = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + NORM_EPSILON) * weight + bias
    return np.asarray(normed, np.float64)


def _rms_norm(x: Rows, weight: Rows) -> Rows:
    return np.asarray(x / np.sqrt((x**2).mean(axis=-1, keepdims=True) + RMS_EPSILON) * weight, np.float64)


def _gelu(x: Rows) -> Rows:
    gated: Rows = 0.5 * x * (1 + np.vectorize(math.erf)(x / np.sqrt(2)))
    return gated


def _gelu_by_tanh(x: Rows) -> Rows:
    """GELU's approximation, with which GPT-J was trained."""
    gated: Rows = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
    return gated


def _rope(x: Rows, rotated: int) -> Rows:
    """Turns neighbouring pairs of the first `rotated` components of each head; x is (tokens, heads, components)."""
    angles = np.arange(len(x))[:, None] * ROPE_BASE ** (-np.arange(0, rotated, 2) / rotated)
    cos, sin = np.cos(angles)[:, None], np.sin(angles)[:, None]
    even, odd = x[..., 0:rotated:2], x[..., 1:rotated:2]
    turned = x.copy()
    turned[..., 0:rotated:2] = even * cos - odd * sin
    turned[..., 1:rotated:2] = even * sin + odd * cos
    return turned


def _attention(q: Rows, k: Rows, v: Rows, bias: Rows | float = 0.0) -> Rows:
    """Causal attention; q, k and v are (tokens, heads, width of a head), the bias (heads, tokens, tokens)."""
    scores = np.einsum("qhd,khd->hqk", q, k) / np.sqrt(q.shape[-1]) + bias
    scores = np.where(np.tril(np.ones(scores.shape[1:], dtype=bool)), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    mixed: Rows = np.einsum("hqk,khd->qhd", weights, v).reshape(len(q), -1)
    return mixed


def _heads(x: Rows, heads: int) -> Rows:
    return x.reshape(len(x), heads, -1)


def _llama(model: LegacyModel, w: Mapping[str, Rows], tokens: npt.NDArray[Any]) -> Rows:
    x = w["tok_embeddings.weight"][tokens]
    for layer in range(model.layers):
        block = f"layers.{layer}."
        normed = _rms_norm(x, w[block + "attention_norm.weight"])
        q, k, v = (_heads(normed @ w[f"{block}attention.{name}.weight"].T, model.heads) for name in ("wq", "wk", "wv"))
        mixed = _attention(_rope(q, model.rotated), _rope(k, model.rotated), v)
        x = x + mixed @ w[block + "attention.wo.weight"].T
        normed = _rms_norm(x, w[block + "ffn_norm.weight"])
        gate = normed @ w[block + "feed_forward.w1.weight"].T
        up = normed @ w[block + "feed_forward.w3.weight"].T
        x = x + (gate / (1 + np.exp(-gate)) * up) @ w[block + "feed_forward.w2.weight"].T
    return _rms_norm(x, w["norm.weight"]) @ w["output.weight"].T


def _gptj(model: LegacyModel, w: Mapping[str, Rows], tokens: npt.NDArray[Any]) -> Rows:
    x = w["transformer.wte.weight"][tokens]
    for layer in range(model.layers):
        block = f"transformer.h.{layer}."
        normed = _layer_norm(x, w[block + "ln_1.weight"], w[block + "ln_1.bias"])
        q, k, v = (
            _heads(normed @ w[f"{block}attn.{name}.weight"].T, model.heads) for name in ("q_proj", "k_proj", "v_proj")
        )
        mixed = _attention(_rope(q, model.rotated), _rope(k, model.rotated), v)
        hidden = _gelu_by_tanh(normed @ w[block + "mlp.fc_in.weight"].T + w[block + "mlp.fc_in.bias"])
        fed = hidden @ w[block + "mlp.fc_out.weight"].T + w[block + "mlp.fc_out.bias"]
        x = x + mixed @ w[block + "attn.out_proj.weight"].T + fed  # both read the same norm of x
    normed = _layer_norm(x, w["transformer.ln_f.weight"], w["transformer.ln_f.bias"])
    return normed @ w["lm_head.weight"].T + w["lm_head.bias"]


def _alibi(heads: int, bias_max: float, tokens: int) -> Rows:
    """What is added to attention scores: the distance times a slope of each head, for a power of two of heads."""
    slopes = 2.0 ** (-bias_max / heads * np.arange(1, heads + 1))
    distance = np.arange(tokens)[None, :] - np.arange(tokens)[:, None]
    return np.asarray(slopes[:, None, None] * distance, np.float64)


def _mpt(model: LegacyModel, w: Mapping[str, Rows], tokens: npt.NDArray[Any]) -> Rows:
    x = w["transformer.wte.weight"][tokens]
    bias = _alibi(model.heads, model.alibi_bias_max, len(tokens))
    for layer in range(model.layers):
        block = f"transformer.blocks.{layer}."
        qkv = _layer_norm(x, w[block + "norm_1.weight"]) @ w[block + "attn.Wqkv.weight"].T
        if model.clip_qkv:
            qkv = np.clip(qkv, -model.clip_qkv, model.clip_qkv)
        q, k, v = (_heads(part, model.heads) for part in np.split(qkv, 3, axis=-1))
        x = x + _attention(q, k, v, bias) @ w[block + "attn.out_proj.weight"].T
        hidden = _gelu(_layer_norm(x, w[block + "norm_2.weight"]) @ w[block + "ffn.up_proj.weight"].T)
        x = x + hidden @ w[block + "ffn.down_proj.weight"].T
    return _layer_norm(x, w["transformer.norm_f.weight"]) @ w["transformer.wte.weight"].T


def cosine(ours: npt.NDArray[Any], theirs: npt.NDArray[Any]) -> float:
    """The smallest cosine of two logit rows of the same token, each less its mean, which says nothing."""
    a, b = (
        rows - rows.mean(axis=-1, keepdims=True) for rows in (np.asarray(each, np.float64) for each in (ours, theirs))
    )
    cosines = (a * b).sum(axis=-1) / np.sqrt((a**2).sum(axis=-1) * (b**2).sum(axis=-1))
    return float(cosines.min())
