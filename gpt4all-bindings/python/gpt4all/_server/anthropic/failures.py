"""Errors as Anthropic's clients expect them."""

from __future__ import annotations

from typing import Any

from ..errors import Failure

TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    503: "overloaded_error",
    504: "timeout_error",
}


def body(failure: Failure, request_id: str) -> dict[str, Any]:
    """The body of an answer, or the data of an event within a stream."""
    otherwise = "invalid_request_error" if failure.status < 500 else "api_error"
    return {
        "type": "error",
        "error": {"type": TYPES.get(failure.status, otherwise), "message": failure.message},
        "request_id": request_id,
    }
