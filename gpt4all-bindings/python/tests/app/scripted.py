"""A model that says what a test tells it to, instead of a process with one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from gpt4all._server.inference import Inference
from gpt4all._server.store import StoredModel
from gpt4all._server.workers.frames import Frame

MODEL = StoredModel("scripted.gguf", Path("/scripted.gguf"), 1, 0, None)


def text(*pieces: str) -> list[Frame]:
    """An answer in pieces."""
    message = {"role": "assistant", "content": "".join(pieces)}
    return [*(Frame(1, "text", 0, piece) for piece in pieces), _result(message, "stop")]


def calls(*named: tuple[str, str]) -> list[Frame]:
    """An answer that calls tools, each with its arguments in JSON."""
    made = [
        {"id": f"id{number}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for number, (name, arguments) in enumerate(named)
    ]
    return [_result({"role": "assistant", "content": None, "tool_calls": made}, "tool_calls")]


def _result(message: dict[str, Any], reason: str) -> Frame:
    choice = {"index": 0, "message": message, "finish_reason": reason}
    usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
    return Frame(1, "result", 0, {"choices": [choice], "usage": usage, "timings": {"predicted_ms": 10.0}})


class _Answer:
    def __init__(self, frames: Sequence[Frame]) -> None:
        self._frames = list(frames)

    async def batch(self) -> list[Frame]:
        return [self._frames.pop(0)] if self._frames else []


class Scripted:
    """Answers one request for a chat after the other. asked: what they were."""

    def __init__(self, *answers: Sequence[Frame], n_ctx: int = 1000) -> None:
        self._answers = list(answers)
        self.asked: list[Mapping[str, Any]] = []
        self.info = {"opened": {"n_ctx": n_ctx}}
        self.pool = self

    @property
    def inference(self) -> Inference:
        return cast("Inference", self)

    @asynccontextmanager
    async def use(self, path: Path) -> AsyncIterator[Scripted]:
        yield self

    def progress(self, path: Path) -> float | None:
        return None

    @asynccontextmanager
    async def work(
        self, client: str, model: StoredModel, operation: str, body: Mapping[str, Any]
    ) -> AsyncIterator[_Answer]:
        if operation == "count_tokens":
            tokens = sum(len(str(message.get("content") or "")) for message in body["messages"])
            yield _Answer([Frame(1, "result", 0, {"input_tokens": tokens})])
        else:
            self.asked.append(body)
            yield _Answer(self._answers.pop(0))
