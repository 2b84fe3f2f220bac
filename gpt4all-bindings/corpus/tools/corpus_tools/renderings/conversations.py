"""Conversations of every kind that a chat template may meet: requests of the operation apply_template."""

from __future__ import annotations

import json
from typing import Any

Json = dict[str, Any]

SYSTEM = {"role": "system", "content": "Be kind, and brief."}
QUESTION = {"role": "user", "content": "How warm is Rome?"}

# Numbers as they are in practice, and such as no double holds.
PARAMETERS: Json = {
    "type": "object",
    "properties": {
        "place": {"type": "string", "description": 'Where? A town\'s name, in <its> language & "exactly" – 東京 🗼'},
        "lat": {"type": "number", "minimum": -89.9999999, "maximum": 89.9999999, "multipleOf": 1e-7},
        "id": {"type": "integer", "minimum": -9223372036854775808, "maximum": 18446744073709551615},
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
        "days": {"type": "array", "items": {"type": "integer"}, "default": None},
        "exact": {"type": "boolean", "description": "To the last digit.", "default": True},
        "factor": {"type": "number", "description": "By which.", "default": 1e22, "examples": [0.1, 2.0, 1e-5, 1e16]},
    },
    "required": ["place", "lat"],
}
BIG: Json = {"type": "object", "properties": {"n": {"type": "integer", "maximum": 2**70}}, "required": ["n"]}


def tool(name: str, parameters: Json) -> Json:
    return {
        "type": "function",
        "function": {"name": name, "description": f"What {name} knows.", "parameters": parameters},
    }


TOOLS = [tool("weather", PARAMETERS), tool("count", BIG)]


def call(identifier: str, name: str, arguments: Any) -> Json:
    return {"id": identifier, "type": "function", "function": {"name": name, "arguments": json.dumps(arguments)}}


NESTED = call(
    "abcdef123",
    "weather",
    {
        "place": 'Roma ’n’ "Ostia"',
        "lat": 48.856614123,
        "id": 18446744073709551615,
        "opts": {"round": True, "to": None, "steps": [1, 2.0, 0.1, "x", [], {}], "sum": 1234567.89},
        "exact": False,
    },
)
CALLED = {"role": "assistant", "content": "", "tool_calls": [NESTED]}
ANSWERED = {"role": "tool", "tool_call_id": "abcdef123", "name": "weather", "content": '{"degrees": 21.5}'}
WITH_TOOLS: Json = {"tools": TOOLS, "tool_choice": "auto"}

CONVERSATIONS: dict[str, Json] = {
    "question": {"messages": [QUESTION]},
    "turns": {
        "messages": [
            SYSTEM,
            QUESTION,
            {"role": "assistant", "content": "  Warm.\n\n"},
            {"role": "user", "content": "\n And Oslo?  "},
        ]
    },
    "unicode": {
        "messages": [
            {"role": "system", "content": "\u3000Ünïcode ÄÖß – 日本語\u00a0"},
            {"role": "user", "content": "  é日本🙂 text — \u2028ÄÖß𝒳 "},
            {"role": "assistant", "content": "🙂🙃 ſǅ"},
            {"role": "user", "content": "👩‍👩‍👧 {{ x }} {% y %} \"quoted\" 'single' \\n"},
        ]
    },
    "empty": {
        "messages": [{"role": "user", "content": ""}, {"role": "assistant", "content": ""}, QUESTION],
    },
    "closed": {
        "messages": [SYSTEM, QUESTION, {"role": "assistant", "content": "Warm."}],
        "add_generation_prompt": False,
    },
    "continued": {
        "messages": [SYSTEM, QUESTION, {"role": "assistant", "content": "It is e"}],
        "continue_final_message": True,
    },
    "parts": {
        "messages": [
            {"role": "system", "content": [{"type": "text", "text": "Be kind."}]},
            {"role": "user", "content": [{"type": "text", "text": "One"}, {"type": "text", "text": "Two 🙂"}]},
        ]
    },
    "tools": {"messages": [SYSTEM, QUESTION], **WITH_TOOLS},
    "call": {"messages": [QUESTION, CALLED, ANSWERED], **WITH_TOOLS},
    "calls": {
        "messages": [
            SYSTEM,
            QUESTION,
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    call("call00001", "weather", {"place": "Rome", "lat": -0.0, "id": 9223372036854775808}),
                    call("call00002", "count", {"n": 2**80, "small": -(2**63), "e": 1e100, "f": 123456789012345.6}),
                ],
            },
            {"role": "tool", "tool_call_id": "call00001", "name": "weather", "content": "sunny"},
            {"role": "tool", "tool_call_id": "call00002", "name": "count", "content": "1208925819614629174706176"},
            {"role": "assistant", "content": "Sunny."},
            {"role": "user", "content": "Thanks"},
        ],
        **WITH_TOOLS,
    },
    "reasoning": {
        "messages": [
            SYSTEM,
            QUESTION,
            {"role": "assistant", "content": "Hello", "reasoning_content": "They greet.\nSo do I."},
            {"role": "user", "content": "Again"},
        ]
    },
    "reasoning_call": {
        "messages": [QUESTION, {**CALLED, "reasoning_content": "I must look."}, ANSWERED],
        **WITH_TOOLS,
    },
    "thinking": {"messages": [SYSTEM, QUESTION], "chat_template_kwargs": {"enable_thinking": True}},
    "not_thinking": {"messages": [QUESTION], "chat_template_kwargs": {"enable_thinking": False}},
    "absent": {
        "messages": [
            QUESTION,
            {"role": "assistant", "tool_calls": [call("abcdef123", "count", {})]},
            {"role": "tool", "tool_call_id": "abcdef123", "content": ""},
        ],
        "tools": [{"type": "function", "function": {"name": "count"}}],
    },
}
