"""The body of a request for a response."""

from __future__ import annotations

from ...openapi.bodies import MODEL, OBJECT, SWITCH, TEXT, Body, Schema, ignored, said
from .requests import ECHOED, REFUSED, WITHOUT_EFFECT


def _tagged(kind: str, required: tuple[str, ...], **members: Schema) -> Schema:
    """An object that says of which type it is."""
    return {"type": "object", "required": ["type", *required], "properties": {"type": {"const": kind}, **members}}


def _parts(kind: str) -> Schema:
    return {"anyOf": [TEXT, {"type": "array", "items": _tagged(kind, ("text",), text=TEXT)}]}


ITEM: Schema = {
    "anyOf": [
        {
            "type": "object",
            "required": ["role", "content"],
            "properties": {
                "type": {"const": "message"},
                "role": {"enum": ["user", "system", "developer"]},
                "content": _parts("input_text"),
            },
        },
        {
            "type": "object",
            "required": ["role", "content"],
            "properties": {
                "type": {"const": "message"},
                "role": {"const": "assistant"},
                "content": _parts("output_text"),
            },
        },
        _tagged("function_call", ("call_id", "name", "arguments"), call_id=TEXT, name=TEXT, arguments=TEXT),
        _tagged("function_call_output", ("call_id", "output"), call_id=TEXT, output=_parts("input_text")),
        _tagged("reasoning", (), content={"type": "array", "items": _tagged("reasoning_text", ("text",), text=TEXT)}),
        _tagged("item_reference", ("id",), id=TEXT),
    ]
}
TOOL = _tagged(
    "function",
    ("name",),
    name=TEXT,
    description=TEXT,
    parameters=said("A JSON Schema of its arguments.", OBJECT),
    strict={"type": "boolean", "default": True},
)
CHOICE: Schema = {
    "anyOf": [
        {"enum": ["auto", "none", "required"], "default": "auto"},
        _tagged("function", ("name",), name=TEXT),
        _tagged(
            "allowed_tools",
            ("tools",),
            mode={"enum": ["auto", "required"], "default": "auto"},
            tools={"type": "array", "items": _tagged("function", ("name",), name=TEXT)},
        ),
    ]
}
FORMAT: Schema = {
    "anyOf": [
        _tagged("text", ()),
        _tagged("json_object", ()),
        _tagged("json_schema", ("schema",), name=TEXT, description=TEXT, schema=OBJECT, strict={"type": "boolean"}),
    ]
}
METADATA: Schema = {
    "type": "object",
    "maxProperties": 16,
    "propertyNames": {"maxLength": 64},
    "additionalProperties": {**TEXT, "maxLength": 512},
}
RESPONSE = Body(
    "ResponseRequest",
    "A response that is asked for. Either input or previous_response_id is needed.",
    {
        "model": MODEL,
        "input": said("What is said: a text, or items.", {"anyOf": [TEXT, {"type": "array", "items": ITEM}]}),
        "instructions": said("What stands before all else.", TEXT),
        "previous_response_id": said("A stored response that this one continues.", TEXT),
        "stream": said("Send events while it is written.", SWITCH),
        "background": said("Go on without the client.", SWITCH),
        "store": said("Keep it, so that it can be read again.", {"type": "boolean", "default": True}),
        "metadata": said("Kept with it.", METADATA),
        "truncation": said(
            "auto: leave out the oldest turns of what is too long.",
            {"enum": ["auto", "disabled"], "default": "disabled"},
        ),
        "max_output_tokens": said("How many tokens to generate at most.", {"type": "integer", "minimum": -1}),
        "max_tool_calls": said("For tools that there are none of here.", {"type": "integer"}),
        "tools": said("Functions that the model may ask to call.", {"type": "array", "items": TOOL}),
        "tool_choice": CHOICE,
        "text": {"type": "object", "properties": {"format": FORMAT}},
        "reasoning": {
            "type": "object",
            "properties": {"effort": {"enum": ["none", "minimal", "low", "medium", "high", "xhigh"]}, "summary": {}},
        },
        "include": said("What to tell beside the text.", {"type": "array", "items": TEXT}),
        **ignored((*WITHOUT_EFFECT, *ECHOED), "OpenAI's"),
    },
    required=("model",),
    engine="chat_request",
    without=(*REFUSED, "messages", "n_predict"),
    example={"model": "smollm2", "input": "Why is the sky blue?", "max_output_tokens": 50},
)
BODIES = (RESPONSE,)


def _query(**parameters: Schema) -> dict[str, object]:
    """For `openapi_extra` of a path operation, whose query has these."""
    named = [{"name": name, "in": "query", "schema": schema} for name, schema in parameters.items()]
    return {"parameters": named}


READING = _query(
    stream=said("Read its events, if it was made in the background.", SWITCH),
    starting_after=said("The number of the last event that is known.", {"type": "integer", "minimum": -1}),
)
LISTING = _query(
    limit={"type": "integer", "minimum": 1, "maximum": 100, "default": 20},
    order={"enum": ["asc", "desc"], "default": "desc"},
    after=said("The id of the last item that is known.", TEXT),
)
