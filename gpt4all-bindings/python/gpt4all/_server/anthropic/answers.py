"""The engine's answers as Anthropic's messages, whole or as events."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ..errors import Failure
from ..openai.ids import new_id
from ..streaming import Writer, compact
from ..workers.frames import Frame
from . import failures
from .requests import Asked


def message(model: str, asked: Asked, result: dict[str, Any]) -> dict[str, Any]:
    """A message of the engine's result."""
    choice = result["choices"][0]
    said = choice["message"]
    content: list[dict[str, Any]] = []
    if asked.thinking and said.get("reasoning_content"):
        thought = said["reasoning_content"]
        content.append({"type": "thinking", "thinking": thought, "signature": signature(thought)})
    if said["content"]:
        content.append({"type": "text", "text": said["content"]})
    for call in said.get("tool_calls", []):
        function = call["function"]
        input = _arguments(function["arguments"])
        content.append({"type": "tool_use", "id": call["id"], "name": function["name"], "input": input})
    ended = _ended(choice, result["usage"], asked.body["max_tokens"])
    return {**_head(model), "content": content, **ended, "usage": usage(result["usage"])}


def signature(thought: str) -> str:
    """What clients keep beside a thought. Nobody here asks for it; those without one are taken for damaged."""
    return hashlib.sha256(thought.encode("utf-8")).hexdigest()


def usage(counted: dict[str, Any]) -> dict[str, int]:
    """Tokens as Anthropic counts them: what was reused is not among the input's."""
    reused = counted.get("prompt_tokens_details", {}).get("cached_tokens", 0)
    return {
        "input_tokens": counted["prompt_tokens"] - reused,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": reused,
        "output_tokens": counted.get("completion_tokens", 0),
    }


def _head(model: str) -> dict[str, Any]:
    return {"id": new_id("msg_"), "type": "message", "role": "assistant", "model": model}


def _arguments(text: str) -> Any:
    """The input of a call; an empty one if the answer ended in the midst of it."""
    try:
        return json.loads(text)
    except ValueError:
        return {}


def _ended(choice: dict[str, Any], counted: dict[str, Any], max_tokens: int) -> dict[str, Any]:
    reason = choice["finish_reason"]
    word = choice.get("stopping_word") or None
    if reason == "tool_calls":
        return {"stop_reason": "tool_use", "stop_sequence": None}
    if reason == "length":
        used_up = counted.get("completion_tokens", 0) >= max_tokens
        return {"stop_reason": "max_tokens" if used_up else "model_context_window_exceeded", "stop_sequence": None}
    return {"stop_reason": "stop_sequence" if word else "end_turn", "stop_sequence": word}


class MessageWriter(Writer):
    """The events: https://docs.anthropic.com/en/docs/build-with-claude/streaming."""

    def __init__(self, model: str, asked: Asked, request_id: str) -> None:
        self._model = model
        self._asked = asked
        self._request_id = request_id
        self._begun = False
        self._input: dict[str, Any] = {"prompt_tokens": 0}
        self._index = -1
        self._open: object = None  # what the open block holds: "text", "reasoning", or the number of a call
        self._thought = ""

    def begin(self) -> bytes:
        self._begun = True
        start = {
            **_head(self._model),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": usage(self._input),
        }
        return _event("message_start", message=start) + _event("ping")

    def write(self, frame: Frame) -> bytes:
        if frame.kind == "text":
            return self._in_block("text", {"type": "text", "text": ""}) + self._delta("text_delta", text=frame.data)
        if frame.kind == "reasoning":
            return self._think(frame.data) if self._asked.thinking else b""
        if frame.kind == "tool_call":
            return self._call(frame.data)
        if frame.kind == "progress":
            return self._progress(frame.data)
        return self._end(frame.data) if frame.kind == "result" else b""

    def _progress(self, data: dict[str, Any]) -> bytes:
        """The prompt is read: how long it is is known before the answer, and whoever waits hears that it goes on."""
        self._input = {
            "prompt_tokens": data["total"],
            "prompt_tokens_details": {"cached_tokens": data.get("cache", 0)},
        }
        return _event("ping") if self._begun else b""

    def _think(self, thought: str) -> bytes:
        opened = self._in_block("reasoning", {"type": "thinking", "thinking": "", "signature": ""})
        self._thought += thought
        return opened + self._delta("thinking_delta", thinking=thought)

    def _call(self, data: dict[str, Any]) -> bytes:
        function = data["function"]
        block = {"type": "tool_use", "id": data.get("id"), "name": function.get("name"), "input": {}}
        opened = self._in_block(data["index"], block)
        arguments = function.get("arguments")
        return opened + (self._delta("input_json_delta", partial_json=arguments) if arguments else b"")

    def _in_block(self, holds: object, block: dict[str, Any]) -> bytes:
        """Begins a block, unless it is the one that is open."""
        if self._open == holds:
            return b""
        ended = self._end_block()
        self._index += 1
        self._open = holds
        return ended + _event("content_block_start", index=self._index, content_block=block)

    def _end_block(self) -> bytes:
        if self._open is None:
            return b""
        signed = b""
        if self._open == "reasoning":
            signed = self._delta("signature_delta", signature=signature(self._thought))
            self._thought = ""
        self._open = None
        return signed + _event("content_block_stop", index=self._index)

    def _delta(self, kind: str, **what: str) -> bytes:
        return _event("content_block_delta", index=self._index, delta={"type": kind, **what})

    def _end(self, result: dict[str, Any]) -> bytes:
        ended = _ended(result["choices"][0], result["usage"], self._asked.body["max_tokens"])
        return (
            self._end_block()
            + _event("message_delta", delta=ended, usage=usage(result["usage"]))
            + _event("message_stop")
        )

    def fail(self, failure: Failure) -> bytes:
        return b"event: error\ndata: " + compact(self.failure_body(failure)) + b"\n\n"

    def failure_body(self, failure: Failure) -> dict[str, Any]:
        return failures.body(failure, self._request_id)


def _event(kind: str, **data: Any) -> bytes:
    return b"event: " + kind.encode("ascii") + b"\ndata: " + compact({"type": kind, **data}) + b"\n\n"
