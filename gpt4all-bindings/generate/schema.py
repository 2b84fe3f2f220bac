"""Reads llmodel.schema.json into definitions. Refuses keywords of JSON Schema that it does not know.

Objects that are described in place, within another definition, become definitions of their own, named after the place.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from generate.definitions import Alias, Alternatives, Array, Choice, Field, Map, Object, Reference, Scalar, Tuple, Type

Node = dict[str, Any]

# What each kind of schema may have. Whatever else comes up is to be decided upon, not passed over.
NOTES = {"description", "default"}
NUMBER = {"minimum", "maximum", "exclusiveMinimum"}
STRING = {"minLength", "maxLength"}
ARRAY = {"items", "minItems", "maxItems", "prefixItems"}
OBJECT = {"properties", "required", "additionalProperties", "unevaluatedProperties", "allOf", "anyOf", "oneOf"}
KEYWORDS = {"string": STRING, "integer": NUMBER, "number": NUMBER, "boolean": set[str](), "null": set[str]()}
KEYWORDS |= {"array": ARRAY, "object": OBJECT}

# Of objects of a union that share a constant's place: what a reader would call them.
NAMES = {"message_system_or_developer_or_user": "message_input"}


class SchemaError(ValueError):
    """The schema has something that the generators do not understand. Says where."""


def read(path: Path) -> tuple[Object | Alias, ...]:
    """The definitions in a file."""
    return parse(json.loads(path.read_text(encoding="utf-8")))


def parse(schema: Node) -> tuple[Object | Alias, ...]:
    """A schema's definitions. Raises SchemaError for what is not understood."""
    unknown = set(schema) - {"$schema", "$id", "title", "description", "$defs"}
    if unknown:
        raise SchemaError(f"the schema has {', '.join(sorted(unknown))} at its top, which is not understood")
    return _Reader(schema["$defs"]).read()


