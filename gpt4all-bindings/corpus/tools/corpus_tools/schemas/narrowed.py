"""Where our grammars admit less than a schema allows, on purpose: see "Which keywords hold" in docs/response-format.md.

A model writes one of many valid answers; it is asked for the form that the schema's author most likely means.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "boolean",
    type(None): "null",
    int: "number",
    float: "number",
}
MEANT = {
    "object": ("properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "contains", "unevaluatedItems"),
    "string": ("minLength", "maxLength", "pattern", "format"),
    "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}
MORE = {"object": ("maxProperties", "dependentRequired", "dependentSchemas", "dependencies", "unevaluatedProperties")}


def _schemas(schema: Any) -> Iterator[Mapping[str, Any]]:
    """Whatever may be a schema in it, itself first."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from _schemas(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _schemas(value)


def _values(value: Any) -> Iterator[Any]:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _values(inner)


def _meant(schema: Mapping[str, Any]) -> set[str]:
    """The types of which a schema's keywords speak."""
    return {kind for kind, names in MEANT.items() if schema.keys() & {*names, *MORE.get(kind, ())}}


def reason(schema: Any, value: Any) -> str:
    """Why a valid value is not admitted; nothing if there is none."""
    every = list(_schemas(schema))
    outside, anywhere = _meant(schema), set().union(*(_meant(each) for each in every))
    if (outside and TYPES[type(value)] not in outside) or (
        anywhere and any(TYPES[type(inner)] not in anywhere for inner in _values(value))
    ):
        return "a schema without a type is for those of which its keywords speak"
    named = {name for each in every for key in ("properties", "const") for name in _names(each.get(key))}
    named |= {name for each in every for name in each.get("required", ()) if isinstance(name, str)}
    inside = [inner for inner in _values(value) if isinstance(inner, dict)]
    if any(inner.keys() - named for inner in inside):
        return "an object with properties gets no others unless the schema says which"
    if any("prefixItems" in each or isinstance(each.get("items"), list) for each in every) and isinstance(value, list):
        return "a list with prefixItems gets no more unless the schema says which"
    if any(_reordered(each.get("properties"), inner) for each in every for inner in inside):
        return "members come in the order of the properties"
    constants = [each["const"] for each in every if "const" in each]
    constants += [constant for each in every if isinstance(each.get("enum"), list) for constant in each["enum"]]
    if value in constants:
        return "a constant is written as the schema writes it"
    if any(isinstance(inner, float) and inner == int(inner) for inner in _values(value)):
        return "an integer is written as one"
    if any(isinstance(inner, (int, float)) and abs(inner) > 1e15 for inner in _values(value)):
        return "numbers that no limit asks for have up to fifteen digits"
    return ""


def _names(value: Any) -> tuple[str, ...]:
    return tuple(value) if isinstance(value, dict) else ()


def _reordered(properties: Any, value: Mapping[str, Any]) -> bool:
    order = [name for name in _names(properties) if name in value]
    return order != [name for name in value if name in order]


def spellings(value: Any) -> list[str]:
    """The ways to write a value that a grammar may have: with and without spaces."""
    compact = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return [json.dumps(value, ensure_ascii=False), compact]
