"""Messages of Anthropic's form as the engine's: their blocks become text, thoughts, calls and the calls' answers."""

from __future__ import annotations

import json
from typing import Any

from ..errors import RequestError

Message = dict[str, Any]


def system(given: str | list[Any] | None) -> list[Message]:
    """The message of the system, if there is one. Raises RequestError 400."""
    if not given:
        return []
    return [{"role": "system", "content": text(given, "system")}]


def messages(given: list[Any]) -> list[Message]:
    """All messages; a user's with results of tools becomes several. Raises RequestError 400."""
    names: dict[str, str] = {}  # of tools, by the id of the call
    made: list[Message] = []
    for index, message in enumerate(given):
        where = f"messages.{index}"
        if not isinstance(message, dict):
            raise RequestError(400, f"{where}: it must be an object", param="messages")
        role = message.get("role")
        blocks = _blocks(message.get("content"), f"{where}.content")
        if role == "user":
            made += _of_user(blocks, where, names)
        elif role == "assistant":
            made.append(_of_assistant(blocks, where, names))
        elif role == "system":
            made.append({"role": "system", "content": text(blocks, f"{where}.content")})
        else:
            raise RequestError(400, f"{where}.role: it must be user or assistant", param="messages")
    return _joined(made)


def text(given: str | list[Any], where: str) -> str:
    """Text, or blocks of it. Raises RequestError 400."""
    return "\n".join(_text(block, f"{where}.{index}") for index, block in enumerate(_blocks(given, where)))


def _joined(given: list[Message]) -> list[Message]:
    """Messages of one speaker that follow each other are one, for templates that know none such."""
    made: list[Message] = []
    for message in given:
        last = made[-1] if made else {"role": ""}
        if message["role"] == last["role"] != "tool" and "tool_calls" not in last:
            texts = [part for part in (last["content"], message["content"]) if part]
            made[-1] = {**last, **message, "content": "\n".join(texts)}
        else:
            made.append(message)
    return made


def _of_user(blocks: list[dict[str, Any]], where: str, names: dict[str, str]) -> list[Message]:
    made: list[Message] = []
    said: list[str] = []
    for index, block in enumerate(blocks):
        place = f"{where}.content.{index}"
        if block["type"] == "tool_result":
            if said:
                raise RequestError(400, f"{place}: results of tools come before all else", param="messages")
            made.append(_result(block, place, names))
        else:
            said.append(_text(block, place))
    if said or not made:
        made.append({"role": "user", "content": "\n".join(said)})
    return made


def _result(block: dict[str, Any], where: str, names: dict[str, str]) -> Message:
    id = _required(block, "tool_use_id", str, where)
    if id not in names:
        raise RequestError(400, f"{where}.tool_use_id: there is no tool_use before it with the id {id!r}")
    answer = text(block.get("content") or "", f"{where}.content")
    if block.get("is_error"):
        answer = f"Error: {answer}"  # the engine's messages have no other place for it
    return {"role": "tool", "tool_call_id": id, "name": names[id], "content": answer}


def _of_assistant(blocks: list[dict[str, Any]], where: str, names: dict[str, str]) -> Message:
    said: list[str] = []
    thought = ""
    calls: list[dict[str, Any]] = []
    for index, block in enumerate(blocks):
        place = f"{where}.content.{index}"
        if block["type"] == "tool_use":
            id, name = _required(block, "id", str, place), _required(block, "name", str, place)
            arguments = json.dumps(_required(block, "input", dict, place), ensure_ascii=False)
            names[id] = name
            calls.append({"id": id, "type": "function", "function": {"name": name, "arguments": arguments}})
        elif block["type"] == "thinking":
            thought += _required(block, "thinking", str, place)
        elif block["type"] != "redacted_thinking":  # which only Anthropic can read
            said.append(_text(block, place))
    message: Message = {"role": "assistant", "content": "\n".join(said)}
    if thought:
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = calls
    return message


def _blocks(given: Any, where: str) -> list[dict[str, Any]]:
    if isinstance(given, str):
        return [{"type": "text", "text": given}]
    if not isinstance(given, list) or not all(
        isinstance(block, dict) and isinstance(block.get("type"), str) for block in given
    ):
        raise RequestError(400, f"{where}: it must be text, or an array of blocks that have a type")
    return given


def _text(block: dict[str, Any], where: str) -> str:
    kind = block["type"]
    if kind == "text":
        written: str = _required(block, "text", str, where)
        return written
    source = block.get("source")
    if kind == "document" and isinstance(source, dict) and source.get("type") == "text":
        said = [block.get("title"), block.get("context"), _required(source, "data", str, f"{where}.source")]
        return "\n".join(part for part in said if part)
    if kind == "image":
        raise RequestError(400, f"{where}: models here read text only, no images", code="unsupported")
    raise RequestError(400, f"{where}.type: {kind!r} is not supported here", code="unsupported")


def _required(block: dict[str, Any], name: str, kind: type, where: str) -> Any:
    value = block.get(name)
    if not isinstance(value, kind):
        raise RequestError(400, f"{where}.{name}: it is required", param="messages")
    return value
