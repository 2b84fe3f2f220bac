"""A model that says what a test tells it to, instead of a process with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

from gpt4all._app.chats.answering import Answering, Task
from gpt4all._app.chats.events import Events
from gpt4all._app.chats.store import Chats
from gpt4all._app.chats.toolbox import Toolbox
from gpt4all._app.chats.tools import TOOLS
from gpt4all._app.database import Database
from gpt4all._app.library import Library
from gpt4all._app.schemas.chats import NewChat
from gpt4all._app.schemas.settings import ChatSettings
from gpt4all._server.errors import RequestError
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


class Run:
    """An answer of a scripted model, in a database of its own."""

    def __init__(
        self,
        folder: Path,
        scripted: Scripted,
        *,
        library: Library | None = None,
        question: str = "What is 2 ** 70?",
        attached: str | None = None,
        begun: str | None = None,
        data: dict[str, Any] | None = None,
        **settings: Any,
    ) -> None:
        self.chats = Chats(Database(folder))
        chat = self.chats.add(NewChat())
        given = [] if attached is None else [self.chats.add_attachment("a.txt", "text", len(attached), attached)]
        attachments = [each.model_dump() for each in given]
        user = self.chats.add_message(chat.id, None, "user", question, attachments=attachments)
        reply = self.chats.add_message(chat.id, user.id, "assistant", state="running")
        chosen = ChatSettings.model_validate({"tools": list(TOOLS), **settings})
        if begun is not None:
            self.chats.keep(reply.id, begun, None, "running", data)
        task = Task(self.chats.message(reply.id), self.chats.branch(user.id), MODEL, chosen, more=begun is not None)
        library = library or Library(folder, lambda _: None, lambda: False)
        self.answering = Answering(scripted.inference, self.chats, library, Toolbox(folder), task, Events())

    async def decided(self, *decisions: tuple[str, bool]) -> None:
        """Runs it; each decision is taken when its call asks for it."""
        running = asyncio.create_task(self.answering.run())
        for id, approve in decisions:
            for _ in range(1000):
                try:
                    self.answering.calls.decide(id, approve)
                    break
                except RequestError:
                    await asyncio.sleep(0.005)
        await asyncio.wait_for(running, 30)
