"""Requests that are nearly right: whatever is wrong with them is told, and is never the server's fault."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from .conftest import TEXT, TOOLS, Served

ROUNDS = 150
SCHEMA = {"type": "object", "properties": {"city": {"enum": ["Rome"]}}, "required": ["city"]}
JUNK: list[Any] = [
    None,
    True,
    -1,
    0.5,
    10**30,
    1e308,
    "",
    "auto",
    "text",
    "\0",
    "\ud83d",
    [],
    {},
    [None],
    [[]],
    [{}],
    {"type": "text"},
    {"type": ["text"]},
    {"a": {"b": [1]}},
]
MESSAGES: dict[str, Any] = {
    "model": TOOLS,
    "max_tokens": 2,
    "system": [{"type": "text", "text": "Be kind."}],
    "tools": [{"name": "weather", "description": "It", "input_schema": SCHEMA}],
    "tool_choice": {"type": "tool", "name": "weather", "disable_parallel_tool_use": True},
    "thinking": {"type": "enabled", "budget_tokens": 5},
    "output_config": {"effort": "low"},
    "messages": [
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm", "signature": "x"},
                {"type": "tool_use", "id": "1", "name": "weather", "input": {"city": "Rome"}},
            ],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "1", "content": "Sunny"}]},
    ],
}
RESPONSE: dict[str, Any] = {
    "model": TOOLS,
    "max_output_tokens": 2,
    "instructions": "Be kind.",
    "metadata": {"a": "b"},
    "tools": [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": True}],
    "tool_choice": {"type": "allowed_tools", "mode": "auto", "tools": [{"type": "function", "name": "weather"}]},
    "reasoning": {"effort": "low", "summary": "auto"},
    "include": ["message.output_text.logprobs"],
    "input": [
        {"role": "user", "content": [{"type": "input_text", "text": "Hi"}]},
        {"type": "reasoning", "id": "r", "summary": [], "content": [{"type": "reasoning_text", "text": "Hm"}]},
        {"type": "function_call", "call_id": "1", "name": "weather", "arguments": '{"city": "Rome"}'},
        {"type": "function_call_output", "call_id": "1", "output": [{"type": "input_text", "text": "Sunny"}]},
    ],
}
FORMED = {"model": TEXT, "input": "Hi", "text": {"format": {"type": "json_schema", "name": "x", "schema": SCHEMA}}}
BODIES: dict[str, list[dict[str, Any]]] = {
    "/v1/messages": [MESSAGES, {**MESSAGES, "stream": True}],
    "/v1/messages/count_tokens": [{name: value for name, value in MESSAGES.items() if name != "max_tokens"}],
    "/v1/responses": [
        RESPONSE,
        {**RESPONSE, "stream": True},
        {**RESPONSE, "background": True},
        {**FORMED, "max_output_tokens": 2},
    ],
    "/v1/responses/input_tokens": [RESPONSE, FORMED],
}


def places(value: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if before and before != ("model",):
        yield before
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, child in children:
        yield from places(child, (*before, name))


def mutated(body: dict[str, Any], chance: random.Random) -> dict[str, Any]:
    made = copy.deepcopy(body)
    for _ in range(chance.choice((1, 1, 2))):
        *way, last = chance.choice(list(places(made)))
        inner: Any = made
        for name in way:
            inner = inner[name]
        if chance.random() < 0.8:
            inner[last] = copy.deepcopy(chance.choice(JUNK))
        else:
            del inner[last]
    return made


@pytest.mark.parametrize("path", BODIES)
def test_no_request_is_the_servers_fault(served: Served, path: str) -> None:
    chance = random.Random(path)
    for body in BODIES[path]:
        assert served.post(path, body).status_code == 200
    for _ in range(ROUNDS):
        text = json.dumps(mutated(chance.choice(BODIES[path]), chance))
        headers = {"Content-Type": "application/json"}
        answer = requests.post(served.address + path, data=text, headers=headers, timeout=60)
        assert answer.status_code in (200, 400, 404), (text, answer.text)
        if answer.status_code != 200:
            assert answer.json()["error"]["message"], text
