"""Prompts of conversations, by jinja2 as transformers sets it up, or in the way of a template that has a name."""

from __future__ import annotations

import json
import re
from typing import Any

import jinja2.ext
import jinja2.meta
import jinja2.sandbox

from .hugging_face import family
from .model_files import ModelFile
from .named_templates import TEMPLATES, default_name
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


def is_template(given: str) -> bool:
    """Whether it is a name, or shows anything of a conversation."""
    return given in TEMPLATES or "{{" in given or "{%" in given


def check_template(given: str) -> None:
    """Raises jinja2.TemplateError for Jinja that cannot be parsed."""
    if given not in TEMPLATES:
        compile_template(given)


def source_of(file: ModelFile, options: Json) -> str:
    """The template that a model was opened with, its own, or the name of the one that it gets for want of any."""
    given = options.get("chat_template") or file.value("tokenizer.chat_template")
    return str(given or default_name(family(file), file.value("tokenizer.ggml.tokens")))


def variables(file: ModelFile, options: Json) -> set[str]:
    """What a template asks for."""
    if source_of(file, options) in TEMPLATES:
        return set()
    return jinja2.meta.find_undeclared_variables(environment_of().parse(source_of(file, options)))


def render(file: ModelFile, vocabulary: Vocabulary, options: Json, request: Json) -> str:
    """The prompt of a chat's request. options: those that the model was opened with.

    Raises jinja2.TemplateError if the template cannot be parsed or refuses the conversation.
    """
    source = source_of(file, options)
    messages = [plain(message) for message in request["messages"]]
    goes_on = messages[-1]["role"] == "assistant" and request.get("continue_final_message", False)
    asks = request.get("add_generation_prompt", True) and not goes_on
    bos, eos = name(vocabulary, "bos"), name(vocabulary, "eos")
    if source in TEMPLATES:
        prompt = TEMPLATES[source](messages, bos, eos, asks)
    else:
        prompt = compile_template(source).render(
            messages=messages,
            add_generation_prompt=asks,
            bos_token=bos,
            eos_token=eos,
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
    """The prompt's tokens, with one special token at the beginning if the model wants that. Where messages name control
    tokens, these are only texts, unless the request says otherwise."""
    bos = name(vocabulary, "bos")
    veiled = {} if request.get("parse_special", False) else veils(vocabulary, request)
    shown = json.loads(replaced(json.dumps(request, ensure_ascii=False), veiled))
    prompt = render(file, vocabulary, options, shown)
    starts = vocabulary.encode("x", add_special=True)[:1] == [vocabulary.special("bos")]
    prompt = prompt.removeprefix(bos) if starts else prompt
    if not veiled:
        return vocabulary.encode(prompt, add_special=True)
    names = sorted((vocabulary.texts[index] for index in vocabulary.control), key=len, reverse=True)
    made = vocabulary.encode("", add_special=True)
    for piece in re.split("(" + "|".join(map(re.escape, names)) + ")", prompt):
        text = replaced(piece, {veil: spelt for spelt, veil in veiled.items()})
        made += [vocabulary.ids[text]] if piece in names else vocabulary.encode(text, parse_special=False)
    return made


def veils(vocabulary: Vocabulary, request: Json) -> dict[str, str]:
    """For each control token that a request names, what stands for its name while the template is applied."""
    said = json.dumps(request, ensure_ascii=False)
    named = [index for index in vocabulary.control if vocabulary.texts[index] in said]
    return {vocabulary.texts[index]: f"\ue000{index}\ue001" for index in named}


def replaced(text: str, by: dict[str, str]) -> str:
    for old in sorted(by, key=len, reverse=True):
        text = text.replace(old, by[old])
    return text


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
