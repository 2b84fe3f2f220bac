"""Answers that are valid under a JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ._steps import CONTENT, REASON, SMOLLM2, TEXT, TINY, Json, case, equals, exact, greedy, open_, user

DESCRIPTION = "Answers that are valid under a JSON Schema."


def closed(**properties: Any) -> Json:
    """An object that has all these properties and no other."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


COLOUR = {"enum": ["red", "green", "blue"]}
SCHEMAS: dict[str, Json] = {
    "enum": COLOUR,
    "const": {"const": {"a": [1, "x", None]}},
    "boolean": {"type": "boolean"},
    "null": {"type": "null"},
    "integer": {"type": "integer", "minimum": 10, "maximum": 99},
    "text": {"type": "string", "minLength": 2, "maxLength": 5},
    "pattern": {"type": "string", "pattern": "^[a-c]{3}-[0-9]{2}$"},
    "array": {"type": "array", "items": COLOUR, "minItems": 2, "maxItems": 3},
    "object": closed(colour=COLOUR, sure={"type": "boolean"}),
    "nested": closed(inner=closed(colour=COLOUR, list={"type": "array", "items": {"type": "boolean"}, "maxItems": 2})),
    "any-of": {"anyOf": [{"const": "x"}, closed(y={"type": "boolean"})]},
    "definitions": {"$defs": {"pair": closed(a=COLOUR, b=COLOUR)}, "$ref": "#/$defs/pair"},
}
# Where the tiny model is asked something else than "hello": after it, two tokens that are allowed would be as good.
PROMPTS = {
    "array": "long question",
    "object": "red part",
    "nested": "long question",
    "any-of": "people answer",
    "definitions": "time paris",
}


def cases() -> Iterator[Json]:
    for name, schema in SCHEMAS.items():
        step = greedy(
            "complete",
            {"prompt": PROMPTS.get(name, "hello"), "json_schema": schema, "max_tokens": 120},
            *exact(TEXT),
            equals(REASON, "stop"),
        )
        yield case(f"tiny-{name}", f"A schema: {name}", TINY, open_(), step)
    # the real one likes several ways to set an object alike
    chats = (
        (TINY, "tiny", "cat dog", "object"),
        (SMOLLM2, "smollm2", "What is the colour of the sky on a clear day?", "enum"),
    )
    for model, name, asked, form_name in chats:
        form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMAS[form_name]}}
        fields = {"messages": user(asked), "response_format": form, "max_tokens": 60}
        yield case(
            f"{name}-chat",
            "As response_format of a chat",
            model,
            open_(),
            greedy("chat", fields, *exact(CONTENT), equals(REASON, "stop")),
        )
    for name, prompt in (("array", "Colours and numbers as JSON: "), ("integer", "10, 20, 30, 40, 50, ")):
        fields = {"prompt": prompt, "json_schema": SCHEMAS[name], "max_tokens": 60}
        yield case(
            f"smollm2-{name}",
            f"A real model: {name}",
            SMOLLM2,
            open_(),
            greedy("complete", fields, *exact(TEXT), equals(REASON, "stop")),
        )
