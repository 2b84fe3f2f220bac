"""Errors as Ollama's clients expect them."""

from __future__ import annotations

from typing import Any

from ..errors import Failure


def body(failure: Failure, request_id: str) -> dict[str, Any]:
    """The body of an answer, or a line within a stream."""
    return {"error": failure.message}
