"""Models computed by llama-cpp-python: another binding, with a llama.cpp of its own, on the same file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import llama_cpp
import numpy as np
import numpy.typing as npt

from .values import NotCoveredError

Rows = npt.NDArray[np.float64]
POOLING = {"none": 0, "mean": 1, "cls": 2, "last": 3}


class LlamaCppEngine:
    """One model file."""

    name = "llama-cpp-python"

    def __init__(self, path: Path, n_ctx: int, adapter: Path | None = None, scale: float = 1.0) -> None:
        self._path, self._n_ctx = path, n_ctx
        self._more: dict[str, Any] = {"lora_path": str(adapter), "lora_scale": scale} if adapter else {}
        self._open: llama_cpp.Llama | None = None
        self._tokens: list[int] = []
        self._rows: list[Rows] = []
        self._encoders: dict[int, llama_cpp.Llama] = {}

    @property
    def _model(self) -> llama_cpp.Llama:
        if self._open is None:
            self._open = self._llama(logits_all=True)
        return self._open

    def _llama(self, **options: Any) -> llama_cpp.Llama:
        path = str(self._path)
        threads = {"n_threads": 1, "n_threads_batch": 1, "n_ctx": self._n_ctx, "n_batch": self._n_ctx}
        exact = {"type_k": llama_cpp.GGML_TYPE_F32, "type_v": llama_cpp.GGML_TYPE_F32}
        return llama_cpp.Llama(path, verbose=False, **threads, **exact, **self._more, **options)

    def rows(self, tokens: list[int]) -> list[Rows]:
        """The logits of what follows each token."""
        if len(tokens) > self._n_ctx:
            raise NotCoveredError("longer than the contexts of this check")
        same = 0
        while same < min(len(tokens) - 1, len(self._tokens)) and tokens[same] == self._tokens[same]:
            same += 1
        self._model.n_tokens = same
        self._model.eval(tokens[same:])
        self._tokens = list(tokens)
        self._rows = self._rows[:same] + list(self._model.scores[same : len(tokens)].astype(np.float64))
        return self._rows

    def pooled(self, text: str, pooling: str) -> list[Any]:
        """The embedding of a text, as it is."""
        kind = POOLING[pooling]
        if kind not in self._encoders:
            self._encoders[kind] = self._llama(embedding=True, pooling_type=kind)
        vector: list[Any] = self._encoders[kind].embed(text, normalize=False)
        return vector

    def tokenize(self, text: str, *, add_special: bool, parse_special: bool) -> list[int]:
        return list(self._model.tokenize(text.encode(), add_bos=add_special, special=parse_special))

    def refuses_grammar(self, grammar: str) -> bool:
        """Whether a grammar cannot be parsed."""
        vocabulary = llama_cpp.llama_model_get_vocab(self._model.model)
        sampler = llama_cpp.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        if sampler:
            llama_cpp.llama_sampler_free(sampler)
        return not sampler
