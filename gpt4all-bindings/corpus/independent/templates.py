"""Prompts of conversations, by jinja2 as transformers sets it up."""

from __future__ import annotations

import json
from typing import Any

import jinja2.ext
import jinja2.meta
import jinja2.sandbox

from .model_files import ModelFile
from .values import Json, OneOf
from .vocabulary import Vocabulary


def refuse(message: str) -> None:
    raise jinja2.TemplateError(message)


def environment_of() -> jinja2.Environment:
    environment = jinja2.sandbox.ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[jinja2.ext.loopcontrols]
    )
    environment.filters["tojson"] = lambda item, **_: json.dumps(item, ensure_ascii=False)
    environment.globals["raise_exception"] = refuse
    return environment


def compile_template(source: str) -> jinja2.Template:
    return environment_of().from_string(source)


def source_of(file: ModelFile, options: Json) -> str:
    """The template that a model was opened with, or its own."""
    return str(options.get("chat_template") or file.value("tokenizer.chat_template"))


def variables(file: ModelFile, options: Json) -> set[str]:
    """What a template asks for."""
    return jinja2.meta.find_undeclared_variables(environment_of().parse(source_of(file, options)))


def render(file: ModelFile, vocabulary: Vocabulary, options: Json, request: Json) -> str:
    """The prompt of a chat's request. options: those that the model was opened with.

    Raises jinja2.TemplateError if the template cannot be parsed or refuses the conversation.
    """
    template = compile_template(source_of(file, options))
    messages = [plain(message) for message in request["messages"]]
    goes_on = messages[-1]["role"] == "assistant" and request.get("continue_final_message", False)
    prompt = template.render(
        messages=messages,
        add_generation_prompt=request.get("add_generation_prompt", True) and not goes_on,
        bos_token=name(vocabulary, "bos"),
        eos_token=name(vocabulary, "eos"),
        **({"tools": request["tools"]} if request.get("tools") else {}),
        **{**options.get("chat_template_kwargs", {}), **request.get("chat_template_kwargs", {})},
    )
    if goes_on:  # what closes the last message is left out
        content = messages[-1]["content"]
        return prompt[: prompt.rindex(content) + len(content)]
    return prompt


def shown(file: ModelFile, vocabulary: Vocabulary, options: Json, request: Json) -> OneOf:
    """The prompt, with or without the special token that is put before it when it becomes tokens."""
    prompt = render(file, vocabulary, options, request)
    return OneOf(prompt, prompt.removeprefix(name(vocabulary, "bos")))


def tokens(file: ModelFile, vocabulary: Vocabulary, options: Json, request: Json) -> list[int]:
    """The prompt's tokens, with one special token at the beginning if the model wants that."""
    bos = name(vocabulary, "bos")
    prompt = render(file, vocabulary, options, request)
    starts = vocabulary.encode("x", add_special=True)[:1] == [vocabulary.special("bos")]
    return vocabulary.encode(prompt.removeprefix(bos) if starts else prompt, add_special=True)


def name(vocabulary: Vocabulary, role: str) -> str:
    index = vocabulary.special(role)
    return "" if index is None else vocabulary.texts[index]


def plain(message: Json) -> Json:
    """A message as templates take it: its parts joined, and the arguments of calls as objects."""
    made: Json = dict(message)
    if isinstance(message.get("content"), list):
        made["content"] = "".join(part["text"] for part in message["content"])
    calls: list[Any] = []
    for call in message.get("tool_calls", []):
        function = {**call["function"], "arguments": json.loads(call["function"]["arguments"])}
        calls.append({**call, "function": function})
    return {**made, **({"tool_calls": calls} if calls else {})}
