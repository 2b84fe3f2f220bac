"""What Python's types say of the JSON that they stand for: shared by json_schema.py and from_json.py."""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import pathlib
import types
import typing
import uuid
from collections.abc import Callable, Collection, Iterable, Mapping, MutableMapping, MutableSequence, Sequence, Set
from typing import Any

from ._errors import InvalidArgumentError

Schema = dict[str, Any]

# What JSON writes as a string: its schema, and how it is read.
STRINGS: dict[Any, tuple[Schema, Callable[[str], Any]]] = {
    datetime.datetime: ({"type": "string", "format": "date-time"}, datetime.datetime.fromisoformat),
    datetime.date: ({"type": "string", "format": "date"}, datetime.date.fromisoformat),
    datetime.time: ({"type": "string", "format": "time"}, datetime.time.fromisoformat),
    uuid.UUID: ({"type": "string", "format": "uuid"}, uuid.UUID),
    decimal.Decimal: ({"type": "string", "pattern": "^-?[0-9]{1,20}(\\.[0-9]{1,20})?$"}, decimal.Decimal),
    pathlib.Path: ({"type": "string"}, pathlib.Path),
}

LISTS: dict[Any, Callable[[list[Any]], Any]] = {
    list: list,
    Sequence: list,
    MutableSequence: list,
    Collection: list,
    Iterable: list,
    set: set,
    Set: frozenset,
    frozenset: frozenset,
}

DICTS = (dict, Mapping, MutableMapping)

# Limits as Annotated carries them, by the names that annotated_types and Pydantic's Field give them.
_LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
    "pattern": "pattern",
}
_LENGTHS = {"min_length": "min", "max_length": "max"}


def plain(type_: Any) -> Any:
    """A type without its names: NewType, a type statement, a type variable."""
    while True:
        if hasattr(type_, "__supertype__"):
            type_ = type_.__supertype__
        elif type(type_).__name__ == "TypeAliasType":
            type_ = type_.__value__
        elif isinstance(type_, typing.TypeVar):
            type_ = type_.__bound__ or Any
        elif getattr(typing.get_origin(type_), "_name", "") in ("Required", "NotRequired", "ReadOnly"):
            type_ = typing.get_args(type_)[0]
        else:
            return type_


def is_pydantic(type_: Any) -> bool:
    """Whether it is a Pydantic model, which describes and checks itself."""
    return isinstance(type_, type) and hasattr(type_, "model_json_schema") and hasattr(type_, "model_validate")


def is_union(type_: Any) -> bool:
    return typing.get_origin(type_) in (typing.Union, types.UnionType)


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    type: Any
    required: bool
    default: Any = None


def hints_of(annotated: Any) -> dict[str, Any]:
    """The types that a class or function is annotated with. Raises InvalidArgumentError."""
    try:
        return typing.get_type_hints(annotated, include_extras=True)
    except (NameError, TypeError) as error:
        name = getattr(annotated, "__qualname__", repr(annotated))
        raise InvalidArgumentError(
            f"a type hint of {name} cannot be understood: {error}. Names in hints must be defined in {name}'s "
            "module, outside functions; or write the hint without quotes"
        ) from error


def members_of(type_: Any) -> dict[str, Member] | None:
    """The members of a dataclass, TypedDict or NamedTuple; None for any other type."""
    if not isinstance(type_, type):
        return None
    if type(type_).__name__ == "_TypedDictMeta":  # typing's, or that of typing_extensions
        hints = hints_of(type_)
        required: frozenset[str] = getattr(type_, "__required_keys__", frozenset(hints))
        return {name: Member(hint, name in required) for name, hint in hints.items()}
    if dataclasses.is_dataclass(type_):
        hints = hints_of(type_)
        missing = dataclasses.MISSING
        return {
            f.name: Member(
                hints[f.name],
                f.default is missing and f.default_factory is missing,
                f.default if f.default is not missing else None,
            )
            for f in dataclasses.fields(type_)
            if f.init
        }
    if issubclass(type_, tuple) and hasattr(type_, "_fields"):
        hints = hints_of(type_)
        fields, defaults = type_._fields, getattr(type_, "_field_defaults", {})
        return {name: Member(hints.get(name, Any), name not in defaults, defaults.get(name)) for name in fields}
    return None


def limits(schema: Schema, metadata: Sequence[Any]) -> Schema:
    """What Annotated says of a value, as keywords of a schema."""
    keywords: Schema = {}
    noun = "Items" if schema.get("type") == "array" else "Length"
    for note in metadata:
        if isinstance(note, str):
            keywords["description"] = note
            continue
        if isinstance(described := getattr(note, "description", None), str):
            keywords["description"] = described
        for name, keyword in _LIMITS.items():
            if (limit := getattr(note, name, None)) is not None:
                keywords[keyword] = getattr(limit, "pattern", limit)
        for name, prefix in _LENGTHS.items():
            if (limit := getattr(note, name, None)) is not None:
                keywords[prefix + noun] = limit
        if isinstance(inner := getattr(note, "metadata", None), (list, tuple)):
            keywords.update(limits(schema, inner))
    return keywords
