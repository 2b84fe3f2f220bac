"""Errors as llama-server tells them."""

from __future__ import annotations

from typing import Any

from ..errors import Failure


def body(failure: Failure, request_id: str) -> dict[str, Any]:
    """The body of an answer, or the data of an event within a stream."""
    return {"error": {"code": failure.status, "message": failure.message, "type": failure.kind}}
