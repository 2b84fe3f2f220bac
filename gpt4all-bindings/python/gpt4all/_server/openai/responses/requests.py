"""Requests for a response as the engine's."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ...errors import Failure, RequestError
from ...inference import now
from ..bodies import limit_tokens, refuse, take
from ..ids import new_id
from ..tools import ALLOWED, allowed
from .items import Item, messages, read_items
from .store import Shelf

REFUSED = {
    "context_management": "send the items that are to be read",
    "conversation": "use previous_response_id, or send the whole conversation as input",
    "max_completion_tokens": "use max_output_tokens",
    "max_tokens": "use max_output_tokens",
    "messages": "use input",
    "moderation": "this server asks nobody else",
    "n": "there is one answer to a request",
    "prompt": "this server keeps no prompts; send the input itself",
    "reasoning_effort": "use reasoning.effort",
    "response_format": "use text.format",
}
# What OpenAI bills, routes, caches or hides by. It changes no answer here.
WITHOUT_EFFECT = ("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention", "stream_options")
ECHOED = ("service_tier", "safety_identifier", "user")
LOGPROBS = "message.output_text.logprobs"
# What comes only with tools or input that are refused, or is given as it is: what a model thinks is never encrypted.
INCLUDABLE = re.compile(
    r"(file_search|web_search|code_interpreter|computer)_call.*|message\.input_image\..*|reasoning\.encrypted_content"
)
METADATA = (16, 64, 512)  # pairs, and characters of a name and of a value
# The engine's names for what a client has under another.
NAMES = [
    ("max_tokens", "max_output_tokens"),
    ("reasoning_effort", "reasoning.effort"),
    ("response_format.json_schema", "text.format"),
    ("response_format", "text.format"),
    ("messages", "input"),
]


@dataclass(frozen=True)
class Asked:
    """A request, read.

    body: for the engine. head: what the response repeats of it. context: all items that the model reads, of
    which the oldest may be left out if truncate is set.
    """

    body: dict[str, Any]
    head: dict[str, Any]
    context: list[Item]
    stream: bool
    background: bool
    store: bool
    truncate: bool


def translate(given: dict[str, Any], model: str, shelf: Shelf, limit: int | None) -> Asked:
    """Reads a request for a model. What the engine has of its own, such as seed, passes.

    limit: of tokens that may be generated. Raises RequestError 400, and 404 for what is not on the shelf.
    """
    refuse(given, REFUSED)
    body = {name: value for name, value in given.items() if name not in WITHOUT_EFFECT}
    head = {
        "id": new_id("resp_"),
        "object": "response",
        "created_at": now(),
        "model": model,
        **{name: body.pop(name, None) for name in ECHOED},
    }
    stream = take(body, "stream", bool, False)
    background = head["background"] = take(body, "background", bool, False)
    store = head["store"] = take(body, "store", bool, shelf.keeps)
    if background or store:
        shelf.check("background" if background else "store")
    if background and not store:
        raise RequestError(400, "a response in the background must be stored: leave store out", param="store")
    head["metadata"] = _metadata(take(body, "metadata", dict, {}))
    truncation = head["truncation"] = take(body, "truncation", str, "disabled")
    if truncation not in ("auto", "disabled"):
        raise RequestError(400, "truncation must be auto or disabled", param="truncation")
    context = _take_context(body, head, shelf)
    for name in ("temperature", "top_p"):
        head[name] = body.get(name)
    head["max_tool_calls"] = take(body, "max_tool_calls", int)  # of tools that are refused
    head["max_output_tokens"] = take(body, "max_output_tokens", int)
    if head["max_output_tokens"] is not None:
        body["max_tokens"] = head["max_output_tokens"]
    limit_tokens(body, limit)
    _take_tools(body, head)
    _take_text(body, head)
    _take_reasoning(body, head)
    _take_logprobs(body, head)
    return Asked(body, head, context, stream, background, store, truncation == "auto")


def counted(asked: Asked) -> dict[str, Any]:
    """The engine's request to count the tokens that it would read."""
    kept = ("messages", "tools", "tool_choice", "response_format", "reasoning_effort", "chat_template_kwargs")
    return {name: asked.body[name] for name in kept if name in asked.body}


def _metadata(given: dict[str, Any]) -> dict[str, str]:
    pairs, of_name, of_value = METADATA
    fits = all(
        isinstance(value, str) and len(name) <= of_name and len(value) <= of_value for name, value in given.items()
    )
    if len(given) > pairs or not fits:
        raise RequestError(
            400,
            f"metadata may have {pairs} pairs of a name of up to {of_name} characters and a text of up to {of_value}",
            param="metadata",
        )
    return given


