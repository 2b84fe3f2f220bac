"""What requests may contain. This is for the document alone: whoever reads a body checks it, and then the engine."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

Schema = dict[str, Any]
"""A JSON Schema."""

PLACE = "#/components/schemas/"

TEXT: Schema = {"type": "string"}
TEXTS: Schema = {"type": "array", "items": TEXT}
SWITCH: Schema = {"type": "boolean", "default": False}
OBJECT: Schema = {"type": "object"}
MODEL: Schema = {**TEXT, "minLength": 1, "description": "The model's name, or its file's in the store."}


def said(description: str, schema: Schema) -> Schema:
    """A schema with a description."""
    return {**schema, "description": description}


def reference(name: str) -> Schema:
    """What has a name of its own in the document."""
    return {"$ref": PLACE + name}


def ignored(names: Collection[str], whose: str) -> dict[str, Schema]:
    """Members that are taken because an API's clients send them."""
    return {name: {"description": f"Taken for {whose} clients; it changes no answer here."} for name in sorted(names)}


@dataclass(frozen=True)
class Body:
    """An object, in the document under its name.

    own: its members, but for those that it has from the engine. required: those that must be given.
    engine: the definition in the engine's schema that has the others. taken: which of them, under the name that they
    have here; None: all of them. without: those of them that it does not have.
    """

    name: str
    description: str
    own: Mapping[str, Schema]
    required: Collection[str] = ()
    engine: str = ""
    taken: Mapping[str, str] | None = None
    without: Collection[str] = ()
    example: Mapping[str, Any] = field(default_factory=dict)

    def operation(self, stream: str = "") -> dict[str, Any]:
        """For `openapi_extra` of a path operation that reads it. stream: the kind of stream that may answer it."""
        content = {"application/json": {"schema": reference(self.name)}}
        made: dict[str, Any] = {"requestBody": {"required": bool(self.required), "content": content}}
        if stream:
            made["responses"] = {"200": {"content": {stream: {"schema": TEXT}}}}
        return made

    def schema(self, definitions: Mapping[str, Schema]) -> Schema:
        """Its schema. definitions: the engine's. What they refer to still is "#/$defs/NAME"."""
        engine = members(definitions, self.engine) if self.engine else {}
        if self.taken is not None:
            engine = {name: engine[theirs] for name, theirs in self.taken.items()}
        kept = {name: schema for name, schema in engine.items() if name not in self.without}
        made: Schema = {
            "type": "object",
            "title": self.name,
            "description": self.description,
            # The own ones first: a client looks for them.
            "properties": {**self.own, **{name: schema for name, schema in kept.items() if name not in self.own}},
            "additionalProperties": False,
        }
        if self.required:
            made["required"] = list(self.required)
        if self.example:
            made["examples"] = [dict(self.example)]
        return made


def members(definitions: Mapping[str, Schema], name: str) -> dict[str, Schema]:
    """All members of an object in the engine's schema, with those of the parts that it is put together from."""
    definition = definitions[name]
    collected: dict[str, Schema] = {}
    for part in definition.get("allOf", []):
        collected |= members(definitions, part["$ref"].rsplit("/", 1)[1])
    collected |= definition.get("properties", {})
    return collected
