"""The embedding model of the application: one that is here, opened when it is first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..._server.errors import RequestError
from ...documents import ModelEmbedder
from ...models import DEFAULT_EMBEDDING_MODEL, find, list_cached


class InstalledEmbedder:
    """An Embedder of gpt4all.documents. Nothing is downloaded for it. For any number of threads."""

    def __init__(self, name: str, open: Callable[[Path], ModelEmbedder] = ModelEmbedder) -> None:
        self.name = name
        self._open = open
        self._lock = threading.Lock()
        self._opened: ModelEmbedder | None = None

    def _model(self) -> ModelEmbedder:
        with self._lock:
            if self._opened is None:
                self._opened = self._open(installed(self.name))
            return self._opened

    @property
    def dimension(self) -> int:
        """Raises RequestError 409 if the model is not here; LLModelError if it cannot be opened; so do the others."""
        return self._model().dimension

    @property
    def max_tokens(self) -> int:
        return self._model().max_tokens

    def count_tokens(self, text: str) -> int:
        return self._model().count_tokens(text)

    def embed_documents(self, texts: Sequence[str]) -> Sequence[Any]:
        return self._model().embed_documents(texts)

    def embed_query(self, text: str) -> Any:
        return self._model().embed_query(text)

    def close(self) -> None:
        with self._lock:
            if self._opened is not None:
                self._opened.close()
                self._opened = None


def installed(name: str) -> Path:
    """The file of an embedding model. Raises RequestError 409 if it is not here."""
    for model in list_cached():
        if model.path.name == name:
            return model.path
    entry = find(name) or find(DEFAULT_EMBEDDING_MODEL)
    advice = f"; download {entry.name}, under Models" if entry else ""
    raise RequestError(
        409,
        f"documents are embedded by {name}, which is not on this machine{advice}",
        code="embedding_model_missing",
        param=name,
    )
