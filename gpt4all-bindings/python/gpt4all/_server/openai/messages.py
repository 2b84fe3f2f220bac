"""Messages of /v1/chat/completions: what the engine does not read of their content."""

from __future__ import annotations

from typing import Any

from ..errors import RequestError


def translate(messages: Any) -> Any:
    """The messages for the engine, which looks at the rest: refusals become text.

    Raises RequestError 400 for what models here cannot read, with its place.
    """
    if not isinstance(messages, list):
        return messages
    return [_message(message, f"messages[{index}]") for index, message in enumerate(messages)]


def _message(message: Any, where: str) -> Any:
    if not isinstance(message, dict) or not isinstance(message.get("content"), list):
        return message
    parts = [_part(part, f"{where}.content[{index}]") for index, part in enumerate(message["content"])]
    return {**message, "content": parts}


def _part(part: Any, where: str) -> Any:
    kind = part.get("type") if isinstance(part, dict) else None
    if kind == "refusal" and isinstance(part.get("refusal"), str):
        return {"type": "text", "text": part["refusal"]}
    if kind in ("image_url", "input_audio", "file"):
        raise RequestError(400, f"{where}: models here read text only", param=where, code="unsupported")
    return part
