"""OpenAI's tool_choice of the type allowed_tools: the tools of which the model may choose."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import RequestError

ALLOWED = "allowed_tools"

Tools = Sequence[dict[str, Any]]


def allowed(tools: Tools, choice: dict[str, Any], where: str) -> tuple[list[dict[str, Any]], str]:
    """The tools that may be called, and whether one must be. Raises RequestError 400 for a choice that is none."""
    mode, named = choice.get("mode", "auto"), choice.get("tools")
    if mode not in ("auto", "required"):
        raise RequestError(400, f"{where}.mode must be auto or required", param=f"{where}.mode")
    if not isinstance(named, list) or not all(isinstance(tool, dict) for tool in named):
        raise RequestError(400, f"{where}.tools must name the tools that are allowed", param=f"{where}.tools")
    names = [_name(tool) for tool in named]
    known = [_name(tool) for tool in tools]
    for index, name in enumerate(names):
        if name is None or name not in known:
            place = f"{where}.tools[{index}]"
            raise RequestError(400, f"{place} names {name!r}, which is not one of tools", param=place)
    return [tool for tool in tools if _name(tool) in names], mode


def allow_tools(body: dict[str, Any]) -> None:
    """The same for /v1/chat/completions, where the choice is within another. Raises RequestError 400."""
    choice, tools = body.get("tool_choice"), body.get("tools")
    if not isinstance(choice, dict) or choice.get("type") != ALLOWED:
        return
    where = f"tool_choice.{ALLOWED}"
    if not isinstance(choice.get(ALLOWED), dict):
        raise RequestError(400, f"{where} must be an object", param=where)
    if not isinstance(tools, list) or not all(_is_function(tool) for tool in tools):
        raise RequestError(400, "tools must be functions, each with a name", param="tools")
    body["tools"], body["tool_choice"] = allowed(tools, choice[ALLOWED], where)


def _is_function(tool: Any) -> bool:
    return isinstance(tool, dict) and isinstance(tool.get("function"), dict) and _name(tool) is not None


def _name(tool: dict[str, Any]) -> str | None:
    """Chats name a function in a member, responses beside it."""
    function = tool.get("function", tool)
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None
