"""The items of a conversation: read in all the ways in which they may be written, and as the engine's messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import RequestError
from ..ids import new_id

Item = dict[str, Any]
Find = Callable[[str], Item]
"""Gives a stored item by its id. Raises RequestError 404."""

ROLES = ("user", "assistant", "system", "developer")
MEDIA = ("input_image", "input_file", "input_audio")


def read_items(given: Any, find: Find) -> list[Item]:
    """The items of `input`, each with an id. Raises RequestError 400."""
    if isinstance(given, str):
        return [_message("user", [{"type": "input_text", "text": given}])]
    if not isinstance(given, list):
        raise RequestError(400, "input must be text or an array of items", param="input")
    return [_read(item, f"input[{index}]", find) for index, item in enumerate(given)]


def messages(items: list[Item]) -> list[dict[str, Any]]:
    """The engine's messages. What the model thought, said and called in one turn is one message."""
    made: list[dict[str, Any]] = []
    names = {item["call_id"]: item["name"] for item in items if item["type"] == "function_call"}
    for item in items:
        kind = item["type"]
        if kind == "message" and item["role"] != "assistant":
            made.append({"role": item["role"], "content": text_of(item["content"])})
        elif kind == "function_call_output":
            answer: dict[str, Any] = {"role": "tool", "tool_call_id": item["call_id"], "content": item["output"]}
            if item["call_id"] in names:
                answer["name"] = names[item["call_id"]]
            made.append(answer)
        else:
            _add_to_turn(made, item)
    return made


def text_of(parts: list[dict[str, Any]]) -> str:
    """The text of a message's parts."""
    return "\n".join(part["refusal"] if part["type"] == "refusal" else part["text"] for part in parts)


def _add_to_turn(made: list[dict[str, Any]], item: Item) -> None:
    last: dict[str, Any] = made[-1] if made else {"role": ""}
    kind = item["type"]
    if kind == "function_call":
        if last["role"] != "assistant":
            last = {"role": "assistant", "content": ""}
            made.append(last)
        function = {"name": item["name"], "arguments": item["arguments"]}
        calls = last.setdefault("tool_calls", [])
        calls.append({"id": item["call_id"], "type": "function", "function": function})
    elif kind == "message":
        text = text_of(item["content"])
        if last["role"] == "assistant" and not last["content"] and "tool_calls" not in last:
            last["content"] = text  # after what it thought
        else:
            made.append({"role": "assistant", "content": text})
    elif thought := text_of(item["content"]):
        made.append({"role": "assistant", "content": "", "reasoning_content": thought})


def _read(item: Any, where: str, find: Find) -> Item:
    if not isinstance(item, dict):
        raise RequestError(400, f"{where} must be an object", param=where)
    kind = item.get("type") or ("message" if "role" in item else "item_reference")
    if isinstance(kind, str) and kind in _READERS:
        return _READERS[kind](item, where)
    if kind == "item_reference":
        return find(_text(item, "id", where))
    raise RequestError(400, f"{where}: items of the type {kind!r} are not supported", param=where, code="unsupported")


def _read_message(item: Item, where: str) -> Item:
    role = item.get("role")
    if role not in ROLES:
        raise RequestError(400, f"{where}.role must be one of {', '.join(ROLES)}", param=f"{where}.role")
    kind = "output_text" if role == "assistant" else "input_text"
    return _message(role, _parts(item.get("content"), f"{where}.content", kind), item.get("id"))


def _message(role: str, parts: list[dict[str, Any]], id: Any = None) -> Item:
    return {"id": _id(id, "msg_"), "type": "message", "role": role, "status": "completed", "content": parts}


def _read_call(item: Item, where: str) -> Item:
    return {
        "id": _id(item.get("id"), "fc_"),
        "type": "function_call",
        "call_id": _text(item, "call_id", where),
        "name": _text(item, "name", where),
        "arguments": _text(item, "arguments", where),
        "status": "completed",
    }


def _read_output(item: Item, where: str) -> Item:
    output = item.get("output")
    if not isinstance(output, str):
        output = text_of(_parts(output, f"{where}.output", "input_text"))
    return {
        "id": _id(item.get("id"), "fco_"),
        "type": "function_call_output",
        "call_id": _text(item, "call_id", where),
        "output": output,
        "status": "completed",
    }


def _read_reasoning(item: Item, where: str) -> Item:
    """A summary is not what was thought, and only OpenAI can read what is encrypted."""
    parts = _parts(item.get("content") or [], f"{where}.content", "reasoning_text")
    return {"id": _id(item.get("id"), "rs_"), "type": "reasoning", "summary": [], "content": parts}


_READERS: dict[str, Callable[[Item, str], Item]] = {
    "message": _read_message,
    "function_call": _read_call,
    "function_call_output": _read_output,
    "reasoning": _read_reasoning,
}


def _parts(given: Any, where: str, kind: str) -> list[dict[str, Any]]:
    if isinstance(given, str):
        given = [{"type": kind, "text": given}]
    if not isinstance(given, list):
        raise RequestError(400, f"{where} must be text or an array of parts", param=where)
    return [_part(part, f"{where}[{index}]", kind) for index, part in enumerate(given)]


def _part(part: Any, where: str, kind: str) -> dict[str, Any]:
    if not isinstance(part, dict):
        raise RequestError(400, f"{where} must be an object", param=where)
    given = part.get("type")
    if given in MEDIA:
        raise RequestError(400, f"{where}: models here read text only", param=where, code="unsupported")
    if given == "refusal":
        return {"type": "refusal", "refusal": _text(part, "refusal", where)}
    if given not in ("input_text", "output_text", "reasoning_text", "text"):
        raise RequestError(400, f"{where}: parts of the type {given!r} are not supported", param=where)
    read: dict[str, Any] = {"type": kind, "text": _text(part, "text", where)}
    return {**read, "annotations": []} if kind == "output_text" else read


def _text(item: dict[str, Any], name: str, where: str) -> str:
    value = item.get(name)
    if not isinstance(value, str):
        raise RequestError(400, f"{where}.{name} is required, and must be text", param=f"{where}.{name}")
    return value


def _id(given: Any, prefix: str) -> str:
    return given if isinstance(given, str) and given else new_id(prefix)
