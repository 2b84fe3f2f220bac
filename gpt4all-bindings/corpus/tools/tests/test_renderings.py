"""Chat templates render as jinja2 does, driven as transformers drives it, but for what is listed with a reason."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from corpus_tools.places import LLAMA_CPP
from corpus_tools.renderings import reference
from corpus_tools.renderings.compare import renderings
from corpus_tools.renderings.conversations import CONVERSATIONS
from corpus_tools.renderings.differences import listed_templates, of_expressions, of_template
from corpus_tools.renderings.expressions import EXPRESSIONS, STATEMENTS, VARIABLES
from corpus_tools.renderings.ours import Opened
from corpus_tools.renderings.page import PAGE, page
from gpt4all import LLModelError

TEMPLATES = {path.stem: path for path in sorted((LLAMA_CPP / "models" / "templates").glob("*.jinja"))}
SNIPPETS = {expression: "{{ " + expression + " }}" for expression in EXPRESSIONS} | STATEMENTS
MESSAGES = [{"role": "user", "content": "x"}]


def test_there_are_enough() -> None:
    assert len(TEMPLATES) >= 70
    assert len(CONVERSATIONS) >= 15
    assert listed_templates() <= set(TEMPLATES)
    assert set(of_expressions()) <= set(SNIPPETS)


def test_the_page_of_differences_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "python -m corpus_tools.renderings.page writes it again"


@pytest.mark.parametrize("name", TEMPLATES)
def test_template_renders_as_by_jinja2(name: str) -> None:
    made = list(renderings(TEMPLATES[name].read_text(encoding="utf-8")))
    different = {rendering.conversation: rendering for rendering in made if not rendering.same}
    listed = of_template(name)
    assert {key: rendering.kind for key, rendering in different.items()} == listed, "\n".join(
        rendering.difference() for key, rendering in different.items() if rendering.kind != listed.get(key)
    )


def _ours(source: str, variables: Mapping[str, Any]) -> str | None:
    conversation = "{%- if false %}{% for m in messages %}{{ m.role }}{{ m.content }}{% endfor %}{% endif -%}"
    try:
        with Opened(conversation + source) as opened:
            return opened.prompt({"messages": MESSAGES, "chat_template_kwargs": variables})
    except LLModelError:
        return None


def _reference(source: str, variables: Mapping[str, Any]) -> str | None:
    try:
        return reference.environment().from_string(source).render(messages=MESSAGES, **variables)
    except Exception:
        return None


@pytest.mark.parametrize("name", SNIPPETS)
def test_expression_is_as_in_jinja2(name: str) -> None:
    ours, wanted = _ours(SNIPPETS[name], VARIABLES), _reference(SNIPPETS[name], VARIABLES)
    if name in of_expressions():
        assert ours != wanted, "is listed, but does not differ"
    else:
        assert ours == wanted


SHOWING_ARGUMENTS = (
    "Qwen-Qwen2.5-7B-Instruct",
    "meta-llama-Llama-3.1-8B-Instruct",
    "Mistral-Small-3.2-24B-Instruct-2506",
)
LONG = (
    "18446744073709551616",
    "-9223372036854775809",
    "0.1000000000000000055511151231257827",
    "1e400",
    "3.14159265358979",
)


@pytest.mark.parametrize("number", LONG)
@pytest.mark.parametrize("name", SHOWING_ARGUMENTS)
def test_numbers_in_arguments_keep_their_digits(name: str, number: str) -> None:
    arguments = f'{{"n": [{number}, "{number}"]}}'
    call = {"id": "abcdef123", "type": "function", "function": {"name": "count", "arguments": arguments}}
    messages = [
        *MESSAGES,
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "abcdef123", "name": "count", "content": "1"},
    ]
    with Opened(TEMPLATES[name].read_text(encoding="utf-8")) as opened:
        prompt = opened.prompt({"messages": messages, "tools": CONVERSATIONS["tools"]["tools"]})
    assert arguments in prompt


def test_numbers_in_tools_keep_their_digits() -> None:
    parameters = {"type": "object", "properties": {"n": {"type": "integer", "enum": [2**64, -(2**100), 1]}}}
    tool = {"type": "function", "function": {"name": "count", "description": "d", "parameters": parameters}}
    with Opened(TEMPLATES["Qwen-Qwen2.5-7B-Instruct"].read_text(encoding="utf-8")) as opened:
        assert json.dumps(parameters) in opened.prompt({"messages": MESSAGES, "tools": [tool]})
