"""Calls of tools as Hermes models write them: what may be written, and what it says."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema

from .generation import Answer
from .schema_regex import SPACE, schema_regex
from .values import Json, NotCoveredError, OneOf, Partial, Unknown

CALL = re.compile(r"\s*<tool_call>\s*(?P<call>\{.*\})\s*</tool_call>\s*", re.DOTALL)


def tools_of(request: Json) -> dict[str, Json]:
    """The parameters' schemas of the tools that must be called; empty if none must."""
    tools = {tool["function"]["name"]: tool["function"]["parameters"] for tool in request.get("tools", [])}
    choice = request.get("tool_choice", "auto")
    if isinstance(choice, dict):
        return {choice["function"]["name"]: tools[choice["function"]["name"]]}
    return tools if choice == "required" else {}


def call_regex(request: Json) -> str | None:
    """What the answer must look like if a call is demanded: one call."""
    calls = []
    for name, parameters in tools_of(request).items():
        parts = [f'"name"{SPACE}:{SPACE}"{name}"', f'"arguments"{SPACE}:{SPACE}{schema_regex(parameters)}']
        calls.append(f"\\{{{SPACE}{f'{SPACE},{SPACE}'.join(parts)}{SPACE}\\}}")
    return f"{SPACE}<tool_call>{SPACE}({'|'.join(calls)}){SPACE}</tool_call>{SPACE}" if calls else None


def message_of(answer: Answer, request: Json) -> Json:
    """The message, and why it ended, of a chat's answer."""
    if not tools_of(request):
        # where tools may be called, what is around the text is space between calls
        text = answer.text if isinstance(answer.text, Unknown) or not request.get("tools") else stripped(answer.text)
        return {"message": {"content": text}}
    found = CALL.fullmatch(answer.text)
    if found is None:
        raise NotCoveredError(f"no whole call was written: {answer.text!r}")
    call: Any = json.loads(found["call"])
    jsonschema.validate(call["arguments"], tools_of(request)[call["name"]])
    arguments = found["call"][found["call"].index(":", found["call"].index('"arguments"')) + 1 : -1].strip()
    made = {"type": "function", "function": {"name": call["name"], "arguments": arguments}}
    return {"message": {"content": None, "tool_calls": [made]}, "finish_reason": "tool_calls"}


def forced_call(request: Json) -> Json:
    """What is known of the call of the one tool that must be called where more than one text is right."""
    (name,) = tools_of(request)
    function = {"name": name, "arguments": Unknown("more than one text is right")}
    return Partial(message=Partial(tool_calls=[Partial(type="function", function=function)]))


def stripped(text: str) -> OneOf:
    return OneOf(text, text.strip())
