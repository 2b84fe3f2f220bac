"""An error's body, as the API has it to which the request was put."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .anthropic import failures as anthropic
from .errors import Failure
from .openai import failures as openai

Body = Callable[[Failure, str], dict[str, Any]]
"""Makes a body of an error and of the request's id."""

# By the beginning of the path, the first that fits. All else is OpenAI's.
BODIES: list[tuple[str, Body]] = [
    ("/v1/messages", anthropic.body),
]


def body(failure: Failure, path: str, request_id: str) -> dict[str, Any]:
    """The body for whoever asked for `path`."""
    for beginning, make in BODIES:
        if path == beginning or path.startswith(f"{beginning}/"):
            return make(failure, request_id)
    return openai.body(failure)
