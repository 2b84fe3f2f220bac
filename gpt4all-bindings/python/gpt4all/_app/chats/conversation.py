"""The messages of a branch as the engine reads them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

from ..schemas.chats import Message, ToolCall
from .prompt import Messages, Turn
from .store import Chats


def turns(chats: Chats, branch: Sequence[Message]) -> list[Turn]:
    """Each message with what is told of it, the same each time, so that what was computed of it is of use again."""
    followed = zip_longest(branch, branch[1:])
    made = [_turn(chats, message, reply) for message, reply in followed]
    return [turn for turn in made if turn.messages]


def _turn(chats: Chats, message: Message, reply: Message | None) -> Turn:
    if message.role != "user":
        return Turn(message.id, answer_of(message), begins=False)
    # With evidence, if the answer had some.
    told: str | None = chats.data(reply.id).get("prompt") if reply is not None else None
    return Turn(message.id, [{"role": "user", "content": told or user_content(chats, message)}], begins=True)


def user_content(chats: Chats, message: Message) -> str:
    """What a person wrote, behind what they attached: each between marks that it cannot know, as an id is random."""
    texts = [
        f'<attachment {each.id} name="{_plain(each.name)}">\n{chats.attached_text(each.id)}\n</attachment {each.id}>'
        for each in message.attachments
        if each.kind == "text"
    ]
    return "\n\n".join([*texts, message.content])


def _plain(name: str) -> str:
    return " ".join("".join(" " if mark in '<>"' else mark for mark in name).split())[:200]


def answer_of(message: Message) -> Messages:
    """An answer, behind the calls of tools that it needed and what they gave."""
    text: Messages = [{"role": "assistant", "content": message.content}] if message.content else []
    calls = [call for call in message.tool_calls if call.state not in ("asked", "running")]
    if not calls:
        return text
    return [
        {"role": "assistant", "content": None, "tool_calls": [_call(call) for call in calls]},
        *({"role": "tool", "tool_call_id": call.id, "content": call.result or ""} for call in calls),
        *text,
    ]


def _call(call: ToolCall) -> dict[str, Any]:
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
