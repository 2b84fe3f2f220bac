"""Prompts by jinja2, as transformers sets it up, of the messages as llama.cpp hands them to the template."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
import jinja2.sandbox

Json = dict[str, Any]

TAG = "[the message goes on from here]"
BOS, EOS = "<s>", "</s>"


class Generation(jinja2.ext.Extension):
    """{% generation %}, which marks what a model is trained to write, and shows it as it is."""

    tags = {"generation"}  # noqa: RUF012 - jinja2 declares it as an attribute of instances

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return jinja2.nodes.CallBlock(self.call_method("_shown"), [], [], body).set_lineno(line)

    def _shown(self, caller: Callable[[], str]) -> str:
        return caller()


def _tojson(
    value: object,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def environment() -> jinja2.Environment:
    """As transformers has it."""
    made = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols, Generation]
    )
    made.filters["tojson"] = _tojson
    made.globals["raise_exception"] = _raise_exception
    made.globals["strftime_now"] = lambda form: datetime.now().strftime(form)
    return made


def prompt(source: str, request: Json, capabilities: Mapping[str, bool]) -> str:
    """A request's prompt. capabilities: what llama.cpp takes the template for, by which it hands messages to it.

    Raises jinja2.TemplateError if the template refuses, and whatever Python does if it cannot be run.
    """
    messages = [_as_handed(message, capabilities) for message in request["messages"]]
    if not capabilities["supports_system_role"] and messages[0]["role"] == "system" and len(messages) > 1:
        messages[1]["content"] = messages[0]["content"] + "\n" + messages[1]["content"]
        messages = messages[1:]
    continues = request.get("continue_final_message", False)
    if continues:
        _tag(messages[-1])
    variables: Json = {"tools": [_described(tool) for tool in request["tools"]]} if "tools" in request else {}
    made = (
        environment()
        .from_string(source)
        .render(
            messages=messages,
            add_generation_prompt=request.get("add_generation_prompt", True) and not continues,
            bos_token=BOS,
            eos_token=EOS,
            date_string=datetime.now().strftime("%d %b %Y"),
            datetime=datetime.now().strftime("%b %d %Y"),
            **variables,
            **request.get("chat_template_kwargs", {}),
        )
    )
    return made[: made.rindex(TAG)] if continues else made


def _tag(message: Json) -> None:
    if isinstance(message["content"], list):
        message["content"][-1]["text"] += TAG
    else:
        message["content"] += TAG


def _as_handed(message: Json, capabilities: Mapping[str, bool]) -> Json:
    content = message.get("content") or ""
    string, typed = capabilities["supports_string_content"], capabilities["supports_typed_content"]
    if isinstance(content, list) and string and not typed:
        content = "\n".join(part["text"] for part in content)
    if isinstance(content, str) and typed and not string:
        content = [{"type": "text", "text": content}]
    elif isinstance(content, list):
        content = [dict(part) for part in content]
    made = {"role": message["role"], "content": content}
    made |= {key: message[key] for key in ("reasoning_content", "name", "tool_call_id") if key in message}
    if "tool_calls" in message:
        made["tool_calls"] = [_call(call, capabilities["supports_object_arguments"]) for call in message["tool_calls"]]
    return made


def _call(call: Json, as_object: bool) -> Json:
    arguments = call["function"]["arguments"]
    function = {"name": call["function"]["name"], "arguments": json.loads(arguments) if as_object else arguments}
    return {"type": "function", "function": function, "id": call["id"]}


def _described(tool: Json) -> Json:
    function = tool["function"]
    return {
        "type": "function",
        "function": {
            "name": function["name"],
            "description": function.get("description", ""),
            "parameters": function.get("parameters", {}),
        },
    }
