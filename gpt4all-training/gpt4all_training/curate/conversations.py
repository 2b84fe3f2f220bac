"""From the row of a source to a conversation: whose turns alternate, beginning with the user's or the system's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .settings import Columns

Message = tuple[str, str]  # role and content

_ROLES = {
    **dict.fromkeys(("system",), "system"),
    **dict.fromkeys(("user", "human", "prompter"), "user"),
    **dict.fromkeys(("assistant", "gpt", "chatgpt", "bing", "bard", "bot", "model"), "assistant"),
}
_CHATS = ("messages", "conversations", "conversation")
_PAIRS = (
    Columns(prompt="prompt", response="response", system="system"),
    Columns(prompt="prompt", response="completion", system="system"),
    Columns(prompt="instruction", response="output", context="input", system="system"),
    Columns(prompt="instruction", response="response", context="context", system="system"),
    Columns(prompt="question", response="response", system="system_prompt"),
    Columns(prompt="question", response="answer", context="context"),
)


class MalformedError(ValueError):
    """A row is no conversation; the text says why."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation.

    messages: role and content of each.
    repaired: whether turns without a counterpart were taken off its ends.
    """

    messages: tuple[Message, ...]
    repaired: bool = False

    @property
    def answers(self) -> list[str]:
        """What the assistant says."""
        return [content for role, content in self.messages if role == "assistant"]

    @property
    def characters(self) -> int:
        """How long it is in all."""
        return sum(len(content) for _, content in self.messages)

    @property
    def text(self) -> str:
        """All of it, a message after the other."""
        return "\n".join(content for _, content in self.messages)


def names_of(columns: Columns | str) -> frozenset[str]:
    """The columns of a table in which texts may be."""
    if isinstance(columns, Columns):
        return frozenset(path.partition(".")[0] for path in _paths(columns))
    return frozenset(_CHATS) | {path for pair in _PAIRS for path in _paths(pair)}


def conversation_of(value: object, columns: Columns | str) -> Conversation:
    """The conversation in a row. Raises MalformedError."""
    if not isinstance(value, Mapping):
        raise MalformedError(f"it is {_kind(value)}, not an object")
    if isinstance(columns, Columns):
        return Conversation(_pair(value, columns))
    for name in _CHATS:
        if name in value:
            return _chat(value[name], name)
    for pair in _PAIRS:
        if pair.prompt in value and pair.response in value:
            return Conversation(_pair(value, pair))
    raise MalformedError(f"its columns are {', '.join(map(str, list(value)[:20])) or 'none'}")


def _paths(columns: Columns) -> list[str]:
    return [path for path in (columns.prompt, columns.response, columns.context, columns.system) if path]


def _pair(value: Mapping[str, Any], columns: Columns) -> tuple[Message, ...]:
    prompt, response = _text(value, columns.prompt), _text(value, columns.response)
    if prompt is None or response is None:
        missing = columns.prompt if prompt is None else columns.response
        raise MalformedError(f"it has no text in {missing}")
    context = _text(value, columns.context) if columns.context else None
    system = _text(value, columns.system) if columns.system else None
    return (
        *((("system", system),) if system else ()),
        ("user", f"{prompt}\n\n{context}" if prompt and context else prompt or context or ""),
        ("assistant", response),
    )


def _text(value: Any, path: str) -> str | None:
    """The text at a path; None if there is nothing."""
    for name in [path] if isinstance(value, Mapping) and path in value else path.split("."):
        if isinstance(value, Mapping):
            value = value.get(name)
        elif isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    if value is None:
        return None
    if not isinstance(value, str):
        raise MalformedError(f"{path} is {_kind(value)}, not text")
    return _tidy(value)


def _chat(turns: object, name: str) -> Conversation:
    if not isinstance(turns, list):
        raise MalformedError(f"{name} is {_kind(turns)}, not a list")
    messages = [_turn(turn) for turn in turns]
    system = messages[:1] if messages and messages[0][0] == "system" else []
    rest = messages[len(system) :]
    begin = next((at for at, (role, _) in enumerate(rest) if role == "user"), len(rest))
    end = next((at for at in range(len(rest), 0, -1) if rest[at - 1][0] == "assistant"), 0)
    kept = rest[begin:end]
    if not kept:
        raise MalformedError("it has no answer to anything")
    for at, (role, _) in enumerate(kept):
        if role != ("user", "assistant")[at % 2]:
            raise MalformedError(f"its roles do not alternate: message {len(system) + begin + at + 1} is the {role}'s")
    return Conversation((*(each for each in system if each[1]), *kept), repaired=len(kept) < len(rest))


def _turn(turn: object) -> Message:
    if not isinstance(turn, Mapping):
        raise MalformedError(f"a message is {_kind(turn)}, not an object")
    who, content = turn.get("role", turn.get("from")), turn.get("content", turn.get("value"))
    role = _ROLES.get(who.lower()) if isinstance(who, str) else None
    if role is None:
        raise MalformedError(f"a message is by {str(who)[:40]!r}")
    if isinstance(content, list):
        parts = [part for part in content if isinstance(part, Mapping) and part.get("type") == "text"]
        texts = [part["text"] for part in parts if isinstance(part.get("text"), str)]
        content = "\n".join(texts) if len(texts) == len(content) else content
    if not isinstance(content, str):
        raise MalformedError(f"a message's content is {_kind(content)}, not text")
    return role, _tidy(content)


def _tidy(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds = {bool: "true or false", list: "a list", dict: "an object", str: "text", bytes: "bytes"}
    return kinds.get(type(value), "a number")
