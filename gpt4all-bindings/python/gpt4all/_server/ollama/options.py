"""Ollama's options in the engine's terms."""

from __future__ import annotations

from typing import Any

from ..errors import RequestError
from ..openai.bodies import take
from ..openai.seeds import fold_seed

SAME = frozenset(
    {
        "frequency_penalty",
        "min_p",
        "mirostat",
        "mirostat_eta",
        "mirostat_tau",
        "presence_penalty",
        "repeat_last_n",
        "repeat_penalty",
        "seed",
        "stop",
        "temperature",
        "top_k",
        "top_p",
        "typical_p",
    }
)
RENAMED = {"num_keep": "n_keep", "num_predict": "max_tokens"}

# How a model is opened is for the server to say. None of it changes an answer: what does not fit into the context that
# there is, is refused, whatever num_ctx says.
WITHOUT_EFFECT = frozenset(
    {
        "embedding_only",
        "f16_kv",
        "logits_all",
        "low_vram",
        "main_gpu",
        "num_batch",
        "num_ctx",
        "num_gpu",
        "num_thread",
        "numa",
        "use_mlock",
        "use_mmap",
        "vocab_only",
    }
)

# What Ollama itself no longer does; these values ask for nothing.
OBSOLETE = {"penalize_newline": True, "tfs_z": 1}

LONGEST_REPETITION = 1048576
"""Tokens: for repeat_last_n: -1, the whole context."""


def take_options(body: dict[str, Any]) -> dict[str, Any]:
    """Takes `options` out of a body. Raises RequestError 400 for those that are unknown, or cannot be honoured."""
    engine: dict[str, Any] = {}
    for name, value in take(body, "options", dict, {}).items():
        if value is None or name in WITHOUT_EFFECT:
            continue
        if name in OBSOLETE:
            if value != OBSOLETE[name]:
                raise _refusal(name, "is not supported: this way of sampling is gone from llama.cpp, and from Ollama")
        elif name in SAME or name in RENAMED:
            engine[RENAMED.get(name, name)] = value
        else:
            raise _refusal(name, "is not known")
    _translate_limits(engine)
    fold_seed(engine)
    return engine


def _translate_limits(engine: dict[str, Any]) -> None:
    """Ollama's special numbers: nothing, or less, for as many as there may be."""
    most = engine.get("max_tokens")
    if isinstance(most, int) and not isinstance(most, bool) and most <= 0:
        engine["max_tokens"] = -1
    if engine.get("repeat_last_n") == -1:
        engine["repeat_last_n"] = LONGEST_REPETITION


def _refusal(name: str, why: str) -> RequestError:
    return RequestError(400, f"options.{name} {why}", param=f"options.{name}")
