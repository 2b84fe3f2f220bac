"""The engine's answer as a response, and as the events that tell how it came about."""

from __future__ import annotations

from typing import Any

from ...errors import Failure
from ...inference import now
from ...streaming import compact
from ...workers.frames import Frame
from ..ids import new_id
from .items import Item
from .requests import Asked, renamed

Events = list[bytes]


class Answering:
    """Makes one response. The events' sequence_number counts from 0."""

    def __init__(self, asked: Asked, status: str = "in_progress") -> None:
        self.response: dict[str, Any] = {
            **asked.head,
            "status": status,
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "output": [],
            "usage": None,
        }
        self._number = 0
        self._open: object = None  # what the open item holds: "text", "reasoning", or the number of a call
        self._pieces: list[str] = []
        self._thoughts = 0

    @property
    def done(self) -> bool:
        """Whether it has ended, in whichever way."""
        return self.response["status"] not in ("queued", "in_progress")

    def begin(self) -> Events:
        """The first events."""
        kind = self.response["status"]
        return [self._event(f"response.{event}", response=self.response) for event in ("created", kind)]

    def start(self) -> Events:
        """After a time in a queue."""
        self.response["status"] = "in_progress"
        return [self._event("response.in_progress", response=self.response)]

    def take(self, frame: Frame) -> Events:
        """What a frame becomes."""
        if frame.kind == "text":
            # The token that ends an answer has no text.
            return self._text(frame.data, frame.logprobs or []) if frame.data or self._open == "text" else []
        if frame.kind == "reasoning":
            self._thoughts += 1  # they come a token at a time
            return self._think(frame.data)
        if frame.kind == "tool_call":
            return self._call(frame.data)
        return self._finish(frame.data) if frame.kind == "result" else []

    def fail(self, failure: Failure) -> Events:
        """It ends with an error."""
        told = renamed(failure)
        code = (
            "rate_limit_exceeded" if told.status == 429 else "invalid_prompt" if told.status < 500 else "server_error"
        )
        error = {"code": code, "message": told.message, "param": told.param, "type": told.kind}
        return self._end("failed", "incomplete", "response.failed", error=error)

    def cancel(self) -> Events:
        """Its client does not want it any more. There is no event of its own for that."""
        return self._end("cancelled", "incomplete", "response.incomplete")

    def _finish(self, result: dict[str, Any]) -> Events:
        choice, usage = result["choices"][0], result["usage"]
        events: Events = [] if self.response["output"] else self._text("", [])  # so that there is something
        self.response["usage"] = {
            "input_tokens": usage["prompt_tokens"],
            "input_tokens_details": {
                "cached_tokens": usage.get("prompt_tokens_details", {}).get("cached_tokens", 0),
                "cache_write_tokens": 0,
            },
            "output_tokens": usage.get("completion_tokens", 0),
            "output_tokens_details": {"reasoning_tokens": self._thoughts},
            "total_tokens": usage["total_tokens"],
        }
        if choice["finish_reason"] == "length":
            details = {"reason": "max_output_tokens"}
            return events + self._end("incomplete", "incomplete", "response.incomplete", incomplete_details=details)
        return events + self._end("completed", "completed", "response.completed", completed_at=now())

    def _end(self, status: str, of_item: str, kind: str, **changes: Any) -> Events:
        events = self._end_item(of_item)
        self.response.update(status=status, **changes)
        return [*events, self._event(kind, response=self.response)]

    # -------------------------------------------------------------------------------------------------------- items

    def _text(self, text: str, logprobs: list[dict[str, Any]]) -> Events:
        item = {"id": new_id("msg_"), "type": "message", "role": "assistant"}
        part = {"type": "output_text", "text": "", "annotations": [], "logprobs": []}
        opened = self._in_item("text", item, part)
        self._item["content"][0]["logprobs"].extend(logprobs)
        more = text or logprobs
        return opened + self._delta("output_text", text, content_index=0, logprobs=logprobs) if more else opened

    def _think(self, thought: str) -> Events:
        item = {"id": new_id("rs_"), "type": "reasoning", "summary": []}
        opened = self._in_item("reasoning", item, {"type": "reasoning_text", "text": ""})
        return opened + self._delta("reasoning_text", thought, content_index=0)

    def _call(self, data: dict[str, Any]) -> Events:
        function = data["function"]
        names = {"call_id": data.get("id"), "name": function.get("name"), "arguments": ""}
        opened = self._in_item(data["index"], {"id": new_id("fc_"), "type": "function_call", **names})
        arguments = function.get("arguments")
        return opened + self._delta("function_call_arguments", arguments) if arguments else opened

    def _in_item(self, holds: object, item: Item, part: dict[str, Any] | None = None) -> Events:
        """Begins an item, unless it is the one that is open."""
        if self._open == holds:
            return []
        events = self._end_item("completed")
        self._open = holds
        self._pieces = []
        item["status"] = "in_progress"
        if part is not None:
            item["content"] = []
        self.response["output"].append(item)
        events.append(self._event("response.output_item.added", **self._place(), item=item))
        if part is not None:
            item["content"].append(part)
            events.append(self._of_item("response.content_part.added", content_index=0, part=part))
        return events

    def _end_item(self, status: str) -> Events:
        if self._open is None:
            return []
        self._open = None
        text = "".join(self._pieces)
        item = self._item
        item["status"] = status
        if item["type"] == "function_call":
            item["arguments"] = text
            done = [self._of_item("response.function_call_arguments.done", name=item["name"], arguments=text)]
        else:
            done = self._end_part(item["content"][0], text)
        return [*done, self._event("response.output_item.done", **self._place(), item=item)]

    def _end_part(self, part: dict[str, Any], text: str) -> Events:
        part["text"] = text
        logprobs = {"logprobs": part["logprobs"]} if "logprobs" in part else {}
        return [
            self._of_item(f"response.{part['type']}.done", content_index=0, text=text, **logprobs),
            self._of_item("response.content_part.done", content_index=0, part=part),
        ]

    # ------------------------------------------------------------------------------------------------------- events

    @property
    def _item(self) -> Item:
        item: Item = self.response["output"][-1]
        return item

    def _place(self) -> dict[str, int]:
        return {"output_index": len(self.response["output"]) - 1}

    def _delta(self, kind: str, delta: str, **more: Any) -> Events:
        self._pieces.append(delta)
        return [self._of_item(f"response.{kind}.delta", **more, delta=delta)]

    def _of_item(self, kind: str, **data: Any) -> bytes:
        return self._event(kind, item_id=self._item["id"], **self._place(), **data)

    def _event(self, kind: str, **data: Any) -> bytes:
        number, self._number = self._number, self._number + 1
        written = compact({"type": kind, "sequence_number": number, **data})
        return b"event: " + kind.encode("ascii") + b"\ndata: " + written + b"\n\n"
