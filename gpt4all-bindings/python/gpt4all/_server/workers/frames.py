"""What a worker and its server say to each other: JSON, a line each.

To the worker, on its standard input: first its Start, then a Request for each request, and {"cancel": id}. The end of
the input ends the worker. From the worker, on its standard output: a list [id, kind, index, data] for each event, with
the log-probabilities of its tokens behind if there are any; id 0 is the model itself, which reports "progress" while it
loads, and then "ready" or "failed".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from ..._errors import CLASSES, InternalError, LibraryNotFoundError, LLModelError, Status

MODEL = 0
"""The id of what concerns no request."""

BROKEN = 70
"""The exit code of a worker whose model cannot be used any more, as an error's detail said: EX_SOFTWARE."""

# Made once: json.dumps() would make an encoder for each token.
_write = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_read = json.JSONDecoder().decode


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a worker.

    logprobs: of the tokens of a piece, as the result has them; only if the request asked for them.
    kind: "text", "reasoning", "tool_call" and "progress" as the engine's events; "embedding", whose data is base64 of
        little-endian float32; "result", the last of a request that succeeds; "failed", the last of one that does not.
    """

    id: int
    kind: str
    index: int
    data: Any
    logprobs: list[dict[str, Any]] | None = None


def encode(message: object) -> bytes:
    """A line."""
    return f"{_write(message)}\n".encode("utf-8", "surrogatepass")


def encode_text(id: int, text: str) -> bytes:
    """The line of the frame "text" with index 0, of which there is one for each token."""
    return f'[{id},"text",0,{_write(text)}]\n'.encode("utf-8", "surrogatepass")


def decode(line: bytes) -> Frame:
    """Raises ValueError for what is no frame."""
    return Frame(*_read(line.decode("utf-8", "surrogatepass")))


def describe(error: BaseException) -> dict[str, Any]:
    """An error as data; what is none of ours is a fault of the worker."""
    if isinstance(error, LLModelError) and not isinstance(error, LibraryNotFoundError):
        return {"status": int(error.status), "message": error.message, "detail": error.detail}
    return {"status": int(Status.INTERNAL), "message": f"{type(error).__name__}: {error}", "detail": {}}


def raised(described: dict[str, Any]) -> LLModelError:
    """The error that was described."""
    kind = CLASSES.get(described["status"], InternalError)
    return kind(described["message"], described["detail"])
