"""Answers that are being written. They belong to the server: the page may go away, and come back."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from typing import Any

from ..._errors import CancellationError
from ..._server.errors import Failure, RequestError, failure_of
from ..._server.inference import Inference
from ..._server.logs import log_failure
from ..bus import Bus
from ..failures import error_of
from ..library import Library
from ..opening import Opening
from .answering import Answering, Task
from .events import Events, event
from .keeper import FULL, Keeper, Later
from .store import Chats
from .toolbox import Toolbox

MARK = "."


class Job:
    """One answer that is being written.

    id: begins with the message's, so that it says which message to look at when the job is over.
    """

    def __init__(self, task: Task) -> None:
        self.id = f"{task.reply.id}{MARK}{secrets.token_hex(4)}"
        self.task = task
        self.events = Events()
        self.ended_as: str | None = None  # the state of the message, if somebody ended it
        self.answering: Answering | None = None
        self.work: asyncio.Task[None] | None = None
        self.running: asyncio.Task[None] | None = None

    @property
    def chat(self) -> str:
        return self.task.reply.chat_id

    def cancel(self, state: str) -> None:
        """Ends it, at whatever point it is."""
        self.ended_as = self.ended_as or state
        if self.work is not None:
            self.work.cancel()


class Jobs:
    """All of them. For one event loop."""

    def __init__(
        self, inference: Inference, chats: Chats, library: Library, toolbox: Toolbox, opening: Opening, bus: Bus
    ) -> None:
        self._inference = inference
        self._chats = chats
        self._library = library
        self._toolbox = toolbox
        self._opening = opening
        self._bus = bus
        self._jobs: dict[str, Job] = {}
        self._later = Later()

    def check_free(self, chat: str) -> None:
        """Raises RequestError 409 if an answer is being written in that chat."""
        if chat in self._chats.jobs:
            raise RequestError(409, "an answer is being written in this chat", code="busy")

    def begin(self, task: Task) -> Job:
        """Begins to write an answer. Raises RequestError 409."""
        self.check_free(task.reply.chat_id)
        job = Job(task)
        self._jobs[job.id] = job
        self._chats.jobs[job.chat] = job.id
        job.running = asyncio.create_task(self._run(job))
        self._bus.publish("chats", job.chat)
        return job

    async def stop(self, id: str) -> None:
        """Ends a job, and returns when it has ended; harmless if it has already."""
        job = self._jobs.get(id)
        if job is not None and job.running is not None:
            job.cancel("stopped")
            await asyncio.wait([job.running])

    def decide(self, message: str, call: str, approve: bool) -> None:
        """Whether a call that the model asks for may be made. Raises RequestError 404."""
        for job in self._jobs.values():
            if job.task.reply.id == message and job.answering is not None:
                job.answering.calls.decide(call, approve)
                return
        raise RequestError(404, "that message is not being written", code="not_found")

    async def stop_of(self, chat: str) -> None:
        """Ends the answer that is being written in a chat, if there is one."""
        if (id := self._chats.jobs.get(chat)) is not None:
            await self.stop(id)

    async def stop_all(self) -> None:
        """Ends all, and returns when they have ended."""
        for id in list(self._jobs):
            await self.stop(id)

    def end(self) -> None:
        """Ends all, as the server ends: what there is of each answer is kept."""
        for job in self._jobs.values():
            job.cancel("interrupted")

    async def close(self) -> None:
        """Ends all, and waits for it."""
        self.end()
        running = [job.running for job in self._jobs.values() if job.running is not None]
        if running:
            await asyncio.wait(running)
        await self._later.close()

    async def follow(self, id: str, first: int) -> AsyncIterator[bytes]:
        """The events of a job from a number on. Of one that is over, the message."""
        job = self._jobs.get(id)
        if job is not None:
            async for come in job.events.follow(first):
                yield come
            return
        message = await asyncio.to_thread(self._chats.message, id.partition(MARK)[0])
        yield event({"seq": max(first, 0), "type": "done", "message": message.model_dump()})

    def check(self, id: str) -> None:
        """Raises RequestError 404 if there is no such job, and was none."""
        if id not in self._jobs:
            self._chats.message(id.partition(MARK)[0])

    # ---------------------------------------------------------------------------------------------------------- one job

    async def _run(self, job: Job) -> None:
        reply = job.task.reply
        answering = Answering(self._inference, self._chats, self._library, self._toolbox, job.task, job.events)
        job.answering = answering

        def look() -> tuple[str, str]:
            return answering.written.content, answering.written.reasoning

        def keep(seen: tuple[str, str]) -> None:
            self._chats.keep(reply.id, seen[0], seen[1] or None, "running")

        state, failure = job.ended_as or "done", None
        if job.ended_as is None:
            job.work = asyncio.create_task(self._work(job.task, answering))
            try:
                async with Keeper(look, keep):
                    await job.work
            except (asyncio.CancelledError, CancellationError):
                state = job.ended_as or "interrupted"
            except Exception as error:
                log_failure(error)
                state, failure = "failed", failure_of(error)
        await self._finish(job, answering, state, failure)

    async def _work(self, task: Task, answering: Answering) -> None:
        async with self._opening.template(task.model.path, task.settings.template):
            await answering.run()

    async def _finish(self, job: Job, answering: Answering, state: str, failure: Failure | None) -> None:
        """Keeps what was written, and tells everybody."""
        reply = job.task.reply
        answering.finish_citations()
        data: dict[str, Any] = answering.outcome.data(answering.written)
        if failure is not None:
            data["error"] = error_of(failure).model_dump()
        elif state != "done":
            data["stop_reason"] = state
        written = answering.written
        reasoning, kept = written.reasoning or None, {"error": None, **data}

        def keep() -> None:
            self._chats.keep(reply.id, written.content, reasoning, state, kept)

        try:
            await asyncio.to_thread(keep)
            message = await asyncio.to_thread(self._chats.message, reply.id)
            if failure is not None:
                job.events.add("error", error=data["error"])
            job.events.add("done", message=message.model_dump())
        except RequestError as error:
            told = Failure(404, "the chat is gone", "", "not_found")
            if error.failure.status == FULL:
                told = error.failure
                self._later.add(
                    lambda: self._keep_unless_replaced(job, keep), lambda: self._bus.publish("chats", job.chat)
                )
            job.events.add("error", error=error_of(told).model_dump())
        finally:
            job.events.end()
            self._jobs.pop(job.id, None)
            if self._chats.jobs.get(job.chat) == job.id:
                del self._chats.jobs[job.chat]
            self._bus.publish("chats", job.chat)

    def _keep_unless_replaced(self, job: Job, keep: Callable[[], None]) -> None:
        """Keeps an answer later than it ended, unless it is being gone on with by now."""
        if all(other.task.reply.id != job.task.reply.id for other in self._jobs.copy().values()):
            keep()
