"""Bodies of Anthropic's requests."""

from __future__ import annotations

from ..openapi.bodies import MODEL, OBJECT, SWITCH, TEXT, TEXTS, Body, Schema, ignored, said
from .requests import REFUSED, WITHOUT_EFFECT


def _block(kind: str, *required: str, **members: Schema) -> Schema:
    return {"type": "object", "required": ["type", *required], "properties": {"type": {"const": kind}, **members}}


TEXT_BLOCK = _block("text", "text", text=TEXT)


def _content(*blocks: Schema) -> Schema:
    return {"anyOf": [TEXT, {"type": "array", "items": {"anyOf": list(blocks)}}]}


DOCUMENT = _block(
    "document", "source", source=_block("text", "data", media_type=TEXT, data=TEXT), title=TEXT, context=TEXT
)
RESULT = _block(
    "tool_result", "tool_use_id", tool_use_id=TEXT, content=_content(TEXT_BLOCK), is_error={"type": "boolean"}
)
USE = _block("tool_use", "id", "name", "input", id=TEXT, name=TEXT, input=OBJECT)
THINKING = _block("thinking", "thinking", thinking=TEXT, signature=TEXT)
MESSAGES: Schema = {
    "type": "array",
    "minItems": 1,
    "items": {
        "anyOf": [
            {
                "type": "object",
                "required": ["role", "content"],
                "properties": {"role": {"const": "user"}, "content": _content(TEXT_BLOCK, DOCUMENT, RESULT)},
            },
            {
                "type": "object",
                "required": ["role", "content"],
                "properties": {"role": {"const": "assistant"}, "content": _content(TEXT_BLOCK, THINKING, USE)},
            },
        ]
    },
}
TOOL: Schema = {
    "type": "object",
    "required": ["name", "input_schema"],
    "properties": {
        "type": {"const": "custom"},
        "name": TEXT,
        "description": TEXT,
        "input_schema": said("A JSON Schema of its arguments.", OBJECT),
    },
}
CHOICE: Schema = {
    "type": "object",
    "required": ["type"],
    "properties": {
        "type": {"enum": ["auto", "any", "tool", "none"]},
        "name": said("Of the tool, for the type tool.", TEXT),
        "disable_parallel_tool_use": SWITCH,
    },
}
CONVERSATION: dict[str, Schema] = {
    "model": MODEL,
    "messages": said("The conversation so far. A last one of the assistant's is continued.", MESSAGES),
    "system": said("What stands before all else.", _content(TEXT_BLOCK)),
    "tools": said("What the model may ask to call.", {"type": "array", "items": TOOL}),
    "tool_choice": CHOICE,
    "thinking": {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"enum": ["enabled", "adaptive", "disabled"]},
            "budget_tokens": said("Most tokens to think; needed for enabled.", {"type": "integer", "minimum": 1}),
            "display": {"enum": ["summarized", "omitted"]},
        },
    },
    "output_config": {
        "type": "object",
        "properties": {
            "effort": {"enum": ["low", "medium", "high", "xhigh", "max"]},
            "format": _block("json_schema", "schema", schema=OBJECT),
        },
    },
    "context_management": said("Only what drops nothing.", OBJECT),
    **ignored(WITHOUT_EFFECT, "Anthropic's"),
}
# What Anthropic's API has another name for, or its answers no place.
OTHERWISE = (
    "logprobs",
    "max_completion_tokens",
    "n",
    "n_predict",
    "parallel_tool_calls",
    "response_format",
    "return_progress",
    "return_tokens",
    "stop",
    "thinking_budget_tokens",
    "top_logprobs",
)
MESSAGE = Body(
    "MessageRequest",
    "A conversation, whose next message is asked for.",
    {
        **CONVERSATION,
        "max_tokens": said("How many tokens to generate at most.", {"type": "integer", "minimum": 1}),
        "stop_sequences": said("Texts that end the answer.", TEXTS),
        "stream": said("Send events while it is written.", SWITCH),
    },
    required=("model", "max_tokens", "messages"),
    engine="chat_request",
    without=(*OTHERWISE, *REFUSED),
    example={"model": "smollm2", "max_tokens": 50, "messages": [{"role": "user", "content": "Why is the sky blue?"}]},
)
COUNT = Body(
    "CountTokensRequest",
    "A conversation, whose tokens are to be counted.",
    CONVERSATION,
    required=("model", "messages"),
)
BODIES = (MESSAGE, COUNT)
