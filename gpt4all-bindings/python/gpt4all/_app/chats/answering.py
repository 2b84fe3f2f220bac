"""One answer: what is found in documents, what fits the context, what the model says, and all of it kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..._server.errors import RequestError
from ..._server.inference import Inference
from ..._server.store import StoredModel
from ..._server.workers.frames import Frame
from ..codes import Notice
from ..library import Library
from ..schemas.chats import Context, Evidence, Message, Searched
from ..schemas.settings import ChatSettings
from . import evidence as passages
from .calls import Calls
from .conversation import turns
from .events import Events
from .prompt import Fitted, Messages, Turn, dropped_before, fit, reserved
from .research import Research
from .store import Chats
from .text import Written
from .toolbox import Toolbox

if TYPE_CHECKING:
    from ...documents import Citations

OPENING_SECONDS = 0.2
CLIENT = "app"
"""Whose turn it is among those who ask a model: all pages are one client."""

MOST_ROUNDS = 10
"""Answers of the model in one message, when it calls tools."""


def unfinished(text: str) -> tuple[str, str]:
    """A text, and the beginning of a citation that it ends with, which is none yet."""
    begun = re.search(r"\s?\[[\d,;\s]{0,40}$", text)
    return (text[: begun.start()], text[begun.start() :]) if begun else (text, "")


@dataclass
class Task:
    """What is to be answered.

    reply: the message that becomes the answer. branch: the messages before it. more: whether it goes on with what there
    is of it.
    """

    reply: Message
    branch: list[Message]
    model: StoredModel
    settings: ChatSettings
    more: bool = False


@dataclass
class Outcome:
    """What becomes of the message beside what is written."""

    searched: Searched | None = None
    evidence: list[Evidence] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    shortened: int | None = None
    stop_reason: str | None = None
    results: list[dict[str, Any]] = field(default_factory=list)

    def data(self, written: Written) -> dict[str, Any]:
        """For the message."""
        return {
            "reasoning_seconds": written.reasoning_seconds,
            "searched": self.searched and self.searched.model_dump(),
            "evidence": [each.model_dump() for each in self.evidence],
            "dropped": self.dropped,
            "shortened": self.shortened,
            "stop_reason": self.stop_reason,
            "tool_calls": [each.model_dump() for each in written.calls],
            "stats": written.stats(self.results).model_dump() if self.results else None,
        }


class Answering:
    """Answers one task. Its events say what happens; written and outcome are what there is at any moment."""

    def __init__(
        self, inference: Inference, chats: Chats, library: Library, toolbox: Toolbox, task: Task, events: Events
    ) -> None:
        self._inference = inference
        self._chats = chats
        self._library = library
        self._toolbox = toolbox
        self._offered: list[dict[str, Any]] = []
        self._task = task
        self._events = events
        self._citations: Citations | None = None
        self._nothing = ""
        self.written = Written()
        self.outcome = Outcome()
        self._begun = ""  # what may become a citation, if the answer goes on so
        if task.more:
            cites = task.reply.searched is not None
            self.written.content, self._begun = unfinished(task.reply.content) if cites else (task.reply.content, "")
            self.written.reasoning = task.reply.reasoning or ""
            self.written.calls = task.reply.tool_calls
            self.outcome.evidence = task.reply.evidence
            self.outcome.searched = task.reply.searched
        self.calls = Calls(self.written, events, toolbox)
        events.add("start", content=self.written.content, reasoning=self.written.reasoning)

    async def run(self) -> None:
        """Raises LLModelError, RequestError."""
        self._stage("waiting")
        limit = await self._open()
        settings = self._task.settings
        if self._task.more:
            self._go_on_citing()
        elif settings.collections:
            await self._research(settings.collections, limit)
            if self.outcome.searched and not self.outcome.searched.answerable and settings.documents_only:
                self._write(self._nothing)
                self.outcome.stop_reason = "documents"
                return
        self._offered = await self._toolbox.described(settings.tools)
        await self._rounds(await self._fit(limit))

    # -------------------------------------------------------------------------------------------------------- opening

    async def _open(self) -> int:
        """Opens the model, if it is not open, and returns the length of its context."""
        pool, path = self._inference.pool, self._task.model.path
        watching = asyncio.create_task(self._watch_opening())
        try:
            async with pool.use(path) as worker:
                if "opened" not in worker.info:
                    raise RequestError(
                        400, f"{self._task.model.id} makes vectors of texts, and cannot chat", code="unsupported"
                    )
                limit: int = worker.info["opened"]["n_ctx"]
                return limit
        finally:
            watching.cancel()

    async def _watch_opening(self) -> None:
        while True:
            await asyncio.sleep(OPENING_SECONDS)
            progress = self._inference.pool.progress(self._task.model.path)
            if progress is not None:
                self._stage("opening", done=round(progress * 100), total=100, detail=self._task.model.id)

    # ------------------------------------------------------------------------------------------------------ documents

    async def _research(self, collections: Sequence[str], limit: int) -> None:
        """Looks in the documents for what was asked, and puts what is found into the question."""
        research = Research(self._library, self._chats, self._task.branch, self._events, self._silently)
        try:
            await research.run(collections, limit)
        finally:
            self.outcome.searched, self.outcome.evidence = research.searched, research.evidence
            self._citations = research.citations
            self._nothing = research.nothing
        if research.prompt is not None:
            await asyncio.to_thread(self._chats.change_data, self._task.reply.id, prompt=research.prompt)

    def _go_on_citing(self) -> None:
        """An answer from documents that is gone on with may still cite no more than was offered."""
        if self._task.reply.searched is None:
            return
        from ...documents import Citations

        offered = [each for message in (*self._task.branch, self._task.reply) for each in message.evidence]
        self._citations = Citations([passages.passage_of(each) for each in offered])
        self._write(self._citations.feed(self._begun))

    async def _silently(self, messages: Messages) -> str:
        """What the model says to messages that are not of the chat."""
        from ...documents._evidence import note_options

        sampling = {name: value for name, value in self._task.settings.sampling if value is not None}
        body = {**note_options(sampling), **self._template(), "messages": messages}
        text = [frame.data async for frame in self._asked("chat", body) if frame.kind == "text"]
        return "".join(text)

    # -------------------------------------------------------------------------------------------------------- context

    async def _fit(self, limit: int) -> Fitted:
        """The messages that the context has room for."""
        settings = self._task.settings
        branch = [*self._task.branch, await asyncio.to_thread(self._chats.message, self._task.reply.id)]
        told = await asyncio.to_thread(turns, self._chats, branch)
        told = told if self._task.more else [turn for turn in told if turn.id != self._task.reply.id]
        system: Messages = [{"role": "system", "content": settings.system}] if settings.system else []
        free = reserved(limit, settings.sampling.max_tokens)
        fitted = await fit(system, told, limit - free, dropped_before(self._task.branch), self._count)
        self._note(fitted, told, limit, free)
        return fitted

    async def _count(self, messages: Messages) -> int:
        body = {**self._template(), **self._tools(), "messages": messages, **self._continuation()}
        async for frame in self._asked("count_tokens", body):
            if frame.kind == "result":
                return int(frame.data["input_tokens"])
        raise AssertionError("the last frame is the result")

    def _note(self, fitted: Fitted, told: Sequence[Turn], limit: int, free: int) -> None:
        self.outcome.dropped, self.outcome.shortened = fitted.dropped, fitted.shortened or None
        context = Context(
            used=fitted.used,
            limit=limit,
            reserved=free,
            evidence=passages.share(fitted.used, self.outcome.evidence, fitted.messages),
            dropped=fitted.dropped,
        )
        self._events.add("context", context=context.model_dump())
        if fitted.dropped:
            dropped = len(fitted.dropped)
            text = Notice.MESSAGES_DROPPED.text(limit=limit, dropped=dropped, messages=len(told))
            self._events.notice(Notice.MESSAGES_DROPPED, text, dropped)
        if fitted.shortened:
            text = Notice.MESSAGE_SHORTENED.text(limit=limit, characters=fitted.shortened)
            self._events.notice(Notice.MESSAGE_SHORTENED, text, fitted.shortened)

    # ------------------------------------------------------------------------------------------------------ the model

    def _template(self) -> dict[str, Any]:
        reasoning = self._task.settings.reasoning
        return {} if reasoning is None else {"chat_template_kwargs": {"enable_thinking": reasoning}}

    def _tools(self) -> dict[str, Any]:
        return {"tools": self._offered} if self._offered else {}

    def _continuation(self) -> dict[str, Any]:
        if not (self._task.more and self._task.reply.content) or self.outcome.results:
            return {}
        return {"continue_final_message": True, "add_generation_prompt": False}

    def _request(self, messages: Messages) -> dict[str, Any]:
        settings = self._task.settings
        sampling = {name: value for name, value in settings.sampling if value is not None}
        form = {} if settings.output_schema is None else {"json_schema": settings.output_schema, "strict": False}
        return {
            **sampling,
            **form,
            **self._tools(),
            **self._template(),
            **self._continuation(),
            "messages": messages,
            "return_progress": True,
        }

    async def _asked(self, operation: str, body: dict[str, Any]) -> AsyncIterator[Frame]:
        async with self._inference.work(CLIENT, self._task.model, operation, body) as answer:
            while frames := await answer.batch():
                for frame in frames:
                    yield frame

    async def _rounds(self, fitted: Fitted) -> None:
        """Asks the model; as long as it calls tools, asks it again with what they gave."""
        messages = fitted.messages
        for _ in range(MOST_ROUNDS):
            async for frame in self._asked("chat", self._request(messages)):
                self._take(frame)
            choice = self.outcome.results[-1]["choices"][0]
            calls = choice["message"].get("tool_calls") or []
            if not self._offered or choice["finish_reason"] != "tool_calls":
                return
            messages = [*messages, choice["message"], *await self.calls.run(calls)]
        self.outcome.stop_reason = "length"

    def _take(self, frame: Frame) -> None:
        if frame.kind == "text":
            self._write(frame.data if self._citations is None else self._citations.feed(frame.data))
        elif frame.kind == "reasoning":
            self.written.add_reasoning(frame.data)
            self._events.add("reasoning", text=frame.data)
        elif frame.kind == "progress":
            self._stage("reading", done=frame.data["processed"], total=frame.data["total"])
        elif frame.kind == "result":
            self._end(frame.data)

    def _write(self, piece: str) -> None:
        if not piece:
            return
        if not self.written.content:
            self._stage("answering")
        self.written.add_text(piece)
        self._events.add("text", text=piece)

    def _end(self, result: dict[str, Any]) -> None:
        self.outcome.results.append(result)
        self.outcome.stop_reason = result["choices"][0]["finish_reason"]
        self._events.add("stats", stats=self.written.stats(self.outcome.results).model_dump())

    def finish_citations(self) -> None:
        """Writes what was held back as it might have become a citation, and notes which passages were cited."""
        if self._citations is None:
            return
        self._write(self._citations.end())
        cited = {passage.number: passage for passage in self._citations.cited}
        own = {each.number for each in self.outcome.evidence}
        earlier = [passages.evidence_of(cited[number], cited=True) for number in sorted(cited) if number not in own]
        offered = [
            each.model_copy(update={"cited": each.cited or each.number in cited}) for each in self.outcome.evidence
        ]
        self.outcome.evidence = [*earlier, *offered]
        self._citations = None

    def _stage(self, stage: str, **members: Any) -> None:
        self._events.add("stage", stage=stage, **members)
