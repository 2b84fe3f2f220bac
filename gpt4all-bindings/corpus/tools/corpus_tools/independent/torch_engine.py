"""Models computed by transformers, in F32, with the weights of a GGUF file."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers

from .hugging_face import family, state
from .model_files import Array, ModelFile
from .values import NotCoveredError

Rows = npt.NDArray[np.float64]

torch.set_num_threads(1)  # the models are so small that threads would mostly wait for each other

BERT_EMBEDDINGS = {
    "token_embd": "word_embeddings",
    "position_embd": "position_embeddings",
    "token_types": "token_type_embeddings",
    "token_embd_norm": "LayerNorm",
}
BERT_LAYER = {
    "attn_q": "attention.self.query",
    "attn_k": "attention.self.key",
    "attn_v": "attention.self.value",
    "attn_output": "attention.output.dense",
    "attn_output_norm": "attention.output.LayerNorm",
    "ffn_up": "intermediate.dense",
    "ffn_down": "output.dense",
    "layer_output_norm": "output.LayerNorm",
}


def adapted(weights: dict[str, Array], adapter: ModelFile, scale: float) -> dict[str, Array]:
    """The weights with those of a LoRA adapter added: W + scale · alpha / rank · B A."""
    alpha = float(adapter.value("adapter.lora.alpha"))
    changed = dict(weights)
    for name, low in adapter.weights.items():
        if target := name.removesuffix(".lora_a"):
            if target == name:
                continue
            high = adapter.weights[f"{target}.lora_b"]
            changed[target] = (weights[target] + scale * alpha / low.shape[0] * (high @ low)).astype(np.float32)
    return changed


def load(module: Any, state: dict[str, Array]) -> Any:
    """The module with these weights, all of them its own and none missing."""
    given = {name: torch.from_numpy(np.ascontiguousarray(weight)) for name, weight in state.items()}
    module.load_state_dict(given, strict=True)
    torch.nn.Module.eval(module)
    return module


def llama(file: ModelFile, weights: dict[str, Array]) -> transformers.LlamaForCausalLM:
    heads = file.parameter("attention.head_count")
    kv_heads = file.parameter("attention.head_count_kv", heads)
    config = transformers.LlamaConfig(
        vocab_size=len(weights["token_embd.weight"]),
        hidden_size=file.parameter("embedding_length"),
        intermediate_size=file.parameter("feed_forward_length"),
        num_hidden_layers=file.parameter("block_count"),
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=file.parameter("context_length"),
        rms_norm_eps=file.parameter("attention.layer_norm_rms_epsilon"),
        rope_parameters={"rope_type": "default", "rope_theta": file.parameter("rope.freq_base", 10000.0)},
        tie_word_embeddings=False,
        attention_bias=False,
        mlp_bias=False,
    )
    return load(transformers.LlamaForCausalLM(config), state(file, weights))


def gptj(file: ModelFile, weights: dict[str, Array]) -> Any:
    config = transformers.GPTJConfig(
        vocab_size=len(weights["token_embd.weight"]),
        n_positions=file.parameter("context_length"),
        n_embd=file.parameter("embedding_length"),
        n_layer=file.parameter("block_count"),
        n_head=file.parameter("attention.head_count"),
        rotary_dim=file.parameter("rope.dimension_count"),
        n_inner=file.parameter("feed_forward_length"),
        layer_norm_epsilon=file.parameter("attention.layer_norm_epsilon"),
    )
    return load(transformers.GPTJForCausalLM(config), state(file, weights))


def mpt(file: ModelFile, weights: dict[str, Array]) -> Any:
    attention = {"clip_qkv": file.parameter("attention.clamp_kqv") or None}
    attention["alibi_bias_max"] = int(file.parameter("attention.max_alibi_bias"))
    config = transformers.MptConfig(
        vocab_size=len(weights["token_embd.weight"]),
        max_seq_len=file.parameter("context_length"),
        d_model=file.parameter("embedding_length"),
        n_layers=file.parameter("block_count"),
        n_heads=file.parameter("attention.head_count"),
        attn_config=attention,
    )
    model = transformers.MptForCausalLM(config)
    return load(model, {**state(file, weights), "lm_head.weight": weights["token_embd.weight"]})


def bert(file: ModelFile, weights: dict[str, Array]) -> Any:
    """A BertModel, or a BertForSequenceClassification where the file has a classifier."""
    ranks = "cls.weight" in weights
    config = transformers.BertConfig(
        vocab_size=len(weights["token_embd.weight"]),
        hidden_size=file.parameter("embedding_length"),
        intermediate_size=file.parameter("feed_forward_length"),
        num_hidden_layers=file.parameter("block_count"),
        num_attention_heads=file.parameter("attention.head_count"),
        max_position_embeddings=file.parameter("context_length"),
        layer_norm_eps=file.parameter("attention.layer_norm_epsilon"),
        type_vocab_size=len(weights["token_types.weight"]),
        num_labels=1,
    )
    names = {ours: f"embeddings.{theirs}" for ours, theirs in BERT_EMBEDDINGS.items()}
    for layer in range(config.num_hidden_layers):
        names |= {f"blk.{layer}.{ours}": f"encoder.layer.{layer}.{theirs}" for ours, theirs in BERT_LAYER.items()}
    prefix = ""
    if ranks:
        prefix = "bert."
        names |= {"cls": "pooler.dense", "cls.output": "classifier"}
    state = {}
    for name, weight in weights.items():
        ours, kind = name.rsplit(".", 1)
        state[f"{'' if ours == 'cls.output' else prefix}{names[ours]}.{kind}"] = weight
    if ranks:
        return load(transformers.BertForSequenceClassification(config), state)
    return load(transformers.BertModel(config, add_pooling_layer=False), state)


class TorchEngine:
    """One model of a file, with what was computed for the last text remembered."""

    name = "transformers"

    def __init__(self, file: ModelFile, weights: dict[str, Array] | None = None) -> None:
        make = {"llama": llama, "gptj": gptj, "mpt": mpt, "bert": bert}.get(family(file))
        if make is None:
            raise NotCoveredError(f"transformers is not set up here for {family(file)}")
        self._model = make(file, file.weights if weights is None else weights)
        self._tokens: list[int] = []
        self._rows: list[Rows] = []
        self._cache: Any = None

    def rows(self, tokens: list[int]) -> list[Rows]:
        """The logits of what follows each token."""
        same = 0
        while same < min(len(tokens) - 1, len(self._tokens)) and tokens[same] == self._tokens[same]:
            same += 1
        if same == 0:
            self._cache = transformers.DynamicCache(config=self._model.config)
        elif same < len(self._tokens):
            self._cache.crop(same - len(self._tokens))  # how many to take away, as a negative number
        with torch.inference_mode():
            given = torch.tensor([tokens[same:]])
            logits = self._model(given, past_key_values=self._cache, use_cache=True).logits[0]
        self._rows = self._rows[:same] + list(logits.double().numpy())
        self._tokens = list(tokens)
        return self._rows

    def states(self, tokens: list[int]) -> Rows:
        """The last hidden state of each token."""
        model = getattr(self._model, "model", self._model)
        with torch.inference_mode():
            states: Rows = model(torch.tensor([tokens])).last_hidden_state[0].double().numpy()
        return states

    def rank(self, tokens: list[int], kinds: list[int]) -> float:
        """What a classifier says of two texts. kinds: which of the two each token belongs to."""
        with torch.inference_mode():
            given = {"input_ids": torch.tensor([tokens]), "token_type_ids": torch.tensor([kinds])}
            return float(self._model(**given).logits[0, 0])
