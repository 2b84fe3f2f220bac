"""What orders passages by how well they answer a question: a model of this library, or anything that does the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from .._errors import ContextOverflowError, UnsupportedError
from .._library import PathLike
from .._model import Model, inspect
from .._results import Ranked, Ranking
from ..models import resolve

CONTEXT = 1024  # tokens for a question with a passage: chunks have less, and more would only take memory


class Reranker(Protocol):
    """What Documents needs of a reranker; a Model that can rerank is one."""

    def rerank(self, query: str, documents: Sequence[str], /) -> Iterable[Ranked]:
        """The documents with their positions in the input and how well each answers the query, in any order."""


class ModelReranker:
    """A reranker, by its file or its name, or a Model that is open. What is too long for it is cut.

    Raises the errors of gpt4all.models.resolve() and of Model, and UnsupportedError if it cannot rerank.
    """

    def __init__(self, model: PathLike | Model, *, threads: int = 0) -> None:
        self._own: Model | None = None
        if isinstance(model, Model):
            _check(model.path, model.info())
            self._model = model
            return
        path = resolve(model)
        info = inspect(path)
        _check(str(path), info)
        self._own = self._model = Model(path, threads=threads, n_ctx=min(CONTEXT, info["n_ctx_train"] or CONTEXT))

    def rerank(self, query: str, documents: Sequence[str], /) -> Iterable[Ranked]:
        """The documents with their positions in the input and how well each answers the query, the best first."""
        shown = list(documents)
        while isinstance(ranked := self._ranked(query, shown), ContextOverflowError):
            index, limit = ranked.detail["index"], ranked.detail["limit"]
            asked, told = self._tokens(query), self._tokens(shown[index])
            excess = ranked.detail["n_tokens"] - limit
            if asked > limit // 2:
                query = _shortened(query, asked, limit // 2)
            elif told:
                shown[index] = _shortened(shown[index], told, told - excess)
            else:
                raise ranked
        return [Ranked(each.index, each.relevance_score, documents[each.index]) for each in ranked]

    def _ranked(self, query: str, documents: Sequence[str]) -> Ranking | ContextOverflowError:
        try:
            return self._model.rerank(query, documents)
        except ContextOverflowError as error:
            return error

    def _tokens(self, text: str) -> int:
        return len(self._model.tokenize(text))

    def close(self) -> None:
        """Closes the model, unless it was open before."""
        if self._own is not None:
            self._own.close()


def _check(path: str, info: Mapping[str, Any]) -> None:
    """Raises UnsupportedError for a model that cannot rerank."""
    if not info["capabilities"]["rerank"]:
        raise UnsupportedError(
            f"{path} cannot rerank, as its file has no ranking head (pooling rank); use a reranker, such as "
            "hf://gpustack/bge-reranker-v2-m3-GGUF/bge-reranker-v2-m3-Q8_0.gguf, or none",
            {"model": path},
        )


def _shortened(text: str, tokens: int, wanted: int) -> str:
    """The beginning of a text that has so many tokens, with about as many as are wanted, and rather less."""
    return text[: max(len(text) * wanted * 9 // (tokens * 10), 0)]
