"""The three architectures computed by Hugging Face transformers, with the weights of a file of 2023, in F32."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers

from .reference import NORM_EPSILON, RMS_EPSILON, ROPE_BASE
from .tiny_models import LegacyModel

Array = npt.NDArray[np.float32]

torch.set_num_threads(1)  # the models are so small that threads would mostly wait for each other

_LLAMA_LAYER = {
    "attention_norm": "input_layernorm",
    "attention.wq": "self_attn.q_proj",
    "attention.wk": "self_attn.k_proj",
    "attention.wv": "self_attn.v_proj",
    "attention.wo": "self_attn.o_proj",
    "ffn_norm": "post_attention_layernorm",
    "feed_forward.w1": "mlp.gate_proj",
    "feed_forward.w2": "mlp.down_proj",
    "feed_forward.w3": "mlp.up_proj",
}
_LLAMA_OTHERS = {"tok_embeddings": "model.embed_tokens", "norm": "model.norm", "output": "lm_head"}


class TorchModel:
    """A model of transformers that takes tokens and gives logits."""

    def __init__(self, model: LegacyModel, weights: Mapping[str, Array]) -> None:
        self._module = {"llama": _llama, "gptj": _gptj, "mpt": _mpt}[model.architecture](model, weights)

    def logits(self, tokens: Sequence[int]) -> Array:
        """Logits after each of the tokens, of the shape (tokens, vocabulary)."""
        with torch.inference_mode():
            rows: Array = self._module(torch.tensor([list(tokens)])).logits[0].numpy()
        return rows


def _loaded(module: Any, state: Mapping[str, Array]) -> Any:
    """The module with these weights, none of them unknown, and none missing that it does not compute itself."""
    given = {name: torch.from_numpy(np.ascontiguousarray(weight)) for name, weight in state.items()}
    missing, unknown = module.load_state_dict(given, strict=False)
    if unknown or set(missing) - set(getattr(module, "_tied_weights_keys", None) or ()):
        raise RuntimeError(f"transformers lacks {unknown} and wants {missing}")
    return module.eval()


def _llama(model: LegacyModel, weights: Mapping[str, Array]) -> Any:
    state = {}
    for name, values in weights.items():
        stem = name.removesuffix(".weight")
        if stem in _LLAMA_OTHERS:
            state[f"{_LLAMA_OTHERS[stem]}.weight"] = values
            continue
        _, layer, part = stem.split(".", 2)
        if part in ("attention.wq", "attention.wk"):
            # files pair neighbouring components for RoPE, transformers the two halves of a head
            pairs = values.reshape(model.heads, model.width // model.heads // 2, 2, -1)
            values = pairs.swapaxes(1, 2).reshape(values.shape)
        state[f"model.layers.{layer}.{_LLAMA_LAYER[part]}.weight"] = values
    config = transformers.LlamaConfig(
        vocab_size=len(weights["tok_embeddings.weight"]),
        hidden_size=model.width,
        intermediate_size=model.feed_forward,
        num_hidden_layers=model.layers,
        num_attention_heads=model.heads,
        max_position_embeddings=model.context,
        rms_norm_eps=RMS_EPSILON,
        rope_theta=ROPE_BASE,
        tie_word_embeddings=False,
    )
    return _loaded(transformers.LlamaForCausalLM(config), state)


def _gptj(model: LegacyModel, weights: Mapping[str, Array]) -> Any:
    config = transformers.GPTJConfig(
        vocab_size=len(weights["transformer.wte.weight"]),
        n_positions=model.context,
        n_embd=model.width,
        n_layer=model.layers,
        n_head=model.heads,
        rotary_dim=model.rotated,
        layer_norm_epsilon=NORM_EPSILON,
        activation_function="gelu_new",
        bos_token_id=0,
        eos_token_id=0,
    )
    return _loaded(transformers.GPTJForCausalLM(config), weights)


def _mpt(model: LegacyModel, weights: Mapping[str, Array]) -> Any:
    config = transformers.MptConfig(
        vocab_size=len(weights["transformer.wte.weight"]),
        d_model=model.width,
        n_heads=model.heads,
        n_layers=model.layers,
        expansion_ratio=4,
        max_seq_len=model.context,
        layer_norm_epsilon=NORM_EPSILON,
        attn_config={"alibi_bias_max": int(model.alibi_bias_max), "clip_qkv": model.clip_qkv or None},
    )
    return _loaded(transformers.MptForCausalLM(config), weights)
