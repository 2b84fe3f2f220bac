"""Answers as Ollama has them: objects, a line each, of which the last tells how it went."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ..errors import Failure
from ..streaming import Writer, compact
from ..workers.frames import Frame
from . import failures

LINES = "application/x-ndjson"

Shape = Callable[[str, str, list[dict[str, Any]]], dict[str, Any]]
"""Where an endpoint puts text, thoughts and tool calls."""


Tokens = list[dict[str, Any]] | None
"""What is told of tokens, where that was asked for."""


class Answered:
    """One answer, whole or in pieces.

    model: its name. shape: the endpoint's. before: the prompt's tokens, if the answer is to tell those of the
    conversation so far.
    """

    def __init__(self, model: str, shape: Shape, before: list[int] | None = None) -> None:
        self._model = model
        self._shape = shape
        self._before = before
        self._begun = time.monotonic_ns()

    def piece(
        self, text: str = "", thoughts: str = "", calls: list[dict[str, Any]] | None = None, logprobs: Tokens = None
    ) -> dict[str, Any]:
        """A part of it."""
        return {**self._head(), **self._shape(text, thoughts, calls or []), "done": False, **_told(logprobs)}

    def last(self, result: dict[str, Any]) -> dict[str, Any]:
        """The end of a stream, of the engine's result."""
        return {**self._head(), **self._shape("", "", []), **self._end(result)}

    def whole(self, result: dict[str, Any]) -> dict[str, Any]:
        """All at once."""
        choice = result["choices"][0]
        message = choice.get("message", {})
        text = choice["text"] if "text" in choice else message["content"] or ""
        shaped = self._shape(text, message.get("reasoning_content") or "", calls_of(result))
        return {**self._head(), **shaped, **_told(choice.get("logprobs", {}).get("content")), **self._end(result)}

    def empty(self, reason: str) -> dict[str, Any]:
        """The answer to a request that only opens or closes the model."""
        return {**self._head(), **self._shape("", "", []), "done": True, "done_reason": reason}

    def _head(self) -> dict[str, Any]:
        return {"model": self._model, "created_at": timestamp(datetime.now(timezone.utc))}

    def _end(self, result: dict[str, Any]) -> dict[str, Any]:
        choice = result["choices"][0]
        return {
            "done": True,
            "done_reason": "length" if choice["finish_reason"] == "length" else "stop",
            **({"context": [*self._before, *choice.get("tokens", [])]} if self._before is not None else {}),
            **durations(result, time.monotonic_ns() - self._begun),
        }


class AnswerWriter(Writer):
    """The lines of a stream."""

    media_type = LINES

    def __init__(self, answered: Answered) -> None:
        self._answered = answered

    def write(self, frame: Frame) -> bytes:
        if frame.kind == "text":
            return line(self._answered.piece(frame.data, logprobs=frame.logprobs))
        if frame.kind == "reasoning":
            return line(self._answered.piece(thoughts=frame.data, logprobs=frame.logprobs))
        if frame.kind == "tool_call" and frame.logprobs:
            return line(self._answered.piece(logprobs=frame.logprobs))
        if frame.kind == "result":
            # Arguments are objects here, so a call can only be told when it is complete.
            calls = calls_of(frame.data)
            before = line(self._answered.piece(calls=calls)) if calls else b""
            return before + line(self._answered.last(frame.data))
        return b""

    def fail(self, failure: Failure) -> bytes:
        return line(failures.body(failure, ""))

    def failure_body(self, failure: Failure) -> dict[str, Any]:
        return failures.body(failure, "")


def durations(result: dict[str, Any], total: int) -> dict[str, int]:
    """How long it took, in nanoseconds. load_duration: until the model began, waiting for its turn included."""
    timings, usage = result["timings"], result["usage"]
    prompt, answer = _nanoseconds(timings.get("prompt_ms", 0)), _nanoseconds(timings.get("predicted_ms", 0))
    return {
        "total_duration": total,
        "load_duration": max(0, total - prompt - answer),
        "prompt_eval_count": usage["prompt_tokens"],
        "prompt_eval_duration": prompt,
        "eval_count": usage.get("completion_tokens", 0),
        "eval_duration": answer,
    }


def calls_of(result: dict[str, Any]) -> list[dict[str, Any]]:
    """The tool calls of a result, but for one that was cut short."""
    calls = []
    for index, call in enumerate(result["choices"][0].get("message", {}).get("tool_calls") or []):
        try:
            arguments = json.loads(call["function"]["arguments"] or "{}")
        except ValueError:
            continue
        function = {"index": index, "name": call["function"]["name"], "arguments": arguments}
        calls.append({**({"id": call["id"]} if call.get("id") else {}), "function": function})
    return calls


def line(data: object) -> bytes:
    """One object of a stream."""
    return compact(data) + b"\n"


def timestamp(moment: datetime) -> str:
    """As RFC 3339 has it."""
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _nanoseconds(milliseconds: float) -> int:
    return round(milliseconds * 1e6)


def _told(logprobs: Tokens) -> dict[str, Any]:
    return {} if logprobs is None else {"logprobs": [_token(token) for token in logprobs]}


def _token(token: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {name: token[name] for name in ("token", "logprob", "bytes") if name in token}
    if token.get("top_logprobs"):
        told["top_logprobs"] = [_token(other) for other in token["top_logprobs"]]
    return told
