"""Embed4All: texts to vectors, as programs of older releases ask for them."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal, overload

from .._errors import InvalidArgumentError, checked_text, shown, whole_number
from .._uncopyable import Uncopyable
from ..models import DEFAULT_EMBEDDING_MODEL
from .gpt4all import GPT4All

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .llmodel import EmbCancelCallbackType, EmbedResult

_LONG_TEXT_MODES = {"mean": True, "truncate": False}


class Embed4All(Uncopyable):
    """A model that turns texts into vectors whose angles show how similar the texts are.

    model_name: a file or a name from the catalogue; None for all-MiniLM-L6-v2, which gives 384 numbers per vector.
    n_threads, device, kwargs: as for GPT4All; the attribute `gpt4all` holds the GPT4All object.

    Any number of threads may use it at once. Raises the same errors as GPT4All.
    """

    _instead = "make one in every process that needs it"

    MIN_DIMENSIONALITY = 64
    """A dimensionality below this gives a warning."""

    def __init__(
        self,
        model_name: str | None = None,
        *,
        n_threads: int | None = None,
        device: str | None = None,
        **kwargs: Any,
    ) -> None:
        self.gpt4all = GPT4All(
            DEFAULT_EMBEDDING_MODEL if model_name is None else model_name, n_threads=n_threads, device=device, **kwargs
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Frees the model's memory. Safe to call at any time, and more than once."""
        self.gpt4all.close()

    @overload
    def embed(
        self,
        text: str,
        *,
        prefix: str | None = ...,
        dimensionality: int | None = ...,
        long_text_mode: str = ...,
        return_dict: Literal[False] = ...,
        atlas: bool = ...,
        cancel_cb: EmbCancelCallbackType | None = ...,
    ) -> list[float]: ...
    @overload
    def embed(
        self,
        text: list[str],
        *,
        prefix: str | None = ...,
        dimensionality: int | None = ...,
        long_text_mode: str = ...,
        return_dict: Literal[False] = ...,
        atlas: bool = ...,
        cancel_cb: EmbCancelCallbackType | None = ...,
    ) -> list[list[float]]: ...
    @overload
    def embed(
        self,
        text: str | Sequence[str],
        *,
        prefix: str | None = ...,
        dimensionality: int | None = ...,
        long_text_mode: str = ...,
        return_dict: Literal[True],
        atlas: bool = ...,
        cancel_cb: EmbCancelCallbackType | None = ...,
    ) -> EmbedResult: ...
    @overload
    def embed(
        self,
        text: str | Sequence[str],
        *,
        prefix: str | None = ...,
        dimensionality: int | None = ...,
        long_text_mode: str = ...,
        return_dict: bool = ...,
        atlas: bool = ...,
        cancel_cb: EmbCancelCallbackType | None = ...,
    ) -> Any: ...
    def embed(
        self,
        text: str | Sequence[str],
        *,
        prefix: str | None = None,
        dimensionality: int | None = None,
        long_text_mode: str = "mean",
        return_dict: bool = False,
        atlas: bool = False,
        cancel_cb: EmbCancelCallbackType | None = None,
    ) -> Any:
        """The vector of a text, or the vectors of a list of texts. Each is a list of floats of Euclidean length 1.

        prefix: the task, without the colon, for models trained with several, such as "search_query". None: the one for
            documents, if the model is known. "": none.
        dimensionality: how many numbers to keep, for Matryoshka models. None: all. Values below 64 give a warning.
        long_text_mode: texts longer than the model accepts are split into overlapping chunks whose vectors are averaged
            ("mean"), or cut off ("truncate").
        return_dict: return {"embeddings": …, "n_prompt_tokens": …}.
        atlas: with "mean", refuse texts of more than 8192 tokens; with "truncate", cut them at that length, as Nomic's
            service does.
        cancel_cb: called once before anything is computed, with the tokens of each batch and the backend's name; if it
            returns True, CancellationError is raised.

        Raises ValueError (InvalidArgumentError) for an empty text, a dimensionality below 1 or an unknown
        long_text_mode, RuntimeError (EmbeddingError) for a task, size or length that the model does not accept.
        """
        if dimensionality is not None and whole_number(dimensionality, "dimensionality") <= 0:
            raise InvalidArgumentError(
                f"dimensionality is {dimensionality}; it must be above 0, or None for all dimensions"
            )
        if dimensionality is not None and dimensionality < self.MIN_DIMENSIONALITY:
            warnings.warn(
                f"dimensionality {dimensionality} is below {self.MIN_DIMENSIONALITY}: vectors lose much meaning",
                stacklevel=2,
            )
        if not isinstance(long_text_mode, str) or long_text_mode not in _LONG_TEXT_MODES:
            raise InvalidArgumentError(f"long_text_mode is {shown(long_text_mode)}; it must be 'mean' or 'truncate'")
        if prefix is not None:
            checked_text(prefix, "prefix")
        size = -1 if dimensionality is None else dimensionality
        result = self.gpt4all.model.generate_embeddings(
            text, prefix, size, _LONG_TEXT_MODES[long_text_mode], atlas, cancel_cb
        )
        return result if return_dict else result["embeddings"]
