"""Streams of chunks, each with a piece of a choice: what chat and completions have in common."""

from __future__ import annotations

from typing import Any

from ..errors import Failure
from ..inference import now
from ..streaming import Writer, event
from . import failures
from .ids import new_id


class ChunkWriter(Writer):
    """Writes chunks of one kind.

    prefix: of the answer's id. kind: OpenAI's `object`. with_usage: whether the last chunk says what it took.
    """

    def __init__(self, prefix: str, kind: str, model: str, with_usage: bool) -> None:
        self._head = {"id": new_id(prefix), "object": kind, "created": now(), "model": model}
        self._with_usage = with_usage

    def chunk(self, index: int, piece: dict[str, Any], reason: str | None = None, logprobs: Any = None) -> bytes:
        """A piece of the choice with this index."""
        choice = {"index": index, **piece, "logprobs": logprobs, "finish_reason": reason}
        usage: dict[str, Any] = {"usage": None} if self._with_usage else {}
        return event({**self._head, "choices": [choice], **usage})

    def end(self, ends: list[bytes], usage: dict[str, Any]) -> bytes:
        """What follows the pieces: the end of each choice, and what the answer took."""
        if self._with_usage:
            ends = [*ends, event({**self._head, "choices": [], "usage": usage})]
        return b"".join(ends) + b"data: [DONE]\n\n"

    def fail(self, failure: Failure) -> bytes:
        return event(failures.body(failure))

    def failure_body(self, failure: Failure) -> dict[str, Any]:
        return failures.body(failure)
