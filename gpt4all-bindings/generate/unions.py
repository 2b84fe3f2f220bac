"""Unions, for languages that have few of them: which are sealed, and what a type of the language leaves open."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from generate.definitions import Alias, Alternatives, Array, Choice, Field, Object, Reference, Tuple, Type
from generate.description import Description


def kinds(type: Type) -> list[str]:
    """The objects of a union that a constant tells apart; none for another type."""
    if not isinstance(type, Alternatives) or type.discriminator is None:
        return []
    names = [variant.name for variant in type.variants if isinstance(variant, Reference)]
    return names if len(names) == len(type.variants) else []


def unions_of(description: Description) -> dict[str, list[str]]:
    """By object, the unions of which it is a kind."""
    found: dict[str, list[str]] = {}
    for each in description.definitions:
        if isinstance(each, Alias):
            for name in kinds(each.type):
                found.setdefault(name, []).append(each.name)
    return found


def constants(object: Object, fields: tuple[Field, ...]) -> dict[str, str]:
    """What an object that a caller gives always has, by field, so that nobody has to give it."""
    return {
        field.name: str(field.type.values[0])
        for field in fields
        if object.given and field.required and isinstance(field.type, Choice) and len(field.type.values) == 1
    }


@dataclass(frozen=True)
class Words:
    """Says what a language's type does not: the values of a choice, and the types that its type for anything may be."""

    description: Description
    type_of: Callable[[Type], str]
    list_of: str  # how the language writes a list, "List<{}>"
    vague: tuple[str, ...]  # the language's types that do not say what they hold, that for texts among them
    names_aliases: bool = False  # whether the language has names for types that are not objects

    def told(self, type: Type) -> str:
        """A sentence, or nothing where the type says all."""
        if isinstance(type, Reference):
            target = self.description.definition(type.name)
            if self.names_aliases or isinstance(target, Object):
                return ""
            return self.told(target.type)
        if isinstance(type, Choice):
            return f"One of {', '.join(json.dumps(value) for value in type.values)}."
        if isinstance(type, Array) and isinstance(type.items, Choice):
            return f"Each is {self.told(type.items).replace('One', 'one', 1)}"
        if isinstance(type, Tuple):
            return f"A list of {' and '.join(self.name(item) for item in type.items)}."
        if isinstance(type, Alternatives) and not kinds(type):
            return f"One of {', '.join(self.name(variant) for variant in type.variants)}."
        return ""

    def name(self, type: Type) -> str:
        """A type of the language as far as it has one, and otherwise words."""
        if isinstance(type, Array):
            return self.list_of.format(self.name(type.items))
        kind = self.type_of(type)
        told = self.told(type)[:-1].removeprefix("One of ") if kind in self.vague else ""
        return (f"({told})" if " " in told else told) or kind
