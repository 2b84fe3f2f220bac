"""Run language models on your own machine.

from gpt4all import GPT4All

with GPT4All("SmolLM2-135M-Instruct-Q4_1.gguf") as model:
    for piece in model.chat("Why is the sky blue?", stream=True):
        print(piece, end="", flush=True)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from ._errors import (
    BusyError,
    CancellationError,
    ClosedError,
    ContextOverflowError,
    GrammarError,
    InternalError,
    InvalidArgumentError,
    InvalidModelError,
    LibraryNotFoundError,
    LLModelError,
    LLModelIOError,
    ModelNotFoundError,
    OutOfMemoryError,
    ResponseFormatError,
    SessionBusyError,
    Status,
    TemplateError,
    ToolRoundsError,
    UnsupportedError,
)
from .embed4all import Embed4All
from .gpt4all import GPT4All
from .model import Model, build_info, convert, devices, imatrix, inspect, quantize, schema
from .results import ChatResult, Choice, Completion, Embeddings, LogprobRow, Ranked, Ranking, Score, Scores
from .session import Session
from .stream import Stream
from .task import Event, Task
from .tool_loop import ToolOutcome, ToolsResult
from .tools import Tool

if TYPE_CHECKING:
    from .async_model import AsyncModel
    from .async_session import AsyncSession
    from .async_stream import AsyncStream

__all__ = [
    "AsyncModel",
    "AsyncSession",
    "AsyncStream",
    "BusyError",
    "CancellationError",
    "ChatResult",
    "Choice",
    "ClosedError",
    "Completion",
    "ContextOverflowError",
    "Embed4All",
    "Embeddings",
    "Event",
    "GPT4All",
    "GrammarError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidModelError",
    "LLModelError",
    "LLModelIOError",
    "LibraryNotFoundError",
    "LogprobRow",
    "Model",
    "ModelNotFoundError",
    "OutOfMemoryError",
    "Ranked",
    "Ranking",
    "ResponseFormatError",
    "Score",
    "Scores",
    "Session",
    "SessionBusyError",
    "Status",
    "Stream",
    "Task",
    "TemplateError",
    "Tool",
    "ToolOutcome",
    "ToolRoundsError",
    "ToolsResult",
    "UnsupportedError",
    "build_info",
    "convert",
    "devices",
    "imatrix",
    "inspect",
    "quantize",
    "schema",
]


# Loaded when they are asked for: asyncio takes a third of the time that all else does.
_LAZY = {"AsyncModel": "async_model", "AsyncSession": "async_session", "AsyncStream": "async_stream"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._version import version

    return version()
