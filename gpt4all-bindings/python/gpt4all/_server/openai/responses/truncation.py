"""What a model reads of a conversation that is longer than its context: with truncation "auto", the latest turns."""

from __future__ import annotations

from typing import Any

from ...inference import Inference
from ...store import StoredModel
from .items import Item
from .requests import Asked, counted, engine_messages

SHARE_OF_ANSWER = 8
"""Which part of the context is kept free for an answer whose length is not limited: one in so many."""


def turns(context: list[Item]) -> list[list[Item]]:
    """Each begins with a message of the user's."""
    made: list[list[Item]] = [[]]
    for item in context:
        if item["type"] == "message" and item["role"] == "user":
            made.append([])
        made[-1].append(item)
    return [turn for turn in made if turn]


def without_oldest(context: list[Item], count: int) -> list[Item]:
    """What is left when that many turns are dropped. What a system or a developer says stays."""
    divided = turns(context)
    told = [item for turn in divided[:count] for item in turn if item.get("role") in ("system", "developer")]
    return told + [item for turn in divided[count:] for item in turn]


async def fitted(inference: Inference, client: str, model: StoredModel, asked: Asked) -> dict[str, Any]:
    """The engine's request, of as many turns as fit. The last is always among them. client: whose turn it takes.

    Raises LLModelError, RequestError.
    """
    if not asked.truncate:
        return asked.body
    async with inference.pool.use(model.path) as worker:
        n_ctx: int = worker.info["opened"]["n_ctx"]
    limit = asked.body.get("max_tokens", -1)
    free = n_ctx // SHARE_OF_ANSWER if limit < 0 else min(limit, n_ctx // 2)

    async def fits(count: int) -> bool:
        request = {**counted(asked), "messages": _messages(asked, count)}
        async with inference.work(client, model, "count_tokens", request) as answer:
            tokens: int = (await answer.result())["input_tokens"]
        return tokens <= n_ctx - free

    # The fewest that must be dropped are halved in upon.
    lowest, highest = 0, len(turns(asked.context)) - 1
    while lowest < highest:
        middle = (lowest + highest) // 2
        if await fits(middle):
            highest = middle
        else:
            lowest = middle + 1
    return {**asked.body, "messages": _messages(asked, lowest)}


def _messages(asked: Asked, count: int) -> list[dict[str, Any]]:
    return engine_messages(asked.head["instructions"], without_oldest(asked.context, count))
