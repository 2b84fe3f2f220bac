"""An error's body, as the API has it to which the request was put."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .anthropic import failures as anthropic
from .errors import Failure
from .llama_server import failures as llama_server
from .ollama import failures as ollama
from .openai import failures as openai

Body = Callable[[Failure, str], dict[str, Any]]
"""Makes a body of an error and of the request's id."""

# By the beginning of the path, the first that fits. All else is OpenAI's.
BODIES: list[tuple[str, Body]] = [
    ("/v1/messages", anthropic.body),
    ("/api", ollama.body),
    ("/apply-template", llama_server.body),
    ("/completion", llama_server.body),
    ("/detokenize", llama_server.body),
    ("/infill", llama_server.body),
    ("/props", llama_server.body),
    ("/tokenize", llama_server.body),
]


def body(failure: Failure, path: str, request_id: str) -> dict[str, Any]:
    """The body for whoever asked for `path`."""
    for beginning, make in BODIES:
        if path == beginning or path.startswith(f"{beginning}/"):
            return make(failure, request_id)
    return openai.body(failure)
