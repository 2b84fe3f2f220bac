"""Anthropic's requests as the engine's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import RequestError
from ..openai.bodies import refuse, take
from . import content

# What Anthropic caches, bills and routes by. It changes no answer here.
WITHOUT_EFFECT = (
    "cache_control",
    "inference_geo",
    "metadata",
    "service_tier",
    "speed",
    "user_profile_id",
    "workspace_id",
)
REFUSED = {
    "container": "this server runs no code",
    "mcp_servers": "this server asks nobody else; give the tools themselves",
}
CHOICES = {"auto": "auto", "any": "required", "none": "none"}


@dataclass(frozen=True)
class Asked:
    """A request, read.

    body: for the engine. stream: whether events are asked for. thinking: whether the answer shows what was thought.
    """

    body: dict[str, Any]
    stream: bool
    thinking: bool


def translate(given: dict[str, Any], limit: int | None = None) -> Asked:
    """The engine's chat request. What it has of its own, such as seed, passes.

    limit: of tokens that may be generated. Raises RequestError 400.
    """
    max_tokens = given.get("max_tokens")
    if not isinstance(max_tokens, int) or isinstance(max_tokens, bool) or max_tokens < 1:
        raise RequestError(400, "max_tokens: a whole number of at least 1 is required", param="max_tokens")
    body, thinking = conversation(given)
    stream = take(body, "stream", bool, False)
    body["max_tokens"] = max_tokens if limit is None else min(max_tokens, limit)
    stops = take(body, "stop_sequences", list, [])
    if stops:
        body["stop"] = stops
    if body["messages"] and body["messages"][-1]["role"] == "assistant":
        body["continue_final_message"] = True
    return Asked(body, stream, thinking)


def conversation(given: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    """The part that counts for the prompt, with all that is not ours to read; and whether thoughts are shown.

    Raises RequestError 400.
    """
    body = {name: value for name, value in given.items() if name not in WITHOUT_EFFECT}
    refuse(body, REFUSED)
    _take_context_management(body)
    messages = take(body, "messages", list)
    if not messages:
        raise RequestError(400, "messages: at least one message is required", param="messages")
    system = take(body, "system", (str, list))
    body["messages"] = content.system(system) + content.messages(messages)
    _take_tools(body)
    _take_output(body)
    return body, _take_thinking(body)


def counted(given: dict[str, Any]) -> dict[str, Any]:
    """The engine's request to count tokens. Raises RequestError 400."""
    body, _ = conversation(given)
    body.pop("thinking_budget_tokens", None)
    body.pop("parallel_tool_calls", None)
    return body


def _take_context_management(body: dict[str, Any]) -> None:
    """Only what drops nothing, which is what Claude Code asks for."""
    given = take(body, "context_management", dict, {})
    edits = given.get("edits") or []
    if not isinstance(edits, list) or not all(isinstance(edit, dict) and edit.get("keep") == "all" for edit in edits):
        raise RequestError(
            400,
            "context_management: this server drops nothing; send the messages that are to be read",
            code="unsupported",
        )


def _take_tools(body: dict[str, Any]) -> None:
    tools = take(body, "tools", list, [])
    choice = take(body, "tool_choice", dict, {"type": "auto"})
    if not tools:
        if choice.get("type") not in ("auto", "none"):
            raise RequestError(400, "tool_choice: there are no tools to choose from", param="tool_choice")
        return
    body["tools"] = [_tool(index, tool) for index, tool in enumerate(tools)]
    kind = choice.get("type")
    if kind == "tool":
        body["tool_choice"] = {"type": "function", "function": {"name": choice.get("name")}}
    elif isinstance(kind, str) and kind in CHOICES:
        body["tool_choice"] = CHOICES[kind]
    else:
        raise RequestError(400, "tool_choice.type: it must be auto, any, tool or none", param="tool_choice")
    if choice.get("disable_parallel_tool_use"):
        body["parallel_tool_calls"] = False


def _tool(index: int, tool: Any) -> dict[str, Any]:
    if not isinstance(tool, dict):
        raise RequestError(400, f"tools.{index}: it must be an object", param="tools")
    kind = tool.get("type") or "custom"
    if kind != "custom":
        raise RequestError(
            400,
            f"tools.{index}.type: {kind!r} runs on Anthropic's servers, or in a form that only its models know; tools "
            "here have a name, a description and an input_schema",
            param="tools",
        )
    if not isinstance(tool.get("name"), str):
        raise RequestError(400, f"tools.{index}.name: it is required", param="tools")
    if not isinstance(tool.get("input_schema"), dict):
        raise RequestError(400, f"tools.{index}.input_schema: it is required", param="tools")
    if tool.get("input_examples"):
        raise RequestError(400, f"tools.{index}.input_examples: put them into the description", param="tools")
    function = {"name": tool["name"], "parameters": tool["input_schema"]}
    if tool.get("description") is not None:
        function["description"] = tool["description"]
    return {"type": "function", "function": function}


def _take_output(body: dict[str, Any]) -> None:
    """output_config: how much to think, and the form of the answer."""
    output = {**take(body, "output_config", dict, {})}
    older = take(body, "output_format", dict)  # its name while it was being tried
    if older is not None and output.setdefault("format", older) != older:
        raise RequestError(400, "output_format: output_config.format means the same; give only one of them")
    _known(output, "output_config", ("effort", "format"))
    if output.get("effort") is not None:
        effort = output["effort"]
        body["reasoning_effort"] = "xhigh" if effort == "max" else effort  # the most that there is
    form = output.get("format")
    if form is None:
        return
    if not isinstance(form, dict) or form.get("type") != "json_schema" or not isinstance(form.get("schema"), dict):
        raise RequestError(400, "output_config.format: it must be of the type json_schema, and have a schema")
    body["response_format"] = {"type": "json_schema", "json_schema": {"schema": form["schema"]}}


def _take_thinking(body: dict[str, Any]) -> bool:
    """Whether thoughts are shown. Without `thinking` there are none, where the model's template knows a way."""
    given = "thinking" in body
    thinking = take(body, "thinking", dict, {"type": "disabled"})
    _known(thinking, "thinking", ("type", "budget_tokens", "display"))
    kind = thinking.get("type")
    if kind == "disabled":
        body["reasoning_effort"] = "none" if given else body.get("reasoning_effort", "none")
        return False
    if kind not in ("enabled", "adaptive"):
        raise RequestError(400, "thinking.type: it must be enabled, adaptive or disabled", param="thinking")
    if kind == "enabled":
        budget = thinking.get("budget_tokens")
        if not isinstance(budget, int) or isinstance(budget, bool) or budget < 1:
            raise RequestError(
                400, "thinking.budget_tokens: a whole number of at least 1 is required", param="thinking"
            )
        body["thinking_budget_tokens"] = budget
    variables = take(body, "chat_template_kwargs", dict, {})
    body["chat_template_kwargs"] = {"enable_thinking": True, **variables}
    return bool(thinking.get("display") != "omitted")


def _known(given: Mapping[str, Any], what: str, names: tuple[str, ...]) -> None:
    for name, value in given.items():
        if name not in names and value is not None:
            raise RequestError(400, f"{what}.{name}: it is not supported", param=what)
