"""A model that is open: its file, its options, and what computes it."""

from __future__ import annotations

from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

from .llama_cpp_engine import LlamaCppEngine
from .model_files import ModelFile, open_file, rounded_to
from .torch_engine import TorchEngine, adapted
from .values import Json, NotCoveredError, Partial, Unknown
from .vocabulary import Vocabulary

AnyEngine = TorchEngine | LlamaCppEngine
CONTEXT = 1024  # tokens that llama-cpp-python's contexts have room for


class PromptTooLongError(Exception):
    """The prompt does not fit. detail: what is told of it."""

    def __init__(self, detail: Json) -> None:
        super().__init__(f"does not fit: {detail}")
        self.detail = detail


def done(result: Any, floats: list[Any] | None = None) -> Json:
    """The outcome of a request that ended well."""
    return Partial(result=result, **({"floats": floats} if floats else {}))


@lru_cache
def vocabulary_of(path: Path) -> Vocabulary:
    return Vocabulary(open_file(path))


@lru_cache
def torch_engine(path: Path, kind: str | None, adapter: Path | None, scale: float) -> TorchEngine:
    file = open_file(path)
    weights = rounded_to(file.weights, kind) if kind else file.weights
    return TorchEngine(file, adapted(weights, open_file(adapter), scale) if adapter and scale else weights)


@lru_cache
def llama_cpp_engine(path: Path, adapter: Path | None, scale: float) -> LlamaCppEngine:
    return LlamaCppEngine(path, CONTEXT, adapter if scale else None, scale)


class Opened:
    """kind: the type that the weights were quantised to before; None for that of the file."""

    def __init__(self, path: Path, options: Json, *, kind: str | None, implementation: str) -> None:
        self._path, self._kind = path, kind
        self.options, self.implementation = options, implementation
        self.n_ctx: int = options.get("n_ctx", 512) // options.get("n_parallel", 1)
        loaded = options.get("lora", [])
        self._adapter = Path(loaded[0]["path"]) if loaded else None
        self.scales: list[float] = [item.get("scale", 1) for item in loaded]
        self.computed: list[int] = []  # the tokens that were computed last

    def cached(self, prompt: list[int]) -> Any:
        """How many tokens of a prompt need not be computed again: those that it begins with like the last, but one."""
        if self.options.get("n_parallel", 1) != 1:
            return Unknown("which of several slots a request gets is this library's own")
        same = 0
        while same < min(len(prompt) - 1, len(self.computed)) and prompt[same] == self.computed[same]:
            same += 1
        return same

    @property
    def file(self) -> ModelFile:
        return open_file(self._path)

    @cached_property
    def vocabulary(self) -> Vocabulary:
        return vocabulary_of(self._path)

    def engine(self, scales: list[Json] | None) -> AnyEngine:
        """scales: those of the request, which go before those of the model."""
        scale = float(scales[0]["scale"] if scales else self.scales[0] if self.scales else 0)
        if self.implementation == "transformers":
            return torch_engine(self._path, self._kind, self._adapter, scale)
        if self.implementation != "llama-cpp-python":
            raise NotCoveredError("sentence-transformers only embeds")
        if self._kind:
            raise NotCoveredError("llama-cpp-python has no quantisation of its own")
        return llama_cpp_engine(self._path, self._adapter, scale)
