"""The reranker that the settings name, among the models that are here: opened when it is first needed."""

from __future__ import annotations

from ..._errors import UnsupportedError
from ..._server.errors import RequestError
from ..._server.store import Store, StoredModel
from ...documents import Documents, ModelReranker
from ..preferences import Preferences


class ChosenReranker:
    """For one thread at a time. Nothing is downloaded for it."""

    def __init__(self, preferences: Preferences, store: Store) -> None:
        self._preferences = preferences
        self._store = store
        self._opened: tuple[str, ModelReranker] | None = None
        self._milliseconds: int | None = None

    def renew(self, documents: Documents) -> None:
        """Closes the model if the settings name another by now, or none."""
        if self._opened is not None and self._opened[0] != self._preferences.values().reranker:
            documents.rerank_with(None)
            self.close()

    def serve(self, documents: Documents) -> None:
        """Has searches rerank as the settings say by now.

        Raises RequestError 409 if the model is not here or cannot rerank; LLModelError if it cannot be opened.
        """
        self.renew(documents)
        values = self._preferences.values()
        if values.reranker is None:
            return
        if self._opened is None:
            self._opened, self._milliseconds = (values.reranker, _open(self._store, values.reranker)), None
        if self._milliseconds != values.rerank_milliseconds:
            documents.rerank_with(self._opened[1], seconds=values.rerank_milliseconds / 1000)
            self._milliseconds = values.rerank_milliseconds

    def close(self) -> None:
        """Closes the model, which no documents may use any more."""
        if self._opened is not None:
            self._opened[1].close()
            self._opened = None


def find_reranker(store: Store, name: str) -> StoredModel:
    """The model. Raises RequestError 409 if it is not here."""
    try:
        return store.find(name)
    except RequestError:
        raise RequestError(
            409,
            f"passages are to be reranked by {name[:200]}, which is not on this machine",
            code="reranker_missing",
            param="reranker",
        ) from None


def _open(store: Store, name: str) -> ModelReranker:
    model = find_reranker(store, name)
    try:
        return ModelReranker(model.path)
    except UnsupportedError as error:
        raise RequestError(409, error.message, code="not_a_reranker", param="reranker") from None
