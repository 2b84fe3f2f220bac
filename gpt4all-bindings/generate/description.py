"""All that llmodel.h and the schema say, which an emitter turns into a language's source."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from generate.declarations import Header
from generate.definitions import Alias, Field, Object, Reference, Type


@dataclass(frozen=True)
class Operation:
    """What llmodel_submit() can be asked for."""

    name: str
    request: str
    result: str


@dataclass(frozen=True)
class Event:
    """What llmodel_next() gives, and what its data is."""

    name: str  # "tool_call"
    value: int
    data: Literal["none", "text", "floats", "json", "result"]  # a result is JSON of the operation's own definition
    definition: str  # of JSON
    documentation: str


@dataclass(frozen=True)
class Description:
    """Everything, for an emitter."""

    header: Header
    operations: tuple[Operation, ...]
    events: tuple[Event, ...]
    definitions: tuple[Object | Alias, ...]  # in the schema's order; those described within another stand before it

    def definition(self, name: str) -> Object | Alias:
        """A definition by its name in the schema."""
        found = next((each for each in self.definitions if each.name == name), None)
        if found is None:
            raise ValueError(f"the schema has no definition {name}")
        return found

    def object(self, name: str) -> Object:
        """A definition that is an object with fields."""
        found = self.resolve(Reference(name))
        target = self.definition(found.name) if isinstance(found, Reference) else None
        if not isinstance(target, Object):
            raise ValueError(f"{name} is no object with fields")
        return target

    def objects(self) -> Iterator[Object]:
        """The definitions that are objects."""
        return (each for each in self.definitions if isinstance(each, Object))

    def resolve(self, type: Type) -> Type:
        """The type behind aliases: a reference remains only where it leads to an object."""
        while isinstance(type, Reference):
            target = self.definition(type.name)
            if isinstance(target, Object):
                return Reference(target.name)
            type = target.type
        return type

    def fields(self, object: Object) -> tuple[Field, ...]:
        """All fields of an object, its bases' first, as the object has them: required where it says so."""
        found = {each.name: each for base in object.bases for each in self.fields(self.object(base))}
        found |= {each.name: each for each in object.fields}
        return tuple(
            dataclasses.replace(each, required=each.required or name in object.required) for name, each in found.items()
        )

    def documentation(self, field: Field) -> str:
        """A field's own documentation, or else that of what it refers to."""
        if field.documentation or not isinstance(field.type, Reference):
            return field.documentation
        return self.definition(field.type.name).documentation

    def to_json(self) -> dict[str, Any]:
        """All of it as JSON, for emitters that are not written in Python. Every union member has its "kind"."""
        return dataclasses.asdict(self)
