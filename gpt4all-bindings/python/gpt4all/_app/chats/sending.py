"""How an answer comes to be written: a message is sent, answered again, or gone on with."""

from __future__ import annotations

import asyncio

from ..._server.errors import RequestError
from ..._server.inference import Inference
from ..._server.store import StoredModel
from ..database import Database
from ..preferences import Preferences
from ..schemas.chats import Context, Message, NewMessage, Replying, Sent
from ..schemas.settings import ChatSettings
from . import choice
from .answering import Task
from .jobs import Jobs
from .meter import Meter
from .store import Chats


class Sending:
    """For one event loop: what is looked at and changed between two awaits stays as it is."""

    def __init__(
        self, inference: Inference, database: Database, chats: Chats, preferences: Preferences, jobs: Jobs
    ) -> None:
        self._inference = inference
        self._database = database
        self._chats = chats
        self._preferences = preferences
        self._jobs = jobs
        self._meter = Meter(inference, chats, preferences)

    async def send(self, chat: str, new: NewMessage) -> Sent:
        """Raises RequestError 404; 400 for an empty message; 409 if an answer is being written in the chat."""
        model, settings = self._chosen(chat)
        if not new.content.strip() and not new.attachments:
            raise RequestError(400, "the message is empty", param="content", code="invalid_request")
        self._jobs.check_free(chat)
        with self._database.change():
            attachments = [each.model_dump() for each in self._chats.attachments(new.attachments)]
            parent = new.parent if "parent" in new.model_fields_set else self._chats.leaf(chat)
            user = self._chats.add_message(chat, parent, "user", new.content, attachments=attachments)
            reply = self._reply(chat, user.id, model)
        job = self._jobs.begin(Task(reply, self._chats.branch(user.id), model, settings))
        return Sent(user=user, reply=reply, job=job.id)

    async def regenerate(self, id: str) -> Replying:
        """Answers again what a message answered, or what a person wrote. Raises RequestError 404, 409."""
        message = self._chats.message(id)
        model, settings = self._chosen(message.chat_id)
        self._jobs.check_free(message.chat_id)
        user = id if message.role == "user" else message.parent
        if user is None:
            raise RequestError(400, "that message answers nothing", code="invalid_request")
        reply = self._reply(message.chat_id, user, model)
        job = self._jobs.begin(Task(reply, self._chats.branch(user), model, settings))
        return Replying(reply=reply, job=job.id)

    async def go_on(self, id: str) -> Replying:
        """Goes on with an answer that was stopped, or too long. Raises RequestError 400, 404, 409."""
        message = self._chats.message(id)
        if message.role != "assistant":
            raise RequestError(400, "only answers can be continued", code="invalid_request")
        model, settings = self._chosen(message.chat_id)
        self._jobs.check_free(message.chat_id)
        self._chats.keep(id, message.content, message.reasoning, "running")
        message = self._chats.message(id)
        branch = self._chats.branch(message.parent) if message.parent else []
        job = self._jobs.begin(Task(message, branch, model, settings, more=True))
        return Replying(reply=message, job=job.id)

    def _reply(self, chat: str, parent: str, model: StoredModel) -> Message:
        return self._chats.add_message(chat, parent, "assistant", state="running", model=model.id)

    def _chosen(self, chat: str) -> tuple[StoredModel, ChatSettings]:
        """The model that answers in a chat, and the settings that apply."""
        wanted = self._chats.summary(chat).model
        model = choice.chosen(self._inference.store, self._preferences, self._database, wanted)
        return model, self._preferences.resolved(self._chats.settings(chat), model.id)

    async def context(self, chat: str, leaf: str | None) -> Context:
        """How full the context is with what a branch has by now. Raises RequestError 404."""
        model, settings = self._chosen(chat)
        branch = await asyncio.to_thread(self._chats.branch, leaf or self._chats.leaf(chat))
        if any(message.chat_id != chat for message in branch):
            raise RequestError(404, "that message is in another chat", code="not_found", param="leaf")
        return await self._meter.read(model, settings, branch)
