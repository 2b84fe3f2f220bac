"""Regular expressions of the texts that are valid under a JSON Schema, as far as the corpus's schemas need it."""

from __future__ import annotations

import json
import re
from typing import Any

from .values import Json, NotCoveredError

# How much space there may be between the parts of a JSON text, which the schema leaves open: after brackets, around
# colons, and after commas.
SPACE = "(| |\\n{1,2}[ \\t]{0,20})"
CHARACTER = r'([^"\\\x00-\x1F\x7F]|\\(["\\/bfnrt]|u[0-9a-fA-F]{4}))'


def schema_regex(schema: Json, root: Json | None = None) -> str:
    """Properties come in the order of the schema. Raises NotCoveredError for what is not needed here."""
    root = schema if root is None else root
    if "$ref" in schema:
        target: Any = root
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return schema_regex(target, root)
    if "const" in schema:
        return literal(schema["const"])
    if "enum" in schema:
        return f"({'|'.join(literal(value) for value in schema['enum'])})"
    if "anyOf" in schema:
        return f"({'|'.join(schema_regex(option, root) for option in schema['anyOf'])})"
    kind = schema["type"]
    if kind == "boolean":
        return "(true|false)"
    if kind == "null":
        return "null"
    if kind == "integer":
        return f"({'|'.join(str(value) for value in range(schema['minimum'], schema['maximum'] + 1))})"
    if kind == "string":
        if "pattern" in schema:
            return f'"{schema["pattern"].removeprefix("^").removesuffix("$")}"'
        return f'"{CHARACTER}{{{schema.get("minLength", 0)},{schema.get("maxLength", "")}}}"'
    if kind == "array":
        return array(schema_regex(schema["items"], root), schema.get("minItems", 0), schema.get("maxItems"))
    if kind == "object" and schema.get("additionalProperties") is False:
        return members({name: schema_regex(value, root) for name, value in schema["properties"].items()}, schema)
    raise NotCoveredError(f"no regular expression here for a schema of type {kind}")


def literal(value: Any) -> str:
    return re.escape(json.dumps(value, ensure_ascii=False, separators=(",", ":")))


def array(item: str, least: int, most: int | None) -> str:
    more = f"(,{SPACE}{item}){{{max(least - 1, 0)},{'' if most is None else most - 1}}}"
    return f"\\[{SPACE}{item + more if least else f'({item}{more})?'}{SPACE}\\]"


def members(properties: dict[str, str], schema: Json) -> str:
    if set(schema.get("required", [])) != set(properties):
        raise NotCoveredError("properties that may be left out")
    one = [f"{literal(name)}{SPACE}:{SPACE}{value}" for name, value in properties.items()]
    return f"\\{{{SPACE}{f',{SPACE}'.join(one)}{SPACE}\\}}"
