"""What a model is told of a chat: as many of its messages as the context has room for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..._server.errors import RequestError
from ..schemas.chats import Message

SHARE_OF_ANSWER = 8
"""Which part of the context is kept free for an answer whose length is not limited: one in so many."""

KEPT_SHARE = 0.6
"""How much of the room is used after messages are dropped. Dropping a few at each turn would have the whole prompt
computed anew at each turn, since it would begin with another message each time."""

Messages = list[dict[str, Any]]
Count = Callable[[Messages], Awaitable[int]]


@dataclass
class Turn:
    """What one message of the chat becomes.

    id: the message's. messages: for the engine. begins: whether a person wrote it.
    """

    id: str
    messages: Messages
    begins: bool


@dataclass
class Fitted:
    """messages: for the engine. dropped: ids of messages that were left out. shortened: by how many characters the last
    message was. used: tokens of the prompt."""

    messages: Messages
    used: int
    dropped: list[str] = field(default_factory=list)
    shortened: int = 0


def reserved(limit: int, max_tokens: int | None) -> int:
    """Tokens that are kept free for the answer, of a context of `limit`."""
    return max(1, limit // SHARE_OF_ANSWER if max_tokens is None else min(max_tokens, limit // 2))


def dropped_before(branch: Sequence[Message]) -> list[str]:
    """What the last answer of a branch was not told."""
    answers = [message for message in branch if message.role == "assistant"]
    return answers[-1].dropped if answers else []


async def fit(system: Messages, turns: Sequence[Turn], room: int, dropped: Sequence[str], count: Count) -> Fitted:
    """The prompt in at most `room` tokens.

    dropped: what was left out before, and stays so if that is enough.

    Raises RequestError 400 if even the system prompt has no room.
    """
    groups = _groups(turns)

    def prompt(first: int) -> Messages:
        return [*system, *(each for group in groups[first:] for turn in group for each in turn.messages)]

    last = len(groups) - 1
    begun = sum(1 for group in groups[:last] if group[0].id in set(dropped))
    used = await count(prompt(begun))
    if used > room:
        begun = await _fewest(begun, last, lambda first: _fits(count, prompt(first), int(room * KEPT_SHARE)))
        used = await count(prompt(begun))
    left_out = [turn.id for group in groups[:begun] for turn in group]
    if used <= room:
        return Fitted(prompt(begun), used, left_out)
    short, shortened = await _shortened(prompt(last), room, count)
    return Fitted(short, await count(short), left_out, shortened)


def _groups(turns: Sequence[Turn]) -> list[list[Turn]]:
    """Each begins with a message of the user's, and has the answer to it."""
    made: list[list[Turn]] = []
    for turn in turns:
        if turn.begins or not made:
            made.append([])
        made[-1].append(turn)
    return made


async def _fits(count: Count, messages: Messages, room: int) -> bool:
    return await count(messages) <= room


async def _fewest(lowest: int, highest: int, enough: Callable[[int], Awaitable[bool]]) -> int:
    """The fewest that must be dropped, halved in upon; `highest` if nothing less is enough."""
    while lowest < highest:
        middle = (lowest + highest) // 2
        if await enough(middle):
            highest = middle
        else:
            lowest = middle + 1
    return lowest


async def _shortened(messages: Messages, room: int, count: Count) -> tuple[Messages, int]:
    """The same with the longest text cut in its midst, which is where one is missed the least; and by how much."""
    longest = max(range(len(messages)), key=lambda index: len(messages[index].get("content") or ""))
    text: str = messages[longest].get("content") or ""

    def cut(kept: int) -> Messages:
        head = kept * 2 // 3
        mark = f"\n\n[… {len(text) - kept} characters are left out here …]\n\n"
        shorter = f"{text[:head]}{mark}{text[len(text) - (kept - head) :]}"
        return [*messages[:longest], {**messages[longest], "content": shorter}, *messages[longest + 1 :]]

    lowest, highest = 0, len(text)
    if not await _fits(count, cut(0), room):
        raise RequestError(
            400,
            f"the context of {room} tokens has no room for the system prompt and the question; raise the context, or "
            "shorten the system prompt",
            code="context_length_exceeded",
        )
    while highest - lowest > max(16, len(text) // 200):
        middle = (lowest + highest) // 2
        if await _fits(count, cut(middle), room):
            lowest = middle
        else:
            highest = middle
    return cut(lowest), len(text) - lowest
