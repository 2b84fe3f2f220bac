"""What makes vectors of texts: an embedding model of this library, or anything that does the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from .._compat.embedding_models import EmbeddingModel, known_model
from .._library import PathLike
from .._model import Model
from ..models import DEFAULT_EMBEDDING_MODEL, resolve
from ._chunks import MAXIMUM, TARGET

_RESERVED = 32  # tokens for the title, the headings and the special tokens


class Embedder(Protocol):
    """What Documents needs of an embedding model.

    name: which one it is: vectors of another are of no use.
    dimension: numbers in a vector. max_tokens: that a text may have.
    """

    @property
    def name(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int: ...

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has."""

    def embed_documents(self, texts: Sequence[str]) -> Sequence[Any]:
        """A vector of length 1 for each of the texts to be found."""

    def embed_query(self, text: str) -> Any:
        """A vector of length 1 for a text to search with."""

    def close(self) -> None:
        """Gives back what it holds."""


class ModelEmbedder:
    """An embedding model, by its file or its name; texts get the prefixes that it was trained with.

    Raises the errors of gpt4all.models.resolve() and of Model, and UnsupportedError if it makes no embeddings.
    """

    def __init__(self, model: PathLike = DEFAULT_EMBEDDING_MODEL, *, threads: int = 0) -> None:
        path = resolve(model)
        self._model = Model(path, threads=threads)
        try:
            info = self._model.info()
            self.dimension = self._model.embed("one").dimension
        except BaseException:
            self._model.close()
            raise
        self._known = known_model(info.get("name", ""), str(path)) or EmbeddingModel()
        self.name = path.name
        self.max_tokens = int(info["n_ctx_train"])

    def count_tokens(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self._model.tokenize(text))

    def embed_documents(self, texts: Sequence[str]) -> Sequence[Any]:
        """A vector of length 1 for each of the texts to be found. What is too long is cut."""
        return self._model.embed([_prefixed(self._known.document, text) for text in texts], truncate=True).vectors

    def embed_query(self, text: str) -> Any:
        """A vector of length 1 for a text to search with."""
        return self._model.embed(_prefixed(self._known.query, text), truncate=True)[0]

    def close(self) -> None:
        """Closes the model."""
        self._model.close()


def _prefixed(prefix: str, text: str) -> str:
    return f"{prefix}: {text}" if prefix else text


def chunk_sizes(embedder: Embedder) -> tuple[int, int]:
    """How many tokens a chunk shall have, and may have at most."""
    most = max(min(MAXIMUM, embedder.max_tokens - _RESERVED), 16)
    return min(TARGET, most * 2 // 3), most
