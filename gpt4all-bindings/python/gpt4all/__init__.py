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
from ._library import PathLike, Progress
from ._model import Model, build_info, convert, devices, imatrix, inspect, quantize, schema
from ._operations import EmbedInput, Message, Messages, Prompt, ScoreInput
from ._results import ChatResult, Choice, Completion, Embeddings, LogprobRow, Ranked, Ranking, Score, ScoreBatch, Scores
from ._session import Session
from ._stream import Stream
from ._task import Event, EventKind, Task
from ._tool_loop import ToolOutcome, ToolsResult
from ._tools import Tool, Tools
from ._worker import serve_worker
from .embed4all import Embed4All
from .gpt4all import GPT4All

if TYPE_CHECKING:
    from ._async_model import AsyncModel
    from ._async_session import AsyncSession
    from ._async_stream import AsyncStream

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
    "EmbedInput",
    "Embeddings",
    "Event",
    "EventKind",
    "GPT4All",
    "GrammarError",
    "InternalError",
    "InvalidArgumentError",
    "InvalidModelError",
    "LLModelError",
    "LLModelIOError",
    "LibraryNotFoundError",
    "LogprobRow",
    "Message",
    "Messages",
    "Model",
    "ModelNotFoundError",
    "OutOfMemoryError",
    "PathLike",
    "Progress",
    "Prompt",
    "Ranked",
    "Ranking",
    "ResponseFormatError",
    "Score",
    "ScoreBatch",
    "ScoreInput",
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
    "Tools",
    "ToolsResult",
    "UnsupportedError",
    "build_info",
    "convert",
    "devices",
    "imatrix",
    "inspect",
    "quantize",
    "schema",
    "serve_worker",
]


# Loaded when they are asked for: asyncio takes a third of the time that all else does.
_LAZY = {"AsyncModel": "_async_model", "AsyncSession": "_async_session", "AsyncStream": "_async_stream"}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(f".{_LAZY[name]}", __name__), name)
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ._version import version

    return version()
