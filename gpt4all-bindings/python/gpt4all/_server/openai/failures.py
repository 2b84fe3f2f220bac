"""Errors as OpenAI's clients expect them."""

from __future__ import annotations

from typing import Any

from ..errors import Failure


def body(failure: Failure) -> dict[str, Any]:
    """The body of an answer, or the data of an event within a stream."""
    return {
        "error": {
            "message": failure.message,
            "type": failure.kind,
            "param": failure.param,
            "code": failure.code,
        }
    }
