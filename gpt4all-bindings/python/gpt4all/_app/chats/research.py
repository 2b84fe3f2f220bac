"""What documents say about a question: searched, told, and made the question that the model is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from ..._errors import ModelNotFoundError
from ..._server.errors import RequestError
from ..codes import Notice
from ..library import Library
from ..schemas.chats import Evidence, Message, Searched
from . import evidence as passages
from .conversation import user_content
from .events import Events
from .prompt import Messages
from .store import Chats

if TYPE_CHECKING:
    from ...documents import Citations, Passage, Plan

CHARACTERS = 4  # for a token, about

Ask = Callable[[Messages], Awaitable[str]]
"""Has a model answer a conversation, without showing it."""


class Research:
    """For one answer. run() sets the rest.

    branch: the messages before the answer, the question last. ask: for notes on documents that are too long to be
    offered at once.
    searched, evidence: for the message. prompt: what the model is asked instead of the question; None: nothing was
    found. nothing: what to say then. citations: lets those through that were offered, in this turn or an earlier one.
    """

    def __init__(self, library: Library, chats: Chats, branch: Sequence[Message], events: Events, ask: Ask) -> None:
        self._library = library
        self._chats = chats
        self._branch = branch
        self._events = events
        self._ask = ask
        self.searched: Searched | None = None
        self.evidence: list[Evidence] = []
        self.prompt: str | None = None
        self.citations: Citations | None = None
        self.nothing = ""

    async def run(self, collections: Sequence[str], limit: int) -> None:
        """limit: length of the model's context. Raises LLModelError, RequestError."""
        from ...documents import Citations, messages

        self._events.add("stage", stage="searching", detail=", ".join(collections)[:500])
        asked = [message for message in self._branch if message.role == "user"]
        before = asked[-2].content if len(asked) > 1 else None
        budget = passages.budget(limit)
        found = await asyncio.to_thread(self._plan, asked[-1].content, before, list(collections), budget)
        self.nothing = await asyncio.to_thread(self._why_nothing, list(collections), found.found.files)
        plan = passages.numbered(found, passages.next_number(self._branch))
        offered = plan.found.passages if plan.found.answerable else ()
        earlier = [passages.passage_of(each) for message in self._branch for each in message.evidence]
        self.citations = Citations([*earlier, *offered])
        self._tell(plan, offered)
        if not offered:
            return
        question = await asyncio.to_thread(user_content, self._chats, asked[-1])
        if plan.mode == "map_reduce":
            self.prompt = await self._reduced(question, plan, budget)
        else:
            self.prompt = passages.as_question(messages(question, offered))

    def _plan(self, question: str, before: str | None, collections: list[str], budget: int) -> Plan:
        documents = self._library.searchable()
        try:
            return documents.plan(question, collections, before=before, budget=budget)
        except ModelNotFoundError as error:
            if "collection" in error.detail:  # not the model that makes vectors
                raise RequestError(404, error.message, code="collection_not_found", param="collections") from None
            raise

    def _why_nothing(self, collections: list[str], files: int) -> str:
        """What to say if there is no evidence: the documents say nothing about it, or cannot be read yet."""
        if files:
            searched = "one file was" if files == 1 else f"{files} files were"
            return Notice.NOT_IN_DOCUMENTS.text(searched=searched)
        known = [each for each in self._library.documents().collections() if each.name in collections]
        waiting, unreadable = (sum(each.states.get(state, 0) for each in known) for state in ("pending", "unreadable"))
        why = [f"{waiting} wait to be read"] * bool(waiting) + [f"{unreadable} cannot be read"] * bool(unreadable)
        told = f": {' and '.join(why)}" if why else ""
        return Notice.DOCUMENTS_NOT_READY.text(why=told)

    def _tell(self, plan: Plan, offered: Sequence[Passage]) -> None:
        found = plan.found
        self.evidence = [passages.evidence_of(each) for each in offered]
        self.searched = Searched(
            files=found.files,
            used=len(offered),
            mode=plan.mode if offered else "none",
            answerable=found.answerable,
            reranking=passages.reranking_of(found),
        )
        shown = [each.model_dump() for each in self.evidence]
        self._events.add("evidence", evidence=shown, searched=self.searched.model_dump())
        if not found.files:
            self._events.notice(Notice.DOCUMENTS_NOT_READY, self.nothing)
        elif not found.answerable:
            self._events.notice(Notice.NOT_IN_DOCUMENTS, self.nothing)
        elif plan.mode == "map_reduce":
            said, parts = Notice.MAP_REDUCE if plan.complete else Notice.MAP_REDUCE_INCOMPLETE, len(plan.parts)
            self._events.notice(said, said.text(parts=parts), parts)

    async def _reduced(self, question: str, plan: Plan, budget: int) -> str:
        """Asks for notes on each part, and of as many notes as fit makes the question."""
        from ...documents import Citations, note_messages, reduce_messages

        notes = []
        for number, part in enumerate(plan.parts):
            detail = f"part {number + 1} of {len(plan.parts)}"
            self._events.add("stage", stage="reading", done=number, total=len(plan.parts), detail=detail)
            citations = Citations(part)
            note = await self._ask(note_messages(question, part))
            notes.append(citations.feed(note) + citations.end())
        while len(notes) > 1 and sum(map(len, notes)) > budget * CHARACTERS:
            pairs = [notes[begin : begin + 2] for begin in range(0, len(notes), 2)]
            notes = [await self._ask(reduce_messages(question, pair)) if len(pair) > 1 else pair[0] for pair in pairs]
        return passages.as_question(reduce_messages(question, notes))
