"""Tools whose arguments are hard to keep to, in each of the ways in which templates write them."""

from __future__ import annotations

from typing import Any

HARD_TEXTS = ["celsius", 'say "hi"', "two\nlines", "</tool_call>", "it's", "<b>&amp;</b>", "é ü 漢 😀", "null", "12"]


def _tool(name: str, properties: dict[str, Any], required: list[str] | None = None, **more: Any) -> dict[str, Any]:
    parameters = {
        "type": "object",
        "properties": properties,
        "required": list(properties) if required is None else required,
        "additionalProperties": False,
        **more,
    }
    return {"type": "function", "function": {"name": name, "description": f"Does {name}.", "parameters": parameters}}


TEXTS = _tool(
    "set_texts",
    {
        "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
        "hard": {"enum": HARD_TEXTS},
        "code": {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3}$"},
        "day": {"type": "string", "format": "date"},
        "name": {"type": "string", "minLength": 2, "maxLength": 12},
        "note": {"type": "string"},
    },
)
NUMBERS = _tool(
    "set_numbers",
    {
        "count": {"type": "integer", "minimum": -3, "maximum": 250},
        "share": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
        "step": {"type": "integer", "minimum": 0, "maximum": 100, "multipleOf": 5},
        "on": {"type": "boolean"},
        "exactly": {"const": 7},
    },
)
NESTED = _tool(
    "place_order",
    {
        "order": {
            "type": "object",
            "properties": {
                "id": {"type": "string", "format": "uuid"},
                "lines": {
                    "type": "array",
                    "minItems": 1,
                    "maxItems": 2,
                    "items": {
                        "type": "object",
                        "properties": {"item": {"enum": HARD_TEXTS}, "pieces": {"type": "integer", "minimum": 1}},
                        "required": ["item", "pieces"],
                        "additionalProperties": False,
                    },
                },
            },
            "required": ["id", "lines"],
            "additionalProperties": False,
        },
        "tags": {"type": "array", "items": {"type": "string", "pattern": "^[a-z]+$"}, "maxItems": 3},
    },
)
OPTIONAL = _tool(
    "search",
    {
        "limit": {"type": "integer", "minimum": 1, "maximum": 9},
        "query": {"type": "string", "minLength": 1},
        "sort": {"type": "string", "enum": ["up", "down"]},
        "zip": {"anyOf": [{"type": "string", "pattern": "^[0-9]{5}$"}, {"type": "null"}]},
    },
    ["query"],
)
ALL_OPTIONAL = _tool("reset", {"hard": {"type": "boolean"}, "why": {"type": "string", "maxLength": 8}}, [])
REFERRING = _tool(
    "paint",
    {"colour": {"$ref": "#/$defs/Colour"}, "size": {"$ref": "#/$defs/Size"}},
    None,
    **{"$defs": {"Colour": {"enum": ["red", "green"]}, "Size": {"type": "integer", "minimum": 1, "maximum": 5}}},
)
ITEM = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "size": {"enum": [1, 2, "big"]},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2},
    },
    "required": ["name"],
    "additionalProperties": False,
}
TREE = {
    "type": "object",
    "properties": {"leaf": {"type": "integer"}, "trees": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}},
    "required": ["leaf"],
    "additionalProperties": False,
}
STRUCTURES = _tool(
    "arrange",
    {
        "item": {"$ref": "#/$defs/Item"},
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}, "minItems": 1, "maxItems": 2},
        "other": {"anyOf": [{"$ref": "#/$defs/Item"}, {"type": "null"}]},
        "sizes": {"anyOf": [{"type": "array", "items": {"type": "integer"}}, {"type": "null"}]},
        "tree": {"$ref": "#/$defs/Tree"},
    },
    ["item", "items", "tree"],
    **{"$defs": {"Item": ITEM, "Tree": TREE}},
)
NULL = _tool("forget", {"nothing": {"type": "null"}, "unit": {"enum": ["all", "one"]}}, ["nothing"])
NOTHING = {"type": "function", "function": {"name": "ping", "description": "Does ping."}}
EMPTY = _tool("pong", {})

# Names of which one begins another are among them.
SETS: dict[str, list[dict[str, Any]]] = {
    "texts": [TEXTS],
    "numbers": [NUMBERS],
    "nested": [NESTED],
    "optional": [OPTIONAL],
    "all optional": [ALL_OPTIONAL],
    "referring": [REFERRING],
    "structures": [STRUCTURES],
    "null": [NULL],
    "nothing": [NOTHING],
    "several": [TEXTS, NUMBERS, OPTIONAL, ALL_OPTIONAL, NOTHING, EMPTY, _tool("ping_all", {"n": {"type": "integer"}})],
}
