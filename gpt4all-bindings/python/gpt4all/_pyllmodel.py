"""LLModel and what programs of older releases import beside it, at the place where release 2.8.2 had it."""

from __future__ import annotations

from ._compat.llmodel import EmbCancelCallbackType, EmbedResult, LLModel, ResponseCallbackType, empty_response_callback
from ._errors import CancellationError

__all__ = [
    "CancellationError",
    "EmbCancelCallbackType",
    "EmbedResult",
    "LLModel",
    "ResponseCallbackType",
    "empty_response_callback",
]
