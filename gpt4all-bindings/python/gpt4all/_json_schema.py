"""Python's types as JSON Schemas."""

from __future__ import annotations

import enum
import functools
import inspect
import typing
from collections.abc import Mapping
from typing import Any

from ._errors import InvalidArgumentError, shown
from ._json_types import DICTS, LISTS, STRINGS, Member, Schema, is_pydantic, is_union, limits, members_of, plain

_SCALARS: dict[Any, Schema] = {
    str: {"type": "string"},
    int: {"type": "integer"},
    float: {"type": "number"},
    bool: {"type": "boolean"},
    type(None): {"type": "null"},
    None: {"type": "null"},
    Any: {},
    object: {},
}


class SchemaWriter:
    """Writes schemas that share their definitions, "$defs", which finish() adds to the outermost one."""

    def __init__(self) -> None:
        self._definitions: dict[str, Schema] = {}
        self._under_way: list[Any] = []
        self._recursive: dict[Any, str] = {}

    def finish(self, schema: Schema) -> Schema:
        return {**schema, "$defs": self._definitions} if self._definitions else schema

    def of(self, type_: Any) -> Schema:
        """The schema of a type. Raises InvalidArgumentError for one that JSON has no equivalent of."""
        type_ = plain(type_)
        if isinstance(type_, str):
            raise InvalidArgumentError(f"the type {shown(type_)} is only a name; give the type itself")
        with_arguments = typing.get_origin(type_), typing.get_args(type_)
        if with_arguments[0] is typing.Annotated:
            schema = self.of(with_arguments[1][0])
            return {**schema, **limits(schema, with_arguments[1][1:])}
        if is_union(type_):
            return {"anyOf": [self.of(variant) for variant in with_arguments[1]]}
        if with_arguments[0] is typing.Literal:
            return _enumeration([value.value if isinstance(value, enum.Enum) else value for value in with_arguments[1]])
        if is_pydantic(type_):
            return self._adopt(type_)
        return self._container(type_, *with_arguments) or self._simple(type_)

    def _simple(self, type_: Any) -> Schema:
        if isinstance(type_, type) and issubclass(type_, enum.Enum):
            return _enumeration([member.value for member in type_])
        members = members_of(type_)
        if members is not None:
            return self._object(type_, members)
        found = _SCALARS.get(type_) if _hashable(type_) else None
        if found is None and _hashable(type_) and type_ in STRINGS:
            found = STRINGS[type_][0]
        if found is None:
            raise InvalidArgumentError(
                f"{shown(type_)} cannot be described by a JSON Schema; use str, int, float, bool, None, Literal, Enum, "
                "Optional, list, dict, tuple, a dataclass, TypedDict or Pydantic model"
            )
        return dict(found)

    def _container(self, type_: Any, origin: Any, arguments: tuple[Any, ...]) -> Schema | None:
        kind = origin or type_
        if not _hashable(kind):
            return None
        if kind in LISTS:
            schema: Schema = {"type": "array"}
            if arguments:
                schema["items"] = self.of(arguments[0])
            if LISTS[kind] in (set, frozenset):
                schema["uniqueItems"] = True
            return schema
        if kind is tuple:
            if len(arguments) == 2 and arguments[1] is Ellipsis:
                return {"type": "array", "items": self.of(arguments[0])}
            if not arguments:
                return {"type": "array"}
            length = {"minItems": len(arguments), "maxItems": len(arguments)}
            return {"type": "array", "prefixItems": [self.of(item) for item in arguments], **length}
        if kind in DICTS:
            if arguments and plain(arguments[0]) not in (str, Any):
                raise InvalidArgumentError(f"{type_!r} cannot be described: keys in JSON must be str")
            return {"type": "object", "additionalProperties": self.of(arguments[1]) if arguments else True}
        return None

    def _object(self, type_: Any, members: Mapping[str, Member]) -> Schema:
        if type_ in self._under_way:
            name = self._recursive.setdefault(type_, self._name(type_.__name__))
            return {"$ref": f"#/$defs/{name}"}
        self._under_way.append(type_)
        schema = self.object_of(members)
        self._under_way.pop()
        if text := own_docstring(type_):
            schema = {"description": text, **schema}
        if type_ not in self._recursive:
            return schema
        self._definitions[self._recursive[type_]] = schema
        return {"$ref": f"#/$defs/{self._recursive[type_]}"}

    def object_of(self, members: Mapping[str, Member], descriptions: Mapping[str, str] | None = None) -> Schema:
        properties = {}
        for name, member in members.items():
            schema = self.of(member.type)
            if descriptions and name in descriptions:
                schema.setdefault("description", descriptions[name])
            if not member.required and isinstance(member.default, (str, int, float, bool)):
                default = member.default.value if isinstance(member.default, enum.Enum) else member.default
                schema["default"] = default
            properties[name] = schema
        required = [name for name, member in members.items() if member.required]
        return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}

    def _adopt(self, type_: Any) -> Schema:
        """A Pydantic model's schema. Its definitions become ours."""
        try:
            schema: Schema = type_.model_json_schema(schema_generator=_pydantic_generator())
        except Exception as error:  # Pydantic's own, of a field that JSON has no equivalent of
            raise InvalidArgumentError(f"{type_.__qualname__} cannot be described by a JSON Schema: {error}") from error
        for name, definition in schema.pop("$defs", {}).items():
            if self._definitions.setdefault(name, definition) != definition:
                raise InvalidArgumentError(f"two different types are called {name!r}; rename one of them")
        return schema

    def _name(self, wanted: str) -> str:
        names = {*self._definitions, *self._recursive.values()}
        number = 1
        while (name := wanted if number == 1 else f"{wanted}{number}") in names:
            number += 1
        return name


@functools.cache
def _pydantic_generator() -> Any:
    """Pydantic's own, except where it is too loose or too strict for an answer that it will read."""
    from pydantic.json_schema import GenerateJsonSchema

    class Generator(GenerateJsonSchema):
        def decimal_schema(self, schema: Any) -> Schema:
            """A number, which has all limits; the text that might be given instead has none."""
            made: Schema = super().decimal_schema(schema)
            numbers = [option for option in made.get("anyOf", []) if option.get("type") == "number"]
            if not numbers:
                return made
            digits, places = schema.get("max_digits"), schema.get("decimal_places")
            if digits is None or places is None:
                return {**numbers[0]}
            step = float(f"1e-{places}")
            most = float(f"{'9' * (digits - places) or '0'}.{'9' * places or '0'}")
            return {"minimum": -most, "maximum": most, "multipleOf": step, **numbers[0]}

    return Generator


def own_docstring(type_: Any) -> str:
    """What was written about a class, and not what a base class, dataclasses or TypedDict say of each."""
    text = inspect.cleandoc(type_.__dict__.get("__doc__") or "")
    return "" if text.startswith(f"{type_.__name__}(") else text


def schema_of(type_: Any) -> Schema:
    """The JSON Schema (draft 2020-12) of a type. Raises InvalidArgumentError."""
    writer = SchemaWriter()
    return writer.finish(writer.of(type_))


def _hashable(value: Any) -> bool:
    return getattr(type(value), "__hash__", None) is not None


def _enumeration(values: list[Any]) -> Schema:
    if any(value is not None and not isinstance(value, (str, int, float)) for value in values):
        raise InvalidArgumentError(
            f"{shown(values)} cannot be described: values of Literal and Enum must be JSON scalars"
        )
    kinds = {type(value) for value in values}
    kind = _SCALARS[kinds.pop()] if len(kinds) == 1 and next(iter(kinds)) in _SCALARS else {}
    return {**kind, "enum": values}