def _take_context(body: dict[str, Any], head: dict[str, Any], shelf: Shelf) -> list[Item]:
    """Puts together what the model reads: instructions, what went before, and the input."""
    instructions = head["instructions"] = take(body, "instructions", str)
    previous = head["previous_response_id"] = take(body, "previous_response_id", str)
    context: list[Item] = []
    if previous is not None:
        before = shelf.find(previous, param="previous_response_id")
        if not before.done:
            raise RequestError(400, f"{previous} has not ended yet", param="previous_response_id")
        context += before.context + before.response["output"]
    if "input" in body:
        context += read_items(body.pop("input"), shelf.item)
    elif previous is None:
        raise RequestError(400, "input is required", param="input")
    body["messages"] = engine_messages(instructions, context)
    if not body["messages"]:
        raise RequestError(400, "input has nothing that a model could answer", param="input")
    return context


def engine_messages(instructions: str | None, context: list[Item]) -> list[dict[str, Any]]:
    """All that the model reads. What stands before the first turn is one message: many templates know no second."""
    read = messages(context)
    before = list(itertools.takewhile(lambda message: message["role"] in ("system", "developer"), read))
    told = [text for text in (instructions, *(message["content"] for message in before)) if text]
    system = [{"role": "system", "content": "\n\n".join(told)}] if told else []
    return system + read[len(before) :]


def _take_tools(body: dict[str, Any], head: dict[str, Any]) -> None:
    tools = head["tools"] = take(body, "tools", list, [])
    choice = head["tool_choice"] = take(body, "tool_choice", (str, dict), "auto")
    parallel = take(body, "parallel_tool_calls", bool, True)
    head["parallel_tool_calls"] = parallel
    functions = [_tool(tool, f"tools[{index}]") for index, tool in enumerate(tools)]
    if isinstance(choice, dict) and choice.get("type") == ALLOWED:
        functions, choice = allowed(functions, choice, "tool_choice")
    elif isinstance(choice, dict):
        if choice.get("type") != "function":
            raise RequestError(400, "tool_choice can only name a function", param="tool_choice", code="unsupported")
        choice = {"type": "function", "function": {"name": choice.get("name")}}
    if functions or choice != "none":
        body["tool_choice"] = choice
    if functions:
        body["tools"] = functions
        if not parallel:  # otherwise as the template can
            body["parallel_tool_calls"] = False


def _tool(tool: Any, where: str) -> dict[str, Any]:
    if not isinstance(tool, dict):
        raise RequestError(400, f"{where} must be an object", param=where)
    if tool.get("type") != "function":
        raise RequestError(
            400,
            f"{where}: tools of the type {tool.get('type')!r} run on OpenAI's servers; those here are functions",
            param=where,
            code="unsupported",
        )
    kept = ("name", "description", "parameters", "strict")
    return {"type": "function", "function": {name: tool[name] for name in kept if tool.get(name) is not None}}


def _take_text(body: dict[str, Any], head: dict[str, Any]) -> None:
    text = take(body, "text", dict, {})
    form = text.get("format") or {"type": "text"}
    head["text"] = {"format": form}
    if not isinstance(form, dict):
        raise RequestError(400, "text.format must be an object", param="text.format")
    if form.get("type") == "json_schema":
        schema = {name: value for name, value in form.items() if name != "type" and value is not None}
        body["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif form.get("type") != "text":
        body["response_format"] = form


def _take_reasoning(body: dict[str, Any], head: dict[str, Any]) -> None:
    """What was thought is given whole, so that it needs no summary."""
    reasoning = take(body, "reasoning", dict, {})
    head["reasoning"] = {"effort": reasoning.get("effort"), "summary": None}
    if reasoning.get("effort") is not None:
        body["reasoning_effort"] = reasoning["effort"]


def _take_logprobs(body: dict[str, Any], head: dict[str, Any]) -> None:
    head["top_logprobs"] = body.get("top_logprobs", 0)
    include = take(body, "include", list, [])
    for name in include:
        if name != LOGPROBS and not (isinstance(name, str) and INCLUDABLE.fullmatch(name)):
            raise RequestError(400, f"include: {name!r} is not known", param="include")
    if LOGPROBS in include or "top_logprobs" in body:
        body["logprobs"] = True


def renamed(failure: Failure) -> Failure:
    """An error of the engine's, with the field at fault as the client knows it."""
    param = failure.param or ""
    for engine, client in NAMES:
        if param == engine or param.startswith((f"{engine}.", f"{engine}[")):
            rest = "" if client == "input" else param[len(engine) :]
            return replace(failure, param=client + rest)
    return failure


def query(given: Mapping[str, str], name: str, lowest: int, highest: int, default: int) -> int:
    """A number in a request's query. Raises RequestError 400."""
    text = given.get(name)
    if text is None:
        return default
    if not re.fullmatch(r"-?[0-9]{1,9}", text) or not lowest <= int(text) <= highest:
        raise RequestError(400, f"{name} must be a number from {lowest} to {highest}", param=name)
    return int(text)
