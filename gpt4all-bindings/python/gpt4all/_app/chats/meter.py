"""How full the context of a chat's model is. A model that is closed is not opened for that: then it is an estimate."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from ..._server.errors import RequestError
from ..._server.inference import Inference
from ..._server.ollama.description import inspected
from ..._server.store import StoredModel
from ..preferences import Preferences
from ..schemas.chats import Context, Message
from ..schemas.settings import ChatSettings
from .answering import CLIENT
from .conversation import turns
from .evidence import share
from .prompt import Messages, dropped_before, reserved
from .store import Chats

DEFAULT_CONTEXT = 8192
"""The most that the engine takes where nothing else is said."""

CHARACTERS = 4
"""Of a token, about."""


class Meter:
    """For one event loop."""

    def __init__(self, inference: Inference, chats: Chats, preferences: Preferences) -> None:
        self._inference = inference
        self._chats = chats
        self._preferences = preferences

    async def read(self, model: StoredModel, settings: ChatSettings, branch: Sequence[Message]) -> Context:
        """With what the branch has by now. Raises RequestError 400 for a model that cannot chat."""
        dropped = dropped_before(branch)
        system: Messages = [{"role": "system", "content": settings.system}] if settings.system else []
        told = await asyncio.to_thread(turns, self._chats, branch)
        left_out = set(dropped)
        messages = [*system, *(each for turn in told if turn.id not in left_out for each in turn.messages)]
        open = str(model.path) in {slot.path for slot in self._inference.pool.slots}
        limit = await self._limit(model) if open else await asyncio.to_thread(self._usual_limit, model)
        if not limit:
            raise RequestError(400, f"{model.id} makes vectors of texts, and cannot chat", code="unsupported")
        used = await self._count(model, messages) if open and messages else _about(branch, messages)
        return Context(
            used=used,
            limit=limit,
            reserved=reserved(limit, settings.sampling.max_tokens),
            evidence=share(used, [each for message in branch for each in message.evidence], messages),
            dropped=dropped,
        )

    async def _limit(self, model: StoredModel) -> int:
        async with self._inference.pool.use(model.path) as worker:
            limit: int = worker.info.get("opened", {}).get("n_ctx", 0)
        return limit

    def _usual_limit(self, model: StoredModel) -> int:
        """What it would be opened with."""
        known = inspected(model)
        if not known.get("capabilities", {}).get("generate"):
            return 0
        return min(int(known["n_ctx_train"]), self._preferences.values().context_tokens or DEFAULT_CONTEXT)

    async def _count(self, model: StoredModel, messages: Messages) -> int:
        async with self._inference.work(CLIENT, model, "count_tokens", {"messages": messages}) as answer:
            tokens: int = (await answer.result())["input_tokens"]
        return tokens


def _about(branch: Sequence[Message], messages: Messages) -> int:
    """What the last answer took, or a guess from the length of the texts."""
    stats = branch[-1].stats if branch else None
    if stats is not None:
        return stats.prompt_tokens + stats.tokens
    return sum(len(str(each.get("content") or "")) for each in messages) // CHARACTERS