class _Reader:
    """Walks the schema once; what it has made lies in `made`, by name."""

    def __init__(self, nodes: Node) -> None:
        self.nodes = nodes
        self.made: dict[str, Object | Alias] = {}
        self.received = self._reachable(("_result", "_event", "build_info"))
        self.given = self._reachable(("_request", "_options"))
        self.owner = ""

    def _reachable(self, endings: tuple[str, ...]) -> set[str]:
        found: set[str] = set()
        left = [name for name in self.nodes if name.endswith(endings)]
        while left:
            name = left.pop()
            if name not in found:
                found.add(name)
                if name not in self.nodes:
                    raise SchemaError(f"$defs/{name} is referred to and not there")
                left += re.findall(r'"#/\$defs/(\w+)"', json.dumps(self.nodes[name]))
        return found

    def read(self) -> tuple[Object | Alias, ...]:
        for name, node in self.nodes.items():
            self.owner = name
            if not name.isidentifier() or name != name.lower():
                raise SchemaError(f"$defs/{name}: names are in lower case, with underscores")
            if self._is_object(node):
                self._object(name, node, "")
            else:
                given, received = name in self.given, name in self.received
                self._add(Alias(name, node.get("description", ""), "", given, received, self._type(node, name)))
        return tuple(self.made.values())

    def _add(self, definition: Object | Alias) -> None:
        if definition.name in self.made or (definition.owner and definition.name in self.nodes):
            raise SchemaError(f"{definition.name} is the name of two definitions: give one of them another in NAMES")
        self.made[definition.name] = definition

    def _is_object(self, node: Node) -> bool:
        return node.get("type") == "object" and ("properties" in node or "allOf" in node)

    def _check(self, node: Node, allowed: set[str], place: str) -> None:
        if unknown := set(node) - allowed - NOTES:
            raise SchemaError(f"{place}: {', '.join(sorted(unknown))} is not understood here")

    # ------------------------------------------------------------------------------------------------------- objects

    def _object(self, name: str, node: Node, owner: str) -> Reference:
        self._check(node, OBJECT | {"type"}, name)
        closed = False in (node.get("additionalProperties"), node.get("unevaluatedProperties"))
        if set(map(str, (node.get("additionalProperties"), node.get("unevaluatedProperties")))) - {"None", "False"}:
            raise SchemaError(f"{name}: an object with fields has no others, or may have any")
        bases = tuple(self._base(part, name) for part in node.get("allOf", ()))
        required = tuple(node.get("required", ()))
        fields = tuple(
            self._field(key, value, f"{name}_{key}", key in required)
            for key, value in node.get("properties", {}).items()
        )
        self._check_required(name, node, required)
        sets = {key: tuple(self._required_set(part, name) for part in node.get(key, ())) for key in ("oneOf", "anyOf")}
        self._add(
            Object(
                name=name,
                documentation=node.get("description", ""),
                owner=owner,
                given=self.owner in self.given,
                received=self.owner in self.received,
                fields=fields,
                bases=bases,
                required=required,
                one_of=sets["oneOf"],
                any_of=sets["anyOf"],
                open=not closed,
            )
        )
        return Reference(name)

    def _base(self, part: Node, name: str) -> str:
        if set(part) != {"$ref"}:
            raise SchemaError(f"{name}: allOf has references only")
        return self._target(part["$ref"], name)

    def _required_set(self, part: Node, name: str) -> tuple[str, ...]:
        if set(part) != {"required"}:
            raise SchemaError(f"{name}: the alternatives of an object say what is required, and nothing else")
        return tuple(part["required"])

    def _check_required(self, name: str, node: Node, required: tuple[str, ...]) -> None:
        known = self._keys(node)
        if missing := [key for key in required if key not in known]:
            raise SchemaError(f"{name}: {', '.join(missing)} is required, and no field")

    def _keys(self, node: Node) -> set[str]:
        inherited = (self._keys(self.nodes[self._target(part["$ref"], "")]) for part in node.get("allOf", ()))
        return set(node.get("properties", {})).union(*inherited)

    def _field(self, name: str, node: Node, place: str, required: bool) -> Field:
        type, nullable = without_null(self._type(node, place))
        default = node.get("default")
        return Field(name, type, required, nullable, node.get("description", ""), "default" in node, default)

    # --------------------------------------------------------------------------------------------------------- types

    def _target(self, reference: str, place: str) -> str:
        name = reference.removeprefix("#/$defs/")
        if name not in self.nodes:
            raise SchemaError(f"{place}: {reference} is not there")
        return name

    def _type(self, node: Node, place: str) -> Type:
        if "$ref" in node:
            self._check(node, {"$ref"}, place)
            return Reference(self._target(node["$ref"], place))
        for key in ("const", "enum"):
            if key in node:
                self._check(node, {key}, place)
                values = [node[key]] if key == "const" else node[key]
                if not values or not all(isinstance(value, (str, int, bool)) for value in values):
                    raise SchemaError(f"{place}: the values of {key} are texts, integers, true and false")
                return Choice(tuple(values))
        if "type" not in node:
            if "anyOf" not in node:
                raise SchemaError(f"{place}: there is no type")
            self._check(node, {"anyOf"}, place)
            return self._alternatives(node["anyOf"], place)
        kinds = [node["type"]] if isinstance(node["type"], str) else node["type"]
        if unknown := [kind for kind in kinds if kind not in KEYWORDS]:
            raise SchemaError(f"{place}: {unknown[0]} is no type")
        self._check(node, {"type"}.union(*(KEYWORDS[kind] for kind in kinds)), place)
        found = [self._of_kind(kind, node, place) for kind in kinds]
        return found[0] if len(found) == 1 else Alternatives(tuple(found))

    def _of_kind(self, kind: str, node: Node, place: str) -> Type:
        if kind == "array":
            return self._array(node, place)
        if kind == "object":
            if self._is_object(node):
                return self._object(NAMES.get(place, place), node, self.owner)
            self._check(node, {"type", "additionalProperties", *STRING}, place)
            values = node.get("additionalProperties", True)
            return Map(self._type(values, f"{place}_value") if isinstance(values, dict) else Scalar("any"))
        low, high, above = (node.get(key) for key in ("minimum", "maximum", "exclusiveMinimum"))
        if kind in ("integer", "number"):
            return Scalar("integer" if kind == "integer" else "number", low, high, above)
        if kind == "string":
            return Scalar("string", min_length=node.get("minLength"), max_length=node.get("maxLength"))
        return Scalar("boolean" if kind == "boolean" else "null")

    def _array(self, node: Node, place: str) -> Type:
        if "prefixItems" in node:
            count = len(node["prefixItems"])
            if "items" in node or node.get("minItems") != count or node.get("maxItems") != count:
                raise SchemaError(f"{place}: an array with prefixItems has as many items as these")
            return Tuple(tuple(self._type(item, place) for item in node["prefixItems"]))
        if "items" not in node:
            raise SchemaError(f"{place}: an array says what its items are")
        items = self._type(node["items"], place.removesuffix("s"))
        return Array(items, node.get("minItems"), node.get("maxItems"))

    def _alternatives(self, variants: list[Node], place: str) -> Alternatives:
        objects = [variant for variant in variants if self._is_object(variant)]
        discriminator = self._discriminator(objects) if len(objects) > 1 else None
        if len(objects) > 1 and discriminator is None:
            raise SchemaError(f"{place}: no field tells its objects apart")
        found = []
        for variant in variants:
            name = place
            if discriminator and variant in objects:
                chosen = variant["properties"][discriminator]
                name = f"{place}_{'_or_'.join([chosen['const']] if 'const' in chosen else chosen['enum'])}"
            found.append(self._type(variant, name))
        return Alternatives(tuple(found), discriminator)

    def _discriminator(self, objects: list[Node]) -> str | None:
        """The required field whose constants differ from object to object."""
        for key in objects[0]["properties"]:
            values = [each["properties"].get(key, {}) for each in objects]
            texts = [
                text for each in values for text in ([each["const"]] if "const" in each else each.get("enum", [None]))
            ]
            if all(key in each.get("required", ()) for each in objects) and len(set(texts)) == len(texts):
                return key if all(isinstance(text, str) for text in texts) else None
        return None


def without_null(type: Type) -> tuple[Type, bool]:
    """A type less null, and whether null was one of its values."""
    if isinstance(type, Scalar) and type.kind == "null":
        return type, True
    if not isinstance(type, Alternatives):
        return type, False
    left = tuple(each for each in type.variants if not (isinstance(each, Scalar) and each.kind == "null"))
    if len(left) == len(type.variants):
        return type, False
    return left[0] if len(left) == 1 else Alternatives(left, type.discriminator), True
